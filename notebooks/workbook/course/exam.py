"""The exam: questions drawn from a seed, limited tries, no reasons before the end, a certificate to print."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from pkikit.errors import InputError
from pkikit.model.codec.document import JsonLines
from pkikit.values.names import printable
from simulator.clock import Clock
from simulator.folders import state_folder
from workbook.course.answer_check import Answer
from workbook.course.bank import Exercise, Names, Work, exercise_of
from workbook.course.exercises import answer_to
from workbook.course.progress import remember

TRIES, NEEDED, LONGEST_NAME = 2, 15, 80
FULL = "clustered-full"
_C, _E = ("c1.corp.example.com", "c2.corp.example.com"), ("e1.example.com", "e2.example.com")
_DOMAINS = ("example.com", "example.org", "voice.example.net", "phone.example.com")
_ROOMS = ("conference-1.example.com", "conference-2.example.com", "rooms.example.com")
# From which exercises the questions of each part are drawn: (how many, from which).
_CHOICES: Sequence[tuple[int, tuple[str, ...]]] = (
    (3, ("99-C", "99-D", "99-E", "02-C", "02-D", "07-B", "11-B")),
    (4, ("99-F", "99-G", "99-H", "99-I", "03-A", "03-B", "04-A", "05-B", "06-A", "16-B")),
    (5, ("99-J", "99-K", "99-L", "99-M", "99-N", "05-A", "07-A", "08-A", "08-B", "12-A", "12-C", "15-A", "17-A", "17-B")),
)  # fmt: skip
_CAUSES = ("99-R", "90-A", "90-B")


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """One learner's exam: who, with which seed, every answer and how often it was tried. ended: ISO-8601; empty before."""

    name: str
    seed: str
    began: str
    tries: Mapping[str, int] = field(default_factory=dict)
    right: tuple[str, ...] = ()
    ended: str = ""


_MAX_READ = 64 * 1024
_LINES = JsonLines(Sitting)


def draw(seed: str) -> dict[str, Exercise]:
    """Return the questions of a seed by their letter: names, choices in another order, faults in other places."""
    lot = random.Random(seed.strip().lower())  # noqa: S311 - a lottery of questions, no secret
    asked = [_names(lot, lot.choice(_E)), _names(lot, lot.choice(_C))]
    for count, pool in _CHOICES:
        asked += [_shuffled(lot, exercise_of(number)) for number in lot.sample(pool, count)]
    asked += [_one_fault(lot), _lost_list(lot), _two_faults(lot)]
    asked.append(_shuffled(lot, exercise_of(lot.choice(_CAUSES))))
    return {chr(ord("A") + n): question for n, question in enumerate(asked)}


def _names(lot: random.Random, peer: str) -> Exercise:
    domains, rooms = lot.sample(_DOMAINS, 2), lot.sample(_ROOMS, lot.randint(1, 2))
    change = {"domains.registration": domains, "chat_aliases": rooms}
    told = f"registration domains `{domains[0]}` and `{domains[1]}`, chat node aliases {', '.join(f'`{r}`' for r in rooms)}"
    return exercise_of("99-A").model_copy(
        update={
            "ask": f"Take the deployment `{FULL}` with other values: {told}. Write all names of `{peer}`.",
            "names": Names(deployment=FULL, peer=peer, change=change),
        }
    )


def _shuffled(lot: random.Random, found: Exercise) -> Exercise:
    options = list(found.options.items())
    lot.shuffle(options)
    return found.model_copy(update={"options": dict(options)})


def _work(because: str, ask: str, *faults: Mapping[str, Any]) -> Exercise:
    made = Work(deployment=FULL, faults=faults)
    return exercise_of("99-O").model_copy(update={"ask": ask, "because": because, "work": made})


def _one_fault(lot: random.Random) -> Exercise:
    peer = lot.choice(_E)
    wrong, told = lot.choice((
        ({"send": "leaf"}, "did not send its intermediate certificate"),
        ({"by": "stranger"}, "had a certificate of a CA that nobody trusts"),
        ({"ends_in_days": -1, "begins_in_days": -400}, "had an expired certificate"),
    ))  # fmt: skip
    return _work(f"{peer} {told}.", "Something is broken. Fix it.", {"fault": "reissue", "party": peer, **wrong})


def _lost_list(lot: random.Random) -> Exercise:
    machine = lot.choice(("ucm1.corp.example.com", "ucm2.corp.example.com", "sip.partner.example.net"))
    fault = {"fault": "trust", "party": machine, "change": "only-stranger"}
    return _work(f"{machine} had lost its trusted CA list.", "Something is broken. Fix it.", fault)


def _two_faults(lot: random.Random) -> Exercise:
    peer, domain = lot.choice(_C), lot.choice(("example.com", "example.org"))
    wrong, told = lot.choice((
        ({"purposes": "server"}, "lacked clientAuth"),
        ({"without": ["cluster-c.corp.example.com"]}, "lacked the name of its cluster"),
    ))  # fmt: skip
    return _work(
        f"{peer} {told}, and the SRV record of {domain} was gone.",
        "Two things are broken. Fix both.",
        {"fault": "reissue", "party": peer, **wrong},
        {"fault": "dns", "names": [f"_collab-edge._tls.{domain}"]},
    )


