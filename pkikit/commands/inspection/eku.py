"""`eku-audit`: which connections fail without clientAuth, from when, and what each remedy does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import (
    AtOption,
    DeploymentFile,
    JsonFlag,
    VerboseFlag,
    VersionOption,
    choice,
    now,
    read_deployment,
)
from pkikit.commands.terminal.layout import unbroken
from pkikit.errors import InputError
from pkikit.text import counted, listed
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography import x509
    from rich.console import Console

    from pkikit.judge.legs.remedy_effects import RemedyEffect
    from pkikit.judge.legs.sunset import LegAudit
    from pkikit.model.deployment import Deployment
    from pkikit.view.short_names import ShortNames


def eku_audit(
    deployment: DeploymentFile,
    certs: Annotated[Path | None, typer.Option(metavar="DIR", help="Certificates in use: DIR/<fqdn>/cert.pem.")] = None,
    what_if: Annotated[
        str | None,
        typer.Option(
            "--what-if",
            "--assume",
            metavar="public-ca|private-ca",
            help="Judge peers whose certificate is not given as if such a CA had signed it.",
        ),
    ] = None,
    at: AtOption = None,
    version: VersionOption = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Find connections that fail without clientAuth. You see from which date, and what each remedy takes.

    Without the certificates in use nothing is assessed: give them with --certs, or ask a what-if.

    Example: pkikit eku-audit notebooks/deployments/clustered-mra.yaml --certs my-certificates
    """  # fmt: skip
    from pkikit.judge.legs.client_auth_end import client_auth_ends
    from pkikit.judge.legs.remedy_effects import remedy_effects
    from pkikit.judge.legs.sunset import TIMELINE, Assumption, Status, audit

    read = read_deployment(deployment, version=version)
    instant = parse_instant(at, now())
    chosen = choice(what_if, tuple(a.value for a in Assumption), "--what-if") if what_if is not None else None
    ends = client_auth_ends(_certificates_in(certs, read), instant)
    legs = audit(read, ends, at=instant, assume=Assumption(chosen) if chosen else None)
    failing = [leg for leg in legs if leg.status is Status.FAILS]
    open_legs = [leg for leg in legs if leg.status is Status.NOT_ASSESSED]
    # Other parties choose their own certificates; the answer is about our own peers.
    ours = [leg for leg in open_legs if read.cluster_of(leg.presenter) is not None]
    accepted = not failing and not ours
    effects = remedy_effects(read, legs)
    document = {
        "accepted": accepted,
        "deployment": read.name,
        "what_if": chosen,
        "not_assessed": len(open_legs),
        "legs": [leg.to_json() for leg in legs],
        "remedies": [effect.to_json() for effect in effects],
        "timeline": [{"date": f"{when:%Y-%m-%d}", "what": what} for when, what in TIMELINE],
    }

    def show(out: Console) -> None:
        _show_audit(out, read, legs, effects, instant, verbose=verbose)

    console.answer(document, as_json=as_json, accepted=accepted, show=show)


def _certificates_in(folder: Path | None, deployment: Deployment) -> dict[str, x509.Certificate]:
    """Read the certificates in use, by FQDN, from DIR/<fqdn>/cert.pem.

    Args:
        folder: DIR; None if nobody gave one.
        deployment: its machines.

    Returns:
        Each machine's certificate; machines without one are left out.

    Raises:
        InputError: a folder is not named after a machine, or a file in it cannot be read.
    """
    from pkikit.files import credential_from_folder, iter_party_folders

    found = {}
    for party in iter_party_folders(folder) if folder is not None else ():
        if party.name.lower() not in deployment.parties:
            raise InputError(
                f"is not a machine of {deployment.name}; folders are named {', '.join(deployment.parties)}",
                where=str(party),
            )
        credential = credential_from_folder(party)
        if credential is not None:
            found[party.name.lower()] = credential.leaf
    return found


