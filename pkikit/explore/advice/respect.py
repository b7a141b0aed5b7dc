"""Does a design respect the answers? Each answer that it breaks is named, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pkikit.explore.advice.certificate_design import BY_ACME, Design
from pkikit.explore.advice.figures import Figures, Study
from pkikit.explore.advice.plain_answers import ANY_NAME, MANAGED, NO_NAME, PUBLIC_ONLY, QUESTIONS, YES, Answers
from pkikit.text import counted, listed


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why a design is out: `key` is the question whose answer rules it out, empty if the product or a CA does."""

    key: str
    because: str

    def sentence(self, answers: Answers) -> str:
        """The reason, with the answer that it meets."""
        if not self.key:
            return self.because
        question = QUESTIONS[self.key]
        return f"{self.because}, and you answered “{question.say(answers.value(self.key))}” ({question.label})"


def obstacles(study: Study, design: Design, figures: Figures, answers: Answers) -> tuple[Obstacle, ...]:
    """Return everything that rules a design out; nothing for a design that works and respects the answers."""
    return (*_failures(figures, design), *_broken_answers(study, design, figures, answers))


def _failures(figures: Figures, design: Design) -> Iterator[Obstacle]:
    if figures.without_client_auth:
        number = len(figures.without_client_auth)
        yield Obstacle(
            key="",
            because=f"{counted(number, 'connection')} would go down: public CAs no longer issue clientAuth, and "
            f"{'they need' if number != 1 else 'it needs'} it",
        )
    if figures.upload_refused:
        yield Obstacle(key="", because=f"{design.version} refuses to load a certificate without clientAuth")
    if figures.unserved:
        number = len(figures.unserved)
        yield Obstacle(key="", because=f"{counted(number, 'connection')} would find a name missing")
    if figures.refused_names:
        yield Obstacle(
            key="", because=f"no public CA signs the internal name {listed(figures.refused_names, at_most=3)}"
        )
    if figures.over_limit:
        yield Obstacle(key="", because="the certificate has more names than a public CA accepts")


def _broken_answers(study: Study, design: Design, figures: Figures, answers: Answers) -> Iterator[Obstacle]:
    reached = {fqdn for fqdn in figures.installers if fqdn in study.parties}
    barred = {
        MANAGED: (),
        PUBLIC_ONLY: figures.installers,
    }.get(answers.trust, tuple(fqdn for fqdn in figures.installers if fqdn not in reached))
    if barred:
        yield Obstacle(key="trust", because=f"{listed(barred, at_most=3)} would have to install your private root CA")
    if figures.restarts_per_peer > answers.most_restarts:
        yield Obstacle(key="restarts", because=f"a peer would restart {figures.restarts_per_peer:g} times a year")
    if figures.bare_names and answers.domain == NO_NAME:
        yield Obstacle(key="domain", because=f"{listed(figures.bare_names, at_most=3)} would be in a certificate")
    if design.authority == BY_ACME:
        if answers.acme != YES:
            yield Obstacle(key="acme", because="Let's Encrypt would have to reach port 80 of Expressway-E")
        elif figures.bare_names and answers.domain != ANY_NAME:
            names = listed(figures.bare_names, at_most=3)
            yield Obstacle(key="domain", because=f"ACME can only check {names} if its A record leads to Expressway-E")
