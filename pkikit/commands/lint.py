"""`lint`: what Expressway, Cisco's guides and the peers would object to, before anything is uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands import console
from pkikit.commands.arguments import AtOption, FileList, JsonFlag, choice, now, show_verdict
from pkikit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography import x509
    from rich.console import Console

    from pkikit.design.san import SanLayout
    from pkikit.files.contents import FileContents
    from pkikit.judge.legs_served import Service
    from pkikit.judge.linting.lint_question import CertificateUse
    from pkikit.model.deployment import Deployment
    from pkikit.model.findings import Verdict

_KINDS = ("server", "client", "csr", "ca", "trust-list")


def lint(
    files: FileList,
    as_: Annotated[
        str, typer.Option("--as", help="server, client (X15.5), csr, ca or trust-list; by default what the file holds.")
    ] = "",
    role: Annotated[str | None, typer.Option(help="expressway-c or expressway-e.")] = None,
    deployment: Annotated[
        Path | None,
        typer.Option(help="Deployment file. With --peer, its names are required and its connections judged."),
    ] = None,
    peer: Annotated[str | None, typer.Option(metavar="FQDN", help="The peer that the certificate is for.")] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Trusted CA list of the Expressway: is the chain complete in it?"),
    ] = None,
    request: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Compare with the request that the CA answered, or with the certificate that is replaced.",
        ),
    ] = None,
    at: AtOption = None,
    version: Annotated[str | None, typer.Option(help="Product version, X8.1 to X15.5.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """What Expressway, Cisco's guides and the peers would object to, before you upload; with a deployment, for which connections.

    FILE holds a certificate, a chain, a request or a trusted CA list. It can also be a deployment (.yaml), which is then judged.

    Example: pkikit lint cert.pem --deployment clustered-mra.yaml --peer e1.example.com
    """
    from pkikit.files import read_certificates, read_file
    from pkikit.model.findings import merge_verdicts

    if as_:
        choice(as_, _KINDS, "--as")
    asked = _asked(role, deployment, peer, console.parse_instant(at, now()), version, as_)
    trusted = [c for path in trust or () for c in read_certificates(path)] if trust else None
    verdicts: list[Verdict] = []
    services: tuple[Service, ...] = ()
    for path in dict.fromkeys(files):
        if path.suffix in {".yaml", ".yml"}:
            verdicts.append(_lint_deployment(path, version))
            continue
        contents = read_file(path, keep_encrypted=True)
        verdicts += _lint_file(path, contents, as_, asked, trusted)
        if request is not None:
            verdicts.append(_compared(path, request, asked.use))
        services += _services(contents, as_, asked, trusted)
    verdict = merge_verdicts(" ".join(dict.fromkeys(v.question for v in verdicts)), verdicts)
    reported = {f.rule for f in verdict.errors}
    on_legs = [s.verdict for s in services if not reported & set(s.causes)]
    verdict = merge_verdicts(verdict.question, [verdict, *on_legs])
    more: dict[str, Any] = {"legs": [s.to_json() for s in services]} if services else {}

    def show(out: Console) -> None:
        show_verdict(out, verdict)
        if services:
            rows = [(s.leg.id, s.purpose.value, "✔ served" if s.verdict.accepted else "✘ broken", ", ".join(s.causes))
                    for s in services]  # fmt: skip
            console.table(out, ("leg", "shown as", "", "cause"), rows, title="Legs that would see this certificate")

    console.answer({**verdict.to_json(), **more}, as_json=as_json, accepted=verdict.accepted, show=show)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    use: CertificateUse
    deployment: Deployment | None
    peer: str | None


def _asked(
    role: str | None, deployment: Path | None, peer: str | None, at: datetime, version: str | None, as_: str
) -> _Asked:
    from pkikit.files import load_deployment
    from pkikit.judge.linting.lint_question import CertificateUse
    from pkikit.model.deployment import Role
    from pkikit.model.leg import Purpose
    from pkikit.model.version import ProductVersion
    from pkikit.values.names import parse_dns_name

    if role is not None:
        choice(role, tuple(r.value for r in Role), "--role")
    if (deployment is None) != (peer is None):
        raise InputError("--deployment and --peer go together")
    read = load_deployment(deployment, version=version) if deployment else None
    chosen = ProductVersion.parse(version or (read.version if read else "X12.5"))
    layout = _layout(read, parse_dns_name(peer)) if read and peer else None
    known_role = read.role_of(layout.owner) if read and layout else (Role(role) if role else None)
    store = Purpose.CLIENT if as_ == "client" else None
    use = CertificateUse(at=at, version=chosen, role=known_role, layout=layout, store=store)
    return _Asked(use=use, deployment=read, peer=layout.owner if layout else None)


def _layout(deployment: Deployment, peer: str) -> SanLayout:
    """The layout of a peer, or of a Unified CM or IM&P node."""
    from pkikit.design.nodes import design_nodes
    from pkikit.design.san import design_sans

    if deployment.cluster_of(peer) is None:
        for node in design_nodes(deployment, multi_server=False):
            if peer in node.nodes:
                return node.layout
    return design_sans(deployment, deployment.peer(peer))


def _lint_deployment(path: Path, version: str | None) -> Verdict:
    from pkikit.files import load_deployment
    from pkikit.judge.linting.lint import lint_deployment

    return lint_deployment(load_deployment(path, version=version))


def _compared(path: Path, before: Path, use: CertificateUse) -> Verdict:
    """The certificate of `path` beside the request that it answers, or beside the certificate that it replaces."""
    from pkikit.files import read_certificates, read_file
    from pkikit.judge.linting.issued_certificate import lint_answer
    from pkikit.judge.linting.replacement import lint_replacement
    from pkikit.model.certificates.facts import leaf_first

    contents, certificates = read_file(before), leaf_first(read_certificates(path))
    if contents.requests:
        return lint_answer(contents.requests[0], certificates, use)
    if contents.certificates:
        return lint_replacement(leaf_first(contents.certificates)[0], certificates[0], use)
    raise InputError("holds neither a certificate request nor a certificate to compare with", where=str(before))


def _lint_file(
    path: Path, contents: FileContents, as_: str, asked: _Asked, trusted: Sequence[x509.Certificate] | None
) -> list[Verdict]:
    from pkikit.files import product_objections
    from pkikit.judge.linting import lint as judge
    from pkikit.judge.linting.upload_files import lint_bundle, lint_lone_keys
    from pkikit.model.certificates.bundle import bundle_of

    use = asked.use
    if as_ == "csr" or (not as_ and contents.requests):
        if not contents.requests:
            raise InputError(contents.lacks("certificate request"), where=str(path))
        # A CA reads the request, not the product: how the file is made is worth a warning.
        form = judge.lint_form(contents.where, product_objections(contents), to_upload=False)
        return [*([form] if form.findings else []), *(judge.lint_request(r, use) for r in contents.requests)]
    verdicts = [judge.lint_form(contents.where, product_objections(contents))]
    if not contents.certificates:
        if as_ or not (contents.keys or contents.encrypted_keys):
            raise InputError(contents.lacks("certificate"), where=str(path))
        return [*verdicts, _lint_keys(contents, None), lint_lone_keys(contents.where, contents.keys, use)]
    if as_ == "trust-list":
        return [*verdicts, judge.lint_trust_list(contents.certificates, use)]
    if as_ == "ca":
        return [*verdicts, *(judge.lint_authority(c, use) for c in contents.certificates)]
    bundle = bundle_of(contents.certificates, is_server=bool(as_))
    if bundle.leaf is not None:
        verdicts.append(lint_bundle(contents.where, bundle))
        verdicts += [judge.lint_certificate(c, use) for c in (bundle.leaf, *bundle.second_leaves)]
    verdicts += [judge.lint_authority(c, use) for c in bundle.others]
    if contents.keys or contents.encrypted_keys:
        verdicts.append(_lint_keys(contents, bundle.leaf))
    if bundle.leaf is not None and trusted is not None:
        verdicts.append(judge.lint_upload(bundle.leaf, trusted, use))
    return verdicts


def _lint_keys(contents: FileContents, leaf: x509.Certificate | None) -> Verdict:
    from pkikit.judge.linting.upload_files import lint_keys

    return lint_keys(
        contents.where,
        contents.keys,
        leaf=leaf,
        encrypted=contents.encrypted_keys,
        ends_in_newline=contents.ends_in_newline or contents.form != "pem",
    )


def _services(
    contents: FileContents, as_: str, asked: _Asked, trusted: Sequence[x509.Certificate] | None
) -> tuple[Service, ...]:
    from pkikit.judge.legs_served import services_of
    from pkikit.model.certificates.bundle import bundle_of

    chain = contents.certificates
    if asked.deployment is None or asked.peer is None or as_ in {"csr", "ca", "trust-list"} or not chain:
        return ()
    chain = bundle_of(chain, is_server=True).chain
    return services_of(asked.deployment, asked.peer, chain, at=asked.use.at, trusted_ca_list=trusted)
