"""What the browser page asks: names, changes, matches, clientAuth and rules, each answered by pkikit.

The page runs this file in Pyodide; the tests run it in ordinary Python. Nothing here needs `cryptography`: what does is in
`certificate_desk`, which the page loads when it has that package.

An answer is plain data that the page shows as text: `headline`, `state` (yes, no or note), `notices`, `blocks` (tables,
facts, lists and paragraphs), `command` (what prints the same in a terminal) and `document` (its JSON).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pkikit.design.change import compare_deployments
from pkikit.design.legs import legs_of
from pkikit.design.restarts import in_restart_order, order_advice
from pkikit.design.san import SanEntry, design_all
from pkikit.errors import InputError, PkikitError
from pkikit.judge.legs.sunset import TIMELINE, Assumption, LegAudit, Status, audit
from pkikit.judge.matching.name_matching import every_answer
from pkikit.judge.matching.name_table import TABLE
from pkikit.model.certificates.presented_names import EntryKind, PresentedNames, gather_names
from pkikit.model.deployment import Deployment, parse_deployment
from pkikit.rules.catalogue import all_rules
from pkikit.text import counted, printable
from pkikit.values.instants import parse_instant
from pkikit.values.names import is_ip_address
from pkikit.view.short_names import ShortNames

Answer = dict[str, Any]
Files = Sequence[tuple[str, bytes]]
MAX_FILE = 8 * 1024 * 1024
_KEY = re.compile(
    rb"-----BEGIN (?P<label>[A-Z0-9 ]{0,40}PRIVATE KEY)-----.*?(?:-----END (?P=label)-----|\Z)", re.DOTALL
)
_DEPLOYMENT = "deployment.yaml"


def answer(call: str, arguments: str, files: Iterable[tuple[str, Any]] = ()) -> str:
    """Answer one question of the page.

    Args:
        call: the name of the question.
        arguments: its texts, as a JSON object.
        files: names and bytes of the files that the user chose.

    Returns:
        JSON: the answer, or `{"error": sentence}` for input that nobody can use.
    """
    from_files = [(name, bytes(data)) for name, data in files]
    given, dropped = _without_keys(json.loads(arguments), from_files)
    try:
        found = QUESTIONS[call](files=given.pop("files"), **given)
    except PkikitError as error:
        found = {"error": str(error)}
    found["notices"] = [*_key_notice(dropped), *found.get("notices", ())]
    return json.dumps(found)


def without_private_keys(data: bytes) -> tuple[bytes, int]:
    """Return the bytes without the private keys in PEM form, and how many there were."""
    return _KEY.subn(b"", data)


def _without_keys(texts: Mapping[str, str], files: Files) -> tuple[dict[str, Any], int]:
    total = 0
    kept: dict[str, Any] = {}
    for name, text in texts.items():
        data, dropped = without_private_keys(text.encode())
        kept[name], total = data.decode(), total + dropped
    clean = []
    for name, data in files:
        rest, dropped = without_private_keys(data)
        clean.append((name, rest))
        total += dropped
    return {**kept, "files": clean}, total


def _key_notice(dropped: int) -> list[str]:
    if not dropped:
        return []
    keys = counted(dropped, "private key")
    return [f"{keys} {'was' if dropped == 1 else 'were'} dropped unread. Keep private keys out of web pages."]


def san(*, deployment: str, form: str = "", files: Files = ()) -> Answer:
    """Answer which names each peer's certificate needs, and why."""
    read, notices = read_deployment(deployment)
    layouts = design_all(read, form or None)
    names = ShortNames(legs_of(read))
    blocks = [
        table(
            f"{layout.owner}: common name {layout.common_name}",
            ("SAN", "Reason", "Needed by"),
            [(_san_text(e), e.reason, _needed_by(e, names)) for e in layout.entries],
        )
        for layout in layouts
    ]
    option = f" --format {form}" if form else ""
    return {
        "headline": f"{counted(len(layouts), 'certificate')} for {read.name}",
        "state": "note",
        "notices": notices,
        "blocks": blocks,
        "command": f"pkikit san {_DEPLOYMENT}{option}",
        "document": {"peers": [layout.to_json() for layout in layouts]},
    }


