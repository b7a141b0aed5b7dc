"""`plan.json`: written whole with its files, read back as the same plan, and refused where it was damaged or edited."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography import x509

from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.model.certificates.credential import Credential
from pkikit.model.world import StandIns, World
from pkikit.planning.difference import difference_of
from pkikit.planning.lookalike_change import playable_change
from pkikit.planning.plan import Plan
from pkikit.planning.plan_file import bring_plan, plan_json, read_plan, write_plan
from pkikit.planning.predictions import naive_order, replay
from tests.support import plan_pairs
from tests.support.generate_docs import DOCS
from tests.support.small_plan import small_plan
from tests.support.worlds import AT, C2


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "change.json"
    write_plan(path, small_plan())
    return path


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_plan_that_is_read_is_the_one_that_was_written(written: Path) -> None:
    plan, brought = small_plan(), bring_plan(written)
    assert brought.remarks == ()
    assert brought.plan.order == plan.order
    assert brought.plan.predictions == plan.predictions
    assert brought.plan.change == plan.change
    keys = [step.credential.key for step in brought.plan.steps if step.credential is not None]
    assert all(keys)
    assert all(p.credential.key_matches for p in brought.plan.change.today.parties.values() if p.credential)


@pytest.mark.parametrize("seed", [3, 23, 57])
def test_generated_plans_come_back_whole(seed: int, tmp_path: Path) -> None:
    pair = plan_pairs.pair(seed)
    change = difference_of(pair.today, pair.tomorrow, at=AT)
    order = naive_order(change)
    plan = Plan(change=change, order=order, predictions=replay(change, order), order_exists=False, reason="naive")
    path = tmp_path / "plan.json"
    write_plan(path, plan)
    brought = bring_plan(path)
    assert (brought.plan.order, brought.plan.predictions, brought.remarks) == (order, plan.predictions, ())
    assert (brought.plan.change.today, brought.plan.change.tomorrow) == (change.today, change.tomorrow)
    assert brought.plan.order_exists == (plan.refused_legs == 0)


def test_unknown_parts_of_an_import_stay_unknown(tmp_path: Path) -> None:
    """Nobody gave c2's files: a step that appends a CA to its list does not make the list known."""
    small = small_plan()
    made = StandIns(
        certificates=frozenset({leaf_of(small.change.today, C2)}),
        lists=frozenset({(C2, small.change.today.parties[C2].trusted_ca_list)}),
        unknown=True,
    )
    change = replace(small.change, today=replace(small.change.today, stand_ins=made))
    plan = replace(small, change=change, predictions=replay(change, small.order))
    path = tmp_path / "plan.json"
    write_plan(path, plan)
    brought = bring_plan(path)
    assert brought.plan.change.today.stand_ins == made
    assert brought.plan.predictions == plan.predictions
    first, last = (
        {leg for leg, state in prediction.legs.items() if state is State.NOT_ASSESSED and C2 in leg}
        for prediction in (brought.plan.predictions[0], brought.plan.predictions[-1])
    )
    assert first
    assert first == last
    folder = tmp_path / "plan.files" / "today"
    assert not (folder / "certificates" / C2 / "cert.pem").exists(), "--certs would take it for c2's own"
    assert (folder / "others" / C2 / "cert.pem").is_file()


def leaf_of(world: World, fqdn: str) -> x509.Certificate:
    credential = world.parties[fqdn].credential
    assert credential is not None
    return credential.leaf


def test_private_keys_are_files_of_their_own(written: Path) -> None:
    folder = written.with_name("change.files")
    private = [p for p in folder.rglob("*") if p.is_file() and b"PRIVATE KEY" in p.read_bytes()]
    assert private
    assert {stat.S_IMODE(p.stat().st_mode) for p in private} == {0o600}
    assert "PRIVATE KEY" not in written.read_text(encoding="utf-8")
    assert b"PRIVATE KEY" not in json.dumps(plan_json(small_plan())).encode()