def _show_audit(
    out: Console,
    read: Deployment,
    legs: Sequence[LegAudit],
    effects: Sequence[RemedyEffect],
    at: datetime,
    *,
    verbose: bool,
) -> None:
    """Print the answer, then each reason once with its connections, what was not assessed, and the remedies."""
    from pkikit.design.legs import legs_of
    from pkikit.judge.legs.sunset import Status
    from pkikit.view.short_names import ShortNames

    names = ShortNames(legs_of(read))
    groups = {status: [leg for leg in legs if leg.status is status] for status in Status}
    failing, unknown = groups[Status.FAILS], groups[Status.NOT_ASSESSED]
    kept = [leg for leg in legs if leg.status not in {Status.FAILS, Status.NOT_ASSESSED}]
    ours = any(read.cluster_of(leg.presenter) is not None for leg in unknown)
    _show_answer(out, legs, failing, unknown, at, ours=ours)
    _show_groups(out, failing, names, at, verbose=verbose)
    if kept:
        console.section(out, f"✔ {counted(len(kept), 'connection')} {'keeps' if len(kept) == 1 else 'keep'} working")
        for because, count in Counter(leg.because for leg in kept).items():
            console.say(out, f"{counted(count, 'connection')}: {because}" if count < len(kept) else because, indent=2)
        _show_list(out, kept, names, verbose=verbose)
    _show_unknown(out, read, unknown, names, verbose=verbose)
    if effects:
        console.section(out, "What each remedy does:")
    for effect in effects:
        mark = "✔" if not effect.stays_down else "✘" if not effect.restores else "◐"
        console.say(out, f"{effect.id}: {effect.sentence()}", first=f"  {mark} ")
        for need in effect.needs:
            console.say(out, need, first="      - ")
    if verbose and (failing or kept or unknown):
        console.section(out, names.legend_of(leg.leg for leg in legs))


def _show_answer(
    out: Console,
    legs: Sequence[LegAudit],
    failing: Sequence[LegAudit],
    unknown: Sequence[LegAudit],
    at: datetime,
    *,
    ours: bool,
) -> None:
    from pkikit.model.certificates.facts import format_time

    total = counted(len(legs), "connection")
    first = min((leg.fails_from for leg in failing if leg.fails_from), default=None)
    if failing and first is not None:
        verb = "fails" if len(failing) == 1 else "fail"
        supposed = "In this what-if, " if any(leg.assumed for leg in failing) else ""
        when = "now" if first <= at else f"from {format_time(first)} on"
        console.headline(out, f"✘ {supposed}{len(failing)} of {total} with client certificates {verb} {when}")
    elif len(unknown) == len(legs):
        console.headline(out, f"Not assessed: no certificate was given for any of the {total} with client certificates")
    elif ours:
        console.headline(
            out, f"? {len(unknown)} of {total} with client certificates not assessed; the others keep working"
        )
    else:
        open_ones = f"; {len(unknown)} not assessed" if unknown else ""
        console.headline(
            out, f"✔ {len(legs) - len(unknown)} of {total} with client certificates keep working{open_ones}"
        )


def _show_groups(out: Console, failing: Sequence[LegAudit], names: ShortNames, at: datetime, *, verbose: bool) -> None:
    """Print each reason to fail once: whose certificate, from when, how many connections of which kind."""
    from pkikit.model.certificates.facts import format_time

    groups: dict[tuple[str, datetime | None], list[LegAudit]] = {}
    for leg in failing:
        groups.setdefault((leg.because, leg.fails_from), []).append(leg)
    for (because, since), members in groups.items():
        when = "now" if since is None or since <= at else f"from {format_time(since)} on"
        whose = listed([names.short[fqdn] for fqdn in dict.fromkeys(leg.presenter for leg in members)])
        console.section(out, f"✘ {counted(len(members), 'connection')} {when}: client certificate of {whose}")
        console.say(out, f"{because[:1].upper()}{because[1:]}.", indent=2)
        _show_list(out, members, names, verbose=verbose)


def _show_list(out: Console, members: Sequence[LegAudit], names: ShortNames, *, verbose: bool) -> None:
    if verbose:
        for leg in members:
            console.say(out, names.connection(leg.leg.id), indent=4)
        return
    kinds = Counter(names.carries(leg.leg) for leg in members)
    console.say(out, ", ".join(unbroken(f"{kind} ({count})") for kind, count in kinds.items()), indent=4)


def _show_unknown(
    out: Console, read: Deployment, unknown: Sequence[LegAudit], names: ShortNames, *, verbose: bool
) -> None:
    presenters = dict.fromkeys(leg.presenter for leg in unknown)
    ours = [fqdn for fqdn in presenters if read.cluster_of(fqdn) is not None]
    theirs = [fqdn for fqdn in presenters if fqdn not in ours]
    if unknown:
        console.section(out, f"? {counted(len(unknown), 'connection')} not assessed")
    if ours:
        console.say(out, f"No certificate was given for {listed(ours)}.", indent=2)
        how = "Put each certificate into DIR/<fqdn>/cert.pem and use --certs DIR, or ask a what-if: --what-if public-ca"
        console.say(out, how, indent=2)
    if theirs:
        console.say(out, f"Ask the owners of {listed(theirs)} whether their certificates keep clientAuth.", indent=2)
    if verbose:
        _show_list(out, unknown, names, verbose=True)
