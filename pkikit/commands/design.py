"""`san` and `csr`: what certificates should be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands import console
from pkikit.commands.arguments import (
    AtOption,
    DeploymentFile,
    JsonFlag,
    VersionOption,
    choice,
    now,
    read_deployment,
    tell_facts,
)
from pkikit.errors import InputError
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509
    from rich.console import Console

    from pkikit.judge.legs.eku_remedies import RemedyEffect
    from pkikit.judge.legs.sunset import LegAudit
    from pkikit.model.deployment import Deployment


def san(
    deployment: DeploymentFile,
    new: Annotated[
        Path | None, typer.Argument(metavar="[NEW]", help="With --diff: the deployment after the change.")
    ] = None,
    peer: Annotated[str | None, typer.Option(metavar="FQDN", help="Only this peer.")] = None,
    format: Annotated[  # noqa: A002  (the option's name is a contract)
        str | None, typer.Option(metavar="dns|collab-edge-dns", help="Form of the registration domains.")
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Which peers need a new certificate after the change.")] = False,
    nodes: Annotated[bool, typer.Option("--nodes", help="Unified CM and IM&P certificates too.")] = False,
    version: VersionOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Required subject and SANs per peer, each entry with reason and who needs it; or what a change forces (--diff).

    Example: pkikit san notebooks/deployments/clustered-mra.yaml --peer e1.example.com
    """
    from pkikit.design.nodes import design_nodes
    from pkikit.design.san import design_all

    if diff != (new is not None):
        raise InputError("--diff compares two deployment files: pkikit san OLD NEW --diff")
    read = read_deployment(deployment, version=version)
    if new is not None:
        _show_change(read, read_deployment(new, version=version), as_json)
        return
    if format is not None:
        choice(format, ("dns", "collab-edge-dns"), "--format")
    layouts = design_all(read, format)
    if peer is not None:
        wanted = read.peer(peer)
        layouts = tuple(layout for layout in layouts if layout.owner == wanted)
    around = design_nodes(read) if nodes else ()
    document: dict[str, Any] = {"peers": [layout.to_json() for layout in layouts]}
    if nodes:
        document["nodes"] = [n.to_json() for n in around]

    def show(out: Console) -> None:
        titled = [(layout.owner, layout) for layout in layouts]
        titled += [(f"{n.service} on {', '.join(n.nodes)}", n.layout) for n in around]
        for title, layout in titled:
            rows = [(f"{e.type}:{e.value}", e.reason, ", ".join(e.needed_by)) for e in layout.entries]
            console.table(out, ("SAN", "reason", "needed by"), rows, title=f"{title}   CN {layout.common_name}")

    console.answer(document, as_json=as_json, show=show)


def _show_change(old: Deployment, new: Deployment, as_json: bool) -> None:
    from pkikit.design.change import compare_deployments
    from pkikit.design.restarts import in_restart_order, order_advice

    changes = compare_deployments(old, new)
    orders = in_restart_order(new, (c.fqdn for c in changes if c.needs_certificate))

    def show(out: Console) -> None:
        rows = [
            (c.fqdn, "new certificate" if c.needs_certificate else c.fate, "\n".join(c.reasons),
             ", ".join(e.value for e in c.removed))
            for c in changes
        ]  # fmt: skip
        console.table(out, ("peer", "", "why", "no longer needed"), rows, title=f"{old.name} → {new.name}")
        for sentence in filter(None, map(order_advice, orders)):
            out.print(sentence, markup=False)

    console.answer({"changes": [c.to_json() for c in changes]}, as_json=as_json, show=show)


