"""Why did a connection in a packet capture fail? From its alerts, its certificates and what the log says about its sockets.

A capture shows what was sent, not what a machine trusts. So what the sender of an alert trusts is never assumed: a list of
CA names in a CertificateRequest is a hint, and what is encrypted is not assessed.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography import x509

from pkikit.errors import InputError
from pkikit.judge.diagnose import diagnose_trace
from pkikit.judge.logs.failures import LogOutcome
from pkikit.judge.matching.name_matching import match_name, reference_name
from pkikit.judge.paths.trust import signers
from pkikit.judge.phrases import Whose
from pkikit.judge.verify import verify_certificate
from pkikit.model.captured_tls import CapturedConnection, Handshake, SentChain
from pkikit.model.certificates.facts import is_self_signed, presented_names, title
from pkikit.model.findings import Severity
from pkikit.model.leg import Purpose
from pkikit.model.tables.alerts import ALERT_NAMES, CERTIFICATE_UNKNOWN, VERIFY_ALERTS
from pkikit.model.trace import Side
from pkikit.reading.unreadable import UNREADABLE
from pkikit.rules.catalogue import CATALOGUE, rule_of
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING, SERVER_AUTH_MISSING
from pkikit.rules.connection_rules import UNEXPLAINED
from pkikit.rules.rule import Rule, Step
from pkikit.rules.trust_rules import CHAIN_SIGNATURE_INVALID, INTERMEDIATE_MISSING, ISSUER_UNKNOWN, SELF_SIGNED_LEAF
from pkikit.text import counted
from pkikit.values.names import printable

_NUMBERS = {name: number for number, name in ALERT_NAMES.items()}
_UNKNOWN_CA, _UNSUPPORTED = 48, 43
# Alerts about the certificate of the other side, and its rules that don't depend on what the refusing side trusts.
_ABOUT_CERTIFICATES = frozenset({42, 43, 44, 45, 46, 48, 49, 51, 113})
_NOT_SHOWN = frozenset({ISSUER_UNKNOWN.id, INTERMEDIATE_MISSING.id, SELF_SIGNED_LEAF.id})
_OTHER = {Side.CLIENT: Side.SERVER, Side.SERVER: Side.CLIENT}
MAX_HINTED = 3


@dataclass(frozen=True, kw_only=True)
class LoggedLine:
    """A line of a log about the sockets of a connection that failed. place: file and line."""

    outcome: LogOutcome
    place: str
    time: str


class Became(enum.StrEnum):
    """What became of a connection, as far as the capture shows it. OPEN: the capture ends before the handshake does."""

    UP = "up"
    DOWN = "down"
    NOT_ASSESSED = "not assessed"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What became of one connection.

    Attributes:
        connection: its facts.
        state: what became of it.
        causes: rule ids, the most probable first; empty for a connection that is up or open.
        refused_by: the side that refused or gave up; None if nobody did, or nobody knows.
        seen: what was seen of the failure, in a few words.
        hints: sentences that may help, each marked as a hint.
        logged: what logs report about it.
    """

    connection: CapturedConnection
    state: Became
    causes: tuple[str, ...] = ()
    refused_by: Side | None = None
    seen: str = ""
    hints: tuple[str, ...] = ()
    logged: tuple[LoggedLine, ...] = field(default=(), repr=False)

    @property
    def is_down(self) -> bool:
        """It failed, or nobody can tell that it did not."""
        return bool(self.causes)


