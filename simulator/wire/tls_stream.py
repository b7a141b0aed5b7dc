"""A Handshake on an asyncio connection: the same engine as in memory, with bytes that travel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from cryptography import x509

from pkikit.handshake.messages import FramingError, options_request
from pkikit.handshake.recorder import Recorder
from pkikit.handshake.tls import Handshake
from pkikit.model.leg import Leg
from pkikit.model.revocation import RevocationData
from pkikit.model.trace import Application, Failed
from simulator.wire.app_protocol import AppProtocol
from simulator.wire.registrar import NOBODY, Registrar

_CHUNK = 65536
Tap = Callable[[bool, bytes], None]
LookUp = Callable[[tuple[x509.Certificate, ...]], Awaitable[RevocationData]]


class TlsStream:
    """Reads and writes application data; the caller's `asyncio.timeout` limits every wait."""

    def __init__(
        self,
        handshake: Handshake,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        tap: Tap | None = None,
        look_up: LookUp | None = None,
        speech: AppProtocol,
        delay: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Put a handshake on a connection.

        Args:
            tap: is called with every piece of data, as it is on the wire, and without data when the other side closes.
            look_up: asks for the revocation status of a chain.
            delay: seconds by which outgoing data is late.
        """
        self.handshake = handshake
        self._look_up, self._delay, self.speech = look_up, delay, speech
        self._tap = tap or (lambda ours, data: None)
        self._reader, self._writer = reader, writer
        self._buffer = bytearray()

    async def _flush(self) -> None:
        data = self.handshake.outgoing()
        if data:
            late = self._delay()
            if late:
                await asyncio.sleep(late)
            self._tap(True, data)
            self._writer.write(data)
            await self._writer.drain()

    async def establish(self) -> bool:
        """Shake hands; return True if this side accepts the other."""
        handshake = self.handshake
        while True:
            handshake.advance()
            await self._flush()
            if handshake.complete or handshake.failed:
                break
            data = await self._reader.read(_CHUNK)
            self._tap(False, data)  # no data: the other side closes
            if not data:
                handshake.fail("the other side closed the connection during the handshake")
                break
            handshake.feed(data)
        if handshake.to_look_up and self._look_up is not None:
            handshake.judge_with(await self._look_up(handshake.to_look_up))
        await self._flush()
        return handshake.complete and not handshake.failed

    async def read_message(self) -> bytes | None:
        """Read one complete message of the protocol; return None if the other side is gone."""
        while True:
            message = self.speech.split(self._buffer)
            if message is not None:
                return message
            data = self.handshake.read()
            if data:
                self._buffer += data
                continue
            if data == b"":
                return None
            arrived = await self._reader.read(_CHUNK)
            self._tap(False, arrived)
            if not arrived:
                return None
            self.handshake.feed(arrived)

    async def closed_within(self, seconds: float) -> bool:
        """Wait on an idle connection; return True as soon as the other side leaves, False if it is still there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    arrived = await self._reader.read(_CHUNK)
                    self._tap(False, arrived)
                    if not arrived:
                        return True
                    self.handshake.feed(arrived)
                    data = self.handshake.read()
                    if data == b"":
                        return True
                    self._buffer += data or b""
        return False

    async def write(self, data: bytes) -> None:
        """Send application data."""
        self.handshake.write(data)
        await self._flush()

    async def part(self) -> str:
        """Close a connection without waiting for an answer. A side that refused us has sent an alert instead of close_notify."""
        self.handshake.close()
        await self._flush()
        await self.read_message()
        return "" if self.handshake.failed else "goodbye after what was sent"

    def abort(self) -> None:
        """Drop the connection without close_notify, as a machine does that restarts."""
        self._writer.transport.abort()

    async def answers(self, leg: Leg) -> bool:
        """Send SIP OPTIONS; return True if the other side answers 200."""
        return bool(await exchange(self, options_request(leg.client, leg.reference_name, leg.port)))

    async def close(self) -> None:
        """Close TLS, then TCP; never raises."""
        self.handshake.close()
        with contextlib.suppress(OSError):
            await self._flush()
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def serve(
    stream: TlsStream, *, patience: float, idle: float, answered: Callable[[], None], registrar: Registrar = NOBODY
) -> None:
    """Play the server: shake hands, then answer requests until the other side leaves or is silent for too long.

    patience: seconds for the handshake and the first request; idle: between requests. `answered` is called once.
    registrar: knows the phones that may register here.
    """
    first = True
    try:
        async with asyncio.timeout(patience) as limit:
            if not await stream.establish():
                return
            while (message := await stream.read_message()) is not None:
                reply = registrar.answer(stream.speech, stream.handshake, message)
                if first:
                    stream.handshake.recorder.note(Application(received=reply.asked))
                await stream.write(reply.data)
                if first:
                    first = False
                    answered()
                if reply.asked.startswith("HTTP"):
                    return
                limit.reschedule(asyncio.get_running_loop().time() + idle)
    except FramingError as error:
        stream.handshake.recorder.note(Failed(reason=str(error)))
    except ConnectionError:
        stream.handshake.fail("the other side reset the connection")
    finally:
        await stream.close()


async def exchange(stream: TlsStream, request: bytes) -> str:
    """Send one request on an open connection; return one line about a positive answer. Otherwise the handshake has failed."""
    try:
        await stream.write(request)
        if stream.speech.one_way:
            return await stream.part()
        message = await stream.read_message()
        if message is not None:
            return stream.speech.understood(message)
        stream.handshake.fail("the other side closed the connection instead of answering")
    except FramingError as error:
        stream.handshake.fail(str(error))
    except ConnectionError:
        stream.handshake.fail("the other side reset the connection")
    return ""


async def ask(stream: TlsStream, request: bytes) -> bool:
    """Play the client: shake hands, send one request; return True if the answer was 200. The connection then stays open."""
    up = False
    try:
        if await stream.establish():
            line = await exchange(stream, request)
            if line:
                stream.handshake.recorder.note(Application(received=line))
                up = True
    except ConnectionError:
        stream.handshake.fail("the other side reset the connection")
    finally:
        if not up:
            await stream.close()
    return up


# What a machine says and notes that speaks SIP without TLS.
REFUSAL: Final = b"SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
NOT_SIP: Final = "this port speaks SIP without TLS, and the data is not SIP"
NO_ANSWER: Final = "no SIP answer without TLS"
_PLAIN_WAIT = 1.0  # a side that waits for TLS says nothing more to plain SIP


async def answer_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recorder: Recorder) -> None:
    """Play a server without TLS: it answers 400 to everything that is not SIP, as such servers answer a ClientHello."""
    await reader.read(_CHUNK)
    writer.write(REFUSAL)
    with contextlib.suppress(OSError):
        await writer.drain()
    recorder.note(Failed(reason=NOT_SIP))


async def ask_plainly(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recorder: Recorder, request: bytes
) -> None:
    """Play a client without TLS: it sends its request in clear, and receives a TLS alert or nothing."""
    writer.write(request)
    with contextlib.suppress(OSError, TimeoutError):
        await writer.drain()
        async with asyncio.timeout(_PLAIN_WAIT):
            await reader.read(_CHUNK)
    recorder.note(Failed(reason=NO_ANSWER))
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
