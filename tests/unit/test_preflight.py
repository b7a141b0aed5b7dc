"""ACME preflight as a pure decision: each objection with a world that raises it and a near miss that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import dns.resolver
import pytest

from pkikit.design.san import design_sans
from pkikit.issue.authority import create_root
from pkikit.judge.linting.preflight import (
    AcmeFacts,
    CaaRecord,
    missing_from_lists,
    pending_not_deployed,
    preflight,
)
from pkikit.net.acme_facts import caa_records
from simulator.world.craft import DAY, craft
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
    return [f.rule for f in preflight(layout, facts(**changes)).errors]


@pytest.mark.parametrize(
    ("breaks", "does_not", "rule"),
    [
        pytest.param(*row, marks=[pytest.mark.fires(row[2]), pytest.mark.near_miss(row[2])])
        for row in (
            ({"port_80": {"192.0.2.2": "connection refused"}}, {"port_80": {}}, "acme.http-01-unreachable"),
            ({"addresses": {"example.com": ()}}, {"addresses": {"example.com": ("192.0.2.2",)}}, "acme.dns-missing"),
            ({"addresses": {"example.com": ("198.51.100.9",)}}, {"addresses": {}}, "acme.dns-missing"),
            (
                {"caa": {"example.com": (CaaRecord(tag="issue", value="other.example"),)}},
                {"caa": {}},
                "acme.caa-forbids",
            ),
            (
                {"caa": {"example.com": (CaaRecord(tag="issue", value=";"),)}},
                {"caa": {"example.com": (CaaRecord(tag="issuewild", value=";"),)}},
                "acme.caa-forbids",
            ),
            (
                {
                    "caa": {
                        "example.com": (
                            CaaRecord(tag="issue", value="ca.example; validationmethods=dns-01,tls-alpn-01"),
                        )
                    }
                },
                {
                    "caa": {
                        "example.com": (CaaRecord(tag="issue", value="ca.example;validationmethods=dns-01, http-01"),)
                    }
                },
                "acme.caa-forbids",
            ),
            ({"caa_unknown": {"example.com": "SERVFAIL"}}, {"caa_unknown": {}}, "acme.caa-forbids"),
            ({"names_left": 2}, {"names_left": 3}, "acme.rate-limited"),
            ({"certificates_left": 0}, {"certificates_left": 1}, "acme.rate-limited"),
        )
    ],
)
def test_preflight_reports_exactly_the_broken_rule(breaks: dict[str, Any], does_not: dict[str, Any], rule: str) -> None:
    """Exactly that rule, and nothing for the near miss."""
    assert rules(**breaks) == [rule]
    assert rules(**does_not) == []


@pytest.mark.fires("acme.name-not-public")
@pytest.mark.near_miss("acme.name-not-public")
def test_preflight_refuses_an_internal_registration_domain() -> None:
    """An internal registration domain is refused; one that only sounds like it is not."""
    inside = design_sans(changed(domains__registration=["corp.local"]), E1)
    assert rules(inside) == ["acme.name-not-public"]
    for domain in ("example.lab", "example.test", "co.uk"):
        assert rules(design_sans(changed(domains__registration=[domain]), E1)) == ["acme.name-not-public"]
    outside = design_sans(changed(domains__registration=["local.example.com"]), E1)
    assert rules(outside) == []


@pytest.mark.fires("acme.pending-not-deployed")
@pytest.mark.near_miss("acme.pending-not-deployed", watched=False)
def test_preflight_reports_a_pending_certificate_once_the_current_one_expired() -> None:
    """acme.pending-not-deployed speaks once the certificate in use has expired, and not a second before."""
    current = craft((E1,), None, at=AT, ends=DAY).leaf
    pending = craft((E1,), None, at=AT, ends=90 * DAY).leaf
    assert pending_not_deployed(current, pending, owner=E1, at=AT + DAY) == ()
    assert pending_not_deployed(current, None, owner=E1, at=AT + 2 * DAY) == ()
    (found,) = pending_not_deployed(current, pending, owner=E1, at=AT + 2 * DAY)
    assert found.rule == "acme.pending-not-deployed"


@pytest.mark.fires("acme.apex-name")
@pytest.mark.near_miss("acme.apex-name")
def test_preflight_remarks_on_a_whole_domain() -> None:
    """Who owns its A records? Nothing fails by it, and the collab-edge form of the name raises no such question."""
    info = [f for f in preflight(LAYOUT, facts()).findings if f.rule == "acme.apex-name"]
    assert [e.label for f in info for e in f.evidence] == ["example.com"]
    collab = design_sans(changed(), E1, "collab-edge-dns")
    assert "acme.apex-name" not in [f.rule for f in preflight(collab, facts()).findings]


@pytest.mark.fires("acme.common-name-long")
@pytest.mark.near_miss("acme.common-name-long")
def test_preflight_refuses_a_common_name_over_64_characters() -> None:
    """64 characters are taken, 65 are not."""
    for length, found in ((64, []), (65, ["acme.common-name-long"])):
        name = "a" * (length - len(".example.com")) + ".example.com"
        layout = replace(LAYOUT, common_name=name)
        addresses = {name: BOTH, **facts().addresses}
        assert [f.rule for f in preflight(layout, facts(addresses=addresses)).errors] == found


def test_preflight_ignores_port_80_of_an_address_without_dns() -> None:
    """Port 80 is closed on a peer that DNS leads nobody to: the CA never asks there."""
    one = dict.fromkeys((E1, CLUSTER_E, "example.com"), (PEERS[E1],))
    closed = {PEERS[E1]: "", PEERS[E2]: "connection refused"}
    assert rules(addresses=one, port_80=closed) == []
    assert rules(port_80=closed) == ["acme.http-01-unreachable"]


@pytest.mark.parametrize(("error", "says"), [
    (dns.resolver.NXDOMAIN(), None), (dns.resolver.NoAnswer(), None),
    (dns.resolver.NoNameservers(), "nameservers failed"), (dns.resolver.LifetimeTimeout(timeout=5, errors=[]), "expired"),
])  # fmt: skip
def test_preflight_distinguishes_a_failed_caa_lookup_from_no_record(error: Exception, says: str | None) -> None:
    """NXDOMAIN and an empty answer mean no CAA records. A server that fails says nothing, and the CA refuses then."""

    class Resolver:
        def resolve(self, name: str, kind: str) -> object:
            assert kind == "CAA"
            raise error

    found = caa_records(Resolver(), "e1.example.com")  # type: ignore[arg-type]
    if says is None:
        assert found == ()
    else:
        assert isinstance(found, str)
        assert found.startswith("e1.example.com: ")
        assert says in found.lower()


@pytest.mark.fires("acme.ca-not-in-lists")
def test_lists_without_the_ca_of_acme_are_named() -> None:
    """Each machine that lacks the root or the intermediate."""
    root = create_root("Public Root", at=AT)
    issuing = root.intermediate("Public Issuing", at=AT)
    leaf = craft((E1,), issuing, at=AT).leaf
    chain = (leaf, issuing.certificate)
    both = (root.certificate, issuing.certificate)
    (found,) = missing_from_lists(
        chain, {E1: both, E2: (root.certificate,), "c1": (issuing.certificate,)}, owner=E1
    ).findings
    assert found.rule == "acme.ca-not-in-lists"
    assert [(e.where, e.label) for e in found.evidence] == [(E2, "intermediate"), ("c1", "root")]


@pytest.mark.near_miss("acme.ca-not-in-lists")
def test_lists_with_root_and_intermediate_are_not_named() -> None:
    """The near miss: both are everywhere."""
    root = create_root("Public Root", at=AT)
    issuing = root.intermediate("Public Issuing", at=AT)
    chain = (craft((E1,), issuing, at=AT).leaf, issuing.certificate)
    assert missing_from_lists(chain, {E1: (root.certificate, issuing.certificate)}, owner=E1).findings == ()


def test_name_with_an_ipv6_address_alone_has_no_a_record() -> None:
    """Every domain of the SAN needs an A record that leads to E."""
    addresses = {**facts().addresses, "example.com": ("2001:db8::1",)}
    assert rules(addresses=addresses) == ["acme.dns-missing"]
