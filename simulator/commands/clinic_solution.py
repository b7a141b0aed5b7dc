"""A case of the clinic with its solution at once: `expressway-sim clinic CASE --solve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkikit.commands.terminal import console
from pkikit.rules.plain_causes import BY_RULE
from pkikit.view.short_names import ShortNames

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.clinic.play_result import PlayResult

_LOG_LINES = 20


def show_solution(out: Console, played: PlayResult) -> None:
    """Print the ticket, what was down, the log, each cause with its finding, and the fixes."""
    case, names = played.case, ShortNames(leg.leg for leg in played.broken.legs)
    console.headline(out, f"{case.ticket}  {case.title}".strip())
    console.say(out, f"{case.caller}: “{case.symptom}”" if case.caller else case.symptom)
    if played.broken.down:
        console.section(out, f"{len(played.broken.down)} of {len(played.broken.legs)} connections are down:")
        console.write(out, [f"  ✘ {names.connection(leg.leg)}" for leg in played.broken.down])
    if played.log:
        console.section(out, "Event log, newest last:")
        left = len(played.log) - _LOG_LINES
        console.write(out, [f"  … {left} earlier lines"] if left > 0 else [])
        console.write(out, [f"  {event}" for event in played.log[-_LOG_LINES:]])
    findings = [*played.refused, *(f for leg in played.broken.down for f in leg.findings)]
    for cause in case.causes:
        console.section(out, f"cause: {cause}")
        console.say(out, BY_RULE[cause].sentence, indent=2)
        console.show_findings(out, [f for f in findings if f.rule == cause][:1], words=names.in_text)
    if played.fixes:
        console.section(out, "fixed by:")
        console.write(out, [f"  fix {line}" for line in played.fixes])
    if case.fix:
        console.say(out, case.fix, indent=2)
    up = len(played.mended.legs) - len(played.mended.down)
    console.say(out, f"{up} of {len(played.mended.legs)} connections are up.")
    if played.solution.left:
        console.say(out, "No fix was found for the others, so the ticket is solved without them.")
