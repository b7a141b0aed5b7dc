"""What people read about the steps of a plan: places, commands, proofs, ways back."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import replace
from functools import cache

from cryptography.hazmat.primitives.hashes import SHA256

from pkikit.planning.step_words.all_words import words_of
from pkikit.planning.step_words.step_file import Replaced, step_pem
from pkikit.planning.step_words.step_text import StepWords
from pkikit.planning.steps import Action, Step
from tests.support.hand_plan import good_plan, hand_plan
from tests.support.worlds import E1, issued


@cache
def by_key(broken: bool = False) -> dict[str, StepWords]:
    return {words.key: words for words in words_of(hand_plan() if broken else good_plan())}


def test_append_names_page_call_file_and_proof() -> None:
    words = by_key()["append c1.corp.example.com "]
    step = good_plan().change.by_key[words.key]
    assert words.title == "Append Your Root CA to the trusted CA list of c1"
    assert words.where == "Maintenance > Security > Trusted CA certificate"
    rest = next(command for command in words.commands if command.label == "REST API")
    assert rest.text.endswith(f"-F file=@{words.file} https://c1.corp.example.com/api/provisioning/certs/root")
    assert words.sha256 == hashlib.sha256(step_pem(step)).hexdigest()
    assert words.proof.shows == "1"


def test_list_of_unified_cm_is_named() -> None:
    words = (
        by_key()["append ucm1.corp.example.com CallManager-trust"]
        if _has_lists()
        else by_key()["append ucm1.corp.example.com "]
    )
    assert "Cisco Unified OS Administration > Security > Certificate Management" in words.where
    assert not [command for command in words.commands if "curl" in command.text]


def _has_lists() -> bool:
    return any("CallManager-trust" in key for key in good_plan().order)


def test_load_waits_for_its_restart_and_raises_15028() -> None:
    load, restart = by_key()["load c1.corp.example.com"], by_key()["restart c1.corp.example.com"]
    assert any("15028" in sentence and "raises" in sentence for sentence in load.after)
    assert any("15028" in sentence for sentence in restart.before)
    assert any("15028" in sentence and "gone" in sentence for sentence in restart.after)
    assert load.contents[0].sha256 in load.proof.text
    assert load.contents[0].sha256 in restart.proof.text
    assert "private key" in load.no_return


def test_restart_announces_what_it_cuts_and_who_carries_the_services() -> None:
    words = by_key()["restart e1.example.com"]
    cut = good_plan().predictions[words.number].down_during
    assert len(words.connections) == len(cut) > 5
    assert words.announced[0] == f"{len(cut)} connections of e1 go down for about 3 minutes."
    assert "MRA stays up at e2." in words.announced


def test_others_get_an_email_with_name_and_fingerprint() -> None:
    words = by_key()["append sip.partner.example.net "]
    assert words.letter is not None
    assert words.contents[0].sha256 in words.letter.body
    assert "Your Root CA" in words.letter.body
    assert "{by}" in words.letter.body


def test_step_that_drops_says_so_and_its_command_is_a_line_of_xconfiguration() -> None:
    words = by_key(broken=True)["set zone"]
    assert [s for s in words.after if s.startswith("GOES DOWN: c2 → e1 (UC traversal)")]
    lines = [command.text for command in words.commands if "xConfiguration" in command.text]
    assert lines == ['xConfiguration Zones Zone 1 TraversalServer SIP TLS Verify Subject Name: "c1.corp.example.com"']


def test_undo_is_judged_without_the_step() -> None:
    """Undoing an append is free until a certificate of that CA is in use; then it drops a connection, and the step says which."""
    plan = good_plan()
    short = replace(plan, order=plan.order[: plan.order.index("restart c1.corp.example.com") + 1])
    words = {w.key: w for w in words_of(short)}
    undo = " ".join(words["append e1.example.com "].undo)
    assert "Directly after this step, that drops no connection." in undo
    assert f"After step {len(short.order)}, undoing only this one drops c1 → e1 (UC traversal)" in undo


def test_first_load_is_the_point_of_no_return() -> None:
    plan = good_plan()
    number = next(words.number for words in words_of(plan) if words.no_return)
    assert plan.steps[number - 1].action is Action.LOAD
    assert not [s for s in plan.steps[: number - 1] if s.action in {Action.LOAD, Action.RESTART}]


def test_hostile_names_stay_in_their_quotes() -> None:
    """A name of a CA is in titles, and never in a command."""
    words = words_of(hand_plan('x\'; rm -rf ~; "$(id)" \x1b[2J'))
    for step in words:
        for command in (*step.commands, step.proof):
            assert "rm -rf" not in command.text
            shlex.split(command.text.replace("\n", " "))
        assert "\x1b" not in step.title


def test_machine_that_was_renamed_has_its_new_name_in_commands() -> None:
    """Before its restart one reaches it by the old name, after it by the new one."""
    plan = good_plan()
    rename = Step(key="rename", action=Action.SET, machine=E1, renames=((E1, "e9.example.com"),))
    restart = replace(plan.change.by_key[f"restart {E1}"], activates=(f"load {E1}", "rename"))
    steps = tuple(restart if s.key == restart.key else s for s in plan.change.steps)
    change = replace(plan.change, steps=(rename, *steps))
    order = ("rename", *plan.order)
    predictions = tuple(replace(plan.predictions[0], done=frozenset(order[:n])) for n in range(len(order) + 1))
    words = {
        w.key: w for w in words_of(replace(plan, change=change, order=order, predictions=predictions), lambda _: ())
    }
    assert "https://e1.example.com/" in words[f"load {E1}"].proof.text
    assert "-connect e9.example.com:443" in words[restart.key].proof.text
    assert (
        words["rename"].do[0] == "On e1.example.com, set the system host name to e9 and the domain name to example.com."
    )


def test_look_alike_shows_the_sha256_of_the_original() -> None:
    plan = good_plan()
    step = plan.change.by_key[f"append {E1} "]
    original = issued().root.certificate
    replaced = Replaced(originals={step.certificates[0]: original})
    words = next(w for w in words_of(plan, lambda _: (), replaced) if w.key == step.key)
    assert words.contents[0].sha256 == original.fingerprint(SHA256()).hex(":").upper()
    assert "look-alike for the lab" in words.remarks[0]
