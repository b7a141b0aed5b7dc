"""The functions of `import pkikit`: they take paths, bytes or objects and return values that explain themselves."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pkikit.api.inputs import (
    CertificateInput,
    DeploymentInput,
    RequestInput,
    certificates_of,
    chain_of,
    choice_of,
    contents_of,
    deployment_of,
    load_file,
    names_of,
    text_of,
)
from pkikit.api.promises_and_rules import load_house_rules
from pkikit.design.legs import legs_of
from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.expectations.house.house_file import HouseRules
from pkikit.files.deployment_folder import is_yaml
from pkikit.judge.logs.log_text import diagnose_text
from pkikit.judge.matching.name_matching import NameMatch, match_name, reference_name
from pkikit.judge.verify import verify_certificate
from pkikit.model.certificates.facts import presented_names
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Verdict
from pkikit.model.leg import Leg, NameCheck, Purpose
from pkikit.model.parties import Role
from pkikit.report.file_lint import (
    Kind,
    layout_of,
    lint_file,
    lint_question,
    lint_whole_deployment,
    merge_lint,
    services_in,
)
from pkikit.rules.catalogue import all_rules
from pkikit.rules.rule import Rule
from pkikit.values.instants import parse_instant


@dataclass(frozen=True, kw_only=True)
class Diagnosis(Verdict):
    """Why connections failed: a verdict with its causes.

    Attributes:
        causes: ids of the rules that explain the failures, the most probable cause first.
    """

    causes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document of `pkikit diagnose --json`: that of the verdict, and `causes`."""
        return {**super().to_json(), "causes": list(self.causes)}


def load_deployment(path: str | os.PathLike[str], *, version: str | None = None) -> Deployment:
    """Read a deployment file.

    Args:
        path: the YAML file.
        version: product version, such as `X15.5`; it replaces the one in the file.

    Returns:
        The deployment: clusters, zones, domains and the parties around them.

    Raises:
        DeploymentError: the file is not a deployment; the message names line, key and what is allowed.
        InputError: the file cannot be read, or the version is not one.

    Examples:
        >>> plan = pkikit.load_deployment("clustered-mra.yaml")
        >>> plan.peers[0]
        'c1.corp.example.com'
    """
    return load_file(path, "path", version)


def san(deployment: DeploymentInput, fqdn: str) -> SanLayout:
    """Design the names that the certificate of one party needs.

    Args:
        deployment: a deployment, or the path of its file.
        fqdn: a peer, or a Unified CM or IM and Presence node.

    Returns:
        Common name and SAN entries; each entry has `value`, `reason` and `needed_by`. Iterate over the layout for its entries.

    Raises:
        InputError: the deployment has no such party; the message lists the peers.

    Examples:
        >>> pkikit.san("clustered-mra.yaml", "e1.example.com").dns_names
        ('e1.example.com', 'cluster-e.example.com', 'example.com')
    """
    return layout_of(deployment_of(deployment), text_of(fqdn, "fqdn"))


def legs(deployment: DeploymentInput) -> tuple[Leg, ...]:
    """List the TLS connections of a deployment.

    Args:
        deployment: a deployment, or the path of its file.

    Returns:
        One leg for each connection: `client` dials `server` and looks for `reference_name` in its certificate.

    Raises:
        InputError: the deployment file cannot be used.

    Examples:
        >>> {leg.protocol.value for leg in pkikit.legs("clustered-mra.yaml")} >= {"sip-tls"}
        True
    """
    return legs_of(deployment_of(deployment))


def verify(
    certificate: CertificateInput,
    *,
    trust: CertificateInput | Iterable[CertificateInput],
    chain: CertificateInput | Iterable[CertificateInput] = (),
    name: str | Iterable[str] | None = None,
    purpose: str = "server",
    at: str | datetime | None = None,
) -> Verdict:
    """Decide whether the owner of a trusted CA list accepts a certificate.

    The decision covers chain, dates, key usage, key and signature, and the names. It does not cover revocation.

    Args:
        certificate: the leaf, as a path, bytes (PEM, DER, PKCS#7) or a `cryptography` object. Further certificates in
            the same file count as sent behind the leaf.
        trust: the trusted CA list, one or several of the same.
        chain: what the other side sends behind the leaf, in any order.
        name: the name that the verifier looks for: an FQDN, a SIP URI or an IP address. Where there are several, each
            must be in the certificate.
        purpose: `server` or `client`, the role of the certificate in the handshake.
        at: the verifier's time, an aware datetime or ISO-8601 text with a zone; now when left out.

    Returns:
        The verdict: `accepted`, and `findings` with evidence and fix. `print(verdict)` explains it.

    Raises:
        EncodingError: a file is not a certificate.
        InputError: a file cannot be read, `trust` is empty, or a name, purpose or time cannot be used.

    Examples:
        >>> verdict = pkikit.verify("e1.pem", trust="ca.pem", name="e1.example.com", at="2026-11-24T12:00:00Z")
        >>> verdict.accepted
        True
    """
    leaf, *sent = chain_of(certificate, "certificate")
    return verify_certificate(
        leaf,
        sent=[*sent, *certificates_of(chain, "chain", may_be_empty=True)],
        trusted_ca_list=certificates_of(trust, "trust"),
        purpose=choice_of(purpose, Purpose, "purpose"),
        at=parse_instant(at, datetime.now(UTC)),
        name_checks=[NameCheck(any_of=(reference_name(n),), why="reference name") for n in names_of(name)],
    )


