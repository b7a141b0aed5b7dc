"""The keys that are kept, in the form that everybody else uses: today's words, today's order of indexes.

Whatever is not listed here is passed over, so that no other value reaches an object. Sources: the table of settings; the command
reference of the Expressway administrator guide X15.0; dumps in Cisco TAC 212475.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from pkikit.intake.material import Key
from pkikit.model.tables.product_settings import SETTINGS

INDEX = "[n]"
# Words that Cisco renamed: the old one and today's.
RENAMED = {
    "configurationmaster": "ConfigurationPrimary",
    "whitelist": "AllowList",
    "blacklist": "DenyList",
}
# Keys of versions before X8 whose words are others today.
_OLD_PLACES = {("sip", "domains", "domain"): ("sip", "domain"), ("ip", "dns", "server"): ("dns", "server")}
_IDENTITY = (
    "IP DNS Hostname", "IP DNS Domain Name", "DNS Server [n] Address", "IPProtocol",
    "SystemUnit Name",     "Ethernet [n] IP V4 Address", "Ethernet [n] IP V6 Address",
    "IP V4 Address", "IP V6 Address", "IP External Interface",
    "Ethernet [n] IP V4 StaticNAT Address", "Ethernet [n] IP V4 StaticNAT Mode",
    "NTP Server [n] Address", "Alternates Cluster Name", "Alternates ConfigurationPrimary", "Alternates Peer [n] Address",
)  # fmt: skip
_SERVICES = (
    "CollaborationEdge Enabled", "CollaborationEdge JabbercEnabled", "CollaborationEdge AllowOnboardingOverMra",
    "CollaborationEdge SsoEnabled", "Traversal Server TURN Mode",
    "CollaborationEdge LegacySso", "CollaborationEdge OauthSso", "CollaborationEdge OauthLocal",
    "SIP Mode", "SIP Domain [n] Name", "SIP Domain [n] Edge", "SIP Domain [n] Sip", "SIP Domain [n] Authzone",
    "Authentication Certificate Mode", "Authentication Certificate Crlcheck", "Authentication Certificate Crlinaccessible",
    "ExternalManager Address", "ExternalManager Protocol", "ExternalManager Server Certificate Verification Mode",
    "Login Remote Protocol", "Login Remote LDAP Server Address", "Login Source Admin",
    "Remote Syslog [n] Address", "Remote Syslog [n] Format", "Remote Syslog [n] Loglevel",
    "Registration RestrictionPolicy Mode", "Registration RestrictionPolicy Service Protocol",
    "Registration RestrictionPolicy Service Server [n] Address",
    "Policy AdministratorPolicy Mode", "Policy AdministratorPolicy Service Protocol",
    "Policy AdministratorPolicy Service Server [n] Address", "Policy AdministratorPolicy Service TLS Verify Mode",
    "Policy AdministratorPolicy Service TLS CRLCheck Mode",
    "Policy Services Service [n] Name", "Policy Services Service [n] Protocol",
    "Policy Services Service [n] Server [n] Address", "Policy Services Service [n] TLS Verify Mode",
    "Policy Services Service [n] TLS CRLCheck Mode",
    "Zones Policy SearchRules Rule [n] Name", "Zones Policy SearchRules Rule [n] State",
    "Zones Policy SearchRules Rule [n] Pattern String",
    "Zones Policy SearchRules Rule [n] Target Name", "Zones Policy SearchRules Rule [n] Target Type",
    "Authentication ADS Mode", "Authentication ADS Encryption", "Authentication H350 Mode",
    "Authentication H350 LdapEncryption", "Authentication H350 LdapServerAddress",
)  # fmt: skip
_ZONE_KINDS = ("Neighbor", "TraversalClient", "TraversalServer", "DNS", "ENUM")
_OF_ZONE = (
    "Peer [n] Address", "SIP Port", "SIP Transport", "SIP TLS Verify Mode", "SIP TLS Verify Subject Name",
    "SIP TLS Verify InboundClassification", "SIP Default Transport", "Collaboration Edge", "SIP Media Encryption Mode",
    "LookupPeersBy", "SRV Mode", "SRV MaxPeers", "SIP Authentication Trust Mode", "Monitor", "ZoneProfile", "Registrations",
    "Authentication Mode", "H323 Port", "DNSSuffix", "RetryInterval", "FallbackDomain",
)  # fmt: skip
_ZONES = (
    "Zones Zone [n] Name", "Zones Zone [n] Type", "Zones Zone [n] HopCount", "Zones Zone [n] SIP Mode",
    "Zones Zone [n] H323 Mode", "Zones DefaultZone SIP TLS Verify Mode", "Zones DefaultZone SIP Media Encryption Mode",
    "Zones DefaultZone Authentication Mode",
    *(f"Zones Zone [n] {kind} {rest}" for kind in _ZONE_KINDS for rest in _OF_ZONE),
)  # fmt: skip


def kept_keys() -> tuple[str, ...]:
    """Return the keys that are kept, with `[n]` for an index."""
    return tuple(dict.fromkeys((*(setting.key for setting in SETTINGS), *_IDENTITY, *_SERVICES, *_ZONES)))


def canonical(words: Sequence[str]) -> Key | None:
    """Return a key as everybody else writes it.

    Args:
        words: the words and indexes of the key, without `xConfiguration`, in any spelling and order of indexes.

    Returns:
        The key; None if it is not one that is kept.
    """
    names = _in_today_places(tuple(_today(word.lower()) for word in words if not _is_index(word)))
    indexes = [str(int(word)) for word in words if _is_index(word)]
    pattern = _patterns().get((names, len(indexes)))
    if pattern is None:
        return None
    numbers = iter(indexes)
    return tuple(next(numbers) if word == INDEX else word for word in pattern)


def canonical_path(path: Iterable[tuple[str, str]]) -> Key | None:
    """Return the key of an XML element.

    Args:
        path: the names of the elements from the root down, each with its index. XML has an index everywhere, `1` where the
            text has none.

    Returns:
        The key; None if it is not one that is kept.
    """
    steps = tuple(path)
    names = tuple(_today(name.lower()) for name, _ in steps)
    today = _in_today_places(names)
    pattern = _by_names().get(today)
    return None if pattern is None else tuple(_filled(pattern, steps[len(names) - len(today) :]))


def known_beginnings() -> frozenset[str]:
    """Return the first words of the keys that an Expressway has, in small letters."""
    return _BEGINNINGS


_BEGINNINGS = frozenset({
    *(key.split()[0].lower() for key in kept_keys()), "administration", "apachemodreqtimeout", "applications", "bandwidth",
    "call", "cms", "credentialchecker", "dns", "edge", "errorreport", "h323", "interworking", "language", "license", "logger",
    "networklimits", "option", "qos", "resourceusage", "services", "snmp", "sshd", "tms", "transform", "traversal",
    "webrtc", "xapi",
})  # fmt: skip


def _filled(pattern: Key, steps: Sequence[tuple[str, str]]) -> Iterator[str]:
    number = 0
    for place, word in enumerate(pattern):
        if word == INDEX:
            continue
        yield word
        if place + 1 < len(pattern) and pattern[place + 1] == INDEX:
            yield steps[number][1]
        number += 1


def _is_index(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 7


def _in_today_places(names: tuple[str, ...]) -> tuple[str, ...]:
    for old, new in _OLD_PLACES.items():
        if names[: len(old)] == old:
            return (*new, *names[len(old) :])
    return names


def _today(word: str) -> str:
    return RENAMED.get(word, word).lower()


@cache
def _patterns() -> dict[tuple[tuple[str, ...], int], Key]:
    patterns = (tuple(key.split()) for key in kept_keys())
    return {(tuple(w.lower() for w in p if w != INDEX), p.count(INDEX)): p for p in patterns}


@cache
def _by_names() -> dict[tuple[str, ...], Key]:
    return {names: pattern for (names, _), pattern in _patterns().items()}
