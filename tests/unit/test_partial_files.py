"""Files of some machines only: `check`, `report` and `doctor` say the same, and more files never turn up into down or back."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from typer import Typer
from typer.testing import CliRunner

from pkikit.commands.cli import app as pkikit
from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import Part, State
from pkikit.judge.legs.known_verdict import Assessment, judge_of
from pkikit.judge.legs.leg_verdict import LegVerdict
from pkikit.judge.legs.stand_ins import known_part
from pkikit.model.world import World
from pkikit.report.content.assessment import assess
from pkikit.worlds.brought import bring_certificates
from pkikit.worlds.issued_world import issue_world
from pkikit.worlds.world_files import world_of_files
from simulator.commands.cli import app as simulator
from simulator.world.craft import SERVER
from tests.support.certs_folder import write_certs
from tests.support.worlds import (
    AT,
    C1,
    CASES,
    DEPLOYMENTS,
    E1,
    WorldBuilder,
    deployment,
    stranger,
)

DAY = timedelta(days=1)
SHIPPED = sorted(path.stem for path in DEPLOYMENTS.glob("*.yaml"))


@dataclass(frozen=True)
class Missing:
    """What nobody gave: certificates, lists, or both of some machines."""

    certificates: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()

    def cut(self, world: World) -> World:
        """The world as `world_of_files` reads it without these files."""
        for fqdn in self.certificates | self.lists:
            party = world.parties[fqdn]
            if fqdn in self.certificates:
                party = replace(party, credential=None, services={}, client=None)
            if fqdn in self.lists:
                party = replace(party, trusted_ca_list=(), lists={})
            world = world.with_party(party)
        return world

    def remove(self, folder: Path) -> None:
        """Remove the files."""
        for fqdn, kinds in ((c, ("cert*.pem", "client*.pem")) for c in self.certificates):
            for path in itertools.chain.from_iterable((folder / fqdn).glob(kind) for kind in kinds):
                path.unlink()
        for fqdn in self.lists:
            for path in (folder / fqdn).glob("trust*.pem"):
                path.unlink()


NOTHING = Missing()


def patterns(world: World) -> Iterator[Missing]:
    """One certificate, one list, one machine, the servers inside, everybody outside, everything."""
    peers, others = world.deployment.peers, [n for n in world.parties if n not in world.deployment.peers]
    first, last = peers[0], peers[-1]
    yield Missing(certificates=frozenset({first}))
    yield Missing(lists=frozenset({last}))
    for machines in ((last,), others[:1], others, tuple(world.parties)):
        yield Missing(certificates=frozenset(machines), lists=frozenset(machines))


def leaves_only(builder: WorldBuilder) -> World:
    """Nobody sends an intermediate from a file; only the first peer has it in its list, and completes its chain from there."""
    world = builder.world
    for party in world.parties.values():
        if party.credential is not None:
            own = replace(party.credential, chain=party.credential.chain[:1])
            services = {port: replace(c, chain=c.chain[:1]) for port, c in party.services.items()}
            has_it = party.fqdn == world.deployment.peers[0]
            listed = (builder.root.certificate, *party.credential.chain[1:]) if has_it else (builder.root.certificate,)
            world = world.with_party(replace(party, credential=own, services=services, trusted_ca_list=listed))
    return world


FAULTS: dict[str, Callable[[WorldBuilder], World]] = {
    "none": lambda made: made.world,
    "expired": lambda made: made.reissue(made.world.deployment.peers[-1], begins=-90 * DAY, ends=-DAY).world,
    "untrusted": lambda made: made.reissue(made.world.deployment.peers[0], by=stranger()).world,
    "names": lambda made: made.reissue(made.world.deployment.peers[-1], names=("other.example.com",)).world,
    "leaves only": leaves_only,
}


@cache
def lab_of(name: str) -> World:
    """What another lab issues for the deployment."""
    return issue_world(deployment(name), at=AT - DAY, rsa=False).world


def told(verdicts: Iterable[LegVerdict]) -> dict[str, tuple[object, ...]]:
    return {v.leg.id: (v.state, v.causes[:1], v.rejected_by, v.lacks, v.assumptions) for v in verdicts}


@pytest.mark.parametrize(("name", "fault"), tuple(zip(SHIPPED, itertools.cycle(FAULTS), strict=False)))
def test_check_and_report_say_the_same_about_the_same_files(name: str, fault: str, tmp_path: Path) -> None:
    """State, first cause, who refuses, what is missing and what is assumed, for every connection; nothing is of the lab."""
    world = FAULTS[fault](WorldBuilder(name))
    for number, missing in enumerate((NOTHING, *patterns(world))):
        folder = write_certs(world, tmp_path / str(number))
        missing.remove(folder)
        judge = judge_of(bring_certificates(lab_of(name), folder, unknown=True), AT)
        checked = [judge(leg) for leg in legs_of(world.deployment)]
        reported = [report.verdict for report in assess(world_of_files(world.deployment, folder), AT)]
        assert told(checked) == told(reported), missing


def test_lab_that_plays_machines_without_files_judges_all_of_them(tmp_path: Path) -> None:
    """Without `import.json`, what the lab issued counts: nothing is unknown, and real lists refuse it."""
    world = WorldBuilder().world
    folder = write_certs(world, tmp_path / "certificates", [E1])
    played = bring_certificates(lab_of("clustered-mra"), folder)
    verdicts = [judge_of(played, AT)(leg) for leg in legs_of(world.deployment)]
    assert {v.state for v in verdicts} == {State.UP, State.DOWN}
    (tmp_path / "import.json").write_text("{}")
    unknown = bring_certificates(lab_of("clustered-mra"), folder)
    assert {judge_of(unknown, AT)(leg).state for leg in legs_of(world.deployment)} == {State.NOT_ASSESSED}
    assert known_part(unknown).parties[E1].credential == world.parties[E1].credential


def grown(world: World, seed: int) -> Iterator[World]:
    """Files arrive in some order, until all are there."""
    parts = [(fqdn, kind) for fqdn in world.parties for kind in ("certificates", "lists")]
    random.Random(seed).shuffle(parts)
    step = max(1, len(parts) // 6)
    for number in range(0, len(parts) + step, step):
        absent = parts[number:]
        gone = {kind: frozenset(f for f, k in absent if k == kind) for kind in ("certificates", "lists")}
        yield Missing(**gone).cut(world)


def turns(worlds: Iterable[World]) -> tuple[list[str], set[State]]:
    """Connections whose answer turns into its opposite as files arrive, but for answers that rest on an assumption."""
    answers: dict[str, State] = {}
    wrong, seen = [], set()
    for world in worlds:
        work = Assessment(world, AT)
        for leg in legs_of(world.deployment):
            verdict = work.of(leg)
            seen.add(verdict.state)
            if verdict.state is State.NOT_ASSESSED or verdict.assumptions:
                if leg.id in answers:
                    wrong.append(f"{leg.id}: an answer is lost")
            elif answers.setdefault(leg.id, verdict.state) is not verdict.state:
                wrong.append(f"{leg.id}: {answers[leg.id]} became {verdict.state}")
    return wrong, seen


@pytest.mark.parametrize("number", range(0, len(CASES), 5))
def test_more_files_never_turn_an_answer_into_its_opposite(number: int) -> None:
    wrong, seen = turns(grown(CASES[number].broken(WorldBuilder()).world, number))
    assert wrong == []
    assert State.NOT_ASSESSED in seen


@pytest.mark.parametrize("fault", FAULTS)
def test_every_order_of_files_of_a_pair_ends_with_the_same_answers(fault: str) -> None:
    """Each subset of the files of two Expressways, against the same with one file more."""
    world = FAULTS[fault](WorldBuilder("single-pair"))
    parts = [(fqdn, kind) for fqdn in world.deployment.peers[:3] for kind in ("certificates", "lists")]
    for absent in itertools.chain.from_iterable(itertools.combinations(parts, n) for n in range(1, len(parts) + 1)):
        gone = {kind: frozenset(f for f, k in absent if k == kind) for kind in ("certificates", "lists")}
        assert turns((Missing(**gone).cut(world), world))[0] == []


def two_stores(**server: object) -> World:
    """X15.5: c1 has a server certificate with these properties, and a client certificate."""
    made = WorldBuilder().deploy(version="X15.5")
    right = made.world.parties[C1].credential
    made.reissue(C1, **server)  # type: ignore[arg-type]
    return made.world.with_party(replace(made.world.parties[C1], client=right))


def zone_of(world: World) -> LegVerdict:
    (leg,) = (leg for leg in legs_of(world.deployment) if leg.zone and (leg.client, leg.server) == (C1, E1))
    return Assessment(world, AT).of(leg)


def without_client(world: World) -> World:
    return world.with_party(replace(world.parties[C1], client=None))


@pytest.mark.product("A-03")
def test_client_certificate_that_nobody_gave_is_taken_to_be_the_server_certificate() -> None:
    """A refusal of it is down, and says what is assumed; without a refusal, the client certificate is missing."""
    assert zone_of(two_stores()).state is State.UP
    fine, refused = (zone_of(without_client(w)) for w in (two_stores(), two_stores(ekus=(SERVER,))))
    assert (fine.state, [lack.part for lack in fine.lacks], fine.assumptions) == (State.NOT_ASSESSED, [Part.CLIENT], ())
    assert (refused.state, refused.causes[0]) == (State.DOWN, "eku.client-auth-missing")
    (said,) = refused.assumptions
    assert said.startswith(f"The client certificate of {C1} is missing.")
    assert zone_of(two_stores(ekus=(SERVER,))).state is State.UP


def test_refusal_that_needs_no_assumption_makes_none() -> None:
    """c1 refuses e1 whatever client certificate c1 has itself."""
    world = without_client(two_stores(ekus=(SERVER,)))
    expired = WorldBuilder().reissue(E1, begins=-90 * DAY, ends=-DAY).world.parties[E1]
    found = zone_of(world.with_party(expired))
    assert (found.state, found.causes[0], found.assumptions) == (State.DOWN, "validity.expired", ())


@pytest.mark.product("P1-2")
def test_zone_that_dials_an_address_is_down_without_the_certificate_and_says_what_is_assumed() -> None:
    """An IP address matches only an iPAddress entry; with one in the certificate that is missing, the zone is up."""
    made = WorldBuilder().deploy(
        zones__0__peer_addresses=["192.0.2.31", "e2.example.com"], addresses={E1: "192.0.2.31"}
    )
    made.reissue(E1, general=[x509.IPAddress(IPv4Address("192.0.2.31"))])
    assert zone_of(made.world).state is State.UP
    blind = Missing(certificates=frozenset({E1})).cut(made.world)
    found = zone_of(blind)
    assert (found.state, found.causes) == (State.DOWN, ("names.ip-address-used",))
    assert found.assumptions == (f"The certificate of {E1} is missing. It is assumed to have no IP address in it.",)
    assert E1 in found.findings[0].fix


def test_three_commands_agree_and_end_as_documented(tmp_path: Path) -> None:
    """States, causes and services of `check`, `report` and `doctor` on one imported folder; nothing about the lab's CA."""
    world = WorldBuilder().reissue(E1, begins=-90 * DAY, ends=-DAY).world
    folder, at = write_certs(world, tmp_path / "certificates", [C1, E1]), ("--at", AT.isoformat(), "--json")
    (tmp_path / "deployment.yaml").write_bytes((DEPLOYMENTS / "clustered-mra.yaml").read_bytes())
    (tmp_path / "import.json").write_text("{}")
    check = invoke(simulator, "check", str(tmp_path / "deployment.yaml"), "--certs", str(folder), *at, code=1)
    report, doctor = (invoke(pkikit, command, str(tmp_path), *at, code=1) for command in ("report", "doctor"))
    assert check["counts"] == report["counts"]
    assert set(check["counts"].values()) > {0}
    keys = ("id", "state", "causes", "missing", "assumed")
    assert [[leg[k] for k in keys] for leg in check["legs"]] == [[leg[k] for k in keys] for leg in report["legs"]]
    assert [(s["name"], s["peer"], s["state"]) for s in check["services"] if "peer" in s] == [
        (s["name"], s["peer"], s["state"]) for s in report["services"]
    ]
    assert {leg["outcome"] for leg in check["legs"] if leg["state"] != "down"} == {"accepted"}
    assert "Lab" not in json.dumps([leg["findings"] for leg in check["legs"] if leg["state"] == "not-assessed"])
    first = next(leg["causes"][0] for leg in check["legs"] if leg["causes"])
    assert first == report["causes"][0]["rule"] == doctor["findings"][0]["rule"] == "validity.expired"


def test_options_that_contradict_or_lack_their_folder_are_refused() -> None:
    for options in (("--judged",), ("--trust-lab",), ("--judged", "--trust-lab", "--certs", ".")):
        with pytest.raises(InputError, match=options[0]):
            invoke(simulator, "check", str(DEPLOYMENTS / "single-pair.yaml"), *options, code=2)


def invoke(app: Typer, *arguments: str, code: int) -> Any:
    """The JSON that a command prints."""
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)