def match(name: str, certificate: CertificateInput) -> NameMatch:
    """Find the name of a certificate that answers to a reference name, by the product's rules.

    Args:
        name: an FQDN, a SIP URI or an IP address.
        certificate: a path, bytes or an object.

    Returns:
        The match: `matched`, `presented` (the name in the certificate) and `why`.

    Raises:
        InputError: the name is not one of these, or the certificate cannot be read.

    Examples:
        >>> pkikit.match("sip:example.com", "e1.pem").matched
        True
    """
    return match_name(reference_name(text_of(name, "name")), presented_names(chain_of(certificate, "certificate")[0]))


def lint(
    subject: RequestInput | Deployment,
    *,
    kind: str | None = None,
    role: str | None = None,
    deployment: DeploymentInput | None = None,
    peer: str | None = None,
    trust: CertificateInput | Iterable[CertificateInput] | None = None,
    version: str | None = None,
    house_rules: str | os.PathLike[str] | HouseRules | None = None,
    at: str | datetime | None = None,
) -> Verdict:
    """List what Expressway, Cisco's guides and the peers would object to, before you upload.

    Args:
        subject: a certificate, chain, request, trusted CA list or key file, as a path, bytes or an object; or a
            deployment, as an object or a path that ends in `.yaml`.
        kind: `server`, `client` (X15.5), `csr`, `ca` or `trust-list`; by default what the file holds.
        role: `expressway-c` or `expressway-e`; follows from `peer` where that is given.
        deployment: with `peer`: its names are required, and the connections that would see the certificate are judged.
        peer: the party of `deployment` that the certificate is for.
        trust: the Expressway's trusted CA list: is the chain complete in it?
        version: product version, such as `X15.5`; by default that of the deployment.
        house_rules: a file with rules of your own, or the rules.
        at: the time judged, an aware datetime or ISO-8601 text with a zone; now when left out.

    Returns:
        The verdict over everything in the file. Warnings and notes do not turn it into a no.

    Raises:
        EncodingError: a file is not what it says.
        InputError: an argument cannot be used.

    Examples:
        >>> pkikit.lint("e1.pem", deployment="clustered-mra.yaml", peer="e1.example.com").accepted
        True
    """
    rules = house_rules if house_rules is None or isinstance(house_rules, HouseRules) else load_house_rules(house_rules)
    if isinstance(subject, Deployment) or (
        isinstance(subject, str | os.PathLike) and is_yaml(Path(os.fsdecode(subject)))
    ):
        given, instant = deployment_of(subject, version=version), parse_instant(at, datetime.now(UTC))
        verdicts = lint_whole_deployment(given, at=instant, rules=rules)
        return verdicts[0] if len(verdicts) == 1 else merge_lint(verdicts)
    question = lint_question(
        at=parse_instant(at, datetime.now(UTC)),
        kind=choice_of(kind, Kind, "kind") if kind is not None else None,
        role=choice_of(role, Role, "role") if role is not None else None,
        deployment=deployment_of(deployment, version=version) if deployment is not None else None,
        peer=text_of(peer, "peer") if peer is not None else None,
        version=text_of(version, "version") if version is not None else None,
        trusted=certificates_of(trust, "trust") if trust is not None else None,
        rules=rules,
    )
    contents = contents_of(subject, "subject")
    return merge_lint(lint_file(contents, question), services_in(contents, question))


def diagnose(text: str | bytes, *, where: str = "text") -> Diagnosis:
    """Explain why connections failed, from a log or from what a tool printed.

    Args:
        text: a log of the product, or the output of openssl, curl and many other programs. Bytes are read as UTF-8.
        where: what the text is, for messages: a file name, for example.

    Returns:
        A verdict with `causes`, the most probable one first. It is accepted only where the text reports a success and no failure.

    Raises:
        InputError: nothing in the text reports a failure or a success of a connection.

    Examples:
        >>> pkikit.diagnose("verify error:num=20:unable to get local issuer certificate").causes
        ('trust.issuer-unknown',)
    """
    match text:
        case bytes():
            lines = text.decode("utf-8-sig", "replace")
        case str():
            lines = text
        case _:
            raise InputError(f"must be text, not {type(text).__name__}", where="text")
    verdict, causes = diagnose_text(lines, where=text_of(where, "where"))
    return Diagnosis(question=verdict.question, findings=verdict.findings, checked=verdict.checked, causes=causes)


def catalogue() -> tuple[Rule, ...]:
    """Return the rule catalogue, sorted by id.

    Returns:
        Every rule with `id`, `severity`, `requirement`, `source`, `fix` and `versions`.

    Examples:
        >>> [rule.id for rule in pkikit.catalogue() if rule.id.startswith("validity.ex")]
        ['validity.expired']
    """
    return all_rules()
