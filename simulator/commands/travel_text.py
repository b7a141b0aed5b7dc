"""`expressway-sim travel` for people: one line for everything that happens in one minute for one reason."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from pkikit.commands.terminal import console
from pkikit.text import counted, listed

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.model.deployment import Deployment
    from pkikit.view.short_names import ShortNames
    from simulator.travel.timeline import Happening, Timeline

_MANY = 3
_STATES = (" down", " up")


def show_timeline(out: Console, lived: Timeline, deployment: Deployment, *, verbose: bool) -> None:
    """Print how it ends, then what happened, minute by minute; with `verbose`, every event on a line of its own."""
    from pkikit.design.legs import legs_of
    from pkikit.view.short_names import ShortNames

    names = ShortNames(legs_of(deployment))
    down = sum(bool(spans[-1][1]) for spans in lived.spans.values())
    total = counted(len(lived.spans), "connection")
    mark = "✘" if down else "✔"
    span = f"{deployment.name} from {lived.began:%Y-%m-%d} to {lived.ended:%Y-%m-%d}"
    console.headline(out, f"{mark} At the end {len(lived.spans) - down} of {total} up: {span}")
    if verbose:
        for h in lived.happenings:
            console.say(out, f"{_what(h)}: {h.subject}: {h.detail}", first=f"{h.at:%Y-%m-%d %H:%M}  ")
        return
    if not lived.happenings:
        console.section(out, "Nothing happens: nothing expires in this time.")
        return
    out.print()
    rows = []
    for at, minute in groupby(lived.happenings, key=lambda h: f"{h.at:%Y-%m-%d %H:%M}"):
        lines = _lines(list(minute), names, len(lived.spans))
        rows += [(at if not n else "", line) for n, line in enumerate(lines)]
    console.table(out, ("when (UTC)", "what happens"), rows)
    console.section(out, "--verbose lists every event.")


def _what(happening: Happening) -> str:
    """Return what happens, for people: a connection goes down or comes up, or the kind of event as it is."""
    kind = happening.kind
    return f"connection {kind.rpartition(' ')[2]}" if kind.endswith(_STATES) else kind


def _lines(minute: Sequence[Happening], names: ShortNames, connections: int) -> list[str]:
    """Return one line for each kind of event of a minute: causes first, then what goes down, then alarms."""
    kinds: dict[str, list[Happening]] = {}
    for h in minute:
        kinds.setdefault(h.kind, []).append(h)
    lines = []
    for kind, members in kinds.items():
        match kind:
            case _ if kind.endswith(_STATES):
                lines.append(_of_connections(kind.rpartition(" ")[2], members, names, connections))
            case "expiry":
                lines.append(_of_expiries(members, names))
            case "alarm" | "alarm over":
                lines += _of_alarms(kind, members, names)
            case _:
                lines += [f"{kind} on {_short(h.subject, names)}: {h.detail}" for h in members]
    return lines


def _of_connections(state: str, members: Sequence[Happening], names: ShortNames, connections: int) -> str:
    mark = "✘" if state == "down" else "✔"
    causes = ", ".join(dict.fromkeys(h.detail for h in members if h.detail))
    why = f": {causes}" if causes and state == "down" else ""
    if len(members) <= _MANY:
        return f"{mark} {listed([names.connection(h.subject) for h in members])} {state}{why}"
    every = "all " if len(members) == connections else ""
    return f"{mark} {every}{counted(len(members), 'connection')} {state}{why}"


def _of_expiries(members: Sequence[Happening], names: ShortNames) -> str:
    if len(members) == 1:
        return f"{members[0].detail} on {_whose(members, names)} expires"
    what = dict.fromkeys(h.detail.partition(" ")[0] for h in members)
    kind = next(iter(what)) if len(what) == 1 else "file"
    return f"{counted(len(members), kind)} expire: {_whose(members, names)}"


def _of_alarms(kind: str, members: Sequence[Happening], names: ShortNames) -> list[str]:
    """Return one line for each alarm, with the machines that raise it."""
    titles: dict[str, list[Happening]] = {}
    for h in members:
        titles.setdefault(h.detail.partition(":")[0], []).append(h)
    return [f"{kind}: {title} ({_whose(raised, names)})" for title, raised in titles.items()]


def _whose(members: Sequence[Happening], names: ShortNames) -> str:
    return ", ".join(dict.fromkeys(_short(h.subject, names) for h in members))


def _short(fqdn: str, names: ShortNames) -> str:
    return names.short.get(fqdn, fqdn)
