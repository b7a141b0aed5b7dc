"""Judge a connection as far as it is known, and say what is missing for the rest. Every command that judges files uses this.

A connection is up only if everything that decides about it is known. It is down as soon as one side refuses for certain, or
under an assumption that is said. Everything else is not assessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial

from pkikit.design.legs import legs_of
from pkikit.judge.legs.known_parts import (
    Assumption,
    Lack,
    Look,
    Part,
    has_two_stores,
    service_at,
    shown_by_client,
    shown_by_server,
)
from pkikit.judge.legs.leg_verdict import LegVerdict, judge_leg
from pkikit.judge.legs.stand_ins import known_part
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import is_self_signed
from pkikit.model.findings import Evidence, Finding, Severity, Verdict
from pkikit.model.leg import Leg, NameCheck, Protocol
from pkikit.model.world import Party, World
from pkikit.rules.catalogue import is_about_trust
from pkikit.rules.name_rules import IP_ADDRESS_USED
from pkikit.rules.revocation_rules import CRL_UNAVAILABLE, OCSP_UNAVAILABLE
from pkikit.values.names import is_ip_address

_UNKNOWN_STATUS = frozenset({CRL_UNAVAILABLE.id, OCSP_UNAVAILABLE.id})
# What is wrong with a leaf by itself: every reader refuses it, whatever its list contains.
_OF_THE_LEAF = ("validity.", "eku.", "names.", "key.", "signature.", "oid.")


def judge_of(world: World, at: datetime) -> Callable[[Leg], LegVerdict]:
    """Return the function that judges one connection of a world.

    Args:
        world: the machines. If what the lab made for some of them counts as unknown, so it does here.
        at: the time.

    Returns:
        The function.
    """
    if world.stand_ins.unknown:
        return Assessment(known_part(world), at).of
    return partial(judge_leg, world=world, at=at)


def judge_as_known(world: World, at: datetime) -> tuple[LegVerdict, ...]:
    """Judge every connection of a world as far as it is known, in the order of the deployment."""
    return tuple(map(judge_of(world, at), legs_of(world.deployment)))


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One side that verifies, before anything is judged.

    Attributes:
        verifier: the machine that looks, as it takes part.
        presenter: the machine that shows its certificate, as it takes part.
        shown: the certificate; None if nobody gave it.
        open: what is missing to judge at all.
        assumed: what is missing, and was replaced by an assumption.
        checks: the names that the verifier looks for.
    """

    verifier: Party
    presenter: Party
    shown: Credential | None
    open: tuple[Lack, ...] = ()
    assumed: tuple[Lack, ...] = ()
    checks: tuple[NameCheck, ...] = ()


