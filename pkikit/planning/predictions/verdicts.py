"""Verdicts on connections, each judged once for what both of its ends hold."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import datetime

from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import Assessment
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.judge.legs.stand_ins import known_part
from pkikit.judge.paths.trust import chain_to_present
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.world import Party, World
from pkikit.planning.change import Change, Done

# What a verdict reads in a deployment, beside the connection itself.
_READ = {"version", "revocation", "domains", "clusters", "chat_aliases"}
_Chain = tuple[x509.Certificate, ...]


class Verdicts:
    """The states of all connections after any set of steps.

    A connection is judged again only if a step changes what decides about it: what an end shows and sends, the list that an end
    reads, what one looks for in the other's certificate, settings, and the time. Everything else that a world has is the same in
    all states of a change.
    """

    def __init__(self, change: Change) -> None:
        self.change = change
        self._unknown = change.today.stand_ins.unknown
        self._legs: dict[int, tuple[tuple[Leg, int], ...]] = {}
        self._by_id: dict[int, dict[str, tuple[Leg, int]]] = {}
        self._numbers: dict[Hashable, int] = {}
        self._facets: dict[int, int] = {}
        self._objects: dict[int, tuple[object, int]] = {}
        self._quick: dict[Hashable, State] = {}
        self._judged: dict[Hashable, State] = {}
        self._states: dict[Done, dict[str, State]] = {}
        self._worlds: dict[Done, World] = {}
        self._world_of: dict[Done, World] = {}
        self._chains: dict[int, tuple[_Chain, int]] = {}
        self._assessments: dict[int, tuple[World, Assessment]] = {}
        every = (*change.today.known_certificates, *change.tomorrow.known_certificates)
        self._known = tuple(dict.fromkeys(every))

    def for_change(self, change: Change) -> Verdicts:
        """Return the verdicts of a change with other steps or certificates on the same machines.

        Args:
            change: what is tried in place of this one. What is published, and what machines do beside certificates, is the same.

        Returns:
            Verdicts that know what was judged already: equal facts have equal verdicts.
        """
        if change is self.change:
            return self
        other = Verdicts(change)
        if other._unknown == self._unknown:
            other._numbers, other._objects, other._judged = self._numbers, self._objects, self._judged
            other._chains = self._chains
        return other

    @property
    def judged(self) -> int:
        """How many connections were judged so far."""
        return len(self._judged)

    def legs(self, deployment: Deployment) -> tuple[tuple[Leg, int], ...]:
        """Return the connections of a configuration, each with a number that equal ones share."""
        found = self._legs.get(id(deployment))  # the change keeps its deployments
        if found is None:
            found = tuple((leg, self._number(leg)) for leg in legs_of(deployment))
            self._legs[id(deployment)] = found
            self._by_id[id(deployment)] = {leg.id: (leg, number) for leg, number in found}
        return found

    def leg(self, deployment: Deployment, name: str) -> tuple[Leg, int] | None:
        """Return the connection with an id and its number; None if the configuration has none with this id."""
        self.legs(deployment)
        return self._by_id[id(deployment)].get(name)

    def world(self, done: Done) -> World:
        """Return the world after some steps; a diagnosis in it compares with the certificates of all states.

        Args:
            done: keys of completed steps.

        Returns:
            The world.

        Raises:
            InputError: the settings contradict each other.
        """
        world = self._world_of.get(done)
        if world is None:
            effective = frozenset([step.key for step in self.change.in_effect(done)])
            world = self._worlds.get(effective)
            if world is None:
                world = self._worlds[effective] = self.change.world(done)
                vars(world)["known_certificates"] = self._known  # acceptance does not read it; collecting takes time
            self._world_of[done] = world
        return world

    def states(self, done: Done) -> dict[str, State]:
        """Return the state of each connection of the configuration after some steps, by id.

        A connection that the change adds is there as soon as somebody is led to it: not before DNS has its SRV record.

        Args:
            done: keys of completed steps.

        Returns:
            The states.

        Raises:
            InputError: the settings contradict each other.
        """
        found = self._states.get(done)
        if found is None:
            world, at = self.world(done), self.change.time(done)
            found = {
                leg.id: self._state(leg, number, world, at)
                for leg, number in self.legs(world.deployment)
                if self._is_offered(leg, world)
            }
            self._states[done] = found
        return found

    def state(self, name: str, done: Done) -> State | None:
        """Return the state of one connection; None if the configuration after these steps has no such connection.

        Args:
            name: the id of the connection.
            done: keys of completed steps.

        Returns:
            The state.

        Raises:
            InputError: the settings contradict each other.
        """
        world = self.world(done)
        found = self.leg(world.deployment, name)
        if found is None or not self._is_offered(found[0], world):
            return None
        return self._state(*found, world, self.change.time(done))

    def is_offered(self, name: str, done: Done) -> bool:
        """Return True if somebody can be on the way to a connection: DNS has its SRV record, or today has the connection.

        Args:
            name: the id of the connection.
            done: keys of completed steps; their settings do not contradict each other.

        Returns:
            False for a connection that the change adds, and to which no SRV record leads yet.
        """
        world = self.world(done)
        found = self.leg(world.deployment, name)
        return found is None or self._is_offered(found[0], world)

    def _is_offered(self, leg: Leg, world: World) -> bool:
        if leg.discovered_by not in world.unresolved:
            return True
        return self.leg(self.change.today.deployment, self.change.id_today(leg.id)) is not None

    def knows_one_up(self, states: Iterable[Done]) -> bool:
        """Return True if a connection is known to be up in one of these states, or if none of them lacks files."""
        found = {state for done in states for state in self.states(done).values()}
        return State.UP in found or State.NOT_ASSESSED not in found

    def facts(self, name: str, done: Done) -> Hashable:
        """Return everything that decides about one connection; equal for two states means the same verdict.

        Args:
            name: the id of the connection.
            done: keys of completed steps.

        Returns:
            A value to compare; None if there is no such connection, or the settings contradict each other.

        Raises:
            InputError: the settings contradict each other.
        """
        world = self.world(done)
        found = self.leg(world.deployment, name)
        return self._facts(*found, world, self.change.time(done)) if found is not None else None

    def _state(self, leg: Leg, number: int, world: World, at: datetime) -> State:
        client, server = world.parties[leg.client], self._server(leg, world)
        quick = (number, id(client), id(server), self._facet(world.deployment), at, _lacking(leg, world))
        state = self._quick.get(quick)
        if state is None:
            facts = self._facts(leg, number, world, at)
            state = self._judged.get(facts)
            if state is None:
                state = self._judged[facts] = self._judge(leg, world, at)
            self._quick[quick] = state
        return state

    def _judge(self, leg: Leg, world: World, at: datetime) -> State:
        if not self._unknown:
            return judge_leg(leg, world, at).state
        kept = self._assessments.get(id(world))
        if kept is None:
            kept = self._assessments[id(world)] = (world, Assessment(known_part(world), at))
        return kept[1].of(leg).state

    @staticmethod
    def _server(leg: Leg, world: World) -> Party:
        led = world.points.get(leg.server if leg.discovered_by else leg.reference_name, ())
        return world.parties[leg.server if not led or leg.server in led else led[0]]

    def _facts(self, leg: Leg, number: int, world: World, at: datetime) -> Hashable:
        client, server = world.parties[leg.client], self._server(leg, world)
        about = (number, self._facet(world.deployment), at, _lacking(leg, world))
        if self._unknown:
            return (*about, self._object(client), self._object(server))
        dialling, dialled = client.as_client(leg.port), server.as_server(leg.port, leg.reference_name)
        of_server = (self._shown(dialled.credential), *self._sent(dialled, world, at))
        of_client: tuple[Hashable, ...] = ()
        if leg.client_verifies:
            of_client += (self._certificates(dialling.trusted_ca_list),)
        if leg.mutual:
            of_client += (self._shown(dialling.credential), *self._sent(dialling, world, at))
            of_server += (self._certificates(dialled.trusted_ca_list),)
        return (*about, of_client, of_server)

    def _sent(self, party: Party, world: World, at: datetime) -> Iterable[Hashable]:
        if party.credential is None:
            return ()
        clock = world.clock_of(party.fqdn, at)
        sent = chain_to_present(party.credential.chain, party.trusted_ca_list, clock)
        if sent is party.credential.chain:
            return (self._certificates(sent),)
        return (self._number(tuple(map(self._certificate, sent))),)  # made for this question only: nothing to keep

    def _shown(self, credential: Credential | None) -> Hashable:
        if credential is None:
            return None
        return (self._certificates(credential.chain), self._object(credential.key) if credential.key else 0)

    def _certificates(self, chain: _Chain) -> int:
        kept = self._chains.get(id(chain))
        if kept is None or kept[0] is not chain:
            kept = self._chains[id(chain)] = (chain, self._number(tuple(map(self._certificate, chain))))
        return kept[1]

    def _certificate(self, certificate: x509.Certificate) -> int:
        kept = self._objects.get(id(certificate))
        if kept is None or kept[0] is not certificate:
            kept = self._objects[id(certificate)] = (certificate, self._number(certificate))
        return kept[1]

    def _object(self, value: object) -> int:
        kept = self._objects.get(id(value))
        if kept is None or kept[0] is not value:
            kept = self._objects[id(value)] = (value, self._number(("object", id(value))))
        return kept[1]

    def _facet(self, deployment: Deployment) -> int:
        found = self._facets.get(id(deployment))
        if found is None:
            found = self._facets[id(deployment)] = self._number(deployment.model_dump_json(include=_READ))
        return found

    def _number(self, value: Hashable) -> int:
        return self._numbers.setdefault(value, len(self._numbers))


def _lacking(leg: Leg, world: World) -> tuple[str, ...]:
    """Return the names of the connection that DNS lacks; `is_offered` asks about the first one by itself."""
    dialled = (leg.discovered_by, leg.server) if leg.discovered_by else (leg.reference_name,)
    return tuple(name for name in dialled if name in world.unresolved)
