"""Pairs of worlds, today and tomorrow, as a plan is asked about: one for each seed, realistic and nasty.

The same seed makes the same machines, lists and changes; keys and serial numbers differ, because nothing depends on them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from random import Random
from typing import Any

from cryptography import x509

from pkikit.design.csr import fast_key
from pkikit.design.legs import legs_of
from pkikit.issue.authority import Authority, create_root
from pkikit.model.certificates.credential import Credential, PrivateKey
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.tables.features import ASKED_VERSIONS, TWO_STORES
from pkikit.model.version import ProductVersion
from pkikit.model.world import Party, World
from pkikit.worlds.issued_world import layout_of
from simulator.world.craft import BOTH, CLIENT, DAY, SERVER, craft
from tests.support.worlds.deployments import AT

# `make bench` looks at 200. Every kind of answer is among the first 60, and every kind of change with three more; tests say so.
PAIRS = int(os.environ.get("PLAN_PAIRS", "60"))
_RARE = (62, 81, 94)
_KEYS = 24  # enough for the machines of one world; the next world has the same
_INSIDE, _OUTSIDE = "corp.example.com", "example.com"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two worlds of the same machines, and what happens between them."""

    seed: int
    today: World
    tomorrow: World
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Held:
    """What one machine presents.

    by: the CA; `self` for a self-signed certificate. sends: the intermediate follows the leaf. begins, ends: in days from now.
    lacks: names that are not in the certificate. serial: another number is another certificate of the same kind; a self-signed one
    with the number 0 has the FQDN as common name, any other the name that peers share.
    """

    by: str
    sends: bool = True
    begins: int = -1
    ends: int = 90
    lacks: frozenset[str] = frozenset()
    ekus: tuple[Any, ...] = BOTH
    serial: int = 0


@dataclass(kw_only=True)
class Design:
    """A world before it is made: the deployment as data, what each machine presents, and what differs from trusting all of it.

    client: certificates of their own for the client store. extra, lacking: CAs that a list has in addition, or does not have.
    wide: every list has every CA; otherwise only those that it verifies. split: Unified CM has a certificate and a list for each
    of its services.
    """

    data: dict[str, Any]
    server: dict[str, Held]
    client: dict[str, Held] = field(default_factory=dict)
    extra: dict[str, frozenset[str]] = field(default_factory=dict)
    lacking: dict[str, frozenset[str]] = field(default_factory=dict)
    wide: bool = False
    split: bool = False

    def copy(self) -> Design:
        """The same design, to be changed."""
        return Design(
            data=_copied(self.data), server=dict(self.server), client=dict(self.client), extra=dict(self.extra),
            lacking=dict(self.lacking), wide=self.wide, split=self.split,
        )  # fmt: skip


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


Kept = dict[tuple[str, Held, tuple[str, ...]], Credential]


@cache
def key(number: int) -> PrivateKey:
    """One of a few keys, each made once."""
    return fast_key()


@cache
def authorities() -> dict[str, Authority]:
    """The CAs by name. `twin` has the subject of `old` and another key; `bare` signs without an intermediate."""
    long_ago = AT - 400 * DAY

    def below(name: str, subject: str, number: int) -> Authority:
        root = create_root(subject, at=long_ago, key=key(number))
        return root.intermediate(f"{name} Issuing CA", at=long_ago, key=key(number + 1))

    subjects = {"old": "Company Root CA", "new": "Next Root CA", "twin": "Company Root CA", "public": "Public Root CA"}
    made = {name: below(name.title(), subject, 100 + 2 * n) for n, (name, subject) in enumerate(subjects.items())}
    return {**made, "bare": create_root("Bare Root CA", at=long_ago, key=key(120))}


def build(design: Design, kept: Kept) -> World:
    """Make the world of a design; `kept` has certificates that both worlds of a pair share."""
    deployment = deployment_from(_copied(design.data))
    shown = {fqdn: _credential(deployment, fqdn, held, kept) for fqdn, held in design.server.items()}
    clients = {fqdn: _credential(deployment, fqdn, held, kept) for fqdn, held in design.client.items()}
    if not deployment.product_version.has(TWO_STORES):
        clients = {}
    elif not design.client:
        clients = {fqdn: shown[fqdn] for fqdn in deployment.peers}  # as the upgrade leaves it
    made = _Made(deployment=deployment, design=design, shown=shown, clients=clients)
    parties = {}
    for group in deployment.groups:
        own = group.certificates if design.split else ()
        for fqdn in group.members:
            services: dict[int, Credential] = {}
            lists: dict[int, tuple[x509.Certificate, ...]] = {}
            first = made.trusted_by(fqdn, own[0].ports if len(own) > 1 else ())
            for certificate in own[1:]:
                second = replace(design.server[fqdn], serial=design.server[fqdn].serial + 500)
                services |= dict.fromkeys(certificate.ports, _credential(deployment, fqdn, second, kept))
                trusted = made.trusted_by(fqdn, certificate.ports)
                lists |= dict.fromkeys(certificate.ports if trusted != first else (), trusted)
            parties[fqdn] = Party(
                fqdn=fqdn, credential=shown.get(fqdn), client=clients.get(fqdn), services=services, lists=lists,
                trusted_ca_list=first,
            )  # fmt: skip
    return World(deployment=deployment, parties=parties)


