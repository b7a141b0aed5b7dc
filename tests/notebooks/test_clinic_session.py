"""The clinic in a notebook: tickets, tools, causes in words, fixes with side effects, the debrief; and the same as a panel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from workbook import case_list, clinic_console, close_case, open_case
from workbook.course.clinic_session import ClinicSession
from workbook.desk.fix_form import GROUPS, FixForms, line
from workbook.desk.ticket_view import TicketView, cause_groups
from workbook.tables.clinic_tables import Causes, DebriefShown, Looked

from pkikit.errors import InputError
from pkikit.rules.plain_causes import PLAIN_CAUSES
from simulator.clinic.case import cases
from simulator.clinic.score import scores_file
from simulator.errors import LabError
from simulator.world.remedies import Action, remedy_of

C1, E1 = "c1.corp.example.com", "e1.example.com"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield
    close_case()


def _open(which: str) -> ClinicSession:
    return open_case(which, pages=False)


def test_ticket_is_played_in_code_and_scored_once() -> None:
    """Looks, a hint, a wrong cause and the right one, two fixes, the debrief; sentences everywhere; one line of score."""
    case = _open("leaf-expired")
    assert case.case.ticket in repr(case)
    for shown in (repr(case), case._repr_html_(), case.picture().svg, case.picture().text):
        assert "leaf-expired" not in shown
        assert "validity" not in shown
    assert "which connections are up or down" in case.look().to_string()
    looked = [
        case.look(tool)
        for tool in ("zones", "log c1", "certificate c1", "trust c1", "trace", "dns cluster-e.example.com")
    ]
    assert all(isinstance(seen, Looked) and seen.seen.title for seen in looked)
    assert "ago, by its own clock" in repr(looked[2])
    assert not case.certificate("c1").frame.empty
    assert list(case.down().columns) == ["outcome", "rejected by"]
    assert "Solve the ticket first" in str(case.debrief())
    assert case.hint()
    assert case.cause("trust.issuer-unknown").startswith("No.")
    found = case.cause("certificate expired")
    assert isinstance(found, Causes)
    assert "1  A certificate of the chain has expired." in repr(found)
    assert "Fixed. Now name the cause." in str(case.fix("renew c1"))
    assert str(case.cause(1)) == "Right. The ticket is solved."
    debrief = case.debrief()
    assert isinstance(debrief, DebriefShown)
    assert "75 points: 1 hint, 1 wrong cause" in repr(debrief)
    assert "certificate c1 (2 times)" in debrief._repr_html_()
    close_case()
    (written,) = scores_file().read_text().splitlines()
    assert (json.loads(written)["case"], json.loads(written)["points"]) == ("leaf-expired", 75)
    with pytest.raises(LabError, match="closed"):
        case.zones()


def test_ticket_refuses_bad_input_with_a_sentence() -> None:
    """A tool of another ticket, machines and fixes that there are not, any text as a cause."""
    case = _open("leaf-expired")
    for call, told in (
        (lambda: case.preflight(), "preflight is not available in this ticket"),
        (lambda: case.look("<b>"), "is not one of"),
        (lambda: case.certificate("nobody"), "is not one of"),
        (lambda: case.trace("zone:nothing"), "there is no connection"),
        (lambda: case.fix("pray e1"), "there is no fix"),
        (lambda: case.remedy("set-clock", "e9"), "is not one of"),
        (lambda: case.cause(3), "The list has 0 causes"),
    ):
        with pytest.raises(InputError, match=told):
            call()
    for said in (None, "😀", ["x"], "x" * 100_000):
        assert len(case.answer(said)) < 400
        assert case.score.misses == 0  # not an answer, so it costs nothing
    assert case.remedy("upload", "e1 as-pem").startswith("✘")
    assert "No more hints" in [case.hint() for _ in range(9)][-1]
    assert case.score.hints == len(case.case.hints)
    with pytest.raises(InputError, match="did you mean leaf-expired"):
        open_case("leaf-expire")


def test_case_list_shows_neither_cause_nor_file() -> None:
    """Numbers, symptoms, levels and minutes; a seed gives everybody the same tickets; only trainers see topics."""
    assert len(case_list()) == len([c for c in cases().values() if c.ticket])
    assert list(case_list().columns) == ["symptom", "level", "minutes"]
    assert {"topic", "file"} < set(case_list(trainer=True).columns)
    assert list(case_list(7).index) == list(case_list(7).index)
    assert len(case_list(7, 4)) == 4
    for case in cases().values():
        assert case.cause not in case.symptom + " ".join(case.hints)


@pytest.mark.parametrize(
    ("case", "seen"),
    [
        (
            "callmanager-and-tomcat",
            {
                "certificate ucm1": "at port 5061 instead",
                "trust c1": "ucm1.corp.example.com",
            },
        ),
        (
            "verify-subject-name",
            {
                f"trace zone:uc-traversal:{C1}>{E1}": "NOT found in the certificate: expressway-c.corp.example.com",
                "log e1": "Src-port=",
            },
        ),
        ("cdp-down", {"log": "CRL Download Failed"}),
        ("uploaded-pkcs7", {"file": "PKCS#7"}),
        ("acme-dns-to-one-peer", {"preflight": "Port 80", "dns cluster-e.example.com": "e2"}),
    ],
)
def test_tools_of_a_ticket_show_its_evidence(case: str, seen: dict[str, str]) -> None:
    """Each tool shows the evidence; none names the rule that is the answer."""
    opened = _open(case)
    for words, wanted in seen.items():
        found = repr(opened.look(words))
        assert wanted in found
        assert opened.case.cause not in found


def test_opening_a_second_ticket_closes_the_first() -> None:
    first = _open("swapped")
    second = open_case(4, pages=False)
    assert ClinicSession.current is second
    assert len(second.case.causes) == 2
    with pytest.raises(LabError, match="closed"):
        first.zones()


def test_causes_are_grouped_by_gate() -> None:
    """All of them, in plain words, under the question of their gate."""
    groups = cause_groups()
    assert groups[0]["title"].startswith("1 Reachability")
    assert sum(len(group["options"]) for group in groups) == len(PLAIN_CAUSES)


def test_fix_forms_offer_only_what_the_clinic_can_read() -> None:
    """Every action with its targets, fields and defaults makes a line that the clinic reads, and tells its side effects."""
    case = _open("callmanager-and-tomcat")
    world = case.live.lab.world
    forms = FixForms(world, case.live.fault_context)
    assert {action for _, actions in GROUPS for action in actions} == set(Action)
    for action in Action:
        targets = [value for _, value in forms.targets(action)] or [""]
        for target in targets[:2] + targets[-1:]:
            asked = forms.asked(action, target) if target else ()
            values: dict[str, Any] = {one.name: one.value for one in asked}
            values |= {one.name: (one.options[0][1],) for one in asked if one.kind == "many"}
            values |= {one.name: one.value or E1 for one in asked if one.kind == "text" and one.name == "value"}
            assert remedy_of(line(action, target, values), "", world.deployment, world).action is action
            assert forms.before(action, target, values, case.report)
    names = {one.name for one in forms.asked(Action.ORDER, "ucm1.corp.example.com")}
    assert names == {"service", "names", "added", "removed", "template", "ca", "key"}
    ordered = line(
        Action.ORDER, C1, {"names": "planned-names", "added": "a.example.com, b.example.com", "removed": f"-{C1}"}
    )
    assert ordered == f"order {C1} planned-names +a.example.com +b.example.com -{C1}"
    weaker = forms.before(Action.CONFIGURE, "revocation.checking", {"value": "off"}, case.report)
    assert weaker[0].startswith("The connections")


def _ticket(which: str, **settings: Any) -> tuple[Any, TicketView]:
    desk = clinic_console(**settings)
    desk.queue.chosen, desk.queue.asked = which, desk.queue.asked + 1
    assert desk.ticket is not None, desk.said.value
    return desk, desk.ticket


def test_desk_plays_a_ticket_from_queue_to_debrief() -> None:
    """Opened from the queue; every tool; a hint; fixed by the form; named by the list; debrief with both handshakes; back."""
    ticket = cases()["server-auth-only-on-c"].ticket
    desk, view = _ticket(ticket)
    assert "server-auth-only-on-c" not in json.dumps(desk.queue.tickets)
    assert desk.choosing.layout.display == "none"
    assert view.session.desk.looked == []  # what is shown at first is not a look
    for tool, label in view.looks.tools.options:
        view.looks.tools.value = tool
        assert view.looks.shown.value, label
        assert "✘</b>" not in view.looks.shown.value
    view.looks.tools.value = "trace"
    assert "Step 1 of" in view.looks.theatre.value
    view.looks.step.value = 3
    assert "Step 3 of" in view.looks.theatre.value
    view.looks.tools.value = "log"
    view.looks.place.value = E1
    assert "UTCTime" in view.looks.shown.value
    view.hint.click()
    assert "Hint 1:" in view.said.value
    view.name.click()
    assert "Choose a cause first" in view.named.value
    view.causes.value = "validity.expired"
    view.name.click()
    assert "This is not the cause" in view.named.value
    view.fixes.actions.value = "order"
    view.fixes.target.value = C1
    view.fixes._fields["template"].value = "server+client"
    assert "about 3 minutes without it" in view.fixes.before.value
    view.fixes.do.click()
    assert "connections came up" in view.fixes.said.value
    assert "Opening" not in desk.said.value
    view.causes.value = "eku.client-auth-missing"
    view.name.click()
    (debrief,) = view.debrief.children
    assert "Solved." in debrief.told.value
    assert "75 points: 1 hint, 1 wrong cause" in debrief.told.value
    debrief.step.value = 2
    assert "Step 2 of" in debrief.broken.value
    assert "Step 2 of" in debrief.now.value
    assert view.give_up.disabled
    view.back.click()
    assert ClinicSession.current is None
    assert {"ticket": ticket, "state": "75 points"}.items() <= next(
        t for t in desk.queue.tickets if t["ticket"] == ticket
    ).items()


def test_desk_gives_up_after_a_second_press_and_survives_bad_input() -> None:
    """A ticket without connections that are down; the wrong file; give up twice; tickets of a class."""
    _, view = _ticket(cases()["uploaded-der"].ticket)
    view.fixes.actions.value = "upload"
    view.fixes._fields["form"].value = "unchanged"
    view.fixes.do.click()
    assert "Still refused" in view.state.value
    view.fixes.actions.value = "order"
    view.fixes._fields["added"].value = "<img src=x onerror=alert(1)>"
    view.fixes.do.click()
    assert "<img" not in view.fixes.said.value + view.fixes.before.value
    view.give_up.click()
    assert not view.session.score.gave_up
    view.give_up.click()
    (debrief,) = view.debrief.children
    assert "You gave up." in debrief.told.value
    assert "0 points" in debrief.told.value
    desk = clinic_console(seed=7, count=4, trainer=True)
    assert [t["ticket"] for t in desk.queue.tickets] == list(case_list(7, 4).index)
    assert all(t["topic"] for t in desk.queue.tickets)
    desk.seed.value = "x"
    assert "only digits" in desk.said.value
    desk.queue.chosen, desk.queue.asked = "INC-0000", 9
    assert "there is no case" in desk.said.value
    assert "Ticket desk" in repr(desk)
