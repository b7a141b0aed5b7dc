"""One step of a played connection as HTML and as text: the message, who can read it, both machines' decisions and logs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pkikit.handshake.decoding.decoder import Decoded
from pkikit.model.trace import Side
from simulator.wire.app_protocol import app_protocol_of
from simulator.wire.theatre import Play, PlayStep
from workbook.models.sequence import Row

_OTHER = {Side.CLIENT: Side.SERVER, Side.SERVER: Side.CLIENT}
SILENT, SILENT_END = "nothing so far.", "nothing. At the default log level, success leaves no line."
TUNNEL = ("This is an SSH tunnel, not TLS. SSH agrees on its own keys, which the lab does not record, so the steps are those "
          "that both ends note.")  # fmt: skip


def note_of(play: Play) -> str:
    """Return what the steps leave out; empty if that is nothing."""
    if play.is_ssh:
        return TUNNEL
    if app_protocol_of(play.leg.protocol).greet is not None and play.flights:
        client, server = play.names
        return f"Before the first step, {client} and {server} agree in plain text to start TLS (STARTTLS)."
    return ""


def step_title(play: Play, step: PlayStep) -> str:
    """Return what happens in a step, on one line."""
    if step.side is None:
        return "The end"
    if step.message is not None:
        return f"{play.name(step.side)} sends {step.message.title}"
    does = "records" if play.is_ssh else "decides"
    return f"{play.name(step.side)} {does}"


def rows_of(play: Play, *, details: bool = True) -> tuple[Row, ...]:
    """Return the steps as rows of a sequence; the end is no row of its own."""
    return tuple(_row(play, step, details=details) for step in play.steps)


def _row(play: Play, step: PlayStep, *, details: bool) -> Row:
    side = step.side or Side.CLIENT
    name = play.name(side)
    said = "; ".join(r.text for r in step.remarks)
    if step.message is None:
        logs = tuple(line for _, line in step.logs) if step.side else ()
        return Row(sender=name, receiver=name, label=said, bad=step.bad, logs=logs)
    return Row(
        sender=name,
        receiver=play.name(_OTHER[side]),
        label=step.message.title,
        bad=step.bad,
        open_to_all=not step.message.encrypted,
        detail=decode_html(step.message, readers(play, step.message)) if details else "",
    )


def readers(play: Play, message: Decoded) -> str:
    """Return who could read a message on the wire."""
    if not message.encrypted:
        return "Not encrypted: everyone on the way can read it."
    client, server = play.names
    keys = "the keys of the handshake" if message.keys == "handshake keys" else "the keys of the session"
    return f"Encrypted with {keys}: only {client} and {server} can read it. You can, because the lab keeps its session keys."


def decode_html(message: Decoded, who: str) -> str:
    """Return what a message says as tables. who: who can read it; empty if another line says it."""
    head = message.head + (" …" if message.record * 3 - 1 > len(message.head) else "")
    tables = [_facts(message.fields), *(_titled(n, facts) for n, facts in enumerate(message.certificates, start=1))]
    about = f"<p>{escape(message.purpose)} {escape(who)}</p>" if who else ""
    return (
        f"{about}{''.join(tables)}"
        f"<p>{message.length} bytes, in a record of {message.record} bytes on the wire:<br>"
        f"<span class='bytes'>{escape(head)}</span></p>"
    )


def _titled(number: int, facts: Sequence[tuple[str, str]]) -> str:
    return f"<p><b>Certificate {number}</b></p>{_facts(facts)}"


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in facts)
    return f"<table><tbody>{rows}</tbody></table>" if rows else ""


def step_html(play: Play, number: int) -> str:
    """Return the card of a step: what happens, and where both machines are by then."""
    step = play.steps[number]
    title = f"Step {number + 1} of {len(play.steps)}: {step_title(play, step)}"
    parts = [f"<h4>{'✘ ' if step.bad else ''}{escape(title)}</h4>"]
    if step.message is not None:
        parts.append(f"<p>{escape(step.message.purpose)}</p><p>{escape(readers(play, step.message))}</p>")
        inside = decode_html(step.message, "")
        parts.append(f"<details><summary>Decode {escape(step.message.title)}</summary>{inside}</details>")
    elif step.side is None:
        parts.append(f'<p class="said"><b>{escape(step.remarks[0].text)}</b></p>')
    else:
        parts += [f'<p class="said">{_told(play.name(step.side), r.text, r.bad)}</p>' for r in step.remarks]
    sides = "".join(_side(play, side, number) for side in Side)
    refused = " refused" if step.bad else ""
    return f'<div class="lab-drawing lab-stage{refused}">{"".join(parts)}<div class="sides">{sides}</div></div>'


def _told(name: str, text: str, bad: bool) -> str:
    return f"{'✘ ' if bad else ''}<b>{escape(name)}</b> {escape(text)}"


def _side(play: Play, side: Side, number: int) -> str:
    """Return what one machine has decided and logged up to a step."""
    name, full = play.name(side), play.fqdn(side)
    until = play.steps[: number + 1]
    decided = [(r.text, r.bad, n == number) for n, step in enumerate(until) if step.side is side for r in step.remarks]
    logs = dict.fromkeys(line for step in until for who, line in step.logs if who is side)
    shown = "".join(
        f"<li>{'✘ ' if bad else ''}{f'<b>{escape(text)}</b>' if now else escape(text)}</li>"
        for text, bad, now in decided
    )
    title = escape(name) if name == full else f"{escape(name)} <small>{escape(full)}</small>"
    silent = SILENT_END if play.up and number == len(play.steps) - 1 else SILENT
    log = "".join(f'<code class="log">{escape(line)}</code>' for line in logs) or silent
    return (
        f'<section aria-label="{escape(full)}"><p><b>{title}</b>, {side.value}</p>'
        f"<p>Decided:</p><ul>{shown or '<li>nothing yet</li>'}</ul><p>Its log: {log}</p></section>"
    )


def step_text(play: Play, number: int) -> str:
    """Return everything up to a step as text, with the decode of that step."""
    lines = [f"Step {number + 1} of {len(play.steps)}"]
    for n, step in enumerate(play.steps[: number + 1], start=1):
        lines += _step_lines(play, n, step, decode=n == number + 1)
    return "\n".join(lines)


def _step_lines(play: Play, number: int, step: PlayStep, *, decode: bool) -> list[str]:
    mark = "✘ " if step.bad else ""
    if step.side is None:
        return [f"{number:>3}. {mark}{step.remarks[0].text}"]
    name = play.name(step.side)
    if step.message is None:
        told = "; ".join(r.text for r in step.remarks)
        return [f"{number:>3}. {mark}{name} {told}", *(f"       log of {name}: {line}" for _, line in step.logs)]
    sealed = "encrypted" if step.message.encrypted else "readable on the wire"
    lines = [f"{number:>3}. {mark}{name} → {play.name(_OTHER[step.side])}: {step.message.title} ({sealed})"]
    if decode:
        lines += [f"       {step.message.purpose}", f"       {readers(play, step.message)}"]
        lines += [f"       {field}: {value}" for field, value in step.message.fields]
        for n, facts in enumerate(step.message.certificates, start=1):
            lines += [f"       certificate {n}: {field}: {value}" for field, value in facts]
    return lines


STAGE_CSS = """
.lab-stage { background: var(--lab-paper); color: var(--lab-ink); border: 2px solid var(--lab-core); border-radius: 8px;
  padding: .3em .9em; margin-bottom: .6em; }
.lab-stage.refused { border-color: var(--lab-down); }
.lab-stage h4 { font-size: 1.2em; margin: .3em 0; }
.lab-stage p { margin: .3em 0; }
.lab-stage .sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18em), 1fr)); gap: .8em; }
.lab-stage section { background: var(--lab-zone); border-radius: 6px; padding: .2em .8em .5em; min-width: 0; }
.lab-stage section ul { margin: .1em 0 .4em; padding-left: 1.3em; }
.lab-stage small { overflow-wrap: anywhere; }
.lab-legend { margin: .4em 0; }
.lab-legend span { display: inline-block; width: 2em; height: 0; vertical-align: middle; }
.lab-legend .open { border-bottom: 2px dashed var(--lab-warn); }
.lab-legend .sealed { border-bottom: 2px solid var(--lab-core); }
"""