@dataclass(frozen=True, kw_only=True)
class _Made:
    """What lists are worked out from."""

    deployment: Deployment
    design: Design
    shown: dict[str, Credential]
    clients: dict[str, Credential]

    def trusted_by(self, fqdn: str, ports: Sequence[int]) -> tuple[x509.Certificate, ...]:
        """The list that a machine reads at these ports; everywhere if there are none."""
        anchors = {name: a.root for name, a in authorities().items()}
        verified = [
            c for verifier, at, group in self._looks if verifier == fqdn and (not ports or at in ports) for c in group
        ]
        if self.design.wide:
            verified = [c for _, _, group in self._looks for c in group]
        verified += [anchors[name] for name in sorted(self.design.extra.get(fqdn, ()))]
        lacking = self.design.lacking.get(fqdn, ())
        gone = {c for name in lacking for c in (anchors[name], authorities()[name].certificate)}
        return tuple(dict.fromkeys(c for c in verified if c not in gone))

    @cached_property
    def _looks(self) -> list[tuple[str, int, tuple[x509.Certificate, ...]]]:
        """Who verifies at which port, and the CAs that this needs."""
        found = []
        for leg in legs_of(self.deployment):
            if leg.client_verifies and leg.server in self.shown:
                of_server = _trusted(self.design.server[leg.server], self.shown[leg.server])
                found.append((leg.client, leg.port, of_server))
            if leg.mutual and leg.client in self.shown:
                held = self.design.client.get(leg.client, self.design.server[leg.client])
                of_client = _trusted(held, self.clients.get(leg.client, self.shown[leg.client]))
                found.append((leg.server, leg.port, of_client))
        return found


def _trusted(held: Held, credential: Credential) -> tuple[x509.Certificate, ...]:
    if held.by == "self":
        return (credential.leaf,)
    authority = authorities()[held.by]
    return tuple(dict.fromkeys((authority.root, authority.certificate)))  # SSH tunnels want the issuing CA too


def _credential(deployment: Deployment, fqdn: str, held: Held, kept: Kept) -> Credential:
    layout = layout_of(deployment, fqdn)
    names = tuple(n for n in layout.dns_names if n not in held.lacks)
    known = (fqdn, held, names)
    if known not in kept:
        issuer = None if held.by == "self" else authorities()[held.by]
        common_name = layout.common_name if issuer is not None or held.serial else fqdn
        made = craft(
            names, issuer, at=AT, common_name=common_name, begins=held.begins * DAY, ends=held.ends * DAY,
            ekus=held.ekus, key=key(len(kept) % _KEYS), chain=None if held.sends else (), serial=1000 + len(kept),
        )  # fmt: skip
        kept[known] = made
    return kept[known]


def pair(seed: int) -> Pair:
    """The pair of one seed. Even seeds are small: one or two peers, one change."""
    from tests.support.plan_changes import CHANGES

    rng, small = Random(seed), seed % 2 == 0
    before = _today(rng, small)
    after, named = before.copy(), []
    for _ in range(1 if small else rng.choice((1, 1, 2, 2, 3))):
        name = rng.choice(sorted(CHANGES))
        if CHANGES[name](before, after, rng):
            named.append(name)
    if rng.random() < 0.1:  # broken before, and nobody repairs it
        victim = rng.choice(sorted(before.server.keys() & after.server.keys()))
        for design in (before, after):
            design.server[victim] = replace(design.server[victim], ends=-1, begins=-90)
        named.append(f"{victim} expired before")
    kept: Kept = {}
    return Pair(seed=seed, today=build(before, kept), tomorrow=build(after, kept), changes=tuple(named))


def pairs(count: int = PAIRS) -> list[Pair]:
    """The first pairs, and those with rare changes."""
    return [pair(seed) for seed in (*range(count), *(seed for seed in _RARE if seed >= count))]


