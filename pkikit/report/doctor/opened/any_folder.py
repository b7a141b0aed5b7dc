"""A folder of any kind: its files, each recognised and answered about, or the whole of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pkikit.errors import InputError, PkikitError
from pkikit.files import read_certificates, read_file
from pkikit.files.deployment_folder import is_key_file, is_machine_file, key_file_of
from pkikit.model.certificates.credential import spki
from pkikit.model.certificates.facts import key_of, title
from pkikit.model.findings import Evidence, Finding
from pkikit.report.doctor import held_folders as folders
from pkikit.report.doctor.diagnosis import Context, Diagnosis
from pkikit.report.doctor.opened.any_file import ANSWERS, of_file
from pkikit.report.doctor.opened.whole_folder import of_whole
from pkikit.rules.chain_rules import KEY_MISMATCH
from pkikit.text import counted, printable

MAX_FILES, MAX_DEPTH = 200, 3
MAX_SMALL = 8 * 1024 * 1024  # of a file in a folder
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
        raise InputError(f"{what}; give {ANSWERS}", where=str(path))
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


def _part(folder: Path, name: str, context: Context) -> folders.Part:
    path = folder / name
    try:
        if path.is_symlink() or path.stat().st_size > MAX_SMALL:
            return folders.Part(name=name, problem="a link, or too large")
        answer = of_file(path, context)
    except PkikitError as error:
        return folders.Part(name=name, problem=str(error))
    return folders.Part(name=name, answer=answer, findings=_key_findings(path))


def _key_findings(path: Path) -> tuple[Finding, ...]:
    """Return the finding about a key file that does not belong to the certificate file beside it."""
    names = (p.name for p in sorted(path.parent.iterdir()) if is_machine_file(p.name))
    owner = next((name for name in names if key_file_of(name) == path.name), None) if is_key_file(path.name) else None
    if owner is None:
        return ()
    try:
        leaf, keys = read_certificates(path.with_name(owner))[0], read_file(path, keep_encrypted=True).keys
    except PkikitError:
        return ()
    if not keys or spki(keys[0].public_key()) == key_of(leaf):
        return ()
    evidence = Evidence(label="private key", expected="the certificate's", seen="another", where=str(path))
    return (KEY_MISMATCH.finding(title(leaf), [evidence]),)
