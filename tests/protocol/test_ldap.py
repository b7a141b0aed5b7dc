"""The lab's LDAP server, message by message; the bytes are those of RFC 4511, written out here without its grammar."""

from __future__ import annotations

import pytest

from pkikit.handshake.messages import FramingError
from simulator.wire import ldap

SUFFIX = b"dc=corp,dc=example,dc=com"


def element(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    assert len(body) < 128
    return bytes([tag, len(body)]) + body


def message(operation: bytes, *controls: bytes) -> bytes:
    return element(0x30, b"\x02\x01\x05", operation, *controls)


def search(base: bytes, scope: int, *attributes: bytes) -> bytes:
    limits = bytes.fromhex("0a0100 020100 020100 010100")
    wanted = element(0x30, *(element(4, name) for name in attributes))
    present = element(0x87, b"objectClass")
    return message(element(0x63, element(4, base), bytes([10, 1, scope]), limits, present, wanted))


def result(tag: int, code: int) -> bytes:
    return message(element(tag, bytes([10, 1, code]), b"\x04\x00\x04\x00"))


BIND = element(0x60, b"\x02\x01\x03", b"\x04\x00", b"\x80\x00")


def test_bind_request_is_an_anonymous_simple_bind_of_version_3() -> None:
    assert ldap.bind_request() == element(0x30, b"\x02\x01\x01", BIND)
    assert ldap.understood(result(0x61, 0)) == "LDAP bind accepted"
    with pytest.raises(FramingError, match="does not take the bind"):
        ldap.understood(result(0x61, 49))


@pytest.mark.parametrize(
    ("request_", "answer", "asked"),
    [
        (message(BIND), result(0x61, 0), "LDAP bind"),
        (message(BIND, element(0xA0, element(0x30, element(4, b"1.2.3")))), result(0x61, 0), "LDAP bind"),
        (
            message(element(0x60, b"\x02\x01\x03", b"\x04\x00", element(0xA3, element(4, b"PLAIN")))),
            result(0x61, 7),
            "LDAP bind",
        ),
        (message(b"\x42\x00"), b"", "LDAP unbind"),
        (message(b"\x50\x01\x02"), b"", "LDAP abandon"),
        (message(element(0x77, element(0x80, b"1.3.6.1.4.1.1466.20037"))), result(0x78, 2), "LDAP extended operation"),
        (message(element(0x4A, b"cn=admin")), result(0x65, 53), "LDAP"),
        (search(b"dc=elsewhere", 2), result(0x65, 32), "LDAP search"),
    ],
    ids=["bind", "bind with a control", "SASL", "unbind", "abandon", "StartTLS", "delete", "no such object"],
)
def test_request_gets_the_answer_of_rfc_4511(request_: bytes, answer: bytes, asked: str) -> None:
    reply = ldap.answer(request_)
    assert (reply.data, reply.asked) == (answer, asked)


def test_search_finds_entries_by_base_scope_and_attributes() -> None:
    root = element(
        0x64,
        b"\x04\x00",
        element(0x30, element(0x30, element(4, b"namingContexts"), element(0x31, element(4, SUFFIX)))),
    )
    assert ldap.answer(search(b"", 0, b"namingContexts")).data == message(root) + result(0x65, 0)
    below = ldap.answer(search(SUFFIX.upper(), 1, b"OU")).data
    assert below.count(b"expressway-administrators") == 2  # its name and its attribute
    assert b"cn=admin" not in below
    assert ldap.answer(search(SUFFIX, 2)).data.count(b"\x64") >= 3


@pytest.mark.parametrize(
    "bad",
    [
        message(b"\x30\x00"),
        message(element(0x60, b"\x02\x01\x03")),
        message(BIND) + b"\x00",
        message(b""),
        element(0x30, BIND),
    ],
    ids=["not an operation", "half a bind", "bytes behind it", "no operation", "no number"],
)
def test_bytes_that_are_not_ldap_are_refused(bad: bytes) -> None:
    with pytest.raises(FramingError, match="LDAP"):
        ldap.answer(bad)


def test_name_that_is_not_utf_8_is_not_found() -> None:
    assert ldap.answer(search(b"dc=\xff\xfe", 2)).data == result(0x65, 32)


def test_messages_are_taken_off_the_stream_one_by_one() -> None:
    stream = bytearray(message(BIND) + search(b"", 0) + b"\x30\x05\x02")
    assert ldap.split_message(stream) == message(BIND)
    assert ldap.split_message(stream) == search(b"", 0)
    assert ldap.split_message(stream) is None
    for bad in (b"GET /", b"\x30\x80\x00", b"\x30\x84\x7f\xff\xff\xff"):
        with pytest.raises(FramingError):
            ldap.split_message(bytearray(bad))
