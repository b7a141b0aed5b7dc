"""Legs that stay up, as zones do: dialled, kept alive with OPTIONS, and dialled again after a loss.

The wait before the next try doubles with each failure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from pkikit.handshake.recorder import record_no_connection
from pkikit.model.leg import Leg
from pkikit.model.trace import HandshakeTrace
from simulator.background import reason_of
from simulator.connections.context import LabContext
from simulator.connections.endpoint import Endpoint
from simulator.connections.loss_log import Losses
from simulator.wire.stream import Stream

FIRST_WAIT, LONGEST_WAIT = 0.25, 15.0  # seconds until a lost connection is tried again
_REMOVED = "it is no longer configured"
_NO_ANSWER = "the other side does not answer"
Open = Callable[[Leg], Awaitable[tuple[HandshakeTrace, Stream | None]]]


class Link:
    """One leg that should stay up.

    active: SIP was answered on it last. dialled, kept_alive: how often it was dialled, and how many OPTIONS were answered.
    wait: seconds until the next try if it is down.
    """

    def __init__(
        self,
        leg: Leg,
        client: Endpoint,
        context: LabContext,
        *,
        open_leg: Open,
        report: Callable[[Leg, HandshakeTrace], object],
        failed: Callable[[Leg, HandshakeTrace], object],
        losses: Losses,
    ) -> None:
        """Describe the link; `run` dials it.

        Args:
            leg: the leg.
            client: the endpoint that dials.
            context: the lab around it.
            open_leg: dials the leg and leaves the connection up.
            report: judges the leg and stores the report.
            failed: stores a trace without a judgement.
            losses: the log of the connections that went down.
        """
        self.leg, self.active, self.dialled, self.kept_alive = leg, False, 0, 0
        self.wait = FIRST_WAIT
        self.settled = asyncio.Event()
        self._client, self._open, self._report, self._failed = client, open_leg, report, failed
        self._last_error = ""
        self._events, self._settings = context.events, context.settings
        self._again = asyncio.Event()
        self._stream: Stream | None = None
        self._losses = losses
        self._task: asyncio.Task[None] | None = None

    def follow(self, leg: Leg) -> None:
        """Use the connection as it is configured now.

        Certificates are checked at the handshake, so a connection stays up when only checks changed. It is dialled again if it
        now leads somewhere else. Ours: no document says which changes of a zone make the product connect again.
        """
        before, self.leg = self.leg, leg
        if _dials(leg) != _dials(before):
            self.drop()
            self.settled.clear()
            self.retry()

    def end(self) -> None:
        """Close the connection for good: it is no longer part of the configuration."""
        self.drop()
        self._set_active(False, _REMOVED)
        self._losses.forget(self.leg.id)
        self.settled.set()
        if self._task is not None:
            self._task.cancel()

    def retry(self) -> None:
        """End the current wait: something has changed."""
        if not self.active:
            self.settled.clear()
        self._again.set()

    def drop(self) -> None:
        """Close the client's end of the connection, because the client restarts."""
        if self._stream is not None:
            self._stream.abort()

    async def run(self) -> None:
        """Keep the leg up until cancelled. After any error the leg counts as down and is dialled again."""
        task = self._task = asyncio.current_task()
        assert task is not None  # a link runs in a task
        while not task.cancelling():  # a wait inside may have swallowed the cancellation
            try:
                was_up = await self._once()
            except (
                Exception
            ) as error:  # a defect or odd input: the leg must not stay green, and the other legs continue
                self.died(error)
                was_up = False
            if was_up or task.cancelling():
                continue  # at once: the lost connection worked a moment ago
            with suppress(TimeoutError):
                async with asyncio.timeout(self.wait):
                    await self._again.wait()
            self._again.clear()
            self.wait = min(self.wait * 2, LONGEST_WAIT)

    async def _once(self) -> bool:
        """Dial, and keep the connection alive until it is lost. Return False if the leg did not come up."""
        trace, stream = await self._open(self.leg)
        self._stream = stream
        self.dialled += 1
        self._set_active(stream is not None)
        self._report(self.leg, trace)
        self.settled.set()
        if stream is None:
            return False
        self.wait = FIRST_WAIT
        why = await self._keep_alive(stream)
        self._set_active(False, why)
        self._report(self.leg, self._lost(why))
        return True

    def died(self, error: BaseException) -> None:
        """Report the leg as down because of an error of the lab itself."""
        why = reason_of(error)
        if self._stream is not None:
            self._stream.abort()
        if self.active or why != self._last_error:
            self._events.add(self.leg.client, "Leg Failed", Leg=self.leg.id, Dst=self.leg.server, Reason=why)
        self._last_error = why
        self._set_active(False, why)
        self._failed(
            self.leg, record_no_connection(self._client.now, f"the lab could not dial it: {why}", resolved=True)
        )
        self.settled.set()

    async def _keep_alive(self, stream: Stream) -> str:
        """Send OPTIONS, or a request through a tunnel, again and again; return why the connection was lost."""
        try:
            while True:
                if await stream.closed_within(self._settings.keepalive):
                    return "the other side closed it"
                async with asyncio.timeout(self._settings.timeout):
                    if not await stream.answers(self.leg):
                        return _NO_ANSWER
                self.kept_alive += 1
                self._client.journal.kept_alive(self.leg)
        except (TimeoutError, ConnectionError):
            return _NO_ANSWER
        finally:
            await stream.close()

    def _lost(self, why: str) -> HandshakeTrace:
        return record_no_connection(self._client.now, f"the connection was lost: {why}", resolved=True)

    def _set_active(self, active: bool, why: str = "") -> None:
        if active != self.active:
            fields = {"Reason": why} if why else {}
            event = "Connection Established" if active else "Connection Lost"
            self._events.add(self.leg.client, event, Leg=self.leg.id, Dst=self.leg.server, **fields)
            if active:
                self._losses.back(self.leg.id)
            elif why != _REMOVED:
                self._losses.lost(self.leg.id, why)
        self.active = active


def _dials(leg: Leg) -> tuple[object, ...]:
    """Return where a connection leads."""
    return leg.protocol, leg.port, leg.reference_name, leg.discovered_by
