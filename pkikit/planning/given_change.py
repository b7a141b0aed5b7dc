"""Read what somebody gave about today and tomorrow: deployment files, folders with certificates, goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from pkikit.errors import InputError
from pkikit.files import load_deployment
from pkikit.files.deployment_folder import certificates_of, find_deployment
from pkikit.model.certificates.facts import format_time
from pkikit.model.deployment import Deployment
from pkikit.model.world import Party, StandIns, World
from pkikit.planning.change import Change
from pkikit.planning.difference import difference_of
from pkikit.planning.goals.apply import apply_goals
from pkikit.planning.goals.given_ca import read_goal
from pkikit.planning.goals.on_the_way import change_of
from pkikit.worlds.following_world import following_world
from pkikit.worlds.issued_world import IssuedWorld, issue_world
from pkikit.worlds.renamed_machines import renames_between
from pkikit.worlds.world_files import world_of_files

_BEFORE = timedelta(days=1)  # the lab issued its certificates before the change begins
LAB_ISSUED = "No certificates were given, so today's are those that the lab issues: every connection is up today."


@dataclass(frozen=True, kw_only=True)
class GivenChange:
    """A change, and what its readers have to know about where it comes from.

    Attributes:
        change: the steps.
        notes: in sentences: what the lab made, stand-ins.
        originals: of a look-alike, the original certificate.
        stand_ins: certificates of tomorrow that another CA issues in fact.
    """

    change: Change
    notes: tuple[str, ...] = ()
    originals: Mapping[x509.Certificate, x509.Certificate] = field(default_factory=dict)
    stand_ins: frozenset[x509.Certificate] = frozenset()


@dataclass(frozen=True, kw_only=True)
class _Given:
    """One side: the machines; `issued` if the lab made their certificates."""

    deployment: Deployment
    world: World
    issued: IssuedWorld | None = None


def read_change(
    today: Path,
    tomorrow: Path | None = None,
    *,
    goals: Sequence[str] = (),
    certs_old: Path | None = None,
    certs_new: Path | None = None,
    at: datetime,
    rsa: bool = True,
) -> GivenChange:
    """Read today's machines and tomorrow's, and return what lies between.

    Args:
        today: a deployment file, an imported folder, or a folder in the layout of `--certs` with a deployment file.
        tomorrow: the same; None if goals say what changes, or if the deployment stays and the certificates change.
        goals: as a person writes them: `renew:e1.example.com`.
        certs_old: the folder with today's certificates, if it is another one.
        certs_new: the same for tomorrow.
        at: when the change begins.
        rsa: the lab makes RSA keys, where it makes any; otherwise keys that take less time.

    Returns:
        The change.

    Raises:
        InputError: something cannot be read, does not fit together, or nothing is said about tomorrow.
    """
    if goals and (tomorrow is not None or certs_new is not None):
        raise InputError(
            "a goal makes tomorrow from today: leave out tomorrow's file and certificates, or leave out the goal"
        )
    if not goals and tomorrow is None and certs_new is None:
        raise InputError(
            "nothing says what changes: give tomorrow's deployment or certificates, "
            "or a goal, as in pkikit plan TODAY --goal renew:PEER"
        )
    before = _read(today, certs_old, at=at, rsa=rsa)
    _require_time(before.world, at)
    notes = (LAB_ISSUED,) if before.issued is not None else ()
    if goals:
        return _of_goals(before, goals, at, notes)
    after, more = _tomorrow(before, today if tomorrow is None else tomorrow, certs_new, at=at, rsa=rsa)
    words = f"from {before.deployment.name} to {after.deployment.name}"
    goal = words if before.deployment.name != after.deployment.name else "from today's files to tomorrow's"
    return GivenChange(change=difference_of(before.world, after, at=at, goal=goal), notes=(*notes, *more))


def _read(path: Path, certificates: Path | None, *, at: datetime, rsa: bool) -> _Given:
    """Read one side: with its certificates, or as the lab issues them."""
    file = find_deployment(path)
    deployment, folder = load_deployment(file), _folder(path, file, certificates)
    if folder is None:
        issued = issue_world(deployment, at=at - _BEFORE, rsa=rsa)
        return _Given(deployment=deployment, world=issued.world, issued=issued)
    return _Given(deployment=deployment, world=_of_files(deployment, folder))


def _folder(path: Path, file: Path, certificates: Path | None) -> Path | None:
    if certificates is not None and not certificates.is_dir():
        raise InputError("is not a folder of certificates", where=str(certificates))
    return certificates or certificates_of(path, file)


def _of_files(deployment: Deployment, folder: Path) -> World:
    world = world_of_files(deployment, folder)
    if not any(party.credentials or party.listed for party in world.parties.values()):
        raise InputError(
            "has no certificate and no trusted CA list of any machine of this deployment", where=str(folder)
        )
    return replace(world, stand_ins=StandIns(unknown=True))


def _tomorrow(
    before: _Given, path: Path, certificates: Path | None, *, at: datetime, rsa: bool
) -> tuple[World, tuple[str, ...]]:
    """Return tomorrow's machines, and what to say about them.

    Args:
        before: today's.
        path: a deployment file or a folder.
        certificates: the folder of the certificates, if it is another one.
        at: when the change begins.
        rsa: the lab makes RSA keys.

    Returns:
        The machines, and sentences.

    Raises:
        InputError: there are certificates of tomorrow, and none of today.
    """
    file = find_deployment(path)
    deployment, folder = load_deployment(file), _folder(path, file, certificates)
    renamed = renames_between(before.deployment, deployment)
    if folder is not None:
        if before.issued is not None:
            says = "has tomorrow's certificates, but nobody gave those of today; give their folder, too"
            raise InputError(says, where=str(folder))
        return _of_files(deployment, folder), ()
    if before.issued is not None:
        return following_world(before.issued, deployment, at=at - _BEFORE, renamed=renamed, rsa=rsa), ()
    note = "Tomorrow has no certificates of its own, so each machine keeps what it has today."
    return _with_settings_of(before.world, deployment, renamed), (note,)


def _with_settings_of(world: World, deployment: Deployment, renamed: Mapping[str, str]) -> World:
    """Return today's machines in another deployment; a machine that is new has nothing that is known."""
    known = {renamed.get(fqdn, fqdn): party for fqdn, party in world.parties.items()}
    machines = dict.fromkeys(n for group in deployment.groups for n in group.members)
    parties = {
        n: replace(known[n], fqdn=n) if n in known else Party(fqdn=n, credential=None, trusted_ca_list=())
        for n in machines
    }
    return replace(world, deployment=deployment, parties=parties)


