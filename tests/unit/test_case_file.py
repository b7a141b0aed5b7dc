"""Cases that somebody sent: they play like the shipped tickets, and everything odd is refused in one sentence."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from pkikit.anonymise.anonymiser import anonymise
from pkikit.anonymise.brought_folder import read_folder
from pkikit.anonymise.written_case import packed
from pkikit.errors import PkikitError
from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.worlds.issued_world import issue_world
from simulator.clinic.case_file import FileCase, case_from
from tests.support.anonymous_folder import folder_of
from tests.support.worlds import AT, CASES, WorldBuilder


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a case in which a certificate lacks the name of its cluster."""
    case = next(c for c in CASES if c.rule == "names.cluster-fqdn-missing")
    source = folder_of(case.broken(WorldBuilder()).world, tmp_path_factory.mktemp("case") / "source")
    return {path: file.data for path, file in anonymise(read_folder(source), 7, AT).files.items()}


def archive(folder: Path, members: Mapping[str, bytes]) -> Path:
    path = folder / "case.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


def test_case_has_the_verdicts_that_it_names(members: dict[str, bytes], tmp_path: Path) -> None:
    """From the archive and from its folder: the same machines, at the time of the case, and the same connections down."""
    case = case_from(archive(tmp_path, members))
    for name, data in members.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    assert case_from(tmp_path / "folder") == case
    assert isinstance(case, FileCase)
    issued = issue_world(case.base(), at=case.at, rsa=False)
    world = case.prepared(issued.world)
    down = [verdict for verdict in judge_all_legs(world, case.at) if not verdict.accepted]
    assert {verdict.causes[0] for verdict in down} == {case.cause}


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("case.yaml", b"format: 2", "format"),
        ("case.yaml", b"- a", "must be an object"),
        ("case.yaml", b"\xff", "UTF-8"),
        ("case.yaml", b"!!python/object/apply:os.system ['id']", "tag"),
        ("deployment.yaml", b"name: x", "clusters"),
        ("../../escape", b"x", "not allowed"),
    ],
)
def test_hostile_files_are_refused(
    members: dict[str, bytes], tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    with pytest.raises(PkikitError, match=says):
        case_from(archive(tmp_path, {**members, name: data}))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["case.zip"]


@pytest.mark.parametrize(
    "key", ["faults: [{fault: restart, party: e1.example.com}]", "remedies: [renew e1]", "deployment: x"]
)
def test_only_keys_of_tickets_are_read(members: dict[str, bytes], tmp_path: Path, key: str) -> None:
    with pytest.raises(PkikitError):
        case_from(archive(tmp_path, {**members, "case.yaml": members["case.yaml"] + f"{key}\n".encode()}))


def test_other_files_are_no_cases(tmp_path: Path) -> None:
    """A missing file, a text, an empty folder and a damaged archive."""
    (tmp_path / "text.zip").write_text("hello")
    (tmp_path / "cut.zip").write_bytes(packed({})[:-4] + b"PK")
    (tmp_path / "empty").mkdir()
    for name in ("missing.zip", "text.zip", "cut.zip", "empty"):
        with pytest.raises(PkikitError):
            case_from(tmp_path / name)