def change(*, deployment: str, new: str, files: Files = ()) -> Answer:
    """Answer which peers need a new certificate after a change."""
    old, notices = read_deployment(deployment, where="today's file")
    after, more = read_deployment(new, where="tomorrow's file")
    changes = compare_deployments(old, after)
    renewed = [c for c in changes if c.needs_certificate]
    rows = [
        (
            c.fqdn,
            "new certificate" if c.needs_certificate else c.fate,
            "; ".join(c.reasons),
            ", ".join(e.value for e in c.added),
            ", ".join(e.value for e in c.removed),
        )
        for c in sorted(changes, key=lambda c: not c.needs_certificate)
    ]
    orders = in_restart_order(after, (c.fqdn for c in renewed))
    blocks = [table("Peers", ("Peer", "What happens", "Why", "Names to add", "Names no longer needed"), rows)]
    if steps := [advice for order in orders if (advice := order_advice(order))]:
        blocks.append({"kind": "list", "title": "Restarts", "items": steps})
    needs = "needs" if len(renewed) == 1 else "need"
    return {
        "headline": f"{len(renewed)} of {counted(len(changes), 'peer')} {needs} a new certificate",
        "state": "note",
        "notices": [*notices, *more],
        "blocks": blocks,
        "command": "pkikit san today.yaml tomorrow.yaml --diff",
        "document": {"changes": [c.to_json() for c in changes]},
    }


def match(*, name: str, names: str, files: Files = ()) -> Answer:
    """Answer which of the names of a planned certificate matches a reference name."""
    return matched(name, read_names(names))


def matched(name: str, presented: PresentedNames) -> Answer:
    """Answer whether these names have a reference name: the product, RFC 5922, RFC 9525 and OpenSSL side by side."""
    if not name.strip():
        raise InputError("Type the name to look for: an FQDN, sip:DOMAIN or an IP address.")
    answers = dict(every_answer(name, presented))
    product = next(iter(answers.values()))
    rows = [(who, "✔ yes" if m.matched else "✘ no", m.presented, m.why) for who, m in answers.items()]
    blocks = [table("Who finds it", ("Reader", "Match", "Name", "Why"), rows)]
    if presented.refused:
        unusable = [f"{entry.name} {entry.reason}" for entry in presented.refused[:20]]
        blocks.append({"kind": "list", "title": "Names that match nothing", "items": unusable})
    has = "has" if product.matched else "does not have"
    return {
        "headline": f"{'✔' if product.matched else '✘'} The certificate {has} the name {product.reference}",
        "state": "yes" if product.matched else "no",
        "notices": [] if product.matched else [f"Reason: {product.why}."],
        "blocks": blocks,
        "command": f"pkikit match {printable(name.strip(), 80)} cert.pem",
        "document": {
            "accepted": product.matched,
            "reference": product.reference,
            "presented": list(presented.identities),
            "unusable": [{"name": entry.name, "reason": entry.reason} for entry in presented.refused],
            "answers": [
                {"rules": who, "matched": m.matched, "presented": m.presented or None, "why": m.why}
                for who, m in answers.items()
            ],
            "table": [row.to_json() for row in TABLE],
        },
    }


def read_names(text: str) -> PresentedNames:
    """Read names as people type them or as OpenSSL prints them: `e1.example.com`, `DNS:…`, `URI:sip:…`, `IP:…`, `CN=…`.

    Args:
        text: one name per line, or with commas between them.

    Returns:
        The names, as if a certificate had them.

    Raises:
        InputError: there is no name.
    """
    entries: list[tuple[EntryKind, str]] = []
    common: list[str] = []
    for written in re.split(r"[,\n]", text):
        word = written.strip()
        if not word:
            continue
        prefix, colon, rest = word.partition(":")
        if word[:2].upper() == "CN" and "=" in word:
            common.append(word.partition("=")[2].strip())
        elif word.lower().startswith(("sip:", "sips:")):
            entries.append((EntryKind.URI, word))
        elif colon and prefix.strip().lower() in _PREFIXES:
            entries.append((_PREFIXES[prefix.strip().lower()], rest.strip()))
        else:
            entries.append((EntryKind.ADDRESS if is_ip_address(word) else EntryKind.DNS, word))
    if not entries and not common:
        raise InputError("Type at least one name of the certificate, such as e1.example.com.")
    return gather_names(entries, common_names=common, has_san=bool(entries))


_PREFIXES = {
    "dns": EntryKind.DNS,
    "dnsname": EntryKind.DNS,
    "uri": EntryKind.URI,
    "ip": EntryKind.ADDRESS,
    "ip address": EntryKind.ADDRESS,
}


def eku(*, deployment: str, what_if: str, at: str, files: Files = ()) -> Answer:
    """Answer which connections fail without clientAuth, if such a CA signed the certificates."""
    read, notices = read_deployment(deployment)
    instant = instant_of(at)
    found = audit(read, {}, at=instant, assume=Assumption(what_if) if what_if else None)
    option = f" --what-if {what_if}" if what_if else ""
    return {
        **audited(read, found),
        "notices": notices,
        "command": f"pkikit eku-audit {_DEPLOYMENT}{option}",
        "document": {
            "deployment": read.name,
            "what_if": what_if or None,
            "legs": [leg.to_json() for leg in found],
            "timeline": [{"date": f"{when:%Y-%m-%d}", "what": what} for when, what in TIMELINE],
        },
    }


