"""Lines of the event log: names, order and escaping as Cisco's documents and articles print them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from pkikit.model.tables.alarm_kinds import ALARMS
from pkikit.model.tables.log_events import FIELDS, LAB, PRODUCT_EVENTS
from pkikit.view.logs.event_lines import alarm_fields, as_logged, event_line, fields_text

AT = datetime(2026, 11, 20, 10, 0, 10, 100_000, UTC)
TLS = {
    "Common_name": "e1.example.com", "Protocol": "TLS", "Detail": "certificate has expired", "Dst_port": 7001,
    "Dst_ip": "10.0.30.2", "Src_port": 25001, "Src_ip": "10.0.10.2", "Service": "SIP",
}  # fmt: skip


@pytest.mark.product("C-01", "C-02", "C-04")
def test_outbound_line_has_the_fields_in_the_order_of_the_product() -> None:
    event = "Outbound TLS Negotiation Error"
    line = event_line(AT, "c1", "tvcs", event, fields_text(event, TLS), 1)
    assert line == (
        '2026-11-20T10:00:10.100+00:00 c1 tvcs: Event="Outbound TLS Negotiation Error" Service="SIP" Src-ip="10.0.10.2"'
        ' Src-port="25001" Dst-ip="10.0.30.2" Dst-port="7001" Detail="certificate has expired" Protocol="TLS"'
        ' Common-name="e1.example.com" Level="1" UTCTime="2026-11-20 10:00:10,100"'
    )


@pytest.mark.product("C-03")
def test_other_events_have_the_order_of_the_guide_and_hyphens() -> None:
    shuffled = {name.replace("-", "_"): "x" for name in sorted(FIELDS)}
    names = re.findall(r'([\w-]+)="', fields_text("Admin Session Start", {**shuffled, "Ours": "y"}))
    assert names == [*FIELDS, "Ours"]
    assert not [name for name in names if "_" in name]


@pytest.mark.product("C-01")
def test_processes_are_those_that_the_guide_names() -> None:
    """`alarm` is in the lines of TAC 217230; `syslog` writes MARK; lines of `lab` are ours, so no event has it."""
    processes = {process for process, _ in PRODUCT_EVENTS.values()}
    assert processes == {"tvcs", "web", "alarm", "syslog"}
    assert LAB not in processes


@pytest.mark.product("C-12")
def test_mark_has_no_fields() -> None:
    assert event_line(AT, "e1", "syslog", "MARK", "", 1) == "2026-11-20T10:00:10.100+00:00 e1 syslog: -- MARK --"


@pytest.mark.product("B-03")
def test_alarm_line_is_that_of_the_product() -> None:
    alarm = ALARMS["20006"]
    line = event_line(AT, "c1", "alarm", "Alarm Raised", alarm_fields(alarm, alarm.reason, raised=True), 1)
    shape = (
        r'2026-11-20T10:00:10\.100\+00:00 c1 alarm: Level="WARN" Event="Alarm Raised" Id="20006" UUID="[0-9a-f-]{36}"'
        r' Severity="warning" Detail="Cluster database communication failure: The database is unable to replicate with one'
        r' or more of the cluster peers" UTCTime="2026-11-20 10:00:10,100"'
    )
    assert re.fullmatch(shape, line)
    assert {level for name, (_, level) in PRODUCT_EVENTS.items() if name.startswith("Alarm")} == {1}


@pytest.mark.parametrize(
    ("code", "reason", "printed"),
    [
        (19, "", "self signed certificate in certificate chain"),
        (18, "", "self signed certificate"),
        (26, "", "unsupported certificate purpose"),
        (20, "", "unable to get local issuer certificate"),
        (79, "ca.not-a-ca", "invalid CA certificate"),
        (0, "tls alert unsupported certificate", "sslv3 alert unsupported certificate"),
        (0, "ssl/tls alert certificate unknown", "sslv3 alert certificate unknown"),
        (0, "tls alert unknown ca", "tlsv1 alert unknown ca"),
        (0, "tlsv13 alert certificate required", "tlsv13 alert certificate required"),
        (0, "the other side reset the connection", "No SSL error available, probably remote disconnect"),
        (0, "no shared cipher", "no shared cipher"),
    ],
)
@pytest.mark.product("C-06")
def test_details_are_the_words_of_the_product(code: int, reason: str, printed: str) -> None:
    assert as_logged(code, reason) == printed


def test_values_cannot_end_a_field() -> None:
    shown = fields_text("Admin Session Start", {"User": 'x" Event="Fake\n'})
    assert shown.count('"') == 2
    assert "\n" not in shown
