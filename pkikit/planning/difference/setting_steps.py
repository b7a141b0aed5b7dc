"""Steps for what differs in the configuration: one for each page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from pkikit.errors import InputError
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.model.places import deployment_with
from pkikit.planning.difference.changed_machines import Machines
from pkikit.planning.difference.name_orders import leads_to, offered_names
from pkikit.planning.difference.step_owners import DNS_OWNER, owner_of
from pkikit.planning.steps import YOU, Action, Owner, SettingChange, Step

# The fields of a cluster by page. A page that is not here has one field.
_CLUSTERING = ("fqdn", "peers", "aliases")
# The fields of a traversal zone that are entered on Expressway-C; the others on Expressway-E.
_ON_CLIENT = ("peer_addresses",)
# What is entered on the Expressways for machines that others run.
_ON_EXPRESSWAY = ("tls_verify",)
_LISTS = (
    "unified_cm",
    "im_presence",
    "unity_connection",
    "meeting_servers",
    "federated_servers",
    "b2b_partners",
    "cloud_services",
    "servers",
)
_WHOLE = (
    "domains",
    "mra",
    "mra_endpoints",
    "jabber_guest",
    "registration_domain_format",
    "chat_aliases",
    "sip_domains_in_certificate",
    "revocation",
    "addresses",
)


@dataclass(frozen=True, kw_only=True)
class _Page:
    """One page of the configuration: whose it is, and what changes there."""

    title: str
    machine: str
    settings: tuple[SettingChange, ...]
    owner: Owner = YOU


def setting_steps(machines: Machines) -> tuple[Step, ...]:
    """Return the steps that change the configuration, and no certificates.

    Args:
        machines: today and tomorrow.

    Returns:
        One step for each page. Pages that contradict each other in every order are one step.
    """
    today, tomorrow = machines.today.deployment, machines.tomorrow.deployment
    before, after = (d.model_dump(mode="json") for d in (today, tomorrow))
    pages = [*_clusters(machines, before, after), *_zones(today, tomorrow, before, after)]
    for key in _LISTS:
        pages += _entries(key, machines, before, after)
    for key in _WHOLE:
        if before[key] != after[key]:
            pages.append(_page(key.replace("_", " "), "", [(key, before[key], after[key])]))
    steps = [_step(page) for page in pages]
    if before["version"] != after["version"]:
        steps.insert(0, _upgrade(today, tomorrow))
    return _with_renames(_possible(steps, today), machines)


def _upgrade(today: Deployment, tomorrow: Deployment) -> Step:
    if tomorrow.product_version < today.product_version:
        raise InputError(
            f"{today.version} cannot become {tomorrow.version}, which is older: an Expressway only upgrades"
        )
    change = SettingChange(place="version", old=today.version, new=tomorrow.version)
    return Step(key=f"upgrade {tomorrow.version}", action=Action.UPGRADE, machine="", settings=(change,))


def _step(page: _Page) -> Step:
    where = f" {page.machine}" if page.machine else ""
    return Step(
        key=f"set {page.title}{where}",
        action=Action.SET,
        machine=page.machine,
        place=page.title,
        settings=page.settings,
        owner=page.owner,
    )


def _page(title: str, machine: str, changes: Sequence[tuple[str, Any, Any]], owner: Owner = YOU) -> _Page:
    settings = tuple(SettingChange(place=place, old=old, new=new) for place, old, new in changes)
    return _Page(title=title, machine=machine, settings=settings, owner=owner)


def _fields(
    before: Mapping[str, Any], after: Mapping[str, Any], place: str, fields: Callable[[str], bool]
) -> list[tuple[str, Any, Any]]:
    """Return the fields of one entry that differ."""
    names = dict.fromkeys((*before, *after))
    return [
        (f"{place}.{name}", before.get(name), after.get(name))
        for name in names
        if fields(name) and before.get(name) != after.get(name)
    ]


def _same_entries(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], *keys: str) -> bool:
    """Return True if two lists have the same entries in the same order, whatever is in them."""
    return [[e.get(k) for k in keys] for e in before] == [[e.get(k) for k in keys] for e in after]


def _clusters(machines: Machines, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[_Page]:
    old, new = before["clusters"], after["clusters"]
    if not _same_entries(old, new, "name", "role"):
        yield _page("clusters", "", [("clusters", old, new)])
        return
    for number, (one, other) in enumerate(zip(old, new, strict=True)):
        place, name = f"clusters.{number}", one["name"]
        clustering = _fields(one, other, place, lambda field: field in _CLUSTERING)
        if clustering:
            renamed = next((peer for peer in one["peers"] if peer in machines.renamed), None)
            yield _page("clustering", renamed or name, clustering)
        for change in _fields(one, other, place, lambda field: field not in _CLUSTERING):
            yield _page(change[0].rpartition(".")[2], name, [change])


def _zones(
    today: Deployment, tomorrow: Deployment, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[_Page]:
    old, new = before["zones"], after["zones"]
    if not _same_entries(old, new, "name", "type", "client", "server", "cluster"):
        yield _page("zones", "", [("zones", old, new)])
        return
    for number, (one, other) in enumerate(zip(old, new, strict=True)):
        place, title = f"zones.{number}", f"zone {one['name']}"
        there = _ON_CLIENT if "client" in one else ()
        on_client = _fields(one, other, place, there.__contains__)
        rest = [change for change in _fields(one, other, place, lambda _: True) if change not in on_client]
        if on_client:
            yield _page(title, one["client"], on_client)
        if rest:
            yield _page(title, one.get("server") or one.get("cluster", ""), rest)


def _entries(key: str, machines: Machines, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[_Page]:
    """Yield the pages of a list of machines that others run."""
    old, new = before[key], after[key]
    if old == new:
        return
    name = "name" if key in {"cloud_services"} or any("name" in e for e in (*old, *new)) else "domain"
    if not _same_entries(old, new, name):
        yield _page(key.replace("_", " "), "", [(key, old, new)])
        return
    core = next((c.name for c in machines.today.deployment.clusters if c.role is Role.EXPRESSWAY_C), "")
    for number, (one, other) in enumerate(zip(old, new, strict=True)):
        place, title = f"{key}.{number}", f"{key.replace('_', ' ')} {one[name]}"
        ours = _fields(one, other, place, lambda field: field in _ON_EXPRESSWAY)
        theirs = _fields(one, other, place, lambda field: field not in _ON_EXPRESSWAY)
        if ours:
            yield _page(title, core, ours)
        if theirs:
            node = one["nodes"][0]
            yield _page(title, node, theirs, owner_of(machines.group_of(node), node))


def _possible(steps: list[Step], today: Deployment) -> list[Step]:
    """Return the steps, with those that nobody can enter one after the other as one step."""
    deployment, waiting = today, list(steps)
    while waiting:
        for step in waiting:
            try:
                deployment = _entered(deployment, step)
            except InputError:
                continue
            waiting.remove(step)
            break
        else:
            return [step for step in steps if step not in waiting] + [_merged(waiting)]
    return steps


def _entered(deployment: Deployment, step: Step) -> Deployment:
    return deployment_with(deployment, {s.place: s.new for s in step.settings})


def _merged(steps: Sequence[Step]) -> Step:
    first = steps[0]
    if len(steps) == 1:
        return first
    settings = tuple(change for step in steps for change in step.settings)
    machine = next((step.machine for step in steps if step.place == "clustering"), first.machine)
    return replace(
        first, key=f"set {' and '.join(step.place for step in steps)}", machine=machine, settings=settings,
        place=" and ".join(step.place for step in steps),
    )  # fmt: skip


def _with_renames(steps: Sequence[Step], machines: Machines) -> tuple[Step, ...]:
    """Return the steps with the new names of machines in those that change them."""
    found = []
    for step in steps:
        before, after = (
            {name for change in step.settings for name in _machines(change.place, value(change))}
            for value in (attrgetter("old"), attrgetter("new"))
        )
        names = tuple((old, new) for old, new in machines.renamed.items() if new in after - before)
        found.append(replace(step, renames=names) if names else step)
    return tuple(found)


def _machines(place: str, value: Any) -> Iterator[str]:
    """Yield the machines that a value of the configuration lists as its own."""
    if place.endswith((".peers", ".nodes")):
        yield from value or ()
    elif "." not in place and isinstance(value, Sequence) and not isinstance(value, str):
        for entry in value:
            if isinstance(entry, Mapping):
                yield from (*entry.get("peers", ()), *entry.get("nodes", ()))


def dns_steps(
    new: frozenset[str], gone: frozenset[str], settings: Iterable[Step], theirs: Mapping[str, Owner]
) -> tuple[Step, ...]:
    """Return the steps in DNS.

    Args:
        new: names that have to resolve.
        gone: names that stop resolving.
        settings: the steps that change the configuration.
        theirs: who changes the DNS of another company, by the names in it.

    Returns:
        A step for names that somebody has to find first, one for records that lead clients to what is configured by then, one for
        names that end, and one for each other company with new names.
    """
    offered = frozenset[str]().union(*map(offered_names, settings))
    last = frozenset(name for name in new if leads_to(name, offered))
    outside = {owner: frozenset(n for n in new if theirs.get(n) == owner) for owner in dict.fromkeys(theirs.values())}
    rows = [("new names", new - last - frozenset(theirs), DNS_OWNER), ("new services", last, DNS_OWNER)]
    rows += [(f"new names of {owner.name}", names, owner) for owner, names in outside.items()]
    found = [
        Step(key=f"change-dns {what}", action=Action.DNS, machine="", names=tuple(sorted(names)), owner=owner)
        for what, names, owner in rows
        if names
    ]
    if gone:
        found.append(
            Step(key="change-dns old names", action=Action.DNS, machine="", gone=tuple(sorted(gone)), owner=DNS_OWNER)
        )
    return tuple(found)
