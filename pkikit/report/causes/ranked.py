"""The causes of everything that is down, the one to fix first in front: judged certificates and logs together."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.files import write_private
from pkikit.intake.assembly import Assembly, assemble
from pkikit.intake.material import Material
from pkikit.intake.reading import read_material
from pkikit.report.causes.logged import LoggedFailure, is_about_files, logged_failures
from pkikit.report.content.assessment import Connection, State, assess
from pkikit.report.given.given import world_of_files
from pkikit.rules.catalogue import rule_of
from pkikit.rules.connection_rules import UNEXPLAINED
from pkikit.rules.rule import Step


def first_cause_from_archives(paths: Sequence[Path], answers: Mapping[str, str], at: datetime) -> str | None:
    """Return the cause to fix first, as archives show it: as an import judges them, and as their logs do.

    Args:
        paths: what `pkikit import` takes.
        answers: answers to its questions, by key.
        at: the time.

    Returns:
        The rule id; None if nothing is known to be down.

    Raises:
        InputError: the files make no deployment, or a question is open.
    """
    material = read_material(paths)
    assembly = assemble(material, answers)
    if assembly.deployment is None:
        raise InputError(f"needs an answer first: {assembly.questions[0].text}", where=str(paths[0]))
    return next(iter(causes_of_import(material, assembly, paths, at)), None)


def causes_of_import(material: Material, assembly: Assembly, paths: Sequence[Path], at: datetime) -> tuple[str, ...]:
    """Return the causes that an import shows, the one to fix first in front.

    Args:
        material: what was read.
        assembly: the import, without open questions.
        paths: the files; their logs are read here.
        at: the time.

    Returns:
        Rule ids; none if nothing is known to be down.
    """
    deployment = assembly.deployment
    assert deployment is not None  # without open questions
    with tempfile.TemporaryDirectory() as folder:
        for file in assembly.placed:
            write_private(Path(folder) / file.path, file.content)
        connections = assess(world_of_files(deployment, Path(folder)), at)
    logged = logged_failures(paths, deployment, legs_of(deployment), addresses_in(material))
    return ranked_causes(connections, logged)


def addresses_in(material: Material) -> dict[str, str]:
    """Return the peers by the IP addresses that their dumps state.

    Args:
        material: what was read.

    Returns:
        IP address → FQDN.
    """
    found = {}
    for peer in material.peers:
        settings = peer.configuration.settings if peer.configuration is not None else {}
        words = {" ".join(key).lower(): stated.value.strip() for key, stated in settings.items()}
        fqdn = f"{words.get('ip dns hostname', '')}.{words.get('ip dns domain name', '')}".lower()
        for port in ("1", "2"):
            address = words.get(f"ethernet {port} ip v4 address", "")
            if address:
                found[address] = fqdn
    return found


def ranked_causes(connections: Iterable[Connection], logged: Sequence[LoggedFailure]) -> tuple[str, ...]:
    """Return the causes of what is down: what a page or a CA refused, then by how many connections each has brought down.

    A log counts for connections whose certificates are not wrong, as far as they are known: a firewall, DNS, a clock or a CRL
    brings those down too.

    Args:
        connections: what was judged.
        logged: what logs show.

    Returns:
        Rule ids, each once. Symptoms, such as a cluster link that is down, come last.
    """
    down = {c.leg.id: c.report.causes[0] for c in connections if c.state is State.DOWN}
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
