"""What the answers about certificates share: for whom they are judged, and what nobody can say yet."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from pkikit.judge.legs.legs_served import Service
from pkikit.report.doctor.diagnosis import Context, Row
from pkikit.report.file_lint import Kind, LintQuestion, lint_question
from pkikit.text import counted


def question_for(context: Context, peer: str | None, *, kind: Kind | None) -> LintQuestion:
    """Return the question for `lint`.

    Args:
        context: what somebody said about the thing.
        peer: the machine of the deployment that it is for; None if nobody knows.
        kind: the kind as which it is judged; None is whatever it holds.

    Returns:
        The question, for the version that somebody named, else that of the deployment.
    """
    version = context.version or (context.deployment.version if context.deployment else None)
    deployment = context.deployment if peer else None
    return lint_question(at=context.at, kind=kind, deployment=deployment, peer=peer, version=version)


def peer_for(context: Context, names: Sequence[str]) -> tuple[str | None, str]:
    """Find the machine of the deployment that a certificate is for.

    Args:
        context: what somebody said about it.
        names: the names in the certificate.

    Returns:
        The machine, None if nobody knows; and how we know, empty if somebody said so.
    """
    if context.deployment is None:
        return None, ""
    if context.peer is not None:
        return context.peer, ""
    fitting = [fqdn for fqdn in context.deployment.peers if fqdn in names]
    return (fitting[0], "the peer whose FQDN it has; --peer names another") if len(fitting) == 1 else (None, "")


def judged_for(question: LintQuestion, how: str, services: Sequence[Service]) -> Iterator[Row]:
    """Yield for which version and machine a certificate was judged, and how many connections would accept it.

    Args:
        question: the question for `lint`.
        how: how we know the machine.
        services: the connections that use the certificate.

    Yields:
        Labels and texts.
    """
    if question.peer is None:
        yield "Judged for", str(question.use.version)
        return
    yield "Judged for", f"{question.peer}, {question.use.version}{f' ({how})' if how else ''}"
    if services:
        served = sum(s.verdict.accepted for s in services)
        yield "Connections", f"{served} of {counted(len(services), 'connection')} that use it would accept it"


def not_said(context: Context, peer: str | None) -> Iterator[str]:
    """Yield what nobody can say about a certificate without more files, and what to give.

    Args:
        context: what somebody said about it.
        peer: the machine that it is for; None if nobody knows.

    Yields:
        Sentences.
    """
    if context.trusted is None:
        yield "Whether other machines trust it: give their trusted CA list (--trust FILE)."
    yield from names_not_said(context, peer)
    yield "Whether it is revoked: give pkikit verify a CRL or an OCSP answer."


def names_not_said(context: Context, peer: str | None) -> Iterator[str]:
    """Yield why nobody can say whether the names are the right ones.

    Args:
        context: what somebody said about the certificate or request.
        peer: the machine that it is for; None if nobody knows.

    Yields:
        One sentence, or none.
    """
    if context.deployment is None:
        yield "Whether it has the names that its machine needs: give --deployment FILE --peer FQDN."
    elif peer is None:
        yield "Whether it has the names that its machine needs: it fits no single peer, so give --peer FQDN."


def lint_command(where: str, context: Context, peer: str | None, *options: str) -> str:
    """Return the command that shows every finding.

    Args:
        where: the file.
        context: what somebody said about it.
        peer: the machine that it is for; None if nobody knows.
        *options: further words of the command.

    Returns:
        The command, as one types it.
    """
    words = ["pkikit", "lint", where, *options]
    if peer and context.deployment_file:
        words += ["--deployment", context.deployment_file, "--peer", peer]
    return shlex.join(words)
