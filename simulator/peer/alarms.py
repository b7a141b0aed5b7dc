"""Alarms of a peer, worked out from its state and its connections at an instant; `model.tables.alarm_kinds` has the kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pkikit.design.restarts import ORDER_ADVICE
from pkikit.judge.matching.name_matching import match_name
from pkikit.model.certificates.canonical_name import format_name
from pkikit.model.certificates.credential import Credential, is_same
from pkikit.model.certificates.facts import format_time, presented_names, title
from pkikit.model.deployment import Deployment
from pkikit.model.parties import LegKind, Role
from pkikit.model.tables import alarm_kinds as kinds
from pkikit.model.tables import ports
from pkikit.model.tables.alarm_kinds import ALARMS, AlarmKind
from pkikit.model.tables.features import CLUSTER_TLS
from pkikit.model.trace import Outcome
from pkikit.model.world import Party, Speaks
from pkikit.model.zones import TraversalZone
from pkikit.view.connections.leg_report import LegReport
from simulator.peer.acme_state import Attempt
from simulator.peer.state import PeerState

_RESTARTS = frozenset({"15022", "15028"})
WARN_BEFORE = timedelta(days=21)  # ours: the document does not say when the product first raises 40069
_LONGEST_LIST = 200  # characters of the hosts in 35013


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One line of the Alarms page.

    subject: distinguishes several alarms of one kind. acknowledged: an administrator has acknowledged it.
    """

    kind: AlarmKind
    detail: str
    subject: str = ""
    acknowledged: bool = False

    @property
    def id(self) -> str:
        """The product's number; empty for an alarm that only the lab has."""
        return self.kind.id

    @property
    def title(self) -> str:
        """The product's title."""
        return self.kind.title

    @property
    def severity(self) -> str:
        """The product's word; empty where the document gives none."""
        return self.kind.severity or ""

    @property
    def advice(self) -> str:
        """What several documents add to the action; empty for most alarms."""
        return ORDER_ADVICE if self.kind.id in _RESTARTS else ""

    @property
    def key(self) -> str:
        """What identifies the alarm while it is raised."""
        return f"{self.kind.id or self.kind.title} {self.subject}".strip()

    @property
    def counts_days(self) -> bool:
        """True if the detail changes every day; it stays one alarm."""
        return self.kind.id == "40069"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a peer's alarms depend on beside its state.

    reports: the connections of this peer with the results of the last dial. reverse: the name in the PTR record of its
    address; empty if there is none. failed_sources, sources: of the last automatic CRL update.
    waiting: numbers of alarms that stay until a restart.
    """

    deployment: Deployment
    reports: tuple[LegReport, ...] = ()
    reverse: str = ""
    failed_sources: int = 0
    sources: int = 0
    waiting: frozenset[str] = frozenset()


def alarms_of(state: PeerState, party: Party, at: datetime, around: Surroundings) -> tuple[Alarm, ...]:
    """Return every alarm of this peer, the most severe first.

    Args:
        state: the certificates and lists of its pages.
        party: the peer as it runs.
        at: by its own clock.
        around: its connections and settings.
    """
    found = [
        *_certificate_alarms(state, party, at),
        *_waiting_alarms(state, party, around),
        *_acme_alarms(state),
        *_list_alarms(state, at, around),
        *_connection_alarms(state.fqdn, around),
        *_configuration_alarms(party, around),
        *_name_alarms(party, around),
    ]
    return tuple(sorted(found, key=lambda alarm: alarm.kind.rank))


def _alarm(number: str, detail: str = "", subject: str = "") -> Alarm:
    return Alarm(kind=ALARMS[number], detail=detail or ALARMS[number].reason, subject=subject)


def _certificate_alarms(state: PeerState, party: Party, at: datetime) -> Iterator[Alarm]:
    if party.credential is not None:
        leaf = party.credential.leaf
        ends = leaf.not_valid_after_utc
        if at > ends:
            yield _alarm("40068", f"Server certificate expired on {format_time(ends)}")
        elif at.date() == ends.date():
            yield _alarm("40068", f"Server certificate expires today, {format_time(ends)}")
        elif ends - at < WARN_BEFORE:
            days = (ends - at).days
            yield _alarm("40069", f"Server certificate expires in {days} {'day' if days == 1 else 'days'}")
        if not presented_names(leaf).common_name:
            yield _alarm("40052")
        if state.temporary_ca is not None and leaf.issuer == state.temporary_ca.subject:
            yield Alarm(kind=kinds.TEMPORARY_CERTIFICATE, detail=kinds.TEMPORARY_CERTIFICATE.reason)
    if party.client is not None and at.date() >= party.client.leaf.not_valid_after_utc.date():
        ends = party.client.leaf.not_valid_after_utc
        yield Alarm(kind=kinds.CLIENT_EXPIRED, detail=f"Client certificate expires or expired on {format_time(ends)}")


def _waiting_alarms(state: PeerState, party: Party, around: Surroundings) -> Iterator[Alarm]:
    for number in sorted(waiting_for_restart(state, party) | around.waiting):
        yield _alarm(number)


def _acme_alarms(state: PeerState) -> Iterator[Alarm]:
    if state.pending_certificate is not None:
        yield Alarm(kind=kinds.ACME_PENDING, detail=kinds.ACME_PENDING.reason)
    acme = state.acme
    failed = acme.automatic_failures
    if failed.sign:
        yield _alarm("40061", _attempt(acme.server.signed))
    elif acme.last is not None and acme.last.failures:
        yield Alarm(kind=kinds.ACME_FAILED, detail=_attempt(acme.last))
    if failed.deploy:
        yield _alarm("40063", _attempt(acme.server.deployed))
    for number, domains in (("40062", failed.sign_domains), ("40064", failed.deploy_domains)):
        if domains:
            yield _alarm(number, f"{ALARMS[number].reason} [{', '.join(domains)}]")


def _attempt(attempt: Attempt | None) -> str:
    if attempt is None:
        return ""
    times = "once" if attempt.failures == 1 else f"{attempt.failures} times in a row"
    return f"It failed {times}, last at {format_time(attempt.at)}: {attempt.error}"


def _list_alarms(state: PeerState, at: datetime, around: Surroundings) -> Iterator[Alarm]:
    for certificate in state.trusted_ca_list:
        ends = certificate.not_valid_after_utc
        if at > ends:
            detail = f"{title(certificate)}, on {format_time(ends)}"
            yield Alarm(kind=kinds.CA_EXPIRED, detail=detail, subject=detail)
    for source, crl in state.revocation_data.crls:
        following = crl.next_update_utc
        if following is not None and at > following:
            subject = f"{source.value}, of {format_name(crl.issuer)}"
            detail = f"{subject}, on {format_time(following)}: its certificates count as revoked"
            yield Alarm(kind=kinds.CRL_EXPIRED, detail=detail, subject=subject)
    if around.failed_sources:
        yield _alarm("40006", f"Unable to download CRL update from {around.failed_sources} of {around.sources} sources")
        if around.failed_sources == around.sources:
            yield _alarm("40002")


def _connection_alarms(fqdn: str, around: Surroundings) -> Iterator[Alarm]:
    zones: dict[str, list[bool]] = {}
    for report in around.reports:
        if report.leg.zone is not None:
            zones.setdefault(report.leg.zone, []).append(report.up)
    for zone, up in zones.items():
        if not any(up):
            yield Alarm(kind=kinds.ZONE_FAILED, detail=f"{zone}: no connection is active", subject=zone)
    yield from _cluster_alarms(fqdn, around)
    tunnels = [r for r in around.reports if r.leg.kind is LegKind.TUNNEL and not r.up]
    if tunnels:
        yield _alarm("35013", f"{ALARMS['35013'].reason}: {_hosts(fqdn, tunnels)}"[: 100 + _LONGEST_LIST])
    silent = [r for r in tunnels if r.outcome is Outcome.UNREACHABLE and r.leg.client == fqdn]
    if silent:
        yield _alarm("35014", f"{ALARMS['35014'].reason}: {_hosts(fqdn, silent)}")


def _cluster_alarms(fqdn: str, around: Surroundings) -> Iterator[Alarm]:
    links = [r for r in around.reports if r.leg.kind is LegKind.CLUSTER]
    down = [r for r in links if not r.up]
    if not down:
        return
    yield _alarm("20006", f"{ALARMS['20006'].reason}: {_hosts(fqdn, down)}")
    by_peer: dict[str, list[bool]] = {}
    for report in links:
        by_peer.setdefault(report.other_than(fqdn), []).append(report.up)
    lost = [peer for peer, up in by_peer.items() if not any(up)]
    if lost:
        yield _alarm("20004", f"{ALARMS['20004'].reason}: {', '.join(lost)}")
    silent = [r for r in down if r.outcome is Outcome.UNREACHABLE and r.leg.client == fqdn]
    if silent:
        yield _alarm(
            "20021", f"Unable to establish a TCP connection with {_hosts(fqdn, silent)} on port {ports.CLUSTER}"
        )


def _hosts(fqdn: str, reports: list[LegReport]) -> str:
    return ", ".join(sorted({report.other_than(fqdn) for report in reports}))[:_LONGEST_LIST]


def _configuration_alarms(party: Party, around: Surroundings) -> Iterator[Alarm]:
    deployment, cluster = around.deployment, around.deployment.cluster_of(party.fqdn)
    if cluster is None:
        return
    over_tls = len(cluster.peers) > 1 and deployment.product_version.has(CLUSTER_TLS)
    if over_tls and cluster.cluster_tls == "permissive":
        yield _alarm("40049")
    for zone in deployment.zones:
        if not isinstance(zone, TraversalZone) or cluster.name not in {zone.client, zone.server}:
            continue
        if zone.is_uc and not zone.tls_verify:
            yield _alarm("40040", f"{ALARMS['40040'].reason}: {zone.name}", zone.name)
    if deployment.mra and party.speaks is Speaks.PLAIN:
        yield _alarm("40048")


def _name_alarms(party: Party, around: Surroundings) -> Iterator[Alarm]:
    """Alarms of Expressway-E about names: its PTR record, and the addresses of Meeting Servers."""
    deployment = around.deployment
    if deployment.role_of(party.fqdn) is not Role.EXPRESSWAY_E:
        return
    if not around.reverse:
        yield _alarm("25030", f"Failed to do a reverse DNS lookup for the address of {party.fqdn}")
    if party.credential is None:
        return
    presented = presented_names(party.credential.leaf)
    if around.reverse and around.reverse.lower() not in presented.dns:
        yield _alarm(
            "25031", f"FQDN in the PTR record, {around.reverse}, is not in the SAN of {party.fqdn}'s certificate"
        )
    for meetings in deployment.meeting_servers:
        if not match_name(meetings.join_host, presented, sip=False).matched:
            detail = f"CMS address {meetings.join_host} is not identified by the certificate of {party.fqdn}"
            yield _alarm("40051", detail, meetings.join_host)


def waiting_for_restart(state: PeerState, party: Party) -> frozenset[str]:
    """Return the alarms for certificates that are loaded, or removed, and take effect only after a restart.

    15028 for the server certificate (and the client certificate, for which no document states an alarm), 15022 for domains.
    """
    after = state.as_party(party)
    roles: list[tuple[Credential | None, Credential | None]] = [(after.client, party.client)]
    if after.credential is not None:
        roles.append((after.credential, party.credential))
    domains = [(after.domains.get(d), party.domains.get(d)) for d in {*after.domains, *party.domains}]
    found = set()
    if any(not is_same(loaded, running) for loaded, running in roles):
        found.add("15028")
    if any(not is_same(loaded, running) for loaded, running in domains):
        found.add("15022")
    return frozenset(found)


def restart_needed(state: PeerState, party: Party) -> bool:
    """Return True if a loaded certificate, or the removal of one, takes effect only after a restart."""
    return bool(waiting_for_restart(state, party))