def _of_goals(before: _Given, goals: Sequence[str], at: datetime, notes: tuple[str, ...]) -> GivenChange:
    issued = before.issued
    issuers = (issued.authority, issued.root) if issued is not None else ()
    found = apply_goals([read_goal(text) for text in goals], before.world, at=at, issuers=issuers)
    change = found.change or change_of(found, at=at)
    return GivenChange(
        change=change, notes=(*notes, *found.notes), originals=found.originals, stand_ins=found.stand_ins
    )


def _require_time(world: World, at: datetime) -> None:
    """Return if some certificate of today is valid.

    Args:
        world: today's machines.
        at: when the change begins.

    Raises:
        InputError: all have expired, or none is valid yet: nothing is up that an order could keep up.
    """
    leaves = [c.leaf for party in world.parties.values() for c in party.credentials]
    ends = [leaf.not_valid_after_utc for leaf in leaves]
    first = min((leaf.not_valid_before_utc for leaf in leaves), default=at)
    if first > at:
        raise InputError(
            f"at {format_time(at)}, no certificate of today is valid yet (the first one is at {format_time(first)}): nothing is "
            "up that an order could keep up. Choose another time"
        )
    if ends and max(ends) <= at:
        last = format_time(max(ends))
        raise InputError(
            f"at {format_time(at)}, all certificates of today have expired (the last one at {last}): nothing is up that an "
            "order could keep up. Choose another time"
        )
