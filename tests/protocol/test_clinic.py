"""Every case of the clinic: it fails by itself, the diagnosis names its cause, undoing it brings every leg up."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.judge.logs.log_text import diagnose_lines
from pkikit.rules.connection_rules import UNEXPLAINED
from pkikit.worlds.issued_world import issue_world
from simulator.clinic.case import Case, case_of, cases, random_case
from simulator.clinic.live_case import LiveCase, play
from simulator.clinic.play_result import PlayResult
from simulator.world.craft import DAY
from simulator.world.fault_context import FaultContext
from simulator.world.orders import Place, renewed, services_of
from tests.support.cli import run
from tests.support.places import ROOT
from tests.support.round_trip import first_cause
from tests.support.worlds import AT, deployment


async def _worked_on(case: Case, folder: Path) -> tuple[PlayResult, list[list[str]], bool]:
    """(the case as it was played, what was wrong before each fix, well in the end), in one lab; the archives are in the folder."""
    async with LiveCase(case) as live:
        await live.lab.archives(folder)
        report, left = live.broken, []
        for line in case.remedies:
            wrong = [f.rule for f in live.refused] + [leg.causes[0] for leg in report.down]
            left.append([*wrong, *([live.unfinished] if live.unfinished else [])])
            report = await live.remedy(live.read(line))
        played = PlayResult(case=case, broken=live.broken, refused=live.first_refused, log=live.log, mended=report)
        return played, left, live.settled(report)


@pytest.mark.parametrize("case", cases().values(), ids=lambda c: c.id)
def test_clinic_case_fails_as_described_and_its_fixes_solve_it_at_the_last_step(case: Case, tmp_path: Path) -> None:
    """Real handshakes, uploads and orders: the diagnosis names the cause, and no fix of the case file is superfluous.

    Who only has the archives gets the same first cause.
    """
    played, left, well = asyncio.run(_worked_on(case, tmp_path))
    assert first_cause(tmp_path, case.changed(), played.broken.at) == case.cause
    assert played.refused or not played.broken.accepted
    assert played.causes[:1] == (case.cause,), [leg.to_json()["causes"] for leg in played.broken.down]
    assert all(leg.agrees for leg in played.broken.legs)
    assert played.right
    assert case.hints
    silent = {"key.mismatch", "key.too-short", "net.unreachable", "dns.name-unresolved"}
    assert played.log or case.cause in silent
    assert all(left), left
    assert well, [(leg.leg.id, leg.causes) for leg in played.mended.down]


def _solved_by_renewing(case: Case) -> bool:
    """Renew every certificate in the world of the case, and judge every connection."""
    deployment, at = case.changed(), AT
    issued = issue_world(deployment, at=at - DAY, rsa=False)
    context = FaultContext(issued, at, rsa=False)
    world = context.apply(case.faults, issued.world)
    for fqdn, party in world.parties.items():
        if party.credential is not None:
            for service in (*services_of(deployment, fqdn), ""):
                world = renewed(world, Place(fqdn=fqdn, service=service), context)
    return all(judge_leg(leg, world, at).accepted for leg in legs_of(deployment))


def test_renewing_everything_solves_only_what_a_renewal_solves() -> None:
    """New dates, a new key, a new serial number: 6 of all cases. Names, purposes, CAs and lists stay as they are."""
    tried = [case for case in cases().values() if not (case.upload or case.order)]
    solved = {case.id for case in tried if _solved_by_renewing(case)}
    assert solved == {"leaf-expired", "new-key", "ocsp-revoked", "revoked", "scanner-noise", "short-key"}


@pytest.mark.product("P8-3")
def test_scanner_noise_does_not_outrank_the_partner() -> None:
    """Sixty calls of strangers, one partner: its expired certificate comes first, and the strangers' lines are read too."""
    played = asyncio.run(play(case_of("scanner-noise")))
    lines = [line for event in played.log for line in str(event).splitlines()]
    strangers = [line for line in lines if re.search(r'Src-ip="127\.\d+\.255\.', line)]
    assert len(strangers) == 60
    found = diagnose_lines(lines, where="the log")
    assert found.causes[0] == "validity.expired"
    assert {"tls.not-tls"} & set(found.causes)
    assert UNEXPLAINED.id not in found.causes
    first = next(group for group in found.groups if group["cause"] == "validity.expired")
    assert first["count"] < max(group["count"] for group in found.groups)


