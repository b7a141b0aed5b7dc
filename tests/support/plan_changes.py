"""What happens between today and tomorrow in generated pairs: one function for each kind of change.

Each changes the design of tomorrow, sometimes that of today too, and returns False if this deployment has nothing to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import Any

from pkikit.model.tables.features import TWO_STORES
from pkikit.model.version import ProductVersion
from tests.support.plan_pairs import CLIENT_ONLY, SERVER_ONLY, Design, Held, has_two_stores

Change = Callable[[Design, Design, Random], bool]


def _peers(design: Design) -> list[str]:
    return [peer for cluster in design.data["clusters"] for peer in cluster["peers"]]


def _some(design: Design, rng: Random) -> list[str]:
    """All peers, one cluster, one peer, or all machines inside."""
    clusters = [cluster["peers"] for cluster in design.data["clusters"]]
    inside = [fqdn for fqdn in design.server if not fqdn.endswith((".net", ".org"))]
    return list(rng.choice((_peers(design), rng.choice(clusters), [rng.choice(_peers(design))], inside)))


def _signed_by(after: Design, machines: Iterable[str], by: str) -> None:
    for fqdn in machines:
        after.server[fqdn] = replace(after.server[fqdn], by=by, serial=after.server[fqdn].serial + 1)
        if fqdn in after.client:
            after.client[fqdn] = replace(after.client[fqdn], by=by)


def _keep_old(before: Design, after: Design, rng: Random) -> None:
    """Half of the time, the lists keep what they had."""
    if rng.random() < 0.5:
        used = frozenset(held.by for held in before.server.values()) - {"self"}
        for fqdn in _peers(after):
            after.extra[fqdn] = after.extra.get(fqdn, frozenset()) | used


def new_root(before: Design, after: Design, rng: Random) -> bool:
    _signed_by(after, _some(after, rng), "new")
    _keep_old(before, after, rng)
    return True


def twin_root(before: Design, after: Design, rng: Random) -> bool:
    """A root with the same subject and another key."""
    machines = [fqdn for fqdn in _some(after, rng) if after.server[fqdn].by == "old"]
    _signed_by(after, machines, "twin")
    if rng.random() < 0.3:
        _keep_old(before, after, rng)
    return bool(machines)


def to_public(before: Design, after: Design, rng: Random) -> bool:
    _signed_by(after, _some(after, rng), "public")
    return True


def leave_public(before: Design, after: Design, rng: Random) -> bool:
    machines = [fqdn for fqdn in _peers(after) if after.server[fqdn].by == "public"]
    _signed_by(after, machines, "old")
    return bool(machines)


def renew(before: Design, after: Design, rng: Random) -> bool:
    for fqdn in _some(after, rng):
        after.server[fqdn] = replace(after.server[fqdn], serial=after.server[fqdn].serial + 1)
    return True


def self_signed(before: Design, after: Design, rng: Random) -> bool:
    _signed_by(after, _some(after, rng)[:2], "self")
    return True


def later(before: Design, after: Design, rng: Random) -> bool:
    """The new certificate is valid from Friday on; sometimes the old one ends before."""
    fqdn = rng.choice(_peers(after))
    held = after.server[fqdn]
    after.server[fqdn] = replace(held, begins=3, serial=held.serial + 1)
    if rng.random() < 0.3:
        before.server[fqdn] = replace(before.server[fqdn], ends=rng.choice((2, 4)))
    return True


def stop_sending(before: Design, after: Design, rng: Random) -> bool:
    """The file with the new certificate lacks the intermediate, or has it for the first time."""
    for fqdn in _some(after, rng):
        held = after.server[fqdn]
        after.server[fqdn] = replace(held, sends=not held.sends, serial=held.serial + 1)
    return True


def wrong_name(before: Design, after: Design, rng: Random) -> bool:
    """A certificate without a name that somebody looks for: a typing error in the request."""
    cluster = rng.choice(after.data["clusters"])
    fqdn = rng.choice(cluster["peers"])
    lacks = frozenset({rng.choice((fqdn, cluster["fqdn"]))})
    if rng.random() < 0.5:  # tomorrow repairs it
        before.server[fqdn] = replace(before.server[fqdn], lacks=lacks)
    else:
        after.server[fqdn] = replace(after.server[fqdn], lacks=lacks, serial=after.server[fqdn].serial + 1)
    return True


def cluster_name(before: Design, after: Design, rng: Random) -> bool:
    """The name of the cluster changes in its certificates and in the zone that looks for it, at once."""
    name = "conferencing.corp.example.com"
    after.data["clusters"][0]["fqdn"] = name
    after.data["zones"][0]["tls_verify_subject_name"] = name
    if rng.random() < 0.3:  # the zone looks for the name of a peer from now on
        after.data["zones"][0]["tls_verify_subject_name"] = after.data["clusters"][0]["peers"][0]
    return True


def cluster_tls(before: Design, after: Design, rng: Random) -> bool:
    cluster = rng.choice(after.data["clusters"])
    cluster["cluster_tls"] = "permissive" if cluster["cluster_tls"] == "enforce" else "enforce"
    return True


def verify(before: Design, after: Design, rng: Random) -> bool:
    """TLS verify mode of a zone or of Unified CM, on or off; sometimes nobody trusts the other side yet."""
    places: list[dict[str, Any]] = [zone for zone in after.data["zones"] if "tls_verify" in zone]
    places += after.data.get("unified_cm", [])
    if not places:
        return False
    place = rng.choice(places)
    place["tls_verify"] = not place["tls_verify"]
    return True


def client_certificates(before: Design, after: Design, rng: Random) -> bool:
    """From X15.5 on: a certificate for each role, the client's by another CA."""
    if not has_two_stores(after.data):
        return False
    by = rng.choice(("old", "new", "public"))
    for fqdn in _peers(after):
        after.client[fqdn] = Held(by=by, ekus=CLIENT_ONLY, serial=50)
        if rng.random() < 0.7:
            after.server[fqdn] = replace(after.server[fqdn], ekus=SERVER_ONLY, serial=after.server[fqdn].serial + 1)
    return True


