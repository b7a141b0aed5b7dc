"""One connection after a check: what pkikit decided beforehand, and what the handshake did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pkikit.judge.diagnose import diagnose_trace
from pkikit.judge.legs.known_parts import Lack, Look, State
from pkikit.judge.legs.leg_verdict import OTHER_PEERS_CERTIFICATE, LegVerdict
from pkikit.model.findings import Finding, Severity
from pkikit.model.leg import Leg
from pkikit.model.trace import HandshakeTrace, Outcome, Side
from pkikit.rules.catalogue import rank_causes
from pkikit.rules.chain_rules import KEY_MISMATCH, SWAPPED

_MARKS = {
    Outcome.ACCEPTED: "✔ accepted",
    Outcome.REJECTED: "✘ rejected",
    Outcome.UNREACHABLE: "… unreachable",
}


@dataclass(frozen=True, kw_only=True)
class LegReport:
    """One leg: what pkikit decided beforehand, and what the handshake did.

    Attributes:
        leg: the connection.
        verdict: the decision of pkikit, made before the lab dialled.
        trace: the record of the handshake; None where the lab has no private key to dial with.
    """

    leg: Leg
    verdict: LegVerdict
    trace: HandshakeTrace | None

    def __str__(self) -> str:
        """One line about the leg; below it, when it is down, the first cause with its evidence and fix."""
        if not self.down:
            return f"{'up   ' if self.up else '?    '} {self.leg.id}{'' if self.up else ' (not assessed)'}"
        refused = f", refused by {self.refused_by}" if self.refused_by else ""
        cause = next((f for f in self.findings if f.rule in self.causes[:1]), None)
        below = [f"  {line}" for line in str(cause).splitlines()] if cause else []
        return "\n".join((f"down  {self.leg.id} ({self.outcome.value}{refused})", *below))

    @property
    def outcome(self) -> Outcome:
        """What happened; if nothing was dialled, what was judged. Nothing refuses where the state is "not assessed"."""
        if self.trace is not None:
            return self.trace.outcome
        return Outcome.ACCEPTED if self.verdict.accepted else Outcome.REJECTED

    @property
    def mark(self) -> str:
        """The outcome with its sign, as tables show it."""
        return "? not assessed" if self.state is State.NOT_ASSESSED else _MARKS[self.outcome]

    @property
    def state(self) -> State:
        """Up, down, or not assessed because files are missing."""
        if self.trace is None:
            return self.verdict.state
        return State.UP if self.outcome is Outcome.ACCEPTED else State.DOWN

    @property
    def up(self) -> bool:
        """True if the leg was accepted; if nothing was dialled, if the judgement accepts it and nothing is missing."""
        return self.state is State.UP

    @property
    def down(self) -> bool:
        """True if a side refused, or nobody answered."""
        return self.state is State.DOWN

    @property
    def lacks(self) -> tuple[Lack, ...]:
        """What is missing for a whole answer."""
        return self.verdict.lacks if self.trace is None else ()

    @property
    def looks(self) -> tuple[Look, ...]:
        """The sides that verify and what each lacks, if files were judged of which some may be missing."""
        return self.verdict.looks if self.trace is None else ()

    @property
    def rejected_by(self) -> Side | None:
        """The side that refused first."""
        return self.trace.rejected_by if self.trace is not None else self.verdict.rejected_by

    @property
    def refused_by(self) -> str:
        """The machine that refused first; empty if none did."""
        side = self.rejected_by
        return "" if side is None else self.leg.client if side is Side.CLIENT else self.leg.server

    def judges_of(self, finding: Finding) -> tuple[str, ...]:
        """Return the machines that have this finding about the other; empty if no machine refused the leg."""
        if self.rejected_by is None:
            return ()
        sides = ((self.leg.client, self.verdict.by_client), (self.leg.server, self.verdict.by_server))
        return tuple(fqdn for fqdn, verdict in sides if finding in verdict.findings) or (self.refused_by,)

    def other_than(self, fqdn: str) -> str:
        """Return the machine at the other end of a leg of this one."""
        return self.leg.server if self.leg.client == fqdn else self.leg.client

    def holders_of(self, finding: Finding) -> tuple[str, ...]:
        """Return the machines whose certificates have this finding; empty if no machine refused the leg."""
        if (own := own_certificate_of(finding)) and self.rejected_by is not None:
            return (own,)
        return tuple(self.other_than(judge) for judge in self.judges_of(finding))

    @property
    def agrees(self) -> bool:
        """True if the judgement beforehand and the handshake agree."""
        return self.trace is None or (self.trace.outcome is Outcome.ACCEPTED) == self.verdict.accepted

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The judgement's findings; if it has none although the dial failed, the trace's."""
        if self.trace is None or self.agrees:
            return self.verdict.findings
        if not self.down:
            return tuple(f for f in self.verdict.findings if f.severity is not Severity.ERROR)
        return (*self.verdict.findings, *diagnose_trace(self.trace, self.leg.server))

    @property
    def causes(self) -> tuple[str, ...]:
        """Rule ids, the one to fix first in front; an unreachable server before anything about certificates."""
        return rank_causes(self.findings) if self.down else ()

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is unwise on a leg that is up, or would be without its errors."""
        return tuple(f for f in self.findings if f.severity is not Severity.ERROR)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `legs`."""
        error = self.trace.verify_error if self.trace else None
        rejected_by = self.rejected_by
        return {
            "id": self.leg.id,
            "client": self.leg.client,
            "server": self.leg.server,
            "reference_name": self.leg.reference_name,
            "protocol": self.leg.protocol.value,
            "mutual": self.leg.mutual,
            "dialled": self.trace is not None,
            "stand_ins": list(self.verdict.stand_ins),
            "state": self.state.value,
            "missing": [lack.to_json() for lack in self.lacks],
            "assumed": list(self.verdict.assumptions),
            "outcome": self.outcome.value,
            "rejected_by": rejected_by.value if rejected_by else None,
            "verify_error": {"code": error.code, "name": error.name} if error else None,
            "alert": self.trace.alert if self.trace and self.down else None,
            "causes": list(self.causes),
            "findings": [f.to_json() for f in self.findings],
        }


def own_certificate_of(finding: Finding) -> str:
    """Return the machine that cannot present its own certificate; empty if a finding is about the other side's."""
    if finding.rule not in {KEY_MISMATCH.id, SWAPPED.id} or not finding.evidence:
        return ""
    # A peer with another peer's certificate and key presents it; then the other side refuses it, for its names.
    return "" if finding.evidence[-1].label == OTHER_PEERS_CERTIFICATE else finding.evidence[0].where
