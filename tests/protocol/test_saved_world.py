"""A lab that starts again in its folder: what was broken stays broken, and folders of the format before still work."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pkikit.errors import InputError
from pkikit.model.tables import ports
from pkikit.model.trace import Outcome
from pkikit.model.world import Failing, Speaks, World
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab
from tests.support.format_0 import rewrite_folder
from tests.support.labs import FAST
from tests.support.worlds import C1, C2, E1, E2, deployment


def settings(folder: Path) -> LabSettings:
    return replace(FAST, state=folder)


def _broken(world: World) -> World:
    """One fault of each kind that a world has."""
    slow = replace(world.parties[C2], clock_offset=timedelta(days=-3), speaks=Speaks.TLS_1_0, boots=2)
    return replace(
        world.with_party(slow),
        unresolved=frozenset({"nowhere.example.com"}),
        withdrawn=frozenset({7, 2**150}),
        failing={"http://pki.lab.example/root.crl": Failing.SLOW},
        points={"sip.example.com": (E2,)},
        caa={"example.com": "other.example"},
        blocked=frozenset({(E1, ports.FIRST_TRAVERSAL)}),
        cut=frozenset({frozenset({C1, C2})}),
        delays={C1: 0.01},
        stale=frozenset({"e2.example.com"}),
        full=frozenset({C2}),
        ca=frozenset({"slow"}),
    )


def test_broken_world_stays_broken_after_a_restart(tmp_path: Path) -> None:
    """The world is the same, and so is what a dial finds: the firewall keeps its port from the start."""
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        lab.change(_broken(lab.world))
        before = lab.world
        down = {leg.leg.id for leg in lab.check().down}
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        after = lab.world
        assert after == before
        blocked = [leg for leg in lab.legs if leg.server == E1 and leg.port == ports.FIRST_TRAVERSAL]
        report = lab.check()
        assert {leg.leg.id for leg in report.down} == down
        unreachable = {leg.leg.id for leg in report.legs if leg.outcome is Outcome.UNREACHABLE}
        assert {leg.id for leg in blocked} <= unreachable


def test_folder_of_the_previous_format_is_continued(tmp_path: Path) -> None:
    """Same certificates, accounts, settings and clock; every leg comes up; afterwards its files are of this format."""
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        lab.run(lab.peers[E1].generate)
        lab.do(lab.peers[E1].set_revocation, {"fallback": "revoked"})
        lab.do(lab.clock.travel, timedelta(days=3))
        first, request = lab.lab, lab.peers[E1].state.request
    rewrite_folder(tmp_path, {"deployment": deployment()})
    assert "format" not in json.loads((tmp_path / "lab.json").read_bytes())
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        again = lab.lab
        assert again.passwords == first.passwords
        assert again.issued.root == first.issued.root
        assert again.peers[E1].state.request == request
        assert again.peers[E2].lab.revocation_settings(E2).fallback == "revoked"
        assert again.clock.travelled > timedelta(days=2)
        assert {fqdn: party.credential for fqdn, party in again.world.parties.items()} == {
            fqdn: party.credential for fqdn, party in first.world.parties.items()
        }
        assert lab.check().accepted
    written = {
        path.name: json.loads(path.read_bytes())["format"]
        for path in (tmp_path / "lab.json", tmp_path / E1 / "peer.json")
    }
    assert written == {"lab.json": 1, "peer.json": 2}


def test_folder_of_an_older_lab_lists_the_issuing_ca_where_nobody_changed_the_list(tmp_path: Path) -> None:
    """Older labs listed their root alone; SSH tunnels want the issuing CA as well. A changed list stays as it is."""
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        root, issuing = lab.issued.root.certificate, lab.issued.authority.certificate
        lab.run(lab.peers[C1].reset_trust)
    document = json.loads((tmp_path / "lab.json").read_bytes())
    del document["version"]
    (tmp_path / "lab.json").write_text(json.dumps(document))
    path = tmp_path / E1 / "peer.json"
    peer = json.loads(path.read_bytes())
    peer["trusted_ca_list"] = peer["trusted_ca_list"][:1]
    path.write_text(json.dumps(peer))
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        assert lab.world.parties[E1].trusted_ca_list == lab.peers[E1].state.trusted_ca_list == (root, issuing)
        assert issuing not in lab.world.parties[C1].trusted_ca_list


def test_saved_world_with_unknown_parties_starts_without_them(tmp_path: Path) -> None:
    """A damaged file, or one of a larger deployment, names parties that this lab does not have: it starts."""
    with ThreadedLab(deployment(), settings=settings(tmp_path)):
        pass
    path = tmp_path / "lab.json"
    document = json.loads(path.read_bytes())
    stranger = {**document["world"]["parties"][C1], "fqdn": "gone.example.com"}
    document["world"]["parties"]["gone.example.com"] = stranger
    document["world"] |= {
        "points": {"sip.example.com": ["gone.example.com"]}, "cut": [["gone.example.com", C1], [C1]],
        "blocked": [["gone.example.com", 5061]], "delays": {"gone.example.com": 3.0}, "full": ["gone.example.com"],
    }  # fmt: skip
    path.write_text(json.dumps(document))
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        world = lab.world
        assert "gone.example.com" not in world.parties
        assert set(world.parties) >= set(deployment().parties)
        assert (world.points, world.cut, world.blocked, world.delays, world.full) == ({}, set(), set(), {}, set())
        assert lab.check().accepted


def test_party_under_another_name_is_refused(tmp_path: Path) -> None:
    """The error names the party."""
    with ThreadedLab(deployment(), settings=settings(tmp_path)):
        pass
    path = tmp_path / "lab.json"
    document = json.loads(path.read_bytes())
    document["world"]["parties"][C1]["fqdn"] = C2
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=f"world.parties.{C1}: fqdn must be the same name"):
        ThreadedLab(deployment(), settings=settings(tmp_path)).start()