class Assessment:
    """The work on one world that has only what somebody gave.

    A machine without a certificate has none in this world, and one without a trusted CA list has an empty one: both mean that
    nobody gave them.
    """

    def __init__(self, world: World, at: datetime) -> None:
        self._world, self._at = world, at
        self._blind: dict[str, World] = {}

    def of(self, leg: Leg) -> LegVerdict:
        """Judge one connection.

        Args:
            leg: the connection.

        Returns:
            The verdict, with the sides that verify and what each lacks.
        """
        of_dialled = shown_by_server(self._world, leg)
        at_client, at_server = self._sides(leg, of_dialled)
        whole = replace(
            leg,
            client_verifies=at_client is not None and not at_client.open,
            mutual=at_server is not None and not at_server.open,
        )
        world = self._world
        if of_dialled is None and world.parties[leg.server].credential is not None:
            world = self._without_certificate(leg.server)
        verdict = judge_leg(whole, world, self._at)
        if at_server is not None and at_server.assumed and not verdict.accepted:
            alone = judge_leg(replace(whole, mutual=False), world, self._at)
            verdict = verdict if alone.accepted else alone  # a certain refusal needs no assumption
        by_client, of_client = self._seen(leg, at_client, verdict.by_client, verdict, as_client=True)
        by_server, of_server = self._seen(leg, at_server, verdict.by_server, verdict, as_client=False)
        looks = tuple(look for look in (of_client, of_server) if look is not None)
        if not looks and of_dialled is None:
            service = service_at(world, leg.server, leg.port)
            lack = Lack(machine=leg.server, part=Part.CERTIFICATE, service=service)
            looks = (Look(verifier=leg.client, presenter=leg.server, lacks=(lack,), accepts=None),)
        return LegVerdict(leg=leg, by_client=by_client, by_server=by_server, looks=looks)

    def _sides(self, leg: Leg, of_dialled: Credential | None) -> tuple[_Side | None, _Side | None]:
        """Return the client's side and the server's; None for one that verifies nothing."""
        parties = self._world.parties
        client = parties[leg.client].as_client(leg.port)
        server = parties[leg.server].as_server(leg.port, leg.reference_name)
        at_client = at_server = None
        if leg.client_verifies:
            at_client = _Side(verifier=client, presenter=server, shown=of_dialled, checks=leg.server_name_checks)
        if leg.mutual:
            shown = shown_by_client(self._world, leg)
            at_server = _Side(verifier=server, presenter=client, shown=shown, checks=leg.client_name_checks)
        return self._lacking(leg, at_client), self._lacking(leg, at_server)

    def _lacking(self, leg: Leg, side: _Side | None) -> _Side | None:
        if side is None:
            return None
        presenter, found = side.presenter.fqdn, []
        if side.shown is None:
            two = presenter == leg.client and has_two_stores(self._world, presenter)
            part = Part.CLIENT if two else Part.CERTIFICATE
            lack = Lack(machine=presenter, part=part, service=service_at(self._world, presenter, leg.port))
            copied = side.presenter.credential if two else None
            if copied is not None:
                side = replace(side, shown=copied, assumed=(lack,))
            else:
                found.append(lack)
        if not side.verifier.trusted_ca_list:
            found.append(_list_of(side.verifier.fqdn, leg))
        return replace(side, open=tuple(found))

    def _seen(
        self, leg: Leg, side: _Side | None, judged: Verdict, both: LegVerdict, *, as_client: bool
    ) -> tuple[Verdict, Look | None]:
        """Return what one side decides for certain, and what it lacks."""
        if side is None:
            return judged, None
        lacks, assumes = (*side.open, *side.assumed), Assumption.COPIED if side.assumed else None
        kept = tuple(f for f in judged.findings if f.rule not in _UNKNOWN_STATUS)
        if len(kept) < len(judged.findings):  # the files lack the status, and the machine may have it
            judged = replace(judged, findings=kept)
            lacks += (Lack(machine=side.verifier.fqdn, part=Part.REVOCATION),)
        if not side.open and _may_send_more(leg, side):
            certain = tuple(f for f in judged.findings if not _is_about_chain(f))
            if len(certain) < len(judged.findings):
                judged = replace(judged, findings=certain)
                lacks += (_list_of(side.presenter.fqdn, leg),)
        elif side.open and both.accepted:
            if side.shown is not None:
                judged = self._leaf_alone(leg, as_client=as_client)
            elif found := list(_only_addresses(side)):
                judged, assumes = Verdict(question=judged.question, findings=tuple(found)), Assumption.NO_ADDRESS
                judged = replace(judged, findings=() if leg.permissive else judged.findings)
        accepts = None if lacks and judged.accepted else judged.accepted
        look = Look(
            verifier=side.verifier.fqdn,
            presenter=side.presenter.fqdn,
            lacks=lacks,
            accepts=accepts,
            assumes=assumes if accepts is False else None,
        )
        return judged, look

    def _without_certificate(self, fqdn: str) -> World:
        """Return the world in which a machine has no certificate, because the one that is known is of another service."""
        if fqdn not in self._blind:
            self._blind[fqdn] = self._world.with_party(replace(self._world.parties[fqdn], credential=None))
        return self._blind[fqdn]

    def _leaf_alone(self, leg: Leg, *, as_client: bool) -> Verdict:
        """Judge a certificate without the list that will read it: only what every reader refuses counts."""
        alone = replace(leg, mutual=False) if as_client else replace(leg, client_verifies=False)
        both = judge_leg(alone, self._bare, self._at)
        verdict = both.by_client if as_client else both.by_server
        return replace(verdict, findings=tuple(f for f in verdict.findings if _is_certain(f)))

    @cached_property
    def _bare(self) -> World:
        """The world without any list and without what is sent behind a leaf."""
        parties = {fqdn: _bare(party) for fqdn, party in self._world.parties.items()}
        return replace(self._world, parties=parties, published={})


def _list_of(fqdn: str, leg: Leg) -> Lack:
    service = leg.client_list if fqdn == leg.client else leg.server_list
    return Lack(machine=fqdn, part=Part.LIST, service=service.removesuffix("-trust"))


def _may_send_more(leg: Leg, side: _Side) -> bool:
    """Return True if the presenter may complete the chain that it sends from its own list, which nobody gave."""
    chain = side.shown.chain if side.shown is not None else ()
    alone = len(chain) == 1 and not is_self_signed(chain[0])
    return alone and not side.presenter.trusted_ca_list and leg.protocol is not Protocol.SSH


def _is_about_chain(found: Finding) -> bool:
    return found.severity is Severity.ERROR and is_about_trust(found.rule)


def _only_addresses(side: _Side) -> Iterable[Finding]:
    """Yield what is wrong with looking for IP addresses in a certificate that nobody gave."""
    verifier, presenter = side.verifier.fqdn, side.presenter.fqdn
    for check in side.checks:
        if not check.binding or check.services or not all(map(is_ip_address, check.any_of)):
            continue
        wanted = " or ".join(check.any_of)
        evidence = Evidence(
            label=f"name looked for ({check.why})",
            expected="an FQDN",
            seen=wanted,
            where=verifier,
            says=f"{verifier} looks for {wanted} ({check.why}), and an IP address matches no FQDN in a certificate.",
        )
        fix = f"In the configuration of {verifier}, enter {presenter} in place of the IP address {wanted}."
        yield replace(IP_ADDRESS_USED.finding(presenter, [evidence]), fix=fix)


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
