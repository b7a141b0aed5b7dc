"""Checks that are switched off during the change: TLS verify mode of a zone, TLS of a cluster, clientAuth of callers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.model.deployment import Deployment
from pkikit.model.places import deployment_with
from pkikit.model.tables.features import EKU_CHECKING_MODE
from pkikit.planning.change import Change
from pkikit.planning.enabling.option import Clashes, Option
from pkikit.planning.steps import Action, Precedence, SettingChange, Step

VERIFY_OFF, CLUSTER, EKU = "verify-off", "permissive-cluster", "eku-check-off"
_MEANWHILE = frozenset({Action.APPEND_CA, Action.WAIT, Action.DNS, Action.UPGRADE})


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A setting that can be switched off.

    Attributes:
        kind: as `Enabling` has it.
        place: as in the deployment file.
        on: the value today.
        off: the value during the change.
        title: the page.
        machine: whose page it is.
    """

    kind: str
    place: str
    on: Any
    off: Any
    title: str
    machine: str


def switches_of(deployment: Deployment) -> Iterator[Switch]:
    """Yield the settings that verify something and can be switched off.

    Args:
        deployment: the configuration.

    Yields:
        Zones, clusters, machines that others run.
    """
    data = deployment.model_dump(mode="json")
    for number, cluster in enumerate(data["clusters"]):
        place, name = f"clusters.{number}", cluster["name"]
        if cluster["cluster_tls"] == "enforce":
            yield Switch(
                kind=CLUSTER,
                place=f"{place}.cluster_tls",
                on="enforce",
                off="permissive",
                title="cluster_tls",
                machine=name,
            )
        if cluster["eku_checking"] and deployment.product_version.has(EKU_CHECKING_MODE):
            yield Switch(
                kind=EKU, place=f"{place}.eku_checking", on=True, off=False, title="eku_checking", machine=name
            )
    core = data["clusters"][0]["name"]
    for key, entries in data.items():
        if not isinstance(entries, list) or key == "clusters":
            continue
        for number, entry in enumerate(entries):
            if not isinstance(entry, Mapping):
                continue
            title = f"zone {entry['name']}" if key == "zones" else f"{key.replace('_', ' ')} {_name_of(entry)}"
            machine = entry.get("cluster") or entry.get("server") or core
            for field in ("tls_verify", "mutual_tls"):
                if entry.get(field) is True and entry.get("type") != "unified-communications-traversal":
                    place = f"{key}.{number}.{field}"
                    yield Switch(kind=VERIFY_OFF, place=place, on=True, off=False, title=title, machine=machine)


def _name_of(entry: Mapping[str, Any]) -> str:
    return str(entry.get("name") or entry.get("domain") or "")


def _affects(switch: Switch, deployment: Deployment) -> frozenset[str]:
    """Return the ids of the connections that are verified less with the switch off."""
    legs = {leg.id: leg for leg in legs_of(deployment)}
    if switch.kind == EKU:
        return frozenset(
            leg.id for leg in legs.values() if leg.mutual and switch.machine == _cluster(deployment, leg.server)
        )
    try:
        after = {leg.id: leg for leg in legs_of(deployment_with(deployment, {switch.place: switch.off}))}
    except InputError:
        return frozenset()
    return frozenset(name for name, leg in legs.items() if after.get(name) != leg)


def _cluster(deployment: Deployment, fqdn: str) -> str:
    cluster = deployment.cluster_of(fqdn)
    return cluster.name if cluster is not None else ""


def _stays(switch: Switch, change: Change) -> bool:
    """Return True if tomorrow has the same setting, and no step changes it."""
    tomorrow = {s.place for s in switches_of(change.tomorrow.deployment)}
    places = [s.place for step in change.steps for s in step.settings]
    return switch.place in tomorrow and not any(f"{switch.place}.".startswith(f"{place}.") for place in places)


