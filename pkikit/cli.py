"""`pkikit`: certificate decisions on the command line. Imports what a command uses, when it is used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit import console
from pkikit.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.judge.use import CertificateUse
    from pkikit.model.deployment import Deployment
    from pkikit.model.findings import Verdict

app = typer.Typer(
    name="pkikit",
    help="Certificate decisions around Cisco Expressway.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
AtOption = Annotated[str | None, typer.Option("--at", metavar="TIME", help="The instant judged, ISO-8601 with zone.")]
DeploymentFile = Annotated[Path, typer.Argument(metavar="DEPLOYMENT", help="Deployment file (YAML).")]
FileList = Annotated[list[Path], typer.Argument(metavar="FILE...")]


def main() -> None:
    """Entry point of the console script."""
    console.run(app, "pkikit")


def _now() -> datetime:
    return datetime.now(UTC)


def _choice(value: str, allowed: tuple[str, ...], option: str) -> str:
    if value not in allowed:
        raise InputError(f"{option} {value[:40]!r}: allowed are {', '.join(allowed)}")
    return value


@app.command()
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
        _choice(format, ("dns", "collab-edge-dns"), "--format")
    layouts = design_all(read, format)
    if peer is not None:
        wanted = read.peer(peer)
        layouts = tuple(layout for layout in layouts if layout.owner == wanted)

    def show(out: Console) -> None:
        for layout in layouts:
            rows = [(f"{e.type}:{e.value}", e.reason, ", ".join(e.needed_by)) for e in layout.entries]
            console.table(out, ("SAN", "reason", "needed by"), rows, title=f"{layout.owner}   CN {layout.common_name}")

    console.answer({"peers": [layout.to_json() for layout in layouts]}, as_json=as_json, show=show)


@app.command()
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
    console.answer(facts, as_json=as_json, show=lambda o: console.table(o, ("", ""), _rows(facts)))


@app.command()
def decode(files: FileList, at: AtOption = None, as_json: JsonFlag = False) -> None:
    """What is in a file: certificate, chain, request, CRL, OCSP answer, key (public facts only); PEM, DER, PKCS#7.

    Example: pkikit decode cert.pem trust.pem
    """
    from pkikit.describe import describe_contents
    from pkikit.files import read_file

    instant = console.parse_instant(at, _now())
    objects = []
    for path in files:
        contents = read_file(path)
        if contents.is_empty:
            raise InputError("holds nothing that can be decoded", where=str(path))
        objects += [{"file": str(path), **facts} for facts in describe_contents(contents, instant)]

    def show(out: Console) -> None:
        for facts in objects:
            console.table(out, ("", ""), _rows({k: v for k, v in facts.items() if k != "file"}), title=facts["file"])

    console.answer({"objects": objects}, as_json=as_json, show=show)


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    shown = []
    for name, value in facts.items():
        if isinstance(value, dict):
            shown += [(f"{name} {kind}", ", ".join(map(str, values))) for kind, values in value.items()]
        else:
            shown.append((name.replace("_", " "), "" if value is None else str(value)))
    return shown


@app.command()
def lint(
    files: FileList,
    as_: Annotated[
        str, typer.Option("--as", help="server, csr, ca or trust-list; by default what the file holds.")
    ] = "",
    role: Annotated[str | None, typer.Option(help="expressway-c or expressway-e.")] = None,
    deployment: Annotated[
        Path | None, typer.Option(help="Deployment file; with --peer, its SAN layout is required.")
    ] = None,
    peer: Annotated[str | None, typer.Option(metavar="FQDN", help="The peer that the certificate is for.")] = None,
    at: AtOption = None,
    version: Annotated[str | None, typer.Option(help="Product version, X8.1 to X15.5.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """What the product, the guide or its peers would object to.

    Example: pkikit lint cert.pem --deployment clustered-mra.yaml --peer e1.example.com
    """
    from pkikit.model.findings import merge_verdicts

    if as_:
        _choice(as_, ("server", "csr", "ca", "trust-list"), "--as")
    use = _use(role, deployment, peer, console.parse_instant(at, _now()), version)
    verdicts = [_lint_file(path, as_, use) for path in files]
    _tell(merge_verdicts(" ".join(v.question for v in verdicts), verdicts), as_json)


def _use(
    role: str | None, deployment: Path | None, peer: str | None, at: datetime, version: str | None
) -> CertificateUse:
    from pkikit.design.san import design_sans
    from pkikit.files import load_deployment
    from pkikit.judge.use import CertificateUse
    from pkikit.model.deployment import Role
    from pkikit.model.version import ProductVersion

    if role is not None:
        _choice(role, tuple(r.value for r in Role), "--role")
    if (deployment is None) != (peer is None):
        raise InputError("--deployment and --peer go together")
    read: Deployment | None = load_deployment(deployment) if deployment else None
    chosen = ProductVersion.parse(version or (read.version if read else "X12.5"))
    layout = design_sans(read, read.peer(peer)) if read and peer else None
    known_role = read.role_of(layout.owner) if read and layout else (Role(role) if role else None)
    return CertificateUse(at=at, version=chosen, role=known_role, layout=layout)


def _lint_file(path: Path, as_: str, use: CertificateUse) -> Verdict:
    from pkikit.files import read_file
    from pkikit.judge import lint as judge
    from pkikit.judge.facts import extension
    from pkikit.model.findings import merge_verdicts

    contents = read_file(path)
    if as_ == "csr" or (not as_ and contents.requests):
        if not contents.requests:
            raise InputError("holds no certificate request", where=str(path))
        return merge_verdicts(str(path), [judge.lint_request(r, use) for r in contents.requests])
    if not contents.certificates:
        raise InputError("holds no certificate", where=str(path))
    if as_ == "trust-list":
        return judge.lint_trust_list(contents.certificates, use)
    if as_ == "ca":
        return merge_verdicts(str(path), [judge.lint_authority(c, use) for c in contents.certificates])
    from cryptography import x509

    def is_ca(certificate: x509.Certificate) -> bool:
        constraints = extension(certificate, x509.BasicConstraints)
        return constraints is not None and constraints.ca

    first, *rest = contents.certificates
    leaf_first = bool(as_) or not is_ca(first)
    verdicts = [judge.lint_certificate(first, use) if leaf_first else judge.lint_authority(first, use)]
    verdicts += [judge.lint_authority(c, use) for c in rest]
    return merge_verdicts(verdicts[0].question, verdicts)


@app.command()
def verify(
    certificate: Annotated[
        Path, typer.Argument(metavar="CERT", help="Leaf, optionally followed by its intermediates.")
    ],
    trust: Annotated[list[Path], typer.Option(metavar="FILE", help="Trusted CA list; may be repeated.")],
    chain: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="What is sent behind the leaf.")] = None,
    purpose: Annotated[str, typer.Option(help="server or client: the role in which CERT is shown.")] = "server",
    name: Annotated[
        list[str] | None, typer.Option(metavar="NAME|sip:URI", help="Name to look for; may be repeated.")
    ] = None,
    at: AtOption = None,
    as_json: JsonFlag = False,
) -> None:
    """One acceptance decision, with reasons.

    Example: pkikit verify cert.pem --trust trust.pem --purpose client --name cluster-c.corp.example.com
    """
    from pkikit.files import read_certificates
    from pkikit.judge.names import reference_name
    from pkikit.judge.verify import verify_certificate
    from pkikit.model.leg import NameCheck, Purpose

    _choice(purpose, tuple(p.value for p in Purpose), "--purpose")
    checks = [NameCheck(any_of=(reference_name(n),), why="--name") for n in name or ()]
    leaf, *sent = read_certificates(certificate)
    sent += [c for path in chain or () for c in read_certificates(path)]
    trusted = [c for path in trust for c in read_certificates(path)]
    verdict = verify_certificate(
        leaf,
        sent=sent,
        trusted_ca_list=trusted,
        purpose=Purpose(purpose),
        at=console.parse_instant(at, _now()),
        name_checks=checks,
    )
    _tell(verdict, as_json)


def _tell(verdict: Verdict, as_json: bool) -> None:
    def show(out: Console) -> None:
        out.print(verdict.question, markup=False)
        console.show_findings(out, verdict.findings)
        said = "yes" if verdict.accepted else "no"
        out.print(
            f"{said}: {len(verdict.errors)} errors, {len(verdict.findings)} findings, {len(verdict.checked)} rules checked"
        )

    console.answer(verdict.to_json(), as_json=as_json, accepted=verdict.accepted, show=show)


@app.command()
def match(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Reference name: FQDN, sip:domain or IP address.")],
    certificate: Annotated[Path, typer.Argument(metavar="CERT")],
    as_json: JsonFlag = False,
) -> None:
    """Which presented name matches a reference name, and why: RFC 5922 with the product's rules, and RFC 9525 beside it.

    Example: pkikit match sip:example.com cert.pem
    """
    from pkikit.files import read_certificates
    from pkikit.judge.names import match_https, match_name, presented_names

    presented = presented_names(read_certificates(certificate)[0])
    product = match_name(name, presented)
    answers = {"product (RFC 5922, no wildcards)": product, "RFC 9525 (HTTPS)": match_https(name, presented)}
    document = {
        "accepted": product.matched,
        "reference": product.reference,
        "presented": list(presented.identities),
        "answers": [
            {"rules": rules, "matched": m.matched, "presented": m.presented or None, "why": m.why}
            for rules, m in answers.items()
        ],
    }

    def show(out: Console) -> None:
        rows = [(rules, "yes" if m.matched else "no", m.presented, m.why) for rules, m in answers.items()]
        console.table(
            out, ("rules", "match", "presented", "why"), rows, title=f"{product.reference} in {presented.shown()}"
        )

    console.answer(document, as_json=as_json, accepted=product.matched, show=show)


@app.command()
def rules(
    rule_id: Annotated[str | None, typer.Argument(metavar="ID", help="One rule in full.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """The rule catalogue, or one rule in full.

    Example: pkikit rules names.cluster-fqdn-missing
    """
    from dataclasses import asdict

    from pkikit.judge.registry import catalogue, rule_of

    chosen = (rule_of(rule_id),) if rule_id else catalogue()
    document = [
        {key: asdict(rule)[key] for key in ("id", "severity", "requirement", "source", "fix", "versions")}
        for rule in chosen
    ]

    def show(out: Console) -> None:
        if rule_id:
            console.table(out, ("", ""), _rows(document[0]))
        else:
            console.table(
                out, ("rule", "severity", "requirement"), [(r.id, r.severity.value, r.requirement) for r in chosen]
            )

    console.answer(document, as_json=as_json, show=show)
