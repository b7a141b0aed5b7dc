"""`timeline`: ten years of rules from outside, and what they mean for the renewals of a deployment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import (
    AtOption,
    HandHours,
    JsonFlag,
    VerboseFlag,
    choice,
    now,
    read_deployment,
)
from pkikit.errors import InputError
from pkikit.text import counted, listed, printable
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pkikit.design.hand_work.hand_outlook import HandOutlook
    from pkikit.design.hand_work.renewal_calendar import CertificateSet
    from pkikit.ecosystem.ecosystem_rule import Change, EcosystemRule

_YEARS, _LAST_YEAR = 10, 9999
_MOST_BYTES = 1024 * 1024  # of a file of rules
_SUBJECTS = ("lifetimes", "validation", "client-auth", "roots", "revocation", "algorithms", "post-quantum")
_ISSUERS = ("private-ca", "public-ca", "acme")


def timeline(
    deployment: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DEPLOYMENT]", help="Deployment file (YAML): what the rules mean for it.", show_default=False
        ),
    ] = None,
    what_if: Annotated[
        str | None,
        typer.Option("--what-if", metavar="|".join(_ISSUERS), help="Who issues the certificates of Expressway-E."),
    ] = None,
    hours: HandHours = None,
    begin: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day (default: today).")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day (default: ten years later).")] = None,
    about: Annotated[
        list[str] | None,
        typer.Option(metavar="SUBJECT", help=f"Only rules about {', '.join(_SUBJECTS)}; repeat for several."),
    ] = None,
    sizes: Annotated[
        bool, typer.Option("--sizes", help="How large post-quantum keys, certificates and handshakes are.")
    ] = False,
    rules: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Add your own rules, in the form of those of pkikit.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Write the rules as a picture.")] = None,
    at: AtOption = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Show when rules from outside change: lifetimes, clientAuth, root CAs, RSA. You see who decides, and whom it concerns.

    Each rule has a source (--verbose), or is marked as a guess. With a deployment you also see its renewals, and the year in
    which they stop working by hand.

    Example: pkikit timeline --about lifetimes --about client-auth

    Example: pkikit timeline notebooks/deployments/clustered-mra.yaml --what-if public-ca
    """
    from pkikit.ecosystem.shipped import all_rules, changes_between, with_further

    if deployment is None and (what_if is not None or hours is not None):
        raise InputError("--what-if and --hand-hours are about a deployment: give its file")
    instant = parse_instant(at, now())
    first = _day(begin, "--from") or datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
    last = _day(end, "--to") or _later(first)
    if last < first:
        raise InputError(f"--to {last:%Y-%m-%d} is before --from {first:%Y-%m-%d}")
    wanted = [choice(name, _SUBJECTS, "--about") for name in about or _SUBJECTS]
    known = with_further(all_rules(), _own(rules) if rules is not None else ())
    chosen = tuple(rule for rule in known if rule.subject in wanted)
    changes = changes_between(first, last, chosen)
    document: dict[str, Any] = {
        "from": f"{first:%Y-%m-%d}",
        "to": f"{last:%Y-%m-%d}",
        "rules": [change.to_json() for change in changes],
        "today": [_today(rule, instant) for rule in chosen if rule.step_at(instant) is not None],
    }
    outlook, sets = (None, ()) if deployment is None else _outlook(deployment, what_if, hours, instant)
    if outlook is not None:
        document |= {"deployment": str(deployment), "by_hand": outlook.to_json(), "renewals": _renewals(sets, instant)}
    if sizes:
        document["handshakes"] = [size.to_json() for size in _handshakes()]
    if plot is not None:
        _draw(plot, changes, first, last)
        document["plot"] = str(plot)

    def show(out: Console) -> None:
        if outlook is not None:
            _show_outlook(out, outlook)
            out.print()
        _show(out, changes, first, last, verbose=verbose)
        if sizes:
            _show_sizes(out)
        if plot is not None:
            out.print()
            console.saved(out, [("Picture", plot)])

    console.answer(document, as_json=as_json, show=show)


def _day(text: str | None, option: str) -> datetime | None:
    """Return a day as an instant."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option} {printable(text, 40)!r}: write a day, as 2027-03-15") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _later(first: datetime) -> datetime:
    return datetime(min(first.year + _YEARS, _LAST_YEAR), 12, 31, tzinfo=UTC)


def _own(file: Path) -> tuple[EcosystemRule, ...]:
    """Read a file of the user's own rules."""
    from pkikit.ecosystem.rule_reading import rules_of
    from pkikit.files.disk import read_yaml_text
    from pkikit.model.deployment_file.yaml_source import read_yaml

    where = printable(str(file), 300)
    return rules_of(read_yaml(read_yaml_text(file, _MOST_BYTES, "rules are"), where=where).data, where=where)


def _today(rule: EcosystemRule, at: datetime) -> dict[str, Any]:
    step = rule.step_at(at)
    return {"id": rule.id, "value": step.value if step else None, "unit": rule.unit.value}


