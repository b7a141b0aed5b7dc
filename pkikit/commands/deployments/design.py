"""`san` and `csr`: what certificates should be."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import (
    DeploymentFile,
    JsonFlag,
    VerboseFlag,
    VersionOption,
    choice,
    read_deployment,
    tell_made,
)
from pkikit.commands.terminal.layout import unbroken
from pkikit.commands.terminal.object_facts import brief_rows
from pkikit.errors import InputError
from pkikit.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pkikit.design.san import SanEntry
    from pkikit.model.deployment import Deployment
    from pkikit.view.short_names import ShortNames


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
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """List the names that each certificate needs, and why. With --diff: which peers need a new certificate after a change.

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
        from pkikit.design.legs import legs_of
        from pkikit.view.short_names import ShortNames

        names = ShortNames(legs_of(read))
        titled = [(layout.owner, layout) for layout in layouts]
        titled += [(f"{n.service} on {', '.join(n.nodes)}", n.layout) for n in around]
        for n, (title, layout) in enumerate(titled):
            if n:
                out.print()
            console.headline(out, f"{title}: {counted(len(layout.entries), 'SAN')}, common name {layout.common_name}")
            rows = [(*_san(e), _needed_by(e, names, verbose=verbose)) for e in layout.entries]
            console.table(out, ("SAN", "reason", "needed by"), rows, indent=2)
        if verbose:
            used = {
                name
                for _, layout in titled
                for e in layout.entries
                for leg in e.legs
                for name in (leg.client, leg.server)
            }
            console.section(out, names.legend(used))
        elif any(e.legs for _, layout in titled for e in layout.entries):
            console.section(out, "--verbose lists every connection.")

    console.answer(document, as_json=as_json, show=show)


def _san(entry: SanEntry) -> tuple[str, str]:
    """Return the name, its type only if it is no DNS name, and why it is there."""
    return entry.value if entry.type == "dns" else f"{entry.type}:{entry.value}", entry.reason


def _needed_by(entry: SanEntry, names: ShortNames, *, verbose: bool) -> str:
    """Return who needs a name: services, and connections by what they carry, each with its number."""
    services = [need for need in entry.needed_by if need not in {leg.id for leg in entry.legs}]
    if verbose:
        return "\n".join((*services, *(names.connection(leg.id) for leg in entry.legs)))
    kinds = Counter(names.carries(leg) for leg in entry.legs)
    return ", ".join(
        (*services, *(unbroken(f"{kind} ({count})") if count > 1 else kind for kind, count in kinds.items()))
    )


def _show_change(old: Deployment, new: Deployment, as_json: bool) -> None:
    from pkikit.design.change import compare_deployments
    from pkikit.design.restarts import in_restart_order, order_advice

    changes = compare_deployments(old, new)
    orders = in_restart_order(new, (c.fqdn for c in changes if c.needs_certificate))

    def show(out: Console) -> None:
        renewed = [c for c in changes if c.needs_certificate]
        needs = "needs" if len(renewed) == 1 else "need"
        console.headline(
            out, f"{len(renewed)} of {counted(len(changes), 'peer')} {needs} a new certificate: {old.name} → {new.name}"
        )
        groups: dict[tuple[Any, ...], list[str]] = {}
        for c in sorted(changes, key=lambda c: not c.needs_certificate):
            what = "new certificate" if c.needs_certificate else c.fate
            groups.setdefault((what, c.reasons, tuple(e.value for e in c.removed)), []).append(c.fqdn)
        for (what, reasons, removed), peers in groups.items():
            console.section(out, f"{', '.join(peers)}: {what}")
            for reason in reasons:
                console.say(out, reason, first="  - ")
            if removed:
                console.say(out, f"No longer needed: {', '.join(removed)}", indent=2)
        console.next_steps(out, _once([order_advice(order) for order in orders]))

    console.answer({"changes": [c.to_json() for c in changes]}, as_json=as_json, show=show)


def _once(advice: Sequence[str]) -> list[str]:
    """Return each piece of advice; what it says about every cluster only once."""
    said = [sentence.partition(" Here: ") for sentence in advice if sentence]
    first = [general for general, _, _ in said[:1]]
    return [*first, *(f"Here: {here}" for _, _, here in said if here)]


def csr(
    deployment: DeploymentFile,
    peer: Annotated[
        str,
        typer.Option(
            metavar="FQDN", help="The peer that the request is for, or a node of Unified CM or another machine."
        ),
    ],
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
    """Create a key and a signing request for one peer. Writes DIR/request.pem and DIR/key.pem (mode 0600).

    Example: pkikit csr notebooks/deployments/clustered-mra.yaml --peer c1.corp.example.com --out request-c1
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    from pkikit.design.csr import CsrForm, SubjectFields, build_csr, make_key
    from pkikit.files import key_pem, write_private, write_public
    from pkikit.view.description import describe_request
    from pkikit.worlds.issued_world import layout_of

    read = read_deployment(deployment)
    others = {fqdn for group in read.groups if group.has_certificates for fqdn in group.members}.difference(read.peers)
    owner = peer.lower() if peer.lower() in others else read.peer(peer)
    layout = layout_of(read, owner)
    form = CsrForm.of(read.product_version)
    chosen = digest or form.default_digest
    if owner in others:  # the rules of the page are those of an Expressway
        chosen = digest or "sha256"
    elif form.digests == ("sha1",) and digest in {"", "sha256"}:
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
    leaf = f"{layout.owner.partition('.')[0]}.pem"
    of_peer = f" --deployment {deployment} --peer {layout.owner}" if owner not in others else ""
    check = f"pkikit lint {leaf}{of_peer} --request {out / 'request.pem'}"
    tell_made(
        facts, as_json, done=f"Certificate signing request for {layout.owner}", rows=brief_rows(facts),
        files=(("Request", out / "request.pem"), ("Key", out / "key.pem")),
        steps=(
            "Keep the key secret: only you can read the file (mode 0600).",
            f"Have a CA sign the request. With a CA of your own:\npkikit ca issue CA-DIR {out / 'request.pem'} --out {leaf}",
            f"Check the certificate before you upload it:\n{check}",
        ),
    )  # fmt: skip
