"""Standard input, recognised and answered about as a file is."""

from __future__ import annotations

import shlex
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from pkikit.errors import InputError, PkikitError
from pkikit.files import Passphrase, parse
from pkikit.files.disk import MAX_FILE
from pkikit.model.deployment import parse_deployment
from pkikit.model.findings import Finding
from pkikit.report.doctor.deployments import of_deployment
from pkikit.report.doctor.diagnosis import Context, Diagnosis
from pkikit.report.doctor.files.judged_certificates import of_contents
from pkikit.report.doctor.opened.any_file import HEAD, is_deployment, is_recording, of_recording_file

_STDIN = "standard input"


def of_standard_input(context: Context, passphrase: Passphrase | None = None) -> Diagnosis:
    """Recognise what comes on standard input, and answer about it.

    Args:
        context: what somebody said about it.
        passphrase: opens what is encrypted.

    Returns:
        The answer.

    Raises:
        InputError: it is empty, too large, or nothing that can be judged.
    """
    data = sys.stdin.buffer.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise InputError(f"is larger than {MAX_FILE >> 20} MB, the most that is read from there", where=_STDIN)
    if not data.strip():
        raise InputError("is empty", where=_STDIN)
    if is_deployment(data[:HEAD]):
        deployment = parse_deployment(data.decode("utf-8-sig", "replace"), where=_STDIN)
        return _renamed(of_deployment(_STDIN, deployment, context.at), _STDIN)
    if is_recording(data[:HEAD]):
        return _of_recording(data, context, passphrase)
    contents = parse(data, where=_STDIN, passphrase=passphrase, keep_encrypted=True)
    return _renamed(of_contents(contents, context), _STDIN)


def _of_recording(data: bytes, context: Context, passphrase: Passphrase | None) -> Diagnosis:
    # The readers of logs and archives open a file, so these bytes get one; no answer names it.
    with tempfile.TemporaryDirectory(prefix="pkikit-") as folder:
        file = Path(folder) / "input"
        file.write_bytes(data)
        try:
            made = of_recording_file(file, context, passphrase)
        except PkikitError as error:
            raise InputError(str(error).removeprefix(f"{file}: ").replace(str(file), _STDIN), where=_STDIN) from None
        return _renamed(made, str(file))


def _renamed(made: Diagnosis, old: str) -> Diagnosis:
    """Return an answer about standard input that names it so, and whose commands say FILE in its place."""

    def told(text: str) -> str:
        return text.replace(shlex.quote(old), "FILE").replace(old, _STDIN)

    return replace(
        made, thing=_STDIN, because=told(made.because), findings=tuple(_finding_of(f, old) for f in made.findings),
        deeper=told(made.deeper), not_assessed=tuple(map(told, made.not_assessed)),
        next_steps=tuple(map(told, made.next_steps)),
    )  # fmt: skip


def _finding_of(found: Finding, old: str) -> Finding:
    def told(text: str) -> str:
        return text.replace(old, _STDIN)

    evidence = tuple(
        replace(e, where=told(e.where), seen=told(e.seen), says=told(e.says), label=told(e.label))
        for e in found.evidence
    )
    return replace(
        found, subject=told(found.subject), message=told(found.message), evidence=evidence, fix=told(found.fix)
    )
