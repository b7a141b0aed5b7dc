"""The answer about a file with certificates, a request or keys: it condenses what `lint` and `verify` say."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.errors import InputError
from pkikit.files import FileContents
from pkikit.judge.checks.certificate_checks import allows
from pkikit.model.certificates.bundle import Bundle, bundle_of, is_its_own_ca
from pkikit.model.certificates.canonical_name import format_name
from pkikit.model.certificates.facts import presented_names
from pkikit.model.findings import Severity, Verdict
from pkikit.report.doctor.diagnosis import (
    Context,
    Diagnosis,
    Row,
)
from pkikit.report.doctor.files.certificate_rows import (
    ca_rows,
    chain_rows,
    form_of,
    key_row,
    key_rows,
    name_row,
    purpose_row,
    renewal_rows,
    validity_of,
)
from pkikit.report.doctor.files.request_files import of_keys, of_request
from pkikit.report.doctor.files.status_files import of_answer, of_crl
from pkikit.report.doctor.judging import judged_for, lint_command, not_said, peer_for, question_for
from pkikit.report.file_lint import Kind, lint_file, merge_lint, services_in
from pkikit.report.handshakes import judge_chain
from pkikit.rules.catalogue import is_about_trust
from pkikit.rules.file_rules import NOT_PEM
from pkikit.text import counted, listed, printable

# Names that the product and people give to files with trusted CAs.
_LIST_NAME = re.compile(r"(?:^|[/\\])(?:ca_[^/\\]*|[^/\\]*trust[^/\\]*|[^/\\]*ca-?bundle[^/\\]*)$", re.IGNORECASE)
_MANY_LEAVES = 2


@dataclass(frozen=True, kw_only=True)
class _Guess:
    """What the certificates of a file are taken for, and why, if they could be something else."""

    kind: Kind
    what: str
    because: str = ""


def of_contents(contents: FileContents, context: Context) -> Diagnosis:
    """Answer about the contents of a file.

    Args:
        contents: what the file has.
        context: what somebody said about it.

    Returns:
        The answer.

    Raises:
        InputError: nothing in the file can be judged, or the deployment has no such peer.
    """
    if contents.certificates:
        made = _of_certificates(contents, context)
    elif contents.requests:
        made = of_request(contents, context)
    elif contents.keys or contents.encrypted_keys or contents.other_keys:
        made = of_keys(contents, context)
    elif contents.crls:
        made = of_crl(contents.where, contents.crls, context)
    elif contents.ocsp_answers:
        made = of_answer(contents.where, contents.ocsp_answers, context)
    else:
        raise InputError("contains nothing that can be judged", where=contents.where)
    return replace(made, facts=(*made.facts, *_also(contents, made)))


def _also(contents: FileContents, made: Diagnosis) -> Iterator[Row]:
    """Yield what else is in the file, and what is odd about the file."""
    others = [
        counted(len(found), what)
        for found, what, kind in (
            (contents.requests, "request", "request"),
            (contents.crls, "CRL", "crl"),
            (contents.ocsp_answers, "OCSP answer", "ocsp-answer"),
        )
        if found and made.kind != kind
    ]
    if others:
        yield "Also in it", f"{listed(others)} (not assessed)"
    if contents.notes:
        yield "Notes", contents.notes[:3]


def guess_kind(contents: FileContents) -> _Guess:
    """Return what the certificates of a file are for, as far as they and the file's name tell."""
    certificates = contents.certificates
    bundle = bundle_of(certificates)
    named_list = _LIST_NAME.search(contents.where) is not None
    if bundle.leaf is None:
        if len(certificates) == 1 and not named_list:
            if is_its_own_ca(certificates[0]):
                return _Guess(
                    kind=Kind.SERVER,
                    what="a self-signed server certificate",
                    because="it names a machine; it is a CA as well",
                )
            return _Guess(kind=Kind.CA, what="a CA certificate")
        because = "" if named_list else "it has only CA certificates"
        return _Guess(
            kind=Kind.TRUST_LIST,
            what=f"a trusted CA list, {counted(len(certificates), 'certificate')}",
            because=because,
        )
    if len(bundle.second_leaves) >= _MANY_LEAVES or (named_list and len(certificates) > 1):
        why = "the file's name says so" if named_list else f"it has {len(bundle.second_leaves) + 1} server certificates"
        return _Guess(
            kind=Kind.TRUST_LIST,
            what=f"a trusted CA list, {counted(len(certificates), 'certificate')}",
            because=f"{why}; to judge it as a server certificate: pkikit lint {shlex.quote(contents.where)} --as server",
        )
    leaf, behind = bundle.leaf, counted(len(bundle.others), "CA certificate")
    chain = f" and {behind}" if bundle.others else ""
    if allows(leaf, ExtendedKeyUsageOID.CLIENT_AUTH) and not allows(leaf, ExtendedKeyUsageOID.SERVER_AUTH):
        return _Guess(
            kind=Kind.CLIENT, what=f"a client certificate{chain}", because="it allows clientAuth and not serverAuth"
        )
    return _Guess(kind=Kind.SERVER, what=f"a server certificate{chain}")


