"""`pkikit import`: what it prints, its folder, and what it refuses."""

from __future__ import annotations

import io
import json
import re
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from pkikit.commands.cli import app
from pkikit.commands.deployments.bring import bring
from pkikit.commands.terminal import import_questions
from pkikit.design.xconfiguration import xconfiguration
from pkikit.errors import InputError
from pkikit.files import credential_from_folder, load_deployment
from pkikit.intake.assembly.output import write_folder
from pkikit.model.certificates.facts import presented_names
from pkikit.view.logs.dumps import xconf_text, xstat_text
from tests.support.cli import pkikit_in_process
from tests.support.json_documents import assert_follows
from tests.support.places import ROOT
from tests.support.worlds import C1, C2, CLUSTER_C, E1, E2, UCM1, deployment, issued

DOCUMENT = {
    "format", "deployment", "version", "rekeyed", "machines", "questions", "contradictions", "missing", "facts", "left_out",
    "certificates", "files", "secrets_dropped",
}  # fmt: skip


def archive(folder: Path, fqdn: str, *, version: bool = True) -> Path:
    """The diagnostic archive of a peer of clustered-mra."""
    host, source, party = fqdn.partition(".")[0], deployment(), issued().world.parties[fqdn]
    assert party.credential is not None
    stamp = f"{host}_2026-03-01_120000"
    files = {
        f"xconf_dump_{stamp}.txt": xconf_text(xconfiguration(source, fqdn)).encode(),
        f"server_{stamp}.pem": party.credential.pem(),
        f"ca_{stamp}.pem": b"".join(c.public_bytes(Encoding.PEM) for c in party.trusted_ca_list),
    }
    if version:
        files[f"xstat_dump_{stamp}.txt"] = xstat_text(
            {"SystemUnit": {"Software": {"Version": source.version}}}
        ).encode()
    path = folder / f"diagnostic_log_{stamp}.tar.gz"
    with tarfile.open(path, "w:gz") as made:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")  # as `tar -C FOLDER .` writes it
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The archives of all peers of clustered-mra."""
    folder = tmp_path_factory.mktemp("archives")
    return [str(archive(folder, fqdn)) for fqdn in (C1, C2, E1, E2)]


def document(*arguments: str, code: int = 0) -> Any:
    done = pkikit_in_process(*arguments, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_archives_become_a_folder_that_loads(archives: list[str], tmp_path: Path) -> None:
    out = tmp_path / "mine"
    told = document("import", *archives, "--out", str(out))
    assert set(told) == DOCUMENT | {"folder"}
    assert_follows("import", told)
    assert told["questions"] == told["contradictions"] == []
    record = json.loads((out / "import.json").read_text())
    assert set(record) == DOCUMENT | {"written"}
    assert_follows("import", record)
    assert record["format"] == 1
    files = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    assert files == record["written"] == sorted([
        "deployment.yaml", "import.json", "import.md",
        *(f"certificates/{fqdn}/{name}" for fqdn in (C1, C2, E1, E2) for name in ("cert.pem", "trust.pem")),
    ])  # fmt: skip
    assert load_deployment(out / "deployment.yaml").peers == (C1, C2, E1, E2)
    machines = {m["fqdn"]: m for m in record["machines"]}
    assert machines[C1] == {
        "fqdn": C1, "kind": "expressway", "group": "core", "role": "expressway-c", "files": ["cert.pem", "trust.pem"],
    }  # fmt: skip
    assert machines[UCM1]["files"] == []
    place = next(f for f in record["facts"] if f["key"] == f"clusters/{CLUSTER_C}/fqdn")["sources"][0]
    assert set(place) == {"file", "member", "line", "setting"}
    assert place["line"] > 0
    assert place["member"].startswith("xconf_dump_c")
    assert "cipher" not in (out / "import.json").read_text() + (out / "import.md").read_text()
    assert record["secrets_dropped"] > 0


def test_import_prints_verdict_then_next_steps(archives: list[str], tmp_path: Path) -> None:
    out = tmp_path / "mine"
    done = pkikit_in_process("import", *archives, "--out", str(out))
    assert done.exit_code == 0
    assert done.stdout.startswith("✔ example.com: 7 machines, 4 with certificates, version X12.5 (0 contradictions)")
    assert f"expressway-sim check {out}/deployment.yaml --certs {out}/certificates" in done.stdout
    assert f"pkikit report {out}" in done.stdout
    checked = pkikit_in_process("san", str(out / "deployment.yaml"))
    assert checked.exit_code == 0


def test_open_question_is_one_sentence_with_keys_and_nothing_is_written(tmp_path: Path) -> None:
    lone, out = archive(tmp_path, E1, version=False), tmp_path / "out"
    with pytest.raises(InputError) as refused:
        pkikit_in_process("import", str(lone), "--out", str(out))
    said = str(refused.value)
    assert "--answer KEY=VALUE for version (Which version do the Expressways run?" in said
    assert "X8.1 to X15.5" in said
    assert "Status > Overview" in said
    assert [p.name for p in tmp_path.iterdir()] == [lone.name]
    answered = document("import", str(lone), "--out", str(out), "--answer", "version=X14.2")
    assert answered["version"] == "X14.2"


def test_open_questions_are_a_list_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lone = archive(tmp_path, E1, version=False)
    with pytest.raises(InputError) as refused:
        pkikit_in_process("import", str(lone), "--out", str(tmp_path / "out"))
    first, *_, command, answer = str(refused.value).splitlines()
    assert first == "one fact is in none of the files. Answer with --answer KEY=VALUE:"
    assert command.split() == ["pkikit", "import", str(lone), "--out", str(tmp_path / "out"), "\\"]
    assert answer.split() == ["--answer", "version=VALUE"]


def test_open_questions_are_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lone = archive(tmp_path, E1, version=False)
    with pytest.raises(InputError):
        bring([lone], tmp_path / "out", as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert [q["key"] for q in told["questions"]] == ["version"]
    assert set(told["questions"][0]) == {"key", "question", "allowed", "choices", "how"}
    assert told["deployment"] is None


def test_terminal_is_asked_until_the_answer_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_questions, "is_terminal", lambda: True)
    lone, out = archive(tmp_path, E1, version=False), tmp_path / "out"
    done = CliRunner().invoke(
        app, ["import", str(lone), "--out", str(out)], input="soon\nX14.2\n", catch_exceptions=False
    )
    assert done.exit_code == 0
    assert "Which version do the Expressways run?" in done.output
    assert "answer version=soon: allowed are X8.1 to X15.5." in done.output
    assert f"pkikit import {lone} --out {out} --answer version=X14.2" in done.output
    assert load_deployment(out / "deployment.yaml").version == "X14.2"


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (["version"], "write KEY=VALUE"),
        (["version=X14.0", "version=X14.2"], "is there twice"),
        (["verson=X14.0"], "Did you mean version?"),
    ],
)
def test_wrong_answers_are_refused(answers: list[str], says: str, archives: list[str], tmp_path: Path) -> None:
    given = [word for text in answers for word in ("--answer", text)]
    with pytest.raises(InputError, match=says.replace("?", r"\?")):
        pkikit_in_process("import", *archives, "--out", str(tmp_path / "out"), *given)
    assert list(tmp_path.iterdir()) == []


def test_second_import_replaces_the_first_and_keeps_what_is_not_of_it(archives: list[str], tmp_path: Path) -> None:
    out = tmp_path / "mine"
    document("import", *archives, "--out", str(out))
    (out / "report.html").write_text("mine")
    document("import", *archives, "--out", str(out), "--answer", "name=second")
    assert load_deployment(out / "deployment.yaml").name == "second"
    assert (out / "report.html").read_text() == "mine"
    (out / "certificates" / C1 / "key.pem").write_text("a key that somebody brought")
    with pytest.raises(InputError, match=r"key\.pem: is not from the earlier import and would be lost"):
        pkikit_in_process("import", *archives, "--out", str(out))
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_rekeyed_import_has_private_keys_that_nobody_else_can_read(archives: list[str], tmp_path: Path) -> None:
    out = tmp_path / "mine"
    told = document("import", archives[0], archives[2], "--out", str(out), "--rekey")
    assert told["rekeyed"] is True
    keys = list(out.rglob("key.pem"))
    assert sorted(p.parent.name for p in keys) == [C1, E1]
    assert {stat.S_IMODE(p.stat().st_mode) for p in keys} == {0o600}
    record = json.loads((out / "import.json").read_text())
    assert f"certificates/{C1}/key.pem" in record["written"]
    credential = credential_from_folder(out / "certificates" / C1)
    assert credential is not None
    assert credential.key_matches
    original = issued().world.parties[C1].credential
    assert original is not None
    assert credential.leaf != original.leaf
    assert presented_names(credential.leaf) == presented_names(original.leaf)
    document("import", archives[0], archives[2], "--out", str(out))  # without keys again: those of the first import go
    assert not list(out.rglob("key.pem"))


@pytest.mark.parametrize("there", ["file", "other folder"])
def test_place_of_something_else_is_refused(there: str, archives: list[str], tmp_path: Path) -> None:
    out = tmp_path / "taken"
    if there == "file":
        out.write_text("x")
    else:
        out.mkdir()
        (out / "letter.txt").write_text("x")
    with pytest.raises(InputError, match="choose another"):
        pkikit_in_process("import", *archives, "--out", str(out))
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_folder_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    with pytest.raises(InputError, match="is not a path inside the folder"):
        write_folder(out, {"deployment.yaml": b"x", "certificates/../../evil.pem": b"x"})
    assert list(tmp_path.iterdir()) == []
    write_folder(out, {"import.json": b"{}", "certificates/a.example.com/key.pem": b"secret"})
    assert stat.S_IMODE((out / "certificates/a.example.com/key.pem").stat().st_mode) == 0o600
    out.chmod(0o755)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_page_about_import_lists_every_key_and_every_contradiction() -> None:
    page = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([a-z_-]+)`", page))
    sources = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "pkikit/intake/assembly").rglob("*.py"))
    told = set(re.findall(r'contradict\(\s*"([a-z-]+)"', sources))
    assert len(told) > 10
    assert listed >= told | DOCUMENT | {"written"}
