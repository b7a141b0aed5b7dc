"""What the tests of the ACME service share: a lab with the service prepared, faults, and what must not have changed."""

from __future__ import annotations

import socket
from typing import Any

from simulator.threaded import ThreadedLab
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Fault
from tests.support.worlds import E1, E2


def with_faults(lab: ThreadedLab, *faults: Fault) -> None:
    lab.change(FaultContext(lab.issued, lab.clock.now(), rsa=False).apply(faults, lab.world))


def is_open(lab: ThreadedLab, peer: str, port: int = 10080) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((lab.plan.by_name[peer], port)) == 0


def untouched(lab: ThreadedLab, peer: str, before: Any) -> None:
    """The certificate in use is the one before, nothing is pending, nothing listens, no file lies about."""
    state = lab.peers[peer].state
    assert lab.world.parties[peer].credential == before
    assert state.certificate == before
    assert state.pending_certificate is None
    assert not is_open(lab, E1)
    assert not is_open(lab, E2)