class Assessor:
    """Assesses connections one after the other. `pool`: every CA certificate in the capture."""

    def __init__(self, pool: Sequence[x509.Certificate]) -> None:
        self._pool = tuple(pool)
        self._known: dict[tuple[object, ...], tuple[str, ...]] = {}

    def assess(self, connection: CapturedConnection, logged: Sequence[LoggedLine] = ()) -> Assessment:
        """Return what became of a connection.

        Args:
            connection: the facts.
            logged: what logs report about it.

        Returns:
            The answer.
        """
        made = self._of_capture(connection)
        return _with_log(made, tuple(logged)) if logged else made

    def _of_capture(self, connection: CapturedConnection) -> Assessment:
        hints = tuple(_hints(connection))
        match connection.handshake:
            case Handshake.COMPLETE:
                return Assessment(connection=connection, state=Became.UP, hints=hints)
            case Handshake.OPEN:
                return Assessment(
                    connection=connection, state=Became.OPEN, seen="the capture ends before the handshake does"
                )
            case Handshake.UNKNOWN:
                seen = _unknown(connection)
                return Assessment(
                    connection=connection, state=Became.NOT_ASSESSED, causes=(UNEXPLAINED.id,), seen=seen, hints=hints,
                )  # fmt: skip
            case Handshake.FAILED:
                refuser, seen = _refuser(connection)
                causes = self._causes(connection, refuser)
                more = tuple(_trust_hints(connection, refuser))
                return Assessment(
                    connection=connection, state=Became.DOWN, causes=causes, refused_by=refuser, seen=seen, hints=(*hints, *more)
                )  # fmt: skip

    def _causes(self, connection: CapturedConnection, refuser: Side | None) -> tuple[str, ...]:
        alert = connection.fatal
        number = _NUMBERS.get(alert.name, 0) if alert else 0
        chain = connection.chain_of(_OTHER[refuser]) if refuser else None
        if number in _ABOUT_CERTIFICATES and refuser is not None and not (chain and chain.is_empty):
            return self._of_certificates(chain, refuser, number, connection)
        if alert is None and connection.alerts:
            return (UNEXPLAINED.id,)  # encrypted
        found = diagnose_trace(connection.trace, str(connection.server))
        first = found[0].rule if found else UNEXPLAINED.id
        if first == UNEXPLAINED.id and number in CATALOGUE.by_alert:
            first = CATALOGUE.by_alert[number].id
        if number or chain is None or refuser is None or chain.is_empty or rule_of(first).step is not Step.SYMPTOM:
            return (first,)
        # Closed without an alert, right after the other side's certificate: what is wrong with it is the probable reason.
        return tuple(dict.fromkeys((*self._faults(chain, refuser, connection), first)))

    def _of_certificates(
        self, chain: SentChain | None, refuser: Side, number: int, connection: CapturedConnection
    ) -> tuple[str, ...]:
        by_alert = CATALOGUE.by_alert.get(number, UNEXPLAINED).id
        if number == _UNSUPPORTED:
            by_alert = SERVER_AUTH_MISSING.id if refuser is Side.CLIENT else CLIENT_AUTH_MISSING.id
        if chain is None or not chain.certificates:
            return (by_alert,)
        faults = self._faults(chain, refuser, connection)
        fitting = [fault for fault in faults if number in _alerts_of(rule_of(fault))]
        if number == _UNKNOWN_CA and not fitting:
            fitting = list(self._untrusted(chain))
        first = fitting or [by_alert]
        return tuple(dict.fromkeys((*first, *(f for f in faults if f not in fitting))))

    def _untrusted(self, chain: SentChain) -> tuple[str, ...]:
        """Tell which link is missing, as far as the capture shows it."""
        last = chain.certificates[0]
        if is_self_signed(last):
            return (SELF_SIGNED_LEAF.id,)
        while above := signers(last, chain.certificates[1:]):
            last = above[0]
            if is_self_signed(last):
                return (ISSUER_UNKNOWN.id,)
        issuers = signers(last, self._pool)
        if any(map(is_self_signed, issuers)):
            return (ISSUER_UNKNOWN.id,)
        if issuers:  # somebody else sends it, and it is no root: here it is missing
            return (INTERMEDIATE_MISSING.id,)
        # Only the leaf: its issuer may be a root or an intermediate.
        return (ISSUER_UNKNOWN.id, INTERMEDIATE_MISSING.id) if last is chain.certificates[0] else (ISSUER_UNKNOWN.id,)

    def _faults(self, chain: SentChain, refuser: Side, connection: CapturedConnection) -> tuple[str, ...]:
        """Return what is wrong with a chain, whatever the other side trusts; at the time of the packet."""
        at = chain.event.at
        key = (chain.certificates, refuser, f"{at:%Y-%m-%d %H:%M}")
        if key not in self._known:
            roots = [c for c in (*self._pool, *chain.certificates[1:]) if is_self_signed(c)]
            verdict = verify_certificate(
                chain.certificates[0], sent=chain.certificates[1:], trusted_ca_list=roots, at=at, known=self._pool,
                purpose=Purpose.SERVER if refuser is Side.CLIENT else Purpose.CLIENT,
            )  # fmt: skip
            errors = CATALOGUE.causes(f for f in verdict.findings if f.severity is Severity.ERROR)
            self._known[key] = tuple(rule for rule in errors if rule not in _NOT_SHOWN)
        return self._known[key]


def _alerts_of(rule: Rule) -> frozenset[int]:
    """Return the alerts that report a breach of a rule, OpenSSL's among them."""
    more = (_UNKNOWN_CA,) if rule.area == "ca" or rule is CHAIN_SIGNATURE_INVALID else ()
    return frozenset((*more, *rule.alerts, *(VERIFY_ALERTS.get(code, CERTIFICATE_UNKNOWN) for code in rule.openssl)))


