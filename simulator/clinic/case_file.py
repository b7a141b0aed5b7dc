"""A case that somebody sent: a zip archive or a folder that `pkikit anonymise` made. Nothing in it is executed.

The machines have the certificates of the file instead of a fault, and the lab runs at the time of the case.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import pydantic
from pydantic import Field, StringConstraints

from pkikit.anonymise.brought_archive import safe_path
from pkikit.anonymise.written_case import AUTHORITIES
from pkikit.errors import InputError
from pkikit.files import parse, read_bytes
from pkikit.files.archives import ZIP, unpack
from pkikit.files.deployment_folder import CERTIFICATES, DEPLOYMENT, RECORD
from pkikit.issue.authority import Authority
from pkikit.model.certificates.credential import Credential
from pkikit.model.codec.problems import problem_of
from pkikit.model.deployment import Deployment, parse_deployment
from pkikit.model.deployment_file.yaml_source import read_yaml
from pkikit.model.world import World
from pkikit.rules.catalogue import rule_of
from pkikit.rules.plain_causes import BY_RULE
from pkikit.text import printable
from pkikit.values.instants import parse_instant
from pkikit.worlds.brought import bring_certificates
from simulator.clinic.case import TICKET_NUMBER, Case
from simulator.clock import Clock

CASE = "case.yaml"
TOOLS = ("zones", "log", "certificate", "trust", "trace", "dns")
_MAX_FILE, _MAX_FILES, _MAX_SIGNERS = 32 * 1024 * 1024, 2_000, 100
_Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
_Text = Annotated[str, StringConstraints(max_length=4_000)]
_Cause = Annotated[str, StringConstraints(max_length=80)]


class CaseDocument(pydantic.BaseModel):
    """`case.yaml` of such a file: only what a ticket says, and what the causes are."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    at: Annotated[str, StringConstraints(max_length=40)]
    ticket: str = Field(pattern=TICKET_NUMBER)
    title: _Line
    caller: Annotated[str, StringConstraints(max_length=100)] = ""
    symptom: _Text
    severity: int = Field(default=3, ge=1, le=4)
    difficulty: int = Field(default=2, ge=1, le=3)
    minutes: int = Field(default=10, ge=1, le=120)
    hints: tuple[_Line, ...] = Field(default=(), max_length=20)
    cause: _Cause = ""
    also: tuple[_Cause, ...] = Field(default=(), max_length=30)
    fix: _Text = ""


