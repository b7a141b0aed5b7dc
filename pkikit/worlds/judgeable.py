"""CRLs and OCSP answers that parse although a part of them cannot be read. The lab refuses them where they come in.

`cryptography` parses most parts only when asked for. A list with an unreadable issuer would therefore fail much later,
in the middle of a handshake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from cryptography import x509
from cryptography.x509 import ocsp

from pkikit.errors import EncodingError
from pkikit.model.certificates.canonical_name import canonical, format_name
from pkikit.reading.unreadable import UNREADABLE

_T = TypeVar("_T")


def _entries(crl: x509.CertificateRevocationList) -> None:
    for entry in crl:
        _ = entry.serial_number, entry.revocation_date_utc, tuple(entry.extensions)


def _single(answer: ocsp.OCSPResponse) -> None:
    for one in answer.responses:
        _ = one.serial_number, one.certificate_status, one.revocation_time_utc, one.revocation_reason
        _ = one.hash_algorithm, one.issuer_name_hash, one.issuer_key_hash


_OF_A_CRL: Sequence[tuple[str, Callable[[x509.CertificateRevocationList], object]]] = (
    ("issuer", lambda crl: (canonical(crl.issuer), format_name(crl.issuer))),
    ("dates", lambda crl: (crl.last_update_utc, crl.next_update_utc)),
    ("extensions", lambda crl: tuple(crl.extensions)),
    ("signature algorithm", lambda crl: crl.signature_hash_algorithm),
    ("entries", _entries),
)
_OF_AN_ANSWER: Sequence[tuple[str, Callable[[ocsp.OCSPResponse], object]]] = (
    ("responder", lambda answer: (answer.responder_name, answer.responder_key_hash, answer.certificates)),
    ("dates", lambda answer: [(one.this_update_utc, one.next_update_utc) for one in answer.responses]),
    ("extensions", lambda answer: (tuple(answer.extensions), tuple(answer.single_extensions))),
    ("signature algorithm", lambda answer: answer.signature_hash_algorithm),
    ("entries", _single),
)


def crl_problem(crl: x509.CertificateRevocationList) -> str:
    """Return a sentence about the part of a CRL that cannot be read; empty if it can be judged."""
    return _first(crl, _OF_A_CRL)


def ocsp_problem(answer: ocsp.OCSPResponse) -> str:
    """Return a sentence about the part of an OCSP answer that cannot be read; empty if it can be judged."""
    try:
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return ""
        if not any(True for _ in answer.responses):
            return "it contains no status"
    except UNREADABLE:
        return "its entries cannot be read"
    return _first(answer, _OF_AN_ANSWER)


def _first(read: _T, parts: Sequence[tuple[str, Callable[[_T], object]]]) -> str:
    for name, look in parts:
        try:
            look(read)
        except UNREADABLE:
            verb = "cannot be read" if name != "signature algorithm" else "is not known"
            return f"its {name} {verb}"
    return ""


def require_judgeable(crls: Iterable[x509.CertificateRevocationList], where: str) -> None:
    """Refuse a file that holds a CRL which cannot be judged.

    Args:
        crls: the lists of the file.
        where: the file.

    Raises:
        EncodingError: it names the part that cannot be read.
    """
    for number, crl in enumerate(crls, start=1):
        problem = crl_problem(crl)
        if problem:
            raise EncodingError(f"CRL {number} in it cannot be judged: {problem}", where=where)


def judgeable(
    crls: Iterable[x509.CertificateRevocationList], left_out: Callable[[str], None]
) -> tuple[x509.CertificateRevocationList, ...]:
    """Return the CRLs that can be judged; `left_out` receives the reason for each of the others."""
    kept = []
    for crl in crls:
        problem = crl_problem(crl)
        left_out(problem) if problem else kept.append(crl)
    return tuple(kept)
