"""`pkikit report` and the value behind it: what is claimed, what is not, and every form of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import pkikit
from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.model.leg import Purpose
from pkikit.model.world import World
from pkikit.report.content.assessment import assess
from pkikit.report.content.build import build_report
from pkikit.report.content.deployment_report import Light, Report
from pkikit.report.content.report_dates import Kind
from pkikit.report.given.given import Given, find_deployment, read_given
from pkikit.report.given.import_notes import notes_of
from pkikit.report.written.date_calendar import to_calendar
from pkikit.report.written.finished_report import FinishedReport
from pkikit.report.written.report_sentences import answer
from tests.support.cli import pkikit_in_process
from tests.support.json_documents import assert_follows
from tests.support.worlds import (
    AT,
    C1,
    DEPLOYMENTS,
    E1,
    JABBER,
    UCM1,
    WorldBuilder,
    changed,
    issued,
    stranger,
)

MRA = "clustered-mra"


def report_on(world: World, **more: Any) -> Report:
    return build_report(Given(world=world, files={}, **more), AT)


def without(world: World, *machines: str, certificate: bool = True, trusted: bool = True) -> World:
    """The same world, of which nobody gave these machines' certificate or list."""
    for fqdn in machines:
        party = world.parties[fqdn]
        party = replace(party, credential=None, services={}) if certificate else party
        world = world.with_party(replace(party, trusted_ca_list=(), lists={}) if trusted else party)
    return world


def pem_of(certificates: tuple[x509.Certificate, ...]) -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in certificates)


def write_folder(world: World, folder: Path, name: str = MRA) -> Path:
    """An imported folder with everything of a world, as `pkikit import` writes it."""
    (folder / "certificates").mkdir(parents=True)
    (folder / "deployment.yaml").write_bytes((DEPLOYMENTS / f"{name}.yaml").read_bytes())
    for fqdn, party in world.parties.items():
        mine = folder / "certificates" / fqdn
        mine.mkdir()
        if party.credential is not None:
            (mine / "cert.pem").write_bytes(pem_of(party.credential.chain))
        if party.trusted_ca_list:
            (mine / "trust.pem").write_bytes(pem_of(party.trusted_ca_list))
    return folder


@cache
def broken() -> World:
    """E1's certificate comes from a CA that nobody trusts; nobody gave what Jabber trusts."""
    return without(WorldBuilder(MRA).reissue(E1, by=stranger()).world, JABBER)


def test_complete_world_is_green_and_every_connection_is_up() -> None:
    report = report_on(issued(MRA).world)
    assert report.light is Light.GREEN
    assert report.counts == {State.UP: len(report.connections), State.DOWN: 0, State.NOT_ASSESSED: 0}
    assert answer(report) == "All 54 connections are up, and nothing ends within 30 days."


def test_nothing_given_is_grey_and_claims_nothing() -> None:
    world = without(issued(MRA).world, *issued(MRA).world.parties)
    report = report_on(world)
    assert report.light is Light.GREY
    assert set(report.counts.items()) >= {(State.UP, 0), (State.DOWN, 0)}
    assert all(line.state is State.NOT_ASSESSED for line in report.services)
    assert "Nothing fails as far as is known" in answer(report)
    assert "certificate not given" in report.topology.text
    assert "nobody" not in report.topology.text


@pytest.mark.parametrize(("certificate", "trusted"), [(True, False), (False, True)])
def test_missing_part_leaves_its_connections_open_and_no_others(certificate: bool, trusted: bool) -> None:
    whole = {c.leg.id: c for c in assess(issued(MRA).world, AT)}
    for found in assess(without(issued(MRA).world, C1, certificate=certificate, trusted=trusted), AT):
        concerned = C1 in (found.leg.client, found.leg.server)
        assert concerned or found.state is whole[found.leg.id].state
        if found.state is State.UP and concerned:
            presents = found.leg.mutual or found.leg.server == C1
            verifies = (found.leg.client == C1 and found.leg.client_verifies) or (
                found.leg.server == C1 and found.leg.mutual
            )
            assert not (certificate and presents)
            assert not (trusted and verifies)


def test_one_known_side_says_so_and_its_refusal_counts() -> None:
    half = next(c for c in assess(without(issued(MRA).world, E1, certificate=False), AT) if c.verdict.half is not None)
    assert half.state is State.NOT_ASSESSED
    refused = without(WorldBuilder(MRA).reissue(E1, by=stranger()).world, E1, certificate=False)
    down = next(c for c in assess(refused, AT) if c.leg.zone == "uc-traversal" and c.leg.server == E1)
    assert (down.state, down.refused_by) == (State.DOWN, down.leg.client)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"begins": -timedelta(days=90), "ends": -timedelta(days=1)}, "validity.expired"),
        ({"names": ("other.example.com",)}, "names."),
    ],
)
def test_leaf_that_every_reader_refuses_is_down_even_without_the_list(fault: dict[str, Any], cause: str) -> None:
    built = WorldBuilder(MRA).reissue(E1, **fault)
    found = [c for c in assess(without(built.world, JABBER), AT) if c.leg.client == JABBER and c.leg.server == E1]
    assert found
    assert all(c.state is State.DOWN and c.causes[0].startswith(cause) for c in found)


