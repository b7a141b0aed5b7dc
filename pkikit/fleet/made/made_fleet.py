"""Make a fleet: deployments in folders, some of them broken or damaged, and the truth about them.

The folder of the fleet appears whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random

from pkikit.errors import InputError
from pkikit.fleet.made.broken import Broken, Fault, broken_legs
from pkikit.fleet.made.customer import Customer, customer_of
from pkikit.fleet.made.damage import WRONG_CLOCK, Damage, Damaged, damages
from pkikit.fleet.made.date_faults import DATE_FAULTS
from pkikit.fleet.made.name_faults import NAME_FAULTS
from pkikit.fleet.made.trust_faults import TRUST_FAULTS
from pkikit.fleet.made.truth import TrueBreak, TrueFolder, Truth, truth_files
from pkikit.view.description import iso

FAULTS: tuple[Fault, ...] = (*NAME_FAULTS, *TRUST_FAULTS, *DATE_FAULTS)
MOST = 20_000
"""The largest fleet that is made."""


def make_fleet(
    out: Path,
    *,
    count: int,
    broken: int,
    damaged: int = 0,
    seed: str,
    at: datetime,
    made: Callable[[int], None] = lambda number: None,
) -> Truth:
    """Write a fleet into a new folder, with `truth.json` and `truth.csv`.

    Args:
        out: the folder; nothing may be there.
        count: how many deployments.
        broken: how many of them have a fault.
        damaged: how many damaged folders are added to them.
        seed: the same seed, numbers and time give the same bytes.
        at: the time for which it is made, aware UTC.
        made: is called with the number of folders that were just written.

    Returns:
        The truth.

    Raises:
        InputError: something is at `out`, it cannot be written, or a number is out of range.
    """
    _check_numbers(count, broken, damaged)
    target = out.absolute()
    if os.path.lexists(target):
        raise InputError("exists already; choose another name", where=str(out))
    half: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new"))
        folders = []
        for folder in _write_all(half, count, broken, damaged, seed, at):
            folders.append(folder)
            made(1)
        truth = Truth(seed=seed, at=at, folders=tuple(sorted(folders, key=lambda folder: folder.folder)))
        for name, content in truth_files(truth).items():
            (half / name).write_bytes(content)
        half.chmod(0o755)
        half.rename(target)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", where=str(out)) from None
    finally:
        if half is not None:
            shutil.rmtree(half, ignore_errors=True)
    return truth


def _check_numbers(count: int, broken: int, damaged: int) -> None:
    if not 1 <= count <= MOST:
        raise InputError(f"a fleet has 1 to {MOST} deployments, not {count}")
    if not 0 <= broken <= count:
        raise InputError(f"{broken} of {count} deployments cannot be broken: the number must be from 0 to {count}")
    if not 0 <= damaged <= MOST:
        raise InputError(f"0 to {MOST} damaged folders can be added, not {damaged}")


def _write_all(half: Path, count: int, broken: int, damaged: int, seed: str, at: datetime) -> Iterator[TrueFolder]:
    choose = Random(f"{seed}/fleet")  # noqa: S311 - repeatable on purpose, nothing is secret
    numbers = choose.sample(range(1, count + 1), broken)
    order = {number: turn for turn, number in enumerate(sorted(numbers))}
    faults = choose.sample(FAULTS, len(FAULTS))
    for number in range(1, count + 1):
        made = customer_of(number, seed, at)
        if number in order:
            turn = order[number] % len(faults)
            made, truth = _broken(number, seed, at, faults[turn:] + faults[:turn])
        else:
            truth = _true(made)
        _write(half / made.shape.folder, made.files(), {})
        yield truth
    readable = ""
    for extra in range(damaged):
        made = customer_of(count + 1 + extra, seed, at)
        kinds = damages(readable)
        damage = kinds[extra % len(kinds)]
        readable = made.shape.deployment.name if damage.name == WRONG_CLOCK else readable
        yield _write_damaged(half, made, damage)


def _broken(number: int, seed: str, at: datetime, faults: list[Fault]) -> tuple[Customer, TrueFolder]:
    """Break a deployment by the first fault that applies to it.

    Args:
        number: which deployment of the fleet.
        seed: of the fleet.
        at: the time for which it is made.
        faults: the kinds in the order in which they are tried.

    Returns:
        The deployment and what is true of it.

    Raises:
        AssertionError: no kind applies. An expired certificate always does.
    """
    for fault in faults:
        made = customer_of(number, seed, at)  # a fault that does not apply may have changed something
        broken = fault.make(made)
        if broken is not None and broken_legs(made, broken):
            return made, _true(made, broken, fault=fault.name, says=fault.says)
    raise AssertionError(f"no fault applies to deployment {number} of seed {seed}")


def _true(
    made: Customer,
    broken: Broken | None = None,
    *,
    fault: str = "",
    damage: str = "",
    says: str = "",
    expected: str = "",
) -> TrueFolder:
    deployment = made.shape.deployment
    breaks: tuple[TrueBreak, ...] = ()
    if broken is not None:
        since = iso(broken.since or made.at)
        breaks = tuple(TrueBreak(leg=leg.id, at=since, cause=broken.cause.id) for leg in broken_legs(made, broken))
    return TrueFolder(
        folder=made.shape.folder,
        deployment=str(made.shape.document["name"]),
        version=str(deployment.version),
        issuers=made.shape.issuers.value,
        connections=len(made.legs),
        expected=expected or ("breaks" if breaks else "accepted"),
        fault=fault,
        damage=damage,
        says=says,
        machine=broken.machine if broken is not None else "",
        breaks=breaks,
    )


def _write_damaged(half: Path, made: Customer, damage: Damage) -> TrueFolder:
    found: Damaged = damage.make(made)
    _write(half / made.shape.folder, found.files, found.links)
    return _true(made, found.broken, damage=damage.name, says=damage.says, expected=found.expected)


def _write(folder: Path, files: dict[str, bytes], links: dict[str, str]) -> None:
    folder.mkdir()
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    for path, to in links.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(to)
