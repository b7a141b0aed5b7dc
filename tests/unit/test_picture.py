"""The topology as a picture: nothing touches what it should not, and the text version says everything that is drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbook.models.what_if import judged

from pkikit.design.csr import fast_key
from pkikit.errors import InputError
from pkikit.issue.authority import create_root
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.world import World
from pkikit.view.drawing import Picture, text_width
from pkikit.view.topology.picture import draw
from pkikit.view.topology.systems import systems_of
from pkikit.worlds.issued_world import issue_world
from simulator.commands.picture_option import picture_writer
from simulator.face.explained import explain_picture
from simulator.world.craft import DAY, craft
from tests.support.worlds import AT, C1, DEPLOYMENTS, E2, deployment, of_size, stranger

SVG = "{http://www.w3.org/2000/svg}"
SHIPPED = sorted(path.stem for path in DEPLOYMENTS.glob("*.yaml"))


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other: Box, by: float = 0.5) -> bool:
        across = self.left + by < other.right and other.left + by < self.right
        return across and self.top + by < other.bottom and other.top + by < self.bottom

    def holds(self, other: Box) -> bool:
        return (
            self.left - 0.2 <= other.left
            and other.right <= self.right + 0.2
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


def number(element: Element, name: str) -> float:
    return float(element.get(name, 0))


def box_of(rectangle: Element) -> Box:
    x, y = number(rectangle, "x"), number(rectangle, "y")
    return Box(x, y, x + number(rectangle, "width"), y + number(rectangle, "height"))


def shown(text: Element) -> str:
    """What is to be seen: without the tooltip of a shortened text."""
    title = text.find(f"{SVG}title")
    return str(text.text) if title is None else str(title.tail)


def place_of(text: Element) -> Box:
    size = number(text, "font-size")
    width = text_width(shown(text), size, bold=text.get("font-weight") == "bold")
    x = number(text, "x") - {"middle": width / 2, "end": width}.get(text.get("text-anchor", ""), 0)
    return Box(x, number(text, "y") - size * 0.8, x + width, number(text, "y") + size * 0.25)


def cards(drawn: Element) -> list[tuple[Element, Box]]:
    groups = [e for e in drawn.iter() if e.get("class") == "lab-card"]
    return [(group, box_of(next(group.iter(f"{SVG}rect")))) for group in groups]


def lines(drawn: Element) -> list[list[Box]]:
    """The straight pieces of every connection, as boxes without area."""
    found = []
    for path in drawn.iter(f"{SVG}path"):
        if path.get("class") == "lab-connection":
            points = [
                (float(x), float(y)) for x, y in re.findall(r"(?:^M|L|Q)(-?[\d.]+) (-?[\d.]+)", str(path.get("d")))
            ]
            found.append([Box(min(a, c), min(b, d), max(a, c), max(b, d)) for (a, b), (c, d) in pairwise(points)])
    return found


def faults_of(picture: Picture) -> list[str]:
    """What is wrong with the geometry of a picture."""
    drawn = ElementTree.fromstring(picture.svg)
    paper = Box(0, 0, number(drawn, "width"), number(drawn, "height"))
    texts = [(shown(t), place_of(t)) for t in drawn.iter(f"{SVG}text")]
    badges = [box_of(r) for r in drawn.iter(f"{SVG}rect") if r.get("class") == "lab-badge"]
    boxes = cards(drawn)
    wrong = [f"{said!r} leaves the picture" for said, place in texts if not paper.holds(place)]
    for group, box in boxes:
        wrong += [f"{shown(t)!r} leaves its card" for t in group.iter(f"{SVG}text") if not box.holds(place_of(t))]
    for number_, (said, place) in enumerate(texts):
        wrong += [f"{said!r} is on {other!r}" for other, there in texts[number_ + 1 :] if place.touches(there)]
    for n, badge in enumerate(badges):
        wrong += ["two badges overlap" for other in badges[n + 1 :] if badge.touches(other)]
        wrong += [
            f"a badge is on the border of {box}" for _, box in boxes if badge.touches(box) and not box.holds(badge)
        ]
    for path in lines(drawn):
        wrong += [f"a line runs through the card {box}" for _, box in boxes for part in path if Box(
            box.left + 1, box.top + 1, box.right - 1, box.bottom - 1).touches(part, by=0)]  # fmt: skip
    drawn_lines = lines(drawn)
    for n, path in enumerate(drawn_lines):
        rest = [part for other in drawn_lines[n + 1 :] for part in other]
        wrong += [f"two lines run in one at {part}" for part in path if any(runs_along(part, other) for other in rest)]
    return wrong


def runs_along(one: Box, other: Box) -> bool:
    """True if two straight pieces of lines lie on each other for more than a crossing."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    flat = one.top == one.bottom and other.top == other.bottom and abs(one.top - other.top) < 2
    upright = one.left == one.right and other.left == other.right and abs(one.left - other.left) < 2
    return (flat and across > 4) or (upright and down > 4)


