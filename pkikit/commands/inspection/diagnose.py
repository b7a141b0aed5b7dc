"""`diagnose` and `probe`: why did a handshake fail, from what was recorded or by dialling a real server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import (
    AtOption,
    JsonFlag,
    PassphraseFile,
    VerboseFlag,
    now,
    passphrase_source,
)
from pkikit.commands.terminal.object_facts import rows_of
from pkikit.errors import InputError
from pkikit.text import counted
from pkikit.values.instants import parse_instant
from pkikit.values.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import Console

    from pkikit.captures.answer import CaptureAnswer
    from pkikit.model.certificates.credential import Credential
    from pkikit.model.findings import Finding, Verdict
    from pkikit.model.leg import NameCheck
    from pkikit.net.probe import Probe


def diagnose(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE|-]",
            help="A log (plain, .gz, .zip, .tar.gz), a packet capture (pcap, pcapng) or a diagnostic archive with both,"
            " what openssl or curl printed, a recorded handshake, or a report of check or probe; - reads standard input."
            " After a capture, add the logs of the same time.",
        ),
    ] = None,
    client: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the client: cert.pem, trust.pem.")
    ] = None,
    server: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the server: cert.pem, trust.pem.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name that the client dials.")] = None,
    client_name: Annotated[str | None, typer.Option(help="The name that the server looks for in the client's.")] = None,
    keylog: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TLS key log (SSLKEYLOGFILE), to decrypt a capture.")
    ] = None,
    extract: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each certificate chain of a capture here, as PEM.")
    ] = None,
    at: AtOption = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Explain why connections failed, from a log, a packet capture or a trace. The probable cause is first.

    Two folders of certificates work too.

    Exit 1: causes, or failures that cannot be explained (they are listed). Exit 2: nothing recognised, or a file of another
    kind. Exit 0 only for a text that reports a success and no failure, or a capture with a connection that is up and none
    that is down or not assessed.

    In a capture, a connection is up when the server sends application data after the handshake (for syslog over TLS: the
    client). It is down when a side refuses: with an alert, or by closing before the handshake is complete. Anything else is
    not assessed: a side that closes right after the handshake may have refused a name.

    Example: pkikit diagnose loggingsnapshot.txt
    """
    if (not files) == (client is None and server is None):
        raise InputError(
            "give a file, or --client DIR and --server DIR, for example: pkikit diagnose loggingsnapshot.txt"
        )
    if files:
        from pkikit.captures.recorded_file import Answer
        from pkikit.captures.recorded_files import answer_about
        from pkikit.report.handshakes import judge_trace

        with console.progress("Reading packets", total=None, quiet=as_json) as progress:
            found = answer_about(files, keylog, judge_trace, progress, whole=extract is not None)
        if isinstance(found, Answer):
            more = {"groups": found.groups, "notes": found.notes}
            kept = {key: value for key, value in more.items() if value}
            _tell_causes(found.verdict, found.causes, as_json, verbose=verbose, **kept)
        else:
            _tell_capture(found, extract, verbose=verbose, as_json=as_json)
        return
    if keylog is not None or extract is not None:
        raise InputError("--keylog and --extract go together with a packet capture")
    if client is None or server is None:
        raise InputError("--client and --server go together")
    verdict, causes = _of_folders(client, server, name, client_name, parse_instant(at, now()))
    _tell_causes(verdict, causes, as_json, verbose=verbose)


def _tell_capture(answer: CaptureAnswer, extract: Path | None, *, verbose: bool, as_json: bool) -> None:
    from pkikit.captures.connections_json import connections_json
    from pkikit.captures.extraction import extract_chains

    written = extract_chains((a.connection for a in answer.assessments), extract) if extract is not None else ()

    def show(out: Console) -> None:
        from pkikit.commands.terminal.capture_view import show_capture

        show_capture(out, answer, _headline(answer.verdict, answer.causes), written, verbose=verbose)

    document = {**answer.verdict.to_json(), "causes": list(answer.causes), **connections_json(answer)}
    if written:
        document["extracted"] = [str(path) for path in written]
    console.answer(document, as_json=as_json, accepted=answer.verdict.accepted, show=show)


def _tell_causes(
    verdict: Verdict, causes: tuple[str, ...], as_json: bool, *, verbose: bool = False, **more: Any
) -> None:
    def show(out: Console) -> None:
        console.headline(out, _headline(verdict, causes))
        # Behind the question, a damaged log has a sentence of its own.
        _, _, remark = verdict.question.partition("? (")
        if remark:
            console.say(out, remark.rstrip(")"))
        groups = more.get("groups", ())
        if len(groups) > 1:  # a single one is in the finding already
            rows = _group_rows(groups, verbose=verbose)
            title = f"{counted(len(groups), 'kind')} of failure:"
            console.table(out, ("failures", "connection", "cause"), rows, title=title)
        _show_findings(out, verdict.findings, verbose=verbose)
        for note in more.get("notes", ()):
            console.section(out, f"Note: {note}")
        console.section(out, f"{verdict.counts[:1].upper()}{verdict.counts[1:]}.")

    document = {**verdict.to_json(), "causes": list(causes), **more}
    console.answer(document, as_json=as_json, accepted=verdict.accepted, show=show)


