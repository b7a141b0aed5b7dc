"""TLS alerts as each family of programs prints them: by number and in words, received and sent.

The words come from one table; what an alert means is in `rows.ALERT_RULES`.
"""

from __future__ import annotations

from types import MappingProxyType

from pkikit.judge.phrases.phrase import Phrase
from pkikit.judge.phrases.rows import alert_row

# number → (RFC name, OpenSSL's reason in 1.x, OpenSSL's long description or "", Go, GnuTLS, rustls)
_WORDS = MappingProxyType({
    10: ("unexpected_message", "sslv3 alert unexpected message", "unexpected message", "unexpected message", "Unexpected message", "UnexpectedMessage"),
    20: ("bad_record_mac", "sslv3 alert bad record mac", "bad record mac", "bad record MAC", "Bad record MAC", "BadRecordMac"),
    21: ("decryption_failed", "tlsv1 alert decryption failed", "decryption failed", "decryption failed", "Decryption failed", "DecryptionFailed"),
    22: ("record_overflow", "tlsv1 alert record overflow", "record overflow", "record overflow", "Record overflow", "RecordOverflow"),
    30: ("decompression_failure", "sslv3 alert decompression failure", "decompression failure", "decompression failure", "Decompression failed", "DecompressionFailure"),
    40: ("handshake_failure", "sslv3 alert handshake failure", "handshake failure", "handshake failure", "Handshake failed", "HandshakeFailure"),
    41: ("no_certificate", "sslv3 alert no certificate", "no certificate", "", "No certificate (SSL 3.0)", "NoCertificate"),
    42: ("bad_certificate", "sslv3 alert bad certificate", "bad certificate", "bad certificate", "Certificate is bad", "BadCertificate"),
    43: ("unsupported_certificate", "sslv3 alert unsupported certificate", "unsupported certificate", "unsupported certificate", "Certificate is not supported", "UnsupportedCertificate"),
    44: ("certificate_revoked", "sslv3 alert certificate revoked", "certificate revoked", "revoked certificate", "Certificate was revoked", "CertificateRevoked"),
    45: ("certificate_expired", "sslv3 alert certificate expired", "certificate expired", "expired certificate", "Certificate is expired", "CertificateExpired"),
    46: ("certificate_unknown", "sslv3 alert certificate unknown", "certificate unknown", "unknown certificate", "Unknown certificate", "CertificateUnknown"),
    47: ("illegal_parameter", "sslv3 alert illegal parameter", "illegal parameter", "illegal parameter", "Illegal parameter", "IllegalParameter"),
    48: ("unknown_ca", "tlsv1 alert unknown ca", "unknown CA", "unknown certificate authority", "CA is unknown", "UnknownCA"),
    49: ("access_denied", "tlsv1 alert access denied", "access denied", "access denied", "Access was denied", "AccessDenied"),
    50: ("decode_error", "tlsv1 alert decode error", "decode error", "error decoding message", "Decode error", "DecodeError"),
    51: ("decrypt_error", "tlsv1 alert decrypt error", "decrypt error", "error decrypting message", "Decrypt error", "DecryptError"),
    60: ("export_restriction", "tlsv1 alert export restriction", "export restriction", "export restriction", "Export restriction", "ExportRestriction"),
    70: ("protocol_version", "tlsv1 alert protocol version", "protocol version", "protocol version not supported", "Error in protocol version", "ProtocolVersion"),
    71: ("insufficient_security", "tlsv1 alert insufficient security", "insufficient security", "insufficient security level", "Insufficient security", "InsufficientSecurity"),
    80: ("internal_error", "tlsv1 alert internal error", "internal error", "internal error", "Internal error", "InternalError"),
    86: ("inappropriate_fallback", "tlsv1 alert inappropriate fallback", "", "inappropriate fallback", "Inappropriate fallback", "InappropriateFallback"),
    90: ("user_canceled", "tlsv1 alert user cancelled", "user canceled", "user canceled", "User canceled", "UserCanceled"),
    100: ("no_renegotiation", "tlsv1 alert no renegotiation", "no renegotiation", "no renegotiation", "No renegotiation is allowed", "NoRenegotiation"),
    109: ("missing_extension", "tlsv13 alert missing extension", "", "missing extension", "An extension was expected but was not seen", "MissingExtension"),
    110: ("unsupported_extension", "tlsv1 unsupported extension", "unsupported extension", "unsupported extension", "An unsupported extension was sent", "UnsupportedExtension"),
    111: ("certificate_unobtainable", "tlsv1 certificate unobtainable", "certificate unobtainable", "certificate unobtainable", "Could not retrieve the specified certificate", "CertificateUnobtainable"),
    112: ("unrecognized_name", "tlsv1 unrecognized name", "unrecognized name", "unrecognized name", "The server name sent was not recognized", "UnrecognisedName"),
    113: ("bad_certificate_status_response", "tlsv1 bad certificate status response", "bad certificate status response", "bad certificate status response", "", "BadCertificateStatusResponse"),
    114: ("bad_certificate_hash_value", "tlsv1 bad certificate hash value", "bad certificate hash value", "bad certificate hash value", "", "BadCertificateHashValue"),
    115: ("unknown_psk_identity", "tlsv1 alert unknown psk identity", "unknown PSK identity", "unknown PSK identity", "The SRP/PSK username is missing or not known", "UnknownPSKIdentity"),
    116: ("certificate_required", "tlsv13 alert certificate required", "", "certificate required", "Certificate is required", "CertificateRequired"),
    120: ("no_application_protocol", "tlsv1 alert no application protocol", "no application protocol", "no application protocol", "No supported application protocol could be negotiated", "NoApplicationProtocol"),
})  # fmt: skip


