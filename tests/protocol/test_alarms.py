"""Alarms of running peers: a change of the world raises them, its end lowers them, and each is a line of the event log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pkikit.errors import InputError
from pkikit.model.tables.log_events import ALARM_ACKNOWLEDGED, ALARM_LOWERED, ALARM_RAISED
from pkikit.model.world import Speaks
from pkikit.worlds.issued_world import layout_of
from simulator.peer.acme_state import Attempt
from simulator.peer.alarms import Alarm, Surroundings, alarms_of
from simulator.threaded import ThreadedLab
from simulator.world.craft import craft
from tests.support.labs import FAST
from tests.support.wait import eventually
from tests.support.worlds import C1, E1, E2, changed

MEETINGS = {"name": "cms", "join_host": "join.example.com", "nodes": ["cms1.corp.example.com"]}
INTENDED = changed(clusters__0__cluster_tls="permissive", meeting_servers=[MEETINGS])


@pytest.fixture(scope="module")
def running() -> Iterator[ThreadedLab]:
    with ThreadedLab(INTENDED, settings=FAST) as lab:
        yield lab


@pytest.fixture
def lab(running: ThreadedLab) -> Iterator[ThreadedLab]:
    """The lab as it was at the start; a test may change its world."""
    before = running.world
    yield running
    running.put(before)
    running.do(_start_again, running)


def _start_again(lab: ThreadedLab) -> None:
    for peer in lab.lab.peers.values():
        peer.alarm_board.started_again()


def alarms(lab: ThreadedLab, fqdn: str) -> dict[str, Alarm]:
    return {alarm.key: alarm for alarm in lab.do(lab.peers[fqdn].alarms)}


def lines(lab: ThreadedLab, fqdn: str, kind: str, number: str) -> list[str]:
    return [str(e) for e in lab.events.of(fqdn, kind) if f'Id="{number}"' in str(e)]


def reissue(lab: ThreadedLab, fqdn: str, names: tuple[str, ...] | None = None, **properties: object) -> None:
    layout = layout_of(lab.deployment, fqdn)
    properties.setdefault("common_name", layout.common_name)
    made = craft(names or layout.dns_names, lab.issued.authority, at=lab.clock.now(), **properties)  # type: ignore[arg-type]
    lab.install(fqdn, made)


@pytest.mark.product("B-20004", "B-20006", "B-20021", "B-03", "C-01")
def test_alarm_is_raised_and_lowered_with_a_line_each(lab: ThreadedLab) -> None:
    assert lab.check().accepted
    assert "20006" not in alarms(lab, E1)
    lab.break_("partition", **{"between": [E1], "and": [E2]})
    lab.check()
    found = alarms(lab, E1)
    assert {"20004", "20006", "20021"} <= found.keys()
    assert found["20006"].severity == "Warning"
    assert len(lines(lab, E1, ALARM_RAISED, "20006")) == 1
    lab.fix()
    assert lab.check().accepted
    assert not alarms(lab, E1).keys() & {"20004", "20006", "20021"}
    assert len(lines(lab, E1, ALARM_LOWERED, "20006")) == 1


@pytest.mark.product("B-03")
def test_acknowledged_alarm_stays_raised(lab: ThreadedLab) -> None:
    """By its number; a number that is not raised is refused."""
    peer = lab.peers[C1]
    assert "40049" in alarms(lab, C1)  # permissive is the default
    assert lab.do(peer.alarm_board.acknowledge, "40049").acknowledged
    assert alarms(lab, C1)["40049"].acknowledged
    assert len(lines(lab, C1, ALARM_ACKNOWLEDGED, "40049")) == 1
    with pytest.raises(InputError, match="has no alarm '40068' now"):
        lab.do(peer.alarm_board.acknowledge, "40068")


@pytest.mark.product("B-40049")
def test_cluster_tls_permissive_is_a_notice(lab: ThreadedLab) -> None:
    """Only where it is permissive: cluster edge enforces."""
    found = alarms(lab, C1)["40049"]
    assert (found.title, found.severity) == ("Cluster TLS permissive", "Notice")
    assert "40049" not in alarms(lab, E1)


@pytest.mark.product("B-15028", "P7-1", "B-02", "P4-3")
def test_restart_alarm_stays_until_the_restart(lab: ThreadedLab) -> None:
    """Also if the earlier certificate is uploaded again, so that nothing differs any more."""
    peer = lab.peers[E1]
    first = lab.world.parties[E1].credential
    assert first is not None
    layout = layout_of(lab.deployment, E1)
    other = craft(layout.dns_names, lab.issued.authority, at=lab.clock.now(), common_name=layout.common_name)
    assert other.key is not None
    key = other.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    lab.run(peer.upload, other.pem(), key)
    peer.state = replace(peer.state, certificate=first)
    lab.do(peer.alarm_board.look)
    assert not peer.restart_needed
    assert alarms(lab, E1)["15028"].severity == "Warning"
    assert "restart the primary first" in alarms(lab, E1)["15028"].advice
    lab.do(peer.restart)
    eventually(lambda: "15028" not in alarms(lab, E1), "the alarm is over")
    assert lines(lab, E1, ALARM_LOWERED, "15028")


@pytest.mark.product("B-40068", "B-40069", "P7-1")
@pytest.mark.parametrize(
    ("days", "number", "severity", "words"),
    [
        (20, "40069", "Alert", "expires in 20 days"),
        (0, "40068", "Critical", "expires today"),
        (-3, "40068", "Critical", "expired"),
    ],
)
def test_end_of_the_server_certificate_raises_the_alarm_of_the_product(
    lab: ThreadedLab, days: int, number: str, severity: str, words: str
) -> None:
    now = lab.clock.now()
    ends = now.replace(hour=23, minute=59, second=59) if days == 0 else now + timedelta(days=days, hours=1)
    reissue(lab, C1, begins=timedelta(days=-30), ends=ends - now)
    found = alarms(lab, C1)[number]
    assert found.severity == severity
    assert words in found.detail
    assert not alarms(lab, C1).keys() & ({"40068", "40069"} - {number})
    assert found.kind.remark.startswith("ours: ") is (number == "40069")  # how many days before the end: not stated


@pytest.mark.product("B-40052", "P7-1")
def test_certificate_without_a_common_name_raises_40052(lab: ThreadedLab) -> None:
    assert "40052" not in alarms(lab, E1)
    reissue(lab, E1, subject=x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "No name")]))
    found = alarms(lab, E1)["40052"]
    assert (found.title, found.severity) == ("Certificate error", "")


@pytest.mark.product("B-25030", "B-25031")
def test_ptr_record_must_exist_and_name_the_certificate(lab: ThreadedLab) -> None:
    assert not alarms(lab, E1).keys() & {"25030", "25031"}
    lab.break_("ptr", party=E1, to="other.example.com")
    assert "25031" in alarms(lab, E1)
    lab.fix()
    lab.break_("ptr", party=E1)
    assert "25030" in alarms(lab, E1)
    assert "25031" not in alarms(lab, E1)
    lab.fix()
    reissue(lab, E1, tuple(n for n in layout_of(lab.deployment, E1).dns_names if n != E1))
    assert "25031" in alarms(lab, E1)


@pytest.mark.product("B-40051")
def test_join_url_outside_the_certificate_of_e_raises_40051(lab: ThreadedLab) -> None:
    assert not [key for key in alarms(lab, E1) if key.startswith("40051")]
    reissue(lab, E1, tuple(n for n in layout_of(lab.deployment, E1).dns_names if n != "join.example.com"))
    assert alarms(lab, E1)["40051 join.example.com"].severity == ""
    assert not [key for key in alarms(lab, C1) if key.startswith("40051")]


@pytest.mark.product("B-40048")
def test_sip_without_tls_raises_40048(lab: ThreadedLab) -> None:
    assert "40048" not in alarms(lab, C1)
    lab.change(lab.world.with_party(replace(lab.world.parties[C1], speaks=Speaks.PLAIN)))
    assert "40048" in alarms(lab, C1)


@pytest.mark.product("B-35013", "B-35014")
def test_failed_tunnel_raises_35013_and_a_closed_port_35014(lab: ThreadedLab) -> None:
    assert lab.check().accepted
    lab.break_("block", party=E1, port=2222)
    lab.check()
    assert {"35013", "35014"} <= alarms(lab, C1).keys()
    assert "e1.example.com" in alarms(lab, C1)["35013"].detail
    assert "35014" not in alarms(lab, E1)
    lab.fix()
    lab.check()
    assert not alarms(lab, C1).keys() & {"35013", "35014"}


@pytest.mark.product("B-40006", "B-40002")
def test_failed_crl_update_raises_40006_and_40002(lab: ThreadedLab) -> None:
    from simulator.peer.state import AutomaticCrls

    peer = lab.peers[E2]
    good, bad = "http://pki.lab.example/issuing.crl", "http://pki.lab.example/none.crl"
    lab.run(peer.set_crl_sources, AutomaticCrls(urls=(good, bad)))
    assert "40006" in alarms(lab, E2)
    assert "40002" not in alarms(lab, E2)
    lab.run(peer.set_crl_sources, AutomaticCrls(urls=(bad,)))
    assert {"40006", "40002"} <= alarms(lab, E2).keys()
    lab.run(peer.set_crl_sources, AutomaticCrls(urls=(good,)))
    assert not alarms(lab, E2).keys() & {"40006", "40002"}


@pytest.mark.product("B-40061", "B-40062", "B-40063", "B-40064", "P3-8")
def test_failures_of_the_automatic_service_are_alarms_until_it_succeeds(lab: ThreadedLab) -> None:
    """Four numbers: sign and deploy, of the server certificate and of domains. An administrator's own order has another."""
    peer, now = lab.peers[E1], lab.clock.now()
    wrong = Attempt(at=now, error="the CA is down", automatic=True)
    acme, before = peer.state.acme, peer.state
    for domain in ("", "example.com"):
        acme = acme.signed(wrong, domain).deployed(wrong, domain)
    peer.state = replace(before, acme=acme)
    lab.do(peer.alarm_board.look)
    found = alarms(lab, E1)
    assert {"40061", "40062", "40063", "40064"} <= found.keys()
    assert {found[number].severity for number in ("40061", "40062", "40063", "40064")} == {"Warning"}
    assert "the CA is down" in found["40061"].detail
    assert "[example.com]" in found["40064"].detail
    peer.state = replace(before, acme=before.acme.signed(replace(wrong, automatic=False)))
    lab.do(peer.alarm_board.look)
    assert "ACME order failed" in alarms(lab, E1)
    assert "40061" not in alarms(lab, E1)
    assert lines(lab, E1, ALARM_LOWERED, "40064")
    peer.state = before


