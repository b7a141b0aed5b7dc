"""The lab on disk: its CA, its accounts, the other parties' certificates, the clock. Peers keep their own state beside it.

One file of mode 0600, replaced whole. A folder holds one deployment; started again, the lab goes on where it was.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.files import write_private
from pkikit.issue.authority import Authority
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import title
from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.world import Party, World
from pkikit.reading.saved import certificates_in
from pkikit.values.names import printable
from simulator.clock import Clock
from simulator.errors import LabError
from simulator.peer.installation import installed
from simulator.peer.state import PeerState
from simulator.peer.store import (
    PeerStore,
    built,
    clear_remains,
    credential_document,
    credential_from,
    make_private_folder,
    read_document,
)
from simulator.settings import LabSettings
from simulator.web.doorkeeper import Accounts
from simulator.world.issued_world import IssuedWorld, issue_world

FILE, LOCK = "lab.json", ".lock"
# What a lab writes beside its own file, in its folder and in those of its parties.
_TRACES = ("root.pem", "events.jsonl", "tls-keys.log")
_PEER_TRACES = ("peer.json", "key.pem", "cert.pem", "trust.pem")


@dataclass(frozen=True, kw_only=True)
class KeptLab:
    """What a lab goes on with."""

    issued: IssuedWorld
    passwords: dict[str, str]
    travelled: timedelta


class LabStore:
    """Reads and writes the lab's own file in its folder. One process at a time: see `hold`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / FILE

    def hold(self) -> IO[bytes]:
        """Lock the folder until the file that is returned is closed; the kernel lets go of it when the process dies.

        Raises:
            LabError: another lab uses the folder.
            InputError: the folder cannot be made or written to.
        """
        make_private_folder(self.folder)
        try:
            descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise InputError(f"cannot be used: {error.strerror}", where=str(self.folder)) from None
        with ExitStack() as stack:
            held = stack.enter_context(os.fdopen(descriptor, "r+b", buffering=0))
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LabError(f"{self.folder} is in use by the lab with process {_process_in(held)}") from None
            except OSError as error:
                raise LabError(f"{self.folder} cannot be locked: {error.strerror}") from None
            held.truncate(0)
            held.write(b"%d\n" % os.getpid())
            stack.pop_all()
        return held

    def load(self, deployment: Deployment) -> KeptLab | None:
        """What the last lab of this deployment left; None in a new folder.

        Raises:
            InputError: the folder holds another lab, or files of a lab without its own file, or its file is damaged.
        """
        clear_remains(self._path)
        if not self._path.exists():
            self._require_new()
            return None
        document, name, names = read_document(
            self._path, "a lab", lambda read: (read, str(read["deployment"]), tuple(map(str, read["parties"])))
        )
        if name != deployment.name or set(deployment.parties) - set(names):
            held = printable(f"{name!r} with {', '.join(names)}"[:500])
            raise InputError(
                f"holds the lab {held}; choose another folder for {deployment.name!r}", where=str(self.folder)
            )
        return built(self._path, "a lab", lambda: _kept(document, deployment))

    def _require_new(self) -> None:
        """A folder with keys and certificates of a lab is never taken for a new one: they would be overwritten."""
        traces = [name for name in _TRACES if (self.folder / name).exists()]
        traces += [str(p.relative_to(self.folder)) for name in _PEER_TRACES for p in self.folder.glob(f"*/{name}")]
        if traces:
            raise InputError(
                f"holds files of a lab ({printable(sorted(traces)[0])}) but not its {FILE}; put {FILE} back, or choose "
                "an empty folder. Nothing was changed",
                where=str(self.folder),
            )

    def save(self, issued: IssuedWorld, world: World, passwords: dict[str, str], travelled: timedelta) -> None:
        """Write everything, whole or not at all."""
        document = {
            "deployment": world.deployment.name,
            "travelled_seconds": travelled.total_seconds(),
            "passwords": passwords,
            "root": _authority_document(issued.root),
            "issuing": _authority_document(issued.authority),
            "revocation": {cluster: r.model_dump(mode="json") for cluster, r in world.revocation.items()},
            "parties": {fqdn: _party_document(party) for fqdn, party in world.parties.items()},
        }
        make_private_folder(self.folder)
        write_private(self._path, json.dumps(document, indent=1).encode("ascii"))


def _process_in(held: IO[bytes]) -> str:
    """The process number that the other lab wrote into its lock."""
    number = held.read(20).strip()
    return number.decode("ascii") if number.isdigit() else "of an unknown number"


def _authority_document(authority: Authority) -> dict[str, str] | None:
    chain = (authority.certificate, *authority.parents)
    return credential_document(Credential(chain=chain, key=authority.key))