# What rustls 0.24 prints: "received fatal alert: the peer …" (src/error.rs, Display of AlertDescription).
_RUSTLS_SENTENCES = MappingProxyType({
    10: "received an unexpected message", 20: "failed to verify a message", 21: "failed to decrypt a message",
    22: "rejected an over-length message", 30: "failed to decompress a message",
    40: "failed to negotiate an acceptable set of security parameters", 41: "found no certificate",
    42: "rejected the certificate as corrupt or incorrectly signed", 43: "did not support the certificate",
    44: "found the certificate to be revoked", 45: "found the certificate to be expired",
    46: "rejected the certificate for an unspecified reason",
    47: "rejected a message because a field was incorrect or inconsistent",
    48: "found the certificate was not issued by a trusted CA", 49: "denied access", 50: "failed to decode a message",
    51: "failed to perform a handshake cryptographic operation", 60: "refused due to export restrictions",
    70: "did not support a suitable TLS version", 71: "required a higher security level than was offered",
    80: "encountered an internal error", 86: "detected an attempted version downgrade", 90: "canceled the handshake",
    100: "rejected an attempt at renegotiation", 109: "required a specific extension that was not provided",
    110: "rejected an unsolicited extension", 111: "failed to retrieve its certificate",
    112: "did not recognize a name in the `server_name` extension", 113: "rejected the certificate status response",
    114: "rejected the `certificate_hash` extension", 116: "required a client certificate",
})  # fmt: skip


def _openssl(number: int) -> list[Phrase]:
    """The words of 1.0 to 3.1, those of 3.2 and later, and the number that every version adds."""
    name, old, described, *_ = _WORDS[number]
    record = "rec_layer_s3.c:1543"
    found = [
        alert_row(
            number,
            old,
            f"140735:error:{0x14094000 + 1000 + number:08X}:SSL routines:ssl3_read_bytes:{old}:ssl/record/{record}:SSL alert number {number}",
            "OpenSSL, crypto/err/openssl.txt: SSL_R_…ALERT…",
        ),
        alert_row(
            number,
            f"ssl alert number {number}",
            f"40C7:error:0A000{1000 + number:03X}:SSL routines:ssl3_read_bytes:reason({1000 + number}):ssl/record/{record}:SSL alert number {number}",
            "OpenSSL, ssl/record/rec_layer_s3.c: ssl3_read_bytes",
        ),
        alert_row(
            number,
            old.replace(" ", "_"),
            f"ssl.SSLError: [SSL: {old.upper().replace(' ', '_')}] (_ssl.c:2580)",
            "CPython, Modules/_ssl.c; BoringSSL, crypto/err/ssl.errordata",
        ),
    ]
    if old.startswith("sslv3 alert"):
        new = old.replace("sslv3", "ssl/tls")
        found.append(
            alert_row(
                number,
                new,
                f"0087:error:0A000{1000 + number:03X}:SSL routines:ssl3_read_bytes:{new}:ssl/record/{record}:SSL alert number {number}",
                "OpenSSL 3.2, crypto/err/openssl.txt: SSL_R_SSLV3_ALERT_…",
            )
        )
    for sent, arrow, word, side in ((False, "<<<", "read", "(IN)"), (True, ">>>", "write", "(OUT)")):
        found.append(
            alert_row(
                number,
                f"fatal {name}",
                f"{arrow} TLS 1.2, Alert [length 0002], fatal {name}",
                "OpenSSL, apps/lib/s_cb.c: msg_cb",
                f"{arrow} ",
                "alert [length",
                sent=sent,
            )
        )
        if described:
            found.append(
                alert_row(
                    number,
                    f"alert {word}:fatal:{described.lower()}",
                    f"SSL3 alert {word}:fatal:{described}",
                    "OpenSSL, apps/lib/s_cb.c: apps_ssl_info_callback",
                    sent=sent,
                )
            )
            found.append(
                alert_row(
                    number,
                    f"tls alert, {described.lower()} ({512 + number})",
                    f"* TLSv1.3 {side}, TLS alert, {described} ({512 + number}):",
                    "curl, lib/vtls/openssl.c: ossl_trace",
                    f"{side.lower()}, tls alert",
                    sent=sent,
                )
            )
        else:
            found.append(
                alert_row(
                    number,
                    f"tls alert, unknown ({512 + number})",
                    f"* TLSv1.3 {side}, TLS alert, unknown ({512 + number}):",
                    "curl, lib/vtls/openssl.c: ossl_trace",
                    f"{side.lower()}, tls alert",
                    sent=sent,
                )
            )
    return found


