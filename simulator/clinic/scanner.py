"""Strangers who try the SIP port of a peer, as scanners of the internet do all day. Their calls are real connections."""

from __future__ import annotations

import asyncio
import contextlib

from pkikit.model.tables import ports
from simulator.clinic.case import Scanner
from simulator.lab.running_lab import RunningLab

_ADDRESSES = 3  # from which they call
_GROUP = 255  # 127.net.255.x: no party of a lab is there
_WAIT = 5.0  # seconds for an answer
# HTTP, SIP without TLS, and a hello in SSL 2 form, with a challenge of zeros.
_CALLS = (
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS sip:100@example.com SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n",
    b"\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x01\x00\x80" + bytes(16),
)


async def scan(lab: RunningLab, scanner: Scanner) -> None:
    """Make the calls, one after the other; each waits for the end of its connection.

    Args:
        lab: the lab.
        scanner: whom they call, and how often.
    """
    address, port = lab.plan.by_name[scanner.peer], lab.settings.port(ports.SIP_TLS)
    for number in range(scanner.calls):
        source = f"127.{lab.plan.net}.{_GROUP}.{number % _ADDRESSES + 1}"
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_WAIT):
                reader, writer = await asyncio.open_connection(address, port, local_addr=(source, 0))
                with contextlib.closing(writer):
                    writer.write(_CALLS[number % len(_CALLS)])
                    await writer.drain()
                    await reader.read()
