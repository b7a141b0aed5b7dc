"""Damaged folders: what real fleets contain too, and what must not stop an audit of the others."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from pkikit.files.deployment_folder import CERTIFICATE, CERTIFICATES, DEPLOYMENT
from pkikit.fleet.made.broken import Broken
from pkikit.fleet.made.customer import Customer
from pkikit.rules.certificate_rules import NOT_YET_VALID

_BINARY = 4096
_LARGE = 2 * 1024 * 1024  # twice what is read of a deployment file
_YEARS = timedelta(days=800)


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A damaged folder.

    Attributes:
        files: content by path.
        links: symbolic links: target by path.
        expected: what an audit must say: error, breaks or problem.
        broken: what breaks, if connections do.
    """

    files: dict[str, bytes]
    links: dict[str, str]
    expected: str = "error"
    broken: Broken | None = None


@dataclass(frozen=True, kw_only=True)
class Damage:
    """A kind of damage.

    Attributes:
        name: its name in the truth.
        says: what was done, in one sentence.
        make: returns the folder of a deployment with this damage.
    """

    name: str
    says: str
    make: Callable[[Customer], Damaged]


def _garbage(made: Customer) -> Damaged:
    return _only({"notes.bin": made.choose.randbytes(_BINARY), "0001.dat": made.choose.randbytes(_BINARY)})


def _empty(made: Customer) -> Damaged:
    return _only({})


def _only(files: dict[str, bytes]) -> Damaged:
    return Damaged(files=files, links={})


def _half_archive(made: Customer) -> Damaged:
    """Cut an archive in its middle, as a copy that was stopped leaves it."""
    stream, host = io.BytesIO(), made.shape.deployment.peers[0].partition(".")[0]
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as archive:
        for path, content in made.files().items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    whole = stream.getvalue()
    whole = whole[:4] + bytes(4) + whole[8:]  # gzip writes the time of day there
    return _only({f"diagnostic_log_{host}.tar.gz": whole[: len(whole) // 2]})


def _binary_deployment(made: Customer) -> Damaged:
    return _only({**made.files(), DEPLOYMENT: b"\x00\xff\xfe" + made.choose.randbytes(_BINARY)})


def _large_deployment(made: Customer) -> Damaged:
    files = made.files()
    return _only({**files, DEPLOYMENT: files[DEPLOYMENT] + b"# filler\n" * (_LARGE // 9)})


def _half_certificate(made: Customer) -> Damaged:
    files, machine = made.files(), made.machines[0]
    path = f"{CERTIFICATES}/{machine}/{CERTIFICATE}"
    return _only({**files, path: files[path][: len(files[path]) // 3]})


def _loop(made: Customer) -> Damaged:
    return replace(_only(made.files()), links={f"{CERTIFICATES}/loop": "."})


def _link_to_itself(made: Customer) -> Damaged:
    files = {path: content for path, content in made.files().items() if path == DEPLOYMENT}
    return replace(_only(files), links={CERTIFICATES: CERTIFICATES})


def _wrong_clock(made: Customer) -> Damaged:
    """The clock of the CA was years ahead when it issued everything."""
    for machine in made.machines:
        made.change(machine, begins=made.at + _YEARS, ends=made.at + 2 * _YEARS)
    broken = Broken(machine=made.machines[0], cause=NOT_YET_VALID, which=lambda leg: leg.client_verifies or leg.mutual)
    return replace(_only(made.files()), expected="breaks", broken=broken)


def _same_name(made: Customer, name: str) -> Damaged:
    made.shape.document["name"] = name
    return replace(_only(made.files()), expected="problem")


WRONG_CLOCK = "wrong-clock"


def damages(same_name: str) -> tuple[Damage, ...]:
    """Return all kinds of damage.

    Args:
        same_name: the name of the deployment whose certificates begin too late; it comes first, so that no sound deployment
            of the fleet shares its name.

    Returns:
        The kinds, in the order in which they are used.
    """
    return (
        Damage(name="garbage", says="The folder has files of random bytes and nothing else.", make=_garbage),
        Damage(name="half-archive", says="The folder has the first half of an archive.", make=_half_archive),
        Damage(name="empty", says="The folder is empty.", make=_empty),
        Damage(name=WRONG_CLOCK, says="Every certificate begins in more than two years.", make=_wrong_clock),
        Damage(name="same-name", says="The deployment has the name of another one.",
               make=partial(_same_name, name=same_name)),
        Damage(name="binary-deployment", says="The deployment file is binary.", make=_binary_deployment),
        Damage(name="large-deployment", says="The deployment file has 2 MB.", make=_large_deployment),
        Damage(name="half-certificate", says="A certificate file ends in the middle.", make=_half_certificate),
        Damage(name="folder-loop", says="A symbolic link leads back to the folder that it is in.", make=_loop),
        Damage(name="link-to-itself", says="The folder of the certificates is a symbolic link to itself.",
               make=_link_to_itself),
    )  # fmt: skip
