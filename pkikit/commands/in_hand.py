"""What somebody has in hand, read from the network and the disk for `doctor`, and recognised by what is in it."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pkikit.errors import EncodingError, InputError, PkikitError
from pkikit.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pkikit.files import Passphrase
    from pkikit.intake.material import Material
    from pkikit.model.findings import Finding
    from pkikit.report.doctor.diagnosis import Context, Diagnosis
    from pkikit.report.doctor.held_folders import Part
    from pkikit.report.doctor.targets import Target

MAX_FILES, MAX_DEPTH, HEAD = 200, 3, 65_536
MAX_SMALL = 8 * 1024 * 1024  # of a file in a folder
_STDIN = "standard input"
# Files of a CA that are not certificates.
_OF_A_CA = (
    "crlnumber",
    "crlnumber.old",
    "index.txt",
    "index.txt.attr",
    "index.txt.old",
    "openssl.cnf",
    "serial",
    "serial.old",
)
_YAML = (".yaml", ".yml")
_ENCRYPTED = (
    "is encrypted, as a backup of an Expressway is, and only the Expressway decrypts it; give the diagnostic archive of the peer"
    " instead (Maintenance > Diagnostics > Diagnostic logging)"
)
_ANSWERS = "a certificate, a request, a key, a CRL, a log, a recorded handshake or a deployment file"


def of_server(target: Target, context: Context, *, timeout: float) -> Diagnosis:
    """Dial a server, and answer about it.

    Args:
        target: the server.
        context: what somebody said about it.
        timeout: in seconds, for each step.

    Returns:
        The answer.
    """
    from pkikit.commands.terminal.arguments import now
    from pkikit.model.trace import NotConnected, Outcome
    from pkikit.net.probe import probe
    from pkikit.report.doctor.live_servers import name_looked_for, of_server

    name = name_looked_for(target, context)
    first = None
    for port in target.tried:
        done = probe(
            target.host, port, protocol=target.protocol_on(port), now=now, server_name=name or target.host,
            timeout=timeout,
        )  # fmt: skip
        unresolved = any(isinstance(s.detail, NotConnected) and not s.detail.resolved for s in done.trace.steps)
        first = first or (done, port)
        if done.trace.outcome is not Outcome.UNREACHABLE or unresolved:
            return of_server(done, target, port, context)
    assert first is not None
    return of_server(first[0], target, first[1], context)


def of_file(path: Path | None, context: Context, passphrase: Passphrase | None = None) -> Diagnosis:
    """Recognise a file, and answer about it.

    Args:
        path: the file; None is standard input.
        context: what somebody said about it.
        passphrase: opens what is encrypted.

    Returns:
        The answer.

    Raises:
        InputError: the file cannot be read, or it is nothing that can be judged.
    """
    if path is None:
        return _of_bytes(sys.stdin.buffer.read(_limit() + 1), _STDIN, context, passphrase)
    where = str(path)
    if path.suffix.lower() in _YAML:
        return _of_deployment(path)
    head = _head(path)
    if not head.strip():
        raise InputError("is empty", where=where)
    if head.startswith(b"Salted__"):
        raise InputError(_ENCRYPTED, where=where)
    if _is_deployment(head):
        return _of_deployment(path)
    if _is_recording(head):
        return _of_recording(path, context, passphrase)
    made = _of_objects(path, context, passphrase)
    return _with_mode(made, path) if made.kind == "private-key" else made


def _limit() -> int:
    from pkikit.files.disk import MAX_FILE

    return MAX_FILE


def _head(path: Path) -> bytes:
    from pkikit.files.regular import open_regular

    with open_regular(path) as stream:
        try:
            return stream.read(HEAD)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def _is_recording(head: bytes) -> bool:
    """Return True for what the readers of logs are to try first: text without PEM at its beginning, JSON, archives."""
    from pkikit.files.archives import GZIP, ZIP
    from pkikit.files.recognition.kinds import looks_binary
    from pkikit.files.recognition.magic import is_capture, magic_of, unicode_form

    if is_capture(head) or head.startswith((GZIP, ZIP, b"BZh", b"\xfd7zXZ")) or head[257:262] == b"ustar":
        return True
    if (magic := magic_of(head)) is not None:
        return magic.what.startswith("a packet capture")
    if head.lstrip().startswith(b"-----BEGIN "):
        return False
    return not looks_binary(head) or unicode_form(head) is not None


def _of_recording(path: Path, context: Context, passphrase: Passphrase | None) -> Diagnosis:
    """Answer about a log; if it is none, about what else is in the file."""
    from pkikit.commands.log_file import of_file as diagnose
    from pkikit.report.doctor.recordings import of_recording
    from pkikit.report.handshakes import judge_trace

    if (material := _material([path], passphrase)) is not None:
        from pkikit.report.doctor.operator_files import of_material

        return of_material(str(path), material, context)
    try:
        answer = diagnose(path, judge_trace)
    except InputError as no_log:
        try:
            return _of_objects(path, context, passphrase)
        except EncodingError:
            raise _unrecognised(path, no_log) from None
    # Only the failures of a log come as rows.
    rows: list[Any] = [group for group in getattr(answer, "groups", ()) if isinstance(group, dict)]
    return of_recording(str(path), answer.verdict, answer.causes, rows)


def _material(paths: list[Path], passphrase: Passphrase | None) -> Material | None:
    """Return what operators export of a machine, if these files are that; other certificates are read in another way."""
    from pkikit.intake.reading import read_material

    try:
        material = read_material(paths, passphrase=passphrase)
    except InputError:
        return None
    return material if material.peers or material.servers else None


def _unrecognised(path: Path, no_log: InputError) -> InputError:
    """Return the sentence about a file in which nothing is recognised: what it is, and what is."""
    from pkikit.files.recognition.identify import identify
    from pkikit.files.recognition.kinds import text_kind

    head = _head(path)
    kind = text_kind(head.decode("utf-8", "replace"))[0]
    if (
        "packet capture" in no_log.message
        or "damaged" in no_log.message
        or "larger" in no_log.message
        or "more than" in no_log.message
    ):
        return no_log
    sentence = identify(head)
    if kind == "text" and "but text" in sentence:
        return InputError(f"is text, and pkikit recognises nothing in it; give {_ANSWERS}", where=str(path))
    return InputError(sentence, where=str(path))


def _of_objects(path: Path, context: Context, passphrase: Passphrase | None) -> Diagnosis:
    from pkikit.files import read_file
    from pkikit.report.doctor.files.judged_certificates import of_contents

    return of_contents(read_file(path, passphrase, keep_encrypted=True), context)


def _of_bytes(data: bytes, where: str, context: Context, passphrase: Passphrase | None) -> Diagnosis:
    """Answer about standard input. Only a log goes through a file of its own, because its readers open one."""
    import tempfile
    from pathlib import Path

    from pkikit.files import parse
    from pkikit.report.doctor.files.judged_certificates import of_contents

    if len(data) > _limit():
        raise InputError(f"is larger than {_limit() >> 20} MB, the most that is read from there", where=where)
    if not data.strip():
        raise InputError("is empty", where=where)
    if _is_deployment(data[:HEAD]):
        return _of_deployment_text(data, where)
    if not _is_recording(data[:HEAD]):
        return _renamed(
            of_contents(parse(data, where=where, passphrase=passphrase, keep_encrypted=True), context), where
        )
    with tempfile.TemporaryDirectory(prefix="pkikit-") as folder:
        file = Path(folder) / "input"
        file.write_bytes(data)
        try:
            made = _of_recording(file, context, passphrase)
        except PkikitError as error:
            raise InputError(str(error).removeprefix(f"{file}: ").replace(str(file), where), where=where) from None
        return _renamed(made, str(file))


def _renamed(made: Diagnosis, old: str) -> Diagnosis:
    """Return an answer about standard input that names it so, and whose commands say FILE in its place."""
    import shlex

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


def _is_deployment(head: bytes) -> bool:
    from pkikit.files.recognition.kinds import text_kind

    return text_kind(head.decode("utf-8", "replace"))[0] == "a deployment file"


def _of_deployment_text(data: bytes, where: str) -> Diagnosis:
    from pkikit.model.deployment import parse_deployment
    from pkikit.report.doctor.deployments import of_deployment

    return _renamed(of_deployment(where, parse_deployment(data.decode("utf-8-sig", "replace"), where=where)), where)


def _of_deployment(path: Path) -> Diagnosis:
    from pkikit.files import load_deployment
    from pkikit.report.doctor.deployments import of_deployment

    return of_deployment(str(path), load_deployment(path))


def _with_mode(made: Diagnosis, path: Path) -> Diagnosis:
    """Return the answer about a private key with who can read the file."""
    import shlex

    mode = path.stat().st_mode & 0o777
    if not mode & 0o077:
        return replace(made, facts=(*made.facts, ("Mode", f"{mode:04o}: only you can read it")))
    step = f"Make it readable for you only:\nchmod 600 {shlex.quote(str(path))}"
    row = ("Mode", f"{mode:04o}: other users of this computer can read it")
    return replace(made, facts=(*made.facts, row), next_steps=(step, *made.next_steps))


def of_folder(path: Path, context: Context) -> Diagnosis:
    """Answer about a folder.

    Args:
        path: the folder.
        context: what somebody said about it.

    Returns:
        The answer about its files.

    Raises:
        InputError: the folder cannot be read, or nothing in it can be judged.
    """
    from pkikit.commands.whole_folder import of_whole
    from pkikit.report.doctor import held_folders as folders

    try:
        names = list(_names(path))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=str(path)) from None
    kind = folders.kind_of(names)
    whole = of_whole(path, kind, names, context)
    if whole is not None:
        return whole
    is_ca = kind is folders.FolderKind.CA
    wanted = [n for n in names if not (is_ca and (n.startswith(("newcerts/", "private/")) or n in _OF_A_CA))]
    parts = [_part(path, name, context) for name in wanted[:MAX_FILES]]
    if not any(part.answer for part in parts):
        what = (
            f"contains {printable(', '.join(names[:3]), 120)}, and nothing that can be judged"
            if names
            else "is an empty folder"
        )
        raise InputError(f"{what}; give {_ANSWERS}", where=str(path))
    rows = _ca_rows(path, context) if is_ca else ()
    return folders.of_folder(str(path), kind, parts, rows=rows, unread=max(0, len(wanted) - MAX_FILES))


def _ca_rows(folder: Path, context: Context) -> tuple[tuple[str, str], ...]:
    """Return what the index of a CA says, and whether it can sign."""
    from pkikit.issue.file_ca import FileCa
    from pkikit.report.doctor.files.certificate_rows import validity_of

    try:
        authority = FileCa(folder)
        entries = authority.entries()
    except PkikitError as error:
        return (("Ready", f"no: {printable(str(error), 300)}"),)
    revoked = sum(entry.status == "R" for entry in entries)
    return (
        ("Valid", validity_of(authority.authority.certificate, context.at)),
        ("Ready", "yes: its key is here, and belongs to ca.pem"),
        ("Issued", f"{counted(len(entries), 'certificate')}, {revoked} of them revoked"),
    )


def _names(folder: Path) -> Iterator[str]:
    """Yield the files below a folder, a few levels deep, without hidden ones and without following links."""
    for here, below, files in os.walk(folder, onerror=_raise):
        inside = os.path.relpath(here, folder)
        depth = 0 if inside == "." else inside.count(os.sep) + 1
        below[:] = sorted(b for b in below if not b.startswith(".")) if depth < MAX_DEPTH else []
        for name in sorted(files):
            if not name.startswith("."):
                yield name if inside == "." else f"{inside}/{name}"


def _raise(error: OSError) -> None:
    raise error


def _part(folder: Path, name: str, context: Context) -> Part:
    from pkikit.report.doctor import held_folders as folders

    path = folder / name
    try:
        if path.is_symlink() or path.stat().st_size > MAX_SMALL:
            return folders.Part(name=name, problem="a link, or too large")
        answer = of_file(path, context)
    except PkikitError as error:
        return folders.Part(name=name, problem=str(error))
    return folders.Part(name=name, answer=answer, findings=_key_findings(path))


def _key_findings(path: Path) -> tuple[Finding, ...]:
    """Return the finding about a key.pem that does not belong to the cert.pem in the same folder."""
    from pkikit.files import read_certificates, read_file
    from pkikit.model.certificates.credential import spki
    from pkikit.model.certificates.facts import key_of, title
    from pkikit.model.findings import Evidence
    from pkikit.rules.chain_rules import KEY_MISMATCH

    owner = {"key.pem": "cert.pem", "client-key.pem": "client.pem"}.get(path.name)
    if owner is None or not (beside := path.with_name(owner)).is_file():
        return ()
    try:
        leaf, keys = read_certificates(beside)[0], read_file(path, keep_encrypted=True).keys
    except PkikitError:
        return ()
    if not keys or spki(keys[0].public_key()) == key_of(leaf):
        return ()
    evidence = Evidence(label="private key", expected="the certificate's", seen="another", where=str(path))
    return (KEY_MISMATCH.finding(title(leaf), [evidence]),)
