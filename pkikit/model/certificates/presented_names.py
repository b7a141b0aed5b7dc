"""The names that a certificate or a request presents, read once: what can match, and what cannot and why."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

from pkikit.errors import InputError
from pkikit.text import printable
from pkikit.values.names import SipUri, read_presented_name
from pkikit.values.other_names import OtherName, read_other_name


@dataclass(frozen=True, kw_only=True)
class UnusableName:
    """A name of a certificate that can match nothing, as text for people, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name!r} (unusable: {self.reason})"


@dataclass(frozen=True, kw_only=True)
class PresentedNames:
    """The names of one certificate.

    dns, sip, wildcards, common_name: names that can match, in lower case; `sip` without the scheme.
    ip: iPAddress entries, each in one spelling.
    refused: entries that can match nothing, with the reason.
    others: the otherName entries, such as SRVName. No name check of the product reads them; linters do.
    dns_written, common_names: every dNSName and common name as the certificate holds it.
    has_san: the certificate has a subjectAltName extension, whatever is in it.
    """

    dns: tuple[str, ...] = ()
    sip: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()
    wildcards: tuple[str, ...] = ()
    common_name: str = ""
    refused: tuple[UnusableName, ...] = ()
    others: tuple[OtherName, ...] = ()
    dns_written: tuple[str, ...] = ()
    common_names: tuple[str, ...] = ()
    has_san: bool = False

    @property
    def unusable(self) -> tuple[str, ...]:
        """The entries that can match nothing, without the reasons."""
        return tuple(entry.name for entry in self.refused)

    @property
    def has_san_identity(self) -> bool:
        """True when the SAN holds a SIP domain or a dNSName."""
        return bool(self.dns or self.sip or self.wildcards)

    @property
    def reads_common_name(self) -> bool:
        """True when the common name counts: only without any SAN (RFC 5922 §7.1)."""
        return bool(self.common_name) and not (self.has_san or self.has_san_identity or self.ip or self.refused)

    @property
    def identities(self) -> tuple[str, ...]:
        """The domain names that a reader of the certificate goes by: SIP domains and dNSNames, else the common name."""
        if self.has_san_identity:
            return tuple(dict.fromkeys((*self.sip, *self.dns)))
        return (self.common_name,) if self.reads_common_name else ()

    @property
    def all_names(self) -> tuple[str, ...]:
        """Every name of the SAN, whether the product reads it or not."""
        others = (str(entry) for entry in self.others)
        return (*(f"sip:{n}" for n in self.sip), *self.dns, *self.wildcards, *self.ip, *self.unusable, *others)

    def describe(self) -> str:
        """Return all names on one line, bounded, for evidence."""
        parts = [f"sip:{n}" for n in self.sip] + list(self.dns) + list(self.wildcards) + [f"IP {n}" for n in self.ip]
        parts += [str(entry) for entry in (*self.refused, *self.others)]
        more = f" … and {len(parts) - 20} more" if len(parts) > 20 else ""
        return (", ".join(parts[:20]) + more) or (f"CN {self.common_name}" if self.common_name else "no names at all")


def read_names(subject: x509.Name, alternative: x509.SubjectAlternativeName | None, *, has_san: bool) -> PresentedNames:
    """Read the names of a certificate or a request. Entries that cannot match are in `refused`, never dropped.

    Args:
        subject: its subject, for the common names.
        alternative: its subjectAltName; None where it has none, or where nobody can read it.
        has_san: it has that extension, readable or not.

    Returns:
        The names.
    """
    found: dict[str, list[str]] = {"dns": [], "sip": [], "ip": [], "wildcards": [], "dns_written": []}
    refused: list[UnusableName] = []
    others: list[OtherName] = []
    for name in alternative or ():
        if isinstance(name, x509.OtherName):
            others.append(read_other_name(name.type_id.dotted_string, name.value))
            continue
        if isinstance(name, x509.DNSName):
            found["dns_written"].append(name.value)
        try:
            read = _read_entry(name)
        except InputError as error:
            refused.append(UnusableName(name=printable(str(name.value)), reason=error.message))
            continue
        if read is not None:
            found[read[0]].append(read[1])
    names = [str(a.value) for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return PresentedNames(
        **{kind: tuple(values) for kind, values in found.items()},
        common_name=_usable_common_name(names[-1]) if names else "",
        refused=tuple(refused),
        others=tuple(others),
        common_names=tuple(names),
        has_san=has_san,
    )


def _read_entry(name: x509.GeneralName) -> tuple[str, str] | None:
    """Read one entry of a SAN.

    Args:
        name: the entry.

    Returns:
        (field of PresentedNames, name); None for kinds of names that no name check reads.

    Raises:
        InputError: the name cannot match.
    """
    match name:
        case x509.DNSName(value=value) if value.startswith("*."):
            return "wildcards", "*." + read_presented_name(value[2:])
        case x509.DNSName(value=value):
            return "dns", read_presented_name(value)
        case x509.UniformResourceIdentifier(value=value) if value.lower().startswith(("sip:", "sips:")):
            return "sip", SipUri.parse_presented(value).host
        case x509.IPAddress(value=ipaddress.IPv4Address() | ipaddress.IPv6Address() as address):
            return "ip", str(address)
        case x509.IPAddress():
            raise InputError("is a network, not an IP address")
        case _:
            return None


def _usable_common_name(text: str) -> str:
    try:
        return "*." + read_presented_name(text[2:]) if text.startswith("*.") else read_presented_name(text)
    except InputError:
        return ""
