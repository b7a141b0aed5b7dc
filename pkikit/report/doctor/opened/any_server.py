"""A server that somebody named: dialled, and answered about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pkikit.model.trace import NotConnected, Outcome
from pkikit.net.probe import probe
from pkikit.report.doctor import live_servers
from pkikit.report.doctor.diagnosis import Context, Diagnosis
from pkikit.report.doctor.targets import Target


def of_server(target: Target, context: Context, *, timeout: float, now: Callable[[], datetime]) -> Diagnosis:
    """Dial a server, and answer about it.

    Args:
        target: the server; its ports are tried until one answers.
        context: what somebody said about it.
        timeout: in seconds, for each step.
        now: returns the current time.

    Returns:
        The answer about the first port that answers; if none does, about the first one.
    """
    name = live_servers.name_looked_for(target, context)
    first = None
    for port in target.tried:
        done = probe(
            target.host, port, protocol=target.protocol_on(port), now=now, server_name=name or target.host,
            timeout=timeout,
        )  # fmt: skip
        unresolved = any(isinstance(s.detail, NotConnected) and not s.detail.resolved for s in done.trace.steps)
        first = first or (done, port)
        if done.trace.outcome is not Outcome.UNREACHABLE or unresolved:
            return live_servers.of_server(done, target, port, context)
    assert first is not None
    return live_servers.of_server(first[0], target, first[1], context)
