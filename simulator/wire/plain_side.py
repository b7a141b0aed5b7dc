"""A side of a played connection that speaks SIP without TLS, as `tls_stream.answer_plainly` and `ask_plainly` do on sockets."""

from __future__ import annotations

from pkikit.handshake.messages import options_request
from pkikit.handshake.recorder import Recorder
from pkikit.model.leg import Leg
from pkikit.model.trace import Failed, Side
from simulator.wire.tls_stream import NO_ANSWER, NOT_SIP, REFUSAL


class PlainSide:
    """Sends its request, or refuses what is not SIP; a stand-in for a handshake in memory."""

    def __init__(self, leg: Leg, recorder: Recorder) -> None:
        """Describe a side that has sent nothing."""
        self.recorder, self.complete, self.failed = recorder, False, False
        self._leg, self._received, self._out, self._asked = leg, b"", b"", False

    def advance(self) -> None:
        """Ask once, as a client; as a server, answer what arrived."""
        if self.failed:
            return
        if self.recorder.side is Side.CLIENT and not self._asked:
            self._asked = True
            self._out = options_request(self._leg.client, self._leg.reference_name, self._leg.port)
        elif self._received:
            server = self.recorder.side is Side.SERVER
            self._out = REFUSAL if server else b""
            self.recorder.note(Failed(reason=NOT_SIP if server else NO_ANSWER))
            self.failed = True

    def feed(self, data: bytes) -> None:
        """Take bytes from the other side."""
        self._received += data

    def outgoing(self) -> bytes:
        """Return what is to be sent."""
        data, self._out = self._out, b""
        return data

    def read(self) -> bytes | None:
        """Return nothing: this side reads no TLS."""
        return None
