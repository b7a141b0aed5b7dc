"""A peer's state on disk: one file, replaced whole, so that a certificate never lies beside another one's key.

The file holds private keys (mode 0600). What a killed process left half-written is cleared away when the state is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import EncodingError, InputError, PkikitError
from pkikit.files import key_pem, read_bytes, write_private
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import UNREADABLE
from pkikit.reading import load_crl, load_request
from pkikit.reading.pem import from_pem
from pkikit.reading.saved import certificates_in
from pkikit.values.names import printable
from pkikit.values.urls import is_web_url
from simulator.peer.acme_state import AcmeState, acme_document, acme_from, key_from
from simulator.peer.state import AutomaticCrls, PeerState, PendingRequest
from simulator.world.judgeable import judgeable

FILE = "peer.json"
_T = TypeVar("_T")
# What reading a damaged document raises, whatever stands in it.
_DAMAGED: tuple[type[Exception], ...] = (*UNREADABLE, LookupError, AttributeError, RecursionError, OverflowError)


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
        state = read_document(self.path, "the state of a peer", lambda read: _state(read, left_out))
        wanted = self.path.parent.name
        if state.fqdn != wanted:
            raise InputError(f"is the state of another peer, {printable(str(state.fqdn)[:80])}", where=str(self.path))
        if state.certificate is None:
            raise InputError("is the state of a peer without a server certificate", where=str(self.path))
        return state

    def save(self, state: PeerState) -> None:
        """Write the state, whole or not at all."""
        make_private_folder(self.path.parent)
        write_private(self.path, json.dumps(_document(state), indent=1).encode("ascii"))


def read_document(path: Path, what: str, build: Callable[[Any], _T]) -> _T:
    """What `build` makes of a JSON file.

    Raises:
        InputError: the file is not `what`; whatever is wrong inside it, the sentence names the file.
    """
    data = read_bytes(path)
    return built(path, what, lambda: build(json.loads(data)))


def built(path: Path, what: str, build: Callable[[], _T]) -> _T:
    """The same for what was read from a file before."""
    try:
        return build()
    except PkikitError as error:
        raise InputError(f"is not {what} that this version can use: {error}", where=str(path)) from None
    except _DAMAGED:
        raise InputError(f"is not {what} that this version wrote", where=str(path)) from None


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


def credential_document(credential: Credential | None) -> dict[str, str] | None:
    """Chain and key as PEM, for a file of mode 0600."""
    if credential is None:
        return None
    key = key_pem(credential.key).decode("ascii") if credential.key is not None else ""
    return {"chain": credential.pem().decode("ascii"), "key": key}


def credential_from(document: dict[str, str] | None) -> Credential | None:
    """The reverse."""
    if document is None:
        return None
    chain = _certificates([document["chain"]])
    return Credential(chain=chain, key=key_from(document["key"]) if document["key"] else None)


def _pem(objects: tuple[Any, ...]) -> list[str]:
    return [o.public_bytes(Encoding.PEM).decode("ascii") for o in objects]


def _certificates(texts: list[str]) -> tuple[x509.Certificate, ...]:
    return tuple(c for text in texts for c in certificates_in(text))


def _crls(texts: list[str], left_out: Callable[[str], None]) -> tuple[x509.CertificateRevocationList, ...]:
    """The CRLs that can be judged; `left_out` is given a reason for each of the others."""
    kept: list[x509.CertificateRevocationList] = []
    for text in texts:
        try:
            kept += [load_crl(der) for der in from_pem(text)]
        except EncodingError as error:
            left_out(str(error))
    return judgeable(kept, left_out)


def _document(state: PeerState) -> dict[str, Any]:
    request = state.request
    return {
        "fqdn": state.fqdn,
        "certificate": credential_document(state.certificate),
        "request": None
        if request is None
        else {
            "csr": request.csr.public_bytes(Encoding.PEM).decode("ascii"),
            "key": key_pem(request.key).decode("ascii"),
        },
        "pending_certificate": credential_document(state.pending_certificate),
        "trusted_ca_list": _pem(state.trusted_ca_list),
        "temporary_ca": _pem((state.temporary_ca,) if state.temporary_ca else ()),
        "embedded_crls": _pem(state.embedded_crls),
        "manual_crls": _pem(state.manual_crls),
        "downloaded_crls": _pem(state.downloaded_crls),
        "automatic": {"urls": list(state.automatic.urls), "hour": state.automatic.hour},
        "domain_pending": {d: credential_document(c) for d, c in state.domain_pending},
        "client_certificate": credential_document(state.client_certificate),
        "acme": acme_document(state.acme),
        "domain_certificates": {d: credential_document(c) for d, c in state.domain_certificates},
    }


def _by_domain(documents: dict[str, dict[str, str]]) -> tuple[tuple[str, Credential], ...]:
    found = ((domain, credential_from(held)) for domain, held in documents.items())
    return tuple((domain, credential) for domain, credential in found if credential is not None)


def _state(document: dict[str, Any], left_out: Callable[[str], None]) -> PeerState:
    request = document["request"]
    return PeerState(
        fqdn=document["fqdn"],
        certificate=credential_from(document["certificate"]),
        request=PendingRequest(csr=load_request(next(from_pem(request["csr"]))), key=key_from(request["key"]))
        if request
        else None,
        pending_certificate=credential_from(document["pending_certificate"]),
        trusted_ca_list=_certificates(document["trusted_ca_list"]),
        temporary_ca=next(iter(_certificates(document["temporary_ca"])), None),
        embedded_crls=_crls(document["embedded_crls"], left_out),
        manual_crls=_crls(document["manual_crls"], left_out),
        downloaded_crls=_crls(document["downloaded_crls"], left_out),
        # Older versions took URLs that can never be fetched; without them the page can be used again.
        automatic=AutomaticCrls(
            urls=tuple(filter(is_web_url, document["automatic"]["urls"])), hour=document["automatic"]["hour"]
        ),
        # Peers that were written by an older version have neither.
        domain_pending=_by_domain(document.get("domain_pending", {})),
        client_certificate=credential_from(document.get("client_certificate")),
        acme=acme_from(document["acme"]) if "acme" in document else AcmeState(),
        domain_certificates=_by_domain(document["domain_certificates"]),
    )
