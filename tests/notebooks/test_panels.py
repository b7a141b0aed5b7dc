"""The panels without a browser: whatever their inputs hold, they show something; nothing raises, nothing is unescaped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import workbook as w
from workbook.course.lessons import lessons
from workbook.course.progress import remember, tries
from workbook.html import PanelOutput, alert, table
from workbook.models.revocation_table import ANSWERS, LISTS, SERVICES, SOURCES, RevocationCase, decide, shown
from workbook.panels.base import Panel, choice
from workbook.panels.design_panels import inspect_file
from workbook.panels.lab_panels import chain_builder, trust_editor

from pkikit.errors import InputError, PkikitError
from tests.support.labs import QUICK
from tests.support.wait import eventually

ODD = (
    "",
    " ",
    "😀",
    "bücher.example.com",
    "<script>alert(1)</script>",
    "a" * 5000,
    "*.example.com",
    "-",
    "\x00",
    "…" * 300,
)


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def lab() -> Iterator[w.LabSession]:
    session = w.LabSession(w.load("clustered-mra"), QUICK)  # the current one belongs to other tests
    yield session
    session.close()


@pytest.mark.parametrize("typed", ODD)
def test_panel_field_takes_any_text_safely(lab: w.LabSession, typed: str) -> None:
    """A name, a sentence, or nothing to say; never an exception, never markup from what was typed."""
    for panel, fields in (
        (w.san_designer(), ("core_fqdn", "edge_fqdn", "registration_domains")),
        (
            w.csr_form(lab, "e1.example.com"),
            ("registration_domains", "chat_aliases", "added", "country", "state", "unit"),
        ),
        (w.file_inspector(lab), ("pasted",)),
    ):
        for field in fields:
            before = panel.inputs[field].value
            panel.inputs[field].value = typed
            assert panel.result.value
            assert "<script>" not in panel.result.value
            panel.inputs[field].value = before
        assert "Not possible" not in panel.result.value


def test_san_panel_bounds_its_output_for_ten_thousand_names(lab: w.LabSession) -> None:
    """PanelOutput bounded, within the time that a redraw may take many times over; one more is refused in a sentence."""
    panel = w.csr_form(lab, "e1.example.com")
    names = [f"n{n}.example.com" for n in range(10_000)]
    panel.inputs["added"].value = ",".join(names)
    assert "10003 names" in panel.result.value
    assert len(panel.result.value) < 200_000
    panel.inputs["added"].value = ",".join([*names, "one.more.example.com"])
    assert "at most 10,000" in panel.result.value
    designer = w.san_designer()
    designer.inputs["registration_domains"].value = ",".join(names)
    assert designer.result.value
    assert len(designer.result.value) < 400_000


@pytest.mark.parametrize("data", [
    b"", b"\xff\xd8\xff\xe0\x00\x10JFIF" * 50, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x30\x82", b"PK\x03\x04" + b"\x00" * 40,
    b"x" * (3 * 1024 * 1024), "ключ".encode(), b"\x00" * 1000,
])  # fmt: skip
def test_file_panel_refuses_a_file_with_a_sentence(data: bytes) -> None:
    """A file that is not a certificate gets one sentence that says what it is."""
    told = inspect_file(data, "<i>photo</i>.jpg")
    assert told.text
    assert "<i>" not in told.html


def test_file_panel_hides_a_private_key() -> None:
    """Of a PKCS#12 file with a key: kind and length, nothing of the key itself."""
    from workbook.models.revocation_table import make_files

    told = inspect_file(make_files()["pkcs12"], "e1.pfx")
    assert "EC" in told.text
    assert "PRIVATE" not in told.html


@pytest.mark.parametrize("service", list(SERVICES))
@pytest.mark.parametrize("source", list(SOURCES))
@pytest.mark.parametrize("crl", LISTS)
def test_revocation_panel_decides_every_situation(service: str, source: str, crl: Any) -> None:
    """All combinations of what the panel offers: a verdict with its steps, and for SIP TLS a row."""
    for answer in ANSWERS:
        for use_ocsp, use_crls, responder in (
            (True, True, True),
            (True, True, False),
            (False, True, True),
            (False, False, False),
        ):
            situation = RevocationCase(
                service=service,
                source=source,
                crl=crl,
                ocsp=answer,
                use_ocsp=use_ocsp,
                use_crls=use_crls,
                responder=responder,
            )
            decision = decide(situation)
            told = shown(decision)
            assert told.text.startswith("✔ accepted" if decision.accepted else "✘ refused")
            assert (decision.row is not None) == (service == "SIP TLS")
            if service == "SIP TLS" and use_ocsp and responder and answer == "good":
                assert decision.accepted


def test_revocation_panel_refuses_a_revoked_certificate_by_its_sources() -> None:
    """The control of the table: each service refuses a revoked certificate by the sources that it reads, and by no others."""
    for service, kind in SERVICES.items():
        for source, place in SOURCES.items():
            from pkikit.judge.revocation.revocation_status import SEES

            decision = decide(RevocationCase(service=service, source=source, crl="revoked", responder=False))
            assert decision.accepted == (place not in SEES[kind])


