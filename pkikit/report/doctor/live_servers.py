"""The answer about a server that was dialled: what it presents, what it asks for, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from pkikit.judge.legs.legs_served import Service, services_of
from pkikit.judge.linting.lint import lint_certificate
from pkikit.judge.matching.name_matching import reference_name
from pkikit.model.certificates.facts import presented_names
from pkikit.model.findings import Verdict
from pkikit.model.leg import NameCheck
from pkikit.model.trace import NotConnected, Outcome
from pkikit.report.doctor.diagnosis import Context, Diagnosis, Row, in_a_sentence, most_important_first, state_of
from pkikit.report.doctor.files.certificate_rows import (
    chain_rows,
    key_row,
    name_row,
    purpose_row,
    renewal_rows,
    validity_of,
)
from pkikit.report.doctor.judging import judged_for, not_said, peer_for, question_for
from pkikit.report.doctor.targets import Target
from pkikit.report.file_lint import merge_lint
from pkikit.report.handshakes import judge_chain, judge_probe
from pkikit.text import counted, listed, printable

if TYPE_CHECKING:
    from pkikit.net.probe import Probe


def name_looked_for(target: Target, context: Context) -> str:
    """Return the name that a server's certificate must have: the one dialled, or the peer's; empty for an address only."""
    return (reference_name(context.peer) if context.peer else "") if target.is_address else target.host


def of_server(done: Probe, target: Target, port: int, context: Context) -> Diagnosis:
    """Answer about a server.

    Args:
        done: the handshake; nobody refused the chain in it.
        target: the server, as it was named.
        port: the port that was dialled.
        context: what somebody said about it.

    Returns:
        The answer.
    """
    thing, name = target.at(port), name_looked_for(target, context)
    verdict = _judge(done, thing, name, context)
    peer: str | None = None
    services: tuple[Service, ...] = ()
    how, question = "", None
    if done.chain:
        known = context.deployment.peers if context.deployment else ()
        peer, how = peer_for(context, (name,) if name in known else presented_names(done.chain[0]).identities)
        question = question_for(context, peer, kind=None)
        services = _services(done, context, peer)
        own = lint_certificate(done.chain[0], question.use)
        reported = {f.rule for f in verdict.findings}
        own = replace(own, findings=tuple(f for f in own.findings if f.rule not in reported))
        verdict = merge_lint([verdict, own], services)
    return Diagnosis(
        thing=thing,
        kind="server",
        what="a server that was dialled",
        state=state_of(verdict),
        says=_says(verdict),
        facts=(
            *_port_row(done, target, port),
            *_answer_rows(done),
            *_certificate_rows(done, context),
            *(judged_for(question, how, services) if question else ()),
        ),
        findings=most_important_first(verdict.findings),
        checked=verdict.checked,
        not_assessed=tuple(_not_assessed(done, context, peer, name)),
        next_steps=tuple(_steps(done, thing, name, context)),
        deeper=f"pkikit probe {thing} --verbose",
    )


def insists(done: Probe) -> bool:
    """True if the server asked for our certificate and ended the connection because we have none."""
    return bool(done.wants_certificate and done.chain and done.trace.outcome is Outcome.REJECTED)


def is_silent(done: Probe) -> bool:
    """True if the handshake was complete, and the server then gave no answer and no reason."""
    return bool(done.protocol and done.trace.outcome is Outcome.REJECTED and done.trace.alert is None)


def _judge(done: Probe, thing: str, name: str, context: Context) -> Verdict:
    """Judge handshake and chain. That a server wants our certificate, or answers nothing, is not wrong."""
    checks = [NameCheck(any_of=(name,), why="name dialled")] if name else []
    if insists(done) or is_silent(done):
        return judge_chain(done.chain, context.trusted, at=context.at, checks=checks)
    return judge_probe(done, context.trusted, checks, thing, at=context.at)[0]


def _says(verdict: Verdict) -> str:
    says = in_a_sentence(verdict)
    return says.replace("nothing wrong found", "it answers, and nothing wrong was found") if verdict.accepted else says


def _services(done: Probe, context: Context, peer: str | None) -> tuple[Service, ...]:
    if context.deployment is None or peer is None:
        return ()
    return services_of(context.deployment, peer, done.chain, at=context.at, trusted_ca_list=context.trusted)


def _port_row(done: Probe, target: Target, port: int) -> Iterator[Row]:
    if len(target.tried) == 1 or _is_unresolved(done):
        return
    tried = listed([str(p) for p in target.tried], "and")
    if done.trace.outcome is Outcome.UNREACHABLE:
        yield "Ports", f"{tried} were tried, because you named none"
    else:
        yield "Port", f"{port}, the first of {tried} that answers, because you named none"


def _is_unresolved(done: Probe) -> bool:
    return any(isinstance(step.detail, NotConnected) and not step.detail.resolved for step in done.trace.steps)


def _answer_rows(done: Probe) -> Iterator[Row]:
    """Yield what the server said, and what it asks for."""
    if done.trace.outcome is Outcome.UNREACHABLE:
        return
    if done.protocol:
        yield "TLS", f"{done.protocol}, {done.cipher}"
    if done.reply:
        yield "Answer", printable(done.reply, 120)
    if not done.chain:
        return
    if not done.wants_certificate:
        yield "Asks for", "no client certificate"
        return
    must = " (it insists)" if insists(done) else ""
    if not done.asked_for:
        yield "Asks for", f"a client certificate{must}; it names no CA"
        return
    yield (
        "Asks for",
        f"a client certificate{must} of {listed([printable(ca, 80) for ca in done.asked_for], 'or', at_most=3)}",
    )


def _certificate_rows(done: Probe, context: Context) -> Iterator[Row]:
    if not done.chain:
        return
    leaf, *behind = done.chain
    yield "Presents", counted(len(done.chain), "certificate")
    yield name_row(leaf)
    yield purpose_row(leaf)
    yield "Valid", validity_of(leaf, context.at)
    yield from renewal_rows(leaf, context.at)
    yield key_row(leaf)
    yield from chain_rows(leaf, behind, context.at)


def _not_assessed(done: Probe, context: Context, peer: str | None, name: str) -> Iterator[str]:
    if not done.chain:
        yield "Its certificate: the server did not present one."
        return
    if not name:
        yield "Whether the name that others dial is in it: you gave an address. Dial the name, or add --peer FQDN."
    yield from not_said(context, peer)
    if insists(done):
        yield "Whether it answers: it wants a certificate from you first."
    elif is_silent(done):
        yield "Whether the service works: the handshake is complete, and then no answer came."


def _steps(done: Probe, thing: str, name: str, context: Context) -> Iterator[str]:
    if done.wants_certificate:
        yield f"Dial as the machine that connects to it:\npkikit probe {thing} --trust FILE --cert FILE --key FILE"
    elif done.chain and context.trusted is None:
        yield f"Ask whether a machine accepts it:\npkikit probe {thing} --trust FILE{f' --name {name}' if name else ''}"
    yield f"See every step of the handshake:\npkikit probe {thing} --verbose"