def test_one_certificate_of_a_node_with_two_services_is_not_that_of_both() -> None:
    world = issued(MRA).world
    world = world.with_party(replace(world.parties[UCM1], services={}))
    open_ones = [c for c in assess(world, AT) if c.state is State.NOT_ASSESSED]
    assert open_ones
    assert {(lack.machine, lack.service) for c in open_ones for lack in c.lacks} == {(UCM1, "CallManager")}
    gap = report_on(world).gaps[0]
    assert f"certificates/{UCM1}/cert-callmanager.pem" in gap.how


def test_two_stores_need_the_client_certificate_too() -> None:
    world = replace(issued(MRA).world, deployment=changed(version="X15.5"))
    lacks = {lack.part.value for c in assess(world, AT) for lack in c.lacks}
    assert lacks == {"client certificate"}


def test_revocation_without_crls_is_not_assessed() -> None:
    world = replace(issued(MRA).world, deployment=changed(revocation__checking=True), published={})
    report = report_on(world)
    assert report.counts[State.NOT_ASSESSED]
    assert not report.counts[State.DOWN]
    assert any("CRLs" in gap.what for gap in report.gaps)


def test_causes_are_grouped_and_name_list_file_and_fix() -> None:
    report = report_on(broken(), folder="certificates")
    given = Given(world=broken(), files={E1: f"certificates/{E1}/cert.pem"}, folder="certificates")
    report = build_report(given, AT)
    first = report.problems[0]
    assert report.light is Light.RED
    assert first.rule == "trust.issuer-unknown"
    assert f"{E1} (certificates/{E1}/cert.pem)" in first.certificates
    assert "trusted CA lists of" in first.fix
    assert sum(len(p.connections) for p in report.problems) >= report.counts[State.DOWN]


def test_inventory_has_both_purposes_by_use() -> None:
    rows = report_on(issued(MRA).world).inventory.certificates
    c1 = next(row for row in rows if row.holders[0][0] == C1)
    assert c1.server_auth
    assert c1.client_auth
    assert c1.asked(Purpose.CLIENT)
    assert {"UC traversal", "cluster"} <= {use.carries for use in c1.uses if use.role is Purpose.CLIENT}
    assert len({row.sha256 for row in rows}) == len(rows)


def test_dates_have_ends_renewals_and_rules_in_order() -> None:
    events = report_on(issued(MRA).world).events
    assert [e.at for e in events] == sorted(e.at for e in events)
    assert {Kind.CERTIFICATE, Kind.AUTHORITY, Kind.RENEW, Kind.RULE} <= {e.kind for e in events}
    assert {"public CAs: certificates live 47 days at most"} <= {e.title for e in events}


def test_end_that_is_near_turns_the_light_yellow() -> None:
    report = build_report(Given(world=issued(MRA).world, files={}), AT + timedelta(days=380))
    assert report.light is Light.YELLOW
    assert report.soon


def test_calendar_is_folded_escaped_and_stable() -> None:
    report = replace(report_on(issued(MRA).world), deployment="Müller; Söhne, \\ GmbH 日本語" * 6)
    text = to_calendar(report)
    assert text == to_calendar(report)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    whole = text.replace("\r\n ", "")
    assert "\n" not in whole.replace("\r\n", "")
    assert "Müller\\; Söhne\\, \\\\ GmbH 日本語" in whole
    uids = re.findall(r"^UID:(.+)\r$", whole, re.MULTILINE)
    assert len(uids) == len(set(uids)) > 5
    assert whole.count("BEGIN:VEVENT") == whole.count("DTSTAMP:20261124T120000Z") == whole.count("END:VEVENT")