def _show_findings(out: Console, findings: Sequence[Finding], *, verbose: bool) -> None:
    """Print the findings; of many connections with one cause the first, and how many more there are."""
    if verbose:
        console.show_findings(out, findings)
        return
    rules: dict[str, list[Finding]] = {}
    for found in findings:
        rules.setdefault(found.rule, []).append(found)
    for members in rules.values():
        more = len(members) - 1
        rest = [f"And {more} more with this cause (--verbose lists them)."] if more else []
        console.show_finding(out, members[0], rest)


def _tell_probe(
    verdict: Verdict, causes: tuple[str, ...], as_json: bool, target: str, facts: dict[str, Any], *, verbose: bool
) -> None:
    """Tell what a probe found: the answer and its reasons, then what both sides said."""

    def show(out: Console) -> None:
        said = f"✔ {target} answers, and its certificate is accepted"
        no = f"✘ {target}: {_headline(verdict, causes).removeprefix('✘ ')}"
        console.headline(out, said if verdict.accepted else no)
        console.show_findings(out, verdict.findings)
        console.section(out, "What the server said:")
        console.show_facts(out, rows_of({k: v for k, v in facts.items() if k not in {"chain", "steps"}}))
        for n, certificate in enumerate(facts["chain"], start=1):
            console.section(out, f"Certificate {n} of {len(facts['chain'])}: {certificate['subject']}")
            console.show_facts(out, rows_of({k: v for k, v in certificate.items() if k != "subject"}))
        if verbose:
            console.section(out, "Steps of the handshake:")
            for step in facts["steps"]:
                console.say(out, step, indent=2)
        elif facts["steps"]:
            console.section(out, f"--verbose shows the {counted(len(facts['steps']), 'step')} of the handshake.")

    document = {**verdict.to_json(), "causes": list(causes), **facts}
    console.answer(document, as_json=as_json, accepted=verdict.accepted, show=show)


def _headline(verdict: Verdict, causes: tuple[str, ...]) -> str:
    """Return the answer in one line."""
    if verdict.accepted:
        return "✔ no failure found"
    from pkikit.rules.connection_rules import UNEXPLAINED

    if causes == (UNEXPLAINED.id,):
        return "✘ it failed, and pkikit cannot tell why"
    return f"✘ most probable cause: {causes[0]}" + (f"; then {', '.join(causes[1:])}" if causes[1:] else "")


MAX_ROWS = 12


def _group_rows(groups: Sequence[dict[str, Any]], *, verbose: bool) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    shown = groups if verbose else groups[:MAX_ROWS]
    for group in shown:
        port = f":{group['port']}" if group["port"] else ""
        ends = " → ".join(filter(None, (group["client"], f"{group['server']}{port}")))
        where = ends or ", ".join(group["hosts"]) or "not in the log"
        who = f"{where} (scanner?)" if group["scanner"] else where
        rows.append((str(group["count"]), who, group["cause"]))
    if len(groups) > len(shown):
        rows.append(("…", f"and {len(groups) - len(shown)} more (--verbose lists them)", ""))
    return rows


def _of_folders(
    client: Path, server: Path, name: str | None, client_name: str | None, at: datetime
) -> tuple[Verdict, tuple[str, ...]]:
    from pkikit.files import credential_from_folder, read_certificates
    from pkikit.judge.verify import verify_certificate
    from pkikit.model.findings import merge_verdicts
    from pkikit.model.leg import Purpose
    from pkikit.rules.catalogue import rank_causes

    held = {}
    for folder in (client, server):
        if not folder.is_dir():
            raise InputError("there is no such folder", where=str(folder))
        trust = folder / "trust.pem"
        held[folder] = (credential_from_folder(folder), read_certificates(trust) if trust.exists() else None)
    known = [
        c
        for credential, trusted in held.values()
        for c in (*(credential.chain if credential else ()), *(trusted or ()))
    ]
    verdicts = []
    for presenter, verifier, purpose, wanted in (
        (server, client, Purpose.SERVER, name),
        (client, server, Purpose.CLIENT, client_name),
    ):
        credential, trusted = held[presenter][0], held[verifier][1]
        if credential is None or trusted is None:
            continue
        verdicts.append(verify_certificate(
            credential.leaf, sent=credential.intermediates, trusted_ca_list=trusted, purpose=purpose, at=at,
            name_checks=_checks(wanted), known=known, question=f"does {verifier} accept {presenter} as TLS {purpose.value}?",
        ))  # fmt: skip
        verdicts.append(_own_key(credential, str(presenter)))
    if not verdicts:
        raise InputError("needs a cert.pem on one side and a trust.pem on the other", where=f"{client}, {server}")
    verdict = merge_verdicts(" ".join(v.question for v in verdicts if v.question), verdicts)
    return verdict, rank_causes(verdict.findings)


