"""The answer about a request, and about a file that has only private keys."""

from __future__ import annotations

import shlex

from pkikit.files import FileContents
from pkikit.model.certificates.facts import presented_names
from pkikit.model.findings import Evidence, Severity, Verdict
from pkikit.report.doctor.diagnosis import (
    Context,
    Diagnosis,
    Row,
)
from pkikit.report.doctor.files.certificate_rows import form_of, key_row, name_row, purpose_row
from pkikit.report.doctor.judging import judged_for, lint_command, names_not_said, peer_for, question_for
from pkikit.report.file_lint import Kind, lint_file, merge_lint
from pkikit.rules.certificate_rules import KEY_TYPE_UNTESTED
from pkikit.text import counted, listed
from pkikit.view.description import describe_key


def of_request(contents: FileContents, context: Context) -> Diagnosis:
    """Answer about a certificate signing request.

    Args:
        contents: what the file has.
        context: what somebody said about it.

    Returns:
        The answer about the first request.
    """
    request = contents.requests[0]
    peer, how = peer_for(context, presented_names(request).identities)
    question = question_for(context, peer, kind=Kind.CSR)
    verdict = merge_lint(lint_file(contents, question))
    answer = f"When the CA has answered, compare the answer:\npkikit lint CERT --request {shlex.quote(contents.where)}"
    deeper = lint_command(contents.where, context, peer)
    return Diagnosis.judged(
        verdict,
        thing=contents.where,
        kind="request",
        what=f"{_several(len(contents.requests), 'certificate request')} ({form_of(contents)})",
        facts=(name_row(request), purpose_row(request), key_row(request), *judged_for(question, how, ())),
        not_assessed=(
            *names_not_said(context, peer),
            "What the CA makes of it: a CA can change names and purposes.",
        ),
        next_steps=(*([f"See every finding with its evidence:\n{deeper}"] if verdict.findings else []), answer),
        deeper=deeper,
    )


def of_keys(contents: FileContents, context: Context) -> Diagnosis:
    """Answer about private keys: public facts, and that they are secret.

    Args:
        contents: what the file has.
        context: what somebody said about it.

    Returns:
        The answer.
    """
    number = len(contents.keys) + contents.encrypted_keys + len(contents.other_keys)
    rows: list[Row] = [("Key", [str(describe_key(key)["key"]) for key in contents.keys])] if contents.keys else []
    if contents.encrypted_keys:
        rows.append(("Encrypted", counted(contents.encrypted_keys, "key")))
    rows.append(("Secret", "anyone who has this file can pose as the machine: send it to nobody"))
    verdict = _judge_keys(contents, context)
    where = shlex.quote(contents.where)
    return Diagnosis.judged(
        verdict,
        thing=contents.where,
        kind="private-key",
        what=f"{_several(number, 'private key')} ({form_of(contents)})",
        facts=tuple(rows),
        not_assessed=("Whether it belongs to the certificate of its machine: that certificate is not in the file.",),
        next_steps=(f"See whether it belongs to a certificate:\ncat CERT {where} | pkikit doctor -",),
        deeper=f"pkikit lint {where}",
    )


def _judge_keys(contents: FileContents, context: Context) -> Verdict:
    if contents.keys or contents.encrypted_keys:
        return merge_lint(lint_file(contents, question_for(context, None, kind=None)))
    kinds = listed(contents.other_keys)
    message = f"This is a key of the kind {kinds}, and the product takes RSA and EC keys."
    finding = KEY_TYPE_UNTESTED.judge(contents.where, [_other_kind(kinds)], message=message, severity=Severity.ERROR)
    return Verdict.of(f"would the product take the key in {contents.where}?", finding)


def _other_kind(kinds: str) -> Evidence:
    return Evidence(label="kind of key", expected="RSA or EC", seen=kinds)


def _several(number: int, what: str) -> str:
    return f"a {what}" if number == 1 else counted(number, what)
