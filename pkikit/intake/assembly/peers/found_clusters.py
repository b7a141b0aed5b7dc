"""Which peers form a cluster, what its name and role are, and whose the addresses of its peers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pkikit.errors import InputError
from pkikit.intake.assembly.peers.gathered_peers import Peer, named
from pkikit.intake.assembly.peers.peer_settings import fqdn_or_none, name_or_ip
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence, Question
from pkikit.intake.assembly.record.refused_answer import RefusedAnswer
from pkikit.intake.material import Stated
from pkikit.model.deployment_file.fields import MAX_PEERS
from pkikit.model.parties import Role
from pkikit.model.tables import product_pages as pages
from pkikit.model.tables.product_settings import SETTINGS
from pkikit.text import counted, printable
from pkikit.values.names import is_ip_address, parse_fqdn

CLUSTER_PAGE = f"{pages.CLUSTERING} of any peer"
_ROLE_PAGE = f"{pages.OVERVIEW} of a peer: Expressway-E is what has the traversal server zone"
ROLES = {Role.EXPRESSWAY_C: "core", Role.EXPRESSWAY_E: "edge"}


@dataclass(frozen=True, kw_only=True)
class FoundCluster:
    """A cluster, or a single Expressway.

    Attributes:
        id: how keys call it: the cluster's FQDN, or that of its only peer.
        fqdn: the name of the cluster.
        peers: the FQDNs of all peers, in the order of the configuration.
        members: the peers whose files were given.
        role: which half; None until an answer says.
        name: its name in the deployment file.
        addresses: IP address → peer.
        evidence: where the peers are listed.
    """

    id: str
    fqdn: str | None
    peers: tuple[str, ...]
    members: tuple[Peer, ...]
    role: Role | None = None
    name: str = ""
    addresses: Mapping[str, str]
    evidence: tuple[Evidence, ...] = ()

    @property
    def reference(self) -> Peer:
        """The peer whose dump counts where peers disagree: the configuration primary if its dump is there, else the first."""
        for member in self.members:
            primary = member.settings.text("Alternates ConfigurationPrimary")
            if primary is not None and primary.value.strip().isdecimal():
                number = int(primary.value)
                wanted = self.peers[number - 1] if 0 < number <= len(self.peers) else ""
                return next((m for m in self.members if m.fqdn == wanted), self.members[0])
        return self.members[0]

    @property
    def prefix(self) -> str:
        """The beginning of its keys."""
        return f"clusters/{self.id}"

    def whose(self, address: str) -> str | None:
        """Return the peer with that name or IP address, or the cluster's own name; None if it is nobody's here."""
        if address in self.peers or address == self.fqdn:
            return address
        return self.addresses.get(address)


def find_clusters(peers: Sequence[Peer], ledger: Ledger) -> tuple[FoundCluster, ...]:
    """Return the clusters of the peers whose files were given.

    Args:
        peers: the peers.
        ledger: takes facts, questions and contradictions.

    Returns:
        The clusters, those of Expressway-C first; one whose role nobody knows has none.
    """
    groups: list[tuple[str, list[Peer]]] = []
    for peer in peers:
        stated = peer.settings.text("Alternates Cluster Name")
        name = stated.value.strip().lower().rstrip(".") if stated is not None else ""
        mine = next((g for g in groups if (name and g[0] == name) or _lists(g[1], peer)), None)
        if mine is None:
            groups.append((name, [peer]))
        else:
            mine[1].append(peer)
    ordered = sorted(
        groups, key=lambda group: any(hint[0] is Role.EXPRESSWAY_E for m in group[1] for hint in _hints(m))
    )
    found = [_cluster(name, members, ledger) for name, members in ordered]
    return name_clusters([replace(cluster, role=_role(cluster, ledger)) for cluster in found], ledger)


def _alternates(peer: Peer) -> list[Stated]:
    return list(peer.settings.listed("Alternates Peer", "Address"))


def _lists(members: Sequence[Peer], peer: Peer) -> bool:
    """Return True if a peer of a cluster lists this one as a peer, or the other way round."""
    mine = {name_or_ip(stated.value) for stated in _alternates(peer)}
    return any(
        {peer.fqdn, *peer.addresses} & {name_or_ip(s.value) for s in _alternates(m)}
        or {m.fqdn, *m.addresses} & mine
        for m in members
    )  # fmt: skip


def _cluster(name: str, members: list[Peer], ledger: Ledger) -> FoundCluster:
    stated = next((s for m in members if (s := m.settings.text("Alternates Cluster Name"))), None)
    fqdn = fqdn_or_none(name) if name else None
    draft = FoundCluster(
        id=fqdn or members[0].fqdn, fqdn=fqdn, peers=tuple(m.fqdn for m in members), members=tuple(members),
        addresses={a: m.fqdn for m in members for a in m.addresses},
    )  # fmt: skip
    for member in members:
        ledger.rename("clusters", member.fqdn, draft.id)
    draft = _with_peers(draft, ledger)
    if stated is not None and fqdn is not None:
        fqdn = ledger.read(f"{draft.prefix}/fqdn", fqdn, Evidence.of(stated))
    elif len(draft.peers) > 1:
        said = f"{stated.value!r} is not fully qualified" if stated is not None else "no file has it"
        fqdn = ask_cluster_fqdn(draft.id, draft.peers, said, ledger)
    return replace(draft, fqdn=fqdn)


def ask_cluster_fqdn(name: str, peers: Sequence[str], why: str, ledger: Ledger) -> str | None:
    """Return the answer to the question for the name of a cluster; None, and the question is noted, without an answer."""
    key = f"clusters/{name}/fqdn"
    answer = ledger.ask(Question(
        key=key, text=f"What is the cluster name (FQDN) of {named(peers)}? {why[:1].upper()}{why[1:]}.",
        allowed="an FQDN, such as cluster.example.com", how=f"{CLUSTER_PAGE}: Cluster name",
    ))  # fmt: skip
    return _fqdn_answer(key, answer) if answer is not None else None


def _fqdn_answer(key: str, text: str) -> str:
    try:
        return parse_fqdn(text.strip())
    except InputError as error:
        raise RefusedAnswer(error.message, key=key) from None


def _with_peers(draft: FoundCluster, ledger: Ledger) -> FoundCluster:
    """Name all peers of a cluster, in the order of its configuration.

    Args:
        draft: the cluster as its members show it.
        ledger: has answers, takes questions and contradictions.

    Returns:
        The cluster with its peers.

    Raises:
        RefusedAnswer: an answer has too few names, or too many.
    """
    stated = next((listed for m in (draft.reference, *draft.members) if (listed := _alternates(m))), [])
    evidence = tuple(Evidence.of(s) for s in stated)
    wanted = [name_or_ip(s.value) or printable(s.value, 60) for s in stated][:MAX_PEERS]
    known: dict[str, str] = {}
    for address in wanted:
        whose = draft.whose(address) or _by_host(draft, address)
        if whose or not is_ip_address(address):
            known[address] = whose or address
    unlisted = [m.fqdn for m in draft.members if m.fqdn not in known.values()]
    unknown = [a for a in wanted if a not in known]
    key = f"{draft.prefix}/peers"
    given = ledger.answer(key)
    if given is None and len(unknown) == len(unlisted):
        known |= dict(zip(unknown, unlisted, strict=True))
    elif given is None and unknown:
        _ask_peers(key, draft, stated, unlisted, ledger)
        known |= dict(zip(unknown, unlisted, strict=False))
    peers = tuple(dict.fromkeys((*(known[a] for a in wanted if a in known), *draft.peers)))
    bad = [p for p in peers if fqdn_or_none(p) is None]
    for name in bad:
        ledger.contradict("peer-not-qualified", f"{draft.id} lists the peer {name!r}, which is not fully qualified",
                          *evidence, used="the import leaves this peer out", machines=draft.peers,
                          fix=f"Enter the FQDN of the peer ({CLUSTER_PAGE}).")  # fmt: skip
    peers = tuple(p for p in peers if p not in bad)
    told = ledger.read(key, peers, *evidence, *(() if evidence else draft.members[0].places))
    peers = tuple(_fqdn_answer(key, name) for name in told) if given is not None else peers
    if given is not None and unknown and len(peers) != len(wanted):
        listing = ", ".join(wanted)
        many = counted(len(peers), "FQDN")
        raise RefusedAnswer(f"{many}, but the configuration lists {listing}: give one for each", key=key)
    if given is not None and len(peers) == len(wanted):
        known |= {a: p for a, p in zip(wanted, peers, strict=True) if is_ip_address(a)}
    _judge_peers(draft, wanted, peers, known, evidence, ledger)
    addresses = {**draft.addresses, **{a: p for a, p in known.items() if is_ip_address(a)}}
    return replace(draft, peers=peers, addresses=addresses, evidence=evidence)


def _by_host(draft: FoundCluster, address: str) -> str | None:
    """Return the member with this host name, which may be written without its domain."""
    return next((m.fqdn for m in draft.members if "." not in address and m.fqdn.split(".")[0] == address), None)


def _ask_peers(key: str, draft: FoundCluster, stated: Sequence[Stated], members: Sequence[str], ledger: Ledger) -> None:
    listing = ", ".join(name_or_ip(s.value) or "?" for s in stated)
    mine = f" {named(members)} is one of them." if len(members) == 1 else ""
    ledger.ask(Question(
        key=key, text=f"Which FQDNs do the peers of {draft.id} have? Its configuration only lists {listing}.{mine}",
        allowed=f"{counted(len(stated), 'FQDN')} in this order, with commas between them",
        how=f"{pages.DNS} of each peer, or the diagnostic archives of all peers",
    ))  # fmt: skip


def _judge_peers(draft: FoundCluster, wanted: Sequence[str], peers: Sequence[str], known: Mapping[str, str],
                 evidence: Sequence[Evidence], ledger: Ledger) -> None:  # fmt: skip
    by_ip = [(a, e) for a, e in zip(wanted, evidence, strict=False) if is_ip_address(a)]
    if by_ip:
        ledger.contradict(
            "cluster-peer-is-ip",
            f"the peers of {draft.id} are entered by IP address ({', '.join(a for a, _ in by_ip)}), and no certificate "
            "can be verified against an address",
            *(e for _, e in by_ip),
            used=f"the lab connects them by name: {named(peers)}",
            fix=f"Enter the FQDNs of the peers ({CLUSTER_PAGE}) before you enforce TLS verification.",
            machines=tuple(peers),
        )
    bare = [
        (a, e) for a, e in zip(wanted, evidence, strict=False) if "." not in a and a in known and not is_ip_address(a)
    ]
    if bare:
        ledger.contradict(
            "peer-not-qualified",
            f"the peers of {draft.id} are entered without a domain ({', '.join(a for a, _ in bare)}): certificates have FQDNs",
            *(e for _, e in bare), used=f"the lab connects them by their FQDNs: {named(peers)}", machines=tuple(peers),
            fix=f"Enter the FQDNs of the peers ({CLUSTER_PAGE}) before you enforce TLS verification.",
        )  # fmt: skip
    for member in draft.members:
        if wanted and member.fqdn not in (*known.values(), *peers[: len(wanted)]):
            ledger.contradict(
                "peer-not-in-cluster", f"{member.fqdn} is not in the list of peers of {draft.id}", *member.places,
                used="the import adds it as the last peer", machines=(member.fqdn,),
                fix=f"Compare the host name of {member.fqdn} ({pages.DNS}) with the list of peers ({CLUSTER_PAGE}).",
            )  # fmt: skip


def _role(cluster: FoundCluster, ledger: Ledger) -> Role | None:
    """Return which half a cluster is: by its traversal zones, by settings that one half only has, else by an answer."""
    key = f"{cluster.prefix}/role"
    hints: dict[Role, tuple[str, list[Evidence]]] = {}
    for member in cluster.members:
        for role, why, evidence in _hints(member):
            hints.setdefault(role, (why, []))[1].append(evidence)
    if len(hints) == 1:
        role, (why, places) = next(iter(hints.items()))
        said = ledger.read(key, role.value, *places[:3], why=why)
        return _known_role(key, said)
    text = f"Is {cluster.id} an Expressway-C or an Expressway-E? Its configuration "
    text += "has settings of both." if hints else "has no traversal zone."
    answer = ledger.ask(Question(key=key, text=text, allowed=" or ".join(Role), choices=tuple(Role), how=_ROLE_PAGE))
    return Role(answer) if answer is not None else None


def _known_role(key: str, said: str) -> Role:
    if said not in tuple(Role):
        raise RefusedAnswer(f"allowed are {', '.join(Role)}", key=key, value=said)
    return Role(said)


def _hints(peer: Peer) -> list[tuple[Role, str, Evidence]]:
    settings = peer.settings
    found: list[tuple[Role, str, Evidence]] = []
    zones = {"traversalclient": Role.EXPRESSWAY_C, "traversalserver": Role.EXPRESSWAY_E}
    for number in settings.numbers("Zones Zone"):
        stated = settings.text(f"Zones Zone {number} Type")
        role = zones.get(settings.word(f"Zones Zone {number} Type"))
        if role is not None and stated is not None:
            half = "client" if role is Role.EXPRESSWAY_C else "server"
            found.append((role, f"it has a traversal {half} zone", Evidence.of(stated)))
    if found:
        return found
    for setting in SETTINGS:
        one_half = {setting.core_only: Role.EXPRESSWAY_C, setting.edge_only: Role.EXPRESSWAY_E}
        stated, role = settings.get(setting.key), one_half.get(True)
        if stated is not None and role is not None:
            half = "Expressway-C" if role is Role.EXPRESSWAY_C else "Expressway-E"
            found.append((role, f"only {half} has the setting {setting.key}", Evidence.of(stated)))
    for number in settings.numbers("Zones Zone"):
        name = settings.text(f"Zones Zone {number} Name")
        if name is not None and name.value.lower().startswith(("cetls-", "cetcp-", "ceoauth")):
            found.append(
                (Role.EXPRESSWAY_C, f"only Expressway-C makes zones such as {name.value[:60]}", Evidence.of(name))
            )
    return found


def name_clusters(clusters: Sequence[FoundCluster], ledger: Ledger) -> tuple[FoundCluster, ...]:
    """Return the clusters with the names that they have in the deployment file, those of Expressway-C first."""
    ordered = sorted(clusters, key=lambda c: c.role is Role.EXPRESSWAY_E)
    made: list[FoundCluster] = []
    for cluster in ordered:
        kind = ROLES[cluster.role] if cluster.role is not None else "cluster"
        same = sum(c.role is cluster.role for c in made)
        name = cluster.name or (kind if not same else f"{kind}-{same + 1}")
        said = ledger.assume(
            f"{cluster.prefix}/name", name, "a name for the deployment file only; the product has none"
        )
        ledger.rename("clusters", said, cluster.id)
        made.append(replace(cluster, name=said))
    return tuple(made)
