"""A folder that is a whole deployment: imported, as for `--certs`, or the archives of its machines."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pkikit.errors import InputError
from pkikit.files.deployment_folder import DEPLOYMENT
from pkikit.intake.assembly import Assembly, assemble
from pkikit.intake.assembly.output import certificate_files, folder_files, write_folder
from pkikit.intake.reading import read_material
from pkikit.report.content.build import build_report
from pkikit.report.doctor.diagnosis import Context, Diagnosis
from pkikit.report.doctor.held_folders import FolderKind
from pkikit.report.doctor.operator_files import of_material
from pkikit.report.doctor.whole_deployments import of_report
from pkikit.report.given.given import read_given


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
        assembly = assemble(material, {})
    except InputError as error:
        return replace(alone, not_assessed=(f"The connections: {error.message}.", *alone.not_assessed))
    if assembly.deployment is None or assembly.questions:
        asks = "; ".join(question.text for question in assembly.questions[:2])
        return replace(alone, not_assessed=(f"The connections: pkikit import asks first. {asks}", *alone.not_assessed))
    return _judged_copy(path, assembly, context)


def _judged_copy(path: Path, assembly: Assembly, context: Context) -> Diagnosis:
    """Judge what an import would write, in a folder of its own that is removed again; it has no secrets."""
    with tempfile.TemporaryDirectory(prefix="pkikit-") as name:
        copy = Path(name) / "copy"
        write_folder(copy, folder_files(assembly, certificate_files(assembly)))
        what = "a folder with the files of a whole deployment, judged as pkikit import reads them"
        made = _reported(path, copy, None, context, what=what, kind="operator-files")
    quoted = shlex.quote(str(path))
    steps = (
        f"Keep what was read, with its origins:\npkikit import {quoted} --out DIR",
        "Then write a page to hand in:\npkikit report DIR --html report.html",
    )
    return replace(made, next_steps=steps, deeper=f"pkikit import {quoted} --out DIR")
