"""The causes of everything that is down, the one to fix first in front: judged certificates and logs together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pkikit.design.legs import legs_of
from pkikit.intake.assembly import Assembly
from pkikit.judge.legs.known_parts import State
from pkikit.model.deployment import Deployment
from pkikit.report.causes.logged import LoggedFailure, is_about_files, logged_failures
from pkikit.report.content.assessment import assess
from pkikit.report.given.given import given_of_import
from pkikit.rules.catalogue import rule_of
from pkikit.rules.connection_rules import UNEXPLAINED
from pkikit.rules.rule import Step
from pkikit.view.connections.leg_report import LegReport


def causes_of_import(assembly: Assembly, paths: Sequence[Path], at: datetime) -> tuple[str, ...]:
    """Return the causes that an import shows, the one to fix first in front.

    Args:
        assembly: the import, without open questions.
        paths: the files that it is made of; their logs are read here.
        at: the time.

    Returns:
        Rule ids; none if nothing is known to be down.
    """
    given = given_of_import(assembly)
    return ranked_causes(assess(given.world, at), failures_in_logs(assembly, paths, given.deployment))


def failures_in_logs(assembly: Assembly, paths: Sequence[Path], deployment: Deployment) -> tuple[LoggedFailure, ...]:
    """Return what the logs of an import's files show about the connections of its deployment.

    Args:
        assembly: the import; it knows the addresses of the peers.
        paths: the files that it is made of.
        deployment: its deployment.

    Returns:
        One entry for each connection and cause.
    """
    return logged_failures(paths, deployment, legs_of(deployment), assembly.addresses)


def ranked_causes(connections: Iterable[LegReport], logged: Sequence[LoggedFailure]) -> tuple[str, ...]:
    """Return the causes of what is down: what a page or a CA refused, then by how many connections each has brought down.

    A log counts for connections whose certificates are not wrong, as far as they are known: a firewall, DNS, a clock or a CRL
    brings those down too.

    Args:
        connections: what was judged.
        logged: what logs show.

    Returns:
        Rule ids, each once. Symptoms, such as a cluster link that is down, come last.
    """
    down = {c.leg.id: c.causes[0] for c in connections if c.state is State.DOWN}
    counted = Counter(down.values())
    told = [f for f in logged if f.cause != UNEXPLAINED.id]
    about_files = sorted((f for f in told if is_about_files(f)), key=lambda f: f.alarm)
    others = [f for f in told if not is_about_files(f)]
    last = [f for f in others if f.noise or f.alarm or rule_of(f.cause).step is Step.SYMPTOM]
    for failure in (f for f in others if f not in last):
        free = [leg.id for leg in failure.legs if leg.id not in down]
        if failure.legs and not free:
            continue  # explained
        brought_down = free if failure.certain else free[:1]
        down |= dict.fromkeys(brought_down, failure.cause)
        counted[failure.cause] += max(1, len(brought_down))
    by_count = (cause for cause, _ in counted.most_common())
    return tuple(dict.fromkeys((*(f.cause for f in about_files), *by_count, *(f.cause for f in last))))
