"""Alarms: derived from the state at an instant, never stored.

Sources: X12.5 and X14.0 guides; docs/sources.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pkikit.model.certificates.canonical_name import format_name
from pkikit.model.certificates.credential import Credential, is_same
from pkikit.model.certificates.facts import format_time, presented_names, title
from pkikit.model.world import Party
from simulator.peer.state import PeerState

WARN_BEFORE = timedelta(days=21)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One line of the Alarms page. severity: critical, error or warning, by the product's ranking.

    counts_days: the detail changes every day, but it stays one alarm.
    """

    title: str
    severity: str
    detail: str
    counts_days: bool = False


def alarms_of(state: PeerState, party: Party, at: datetime, *, failed_zones: tuple[str, ...] = ()) -> tuple[Alarm, ...]:
    """Return every alarm of this peer, the most severe first."""
    order = ("critical", "error", "warning")
    found = [
        *_certificate_alarms(state, party.credential, at),
        *_waiting_alarms(state, party),
        *_list_alarms(state, at),
        *(
            Alarm(title="Zone failed", severity="error", detail=f"{zone}: no connection is active")
            for zone in failed_zones
        ),
    ]
    return tuple(sorted(found, key=lambda a: order.index(a.severity)))


def _certificate_alarms(state: PeerState, running: Credential | None, at: datetime) -> Iterator[Alarm]:
    if running is not None:
        leaf = running.leaf
        ends = leaf.not_valid_after_utc
        if at > ends:
            yield Alarm(title="Server certificate expired", severity="critical", detail=f"on {format_time(ends)}")
        elif ends - at < WARN_BEFORE:
            days = (ends - at).days
            yield Alarm(
                title="Server certificate expires soon",
                severity="warning",
                detail=f"in {days} {'day' if days == 1 else 'days'}, on {format_time(ends)}",
                counts_days=True,
            )
        if not presented_names(leaf).common_name:
            yield Alarm(
                title="Server certificate without common name",
                severity="error",
                detail="Mobile and Remote Access, Jabber Guest and the web proxy for Meeting Server need it",
            )
        if state.temporary_ca is not None and leaf.issuer == state.temporary_ca.subject:
            yield Alarm(
                title="Temporary server certificate",
                severity="warning",
                detail="the certificate of the installation is in use; replace it with one of a trusted CA",
            )


def _waiting_alarms(state: PeerState, party: Party) -> Iterator[Alarm]:
    if restart_needed(state, party):
        yield Alarm(
            title="Restart required",
            severity="warning",
            detail="a new server certificate was loaded; it works after a restart",
        )
    if state.pending_certificate is not None:
        yield Alarm(
            title="ACME certificate pending",
            severity="warning",
            detail="it was signed and is not deployed; the current certificate stays in use",
        )
    last = state.acme.last
    if last is not None and last.failures:
        times = "once" if last.failures == 1 else f"{last.failures} times in a row"
        yield Alarm(
            title="ACME order failed", severity="error", detail=f"{times}, last at {format_time(last.at)}: {last.error}"
        )


def _list_alarms(state: PeerState, at: datetime) -> Iterator[Alarm]:
    for certificate in state.trusted_ca_list:
        ends = certificate.not_valid_after_utc
        if at > ends:
            yield Alarm(
                title="Trusted CA certificate expired",
                severity="warning",
                detail=f"{title(certificate)}, on {format_time(ends)}",
            )
    for source, crl in state.revocation_data.crls:
        following = crl.next_update_utc
        if following is not None and at > following:
            yield Alarm(
                title="CRL expired",
                severity="error",
                detail=f"{source.value}, of {format_name(crl.issuer)}, on {format_time(following)}: "
                "its certificates count as revoked",
            )


def restart_needed(state: PeerState, party: Party) -> bool:
    """Return True if a loaded certificate, or the removal of one, takes effect only after a restart."""
    after = state.as_party(party)
    roles: list[tuple[Credential | None, Credential | None]] = []
    if after.credential is not None:
        roles.append((after.credential, party.credential))
    roles += [(after.client, party.client)]
    roles += [(after.domains.get(d), party.domains.get(d)) for d in {*after.domains, *party.domains}]
    return any(not is_same(loaded, running) for loaded, running in roles)