def _refuser(connection: CapturedConnection) -> tuple[Side | None, str]:
    """Return who gave up first, and what shows it."""
    alert = connection.fatal
    if alert is not None:
        return alert.side, f"alert {alert.name} in {alert.event.place}"
    hidden = next((a for a in connection.alerts if not a.name), None)
    if hidden is not None:
        return hidden.side, f"an encrypted alert in {hidden.event.place}"
    last = connection.events[-1]
    if connection.closed_by is not None:
        how = "aborts (RST)" if connection.reset else "closes"
        return connection.closed_by, f"the {connection.closed_by.value} {how} without an alert, {last.place}"
    return None, f"{last.side.value}: {last.what}, {last.place}"


def _unknown(connection: CapturedConnection) -> str:
    if connection.not_assessed:
        return f"not assessed: {connection.not_assessed[0]}"
    if connection.closed_by is not None and connection.version:
        return (
            "the handshake is complete, and the connection ends without an answer of the server: one side may have refused a"
            " name; the log of both machines tells"
        )
    return "not assessed: the capture does not show how it ended"


def _with_log(made: Assessment, logged: tuple[LoggedLine, ...]) -> Assessment:
    """Add what logs report. The machine that refused knows its reason best."""
    exact = [
        line for line in logged
        if line.outcome.rule and line.outcome.rule != UNEXPLAINED.id and not line.outcome.vague
        and rule_of(line.outcome.rule).step is not Step.SYMPTOM
    ]  # fmt: skip
    exact.sort(key=lambda line: line.outcome.whose is not Whose.THEIRS)
    told = [line.outcome.rule for line in exact]
    own = [cause for cause in made.causes if not told or rule_of(cause).step is not Step.SYMPTOM]
    refined = bool(own) and own[0] != ISSUER_UNKNOWN.id and own[0] not in told
    theirs = bool(exact) and exact[0].outcome.whose is Whose.THEIRS
    ordered = (*told, *own) if theirs or not refined else (*own, *told)
    causes = tuple(dict.fromkeys(ordered)) or tuple(
        dict.fromkeys(line.outcome.rule for line in logged if line.outcome.rule)
    )
    if not causes:
        return made
    return Assessment(
        connection=made.connection, state=Became.DOWN, causes=causes, refused_by=made.refused_by,
        seen=made.seen or printable(logged[0].outcome.seen.strip(), 160), hints=made.hints, logged=logged,
    )  # fmt: skip


def _hints(connection: CapturedConnection) -> Iterable[str]:
    """Yield what may matter and does not prove anything."""
    chain = connection.server_chain
    if chain is not None and chain.certificates and connection.server_name:
        presented = presented_names(chain.certificates[0])
        with contextlib.suppress(InputError):  # the name is what the client wrote
            if match_name(reference_name(connection.server_name), presented).matched:
                return
        yield (
            f"Hint: the client dials {printable(connection.server_name, 100)} (SNI), and the server's certificate"
            f" ({chain.event.place}) has {presented.describe()}. A capture does not show whether the client looks for"
            " that name."
        )


def _trust_hints(connection: CapturedConnection, refuser: Side | None) -> Iterable[str]:
    """Yield what the list of CA names in a CertificateRequest tells about a refused client certificate."""
    request, chain = connection.requested, connection.client_chain
    if request is None or refuser is not Side.SERVER or not connection.authorities:
        return
    names = [printable(name, 80) for name in connection.authority_names[:MAX_HINTED]]
    more = len(connection.authorities) - len(names)
    told = ", ".join(names) + (f" and {more} more" if more else "")
    if chain is None or not chain.certificates:
        return
    issuers = set(filter(None, map(_issuer_bytes, chain.certificates)))
    subject = title(chain.certificates[0])
    if issuers.isdisjoint(connection.authorities):
        yield (
            f"Hint: the server names {counted(len(connection.authorities), 'CA')} that it trusts ({request.place}:"
            f" {told}); none of them issued the client's certificate ({subject})."
        )
    else:
        yield f"Hint: the server names the issuer of the client's certificate ({subject}) as trusted ({request.place})."


def _issuer_bytes(certificate: x509.Certificate) -> bytes:
    """Return the issuer's name in DER; nothing if it is too odd to be written again."""
    with contextlib.suppress(*UNREADABLE):
        return certificate.issuer.public_bytes()
    return b""
