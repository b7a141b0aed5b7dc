"""Facts about a file for people: what an administrator looks for first, everything escaped. Never a private key."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ocsp

from pkikit.files.contents import FileContents
from pkikit.judge.checks.certificate_checks import format_ekus
from pkikit.model.certificates.canonical_name import format_name
from pkikit.model.certificates.facts import extension, is_self_issued, key_kind, presented_names, serial_number
from pkikit.model.certificates.public_key import digest_name, is_signed
from pkikit.reading.unreadable import UNREADABLE
from pkikit.values.names import printable
from pkikit.view.extension_text import describe_extensions

MAX_LISTED = 100


def iso(instant: datetime) -> str:
    """Return ISO-8601 UTC, to the second."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def describe_contents(contents: FileContents, at: datetime) -> list[dict[str, Any]]:
    """Return one dict per object of a file, with `kind` first."""
    return [
        *(describe_certificate(c, at) for c in contents.certificates),
        *(describe_request(r) for r in contents.requests),
        *(describe_crl(c, at) for c in contents.crls),
        *(describe_ocsp(a, at) for a in contents.ocsp_answers),
        *(describe_key(k) for k in contents.keys),
        *({"kind": "private key", "key": other} for other in contents.other_keys),
    ]


def describe_certificate(certificate: x509.Certificate, at: datetime) -> dict[str, Any]:
    """Return subject, SANs grouped by type, EKU, validity with days left, issuer, key and fingerprint."""
    constraints = extension(certificate, x509.BasicConstraints)
    return {
        "kind": "certificate",
        "subject": format_name(certificate.subject),
        **_names(certificate),
        "extended_key_usage": format_ekus(certificate),
        "not_before": iso(certificate.not_valid_before_utc),
        "not_after": iso(certificate.not_valid_after_utc),
        "days_left": (certificate.not_valid_after_utc - at).days,
        "issuer": format_name(certificate.issuer),
        "self_issued": is_self_issued(certificate),
        "ca": None if constraints is None else constraints.ca,
        "key": _key(certificate),
        "signature_digest": digest_name(certificate),
        "serial": f"{serial_number(certificate):x}",
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(":"),
        "sha1": certificate.fingerprint(hashes.SHA1()).hex(":"),  # noqa: S303  (how older tools name a certificate)
        "extensions": describe_extensions(certificate),
    }


def describe_request(request: x509.CertificateSigningRequest) -> dict[str, Any]:
    """Return subject, SANs, EKU and key of a certificate signing request."""
    return {
        "kind": "certificate request",
        "subject": format_name(request.subject),
        **_names(request),
        "extended_key_usage": format_ekus(request),
        "key": _key(request),
        "signature_digest": digest_name(request),
        "signature_valid": is_signed(request),
        "extensions": describe_extensions(request),
    }


def describe_crl(crl: x509.CertificateRevocationList, at: datetime) -> dict[str, Any]:
    """Return issuer, times and the number of entries."""
    following = crl.next_update_utc
    serials = [f"{entry.serial_number:x}" for entry in itertools.islice(crl, MAX_LISTED)]
    return {
        "kind": "certificate revocation list",
        "issuer": format_name(crl.issuer),
        "last_update": iso(crl.last_update_utc),
        "next_update": iso(following) if following else None,
        "expired": following is not None and following < at,
        "entries": len(crl),
        "revoked_serials": serials,
        "signature_digest": digest_name(crl),
        "extensions": describe_extensions(crl),
    }


def describe_ocsp(answer: ocsp.OCSPResponse, at: datetime) -> dict[str, Any]:
    """Return status, times and signer of an OCSP answer."""
    facts: dict[str, Any] = {"kind": "OCSP answer", "response_status": answer.response_status.name.lower()}
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return facts
    first = next(iter(answer.responses), None)
    if first is None:
        return facts | {"certificate_status": None}
    following, revoked = first.next_update_utc, first.revocation_time_utc
    responder = answer.responder_name
    return facts | {
        "certificate_status": first.certificate_status.name.lower(),
        "serial": f"{first.serial_number:x}",
        "this_update": iso(first.this_update_utc),
        "next_update": iso(following) if following else None,
        "stale": following is not None and following < at,
        "revoked_at": iso(revoked) if revoked else None,
        "responder": format_name(responder) if responder else (answer.responder_key_hash or b"").hex(":"),
        "signer": [format_name(c.subject) for c in answer.certificates],
        "signature_digest": digest_name(answer),
        "certificate_id_digest": _id_digest(first),
    }


def _id_digest(single: ocsp.OCSPSingleResponse) -> str:
    try:
        return single.hash_algorithm.name
    except UNREADABLE:
        return "unknown"


def describe_key(key: object) -> dict[str, Any]:
    """Return kind and length of a key; nothing of the key itself."""
    size = getattr(key, "key_size", 0)
    return {"kind": "private key", "key": f"{'RSA' if isinstance(key, rsa.RSAPrivateKey) else 'EC'} {size} bits"}


def _key(holder: x509.Certificate | x509.CertificateSigningRequest) -> str:
    kind, bits = key_kind(holder)
    return f"{kind} {bits} bits" if bits else kind


def _names(holder: x509.Certificate | x509.CertificateSigningRequest) -> dict[str, Any]:
    names = presented_names(holder)
    groups = {"dns": (*names.dns, *names.wildcards), "sip": names.sip, "ip": names.ip, "unusable": names.unusable}
    groups["other"] = tuple(str(entry) for entry in names.others)
    return {
        "common_name": printable(names.common_name),
        "sans": {kind: [printable(v) for v in values[:MAX_LISTED]] for kind, values in groups.items() if values},
        "san_count": sum(len(values) for values in groups.values()),
    }
