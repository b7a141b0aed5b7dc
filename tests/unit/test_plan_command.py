"""`pkikit plan`: deployment files, folders and goals become an order, or one sentence says why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pkikit
from pkikit.errors import InputError
from pkikit.planning.given_change import read_change
from pkikit.worlds.world_folder import world_files
from tests.support.cli import pkikit_in_process as run
from tests.support.new_roots import under_new_root
from tests.support.worlds.deployments import AT, C1, DEPLOYMENTS, E2, UCM1

MRA = DEPLOYMENTS / "clustered-mra.yaml"
PAIR = DEPLOYMENTS / "single-pair.yaml"
WHEN = ("--at", AT.isoformat())


def _folders(folder: Path) -> tuple[Path, Path]:
    """Today and tomorrow in the layout of `--certs`, with their deployment files."""
    for name, world in zip(("old", "new"), under_new_root("single-pair"), strict=True):
        for path, content in world_files(world).files.items():
            file = folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return folder / "old", folder / "new"


def test_goal_is_planned_and_said_in_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = run("plan", str(MRA), "--goal", "leave-public-ca", *WHEN)
    assert result.exit_code == 0
    assert result.stdout.startswith("✔ 10 steps, 2 restarts; no connection is refused on the way.\n")
    assert "In the usual order (certificates first), " in result.stdout
    assert "Other peers carry every service" in " ".join(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_json_is_the_document_of_the_plan() -> None:
    result = run("plan", str(MRA), "--goal", "add-domain:example.org", *WHEN, "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["order_exists"] is True
    assert document["refused_legs"] == 0
    assert [step["n"] for step in document["steps"]] == list(range(1, len(document["steps"]) + 1))
    keys = {"n", "action", "machine", "where", "file", "sha256", "restart", "before", "after", "proof", "undo", "owner"}
    assert all(keys <= step.keys() for step in document["steps"])
    assert "PRIVATE KEY" not in result.stdout


def test_folders_of_both_days_become_steps_and_files(tmp_path: Path) -> None:
    old, new = _folders(tmp_path)
    out, page = tmp_path / "plan.json", tmp_path / "plan.md"
    result = run("plan", str(old), str(new), *WHEN, "--out", str(out), "--runbook", str(page))
    assert result.exit_code == 0
    assert json.loads(out.read_text())["order_exists"] is True
    assert page.read_text().startswith("#")
    assert (tmp_path / "plan.files" / "steps").is_dir()
    same = run(
        "plan", str(PAIR), "--certs-old", str(old / "certificates"), "--certs-new", str(new / "certificates"), *WHEN
    )
    assert same.stdout.splitlines()[0] == result.stdout.splitlines()[0]


def test_tomorrow_that_equals_today_is_an_answer() -> None:
    result = run("plan", str(MRA), str(MRA), *WHEN)
    assert result.exit_code == 0
    assert result.stdout.startswith("✔ Tomorrow equals today: there is nothing to do.")


def test_no_order_is_a_no_with_its_reason(tmp_path: Path) -> None:
    text = MRA.read_text().replace("tls_verify_subject_name: cluster-c", "tls_verify_subject_name: other")
    (tmp_path / "tomorrow.yaml").write_text(text)
    result = run("plan", str(MRA), str(tmp_path / "tomorrow.yaml"), *WHEN)
    assert result.exit_code == 1
    assert result.stdout.startswith("✘ Tomorrow refuses ")
    assert "Tomorrow refuses:" in result.stdout


def test_renamed_peer_is_reached_over_a_certificate_with_both_names() -> None:
    change = read_change(MRA, goals=[f"rename-peer:{E2}=edge-2.example.com"], at=AT, rsa=False).change
    keys = [step.key for step in change.steps]
    assert len(set(keys)) == len(keys)
    assert sum(key.startswith(f"restart {E2}") for key in keys) == 2
    orders = {(p.first, p.then) for p in change.precedences}
    assert (f"restart {E2}", f"load-certificate {E2} again") in orders
    assert "edge-2.example.com" in change.world(frozenset(keys)).parties


def test_other_deployment_file_keeps_the_certificates_that_have_all_names(tmp_path: Path) -> None:
    text = MRA.read_text().replace("registration: [example.com]", "registration: [example.com, example.org]")
    (tmp_path / "tomorrow.yaml").write_text(text)
    change = read_change(MRA, tmp_path / "tomorrow.yaml", at=AT, rsa=False).change
    kept = {step.machine for step in change.steps}
    assert C1 not in kept
    assert UCM1 not in kept
    assert E2 in kept


def test_python_users_get_the_same_plan(tmp_path: Path) -> None:
    made = pkikit.plan(MRA, goal="renew:e1.example.com", at=AT, windows=["Sat 22:00-02:00"])
    assert made.plan.order == ("load-certificate e1.example.com", "restart e1.example.com")
    assert [step.window for step in made.schedule] == ["Sat 22:00-02:00"] * 2
    assert made.usual.fails == 0
    assert made.to_json()["order_exists"] is True
    saved = made.save(out=tmp_path / "plan.json", ics=tmp_path / "plan.ics")
    assert [what for what, _ in saved] == ["plan", "files", "ics"]
    with pytest.raises(InputError, match="nothing says what changes"):
        pkikit.plan(MRA)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "nothing says what changes"),
        ((str(MRA), "--goal", "two-stores"), "leave out tomorrow"),
        ((str(PAIR),), "no Expressway is in both"),
        (("--goal", "rename-peer:e1.example.com=e2.example.com"), "e2.example.com"),
        (("--goal", "two-stores", "--at", "2020-01-01T00:00:00Z", "--out", "plan.txt"), ".json"),
        (("--certs-new", "nowhere"), "nowhere"),
        (("--goal", "two-stores", "--at", "9999-12-31T23:59:59Z"), "certificates can be made in the years"),
        (("--goal", "two-stores", "--start", "0001-01-01T00:00:00Z"), "certificates can be made in the years"),
    ],
)
def test_bad_input_is_one_sentence(arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(InputError) as refused:
        run("plan", str(MRA), *arguments)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_clock_after_all_expiries_and_folders_of_other_machines_are_refused(tmp_path: Path) -> None:
    old, new = _folders(tmp_path)
    with pytest.raises(InputError, match="all certificates of today have expired"):
        read_change(old, new, at=AT.replace(year=2040))
    with pytest.raises(InputError, match="no certificate of today is valid yet"):
        read_change(old, new, at=AT.replace(year=2000))
    with pytest.raises(InputError, match="is not a machine of"):
        read_change(MRA, certs_old=old / "certificates", certs_new=new / "certificates", at=AT)
    with pytest.raises(InputError, match="nobody gave those of today"):
        read_change(PAIR, certs_new=new / "certificates", at=AT, rsa=False)
