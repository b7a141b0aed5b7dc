"""A handshake trace as a JSON document, and back: what `probe --save` and `check --traces` write, `diagnose` reads.

{"format": 1,
 "steps": [{"seq": 1, "at": "…Z", "side": "client", "kind": "Alert", "sent": true, "name": "unknown_ca", "fatal": true}, …],
 "seen_by_client": [PEM, …], "seen_by_server": [PEM, …]}
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pkikit.errors import InputError
from pkikit.model.codec.document import Codec
from pkikit.model.trace import HandshakeTrace, Step

MAX_STEPS, MAX_CHAIN = 2_000, 100


@cache
def trace_codec() -> Codec[HandshakeTrace]:
    """The codec, made when a trace is first read or written. Traces without a format number are otherwise the same."""
    return Codec(HandshakeTrace, "a handshake trace", upgrades={0: lambda document: document}, flat={Step: "detail"})


def trace_to_json(trace: HandshakeTrace) -> dict[str, Any]:
    """The document; certificates in PEM, instants in UTC."""
    return trace_codec().document(trace)


def trace_from_json(text: str, *, where: str) -> HandshakeTrace:
    """Read the trace of a document.

    Args:
        text: the document.
        where: the file's name, for messages.

    Returns:
        The trace.

    Raises:
        InputError: it is not a trace; the sentence says where in it, and what is allowed.
    """
    codec = trace_codec()
    document = codec.read(text, where=where)
    for name, most in (("steps", MAX_STEPS), ("seen_by_client", MAX_CHAIN), ("seen_by_server", MAX_CHAIN)):
        listed = document.get(name, [])
        if isinstance(listed, list) and len(listed) > most:
            raise InputError(f"{name} has {len(listed)} members, at most {most} are read", where=where)
    return codec.value(document, where=where)
