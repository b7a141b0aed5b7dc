"""The one table of alarms: titles and severities of the document, and the rules that diagnose reports for them."""

from __future__ import annotations

import pytest

from pkikit.judge.logs.log_text import diagnose_text
from pkikit.judge.phrases.machines.expressway_alarms import EXPRESSWAY_ALARMS
from pkikit.model.tables.alarm_kinds import ALARMS, OTHER_ALARMS, OUR_ALARMS, SEVERITIES
from pkikit.rules.catalogue import CATALOGUE

# From the alarms reference of the administrator guide X15.0: number, title, severity ("" where it gives none).
DOCUMENTED = """
15022 Restart required|Warning
15028 Restart required|Warning
15024 Crypto device failure|Critical
15025 HSM disenrollment failure|Error
15029 Failed to send Crash Report|
15031 HSM TLP not installed|Error
20004 Cluster communication failure|Warning
20006 Cluster database communication failure|Warning
20020 Restart required|Warning
20021 Cluster communication failure|Warning
25028 HSM box connectivity issue|Alert
25030 Reverse DNS Lookup failed|Error
25031 Certificate verification failed|Error
35013 Unified Communications SSH tunnel failure|Warning
35014 Unified Communications SSH tunnel notification failure|Warning
35016 SAML metadata has been modified|Warning
40001 Security alert|Warning
40002 Security alert|Warning
40006 Security alert|Warning
40040 Unified Communications configuration error|Warning
40048 Unified Communications configuration error|Warning
40049 Cluster TLS permissive|Notice
40051 CMS not Identified by Server Certificate|
40052 Certificate error|
40053 Invalid Cipher config|
40061 ACME auto-sign failure|Warning
40062 ACME auto-sign failure|Warning
40063 ACME auto-deploy failure|Warning
40064 ACME auto-deploy failure|Warning
40066 HSM certificate is not used|Alert
40068 Server certificate validity|Critical
40069 Server certificate validity|Alert
""".strip().splitlines()


@pytest.mark.parametrize("line", DOCUMENTED)
def test_alarm_has_the_title_and_severity_of_the_document(line: str) -> None:
    number, rest = line[:5], line[6:]
    title, _, severity = rest.partition("|")
    assert (ALARMS[number].title, ALARMS[number].severity) == (title, severity or None)


def test_every_alarm_has_a_reason_and_words_of_the_product() -> None:
    for number, alarm in ALARMS.items():
        assert alarm.id == number
        assert alarm.severity is None or alarm.severity in SEVERITIES, number
        assert alarm.reason, number
        assert not alarm.rule or alarm.rule in CATALOGUE.by_id, number
        assert not alarm.is_ours, number
    assert not ALARMS.keys() & OTHER_ALARMS.keys()


def test_alarms_of_the_lab_alone_say_so() -> None:
    for alarm in OUR_ALARMS:
        assert alarm.is_ours
        assert alarm.source.startswith("ours")
        assert alarm.remark


def test_diagnose_reads_the_same_table() -> None:
    by_number = {phrase.alarm: phrase.rule for phrase in EXPRESSWAY_ALARMS}
    assert by_number == {**{n: a.rule for n, a in ALARMS.items()}, **dict.fromkeys(OTHER_ALARMS, "")}


def test_missing_address_of_the_meeting_server_is_the_join_url() -> None:
    line = (
        '2026-11-20T10:00:10.100+00:00 e1 alarm: Level="WARN" Event="Alarm Raised" Id="40051" Severity="warning"'
        ' Detail="CMS not Identified by Server Certificate" UTCTime="2026-11-20 10:00:10,100"'
    )
    assert diagnose_text(line, where="the log")[1] == ("names.join-url-missing",)
