"""The public key of a certificate or request, and the signature over one: read safely, whatever is in them."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from pkikit.reading.odd.certificate import OddCertificate
from pkikit.reading.odd.request import OddRequest
from pkikit.reading.shapes import raw_public_key
from pkikit.reading.signatures import NOT_SIGNED, verify_signature
from pkikit.reading.unreadable import UNREADABLE

KeyHolder = x509.Certificate | x509.CertificateSigningRequest
Signed = x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList | ocsp.OCSPResponse

# id-ecPublicKey followed by a SEQUENCE: the curve is spelled out instead of named, which OpenSSL refuses.
_EXPLICIT_CURVE = bytes.fromhex("06072a8648ce3d020130")

# Kinds of public key by the OID of SubjectPublicKeyInfo, and by the beginning of the OIDs of their signatures.
_RSA_KEYS = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"})
_EC_KEY, _DSA_KEY = "1.2.840.10045.2.1", "1.2.840.10040.4.1"
_SIGNED_BY: tuple[tuple[str, frozenset[str]], ...] = (
    ("1.2.840.113549.1.1.", _RSA_KEYS),
    ("1.2.840.10045.4.", frozenset({_EC_KEY})),
    ("1.2.840.10040.4.3", frozenset({_DSA_KEY})),
    ("2.16.840.1.101.3.4.3.", _RSA_KEYS | {_EC_KEY, _DSA_KEY}),
    ("1.3.101.112", frozenset({"1.3.101.112"})),
    ("1.3.101.113", frozenset({"1.3.101.113"})),
)


def read_key_kind(holder: KeyHolder) -> tuple[str, int]:
    """Return (`RSA` | `EC` | `DSA` | other, bits); ("unreadable", 0) when the key cannot be parsed."""
    try:
        key = holder.public_key()
    except UNREADABLE:
        return "unreadable", 0
    match key:
        case ec.EllipticCurvePublicKey():
            explicit = _EXPLICIT_CURVE in _signed_part(holder)
            return ("unreadable", 0) if explicit else ("EC", key.key_size)
        case rsa.RSAPublicKey():
            return "RSA", key.key_size
        case dsa.DSAPublicKey():
            return "DSA", key.key_size
        case _:
            return type(key).__name__.removesuffix("PublicKey"), 0


def read_key(holder: KeyHolder) -> bytes:
    """Return SubjectPublicKeyInfo in DER; as it is in the file where the key cannot be parsed."""
    try:
        return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except UNREADABLE:
        return raw_public_key(_signed_part(holder))


def _signed_part(holder: KeyHolder) -> bytes:
    if isinstance(holder, x509.CertificateSigningRequest | OddRequest):
        return holder.tbs_certrequest_bytes
    return holder.tbs_certificate_bytes


def digest_name(signed: Signed) -> str:
    """Return the signature's digest, as `sha256`; empty where the algorithm has none (Ed25519) or is unknown."""
    try:
        algorithm = signed.signature_hash_algorithm
    except UNREADABLE:
        return "unknown"
    return algorithm.name if algorithm else ""


def keys_that_may_sign(certificate: x509.Certificate) -> frozenset[str]:
    """Return the OIDs of the kinds of key that such a signature can come from; none for an algorithm nobody knows."""
    signature = certificate.signature_algorithm_oid.dotted_string
    return next((kinds for prefix, kinds in _SIGNED_BY if signature.startswith(prefix)), frozenset())


def verify_issued(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return True when the issuer's key signed the child; False for any signature that cannot be checked.

    Names that differ in case, spaces or kind of string only are one name here, which the library's own check does not know.
    """
    try:
        odd = isinstance(child, OddCertificate) or isinstance(issuer, OddCertificate)
        plain = not odd and child.issuer.public_bytes() == issuer.subject.public_bytes()
        # The library's own check refuses ECDSA with SHA-1 unseen: a weak digest is another rule's matter.
        if plain and digest_name(child) != "sha1":
            child.verify_directly_issued_by(issuer)
        else:
            verify_signature(child, issuer)
    except NOT_SIGNED:
        return False
    return isinstance(child, OddCertificate) or _is_of_whole_bytes(child)


def _is_of_whole_bytes(certificate: x509.Certificate) -> bool:
    """False for a signature with unused bits, of which `cryptography` says nothing and which OpenSSL refuses.

    A certificate ends with the BIT STRING of its signature: the number of unused bits, then the bytes.
    """
    return certificate.public_bytes(Encoding.DER)[-len(certificate.signature) - 1] == 0


def is_signed(request: x509.CertificateSigningRequest) -> bool:
    """Return True when the request's own key signed it; False for any signature that cannot be checked."""
    try:
        return request.is_signature_valid
    except NOT_SIGNED:
        return False
