"""What a change of the deployment forces, and what the certificates of Unified CM and IM&P have to say."""

from __future__ import annotations

from typing import Any

import pytest

from pkikit.design.change import compare_deployments
from pkikit.design.nodes import design_nodes
from pkikit.design.restarts import ORDER_ADVICE, in_restart_order, order_advice
from pkikit.model.deployment import Deployment
from pkikit.model.parties import LegKind
from simulator.world.remedies import TOLD, Action
from tests.support.worlds import C1, C2, E1, E2, changed

FULL = changed("clustered-full")
CORE, EDGE = {C1, C2}, {E1, E2}


def full(**paths: Any) -> Deployment:
    return changed("clustered-full", **paths)


ALIASES = ["conference-1.example.com", "conference-2.example.com"]
NODES = ["imp1.corp.example.com", "imp2.corp.example.com"]
PROFILES = ["secure.profiles.corp.example.com", "softphone.profiles.corp.example.com"]


@pytest.mark.parametrize(
    ("new", "affected", "why"),
    [
        (full(chat_aliases=[*ALIASES, "conference-3.example.com"]), CORE | EDGE, "conference-3.example.com is new"),
        (full(chat_aliases=[ALIASES[0], "renamed.example.com"]), CORE | EDGE, "renamed.example.com is new"),
        (full(im_presence__0__nodes=[*NODES, "imp3.corp.example.com"]), CORE, "imp3.corp.example.com is new"),
        (full(im_presence__0__nodes=[NODES[0], "renamed.corp.example.com"]), CORE, "renamed.corp.example.com is new"),
        (full(unified_cm__0__security_profiles=[*PROFILES, "new.profiles.corp.example.com"]), CORE, "phone security profile"),
        (full(domains__registration=["example.com", "example.org", "example.net"]), EDGE, "registration"),
        (full(domains__federation=["example.com", "fed.example.com"]), EDGE, "XMPP federation domain"),
        (full(registration_domain_format="collab-edge-dns"), EDGE, "CollabEdgeDNS"),
        (full(clusters__0__fqdn="other-c.corp.example.com", zones__0__tls_verify_subject_name=None), CORE, "FQDN of the cluster"),
        (full(clusters__1__peers=[E1, E2, "e3.example.com"]), {"e3.example.com"}, "the peer is new"),
        (full(chat_aliases=ALIASES[:1]), set(), ""),
        (full(domains__registration=["example.com"]), set(), ""),
        (full(zones__1__tls_verify=False), set(), ""),
        (full(unified_cm__0__nodes=["ucm1.corp.example.com", "ucm9.corp.example.com"]), set(), ""),
    ],
    ids=[
        "chat alias added", "chat alias renamed", "IM&P node added", "IM&P node renamed", "profile added", "registration domain added",
        "federation domain added", "format changed", "cluster renamed", "peer added", "alias gone", "domain gone",
        "verification off", "Unified CM node changed",
    ],
)  # fmt: skip
def test_change_lists_the_peers_that_need_a_new_certificate(new: Deployment, affected: set[str], why: str) -> None:
    """Exactly those peers, with the reason; a name that is only gone forces nothing."""
    changes = {c.fqdn: c for c in compare_deployments(FULL, new)}
    assert {fqdn for fqdn, c in changes.items() if c.needs_certificate} == affected
    assert all(any(why in reason for reason in changes[fqdn].reasons) for fqdn in affected)


def test_change_lists_names_no_longer_needed() -> None:
    """Names that are no longer needed are listed; a peer that left comes last."""
    fewer = full(domains__registration=["example.com"])
    (e1,) = (c for c in compare_deployments(FULL, fewer) if c.fqdn == E1)
    assert [e.value for e in e1.removed] == ["example.org"]
    without = full(clusters__1__peers=[E1], zones__0__peer_addresses=[E1])
    assert [(c.fqdn, c.fate) for c in compare_deployments(FULL, without)][-1] == (E2, "removed")
    assert not any(c.needs_certificate for c in compare_deployments(FULL, FULL))


@pytest.mark.product("P4-3", "H-13")
def test_change_advises_to_restart_the_primary_first() -> None:
    """Each peer that restarts names those of its own cluster that restart before it, the primary first."""
    new = full(domains__registration=["example.com", "example.org", "new.example.net"])
    changes = {c.fqdn: c for c in compare_deployments(FULL, new)}
    assert changes[E1].restart_after == ()
    assert changes[E2].restart_after == (E1,)
    assert f"some minutes after {E1} (primary first" in changes[E2].to_json()["then"]
    assert "primary" not in changes[E1].to_json()["then"]
    assert not any(c.restart_after for c in compare_deployments(FULL, FULL))


@pytest.mark.product("P4-3")
def test_order_of_restarts_has_the_primary_first_and_one_sentence_for_all() -> None:
    """By cluster, as the deployment lists the peers; a single peer has no order. `san --diff` prints the sentence."""
    assert in_restart_order(FULL, (E2, E1, C1)) == ((C1,), (E1, E2))
    assert order_advice((E1,)) == ""
    assert order_advice((E1, E2)) == f"{ORDER_ADVICE} Here: {E1}, then {E2}."
    assert "primary first, then the other peers one at a time" in ORDER_ADVICE
    assert ORDER_ADVICE in TOLD[Action.RENEW]


@pytest.mark.product("P2-10")
def test_multi_server_certificate_of_ucm_covers_every_node() -> None:
    """One a service, with every node in it (CSCus47235), the -ms common name and the parent domain."""
    tomcat = next(n for n in design_nodes(FULL) if n.service == "tomcat" and n.nodes[0].startswith("ucm"))
    assert tomcat.layout.common_name == "ucm1-ms.corp.example.com"
    assert tomcat.layout.dns_names == ("ucm1.corp.example.com", "ucm2.corp.example.com", "corp.example.com")
    assert all(e.needed_by for e in tomcat.layout.entries[:2])
    assert {n.service for n in design_nodes(FULL)} == {"tomcat", "CallManager", "cup-xmpp"}


def test_certificate_of_a_single_node_has_its_fqdn_as_only_name() -> None:
    """CN and SAN are the node's FQDN; two services of one node then share their common name, which must not both be self-signed."""
    single = design_nodes(FULL, multi_server=False)
    names = [(n.service, n.layout.common_name) for n in single if n.nodes == ("ucm1.corp.example.com",)]
    assert names == [("tomcat", "ucm1.corp.example.com"), ("CallManager", "ucm1.corp.example.com")]
    plain = design_nodes(full(unified_cm__0__mixed_mode=False), multi_server=False)
    shown = {n.service: {leg.kind for e in n.layout.entries for leg in e.legs} for n in plain}
    assert shown["CallManager"] == {LegKind.UNIFIED_CM_TFTP}  # without encrypted SIP it is still seen on 6972


def test_internationalised_registration_domain_becomes_a_labels() -> None:
    """A domain in non-ASCII letters becomes the A-labels that a certificate has."""
    from pkikit.design.san import design_sans

    layout = design_sans(full(domains__registration=["bücher.example"]), E1)
    assert "xn--bcher-kva.example" in layout.dns_names
    edge = design_sans(full(domains__registration=["bücher.example"]), E1, "collab-edge-dns")
    assert "collab-edge.xn--bcher-kva.example" in edge.dns_names