def audited(read: Deployment, found: Sequence[LegAudit]) -> Answer:
    """Return headline, state and blocks of an audit: each reason once with its connections, then the remedies."""
    names = ShortNames(legs_of(read))
    failing = [leg for leg in found if leg.status is Status.FAILS]
    unknown = [leg for leg in found if leg.status is Status.NOT_ASSESSED]
    total = counted(len(found), "connection")
    groups: dict[tuple[str, str, str], list[LegAudit]] = {}
    for leg in found:
        since = f"{leg.fails_from:%Y-%m-%d}" if leg.fails_from else ""
        state = leg.status.value.replace("-", " ")
        groups.setdefault((state, since, leg.because.removeprefix(f"{state}: ")), []).append(leg)
    rows = [
        (state, since, because, ", ".join(names.connection(leg.leg.id) for leg in members))
        for (state, since, because), members in groups.items()
    ]
    blocks = [table("Connections that use a client certificate", ("State", "From", "Why", "Connections"), rows)]
    remedies: dict[str, list[tuple[LegAudit, bool, str]]] = {}
    for leg in failing:
        for remedy in leg.remedies:
            remedies.setdefault(remedy.id, []).append((leg, remedy.works, remedy.needs))
    if remedies:
        choices = []
        for remedy_id, members in remedies.items():
            restored = sum(works for _, works, _ in members)
            needs = dict.fromkeys(need for _, works, need in members if works)
            choices.append((remedy_id, f"{restored} of {len(members)}", "; ".join(needs)))
        blocks.append(table("What helps", ("Remedy", "Connections restored", "What it takes"), choices))
    blocks.append({"kind": "text", "text": names.legend_of(leg.leg for leg in found)})
    if failing:
        headline = f"✘ {len(failing)} of {total} with client certificates {'fails' if len(failing) == 1 else 'fail'}"
    elif unknown:
        headline = f"? {len(unknown)} of {total} with client certificates not assessed"
    else:
        headline = f"✔ {total} with client certificates keep working"
    return {"headline": headline, "state": "no" if failing else "note" if unknown else "yes", "blocks": blocks}


def rules(*, search: str = "", files: Files = ()) -> Answer:
    """Answer which rules there are; with a word, those that contain it."""
    wanted = search.strip().lower()
    keys = ("id", "severity", "requirement", "source", "fix", "versions")
    found = [
        rule for rule in all_rules() if wanted in " ".join(str(getattr(rule, k)) for k in keys).lower() or not wanted
    ]
    rows = [(r.id, r.severity.value, r.requirement, r.fix, r.source) for r in found]
    return {
        "headline": counted(len(found), "rule"),
        "state": "note",
        "blocks": [table("Rules", ("Rule", "Severity", "What must be true", "Fix", "Source"), rows)] if rows else [],
        "command": "pkikit rules",
        "document": [{key: getattr(rule, key) for key in keys} for rule in found],
    }


def peers(*, deployment: str, files: Files = ()) -> Answer:
    """Return the peers of a deployment, for a list to choose from."""
    read, _ = read_deployment(deployment)
    return {"peers": list(read.peers)}


def read_deployment(text: str, *, where: str = _DEPLOYMENT) -> tuple[Deployment, list[str]]:
    """Read a deployment file.

    Args:
        text: the YAML.
        where: its name in messages.

    Returns:
        The deployment, and what was assumed.

    Raises:
        InputError: it is not a deployment; the message names line and key.
    """
    if not text.strip():
        raise InputError("is empty: paste a deployment file (YAML), or choose an example", where=where)
    read = parse_deployment(text, where=where)
    if "version" in read.model_fields_set:
        return read, []
    return read, [f"The file names no version, so it is read as {read.version}."]


def instant_of(at: str) -> datetime:
    """Read the time of the browser, which every question about dates has; raises InputError if it is not a time."""
    return parse_instant(at, datetime.fromtimestamp(0, UTC))


def _san_text(entry: SanEntry) -> str:
    return entry.value if entry.type == "dns" else f"{entry.type}:{entry.value}"


def _needed_by(entry: SanEntry, names: ShortNames) -> str:
    services = [need for need in entry.needed_by if need not in {leg.id for leg in entry.legs}]
    kinds = Counter(names.carries(leg) for leg in entry.legs)
    return ", ".join((*services, *(f"{kind} ({n})" if n > 1 else kind for kind, n in kinds.items())))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> dict[str, Any]:
    """Return a table; columns without contents are left out."""
    lines = [tuple(map(str, row)) for row in rows]
    kept = [n for n in range(len(columns)) if any(row[n] for row in lines)]
    return {
        "kind": "table",
        "title": title,
        "columns": [columns[n] for n in kept],
        "rows": [[row[n] for n in kept] for row in lines],
    }


QUESTIONS: dict[str, Callable[..., Answer]] = {
    "san": san,
    "change": change,
    "match": match,
    "eku": eku,
    "rules": rules,
    "peers": peers,
}