def csr(
    deployment: DeploymentFile,
    peer: Annotated[str, typer.Option(metavar="FQDN", help="The peer that the request is for.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for request.pem and key.pem.")],
    digest: Annotated[str, typer.Option(help="sha256 (default), sha384 or sha512.")] = "",
    key_size: Annotated[int, typer.Option(help="2048 or 4096; for ECDSA 256, 384 or 521.")] = 2048,
    country: Annotated[str, typer.Option(help="Two letters.")] = "",
    state: Annotated[str, typer.Option()] = "",
    locality: Annotated[str, typer.Option()] = "",
    organisation: Annotated[str, typer.Option()] = "",
    unit: Annotated[str, typer.Option()] = "",
    discard: Annotated[bool, typer.Option(help="Discard a request that is already in DIR, with its key.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Key and certificate signing request for one peer: DIR/request.pem, DIR/key.pem (mode 0600).

    Example: pkikit csr notebooks/deployments/clustered-mra.yaml --peer c1.corp.example.com --out request-c1
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    from pkikit.design.csr import CsrForm, SubjectFields, build_csr, make_key
    from pkikit.design.san import design_sans
    from pkikit.files import key_pem, write_private, write_public
    from pkikit.view.description import describe_request

    read = read_deployment(deployment)
    layout = design_sans(read, read.peer(peer))
    form = CsrForm.of(read.product_version)
    chosen = digest or form.default_digest
    if form.digests == ("sha1",) and digest in {"", "sha256"}:
        print(
            f"pkikit: {read.version} signs with SHA-1, which nothing here does any more: SHA-256 is used",
            file=sys.stderr,
        )
        form.check(layout, "sha1", key_size, read.product_version)
        chosen = "sha256"
    else:
        form.check(layout, chosen, key_size, read.product_version)
    fields = SubjectFields(country=country, state=state, locality=locality, organisation=organisation, unit=unit)
    pending = [p for p in (out / "request.pem", out / "key.pem") if p.exists()]
    if pending and not discard:
        raise InputError(
            "a request is already pending here and its key belongs to it; discard it with --discard, or choose another folder",
            where=str(pending[0]),
        )
    key = make_key(key_size)
    request = build_csr(layout, key, fields=fields, digest=chosen)
    # The key first: a request without its key is worthless, and a leftover key harms nobody.
    write_private(out / "key.pem", key_pem(key))
    write_public(out / "request.pem", request.public_bytes(Encoding.PEM))
    facts = {"request": str(out / "request.pem"), "key": str(out / "key.pem"), **describe_request(request)}
    tell_facts(facts, as_json)


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
    as_json: JsonFlag = False,
) -> None:
    """Connections that fail when public CAs leave clientAuth out: from which date, and what each remedy takes.

    Without the certificates in use nothing is assessed: give them with --certs, or ask a what-if.

    Example: pkikit eku-audit notebooks/deployments/clustered-mra.yaml --certs my-certificates
    """  # fmt: skip
    from pkikit.judge.legs.sunset import TIMELINE, Assumption, Status, audit, remedy_effects

    read = read_deployment(deployment, version=version)
    instant = parse_instant(at, now())
    chosen = choice(what_if, tuple(a.value for a in Assumption), "--what-if") if what_if is not None else None
    legs = audit(read, _certificates_in(certs, read), at=instant, assume=Assumption(chosen) if chosen else None)
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
        _show_audit(out, read.name, legs, {leg.presenter for leg in ours}, effects)

    console.answer(document, as_json=as_json, accepted=accepted, show=show)


def _certificates_in(folder: Path | None, deployment: Deployment) -> dict[str, x509.Certificate]:
    """Read the certificates in use, by FQDN, from DIR/<fqdn>/cert.pem."""
    from pkikit.files import credential_from_folder, iter_party_folders

    found = {}
    for party in iter_party_folders(folder) if folder is not None else ():
        if party.name.lower() not in deployment.parties:
            raise InputError(
                f"is not a party of {deployment.name}; folders are named {', '.join(deployment.parties)}",
                where=str(party),
            )
        credential = credential_from_folder(party)
        if credential is not None:
            found[party.name.lower()] = credential.leaf
    return found


def _show_audit(
    out: Console, name: str, legs: Sequence[LegAudit], ours: set[str], effects: Sequence[RemedyEffect]
) -> None:
    """Print the answer, what it leaves open, then the connections that were assessed."""
    from pkikit.judge.legs.sunset import Status
    from pkikit.model.certificates.facts import format_time

    failing = [leg for leg in legs if leg.status is Status.FAILS]
    unknown = [leg for leg in legs if leg.status is Status.NOT_ASSESSED]
    theirs = sorted({leg.presenter for leg in unknown} - ours)
    kept = len(legs) - len(failing) - len(unknown)
    parts = f"{len(failing)} fail, {kept} do not fail, {len(unknown)} were not assessed"
    out.print(f"of {len(legs)} mutual connections, {parts}")
    if ours:
        out.print(f"Not given are the certificates of {', '.join(sorted(ours))}.", markup=False)
        out.print(
            "Put each into DIR/<fqdn>/cert.pem and use --certs DIR, or ask a what-if: --what-if public-ca", markup=False
        )
    if theirs:
        out.print(
            f"Ask those who run {', '.join(theirs)} whether the certificates there keep clientAuth.", markup=False
        )
    rows = [
        (leg.leg.id, format_time(leg.fails_from) if leg.fails_from else "does not fail", leg.because)
        for leg in legs
        if leg.status is not Status.NOT_ASSESSED
    ]
    if rows:
        console.table(out, ("connection", "fails from", "because"), rows, title=f"clientAuth in {name}")
    for effect in effects:
        mark = "✔" if not effect.stays_down else "✘" if not effect.restores else "◐"
        out.print(f"{mark} {effect.id}: {effect.sentence()}", markup=False)
        for need in effect.needs:
            out.print(f"    takes: {need}", markup=False)
