"""A file of any kind, recognised by what is in it, and answered about."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pkikit.errors import EncodingError, InputError
from pkikit.files import Passphrase, load_deployment, read_file
from pkikit.files.deployment_folder import is_yaml
from pkikit.files.recognition.identify import identify
from pkikit.files.recognition.kinds import looks_binary, text_kind
from pkikit.files.recognition.magic import is_capture, magic_of, unicode_form
from pkikit.files.regular import open_regular
from pkikit.files.streams.peeked import is_packed
from pkikit.intake.reading.file_names import Part, part_of
from pkikit.intake.reading.recognise import BACKUP
from pkikit.report.doctor.deployments import of_deployment
from pkikit.report.doctor.diagnosis import Context, Diagnosis
from pkikit.report.doctor.files.judged_certificates import of_contents

if TYPE_CHECKING:
    from pkikit.captures.answer import CaptureAnswer
    from pkikit.captures.recorded_file import Answer
    from pkikit.intake.material import Material

HEAD = 65_536  # bytes that decide what a file is
ANSWERS = "a certificate, a request, a key, a CRL, a log, a recorded handshake or a deployment file"


def of_file(path: Path, context: Context, passphrase: Passphrase | None = None) -> Diagnosis:
    """Recognise a file, and answer about it.

    Args:
        path: the file.
        context: what somebody said about it.
        passphrase: opens what is encrypted.

    Returns:
        The answer.

    Raises:
        InputError: the file cannot be read, or it is nothing that can be judged.
    """
    where = str(path)
    if is_yaml(path):
        return _of_deployment(path, context)
    head = _head(path)
    if not head.strip():
        raise InputError("is empty", where=where)
    if head.startswith(b"Salted__") or (part_of(path.name).part is Part.BACKUP and b"-----BEGIN " not in head):
        raise InputError(BACKUP, where=where)
    if is_deployment(head):
        return _of_deployment(path, context)
    if is_recording(head):
        return of_recording_file(path, context, passphrase)
    made = _of_objects(path, context, passphrase)
    return _with_mode(made, path) if made.kind == "private-key" else made


def _head(path: Path) -> bytes:
    with open_regular(path) as stream:
        try:
            return stream.read(HEAD)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def is_recording(head: bytes) -> bool:
    """Return True for what the readers of logs are to try first: text without PEM at its beginning, JSON, archives.

    Args:
        head: the first bytes.

    Returns:
        True for these.
    """
    if is_capture(head) or is_packed(head):
        return True
    if (magic := magic_of(head)) is not None:
        return magic.what.startswith("a packet capture")
    if head.lstrip().startswith(b"-----BEGIN "):
        return False
    return not looks_binary(head) or unicode_form(head) is not None


def of_recording_file(path: Path, context: Context, passphrase: Passphrase | None) -> Diagnosis:
    """Answer about a log; if it is none, about what else is in the file.

    Args:
        path: the file.
        context: what somebody said about it.
        passphrase: opens what is encrypted.

    Returns:
        The answer.

    Raises:
        InputError: the file cannot be read, or nothing in it is recognised.
    """  # noqa: DOC501 - `_unrecognised` makes an InputError
    from pkikit.captures.recorded_file import of_file as diagnose
    from pkikit.report.handshakes import judge_trace

    material = _material([path], passphrase)
    if material is not None and not isinstance(material, InputError):
        from pkikit.report.doctor.operator_files import of_material

        made = of_material(str(path), material, context)
        return _with_recordings(made, path) if any(p.logs or p.captures for p in material.peers) else made
    try:
        answer = diagnose(path, judge_trace)
    except InputError as no_log:
        try:
            return _of_objects(path, context, passphrase)
        except EncodingError:
            if isinstance(material, InputError) and is_packed(_head(path)):
                raise material from None  # why an archive is not read says more than that it is no certificate
            raise _unrecognised(path, no_log) from None
    return _of_answer(path, answer)


def _of_answer(path: Path, answer: Answer | CaptureAnswer) -> Diagnosis:
    from pkikit.report.doctor.recordings import of_recording

    # Only the failures of a log come as rows.
    rows: list[Any] = [group for group in getattr(answer, "groups", ()) if isinstance(group, dict)]
    connections = len(getattr(answer, "assessments", ()))
    return of_recording(str(path), answer.verdict, answer.causes, rows, connections=connections, notes=answer.notes)


def _with_recordings(made: Diagnosis, path: Path) -> Diagnosis:
    """Return the answer about an archive with what its logs and captures say about connections."""
    from pkikit.captures.recorded_file import of_file as diagnose
    from pkikit.report.doctor.operator_files import joined_with_recordings
    from pkikit.report.handshakes import judge_trace

    try:
        answer = diagnose(path, judge_trace)
    except InputError:
        return made  # what they have is of no connection
    return joined_with_recordings(made, _of_answer(path, answer), answer.verdict.accepted)


def _material(paths: list[Path], passphrase: Passphrase | None) -> Material | InputError | None:
    """Return what operators export of a machine, if these files are that, or why they are not read.

    Other certificates are read in another way.
    """
    from pkikit.intake.reading import read_material

    try:
        material = read_material(paths, passphrase=passphrase)
    except InputError as error:
        return error
    return material if material.peers or material.servers else None


def _unrecognised(path: Path, no_log: InputError) -> InputError:
    """Return the sentence about a file in which nothing is recognised: what it is, and what is."""
    head = _head(path)
    kind = text_kind(head.decode("utf-8", "replace"))[0]
    if any(words in no_log.message for words in ("packet capture", "damaged", "larger", "more than")):
        return no_log
    sentence = identify(head)
    if kind == "text" and "but text" in sentence:
        return InputError(f"is text, and pkikit recognises nothing in it; give {ANSWERS}", where=str(path))
    return InputError(sentence, where=str(path))


def _of_objects(path: Path, context: Context, passphrase: Passphrase | None) -> Diagnosis:
    return of_contents(read_file(path, passphrase, keep_encrypted=True), context)


def is_deployment(head: bytes) -> bool:
    """Return True if these first bytes are of a deployment file."""
    return text_kind(head.decode("utf-8", "replace"))[0] == "a deployment file"


def _of_deployment(path: Path, context: Context) -> Diagnosis:
    return of_deployment(str(path), load_deployment(path), context.at)


def _with_mode(made: Diagnosis, path: Path) -> Diagnosis:
    """Return the answer about a private key with who can read the file."""
    mode = path.stat().st_mode & 0o777
    if not mode & 0o077:
        return replace(made, facts=(*made.facts, ("Mode", f"{mode:04o}: only you can read it")))
    step = f"Make it readable for you only:\nchmod 600 {shlex.quote(str(path))}"
    row = ("Mode", f"{mode:04o}: other users of this computer can read it")
    return replace(made, facts=(*made.facts, row), next_steps=(step, *made.next_steps))
