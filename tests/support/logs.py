"""Lines of the product's event log, and the answer about them."""

from __future__ import annotations

from pkikit.judge.logs.log_text import LogDiagnosis, diagnose_lines

C, E = "10.20.0.5", "10.30.0.9"


def event(
    detail: str,
    *,
    inbound: bool = False,
    client: str = C,
    port: int = 7001,
    source: int = 27001,
    second: int = 10,
    more: str = "",
) -> str:
    """A line of the event log of the machine that was dialled (inbound) or that dialled."""
    host, way = ("vcse1", "Inbound") if inbound else ("vcsc1", "Outbound")
    return (
        f'2026-10-02T08:15:{second:02}.250+00:00 {host} tvcs: Event="{way} TLS Negotiation Error" Service="SIP" '
        f'Src-ip="{client}" Src-port="{source}" Dst-ip="{E}" Dst-port="{port}" Detail="{detail}" Protocol="TLS" {more}'
        f'Level="1" UTCTime="2026-10-02 08:15:{second:02},250"'
    )


def read(*lines: str) -> LogDiagnosis:
    return diagnose_lines("\n".join(lines).split("\n"), where="vcs.log")