def _build(kind: str, change: Change, clashes: Clashes) -> Change | None:
    legs = {clash.leg for clash in clashes}
    before = change.today.deployment
    chosen = [
        switch
        for switch in switches_of(before)
        if switch.kind == kind and _affects(switch, before) & legs and _stays(switch, change)
    ]
    if not chosen:
        return None
    for switch in chosen:
        change = _with_cluster(change, switch) if kind == CLUSTER else _with_pause(change, switch)
    return change


def _setting(switch: Switch, *, on: bool) -> Step:
    old, new = (switch.off, switch.on) if on else (switch.on, switch.off)
    return Step(
        key=f"set {switch.title} {switch.machine} {'on again' if on else 'off for the change'}",
        action=Action.SET,
        machine=switch.machine,
        place=switch.title,
        settings=(SettingChange(place=switch.place, old=old, new=new),),
    )


def _with_pause(change: Change, switch: Switch) -> Change:
    """Return the change that switches off and on again, and does nothing in between that does not need it.

    What takes long, or only makes more certificates accepted, comes before. So nothing is unverified for longer than needed.
    """
    off, on = _setting(switch, on=False), _setting(switch, on=True)
    early = [step.key for step in change.steps if step.action in _MEANWHILE]
    why = "Verification is off for as short as possible, so this comes first."
    orders = [Precedence(first=key, then=off.key, why=why, rule="pause") for key in early]
    orders.append(
        Precedence(first=off.key, then=on.key, why="It is switched on again after it was switched off.", rule="pause")
    )
    return replace(change, steps=(*change.steps, off, on), precedences=(*change.precedences, *orders))


def _with_cluster(change: Change, switch: Switch) -> Change:
    """Return the change in which a cluster is permissive: a round of restarts before its own restarts, and one after."""
    peers = next(c.peers for c in change.today.deployment.clusters if c.name == switch.machine)
    off, on = _setting(switch, on=False), _setting(switch, on=True)
    orders: list[Precedence] = []
    rounds = []
    for step, word, effective in ((off, "before", peers[-1]), (on, "after", peers[0])):
        restarts = [
            Step(
                key=f"restart {peer} {word}",
                action=Action.RESTART,
                machine=peer,
                activates=(step.key,) if peer == effective else (),
            )
            for peer in peers
        ]
        rounds += restarts
        why = "The setting works only after a restart, so it comes before the restart."
        orders += [Precedence(first=step.key, then=r.key, why=why, rule="page") for r in restarts]
        why = f"{peers[0]} is the primary of its cluster, and the primary restarts first (Cisco TAC 217230)."
        orders += [Precedence(first=restarts[0].key, then=r.key, why=why, rule="primary-first") for r in restarts[1:]]
    for step in change.steps:
        if step.machine not in peers or step.action not in {Action.LOAD, Action.LOAD_CLIENT, Action.RESTART}:
            continue
        why = "The cluster does not verify while this changes."
        orders.append(Precedence(first=f"restart {step.machine} before", then=step.key, why=why, rule="pause"))
        orders.append(Precedence(first=step.key, then=on.key, why=why, rule="pause"))
    orders.append(
        Precedence(first=off.key, then=on.key, why="It is switched on again after it was switched off.", rule="pause")
    )
    return replace(change, steps=(*change.steps, off, on, *rounds), precedences=(*change.precedences, *orders))


OPTIONS = (
    Option(
        kind=EKU,
        says="The check for clientAuth is off during the change, and on again at the end.",
        price="Meanwhile the cluster does not check whether callers may be TLS clients.",
        build=partial(_build, EKU),
    ),
    Option(
        kind=VERIFY_OFF,
        says="TLS verify mode is off during the change, and on again at the end.",
        price="Meanwhile these zones accept any certificate.",
        build=partial(_build, VERIFY_OFF),
    ),
    Option(
        kind=CLUSTER,
        says="The TLS verification mode of the cluster is Permissive during the change, and Enforce again at the end.",
        price="Meanwhile the cluster accepts any certificate of its peers, and each peer restarts two more times.",
        build=partial(_build, CLUSTER),
    ),
)
