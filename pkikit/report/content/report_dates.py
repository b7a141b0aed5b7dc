"""One timeline: when certificates, CAs and CRLs end, when to renew, and when rules for public certificates change."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cryptography import x509

from pkikit.judge.legs.sunset import rule_dates
from pkikit.model.certificates.canonical_name import common_name, format_name
from pkikit.model.leg import Purpose
from pkikit.model.tables.public_cas import RENEWALS_LOSE_IT, WEB_LIFETIMES, days_at
from pkikit.model.world import World
from pkikit.report.content.inventory import AuthorityRow, CertificateRow, Inventory
from pkikit.text import listed
from pkikit.view.chart import Bar, Lane, lanes
from pkikit.view.drawing import DateMark, Picture

SOON = timedelta(days=30)
"""What ends within this time needs attention now (ours)."""
_AFTER_LAST_RULE = timedelta(days=120)
_BEFORE = timedelta(days=45)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_DAYS, _LIVE = re.compile(r"(\d+ days)"), "certificates live "
_MOST_LANES, _NAMED = 14, 3


class Kind(enum.StrEnum):
    """What happens on a day."""

    CERTIFICATE = "certificate ends"
    AUTHORITY = "CA ends"
    CRL = "CRL ends"
    RENEW = "renew"
    CLIENT_AUTH = "clientAuth ends"
    RULE = "rule changes"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happens at a time.

    Attributes:
        at: when.
        kind: what it is.
        title: what happens, in a few words.
        action: what to do until then; empty if there is nothing to do.
        machines: whom it is about.
        seed: tells this event from all others, and is the same in every report.
        begins: when it was issued; None for events without a beginning.
    """

    at: datetime
    kind: Kind
    title: str
    action: str
    machines: tuple[str, ...]
    seed: str
    begins: datetime | None = None

    def days(self, at: datetime) -> int:
        """Return the whole days from a time to the event; negative if it is over."""
        return (self.at - at).days


def events_of(world: World, inventory: Inventory, short: Mapping[str, str], at: datetime) -> tuple[Event, ...]:
    """Return everything that ends or changes, the earliest first.

    Args:
        world: has the CRLs.
        inventory: the certificates and CAs in use.
        short: short names of machines.
        at: the time of the report; rules that changed before it are left out.

    Returns:
        The events.
    """
    found = [*_certificates(inventory.certificates, short, at), *_authorities(inventory.authorities)]
    found += [*_crls(world, short), *_rules(at)]
    return tuple(sorted(found, key=lambda event: (event.at, event.kind, event.title)))


def _certificates(rows: Sequence[CertificateRow], short: Mapping[str, str], at: datetime) -> Iterator[Event]:
    """Yield the end of each certificate, its renewal, and the end of clientAuth; what is the same on several machines, once."""
    groups: dict[tuple[date, str], list[CertificateRow]] = {}
    for row in rows:
        groups.setdefault((row.ends.date(), row.issuer), []).append(row)
    for (_, issuer), members in groups.items():
        ends = min(row.ends for row in members)
        machines = tuple(dict.fromkeys(fqdn for row in members for fqdn, _ in row.holders))
        who = listed([short.get(fqdn, fqdn) for fqdn in machines], at_most=_NAMED)
        whose = f"certificate{'s' if members[1:] else ''} of {who} (issued by {issuer})"
        prints = " ".join(sorted(row.sha256 for row in members))
        begins = min(row.begins for row in members)
        over = ends < at
        yield Event(
            at=ends, kind=Kind.CERTIFICATE, title=f"{whose} {'end' if members[1:] else 'ends'}",
            action="Renew now: it is over." if over else "Install the new certificate before this day.",
            machines=machines, seed=f"end {prints}", begins=begins,
        )  # fmt: skip
        if not over:
            yield Event(
                at=min(row.renew for row in members), kind=Kind.RENEW, title=f"Renew the {whose}",
                action="Two thirds of the life are over (ours).",
                machines=machines, seed=f"renew {prints}",
            )  # fmt: skip
        losing = [
            r.client_auth_ends for r in members if r.client_auth_ends and r.client_auth and r.asked(Purpose.CLIENT)
        ]
        if losing:
            first = min(losing)
            yield Event(
                at=first, kind=Kind.CLIENT_AUTH, title=f"The {whose}: the next one has no clientAuth",
                action="Get certificates with clientAuth from a private CA, or split server and client certificates (X15.5).",
                machines=machines, seed=f"client-auth {prints}",
            )  # fmt: skip


def _authorities(rows: Sequence[AuthorityRow]) -> Iterator[Event]:
    for row in rows:
        machines = tuple(dict.fromkeys((*row.listed_by, *row.sent_by)))
        kind = "root" if row.root else "intermediate"
        yield Event(
            at=row.ends, kind=Kind.AUTHORITY, title=f"{kind} CA {row.title} ends",
            action="Get the CA's successor into every trusted CA list, and certificates from it, before this day.",
            machines=machines, seed=f"ca {row.sha256}",
        )  # fmt: skip


