"""From a real deployment to a case that anybody may have: replace everything, look for the originals, compare the verdicts."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from pkikit.anonymise.brought_folder import BroughtFolder
from pkikit.anonymise.disguise import Disguise
from pkikit.anonymise.needles import Needles
from pkikit.anonymise.other_worlds import choose, differences, needles_of
from pkikit.anonymise.our_words import our_words
from pkikit.anonymise.ticket import ticket_of
from pkikit.anonymise.written_case import AUTHORITIES, CaseFile, files_of, packed
from pkikit.errors import InputError
from pkikit.files import write_private, write_public
from pkikit.files.deployment_folder import CERTIFICATES, DEPLOYMENT, RECORD
from pkikit.issue.lookalike.engine import Progress
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.model.certificates.facts import crl_urls
from pkikit.model.deployment import Deployment
from pkikit.model.revocation import RevocationData
from pkikit.model.world import World
from pkikit.worlds.brought import bring_certificates
from pkikit.worlds.issued_world import issue_world

CASE, README, ARCHIVE = "case.yaml", "README.txt", "case.zip"
_OURS = frozenset({CASE, README, ARCHIVE, DEPLOYMENT, CERTIFICATES, AUTHORITIES, RECORD})
_ATTEMPTS = 8
_IMPORTED = (
    b'{"format": 1, "anonymised": true}\n'  # what nobody brought stays unknown; the notes themselves have old names
)
_ABOUT = """\
A deployment of Expressways under invented names, made by pkikit anonymise.

Every name, address, number and key in it is invented. The dates are those of the original, because they decide what is valid.
The private keys, also those of the CAs in authorities/, are part of the case. They protect nothing: never use them elsewhere.
A CA whose certificate was not in the original has an invented one there, as the CA would send it.

