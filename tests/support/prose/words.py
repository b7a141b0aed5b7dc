"""The check itself: Harper's grammar and spelling, and phrases that nobody uses any more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.support.prose.texts import HOLE, Text, texts_of

HERE = Path(__file__).parent
_STYLE_PAGE = "docs/style.md"  # it names the words that are not used
_ABBREVIATION = re.compile(r"\ban? [A-Z]{2,}")

# Harper has 900 rules. These ones report mistakes in texts like ours; the others are about taste, or do not know our terms.
HARPER_RULES = (
    "AdjectiveDoubleDegree",
    "AnA",
    "AnAnother",
    "AnotherAn",
    "CompoundSubjectI",
    "CriteriaPhenomena",
    "DespiteOf",
    "DidPast",
    "DoubleModal",
    "DoubleNegative",
    "EachAndEveryOne",
    "HaveNegNoAny",
    "IAmAgreement",
    "ItsPossessive",
    "LayoutVerb",
    "ModalOf",
    "MoreBetter",
    "NotOnlyInversion",
    "PronounVerbAgreement",
    "RepeatedWords",
    "SimplePastToPastParticiple",
    "SpellCheck",
    "SubjectPronoun",
    "TheAnother",
    "TheirToThere",
    "ThenThan",
    "ThereIsAgreement",
    "ToTo",
    "UseToUsedTo",
    "WhomSubjectOfVerb",
    "WrongNegative",
)


@dataclass(frozen=True, order=True)
class Problem:
    """A passage to rewrite.

    Attributes:
        path: the file, from the root of the repository.
        line: the line of the words.
        words: what is written.
        advice: what to write instead.
    """

    path: str
    line: int
    words: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words!r}: {self.advice}"


@dataclass(frozen=True)
class Phrase:
    """Words that are not used, with plain ones.

    Attributes:
        pattern: what to look for.
        instead: what to write.
        except_in: beginnings of paths where the words are right.
    """

    pattern: re.Pattern[str]
    instead: str
    except_in: tuple[str, ...]


def phrases() -> list[Phrase]:
    """Return the list of `phrases.yaml`."""
    rows = yaml.safe_load((HERE / "phrases.yaml").read_text(encoding="utf-8"))
    return [Phrase(re.compile(rf"\b(?:{r['words']})", re.I), r["instead"], tuple(r.get("except", ()))) for r in rows]


def problems_of(paths: Iterable[Path]) -> list[Problem]:
    """Return what is wrong with the words of some files, in the order of the lines."""
    return problems_in([text for path in paths for text in texts_of(path)])


def problems_in(texts: Iterable[Text]) -> list[Problem]:
    """Return what is wrong with some passages."""
    passages = list(texts)
    return sorted({*_old_words(passages), *_harper(passages)})


def not_yet() -> set[str]:
    """Return the files that still have problems. The list may only shrink."""
    rows = (HERE / "not_yet.txt").read_text(encoding="utf-8").splitlines()
    return {row for row in rows if row and not row.startswith("#")}


def _old_words(texts: Iterable[Text]) -> Iterable[Problem]:
    for phrase in phrases():
        for text in texts:
            if text.path.startswith((_STYLE_PAGE, *phrase.except_in)):
                continue
            for match in phrase.pattern.finditer(text.words):
                line = text.line + text.words[: match.start()].count("\n")
                yield Problem(text.path, line, " ".join(match[0].split()), phrase.instead)


def _harper(texts: Iterable[Text]) -> Iterable[Problem]:
    """All passages go to Harper as one document; each is a paragraph on one line, so that a line number leads back."""
    places: dict[str, list[Text]] = {}
    for text in texts:
        places.setdefault(" ".join(text.words.replace("*", "").replace("#", "").split()), []).append(text)
    paragraphs = list(places)
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder, "all.md")
        document.write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")
        command = [Path(sys.executable).with_name("harper"), "lint", "--quiet", "--format", "json"]
        command += ["--dialect", "british", "--user-dict-path", HERE / "words.txt", "--only", ",".join(HARPER_RULES)]
        run = subprocess.run([*command, document], capture_output=True, text=True, check=False)
    ours = set((HERE / "words.txt").read_text(encoding="utf-8").split())  # Harper calls American spellings wrong anyway
    for lint in json.loads(run.stdout)[0]["lints"] if run.stdout.strip() else ():
        words = lint["matched_text"]
        paragraph = paragraphs[(lint["line"] - 1) // 2]
        if lint["rule"] == "SpellCheck" and (
            words in ours or re.fullmatch(r"(?:[A-Z]{2,}|[A-Za-z])(?:'?s)?\.?", words)
        ):
            continue  # an abbreviation, or the letter of a machine
        if lint["rule"] == "AnA" and (
            words == "A" or f"{words} {HOLE}" in paragraph or _ABBREVIATION.search(paragraph)
        ):
            continue  # Harper does not know how an abbreviation is spoken
        better = "; ".join(lint["suggestions"][:3])
        advice = f"{lint['message']} {better}".rstrip()
        for text in places[paragraph]:
            before = text.words.find(words)
            yield Problem(text.path, text.line + text.words[: max(before, 0)].count("\n"), words, advice)
