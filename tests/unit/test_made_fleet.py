"""Fleets that `pkikit fleet make` makes: repeatable, whole or not there, and broken exactly as their truth says."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pkikit.api.fleets import fleet_audit
from pkikit.errors import InputError
from pkikit.fleet.made.broken import Fault, broken_legs
from pkikit.fleet.made.customer import SOUND, customer_of
from pkikit.fleet.made.made_fleet import FAULTS, make_fleet
from pkikit.fleet.made.truth import TrueFolder
from pkikit.judge.legs.first_breaks import first_breaks
from pkikit.report.given.given import read_given
from pkikit.view.description import iso
from tests.support.cli import pkikit_error, pkikit_json
from tests.support.fleet_truth import raw_breaks
from tests.support.worlds import AT

_SOON = AT + timedelta(days=30)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and not p.is_symlink()}


def _judged(folder: Path) -> dict[str, tuple[str, str]]:
    found = first_breaks(read_given(folder).world, at=AT, until=_SOON, partial=True)
    return {b.leg.id: (iso(b.at), b.causes[0]) for b in found if b.at is not None}


def _true(folder: TrueFolder) -> dict[str, tuple[str, str]]:
    return {b.leg: (b.at, b.cause) for b in folder.breaks}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_breaks_what_its_truth_says(fault: Fault, tmp_path: Path) -> None:
    for number in range(1, 200):
        made = customer_of(number, "faults", AT)
        broken = fault.make(made)
        if broken is not None and broken_legs(made, broken):
            break
    else:
        pytest.fail("the fault applies to no deployment")
    for path, content in made.files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    when = max(broken.since or AT, AT)
    legs = {leg.id for leg in broken_legs(made, broken)}
    assert raw_breaks(tmp_path, AT, _SOON) == dict.fromkeys(legs, when)
    assert _judged(tmp_path) == dict.fromkeys(legs, (iso(when), broken.cause.id))


def test_audit_finds_exactly_the_broken_deployments(tmp_path: Path) -> None:
    """Five of thirty break, and nine damaged folders are there: each with its connections, dates and causes, and no other."""
    truth = make_fleet(tmp_path / "fleet", count=30, broken=5, damaged=9, seed="five", at=AT)
    audited = fleet_audit(tmp_path / "fleet", at=AT, workers=1).to_json()["deployments"]
    assert {d["folder"]: _answer(d) for d in audited} == {f.folder: f.expected for f in truth.folders}
    assert sum(f.expected == "breaks" for f in truth.folders) == 5 + 1  # one of the damaged ones has a wrong clock
    for found, true in zip(sorted(audited, key=lambda d: str(d["folder"])), truth.folders, strict=True):
        soon = [b for b in found["breaks"] if b["at"] <= iso(_SOON)]
        assert {b["leg"]: (b["at"], b["cause"]) for b in soon} == (_true(true) if true.expected == "breaks" else {})
        if true.expected == "breaks":
            assert {key: found["first_break"][key] for key in ("leg", "at", "cause")} == true.to_json()["first_break"]


def _answer(found: dict[str, Any]) -> str:
    if found["error"]:
        return "error"
    soon = any(b["at"] <= iso(_SOON) for b in found["breaks"])
    return "accepted" if found["accepted"] else "breaks" if soon else "problem"


def test_sound_deployments_of_all_shapes_stay_up(tmp_path: Path) -> None:
    truth = make_fleet(tmp_path / "fleet", count=12, broken=0, seed="sound", at=AT)
    assert truth.counted("accepted") == 12
    for folder in truth.folders:
        assert raw_breaks(tmp_path / "fleet" / folder.folder, AT, AT + SOUND) == {}
        found = first_breaks(
            read_given(tmp_path / "fleet" / folder.folder).world, at=AT, until=AT + SOUND, partial=True
        )
        assert {(b.state, b.at) for b in found} == {("up", None)}


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_fleet(tmp_path / name, count=4, broken=2, damaged=10, seed="7", at=AT)
    make_fleet(tmp_path / "other", count=4, broken=2, damaged=10, seed="8", at=AT)
    assert _files(tmp_path / "one") == _files(tmp_path / "two") != _files(tmp_path / "other")


def test_truth_files_say_the_same_and_nothing_is_a_private_key(tmp_path: Path) -> None:
    truth = make_fleet(tmp_path / "fleet", count=6, broken=3, damaged=10, seed="7", at=AT)
    read = json.loads((tmp_path / "fleet" / "truth.json").read_bytes())
    rows = (tmp_path / "fleet" / "truth.csv").read_text().splitlines()
    assert read["accepted"] == 3
    assert [f["folder"] for f in read["folders"]] == [row.partition(",")[0] for row in rows[1:]]
    assert [f["folder"] for f in read["folders"]] == sorted(
        p.name for p in (tmp_path / "fleet").iterdir() if p.is_dir()
    )
    assert {f.damage for f in truth.folders if f.expected == "error"} == {
        "garbage", "half-archive", "empty", "binary-deployment", "large-deployment", "half-certificate", "folder-loop",
        "link-to-itself",
    }  # fmt: skip
    assert not any(b"PRIVATE KEY" in content for content in _files(tmp_path / "fleet").values())
    (late,) = (f for f in truth.folders if f.damage == "wrong-clock")
    assert _judged(tmp_path / "fleet" / late.folder) == _true(late) != {}


def test_made_fleet_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    def stop(number: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_fleet(tmp_path / "fleet", count=2, broken=0, seed="7", at=AT, made=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("count", "broken", "damaged"), [(0, 0, 0), (3, 4, 0), (3, -1, 0), (3, 0, -1), (10**9, 0, 0)])
def test_numbers_out_of_range_are_refused(tmp_path: Path, count: int, broken: int, damaged: int) -> None:
    with pytest.raises(InputError):
        make_fleet(tmp_path / "fleet", count=count, broken=broken, damaged=damaged, seed="7", at=AT)
    assert list(tmp_path.iterdir()) == []


def test_command_refuses_what_exists(tmp_path: Path) -> None:
    made = pkikit_json("fleet", "make", "2", "--broken", "1", "--out", str(tmp_path / "fleet"))
    assert (made["accepted"], made["breaks"]) == (1, 1)
    refused = pkikit_error("fleet", "make", "2", "--out", str(tmp_path / "fleet"))
    assert refused.count("\n") == 1
    assert "exists already" in refused