def server_only(before: Design, after: Design, rng: Random) -> bool:
    """A public CA ends clientAuth: fine in some versions and places."""
    fqdn = rng.choice(_peers(after))
    after.server[fqdn] = replace(after.server[fqdn], ekus=SERVER_ONLY, serial=after.server[fqdn].serial + 1)
    return True


def upgrade(before: Design, after: Design, rng: Random) -> bool:
    if ProductVersion.parse(after.data["version"]).has(TWO_STORES):
        return False
    after.data["version"] = TWO_STORES.first
    return True


def eku_check(before: Design, after: Design, rng: Random) -> bool:
    cluster = rng.choice(after.data["clusters"])
    cluster["eku_checking"] = not cluster.get("eku_checking", True)
    return True


def swap_lists(before: Design, after: Design, rng: Random) -> bool:
    """One list loses a CA that it needs, or had one CA too few until now."""
    fqdn = rng.choice(_peers(after))
    used = sorted({held.by for held in after.server.values()} - {"self"})
    which = frozenset({rng.choice(used)}) if used else frozenset()
    side = rng.choice((before, after))
    side.lacking[fqdn] = side.lacking.get(fqdn, frozenset()) | which
    return bool(which)


def tidy(before: Design, after: Design, rng: Random) -> bool:
    """CAs that nobody needs leave the lists, or come into them."""
    side = rng.choice((before, after))
    for fqdn in _some(after, rng):
        side.extra[fqdn] = side.extra.get(fqdn, frozenset()) | {"bare", "new"}
    return True


def exchange(before: Design, after: Design, rng: Random) -> bool:
    """Inside and edge change their CAs with each other."""
    first, second = (cluster["peers"] for cluster in after.data["clusters"])
    by_first, by_second = after.server[first[0]].by, after.server[second[0]].by
    if by_first == by_second:
        by_second = "new"
    _signed_by(after, first, by_second)
    _signed_by(after, second, by_first)
    return True


def rename_peer(before: Design, after: Design, rng: Random) -> bool:
    """A peer gets another name, in its certificate, its cluster and the zone that dials it."""
    number = rng.choice((0, 1))
    old = after.data["clusters"][number]["peers"][-1]
    new = f"new-{old}"
    after.data["clusters"][number]["peers"][-1] = new
    addresses = after.data["zones"][0]["peer_addresses"]
    after.data["zones"][0]["peer_addresses"] = [new if address == old else address for address in addresses]
    if after.data["zones"][0]["tls_verify_subject_name"] == old:
        after.data["zones"][0]["tls_verify_subject_name"] = new
    for held in (after.server, after.client):
        if old in held:
            held[new] = replace(held.pop(old), serial=70)
    for listed in (after.extra, after.lacking):
        if old in listed:
            listed[new] = listed.pop(old)
    return True


CHANGES: dict[str, Change] = {
    made.__name__: made
    for made in (
        new_root, twin_root, to_public, leave_public, renew, self_signed, later, stop_sending, wrong_name, cluster_name,
        cluster_tls, verify, client_certificates, server_only, upgrade, eku_check, swap_lists, tidy, exchange,
        rename_peer,
    )
}  # fmt: skip