def test_trust_panel_displays_and_changes_the_list(lab: w.LabSession) -> None:
    """The boxes show the list of whom was chosen; what is done in the lab is dialled."""
    panel = trust_editor(lab)
    panel.inputs["whose"].value = "c1.corp.example.com"
    boxes = panel.inputs["ca0"], panel.inputs["ca1"]  # the root, the issuing CA
    assert (boxes[0].value, boxes[1].value) == (True, True)
    panel.inputs["whose"].value = "sip.partner.example.net"
    assert (boxes[0].value, boxes[1].value) == (True, False)
    panel.inputs["whose"].value = "c1.corp.example.com"
    boxes[0].value = False
    assert "trust.issuer-unknown" in panel.result.value
    assert lab.check().accepted
    panel.buttons["Do it in the lab"].click()
    report = lab.check()
    assert {"trust.issuer-unknown"} == {leg.causes[0] for leg in report.down}
    assert all("c1.corp.example.com" in (leg.leg.client, leg.leg.server) for leg in report.down)
    assert report.count in panel.said.value
    boxes[0].value = True
    panel.buttons["Do it in the lab"].click()
    assert lab.check().accepted


def test_chain_panel_distinguishes_root_and_intermediate(lab: w.LabSession) -> None:
    """The panel begins with the root alone in the list, so what is not sent is missing; in the list, it is not."""
    panel = chain_builder(lab)
    assert panel.inputs["trusted"].value == ("Lab Root CA",)
    assert "✔ accepted" in panel.result.value
    panel.inputs["sent"].value = ()
    assert "trust.intermediate-missing" in panel.result.value
    panel.inputs["trusted"].value = ()
    assert "trust.issuer-unknown" in panel.result.value
    panel.inputs["trusted"].value = ("Lab Root CA", "Lab Issuing CA")
    assert "✔ accepted" in panel.result.value


def test_blast_radius_says_when_nobody_asks_whether_a_certificate_is_revoked(lab: w.LabSession) -> None:
    """Checking off: nothing goes down, and the panel says why. On: the revoked certificate is refused."""
    panel = w.blast_radius(lab)
    panel.inputs["loss"].value = "its certificate is revoked"
    panel.inputs["target"].value = "e1.example.com"
    panel.inputs["checking"].value = False
    assert "Revocation checking is off" in panel.result.value
    assert "connection down" not in panel.result.value
    panel.inputs["checking"].value = True
    assert "Revocation checking is off" not in panel.result.value
    assert "c1 → e1 (UC traversal)" in panel.result.value
    assert "revocation.revoked" in panel.result.value


def test_panel_reports_a_failed_action_with_a_sentence(lab: w.LabSession) -> None:
    """Generate twice, discard twice, a lab that was closed: said in the panel, and the button can be pressed again."""
    panel = w.csr_form(lab, "e2.example.com")
    panel.buttons["Generate CSR"].click()
    assert "stays on the peer" in panel.said.value
    panel.buttons["Generate CSR"].click()
    assert "discard it first" in panel.said.value
    panel.buttons["Discard CSR"].click()
    panel.buttons["Discard CSR"].click()
    assert "✘" in panel.said.value
    assert not panel.buttons["Discard CSR"].disabled
    other = w.LabSession(lab.deployment, QUICK)
    forgotten = w.csr_form(other, "e2.example.com")
    other.close()
    forgotten.buttons["Generate CSR"].click()
    assert "this lab is closed" in forgotten.said.value


def test_input_that_adapts_another_is_drawn_once() -> None:
    """With the values of both, never with the new one of the first and the old one of the second."""
    drawn: list[tuple[str, str]] = []

    def show(loss: str, target: str) -> PanelOutput:
        drawn.append((loss, target))
        return PanelOutput(html="", text="")

    inputs = {"loss": choice("Loss", ("name", "CA")), "target": choice("Target", ("e1", "e2"))}
    Panel("x", inputs, show, follow={"loss": lambda loss: setattr(inputs["target"], "options", (f"{loss} 1", "2"))})
    inputs["loss"].value = "CA"
    assert drawn == [("name", "e1"), ("CA", "CA 1")]
    inputs["target"].value = "2"
    assert drawn[2:] == [("CA", "2")]


def test_panel_text_form_names_the_cell_to_run() -> None:
    """Where no widget can be displayed, the panel's text form says what to run."""
    panel = Panel("<b>", {}, lambda: PanelOutput(html="x", text="<x>"))
    assert repr(panel) == "<b>\n▶ Run this cell to use this panel."
    assert "&lt;x&gt;" in panel.result.value
    assert "<b>✘ Not possible:</b> &lt;i&gt;" in alert("<i>").html
    assert table(("a",), [("<i>",)] * 300).count("<tr>") == 201


