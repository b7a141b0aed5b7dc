"""ACME preflight as a pure decision: each objection with a world that raises it and a near miss that does not."""

from __future__ import annotations

from typing import Any

import pytest

from pkikit.design.san import design_sans
from pkikit.judge.preflight import AcmeFacts, CaaRecord, pending_not_deployed, preflight
from simulator.forge import DAY, forge
from tests.support.worlds import AT, CLUSTER_E, E1, E2, changed

PEERS = {E1: "192.0.2.1", E2: "192.0.2.2"}
BOTH = tuple(PEERS.values())


def facts(**changes: Any) -> AcmeFacts:
    names = (E1, CLUSTER_E, "example.com")
    good: dict[str, Any] = {
        "authority": "ca.example",
        "addresses": dict.fromkeys(names, BOTH) | {E1: (PEERS[E1],)},
        "peers": PEERS,
        "port_80": dict.fromkeys(BOTH, ""),
        "caa": {"example.com": (CaaRecord(tag="issue", value="ca.example; validationmethods=http-01"),)},
    }
    return AcmeFacts(**good | changes)


LAYOUT = design_sans(changed(), E1)


def rules(layout: Any = LAYOUT, **changes: Any) -> list[str]:
    return [f.rule for f in preflight(layout, facts(**changes)).findings]


@pytest.mark.parametrize(
    ("breaks", "does_not", "rule"),
    [
        ({"port_80": {"192.0.2.2": "connection refused"}}, {"port_80": {}}, "acme.http-01-unreachable"),
        ({"addresses": {"example.com": ()}}, {"addresses": {"example.com": ("192.0.2.2",)}}, "acme.dns-missing"),
        ({"addresses": {"example.com": ("198.51.100.9",)}}, {"addresses": {}}, "acme.dns-missing"),
        ({"caa": {"example.com": (CaaRecord(tag="issue", value="other.example"),)}}, {"caa": {}}, "acme.caa-forbids"),
        (
            {"caa": {"example.com": (CaaRecord(tag="issue", value=";"),)}},
            {"caa": {"example.com": (CaaRecord(tag="issuewild", value=";"),)}},
            "acme.caa-forbids",
        ),
        ({"names_left": 2}, {"names_left": 3}, "acme.rate-limited"),
    ],
)
def test_objections(breaks: dict[str, Any], does_not: dict[str, Any], rule: str) -> None:
    """Exactly that rule, and nothing for the near miss."""
    assert rules(**breaks) == [rule]
    assert rules(**does_not) == []


def test_names_that_are_not_public() -> None:
    """An internal registration domain is refused; one that only sounds like it is not."""
    inside = design_sans(changed(domains__registration=["corp.local"]), E1)
    assert rules(inside) == ["acme.name-not-public"]
    outside = design_sans(changed(domains__registration=["local.example.com"]), E1)
    assert rules(outside) == []


def test_a_pending_certificate_that_nobody_deploys() -> None:
    """acme.pending-not-deployed speaks once the certificate in use has expired, and not a second before."""
    current = forge((E1,), None, at=AT, ends=DAY).leaf
    pending = forge((E1,), None, at=AT, ends=90 * DAY).leaf
    assert pending_not_deployed(current, pending, owner=E1, at=AT + DAY) == ()
    assert pending_not_deployed(current, None, owner=E1, at=AT + 2 * DAY) == ()
    (found,) = pending_not_deployed(current, pending, owner=E1, at=AT + 2 * DAY)
    assert found.rule == "acme.pending-not-deployed"
