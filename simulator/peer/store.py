"""A peer's state on disk: one file, replaced as a whole, so that a certificate and its key always belong together.

The file contains private keys (mode 0600). Reading it removes the temporary files of a process that was killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from pkikit.errors import InputError
from pkikit.files import read_bytes, write_private
from pkikit.model.codec.document import Codec
from pkikit.model.codec.leaves import LEFT_OUT
from pkikit.text import printable
from pkikit.worlds.judgeable import judgeable
from simulator.errors import LabError
from simulator.peer import format_0, format_1
from simulator.peer.state import PeerState

FILE = "peer.json"


@cache
def peer_codec() -> Codec[PeerState]:
    """Return the codec of `peer.json`; the first call makes it. The document contains private keys."""
    return Codec(PeerState, "the state of a peer", upgrades={0: format_0.upgrade_peer, 1: format_1.upgrade_peer})


class PeerStore:
    """Reads and writes the state of one peer in its folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def load(self, left_out: Callable[[str], None] = lambda _: None) -> PeerState | None:
        """Return the state as it was last written; None if there is none. Removes remains of an interrupted write.

        Args:
            left_out: is called with a sentence for each CRL that cannot be judged; the returned state does not have it.

        Raises:
            InputError: the file cannot be used; the sentence names it.
        """
        clear_remains(self.path)
        if not self.path.exists():
            return None
        where = str(self.path)
        state = peer_codec().from_bytes(read_bytes(self.path), where=where, context={LEFT_OUT: left_out})
        wanted = self.path.parent.name
        if state.fqdn != wanted:
            raise InputError(f"is the state of another peer, {printable(state.fqdn, 80)}", where=where)
        if state.certificate is None:
            raise InputError("is the state of a peer without a server certificate", where=where)
        return replace(
            state,
            embedded_crls=judgeable(state.embedded_crls, left_out),
            manual_crls=judgeable(state.manual_crls, left_out),
            downloaded_crls=judgeable(state.downloaded_crls, left_out),
        )

    def save(self, state: PeerState) -> None:
        """Write the whole state, or nothing if that fails."""
        make_private_folder(self.path.parent)
        write_private(self.path, peer_codec().to_bytes(state))


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter, regardless of the umask. An existing folder stays unchanged.

    Raises:
        InputError: the folder cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be made: {error.strerror}", where=printable(str(folder))) from None


def clear_remains(path: Path) -> None:
    """Remove the temporary files that a killed process left when it wrote this file."""
    for remains in path.parent.glob(f".{path.name}.*"):
        remains.unlink(missing_ok=True)


def write_to_a_full_disk(fqdn: str) -> None:
    """Raise the error that the kernel returns for a full disk."""
    try:
        Path("/dev/full").write_bytes(b"x")
    except OSError as error:
        raise LabError(f"{fqdn} cannot write to its disk ({error.strerror}): what is on it is as it was") from error
