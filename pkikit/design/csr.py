"""Certificate signing requests as the product's CSR page makes them: both EKUs always, names from the layout.

Source: X12.5 guide, "Creating a CSR Using Expressway"; digests and key lengths per version from EXPRESSWAY §3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.model.credential import PrivateKey
from pkikit.model.names import MAX_COMMON_NAME_LENGTH, printable
from pkikit.model.version import ProductVersion

DIGESTS: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
KEY_SIZES = (2048, 4096)
SAN_LIMIT = 999  # characters of all SANs together, X8.5.2 until X8.9


@dataclass(frozen=True, kw_only=True)
class SubjectFields:
    """The subject beside the common name; the product asks for all of them, Let's Encrypt drops them."""

    country: str = ""
    state: str = ""
    locality: str = ""
    organisation: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if self.country and not re.fullmatch(r"[A-Za-z]{2}", self.country):
            raise InputError(f"country {printable(self.country)!r}: write the two letters of ISO 3166, as GB")
        for field, limit in (("state", 128), ("locality", 128), ("organisation", 64), ("unit", 64)):
            value = getattr(self, field)
            if len(value) > limit:
                raise InputError(f"{field}: {len(value)} characters, at most {limit} fit into a certificate")
            if any(not c.isprintable() for c in value):
                raise InputError(f"{field} {printable(value)!r} holds control characters")


def subject_name(common_name: str, fields: SubjectFields | None = None) -> x509.Name:
    """The distinguished name, most general part first."""
    fields = fields or SubjectFields()
    if len(common_name) > MAX_COMMON_NAME_LENGTH:
        raise InputError(
            f"the common name {common_name} has {len(common_name)} characters; X.509 allows {MAX_COMMON_NAME_LENGTH}, "
            "so choose a shorter FQDN"
        )
    parts = (
        (NameOID.COUNTRY_NAME, fields.country.upper()),
        (NameOID.STATE_OR_PROVINCE_NAME, fields.state),
        (NameOID.LOCALITY_NAME, fields.locality),
        (NameOID.ORGANIZATION_NAME, fields.organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, fields.unit),
        (NameOID.COMMON_NAME, common_name),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def check_limits(layout: SanLayout, version: ProductVersion) -> None:
    """Raise when this version's CSR page would refuse the SANs: 999 characters together, X8.5.2 to X8.9."""
    length = len(", ".join(f"DNS:{name}" for name in layout.dns_names))
    if version.within("X8.5-X8.9") and version >= ProductVersion((8, 5, 2)) and length > SAN_LIMIT:
        raise InputError(
            f"the SANs of {layout.owner} have {length} characters; {version} allows {SAN_LIMIT}, X8.10 lifted the limit"
        )


def make_key(size: int = 2048) -> rsa.RSAPrivateKey:
    """A new RSA key of a length that the product's page offers."""
    if size not in KEY_SIZES:
        raise InputError(f"key length {size}: allowed are {', '.join(map(str, KEY_SIZES))}")
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def build_csr(
    layout: SanLayout, key: PrivateKey, *, fields: SubjectFields | None = None, digest: str = "sha256"
) -> x509.CertificateSigningRequest:
    """A request for this layout, signed with its own key."""
    if digest not in DIGESTS:
        raise InputError(f"digest {printable(digest)!r}: allowed are {', '.join(DIGESTS)}")
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject_name(layout.common_name, fields))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(key_usage(for_key_exchange=isinstance(key, rsa.RSAPrivateKey)), critical=False)
        .add_extension(both_ekus(), critical=False)
    )
    if layout.dns_names:
        names = [x509.DNSName(name) for name in layout.dns_names]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, DIGESTS[digest])


def both_ekus() -> x509.ExtendedKeyUsage:
    """serverAuth and clientAuth: the server certificate is shown in both roles."""
    return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


def key_usage(*, for_key_exchange: bool = False, sign_certificates: bool = False) -> x509.KeyUsage:
    """digitalSignature for leaves (and keyEncipherment for RSA), keyCertSign and cRLSign for CAs."""
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_encipherment=for_key_exchange,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def fast_key() -> ec.EllipticCurvePrivateKey:
    """A P-256 key: made at once, for tests and large worlds; the guide recommends RSA for the product."""
    return ec.generate_private_key(ec.SECP256R1())
