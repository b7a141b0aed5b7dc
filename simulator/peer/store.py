"""A peer's state on disk: one file, replaced whole, so that a certificate never lies beside another one's key.

The file holds private keys (mode 0600). What a killed process left half-written is removed when the state is read.
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
from simulator.peer.format_0 import upgrade_peer
from simulator.peer.state import PeerState
from simulator.world.judgeable import judgeable

FILE = "peer.json"


@cache
def peer_codec() -> Codec[PeerState]:
    """The codec of `peer.json`, made when the first state is read or written. The document holds private keys."""
    return Codec(PeerState, "the state of a peer", upgrades={0: upgrade_peer})


class PeerStore:
    """Reads and writes the state of one peer in its folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def load(self, left_out: Callable[[str], None] = lambda _: None) -> PeerState | None:
        """The state as it was last written; None when there is none. Remains of an interrupted write are removed.

        left_out: is given a sentence for each CRL in it that cannot be judged; the state comes without it.

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
        """Write the state, whole or not at all."""
        make_private_folder(self.path.parent)
        write_private(self.path, peer_codec().to_bytes(state))


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter, whatever the umask is; one that exists stays as it is.

    Raises:
        InputError: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be made: {error.strerror}", where=printable(str(folder))) from None


def clear_remains(path: Path) -> None:
    """Remove what a write of this file left half-done when its process was killed."""
    for remains in path.parent.glob(f".{path.name}.*"):
        remains.unlink(missing_ok=True)
