"""Goals: tomorrow accepts every connection, and only what must change is different."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import fast_key
from pkikit.errors import InputError
from pkikit.files import load_deployment
from pkikit.issue.authority import Authority, create_root
from pkikit.issue.file_ca import FileCa
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.model.certificates.facts import presented_names
from pkikit.model.world import World
from pkikit.planning.goals.apply import apply_goals
from pkikit.planning.goals.given_ca import read_goal
from pkikit.planning.goals.outcome import GoalResult
from pkikit.worlds.issued_world import IssuedWorld, issue_world

AT = datetime(2026, 11, 26, tzinfo=UTC)
FOLDER = Path(__file__).parents[2] / "notebooks" / "deployments"
NAMES = ("single-pair", "clustered-mra", "clustered-full", "voicemail-and-meetings")


@pytest.fixture(scope="module")
def issued() -> dict[str, IssuedWorld]:
    return {name: issue_world(load_deployment(FOLDER / f"{name}.yaml"), at=AT, rsa=False) for name in NAMES}


@pytest.fixture(scope="module")
def my_root() -> Authority:
    return create_root("My Root CA", at=AT)


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[..., str]:
    def write(*certificates: x509.Certificate) -> str:
        path = tmp_path / "given.pem"
        path.write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in certificates))
        return str(path)

    return write


def reached(made: IssuedWorld, *goals: str, at: datetime = AT, with_keys: bool = True) -> GoalResult:
    issuers = (made.authority, made.root) if with_keys else ()
    return apply_goals([read_goal(goal) for goal in goals], made.world, at=at, issuers=issuers)


def down(world: World, at: datetime = AT) -> list[str]:
    return [verdict.leg.id for verdict in judge_as_known(world, at) if not verdict.accepted]


def changed(result: GoalResult) -> set[str]:
    return {n for n, party in result.tomorrow.parties.items() if party != result.today.parties.get(n)}


@pytest.mark.parametrize("name", NAMES)
def test_new_root_is_in_every_list_that_reads_an_expressway(
    name: str, issued: dict[str, IssuedWorld], my_root: Authority, file_of: Callable[..., str]
) -> None:
    result = reached(issued[name], f"new-root:{file_of(my_root.certificate)}")
    assert down(result.today) == down(result.tomorrow) == []
    peers = set(result.today.deployment.peers)
    assert peers <= changed(result)
    for fqdn in changed(result) - peers:
        before, after = result.today.parties[fqdn], result.tomorrow.parties[fqdn]
        assert after.credentials == before.credentials
        assert after.listed[: len(before.listed)] == before.listed, "lists of others only grow"
        assert len(after.listed) == len(before.listed) + 1
    for fqdn in peers:
        old, new = (w.parties[fqdn].credential for w in (result.today, result.tomorrow))
        assert old
        assert new
        assert new.key is not None
        assert presented_names(new.leaf) == presented_names(old.leaf)
        assert result.original_of(new.chain[-1]) == new.chain[-1]
    without = result.tomorrow
    for fqdn, party in result.tomorrow.parties.items():
        if fqdn in result.today.parties:
            without = without.with_party(replace(party, trusted_ca_list=result.today.parties[fqdn].trusted_ca_list))
    assert down(without), "the new root is needed where it was appended"


def test_old_ca_goes_where_nothing_leads_to_it_and_stays_elsewhere_with_a_reason(
    issued: dict[str, IssuedWorld], my_root: Authority, file_of: Callable[..., str]
) -> None:
    made = issued["voicemail-and-meetings"]
    result = reached(made, f"new-root:{file_of(my_root.certificate)}")
    lists = {fqdn: result.tomorrow.parties[fqdn].trusted_ca_list for fqdn in made.world.deployment.peers}
    old = {made.root.certificate, made.authority.certificate}
    assert not old & set(lists["e1.example.com"])
    assert old <= set(lists["c1.corp.example.com"])
    assert any("Lab Root CA and Lab Issuing CA stay" in note and "cuc1" in note for note in result.notes)


def test_new_root_without_its_key_is_planned_with_a_stand_in_that_names_the_original(
    issued: dict[str, IssuedWorld], my_root: Authority, file_of: Callable[..., str]
) -> None:
    below = my_root.intermediate("My Issuing CA", at=AT)
    result = reached(issued["single-pair"], f"new-root:{file_of(my_root.certificate, below.certificate)}")
    new = result.tomorrow.parties["expe.example.com"]
    assert new.credential is not None
    assert result.stand_ins == {c.leaf for p in result.tomorrow.parties.values() for c in p.credentials}
    shown = {result.original_of(c) for c in new.trusted_ca_list}
    assert {my_root.certificate, below.certificate} <= shown
    assert result.today == issued["single-pair"].world, "only the new CA is a look-alike"
    assert any(
        note.startswith("Nobody gave the key of My Issuing CA, so a stand-in takes its place.") for note in result.notes
    )


def test_new_root_in_a_folder_of_pkikit_ca_really_signs(issued: dict[str, IssuedWorld], tmp_path: Path) -> None:
    root = FileCa.create(
        tmp_path / "root", "Folder Root", at=AT, key=fast_key(), lifetime=3650 * (AT - AT.replace(day=25))
    )
    ca = FileCa.create(
        tmp_path / "ca", "Folder CA", at=AT, key=fast_key(), lifetime=365 * (AT - AT.replace(day=25)), below=root
    )
    for written in (tmp_path / "ca", tmp_path / "ca" / "ca.pem", tmp_path / "ca" / "chain.pem"):
        result = reached(issued["single-pair"], f"new-root:{written}")
        new = result.tomorrow.parties["expe.example.com"].credential
        assert new is not None
        new.leaf.verify_directly_issued_by(ca.authority.certificate)
        assert not result.stand_ins
        assert not down(result.tomorrow)


@pytest.mark.parametrize("with_keys", [True, False])
def test_renewal_changes_one_certificate_and_no_list(with_keys: bool, issued: dict[str, IssuedWorld]) -> None:
    made = issued["clustered-mra"]
    result = reached(made, "renew:e1", with_keys=with_keys)
    assert changed(result) == {"e1.example.com"}
    before, after = (w.parties["e1.example.com"] for w in (result.today, result.tomorrow))
    assert before.trusted_ca_list == after.trusted_ca_list
    assert after.credential is not None
    assert after.credential.key_matches
    assert not down(result.tomorrow)
    assert bool(result.stand_ins) is not with_keys
    if not with_keys:
        assert {result.original_of(c) for c in before.trusted_ca_list} == set(
            made.world.parties[before.fqdn].trusted_ca_list
        )


def test_shared_certificate_is_renewed_on_all_of_its_peers() -> None:
    deployment = load_deployment(FOLDER / "clustered-mra.yaml")
    shared = tuple(c.model_copy(update={"certificate": "shared"}) for c in deployment.clusters)
    made = issue_world(deployment.model_copy(update={"clusters": shared}), at=AT, rsa=False)
    result = reached(made, "renew:e2")
    assert changed(result) == {"e1.example.com", "e2.example.com"}
    assert result.tomorrow.parties["e1.example.com"].credential == result.tomorrow.parties["e2.example.com"].credential


@pytest.mark.parametrize(
    ("goals", "says"),
    [
        (["renewal"], "'renewal' is not a goal; allowed are new-root:FILE, renew:PEER, two-stores"),
        (["renew"], "lacks what follows the colon; write renew:PEER"),
        (["renew:e9"], "'e9' is not a peer of clustered-mra; there are c1.corp.example.com"),
        (["renew:e1", "new-root:{root}"], "the goals new-root and renew both replace the same certificates"),
        (["new-root:{root}", "new-root:{root}"], "the goal new-root is given twice"),
        (["new-root:" + "x" * 5000], "cannot be read: File name too long"),
        (["new-root:{nothing}"], "there is no such file"),
        (["rename-peer:e1"], "does not name two peers; write rename-peer:OLD=NEW"),
        (["new-root:{leaf}"], "is not a CA certificate"),
        (["new-root:{two}"], "contains 2 roots (My Root CA and Lab Root CA); a goal takes exactly one"),
        (["new-root:{below}"], "contains 1 CA certificate, but no root; add the self-signed root above Lab Issuing CA"),
        (["new-root:{strange}"], "My Root CA did not sign Lab Issuing CA"),
        (["new-root:{old}"], "every Expressway has a certificate below Lab Root CA already; there is nothing to plan"),
        (["new-root:{ended}"], "Ended CA ended on 2021-11-23 00:00 UTC; give a CA that is valid"),
    ],
)
def test_goal_that_cannot_be_planned_gets_one_sentence(
    goals: list[str], says: str, issued: dict[str, IssuedWorld], my_root: Authority, tmp_path: Path
) -> None:
    made = issued["clustered-mra"]
    own = made.world.parties["e1.example.com"].credential
    assert own is not None
    ended = create_root("Ended CA", at=datetime(2011, 11, 26, tzinfo=UTC)).certificate
    old, below = made.root.certificate, made.authority.certificate
    files = {
        "root": [my_root.certificate], "leaf": [own.leaf], "two": [my_root.certificate, old], "below": [below],
        "strange": [my_root.certificate, below], "old": [old], "ended": [ended],
    }  # fmt: skip
    for name, certificates in files.items():
        (tmp_path / name).write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in certificates))
    with pytest.raises(InputError) as raised:
        reached(made, *(goal.format(**{name: tmp_path / name for name in (*files, "nothing")}) for goal in goals))
    assert says in str(raised.value)


def test_ca_that_has_ended_cannot_renew(issued: dict[str, IssuedWorld]) -> None:
    with pytest.raises(InputError, match=r"the CA Lab Issuing CA ended on .*: it cannot issue certificates"):
        reached(issued["single-pair"], "renew:expe", at=AT.replace(year=2060))
