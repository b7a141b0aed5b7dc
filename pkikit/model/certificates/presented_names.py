"""The names that a certificate or a request presents: what can match, and what cannot and why.

`read_names` in `name_reading` takes them from a certificate; names that are only planned come in as text.
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from pkikit.errors import InputError
from pkikit.text import printable
from pkikit.values.names import SipUri, read_presented_name
from pkikit.values.other_names import OtherName


class EntryKind(enum.StrEnum):
    """The kinds of SAN entries that a name check can read, as OpenSSL writes them before the colon."""

    DNS = "DNS"
    URI = "URI"
    ADDRESS = "IP"


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


def gather_names(
    entries: Iterable[tuple[EntryKind, str]],
    *,
    common_names: Iterable[str] = (),
    others: Iterable[OtherName] = (),
    has_san: bool,
) -> PresentedNames:
    """Sort the names of a certificate. Entries that cannot match are in `refused`, never dropped.

    Args:
        entries: kind and text of each SAN entry, in their order.
        common_names: the common names of the subject.
        others: the otherName entries.
        has_san: the certificate has that extension, readable or not.

    Returns:
        The names.
    """
    found: dict[str, list[str]] = {"dns": [], "sip": [], "ip": [], "wildcards": [], "dns_written": []}
    refused: list[UnusableName] = []
    for kind, text in entries:
        if kind is EntryKind.DNS:
            found["dns_written"].append(text)
        try:
            read = _read_entry(kind, text)
        except InputError as error:
            refused.append(UnusableName(name=printable(text), reason=error.message))
            continue
        if read is not None:
            found[read[0]].append(read[1])
    names = tuple(common_names)
    return PresentedNames(
        **{kind: tuple(values) for kind, values in found.items()},
        common_name=_usable_common_name(names[-1]) if names else "",
        refused=tuple(refused),
        others=tuple(others),
        common_names=names,
        has_san=has_san,
    )


def _read_entry(kind: EntryKind, text: str) -> tuple[str, str] | None:
    """Read one entry of a SAN.

    Args:
        kind: its kind.
        text: what it says.

    Returns:
        (field of PresentedNames, name); None for a URI that no name check reads.

    Raises:
        InputError: the name cannot match.
    """
    match kind:
        case EntryKind.DNS if text.startswith("*."):
            return "wildcards", "*." + read_presented_name(text[2:])
        case EntryKind.DNS:
            return "dns", read_presented_name(text)
        case EntryKind.URI:
            is_sip = text.lower().startswith(("sip:", "sips:"))
            return ("sip", SipUri.parse_presented(text).host) if is_sip else None
        case EntryKind.ADDRESS:
            return "ip", _address(text)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise InputError("is a network, not an IP address" if "/" in text else "is not an IP address") from None


def _usable_common_name(text: str) -> str:
    try:
        return "*." + read_presented_name(text[2:]) if text.startswith("*.") else read_presented_name(text)
    except InputError:
        return ""
