"""Plans as a person would write them, for tests that need a plan and no planner: a new root, step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pkikit.design.csr import fast_key
from pkikit.issue.authority import create_root
from pkikit.model.deployment import Deployment
from pkikit.planning.change import Change
from pkikit.planning.plan import Plan
from pkikit.planning.predictions import replay
from pkikit.planning.steps import Action, Precedence, Step
from pkikit.worlds.issued_world import IssuedWorld, issue_world, layout_of, profile_of


def new_root(deployment: Deployment, at: datetime) -> Change:
    """Every Expressway gets a certificate of a new CA: append the CA everywhere, load, restart, remove the old CA."""
    today = issue_world(deployment, at=at, rsa=False).world
    root = create_root("New Root CA", at=at, key=fast_key())
    authority = root.intermediate("New Issuing CA", at=at, key=fast_key())
    issued = IssuedWorld(world=today, authority=authority, root=root)
    new = (root.certificate, authority.certificate)
    tomorrow = today
    for party in today.parties.values():
        tomorrow = tomorrow.with_party(party.trusting(new))
    for fqdn in deployment.peers:
        credential = issued.sign(layout_of(deployment, fqdn), at=at, profile=profile_of(deployment), rsa=False)
        tomorrow = tomorrow.with_party(replace(tomorrow.parties[fqdn], credential=credential))
    steps = [
        Step(key=f"append-ca {fqdn}", action=Action.APPEND_CA, machine=fqdn, certificates=new) for fqdn in today.parties
    ]
    precedences: list[Precedence] = []
    for fqdn in deployment.peers:
        load = f"load-certificate {fqdn}"
        steps.append(
            Step(
                key=load, action=Action.LOAD, machine=fqdn, place="server", credential=tomorrow.parties[fqdn].credential
            )
        )
        steps.append(Step(key=f"restart {fqdn}", action=Action.RESTART, machine=fqdn, activates=(load,)))
        precedences.append(
            Precedence(first=load, then=f"restart {fqdn}", why="the restart uses what is loaded", rule="page")
        )
    return Change(
        today=today, tomorrow=tomorrow, at=at, steps=tuple(steps), precedences=tuple(precedences), goal="new root"
    )


def planned(change: Change, order: tuple[str, ...] = ()) -> Plan:
    """The plan of an order (default: that of the steps), judged state by state."""
    order = order or tuple(step.key for step in change.steps)
    predictions = replay(change, order)
    refused = any(prediction.refused for prediction in predictions)
    return Plan(change=change, order=order, predictions=predictions, order_exists=not refused)
