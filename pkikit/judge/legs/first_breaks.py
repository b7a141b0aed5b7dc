"""When does each connection break first? Judged only where something begins or ends to be valid: between, nothing changes.

Every instant is on the lab's clock. Each machine judges by its own clock, so a date counts at the time when its clock shows it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509 import ocsp

from pkikit.design.legs import legs_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import Assessment
from pkikit.judge.legs.leg_verdict import LegVerdict, judge_leg
from pkikit.judge.legs.stand_ins import known_part
from pkikit.judge.paths.trust import with_subject
from pkikit.judge.revocation.ocsp_answer import CLOCK_SKEW
from pkikit.model.certificates.canonical_name import CanonicalName, canonical
from pkikit.model.certificates.certificate_facts import facts_of
from pkikit.model.certificates.facts import issuer_of
from pkikit.model.leg import Leg
from pkikit.model.revocation import RevocationData, RevocationQuestion
from pkikit.model.world import Party, World

_SECOND, _NEXT, _ROOM, _NONE = timedelta(seconds=1), timedelta(microseconds=1), timedelta(days=1), timedelta(0)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC) + _ROOM, datetime.max.replace(tzinfo=UTC) - _ROOM
NO_END = _LAST
"""As far as anybody can look ahead."""


@dataclass(frozen=True, kw_only=True)
class LegBreak:
    """One connection: what is known about it now, and when it is down first.

    Attributes:
        leg: the connection.
        now: what each side decides now.
        at: the first instant from now on at which it is judged down; None if there is none until the horizon.
        broken: what each side decides then; None if it does not break.
        since: the date from which on its first cause holds, if it is down now; None if it is not, or if that always held.
        next_change: the first later instant at which a verdict about it may differ; None if nothing can change it.
    """

    leg: Leg
    now: LegVerdict
    at: datetime | None
    broken: LegVerdict | None
    since: datetime | None
    next_change: datetime | None

    @property
    def state(self) -> State:
        """Up, down or not assessed, now."""
        return self.now.state

    @property
    def causes(self) -> tuple[str, ...]:
        """Rule ids of what breaks it, the most probable first; none if it does not break."""
        return self.broken.causes if self.broken is not None else ()


def first_breaks(
    world: World, *, at: datetime, until: datetime = NO_END, partial: bool = False
) -> tuple[LegBreak, ...]:
    """Judge every connection now, and find the first instant at which it is down.

    Args:
        world: the machines. If what the lab made for some of them counts as unknown, so it does here.
        at: now, aware UTC.
        until: the horizon; the last instant that counts.
        partial: the world has only what somebody gave, as `world_of_files` reads it: what is missing is not assessed.

    Returns:
        One entry for each connection, in the order of the deployment.
    """
    dates = LegDates(world, partial=partial)
    at, until = dates.bounded(at), min(until, NO_END)
    return tuple(_first_break(leg, at, until, dates) for leg in dates.legs)


class LegDates:
    """The connections of a world: at which instants a verdict about each may change, and the verdict at an instant.

    `legs` are the connections, in the order of the deployment; `instants` has, by id, those of each one in order of time.
    """

    def __init__(self, world: World, *, partial: bool = False) -> None:
        """Take the machines, as `first_breaks` does."""
        if world.stand_ins.unknown:
            world, partial = known_part(world), True
        self._world, self._partial, self._range = world, partial, _Range(world)
        self._assessments: dict[datetime, Assessment] = {}
        self.legs = legs_of(world.deployment)
        self.instants = {leg.id: sorted(_instants(leg, world, self._range)) for leg in self.legs}

    def bounded(self, at: datetime) -> datetime:
        """Return a time, moved to where the clocks of all machines can show one."""
        return self._range.bounded(at)

    def verdict(self, leg: Leg, at: datetime) -> LegVerdict:
        """Return what each side of a connection decides.

        Args:
            leg: the connection.
            at: the time, within what all clocks can show.

        Returns:
            The verdict.
        """
        if not self._partial:
            return judge_leg(leg, self._world, at)
        if at not in self._assessments:
            self._assessments[at] = Assessment(self._world, at)
        return self._assessments[at].of(leg)


def _first_break(leg: Leg, at: datetime, until: datetime, dates: LegDates) -> LegBreak:
    instants = dates.instants[leg.id]
    later = instants[bisect_right(instants, at) :]
    now = dates.verdict(leg, at)
    found = LegBreak(leg=leg, now=now, at=None, broken=None, since=None, next_change=later[0] if later else None)
    if now.state is State.DOWN:
        earlier = () if leg.permissive else instants[: len(instants) - len(later)]
        since = _since(leg, now.causes[0], earlier, dates)
        return replace(found, at=at, broken=now, since=since)
    if leg.permissive:
        return found  # both sides accept whatever the dates say
    for instant in later:
        if instant > until:
            break
        verdict = dates.verdict(leg, instant)
        if verdict.state is State.DOWN:
            return replace(found, at=instant, broken=verdict)
    return found


def _since(leg: Leg, cause: str, earlier: Sequence[datetime], dates: LegDates) -> datetime | None:
    """Return from which of these instants on a connection is down for a cause; None if it was so before all of them."""
    began = None
    for instant in reversed(earlier):
        if cause not in dates.verdict(leg, instant).causes:
            return began
        began = instant
    return None


class _Range:
    """Which times the clocks of all machines can show."""

    def __init__(self, world: World) -> None:
        offsets = [party.clock_offset for party in world.parties.values()]
        self._first = _FIRST - min(offsets, default=_NONE) if min(offsets, default=_NONE) < _NONE else _FIRST
        self._last = _LAST - max(offsets, default=_NONE) if max(offsets, default=_NONE) > _NONE else _LAST

    def bounded(self, at: datetime) -> datetime:
        """Return the time, moved to where every clock can show one."""
        return min(max(at, self._first), self._last)

    def shifted(self, date: datetime, offset: timedelta) -> datetime | None:
        """Return when a clock shows a date; None if that is out of range."""
        try:
            instant = date - offset
        except OverflowError:
            return None
        return instant if self._first <= instant <= self._last else None


def _instants(leg: Leg, world: World, within: _Range) -> set[datetime]:
    """Return every instant at which the verdict about a connection may change."""
    led = world.points.get(leg.server if leg.discovered_by else leg.reference_name, ())
    client = world.parties[leg.client].as_client(leg.port)
    server = world.parties[led[0] if led and leg.server not in led else leg.server]
    server = server.as_server(leg.port, leg.reference_name)
    dates: list[datetime] = []
    if leg.client_verifies:
        dates += _dates(client, server, world.revocation_of(client.fqdn, leg.consumer))
    if leg.mutual:
        dates += _dates(server, client, world.revocation_of(server.fqdn, leg.consumer))
    shown = (within.shifted(date, by) for by in {client.clock_offset, server.clock_offset} for date in set(dates))
    return {instant for instant in shown if instant is not None}


def _dates(verifier: Party, presenter: Party, revocation: RevocationQuestion | None) -> Iterator[datetime]:
    """Yield the dates, on the clock of a machine, that one side of a connection depends on."""
    shown = presenter.credential.chain if presenter.credential is not None else ()
    lists = (verifier.trusted_ca_list, presenter.trusted_ca_list)
    chosen: dict[int, x509.Certificate] = {id(certificate): certificate for certificate in shown}
    names: set[CanonicalName] = set()
    open_names = {issuer_of(certificate) for certificate in shown}
    while open_names:
        names |= open_names
        found = [c for name in open_names for listed in lists for c in with_subject(listed, name)]
        chosen.update((id(certificate), certificate) for certificate in found)
        open_names = {issuer_of(certificate) for certificate in found} - names
    yield from _of_certificates(chosen.values())
    if revocation is not None:
        yield from _of_status(revocation.data, names)


def _of_certificates(certificates: Iterable[x509.Certificate]) -> Iterator[datetime]:
    for certificate in certificates:
        facts = facts_of(certificate)
        yield facts.begins
        if facts.ends < NO_END:
            yield facts.ends + _SECOND  # X.509 counts whole seconds, and the last one is valid


def _of_status(data: RevocationData, names: set[CanonicalName]) -> Iterator[datetime]:
    """Yield the dates of CRLs of these issuers, and those of OCSP answers."""
    for _, crl in data.crls:
        if canonical(crl.issuer) in names:
            yield crl.last_update_utc
            if crl.next_update_utc is not None and crl.next_update_utc < NO_END:
                yield crl.next_update_utc + _NEXT
    for answer in data.ocsp_answers:
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            continue
        yield from _of_certificates(answer.certificates)
        for single in answer.responses:
            yield max(single.this_update_utc, _FIRST) - CLOCK_SKEW
            if single.next_update_utc is not None and single.next_update_utc < NO_END:
                yield single.next_update_utc + _NEXT
