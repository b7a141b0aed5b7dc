"""Does the steps of a plan in a running lab, each the way its owner does it, and undoes them.

On an Expressway, the same code runs as behind its pages: a certificate is pending until the peer restarts. Other machines use
what they get at once, unless the plan names a restart for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import PkikitError
from pkikit.files import key_pem
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import title
from pkikit.model.findings import Finding
from pkikit.model.places import deployment_with
from pkikit.model.tables.log_events import CONFIGURATION_CHANGED
from pkikit.model.world import Party, World
from pkikit.planning.change import Change
from pkikit.planning.difference.changed_machines import group_in
from pkikit.planning.difference.party_steps import held_in
from pkikit.planning.steps import Action, SettingChange, Step
from pkikit.text import counted, listed
from pkikit.worlds.copied_stores import with_copied_stores
from simulator.connections.context import LabContext
from simulator.errors import LabError
from simulator.lab.world_changes import WorldChanges
from simulator.peer.peer import Peer
from simulator.peer.state import fingerprint_of
from simulator.peer.step_result import StepResult

Tick = Callable[[], Awaitable[None]]
_NO_WAY_BACK = {
    Action.UPGRADE: "an upgrade copies stores, and the lab cannot go back to the older version",
    Action.RESTART: "a restart is over; undo the steps that it put into effect, and restart once more",
    Action.WAIT: "time does not run backwards",
}


class PlanSteps:
    """The steps in one lab, one after the other."""

    def __init__(self, context: LabContext, changes: WorldChanges, peers: Mapping[str, Peer], tick: Tick) -> None:
        self._context, self._changes, self._peers, self._tick = context, changes, peers, tick
        self._lock = asyncio.Lock()
        self._waiting: dict[str, Step] = {}  # settings and loads that wait for a restart, by key
        self._earlier: dict[str, Party] = {}  # the machine before each step, for the way back
        self._renamed: dict[str, str] = {}

    @property
    def waiting(self) -> tuple[str, ...]:
        """The keys of steps that are done and wait for a restart, apart from what is loaded on Expressways."""
        return tuple(self._waiting)

    @property
    def restart_needed(self) -> tuple[str, ...]:
        """The Expressways that have to restart before what is loaded there is in use."""
        return tuple(fqdn for fqdn, peer in self._peers.items() if peer.restart_needed)

    def after_restart(self) -> World:
        """Return the world as it will be once every machine has restarted: what a lab that starts again has."""
        world = self._context.world
        if not self._waiting:
            return world
        try:
            return self._after(world, list(self._waiting.values()))
        except PkikitError:  # a later setting contradicts one that waits
            return world

    async def do(self, step: Step, *, waits: bool | None = None, new: Mapping[str, Party] | None = None) -> StepResult:
        """Do a step.

        Args:
            step: the step. A load needs its private key.
            waits: whether a restart puts it into effect, as the plan says. None: as the lab knows it: certificates of
                Expressways, the TLS mode of a cluster and names of machines wait; everything else works at once.
            new: machines that this step brings into the deployment, as they will be.

        Returns:
            What happened.

        Raises:
            LabError: the lab has no such machine, or a private key is missing.
            InputError: the machine refuses the file, or the settings contradict each other.
        """
        async with self._lock:
            if new:
                known = self._context.world.parties
                added = {fqdn: party for fqdn, party in new.items() if fqdn not in known}
                self._changes.change(replace(self._context.world, parties={**known, **added}))
            machine = self._machine(step)
            if machine is not None:
                self._earlier.setdefault(step.key, machine)
            return await self._do(step, _waits(step) if waits is None else waits)

    async def undo(self, step: Step, *, was: Credential | None = None) -> StepResult:
        """Undo a step, as its owner would: with the opposite step.

        Args:
            step: a step that was done.
            was: the certificate before a load; None if this lab did the load and remembers it.

        Returns:
            What happened. An Expressway uses its earlier certificate again after a restart.

        Raises:
            LabError: the step has no way back, or nobody knows what was there before.
        """
        if step.action in _NO_WAY_BACK:
            raise LabError(f"{step.key} cannot be undone: {_NO_WAY_BACK[step.action]}")
        async with self._lock:
            if self._waiting.pop(step.key, None) is not None:
                return StepResult(says=f"{step.key} no longer waits for a restart.")
            before = self._earlier.pop(step.key, None)
            return await self._do(self._opposite(step, before, was), waits=False)

    def _opposite(self, step: Step, before: Party | None, was: Credential | None) -> Step:
        match step.action:
            case Action.APPEND_CA:
                had = before.listed if before is not None else ()
                return replace(
                    step, action=Action.REMOVE_CA, certificates=tuple(c for c in step.certificates if c not in had)
                )
            case Action.REMOVE_CA:
                return replace(step, action=Action.APPEND_CA)
            case Action.SET:
                back = tuple(SettingChange(place=s.place, old=s.new, new=s.old) for s in step.settings)
                renames = tuple((self._name(old), old) for old, _ in step.renames)
                return replace(step, settings=back, renames=renames)
            case Action.DNS:
                return replace(step, names=step.gone, gone=step.names)
            case _:
                held = was or (self._held(before, step.place) if before is not None else None)
                if held is None:
                    raise LabError(f"{step.key} cannot be undone: nobody gave the certificate that was there before")
                return replace(step, credential=held)

    def _held(self, party: Party, place: str) -> Credential | None:
        return held_in(party, place, group_in(self._context.deployment, party.fqdn))

    async def _do(self, step: Step, waits: bool) -> StepResult:
        if step.loads and (step.credential is None or step.credential.key is None):
            raise LabError(f"{step.key}: the private key is missing, so {step.machine} cannot present the certificate")
        peer = self._peers.get(self._name(step.machine)) if step.changes_list or step.loads else None
        if peer is not None:
            return await self._on_peer(peer, step)
        match step.action:
            case Action.RESTART:
                return self._restart(step)
            case Action.WAIT:
                return await self._wait(step)
            case Action.UPGRADE:
                return self._upgrade(step)
            case _ if waits:
                self._require_possible(step)
                self._waiting[step.key] = step
                return StepResult(says=f"{_done(step)} It works after the restart.", pending=True)
            case _:
                return self._at_once(step)

    # On an Expressway.

    async def _on_peer(self, peer: Peer, step: Step) -> StepResult:
        match step.action:
            case Action.APPEND_CA:
                new = [c for c in step.certificates if c not in peer.state.trusted_ca_list]
                if not new:
                    return StepResult(says=f"The trusted CA list of {peer.fqdn} has them already.", changed=False)
                warnings = await peer.trust(_pem(step.certificates), append=True)
                says = (
                    f"{counted(len(new), 'CA')} appended to the trusted CA list of {peer.fqdn}, which uses it at once."
                )
                return StepResult(says=says, warnings=warnings)
            case Action.REMOVE_CA:
                found = [c for c in step.certificates if c in peer.state.trusted_ca_list]
                for certificate in found:
                    await peer.distrust(fingerprint_of(certificate))
                says = f"{counted(len(found), 'CA')} removed from the trusted CA list of {peer.fqdn}."
                return StepResult(says=says, changed=bool(found))
            case _:
                return await self._load(peer, step)

    async def _load(self, peer: Peer, step: Step) -> StepResult:
        credential = step.credential
        assert credential is not None and credential.key is not None  # noqa: PT018 - checked before
        store, _, domain = step.place.partition(" ")
        files = (credential.pem(), key_pem(credential.key))
        warnings: tuple[Finding, ...] = ()
        if store == "domain":
            await peer.load_domain_certificate(domain, *files)
        elif store == "client" or step.action is Action.LOAD_CLIENT:
            warnings = await peer.load_client_certificate(*files)
        else:
            warnings = await peer.upload(*files)
        says = f"The {step.place or 'server'} certificate of {peer.fqdn} is loaded."
        waits = peer.restart_needed
        return StepResult(
            says=f"{says} It works after the restart." if waits else says, pending=waits, warnings=warnings
        )

    # On all machines.

    def _restart(self, step: Step) -> StepResult:
        found = [s for key, s in self._waiting.items() if key in step.activates or self._is_of(s, step.machine)]
        if found:
            self._apply(found)
            for done in found:
                self._waiting.pop(done.key, None)
        name = self._name(step.machine)
        party = self._party(name)
        if name in self._peers:
            self._peers[name].restart()
        else:
            self._changes.restart(party, "restarted by its administrator")
        return StepResult(says=f"{name} restarted.")

    def _is_of(self, step: Step, machine: str) -> bool:
        return step.action is not Action.SET and step.machine == machine

    async def _wait(self, step: Step) -> StepResult:
        clock, until = self._context.clock, step.until
        if until is None or until <= clock.now():
            return StepResult(says="That time has come already.", changed=False)
        clock.travel(until - clock.now())
        await self._tick()
        self._changes.settle()
        return StepResult(says=f"The lab's clock shows {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC.")

    def _upgrade(self, step: Step) -> StepResult:
        world = self._context.world
        deployment = deployment_with(world.deployment, {s.place: s.new for s in step.settings})
        if deployment == world.deployment:
            return StepResult(says=f"All Expressways run {deployment.version} already.", changed=False)
        for fqdn, peer in self._peers.items():  # what is loaded is in use after the upgrade, which restarts
            world = world.with_party(peer.state.as_party(world.parties[fqdn]))
        world = with_copied_stores(world, world.deployment.product_version, deployment)
        self._changes.change(replace(world, deployment=deployment))
        return StepResult(says=f"All Expressways run {deployment.version}, and restarted.")

    def _at_once(self, step: Step) -> StepResult:
        before = self._context.world
        self._apply([step])
        after = self._context.world
        same = before is after or _contents(before) == _contents(after)
        return StepResult(says=_done(step), changed=not same)

    def _apply(self, steps: list[Step]) -> None:
        """Put other machines, settings and names into the state after these steps."""
        world = self._context.world
        after = self._after(world, steps)
        if after.deployment == world.deployment:
            after = replace(after, deployment=world.deployment)
        if _contents(after) != _contents(world):
            self._changes.change(_without_overrides(after, world))
        for step in steps:
            for old, new in step.renames:
                self._rename(old, new)
            if step.action is Action.SET:
                places = ", ".join(s.place for s in step.settings)
                self._context.log(CONFIGURATION_CHANGED, f"{step.key}: {places}")

    def _after(self, world: World, steps: list[Step]) -> World:
        named = [
            replace(s, machine=self._name(s.machine), renames=tuple((self._name(a), b) for a, b in s.renames))
            for s in steps
        ]
        change = Change(today=world, tomorrow=world, at=self._context.now(), steps=tuple(named))
        return change.world(frozenset(step.key for step in named))

    def _require_possible(self, step: Step) -> None:
        self._after(self._context.world, [*self._waiting.values(), step])

    def _machine(self, step: Step) -> Party | None:
        """Return the machine of a step before it.

        Raises:
            LabError: the lab has no such machine.
        """
        if not (step.changes_list or step.loads or step.action is Action.RESTART):
            return None
        name = self._name(step.machine)
        party = self._party(name)
        peer = self._peers.get(name)
        return peer.state.as_party(party) if peer is not None else party

    def _party(self, name: str) -> Party:
        parties = self._context.world.parties
        if name not in parties:
            raise LabError(f"this lab has no machine {name!r}; there are {listed(list(parties), at_most=8)}")
        return parties[name]

    def _name(self, fqdn: str) -> str:
        """Return what a machine of the plan is called now: steps name machines as they were called before the plan."""
        return self._renamed.get(fqdn, fqdn)

    def _rename(self, old: str, new: str) -> None:
        first = next((name for name, now in self._renamed.items() if now == old), old)
        self._renamed[first] = new


def _done(step: Step) -> str:
    """Return what was done, in a sentence."""
    names = listed([title(certificate) for certificate in step.certificates], at_most=3)
    where = f"the {step.place} of {step.machine}" if step.place else step.machine
    match step.action:
        case Action.APPEND_CA:
            return f"Now {where} trusts {names}."
        case Action.REMOVE_CA:
            return f"Now {where} does not trust {names}."
        case Action.LOAD | Action.LOAD_CLIENT:
            return f"The new certificate of {step.machine} is loaded."
        case Action.DNS:
            return "DNS has the new names."
        case _:
            return f"{step.key} is done."


def _waits(step: Step) -> bool:
    return bool(step.renames) or any(s.place.endswith(".cluster_tls") for s in step.settings)


def _pem(certificates: tuple[x509.Certificate, ...]) -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in certificates)


def _contents(world: World) -> tuple[object, ...]:
    return world.deployment, dict(world.parties), world.unresolved


def _without_overrides(after: World, before: World) -> World:
    """Return the world without what pages set for a cluster where the deployment now says something else."""
    old, new = before.deployment, after.deployment
    if old is new:
        return after
    switches = {c.name: (c.eku_checking, c.server_eku_upload) for c in old.clusters}
    changed = {c.name for c in new.clusters if switches.get(c.name) != (c.eku_checking, c.server_eku_upload)}
    kept = partial(_without, names=changed)
    return replace(
        after,
        eku_checking=kept(after.eku_checking),
        server_eku_upload=kept(after.server_eku_upload),
        revocation=after.revocation if old.revocation == new.revocation else {},
    )


def _without(values: Mapping[str, bool], names: set[str]) -> dict[str, bool]:
    return {name: value for name, value in values.items() if name not in names}
