"""Whose key signed this: over the original bytes, however they were parsed."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

from pkikit.reading.unreadable import UNREADABLE


def signs_as_it_says(certificate: x509.Certificate) -> bool:
    """Return True if the algorithm inside the signed part equals the one outside.

    OpenSSL refuses the signature otherwise (RFC 5280 §4.1.1.2).
    """
    return bool(getattr(certificate, "signs_as_it_says", True))


def verify_signature(child: x509.Certificate, issuer: x509.Certificate) -> None:
    """Check the child's signature with the issuer's key, and ignore the names.

    Args:
        child: the signed certificate.
        issuer: the certificate whose key should have signed it.

    Raises:
        InvalidSignature: the key did not sign it, or the certificate names two algorithms.
        ValueError: the key or the algorithm cannot be read.
        TypeError: the key is of a kind that signs nothing.
        UnsupportedAlgorithm: `cryptography` does not know the algorithm.
    """
    if not signs_as_it_says(child):
        raise InvalidSignature
    verify_with(
        issuer.public_key(),
        child.signature,
        child.tbs_certificate_bytes,
        child.signature_algorithm_parameters,
        child.signature_hash_algorithm,
    )


def verify_with(
    key: object, signature: bytes, data: bytes, parameters: object, digest: hashes.HashAlgorithm | None
) -> None:
    """Check one signature.

    Args:
        key: the signer's public key.
        signature: the bytes of the signature.
        data: the signed bytes.
        parameters: the padding or ECDSA scheme, if the key needs one.
        digest: the digest algorithm, if there is one.

    Raises:
        InvalidSignature: the key did not sign the data.
        UnsupportedAlgorithm: the key is of a kind that signs nothing known.
    """
    match key:
        case rsa.RSAPublicKey() if isinstance(parameters, padding.PKCS1v15 | padding.PSS) and digest is not None:
            key.verify(signature, data, parameters, digest)
        case ec.EllipticCurvePublicKey() if isinstance(parameters, ec.ECDSA):
            key.verify(signature, data, parameters)
        case ec.EllipticCurvePublicKey() if parameters is None and isinstance(digest, hashes.SHA1):
            # The library names no parameters for ECDSA with SHA-1. Whether the digest may be used is another question.
            key.verify(signature, data, ec.ECDSA(digest))
        case dsa.DSAPublicKey() if digest is not None:
            key.verify(signature, data, digest)
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey() if digest is None:
            key.verify(signature, data)
        case _:
            raise UnsupportedAlgorithm("this key does not make such signatures")


NOT_SIGNED: tuple[type[Exception], ...] = (*UNREADABLE, InvalidSignature)
