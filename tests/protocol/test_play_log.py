"""The theatre beside the wire: the log lines and the messages that it shows are those of the same connection when dialled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pkikit.handshake import tls
from pkikit.handshake.decoding.decoder import decode
from pkikit.model.tables.log_events import SERVER_UNREACHABLE
from pkikit.model.trace import Side
from pkikit.model.world import Speaks
from simulator.connections.context import Follower
from simulator.connections.play_log import PlayLog
from simulator.events import TLS_ERRORS
from simulator.threaded import ThreadedLab
from simulator.wire.capture import End, Tap
from simulator.wire.theatre import perform
from tests.support.labs import FAST, lab_of
from tests.support.worlds import C1, E1

_VARIES = re.compile(r'\d{4}-\d\d-\d\d[T ][\d:.,]+(?:\+00:00)?|(?<=[Ss]rc-port=")\d+|(?<=[Dd]st-port=")\d+')


class Wire(Follower):
    """Keeps the bytes of every connection."""

    name = "the test"

    def __init__(self) -> None:
        self.pieces: list[tuple[Side, bytes]] = []

    def tap(self, client: End, server: End) -> Tap:
        """Record this connection."""
        return lambda from_client, data: self.pieces.append((Side.CLIENT if from_client else Side.SERVER, data))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedLab]:
    with lab_of(settings=replace(FAST, keylog=tmp_path_factory.mktemp("keys") / "keys.log")) as running:
        yield running


@pytest.mark.parametrize("distrusting", ["", C1, E1])
def test_played_connection_is_the_one_on_the_wire(
    lab: ThreadedLab, distrusting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same messages, and both machines' log lines but for times and ports (the lab's are shifted)."""
    key_log = bytearray()  # the lab appends to a file, which the tests' guard against blocking calls does not like
    monkeypatch.setattr(tls, "_append_key", lambda _, line: key_log.extend(line + b"\n"))
    before = lab.world
    if distrusting:
        lab.change(before.with_party(replace(before.parties[distrusting], trusted_ca_list=())))
    leg = next(leg for leg in lab.legs if leg.id == f"zone:uc-traversal:{C1}>{E1}")
    seen, wire, at = lab.events.last, Wire(), lab.clock.now()
    with lab.lab.attached(wire):
        lab.dial(leg)
    real = {e.party: _VARIES.sub("", str(e)) for e in lab.events.since(seen) if e.kind in TLS_ERRORS}
    steps = perform(leg, lab.world, at, log=PlayLog(leg, lab.world, at, lab.plan.by_name)).steps
    names = {Side.CLIENT: leg.client, Side.SERVER: leg.server}
    assert {names[side]: _VARIES.sub("", line) for side, line in steps[-1].logs} == real
    assert set(real) == ({C1, E1} if distrusting else set())
    told = [m.title for m in decode(wire.pieces, bytes(key_log), at)]
    played = [step.message.title for step in steps if step.message]
    assert [title for title in told if title not in {"NewSessionTicket", "close_notify"}] == [
        title for title in played if title != "NewSessionTicket"
    ]
    lab.change(before)


@pytest.mark.parametrize("trouble", ["closed", "plain server", "plain client"])
def test_played_logs_without_tls_are_the_real_ones(lab: ThreadedLab, trouble: str) -> None:
    before = lab.world
    leg = next(leg for leg in lab.legs if leg.id == f"zone:uc-traversal:{C1}>{E1}")
    fqdn = C1 if trouble == "plain client" else E1
    plain = before.with_party(replace(before.parties[fqdn], speaks=Speaks.PLAIN))
    lab.change(replace(before, blocked=frozenset({(E1, leg.port)})) if trouble == "closed" else plain)
    seen, at = lab.events.last, lab.clock.now()
    trace = lab.dial(leg)
    kinds = TLS_ERRORS | {SERVER_UNREACHABLE}
    real = {(e.party, _VARIES.sub("", str(e))) for e in lab.events.since(seen) if e.kind in kinds}
    played = perform(leg, lab.world, at, log=PlayLog(leg, lab.world, at, lab.plan.by_name))
    names = {Side.CLIENT: leg.client, Side.SERVER: leg.server}
    lab.change(before)
    assert {(names[side], _VARIES.sub("", line)) for side, line in played.steps[-1].logs} == real
    assert played.trace.outcome is trace.outcome