def _outlook(
    file: Path, what_if: str | None, hours: float | None, at: datetime
) -> tuple[HandOutlook, tuple[CertificateSet, ...]]:
    """Return what the rules mean for a deployment, if such a CA issues the certificates of Expressway-E."""
    from pkikit.design.hand_work.hand_outlook import HOURS_A_YEAR, checked_hours, hand_outlook
    from pkikit.explore.advice.design_outlook import AUTHORITY_OF, sets_if

    read = read_deployment(file)
    planned = checked_hours(HOURS_A_YEAR if hours is None else hours)
    if what_if is None:
        return hand_outlook((), at=at, hours=planned, unknown=tuple(read.peers)), ()
    sets = sets_if(read, choice(what_if, tuple(AUTHORITY_OF), "--what-if"))
    return hand_outlook(sets, at=at, hours=planned), sets


def _renewals(sets: Sequence[CertificateSet], at: datetime) -> list[dict[str, Any]]:
    from pkikit.design.hand_work.renewal_calendar import renewals_of

    return [
        {"certificates": s.name, "count": s.certificates, "at": f"{r.at:%Y-%m-%d}", "days": r.days,
         "validated": r.validated, "automatic": s.automatic}
        for s in sets
        for r in renewals_of(s, at=at, until=_later(at))
    ]  # fmt: skip


def _handshakes() -> Any:
    from pkikit.ecosystem.algorithm_sizes import handshake_size, shipped_sizes

    known = shipped_sizes()
    return [handshake_size(found, known.key_agreement("X25519MLKEM768")) for found in known.signatures]


def _draw(file: Path, changes: Sequence[Change], begin: datetime, end: datetime) -> None:
    from pkikit.files import write_public
    from pkikit.view.drawing import resolved
    from pkikit.view.rules_picture import rules_picture

    write_public(file, resolved(rules_picture(changes, begin=begin, end=end).svg).encode())


def _show(out: Console, changes: Sequence[Change], first: datetime, last: datetime, *, verbose: bool) -> None:
    guesses = sum(change.step.is_guess for change in changes)
    span = f"from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    marked = f", {guesses} of them {'a guess' if guesses == 1 else 'guesses'}" if guesses else ""
    console.headline(out, f"{counted(len(changes), 'change')} of rules {span}{marked}.")
    year = 0
    for change in changes:
        if change.at.year != year:
            year = change.at.year
            console.section(out, f"{year}:")
        step = change.step
        says = f"{step.says[:1].upper()}{step.says[1:]}{' (guess)' if step.is_guess else ''}."
        console.say(out, says, first=f"  {change.at:%m-%d}  ")
        console.say(out, f"{change.rule.decides}; concerns {change.rule.audience.heading}.", indent=9)
        if verbose:
            link = f" {step.source.url}" if step.source and step.source.url else ""
            console.say(out, f"{'Source: ' if step.source else ''}{step.origin}.{link}", indent=9)
            console.say(out, f"Id: {change.rule.id}", indent=9)
    audiences = dict.fromkeys(change.rule.audience for change in changes)
    if audiences:
        console.section(out, "On an Expressway:")
        alike: dict[str, list[str]] = {}
        for audience in audiences:
            alike.setdefault(audience.on_expressway, []).append(audience.heading)
        for meaning, who in alike.items():
            console.say(out, f"Concerns {listed(who)}: {meaning}", first="  - ")
    if changes and not verbose:
        console.section(out, "--verbose shows the source of each rule, and why a guess is one.")


def _show_outlook(out: Console, outlook: HandOutlook) -> None:
    from pkikit.design.hand_work.hand_outlook import HandState

    mark = {HandState.STOPS: "!", HandState.WORKS: "✔", HandState.NOT_ASSESSED: "?"}[outlook.state]
    console.headline(out, f"{mark} {outlook.head}")
    console.say(out, " ".join(outlook.sentences[1:]))
    if outlook.state is HandState.NOT_ASSESSED:
        console.say(out, f"Say who issues the certificates of Expressway-E: --what-if {'|'.join(_ISSUERS)}")
        console.say(out, "Or give the certificates: pkikit report DEPLOYMENT --certs DIR")
    rows = [
        (years, str(y.renewals), str(y.restarts), str(y.validations), f"{y.hours:g}", str(y.shortest or ""))
        for years, y in outlook.rows
    ]
    if rows:
        console.section(out, "Renewals by hand in the next ten years:")
    console.table(
        out, ("each year", "renewals", "restarts", "validations", "hours", "shortest life, days"), rows, indent=2
    )


def _show_sizes(out: Console) -> None:
    from pkikit.ecosystem.algorithm_sizes import shipped_sizes

    sizes = _handshakes()
    rows = [
        (s.signature.name, f"{s.signature.key:,}", f"{s.signature.signature:,}", f"{s.chain:,}", f"{s.total:,}")
        for s in sizes
    ]
    console.section(out, "Post-quantum sizes in bytes (one intermediate CA, both sides show a certificate):")
    console.table(out, ("algorithm", "key", "signature", "chain", "handshake"), rows, indent=2)
    console.section(out, "What a larger handshake means:")
    for limit in shipped_sizes().limits:
        beyond = [s.signature.name for s in sizes if limit in s.beyond(shipped_sizes().limits)]
        which = f"Larger: {listed(beyond, at_most=4)}." if beyond else "All of them fit."
        console.say(out, f"{limit.name}, {limit.bytes:,} bytes: {limit.says}. {which}", first="  - ")
    console.say(
        out,
        "Estimates (ours) for all that is neither key nor signature. The key agreement is X25519MLKEM768. We found no "
        "document of Cisco about post-quantum algorithms in Expressway.",
        first="  ",
    )
