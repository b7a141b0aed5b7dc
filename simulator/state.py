"""The lab on disk: its CA, its accounts, the other parties' certificates, the clock. Peers keep their own state beside it.

One file of mode 0600, replaced whole. A folder holds one deployment; started again, the lab goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.files import read_bytes, write_private
from pkikit.issue.authority import Authority
from pkikit.model.credential import Credential
from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.world import Party, World
from simulator.clock import Clock
from simulator.peer.login import Accounts
from simulator.peer.peer import installed
from simulator.peer.state import PeerState
from simulator.peer.store import PeerStore, clear_remains, credential_document, credential_from
from simulator.settings import LabSettings
from simulator.world import IssuedWorld, issue_world

FILE = "lab.json"


@dataclass(frozen=True, kw_only=True)
class KeptLab:
    """What a lab goes on with."""

    issued: IssuedWorld
    passwords: dict[str, str]
    travelled: timedelta


class LabStore:
    """Reads and writes the lab's own file in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / FILE

    def load(self, deployment: Deployment) -> KeptLab | None:
        """What the last lab of this deployment left; None in a new folder, InputError in the folder of another one."""
        clear_remains(self._path)
        if not self._path.exists():
            return None
        try:
            document = json.loads(read_bytes(self._path))
            name, names = document["deployment"], list(document["parties"])
            if name != deployment.name or set(deployment.parties) - set(names):
                raise InputError(
                    f"holds the lab {name!r} with {', '.join(names)}; choose another folder for {deployment.name!r}",
                    where=str(self.folder),
                )
            return _kept(document, deployment)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError("is no lab that this version wrote", where=str(self._path)) from None

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
        write_private(self._path, json.dumps(document, indent=1).encode("ascii"))


def _authority_document(authority: Authority) -> dict[str, str] | None:
    chain = (authority.certificate, *authority.parents)
    return credential_document(Credential(chain=chain, key=authority.key))


def _authority(document: dict[str, str]) -> Authority:
    held = credential_from(document)
    if held is None or held.key is None:
        raise ValueError("a CA without its key")
    return Authority(certificate=held.leaf, key=held.key, parents=held.intermediates)


def _party_document(party: Party) -> dict[str, Any]:
    trusted = "".join(c.public_bytes(Encoding.PEM).decode("ascii") for c in party.trusted_ca_list)
    services = {str(port): credential_document(c) for port, c in party.services.items()}
    return {"credential": credential_document(party.credential), "services": services, "trusted": trusted}


def _kept(document: dict[str, Any], deployment: Deployment) -> KeptLab:
    parties = {}
    for fqdn, held in document["parties"].items():
        trusted = held["trusted"].encode("ascii")
        parties[fqdn] = Party(
            fqdn=fqdn,
            credential=credential_from(held["credential"]),
            services={int(port): c for port, d in held["services"].items() if (c := credential_from(d)) is not None},
            trusted_ca_list=tuple(x509.load_pem_x509_certificates(trusted)) if trusted else (),
        )
    root, issuing = _authority(document["root"]), _authority(document["issuing"])
    settings = {cluster: Revocation.model_validate(held) for cluster, held in document["revocation"].items()}
    world = World(deployment=deployment, parties=parties, revocation=settings)
    return KeptLab(
        issued=IssuedWorld(world=world, authority=issuing, root=root),
        passwords=dict(document["passwords"]),
        travelled=timedelta(seconds=document["travelled_seconds"]),
    )


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What a lab starts with, and the state of each peer that has one."""

    issued: IssuedWorld
    world: World
    passwords: dict[str, str]
    states: dict[str, PeerState]


def begin(
    deployment: Deployment, settings: LabSettings, clock: Clock, prepare: Callable[[World], World] | None
) -> Beginning:
    """From the state folder where there is something in it, else newly issued; the clock goes on where it was."""
    store = LabStore(settings.state) if settings.state is not None else None
    kept = store.load(deployment) if store else None
    states: dict[str, PeerState] = {}
    if store is not None and kept is not None:
        clock.travel(kept.travelled - clock.travelled)
        found = ((fqdn, PeerStore(store.folder / fqdn).load()) for fqdn in deployment.peers)
        states = {fqdn: state for fqdn, state in found if state is not None}
        issued, passwords = kept.issued, kept.passwords
        world = _with_peer_states(issued.world, states)
    else:
        at = clock.now()
        issued, passwords = issue_world(deployment, at=at, rsa=settings.rsa), Accounts.create()
        world = replace(issued.world, published={})  # the lab's CAs publish live
        if settings.fresh:
            states = {fqdn: installed(fqdn, at) for fqdn in deployment.peers}
            world = _with_peer_states(world, states)
    before, world = world, prepare(world) if prepare else world
    for fqdn, state in states.items():
        party = world.parties[fqdn]
        if party is not before.parties[fqdn]:  # brought from outside, over what was there
            states[fqdn] = replace(state.carrying(party), certificate=party.credential)
    if store is not None:
        store.save(issued, world, passwords, clock.travelled)
    return Beginning(issued=issued, world=world, passwords=passwords, states=states)


def _with_peer_states(world: World, states: dict[str, PeerState]) -> World:
    """The world with what lies on each peer's disk: what was loaded is at work after this start."""
    for fqdn, state in states.items():
        party = world.parties[fqdn]
        world = world.with_party(replace(state.at_work(party), trusted_ca_list=state.trusted_ca_list, held=state.held))
    return world