def _of_certificates(contents: FileContents, context: Context) -> Diagnosis:
    guess = guess_kind(contents)
    only = replace(contents, requests=())
    if guess.kind in {Kind.CA, Kind.TRUST_LIST}:
        return _of_authorities(only, guess, context)
    bundle = bundle_of(contents.certificates, is_server=True)
    leaf = bundle.leaf or contents.certificates[0]
    peer, how = peer_for(context, presented_names(leaf).identities)
    question = question_for(context, peer, kind=Kind.CLIENT if guess.kind is Kind.CLIENT else None)
    services = services_in(only, replace(question, trusted=context.trusted)) if peer else ()
    verdict = _with_chain(merge_lint(lint_file(only, question), services), bundle, context)
    return Diagnosis.judged(
        verdict,
        thing=contents.where,
        kind=f"{guess.kind.value}-certificate",
        what=f"{guess.what} ({form_of(contents)})",
        because=guess.because,
        facts=(
            name_row(leaf),
            purpose_row(leaf),
            ("Valid", validity_of(leaf, context.at)),
            *renewal_rows(leaf, context.at),
            key_row(leaf),
            *chain_rows(leaf, bundle.others, context.at),
            *key_rows(contents),
            *judged_for(question, how, services),
        ),
        not_assessed=tuple(not_said(context, peer)),
        next_steps=tuple(_steps(contents, verdict, context, peer)),
        deeper=lint_command(contents.where, context, peer),
    )


def _with_chain(verdict: Verdict, bundle: Bundle, context: Context) -> Verdict:
    """Add what the machine finds that receives the chain, unless the file or a connection has that finding already."""
    on_chain = judge_chain(bundle.chain, context.trusted, at=context.at, purpose=None)
    known = {found.rule for found in verdict.findings}
    more = tuple(f for f in on_chain.findings if f.rule not in known)
    if context.trusted is None:
        # Without its list, nobody knows how the verifier's path goes on.
        more = tuple(f for f in more if not is_about_trust(f.rule))
    checked = tuple(dict.fromkeys((*verdict.checked, *on_chain.checked)))
    return replace(verdict, findings=(*verdict.findings, *more), checked=checked)


def _steps(contents: FileContents, verdict: Verdict, context: Context, peer: str | None) -> Iterator[str]:
    """Yield what to do about a server or client certificate."""
    where = shlex.quote(contents.where)
    if any(f.rule == NOT_PEM.id and f.severity is Severity.ERROR for f in verdict.findings):
        yield f"Convert it to the form that the product takes:\npkikit convert {where} --to pem --out server.pem"
    if verdict.findings:
        yield f"See every finding with its evidence:\n{lint_command(contents.where, context, peer)}"
    if context.trusted is None:
        yield f"Ask whether a machine accepts it:\npkikit verify {where} --trust FILE --name FQDN"
    if not verdict.findings:
        yield f"See everything that is in it:\npkikit decode {where}"


def _of_authorities(contents: FileContents, guess: _Guess, context: Context) -> Diagnosis:
    """Answer about one CA certificate or a trusted CA list."""
    question = question_for(context, None, kind=guess.kind)
    verdict = merge_lint(lint_file(contents, question))
    first = contents.certificates[0]
    where = shlex.quote(contents.where)
    deeper = f"pkikit lint {where} --as {guess.kind.value}"
    if guess.kind is Kind.CA:
        rows: tuple[Row, ...] = (
            (
                "Subject",
                name_row(first)[1] if presented_names(first).has_san else printable(format_name(first.subject)),
            ),
            ("Valid", validity_of(first, context.at)),
            key_row(first),
            *chain_rows(first, contents.certificates[1:], context.at),
        )
        lacks = "Whether the machines that need it have it: give their trusted CA list to pkikit verify --trust."
    else:
        rows = tuple(ca_rows(contents.certificates, context.at))
        lacks = f"Which certificates it accepts: ask with one, pkikit doctor CERT --trust {where}."
    return Diagnosis.judged(
        verdict,
        thing=contents.where,
        kind="trusted-ca-list" if guess.kind is Kind.TRUST_LIST else "ca-certificate",
        what=f"{guess.what} ({form_of(contents)})",
        because=guess.because,
        facts=(*rows, *key_rows(contents), *judged_for(question, "", ())),
        not_assessed=(lacks,),
        next_steps=(
            *_converted(contents, verdict),
            *([f"See every finding with its evidence:\n{deeper}"] if verdict.findings else []),
            f"See every certificate in it:\npkikit decode {where}",
        ),
        deeper=deeper,
    )


def _converted(contents: FileContents, verdict: Verdict) -> Iterator[str]:
    if any(f.rule == NOT_PEM.id and f.severity is Severity.ERROR for f in verdict.findings):
        command = f"pkikit convert {shlex.quote(contents.where)} --to pem --out trust.pem"
        yield f"Convert it to the form that the product takes:\n{command}"