def _crls(world: World, short: Mapping[str, str]) -> Iterator[Event]:
    found: dict[tuple[str, datetime], list[str]] = {}
    for fqdn, party in world.parties.items():
        for _, crl in party.held.crls:
            if crl.next_update_utc is not None:
                found.setdefault((_issuer(crl.issuer), crl.next_update_utc), []).append(fqdn)
    for url, data in world.published.items():
        for _, crl in data.crls:
            if crl.next_update_utc is not None:
                found.setdefault((_issuer(crl.issuer), crl.next_update_utc), []).append(url)
    for (issuer, ends), where in found.items():
        places = listed([short.get(place, place) for place in dict.fromkeys(where)], at_most=_NAMED)
        yield Event(
            at=ends, kind=Kind.CRL, title=f"CRL of {issuer} ends ({places})",
            action="Get a newer CRL before this day: with an expired one, every certificate of this CA counts as revoked.",
            machines=tuple(dict.fromkeys(w for w in where if w in world.parties)), seed=f"crl {issuer} {ends.isoformat()}",
        )  # fmt: skip


def _issuer(name: x509.Name) -> str:
    return common_name(name) or format_name(name)


def _rules(at: datetime) -> Iterator[Event]:
    for when, words in rule_dates(at, horizon_of(at)):
        yield Event(
            at=when,
            kind=Kind.RULE,
            title=_DAYS.sub(rf"{_LIVE}\1", words),
            action="From this day on, certificates that such a CA issues follow this rule.",
            machines=(),
            seed=f"rule {words} {when:%Y-%m-%d}",
        )


def horizon_of(at: datetime) -> datetime:
    """Return how far the timeline reaches: past the last known rule, or two years."""
    return max(WEB_LIFETIMES[-1][0] + _AFTER_LAST_RULE, moved(at, timedelta(days=730)))


def moved(at: datetime, by: timedelta) -> datetime:
    """Return a time that is later or earlier, within what a date can say.

    Args:
        at: the time.
        by: how much later; negative for earlier.

    Returns:
        The other time.
    """
    try:
        return at + by
    except OverflowError:
        return _LAST if by > timedelta(0) else _FIRST


def lifetime_now(at: datetime) -> str:
    """Return what a public CA may issue today, in a sentence."""
    days = days_at(WEB_LIFETIMES, max(at, WEB_LIFETIMES[0][0]))
    said = f"At the time of this report, a public CA issues certificates for {days} days at most."
    return said if at < RENEWALS_LOSE_IT else f"{said} It is taken to issue none with clientAuth (ours)."


def timeline_picture(events: Sequence[Event], at: datetime) -> Picture:
    """Draw the timeline: a lane for each end, the dates of rules as marks.

    Args:
        events: all of them.
        at: the time of the report.

    Returns:
        The picture, and the same in words.
    """
    ends = [e for e in events if e.kind in {Kind.CERTIFICATE, Kind.AUTHORITY, Kind.CRL}]
    shown, renewals = ends[:_MOST_LANES], {e.machines: e.at for e in events if e.kind is Kind.RENEW}
    first = max(min((e.at for e in shown), default=at), moved(at, -timedelta(days=320)))
    begin = moved(min(at, first), -_BEFORE)
    last = min(max((e.at for e in shown), default=at), horizon_of(at))
    end = min(horizon_of(at), max(moved(last, _AFTER_LAST_RULE), moved(at, timedelta(days=400))))
    rows = [_lane(event, begin, end, at, renewals.get(event.machines)) for event in shown]
    marks = [DateMark(at=at, text="this report", colour="ink")]
    marks += [DateMark(at=e.at, text=e.title.replace(_LIVE, "")) for e in events
              if e.kind is Kind.RULE and begin <= e.at <= end]  # fmt: skip
    svg = lanes(rows, begin=begin, end=end, title="What ends when", marks=marks, words=("valid", "over"), tick="renew")
    text = "\n".join(f"{event.at:%Y-%m-%d}  {event.title}" for event in events)
    return Picture(svg=svg, text=text)


def _lane(event: Event, begin: datetime, end: datetime, at: datetime, renew: datetime | None) -> Lane:
    said = event.title.removesuffix(" ends").removesuffix(" end")
    title = f"{said[:1].upper()}{said[1:]}: {event.at:%Y-%m-%d}"
    starts = max(event.begins or begin, begin)
    bars = (
        [Bar(begin=min(starts, event.at), end=min(event.at, end), good=True, label="valid")] if event.at > begin else []
    )
    if event.at < at:
        bars.append(Bar(begin=max(event.at, begin), end=at, good=False, label="over"))
    ticks = [renew] if renew is not None and event.kind is Kind.CERTIFICATE and begin <= renew <= end else []
    return Lane(title=title, bars=bars, ticks=ticks, tip=f"{title} {event.action}")
