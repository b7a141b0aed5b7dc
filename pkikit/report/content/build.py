"""Build a report from what somebody gave. Pure: no files, no clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pkikit.design.hand_work.hand_outlook import HOURS_A_YEAR
from pkikit.expectations.house.house_file import HouseRules
from pkikit.expectations.judged_promises import judge_promises
from pkikit.report.content.assessment import assess
from pkikit.report.content.deployment_report import Problem, Report, Warned
from pkikit.report.content.gaps import gaps_of, limits_of
from pkikit.report.content.inventory import inventory_of
from pkikit.report.content.report_dates import events_of, timeline_picture
from pkikit.report.content.report_outlook import report_outlook
from pkikit.report.content.service_lines import service_lines
from pkikit.report.given.given import Given
from pkikit.view.connections.cause_words import cause_in_words
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.root_cause import RootCause
from pkikit.view.short_names import ShortNames
from pkikit.view.topology.picture import draw_topology
from pkikit.view.topology.topology import Topology


def build_report(
    given: Given,
    at: datetime,
    judged: Callable[[int], None] = lambda number: None,
    *,
    hours: float = HOURS_A_YEAR,
    rules: HouseRules | None = None,
) -> Report:
    """Judge a deployment from its files.

    Args:
        given: the deployment, and the files of its machines.
        at: the time to judge for, aware UTC.
        judged: is called with the number of connections that were just judged.
        hours: hours of work by hand a year that the team plans.
        rules: the rules of the house; None for none.

    Returns:
        The report.
    """
    world, deployment = given.world, given.deployment
    connections = assess(world, at, judged)
    legs = tuple(connection.leg for connection in connections)
    names = ShortNames(legs)
    checked = CheckReport(deployment=deployment.name, at=at, legs=connections)
    inventory = inventory_of(world, legs, names, at)
    events = events_of(world, inventory, names.short, at)
    keys = all(held.key is not None for party in world.parties.values() for held in party.credentials)
    return Report(
        deployment=deployment.name,
        version=str(deployment.version),
        at=at,
        connections=connections,
        words={leg.id: names.connection(leg) for leg in legs},
        legend=names.legend().replace("\u00a0", " "),
        services=service_lines(deployment, connections),
        problems=tuple(_problem(cause, names, given) for cause in checked.root_causes()),
        warnings=tuple(_warnings(checked, names)),
        events=events,
        timeline=timeline_picture(events, at),
        inventory=inventory,
        by_hand=report_outlook(deployment, inventory, at, hours),
        topology=draw_topology(Topology.of(deployment, world, checked, partial=True)),
        gaps=gaps_of(deployment, connections, given.folder),
        limits=limits_of(deployment, keys=keys, notes=given.notes),
        notes=given.notes,
        short=names.short,
        promises=judge_promises(world, at=at, rules=rules, partial=True),
    )


def _problem(cause: RootCause, names: ShortNames, given: Given) -> Problem:
    found = replace(cause.finding, fix=cause.fix)
    return Problem(
        rule=found.rule,
        says=(*(cause_in_words(line, names, found.rule) for line in found.lines), *map(names.in_text, cause.rests_on)),
        refused_by=cause.refused_by,
        certificates=tuple(f"{fqdn} ({given.files[fqdn]})" if fqdn in given.files else fqdn for fqdn in cause.holders),
        connections=tuple(names.connection(leg_id) for leg_id in cause.legs),
        fix=names.in_text(cause.fix),
    )


def _warnings(checked: CheckReport, names: ShortNames) -> list[Warned]:
    return [
        Warned(
            finding=finding,
            says=tuple(cause_in_words(line, names, finding.rule) for line in finding.lines),
            connections=tuple(names.connection(leg_id) for leg_id in ids),
        )
        for finding, ids in checked.warnings
    ]