def _own_key(credential: Credential, where: str) -> Verdict:
    """Check that the private key belongs to the certificate beside it."""
    from pkikit.model.certificates.facts import title
    from pkikit.model.findings import Evidence, Verdict
    from pkikit.rules.chain_rules import KEY_MISMATCH

    if credential.key is None or credential.key_matches:
        return Verdict.of("", *([KEY_MISMATCH.judge(where, [])] if credential.key else []))
    evidence = Evidence(label="private key", expected="the certificate's", seen="another", where=where)
    return Verdict.of("", KEY_MISMATCH.judge(title(credential.leaf), [evidence]))


def _checks(name: str | None) -> list[NameCheck]:
    from pkikit.judge.matching.name_matching import reference_name
    from pkikit.model.leg import NameCheck

    return [NameCheck(any_of=(reference_name(name),), why="name dialled")] if name else []


def probe(
    target: Annotated[str, typer.Argument(metavar="HOST:PORT")],
    sip: Annotated[
        bool, typer.Option("--sip", help="Ask with SIP OPTIONS (default on ports 5061 and 7001 to 7999).")
    ] = False,
    https: Annotated[bool, typer.Option("--https", help="Ask with an HTTP request.")] = False,
    cert: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificate to show, leaf first.")] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its private key.")] = None,
    trust: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Trusted CA list; may be repeated.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Name to look for in the server's certificate; default HOST.")
    ] = None,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the trace, for pkikit diagnose.")] = None,
    timeout: Annotated[float, typer.Option(min=0.5, max=120, help="Seconds to wait for each answer.")] = 10.0,
    passphrase_file: PassphraseFile = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Dial a real server, and explain the answer. You see what both sides said.

    Example: pkikit probe e1.example.com:5061 --trust trust.pem --cert cert.pem --key key.pem
    """
    import json

    from pkikit.files import read_certificates, write_public
    from pkikit.model.codec.trace import trace_to_json
    from pkikit.model.leg import Protocol
    from pkikit.model.tables import ports
    from pkikit.net.probe import probe as dial
    from pkikit.report.handshakes import judge_probe

    if sip and https:
        raise InputError("--sip and --https exclude each other")
    host, port = _target(target)
    as_sip = sip or (not https and ports.carries_sip(port))
    checks = _checks(name or host)
    trusted = [c for path in trust for c in read_certificates(path)] if trust else None
    done = dial(
        host, port, protocol=Protocol.SIP_TLS if as_sip else Protocol.HTTPS, now=now, trusted_ca_list=trusted,
        credential=_credential(cert, key, passphrase_file), name_checks=checks, server_name=name or host, timeout=timeout,
    )  # fmt: skip
    if save is not None:
        write_public(save, json.dumps(trace_to_json(done.trace), indent=2).encode())
    verdict, causes = judge_probe(done, trusted, checks, target, at=now())
    _tell_probe(verdict, causes, as_json, target, _facts(done), verbose=verbose)


def _target(text: str) -> tuple[str, int]:
    from pkikit.judge.matching.name_matching import reference_name

    host, colon, port = text.rpartition(":")
    number = whole_number(port, most=65535)
    if not colon or not number:
        raise InputError(f"{text[:80]!r}: write HOST:PORT, as e1.example.com:5061")
    return reference_name(host), number


def _credential(cert: Path | None, key: Path | None, passphrase_file: Path | None) -> Credential | None:
    from pkikit.files import read_certificates, read_file
    from pkikit.model.certificates.credential import Credential

    if (cert is None) != (key is None):
        raise InputError("--cert and --key go together")
    if cert is None or key is None:
        return None
    keys = read_file(key, passphrase_source(passphrase_file)).keys
    if not keys:
        raise InputError("has no RSA or EC private key", where=str(key))
    credential = Credential(chain=read_certificates(cert), key=keys[0])
    if not credential.key_matches:
        raise InputError(f"does not belong to the certificate of {cert}", where=str(key))
    return credential


def _facts(done: Probe) -> dict[str, Any]:
    from pkikit.model.trace import Outcome
    from pkikit.view.description import describe_certificate

    return {
        "outcome": done.trace.outcome.value,
        "protocol": done.protocol,
        "cipher": done.cipher,
        "answer": done.reply,
        "alert": done.trace.alert,
        # Without a connection this is unknown.
        "wants_certificate": None if done.trace.outcome is Outcome.UNREACHABLE else done.wants_certificate,
        "acceptable_cas": list(done.asked_for),
        "chain": [
            {k: facts[k] for k in ("subject", "issuer", "not_after", "days_left", "key", "extended_key_usage", "sans")}
            for facts in (describe_certificate(c, now()) for c in done.chain)
        ],
        "steps": [str(step) for step in done.trace.steps],
    }
