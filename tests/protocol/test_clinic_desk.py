"""The ticket desk on a real lab: looks, causes, fixes with side effects, hints, points, debrief."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from pathlib import Path

import anyio.to_thread
import pytest

from pkikit.errors import InputError
from simulator.clinic.case import Case, case_of
from simulator.clinic.desk import NO_MORE_HINTS, Desk
from simulator.clinic.live_case import LiveCase
from simulator.clinic.score import scores_file
from simulator.folders import state_folder
from tests.support.labs import QUICK


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_ticket_is_played_from_symptom_to_debrief() -> None:
    """Every tool; words that are no answer; a wrong cause; a fix with side effects; fix first and name the cause later."""
    asyncio.run(_played(case_of("client-auth-only")))


async def _played(case: Case) -> None:
    async with LiveCase(case, QUICK) as live:
        clock = iter(range(0, 10_000, 61))
        desk = Desk(live, now=lambda: float(next(clock)))
        assert desk.ticket.elapsed == 61
        assert case.symptom in desk.ticket.text
        assert case.id not in desk.ticket.text
        await _looked(desk)
        _not_answered(desk)
        assert desk.cause("trust.issuer-unknown").state == "wrong"
        await _worked(desk)
        answer = await anyio.to_thread.run_sync(desk.cause, "eku.server-auth-missing")
        assert answer.text == "Right. The ticket is solved."
        assert desk.cause("eku.server-auth-missing").state == "again"
        assert (desk.done, desk.score.points, desk.score.told) == (True, 85, "85 points: 1 wrong cause")
        _debriefed(desk)
        kept = await anyio.to_thread.run_sync(scores_file().read_text)
        assert json.loads(kept)["ticket"] == case.ticket


async def _collected(desk: Desk) -> None:
    """The ticket's archives: with the log since it was opened, the packets, and the other side's certificates; no key."""
    folder = Path(await anyio.to_thread.run_sync(state_folder)) / "clinic" / f"{desk.live.case.ticket}-archives"
    seen = await desk.look("archives")
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(name for (name,) in seen.rows)
    archives = [folder / name for name in names if name.startswith("diagnostic_log_")]
    assert len(archives) == len(desk.live.lab.deployment.peers)
    with tarfile.open(next(path for path in archives if "_c1_" in path.name)) as archive:
        assert any("tcpdump" in name for name in archive.getnames())
        log = next(member for member in archive if member.name.startswith("loggingsnapshot"))
        assert b"TLS Negotiation Error" in (archive.extractfile(log) or io.BytesIO()).read()
    assert all(not desk.live.lab.diagnostics.progress(peer).running for peer in desk.live.lab.deployment.peers)
    elsewhere = folder.parent / "elsewhere"
    await desk.look("archives", str(elsewhere))
    assert len(list(elsewhere.iterdir())) == len(names)


async def _looked(desk: Desk) -> None:
    assert "pages" in desk.tools
    for tool in desk.tools:
        seen = await desk.look(tool)
        assert seen.text
        assert all(len(row) == len(seen.columns) for row in seen.rows)
        assert seen.text.count(desk.live.case.cause) == 0
    zones = await desk.look("zones")
    assert zones.rows[0][1] == "✘ down"
    assert "c1 → e1 (UC traversal)" in zones.text
    log = await desk.look("log", "e1")
    assert 'Src-ip="127.' in log.text or 'Dst-ip="127.' in log.text
    assert [line for (line,) in log.rows] == [line for (line,) in log.rows][-40:]
    assert "earlier lines are not shown: log all everything" in (await desk.look("log", "all")).note
    assert not (await desk.look("log", "all everything")).note
    certificate = await desk.look("certificate", "e1")
    assert dict(certificate.rows)["purposes"] == "clientAuth"
    assert "https://127." in (await desk.look("pages", "e1")).text
    assert "openssl s_client -connect 127." in (await desk.look("openssl", "e1")).text
    assert any("REJECTED" in step for _, step in (await desk.look("trace", "c1 e1")).rows)
    await _collected(desk)
    for tool, of, told in (
        ("archives", "a\0b", "is not the name of a folder"),
        ("x-ray", "", "'x-ray' is not one of zones"),
        ("certificate", "e9", "'e9' is not one of c1"),
        ("trace", "c1 ucm9", "is not one of"),
        ("trace", "nonsense", "there is no connection 'nonsense'"),
    ):
        with pytest.raises(InputError, match=told):
            await desk.look(tool, of)


def _not_answered(desk: Desk) -> None:
    for said in ("help", "", "wrong certificate", "names.no-such-rule", "<b>", "x" * 100_000):
        answer = desk.cause(said)
        assert answer.state == "unlisted"
        assert "No points lost" in answer.text
    assert [cause.rule for cause in desk.cause("serverauth").near][:1] == ["eku.server-auth-missing"]
    assert desk.score.points == 100


async def _worked(desk: Desk) -> None:
    with pytest.raises(InputError, match="Did you mean renew"):
        await desk.fix("renwe e1")
    renewed = await desk.fix("renew e1")
    assert any("e1 restarts: about 3 minutes" in effect for effect in renewed.effects)
    assert "e1 has a new private key." in renewed.effects
    assert not renewed.solved
    lost = await desk.fix("order e1 server+client -example.com")
    assert "The new certificate of e1 no longer has example.com." in lost.effects
    needless = await desk.fix("append-ca public-root-ca c2")
    assert needless.effects == ("c2 now trusts Public Root CA, although no machine here uses a certificate of it.",)
    public = await desk.fix("order e1 public-ca server+client")
    assert "The public CA left clientAuth out of the certificate of e1." in public.effects
    assert not desk.fixed
    assert (await desk.fix("set-clock c1")).effects == ("It changed nothing.",)
    done = await desk.fix("order e1 planned-names server+client lab-ca")
    assert "Fixed. Now name the cause." in done.text
    down = await desk.fix("order c1 client-only")
    assert any(effect.startswith("It took down") for effect in down.effects)
    assert not desk.fixed
    await desk.fix("order c1 server+client")
    assert desk.fixed
    assert desk.outage == 3 * 6


def _debriefed(desk: Desk) -> None:
    text = str(desk.debrief())
    for part in ("Solved.", "85 points", "You looked at", "certificate e1", "An expert looks at", "broken", "up again"):
        assert part in text
    assert desk.live.case.red_herrings[0] in text
    assert json.loads(json.dumps(desk.debrief().to_json()))["replay"]["up"] is True


def test_workaround_brings_connections_up_and_costs_points() -> None:
    """TLS verify mode off, although the name is missing; hints cost once and end quietly; giving up is worth nothing."""

    async def play(case: Case) -> None:
        async with LiveCase(case, QUICK) as live:
            desk = Desk(live)
            done = await desk.fix("set b2b.tls-verify off")
            assert any("verifies less than before" in effect for effect in done.effects)
            assert desk.fixed
            assert (await anyio.to_thread.run_sync(desk.cause, case.cause)).state == "right"
            assert desk.score.points == 80
            while desk.hints_left:
                assert desk.hint() in live.case.hints
            points = desk.score.points
            assert [desk.hint() for _ in range(3)] == [NO_MORE_HINTS] * 3
            assert desk.score.points == points
            assert "Solved with a workaround" in str(desk.debrief())

    asyncio.run(play(case_of("dns-zone-subject-name")))
