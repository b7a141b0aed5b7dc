"""OpenSSL's verification errors by number (x509_vfy.h, X509_verify_cert_error_string); numbers are OpenSSL's ABI."""

from __future__ import annotations

from types import MappingProxyType

VERIFY_ERROR_NAMES = MappingProxyType(
    {
        0: "ok",
        1: "unspecified certificate verification error",
        2: "unable to get issuer certificate",
        3: "unable to get certificate CRL",
        4: "unable to decrypt certificate's signature",
        5: "unable to decrypt CRL's signature",
        6: "unable to decode issuer public key",
        7: "certificate signature failure",
        8: "CRL signature failure",
        9: "certificate is not yet valid or the system clock is incorrect",
        10: "certificate has expired",
        11: "CRL is not yet valid",
        12: "CRL has expired",
        13: "format error in certificate's notBefore field",
        14: "format error in certificate's notAfter field",
        18: "self-signed certificate",
        19: "self-signed certificate in certificate chain",
        20: "unable to get local issuer certificate",
        21: "unable to verify the first certificate",
        22: "certificate chain too long",
        23: "certificate revoked",
        24: "issuer certificate doesn't have a public key",
        25: "path length constraint exceeded",
        26: "unsuitable certificate purpose",
        27: "certificate not trusted",
        28: "certificate rejected",
        34: "unhandled critical extension",
        47: "permitted subtree violation",
        48: "excluded subtree violation",
        51: "unsupported name constraint type",
        53: "unsupported or invalid name syntax",
        62: "hostname mismatch",
        66: "EE certificate key too weak",
        67: "CA certificate key too weak",
        68: "CA signature digest algorithm too weak",
        73: "OCSP verification needed",
        74: "OCSP verification failed",
        75: "OCSP unknown cert",
        79: "invalid CA certificate",
        94: "Certificate public key has explicit ECC parameters",
    }
)


def verify_error_name(code: int) -> str:
    """OpenSSL's words for a verification error."""
    return VERIFY_ERROR_NAMES.get(code, f"verification error {code}")
