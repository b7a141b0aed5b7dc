"""A small plan: a new root for one Expressway, in an order that refuses nothing."""

from __future__ import annotations

from functools import cache

from pkikit.issue.authority import create_root
from pkikit.planning.change import Change
from pkikit.planning.plan import Plan
from pkikit.planning.predictions import replay
from pkikit.planning.steps import Action, Precedence, SettingChange, Step
from pkikit.worlds.issued_world import layout_of
from simulator.world.craft import craft
from tests.support.worlds import AT, C1, C2, E1, issued

NAME = "clustered-mra"


@cache
def small_plan() -> Plan:
    """c1 trusts a new root and e1 gets a certificate of it; then a switch is off for good."""
    today = issued(NAME).world
    root = create_root("New Root CA", at=AT)
    own = craft(layout_of(today.deployment, E1).dns_names, root, at=AT, common_name=E1)
    trusting = [fqdn for fqdn in today.parties if fqdn != E1]
    appends = [
        Step(key=f"append-ca {fqdn}", action=Action.APPEND_CA, machine=fqdn, certificates=(root.certificate,))
        for fqdn in trusting
    ]
    load = Step(key=f"load {E1}", action=Action.LOAD, machine=E1, place="server", credential=own)
    restart = Step(key=f"restart {E1}", action=Action.RESTART, machine=E1, activates=(load.key,))
    switch = Step(
        key="set zone", action=Action.SET, machine=C1,
        settings=(SettingChange(place="revocation.checking", old=False, new=True),),
    )  # fmt: skip
    steps = (*appends, load, restart, switch)
    change = Change(
        today=today, tomorrow=today, at=AT, steps=steps, goal="new root New Root CA",
        precedences=(Precedence(first=load.key, then=restart.key, why="A load needs a restart.", rule="page"),),
    )  # fmt: skip
    order = tuple(step.key for step in steps)
    change = Change(
        today=today, tomorrow=change.world(frozenset(order)), at=AT, steps=steps, goal=change.goal,
        precedences=change.precedences,
    )  # fmt: skip
    return Plan(change=change, order=order, predictions=replay(change, order), order_exists=True)


__all__ = ["C1", "C2", "E1", "small_plan"]
