"""Records what one side of a handshake does and sees; the callbacks of the shared contexts write into it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from OpenSSL import SSL, crypto

from pkikit.handshake.certificates import readable
from pkikit.judge.openssl_codes import verify_error_name
from pkikit.model.certificates.facts import title
from pkikit.model.tables.alerts import ALERT_NAMES
from pkikit.model.tables.log_events import WRONG_NAME
from pkikit.model.trace import (
    Alert,
    CertificateJudged,
    Detail,
    Failed,
    HandshakeTrace,
    Message,
    NameJudged,
    NotConnected,
    Side,
    Step,
)

_ORDER = itertools.count(1)  # one order over both sides; it has no meaning but "before" and "after"

_FATAL = 2

# (seq, instant, what): kept raw while the handshake runs, turned into Steps when somebody looks.
_Raw = tuple[int, datetime | None, object]


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why one side of a handshake gave up.

    reason: in OpenSSL's words or ours. code: OpenSSL's verification error, or 0. looked_for: the names that the other
    side's certificate does not have; empty for other reasons. subject: whose certificate the other side presented.
    """

    reason: str
    code: int = 0
    looked_for: tuple[str, ...] = ()
    subject: str = ""


class Recorder:
    """The steps of one side. It calls `now` only at both ends: a handshake takes milliseconds, and only the order matters."""

    def __init__(self, side: Side, now: Callable[[], datetime]) -> None:
        self.side = side
        self._now = now
        self._raw: list[_Raw] = []
        self._judged: list[tuple[int, crypto.X509, int, int]] = []
        self.began = now()
        self.seen: tuple[x509.Certificate, ...] = ()

    def note(self, detail: Detail) -> None:
        """Add a step."""
        self._raw.append((next(_ORDER), self._now(), detail))

    def state(self, where: int, ret: int, name: bytes) -> None:
        """OpenSSL calls this for each state and alert."""
        if where & SSL.SSL_CB_ALERT:
            self._raw.append((next(_ORDER), None, (bool(where & SSL.SSL_CB_WRITE), ret)))
        elif where & SSL.SSL_CB_LOOP:
            self._raw.append((next(_ORDER), None, name))

    def record_judgement(self, certificate: crypto.X509, code: int, depth: int) -> None:
        """OpenSSL calls this for each certificate of the path it built."""
        self._judged.append((next(_ORDER), certificate, code, depth))

    def steps(self) -> list[Step]:
        """Return this side's steps in order, without repeated states."""
        steps = [Step(seq=seq, at=at or self.began, side=self.side, detail=_detail(raw)) for seq, at, raw in self._raw]
        for seq, certificate, code, depth in self._judged:
            subject = title(read[0]) if (read := readable((certificate,))) else "a certificate that cannot be read"
            judged = CertificateJudged(subject=subject, depth=depth, code=code, name=verify_error_name(code))
            steps.append(Step(seq=seq, at=self.began, side=self.side, detail=judged))
        steps.sort(key=lambda step: step.seq)
        return [
            s for before, s in zip([None, *steps], steps, strict=False) if before is None or before.detail != s.detail
        ]

    def trouble(self) -> Trouble:
        """Return why this side gave up; without a reason if it did not."""
        subject = title(self.seen[0]) if self.seen else ""
        for step in self.steps():
            match step.detail:
                case CertificateJudged(code=code, name=name) if code:
                    return Trouble(reason=name, code=code, subject=subject)
                case NameJudged(looked_for=looked_for, matched=""):
                    return Trouble(reason=WRONG_NAME, looked_for=looked_for, subject=subject)
                case Failed(reason=reason):
                    return Trouble(reason=reason, subject=subject)
                case _:
                    pass
        return Trouble(reason="")

    def remember_chain(self, connection: SSL.Connection) -> None:
        """Keep the other side's chain, also if it was refused: what was built, sent and judged."""
        found: dict[x509.Certificate, None] = {}
        leaf = connection.get_peer_certificate()
        for certificates in (
            [leaf] if leaf is not None else [],  # OpenSSL leaves it out of the chain that a server received
            connection.get_peer_cert_chain(),
            connection.get_verified_chain(),
            [c for _, c, _, _ in reversed(self._judged)],
        ):
            found.update(dict.fromkeys(readable(certificates)))
        self.seen = tuple(found)


def _detail(raw: object) -> Detail:
    match raw:
        case bytes():
            return Message(state=raw.decode("ascii", "replace"))
        case (bool() as sent, int() as ret):
            return Alert(sent=sent, name=ALERT_NAMES.get(ret & 0xFF, f"alert {ret & 0xFF}"), fatal=ret >> 8 == _FATAL)
        case _:
            return raw  # type: ignore[return-value]  # the only other thing that `note` puts there is a Detail


def record_no_connection(now: Callable[[], datetime], reason: str, *, resolved: bool) -> HandshakeTrace:
    """Return the trace of a dial without a connection; `resolved` is False if the name did not resolve."""
    recorder = Recorder(Side.CLIENT, now)
    recorder.note(NotConnected(reason=reason, resolved=resolved))
    return merge(recorder, None)


def merge(client: Recorder, server: Recorder | None) -> HandshakeTrace:
    """Return both sides' steps in the order in which they happened."""
    steps = client.steps() + (server.steps() if server else [])
    steps.sort(key=lambda step: step.seq)
    return HandshakeTrace(steps=tuple(steps), seen_by_client=client.seen, seen_by_server=server.seen if server else ())