@pytest.mark.product("B-15022", "P7-1")
def test_domain_certificate_that_waits_for_a_restart_raises_15022(lab: ThreadedLab) -> None:
    peer, before = lab.peers[E1], lab.peers[E1].state
    loaded = craft(("example.com",), lab.issued.authority, at=lab.clock.now())
    peer.state = before.with_domain_certificate("example.com", loaded)
    lab.do(peer.alarm_board.look)
    assert (alarms(lab, E1)["15022"].title, alarms(lab, E1)["15022"].severity) == ("Restart required", "Warning")
    assert "15028" not in alarms(lab, E1)
    peer.state = before
    lab.do(peer.alarm_board.look)
    assert "15022" not in alarms(lab, E1)


@pytest.mark.product("B-40040")
def test_traversal_zone_without_verification_raises_40040(lab: ThreadedLab) -> None:
    """For the Unified Communications zone that the file has without TLS verify mode."""
    state, party, now = lab.peers[E1].state, lab.world.parties[E1], lab.clock.now()

    def found(verify: bool) -> set[str]:
        around = Surroundings(deployment=changed(zones__0__tls_verify=verify), reverse=E1)
        return {alarm.id for alarm in alarms_of(state, party, now, around)}

    assert "40040" in found(False)
    assert "40040" not in found(True)


@pytest.mark.product("C-12", "E-40")
def test_log_level_decides_which_events_are_written_and_not_for_the_past(lab: ThreadedLab) -> None:
    peer, log = lab.peers[C1], lab.events
    log.add(C1, "Request Sent", Service="SIP", Method="OPTIONS")
    assert not log.of(C1, "Request Sent")
    with pytest.raises(InputError, match="allowed are 1 to 4"):
        lab.do(peer.alarm_board.set_log_level, 5)
    lab.do(peer.alarm_board.set_log_level, 3)
    assert not log.of(C1, "Request Sent")
    log.add(C1, "Request Sent", Service="SIP", Method="OPTIONS")
    assert 'Level="3"' in str(log.of(C1, "Request Sent")[-1])
    lab.do(peer.alarm_board.set_log_level, 1)


@pytest.mark.product("C-12")
def test_idle_log_is_marked_after_an_hour(lab: ThreadedLab) -> None:
    before = len(lab.events.of(C1, "MARK"))
    lab.travel(timedelta(hours=2))
    assert len(lab.events.of(C1, "MARK")) == before + 1
    lab.tick()
    assert len(lab.events.of(C1, "MARK")) == before + 1
