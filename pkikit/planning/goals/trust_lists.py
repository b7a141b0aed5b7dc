"""Which list of CAs reads whose certificate: where a new CA has to be, and from where the old one can go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.judge.paths.trust import build_path
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import title
from pkikit.model.leg import Leg
from pkikit.model.world import Party, World
from pkikit.text import listed, printable


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One list that reads a certificate.

    Attributes:
        leg: the connection.
        verifier: the machine that reads.
        ports: the ports whose list it is; none for the list of everything else.
        presenter: the machine that shows its certificate.
        shown: what it shows; None if it has none.
        as_client: it shows it as TLS client.
    """

    leg: Leg
    verifier: str
    ports: tuple[int, ...]
    presenter: str
    shown: Credential | None
    as_client: bool


def readings_of(world: World) -> Iterator[Reading]:
    """Yield who reads whose certificate on which connection of a world; permissive clusters read too."""
    for leg in legs_of(world.deployment):
        client, server = world.parties[leg.client], world.parties[leg.server]
        if leg.client_verifies:
            yield Reading(
                leg=leg,
                verifier=leg.client,
                ports=() if client.client is not None else _ports(world, client, leg.port),
                presenter=leg.server,
                shown=server.as_server(leg.port, leg.reference_name).credential,
                as_client=False,
            )
        if leg.mutual:
            yield Reading(
                leg=leg,
                verifier=leg.server,
                ports=_ports(world, server, leg.port),
                presenter=leg.client,
                shown=client.as_client(leg.port).credential,
                as_client=True,
            )


def _ports(world: World, party: Party, port: int) -> tuple[int, ...]:
    """Return the ports that share a list with this one; none if the machine reads its general list there."""
    if port not in party.lists:
        return ()
    beside = world.deployment.group_of(party.fqdn).ports_beside(port)
    return tuple(p for p in beside if p in party.lists) or (port,)


def list_at(party: Party, ports: Sequence[int]) -> tuple[x509.Certificate, ...]:
    """Return a machine's list for these ports; for none, its general one."""
    return party.lists[ports[0]] if ports else party.trusted_ca_list


def with_list(world: World, fqdn: str, ports: Sequence[int], certificates: Iterable[x509.Certificate]) -> World:
    """Return the world with another list of one machine; a list that nobody gave stays one that nobody gave."""
    party, new = world.parties[fqdn], tuple(dict.fromkeys(certificates))
    held = list_at(party, ports)
    if (fqdn, held) in world.stand_ins.lists or _is_unknown_list(world, fqdn, held):
        made = replace(world.stand_ins, lists=world.stand_ins.lists | {(fqdn, new)})
        world = replace(world, stand_ins=made)
    if ports:
        return world.with_party(replace(party, lists={**party.lists, **dict.fromkeys(ports, new)}))
    return world.with_party(replace(party, trusted_ca_list=new))


def trusting_new_ca(
    before: World,
    world: World,
    presenters: Collection[str],
    chain: Sequence[x509.Certificate],
    *,
    roles: Collection[bool] = (False, True),
) -> World:
    """Return the world in which a CA is in every list that reads a certificate of these machines.

    Expressways also get the CAs below the root: they complete what they send from their own list, and their SSH tunnels need
    every CA of the chain in the lists of both sides (Cisco TAC 221624).

    Args:
        before: the machines with their old certificates.
        world: the machines, as they will be configured.
        presenters: the Expressways with a certificate of this CA.
        chain: the CA that signs, then those above it; the root is the last.
        roles: True for lists that read them as TLS clients, False for those that read them as servers.

    Returns:
        The world.
    """
    wanted: dict[tuple[str, tuple[int, ...]], None] = {(fqdn, ()): None for fqdn in presenters}
    wanted |= {
        (r.verifier, r.ports): None for r in readings_of(world) if r.presenter in presenters and r.as_client in roles
    }
    for fqdn, ports in wanted:
        needed = tuple(reversed(chain)) if fqdn in world.deployment.peers else (chain[-1],)
        held = list_at(world.parties[fqdn], ports)
        lacks = any(c not in held for c in needed)
        if lacks and not (_is_unknown_list(world, fqdn, held) and _reads_already(before, fqdn, ports, chain)):
            world = with_list(world, fqdn, ports, (*held, *needed))
    return world


def _is_unknown_list(world: World, fqdn: str, held: tuple[x509.Certificate, ...]) -> bool:
    """Return True if nobody gave a list: it is a stand-in, or empty where that means the same."""
    made = world.stand_ins
    return made.unknown and (not held or (fqdn, held) in made.lists)


