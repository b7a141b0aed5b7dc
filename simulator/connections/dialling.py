"""Dials the legs of a running lab: once, all of them, or permanently. It remembers the last result of each leg."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from pkikit.handshake.recorder import merge, record_no_connection
from pkikit.judge.legs.known_verdict import judge_of
from pkikit.judge.legs.leg_verdict import LegVerdict, judge_leg
from pkikit.model.findings import Verdict
from pkikit.model.leg import Leg, Protocol
from pkikit.model.trace import HandshakeTrace
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from simulator.background import reason_of
from simulator.connections.context import LabContext
from simulator.connections.endpoint import Endpoint
from simulator.connections.links import Link
from simulator.connections.loss_log import Losses
from simulator.connections.network import Network
from simulator.wire.stream import Stream

_HELD = frozenset({Protocol.SIP_TLS, Protocol.SSH})  # what zones and tunnels keep up
_AT_ONCE = 16  # legs dialled at one time


class Dialler:
    """Dials legs. `links`: the held legs; `last`: the last result of every leg; both by id. `losses`: what went down."""

    def __init__(self, context: LabContext, endpoints: Mapping[str, Endpoint], network: Network) -> None:
        self.losses = Losses(context.now)
        self._holds = False
        self.links: dict[str, Link] = {}
        self.last: dict[str, LegReport] = {}
        self._context, self._endpoints, self._network = context, endpoints, network

    async def dial(self, leg: Leg) -> HandshakeTrace:
        """Dial one leg with real TLS, and return the trace of both sides."""
        trace, stream = await self._open(leg)
        if stream is not None:
            await stream.close()
        return trace

    async def _dial_safely(self, leg: Leg) -> HandshakeTrace:
        try:
            return await self.dial(leg)
        except Exception as error:  # this leg is down, the others are still dialled
            why = reason_of(error)
            self._context.events.add(leg.client, "Leg Failed", Leg=leg.id, Dst=leg.server, Reason=why)
            return record_no_connection(self._context.now, f"the lab could not dial it: {why}", resolved=True)

    async def _open(self, leg: Leg) -> tuple[HandshakeTrace, Stream | None]:
        """Dial one leg. If the other side answered, the returned connection is still up."""
        client, server = self._endpoints[leg.client], self._endpoints[leg.server]
        server.ready()
        address, problem = await self._network.find(leg)
        if address is None:
            client.journal.unresolved(leg, problem)
            return record_no_connection(client.now, problem, resolved=False), None
        # DNS may lead to another party than the intended one.
        server = next((e for e in self._endpoints.values() if e.address == address), server)
        if not self._network.passes(leg.client, server.party.fqdn):
            await asyncio.sleep(self._context.settings.unanswered)
            client.journal.unreachable(leg, address, "timed out")
            return record_no_connection(client.now, f"{leg.server}:{leg.port}: timed out", resolved=True), None
        opened = await client.open(leg, address)
        of_server = None
        if opened.here is not None and server.listens_on(leg.port):  # a peer's pages keep no record of a handshake
            of_server = await server.collect(opened.here)
        return merge(opened.recorder, of_server), opened.stream

    async def hold(self) -> None:
        """Keep every SIP leg and every tunnel up from now on, as zones do. Returns after each leg was dialled once."""
        self._holds = True
        self._start_links()
        for link in tuple(self.links.values()):
            await link.settled.wait()

    async def settle(self) -> None:
        """Return after each held leg was dialled once since it was lost in a restart, or since the last change."""
        with suppress(TimeoutError):  # a connection that takes longer is down for now
            async with asyncio.timeout(2 * self._context.settings.timeout):
                for link in tuple(self.links.values()):
                    await link.settled.wait()

    def _start_links(self) -> None:
        for link in self._new_links():
            self._context.background.spawn(link.run(), f"leg {link.leg.id}", failed=link.died)

    def follow(self) -> None:
        """Use the legs that are configured now: end held ones that are gone, and dial new ones."""
        legs = {leg.id: leg for leg in self._context.legs}
        for gone in self.links.keys() - legs.keys():
            self.links.pop(gone).end()
        for link in self.links.values():
            link.follow(legs[link.leg.id])
        for gone in self.last.keys() - legs.keys():
            del self.last[gone]
        if self._holds:
            self._start_links()

    def retry(self) -> None:
        """Dial the held legs that are down now, because the lab has changed."""
        for link in self.links.values():
            link.retry()

    def drop_links_of(self, fqdn: str) -> None:
        """Drop the held connections that this party dialled, because it restarts."""
        for link in self.links.values():
            if link.active and fqdn in {link.leg.client, link.leg.server}:
                self.losses.expect(link.leg.id, fqdn)
                link.settled.clear()
            if link.leg.client == fqdn:
                link.drop()

    def status_of(self, fqdn: str) -> tuple[LegReport, ...]:
        """Return the legs of a party with the result of the last dial."""
        return tuple(r for r in self.last.values() if fqdn in {r.leg.client, r.leg.server})

    def _new_links(self) -> list[Link]:
        """Make a link for every SIP leg and every tunnel that has none yet and can be dialled."""
        made = [
            Link(
                leg,
                self._endpoints[leg.client],
                self._context,
                open_leg=self._open,
                report=self._report,
                failed=self._report_unjudged,
                losses=self.losses,
            )
            for leg in self._context.legs
            if leg.protocol in _HELD and not leg.registration and leg.id not in self.links and self._can_dial(leg)
        ]
        self.links |= {link.leg.id: link for link in made}
        return made

    def _report(self, leg: Leg, trace: HandshakeTrace) -> LegReport:
        # What was dialled is known: the lab plays machines that nobody brought.
        judge = partial(judge_leg, world=self._network.as_seen(), at=self._context.now())
        return self._remember(leg, self._judge(leg, judge), trace)

    def _report_unjudged(self, leg: Leg, trace: HandshakeTrace) -> LegReport:
        return self._remember(leg, None, trace)

    def _judge(self, leg: Leg, judge: Callable[[Leg], LegVerdict]) -> LegVerdict | None:
        """Judge a leg before it is dialled. If that fails, write a line to the log and return None."""
        try:
            return judge(leg)
        except Exception as error:  # one odd object must not prevent the report of the other legs
            self._context.events.add(leg.client, "Leg Not Judged", Leg=leg.id, Reason=reason_of(error))
            return None

    def _remember(self, leg: Leg, verdict: LegVerdict | None, trace: HandshakeTrace | None) -> LegReport:
        if verdict is None:
            nothing = Verdict(question=f"{leg.id}: not assessed")
            verdict = LegVerdict(leg=leg, by_client=nothing, by_server=nothing)
            if trace is None:  # neither judged nor dialled: that must not look like a success
                trace = record_no_connection(
                    self._context.now, "this connection could be neither checked nor dialled", resolved=True
                )
        report = self.last[leg.id] = LegReport(leg=leg, verdict=verdict, trace=trace)
        return report

    async def status(self) -> CheckReport:
        """Return the current state of held legs, and dial the others."""
        await self.check(only=lambda leg: leg.id not in self.links)
        found = (self.last[leg.id] for leg in self._context.legs if leg.id in self.last)
        return CheckReport.of(self._context.world.deployment, self._context.now(), found)

    async def check(
        self, *, only: Callable[[Leg], bool] | None = None, progress: Callable[[LegReport], None] | None = None
    ) -> CheckReport:
        """Judge and dial every leg, or those for which `only` returns True."""
        for endpoint in self._endpoints.values():
            endpoint.ready()
        gate = asyncio.Semaphore(_AT_ONCE)
        at = self._context.now()
        judge = judge_of(self._network.as_seen(), at)

        async def one(leg: Leg) -> LegReport:
            verdict = self._judge(leg, judge)
            trace = None
            known = verdict is None or not verdict.lacks  # a handshake with a stand-in would be taken for a fact
            if known and self._can_dial(leg):
                async with gate:
                    trace = await self._dial_safely(leg)
            report = self._remember(leg, verdict, trace)
            if progress is not None:
                progress(report)
            return report

        chosen = [leg for leg in self._context.legs if only is None or only(leg)]
        reports = await asyncio.gather(*(one(leg) for leg in chosen))
        return CheckReport.of(self._context.world.deployment, at, reports)

    def _can_dial(self, leg: Leg) -> bool:
        """Return False if a side would need a private key that the lab does not have."""
        parties = self._context.world.parties
        shown = [parties[leg.server].as_server(leg.port, leg.reference_name)]
        if leg.mutual:
            shown.append(parties[leg.client].as_client(leg.port))
        credentials = [party.credential for party in shown]
        return all(credential is not None and credential.key is not None for credential in credentials)
