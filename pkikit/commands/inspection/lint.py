"""`lint`: what Expressway, Cisco's guides and the peers would object to, before anything is uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import (
    AtOption,
    FileList,
    JsonFlag,
    VerboseFlag,
    VersionOption,
    choice,
    now,
    read_deployment,
    show_verdict,
)
from pkikit.commands.terminal.ci_options import BaselineOption, CodeQualityOption, JunitOption, SarifOption, ci_options
from pkikit.commands.terminal.promise_view import HouseRulesOption, not_assessed, read_house_rules
from pkikit.errors import MAX_WHERE, InputError
from pkikit.text import counted, listed, printable
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from pkikit.ci_results.file_results import JudgedFile
    from pkikit.ci_results.found_cases import Results
    from pkikit.judge.legs.legs_served import Service
    from pkikit.judge.questions import CertificateUse
    from pkikit.model.findings import Verdict
    from pkikit.report.file_lint import LintQuestion
    from pkikit.view.short_names import ShortNames


def lint(
    files: FileList,
    as_: Annotated[
        str,
        typer.Option("--as", help="server, client (X15.5), csr, ca or trust-list; by default what it contains."),
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
    version: VersionOption = None,
    house_rules: HouseRulesOption = None,
    sarif: SarifOption = None,
    junit: JunitOption = None,
    code_quality: CodeQualityOption = None,
    baseline: BaselineOption = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Check certificate files before you upload them. With a deployment, you see which connections would refuse them.

    FILE is a certificate, a chain, a request, a trusted CA list or a deployment (.yaml).

    Example: pkikit lint cert.pem --deployment clustered-mra.yaml --peer e1.example.com
    """
    from pkikit.files import read_certificates
    from pkikit.model.parties import Role
    from pkikit.report.file_lint import Kind, lint_question, merge_lint

    if (deployment is None) != (peer is None):
        given, missing = ("--deployment", "--peer FQDN") if peer is None else ("--peer", "--deployment FILE")
        raise InputError(f"--deployment and --peer go together: {given} is given, add {missing}")
    kind = Kind(choice(as_, tuple(Kind), "--as")) if as_ else None
    known_role = Role(choice(role, tuple(Role), "--role")) if role is not None else None
    read = (*files, *(trust or ()), request, deployment, house_rules)
    ci = ci_options("pkikit", "lint", sarif, junit, code_quality, baseline, inputs=read)
    question = lint_question(
        at=parse_instant(at, now()),
        kind=kind,
        role=known_role,
        deployment=read_deployment(deployment, version=version) if deployment else None,
        peer=peer,
        version=version,
        trusted=[c for path in trust for c in read_certificates(path)] if trust else None,
        rules=read_house_rules(house_rules),
    )
    linted = _lint_files(files, question, request, version)
    services = tuple(service for file in linted for service in file.services)
    verdict = merge_lint([v for file in linted for v in file.verdicts], services)
    more: dict[str, Any] = {"legs": [s.to_json() for s in services]} if services else {}
    if as_json:
        from pkikit.ci_results.file_results import file_entries

        more |= {"command": "lint", "files": file_entries(file.judged for file in linted)}

    def results() -> Results:
        from pkikit.ci_results.file_results import results_of_files

        return results_of_files("lint", [file.judged for file in linted], at=question.use.at, scope=question.peer or "")

    ended = ci.conclude(results, accepted=verdict.accepted)

    upload = _upload_advice(question) if verdict.accepted and request is not None else ""

    def show(out: Console) -> None:
        what = f"{listed([printable(str(f), MAX_WHERE) for f in dict.fromkeys(files)])}{_role_of(question, files)}"
        _show_answer(out, what, verdict, question, services, verbose=verbose)
        ended.show(out)
        console.next_steps(out, [upload] if upload else [])

    document = {**verdict.to_json(), **more, **ended.document}
    console.answer(document, as_json=as_json, accepted=ended.accepted, show=show)


def _show_answer(
    out: Console, what: str, verdict: Verdict, question: LintQuestion, services: Sequence[Service], *, verbose: bool
) -> None:
    """Print whether the files may be used, what was found, and which connections would refuse the certificate."""
    from pkikit.design.legs import legs_of
    from pkikit.view.short_names import ShortNames

    unknown = sum(finding.is_unknown for finding in verdict.findings)
    yes = f"No error in {what}. {not_assessed(unknown)}" if unknown else f"OK: {what}"
    no = f"Do not use {what}"
    if question.deployment is None:
        show_verdict(out, verdict, yes=yes, no=no, verbose=verbose)
    else:
        names = ShortNames(legs_of(question.deployment))
        show_verdict(out, verdict, yes=yes, no=no, verbose=verbose, words=names.in_text)
        _show_services(out, services, names, verbose=verbose)


