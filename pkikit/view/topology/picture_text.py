"""The topology in words: everything that the picture shows, and every name and connection in full."""

from __future__ import annotations

from pkikit.model.certificates.facts import format_time, presented_names
from pkikit.text import listed, printable
from pkikit.view.topology.bundles import Bundle
from pkikit.view.topology.differences import certificate_text
from pkikit.view.topology.systems import ZONES, System
from pkikit.view.topology.topology import Topology

_MOST_NAMES = 20
_SAID = {"up": "✔ all up: ", "down": "✘ at least one down: ", "mixed": "✘ at least one down: ", "idle": ""}


def describe(topology: Topology) -> str:
    """Return the picture in words."""
    told = [f"{topology.deployment.name}, Expressway {topology.deployment.version}"]
    told += [f"{topology.count}."] if topology.count else []
    zone = ""
    for system in topology.systems:
        if ZONES[system.side] != zone:
            told += ["", *(["Firewall", ""] if zone else []), f"{ZONES[system.side]}:"]
            zone = ZONES[system.side]
        told += _system(topology, system)
    told += ["", *topology.differences.caption]
    told += _connections(topology)
    legend = topology.names.legend([n for s in topology.systems for n in s.members])
    told += ["", f"Short names: {legend}".replace("\u00a0", " ")] if legend else []
    return "\n".join(told)


def _system(topology: Topology, system: System) -> list[str]:
    rows = [f"  {system.heading}", *([f"    {system.note}"] if system.note else [])]
    for name in system.members:
        down = topology.down_by_machine.get(name, "")
        said = "; ".join([*([down] if down else []), *topology.differences.of(name)])
        rows.append(f"    {name}{f': {said}' if said else ''}")
    return rows


def _connections(topology: Topology) -> list[str]:
    if not topology.bundles:
        return []
    told = ["", "Connections:"]
    told += [f"  {_said(shown)}{shown.named}: {shown.count}" for shown in topology.bundles]
    for refusal in topology.refusals:
        told += ["", f"{topology.refusal_text(refusal)}."]
        told += [f"  ✘ {topology.connection(report.leg)}" for _, report in refusal.entries]
    return told


def _said(shown: Bundle) -> str:
    return "? not assessed: " if shown.mark == "idle" and shown.open else _SAID[shown.mark]


def machine_text(topology: Topology, fqdn: str, *, dates: bool = False) -> str:
    """Return what a machine has, line by line: the tooltip of its card. Dates differ from run to run."""
    facts = topology.differences.facts[fqdn]
    held = topology.world.parties[fqdn].credential
    names = []
    if held is not None:
        every = [printable(name) for name in presented_names(held.leaf).dns_written]
        names = [f"names: {listed(every, at_most=_MOST_NAMES)}" if every else "no names in the SAN"]
    if held is not None and dates:
        leaf = held.leaf
        names.append(f"valid: {format_time(leaf.not_valid_before_utc)} to {format_time(leaf.not_valid_after_utc)}")
    return "\n".join([fqdn, certificate_text(facts), *names, f"trusted CA list: {facts.trusts}"])
