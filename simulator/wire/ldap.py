"""An LDAP server with one small tree, for the peers' login accounts and for `ldapsearch`; messages by pyasn1.

The server accepts anonymous and simple binds (every client is on loopback) and answers searches. It refuses everything
else as RFC 4511 requires.
"""

from __future__ import annotations

from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error

from pkikit.handshake.messages import FramingError, Reply
from simulator.wire import ldap_grammar as grammar

MAX_MESSAGE = 64 * 1024
SUFFIX = "dc=corp,dc=example,dc=com"
TREE: dict[str, dict[str, tuple[str, ...]]] = {
    "": {"objectClass": ("top",), "namingContexts": (SUFFIX,), "supportedLDAPVersion": ("3",)},
    SUFFIX: {"objectClass": ("domain",), "dc": ("corp",)},
    f"ou=expressway-administrators,{SUFFIX}": {"objectClass": ("organizationalUnit",), "ou": ("expressway-administrators",)},
    f"cn=admin,ou=expressway-administrators,{SUFFIX}": {
        "objectClass": ("person",), "cn": ("admin",), "sn": ("Administrator"  ,),
    },
}  # fmt: skip
# The first byte of an encoded operation: class application, its number, and whether its content is structured.
_DECODED: dict[int, type[Any]] = {
    0x60: grammar.BindRequest,
    0x61: grammar.BindResponse,
    0x63: grammar.SearchRequest,
}
_APPLICATION, _UNBIND, _ABANDON, _EXTENDED = 0x40, 0x42, 0x50, 0x77
_SUCCESS, _NO_SUCH_OBJECT, _PROTOCOL_ERROR, _UNWILLING = 0, 32, 2, 53


def split_message(buffer: bytearray) -> bytes | None:
    """Take one BER message (a SEQUENCE of definite length) off the buffer."""
    if len(buffer) < 2:
        return None
    if buffer[0] != 0x30:
        raise FramingError("no LDAP message")
    first, start = buffer[1], 2
    length = first
    if first & 0x80:
        digits = first & 0x7F
        if not 1 <= digits <= 4:
            raise FramingError("an LDAP message without a usable length")
        if len(buffer) < 2 + digits:
            return None
        length, start = int.from_bytes(buffer[2 : 2 + digits], "big"), 2 + digits
    if length > MAX_MESSAGE:
        raise FramingError(f"an LDAP message of more than {MAX_MESSAGE} bytes")
    if len(buffer) < start + length:
        return None
    message = bytes(buffer[: start + length])
    del buffer[: start + length]
    return message


def bind_request() -> bytes:
    """Return an anonymous simple bind: the first message of a peer."""
    request = grammar.BindRequest()
    request["version"] = 3
    request["name"] = ""
    request["authentication"]["simple"] = ""
    return _message(1, request)


def understood(message: bytes) -> str:
    """Return a line for a bind that succeeded."""
    _, operation = _read(message)
    if not isinstance(operation, grammar.BindResponse) or int(operation["resultCode"]) != _SUCCESS:
        raise FramingError("the LDAP server does not take the bind")
    return "LDAP bind accepted"


def answer(message: bytes) -> Reply:
    """Return the answer to one request; an unbind has none."""
    number, operation = _read(message)
    match operation:
        case grammar.BindRequest():
            simple = operation["authentication"].getName() == "simple"
            code = _SUCCESS if simple else 7  # authMethodNotSupported
            return Reply(data=_message(number, _result(grammar.BindResponse(), code)), asked="LDAP bind")
        case grammar.SearchRequest():
            return Reply(data=_search(number, operation), asked="LDAP search")
        case int() if operation in (_UNBIND, _ABANDON):
            return Reply(data=b"", asked="LDAP unbind" if operation == _UNBIND else "LDAP abandon")
        case int() if operation == _EXTENDED:
            refused = _result(grammar.ExtendedResponse(), _PROTOCOL_ERROR)
            return Reply(data=_message(number, refused), asked="LDAP extended operation")
        case _:
            return Reply(data=_message(number, _result(grammar.SearchResultDone(), _UNWILLING)), asked="LDAP")


def _search(number: int, request: Any) -> bytes:
    base, scope = str(request["baseObject"]).lower(), int(request["scope"])
    wanted = {str(a).lower() for a in request["attributes"]} - {"*", "+"}
    found = [dn for dn in TREE if _within(dn.lower(), base, scope)]
    parts = [_entry(number, dn, wanted) for dn in found]
    code = _SUCCESS if base in (dn.lower() for dn in TREE) else _NO_SUCH_OBJECT
    parts.append(_message(number, _result(grammar.SearchResultDone(), code)))
    return b"".join(parts)


def _within(dn: str, base: str, scope: int) -> bool:
    match scope:
        case 0:
            return dn == base
        case 1:
            return dn.partition(",")[2] == base and dn != base
        case _:
            return dn == base or (dn.endswith("," + base) if base else False)


def _entry(number: int, dn: str, wanted: set[str]) -> bytes:
    entry = grammar.SearchResultEntry()
    entry["object"] = dn
    attributes = grammar.Attributes()
    for place, (kind, values) in enumerate((k, v) for k, v in TREE[dn].items() if not wanted or k.lower() in wanted):
        attribute, listed = grammar.Attribute(), grammar.Values()
        attribute["type"] = kind
        for position, value in enumerate(values):
            listed.setComponentByPosition(position, value)
        attribute["vals"] = listed
        attributes.setComponentByPosition(place, attribute)
    entry["attributes"] = attributes
    return _message(number, entry)


def _result(response: Any, code: int) -> Any:
    response["resultCode"] = code
    response["matchedDN"] = ""
    response["diagnosticMessage"] = ""
    return response


def _message(number: int, operation: Any) -> bytes:
    message = grammar.Message()
    message["messageID"] = number
    message["protocolOp"] = encoder.encode(operation)
    encoded: bytes = encoder.encode(message)
    return encoded


def _read(message: bytes) -> tuple[int, Any]:
    """Return (message id, operation): decoded if its body matters here, else the first byte of its encoding."""
    try:
        read, rest = decoder.decode(message, asn1Spec=grammar.Message())
        if rest:
            raise FramingError("bytes behind an LDAP message")
        body = bytes(read["protocolOp"])
        kind = _DECODED.get(body[0])
        if kind is None and body[0] & 0xC0 == _APPLICATION:
            return int(read["messageID"]), body[0]
        if kind is None:
            raise FramingError("no LDAP operation")
        operation, rest = decoder.decode(body, asn1Spec=kind())
        if rest:
            raise FramingError("bytes behind an LDAP operation")
        return int(read["messageID"]), operation
    except (PyAsn1Error, ValueError, IndexError, RecursionError) as error:
        raise FramingError("no LDAP message") from error
