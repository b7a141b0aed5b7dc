"""`san` and `csr`: what certificates should be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit import console
from pkikit.commands.options import DeploymentFile, JsonFlag, choice, rows_of
from pkikit.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console


def san(
    deployment: DeploymentFile,
    peer: Annotated[str | None, typer.Option(metavar="FQDN", help="Only this peer.")] = None,
    format: Annotated[  # noqa: A002  (the option's name is a contract)
        str | None, typer.Option(metavar="dns|collab-edge-dns", help="Form of the registration domains.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Required subject and SANs per peer, each entry with reason and who needs it.

    Example: pkikit san notebooks/deployments/clustered-mra.yaml --peer e1.example.com
    """
    from pkikit.design.san import design_all
    from pkikit.files import load_deployment

    read = load_deployment(deployment)
    if format is not None:
        choice(format, ("dns", "collab-edge-dns"), "--format")
    layouts = design_all(read, format)
    if peer is not None:
        wanted = read.peer(peer)
        layouts = tuple(layout for layout in layouts if layout.owner == wanted)

    def show(out: Console) -> None:
        for layout in layouts:
            rows = [(f"{e.type}:{e.value}", e.reason, ", ".join(e.needed_by)) for e in layout.entries]
            console.table(out, ("SAN", "reason", "needed by"), rows, title=f"{layout.owner}   CN {layout.common_name}")

    console.answer({"peers": [layout.to_json() for layout in layouts]}, as_json=as_json, show=show)


def csr(
    deployment: DeploymentFile,
    peer: Annotated[str, typer.Option(metavar="FQDN", help="The peer that the request is for.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for request.pem and key.pem.")],
    digest: Annotated[str, typer.Option(help="sha256, sha384 or sha512.")] = "sha256",
    key_size: Annotated[int, typer.Option(help="2048 or 4096.")] = 2048,
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

    from pkikit.describe import describe_request
    from pkikit.design.csr import SubjectFields, build_csr, check_limits, make_key
    from pkikit.design.san import design_sans
    from pkikit.files import key_pem, load_deployment, write_private, write_public

    read = load_deployment(deployment)
    layout = design_sans(read, read.peer(peer))
    check_limits(layout, read.product_version)
    fields = SubjectFields(country=country, state=state, locality=locality, organisation=organisation, unit=unit)
    pending = [p for p in (out / "request.pem", out / "key.pem") if p.exists()]
    if pending and not discard:
        raise InputError(
            "a request is already pending here and its key belongs to it; discard it with --discard, or choose another folder",
            where=str(pending[0]),
        )
    key = make_key(key_size)
    request = build_csr(layout, key, fields=fields, digest=digest)
    # The key first: a request without its key is worthless, and a leftover key harms nobody.
    write_private(out / "key.pem", key_pem(key))
    write_public(out / "request.pem", request.public_bytes(Encoding.PEM))
    facts = {"request": str(out / "request.pem"), "key": str(out / "key.pem"), **describe_request(request)}
    console.answer(facts, as_json=as_json, show=lambda o: console.table(o, ("", ""), rows_of(facts)))
