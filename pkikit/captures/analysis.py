"""A capture in, its TLS connections out. Memory stays bounded, whatever the capture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from pkikit.captures.capture_contents import CaptureContents
from pkikit.captures.conversations.conversation import Conversation, Meter
from pkikit.captures.packets.containers import CaptureReader, Packet
from pkikit.captures.packets.layers import End, Ignored, Key, Segment, peek, segment_of
from pkikit.captures.packets.streams import MAX_FLOWS, Streams
from pkikit.errors import EncodingError
from pkikit.files.streams.peeked import Readable
from pkikit.handshake.decoding.key_log import KeyLog
from pkikit.text import counted

MAX_CONNECTIONS, MAX_SEGMENTS, MAX_PACKETS = 20_000, 150_000, 2_000_000  # of all files of a machine together
MAX_WORK = 16 * 1024 * 1024
_STEP = 4096  # packets between two reports of progress


class CaptureAnalyzer:
    """Reads the captures of one machine, in order: a connection may begin in one file and end in the next."""

    def __init__(self, log: KeyLog, progress: Callable[[int], None] | None = None) -> None:
        self.captured = CaptureContents()
        self._log, self._progress = log, progress
        self._streams = Streams(self._listen)
        self._ignored: Counter[Ignored] = Counter()
        self._meter = Meter()
        self._cut = self._segments = 0
        self._settled: set[Key] = set()  # directions whose bytes would tell nothing more

    def read(self, stream: Readable, where: str, file: str = "") -> None:
        """Read one capture to its end.

        Args:
            stream: the bytes of the capture.
            where: its name, for messages.
            file: its name in the evidence, if there are several.
        """
        reader = CaptureReader(stream, where)
        known = 0
        try:
            for packet in reader.packets():
                for lines in reader.secrets[known:]:
                    self._log.add(lines)
                known = len(reader.secrets)
                self.captured.packets += 1
                self._packet(packet, file)
                if self._progress is not None and packet.number % _STEP == 0:
                    self._progress(_STEP)
                if why := self._enough():
                    reader.damage = f"only the packets up to {packet.number:,} were read, because there are {why}"
                    break
        except EncodingError as error:
            reader.damage = error.message
        if reader.damage:
            self.captured.notes.append(f"{where}: {reader.damage}")

    def _packet(self, packet: Packet, file: str) -> None:
        seen = peek(packet)
        if isinstance(seen, Ignored):
            self._ignored[seen] += 1
            return
        if seen is not None and seen[0] in self._settled:
            if seen[1]:
                self._ignored[Ignored.SETTLED] += 1
                return
            self._settled.discard(seen[0])  # it ends, or begins again
        segment = segment_of(packet)
        if not isinstance(segment, Segment):
            self._ignored[segment] += 1
            return
        self._segments += 1
        self._cut += segment.missing > 0
        if not self._streams.add(segment, packet, file) and seen is not None:
            self._settled.add(seen[0])

    def _enough(self) -> str:
        """Return what there is too much of, to be read in a time that anybody waits."""
        if self._streams.full:
            return f"more than {MAX_FLOWS:,} TCP connections; split the file (editcap -c)"
        if self._segments >= MAX_SEGMENTS:
            return f"more than {MAX_SEGMENTS:,} segments that have to be looked at; split the file (editcap -c)"
        if self._meter.spent >= MAX_WORK:
            return "very many handshakes in it; split the file (editcap -c)"
        if self.captured.packets >= MAX_PACKETS:
            return f"more than {MAX_PACKETS:,}; split the file (editcap -c)"
        return ""

    def _listen(self, source: End, target: End) -> Conversation:
        return Conversation(source, target, self._log, self._meter, self._take)

    def _take(self, conversation: Conversation) -> None:
        captured = self.captured
        found = conversation.result()
        if found is None:
            captured.middle += conversation.is_middle
            captured.others += not conversation.is_middle
        elif len(captured.connections) < MAX_CONNECTIONS:
            captured.connections.append(found)
        else:
            captured.left_out += 1

    def finish(self) -> CaptureContents:
        """Return everything that was found."""
        self._streams.finish()
        captured = self.captured
        captured.connections.sort(key=lambda c: (c.began, c.events[0].packet))
        told = {
            Ignored.FRAGMENT: "not assessed, because fragments are not put together",
            Ignored.MALFORMED: "not assessed",
            Ignored.LINK: "not assessed; capture on an Ethernet interface",
        }
        for kind, what in told.items():
            if self._ignored[kind]:
                captured.notes.append(f"{self._ignored[kind]:,} {kind.value}: {what}")
        if self._cut:
            captured.notes.append(
                f"{counted(self._cut, 'packet')} cut off by the capture: use whole packets (tcpdump -s 0)"
            )
        if captured.middle:
            captured.notes.append(
                f"{counted(captured.middle, 'TLS connection')} began before the capture: not assessed"
            )
        if captured.left_out:
            captured.notes.append(f"only the first {MAX_CONNECTIONS:,} connections are listed")
        return captured