def _others(number: int) -> list[Phrase]:
    """Java, Go, GnuTLS, mbedTLS, rustls and Windows."""
    name, _, _, go, gnutls, rustls = _WORDS[number]
    found = [
        alert_row(
            number,
            f"received fatal alert: {name}",
            f"javax.net.ssl.SSLHandshakeException: Received fatal alert: {name}",
            "OpenJDK, sun/security/ssl/Alert.java",
        ),
        alert_row(
            number,
            f"|fatal ({name})",
            f"javax.net.ssl|ERROR|01|main|2026-11-20 10:00:10.100 GMT|TransportContext.java:363|Fatal ({name.upper()}): see the exception",
            "OpenJDK, sun/security/ssl/TransportContext.java: fatal",
            sent=True,
        ),
        alert_row(
            number,
            f"received fatal alert: {rustls.lower()}",
            f"Error: received fatal alert: {rustls}",
            "rustls, src/error.rs; src/msgs/enums.rs: AlertDescription",
        ),
        alert_row(
            number,
            f"is a fatal alert message (msg {number})",
            f"ssl_msg.c:5076: |1| is a fatal alert message (msg {number})",
            "Mbed TLS, library/ssl_msg.c: mbedtls_ssl_handle_message_type",
        ),
        alert_row(
            number,
            f"fatal alert code is {number}.",
            f"A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is {number}.",
            "Windows, Schannel event 36887",
        ),
        alert_row(
            number,
            f"fatal error code is {number}.",
            f"A fatal alert was generated and sent to the remote endpoint. This may result in termination of the connection. The TLS protocol defined fatal error code is {number}. The Windows SChannel error state is 10.",
            "Windows, Schannel event 36888",
            "alert was generated",
            sent=True,
        ),
    ]
    if go:
        found.append(
            alert_row(
                number,
                f"remote error: tls: {go.lower()}",
                f"2026/11/20 10:00:10 http: TLS handshake error from 10.0.30.2:27001: remote error: tls: {go}",
                "Go, crypto/tls/alert.go: alertText",
            )
        )
    sentence = _RUSTLS_SENTENCES.get(number)
    if sentence:
        text = f"received fatal alert: the peer {sentence}"
        found.append(alert_row(number, text.lower(), f"Error: {text}", "rustls, src/error.rs, src/enums.rs"))
    if gnutls:
        found.append(
            alert_row(
                number,
                f"received alert [{number}]",
                f"*** Received alert [{number}]: {gnutls}",
                "GnuTLS, src/cli.c: check_rehandshake; lib/alert.c; wget, src/gnutls.c",
            )
        )
        found.append(
            alert_row(
                number,
                f"gnutls_handshake() failed: {gnutls.lower()}",
                f"fatal: unable to access 'https://e1.example.com/x/': gnutls_handshake() failed: {gnutls}",
                "curl, lib/vtls/gtls.c: handshake; GnuTLS, lib/alert.c",
            )
        )
    return found


ALERTS: tuple[Phrase, ...] = tuple(row for number in _WORDS for row in (*_openssl(number), *_others(number)))
