"""`otherName` entries of a SAN: a type, and a value in DER. Two types matter around Expressway.

SRVName (RFC 4985): IA5String `_service.domain`. The request page of X8 offered it for registration domains as
`_collab-edge._tls.DOMAIN`, and endpoints of that time accept it (Cisco TAC 211304).
XMPPAddr (RFC 6120 §13.7.1.4): UTF8String, for XMPP federation domains.
"""

from __future__ import annotations

from dataclasses import dataclass

from pkikit.errors import InputError
from pkikit.values.names import parse_dns_name, printable

SRV_NAME, XMPP_ADDRESS = "1.3.6.1.5.5.7.8.7", "1.3.6.1.5.5.7.8.5"
COLLAB_EDGE = "_collab-edge._tls"
_KINDS = {SRV_NAME: "SRVName", XMPP_ADDRESS: "XMPPAddr", "1.3.6.1.4.1.311.20.2.3": "UPN"}
_FORMS = {SRV_NAME: (0x16, "IA5String"), XMPP_ADDRESS: (0x0C, "UTF8String")}
# The string types of ASN.1: tag, name, codec.
_STRINGS = {
    0x0C: ("UTF8String", "utf-8"), 0x13: ("PrintableString", "ascii"), 0x14: ("T61String", "latin-1"),
    0x16: ("IA5String", "ascii"), 0x1A: ("VisibleString", "ascii"), 0x1E: ("BMPString", "utf-16-be"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class OtherName:
    """One otherName. text: its value for people, escaped; form: its ASN.1 type; problem: why the value does not fit its type."""

    type_id: str
    text: str
    form: str = ""
    problem: str = ""

    @property
    def kind(self) -> str:
        """`SRVName`, `XMPPAddr`, `UPN`, or the OID of another type."""
        return _KINDS.get(self.type_id, self.type_id)

    def __str__(self) -> str:
        return f"{self.kind}:{self.text}"

    @property
    def service(self) -> str:
        """The labels of an SRVName that begin with `_`, in lower case: `_collab-edge._tls`."""
        labels = self.text.lower().split(".") if self.type_id == SRV_NAME else []
        count = next((n for n, label in enumerate(labels) if not label.startswith("_")), len(labels))
        return ".".join(labels[:count])

    @property
    def domain(self) -> str:
        """The normalised domain of an SRVName or XMPPAddr; empty if there is none."""
        text = self.text[len(self.service) + 1 :] if self.service else self.text
        try:
            return parse_dns_name(text) if self.type_id in _FORMS and not self.problem else ""
        except InputError:
            return ""


def read_other_name(type_id: str, der: bytes) -> OtherName:
    """Read the value of an otherName. A value that cannot be read appears in hexadecimal, with the problem."""
    tag = der[0] if der else 0
    if tag not in _STRINGS:
        problem = f"its value is not a {_FORMS[type_id][1]}" if type_id in _FORMS else ""
        return OtherName(type_id=type_id, text=_hex(der), problem=problem)
    form, codec = _STRINGS[tag]
    try:
        text = _content(der).decode(codec)
    except ValueError:
        return OtherName(type_id=type_id, text=_hex(der), form=form, problem=f"its {form} cannot be read")
    wanted = _FORMS.get(type_id)
    problem = f"its value is a {form}, not a {wanted[1]}" if wanted and wanted[0] != tag else ""
    return OtherName(type_id=type_id, text=printable(text), form=form, problem=problem)


def _content(der: bytes) -> bytes:
    """Return the bytes of one primitive string in DER.

    Args:
        der: the string.

    Returns:
        (tag, content).

    Raises:
        ValueError: the bytes are not one primitive string.
    """
    from pyasn1.codec.der import decoder  # needed for a few certificates only
    from pyasn1.error import PyAsn1Error

    try:
        value, rest = decoder.decode(der)
    except PyAsn1Error as error:
        raise ValueError(str(error)) from error
    if rest:
        raise ValueError("bytes follow the value")
    return bytes(value)


def _hex(der: bytes) -> str:
    return printable(f"hex {der[:32].hex()}{'…' if len(der) > 32 else ''}")
