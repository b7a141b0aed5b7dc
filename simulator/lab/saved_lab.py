"""The lab on disk: its CA, its accounts, the other parties' certificates, the clock. Peers store their own state next to it.

One file of mode 0600, replaced as a whole. A folder belongs to one deployment; a lab that starts again resumes from it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import IO, Annotated, Any

from pydantic import PlainSerializer, PlainValidator

from pkikit.errors import InputError
from pkikit.files import read_bytes, write_private
from pkikit.issue.authority import Authority
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import title
from pkikit.model.codec.document import Codec
from pkikit.model.deployment import Deployment
from pkikit.model.version import ProductVersion
from pkikit.model.world import Party, World
from pkikit.text import printable
from pkikit.worlds.copied_stores import with_copied_stores
from pkikit.worlds.issued_world import IssuedWorld, issue_world
from simulator.clock import Clock
from simulator.errors import LabError
from simulator.peer.format_0 import separate_certificates, unicode_only, upgrade_credential
from simulator.peer.installation import new_installation
from simulator.peer.state import PeerState
from simulator.peer.store import PeerStore, clear_remains, make_private_folder
from simulator.settings import LabSettings
from simulator.web.doorkeeper import Accounts

FILE, LOCK = "lab.json", ".lock"
# What a lab writes beside its own file, in its folder and in those of its parties.
_TRACES = ("root.pem", "events.jsonl", "tls-keys.log")
_PEER_TRACES = ("peer.json", "key.pem", "cert.pem", "trust.pem")


@dataclass(frozen=True, kw_only=True)
class SavedLab:
    """What a lab resumes with. The saved world does not include its deployment, which has its own file.

    version: the product version that the lab ran; a deployment file with a later one is an upgrade. Empty in older files.
    file: the deployment file that the lab started with, as JSON. configured: the deployment that work in the running lab made of
    it; empty if nobody changed it. It counts as long as the file stays the same. brought: a digest of the files of `--certs` that
    are in it, so that the same files do not take back what was changed since.
    """

    passwords: Mapping[str, str] = field(repr=False)
    travelled: timedelta
    root: Authority
    issuing: Authority
    world: World
    version: str = ""
    file: str = ""
    configured: str = ""
    brought: str = ""


@cache
def lab_codec() -> Codec[SavedLab]:
    """Return the codec of `lab.json`; the first call makes it. The document contains private keys.

    The codec writes the world's deployment as its name; a reader passes the deployment in the context.
    """
    deployment = Annotated[
        Any,
        PlainValidator(lambda _, info: info.context[_DEPLOYMENT]),
        PlainSerializer(lambda d: d.name, return_type=str),
    ]
    return Codec(SavedLab, "a lab", upgrades={0: _upgrade}, leaves={Deployment: deployment})


_DEPLOYMENT = "deployment"


def _upgrade(old: dict[str, Any]) -> dict[str, Any]:
    """Return a document without a format number in format 1. It had only revocation settings and parties of the world."""
    old = unicode_only(old)
    parties = {
        fqdn: {
            "fqdn": fqdn,
            "credential": upgrade_credential(party["credential"]),
            "services": {port: upgrade_credential(held) for port, held in party["services"].items()},
            "trusted_ca_list": separate_certificates(party["trusted"]) if party["trusted"] else [],
        }
        for fqdn, party in old.pop("parties").items()
    }
    world = {"deployment": old.pop("deployment"), "parties": parties, "revocation": old.pop("revocation")}
    travelled = old.pop("travelled_seconds")
    authorities = {name: _upgrade_authority(old[name]) for name in ("root", "issuing")}
    return {**old, **authorities, "travelled": travelled, "world": world}


def _upgrade_authority(old: dict[str, str]) -> dict[str, Any]:
    certificate, *parents = separate_certificates(old["chain"])
    return {"certificate": certificate, "key": old["key"], "parents": parents}


class LabStore:
    """Reads and writes the lab's own file in its folder. `hold` locks the folder for one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / FILE

    def hold(self) -> IO[bytes]:
        """Lock the folder until the caller closes the returned file. The kernel releases the lock when the process dies.

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

    def load(self, deployment: Deployment) -> SavedLab | None:
        """Return what the last lab of this deployment saved; None for a new folder.

        Raises:
            InputError: the folder belongs to another lab, has files of a lab without its own file, or its file is damaged.
        """
        clear_remains(self._path)
        if not self._path.exists():
            self._require_new()
            return None
        where = str(self._path)
        document = lab_codec().read(read_bytes(self._path), where=where)
        self._require_same(document, deployment)
        given, deployment = deployment, _configured(document, deployment, where)
        saved = lab_codec().value(document, where=where, context={_DEPLOYMENT: deployment})
        problem = _problem_of(saved)
        if problem:
            raise InputError(f"is not a lab that this version can use: {problem}", where=where)
        return saved if deployment is not given else replace(saved, world=_within(saved.world, deployment))

    def _require_same(self, document: dict[str, Any], deployment: Deployment) -> None:
        """Check that the folder belongs to this deployment and has every party of it."""
        world = document.get("world")
        members: dict[str, Any] = world if isinstance(world, dict) else {}
        name, parties = members.get("deployment"), members.get("parties")
        if document.get("file") == deployment.model_dump_json():
            return  # its machines may be renamed
        if not isinstance(name, str) or not isinstance(parties, dict):
            return  # the codec says what is wrong with it
        if name != deployment.name or set(deployment.parties) - set(parties):
            held = printable(f"{name!r} with {', '.join(parties)}", 500)
            raise InputError(
                f"contains the lab {held}; choose another folder for {deployment.name!r}", where=str(self.folder)
            )

    def _require_new(self) -> None:
        """Refuse a folder with keys and certificates of a lab as a new one: the new lab would overwrite them."""
        traces = [name for name in _TRACES if (self.folder / name).exists()]
        traces += [str(p.relative_to(self.folder)) for name in _PEER_TRACES for p in self.folder.glob(f"*/{name}")]
        if traces:
            raise InputError(
                f"contains files of a lab ({printable(sorted(traces)[0])}) but not its {FILE}; put {FILE} back, or choose "
                "an empty folder. Nothing was changed",
                where=str(self.folder),
            )

    def save(
        self,
        issued: IssuedWorld,
        world: World,
        passwords: Mapping[str, str],
        travelled: timedelta,
        *,
        file: Deployment,
        brought: str,
    ) -> None:
        """Write the whole file, or nothing if that fails.

        Args:
            file: the deployment that the lab started with.
            brought: the digest of the files that somebody brought.
        """
        saved = SavedLab(
            passwords=passwords,
            travelled=travelled,
            root=issued.root,
            issuing=issued.authority,
            world=world,
            version=world.deployment.version,
            file=file.model_dump_json(),
            brought=brought,
            configured="" if world.deployment == file else world.deployment.model_dump_json(),
        )
        make_private_folder(self.folder)
        write_private(self._path, lab_codec().to_bytes(saved))


def _process_in(held: IO[bytes]) -> str:
    """Return the process number that the other lab wrote into its lock file."""
    number = held.read(20).strip()
    return number.decode("ascii") if number.isdigit() else "of an unknown number"


def _problem_of(saved: SavedLab) -> str:
    """Return what is wrong with a lab whose members are valid only one by one; empty if nothing is."""
    for authority in (saved.root, saved.issuing):
        if not Credential(chain=(authority.certificate,), key=authority.key).key_matches:
            return f"the key next to the certificate of {title(authority.certificate)} belongs to another certificate"
    users = set(Accounts.create())
    if set(saved.passwords) != users or not all(saved.passwords.values()):
        return f"passwords: must be one text each for {', '.join(sorted(users))}"
    misplaced = next((fqdn for fqdn, party in saved.world.parties.items() if party.fqdn != fqdn), None)
    if misplaced is not None:
        return f"world.parties.{printable(misplaced, 80)}: fqdn must be the same name"
    try:
        Clock(saved.travelled)
    except InputError as error:
        return f"travelled: {error}"
    return ""


def _configured(document: dict[str, Any], file: Deployment, where: str) -> Deployment:
    """Return the deployment that the saved lab ran: what was made of this file, unless somebody edited the file since."""
    configured = document.get("configured")
    if not isinstance(configured, str) or not configured or document.get("file") != file.model_dump_json():
        return file
    try:
        return Deployment.model_validate_json(configured)
    except ValueError:
        raise InputError("configured: is not a deployment", where=where) from None


def _within(world: World, deployment: Deployment) -> World:
    """Return the saved world without what belongs to parties that the deployment no longer has."""
    known = {name for group in deployment.groups for name in group.members}
    return replace(
        world,
        parties={fqdn: party for fqdn, party in world.parties.items() if fqdn in known},
        points={name: to for name, to in world.points.items() if known.issuperset(to)},
        blocked=frozenset(pair for pair in world.blocked if pair[0] in known),
        cut=frozenset(pair for pair in world.cut if len(pair) == 2 and pair <= known),
        delays={fqdn: seconds for fqdn, seconds in world.delays.items() if fqdn in known},
        full=world.full & known,
        reverse={fqdn: name for fqdn, name in world.reverse.items() if fqdn in known},
    )


@dataclass(frozen=True, kw_only=True)
class LabStart:
    """What a lab starts with, and the stored state of each peer that has one."""

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
    brought: str = "",
) -> LabStart:
    """Return the start from the state folder, or a newly issued one. The clock resumes where it stopped.

    Args:
        halted: is called now and then; once it returns True, this function makes and writes nothing more.
        brought: a digest of what `prepare` brings. A lab that has it already resumes without `prepare`.
    """
    store = LabStore(settings.state) if settings.state is not None else None
    saved = store.load(deployment) if store else None
    states: dict[str, PeerState] = {}
    notes: list[tuple[str, str]] = []
    if store is not None and saved is not None:
        clock.travel(saved.travelled - clock.travelled)
        running = saved.world.deployment
        states = _load_states(store.folder, running, notes)
        saved, states = _upgraded(saved, states, running)
        issued = IssuedWorld(world=saved.world, authority=saved.issuing, root=saved.root)
        passwords = dict(saved.passwords)
        world = _with_peer_states(saved.world, states)
    else:
        at = clock.now()
        stop_if_halted = partial(_stop_if, halted)
        issued = issue_world(deployment, at=at, rsa=settings.rsa, before_key=stop_if_halted)
        passwords = Accounts.create()
        world = replace(issued.world, published={})  # the lab's CAs publish live
        if settings.fresh:
            states = {fqdn: new_installation(fqdn, at) for fqdn in deployment.peers}
            world = _with_peer_states(world, states)
    has_it = saved is not None and bool(brought) and saved.brought == brought
    before, world = world, prepare(world) if prepare and not has_it else world
    for fqdn, state in states.items():
        party = world.parties[fqdn]
        if party is not before.parties[fqdn]:  # brought from outside, over what was there
            states[fqdn] = replace(
                state.with_party_data(party), certificate=party.credential, client_certificate=party.client
            )
    if store is not None and not halted():
        store.save(issued, world, passwords, clock.travelled, file=deployment, brought=brought)
    notes += [(fqdn, _WRONG_KEY) for fqdn, party in world.parties.items() if not _keys_match(party)]
    return LabStart(issued=issued, world=world, passwords=passwords, states=states, notes=tuple(notes))


def _stop_if(halted: Callable[[], bool]) -> None:
    if halted():
        raise LabError("the start of the lab was interrupted")


def _upgraded(
    saved: SavedLab, states: dict[str, PeerState], deployment: Deployment
) -> tuple[SavedLab, dict[str, PeerState]]:
    """Return lab and peers after an upgrade to the version of the deployment file: X15.5 copies the server certificate.

    An older file does not say which version it ran; then nothing is copied, and both roles show the server certificate.
    """
    if not saved.version:
        saved, states = _with_issuing_ca(saved, states)
    before = ProductVersion.parse(saved.version) if saved.version else deployment.product_version
    world = with_copied_stores(saved.world, before, deployment)
    if world is saved.world:
        return saved, states
    return replace(saved, world=world), {fqdn: state.with_own_client_store() for fqdn, state in states.items()}


def _with_issuing_ca(saved: SavedLab, states: dict[str, PeerState]) -> tuple[SavedLab, dict[str, PeerState]]:
    """Return lab and peers with the issuing CA in lists that have the lab's root alone, as older labs made them.

    SSH tunnels send no CA certificate, so without it every tunnel would be down. Lists that somebody changed stay as they are.
    """
    root, both = (saved.root.certificate,), (saved.root.certificate, saved.issuing.certificate)
    world, changed = saved.world, dict(states)
    for fqdn, state in states.items():
        if state.trusted_ca_list == root:
            changed[fqdn] = replace(state, trusted_ca_list=both)
        party = world.parties.get(fqdn)
        if party is not None and party.trusted_ca_list == root:
            world = world.with_party(replace(party, trusted_ca_list=both))
    return replace(saved, world=world), changed


_WRONG_KEY = "the key next to its certificate belongs to another certificate"


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
    """Return the world with the stored state of each peer: a loaded certificate is in use after this start."""
    for fqdn, state in states.items():
        party = world.parties[fqdn]
        world = world.with_party(
            replace(state.as_party(party), trusted_ca_list=state.trusted_ca_list, held=state.revocation_data)
        )
    return world
