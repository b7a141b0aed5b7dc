"""One reason why connections are down, given once, with the work of every machine that needs the fix."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from pkikit.judge.checks.check import TRUSTED_CA_LIST
from pkikit.model.findings import Finding
from pkikit.text import listed
from pkikit.view.connections.leg_report import LegReport, own_certificate_of


@dataclass(frozen=True, kw_only=True)
class RootCause:
    """One reason why legs are down, given once.

    finding: of the first leg; its sentence says who refuses whom. legs: ids of all of them. refused_by: the machines that
    have this reason to refuse. holders: the machines whose certificates are refused. fix: what to do, on every machine that
    needs it. rests_on: what is assumed for it, and what the other sides of these legs decide and nobody knows, in sentences.
    """

    finding: Finding
    legs: tuple[str, ...]
    refused_by: tuple[str, ...]
    holders: tuple[str, ...]
    fix: str
    rests_on: tuple[str, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[tuple[LegReport, Finding]], short: Mapping[str, str]) -> RootCause:
        """Merge the same finding of several legs; if their fixes differ, the fix lists the work of each machine.

        short: the short name of each machine, for the sentence.
        """
        first = entries[0][1]
        machines = tuple(dict.fromkeys(fqdn for leg, finding in entries for fqdn in leg.judges_of(finding)))
        ids = tuple(dict.fromkeys(leg.leg.id for leg, _ in entries))
        one_list = len({finding.evidence[0].expected for _, finding in entries if finding.evidence}) == 1
        refused = tuple(dict.fromkeys(fqdn for leg, finding in entries for fqdn in leg.holders_of(finding)))
        fixes = {_for_all(finding.fix, leg, machines, refused) for leg, finding in entries}
        fix = _for_all(first.fix, entries[0][0], machines, refused)
        if len(fixes) > 1 and machines[1:] and fix == first.fix:
            fix += f" Do the same on {listed(machines[1:])}."
        if first.is_summary and machines:
            says = str(first.evidence[0])
            says = _for_all(says, entries[0][0], machines if one_list else (), [short.get(r, r) for r in refused])
            verb = "refuses" if len(machines) == 1 else "refuse"
            who, whom = ([short.get(fqdn, fqdn) for fqdn in names] for names in (machines, refused))
            does = f"{listed(who)} {verb} {listed(whom)}"
            if own := own_certificate_of(first):
                does = f"{short.get(own, own)} cannot use its own certificate"
            first = first.saying(f"{does}: {_shortened(says, short)}")
        rests_on = (*_assumed(entries), *_not_known([leg for leg, _ in entries], short))
        return cls(finding=first, legs=ids, refused_by=machines, holders=refused, fix=fix, rests_on=rests_on)


def _assumed(entries: Sequence[tuple[LegReport, Finding]]) -> tuple[str, ...]:
    """Return what is assumed about certificates that are refused and that nobody gave, each once."""
    said = (
        f"Assumed: {look.assumes.says(look.presenter)}"
        for leg, finding in entries
        for look in leg.looks
        if look.assumes is not None and look.verifier in leg.judges_of(finding)
    )
    return tuple(dict.fromkeys(said))


def _not_known(legs: Sequence[LegReport], short: Mapping[str, str]) -> tuple[str, ...]:
    """Return whose certificates the other sides may refuse as well, because nobody knows."""
    found: dict[str, dict[str, None]] = {}
    for look in (look for leg in legs for look in leg.looks if look.accepts is None):
        found.setdefault(short.get(look.presenter, look.presenter), {})[short.get(look.verifier, look.verifier)] = None
    return tuple(
        f"Not assessed: whether {listed(list(who))} {'accepts' if len(who) == 1 else 'accept'} {whose}'s certificate."
        for whose, who in found.items()
    )


def _shortened(text: str, short: Mapping[str, str]) -> str:
    """Return a sentence with short names where it talks about machines; names in certificates stay as they are."""
    for fqdn, name in short.items():
        talks = r"(?='s certificate\b| trusts only | looks for | does not send | cannot | presents )"
        text = re.sub(rf"(?<![\w.-]){re.escape(fqdn)}{talks}", name, text)
        text = re.sub(rf"(?<= list of ){re.escape(fqdn)}(?= )", name, text)
    return text


def _for_all(text: str, leg: LegReport, machines: Sequence[str], refused: Sequence[str]) -> str:
    """Return a text about one machine that refuses another, about all machines with the same reason, and all refused ones."""
    for fqdn in (leg.leg.client, leg.leg.server) if refused[1:] else ():
        text = text.replace(f"{fqdn}'s certificate was", f"The certificates of {listed(refused)} were")
        text = text.replace(f"the server certificate file of {fqdn}", "their server certificate files")
    for fqdn in (leg.leg.client, leg.leg.server) if machines[1:] else ():
        text = text.replace(f"the trusted CA list of {fqdn}", f"the trusted CA lists of {listed(machines)}")
        text = text.replace(f"lists of {listed(machines)} does not", f"lists of {listed(machines)} do not")
        text = text.replace(f"The trusted CA list of {fqdn} does not", "their trusted CA lists do not")
        text = text.replace(f"The trusted CA list of {fqdn} has", "their trusted CA lists have")
        text = text.replace(f"The trusted CA list of {fqdn} is", "their trusted CA lists are")
        text = text.replace(f"The trusted CA list of {fqdn} does", "their trusted CA lists do")
        text = text.replace(f"{fqdn} trusts only ", "they trust only ")
    return text


def what_is_wrong(finding: Finding) -> Hashable:
    """Return what is the same in findings of several verifiers: what each has in its own trusted CA list differs."""
    evidence = tuple((e.label, "" if e.where == TRUSTED_CA_LIST else e.expected, e.seen) for e in finding.evidence)
    return finding.rule, evidence