def _authority(document: dict[str, str]) -> Authority:
    held = credential_from(document)
    if held is None or held.key is None:
        raise ValueError("a CA without its key")
    if not held.key_matches:
        raise InputError(f"the key beside the certificate of {title(held.leaf)} belongs to another certificate")
    return Authority(certificate=held.leaf, key=held.key, parents=held.intermediates)


def _party_document(party: Party) -> dict[str, Any]:
    trusted = "".join(c.public_bytes(Encoding.PEM).decode("ascii") for c in party.trusted_ca_list)
    services = {str(port): credential_document(c) for port, c in party.services.items()}
    return {"credential": credential_document(party.credential), "services": services, "trusted": trusted}


def _kept(document: dict[str, Any], deployment: Deployment) -> KeptLab:
    parties = {fqdn: _party_from(fqdn, held) for fqdn, held in document["parties"].items()}
    root, issuing = _authority(document["root"]), _authority(document["issuing"])
    settings = {cluster: Revocation.model_validate(held) for cluster, held in document["revocation"].items()}
    passwords = document["passwords"]
    if set(passwords) != set(Accounts.create()) or not all(w and isinstance(w, str) for w in passwords.values()):
        raise ValueError("passwords")
    travelled = timedelta(seconds=document["travelled_seconds"])
    Clock(travelled)  # raises where no clock can be
    return KeptLab(
        issued=IssuedWorld(
            world=World(deployment=deployment, parties=parties, revocation=settings), authority=issuing, root=root
        ),
        passwords=dict(passwords),
        travelled=travelled,
    )


def _party_from(fqdn: str, held: dict[str, Any]) -> Party:
    trusted = held["trusted"]
    return Party(
        fqdn=fqdn,
        credential=credential_from(held["credential"]),
        services={int(port): c for port, d in held["services"].items() if (c := credential_from(d)) is not None},
        trusted_ca_list=certificates_in(trusted) if trusted else (),
    )


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What a lab starts with, and the state of each peer that has one."""

    issued: IssuedWorld
    world: World
    passwords: dict[str, str]
    states: dict[str, PeerState]
    notes: tuple[tuple[str, str], ...] = ()  # (party, what is odd in its files)


def begin(
    deployment: Deployment,
    settings: LabSettings,
    clock: Clock,
    prepare: Callable[[World], World] | None,
    halted: Callable[[], bool] = lambda: False,
) -> Beginning:
    """From the state folder where there is something in it, else newly issued; the clock goes on where it was.

    halted: asked now and then; once it says yes nothing more is made or written.
    """
    store = LabStore(settings.state) if settings.state is not None else None
    kept = store.load(deployment) if store else None
    states: dict[str, PeerState] = {}
    notes: list[tuple[str, str]] = []
    if store is not None and kept is not None:
        clock.travel(kept.travelled - clock.travelled)
        states = _load_states(store.folder, deployment, notes)
        issued, passwords = kept.issued, kept.passwords
        world = _with_peer_states(issued.world, states)
    else:
        at = clock.now()
        issued, passwords = issue_world(deployment, at=at, rsa=settings.rsa, halted=halted), Accounts.create()
        world = replace(issued.world, published={})  # the lab's CAs publish live
        if settings.fresh:
            states = {fqdn: installed(fqdn, at) for fqdn in deployment.peers}
            world = _with_peer_states(world, states)
    before, world = world, prepare(world) if prepare else world
    for fqdn, state in states.items():
        party = world.parties[fqdn]
        if party is not before.parties[fqdn]:  # brought from outside, over what was there
            states[fqdn] = replace(state.carrying(party), certificate=party.credential)
    if store is not None and not halted():
        store.save(issued, world, passwords, clock.travelled)
    notes += [(fqdn, _WRONG_KEY) for fqdn, party in world.parties.items() if not _keys_match(party)]
    return Beginning(issued=issued, world=world, passwords=passwords, states=states, notes=tuple(notes))


_WRONG_KEY = "the key beside its certificate belongs to another certificate"


def _keys_match(party: Party) -> bool:
    return all(held.key is None or held.key_matches for held in party.credentials)


def _load_states(folder: Path, deployment: Deployment, notes: list[tuple[str, str]]) -> dict[str, PeerState]:
    states = {}
    for fqdn in deployment.peers:
        left_out: list[str] = []
        state = PeerStore(folder / fqdn).load(left_out.append)
        notes += [(fqdn, f"a CRL in its state was left out: {why}") for why in left_out]
        if state is not None:
            states[fqdn] = state
    return states


def _with_peer_states(world: World, states: dict[str, PeerState]) -> World:
    """The world with what lies on each peer's disk: what was loaded is at work after this start."""
    for fqdn, state in states.items():
        party = world.parties[fqdn]
        world = world.with_party(replace(state.at_work(party), trusted_ca_list=state.trusted_ca_list, held=state.held))
    return world