def world_of(wanted: Deployment) -> World:
    return issue_world(wanted, at=AT - DAY, rsa=False).world


def broken(world: World) -> World:
    """One Expressway-C trusts nobody, one Expressway-E trusts a stranger: cards with differences, lines that are down."""
    for fqdn, listed in ((world.deployment.peers[0], ()), (world.deployment.peers[-1], (stranger().certificate,))):
        world = world.with_party(replace(world.parties[fqdn], trusted_ca_list=listed))
    return world


DRAWN = [*SHIPPED, "six peers"]


@cache
def world_called(name: str = "clustered-mra") -> World:
    return world_of(of_size(6) if name == "six peers" else deployment(name))


@pytest.mark.parametrize("name", DRAWN)
def test_picture_has_no_text_outside_its_card_and_no_line_through_a_card(name: str) -> None:
    """Before a check, all up, and with faults."""
    world = world_called(name)
    for shown_world in (world, broken(world)):
        report = judged(shown_world, AT)
        assert faults_of(draw(world.deployment, shown_world, report)) == []
    assert faults_of(draw(world.deployment, world)) == []


@pytest.mark.parametrize("name", DRAWN)
def test_picture_fits_one_screen(name: str) -> None:
    """Not wider than a screen of 1440 pixels, and readable at once on one of 900 lines below a browser's bars."""
    world = world_called(name)
    drawn = ElementTree.fromstring(draw(world.deployment, world, judged(world, AT)).svg)
    assert number(drawn, "width") <= 1320
    assert number(drawn, "height") <= 860


@st.composite
def deployments(draw_: Any) -> Deployment:
    """Other shapes: several clusters on a side, few or many systems, long names, nobody outside."""
    cores, edges = draw_(st.integers(1, 2)), draw_(st.integers(0, 2))
    domain = "x" * draw_(st.integers(1, 38)) + ".example.com"
    sides = [("c", "expressway-c", "corp.example.com", cores), ("e", "expressway-e", domain, edges)]
    clusters = [
        {"name": f"{letter}{n}", "role": role, "fqdn": f"cluster-{letter}{n}.{where}",
         "peers": [f"{letter}{n}{p}.{where}" for p in range(draw_(st.integers(1, 6)))]}
        for letter, role, where, many in sides for n in range(many)
    ]  # fmt: skip
    zones: list[dict[str, Any]] = [
        {"name": f"z{c}{e}", "type": "traversal", "client": f"c{c}", "server": f"e{e}",
         "peer_addresses": next(k["peers"] for k in clusters if k["name"] == f"e{e}")}
        for c in range(cores) for e in range(edges)
    ]  # fmt: skip
    neighbours = draw_(st.integers(0, 2))
    if neighbours:
        at = draw_(st.sampled_from([c["name"] for c in clusters]))
        addresses = [f"sip{n}.{'y' * 20}.example.net" for n in range(neighbours)]
        zones.append({"name": "n", "type": "neighbour", "cluster": at, "peer_addresses": addresses})
    servers = [
        {"name": f"s{n}", "type": kind, "cluster": draw_(st.sampled_from([c["name"] for c in clusters])),
         "nodes": [f"{kind}{n}.corp.example.com"]}
        for n, kind in enumerate(draw_(st.lists(st.sampled_from(["ldap", "syslog", "policy", "tms"]), max_size=4)))
    ]  # fmt: skip
    many = draw_(st.integers(0, 9))
    cm = [{"name": "cucm", "nodes": [f"ucm{n}.corp.example.com" for n in range(many)]}] if many else []
    return deployment_from({"name": "g", "clusters": clusters, "zones": zones, "servers": servers, "unified_cm": cm})


@given(wanted=deployments())
@settings(max_examples=15, deadline=None)
def test_picture_of_any_deployment_is_in_order(wanted: Deployment) -> None:
    """Whatever the shape: the same rules, and every machine is in exactly one box."""
    world = world_of(wanted)
    assert faults_of(draw(wanted, broken(world), judged(broken(world), AT))) == []
    machines = [name for system in systems_of(wanted) for name in system.members]
    assert sorted(machines) == sorted(set(wanted.parties))


def test_text_version_says_everything_that_is_drawn() -> None:
    """Each word of the picture, and every connection that is down with who refuses it."""
    world = broken(world_called("clustered-full"))
    picture = draw(world.deployment, world, judged(world, AT))
    drawn = ElementTree.fromstring(picture.svg)
    words = {word for text in drawn.iter(f"{SVG}text") for word in re.split(r"[\s·]+", "".join(text.itertext()))}
    told = set(re.split(r"[\s]+", picture.text))
    assert {word for word in words if word not in told and word.strip("():;,.…") not in picture.text} == set()
    assert re.search(
        r"c1 refuses \d+ connections: the verifier does not trust the root CA. Expressway-C, ", picture.text
    )
    assert "  ✘ c1 → e1 (UC traversal)" in picture.text
    assert "c1 = c1.corp.example.com" in picture.text.replace("\u00a0", " ")