def _role_of(question: LintQuestion, files: Iterable[Path]) -> str:
    """Return for which peer of which version a file was judged."""
    from pkikit.files.deployment_folder import is_yaml

    if question.deployment is not None and question.peer is not None:
        return f" on {question.peer}, {question.use.version}"
    # A deployment has its own version.
    return "" if any(map(is_yaml, files)) else f" for {question.use.version}"


def _show_services(out: Console, services: Sequence[Service], names: ShortNames, *, verbose: bool) -> None:
    """Print which connections would refuse the certificate, by cause; those that accept it are a number."""
    refused: dict[str, list[Service]] = {}
    for service in services:
        if not service.verdict.accepted:
            refused.setdefault(", ".join(service.causes), []).append(service)
    if not services:
        return
    accepting = [s for s in services if s.verdict.accepted]
    mark = "✘" if refused else "✔"
    console.section(
        out, f"{mark} {len(accepting)} of {counted(len(services), 'connection')} that use it would accept it"
    )
    for cause, members in refused.items():
        console.say(out, f"{counted(len(members), 'connection')} would fail: {cause}", indent=2)
        for service in members:
            console.say(out, f"✘ {names.connection(service.leg)}, shown as {service.purpose.value}", indent=4)
    if verbose:
        for service in accepting:
            console.say(out, f"✔ {names.connection(service.leg)}, shown as {service.purpose.value}", indent=4)
    if (refused or verbose) and (legend := names.legend_of(s.leg for s in services)):
        console.section(out, legend)


def _upload_advice(question: LintQuestion) -> str:
    """Return what comes after the upload of a certificate that answers a request: a restart, and in which order."""
    from pkikit.design.restarts import ORDER_ADVICE, order_advice, restart_order

    uses = "An Expressway uses a new server certificate after its upload and a restart."
    if question.deployment is None or question.peer is None:
        return f"{uses} {ORDER_ADVICE}"
    order = restart_order(question.deployment, question.peer)
    return " ".join(filter(None, (uses, order_advice(order)))) if order else ""


@dataclass(frozen=True, kw_only=True)
class _Linted:
    """A file, what was found in it, and the connections that would see its certificate."""

    path: Path
    verdicts: list[Verdict]
    services: tuple[Service, ...] = ()

    @property
    def judged(self) -> JudgedFile:
        """The file with one verdict over it and its connections, for a pipeline."""
        from pkikit.ci_results.file_results import JudgedFile
        from pkikit.report.file_lint import merge_lint

        return JudgedFile(path=self.path, verdict=merge_lint(self.verdicts, self.services))


def _lint_files(
    files: Iterable[Path], question: LintQuestion, compare_with: Path | None, version: str | None
) -> list[_Linted]:
    """Judge each file once; the services are the connections that would see its certificate."""
    from pkikit.files import read_file
    from pkikit.files.deployment_folder import is_yaml
    from pkikit.report.file_lint import lint_file, lint_whole_deployment, services_in

    found: list[_Linted] = []
    for path in dict.fromkeys(files):
        if is_yaml(path):
            given = read_deployment(path, version=version)
            verdicts = lint_whole_deployment(given, at=question.use.at, rules=question.rules)
            found.append(_Linted(path=path, verdicts=verdicts))
            continue
        contents = read_file(path, keep_encrypted=True)
        verdicts = lint_file(contents, question)
        if compare_with is not None:
            verdicts.append(_compare(path, compare_with, question.use))
        found.append(_Linted(path=path, verdicts=verdicts, services=services_in(contents, question)))
    return found


def _compare(path: Path, before: Path, use: CertificateUse) -> Verdict:
    """Compare the certificate of `path` with the request that it answers, or with the certificate that it replaces."""
    from pkikit.files import read_certificates, read_file
    from pkikit.judge.linting.issued_certificate import lint_answer
    from pkikit.judge.linting.replacement import lint_replacement
    from pkikit.model.certificates.facts import leaf_first

    contents, certificates = read_file(before), leaf_first(read_certificates(path))
    if contents.requests:
        return lint_answer(contents.requests[0], certificates, use)
    if contents.certificates:
        return lint_replacement(leaf_first(contents.certificates)[0], certificates[0], use)
    raise InputError("has neither a certificate request nor a certificate to compare with", where=str(before))
