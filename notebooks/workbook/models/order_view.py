"""An ACME order as rows of a sequence: who sends what to whom, grouped into phases in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from simulator.peer.acme.order_run import RunStep
from workbook.models.sequence import Row

_FAILED = frozenset({"invalid", "failed", "expired", "revoked", "deactivated"})
_ACCOUNT, _OPEN, _ORDER, _PROVE, _VERDICT, _FINALISE, _DOWNLOAD, _CLOSE, _DEPLOY = range(9)
_PHASES = {
    _ACCOUNT: "Account", _OPEN: "Port 80 opens on every peer", _ORDER: "Order", _PROVE: "Challenge for {}",
    _VERDICT: "The CA's answer for every name", _FINALISE: "Finalise", _DOWNLOAD: "Download",
    _CLOSE: "Files and port 80 are closed again", _DEPLOY: "Deploy",
}  # fmt: skip
_PORT_80 = {"opened": "opens port 80 for challenge files", "closed": "closes port 80 again"}
_Placed = tuple[int, str, Row]


def order_rows(steps: Sequence[RunStep], peer: str, short: Mapping[str, str], ca: str) -> tuple[Row, ...]:
    """Return the steps of an order as rows.

    Args:
        steps: what the peer noted.
        peer: the FQDN of the peer that orders.
        short: the short name of each peer of its cluster.
        ca: the name of the CA's column.

    Returns:
        The rows. The first of each phase has its heading; challenges of several names, which run at the same time, are
        shown name by name.
    """
    placed: list[_Placed] = []
    finalised = False
    for step in steps:
        finalised = finalised or step.what == "request"
        placed += _rows(step, peer, short, ca, finalised=finalised)
    names = list(dict.fromkeys(name for _, name, _ in placed))
    placed.sort(key=lambda entry: (entry[0], names.index(entry[1]) if entry[0] == _PROVE else 0))
    rows, before = [], ""
    for phase, name, row in placed:
        heading = _PHASES[phase].format(name)
        rows.append(replace(row, phase=heading if heading != before else ""))
        before = heading
    return tuple(rows)


def _rows(step: RunStep, peer: str, short: Mapping[str, str], ca: str, *, finalised: bool) -> Iterator[_Placed]:
    me, bad = short[peer], step.state in _FAILED
    match step.what, step.state:
        case "virtual host", state:
            for name in (part.strip() for part in step.name.split(",")):
                does = {"opened": "opens port 80 for challenge files", "closed": "closes port 80 again"}.get(
                    state, f"port 80: {state}"
                )
                yield (
                    _CLOSE if state == "closed" else _OPEN,
                    "",
                    Row(sender=me, receiver=short.get(name, me), label=does),
                )
        case "challenge file", "placed":
            put = [short[fqdn] for fqdn in short if fqdn in step.detail] or [me]
            for other in put:
                label = "puts the file in place" if other == me else "puts the file there, too"
                yield _PROVE, step.name, Row(sender=me, receiver=other, label=label)
        case "challenge file", "withdrawn":
            yield _CLOSE, "", Row(sender=me, receiver=me, label=f"removes the file for {step.name} from every peer")
        case "challenge file", "fetched":
            source = step.detail.split(",")[0].removeprefix("from ").strip()
            label = f"GET http://{step.name}/.well-known/acme-challenge/…"
            yield _PROVE, step.name, Row(sender=ca, receiver=short.get(source, me), label=label)
        case "certificate", state if state != "downloaded":
            label = (
                "keeps the certificate; it waits to be deployed" if state == "pending" else f"{state}: {step.detail}"
            )
            yield _DEPLOY, "", Row(sender=me, receiver=me, label=label, bad=bad)
        case _:
            phase, label = _to_the_ca(step, finalised=finalised)
            if bad:
                label = f"{label}. {step.detail}".rstrip(". ")
            yield phase, step.name if phase == _PROVE else "", Row(sender=me, receiver=ca, label=label, bad=bad)


def _to_the_ca(step: RunStep, *, finalised: bool) -> tuple[int, str]:
    """Return phase and label of what the peer asks of the CA; the client asks, also when it polls."""
    match step.what, step.state:
        case "account", state:
            return _ACCOUNT, f"{'creates' if state == 'created' else 'finds'} its account at {step.detail}"
        case "order", _ if step.detail:
            return _ORDER, f"orders a certificate: {step.detail}"
        case "order", state:
            return _FINALISE if finalised else _VERDICT, f"polls the order; the answer: {state}"
        case "authorization", "pending" if not step.detail:
            return _PROVE, "asks how to prove the name; the answer: HTTP-01"
        case "authorization", state:
            return _VERDICT, f"polls {step.name}; the answer: {state}"
        case "challenge", _:
            return _PROVE, "answers the challenge: the CA may fetch the file now"
        case "request", _:
            return _FINALISE, "sends the certificate signing request"
        case "certificate", _:
            return _DOWNLOAD, f"downloads the chain: {step.detail}"
        case what, state:
            told = f"{what} {step.name}: {state}".replace(" :", ":")
            return _ORDER, f"{told}, {step.detail}" if step.detail else told
