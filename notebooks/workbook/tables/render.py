"""Tables and texts for notebooks: values in, something that Jupyter shows out. This module decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import pandas as pd
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.san import SanLayout
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import title
from pkikit.model.findings import Finding, Verdict
from pkikit.model.tables.log_events import MARK
from pkikit.model.trace import Message, Side, describe
from pkikit.text import counted
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.description import describe_certificate, describe_request
from pkikit.view.drawing import Picture
from pkikit.view.short_names import ShortNames
from pkikit.view.topology.picture import draw
from simulator.events import Event
from workbook.html import shorten
from workbook.session import LabSession
from workbook.tables.sentences import Lines

# The kernel's tables are this package's business: names and reasons are read whole or not at all.
pd.set_option("display.max_colwidth", None)
pd.set_option("display.width", 200)


def picture(session: LabSession, report: CheckReport | None = None) -> Picture:
    """Return the world of a session; with a report, also which relations are up."""
    return draw(session.deployment, session.threaded.world, report)


def san_table(*layouts: SanLayout) -> pd.DataFrame:
    """Return every name with its reason and who needs it; one row per name."""
    rows = [
        {"peer": layout.owner, "SAN": entry.value, "reason": entry.reason, "needed by": shorten(entry)}
        for layout in layouts
        for entry in layout.entries
    ]
    return pd.DataFrame(rows).set_index(["peer", "SAN"]) if rows else pd.DataFrame()


def request_facts(request: x509.CertificateSigningRequest) -> pd.DataFrame:
    """Return what a request asks for."""
    facts = describe_request(request)
    return _facts(
        {k: facts[k] for k in ("subject", "extended_key_usage", "key", "signature_digest")}, facts["sans"]["dns"]
    )


def certificate_facts(session: LabSession, credential: Credential) -> pd.DataFrame:
    """Return what a certificate contains, except serial number and dates, which differ in each run."""
    facts = describe_certificate(credential.leaf, session.threaded.clock.now())
    issuer = "Pebble" if "Pebble" in facts["issuer"] else facts["issuer"]
    shown = {"issuer": issuer} | {k: facts[k] for k in ("extended_key_usage", "key", "signature_digest")}
    return _facts(shown, sorted(facts["sans"]["dns"]))


def _facts(facts: dict[str, str], names: Iterable[str]) -> pd.DataFrame:
    rows = {k.replace("_", " "): v for k, v in facts.items()} | {"SAN": ", ".join(names)}
    return pd.DataFrame({"": rows})


def legs(report: CheckReport | Iterable[LegReport]) -> pd.DataFrame:
    """Return legs with outcome, who refused, and why."""
    reports = report.legs if isinstance(report, CheckReport) else tuple(report)
    names = ShortNames(leg.leg for leg in reports)
    rows = [
        {
            "leg": leg.leg.id,
            "outcome": leg.mark,
            "rejected by": names.short[leg.leg.client if leg.rejected_by is Side.CLIENT else leg.leg.server]
            if leg.rejected_by and not leg.up
            else "",
            "cause": ", ".join(leg.causes),
        }
        for leg in reports
    ]
    return pd.DataFrame(rows).set_index("leg")


def trace(report: LegReport) -> pd.DataFrame:
    """Return what each side decided, in its own order, without the steps of the TLS state machine in between."""
    if report.trace is None:
        return pd.DataFrame()
    names = {Side.CLIENT: report.leg.client, Side.SERVER: report.leg.server}
    rows = [
        {"side": f"{side.value} {names[side]}", "what it did": describe(step.detail)}
        for side in Side
        for step in report.trace.steps
        if step.side is side and not isinstance(step.detail, Message) and "close_notify" not in describe(step.detail)
    ]
    return pd.DataFrame(rows).set_index("side")


@dataclass(frozen=True)
class Diagnosis:
    """Causes, most probable first, each with evidence and fix."""

    report: CheckReport

    def _entries(self) -> list[tuple[str, str, str, str]]:
        """Return (rule, number of legs, message, fix), each cause once, that of most legs first."""
        return [
            (c.finding.rule, counted(len(c.legs), "connection"), c.finding.message, c.fix)
            for c in self.report.root_causes(first_only=True)
        ]

    def __repr__(self) -> str:
        told = [f"{rule} on {count}\n  {message}\n  fix: {fix}" for rule, count, message, fix in self._entries()]
        return "\n".join(told) or "✔ All connections are up."

    def _repr_html_(self) -> str:
        items = [
            f"<li><b>✘ {escape(rule)}</b> on {count}<br>{escape(message)}<br><i>Fix:</i> {escape(fix)}</li>"
            for rule, count, message, fix in self._entries()
        ]
        return f"<ol>{''.join(items)}</ol>" if items else "<p>✔ All connections are up.</p>"


def diagnosis(report: CheckReport) -> Diagnosis:
    """Return what to fix, and why."""
    return Diagnosis(report)


def acme_answers(session: LabSession) -> pd.DataFrame:
    """Return which peer served a challenge file for which name to Pebble's vantage points."""
    fetched = session.start_acme().fetched
    names = sorted({f.host for f in fetched})
    peers = sorted(session.start_acme().hosts)
    asked = {(f.host, f.peer) for f in fetched}
    rows = {name: {peer: "✔ served" if (name, peer) in asked else "not asked" for peer in peers} for name in names}
    return pd.DataFrame.from_dict(rows, orient="index")


