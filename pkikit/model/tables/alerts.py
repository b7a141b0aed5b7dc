"""The names of TLS alerts by number, as traces hold them. Which rule an alert reports, the rules say (`Rule.alerts`)."""

from __future__ import annotations

from types import MappingProxyType

# RFC 8446 §6 (and the TLS 1.2 ones that OpenSSL still sends).
ALERT_NAMES = MappingProxyType(
    {
        0: "close_notify",
        10: "unexpected_message",
        20: "bad_record_mac",
        22: "record_overflow",
        40: "handshake_failure",
        42: "bad_certificate",
        43: "unsupported_certificate",
        44: "certificate_revoked",
        45: "certificate_expired",
        46: "certificate_unknown",
        47: "illegal_parameter",
        48: "unknown_ca",
        49: "access_denied",
        50: "decode_error",
        51: "decrypt_error",
        70: "protocol_version",
        71: "insufficient_security",
        80: "internal_error",
        86: "inappropriate_fallback",
        90: "user_canceled",
        109: "missing_extension",
        110: "unsupported_extension",
        112: "unrecognized_name",
        116: "certificate_required",
        120: "no_application_protocol",
    }
)

# OpenSSL's verification errors (x509_vfy.h) and the alert that it sends for each (ssl/statem/statem_lib.c, x509table);
# every other error is reported as certificate_unknown.
VERIFY_ALERTS = MappingProxyType(
    {
        2: 48, 3: 48, 4: 42, 6: 42, 7: 51, 8: 51, 9: 42, 10: 45, 11: 42, 12: 45, 13: 42, 14: 42, 18: 48, 19: 48, 20: 48,
        21: 48, 22: 48, 23: 44, 25: 48, 26: 43, 27: 42, 28: 42, 33: 48, 62: 42, 63: 42, 64: 42, 66: 42, 67: 42, 68: 42,
        79: 48, 94: 42,
    }
)  # fmt: skip
CERTIFICATE_UNKNOWN = 46