Play it:   expressway-sim clinic FOLDER-OR-ZIP
Check it:  expressway-sim check deployment.yaml --certs certificates --at {at}
"""


@dataclass(frozen=True, kw_only=True)
class Anonymised:
    """The result, not written yet.

    files: by path. at: the time for which the verdicts were compared. connections, down: how many there are.
    causes: the first causes of those that are down. mapping: old name → new name, for the person who made it only.
    """

    files: Mapping[str, CaseFile]
    at: datetime
    connections: int
    down: int
    causes: tuple[str, ...]
    mapping: Mapping[str, str]

    @property
    def is_broken(self) -> bool:
        """True if something is down, so that there is something to solve."""
        return self.down > 0


def anonymise(
    folder: BroughtFolder, seed: int, at: datetime, *, told: str = "", progress: Progress | None = None
) -> Anonymised:
    """Return the counterpart of a deployment under other names.

    Args:
        folder: the original.
        seed: another seed gives other names, numbers and keys; the same seed gives the same bytes.
        at: the time at which the verdicts are compared.
        told: the words of the ticket; empty for words made from the services that are down.
        progress: hears how many keys are made.

    Returns:
        The files, which are not written yet.

    Raises:
        InputError: something of the original could not be replaced, or a connection has another verdict under other names.
    """
    moment = steady_time(folder, at)
    issued = min(moment, at)  # what nobody brought is valid at both times
    world, published = _original(folder, issued)
    originals = folder.originals
    needles = needles_of(folder.deployment, originals)
    found = ""
    for attempt in range(_ATTEMPTS):
        use = partial(_made, folder, published, (moment, issued), told, progress)
        disguise, files, after = choose(folder.deployment, originals, seed, use, attempt=attempt)
        found = _still_there(needles, files)
        if not found:
            break
    if found:
        raise InputError(f"{found}. Nothing was written; try another seed")
    other = differences(world, after, at) or differences(world, after, moment)
    if other:
        raise InputError(f"the verdict on a connection differs under other names: {other[0]}. Nothing was written")
    verdicts = judge_as_known(after, moment)
    return Anonymised(
        files=files,
        at=moment,
        connections=len(verdicts),
        down=sum(not v.accepted for v in verdicts),
        causes=tuple(dict.fromkeys(v.causes[0] for v in verdicts if v.causes and not v.accepted)),
        mapping={name: disguise.names.host(name) for name in _hosts(folder.deployment)},
    )


def _original(folder: BroughtFolder, at: datetime) -> tuple[World, dict[str, RevocationData]]:
    """Return the machines of the original, and what is published for their certificates."""
    issued = issue_world(folder.deployment, at=at, rsa=False).world
    world = bring_certificates(issued, folder.certificates)
    published = {url: data for url, data in world.published.items() if data is not issued.published.get(url)}
    if any(url in issued.published for c in folder.originals.certificates for url in crl_urls(c)):
        # Another lab made these: its CRLs have the same URLs as those of this one, which say nothing about them.
        world = replace(world, published=published)
    return world, published


def _world(deployment: Deployment, certificates: Path, at: datetime) -> World:
    return bring_certificates(issue_world(deployment, at=at, rsa=False).world, certificates)


def _made(
    folder: BroughtFolder,
    published: Mapping[str, RevocationData],
    times: tuple[datetime, datetime],
    told: str,
    progress: Progress | None,
    disguise: Disguise,
) -> tuple[Disguise, dict[str, CaseFile], World]:
    """Make the files, and read them as somebody else will. times: of the case, and when the lab issues what nobody brought."""
    at, issued = times
    files = files_of(folder, published, disguise, progress)
    if folder.imported:
        files[RECORD] = CaseFile(_IMPORTED)
    with tempfile.TemporaryDirectory() as place:
        write_files(Path(place), files)
        after = _world(disguise.deployment, Path(place) / CERTIFICATES, issued)
    number = 1000 + int.from_bytes(disguise.numbers.noise(b"ticket"), "big") % 8000
    ticket = ticket_of(after, at, number, told)
    text = yaml.safe_dump(ticket, sort_keys=False, allow_unicode=True, width=120)
    files[CASE] = CaseFile(text.encode())
    files[README] = CaseFile(_ABOUT.format(at=f"{at:%Y-%m-%dT%H:%M:%SZ}").encode())
    return disguise, files, after


def _still_there(needles: Needles, files: Mapping[str, CaseFile]) -> str:
    """Return the first thing of the original that is in a file; empty if nothing is."""
    ours = our_words()
    for path, file in files.items():
        found = needles.found_in(path, file.data, ours=ours if path in {CASE, README, DEPLOYMENT} else frozenset())
        if found:
            return found
    return ""


def _hosts(deployment: Deployment) -> tuple[str, ...]:
    names = [n for group in deployment.groups for n in (*group.members, *group.hosts)]
    return tuple(
        dict.fromkeys(
            (*names, *deployment.domains.registration, *deployment.domains.sip, *deployment.domains.federation)
        )
    )


def steady_time(folder: BroughtFolder, at: datetime) -> datetime:
    """Return a time at which everything is as at another one, and which is the same from day to day.

    It follows from the last date before `at` in the certificates and CRLs, because nothing changes until the next date.

    Args:
        folder: the original.
        at: the time.

    Returns:
        The time, without fractions of a second.
    """
    originals, moments = folder.originals, set[datetime]()
    for certificate in originals.every_certificate():
        moments |= {certificate.not_valid_before_utc, certificate.not_valid_after_utc}
    for crl in originals.crls:
        moments |= {moment for moment in (crl.last_update_utc, crl.next_update_utc) if moment is not None}
    for answer in originals.answers:
        for single in answer.responses:
            moments |= {moment for moment in (single.this_update_utc, single.next_update_utc) if moment is not None}
    before = max((moment for moment in moments if moment <= at), default=None)
    after = min((moment for moment in moments if moment > at), default=None)
    if before is None:
        return (after - timedelta(days=1) if after is not None else at).replace(microsecond=0)
    step = timedelta(days=1) if after is None else min(timedelta(days=1), (after - before) / 2)
    return (before + step).replace(microsecond=0)


def write_files(folder: Path, files: Mapping[str, CaseFile]) -> None:
    """Write files into a folder; those with private keys for their owner only."""
    for path, file in files.items():
        (write_private if file.private else write_public)(folder / path, file.data)


def mapping_json(result: Anonymised) -> bytes:
    """Return the mapping from old to new names as a JSON document. Anyone who has it knows the originals."""
    document: dict[str, Any] = {"names": dict(result.mapping)}
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def require_free(out: Path) -> None:
    """Check that a folder may be written: nothing is there, an empty folder, or an earlier case.

    Args:
        out: the folder.

    Raises:
        InputError: something else is there.
    """
    if not out.exists() and not out.is_symlink():
        return
    names = {p.name for p in out.iterdir()} if out.is_dir() and not out.is_symlink() else {"?"}
    readme = out / README
    earlier = names <= _OURS and not readme.is_symlink() and readme.is_file()
    if names and not (earlier and readme.read_bytes()[:200].startswith(_ABOUT[:60].encode())):
        raise InputError("exists, and is not an earlier case; choose another folder", where=str(out))


def write_case(out: Path, result: Anonymised) -> Path:
    """Write the files into a folder, and next to them one archive of them all: everything or nothing.

    Args:
        out: the folder; an earlier case is replaced.
        result: what was made.

    Returns:
        The archive.

    Raises:
        InputError: something cannot be written, or something else is there.
    """
    require_free(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as place:
            made, old = Path(place) / "new", Path(place) / "old"
            made.mkdir(0o755)
            write_files(made, result.files)
            # The archive contains private keys, even if nobody needs to hide them.
            write_private(made / ARCHIVE, packed(result.files))
            _exchange(made, out, old)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", where=str(out)) from None
    return out / ARCHIVE


def _exchange(made: Path, out: Path, old: Path) -> None:
    """Put a new folder into the place of an earlier one, which comes back if that fails."""
    if out.exists():
        out.rename(old)
    try:
        made.rename(out)
    finally:
        if old.exists() and not out.exists():
            old.rename(out)
