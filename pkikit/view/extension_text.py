"""Extensions as an administrator reads them: known ones in words, unknown ones as hex, everything bounded and escaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cryptography import x509

from pkikit.model.certificates.canonical_name import format_name
from pkikit.model.certificates.facts import oid_name
from pkikit.reading.odd.extensions import ReadExtension, extensions_of
from pkikit.values.names import printable
from pkikit.values.other_names import read_other_name

MAX_LISTED, MAX_HEX = 100, 512
_USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
           "key_cert_sign", "crl_sign")  # fmt: skip
_Holder = x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList


def describe_extensions(holder: _Holder) -> list[dict[str, Any]]:
    """Return `oid`, `name`, `critical`, `value` of each extension; with `error` for one that cannot be read or is odd."""
    return [_describe(one) for one in extensions_of(holder)[:MAX_LISTED]]


def _describe(one: ReadExtension) -> dict[str, Any]:
    described = {
        "oid": one.oid,
        "name": oid_name(x509.ObjectIdentifier(one.oid)),
        "critical": one.critical,
        "value": "" if one.value is None else _value(one.value),
    }
    return described | ({"error": one.oddity} if one.oddity else {})


def general_name(name: x509.GeneralName) -> str:
    """Return one GeneralName as text, its type first."""
    match name:
        case x509.DNSName(value=value):
            return f"dns:{printable(value)}"
        case x509.UniformResourceIdentifier(value=value):
            return f"uri:{printable(value)}"
        case x509.IPAddress(value=value):
            return f"ip:{value}"
        case x509.RFC822Name(value=value):
            return f"email:{printable(value)}"
        case x509.DirectoryName(value=value):
            return f"dn:{format_name(value)}"
        case x509.RegisteredID(value=value):
            return f"oid:{value.dotted_string}"
        case x509.OtherName(type_id=type_id, value=value):
            return f"other:{read_other_name(type_id.dotted_string, value)}"
        case _:
            return printable(str(name))


def _list(parts: Iterable[str]) -> str:
    listed = list(parts)
    return ", ".join(listed[:MAX_LISTED]) + (
        f" … and {len(listed) - MAX_LISTED} more" if len(listed) > MAX_LISTED else ""
    )


def _names(names: Iterable[x509.GeneralName] | None) -> str:
    return _list(general_name(n) for n in names or ())


def _value(value: x509.ExtensionType) -> str:  # noqa: C901  (one case a kind of extension)
    match value:
        case x509.BasicConstraints():
            length = "" if value.path_length is None else f", path length {value.path_length}"
            return f"CA:{'TRUE' if value.ca else 'FALSE'}{length}"
        case x509.KeyUsage():
            return _list(name.replace("_", " ") for name in _USAGES if getattr(value, name))
        case x509.ExtendedKeyUsage():
            return _list(oid_name(oid) for oid in value)
        case x509.SubjectAlternativeName() | x509.IssuerAlternativeName() | x509.CertificateIssuer():
            return _names(value)
        case x509.SubjectKeyIdentifier():
            return value.digest.hex(":")
        case x509.AuthorityKeyIdentifier():
            return (value.key_identifier or b"").hex(":") + (f" ({_names(value.authority_cert_issuer)})"
                if value.authority_cert_issuer else "")  # fmt: skip
        case x509.CRLDistributionPoints() | x509.FreshestCRL():
            return _list(_names(point.full_name) or "relative name" for point in value)
        case x509.AuthorityInformationAccess() | x509.SubjectInformationAccess():
            return _list(f"{oid_name(d.access_method)} {general_name(d.access_location)}" for d in value)
        case x509.CertificatePolicies():
            return _list(p.policy_identifier.dotted_string for p in value)
        case x509.NameConstraints():
            permitted, excluded = _names(value.permitted_subtrees), _names(value.excluded_subtrees)
            return f"permitted: {permitted or 'all'}; excluded: {excluded or 'none'}"
        case x509.CRLNumber() | x509.DeltaCRLIndicator():
            return str(value.crl_number)
        case x509.CRLReason():
            return value.reason.value
        case x509.TLSFeature():
            return _list(feature.name for feature in value)
        case x509.OCSPNoCheck():
            return "the responder's own certificate is not checked"
        case x509.PrecertificateSignedCertificateTimestamps():
            return f"{len(list(value))} timestamps of certificate transparency logs"
        case x509.UnrecognizedExtension():
            return _hex(value.value)
        case _:
            return _hex(value.public_bytes())


def _hex(data: bytes) -> str:
    return data[:MAX_HEX].hex(":") + (f" … {len(data)} bytes" if len(data) > MAX_HEX else "")
