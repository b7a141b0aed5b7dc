"""The LDAP messages that the lab's server reads and writes: a part of RFC 4511, appendix B, as pyasn1 types.

The body of an operation that the server does not serve, a filter and a control stay undecoded (`Any`).
"""

from __future__ import annotations

from typing import Any as Untyped

from pyasn1.type.namedtype import NamedType, NamedTypes, OptionalNamedType
from pyasn1.type.tag import Tag, TagSet, tagClassApplication, tagClassContext, tagFormatConstructed, tagFormatSimple
from pyasn1.type.univ import Any, Boolean, Choice, Enumerated, Integer, OctetString, Sequence, SequenceOf, SetOf


def _application(number: int) -> TagSet:
    tag = Tag(tagClassApplication, tagFormatConstructed, number)
    tagged: TagSet = Sequence.tagSet.tagImplicitly(tag)  # type: ignore[no-untyped-call]
    return tagged


def _context(number: int, value: Untyped, form: int) -> Untyped:
    return value.subtype(implicitTag=Tag(tagClassContext, form, number))


class Strings(SequenceOf):
    """A list of attribute descriptions, as a search names them."""

    componentType = OctetString()


class Values(SetOf):
    """The values of one attribute."""

    componentType = OctetString()


class Authentication(Choice):
    """How a client binds: with a password, or by SASL."""

    componentType = NamedTypes(
        NamedType("simple", _context(0, OctetString(), tagFormatSimple)),
        NamedType("sasl", _context(3, Any(), tagFormatConstructed)),
    )


class BindRequest(Sequence):
    """What a client sends first."""

    tagSet = _application(0)
    componentType = NamedTypes(
        NamedType("version", Integer()),
        NamedType("name", OctetString()),
        NamedType("authentication", Authentication()),
    )


_RESULT = (
    NamedType("resultCode", Enumerated()),
    NamedType("matchedDN", OctetString()),
    NamedType("diagnosticMessage", OctetString()),
    OptionalNamedType("referral", _context(3, Any(), tagFormatConstructed)),
)


class BindResponse(Sequence):
    """The answer to a bind."""

    tagSet = _application(1)
    componentType = NamedTypes(*_RESULT)


class SearchRequest(Sequence):
    """Base, scope and attributes of a search; its filter is not decoded."""

    tagSet = _application(3)
    componentType = NamedTypes(
        NamedType("baseObject", OctetString()),
        NamedType("scope", Enumerated()),
        NamedType("derefAliases", Enumerated()),
        NamedType("sizeLimit", Integer()),
        NamedType("timeLimit", Integer()),
        NamedType("typesOnly", Boolean()),
        NamedType("filter", Any()),
        NamedType("attributes", Strings()),
    )


class Attribute(Sequence):
    """One attribute of an entry."""

    componentType = NamedTypes(NamedType("type", OctetString()), NamedType("vals", Values()))


class Attributes(SequenceOf):
    """All attributes of an entry."""

    componentType = Attribute()


class SearchResultEntry(Sequence):
    """One entry that a search found."""

    tagSet = _application(4)
    componentType = NamedTypes(NamedType("object", OctetString()), NamedType("attributes", Attributes()))


class SearchResultDone(Sequence):
    """The end of a search."""

    tagSet = _application(5)
    componentType = NamedTypes(*_RESULT)


class ExtendedResponse(Sequence):
    """The answer to an extended operation."""

    tagSet = _application(24)
    componentType = NamedTypes(*_RESULT)


class Message(Sequence):
    """The envelope of every message; `protocolOp` holds the encoded operation."""

    componentType = NamedTypes(
        NamedType("messageID", Integer()),
        NamedType("protocolOp", Any()),
        OptionalNamedType("controls", _context(0, Any(), tagFormatConstructed)),
    )
