"""The settings of one peer, found by key in any case, and the names that they contain."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkikit.errors import InputError
from pkikit.intake.material import Configuration, Stated, StatusDump
from pkikit.values.names import ip_text, is_ip_address, parse_dns_name, parse_fqdn

_DROPPED_IP = {"0.0.0.0", "127.0.0.1", "::", "::1"}  # noqa: S104 - addresses in dumps that say "none"


class Settings:
    """The settings of one configuration dump."""

    def __init__(self, configuration: Configuration | None) -> None:
        found = configuration.settings if configuration is not None else {}
        self._by_key = {tuple(word.lower() for word in key): stated for key, stated in found.items()}

    def get(self, key: str) -> Stated | None:
        """Return a setting by its words: `SIP TLS Mode`; None if the dump does not have it."""
        return self._by_key.get(tuple(key.lower().split()))

    def text(self, key: str) -> Stated | None:
        """Return a setting that is there and not empty."""
        stated = self.get(key)
        return stated if stated is not None and stated.value.strip() else None

    def word(self, key: str) -> str:
        """Return a value in lower case; empty if the dump does not have it."""
        stated = self.get(key)
        return stated.value.strip().lower() if stated else ""

    def numbers(self, prefix: str) -> list[int]:
        """Return the indexes behind some words, in order: those of `Zones Zone`."""
        words = tuple(prefix.lower().split())
        found = {key[len(words)] for key in self._by_key if len(key) > len(words) and key[: len(words)] == words}
        return sorted(int(index) for index in found if index.isascii() and index.isdigit() and len(index) < 6)

    def listed(self, prefix: str, last: str) -> Iterator[Stated]:
        """Yield the values of an indexed setting that are not empty, in the order of their indexes."""
        for number in self.numbers(prefix):
            stated = self.text(f"{prefix} {number} {last}")
            if stated is not None:
                yield stated

    def items(self) -> Iterator[tuple[tuple[str, ...], Stated]]:
        """Yield all keys, in lower case, with their values."""
        yield from self._by_key.items()


def fqdn_or_none(text: str) -> str | None:
    """Return a name in its one spelling; None if it is not fully qualified."""
    try:
        return parse_fqdn(text)
    except InputError:
        return None


def name_or_ip(text: str) -> str | None:
    """Return a name or an IP address in its one spelling; None if it is neither."""
    if is_ip_address(text):
        return ip_text(text)
    try:
        return parse_dns_name(text)
    except InputError:
        return None


def own_addresses(settings: Settings, status: StatusDump | None) -> tuple[str, ...]:
    """Return the IP addresses of a peer: those of its LAN ports and of static NAT, by configuration and by status."""
    found = [
        stated.value
        for number in settings.numbers("Ethernet")
        for kind in ("IP V4 Address", "IP V4 StaticNAT Address", "IP V6 Address")
        if (stated := settings.text(f"Ethernet {number} {kind}"))
    ]
    for path, stated in (status.values if status is not None else {}).items():
        words = [word.lower() for word in path]
        if words and words[0].startswith("ethernet") and words[-1] == "address":
            found.append(stated.value)
    addresses = (ip_text(text) for text in found if is_ip_address(text))
    return tuple(dict.fromkeys(address for address in addresses if address not in _DROPPED_IP))


_VERSION = re.compile(r"X\d{1,2}\.\d{1,2}(?:\.\d{1,2})?")


def stated_version(status: StatusDump | None) -> tuple[str, Stated] | None:
    """Return the software version that a status dump names, and where; None if it names none."""
    for path, stated in (status.values if status is not None else {}).items():
        words = [word.lower() for word in path if not word.isdigit()]
        if words[:1] == ["systemunit"] and words[-2:] in (["software", "version"], ["software", "name"]):
            matched = _VERSION.search(stated.value)
            if matched:
                return matched.group(), stated
    return None


def label_of(text: str, otherwise: str) -> str:
    """Return a name for the deployment file: letters, digits, dots, hyphens and underscores."""
    made = re.sub(r"[^A-Za-z0-9._-]+", "-", text[:200]).strip("-._")[:60].rstrip("-._")
    return made or otherwise
