"""What the browser page asks about certificate files. It needs `cryptography`; importing it adds its questions to the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import desk
from cryptography import x509
from desk import Answer, Files

from pkikit.commands.terminal.object_facts import extension_rows, rows_of
from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.files import FileContents, parse
from pkikit.judge.advice import list_advice
from pkikit.judge.legs.client_auth_end import client_auth_ends
from pkikit.judge.legs.remedy_effects import remedy_effects
from pkikit.judge.legs.sunset import Assumption, audit
from pkikit.model.certificates.facts import presented_names
from pkikit.model.findings import Finding
from pkikit.report.file_lint import Kind, lint_file, lint_question, merge_lint, services_in
from pkikit.text import counted
from pkikit.view.description import describe_contents
from pkikit.view.short_names import ShortNames


def decode(*, at: str, files: Files) -> Answer:
    """Answer what is in certificates, requests, CRLs and OCSP answers."""
    instant = desk.instant_of(at)
    blocks: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    notices: list[str] = []
    for contents in _read(files, notices):
        for facts in describe_contents(contents, instant):
            objects.append({"file": contents.where, **facts})
            title = f"{facts['kind'][:1].upper()}{facts['kind'][1:]} in {contents.where}"
            rows = [*rows_of(facts), *extension_rows(facts)]
            blocks.append({"kind": "facts", "title": title, "rows": [[label, _lines(v)] for label, v in rows]})
    return {
        "headline": counted(len(objects), "object"),
        "state": "note",
        "notices": notices,
        "blocks": blocks,
        "command": f"pkikit decode {' '.join(name for name, _ in files)}",
        "document": {"objects": objects},
    }


def lint(*, deployment: str = "", peer: str = "", kind: str = "", at: str, files: Files) -> Answer:
    """Answer what the product, its guides and the peers would object to."""
    notices: list[str] = []
    read = None
    if peer:
        read, notices = desk.read_deployment(deployment)
    question = lint_question(
        at=desk.instant_of(at),
        kind=Kind(kind) if kind else None,
        deployment=read,
        peer=peer or None,
    )
    contents = _read(files, notices)
    services = [s for c in contents for s in services_in(c, question)]
    verdict = merge_lint([found for c in contents for found in lint_file(c, question)], services)
    say = ShortNames(legs_of(read)).in_text if read is not None else str
    weights = ("error", "warning", "info")
    found = sorted(verdict.findings, key=lambda f: weights.index(f.severity.value))
    columns = ("Severity", "Rule", "Finding", "Fix")
    rows = [(f.severity.value, f.rule, say(_said(f)), say(f.fix)) for f in found]
    blocks = [desk.table("Findings", columns, rows)] if rows else []
    if note := list_advice(verdict.findings):
        blocks.append({"kind": "text", "text": note})
    what = ", ".join(name for name, _ in files)
    for_peer = f" --deployment deployment.yaml --peer {peer}" if peer else ""
    return {
        "headline": f"{'✔ OK:' if verdict.accepted else '✘ Do not use'} {what} ({verdict.counts})",
        "state": "yes" if verdict.accepted else "no",
        "notices": notices,
        "blocks": blocks,
        "command": f"pkikit lint {' '.join(name for name, _ in files)}{for_peer}",
        "document": {**verdict.to_json(), **({"legs": [s.to_json() for s in services]} if services else {})},
    }


def match_file(*, name: str, files: Files) -> Answer:
    """Answer whether a certificate has a name."""
    notices: list[str] = []
    found = desk.matched(name, presented_names(_first_certificate(files, notices)))
    return {**found, "notices": [*notices, *found["notices"]]}


def eku(*, deployment: str, what_if: str = "", at: str, files: Files = ()) -> Answer:
    """Answer which connections fail without clientAuth, from certificates in files that are named after their machines."""
    if not files:
        return desk.eku(deployment=deployment, what_if=what_if, at=at)
    read, notices = desk.read_deployment(deployment)
    instant = desk.instant_of(at)
    leaves = {}
    for name, data in files:
        fqdn = name.rpartition(".")[0].lower()
        if fqdn not in read.parties:
            raise InputError(
                f"is not named after a machine of {read.name}; names are {', '.join(read.parties)}, each with .pem behind it",
                where=name,
            )
        leaves[fqdn] = _first_certificate([(name, data)], notices)
    found = audit(read, client_auth_ends(leaves, instant), at=instant, assume=Assumption(what_if) if what_if else None)
    shown = desk.audited(read, found)
    effects = remedy_effects(read, found)
    if effects:
        services = {
            "kind": "list",
            "title": "What each remedy restores",
            "items": [f"{e.id}: {e.sentence()}" for e in effects],
        }
        shown["blocks"].append(services)
    return {
        **shown,
        "notices": notices,
        "command": "pkikit eku-audit deployment.yaml --certs my-certificates",
        "document": {
            "deployment": read.name,
            "what_if": what_if or None,
            "legs": [leg.to_json() for leg in found],
            "remedies": [effect.to_json() for effect in effects],
        },
    }


def _read(files: Files, notices: list[str]) -> list[FileContents]:
    """Read files without their private keys; what was dropped is added to the notices."""
    if not files:
        raise InputError("Choose a file first: a certificate, a chain, a request, a CRL or an OCSP answer.")
    found = []
    for name, data in files:
        if not data.strip():
            raise InputError("contains nothing besides private keys, and this page drops private keys", where=name)
        contents = parse(data, where=name, keep_encrypted=True, limit=desk.MAX_FILE)
        keys = len(contents.keys) + len(contents.other_keys) + contents.encrypted_keys
        if keys:
            notices.append(f"{name}: {counted(keys, 'private key')} dropped. Keep private keys out of web pages.")
            contents = replace(contents, keys=(), other_keys=(), encrypted_keys=0)
        if contents.is_empty:
            raise InputError("contains nothing besides private keys, and this page drops private keys", where=name)
        found.append(contents)
    return found


def _first_certificate(files: Files, notices: list[str]) -> x509.Certificate:
    contents = _read(files[:1], notices)[0]
    if not contents.certificates:
        raise InputError(contents.lacks("certificate"), where=contents.where)
    return contents.certificates[0]


def _said(found: Finding) -> str:
    return "\n".join(found.lines) or found.message


def _lines(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


desk.QUESTIONS.update({"decode": decode, "lint": lint, "match_file": match_file, "eku": eku})
