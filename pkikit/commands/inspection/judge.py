"""`verify`, `match`, `rules`: whether A accepts B, and by which rules."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import AtOption, JsonFlag, VerboseFlag, choice, now, tell
from pkikit.commands.terminal.object_facts import rows_of
from pkikit.errors import InputError
from pkikit.text import counted, printable
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509
    from rich.console import Console

    from pkikit.model.revocation import RevocationQuestion


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
    crl: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="CRLs to use; may be repeated.")] = None,
    ocsp: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="OCSP answers to use; may be repeated.")
    ] = None,
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
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Decide whether a certificate is accepted, and why.

    Example: pkikit verify cert.pem --trust trust.pem --purpose client --name cluster-c.corp.example.com
    """
    from pkikit.files import read_certificates, read_chain, read_file
    from pkikit.judge.matching.name_matching import reference_name
    from pkikit.judge.verify import verify_certificate
    from pkikit.model.leg import NameCheck, Purpose

    choice(purpose, tuple(p.value for p in Purpose), "--purpose")
    checks = [NameCheck(any_of=(reference_name(n),), why="--name") for n in name or ()]
    leaf, *sent = read_chain(certificate)
    sent += [c for path in chain or () for c in read_certificates(path)]
    lists = [read_file(path) for path in trust]
    trusted = [c for contents in lists for c in contents.certificates]
    if not trusted:
        raise InputError(lists[0].lacks("certificate"), where=str(trust[0]))
    question = _revocation(revocation, fallback, service, crl or (), ocsp or (), [c for f in lists for c in f.crls])
    verdict = verify_certificate(
        leaf,
        sent=sent,
        trusted_ca_list=trusted,
        purpose=Purpose(purpose),
        at=parse_instant(at, now()),
        name_checks=checks,
        revocation=question,
    )
    shown = f"{certificate} as TLS {purpose} certificate"
    tell(verdict, as_json, yes=f"Accepted: {shown}", no=f"Not accepted: {shown}", verbose=verbose)


def _revocation(
    mode: str | None,
    fallback: str,
    service: str,
    crl_files: Sequence[Path],
    ocsp_files: Sequence[Path],
    in_trust: list[x509.CertificateRevocationList],
) -> RevocationQuestion | None:
    """Return the question that the options ask; None when they do not ask about revocation."""
    from pkikit.files import read_file
    from pkikit.model.deployment import Revocation
    from pkikit.model.leg import Consumer
    from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion

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
                raise InputError(f"has no {what}", where=str(path))
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
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Check whether a certificate has a name. The product, RFC 5922, RFC 9525 and OpenSSL side by side.

    Example: pkikit match sip:example.com cert.pem
    """
    from pkikit.files import read_chain
    from pkikit.judge.matching.name_matching import NameReason, every_answer
    from pkikit.judge.matching.name_table import CONTRADICTION, FOLLOWED, OPENSSL, PRODUCT, RFC, TABLE
    from pkikit.model.certificates.facts import presented_names

    if Path(name).is_file() and not certificate.exists():
        raise InputError(f"the name comes first: pkikit match {printable(str(certificate))} {printable(name)}")
    presented = presented_names(read_chain(certificate)[0])
    answers = dict(every_answer(name, presented))
    product = next(iter(answers.values()))
    document = {
        "accepted": product.matched,
        "reference": product.reference,
        "presented": list(presented.identities),
        "unusable": [{"name": entry.name, "reason": entry.reason} for entry in presented.refused],
        "answers": [
            {"rules": rules, "matched": m.matched, "presented": m.presented or None, "why": m.why}
            for rules, m in answers.items()
        ],
        "table": [row.to_json() for row in TABLE],
        "contradiction": [{"document": s.document, "says": s.says} for s in CONTRADICTION],
    }

    def show(out: Console) -> None:
        said = f"✔ {certificate} has" if product.matched else f"✘ {certificate} does not have"
        why = f": {product.why}" if product.reason is not NameReason.ABSENT else ""
        console.headline(out, f"{said} the name {product.reference}{why}")
        console.section(out, f"Names in it: {presented.describe()}")
        rows = [(rules, "✔ yes" if m.matched else "✘ no", m.presented, m.why) for rules, m in answers.items()]
        console.table(out, ("judged by", "match", "name", "why"), rows, title="Other readers:", indent=2)
        for entry in presented.refused[:20]:
            console.say(out, f"Unusable: {entry.name!r} {entry.reason}")
        if not verbose:
            console.section(out, "--verbose shows which kinds of names count for whom.")
            return
        readers = (RFC, OPENSSL, PRODUCT)
        console.section(out, "Which names count:")
        for row in TABLE:
            console.section(out, row.kind)
            console.show_facts(out, [(reader, row.describe_reader(reader)) for reader in readers])
        console.section(out, "What the documents say about the common name:")
        for statement in CONTRADICTION:
            console.say(out, f"{statement.document}: {statement.says}", first="  - ")
        console.section(out, FOLLOWED)

    console.answer(document, as_json=as_json, accepted=product.matched, show=show)


def rules(
    rule_id: Annotated[str | None, typer.Argument(metavar="ID", help="One rule in full.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List all rules, or show one in full.

    Example: pkikit rules names.cluster-fqdn-missing
    """
    from pkikit.rules.catalogue import all_rules, rule_of

    chosen = (rule_of(rule_id),) if rule_id else all_rules()
    document = [
        {key: getattr(rule, key) for key in ("id", "severity", "requirement", "source", "fix", "versions")}
        for rule in chosen
    ]

    def show(out: Console) -> None:
        if rule_id:
            console.headline(out, f"{chosen[0].id} ({chosen[0].severity.value})")
            console.show_facts(out, rows_of({k: v for k, v in document[0].items() if k not in {"id", "severity"}}))
            return
        console.headline(out, f"{counted(len(chosen), 'rule')}; pkikit rules ID shows one in full")
        for _, members in groupby(chosen, key=lambda r: r.id.partition(".")[0]):
            out.print()
            console.table(out, ("", "", ""), [(r.id, r.severity.value, r.requirement) for r in members])

    console.answer(document, as_json=as_json, show=show)
