"""Certificate signing requests as the product's CSR page makes them: always both EKUs, names from the layout.

Source: X12.5 guide, "Creating a CSR Using Expressway"; digests and key lengths by version from its change history.
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
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.tables.features import ELLIPTIC_KEYS, SAN_LENGTH_LIMIT, SHA_2_REQUESTS, WEAK_REQUESTS
from pkikit.model.version import ProductVersion
from pkikit.values.names import MAX_COMMON_NAME_LENGTH, printable

DIGESTS: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
# The curves of the page, by their number of bits. No RSA key is that short, so the length names the algorithm.
CURVES: dict[int, type[ec.EllipticCurve]] = {256: ec.SECP256R1, 384: ec.SECP384R1, 521: ec.SECP521R1}
SAN_LIMIT = 999  # characters of all SANs together, in the versions of SAN_LENGTH_LIMIT


@dataclass(frozen=True, kw_only=True)
class CsrForm:
    """What the CSR page of one version offers. key_sizes: of RSA. curve_sizes: of ECDSA; none in older versions.

    Sources: X12.5 guide, change history; X15.4 guide, 'Creating a CSR Using Expressway', for ECDSA.
    """

    digests: tuple[str, ...]
    default_digest: str
    key_sizes: tuple[int, ...]
    san_limit: int | None
    curve_sizes: tuple[int, ...] = ()

    @classmethod
    def of(cls, version: ProductVersion) -> CsrForm:
        """Return the form of a version."""
        weak, choice = version.has(WEAK_REQUESTS), version.has(SHA_2_REQUESTS)
        digests = (("sha1",) if weak else ()) + ("sha256", "sha384", "sha512")
        return cls(
            digests=digests if choice else ("sha1",),
            default_digest="sha256" if choice else "sha1",
            key_sizes=(1024, 2048, 4096) if weak else (2048, 4096),
            san_limit=SAN_LIMIT if version.has(SAN_LENGTH_LIMIT) else None,
            curve_sizes=tuple(CURVES) if version.has(ELLIPTIC_KEYS) else (),
        )

    def check(self, layout: SanLayout, digest: str, key_size: int, version: ProductVersion) -> None:
        """Do nothing if this version's page accepts the choice.

        Args:
            layout: the names.
            digest: the digest algorithm.
            key_size: bits of the key, RSA or ECDSA.
            version: the product version, for messages.

        Raises:
            InputError: the page does not offer the digest or the key length, or the names are too long for it.
        """
        if digest not in self.digests:
            raise InputError(f"digest {printable(digest)!r}: allowed are {', '.join(self.digests)} ({version})")
        if key_size not in (*self.key_sizes, *self.curve_sizes):
            allowed = ", ".join(map(str, (*self.key_sizes, *self.curve_sizes)))
            raise InputError(f"key length {key_size}: allowed are {allowed} ({version})")
        length = san_length(layout.dns_names)
        if self.san_limit is not None and length > self.san_limit:
            raise InputError(
                f"the SANs of {layout.owner} have {length} characters; {version} allows {self.san_limit}, "
                "X8.10 lifted the limit"
            )


def san_length(names: tuple[str, ...]) -> int:
    """Return the number of characters of all SANs together, as the product counted them."""
    return len(", ".join(f"DNS:{name}" for name in names))


@dataclass(frozen=True, kw_only=True)
class SubjectFields:
    """The subject besides the common name. The product's page requires all but the e-mail; Let's Encrypt drops them."""

    country: str = ""
    state: str = ""
    locality: str = ""
    organisation: str = ""
    unit: str = ""
    email: str = ""

    def __post_init__(self) -> None:
        if self.country and not re.fullmatch(r"[A-Za-z]{2}", self.country):
            raise InputError(f"country {printable(self.country)!r}: write the two letters of ISO 3166, as GB")
        for field, limit in (("state", 128), ("locality", 128), ("organisation", 64), ("unit", 64), ("email", 255)):
            value = getattr(self, field)
            if len(value) > limit:
                raise InputError(f"{field}: {len(value)} characters, at most {limit} fit into a certificate")
            if any(not c.isprintable() for c in value):
                raise InputError(f"{field} {printable(value)!r} contains control characters")
        if self.email and not re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", self.email):
            raise InputError(f"email {printable(self.email)!r}: write an address in ASCII, as admin@example.com")


def subject_name(common_name: str, fields: SubjectFields | None = None) -> x509.Name:
    """Return the distinguished name, most general part first.

    Args:
        common_name: the CN.
        fields: the other parts.

    Returns:
        The name.

    Raises:
        InputError: a part is too long, or the country is not two letters.
    """
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
        (NameOID.EMAIL_ADDRESS, fields.email),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def make_key(size: int = 2048) -> PrivateKey:
    """Make a key. Only old versions offer 1024 bits, only new ones ECDSA; `CsrForm.check` knows which version offers what.

    Args:
        size: the number of bits: 2048 or 4096 for RSA; 256, 384 or 521 for ECDSA.

    Returns:
        The key.

    Raises:
        InputError: no version of the product offers that size.
    """
    if size in CURVES:
        return ec.generate_private_key(CURVES[size]())
    if size not in {1024, 2048, 4096}:
        raise InputError(f"key length {size}: allowed are 2048 and 4096 (RSA), {', '.join(map(str, CURVES))} (ECDSA)")
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def build_csr(
    layout: SanLayout, key: PrivateKey, *, fields: SubjectFields | None = None, digest: str = "sha256"
) -> x509.CertificateSigningRequest:
    """Make a request for a layout, signed with its own key.

    Args:
        layout: the names.
        key: the private key.
        fields: the subject besides the common name; None for none.
        digest: the digest algorithm, such as `sha256`.

    Returns:
        The request.

    Raises:
        InputError: the digest is unknown, or a part of the subject cannot be used.
    """
    if digest not in DIGESTS:
        why = " (old versions sign with SHA-1; nothing here does any more)" if digest == "sha1" else ""
        raise InputError(f"digest {printable(digest)!r}: allowed are {', '.join(DIGESTS)}{why}")
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


def similar_key(key: PrivateKey) -> PrivateKey:
    """Make a new key of the same kind and size as another one."""
    if isinstance(key, rsa.RSAPrivateKey):
        return rsa.generate_private_key(public_exponent=65537, key_size=key.key_size)
    return ec.generate_private_key(key.curve)


def rekeyed(request: x509.CertificateSigningRequest, key: PrivateKey) -> x509.CertificateSigningRequest:
    """Return a request for the same subject and with the same extensions, with another key."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(request.subject)
    for extension in request.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    digest = request.signature_hash_algorithm.name if request.signature_hash_algorithm else ""
    return builder.sign(key, DIGESTS.get(digest, hashes.SHA256()))


def both_ekus() -> x509.ExtendedKeyUsage:
    """Return serverAuth and clientAuth: a peer presents its server certificate in both roles."""
    return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


def key_usage(*, for_key_exchange: bool = False, sign_certificates: bool = False) -> x509.KeyUsage:
    """Return digitalSignature for leaves (and keyEncipherment for RSA), keyCertSign and cRLSign for CAs."""
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
    """Make a P-256 key. It takes no time, for tests and large worlds; the guide recommends RSA for the product."""
    return ec.generate_private_key(ec.SECP256R1())