def test_reset_asks_first_clears_one_notebook_and_can_be_undone() -> None:
    """The first press asks, the second clears this notebook's answers only, *Undo* brings them back."""
    remember("00-A", right=True, answer=["e2.example.com"])
    remember("01-A", right=True)
    card = w.start("00")
    shown = lambda: card.progress.outputs[0]["data"]["text/html"]  # noqa: E731
    assert "30 minutes. 1 of 3 exercises done." in shown()
    card.show.click()
    assert "Exercise 00-A: ✔ right" in shown()
    card.reset.click()
    assert card.reset.description == "Yes, clear 1 answer"
    assert len(tries()) == 2
    card.reset.click()
    assert [t.exercise for t in tries()] == ["01-A"]
    assert "0 of 3 exercises done" in shown()
    card.undo.click()
    assert {t.exercise for t in tries()} == {"00-A", "01-A"}
    assert w.exercise("00-A").field.get() == ["e2.example.com"]
    with pytest.raises(InputError, match="There are 00, 01"):
        w.start("77")


def test_projector_size_is_for_the_whole_page_and_for_the_next_notebook() -> None:
    """The button sets text to 24 px, the next notebook opens so, and another press brings the normal size back."""
    switch = w.start("00").projector
    assert not switch.on
    assert "font-size: 24px" in switch.css
    switch.on = True  # what the button does in the page
    following = w.start("01").projector
    assert following.on
    following.on = False
    assert not w.start("02").projector.on
    assert w.projector().on
    assert not w.projector(on=False).on


def test_first_and_last_card_link_to_the_lessons_around() -> None:
    """Links are relative, for JupyterLab and for exported pages; the lab stays open until the button is pressed."""
    static = w.start("01").static
    assert 'href="00-meet-the-lab.ipynb"' in static
    assert 'href="02-which-names-and-why.ipynb"' in static
    session = w.open_lab("single-pair", QUICK)
    card = w.finish("01")
    assert session.check().accepted
    remember("01-A", right=True)
    assert "You did 1 of 3 exercises. Still open: 01-B, 01-C." in card.result.outputs[0]["data"]["text/html"]
    card.close.click()
    assert "The lab is closed" in card.said.value
    with pytest.raises(PkikitError, match="closed"):
        session.check()


def test_prediction_is_compared_with_what_happens(lab: w.LabSession) -> None:
    """Nothing runs before a choice; then every expectation is confirmed or not."""
    asked: list[int] = []
    card = w.predict("Which?", ["one", "two"], answer=lambda: asked.append(1) or "two", because="So it is.")
    card.run.click()
    assert not asked
    card.field.put(["one"])
    card.run.click()
    assert "you expected this, but it does not happen" in card.said.value
    card.field.put(["two"])
    card.run.click()
    assert "Your prediction is right" in card.said.value
    report = lab.check()
    down = w.predict_down("Which go down?", report.zone("uc-traversal"), answer=report)
    assert "☐ c1 → e1 (UC traversal)" in down.plain
    assert "c1 = c1.corp.example.com" in down.plain.replace("\xa0", " ")


def test_progress_is_kept_without_a_name(tmp_path: Path) -> None:
    """Tries and rights, clinic scores beside them; JSON and CSV; lines that are none are left out; any other form is refused."""
    w.check("03-A", ["names"])
    w.check("03-A", ["names", "public-key", "purposes"])
    from workbook.course.progress import progress_file

    with progress_file().open("a", encoding="utf-8") as stream:
        stream.write("not json\n[1]\n{}\n")
    report = w.progress_report()
    assert report.loc["03-A", "tries"] == 2
    assert bool(report.loc["03-A", "right"])
    assert set(report.columns) == {"tries", "right", "solution shown", "since", "points"}
    assert w.save_report(tmp_path / "r.csv") == "Saved 1 row in r.csv."
    assert w.save_report(tmp_path / "r.json") == "Saved 1 row in r.json."
    assert "03-A" in (tmp_path / "r.csv").read_text()
    with pytest.raises(InputError, match=r"ends in .json or .csv"):
        w.save_report(tmp_path / "r.xlsx")
    with pytest.raises(InputError, match=r"r.csv: .*non-existent"):
        w.save_report(tmp_path / "no" / "r.csv")


def test_every_lesson_has_the_metadata_of_the_course_map() -> None:
    """What the course map is made of is in every notebook."""
    assert len(lessons()) == 25
    assert all(found.minutes and found.able and found.notes and found.exercises for found in lessons())


def test_two_labs_of_two_notebooks_are_checked_at_once(lab: w.LabSession) -> None:
    """Two labs side by side (two kernels, as far as addresses go), both checked at the same moment."""
    other = w.LabSession(lab.deployment, QUICK)
    results: list[bool] = []
    threads = [threading.Thread(target=lambda s=s: results.append(s.check().accepted)) for s in (lab, other)]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    other.close()
    assert results == [True, True]


def test_closed_labs_leave_no_thread(lab: w.LabSession) -> None:
    """Opening and closing labs and cases again and again leaves nothing running."""
    before = threading.active_count()
    for _ in range(3):
        session = w.LabSession(lab.deployment, QUICK)
        session.close()
    eventually(lambda: threading.active_count() <= before, "threads are left")
