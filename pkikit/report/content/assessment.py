"""Judge every connection as far as the files allow, and say what is missing for the rest.

A connection is up only if everything that decides about it is known. It is down as soon as one side refuses for certain.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from pkikit.design.legs import legs_of
from pkikit.judge.legs.leg_verdict import LegVerdict, judge_leg
from pkikit.model.certificates.credential import Credential
from pkikit.model.findings import Finding, Severity, Verdict
from pkikit.model.leg import Leg
from pkikit.model.world import Party, World
from pkikit.report.content.shown import has_two_stores, service_at, shown_by_client, shown_by_server
from pkikit.rules.revocation_rules import CRL_UNAVAILABLE, OCSP_UNAVAILABLE
from pkikit.view.connections.leg_report import LegReport


class State(enum.StrEnum):
    """What is known about a connection or a service."""

    UP = "up"
    DOWN = "down"
    NOT_ASSESSED = "not-assessed"


class Part(enum.StrEnum):
    """What nobody gave about a machine."""

    CERTIFICATE = "certificate"
    CLIENT = "client certificate"
    LIST = "trusted CA list"
    REVOCATION = "revocation status"


@dataclass(frozen=True, kw_only=True, order=True)
class Lack:
    """A part that is missing for a connection.

    Attributes:
        machine: whose part it is.
        part: the certificate that it presents, the list that it reads, or the CRLs and OCSP answers that it needs.
        service: the service of the machine that it belongs to, as `CallManager`; empty if it has one for everything.
    """

    machine: str
    part: Part
    service: str = ""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One side of a connection that looks at the other's certificate.

    Attributes:
        verifier: the machine that looks.
        presenter: the machine that shows the certificate.
        lacks: what is missing for an answer; empty if there is one.
        accepts: the answer; None if there is none.
    """

    verifier: str
    presenter: str
    lacks: tuple[Lack, ...]
    accepts: bool | None


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One connection, and what is known about it.

    Attributes:
        leg: the connection.
        state: up, down or not assessed.
        report: what was judged; findings about a part only, if the other part is not known.
        looks: the sides that verify.
    """

    leg: Leg
    state: State
    report: LegReport
    looks: tuple[Look, ...]

    @cached_property
    def lacks(self) -> tuple[Lack, ...]:
        """Everything that is missing for a whole answer, each once."""
        return tuple(dict.fromkeys(lack for look in self.looks for lack in look.lacks))

    @property
    def half(self) -> Look | None:
        """The side that has an answer, where the other has none; None if both have one, or neither has."""
        known = [look for look in self.looks if look.accepts is not None]
        return known[0] if len(known) == 1 and len(self.looks) == 2 and self.lacks else None


def assess(world: World, at: datetime, judged: Callable[[int], None] = lambda number: None) -> tuple[Connection, ...]:
    """Judge every connection of a world that has only what somebody gave.

    Args:
        world: as `world_of_files` makes it.
        at: the time.
        judged: is called with the number of connections that were just judged.

    Returns:
        One entry for each connection of the deployment.
    """
    work, found = _Assessment(world, at), []
    for leg in legs_of(world.deployment):
        found.append(work.of(leg))
        judged(1)
    return tuple(found)


_UNKNOWN_STATUS = frozenset({CRL_UNAVAILABLE.id, OCSP_UNAVAILABLE.id})
# What is wrong with a leaf by itself: whoever reads it refuses it, whatever the list.
_OF_THE_LEAF = ("validity.", "eku.", "names.", "key.", "signature.", "oid.")
_NOTHING = Verdict(question="nothing is verified")


class _Assessment:
    """The work on one world."""

    def __init__(self, world: World, at: datetime) -> None:
        self._world, self._at = world, at
        self._blind: dict[str, World] = {}

    def of(self, leg: Leg) -> Connection:
        """Judge one connection."""
        world = self._world
        client, server = world.parties[leg.client].as_client(leg.port), world.parties[leg.server]
        server = server.as_server(leg.port, leg.reference_name)
        of_dialled, of_caller = shown_by_server(world, leg), shown_by_client(world, leg)
        of_client = self._lacks(leg, client, leg.server, of_dialled) if leg.client_verifies else ()
        of_server = self._lacks(leg, server, leg.client, of_caller) if leg.mutual else ()
        whole = replace(leg, client_verifies=leg.client_verifies and not of_client, mutual=leg.mutual and not of_server)
        if of_dialled is None and server.credential is not None:
            world = self._without_certificate(leg.server)
        verdict = judge_leg(whole, world, self._at)
        by_client, client_lacks = _known_status(verdict.by_client, leg.client, of_client)
        by_server, server_lacks = _known_status(verdict.by_server, leg.server, of_server)
        if of_client and of_dialled is not None and by_client.accepted and by_server.accepted:
            by_client = self._leaf_alone(replace(leg, mutual=False), lambda v: v.by_client)
        if of_server and of_caller is not None and by_client.accepted and by_server.accepted:
            by_server = self._leaf_alone(replace(leg, client_verifies=False), lambda v: v.by_server)
        looks = []
        if leg.client_verifies:
            looks.append(_look(leg.client, leg.server, client_lacks, by_client))
        if leg.mutual:
            looks.append(_look(leg.server, leg.client, server_lacks, by_server))
        if not looks and of_dialled is None:
            service = service_at(world, leg.server, leg.port)
            lack = Lack(machine=leg.server, part=Part.CERTIFICATE, service=service)
            looks.append(Look(verifier=leg.client, presenter=leg.server, lacks=(lack,), accepts=None))
        judged = LegVerdict(leg=leg, by_client=by_client, by_server=by_server)
        state = State.DOWN if not judged.accepted else State.UP
        if state is State.UP and any(look.lacks for look in looks):
            state = State.NOT_ASSESSED
        report = LegReport(leg=leg, verdict=judged, trace=None)
        return Connection(leg=leg, state=state, report=report, looks=tuple(looks))

    def _lacks(self, leg: Leg, verifier: Party, presenter: str, shown: Credential | None) -> tuple[Lack, ...]:
        found = []
        if shown is None:
            two = presenter == leg.client and has_two_stores(self._world, presenter)
            part = Part.CLIENT if two else Part.CERTIFICATE
            found.append(Lack(machine=presenter, part=part, service=service_at(self._world, presenter, leg.port)))
        if not verifier.trusted_ca_list:
            service = leg.client_list if verifier.fqdn == leg.client else leg.server_list
            found.append(Lack(machine=verifier.fqdn, part=Part.LIST, service=service.removesuffix("-trust")))
        return tuple(found)

    def _without_certificate(self, fqdn: str) -> World:
        """Return the world in which a machine has no certificate, because the one that is known is of another service."""
        if fqdn not in self._blind:
            self._blind[fqdn] = self._world.with_party(replace(self._world.parties[fqdn], credential=None))
        return self._blind[fqdn]

    def _leaf_alone(self, leg: Leg, side: Callable[[LegVerdict], Verdict]) -> Verdict:
        """Judge a certificate without the list that will read it: only what every reader refuses counts."""
        verdict = side(judge_leg(leg, self._bare, self._at))
        return replace(verdict, findings=tuple(f for f in verdict.findings if _is_certain(f)))

    @cached_property
    def _bare(self) -> World:
        """The world without any list and without what is sent behind a leaf."""
        parties = {fqdn: _bare(party) for fqdn, party in self._world.parties.items()}
        return replace(self._world, parties=parties, published={})


def _bare(party: Party) -> Party:
    def leaf(held: Credential) -> Credential:
        return replace(held, chain=held.chain[:1])

    return replace(
        party,
        credential=leaf(party.credential) if party.credential else None,
        client=leaf(party.client) if party.client else None,
        services={port: leaf(held) for port, held in party.services.items()},
        domains={name: leaf(held) for name, held in party.domains.items()},
        trusted_ca_list=(),
        lists={},
    )


def _is_certain(found: Finding) -> bool:
    return found.severity is Severity.ERROR and found.rule.startswith(_OF_THE_LEAF)


def _known_status(verdict: Verdict, verifier: str, lacks: tuple[Lack, ...]) -> tuple[Verdict, tuple[Lack, ...]]:
    """Return a verdict without "the status is not available": the files lack it, and the machine may have it."""
    kept = tuple(f for f in verdict.findings if f.rule not in _UNKNOWN_STATUS)
    if len(kept) == len(verdict.findings):
        return verdict, lacks
    return replace(verdict, findings=kept), (*lacks, Lack(machine=verifier, part=Part.REVOCATION))


def _look(verifier: str, presenter: str, lacks: tuple[Lack, ...], verdict: Verdict) -> Look:
    accepts = None if lacks and verdict.accepted else verdict.accepted
    return Look(verifier=verifier, presenter=presenter, lacks=lacks, accepts=accepts)
