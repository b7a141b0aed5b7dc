"""Lint what a file holds, as the kind that it is: certificate, chain, request, CA, trusted CA list, keys alone."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from pkikit.design.nodes import design_nodes
from pkikit.design.san import SanLayout, design_sans
from pkikit.errors import InputError
from pkikit.expectations.expectation import verdict_of
from pkikit.expectations.house.fact_list import Value
from pkikit.expectations.house.house_file import HouseRules
from pkikit.expectations.house.judge_house import judge_certificate_by_house
from pkikit.expectations.house.known_facts import machine_facts
from pkikit.expectations.judge_expectations import judge_promises_about
from pkikit.expectations.judged_promises import judge_promises
from pkikit.files import FileContents, product_objections
from pkikit.judge.legs.legs_served import Service, services_of
from pkikit.judge.linting import lint as judge
from pkikit.judge.linting.upload_files import lint_bundle, lint_keys, lint_lone_keys
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.bundle import bundle_of
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Verdict, merge_verdicts
from pkikit.model.leg import Purpose
from pkikit.model.parties import Role
from pkikit.model.tables.features import DEFAULT_VERSION
from pkikit.model.version import ProductVersion
from pkikit.values.names import parse_dns_name
from pkikit.worlds.world_files import world_of_files


class Kind(enum.StrEnum):
    """The kind as which a file is judged; CLIENT is the client certificate of X15.5 and newer."""

    SERVER = "server"
    CLIENT = "client"
    CSR = "csr"
    CA = "ca"
    TRUST_LIST = "trust-list"


@dataclass(frozen=True, kw_only=True)
class LintQuestion:
    """The question about a file.

    Attributes:
        use: instant, version, role and names by which the file is judged.
        kind: the kind as which the file is judged; None means whatever it holds.
        deployment: the deployment of the certificate; its connections are judged too.
        peer: the party of the deployment that the certificate is for.
        trusted: the Expressway's trusted CA list, which must complete the chain; None skips this check.
        rules: rules of the house; None for none.
    """

    use: CertificateUse
    kind: Kind | None = None
    deployment: Deployment | None = None
    peer: str | None = None
    trusted: Sequence[x509.Certificate] | None = None
    rules: HouseRules | None = None


def lint_question(
    *,
    at: datetime,
    kind: Kind | None = None,
    role: Role | None = None,
    deployment: Deployment | None = None,
    peer: str | None = None,
    version: str | None = None,
    trusted: Sequence[x509.Certificate] | None = None,
    rules: HouseRules | None = None,
) -> LintQuestion:
    """Complete a question with what follows from the deployment: version, role, and the names that the peer needs.

    Args:
        at: the instant judged, aware UTC.
        kind: the kind as which the file is judged; None means whatever it holds.
        role: Expressway-C or Expressway-E; by default the role of `peer`.
        deployment: the deployment of the certificate; give it together with `peer`.
        peer: the party of `deployment` that the certificate is for.
        version: product version, such as `X15.5`; by default that of the deployment.
        trusted: the Expressway's trusted CA list; None skips the check of the chain.
        rules: rules of the house.

    Returns:
        The question for `lint_file`.

    Raises:
        InputError: a deployment without a peer or a peer without a deployment, or a peer that the deployment lacks.
    """
    if (deployment is None) != (peer is None):
        raise InputError("deployment and peer go together")
    chosen = ProductVersion.parse(version or (deployment.version if deployment else DEFAULT_VERSION))
    layout = layout_of(deployment, peer) if deployment and peer else None
    known_role = deployment.role_of(layout.owner) if deployment and layout else role
    store = Purpose.CLIENT if kind is Kind.CLIENT else None
    use = CertificateUse(at=at, version=chosen, role=known_role, layout=layout, store=store)
    owner = layout.owner if layout else None
    return LintQuestion(use=use, kind=kind, deployment=deployment, peer=owner, trusted=trusted, rules=rules)


def layout_of(deployment: Deployment, fqdn: str) -> SanLayout:
    """Return the names that the certificate of a peer needs, or of a Unified CM or IM and Presence node."""
    name = parse_dns_name(fqdn)
    if deployment.cluster_of(name) is None:
        for node in design_nodes(deployment, multi_server=False):
            if name in node.nodes:
                return node.layout
    return design_sans(deployment, deployment.peer(name))


def lint_file(contents: FileContents, question: LintQuestion) -> list[Verdict]:
    """Judge everything in a file.

    Args:
        contents: what the file holds.
        question: by what it is judged.

    Returns:
        One verdict for the file's form, and one for each thing in it.

    Raises:
        InputError: the file does not hold what `question.kind` says.
    """
    use, kind = question.use, question.kind
    if kind is Kind.CSR or (kind is None and contents.requests):
        if not contents.requests:
            raise InputError(contents.lacks("certificate request"), where=contents.where)
        # A CA reads the request, not the product: an odd form of the file deserves only a warning.
        form = judge.lint_form(contents.where, product_objections(contents), to_upload=False)
        return [*([form] if form.findings else []), *(judge.lint_request(r, use) for r in contents.requests)]
    verdicts = [judge.lint_form(contents.where, product_objections(contents))]
    if not contents.certificates:
        if kind is not None or not (contents.keys or contents.encrypted_keys):
            raise InputError(contents.lacks("certificate"), where=contents.where)
        return [*verdicts, _lint_keys(contents, None), lint_lone_keys(contents.where, contents.keys, use)]
    if kind is Kind.TRUST_LIST:
        return [*verdicts, judge.lint_trust_list(contents.certificates, use)]
    if kind is Kind.CA:
        return [*verdicts, *(judge.lint_authority(c, use) for c in contents.certificates)]
    bundle = bundle_of(contents.certificates, is_server=kind is not None)
    if bundle.leaf is not None:
        verdicts.append(lint_bundle(contents.where, bundle))
        verdicts += [judge.lint_certificate(c, use) for c in (bundle.leaf, *bundle.second_leaves)]
        verdicts += _lint_promises(contents, bundle.leaf, bundle.chain[1:], question)
    verdicts += [judge.lint_authority(c, use) for c in bundle.others]
    if contents.keys or contents.encrypted_keys:
        verdicts.append(_lint_keys(contents, bundle.leaf))
    if bundle.leaf is not None and question.trusted is not None:
        verdicts.append(judge.lint_upload(bundle.leaf, question.trusted, use))
    return verdicts


def _lint_promises(
    contents: FileContents, leaf: x509.Certificate, chain: Sequence[x509.Certificate], question: LintQuestion
) -> list[Verdict]:
    """Judge what the deployment promises about the certificate of this peer, and ask the rules of the house."""
    at, found = question.use.at, list[Verdict]()
    store = "client certificate" if question.kind is Kind.CLIENT else "server certificate"
    facts: dict[str, Value | None] = {"store": store}
    if question.deployment is not None and question.peer is not None:
        promised = judge_promises_about(question.deployment, question.peer, store, leaf, at=at)
        found += [verdict_of(question.deployment.name, promised)] if promised else []
        facts |= machine_facts(question.deployment, question.peer)
    elif question.use.role is not None:
        facts["role"] = question.use.role.value
    if question.rules is not None:
        rules, where = question.rules, contents.where
        found.append(judge_certificate_by_house(rules, leaf, at=at, chain=chain, machine=facts, where=where))
    return found


def lint_whole_deployment(
    deployment: Deployment, *, at: datetime, rules: HouseRules | None = None, certificates: Path | None = None
) -> list[Verdict]:
    """Judge a deployment file: what cannot work, what it promises, and the rules of a house.

    Args:
        deployment: what the file describes.
        at: the time.
        rules: rules of the house.
        certificates: the folder with a folder for each machine; without it, what depends on certificates is not assessed.

    Returns:
        One verdict, and one about promises and house rules if there are any.

    Raises:
        InputError: a file in the folder of certificates cannot be used.
    """
    found = [judge.lint_deployment(deployment)]
    if deployment.expect is not None or rules is not None:
        judged = judge_promises(world_of_files(deployment, certificates), at=at, rules=rules, partial=True)
        found.append(judged.verdict)
    return found


def _lint_keys(contents: FileContents, leaf: x509.Certificate | None) -> Verdict:
    return lint_keys(
        contents.where,
        contents.keys,
        leaf=leaf,
        encrypted=contents.encrypted_keys,
        ends_in_newline=contents.ends_in_newline or contents.form != "pem",
    )


def services_in(contents: FileContents, question: LintQuestion) -> tuple[Service, ...]:
    """Judge each connection of the deployment that would see the certificate of a file."""
    chain, kind = contents.certificates, question.kind
    if question.deployment is None or question.peer is None or not chain:
        return ()
    if kind in {Kind.CSR, Kind.CA, Kind.TRUST_LIST}:
        return ()
    chain = bundle_of(chain, is_server=True).chain
    return services_of(question.deployment, question.peer, chain, at=question.use.at, trusted_ca_list=question.trusted)


def merge_lint(verdicts: Sequence[Verdict], services: Sequence[Service] = ()) -> Verdict:
    """Merge the verdicts over files and connections; a connection repeats no finding that a file already has."""
    verdict = merge_verdicts(" ".join(dict.fromkeys(v.question for v in verdicts)), verdicts)
    reported = {f.rule for f in verdict.errors}
    on_legs = [s.verdict for s in services if not reported & set(s.causes)]
    return merge_verdicts(verdict.question, [verdict, *on_legs])
