"""The answer about a folder: what it is for, and what is wrong with the files in it."""

from __future__ import annotations

import enum
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkikit.files.deployment_folder import CERTIFICATE, CLIENT, is_key_file, is_machine_file
from pkikit.model.findings import Finding
from pkikit.report.doctor.diagnosis import Diagnosis, Row, State, in_file, most_important_first
from pkikit.rules.catalogue import rank_causes
from pkikit.rules.plain_causes import said_plainly
from pkikit.text import counted, listed, printable

_SHOWN = 5


class FolderKind(enum.StrEnum):
    """What a folder is for."""

    CA = "ca-folder"
    CERTIFICATES = "certificates-folder"
    MACHINE = "machine-folder"
    FILES = "folder"


_WHAT = {
    FolderKind.CA: "the folder of a CA (pkikit ca)",
    FolderKind.CERTIFICATES: "a folder of certificates for --certs, with a folder for each machine",
    FolderKind.MACHINE: "the folder of one machine: certificate, trusted CA list",
    FolderKind.FILES: "a folder of files",
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of a folder: the answer about it, or why there is none; and what the folder knows of it."""

    name: str
    answer: Diagnosis | None = None
    problem: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def is_wrong(self) -> bool:
        """True if something is wrong with this file, or it can be part of what is wrong."""
        return bool(self.findings) or (self.answer is not None and self.answer.state is State.WRONG)


def kind_of(names: Sequence[str]) -> FolderKind:
    """Return what a folder is for.

    Args:
        names: its files, with their folders, such as `e1.example.com/cert.pem`.

    Returns:
        The kind.
    """
    found = set(names)
    if "ca.pem" in found and found & {"index.txt", "private/ca.key", "openssl.cnf"}:
        return FolderKind.CA
    if found & {CERTIFICATE, CLIENT} and all(is_machine_file(name) or is_key_file(name) for name in found):
        return FolderKind.MACHINE
    machines = [
        n for n in found if n.count("/") == 1 and "." in n.partition("/")[0] and is_machine_file(n.partition("/")[2])
    ]
    return FolderKind.CERTIFICATES if machines else FolderKind.FILES


def of_folder(
    where: str, kind: FolderKind, parts: Sequence[Part], *, rows: Sequence[Row] = (), unread: int = 0
) -> Diagnosis:
    """Answer about a folder.

    Args:
        where: the folder.
        kind: what it is for.
        parts: its files.
        rows: what the folder as a whole has.
        unread: how many files were not read because there are too many.

    Returns:
        The answer: that of its files, what is wrong first.
    """
    judged = [p for p in parts if p.answer is not None and p.answer.state is not State.NOT_ASSESSED]
    wrong = [p for p in parts if p.is_wrong]
    state = State.WRONG if wrong else (State.FINE if judged else State.NOT_ASSESSED)
    findings = tuple(
        in_file(found, printable(part.name, 120))
        for part in parts
        for found in (*part.findings, *(part.answer.findings if part.answer else ()))
    )
    quoted = shlex.quote(where)
    first = shlex.quote(f"{where.rstrip('/')}/{(wrong or judged or [Part(name='FILE')])[0].name}")
    return Diagnosis(
        thing=where,
        kind=kind.value,
        what=_WHAT[kind],
        state=state,
        says=_says(findings, wrong, judged),
        facts=(*rows, ("Files", list(_lines(parts))), *_others(parts)),
        findings=most_important_first(findings),
        checked=tuple(dict.fromkeys(rule for p in judged if p.answer for rule in p.answer.checked)),
        not_assessed=tuple(_not_assessed(kind, parts, unread)),
        next_steps=(f"See all about one file:\npkikit doctor {first}", *_steps(kind, quoted)),
        deeper=f"pkikit doctor {first}",
    )


def _says(findings: Sequence[Finding], wrong: Sequence[Part], judged: Sequence[Part]) -> str:
    if wrong:
        causes = rank_causes(findings)
        why = f"; first, {said_plainly(causes[0])}" if causes else ""
        return f"{len(wrong)} of {counted(len(judged), 'file')} {'has' if len(wrong) == 1 else 'have'} errors{why}"
    return f"nothing wrong found in {counted(len(judged), 'file')}" if judged else "nothing in it could be judged"


def _lines(parts: Sequence[Part]) -> Iterator[str]:
    """Yield one line for each file with something wrong, and one for those without."""
    wrong = [p for p in parts if p.is_wrong]
    for part in wrong[:_SHOWN]:
        says = part.answer.says if part.answer and not part.findings else said_plainly(part.findings[0].rule)
        yield f"✘ {_titled(part)}: {says.partition(' (')[0]}"
    if len(wrong) > _SHOWN:
        yield f"✘ {counted(len(wrong) - _SHOWN, 'more file')} with errors"
    fine = [_titled(p) for p in parts if p.answer and p.answer.accepted and not p.is_wrong]
    if fine:
        yield f"✔ {listed(fine, at_most=_SHOWN)}"
    unknown = [_titled(p) for p in parts if p.answer and p.answer.state is State.NOT_ASSESSED and not p.is_wrong]
    if unknown:
        yield f"? {listed(unknown, at_most=_SHOWN)}"


def _titled(part: Part) -> str:
    what = part.answer.what.partition(" (")[0].partition(",")[0] if part.answer else ""
    return f"{printable(part.name, 120)} ({what})" if what else printable(part.name, 120)


def _others(parts: Sequence[Part]) -> Iterator[Row]:
    other = [printable(p.name, 120) for p in parts if p.answer is None]
    if other:
        yield "Not recognised", listed(other, at_most=4)


def _not_assessed(kind: FolderKind, parts: Sequence[Part], unread: int) -> Iterator[str]:
    if unread:
        yield f"{counted(unread, 'more file')}: only the first {len(parts)} are read."
    if kind is FolderKind.CERTIFICATES:
        yield "Whether the machines accept each other: give the deployment to expressway-sim check."
    else:
        yield "Whether other machines accept what is in it: that needs their trusted CA lists and a deployment."
    if kind is FolderKind.CA:
        yield "Whether its key is safe: nobody can see who has a copy."


def _steps(kind: FolderKind, quoted: str) -> Iterator[str]:
    if kind is FolderKind.CA:
        yield f"Sign a request with it:\npkikit ca issue {quoted} REQUEST --out FILE"
    if kind is FolderKind.CERTIFICATES:
        yield f"Judge every connection with these certificates:\nexpressway-sim check DEPLOYMENT --certs {quoted}"