def findings(found: Verdict | Iterable[Finding]) -> pd.DataFrame:
    """Return what a judge objects to: rule, severity, message."""
    every = found.findings if isinstance(found, Verdict) else tuple(found)
    rows = [{"rule": f.rule, "weight": f.severity.value, "message": f.message} for f in every]
    return pd.DataFrame(rows, columns=["rule", "weight", "message"]).set_index("rule")


def log(session: LabSession, party: str | None = None, kind: str | None = None) -> list[str]:
    """Return event log lines of a party or of all, without what differs from run to run: times, and all fields except reasons."""
    return Lines(log_lines(session.threaded.events.of(party, kind)))


def log_lines(events: Iterable[Event]) -> list[str]:
    """Return the lines in their order, each once. A machine with a log of another form has its own lines."""
    shown: dict[str, None] = {}
    for event in events:
        if event.text:
            shown.update(
                dict.fromkeys(f"{event.party}: {_CHANGING.sub('…', line)}" for line in event.text.splitlines())
            )
        elif event.kind != MARK:
            shown[f'{event.party}: Event="{event.kind}"{_steady_fields(event.detail)}'] = None
    return list(shown)


# Times and addresses differ from run to run.
_CHANGING = re.compile(r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d[.,]\d{3}|\b127(?:\.\d+){3}\b|^\d+\.\d\d(?= )")


_STEADY = ("Detail", "Reason", "Peer", "Name", "Zone", "Change", "CommonName")


def _steady_fields(detail: str) -> str:
    found = re.findall(r'(\w+)="([^"]*)"', detail)
    return "".join(f' {name}="{without_tokens(value)}"' for name, value in found if name in _STEADY)


def leg_checks(session: LabSession, prefix: str) -> pd.DataFrame:
    """Return, for each leg whose id begins so, what each side looks for in the other's certificate, and where that comes from."""
    rows = []
    for leg in session.threaded.legs:
        if leg.id.startswith(prefix):
            sides = ((leg.client, leg.server, leg.server_name_checks), (leg.server, leg.client, leg.client_name_checks))
            rows += [
                {"leg": leg.id, "who looks": who, "in the certificate of": whose, "for": " or ".join(check.any_of),
                 "because": check.why}
                for who, whose, checks in sides for check in checks
            ]  # fmt: skip
    return pd.DataFrame(rows).set_index(["leg", "who looks"]) if rows else pd.DataFrame()


def chain_titles(credential: Credential) -> list[str]:
    """Return the certificates of a chain by name, leaf first."""
    return Lines(title(c) for c in credential.chain)


def only_leaf(credential: Credential) -> bytes:
    """Return only the server certificate as PEM, without the chain after it."""
    return credential.leaf.public_bytes(Encoding.PEM)


def as_der(credential: Credential) -> bytes:
    """Return only the server certificate as DER."""
    return credential.leaf.public_bytes(Encoding.DER)


def without_tokens(text: str) -> str:
    """Cut a CA's text before the token, address and port in it, which differ in each run."""
    text = (
        text.split("every name (")[0] + "every name" if "every name (" in text else text
    )  # it begins with any of them
    return text.split(": Get ")[0].split(": Fetching ")[0].split("http://")[0].rstrip(" :(")
