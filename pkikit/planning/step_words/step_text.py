"""What a runbook says about one step. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command to copy.

    Attributes:
        label: what takes it: `REST API`, `xCommand`, `Lab`.
        text: one or more lines.
        shows: what it prints if all is well; empty if that says nothing.
        remark: where it works, or what of it is inferred or ours.
    """

    label: str
    text: str
    shows: str = ""
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """An e-mail to the people who do a step; `{by}` is the place of the date.

    Attributes:
        title: the step in a line.
        request: what they are asked to do, a sentence that begins in lower case.
        more: what else to know, in sentences.
        certificates: names and fingerprints, a line each.
        attached: the file and its SHA-256, in lines.
        why: the reason.
    """

    title: str
    request: str
    more: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    why: str

    @property
    def subject(self) -> str:
        """The subject of the e-mail."""
        return f"Please: {self.title}"

    @property
    def body(self) -> str:
        """The e-mail."""
        return letter_text((self,))


def letter_text(letters: Sequence[Letter]) -> str:
    """Return one e-mail for all steps of the same people.

    Args:
        letters: for each step what is asked.

    Returns:
        Its lines. What several steps share is said once.
    """
    lines = ["Hello,", ""]
    if len(letters) == 1:
        lines += [f"please {letters[0].request}", *letters[0].more]
    else:
        lines += ["please do these steps:", ""]
        for number, letter in enumerate(letters, start=1):
            asked = f"{letter.request[:1].upper()}{letter.request[1:]}"
            lines += [f"{number}. {asked}", *(f"   {more}" for more in letter.more)]
    for block in dict.fromkeys(letter.certificates for letter in letters):
        lines += ["", *block] if block else []
    files: dict[tuple[str, ...], tuple[str, ...]] = {}
    for letter in letters:
        files.setdefault(letter.attached[-1:], letter.attached)  # one of equal files
    for block in files.values():
        lines += ["", *block] if block else []
    if any(letter.certificates for letter in letters):
        lines += ["", "If you want to be sure, compare the SHA-256 of the certificate with me on the phone."]
    lines += ["", *dict.fromkeys(f"Why: {letter.why}" for letter in letters), "", "Please tell me when it is done."]
    return "\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class Content:
    """A certificate of the step's file.

    Attributes:
        name: of the certificate, for people.
        sha256: its fingerprint, with colons.
        ends: the day of its end.
        stand_in: a CA issues the real one, with another SHA-256.
    """

    name: str
    sha256: str
    ends: str
    stand_in: bool = False


@dataclass(frozen=True, kw_only=True)
class PlainWords:
    """What `plan.json` says about a step, as texts.

    Attributes:
        title: the step in a line.
        where: the menu path.
        before: what you see before it.
        after: what you see after it.
        proof: the command that shows that it is done.
        undo: how to undo it.
    """

    title: str
    where: str
    before: str
    after: str
    proof: str
    undo: str


@dataclass(frozen=True, kw_only=True)
class StepWords:
    """Everything that people read about a step. Connections and machines have short names, commands have full ones.

    Attributes:
        number: from 1.
        key: of the step.
        title: `Append My Root CA to the trusted CA list of c1`.
        machine: the FQDN at which it is done; empty if it is not one machine.
        where: the menu path.
        do: what to do there, in sentences.
        commands: that do the same.
        file: the name of the file, in the folder of the plan; empty if the step has none.
        sha256: of the bytes of that file.
        contents: the certificates in it, or those that are deleted.
        before: what you see before it, in sentences.
        after: what you see after it.
        proof: the command that shows that it is done.
        undo: in sentences; the first says how.
        no_return: why this step, or what comes after it, cannot be undone for free; empty if it can.
        announced: for a restart: what goes down meanwhile and what stays up, in sentences.
        connections: for a restart: the connections that it cuts, in short.
        letter: the e-mail, if others do it.
        remarks: sources, and what is ours.
    """

    number: int
    key: str
    title: str
    machine: str
    where: str
    do: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    file: str = ""
    sha256: str = ""
    contents: tuple[Content, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    proof: Command
    undo: tuple[str, ...] = ()
    no_return: str = ""
    announced: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    letter: Letter | None = None
    remarks: tuple[str, ...] = ()

    @property
    def plain(self) -> PlainWords:
        """The part of it that `plan.json` has."""
        return PlainWords(
            title=self.title,
            where=self.where,
            before=" ".join(self.before),
            after=" ".join(self.after),
            proof=self.proof.text,
            undo=" ".join(self.undo),
        )
