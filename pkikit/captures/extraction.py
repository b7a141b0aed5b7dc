"""Writes the certificate chains of a capture as PEM files. A file that is there already is never changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.model.captured_tls import CapturedConnection, SentChain, Socket
from pkikit.model.trace import Side

MAX_FILES = 5_000
_UNSAFE = re.compile(r"[^0-9A-Za-z.-]+")


def extract_chains(connections: Iterable[CapturedConnection], folder: Path) -> tuple[Path, ...]:
    """Write each chain once: `server_10.0.0.1_5061_1a2b3c4d.pem`, `client_10.0.0.2_1a2b3c4d.pem`, leaf first.

    Args:
        connections: the connections.
        folder: where to; it is made if it does not exist.

    Returns:
        The files, those included that were there with the same content.

    Raises:
        InputError: a file of that name has another content, or the folder cannot be written.
    """
    wanted: dict[str, bytes] = {}
    for connection in connections:
        for side in Side:
            chain = connection.chain_of(side)
            if chain is not None and chain.certificates and len(wanted) < MAX_FILES:
                end = connection.client if side is Side.CLIENT else connection.server
                wanted.setdefault(_name(side, end, chain), _pem(chain.certificates))
    paths = {folder / name: data for name, data in wanted.items()}
    try:
        for path, data in paths.items():
            if path.is_symlink() or (path.exists() and not (path.is_file() and path.read_bytes() == data)):
                raise InputError("exists already with another content; choose an empty folder", where=str(path))
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in paths.items():
            if not path.exists():
                with path.open("xb") as stream:
                    stream.write(data)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", where=str(folder)) from None
    return tuple(paths)


def _name(side: Side, end: Socket, chain: SentChain) -> str:
    """Return a file name without anything that the capture could choose but digits: address, port, fingerprint."""
    address = _UNSAFE.sub("-", end.address)
    port = f"_{end.port}" if side is Side.SERVER else ""
    digest = hashes.Hash(hashes.SHA256())
    for certificate in chain.certificates:
        digest.update(certificate.public_bytes(Encoding.DER))
    return f"{side.value}_{address}{port}_{digest.finalize()[:4].hex()}.pem"


def _pem(chain: Iterable[x509.Certificate]) -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in chain)