def _reads_already(before: World, fqdn: str, ports: Sequence[int], chain: Sequence[x509.Certificate]) -> bool:
    """Return True if a list reads a certificate of this CA already, so that it has the root although nobody gave it."""
    for reading in readings_of(before):
        if (reading.verifier, reading.ports) != (fqdn, tuple(ports)) or reading.shown is None:
            continue
        at = reading.shown.leaf.not_valid_before_utc
        path = build_path(reading.shown.leaf, sent=reading.shown.intermediates, trusted_ca_list=chain, at=at)
        if path.certificates[-1] == chain[-1]:
            return True
    return False


def without_old_cas(before: World, after: World, at: datetime) -> tuple[World, tuple[str, ...]]:
    """Return the world in which no Expressway trusts a CA that only certificates of before led to.

    Args:
        before: the machines of today.
        after: the machines of tomorrow, whose Expressways still trust what they trusted.
        at: the time by which paths are built.

    Returns:
        The world, and a sentence for each CA that stays, with the reason.
    """
    peers = [p for p in after.deployment.peers if p in before.parties]
    replaced = set(_certificates_of(before, peers)) - set(_certificates_of(after, peers))
    stays: dict[x509.Certificate, dict[str, set[str]]] = {}
    for fqdn in peers:
        held = after.parties[fqdn].trusted_ca_list
        old = {c for leaf in replaced for c in _from_list(leaf, held, at)}
        if not old:
            continue
        needed = _needed(after, fqdn, at)
        gone = [c for c in held if c in old and c not in needed]
        for certificate in (c for c in held if c in old and c in needed):
            stays.setdefault(certificate, {}).setdefault(fqdn, set()).update(needed[certificate])
        if gone:
            after = with_list(after, fqdn, (), (c for c in held if c not in gone))
    return after, tuple(_stay_notes(stays, after))


def _certificates_of(world: World, fqdns: Iterable[str]) -> Iterator[tuple[x509.Certificate, ...]]:
    for fqdn in fqdns:
        yield from (credential.chain for credential in world.parties[fqdn].credentials)


def _from_list(
    chain: Sequence[x509.Certificate], held: Sequence[x509.Certificate], at: datetime
) -> tuple[x509.Certificate, ...]:
    path = build_path(chain[0], sent=chain[1:], trusted_ca_list=held, at=at)
    return tuple(c for c in path.certificates[1:] if c in held)


def _needed(world: World, fqdn: str, at: datetime) -> Mapping[x509.Certificate, set[str]]:
    """Return the CAs of a peer's list that something may lead to, with the machines whose certificates do."""
    held = world.parties[fqdn].trusted_ca_list
    found: dict[x509.Certificate, set[str]] = {}
    for credential in world.parties[fqdn].credentials:
        for certificate in _from_list(credential.chain, held, at):
            found.setdefault(certificate, set()).add(fqdn)
    for reading in readings_of(world):
        if reading.verifier != fqdn:
            continue
        known = None if _is_unknown(reading, world) else reading.shown
        for certificate in held if known is None else _from_list(known.chain, held, at):
            found.setdefault(certificate, set()).add(reading.presenter)
    return found


def _is_unknown(reading: Reading, world: World) -> bool:
    """Return True if nobody gave the certificate that is shown."""
    made = world.stand_ins
    return reading.shown is None or (made.unknown and reading.shown.leaf in made.certificates)


def _stay_notes(stays: Mapping[x509.Certificate, Mapping[str, set[str]]], world: World) -> Iterator[str]:
    """Yield a sentence for CAs that stay in the same lists for the sake of the same machines."""
    unknown = {reading.presenter for reading in readings_of(world) if _is_unknown(reading, world)}
    grouped: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for certificate, why in stays.items():
        users = tuple(sorted({user for found in why.values() for user in found}))
        grouped.setdefault((tuple(why), users), []).append(printable(title(certificate), 80))
    for (lists, users), names in grouped.items():
        stay, it = ("stay", "them") if len(names) > 1 else ("stays", "it")
        which = "lists" if len(lists) > 1 else "list"
        known, others = ([u for u in users if (u in unknown) is wanted] for wanted in (False, True))
        need = [f"the certificates of {listed(known, at_most=4)} need {it} there"] if known else []
        need += [f"nobody gave the certificates of {listed(others, at_most=4)}, which may need {it}"] if others else []
        where = f"in the trusted CA {which} of {listed(lists, at_most=4)}"
        yield f"{listed(names)} {stay} {where}, because {listed(need)}."