def test_document_follows_its_schema_and_has_the_keys_of_the_contract() -> None:
    document = plan_json(small_plan())
    schema = json.loads((DOCS / "plan.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())
    contract = {
        "n",
        "action",
        "machine",
        "where",
        "file",
        "sha256",
        "restart",
        "before",
        "after",
        "proof",
        "undo",
        "owner",
    }
    for step in document["steps"]:
        assert contract <= step.keys()
        assert step["where"]
        assert step["proof"]
        assert step["undo"]
    assert {"refused_legs", "order_exists", "reason", "enabling"} <= document.keys()


def swap_restart_and_load(document: dict[str, Any]) -> None:
    steps = document["steps"]
    at = next(n for n, step in enumerate(steps) if step["restart"])
    steps[at - 1], steps[at] = steps[at], steps[at - 1]
    for n, step in enumerate(steps, start=1):
        step["n"] = n


def remove_a_step(document: dict[str, Any]) -> None:
    del document["steps"][0]
    for n, step in enumerate(document["steps"], start=1):
        step["n"] = n


def step_of(document: dict[str, Any], action: str) -> dict[str, Any]:
    found: dict[str, Any] = next(step for step in document["steps"] if step["action"] == action)
    return found


def deep(document: dict[str, Any]) -> None:
    value: Any = 1
    for _ in range(30):
        value = [value]
    step_of(document, "set")["settings"][0]["new"] = value


EDITS: dict[str, tuple[Callable[[dict[str, Any]], object], tuple[str, ...]]] = {
    "restart before load": (swap_restart_and_load, ("precedences[0]", ".activates", "after the restart")),
    "missing step": (remove_a_step, ("after all steps", "trusts other CAs than tomorrow")),
    "step twice": (lambda d: d["steps"].append(d["steps"][0]), ("is there twice; steps[0] has it too", ".n: is 1")),
    "unknown action": (lambda d: d["steps"][0].update(action="pray"), ("steps[0].action: is not known; allowed are append-ca",)),
    "unknown key": (lambda d: d["steps"][0].update(shell="rm"), ("steps[0].shell: is not known here",)),
    "unknown machine": (lambda d: d["steps"][0].update(machine="x.example.com"), ("steps[0].machine: x.example.com is not",)),
    "other fingerprint": (lambda d: d["steps"][0].update(sha256="0" * 64), ("steps[0].sha256", "another SHA-256")),
    "no file": (lambda d: d["steps"][0].update(file=None), ("steps[0].file: is missing",)),
    "path outside": (
        lambda d: d["steps"][0].update(file="change.files/../../etc/passwd"),
        ("steps[0].file: must be a file in change.files",),
    ),
    "folder elsewhere": (lambda d: d.update(files="../other"), ("files: must be the name of a folder next to the plan",)),
    "folder with a long name": (lambda d: d.update(files="A" * 400), ("files: there is no folder A",)),
    "other deployment": (lambda d: d.update(deployment="x"), ("deployment: is 'x', and must be ",)),
    "other files of today": (
        lambda d: d["today"].update(certificates="change.files/tomorrow/certificates"),
        ("today.certificates: must be change.files/today/certificates",),
    ),
    "deep value": (deep, ("settings[0].new: is nested too deeply",)),
    "unknown place": (
        lambda d: step_of(d, "set")["settings"][0].update(place="nowhere.at.all"),
        ("the deployment has no place",),
    ),
    "time without zone": (lambda d: d.update(at="2026-11-24T12:00:00"), ("at: must be a time in ISO 8601 with its time zone",)),
    "later format": (lambda d: d.update(format=99), ("format must be 1",)),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_plan_edited_by_hand_is_refused_with_the_place(name: str, written: Path) -> None:
    change, wanted = EDITS[name]
    with pytest.raises(InputError) as caught:
        read_plan(edited(written, change))
    for part in wanted:
        assert part in str(caught.value)


def test_another_order_is_judged_again(written: Path) -> None:
    """e1 gets its certificate first: the file still claims that nothing is refused."""

    def certificate_first(document: dict[str, Any]) -> None:
        steps = document["steps"]
        last = [s for s in steps if s["action"] == "load-certificate" or s["restart"]]
        document["steps"] = [*last, *(s for s in steps if s not in last)]
        for n, step in enumerate(document["steps"], start=1):
            step["n"] = n

    brought = bring_plan(edited(written, certificate_first))
    assert not brought.plan.order_exists
    assert brought.plan.refused_legs > 0
    assert brought.plan.reason
    assert brought.remarks
    assert set(brought.remarks) <= set(brought.plan.notes)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"format": 1, "format": 1}', "the key 'format' is there twice"),
        (b'{"format": 1, "at": NaN}', "NaN is not a number of JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[]", "is not a JSON object"),
    ],
)
def test_hostile_documents_are_refused_in_one_sentence(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match=says):
        read_plan(path)


