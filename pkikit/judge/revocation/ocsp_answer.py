"""Judge one OCSP answer: is it about this certificate, fresh and signed by an authorised responder (RFC 6960)?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.model.certificates.facts import (
    extension,
    format_time,
    is_issued_by,
    is_valid_at,
    issuer_of,
    serial_number,
    subject_bytes,
    subject_of,
    title,
)
from pkikit.model.findings import Evidence
from pkikit.model.revocation import RevocationData
from pkikit.reading.signatures import NOT_SIGNED
from pkikit.reading.unreadable import UNREADABLE
from pkikit.rules import revocation_rules as rules
from pkikit.rules.rule import Rule

_WEAK = {"md5", "sha1"}
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What an answer says; `rule` is the broken one, None when the certificate is good."""

    said: str
    rule: Rule | None = None
    evidence: tuple[Evidence, ...] = ()


def _bad(said: str, rule: Rule, label: str, expected: str, seen: str) -> Reading:
    return Reading(
        said=said,
        rule=rule,
        evidence=(Evidence(label=label, expected=expected, seen=seen, where="OCSP answer"),),
    )


def matching_answer(
    answers: Iterable[ocsp.OCSPResponse], certificate: x509.Certificate, issuer: x509.Certificate
) -> tuple[ocsp.OCSPResponse, ocsp.OCSPSingleResponse] | None:
    """Return the newest answer about that certificate of that issuer."""
    found = []
    for answer in answers:
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            continue
        found += [(answer, single) for single in answer.responses if _is_about(single, certificate, issuer)]
    return max(found, key=lambda pair: pair[1].this_update_utc, default=None)


def _is_about(single: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if single.serial_number != serial_number(certificate):
        return False
    try:
        expected = certificate_id(certificate, issuer, single.hash_algorithm)
    except UNREADABLE:
        return False
    return (single.issuer_name_hash, single.issuer_key_hash, single.serial_number) == expected


def certificate_id(
    certificate: x509.Certificate, issuer: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> tuple[bytes, bytes, int]:
    """Return how OCSP identifies a certificate (RFC 6960 §4.1.1).

    Args:
        certificate: the certificate.
        issuer: its issuer.
        algorithm: the digest of both hashes.

    Returns:
        (digest of the issuer's name, digest of its key, serial number).

    Raises:
        ValueError: the issuer's key is neither RSA nor EC, or nobody can read it.
        UnsupportedAlgorithm: nobody knows the kind of key, or the digest.
    """
    name, key = (_digest(algorithm, data) for data in (subject_bytes(issuer), _key_bits(issuer)))
    return name, key, serial_number(certificate)


def _key_bits(certificate: x509.Certificate) -> bytes:
    """Return the bytes of the public key that CertID hashes.

    Args:
        certificate: the issuer.

    Returns:
        The content of its BIT STRING (RFC 6960 §4.1.1).

    Raises:
        ValueError: the key is neither RSA nor EC.
    """
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    raise ValueError("neither RSA nor EC")


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()


def read_answer(data: RevocationData, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> Reading:
    """Return the status of `certificate` at that instant, from the best answer at hand."""
    found = matching_answer(data.ocsp_answers, certificate, issuer)
    if found is None:
        refused = [a.response_status.name.lower() for a in data.ocsp_answers
                   if a.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL]  # fmt: skip
        seen = f"the responder refuses: {refused[0]}" if refused else "no answer about this certificate"
        return _bad("no answer", rules.OCSP_UNAVAILABLE, "OCSP answer", f"about {title(certificate)}", seen)
    answer, single = found
    return _distrust(answer, issuer, data.nonce, at) or _outside_its_time(single, at) or _status(certificate, single)


def _distrust(answer: ocsp.OCSPResponse, issuer: x509.Certificate, nonce: bytes | None, at: datetime) -> Reading | None:
    digest = _digest_of(answer)
    if digest is not None and digest.name in _WEAK:
        return _bad("not trusted", rules.OCSP_UNTRUSTED, "signature digest", "sha256 or better", digest.name)
    if not _is_signed(answer, issuer):
        why = _why_no_delegate(answer, issuer, at)
        if why:
            return _bad(
                "not trusted", rules.OCSP_UNTRUSTED, "signer", f"{title(issuer)} or a responder that it authorised", why
            )
    if nonce is not None:
        answered = next((e.value.nonce for e in answer.extensions if isinstance(e.value, x509.OCSPNonce)), None)
        if answered is not None and answered != nonce:
            return _bad("not trusted", rules.OCSP_UNTRUSTED, "nonce", nonce.hex(), answered.hex())
    return None


def _why_no_delegate(answer: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> str:
    """Return why no certificate in the answer is an authorised responder that signed it (RFC 6960 §4.2.2.2), or empty."""
    why = "another key, and no certificate of a responder comes with the answer"
    for signer in answer.certificates:
        usage = extension(signer, x509.ExtendedKeyUsage)
        if not _is_signed(answer, signer):
            why = f"neither the CA nor {title(signer)}, whose certificate comes with the answer"
        elif issuer_of(signer) != subject_of(issuer) or not is_issued_by(signer, issuer):
            why = f"{title(signer)}, whose certificate another CA issued"
        elif usage is None or ExtendedKeyUsageOID.OCSP_SIGNING not in list(usage):
            why = f"{title(signer)}, whose certificate has no OCSPSigning purpose"
        elif not is_valid_at(signer, at):
            why = f"{title(signer)}, whose certificate is not valid at {format_time(at)}"
        else:
            return ""
    return why


def _is_signed(answer: ocsp.OCSPResponse, by: x509.Certificate) -> bool:
    digest = _digest_of(answer)
    try:
        key = by.public_key()
        match key:
            case rsa.RSAPublicKey() if digest is not None:
                key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), digest)
            case ec.EllipticCurvePublicKey() if digest is not None:
                key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(digest))
            case _:
                return False
    except NOT_SIGNED:
        return False
    return True


def _digest_of(answer: ocsp.OCSPResponse) -> hashes.HashAlgorithm | None:
    """Return the digest of the signature; None without one, and for an algorithm that nobody knows."""
    try:
        return answer.signature_hash_algorithm
    except UNREADABLE:
        return None


def _outside_its_time(single: ocsp.OCSPSingleResponse, at: datetime) -> Reading | None:
    following = single.next_update_utc
    if single.this_update_utc > at + CLOCK_SKEW:
        seen = f"{format_time(single.this_update_utc)}, in the future"
        return _bad("from the future", rules.OCSP_UNAVAILABLE, "this update", f"before {format_time(at)}", seen)
    if following is not None and following < at:
        return _bad("stale", rules.OCSP_UNAVAILABLE, "next update", f"after {format_time(at)}", format_time(following))
    return None


def _status(certificate: x509.Certificate, single: ocsp.OCSPSingleResponse) -> Reading:
    match single.certificate_status:
        case ocsp.OCSPCertStatus.GOOD:
            return Reading(said="good")
        case ocsp.OCSPCertStatus.REVOKED:
            when = single.revocation_time_utc
            why = f", reason {single.revocation_reason.value}" if single.revocation_reason else ""
            seen = f"revoked at {format_time(when)}{why}" if when else "revoked"
            return _bad("revoked", rules.REVOKED, f"serial {serial_number(certificate):x}", "good", seen)
        case _:
            return _bad(
                "unknown to the responder", rules.OCSP_UNAVAILABLE, f"serial {serial_number(certificate):x}",
                "known to the responder", "unknown",
            )  # fmt: skip
