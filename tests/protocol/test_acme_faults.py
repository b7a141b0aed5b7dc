"""What fails around an ACME order, each by itself: the CA at every step, the world, renewals; nothing in use is harmed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509

from pkikit.errors import AcmeError, AcmeMisissued, AcmeProblem, InputError
from simulator.errors import LabError
from simulator.pebble_options import PebbleOptions, PebbleVersion
from simulator.peer.acme.order_run import AcmeRun, RunStep
from simulator.peer.acme.service import AcmeService
from simulator.peer.acme_state import AutomaticFailures
from simulator.threaded import ThreadedLab
from simulator.world.faults import Block, Ca, Caa, Clock, DiskFull, Dns, Fault, Point, StaleAaaa
from tests.support.acme import untouched, with_faults
from tests.support.labs import FAST
from tests.support.worlds import CLUSTER_E, E1, E2, changed, deployment

# Failures at every step.


@pytest.mark.parametrize(
    ("what", "state"),
    [
        ("account", "created"), ("virtual host", "opened"), ("order", "pending"), ("authorization", "pending"),
        ("challenge file", "placed"), ("challenge", "answered"), ("authorization", "valid"), ("order", "ready"),
        ("request", "sent"), ("certificate", "downloaded"),
    ],
)  # fmt: skip
def test_order_with_a_killed_ca_keeps_the_current_certificate(
    lab: ThreadedLab, acme: AcmeService, what: str, state: str
) -> None:
    """Whatever has happened by then: the current certificate serves, and with the CA back the next attempt succeeds."""
    before = lab.world.parties[E1].credential
    killed: list[int] = []

    def kill(_: AcmeRun, step: RunStep) -> None:
        if (step.what, step.state) == (what, state) and not killed:
            assert acme.pebble.pid is not None
            killed.append(acme.pebble.pid)
            os.kill(acme.pebble.pid, signal.SIGKILL)

    acme.on_step.append(kill)
    if (what, state) == ("certificate", "downloaded"):
        assert lab.run(acme.sign, E1).key_matches  # too late to hurt
    else:
        with pytest.raises((AcmeError, LabError)):
            lab.run(acme.sign, E1)
        untouched(lab, E1, before)
    assert killed
    assert lab.check().accepted
    lab.run(acme.pebble.restart)
    assert lab.run(acme.sign, E1).key_matches
    lab.run(acme.deploy, E1)
    assert lab.world.parties[E1].credential != before


BROKEN: list[tuple[str, Fault, type[Exception], str]] = [
    ("port-80", Block(fault="block", party=E1, port=80), AcmeProblem, "(?i)connection|refused"),
    ("dns-gone", Dns(fault="dns", names=("example.com",)), AcmeProblem, "example.com"),
    ("stale-aaaa", StaleAaaa(fault="stale-aaaa", name=CLUSTER_E), AcmeProblem, CLUSTER_E),
    ("caa", Caa(fault="caa", name="example.com", authority="other.example.net"), AcmeProblem, "CAA for example.com"),
    ("terms", Ca(fault="ca", does="new-terms"), AcmeError, "accepted again"),
    ("down", Ca(fault="ca", does="down"), AcmeError, "maintenance"),
    ("lies", Ca(fault="ca", does="wrong-key"), AcmeMisissued, "public key"),
]


@pytest.mark.parametrize(("fault", "kind", "says"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_faulty_order_raises_an_alarm_and_succeeds_once_fixed(
    lab: ThreadedLab, acme: AcmeService, fault: Fault, kind: type[Exception], says: str
) -> None:
    """Each fails by itself, changes nothing, raises an alarm; undone, the next attempt succeeds."""
    before, well = lab.world.parties[E1].credential, lab.world
    with_faults(lab, fault)
    with pytest.raises(kind, match=says):
        lab.run(acme.sign, E1)
    untouched(lab, E1, before)
    assert [a for a in lab.peers[E1].alarms() if a.title.startswith("ACME") and "fail" in a.title]
    assert lab.check().accepted
    lab.change(well)
    assert lab.run(acme.sign, E1).key_matches


def test_order_with_dns_to_one_reachable_peer_succeeds(lab: ThreadedLab, acme: AcmeService) -> None:
    """The file is on all peers, so a name that leads to one is proved; when that one is blocked, it is not."""
    with_faults(lab, Point(fault="point", name=CLUSTER_E, to=(E2,)))
    lab.run(acme.sign, E1)
    assert {f.peer for f in acme.fetched if f.host == CLUSTER_E} == {E2}
    lab.run(lab.peers[E1].change_acme, lambda state: replace(state, account=None))  # no proof of it is left
    with_faults(lab, Block(fault="block", party=E2, port=80))
    with pytest.raises(AcmeProblem, match=CLUSTER_E):
        lab.run(acme.sign, E1)


def test_order_for_an_internal_name_is_refused_before_validation() -> None:
    """A registration domain that is not public: refused name by name, before anything is validated."""
    inside = changed(domains__registration=["corp.local"])
    with ThreadedLab(inside, settings=FAST) as lab:
        acme = lab.start_acme()
        lab.run(acme.prepare, E1)
        with pytest.raises(AcmeProblem, match="rejectedIdentifier") as caught:
            lab.run(acme.sign, E1)
        assert [name for name, _ in caught.value.subproblems] == ["corp.local"]
        assert acme.fetched == ()


def test_deploy_on_a_full_disk_keeps_the_pending_certificate(lab: ThreadedLab, acme: AcmeService) -> None:
    """Nothing is half-written: the pending certificate waits, the one in use serves; with room again it is deployed."""
    before, well = lab.world.parties[E1].credential, lab.world
    pending = lab.run(acme.sign, E1)
    with_faults(lab, DiskFull(fault="disk-full", party=E1))
    with pytest.raises(LabError, match="No space left on device"):
        lab.run(acme.deploy, E1)
    assert lab.world.parties[E1].credential == before
    assert lab.peers[E1].state.pending_certificate == pending
    lab.change(well)
    lab.run(acme.deploy, E1)
    assert lab.world.parties[E1].credential == pending


def test_deployed_certificate_is_expired_for_a_peer_years_ahead(lab: ThreadedLab, acme: AcmeService) -> None:
    """A peer years ahead orders in vain: what comes back has long expired for it, and an alarm says so once deployed."""
    with_faults(lab, Clock(fault="clock", party=E1, hours=24 * 365 * 6))
    lab.run(acme.sign, E1)
    lab.run(acme.deploy, E1)
    assert "40068" in [a.id for a in lab.peers[E1].alarms()]


def test_reused_authorisation_places_no_file() -> None:
    """A CA that remembers a proof asks for none the second time: no file is placed, none fetched."""
    with ThreadedLab(deployment(), settings=replace(FAST, acme=PebbleOptions(authz_reuse=100))) as lab:
        acme = lab.start_acme()
        lab.run(acme.prepare, E1)
        lab.run(acme.sign, E1)
        fetched = len(acme.fetched)
        lab.run(acme.sign, E1)
        assert len(acme.fetched) == fetched
        assert not [s for s in acme.steps(E1) if s.state == "placed"]
        assert next(s.state for s in acme.steps(E1) if s.what == "order") == "ready"


def test_peer_revokes_with_account_or_certificate_key(lab: ThreadedLab, acme: AcmeService) -> None:
    """With the account's key or the certificate's; what is not there cannot be revoked."""
    with pytest.raises(InputError, match="no ACME account"):
        lab.run(lambda: acme.revoke(E1))
    lab.run(acme.sign, E1)
    lab.run(lambda: acme.revoke(E1, which="pending", by="certificate", reason=1))
    with pytest.raises(AcmeProblem, match="alreadyRevoked"):
        lab.run(lambda: acme.revoke(E1, which="pending", by="account"))
    lab.run(lab.peers[E1].discard_pending)
    with pytest.raises(InputError, match="no pending certificate"):
        lab.run(lambda: acme.revoke(E1, which="pending"))
    assert len(lab.events.of(E1, "ACME Certificate Revoked")) == 1


# Automatic.


@pytest.fixture(params=list(PebbleVersion), ids=lambda v: v.value)
def automatic(request: pytest.FixtureRequest) -> Iterator[ThreadedLab]:
    """E1 with a certificate of the CA, renewed automatically, deployed at 03:00 of every day."""
    options = PebbleOptions(version=request.param)
    with ThreadedLab(deployment(), settings=replace(FAST, acme=options)) as lab:
        acme = lab.start_acme()
        lab.run(acme.prepare, E1)
        lab.run(acme.sign, E1)
        lab.run(acme.deploy, E1)
        lab.run(acme.configure, E1, {"mode": "Automated", "days": list(range(7)), "hour": 3})
        yield lab


def leaf_of(lab: ThreadedLab) -> x509.Certificate:
    credential = lab.world.parties[E1].credential
    assert credential is not None
    return credential.leaf


def go_on(lab: ThreadedLab, at: datetime | None) -> None:
    """Move the lab's clock to an instant, and do what is due."""
    assert at is not None
    lab.do(lab.clock.travel, at - lab.clock.now() + timedelta(seconds=1))
    lab.tick()