# One sitting, kept in the learner's folder.


def _file() -> Path:
    return state_folder() / "exam.jsonl"


def sitting() -> Sitting | None:
    """Return the last exam that somebody started on this machine, or None. A file with impossible values does not count."""
    try:
        if not _file().is_file():
            return None
        with _file().open(encoding="utf-8", errors="replace") as stream:
            found = list(_LINES.values(stream.read(_MAX_READ).splitlines()))
    except OSError:
        return None
    return found[-1] if found and _possible(found[-1]) else None


def _possible(found: Sitting) -> bool:
    """True for what `begin`, `submit` and `end` can have written."""
    try:
        datetime.fromisoformat(found.began)
        datetime.fromisoformat(found.ended or found.began)
    except ValueError:
        return False
    named = 0 < len(found.name) <= LONGEST_NAME and found.name == _readable(found.name)
    if not named or len(found.seed) > LONGEST_NAME or found.seed != printable(found.seed):
        return False
    letters, right = draw(found.seed).keys(), set(found.right)
    tried = {letter for letter, number in found.tries.items() if 1 <= number <= TRIES}
    return len(right) == len(found.right) and right <= tried <= letters and tried == found.tries.keys()


def _readable(name: str) -> str:
    return printable(" ".join(name.split()), LONGEST_NAME + 1)


def _keep(now: Sitting) -> Sitting:
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(_LINES.line(now), encoding="utf-8")
    except OSError as error:
        raise InputError(f"the exam cannot be stored: {error.strerror or error}", where=str(_file())) from error
    return now


def begin(name: str, seed: str = "") -> Sitting:
    """Begin an exam.

    Raises:
        InputError: the name is empty or too long.
    """
    known = _readable(name)
    if not known or len(known) > LONGEST_NAME:
        raise InputError(f"Enter your name, up to {LONGEST_NAME} characters. It appears on the certificate.")
    return _keep(Sitting(name=known, seed=printable(seed.strip())[:LONGEST_NAME] or known, began=_now()))


def _now() -> str:
    return Clock().now().isoformat(timespec="seconds")


def submit(now: Sitting, letter: str, answer: object) -> tuple[Sitting, Answer]:
    """Check one answer and count the try; an empty answer does not count.

    Raises:
        InputError: the exam has ended, the question has no tries left, or it is right already.
    """
    if now.ended:
        raise InputError("This exam has ended.")
    if letter in now.right:
        raise InputError("This answer is right already.")
    if now.tries.get(letter, 0) >= TRIES:
        raise InputError("No tries are left for this question.")
    result = answer_to(draw(now.seed)[letter], answer)
    if result.empty:
        return now, result
    tries = {**now.tries, letter: now.tries.get(letter, 0) + 1}
    right = (*now.right, letter) if result.right else now.right
    return _keep(replace(now, tries=tries, right=right)), result


def end(now: Sitting) -> Sitting:
    """End the exam, and record what was right."""
    if now.ended:
        return now
    for letter in draw(now.seed):
        remember(f"99-{letter}", right=letter in now.right)
    return _keep(replace(now, ended=_now()))


def passed(now: Sitting) -> bool:
    """True if enough answers are right."""
    return len(now.right) >= NEEDED


def certificate_page(now: Sitting) -> str:
    """Return the certificate as a page to print, or to save as PDF."""
    day = datetime.fromisoformat(now.ended).date().isoformat()
    total = len(draw(now.seed))
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Certificate of {escape(now.name)}</title>
<style>@page {{ size: A4 landscape; margin: 2cm }} body {{ font-family: Georgia, serif; text-align: center; color: #1b1f24;
background: #fff; margin: 3em }} main {{ border: 4px double #1b5e20; padding: 3em }} h1 {{ font-size: 2.4em; margin: 0 }}
.name {{ font-size: 2em; margin: 1em 0 }} small {{ color: #444 }}</style></head><body><main><h1>Expressway Certificate Lab</h1>
<p>This certifies that</p><p class="name"><b>{escape(now.name)}</b></p><p>passed the exam with {len(now.right)} of {total}
questions right ({NEEDED} are needed).</p><p>{day}</p><p><small>Seed: {escape(now.seed)}. Issued by the learner's own lab.
It is not a certification by Cisco.</small></p></main></body></html>
"""


def save_certificate(now: Sitting) -> Path:
    """Write the certificate into the learner's folder; return its path.

    Raises:
        InputError: the exam has not ended, was not passed, or the file cannot be written.
    """
    if not now.ended or not passed(now):
        raise InputError(f"There is a certificate when the exam has ended and {NEEDED} answers are right.")
    path = state_folder() / f"exam-certificate-{now.ended[:10]}.html"
    try:
        path.write_text(certificate_page(now), encoding="utf-8")
    except OSError as error:
        raise InputError(f"the certificate cannot be saved: {error.strerror or error}", where=str(path)) from error
    return path
