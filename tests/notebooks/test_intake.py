"""The panel for archives without a browser: files in pieces, questions, assumptions, the folder, the report, the lab."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import workbook as w
from workbook.intake.intake_panel import IntakePanel
from workbook.models import dropped_files as limits
from workbook.models.dropped_files import Uploads
from workbook.tables.company import Archives

from pkikit.errors import InputError


@pytest.fixture(scope="module")
def archives() -> Archives:
    return w.make_company("clustered-mra").archives()


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[IntakePanel]:
    made = w.bring_archives(place=tmp_path / "imports")
    yield made
    if made.lab is not None:
        made.lab.close()


def drop(panel: IntakePanel, *files: tuple[str, bytes]) -> None:
    """Send files as the browser does: announced together, then in pieces."""
    listed = [{"id": str(n), "name": name, "size": len(data)} for n, (name, data) in enumerate(files)]
    panel.zone._told(None, {"kind": "begin", "files": listed}, [])
    for n, (_, data) in enumerate(files):
        for at in range(0, len(data), 5_000):
            panel.zone._told(None, {"kind": "piece", "id": str(n)}, [memoryview(data[at : at + 5_000])])


def shown(panel: IntakePanel) -> str:
    return panel.said.value + panel.found.value + panel.assumed.value + panel.result.value


def test_dropped_archives_reach_the_report(panel: IntakePanel, archives: Sequence[Path], tmp_path: Path) -> None:
    """Bytes in pieces, a changed assumption, the folder for its owner alone, the report in a frame, and all of it gone."""
    drop(panel, *((path.name, path.read_bytes()) for path in archives))
    assert "8 machines of version X12.5, 7 with certificates" in panel.found.value
    assert "diagnostic_log_c1.tar.gz" in panel.found.value
    panel.assumptions.which.value = "im_presence/imp/tls_verify"
    panel.assumptions.value.value = "perhaps"
    panel.safely(panel.change)()
    assert "im_presence/imp/tls_verify=perhaps: write on or off" in panel.said.value
    panel.assumptions.value.value = "off"
    panel.safely(panel.change)()
    panel.safely(panel.make)()
    assert "17 of 54 connections are down" in panel.said.value
    assert 'sandbox=""' in panel.result.value
    assert panel.result.value.count(" download=") == 3
    made = tmp_path / "imports" / "example.com"
    assert {p.name for p in made.iterdir()} >= {"deployment.yaml", "import.md", "report.html", "report.md", "dates.ics"}
    assert made.stat().st_mode & 0o777 == 0o700
    assert "tls_verify: false" in (made / "deployment.yaml").read_text()
    told = shown(panel) + "".join(p.read_text() for p in made.rglob("*") if p.is_file())
    assert str(panel._uploads.folder) not in told
    assert not re.search(r"\{cipher\}|PRIVATE KEY", told)
    panel.safely(panel.delete)()
    assert not made.exists()
    panel.start_again()
    assert not list(panel._uploads.folder.iterdir())


def test_lab_with_its_own_keys_has_the_verdict_of_the_report(archives: Sequence[Path], tmp_path: Path) -> None:
    """What is down in the report is down when the look-alikes dial."""
    brought = w.bring(archives, place=tmp_path)
    judged = {c.leg.id for c in brought.report().values.connections if c.state.value == "down"}
    lab = brought.open_lab(rekey=True)
    dialled = {leg.leg.id: leg for leg in lab.check().legs}
    assert judged == {i for i, leg in dialled.items() if leg.down}
    unknown = {"sip.partner.example.net", "jabber.example.com"}  # no file says whom they trust
    assert all(leg.trace is not None for leg in dialled.values() if not {leg.leg.client, leg.leg.server} & unknown)
    assert w.current_lab() is lab
    lab.close()
    with pytest.raises(InputError, match="no lab is open"):
        w.current_lab()


def test_questions_are_fields_and_wrong_answers_get_a_sentence(panel: IntakePanel, archives: Archives) -> None:
    """A dump alone: it asks for the version, refuses a wrong one, and keeps what is answered."""
    dump = archives.dump("c1")
    drop(panel, (dump.name, dump.read_bytes()))
    assert set(panel.questions.fields) == {"version", "clusters/e1.example.com/fqdn"}
    field = panel.questions.fields["version"]
    assert "Which version" in field.description
    field.value = "X99"
    panel.safely(panel.answer)()
    assert "✘" in panel.said.value
    assert "X99" in panel.said.value
    assert "--answer" not in panel.said.value
    panel.questions.fields["version"].value = "X15.5"
    panel.safely(panel.answer)()
    assert "1 question is still open" in panel.said.value
    panel.questions.fields["clusters/e1.example.com/fqdn"].value = "cluster-e.example.com"
    panel.safely(panel.answer)()
    assert not panel.brought.open_questions  # type: ignore[union-attr]
    panel.safely(panel.make)()
    assert "is assessed" in panel.said.value


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("photo.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF" * 90, "photo.jpg"),
        ("<b>x.tar.gz", b"\x1f\x8b\x08\x00" + b"\x00" * 40, "&lt;b&gt;x.tar.gz"),
        ("../../etc/passwd", b"root:x:0:0", "passwd"),
    ],
)
def test_other_files_get_one_sentence(panel: IntakePanel, name: str, data: bytes, told: str) -> None:
    """Named without any folder, escaped; nothing raises, and nothing is made."""
    drop(panel, (name, data))
    assert "✘" in panel.said.value
    assert told in panel.said.value
    assert "/etc" not in panel.said.value
    assert "<b>x" not in shown(panel)
    assert panel.brought is None


def test_uploads_are_bounded_and_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many bytes, more bytes than announced, two files of one name; unfinished ones are forgotten."""
    files = Uploads()
    assert files.folder.stat().st_mode & 0o777 == 0o700
    for number in "ab":
        files.begin(number, "x.pem", 3)
        assert files.piece(number, b"abc")
    assert [path.name for path in files.paths] == ["x.pem", "x.pem"]
    with pytest.raises(InputError, match="other bytes than it announced"):
        files.piece("a", b"more")
    monkeypatch.setattr(limits, "MAX_TOTAL", 10)
    with pytest.raises(InputError, match="write the name of their folder"):
        files.begin("c", "y.pem", 5)
    files.begin("d", "z.pem", 4)
    files.forget_unfinished()
    assert len(files.paths) == 2


def test_nothing_given_says_what_to_do(panel: IntakePanel, tmp_path: Path) -> None:
    """No file, and a folder that does not exist."""
    panel.safely(panel.read)()
    assert "drop your archives, or write the name of a folder" in panel.said.value
    panel.path.value = str(tmp_path / "nowhere")
    panel.safely(panel.read)()
    assert "nowhere" in panel.said.value
    with pytest.raises(InputError, match="name the diagnostic archives"):
        w.bring([])


def test_shared_case_is_played_and_its_archives_are_brought(
    archives: Sequence[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of some machines are missing: the case under other names fails in as many places, and so do its own archives."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = w.clinic_console(file=w.bring(archives, place=tmp_path / "mine").anonymise(7))
    assert desk.ticket is not None
    case = desk.ticket.session
    assert len(case.report.down) == 17
    looks = desk.ticket.looks
    looks.tools.value = "archives"
    looks.brings.click()
    (brought,) = looks.brought.children
    assert "7 with certificates" in brought.found.value
    assert "e1.example.com" not in case.live.lab.deployment.parties
    desk.back()
    assert "is not a case" in w.clinic_console(file=archives[0]).said.value
