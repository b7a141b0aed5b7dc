"""Trusted CA lists in a plan: their order, and that states share them."""

from __future__ import annotations

from dataclasses import replace

from cryptography import x509

from pkikit.model.certificates.facts import is_self_signed
from pkikit.model.world import World
from pkikit.planning.difference import difference_of
from pkikit.planning.steps import Action
from tests.support.clashing_changes import same_subject, twin_of
from tests.support.worlds.deployments import AT, issued


def test_list_whose_order_no_step_reaches_is_noted_once() -> None:
    today = issued("single-pair").world
    edge = "expe.example.com"
    old = next(c for c in today.parties[edge].trusted_ca_list if is_self_signed(c))
    twin = twin_of(old).root

    def with_list(*listed: x509.Certificate) -> World:
        return replace(today, parties={**today.parties, edge: replace(today.parties[edge], trusted_ca_list=listed)})

    first, last = with_list(twin, old), with_list(old, twin)
    assert not difference_of(with_list(old), last, at=AT).assumptions
    (note,) = difference_of(with_list(old), first, at=AT).assumptions
    assert edge in note
    assert "another order" in note


def test_states_share_the_lists_that_no_step_between_them_changes() -> None:
    change = same_subject()
    step = next(s for s in change.steps if s.action is Action.APPEND_CA)
    other = next(s for s in change.steps if s.action is Action.LOAD and s.machine == step.machine)
    restart = change.restart_of[other.key]
    with_ca = change.world(frozenset({step.key})).parties[step.machine].trusted_ca_list
    later = change.world(frozenset({step.key, other.key, restart})).parties[step.machine].trusted_ca_list
    assert later is with_ca
