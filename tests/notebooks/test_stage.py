"""What the theatre and the ACME player show, without a browser: every step, its decode, its text; directions and phases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest
import workbook as w
from workbook.models.sequence import Row, sequence
from workbook.panels.stage import order_sequence, render_sequence, render_theatre

from simulator.peer.acme.order_run import RunStep
from tests.support.labs import FAST

LEG = "zone:uc-traversal:c1.corp.example.com>e1.example.com"
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def lab() -> Iterator[w.LabSession]:
    session = w.LabSession(w.load("clustered-mra"), FAST)
    yield session
    session.close()


def test_theatre_slider_has_one_position_per_step_and_ends_with_the_outcome(lab: w.LabSession) -> None:
    panel = w.handshake_theatre(lab, LEG)
    step = panel.inputs["step"]
    play = w.performance(lab, LEG)
    assert (step.value, step.max) == (1, len(play.steps)) == (1, len(step.titles))
    step.value = step.max
    assert "The connection is up: e1 answered SIP/2.0 200 OK." in panel.result.value
    panel.inputs["version"].value = "TLS 1.2"
    assert step.max == len(w.performance(lab, LEG, "TLS 1.2").steps) == len(step.titles)


def test_theatre_text_of_each_step_says_what_its_picture_says(lab: w.LabSession) -> None:
    """The message with its decode, who could read it, and the log lines."""
    play = w.performance(lab, LEG)
    number = next(n for n, s in enumerate(play.steps) if s.message and s.message.title == "Certificate")
    shown = render_theatre(play, number)
    for told in ("only c1 and e1 can read it", "Names (SAN)", "CN=cluster-e.example.com", "Issued by"):
        assert told in unescape(shown.html)
        assert told in shown.text
    assert "Not encrypted: everyone on the way can read it." in render_theatre(play, 0).text


def test_theatre_shows_both_logs_of_a_refused_connection(lab: w.LabSession) -> None:
    before = lab.world
    lab.threaded.change(before.with_party(replace(before.parties["e1.example.com"], trusted_ca_list=())))
    play = w.performance(lab, LEG)
    lab.threaded.change(before)
    shown = render_theatre(play, len(play.steps) - 1)
    assert "Outbound TLS Negotiation Error" in shown.html
    assert "Inbound TLS Negotiation Error" in shown.text
    assert "e1 refused c1" in shown.text
    picture = w.theatre_picture(play)
    assert "✘ The connection is down: e1 refused c1." in picture.text
    assert "Event=" not in picture.text


def test_theatre_of_a_tunnel_says_that_it_is_not_tls(lab: w.LabSession) -> None:
    tunnel = next(leg.id for leg in lab.threaded.legs if leg.id.startswith("tunnel:"))
    shown = render_theatre(w.performance(lab, tunnel), 0)
    assert "This is an SSH tunnel, not TLS." in shown.html
    assert "This is an SSH tunnel, not TLS." in shown.text


def steps() -> list[RunStep]:
    told = [
        ("account", "created", "", "https://ca/dir"), ("virtual host", "opened", "e1.example.com", ""),
        ("virtual host", "opened", "e2.example.com", ""), ("order", "pending", "", "2 names to prove"),
        ("authorization", "pending", "a.example.com", ""), ("challenge file", "placed", "a.example.com", "on e1.example.com, e2.example.com"),
        ("challenge", "answered", "a.example.com", "the CA may fetch it now"),
        ("authorization", "pending", "b.example.com", ""),
        ("challenge file", "fetched", "a.example.com", "from e2.example.com, by 127.0.0.1"),
        ("authorization", "invalid", "b.example.com", "404"), ("order", "pending", "", ""), ("request", "sent", "", "finalize"),
        ("order", "valid", "", ""), ("certificate", "downloaded", "", "2 certificates"), ("certificate", "pending", "", "waits"),
    ]  # fmt: skip
    return [RunStep(at=AT, what=what, state=state, name=name, detail=detail) for what, state, name, detail in told]


def test_order_rows_have_the_direction_of_the_protocol_and_phases() -> None:
    """The peer asks, answers and polls; the CA only fetches files; challenges are grouped by name."""
    rows = order_sequence(steps(), "e1.example.com", ("e1.example.com", "e2.example.com")).rows
    ways = {(r.sender, r.receiver): r.label for r in rows}
    assert [r.label for r in rows if r.sender == "public CA"] == [
        "GET http://a.example.com/.well-known/acme-challenge/…"
    ]
    assert ("public CA", "e2") in ways
    asked = [r.label for r in rows if (r.sender, r.receiver) == ("e1", "public CA")]
    assert "answers the challenge: the CA may fetch the file now" in asked
    assert "polls the order; the answer: valid" in asked
    assert [r.phase for r in rows if r.phase] == [
        "Account", "Port 80 opens on every peer", "Order", "Challenge for a.example.com", "Challenge for b.example.com",
        "The CA's answer for every name", "Finalise", "Download", "Deploy",
    ]  # fmt: skip
    assert [r.label for r in rows if r.bad] == ["polls b.example.com; the answer: invalid. 404"]


def test_order_player_shows_the_first_step_first() -> None:
    order = order_sequence(steps(), "e1.example.com", ("e1.example.com", "e2.example.com"))
    first, last = render_sequence(order, 0), render_sequence(order, len(order.rows) - 1)
    assert (first.html.count('class="row'), last.html.count('class="row')) == (1, len(order.rows))
    assert re.search(r"Challenge for a\.example\.com:\n", last.text)


def test_sequence_escapes_everything() -> None:
    row = Row(sender="<a>", receiver="<b>", label="<i>x</i>", logs=("<l>",), phase="<p>")
    drawn = sequence([("<a>", "<A>"), ("<b>", '"B')], [row, replace(row, receiver="<a>")], "<t>")
    assert not re.search(r"<[abilp]>|<A>|<t>", drawn)
