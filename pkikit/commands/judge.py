"""`lint`, `verify`, `match`, `rules`: what is wrong, and whether A accepts B."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit import console
from pkikit.commands.options import AtOption, FileList, JsonFlag, choice, now, rows_of, tell
from pkikit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography import x509
    from rich.console import Console

    from pkikit.judge.use import CertificateUse
    from pkikit.model.deployment import Deployment
    from pkikit.model.findings import Verdict
    from pkikit.model.revocation import RevocationQuestion


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
    request: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The request that FILE answers: is it what was asked for?")
    ] = None,
    at: AtOption = None,
    version: Annotated[str | None, typer.Option(help="Product version, X8.1 to X15.5.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """What the product, the guide or its peers would object to.

    Example: pkikit lint cert.pem --deployment clustered-mra.yaml --peer e1.example.com
    """
    from pkikit.model.findings import merge_verdicts

    if as_:
        choice(as_, ("server", "csr", "ca", "trust-list"), "--as")
    use = _use(role, deployment, peer, console.parse_instant(at, now()), version)
    verdicts = [_lint_file(path, as_, use) for path in dict.fromkeys(files)]
    if request is not None:
        verdicts += [_lint_answer(path, request) for path in dict.fromkeys(files)]
    tell(merge_verdicts(" ".join(v.question for v in verdicts), verdicts), as_json)


def _lint_answer(path: Path, request: Path) -> Verdict:
    from pkikit.files import read_certificates, read_file
    from pkikit.judge.answer import lint_answer

    requests = read_file(request).requests
    if not requests:
        raise InputError("holds no certificate request", where=str(request))
    return lint_answer(requests[0], read_certificates(path))


def _use(
    role: str | None, deployment: Path | None, peer: str | None, at: datetime, version: str | None
) -> CertificateUse:
    from pkikit.design.san import design_sans
    from pkikit.files import load_deployment
    from pkikit.judge.use import CertificateUse
    from pkikit.model.deployment import Role
    from pkikit.model.version import ProductVersion

    if role is not None:
        choice(role, tuple(r.value for r in Role), "--role")
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
    from pkikit.model.facts import extension
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
    crl: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="CRLs at hand; may be repeated.")] = None,
    ocsp: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="OCSP answers at hand.")] = None,
    revocation: Annotated[
        str | None,
        typer.Option(metavar="off|crl|ocsp|both", help="Sources in use; by default those that files are given for."),
    ] = None,
    fallback: Annotated[
        str, typer.Option(metavar="not-revoked|revoked", help="What counts when the status cannot be had.")
    ] = "not-revoked",
    service: Annotated[
        str, typer.Option(metavar="sip-tls|https|ldap|policy", help="Which service judges: each reads other sources.")
    ] = "sip-tls",
    as_json: JsonFlag = False,
) -> None:
    """One acceptance decision, with reasons.

    Example: pkikit verify cert.pem --trust trust.pem --purpose client --name cluster-c.corp.example.com
    """
    from pkikit.files import read_certificates, read_file
    from pkikit.judge.names import reference_name
    from pkikit.judge.verify import verify_certificate
    from pkikit.model.leg import NameCheck, Purpose

    choice(purpose, tuple(p.value for p in Purpose), "--purpose")
    checks = [NameCheck(any_of=(reference_name(n),), why="--name") for n in name or ()]
    leaf, *sent = read_certificates(certificate)
    sent += [c for path in chain or () for c in read_certificates(path)]
    lists = [read_file(path) for path in trust]
    trusted = [c for contents in lists for c in contents.certificates]
    if not trusted:
        raise InputError("holds no certificate", where=str(trust[0]))
    question = _revocation(revocation, fallback, service, crl or (), ocsp or (), [c for f in lists for c in f.crls])
    verdict = verify_certificate(
        leaf,
        sent=sent,
        trusted_ca_list=trusted,
        purpose=Purpose(purpose),
        at=console.parse_instant(at, now()),
        name_checks=checks,
        revocation=question,
    )
    tell(verdict, as_json)


def _revocation(
    mode: str | None,
    fallback: str,
    service: str,
    crl_files: Sequence[Path],
    ocsp_files: Sequence[Path],
    in_trust: list[x509.CertificateRevocationList],
) -> RevocationQuestion | None:
    """The question that the options ask; None when revocation is not looked at."""
    from pkikit.files import read_file
    from pkikit.model.deployment import Revocation
    from pkikit.model.revocation import NOTHING_HELD, Consumer, CrlSource, RevocationQuestion

    given = ("both" if ocsp_files else "crl") if crl_files else ("ocsp" if ocsp_files else "off")
    chosen = choice(mode, ("off", "crl", "ocsp", "both"), "--revocation") if mode is not None else given
    choice(fallback, ("not-revoked", "revoked"), "--fallback")
    consumers = {"sip-tls": Consumer.SIP_TLS, "https": Consumer.HTTPS, "ldap": Consumer.LDAP, "policy": Consumer.POLICY}
    consumer = consumers[choice(service, tuple(consumers), "--service")]
    crls = [(path, read_file(path).crls) for path in crl_files]
    answers = [(path, read_file(path).ocsp_answers) for path in ocsp_files]
    for what, read in (("CRL", crls), ("OCSP answer", answers)):
        for path, found in read:
            if not found:
                raise InputError(f"holds no {what}", where=str(path))
    if chosen == "off":
        return None
    data = NOTHING_HELD.with_crls(CrlSource.MANUAL, [c for _, found in crls for c in found])
    data = data.with_crls(CrlSource.CA_FILE, in_trust).with_answers([a for _, found in answers for a in found])
    settings = Revocation(
        checking=True, use_ocsp=chosen in {"ocsp", "both"}, use_crls=chosen in {"crl", "both"},
        fallback="revoked" if fallback == "revoked" else "not-revoked",
    )  # fmt: skip
    return RevocationQuestion(settings=settings, data=data, consumer=consumer)


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
            console.table(out, ("", ""), rows_of(document[0]))
        else:
            console.table(
                out, ("rule", "severity", "requirement"), [(r.id, r.severity.value, r.requirement) for r in chosen]
            )

    console.answer(document, as_json=as_json, show=show)
