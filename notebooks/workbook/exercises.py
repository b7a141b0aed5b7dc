"""Exercises whose answers are not in the cell: where the engine knows the answer it is asked, else it stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pkikit.errors import InputError
from pkikit.model.names import printable
from simulator.sunset import Sunset
from workbook.check import Answer, check_choice, check_names
from workbook.session import LabSession


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Options with what is said of those that do not belong there, the right ones, and why they are."""

    options: Mapping[str, str]
    right: tuple[str, ...]
    because: str


CHOICES: Mapping[str, Choice] = {
    "13-B": Choice(
        options={
            "current-serves": "",
            "pending-waits": "nothing was signed",
            "zone-down": "nothing in use was touched",
            "port-80-open": "the virtual hosts close whatever happens",
        },
        right=("current-serves",),
        because="a failed order changes nothing that is in use",
    ),
    "14-A": Choice(
        options={"30": "then two thirds are left", "45": "that is half", "60": "", "89": "too late to try twice"},
        right=("60",),
        because="a third of 90 days is left after 60",
    ),
    "14-B": Choice(
        options={
            "replaces-it": "another one has to be ordered and deployed",
            "restarts": "nothing restarts",
            "tells-who-asks": "",
            "breaks-legs": "only where the far side checks revocation, and finds the CRL",
        },
        right=("tells-who-asks",),
        because="it is said in the CA's CRL, to whoever looks",
    ),
    "15-A": Choice(
        options={
            "traversal": "C dials there, and shows its own certificate as client",
            "cluster-e": "",
            "neighbour": "",
            "jabber": "Jabber shows no certificate, and E is the server",
        },
        right=("cluster-e", "neighbour"),
        because="E dials, and the far side asks",
    ),
}


def check_exercise(exercise: str, answer: object) -> Answer:
    """Check a choice by the exercise's number, as 13-B."""
    found = CHOICES.get(exercise)
    if found is None:
        raise InputError(f"there is no exercise {printable(exercise)!r}; there are {', '.join(CHOICES)}")
    return check_choice(answer, found.options, right=found.right, because=found.because)


def check_asked_hosts(answer: object, session: LabSession, name: str) -> Answer:
    """Which parties does the DNS outside lead a name to?"""
    lab = session.threaded.lab
    by_address = {address: fqdn for fqdn, address in lab.plan.by_name.items()}
    led = [by_address[a] for a in lab.network.outside_dns.zone.addresses.get(name.lower(), []) if a in by_address]
    wanted = dict.fromkeys(led, f"DNS leads {name} there")
    return check_names(
        answer, wanted, right="every host that DNS leads the name to", needless="is never asked by the CA"
    )


def check_ways_out(answer: object, lived: Sunset) -> Answer:
    """Which ways out left every leg up, in the sunset that was lived through?"""
    ways = lived.stages[2:]
    options = {
        s.id: f"{len(s.down)} legs are down, the first is {s.report.down[0].leg.id}: {', '.join(s.report.down[0].causes)}"
        if s.down
        else ""
        for s in ways
    }
    return check_choice(
        answer, options, right=[s.id for s in ways if not s.down], because="each far side accepts what it is shown"
    )