class _Page(HTMLParser):
    """Collects the tags and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]


HOSTILE = "<script>alert(1)</script>|`*_\u202e\x07\u2028" + "x" * 10_000


def test_page_escapes_what_certificates_say_and_loads_nothing() -> None:
    report = report_on(issued(MRA).world)
    row = replace(report.inventory.certificates[0], title=HOSTILE, names=(HOSTILE,), issuer=HOSTILE)
    report = replace(
        report,
        deployment=HOSTILE,
        inventory=replace(report.inventory, certificates=(row,)),
        notes=notes_of(
            {"facts": [{"key": HOSTILE, "value": HOSTILE, "origin": "read", "sources": [{"file": HOSTILE}]}]}
        ),
    )
    finished = FinishedReport(report)
    page = _Page()
    page.feed(finished.html)
    assert "script" not in page.tags
    assert all(address.startswith("#") for address in page.addresses)
    assert "Content-Security-Policy" in finished.html
    for text in (finished.html, finished.markdown, finished.calendar):
        assert "\u202e" not in text
        assert "\x07" not in text
        assert "x" * 5_000 not in text
    assert "<script" not in finished.markdown.replace("\\<script", "")
    assert len(finished.markdown.splitlines()) < 400


def test_report_is_the_same_each_time() -> None:
    first, second = (FinishedReport(report_on(broken())) for _ in range(2))
    assert (first.html, first.markdown, first.calendar) == (second.html, second.markdown, second.calendar)
    for text in (first.html, first.markdown):
        assert "e1 = e1.example.com" in text
        assert "xa0" not in text  # a blank that does not break is nothing to escape
    assert '<details class="more"><summary>Show 54 connections</summary>' in first.html


def test_import_notes_turn_green_into_yellow_and_are_shown() -> None:
    notes = notes_of({
        "facts": [{"key": "version", "value": "X15.5", "origin": "assumed", "why": "no file states it"}],
        "contradictions": [{"kind": "address-is-ip", "message": "peers are entered by IP address", "fix": "Enter names."}],
        "missing": "not a list",
    })  # fmt: skip
    report = report_on(issued(MRA).world, notes=notes)
    assert report.light is Light.YELLOW
    for text in (FinishedReport(report).html, FinishedReport(report).markdown.replace("\\", "")):
        assert "no file states it" in text
        assert "peers are entered by IP address" in text


def test_folder_is_found_in_every_layout(tmp_path: Path) -> None:
    folder = write_folder(issued(MRA).world, tmp_path / "imported")
    assert read_given(folder).folder == "certificates"
    assert read_given(folder / "deployment.yaml").folder == "certificates"
    assert find_deployment(folder / "certificates") == folder / "deployment.yaml"
    assert read_given(folder / "certificates").files[E1] == f"certificates/{E1}/cert.pem"
    empty = tmp_path / "a" / "b"
    empty.mkdir(parents=True)
    with pytest.raises(InputError, match="has no deployment file"):
        read_given(empty)


def test_command_writes_every_form_and_says_what_fails(tmp_path: Path) -> None:
    folder = write_folder(broken(), tmp_path / "imported")
    (folder / "certificates" / JABBER / "trust.pem").unlink(missing_ok=True)
    files = {form: tmp_path / f"report.{form}" for form in ("html", "md", "ics")}
    options = [part for form, file in files.items() for part in (f"--{form}", str(file))]
    done = pkikit_in_process("report", str(folder), *options, "--at", "2026-11-24T12:00:00Z")
    assert done.exit_code == 1
    assert done.output.startswith(f"✘ {MRA}: ")
    assert all(str(file) in done.output for file in files.values())
    assert files["html"].read_text("utf-8").startswith("<!doctype html>")
    document = json.loads(pkikit_in_process("report", str(folder), "--json", "--at", "2026-11-24T12:00:00Z").stdout)
    assert_follows("report", document)
    assert (document["accepted"], document["light"]) == (False, "red")
    assert document["counts"]["not_assessed"] > 0
    assert {leg["state"] for leg in document["legs"]} == {"up", "down", "not-assessed"}


def test_command_without_certificates_ends_with_0_and_claims_nothing(tmp_path: Path) -> None:
    file = tmp_path / "deployment.yaml"
    file.write_bytes((DEPLOYMENTS / f"{MRA}.yaml").read_bytes())
    done = pkikit_in_process("report", str(file))
    assert done.exit_code == 0
    assert "none of the 54 connections is assessed" in done.output


@pytest.mark.parametrize("option", [("--html", "report.pdf"), ("--ics", "x.txt"), ("--md", "."), ("--at", "now")])
def test_bad_option_is_refused(tmp_path: Path, option: tuple[str, str]) -> None:
    file = tmp_path / "deployment.yaml"
    file.write_bytes((DEPLOYMENTS / f"{MRA}.yaml").read_bytes())
    with pytest.raises(InputError):
        pkikit_in_process("report", str(file), *option)


def test_python_function_gives_every_form(tmp_path: Path) -> None:
    folder = write_folder(broken(), tmp_path / "imported")
    made = pkikit.build_report(folder, at=AT)
    assert made.report.light is Light.RED
    assert made.answer in made._repr_html_()
    written = made.save(html=tmp_path / "a.html", ics=tmp_path / "a.ics")
    assert [what for what, _ in written] == ["page", "calendar"]
    assert (tmp_path / "a.html").read_text("utf-8") == made.html
    assert made.calendar.encode() == (tmp_path / "a.ics").read_bytes()