def _today(rng: Random, small: bool) -> Design:
    data = _deployment(rng, small)
    deployment = deployment_from(_copied(data))
    inside, edge = rng.choice((("old", "old"), ("old", "old"), ("old", "public"), ("bare", "bare"), ("old", "bare")))
    sends = rng.random() < 0.8
    server = {}
    for fqdn in deployment.parties:
        role = deployment.role_of(fqdn)
        outside = fqdn.endswith((".net", ".org"))
        by = "public" if outside else edge if role is not None and role.value == "expressway-e" else inside
        server[fqdn] = Held(by=by, sends=sends or outside)
    if rng.random() < 0.1:
        server = {f: replace(h, by="self") if f in deployment.peers else h for f, h in server.items()}
    return Design(data=data, server=server, wide=rng.random() < 0.3, split=rng.random() < 0.5)


def _peers(letter: str, count: int, domain: str) -> list[str]:
    return [f"{letter}{n}.{domain}" for n in range(1, count + 1)]


def _deployment(rng: Random, small: bool) -> dict[str, Any]:
    """A deployment of two clusters with one to six zones."""
    version = rng.choice(ASKED_VERSIONS)
    cores, edges = (rng.choice((1, 1, 1, 2) if small else (1, 1, 2, 2, 3)) for _ in range(2))
    tls = rng.choice(("enforce", "permissive"))
    uc = rng.random() < 0.6
    zones: list[dict[str, Any]] = [
        {
            "name": "traversal", "type": "unified-communications-traversal" if uc else "traversal",
            "client": "core", "server": "edge", "peer_addresses": _peers("e", edges, _OUTSIDE),
            "tls_verify_subject_name": f"cluster-c.{_INSIDE}", **({} if uc else {"tls_verify": rng.random() < 0.7}),
        }
    ]  # fmt: skip
    for number in range(rng.choice((0, 0, 1) if small else (0, 1, 1, 2, 3))):
        cluster, where = rng.choice((("edge", "partner.example.net"), ("core", _INSIDE)))
        zones.append(
            {
                "name": f"n{number}", "type": "neighbour", "cluster": cluster,
                "peer_addresses": [f"sip{number}.{where}"], "tls_verify": rng.random() < 0.6,
            }
        )  # fmt: skip
    data: dict[str, Any] = {
        "name": "pair", "version": version, "zones": zones,
        "clusters": [
            _cluster("core", "expressway-c", f"cluster-c.{_INSIDE}", _peers("c", cores, _INSIDE), tls),
            _cluster("edge", "expressway-e", f"cluster-e.{_OUTSIDE}", _peers("e", edges, _OUTSIDE), tls),
        ],
    }  # fmt: skip
    if not small and rng.random() < 0.4:
        zones.append({"name": "b2b", "type": "dns", "cluster": "edge", "tls_verify": rng.random() < 0.5})
        data["b2b_partners"] = [{"domain": "callee.example.org", "nodes": ["sip.callee.example.org"]}]
        zones.append({"name": "default", "type": "default", "cluster": "edge"})
    if uc and rng.random() < (0.2 if small else 0.6):
        _with_mra(data, rng, small)
    if rng.random() < 0.2:
        data["servers"] = [{"name": "ldap", "type": "ldap", "cluster": "core", "nodes": [f"ldap.{_INSIDE}"]}]
    return data


def _cluster(name: str, role: str, fqdn: str, peers: Sequence[str], tls: str) -> dict[str, Any]:
    return {"name": name, "role": role, "fqdn": fqdn, "peers": list(peers), "cluster_tls": tls}


def _with_mra(data: dict[str, Any], rng: Random, small: bool) -> None:
    data["mra"], data["domains"] = True, {"registration": [_OUTSIDE]}
    nodes = _peers("ucm", 1 if small else rng.choice((1, 2)), _INSIDE)
    verify = rng.random() < 0.7
    data["unified_cm"] = [{"name": "cucm", "nodes": nodes, "mixed_mode": rng.random() < 0.7, "tls_verify": verify}]
    if not small and rng.random() < 0.4:
        data["im_presence"] = [{"name": "imp", "nodes": [f"imp1.{_INSIDE}"], "tls_verify": verify}]


def has_two_stores(data: dict[str, Any]) -> bool:
    """True for a deployment whose Expressways have a client store."""
    return ProductVersion.parse(data["version"]).has(TWO_STORES)


SERVER_ONLY, CLIENT_ONLY = (SERVER,), (CLIENT,)
