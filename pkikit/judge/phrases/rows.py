"""Short ways to write rows: one source and one `whose` for many wordings, and TLS alerts from one list."""

from __future__ import annotations

from types import MappingProxyType

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer

PURPOSE = "eku.client-auth-missing"  # the rule of a "wrong purpose" row, until the engine knows who dialled

# What each alert of RFC 8446 §6 (and the older RFCs that it names) says to the side that receives it.
ALERT_RULES = MappingProxyType({
    10: "tls.handshake-failed",  # unexpected_message
    20: "tls.handshake-failed",  # bad_record_mac
    21: "tls.handshake-failed",  # decryption_failed
    22: "tls.handshake-failed",  # record_overflow
    30: "tls.handshake-failed",  # decompression_failure
    40: "tls.cipher-mismatch",  # handshake_failure
    41: "tls.certificate-required",  # no_certificate
    42: "tls.certificate-refused",  # bad_certificate
    43: PURPOSE,  # unsupported_certificate
    44: "revocation.revoked",  # certificate_revoked
    45: "validity.expired",  # certificate_expired
    46: "tls.certificate-refused",  # certificate_unknown
    47: "tls.handshake-failed",  # illegal_parameter
    48: "trust.issuer-unknown",  # unknown_ca
    49: "tls.certificate-refused",  # access_denied
    50: "tls.handshake-failed",  # decode_error
    51: "tls.handshake-failed",  # decrypt_error
    60: "tls.cipher-mismatch",  # export_restriction
    70: "tls.protocol-mismatch",  # protocol_version
    71: "tls.cipher-mismatch",  # insufficient_security
    80: "tls.handshake-failed",  # internal_error
    86: "tls.protocol-mismatch",  # inappropriate_fallback
    90: "tls.handshake-failed",  # user_canceled
    100: "tls.renegotiation-refused",  # no_renegotiation
    109: "tls.handshake-failed",  # missing_extension
    110: "tls.handshake-failed",  # unsupported_extension
    111: "tls.certificate-refused",  # certificate_unobtainable
    112: "tls.server-name-unknown",  # unrecognized_name
    113: "revocation.ocsp-untrusted",  # bad_certificate_status_response
    114: "tls.certificate-refused",  # bad_certificate_hash_value
    115: "tls.handshake-failed",  # unknown_psk_identity
    116: "tls.certificate-required",  # certificate_required
    120: "tls.handshake-failed",  # no_application_protocol
})  # fmt: skip
# Alerts about the certificate of the side that receives them.
_ABOUT_CERTIFICATE = frozenset((*range(41, 47), 48, 49, 111, 113, 114, 116))


def rows(
    source: str,
    whose: Whose,
    *lines: tuple[str, ...],
    vague: bool = False,
    any_level: bool = False,
    writer: Writer = Writer.UNKNOWN,
) -> tuple[Phrase, ...]:
    """One row per line: (rule, text, example, further literals …). A row of the rule PURPOSE says only "wrong purpose"."""
    return tuple(
        Phrase(
            text=text,
            rule=rule,
            example=example,
            source=source,
            whose=whose,
            also=tuple(also),
            purpose=rule == PURPOSE,
            vague=vague,
            any_level=any_level,
            writer=writer,
        )
        for rule, text, example, *also in lines
    )


def successes(source: str, *lines: tuple[str, ...]) -> tuple[Phrase, ...]:
    """Rows for lines that report a connection or a check that went well: (text, example, further literals …)."""
    return tuple(
        Phrase(text=text, rule="", example=example, source=source, success=True, also=tuple(also))
        for text, example, *also in lines
    )


def harmless(source: str, *lines: tuple[str, ...]) -> tuple[Phrase, ...]:
    """Rows for lines that look like a failure but are not one: (text, example, further literals …)."""
    return tuple(
        Phrase(text=text, rule="", example=example, source=source, also=tuple(also)) for text, example, *also in lines
    )


def alert_row(number: int, text: str, example: str, source: str, *also: str, sent: bool = False) -> Phrase:
    """The row of one alert. `sent`: the writer of the line sent it, so it refused the far side, not the reverse."""
    about = Whose.THEIRS if sent else Whose.OURS
    return Phrase(
        text=text,
        rule=ALERT_RULES[number],
        example=example,
        source=source,
        whose=about if number in _ABOUT_CERTIFICATE else Whose.NEITHER,
        purpose=number == 43,
        also=also,
    )
