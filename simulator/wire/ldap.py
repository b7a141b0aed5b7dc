"""An LDAP server with one small tree, for the peers' login accounts and for `ldapsearch`; messages by ldap3 and pyasn1.

Anonymous and simple binds are taken (whoever asks is on loopback), searches answered; everything else is refused as
RFC 4511 says.
"""

from __future__ import annotations

from typing import Any

from ldap3.protocol import rfc4511 as asn1
from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error

from pkikit.handshake.messages import FramingError, Reply

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
    """An anonymous simple bind: what a peer says first."""
    request = asn1.BindRequest()
    request["version"] = 3
    request["name"] = ""
    request["authentication"] = asn1.AuthenticationChoice().setComponentByName("simple", asn1.Simple(""))
    return _message(1, "bindRequest", request)


def understood(message: bytes) -> str:
    """A bind that succeeded."""
    _, name, operation = _read(message)
    if name != "bindResponse" or int(operation["resultCode"]) != _SUCCESS:
        raise FramingError("the LDAP server does not take the bind")
    return "LDAP bind accepted"


def answer(message: bytes) -> Reply:
    """The answer to one request; an unbind has none."""
    number, name, operation = _read(message)
    match name:
        case "bindRequest":
            simple = operation["authentication"].getName() == "simple"
            code = _SUCCESS if simple else 7  # authMethodNotSupported
            return Reply(data=_message(number, "bindResponse", _result(asn1.BindResponse(), code)), asked="LDAP bind")
        case "searchRequest":
            return Reply(data=_search(number, operation), asked="LDAP search")
        case "unbindRequest" | "abandonRequest":
            return Reply(data=b"", asked=f"LDAP {name.removesuffix('Request')}")
        case "extendedReq":
            refused = _result(asn1.ExtendedResponse(), _PROTOCOL_ERROR)
            return Reply(data=_message(number, "extendedResp", refused), asked="LDAP extended operation")
        case _:
            return Reply(
                data=_message(number, "searchResDone", _result(asn1.SearchResultDone(), _UNWILLING)), asked="LDAP"
            )


def _search(number: int, request: Any) -> bytes:
    base, scope = str(request["baseObject"]).lower(), int(request["scope"])
    wanted = {str(a).lower() for a in request["attributes"]} - {"*", "+"}
    found = [dn for dn in TREE if _within(dn.lower(), base, scope)]
    parts = [_entry(number, dn, wanted) for dn in found]
    code = _SUCCESS if base in (dn.lower() for dn in TREE) else _NO_SUCH_OBJECT
    parts.append(_message(number, "searchResDone", _result(asn1.SearchResultDone(), code)))
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
    entry = asn1.SearchResultEntry()
    entry["object"] = dn
    attributes = asn1.PartialAttributeList()
    for place, (kind, values) in enumerate((k, v) for k, v in TREE[dn].items() if not wanted or k.lower() in wanted):
        attribute, listed = asn1.PartialAttribute(), asn1.Vals()
        attribute["type"] = kind
        for position, value in enumerate(values):
            listed.setComponentByPosition(position, value)
        attribute["vals"] = listed
        attributes.setComponentByPosition(place, attribute)
    entry["attributes"] = attributes
    return _message(number, "searchResEntry", entry)


def _result(response: Any, code: int) -> Any:
    response["resultCode"] = code
    response["matchedDN"] = ""
    response["diagnosticMessage"] = ""
    return response


def _message(number: int, name: str, operation: Any) -> bytes:
    message = asn1.LDAPMessage()
    message["messageID"] = number
    message["protocolOp"] = asn1.ProtocolOp().setComponentByName(name, operation)
    encoded: bytes = encoder.encode(message)
    return encoded


def _read(message: bytes) -> tuple[int, str, Any]:
    """(message id, operation, its body). What pyasn1 cannot read is no LDAP."""
    try:
        read, rest = decoder.decode(message, asn1Spec=asn1.LDAPMessage())
        if rest:
            raise FramingError("bytes behind an LDAP message")
        operation = read["protocolOp"]
        return int(read["messageID"]), str(operation.getName()), operation.getComponent()
    except (PyAsn1Error, ValueError, IndexError, RecursionError) as error:
        raise FramingError("no LDAP message") from error
