"""A handshake trace as a JSON document, and back: what `probe --save` and `check --traces` write, `diagnose` reads.

{"steps": [{"seq": 1, "at": "…Z", "side": "client", "kind": "Alert", "sent": true, "name": "unknown_ca", "fatal": true}, …],
 "seen_by_client": [PEM, …], "seen_by_server": [PEM, …]}
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, get_args

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import EncodingError, InputError
from pkikit.model.trace import Detail, HandshakeTrace, Side, Step
from pkikit.reading.saved import certificates_in
from pkikit.values.names import printable

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Detail)}
MAX_STEPS, MAX_CHAIN = 2_000, 100


def trace_to_json(trace: HandshakeTrace) -> dict[str, Any]:
    """The document; certificates in PEM, instants in UTC."""
    return {
        "steps": [_step(step) for step in trace.steps],
        "seen_by_client": [_pem(c) for c in trace.seen_by_client],
        "seen_by_server": [_pem(c) for c in trace.seen_by_server],
    }


def _step(step: Step) -> dict[str, Any]:
    at = step.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {
        "seq": step.seq,
        "at": at,
        "side": step.side.value,
        "kind": type(step.detail).__name__,
        **asdict(step.detail),
    }


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def trace_from_json(text: str, *, where: str) -> HandshakeTrace:
    """Read a document, or one sentence that says what is wrong with it."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON document: {printable(str(error), 80)}", where=where) from None
    if not isinstance(document, dict) or not isinstance(document.get("steps"), list):
        raise InputError('is no handshake trace: it needs a list "steps"', where=where)
    unknown = set(document) - {"steps", "seen_by_client", "seen_by_server"}
    if unknown:
        raise InputError(f"has the unknown key {printable(sorted(unknown)[0], 40)!r}", where=where)
    if len(document["steps"]) > MAX_STEPS:
        raise InputError(f"has {len(document['steps'])} steps, at most {MAX_STEPS} are read", where=where)
    return HandshakeTrace(
        steps=tuple(_parse_step(s, f"{where}: steps[{n}]") for n, s in enumerate(document["steps"])),
        seen_by_client=_chain(document.get("seen_by_client", []), f"{where}: seen_by_client"),
        seen_by_server=_chain(document.get("seen_by_server", []), f"{where}: seen_by_server"),
    )


def _parse_step(value: Any, where: str) -> Step:
    if not isinstance(value, dict):
        raise InputError("is no step", where=where)
    kind = _KINDS.get(str(value.get("kind")))
    if kind is None:
        raise InputError(f"has no known kind; there are {', '.join(_KINDS)}", where=where)
    wanted = {f.name: f.type for f in fields(kind)}
    given = {name: _plain(value.get(name)) for name in wanted}
    wrong = [name for name, of in wanted.items() if not _fits(given[name], str(of))]
    if wrong:
        raise InputError(f"{kind.__name__} needs {wrong[0]}: {wanted[wrong[0]]}", where=where)
    try:
        side, at = Side(str(value.get("side"))), datetime.fromisoformat(str(value.get("at")))
        seq = int(value.get("seq", 0))
    except (ValueError, TypeError):
        raise InputError("needs seq (a number), at (ISO-8601) and side (client or server)", where=where) from None
    return Step(seq=seq, at=at if at.tzinfo else at.replace(tzinfo=UTC), side=side, detail=kind(**given))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _fits(value: Any, of: str) -> bool:
    match of:
        case "str":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, tuple) and all(isinstance(v, str) for v in value)


def _chain(value: Any, where: str) -> tuple[x509.Certificate, ...]:
    if not isinstance(value, list) or len(value) > MAX_CHAIN or not all(isinstance(v, str) for v in value):
        raise InputError(f"is no list of up to {MAX_CHAIN} certificates in PEM", where=where)
    try:
        return tuple(c for v in value for c in certificates_in(v))
    except (ValueError, EncodingError):
        raise InputError("holds something that is no certificate in PEM", where=where) from None
