"""Which presented name answers to a reference name.

The product's rules follow RFC 5922 §7.1: SIP URIs and dNSNames of the SAN, the common name only when the SAN holds
neither, no wildcards (guide, "Points to be Aware"). RFC 6125/9525 (HTTPS) is told beside it for `pkikit match`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509

from pkikit.errors import InputError
from pkikit.model.facts import common_name, extension
from pkikit.model.names import SipUri, is_ip_address, parse_dns_name, printable


@dataclass(frozen=True, kw_only=True)
class PresentedNames:
    """The names of one certificate, as found; `dns` and `sip` in our spelling, what is no name at all in `unusable`.

    others: (type OID, text) of otherName entries, which nobody looks for but a linter tells of.
    """

    dns: tuple[str, ...] = ()
    sip: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()
    wildcards: tuple[str, ...] = ()
    common_name: str = ""
    unusable: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()

    @property
    def has_san_identity(self) -> bool:
        """True when the SAN holds a SIP URI or a dNSName, which silences the common name."""
        return bool(self.dns or self.sip or self.wildcards)

    @property
    def identities(self) -> tuple[str, ...]:
        """What the product compares with: SIP domains, dNSNames, else the common name."""
        if self.has_san_identity:
            return tuple(dict.fromkeys((*self.sip, *self.dns)))
        return (self.common_name,) if self.common_name else ()

    @property
    def all_names(self) -> tuple[str, ...]:
        """Every name of the SAN, whether the product reads it or not."""
        return (*(f"sip:{n}" for n in self.sip), *self.dns, *self.wildcards, *self.ip, *self.unusable)

    def shown(self) -> str:
        """All of them on one line, bounded, for evidence."""
        parts = [f"sip:{n}" for n in self.sip] + list(self.dns) + list(self.wildcards) + [f"IP {n}" for n in self.ip]
        more = f" … and {len(parts) - 20} more" if len(parts) > 20 else ""
        return (", ".join(parts[:20]) + more) or (f"CN {self.common_name}" if self.common_name else "no names at all")


# A lab judges the same few certificates at every handshake; parsing their SAN again each time cost a sixth of it.
@lru_cache(maxsize=2048)
def presented_names(certificate: x509.Certificate | x509.CertificateSigningRequest) -> PresentedNames:
    """Read the names that a certificate presents."""
    alternative = extension(certificate, x509.SubjectAlternativeName)
    dns: list[str] = []
    sip: list[str] = []
    wildcards: list[str] = []
    unusable: list[str] = []
    ip: list[str] = []
    others: list[tuple[str, str]] = []
    for name in alternative or ():
        try:
            match name:
                case x509.DNSName(value=value) if value.startswith("*."):
                    wildcards.append("*." + parse_dns_name(value[2:]))
                case x509.DNSName(value=value):
                    dns.append(parse_dns_name(value))
                case x509.UniformResourceIdentifier(value=value) if value.lower().startswith("sip"):
                    sip.append(SipUri.parse(value).host)
                case x509.IPAddress(value=value):
                    ip.append(str(value))
                case x509.OtherName(type_id=oid, value=value):
                    others.append((oid.dotted_string, printable(value[2:].decode("utf-8", "replace"))))
                case _:
                    pass
        except InputError:
            unusable.append(printable(str(name.value)))
    return PresentedNames(
        dns=tuple(dns),
        sip=tuple(sip),
        ip=tuple(ip),
        wildcards=tuple(wildcards),
        common_name=_usable_common_name(certificate),
        unusable=tuple(unusable),
        others=tuple(others),
    )


def _usable_common_name(certificate: x509.Certificate | x509.CertificateSigningRequest) -> str:
    text = common_name(certificate.subject)
    try:
        return "*." + parse_dns_name(text[2:]) if text.startswith("*.") else parse_dns_name(text)
    except InputError:
        return ""


@dataclass(frozen=True, kw_only=True)
class NameMatch:
    """Whether one reference name was found, by which presented name, and why (not)."""

    reference: str
    presented: str = ""
    why: str

    @property
    def matched(self) -> bool:
        """True when a presented name answers to the reference."""
        return bool(self.presented)


def reference_name(text: str) -> str:
    """A reference in our spelling: SIP URI or domain name give the name, an IP address stays itself."""
    stripped = text.strip()
    if stripped.lower().startswith(("sip:", "sips:")):
        return SipUri.parse(stripped).host
    return stripped.strip("[]") if is_ip_address(stripped) else parse_dns_name(stripped)


@lru_cache(maxsize=4096)
def match_name(reference: str, presented: PresentedNames) -> NameMatch:
    """The product's answer (RFC 5922, no wildcards)."""
    name = reference_name(reference)
    if is_ip_address(name):
        return NameMatch(reference=name, why="an address dialled as IP cannot match a dNSName")
    if name in presented.sip:
        return NameMatch(reference=name, presented=f"sip:{name}", why="the SAN holds this SIP domain as URI")
    if name in presented.dns:
        return NameMatch(reference=name, presented=name, why="the SAN holds this dNSName")
    wildcard = next((w for w in presented.wildcards if _covers(w, name)), "")
    if wildcard:
        return NameMatch(
            reference=name,
            why=f"only the wildcard {wildcard} would cover it, and wildcards are not supported",
        )
    if not presented.has_san_identity and presented.common_name:
        if presented.common_name == name:
            return NameMatch(
                reference=name, presented=f"CN {name}", why="the SAN holds no name, so the common name counts"
            )
        if _covers(presented.common_name, name):
            return NameMatch(
                reference=name,
                why="only a wildcard common name would cover it, and wildcards are not supported",
            )
    if presented.common_name == name:
        return NameMatch(
            reference=name, why="only the common name holds it, and it is not read when the SAN holds names"
        )
    return NameMatch(reference=name, why="no presented name equals it")


def name_rule(matches: Sequence[NameMatch]) -> str:
    """The rule that speaks where none of these matched: a matter of form, or simply not there."""
    if any("wildcard" in m.why for m in matches):
        return "names.wildcard-unsupported"
    if matches and all(is_ip_address(m.reference) for m in matches):
        return "names.ip-address-used"
    return "names.reference-not-presented"


def match_https(reference: str, presented: PresentedNames) -> NameMatch:
    """RFC 9525's answer: dNSName, left-most-label wildcard, iPAddress; never the common name."""
    name = reference_name(reference)
    if is_ip_address(name):
        found = name if name in presented.ip else ""
        return NameMatch(reference=name, presented=found, why="compared with the iPAddress entries of the SAN")
    if name in presented.dns:
        return NameMatch(reference=name, presented=name, why="the SAN holds this dNSName")
    wildcard = next((w for w in presented.wildcards if _covers(w, name)), "")
    if wildcard:
        return NameMatch(reference=name, presented=wildcard, why="a wildcard covers exactly one left-most label")
    return NameMatch(reference=name, why="no dNSName of the SAN equals or covers it; the common name is not read")


def _covers(wildcard: str, name: str) -> bool:
    return wildcard.startswith("*.") and name.partition(".")[2] == wildcard[2:]
