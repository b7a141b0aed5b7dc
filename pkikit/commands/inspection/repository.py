"""`guard`: the files of a repository, before they are committed or deployed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import AtOption, JsonFlag, VerboseFlag, VersionOption, choice, now
from pkikit.commands.terminal.ci_options import BaselineOption, CodeQualityOption, JunitOption, SarifOption, ci_options
from pkikit.commands.terminal.promise_view import HouseRulesOption, not_assessed, read_house_rules
from pkikit.errors import MAX_WHERE, InputError
from pkikit.text import counted, printable
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pkikit.ci_results.file_results import JudgedFile
    from pkikit.ci_results.found_cases import Results


def guard(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Files, or folders with all in them.")],
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="QUESTION",
            help="keys, certificates, names or deployments; may be repeated. By default all of them.",
        ),
    ] = None,
    deployment: Annotated[
        Path | None,
        typer.Option(help="Deployment file of all certificates; by default the one in a folder above each."),
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
    """Check the files of a repository: private keys, certificates, the names they need, and deployments.

    A certificate in a folder that has the name of its machine, such as certificates/c1.example.com/cert.pem, is judged for that
    machine: with the deployment file in a folder above, and with the trust.pem next to it. A deployment file is judged together
    with the certificates next to it. Other files are only searched for private keys.
    The exit code is 1 if a file has an error, cannot be read, or belongs to a machine without a deployment file. A promise or a
    house rule that cannot be assessed is shown, and does not change the exit code.

    Example: pkikit guard . --only names --only keys
    """
    from pkikit.report.guarded.file_kinds import Question, files_in
    from pkikit.report.guarded.judged_files import Guard, merged
    from pkikit.report.guarded.machine_places import Deployments

    asked = [Question(choice(q, tuple(Question), "--only")) for q in only or list(Question)]
    inputs = (*(p for p in paths if p.is_file()), deployment, house_rules)
    ci = ci_options("pkikit", "guard", sarif, junit, code_quality, baseline, inputs=inputs)
    deployments = Deployments(given=deployment)
    if deployment is not None:
        deployments.read(deployment)
    instant = parse_instant(at, now())
    question = Guard(
        at=instant, questions=asked, deployments=deployments, version=version, rules=read_house_rules(house_rules)
    )
    # Files of an earlier run are in the folder that is judged now.
    own = {path.resolve() for path in (*ci.files.values(), baseline) if path is not None}
    judged = list(question.judge(file for file in files_in(paths) if file.resolve() not in own))
    if not judged and any(path.is_dir() for path in paths):
        raise InputError(f"has no file that is asked about ({', '.join(asked)})", where=str(paths[0]))

    def results() -> Results:
        from pkikit.ci_results.file_results import results_of_files

        return results_of_files("guard", judged, at=instant)

    accepted = all(file.accepted for file in judged)
    ended = ci.conclude(results, accepted=accepted)
    document = {}
    if as_json:
        from pkikit.ci_results.file_results import file_entries

        document = {**merged(judged).to_json(), "accepted": accepted, "command": "guard", "files": file_entries(judged)}

    def show(out: Console) -> None:
        _show(out, judged, verbose=verbose)
        ended.show(out)

    console.answer({**document, **ended.document}, as_json=as_json, accepted=ended.accepted, show=show)


def _show(out: Console, judged: Sequence[JudgedFile], *, verbose: bool) -> None:
    """Print the answer, then each file that is not in order."""
    from pkikit.model.findings import Severity
    from pkikit.view.short_names import ShortNames

    bad = sum(not file.accepted for file in judged)
    unknown = sum(f.is_unknown for file in judged for f in file.findings)
    if not judged:
        console.headline(out, "✔ No file to check")
    elif not bad and unknown:
        console.headline(out, f"? No error in {counted(len(judged), 'file')}. {not_assessed(unknown)}")
    elif not bad:
        console.headline(out, f"✔ OK: {counted(len(judged), 'file')}")
    else:
        console.headline(out, f"✘ {bad} of {counted(len(judged), 'file')} {'is' if bad == 1 else 'are'} not in order")
    for file in judged:
        shown = printable(str(file.path), MAX_WHERE)
        if file.error:
            console.section(out, f"✘ {shown}")
            console.say(out, file.error.removeprefix(f"{shown}: "), indent=4)
        elif file.missing:
            console.section(out, f"? {shown}: not assessed")
            hint = " Name it with --deployment FILE." if "deployment file" in file.missing else ""
            said_so = file.missing.removeprefix(f"{shown}: ")
            console.say(out, f"{said_so}{'' if said_so.endswith(('.', '?')) else '.'}{hint}", indent=4)
        said = [f for f in file.findings if f.severity is Severity.ERROR or f.is_unknown or verbose]
        if said:
            mark = "✘" if not file.accepted else "?" if any(f.is_unknown for f in said) else "!"
            console.section(out, f"{mark} {shown}")
            words = (word.strip(",.") for f in said for line in f.lines for word in line.split())
            names = ShortNames.of_ids(words)
            console.show_findings(out, said, words=names.in_text)
            if legend := names.legend():
                console.section(out, legend)
    warnings = sum(f.severity is Severity.WARNING for file in judged for f in file.findings)
    if warnings and not verbose:
        console.section(out, f"--verbose also shows {counted(warnings, 'warning')}.")