def test_cards_show_only_what_differs() -> None:
    """The caption says what all others have; one peer with another list says so itself."""
    world = world_called()
    plain = draw(world.deployment, world)
    assert plain.text.count("Lab Issuing CA") == 3  # the captions of peers and of others
    assert (
        "Expressway peers: certificate from Lab Issuing CA, trusted CA list: Lab Root CA, Lab Issuing CA." in plain.text
    )
    party = replace(world.parties[E2], trusted_ca_list=(stranger().certificate,), credential=None)
    other = draw(world.deployment, world.with_party(party))
    assert f"{E2}: no certificate; trusts: Stranger Issuing CA" in other.text
    drawn = [group for group, _ in cards(ElementTree.fromstring(other.svg))]
    own = {g.get("data-name"): [shown(t) for t in g.iter(f"{SVG}text")] for g in drawn}
    assert own[E2] == [E2, "no certificate", "trusts: Stranger Issuing CA"]
    assert own[C1] == [C1]


def test_lines_tell_in_form_and_words_what_is_down() -> None:
    """Solid or dashed, a badge with a count, and a sentence: never colour alone."""
    world = world_called()
    report = judged(broken(world), AT)
    drawn = ElementTree.fromstring(draw(world.deployment, broken(world), report).svg)
    paths = [p for p in drawn.iter(f"{SVG}path") if p.get("class") == "lab-connection"]
    dashed = [p for p in paths if p.get("stroke-dasharray")]
    assert 0 < len(dashed) < len(paths)
    assert len(dashed) == len([p for p in paths if "--lab-down" in str(p.get("stroke"))])
    healthy = ElementTree.fromstring(draw(world.deployment, world, judged(world, AT)).svg)
    assert not [
        p for p in healthy.iter(f"{SVG}path") if p.get("class") == "lab-connection" and p.get("stroke-dasharray")
    ]
    titles = [str(t.text) for t in drawn.iter(f"{SVG}title")]
    assert any("✘ c1 → e1 (UC traversal): trust.issuer-unknown" in t for t in titles)


def test_first_picture_of_the_course_explains_every_machine() -> None:
    """Drawn without a lab: all texts in their places, and in the text version."""
    picture = explain_picture()
    assert faults_of(picture) == []
    drawn = ElementTree.fromstring(picture.svg)
    assert [word for text in drawn.iter(f"{SVG}text") for word in shown(text).split() if word not in picture.text] == []
    for name in ("Phone with Jabber", "Internet", "Firewall", "DMZ", "Expressway-E", "Expressway-C", "Unified CM"):
        assert name in picture.text
    assert number(drawn, "width") <= 1320


def test_option_of_check_writes_the_topology_and_refuses_other_names_at_once(tmp_path: Path) -> None:
    """SVG and PNG as the name says; a name of another kind is refused before the lab starts."""
    world = world_called("single-pair")
    for name, head in (("a.svg", b"<svg"), ("a.png", b"\x89PNG")):
        write = picture_writer(tmp_path / name)
        write(SimpleNamespace(deployment=world.deployment, world=world), judged(world, AT))  # type: ignore[arg-type]
        assert (tmp_path / name).read_bytes().startswith(head)
    with pytest.raises(InputError, match=r"a\.gif: a picture is written as \.svg, \.png or \.html"):
        picture_writer(tmp_path / "a.gif")


def test_public_ca_is_outside_when_it_issued_a_certificate() -> None:
    """Certificates of the lab's public CA: a box says for whom; without them, there is none."""
    world = world_called()
    assert "Public CA" not in draw(world.deployment, world).text
    authority = create_root("Pebble Intermediate CA 4f2a1b", at=AT - DAY, key=fast_key())
    party = world.parties[E2]
    signed = world.with_party(replace(party, credential=craft((E2,), authority, at=AT)))
    picture = draw(world.deployment, signed, judged(signed, AT))
    assert "Public CA Pebble\n    issued e2" in picture.text
    assert faults_of(picture) == []


def test_hostile_certificate_stays_text_and_in_its_card() -> None:
    """A CA whose name is markup, turns the line, and is wide; a certificate with hundreds of names."""
    world = world_called()
    authority = create_root("<script>x</script>\u202eevil " + "W" * 30, at=AT - DAY, key=fast_key())
    names = tuple(f"n{n}.example.com" for n in range(300))
    party = replace(
        world.parties[E2], trusted_ca_list=(authority.certificate,), credential=craft(names, authority, at=AT)
    )
    changed = world.with_party(party)
    picture = draw(world.deployment, changed, judged(changed, AT))
    assert faults_of(picture) == []
    assert "<script" not in picture.svg
    assert "\u202e" not in picture.svg + picture.text
    assert len(picture.text) < 6000
    assert "and 280 more" in picture.svg