def test_folder_of_a_plan_has_no_links_and_no_huge_files(written: Path) -> None:
    file = written.with_name("change.files") / "today" / "certificates" / "c1.corp.example.com" / "trust.pem"
    kept = file.read_bytes()
    file.unlink()
    file.symlink_to("/etc/passwd")
    with pytest.raises(InputError, match=r"trust\.pem: is a link"):
        read_plan(written)
    file.unlink()
    with file.open("wb") as stream:
        stream.truncate(17 * 1024 * 1024)
    with pytest.raises(InputError, match=r"trust\.pem: is larger than 16 MB"):
        read_plan(written)
    file.write_bytes(kept)
    assert read_plan(written).order == small_plan().order


def test_full_disk_leaves_the_earlier_plan(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document does not fit any more: nothing of the new plan is there, so the old one is still read."""
    before = {p: p.read_bytes() for p in written.parent.rglob("*") if p.is_file()}

    def full(path: Path, data: bytes) -> None:
        raise InputError("cannot be written: No space left on device", where=str(path))

    monkeypatch.setattr("pkikit.planning.plan_file.written_plan.write_public", full)
    with pytest.raises(InputError, match=r"^\S*/change\.json: cannot be written: No space"):
        write_plan(written, small_plan())
    assert {p: p.read_bytes() for p in written.parent.rglob("*") if p.is_file()} == before
    with pytest.raises(InputError, match="File name too long"):
        write_plan(written.with_name("n" * 250 + ".json"), small_plan())


def test_change_that_no_document_can_hold_is_one_sentence(tmp_path: Path) -> None:
    plan = small_plan()
    with pytest.raises(InputError, match=r"^this change is too large for a plan: notes: "):
        write_plan(tmp_path / "plan.json", replace(plan, notes=("x",) * 1_001))
    assert not list(tmp_path.iterdir())


def test_only_a_plan_is_replaced(written: Path, tmp_path: Path) -> None:
    note = written.with_name("change.files") / "rehearsal.json"
    note.write_text("kept")
    write_plan(written, small_plan())
    assert note.read_text() == "kept"
    other = tmp_path / "other.json"
    other.write_text('{"mine": true}')
    with pytest.raises(InputError, match="is not a plan"):
        write_plan(other, small_plan())
    (tmp_path / "third.files").mkdir()
    (tmp_path / "third.files" / "mine").touch()
    with pytest.raises(InputError, match="is not the folder of a plan"):
        write_plan(tmp_path / "third.json", small_plan())
    assert not (tmp_path / "third.json").exists()


def test_plan_without_keys_is_played_on_a_look_alike_with_the_same_verdicts() -> None:
    small = small_plan()
    parties = {
        fqdn: replace(party, credential=party.credential and Credential(chain=party.credential.chain))
        for fqdn, party in small.change.today.parties.items()
    }
    change = replace(small.change, today=replace(small.change.today, parties=parties))
    played = playable_change(change)
    assert played is not change
    assert all(party.credential.key_matches for party in played.today.parties.values() if party.credential)
    assert all(step.credential.key_matches for step in played.steps if step.credential)
    assert [p.legs for p in replay(played, small.order)] == [p.legs for p in replay(change, small.order)]
    assert playable_change(played) is played