def names_of(certificate: x509.Certificate) -> set[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(names.get_values_for_type(x509.DNSName))


@pytest.mark.product("E-51", "P3-2", "P3-3")
@pytest.mark.parametrize("renew_key", ["Retain", "Rotate"])
def test_stored_request_is_submitted_again_and_deployed_on_schedule(automatic: ThreadedLab, renew_key: str) -> None:
    """After two thirds of the life, the same request (or with Rotate one with a new key); deployed at the set hour."""
    lab, acme = automatic, automatic.acme
    lab.run(acme.configure, E1, {"renew_key": renew_key})
    first, stored = leaf_of(lab), lab.peers[E1].state.stored_request
    assert stored is not None
    due = acme.due(E1)
    assert due is not None
    life = first.not_valid_after_utc - first.not_valid_before_utc
    # At one of two random times a day: those of one day may both be early, and those of the next both late.
    assert timedelta(0) <= due - (first.not_valid_after_utc - life / 3) < timedelta(days=2)
    lab.do(lab.clock.travel, due - lab.clock.now() - timedelta(seconds=5))
    lab.tick()
    assert lab.peers[E1].state.pending_certificate is None
    go_on(lab, due)
    pending = lab.peers[E1].state.pending_certificate
    assert pending is not None
    assert (pending.leaf.public_key() == first.public_key()) is (renew_key == "Retain")
    again = lab.peers[E1].state.stored_request
    assert again is not None
    assert (again == stored) is (renew_key == "Retain")
    assert names_of(first) == names_of(pending.leaf)
    assert leaf_of(lab) == first  # the hour has not come
    go_on(lab, next(iter(lab.lab.dates())))
    assert leaf_of(lab) == pending.leaf
    deployed = lab.peers[E1].state.acme.server.deployed
    assert deployed is not None
    assert (deployed.at.hour, deployed.at.minute) == (3, 0)


@pytest.mark.product("P3-2")
def test_service_tries_at_two_random_times_a_day(automatic: ThreadedLab) -> None:
    """A failure waits for the next opportunity, two a day at other times every day; then the next one succeeds."""
    lab, acme = automatic, automatic.acme
    first, well = leaf_of(lab), lab.world
    # Not a name that cannot be proved: told to reuse no proof, Pebble still does once in a hundred.
    with_faults(lab, Caa(fault="caa", name="example.com", authority="other.example.net"))
    tries = []
    for failures in range(1, 8):
        go_on(lab, acme.due(E1))
        lab.tick()  # nothing more until it is time
        last = lab.peers[E1].state.acme.last
        assert last is not None
        assert last.failures == failures
        assert last.automatic
        tries.append(last.at)
    assert lab.peers[E1].state.acme.automatic_failures.sign
    whole_days = {at.date() for at in tries[1:-1]}
    assert all(sum(at.date() == day for at in tries) == 2 for day in sorted(whole_days)[1:-1])
    assert len({at.time().replace(microsecond=0) for at in tries}) == len(tries)
    assert leaf_of(lab) == first
    assert "7 times in a row" in next(
        a.detail for a in lab.peers[E1].alarms() if a.title.startswith("ACME") and "fail" in a.title
    )
    lab.change(replace(well, parties=lab.world.parties))
    go_on(lab, acme.due(E1))
    assert lab.peers[E1].state.pending_certificate is not None
    assert not lab.peers[E1].state.acme.automatic_failures.sign


@pytest.mark.product("I-11")
def test_manual_mode_says_nothing_after_two_thirds_of_the_life(automatic: ThreadedLab) -> None:
    """The guide says both; the lab follows "no notification". Only the end of the life is an alarm."""
    lab, acme, peer = automatic, automatic.acme, automatic.peers[E1]
    due = acme.due(E1)
    assert due is not None
    lab.run(acme.configure, E1, {"mode": "Manual"})
    before = {alarm.key for alarm in lab.do(peer.alarms)}
    started = lab.events.last
    go_on(lab, due + timedelta(days=2))
    assert acme.due(E1) is None
    assert peer.state.pending_certificate is None
    ends = {"40068", "40069"}
    assert {alarm.key for alarm in lab.do(peer.alarms)} - ends == before - ends
    assert not [event for event in lab.events.since(started) if "ACME" in event.kind]


def test_full_disk_fails_renewal_and_deployment_until_the_next_opportunity(automatic: ThreadedLab) -> None:
    """What was signed cannot be kept, what is pending cannot be deployed; both are remembered, and neither repeats at once."""
    lab, acme = automatic, automatic.acme
    well = lab.world
    with_faults(lab, DiskFull(fault="disk-full", party=E1))
    go_on(lab, acme.due(E1))
    for _ in range(5):
        lab.tick()
    assert len(lab.events.of(E1, "ACME Order Failed")) == 1
    assert lab.peers[E1].state.pending_certificate is None
    assert lab.peers[E1].state.acme.automatic_failures == AutomaticFailures(sign=True)
    lab.change(replace(well, parties=lab.world.parties))
    go_on(lab, acme.due(E1))
    pending = lab.peers[E1].state.pending_certificate
    assert pending is not None
    assert lab.peers[E1].state.acme.automatic_failures == AutomaticFailures()
    with_faults(lab, DiskFull(fault="disk-full", party=E1))
    go_on(lab, next(iter(lab.lab.dates())))
    lab.tick()
    assert len(lab.events.of(E1, "ACME Deploy Failed")) == 1
    assert lab.peers[E1].state.acme.automatic_failures == AutomaticFailures(deploy=True)
    lab.change(replace(well, parties=lab.world.parties))
    go_on(lab, next(iter(lab.lab.dates())))
    assert leaf_of(lab) == pending.leaf
    assert lab.peers[E1].state.acme.automatic_failures == AutomaticFailures()


def test_request_is_signed_as_soon_as_the_service_is_automatic(lab: ThreadedLab, acme: AcmeService) -> None:
    """The first certificate is requested at once, and deployed on schedule; domains have their own mode."""
    lab.run(acme.configure, E1, {"mode": "Automated"})
    lab.tick()
    pending = lab.peers[E1].state.pending_certificate
    assert pending is not None
    go_on(lab, next(iter(lab.lab.dates())))
    assert leaf_of(lab) == pending.leaf
    lab.run(acme.sign, E1, "example.com")
    lab.run(acme.deploy_domain, E1, "example.com")
    assert acme.due(E1, "example.com") is None
    lab.run(acme.configure, E1, {"mode": "Automated"}, "example.com")
    assert acme.due(E1, "example.com") is not None
    lab.run(acme.configure, E1, {"mode": "Disabled"}, "example.com")
    with pytest.raises(InputError, match=r"ACME is disabled for example\.com"):
        lab.run(acme.sign, E1, "example.com")
