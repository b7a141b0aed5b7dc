"""GnuTLS (gnutls-cli, certtool, and what is built on it), Mbed TLS and wolfSSL."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import PURPOSE, rows, successes

_STATUS = "- Status: The certificate is NOT trusted. "

_GNUTLS = (
    *rows(
        "GnuTLS, lib/cert-session.c: gnutls_certificate_verification_status_print",
        Whose.THEIRS,
        ("trust.issuer-unknown", "the certificate issuer is unknown", _STATUS + "The certificate issuer is unknown."),
        ("ca.not-a-ca", "the certificate issuer is not a ca", _STATUS + "The certificate issuer is not a CA."),
        ("signature.digest-unsupported", "the certificate chain uses insecure algorithm", _STATUS + "The certificate chain uses insecure algorithm."),
        ("validity.not-yet-valid", "the certificate chain uses not yet valid certificate", _STATUS + "The certificate chain uses not yet valid certificate."),
        ("validity.expired", "the certificate chain uses expired certificate", _STATUS + "The certificate chain uses expired certificate."),
        ("trust.chain-signature-invalid", "the signature in the certificate is invalid", _STATUS + "The signature in the certificate is invalid."),
        ("revocation.revoked", "the certificate chain is revoked", _STATUS + "The certificate chain is revoked."),
        ("revocation.crl-expired", "the revocation or ocsp data are old and have been superseded", _STATUS + "The revocation or OCSP data are old and have been superseded."),
        ("revocation.crl-unavailable", "the revocation or ocsp data are issued with a future date", _STATUS + "The revocation or OCSP data are issued with a future date."),
        ("names.reference-not-presented", "the name in the certificate does not match the expected", _STATUS + "The name in the certificate does not match the expected."),
        ("ca.name-constraint-violated", "the certificate chain violates the signer's constraints", _STATUS + "The certificate chain violates the signer's constraints."),
        (PURPOSE, "the certificate chain does not match the intended purpose", _STATUS + "The certificate chain does not match the intended purpose."),
        ("revocation.ocsp-unavailable", "but the ocsp status is missing", _STATUS + "The certificate requires the server to include an OCSP status in its response, but the OCSP status is missing."),
        ("revocation.ocsp-untrusted", "the received ocsp status response is invalid", _STATUS + "The received OCSP status response is invalid."),
        ("chain.critical-extension-unknown", "the certificate contains an unknown critical extension", _STATUS + "The certificate contains an unknown critical extension."),
    ),
    *rows(
        "GnuTLS, lib/cert-session.c; src/cli.c; lib/errors.c",
        Whose.THEIRS,
        ("tls.certificate-refused", "the certificate is not trusted", "- Status: The certificate is NOT trusted."),
        ("tls.certificate-refused", "error in the certificate verification", "*** Fatal error: Error in the certificate verification."),
        ("tls.certificate-refused", "error in the certificate.", "*** Fatal error: Error in the certificate."),
        ("tls.certificate-refused", "server certificate verification failed. cafile", "fatal: unable to access 'https://e1.example.com/': server certificate verification failed. CAfile: /etc/ssl/certs/ca-certificates.crt CRLfile: none"),
        vague=True,
    ),
    *rows(
        "GnuTLS, lib/errors.c: gnutls_strerror",
        Whose.THEIRS,
        ("tls.certificate-required", "no certificate was found", "error: No certificate was found."),
        ("tls.certificate-required", "certificate is required", "*** Fatal error: Certificate is required.", "fatal error"),
        ("key.usage-unsuitable", "key usage violation in certificate has been detected", "*** Fatal error: Key usage violation in certificate has been detected."),
        ("chain.critical-extension-unknown", "unsupported critical extension in x.509 certificate", "*** Fatal error: Unsupported critical extension in X.509 certificate."),
        ("validity.expired", "the session or certificate has expired", "*** Fatal error: The session or certificate has expired."),
        ("validity.not-yet-valid", "the certificate is not yet activated", "*** Fatal error: The certificate is not yet activated."),
        ("revocation.ocsp-untrusted", "the ocsp response is invalid", "*** Fatal error: The OCSP response is invalid"),
    ),
    *rows(
        "GnuTLS, lib/errors.c: gnutls_strerror",
        Whose.NEITHER,
        ("tls.not-tls", "an unexpected tls packet was received", "*** Fatal error: An unexpected TLS packet was received."),
        ("tls.not-tls", "error decoding the received tls packet", "*** Fatal error: Error decoding the received TLS packet."),
        ("tls.not-tls", "a tls record packet with invalid length was received", "*** Fatal error: A TLS record packet with invalid length was received."),
        ("tls.protocol-mismatch", "a packet with illegal or unsupported version was received", "*** Fatal error: A packet with illegal or unsupported version was received."),
        ("tls.protocol-mismatch", "a connection with inappropriate fallback was attempted", "*** Fatal error: A connection with inappropriate fallback was attempted."),
        ("tls.cipher-mismatch", "could not negotiate a supported cipher suite", "*** Fatal error: Could not negotiate a supported cipher suite."),
        ("tls.cipher-mismatch", "no supported cipher suites have been found", "*** Fatal error: No supported cipher suites have been found."),
        ("tls.cipher-mismatch", "diffie-hellman prime sent by the server is not acceptable", "*** Fatal error: The Diffie-Hellman prime sent by the server is not acceptable (not long enough)."),
        ("tls.cipher-mismatch", "no common key share with peer", "*** Fatal error: No common key share with peer."),
        ("tls.cipher-mismatch", "no supported ecc curves were found", "*** Fatal error: No supported ECC curves were found"),
        ("tls.cipher-mismatch", "one of the involved algorithms has insufficient security level", "*** Fatal error: One of the involved algorithms has insufficient security level."),
        ("tls.renegotiation-refused", "safe renegotiation failed", "*** Fatal error: Safe renegotiation failed."),
        ("tls.renegotiation-refused", "unsafe renegotiation denied", "*** Fatal error: Unsafe renegotiation denied."),
        ("key.mismatch", "the certificate and the given key do not match", "Error: The certificate and the given key do not match."),
        ("key.mismatch", "public key signature verification has failed", "*** Fatal error: Public key signature verification has failed."),
        ("net.connection-cut", "the tls connection was non-properly terminated", "*** Fatal error: The TLS connection was non-properly terminated."),
        ("net.connection-cut", "error in the pull function", "*** Fatal error: Error in the pull function."),
        ("net.connection-cut", "error in the push function", "rsyslogd: unexpected GnuTLS error -53 - GnuTLS reports: Error in the push function. [v8.24.0]"),
        ("net.connection-cut", "peer has terminated the connection", "- Peer has terminated the connection"),
        ("tls.server-name-unknown", "the sni host name not recognised", "*** Fatal error: The SNI host name not recognised."),
        ("tls.server-name-unknown", "a disallowed sni server name has been received", "*** Fatal error: A disallowed SNI server name has been received."),
        ("encoding.malformed", "base64 unexpected header error", "import error: Base64 unexpected header error."),
        ("encoding.malformed", "asn1 parser: error in der parsing", "import error: ASN1 parser: Error in DER parsing."),
        ("tls.handshake-failed", "could not authenticate peer", "*** Fatal error: Could not authenticate peer."),
        ("tls.handshake-failed", "an illegal parameter has been received", "*** Fatal error: An illegal parameter has been received."),
        ("tls.handshake-failed", "no common application protocol could be negotiated", "*** Fatal error: No common application protocol could be negotiated."),
    ),
    *rows(
        "GnuTLS, src/cli.c, lib/errors.c",
        Whose.NEITHER,
        ("tls.handshake-failed", "a tls fatal alert has been received", "*** Fatal error: A TLS fatal alert has been received."),
        ("tls.handshake-failed", "gnutls_handshake() failed", "fatal: unable to access 'https://e1.example.com/x/': gnutls_handshake() failed: Internal error in memory allocation."),
        vague=True,
    ),
    *successes("GnuTLS, lib/cert-session.c; src/cli.c", ("the certificate is trusted", "- Status: The certificate is trusted."), ("handshake was completed", "- Handshake was completed")),
)  # fmt: skip

_MBEDTLS = (
    *rows(
        "Mbed TLS, library/x509_crt.c: x509_crt_verify_strings",
        Whose.THEIRS,
        ("validity.expired", "the certificate validity has expired", "  ! The certificate validity has expired"),
        ("revocation.revoked", "the certificate has been revoked (is on a crl)", "  ! The certificate has been revoked (is on a CRL)"),
        ("names.reference-not-presented", "the certificate common name (cn) does not match with the expected cn", "  ! The certificate Common Name (CN) does not match with the expected CN"),
        ("trust.issuer-unknown", "the certificate is not correctly signed by the trusted ca", "  ! The certificate is not correctly signed by the trusted CA"),
        ("revocation.crl-untrusted", "the crl is not correctly signed by the trusted ca", "  ! The CRL is not correctly signed by the trusted CA"),
        ("revocation.crl-expired", "the crl is expired", "  ! The CRL is expired"),
        ("tls.certificate-required", "certificate was missing", "  ! Certificate was missing"),
        ("validity.not-yet-valid", "the certificate validity starts in the future", "  ! The certificate validity starts in the future"),
        ("revocation.crl-unavailable", "the crl is from the future", "  ! The CRL is from the future"),
        ("key.usage-unsuitable", "usage does not match the keyusage extension", "  ! Usage does not match the keyUsage extension"),
        (PURPOSE, "usage does not match the extendedkeyusage extension", "  ! Usage does not match the extendedKeyUsage extension"),
        ("signature.digest-unsupported", "the certificate is signed with an unacceptable hash", "  ! The certificate is signed with an unacceptable hash."),
        ("key.too-short", "the certificate is signed with an unacceptable key", "  ! The certificate is signed with an unacceptable key (eg bad curve, RSA too short)."),
    ),
    *rows(
        "Mbed TLS, library/error.c: mbedtls_strerror",
        Whose.THEIRS,
        ("tls.certificate-refused", "x509 - certificate verification failed", "mbedtls_ssl_handshake returned -0x2700: X509 - Certificate verification failed, e.g. CRL, CA or signature check failed"),
        vague=True,
    ),
    *rows(
        "Mbed TLS, library/error.c: mbedtls_strerror",
        Whose.NEITHER,
        ("tls.handshake-failed", "ssl - a fatal alert message was received from our peer", "mbedtls_ssl_handshake returned -0x7780: SSL - A fatal alert message was received from our peer"),
        vague=True,
    ),
    *rows(
        "Mbed TLS, library/error.c: mbedtls_strerror",
        Whose.NEITHER,
        ("tls.not-tls", "ssl - an invalid ssl record was received", "mbedtls_ssl_handshake returned -0x7200: SSL - An invalid SSL record was received"),
        ("tls.protocol-mismatch", "ssl - handshake protocol not within min/max boundaries", "mbedtls_ssl_handshake returned -0x6E80: SSL - Handshake protocol not within min/max boundaries"),
        ("tls.cipher-mismatch", "ssl - the server has no ciphersuites in common with the client", "mbedtls_ssl_handshake returned -0x7380: SSL - The server has no ciphersuites in common with the client"),
        ("tls.certificate-required", "ssl - no client certification received from the client", "mbedtls_ssl_handshake returned -0x7480: SSL - No client certification received from the client, but required by the authentication mode"),
        ("net.connection-cut", "ssl - the connection indicated an eof", "mbedtls_ssl_handshake returned -0x7280: SSL - The connection indicated an EOF"),
        ("net.connection-cut", "net - connection was reset by peer", "mbedtls_ssl_handshake returned -0x0050: NET - Connection was reset by peer"),
        ("net.unreachable", "net - the connection to the given server / port failed", "mbedtls_net_connect returned -0x0044: NET - The connection to the given server / port failed"),
        ("dns.name-unresolved", "net - failed to get an ip address for the given hostname", "mbedtls_net_connect returned -0x0052: NET - Failed to get an IP address for the given hostname"),
    ),
)  # fmt: skip

# The same errors where a program prints only the number (mbedtls_ssl_handshake returned -0x…).
_MBEDTLS_NUMBERS = (
    *rows(
        "Mbed TLS, include/mbedtls/ssl.h, x509.h: MBEDTLS_ERR_…",
        Whose.THEIRS,
        ("tls.certificate-refused", "returned -0x2700", "mbedtls_ssl_handshake returned -0x2700"),
        vague=True,
    ),
    *rows(
        "Mbed TLS, include/mbedtls/ssl.h: MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE",
        Whose.NEITHER,
        ("tls.handshake-failed", "returned -0x7780", "mbedtls_ssl_handshake returned -0x7780"),
        vague=True,
    ),
    *rows(
        "Mbed TLS, include/mbedtls/ssl.h, net_sockets.h: MBEDTLS_ERR_…",
        Whose.NEITHER,
        ("tls.not-tls", "returned -0x7200", "mbedtls_ssl_handshake returned -0x7200"),
        ("tls.protocol-mismatch", "returned -0x6e80", "mbedtls_ssl_handshake returned -0x6E80"),
        ("tls.cipher-mismatch", "returned -0x7380", "mbedtls_ssl_handshake returned -0x7380"),
        ("tls.certificate-required", "returned -0x7480", "mbedtls_ssl_handshake returned -0x7480"),
        ("net.connection-cut", "returned -0x7280", "mbedtls_ssl_handshake returned -0x7280"),
        ("net.connection-cut", "returned -0x0050", "mbedtls_ssl_handshake returned -0x0050"),
        ("net.unreachable", "returned -0x0044", "mbedtls_net_connect returned -0x0044"),
        ("dns.name-unresolved", "returned -0x0052", "mbedtls_net_connect returned -0x0052"),
    ),
)  # fmt: skip

_WOLFSSL = rows(
    "wolfSSL, src/internal.c: wolfSSL_ERR_reason_error_string; wolfcrypt/src/error.c (older and newer words)",
    Whose.THEIRS,
    ("trust.issuer-unknown", "asn no signer error to confirm failure", "wolfSSL_connect error -188, ASN no signer error to confirm failure"),
    ("validity.expired", "asn date error, current date is after expiration", "wolfSSL_connect error -151, ASN date error, current date is after expiration"),
    ("validity.expired", "asn date error, current date after", "wolfSSL_connect error -151, ASN date error, current date after"),
    ("validity.not-yet-valid", "asn date error, current date is before start of validity", "wolfSSL_connect error -150, ASN date error, current date is before start of validity"),
    ("validity.not-yet-valid", "asn date error, current date before", "wolfSSL_connect error -150, ASN date error, current date before"),
    ("trust.chain-signature-invalid", "asn sig error, confirm failure", "wolfSSL_connect error -155, ASN sig error, confirm failure"),
    ("names.reference-not-presented", "peer subject name mismatch", "wolfSSL_connect error -322, peer subject name mismatch"),
    ("names.ip-address-used", "peer ip address mismatch", "wolfSSL_connect error -325, peer ip address mismatch"),
    ("revocation.revoked", "crl cert revoked", "wolfSSL_connect error -361, CRL Cert revoked"),
    ("revocation.crl-unavailable", "crl missing, not loaded", "wolfSSL_connect error -362, CRL missing, not loaded"),
    ("tls.cipher-mismatch", "can't match cipher suite", "wolfSSL_accept error -501, can't match cipher suite"),
)  # fmt: skip

GNUTLS_MBEDTLS: tuple[Phrase, ...] = (*_GNUTLS, *_MBEDTLS, *_MBEDTLS_NUMBERS, *_WOLFSSL)
