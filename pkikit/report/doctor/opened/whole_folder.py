"""A folder that is a whole deployment: imported, as for `--certs`, or the archives of its machines."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pkikit.errors import InputError
from pkikit.files.deployment_folder import DEPLOYMENT
from pkikit.intake.assembly import Assembly, assemble
from pkikit.intake.reading import read_material
from pkikit.report.causes.ranked import failures_in_logs, ranked_causes
from pkikit.report.content.build import build_report
from pkikit.report.doctor.diagnosis import Context, Diagnosis, State
from pkikit.report.doctor.held_folders import FolderKind
from pkikit.report.doctor.operator_files import of_material
from pkikit.report.doctor.whole_deployments import of_report
from pkikit.report.given.given import given_of_import, read_given
from pkikit.rules.plain_causes import said_plainly


def of_whole(path: Path, kind: FolderKind, names: Sequence[str], context: Context) -> Diagnosis | None:
    """Answer about a folder that is a whole deployment.

    Args:
        path: the folder.
        kind: what its names say.
        names: its files.
        context: what somebody said about it.

    Returns:
        The answer of the report; None for any other folder.
    """
    if DEPLOYMENT in names:
        return _reported(
            path, path, None, context, what="a deployment with the files of its machines", kind="deployment-folder"
        )
    if kind is FolderKind.CERTIFICATES and context.deployment_file:
        file = Path(context.deployment_file)
        what = "a folder of certificates for --certs, judged with the deployment"
        return _reported(path, file, path, context, what=what, kind=kind.value)
    return _of_archives(path, context) if kind is FolderKind.FILES else None


def _reported(
    path: Path, read: Path, certificates: Path | None, context: Context, *, what: str, kind: str
) -> Diagnosis:
    report = build_report(read_given(read, certificates, version=context.version), context.at)
    words = ["pkikit", "report", str(read), *(["--certs", str(certificates)] if certificates else [])]
    steps = [f"See all of it, and write a page to hand in:\n{shlex.join([*words, '--html', 'report.html'])}"]
    return of_report(str(path), what, report, kind=kind, steps=steps)


def _of_archives(path: Path, context: Context) -> Diagnosis | None:
    """Answer about a folder with the archives or dumps of Expressways. Nothing is left on the disk."""
    try:
        material = read_material([path])
    except InputError:
        return None
    if not any(peer.configuration or peer.status for peer in material.peers):
        return None
    alone = of_material(str(path), material, context)
    try:
        assembly = assemble(material, {"version": context.version} if context.version else {})
    except InputError as error:
        return _half(alone, f"The connections: {error.message}.")
    if assembly.deployment is None or assembly.questions:
        asks = "; ".join(question.text for question in assembly.questions[:2])
        return _half(alone, f"The connections: pkikit import asks first. {asks}")
    return _of_import(path, assembly, context)


def _half(alone: Diagnosis, why: str) -> Diagnosis:
    """Return the answer about files whose connections cannot be judged: what is right by itself may not fit together."""
    made = replace(alone, not_assessed=(why, *alone.not_assessed))
    if alone.state is not State.FINE:
        return made
    return replace(made, state=State.NOT_ASSESSED, says=f"{alone.says}, but the connections are not assessed")


def _of_import(path: Path, assembly: Assembly, context: Context) -> Diagnosis:
    """Judge what an import would write, and add what the logs show: it may have brought down what the files cannot tell."""
    given = given_of_import(assembly)
    report = build_report(given, context.at)
    quoted = shlex.quote(str(path))
    steps = (
        f"Keep what was read, with its origins:\npkikit import {quoted} --out DIR",
        "Then write a page to hand in:\npkikit report DIR --html report.html",
    )
    what = "a folder with the files of a whole deployment, judged as pkikit import reads them"
    made = of_report(str(path), what, report, kind="operator-files", steps=steps)
    logged = failures_in_logs(assembly, [path], given.deployment)
    causes = ranked_causes(report.connections, logged)
    rows = [("Fix first, by files and logs", said_plainly(causes[0]))] if logged and causes else []
    return replace(made, facts=(*made.facts, *rows), deeper=f"pkikit import {quoted} --out DIR")