class FileCase(Case):
    """A case whose deployment and certificates come from a file.

    planned: the deployment. at: the time of the case. files: what the machines have, by path below the folder of certificates.
    imported: what is not in the files is unknown, and connections that need it are not assessed.
    signers: the CAs of the case, with their keys.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    planned: Deployment
    at: datetime
    files: Mapping[str, bytes] = Field(repr=False)
    imported: bool = False
    signers: tuple[Authority, ...] = Field(default=(), repr=False)
    remedies: tuple[str, ...] = ()

    @property
    def causes(self) -> tuple[str, ...]:
        """Everything that the player has to find; nothing if every connection is up."""
        return tuple(cause for cause in (self.cause, *self.also) if cause in BY_RULE)

    def authorities(self) -> dict[str, Authority]:
        """Return the CAs of the file."""
        return {f"case-{number}": signer for number, signer in enumerate(self.signers, start=1)}

    def base(self) -> Deployment:
        """Return the deployment of the file."""
        return self.planned

    def clock(self) -> Clock:
        """Return a clock that begins at the time of the case."""
        return Clock.set_to(self.at)

    def prepared(self, world: World) -> World:
        """Return the world in which the machines have the certificates of the file."""
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / CERTIFICATES
            folder.mkdir()
            if self.imported:
                (folder.parent / RECORD).touch()
            for path, data in self.files.items():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            return bring_certificates(world, folder)


def case_from(path: Path) -> FileCase:
    """Read a case that somebody sent.

    Args:
        path: a zip archive or a folder that `pkikit anonymise` made.

    Returns:
        The case.

    Raises:
        InputError: it is something else, or a part of it is not allowed; one sentence says which.
    """
    where = str(path)
    if not path.exists():
        raise InputError("does not exist", where=printable(where))
    members = _in_folder(path) if path.is_dir() else _in_archive(path)
    for needed in (CASE, DEPLOYMENT):
        if needed not in members:
            raise InputError(
                f"is not a case: it contains no {needed}; pkikit anonymise makes cases of deployments",
                where=printable(where),
            )
    document = _document(_text(members[CASE], f"{where}: {CASE}"), f"{where}: {CASE}")
    for cause in (document.cause, *document.also):
        if cause:
            rule_of(cause)
    place = f"{CERTIFICATES}/"
    return FileCase(
        id=document.ticket.lower(),
        tools=TOOLS,
        planned=parse_deployment(_text(members[DEPLOYMENT], f"{where}: {DEPLOYMENT}"), where=f"{where}: {DEPLOYMENT}"),
        files={name.removeprefix(place): data for name, data in members.items() if name.startswith(place)},
        imported=RECORD in members,
        signers=_signers(members, where),
        at=parse_instant(document.at, Clock().now(), makes=True),
        **document.model_dump(exclude={"format", "at"}),
    )


def _signers(members: Mapping[str, bytes], where: str) -> tuple[Authority, ...]:
    """Return the CAs of `authorities/`, in the order of their numbers."""
    folders = {PurePosixPath(name).parts[1] for name in members if name.startswith(f"{AUTHORITIES}/")}
    found = []
    for folder in sorted(folders, key=lambda name: (len(name), name))[:_MAX_SIGNERS]:
        place = f"{AUTHORITIES}/{folder}"
        for needed in ("cert.pem", "key.pem"):
            if f"{place}/{needed}" not in members:
                raise InputError(f"contains no {printable(place, 60)}/{needed}", where=printable(where))
        certificates = parse(members[f"{place}/cert.pem"], where=f"{where}: {place}/cert.pem").certificates
        keys = parse(members[f"{place}/key.pem"], where=f"{where}: {place}/key.pem").keys
        if not certificates or not keys or not Credential(chain=certificates, key=keys[0]).key_matches:
            raise InputError(f"{printable(place, 60)} is not a CA certificate with its key", where=printable(where))
        found.append(Authority(certificate=certificates[0], key=keys[0], parents=certificates[1:]))
    return tuple(found)


def _document(text: str, where: str) -> CaseDocument:
    try:
        return CaseDocument.model_validate(read_yaml(text, where=where).data)
    except pydantic.ValidationError as error:
        place, sentence = problem_of(error)
        raise InputError(f"{place}: {sentence}" if place else sentence, where=where) from None


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InputError("is not text in UTF-8", where=where) from None


def _in_archive(path: Path) -> dict[str, bytes]:
    data = read_bytes(path, _MAX_FILE)
    if not data.startswith(ZIP):
        raise InputError("is not a case: pkikit anonymise makes a zip archive", where=printable(str(path)))
    return {str(safe_path(name, str(path))): content for name, content in unpack(data, str(path), at_most=_MAX_FILES)}


def _in_folder(path: Path) -> dict[str, bytes]:
    """Return the files of a folder; links are not followed."""
    found: dict[str, bytes] = {}
    left = 4 * _MAX_FILE
    for file in _files(path):
        name = str(PurePosixPath(*file.relative_to(path).parts))
        if name in {CASE, DEPLOYMENT, RECORD} or name.startswith((f"{CERTIFICATES}/", f"{AUTHORITIES}/")):
            found[name] = read_bytes(file, _MAX_FILE, may_be_empty=True)
            left -= len(found[name])
        if len(found) > _MAX_FILES or left < 0:
            raise InputError("contains more than a case needs", where=printable(str(path)))
    return found


def _files(path: Path) -> list[Path]:
    patterns = (CASE, DEPLOYMENT, RECORD, f"{CERTIFICATES}/*/*", f"{AUTHORITIES}/*/*")
    return sorted(f for pattern in patterns for f in path.glob(pattern) if f.is_file() and not f.is_symlink())
