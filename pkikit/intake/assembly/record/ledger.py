"""The ledger of an import: it takes every fact once, and an answer of the user in place of what was read or assumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pkikit.design.setting_words import switch_of
from pkikit.errors import DeploymentError
from pkikit.intake.assembly.record.notes import Contradiction, Evidence, Fact, LeftOut, Missing, Origin, Question
from pkikit.intake.assembly.record.refused_answer import RefusedAnswer
from pkikit.model.deployment_file.yaml_source import read_yaml
from pkikit.text import did_you_mean

_SWITCHES = {"yes": True, "true": True, "no": False, "false": False}
MAX_ANSWER = 10_000


class Ledger:
    """Collects what is known. A fact that has an answer takes the answer."""

    def __init__(self, answers: Mapping[str, str], given: Mapping[str, str] | None = None) -> None:
        self._answers = dict(answers)
        self._given = {key: key for key in answers} if given is None else dict(given)
        self._used: set[str] = set()
        self.facts: dict[str, Fact] = {}
        self.questions: dict[str, Question] = {}
        self.contradictions: list[Contradiction] = []
        self.missing: list[Missing] = []
        self.left_out: list[LeftOut] = []

    def read(self, key: str, value: Any, *evidence: Evidence, why: str = "", like: Any = None) -> Any:
        """Note a fact that a file states.

        Args:
            key: its path.
            value: what the file says.
            *evidence: where.
            why: how it follows, if it is not literally there.
            like: a value of the type that an answer must have, if `value` does not show it.

        Returns:
            The value that counts: the answer if there is one.
        """
        fact = Fact(key=key, value=value, origin=Origin.READ, evidence=tuple(evidence), why=why)
        return self._note(fact, value if like is None else like)

    def assume(self, key: str, value: Any, why: str, how: str = "", *evidence: Evidence) -> Any:
        """Note a fact that no file states, with the reason for this value, and how to find out.

        Args:
            key: its path.
            value: the value.
            why: the reason.
            how: how to find out.
            *evidence: what it follows from.

        Returns:
            The value that counts: the answer if there is one.
        """
        fact = Fact(key=key, value=value, origin=Origin.ASSUMED, why=why, how=how, evidence=tuple(evidence))
        return self._note(fact, value)

    def ask(self, question: Question, *, note: bool = True) -> str | None:
        """Return the answer to a question, or note the question and return None.

        Args:
            question: the question.
            note: the answer is a fact of the deployment file by itself.

        Returns:
            The answer as text, or None.

        Raises:
            RefusedAnswer: the answer is not among the choices.
        """
        answer = self.answer(question.key)
        if answer is None:
            self.questions[question.key] = question
            return None
        if question.choices and answer not in question.choices:
            allowed = f"allowed are {', '.join(question.choices)}."
            raise RefusedAnswer(allowed + did_you_mean(answer, question.choices), key=question.key, value=answer)
        if note:
            self.facts[question.key] = Fact(key=question.key, value=answer, origin=Origin.ANSWERED)
        return answer

    def answer(self, key: str) -> str | None:
        """Return the user's answer for a key, or None; it then counts as used."""
        if key in self._answers:
            self._used.add(key)
        return self._answers.get(key)

    def given(self, key: str) -> str:
        """Return the key of an answer as the user wrote it."""
        return self._given.get(key, key)

    def rename(self, kind: str, other: str, name: str) -> None:
        """Let answers name an element by another of its names: `clusters/e1.example.com/…` for its cluster."""
        start = f"{kind}/{other}"
        for key in [k for k in self._answers if k == start or k.startswith(f"{start}/")]:
            new = f"{kind}/{name}{key.removeprefix(start)}"
            if new != key and new not in self._answers:
                self._answers[new] = self._answers.pop(key)
                self._given[new] = self._given.pop(key)

    def under(self, prefix: str) -> dict[str, str]:
        """Return the answers below a path, by the rest of their keys; they count as used."""
        found = {k: v for k, v in self._answers.items() if k.startswith(f"{prefix}/")}
        self._used |= found.keys()
        return {key.removeprefix(f"{prefix}/"): value for key, value in found.items()}

    def take(self, key: str, value: Any) -> None:
        """Note an answer for a key that nothing was read or assumed for."""
        self.answer(key)
        self.facts[key] = Fact(key=key, value=value, origin=Origin.ANSWERED)

    def answers(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the answers by the keys that they have now, and by these keys how the user wrote them."""
        return dict(self._answers), dict(self._given)

    def unused(self) -> dict[str, str]:
        """Return the answers that nothing has asked for yet."""
        return {key: text for key, text in self._answers.items() if key not in self._used}

    def contradict(self, kind: str, message: str, *evidence: Evidence, used: str = "", fix: str = "",
                   machines: tuple[str, ...] = ()) -> None:  # fmt: skip
        """Note a contradiction, once."""
        found = Contradiction(
            kind=kind, message=message, used=used, fix=fix, machines=machines, evidence=tuple(evidence)
        )
        if all((c.kind, c.message) != (kind, message) for c in self.contradictions):
            self.contradictions.append(found)

    def lack(self, what: str, how: str, *, key: str = "", machine: str = "") -> None:
        """Note what is missing."""
        self.missing.append(Missing(what=what, how=how, key=key, machine=machine))

    def leave_out(self, what: str, why: str, *evidence: Evidence) -> None:
        """Note what was read and is not in the deployment file."""
        self.left_out.append(LeftOut(what=what, why=why, evidence=tuple(evidence)))

    def _note(self, fact: Fact, like: Any) -> Any:
        text = self.answer(fact.key)
        if text is not None:
            value = typed(self.given(fact.key), text, like)
            fact = Fact(key=fact.key, value=value, origin=Origin.ANSWERED, how=fact.how)
        self.facts[fact.key] = fact
        return fact.value


def typed(key: str, text: str, like: Any) -> Any:
    """Return an answer as a value of the same type as another value.

    Args:
        key: the key of the answer, for messages.
        text: the answer.
        like: a value of the wanted type; None for text.

    Returns:
        The value.

    Raises:
        RefusedAnswer: the text is not such a value.
    """
    if len(text) > MAX_ANSWER:
        raise RefusedAnswer(f"has {len(text)} characters, and {MAX_ANSWER} are allowed", key=key)
    if text.startswith(("[", "{")):
        try:
            return read_yaml(text, where="").data
        except DeploymentError as error:
            raise RefusedAnswer(error.message, key=key) from None
    if isinstance(like, bool):
        switch = _SWITCHES.get(text.strip().lower(), switch_of(text))
        if switch is None:
            raise RefusedAnswer("write on or off (yes, no, true, false)", key=key, value=text)
        return switch
    if isinstance(like, int):
        if not text.strip().isascii() or not text.strip().isdigit() or len(text) > 9:
            raise RefusedAnswer("write a number", key=key, value=text)
        return int(text)
    if isinstance(like, tuple | list):
        return tuple(word.strip() for word in text.split(",") if word.strip())
    return text.strip()
