"""Renewals in practice: what certificates of 90, 64 or 45 days mean in a year, simulated on the lab's clock.

By ACME, the automatic service of the peers does everything: it submits the stored request when it is due, and deploys on
its days at its time. Nothing restarts. By upload, an administrator loads the certificate in the same hour, and the peer
restarts. Only the CA is the lab's own, which uses the same clock; Pebble uses real time. The interruptions that a restart
causes are counted on the legs that were up.

Source: X14.0.1 certificate guide, 'Using ACME on Expressway-E' (frequent expiry and low impact renewal).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import anyio.to_thread
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.csr import fast_key
from pkikit.errors import InputError
from pkikit.issue.authority import Authority, Profile
from pkikit.judge.legs.sunset import rule_dates
from pkikit.judge.renewal_due import renew_at
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.text import counted
from pkikit.view.chart import Bar, Lane, lanes
from pkikit.view.drawing import DateMark, Picture, resolved
from pkikit.worlds.issued_world import layout_of
from simulator.clock import Clock
from simulator.connections.context import Follower
from simulator.events import CERTIFICATE_PENDING
from simulator.lab.acme_attachment import acme_service
from simulator.lab.lab import Lab
from simulator.lab.running_lab import RunningLab
from simulator.peer.acme.service import AcmeService
from simulator.peer.peer import Peer
from simulator.settings import LabSettings
from simulator.travel.timeline import Timeline, live_through

if TYPE_CHECKING:
    import pandas as pd

YEAR = timedelta(days=365)
MAX_PEERS = 6
BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
Purposes = Callable[[datetime], tuple[x509.ObjectIdentifier, ...]]
Way = Literal["acme", "upload"]
WAYS: tuple[Way, ...] = ("acme", "upload")


@dataclass(frozen=True, kw_only=True)
class RenewalYear:
    """One year of one cluster.

    lifetime_days: of each certificate. by: how renewed certificates come into use. renewals, deployments, restarts: how
    many there were in the year; only ACME deploys. interrupted: connections that were up and went down because a peer
    restarted. expired: how often a certificate in use expired.
    """

    lifetime_days: float
    by: Way
    peers: int
    renewals: int
    deployments: int
    restarts: int
    interrupted: int
    expired: int
    timeline: Timeline

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `years`."""
        return {
            "lifetime_days": self.lifetime_days, "by": self.by, "peers": self.peers, "renewals": self.renewals,
            "deployments": self.deployments, "restarts": self.restarts,
            "interrupted_connections": self.interrupted, "expired": self.expired,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Renewals:
    """Years to compare."""

    deployment: str
    years: tuple[RenewalYear, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the document of `expressway-sim renewals --json`."""
        return {"deployment": self.deployment, "years": [y.to_json() for y in self.years]}

    def frame(self) -> pd.DataFrame:
        """Return a row for each year."""
        import pandas as pd

        return pd.DataFrame([y.to_json() for y in self.years])

    def picture(self) -> Picture:
        """Return a lane for each year over calendar dates, with a tick at each restart; the same in words."""
        begin = min(y.timeline.began for y in self.years)
        end = begin + YEAR
        rows, lines = [], []
        for year in self.years:
            restarts = sorted(h.at for h in year.timeline.happenings if h.kind == "restart")
            days = Counter(f"{at:%Y-%m-%d}" for at in restarts)
            way = year.by.replace("acme", "ACME")
            work = f"{counted(year.renewals, 'renewal')}, {counted(year.restarts, 'restart')}"
            title = f"{year.lifetime_days:g} days, by {way}: {work}"
            bar = Bar(begin=begin, end=end, good=True, label="up but for restarts" if restarts else "no restart")
            rows.append(Lane(title=title, bars=[bar], ticks=restarts))
            told = ", ".join(f"{day} ({n})" if n > 1 else day for day, n in days.items()) or "none"
            lines.append(f"{title}, {counted(year.interrupted, 'connection')} interrupted. Restarts: {told}.")
        rules = rule_dates(begin, end)
        title = f"{self.deployment}: a year of renewals, {counted(self.years[0].peers, 'peer')}"
        svg = lanes(
            rows, begin=begin, end=end, title=title, marks=[DateMark(at=at, text=words) for at, words in rules],
            tick="a peer restarts",
        )  # fmt: skip
        return Picture(svg=svg, text="\n".join([title, *lines, *(f"{at:%Y-%m-%d}: {words}" for at, words in rules)]))

    def svg(self) -> str:
        """Return the picture as SVG, for a file."""
        return resolved(self.picture().svg)


async def set_up_automatic(
    lab: RunningLab,
    acme: AcmeService,
    lifetime: timedelta,
    purposes: Purposes = lambda _: BOTH,
    *,
    by: Authority | None = None,
) -> None:
    """Give every E peer a certificate of that lifetime and switch its automatic service on.

    by: who issues in a public CA's place, on the lab's clock (None: the lab's own CA). purposes: what it puts into leaves
    at an instant.
    """
    authority = by or lab.issued.authority

    def issue(request: x509.CertificateSigningRequest) -> tuple[x509.Certificate, ...]:
        at = lab.clock.now()
        leaf = authority.issue(request, at=at, profile=Profile(lifetime=lifetime, ekus=purposes(at)))
        return (leaf, *authority.intermediates)

    async def sign(_: Peer, request: x509.CertificateSigningRequest) -> tuple[x509.Certificate, ...]:
        return await anyio.to_thread.run_sync(issue, request)

    acme.signer = sign
    for fqdn in lab.deployment.peers_of(Role.EXPRESSWAY_E):
        peer = lab.peers[fqdn]
        if peer.state.request is not None:
            await peer.discard()
        await acme.configure(fqdn, {"terms": "the lab's own CA"})
        await peer.generate(layout=layout_of(lab.deployment, fqdn), key=fast_key())
        await acme.sign(fqdn)
        await peer.deploy()
        await acme.configure(fqdn, {"mode": "Automated"})


class _Administrator(Follower):
    """Renews by hand: a request, a certificate, an upload and a restart, at the time at which ACME would deploy."""

    name = "the administrator who renews"

    def __init__(self, lab: RunningLab, acme: AcmeService) -> None:
        self._lab, self._acme = lab, acme

    def _due(self) -> Iterable[tuple[Peer, datetime]]:
        for fqdn in self._lab.deployment.peers_of(Role.EXPRESSWAY_E):
            state = self._lab.peers[fqdn].state
            if state.certificate is not None:
                window = state.acme.server.schedule
                yield self._lab.peers[fqdn], window.following(renew_at(state.certificate.leaf))

    def dates(self) -> Iterable[datetime]:
        """Return when each peer is renewed next."""
        return (at for _, at in self._due())

    async def tick(self) -> None:
        """Renew what is due."""
        for peer in [peer for peer, at in self._due() if at <= self._lab.clock.now()]:
            request = (await peer.generate(key=fast_key())).request
            assert request is not None  # just generated
            assert self._acme.signer is not None  # `set_up_automatic` was called
            chain = await self._acme.signer(peer, request.csr)
            self._lab.events.add(peer.fqdn, CERTIFICATE_PENDING, Issuer=chain[0].issuer.rfc4514_string())
            await peer.upload(Credential(chain=chain, key=request.key).pem())
            peer.restart()


async def live_year(
    deployment: Deployment, lifetime: timedelta, *, at: datetime, span: timedelta = YEAR, by: Way = "acme"
) -> RenewalYear:
    """Simulate one year of renewals with certificates of that lifetime."""
    settings = LabSettings(rsa=False, pages=False)
    async with Lab(deployment, settings=settings, clock=Clock.set_to(at)) as lab, acme_service(lab) as acme:
        await set_up_automatic(lab, acme, lifetime)
        if by == "upload":
            for fqdn in deployment.peers_of(Role.EXPRESSWAY_E):
                await acme.configure(fqdn, {"mode": "Manual"})
        with lab.attached(_Administrator(lab, acme)) if by == "upload" else nullcontext():
            lived = await live_through(lab, span)
    restarts = [h for h in lived.happenings if h.kind == "restart"]
    return RenewalYear(
        lifetime_days=lifetime / timedelta(days=1),
        by=by,
        peers=len(deployment.peers_of(Role.EXPRESSWAY_E)),
        renewals=sum(h.kind == "renewal" for h in lived.happenings),
        deployments=sum(h.kind == "deployment" for h in lived.happenings),
        restarts=len(restarts),
        interrupted=sum(h.interrupted for h in restarts),
        expired=sum(h.kind == "expiry" for h in lived.happenings),
        timeline=lived,
    )


async def compare(
    deployment: Deployment,
    lifetimes: Sequence[float],
    *,
    at: datetime,
    by: Sequence[Way] = WAYS,
    progress: Callable[[str], None] = lambda _: None,
) -> Renewals:
    """Simulate a year for each lifetime, in days, and each way to renew."""
    wrong = next((days for days in lifetimes if not 1 <= days <= 398), None)
    if wrong is not None or not lifetimes:
        raise InputError(f"a lifetime of {wrong:g} days: allowed are 1 to 398" if wrong is not None else "no lifetime")
    years = []
    for days, way in product(lifetimes, by):
        progress(f"a year with certificates of {days:g} days by {way}")
        years.append(await live_year(deployment, timedelta(days=days), at=at, by=way))
    return Renewals(deployment=deployment.name, years=tuple(years))
