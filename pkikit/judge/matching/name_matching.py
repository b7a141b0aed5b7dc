"""Which presented name matches a reference name.

The product's rules follow RFC 5922 §7.1. `pkikit match` also shows the answers of OpenSSL and RFC 9525 (HTTPS);
`judge.matching.name_table` compares them all, by version.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pkikit.errors import InputError
from pkikit.model.certificates.presented_names import PresentedNames
from pkikit.model.leg import NameCheck
from pkikit.rules.name_rules import IP_ADDRESS_USED, REFERENCE, WILDCARD_UNSUPPORTED
from pkikit.rules.rule import Rule
from pkikit.values.names import SipUri, ip_text, is_ip_address, parse_dns_name, printable

NOT_THERE = "the certificate does not have this name"


class NameReason(enum.Enum):
    """How a reference name was found, or why it was not; `NameMatch.why` says it in words."""

    URI = enum.auto()  # a SIP URI of the SAN
    DNS_NAME = enum.auto()
    WILDCARD = enum.auto()
    ADDRESS_FOUND = enum.auto()  # an iPAddress entry of the SAN
    SERVICE = enum.auto()  # an SRVName of the SAN
    COMMON_NAME = enum.auto()  # it counts only without a name that comes before it
    ABSENT = enum.auto()
    WILDCARD_REFUSED = enum.auto()  # only a wildcard covers it, and this reader accepts none
    ADDRESS_ABSENT = enum.auto()  # an IP address without an iPAddress entry


@dataclass(frozen=True, kw_only=True)
class NameMatch:
    """Whether a certificate has a reference name.

    Attributes:
        reference: the name looked for, as the product compares it.
        presented: the name in the certificate that matches, as people write it; empty when none does.
        why: the reason, in words.
        reason: the reason, as a value.
    """

    reference: str
    presented: str = ""
    why: str
    reason: NameReason = NameReason.ABSENT

    @property
    def matched(self) -> bool:
        """True when a presented name matches the reference."""
        return bool(self.presented)


def _hit(reference: str, presented: str, why: str, reason: NameReason) -> NameMatch:
    return NameMatch(reference=reference, presented=presented, why=why, reason=reason)


def _address(reference: str, presented: PresentedNames, why: str) -> NameMatch:
    """Answer for a reader that compares an IP address with the iPAddress entries of the SAN."""
    found = f"IP {reference}" if reference in presented.ip else ""
    reason = NameReason.ADDRESS_FOUND if found else NameReason.ADDRESS_ABSENT
    return NameMatch(reference=reference, presented=found, why=why, reason=reason)


def reference_name(text: str) -> str:
    """Normalise a reference name; a SIP URI becomes its domain, an IP address stays an address.

    Args:
        text: a domain name, a SIP URI or an IP address, in any spelling.

    Returns:
        The name in one spelling.

    Raises:
        InputError: the text is neither a domain name, a SIP URI nor an IP address.
    """
    stripped = text.strip()
    if stripped.lower().startswith(("sip:", "sips:")):
        return SipUri.parse(stripped).host
    return ip_text(stripped) if is_ip_address(stripped) else parse_dns_name(stripped)


@lru_cache(maxsize=4096)
def match_name(reference: str, presented: PresentedNames, *, sip: bool = True) -> NameMatch:
    """Match as the product does: RFC 5922 for SIP, without wildcards; IP addresses by iPAddress entries.

    Args:
        reference: the name looked for, in any spelling that `reference_name` reads.
        presented: the names of the certificate.
        sip: the connection carries SIP. Other readers (HTTPS, XMPP, LDAP, syslog) ignore SIP URIs.

    Returns:
        The match, or the reason why there is none.
    """
    name = reference_name(reference)
    if is_ip_address(name):
        return _match_address(name, presented)
    if sip and name in presented.sip:
        return _hit(name, f"sip:{name}", "the SAN has this SIP domain as URI", NameReason.URI)
    if name in presented.dns:
        if sip and presented.sip:
            why = "the SAN has it as dNSName, but also has a SIP URI: then only SIP URIs count (RFC 5922 §7.1)"
            return NameMatch(reference=name, why=why)
        return _hit(name, name, "the SAN has this dNSName", NameReason.DNS_NAME)
    wildcard = next((w for w in presented.wildcards if _covers(w, name)), "")
    if wildcard:
        why = f"only the wildcard {wildcard} would cover it, and wildcards are not supported"
        return NameMatch(reference=name, why=why, reason=NameReason.WILDCARD_REFUSED)
    for entry in presented.refused:
        if same_but_for_form(name, entry.name):
            return NameMatch(
                reference=name, why=f"the SAN has {entry.name!r}, which {entry.reason}: it matches nothing"
            )
    return _match_common_name(name, presented)


def match_check(check: NameCheck, presented: PresentedNames) -> tuple[NameMatch, ...]:
    """Match every name that a check accepts.

    Args:
        check: what one side looks for.
        presented: the names of the other side's certificate.

    Returns:
        One match for each name of the check, and one for each SRVName that it accepts.
    """
    names = (match_name(name, presented, sip=check.sip) for name in check.any_of)
    return (*names, *(_match_service(service, presented) for service in check.services))


def _match_service(service: str, presented: PresentedNames) -> NameMatch:
    for entry in presented.others:
        if entry.service and entry.domain and f"{entry.service}.{entry.domain}" == service:
            return _hit(service, str(entry), "the SAN has this SRVName (RFC 4985)", NameReason.SERVICE)
    return NameMatch(reference=service, why="the SAN does not have this SRVName")


def _match_address(name: str, presented: PresentedNames) -> NameMatch:
    if name in presented.ip:
        return _hit(name, f"IP {name}", "the SAN has this iPAddress; an FQDN is recommended", NameReason.ADDRESS_FOUND)
    written = any(same_but_for_form(name, entry.name) for entry in presented.refused)
    why = "the SAN does not have this iPAddress, and an IP address never matches a dNSName"
    return NameMatch(
        reference=name,
        why=f"{why} (the address is there as dNSName)" if written else why,
        reason=NameReason.ADDRESS_ABSENT,
    )


def _match_common_name(name: str, presented: PresentedNames) -> NameMatch:
    own = presented.common_name
    if own == name:
        if presented.reads_common_name:
            return _hit(name, f"CN {name}", "there is no SAN, so the common name counts", NameReason.COMMON_NAME)
        return NameMatch(
            reference=name,
            why="it is only the common name, which counts only in a certificate without SAN (RFC 5922 §7.1)",
        )
    if presented.reads_common_name and _covers(own, name):
        why = "only a wildcard common name would cover it, and wildcards are not supported"
        return NameMatch(reference=name, why=why, reason=NameReason.WILDCARD_REFUSED)
    return NameMatch(reference=name, why=NOT_THERE)


def same_but_for_form(name: str, written: str) -> bool:
    """True when the entry would be the name, if its author had written it correctly."""
    host = re.sub(r"(\\x00|\\n|\\r|\\t)+", "", written)
    host = re.split(r"[;?]", re.sub(r"(?i)\Asips?:", "", host), maxsplit=1)[0]
    try:
        return reference_name(host.strip(". ")) == name
    except InputError:
        return False


def name_rule(matches: Sequence[NameMatch]) -> Rule:
    """Return the rule for a check in which none of these matched: the name has a wrong form, or is absent."""
    if any(m.reason is NameReason.WILDCARD_REFUSED for m in matches):
        return WILDCARD_UNSUPPORTED
    if matches and all(m.reason is NameReason.ADDRESS_ABSENT for m in matches):
        return IP_ADDRESS_USED
    return REFERENCE


def match_rfc5922(reference: str, presented: PresentedNames) -> NameMatch:
    """Match a SIP domain by RFC 5922: SIP URIs, else dNSNames, else (without any SAN) the common name."""
    name = reference_name(reference)
    if is_ip_address(name):
        return NameMatch(
            reference=name, why="RFC 5922 is about domains, not IP addresses", reason=NameReason.ADDRESS_ABSENT
        )
    return match_name(name, presented)


def match_https(reference: str, presented: PresentedNames) -> NameMatch:
    """Match by RFC 9525: dNSName, wildcard in the left-most label, iPAddress; never the common name."""
    name = reference_name(reference)
    if is_ip_address(name):
        return _address(name, presented, "compared with the iPAddress entries of the SAN")
    if name in presented.dns:
        return _hit(name, name, "the SAN has this dNSName", NameReason.DNS_NAME)
    wildcard = next((w for w in presented.wildcards if _covers(w, name)), "")
    if wildcard:
        return _hit(name, wildcard, "a wildcard covers exactly one left-most label", NameReason.WILDCARD)
    return NameMatch(reference=name, why="no dNSName of the SAN equals or covers it; the common name is not read")


def match_openssl(reference: str, presented: PresentedNames) -> NameMatch:
    """Match as OpenSSL: X509_check_host with its default flags, X509_check_ip for an IP address (v3_utl.c)."""
    name = reference_name(reference)
    if is_ip_address(name):
        return _address(name, presented, "X509_check_ip compares the iPAddress entries of the SAN")
    written = presented.dns_written or (*presented.dns, *presented.wildcards)
    for candidate in written:
        if _openssl_equal(candidate, name):
            return _hit(name, printable(candidate), "a dNSName of the SAN equals or covers it", NameReason.DNS_NAME)
    if written:
        return NameMatch(
            reference=name,
            why="no dNSName equals or covers it, and the common name does not count when there are dNSNames",
        )
    for candidate in presented.common_names or ((presented.common_name,) if presented.common_name else ()):
        if _openssl_equal(candidate, name):
            why = "the SAN contains no dNSName, so the common name counts"
            return _hit(name, f"CN {printable(candidate)}", why, NameReason.COMMON_NAME)
    return NameMatch(reference=name, why="neither a dNSName nor the common name equals or covers it")


# valid_star of v3_utl.c accepts one star at an end of the first label, and at least two dots behind it.
_STAR_LABEL = r"(?:\*(?:[a-z0-9-]*[a-z0-9])?|(?!xn--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\*)"
_VALID_STAR = re.compile(_STAR_LABEL + r"(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?){2,}\Z")


def _openssl_equal(pattern: str, name: str) -> bool:
    """Compare as equal_wildcard of v3_utl.c: the bytes, case aside, or a wildcard in the left-most label."""
    pattern = pattern.lower()
    if not pattern.isascii() or not _VALID_STAR.match(pattern):
        return pattern == name
    before, _, after = pattern.partition("*")
    if len(name) < len(before) + len(after) or not (name.startswith(before) and name.endswith(after)):
        return False
    middle = name[len(before) : len(name) - len(after)]
    whole_label = not before and after.startswith(".")
    if (whole_label and not middle) or (not whole_label and name.startswith("xn--")):
        return False
    return re.fullmatch(r"[a-z0-9-]*", middle) is not None


def _covers(wildcard: str, name: str) -> bool:
    return wildcard.startswith("*.") and name.partition(".")[2] == wildcard[2:]


def every_answer(reference: str, presented: PresentedNames) -> Iterator[tuple[str, NameMatch]]:
    """Return (whose rules, answer) for one reference, the product's first."""
    yield "product (RFC 5922, no wildcards)", match_name(reference, presented)
    yield "RFC 5922 (SIP domains)", match_rfc5922(reference, presented)
    yield "RFC 9525 (HTTPS)", match_https(reference, presented)
    yield "OpenSSL (X509_check_host, X509_check_ip)", match_openssl(reference, presented)
