"""Why an order is not possible, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from pkikit.errors import InputError
from pkikit.model.certificates.facts import title
from pkikit.planning.change import Change, Done
from pkikit.planning.plan import Clash, Refusal
from pkikit.planning.predictions.oracle import SETTINGS, Oracle
from pkikit.planning.predictions.replayed_order import Refusals
from pkikit.planning.search.clauses import Clause
from pkikit.planning.steps import Action, Step
from pkikit.text import counted, listed, printable
from pkikit.view.short_names import ShortNames

_MOST = 3


class ClashWords:
    """Says what clauses mean for one change."""

    def __init__(self, change: Change, oracle: Oracle, names: ShortNames) -> None:
        self._change, self._oracle, self._names = change, oracle, names
        self._refusals = Refusals(change, oracle.verdicts)
        self._why = {(p.first, p.then): p.why for p in change.precedences}

    def clash(self, clause: Clause) -> Clash:
        """Return a clause as a fact that people understand.

        Args:
            clause: from the search.

        Returns:
            The fact, with the connection and the causes if it is about one.
        """
        if clause.because == SETTINGS:
            return Clash(done=clause.done, missing=clause.missing, says=self._contradiction(clause))
        if clause.hard:
            return Clash(done=clause.done, missing=clause.missing, says=self._rule(clause))
        when, state = self.when(clause.done, clause.missing), self._shown_by(clause)
        if state is None:
            says = f"W{when[1:]}, {self._names.connection(clause.because)} is refused."
            return Clash(done=clause.done, missing=clause.missing, says=says, leg=clause.because)
        refusal = self.refusal(clause.because, state)
        return Clash(
            done=clause.done,
            missing=clause.missing,
            says=f"W{when[1:]}, {self.refused(refusal)}",
            leg=clause.because,
            causes=refusal.causes,
        )

    def _shown_by(self, clause: Clause) -> Done | None:
        """Return a state that shows a fact: with what has to come before, and with as little as possible beside it."""
        reached = set(clause.done)
        for _ in self._change.precedences:
            more = {p.first for p in self._change.precedences if p.then in reached} - reached
            if not more:
                break
            reached |= more
        every = frozenset(self._change.by_key) - clause.missing
        states = (clause.done, frozenset(reached) - clause.missing, every)
        return next((state for state in states if self._oracle.refuses(clause.because, state)), None)

    def lost(self, leg: str) -> Clash:
        """Return as a fact that tomorrow refuses a connection, whatever the order."""
        refusal = self.refusal(leg, frozenset(self._change.by_key))
        says = f"After the last step, {self.refused(refusal)}"
        return Clash(done=self._oracle.keys_of(leg), missing=frozenset(), says=says, leg=leg, causes=refusal.causes)

    def refusal(self, leg: str, done: Done) -> Refusal:
        """Return who refuses a connection in a state, and why."""
        return self._refusals.of(leg, done)

    def refused(self, refusal: Refusal) -> str:
        """Return a refusal as the end of a sentence, with its stop."""
        who = self._names.short.get(refusal.refused_by, refusal.refused_by)
        says = self._names.machines_in_text(refusal.says).strip() or "no reason is known."
        return f"{who} refuses {self._names.connection(refusal.leg)}: {says}"

    def when(self, done: Done, missing: Done) -> str:
        """Return a state in words: `when c1 presents its new certificate and e1 does not trust My Root CA yet`."""
        activated = {key for key in done if self._change.restart_of.get(key) in done}
        restarts = {self._change.restart_of[key] for key in activated}
        said = [self._done(self._change.by_key[key]) for key in sorted(done - restarts)]
        left = {key for key in missing if self._change.restart_of.get(key) not in missing}
        lacks = [self._missing(self._change.by_key[key]) for key in sorted(left)]
        parts = list(dict.fromkeys((*said, *lacks)))
        return f"when {listed(parts, at_most=4)}" if parts else "whatever is done"

    def _done(self, step: Step) -> str:
        machine, what = self._machine(step), self._certificates(step)
        match step.action:
            case Action.APPEND_CA:
                return f"{machine} trusts {what}"
            case Action.REMOVE_CA:
                return f"{machine} no longer trusts {what}"
            case Action.LOAD | Action.LOAD_CLIENT:
                return f"{machine} has its new {self._store(step)}"
            case Action.RESTART:
                return f"{machine} uses its new {self._pending(step)}"
            case Action.SET:
                return f"{self._page(step)} has its new settings"
            case Action.UPGRADE:
                return f"all Expressways run {step.settings[0].new}"
            case Action.DNS:
                return "DNS is changed"
            case Action.WAIT:
                return f"it is {step.until:%Y-%m-%d}"

    def _missing(self, step: Step) -> str:
        machine, what = self._machine(step), self._certificates(step)
        match step.action:
            case Action.APPEND_CA:
                return f"{machine} does not trust {what} yet"
            case Action.REMOVE_CA:
                return f"{machine} still trusts {what}"
            case Action.LOAD | Action.LOAD_CLIENT:
                return f"{machine} still has its old {self._store(step)}"
            case Action.RESTART:
                return f"{machine} still uses its old {self._pending(step)}"
            case Action.SET:
                return f"{self._page(step)} still has its old settings"
            case Action.UPGRADE:
                return f"the Expressways still run {step.settings[0].old}"
            case Action.DNS:
                return "DNS is not changed yet"
            case Action.WAIT:
                return f"it is not {step.until:%Y-%m-%d} yet"

    def _machine(self, step: Step) -> str:
        return self._names.short.get(step.machine, step.machine)

    @staticmethod
    def _certificates(step: Step) -> str:
        return listed([printable(title(c), 60) for c in step.certificates], at_most=2)

    @staticmethod
    def _store(step: Step) -> str:
        store = "" if step.place in {"server", "client"} else f" ({printable(step.place, 60)})"
        return f"{'client ' if step.action is Action.LOAD_CLIENT else ''}certificate{store}"

    @staticmethod
    def _page(step: Step) -> str:
        return f"{printable(step.place, 80)}{f' on {step.machine}' if step.machine else ''}"

    def _pending(self, step: Step) -> str:
        """Return what a restart puts into effect."""
        actions = {self._change.by_key[key].action for key in step.activates}
        return "certificate" if actions & {Action.LOAD, Action.LOAD_CLIENT} else "settings"

    def _noun(self, step: Step) -> str:
        """Return a step as a thing: `the restart of c1`."""
        machine, what = self._machine(step), self._certificates(step)
        match step.action:
            case Action.APPEND_CA:
                return f"{what} in the list of {machine}"
            case Action.REMOVE_CA:
                return f"the removal of {what} from the list of {machine}"
            case Action.LOAD | Action.LOAD_CLIENT:
                return f"the new {self._store(step)} of {machine}"
            case Action.RESTART:
                return f"the restart of {machine}"
            case Action.SET:
                return f"the change of {self._page(step)}"
            case Action.UPGRADE:
                return f"the upgrade to {step.settings[0].new}"
            case Action.DNS:
                return "the change of DNS"
            case Action.WAIT:
                return f"the wait until {step.until:%Y-%m-%d}"

    def _rule(self, clause: Clause) -> str:
        (then,), (first,) = clause.done, clause.missing
        why = self._why.get((first, then), "")
        noun = self._noun(self._change.by_key[first])
        return f"First comes {noun}, then {self._noun(self._change.by_key[then])}.{f' {why}' if why else ''}"

    def _contradiction(self, clause: Clause) -> str:
        try:
            self._change.deployment(clause.done)
        except InputError as error:
            return (
                f"{self.when(clause.done, clause.missing).capitalize()}, the configuration contradicts itself: {error}."
            )
        return "The settings contradict each other."  # pragma: no cover - the search learned it from this state

    def reason(self, clashes: Sequence[Clash], lost: Sequence[str]) -> str:
        """Return in a sentence or two why no order exists.

        Args:
            clashes: the smallest set of facts that rule out every order.
            lost: the connections that tomorrow itself refuses.

        Returns:
            The reason.
        """
        if lost:
            first = self.refused(self.refusal(lost[0], frozenset(self._change.by_key)))
            count = counted(len(lost), "connection")
            return f"Tomorrow refuses {count} that today accepts, so no order can help. For example, {first}"
        if not clashes:
            return "No order without refusals was found, and it is not proven that there is none."
        legs = sorted({clash.leg for clash in clashes if clash.leg})
        shown = listed([self._names.connection(leg) for leg in legs], "or", at_most=_MOST)
        about = f"Whatever comes first, {shown} is refused." if legs else "The rules contradict each other."
        twins, shows = self._twins(), next((clash for clash in clashes if clash.leg), clashes[0])
        if twins and any(cause.startswith("trust.") for clash in clashes for cause in clash.causes):
            return f"{about} Two CAs have one name, {twins}, and a list uses only one of them."
        return f"{about} {shows.says}"

    def _twins(self) -> str:
        """Return the name that a CA which is appended shares with another one; empty if there is none."""
        before = {c.subject: c for party in self._change.today.parties.values() for c in party.listed}
        for step in self._change.steps:
            for certificate in step.certificates if step.action is Action.APPEND_CA else ():
                known = before.get(certificate.subject)
                if known is not None and known != certificate and known.public_key() != certificate.public_key():
                    return printable(title(certificate), 80)
        return ""
