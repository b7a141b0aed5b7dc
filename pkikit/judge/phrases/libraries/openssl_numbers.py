"""OpenSSL 1.x's packed error numbers in decimal, as programs print them that leave out the words.

Cisco Meeting Server (`handshake error 336151576`), PJSIP (`err: <336151576>`) and others print the number that
ERR_get_error() returns: library 20 (SSL) in the top byte, then the function, then the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.judge.phrases.rows import ALERT_RULES, alert_row

_SOURCE = "OpenSSL 1.0 and 1.1, include/openssl/err.h: ERR_PACK; sslerr.h"
_READ_BYTES = 0x94  # SSL_F_SSL3_READ_BYTES


def _example(number: int) -> str:
    return (
        f"host:server: INFO : handshake error {number} on incoming connection 14 from 10.0.30.2:42976 to 10.0.40.5:5061"
    )


def _pack(function: int, reason: int) -> int:
    return 20 << 24 | function << 12 | reason


# (function, reason, rule, whose, writer): what the handshakes of 1.0 and 1.1 report most.
_REASONS = (
    (
        0x17A,
        193,
        "tls.cipher-mismatch",
        Whose.NEITHER,
        Writer.SERVER,
    ),  # tls_post_process_client_hello: no shared cipher
    (0x8A, 193, "tls.cipher-mismatch", Whose.NEITHER, Writer.SERVER),  # ssl3_get_client_hello: no shared cipher
    (
        0x16F,
        134,
        "tls.certificate-refused",
        Whose.THEIRS,
        Writer.CLIENT,
    ),  # tls_process_server_certificate: verify failed
    (0x90, 134, "tls.certificate-refused", Whose.THEIRS, Writer.CLIENT),  # ssl3_get_server_certificate: verify failed
    (
        0x17C,
        134,
        "tls.certificate-refused",
        Whose.THEIRS,
        Writer.SERVER,
    ),  # tls_process_client_certificate: verify failed
    (0x89, 134, "tls.certificate-refused", Whose.THEIRS, Writer.SERVER),  # ssl3_get_client_certificate: verify failed
    (0x17C, 199, "tls.certificate-required", Whose.THEIRS, Writer.SERVER),  # the peer did not return a certificate
    (0x89, 199, "tls.certificate-required", Whose.THEIRS, Writer.SERVER),
    (0x8F, 267, "tls.not-tls", Whose.NEITHER, Writer.UNKNOWN),  # ssl3_get_record: wrong version number
    (0x76, 252, "tls.not-tls", Whose.NEITHER, Writer.SERVER),  # ssl23_get_client_hello: unknown protocol
    (0x77, 252, "tls.not-tls", Whose.NEITHER, Writer.CLIENT),  # ssl23_get_server_hello: unknown protocol
    (0x76, 156, "tls.not-tls", Whose.NEITHER, Writer.SERVER),  # ssl23_get_client_hello: http request
    (0x8F, 156, "tls.not-tls", Whose.NEITHER, Writer.SERVER),  # ssl3_get_record: http request
    (0x8F, 198, "tls.not-tls", Whose.NEITHER, Writer.UNKNOWN),  # ssl3_get_record: packet length too long
    (0xD1, 258, "tls.protocol-mismatch", Whose.NEITHER, Writer.SERVER),  # tls_early_post_process_client_hello
    (0x76, 258, "tls.protocol-mismatch", Whose.NEITHER, Writer.SERVER),  # ssl23_get_client_hello: unsupported protocol
    (0x1A9, 258, "tls.protocol-mismatch", Whose.NEITHER, Writer.CLIENT),  # ssl_choose_client_version
    (0x18A, 394, "tls.cipher-mismatch", Whose.NEITHER, Writer.CLIENT),  # tls_process_ske_dhe: dh key too small
)


def _rows() -> Iterator[Phrase]:
    for number in ALERT_RULES:
        packed = _pack(_READ_BYTES, 1000 + number)
        yield alert_row(number, str(packed), _example(packed), _SOURCE)
    for function, reason, rule, whose, writer in _REASONS:
        packed = _pack(function, reason)
        yield Phrase(text=str(packed), rule=rule, example=_example(packed), source=_SOURCE, whose=whose, writer=writer)


OPENSSL_NUMBERS: tuple[Phrase, ...] = tuple(_rows())