@pytest.mark.parametrize("seed", range(4))
def test_clinic_pair_shows_both_causes_and_is_fixed(seed: int) -> None:
    """A random pair: both causes are found, one seed gives one pair, and the remedies fix both."""
    case = random_case(seed)
    assert case == random_case(seed)
    played = asyncio.run(play(case))
    assert set(case.causes) <= set(played.causes)
    assert played.mended.accepted


def test_clinic_case_files_and_ids_match() -> None:
    """As many cases as files, and enough of them; ids are the files' names."""
    names = sorted(p.stem for p in (ROOT / "simulator" / "clinic" / "cases").glob("*.yaml"))
    assert names == sorted(cases())
    assert len(names) >= 45


def test_clinic_command_lists_and_plays_cases() -> None:
    """List, one case for people and as JSON, and a case that there is not."""
    listed = json.loads(run("simulator", "clinic", "--json").stdout)
    assert {c["id"] for c in listed} == {case.ticket for case in cases().values()}  # a case id is the answer
    known = json.loads(run("simulator", "clinic", "--list", "--trainer", "--json").stdout)
    assert {c["id"] for c in known} == set(cases())
    assert case_of("INC-0240")  # the example of the help
    learner = run("simulator", "clinic", "--list").stdout
    assert all(case.ticket in learner and case.cause not in learner for case in cases().values())
    trainer = run("simulator", "clinic", "--list", "--trainer").stdout
    assert all(case.id in trainer and case.cause in trainer for case in cases().values())
    drawn = [run("simulator", "clinic", "--seed", "7", "--count", "3", "--json").stdout for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert len(json.loads(drawn[0])) == 3
    done = run("simulator", "clinic", "server-auth-only-on-c", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["causes"][0] == document["cause"] == "eku.client-auth-missing"
    assert document["mended"] is True
    people = run("simulator", "clinic", "server-auth-only-on-c", "--solve")
    assert "TLS Negotiation Error" in people.stdout
    assert "cause: eku.client-auth-missing" in people.stdout
    assert "fix order c1 server+client" in people.stdout
    done = run("simulator", "clinic", "server-auth-on-c")
    assert done.returncode == 2
    assert "did you mean server-auth-only-on-c" in done.stderr


def test_faults_compose_and_leave_the_world_unchanged() -> None:
    """Two faults at once; the world itself never changes; a fault about an unknown party is reported."""
    issued = issue_world(deployment(), at=AT - DAY, rsa=False)
    ground = FaultContext(issued, AT, False)
    both = (*case_of("clock-behind").faults, *case_of("swapped").faults)
    world = ground.apply(both, issued.world)
    changed = {f for f, p in world.parties.items() if p != issued.world.parties[f]}
    assert changed == {"e1.example.com", "e2.example.com"}
    assert ground.apply((), issued.world) == issued.world
    with pytest.raises(InputError, match="not a machine of"):
        ground.apply([both[0].model_copy(update={"party": "x.example.com"})], issued.world)


def test_clinic_fix_of_another_kind_or_machine_solves_nothing() -> None:
    """The control: the same work elsewhere, fresh lists where a certificate was revoked, and what is no fix."""

    async def try_out(case_id: str, *lines: str) -> list[bool]:
        async with LiveCase(case_of(case_id)) as live:
            return [live.settled(await live.remedy(live.read(line))) for line in lines]

    assert asyncio.run(try_out("leaf-expired", "renew c2", "set-clock c1", "renew c1")) == [False, False, True]
    assert asyncio.run(try_out("revoked", "publish-crl", "load-crl c1", "renew e2")) == [False] * 3
    assert asyncio.run(try_out("ocsp-revoked", "publish-crl", "restart-responder")) == [False] * 2
    assert asyncio.run(try_out("wildcard", "renew e1", "order e1", "order e1 +x.example.com")) == [False] * 3
    assert asyncio.run(try_out("uploaded-reversed", "upload e1 as-pem", "upload e1 unchanged")) == [False] * 2
    with pytest.raises(InputError, match="has nothing to upload"):
        asyncio.run(try_out("revoked", "upload e1 as-pem"))
