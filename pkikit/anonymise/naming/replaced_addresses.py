"""IP addresses: others of the same kind. Two that share their first bits still do, so networks stay networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from pkikit.anonymise.naming.secret import Secret

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/64",
    )
)
_KEPT = tuple(
    ipaddress.ip_network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::1/128", "::/128", "ff00::/8")
)
# RFC 5737 (documents) and RFC 2544 (measurements), in networks of 256 addresses.
_FREE = tuple(
    int(part.network_address) >> 8
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")
    for part in ipaddress.ip_network(text).subnets(new_prefix=24)
)
_DOCUMENTATION_6 = ipaddress.IPv6Network("2001:db8::/32")


def is_kept(address: _Address) -> bool:
    """Return True for addresses that every machine has: loopback, unspecified, multicast, broadcast."""
    return any(address in network for network in _KEPT)


class Addresses:
    """Which address takes the place of which."""

    def __init__(self, secret: Secret, avoid: Collection[str] = ()) -> None:
        """Prepare.

        Args:
            secret: makes the choices.
            avoid: addresses of the originals: none of them becomes a new one.
        """
        self._secret = secret
        self._prefixes = frozenset(f"{text.rpartition('.')[0]}." for text in avoid)
        self._networks: dict[int, int] = {}

    def text(self, text: str) -> str:
        """Return another address of the same kind, in the form of the original: with brackets if it has them."""
        address = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
        made = self.address(address).compressed
        return f"[{made}]" if text.strip().startswith("[") else made

    def packed(self, data: bytes) -> bytes:
        """Return an address of 4 or 16 bytes, or one with its mask (8 or 32 bytes); any other length gets other bytes."""
        if len(data) in {8, 32}:
            half = len(data) // 2
            address = self.address(ipaddress.ip_address(data[:half]), ends=data[half:])
            return address.packed + data[half:]
        if len(data) in {4, 16}:
            return self.address(ipaddress.ip_address(data)).packed
        return self._secret.data("odd address", data, len(data))

    def address(self, address: _Address, ends: bytes = b"") -> _Address:
        """Return what takes the place of an address; `ends` is a mask, outside of which nothing changes."""
        if is_kept(address):
            return address
        network = next((n for n in _PRIVATE if address.version == n.version and address in n), None)
        if network is not None:
            made = self._permuted(address, network.prefixlen, number=0)
        elif address.version == 6:
            made = self._documented(address)
        else:
            made = self._listed(address)
        if not ends:
            return made
        masked = int.from_bytes(made.packed, "big") & int.from_bytes(ends, "big")
        return type(made)(masked | int(address) & ~int.from_bytes(ends, "big") & ((1 << made.max_prefixlen) - 1))

    def _permuted(self, address: _Address, kept: int, number: int) -> _Address:
        """Turn each bit after the first `kept` ones around or not, by what is before it."""
        size, value = address.max_prefixlen, int(address)
        turned = 0
        for place in range(kept, size):
            before = f"{size}|{place}|{value >> (size - place)}|{number}".encode()
            turned |= (self._secret.data("bit", before, 1)[0] & 1) << (size - 1 - place)
        return type(address)(value ^ turned)

    def _documented(self, address: _Address) -> _Address:
        """Return an address of the network that is reserved for documents."""
        value = int(address)
        network = int.from_bytes(self._secret.data("network", (value >> 64).to_bytes(8, "big"), 4), "big")
        host = int(self._permuted(address, 64, 0)) & ((1 << 64) - 1)
        return ipaddress.IPv6Address(int(_DOCUMENTATION_6.network_address) | network << 64 | host)

    def _listed(self, address: _Address) -> _Address:
        """Return an address of a network that is reserved for documents or measurements, one for each network of 256."""
        network = int(address) >> 8
        if network not in self._networks:
            taken, start = (
                set(self._networks.values()),
                self._secret.number("network", network.to_bytes(3, "big"), len(_FREE)),
            )
            order = (*_FREE[start:], *_FREE[:start])
            free = (
                n for n in order if n not in taken and f"{ipaddress.IPv4Address(n << 8)}"[:-1] not in self._prefixes
            )
            self._networks[network] = next(free, order[0])
        host = int(self._permuted(address, 24, 0)) & 0xFF
        return ipaddress.IPv4Address(self._networks[network] << 8 | host)
