"""How the console of a peer reads a line: the product's commands, with exact arguments, and one sentence for anything else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkikit.errors import InputError
from simulator.peer.console.grammar import COMMANDS, read_line
from simulator.peer.console.peer_console import read_schedule, read_subject

LINES = {
    # The examples of the documents.
    'xCommand ACME Delete Pending Cert Domain: "example.com"': {"Domain": "example.com"},
    'xCommand ACME Deploy Domain: "example.com" ReloadCerts: "On"': {"Domain": "example.com", "ReloadCerts": "On"},
    "xCommand ACME Get Pending Cert": {},
    'xCommand ACME Providers Read ProviderUuid: "Default"': {"ProviderUuid": "Default"},
    'xCommand ACME Providers Write ProviderUuid: "Default" Email: "new-email@example.com" TermsOfService: "Accepted"': {
        "ProviderUuid": "Default",
        "Email": "new-email@example.com",
        "TermsOfService": "Accepted",
    },
    "xCommand ACME Reset execute": {"Action": "execute"},
    'xCommand ACME Reset Action: "execute"': {"Action": "execute"},
    'xCommand ACME Revoke "/path_to_cert_to_be_revoked"': {"CertPath": "/path_to_cert_to_be_revoked"},
    'xcommand Acmerevoke CertPath:"/path" Provider:"ACME_Provider_Name"': {
        "CertPath": "/path",
        "Provider": "ACME_Provider_Name",
    },
    'xCommand ACME Settings Read "example.com"': {"Domain": "example.com"},
    'xCommand ACME Settings Write AcmeManaged: "Automated" Domain: "example.com" RenewalSchedule: '
    '"{ "DaysOfWeek" :[ "Mon" ], "TimeOfDay" : "04:00" }" RenewKey: "Rotate"': {
        "AcmeManaged": "Automated",
        "Domain": "example.com",
        "RenewalSchedule": '{ "DaysOfWeek" :[ "Mon" ], "TimeOfDay" : "04:00" }',
        "RenewKey": "Rotate",
    },
    'xCommand Acme Sign Domain: "example.com"': {"Domain": "example.com"},
    'xcommand Certs Command csr_create subjectfields: \'{"CN": "www.cisco.com", "C": "US", "OU": "expressway" }\' '
    "Keysize: 256 Publickeyalgorithm: ECDSA": {
        "Command": "csr_create",
        "subjectfields": '{"CN": "www.cisco.com", "C": "US", "OU": "expressway" }',
        "Keysize": "256",
        "Publickeyalgorithm": "ECDSA",
    },
    "xcommand Certs Command: csr_create Domain: cisco.com": {"Command": "csr_create", "Domain": "cisco.com"},
    "xCommand Boot": {},
    "xCommand Restart": {},
}


@pytest.mark.product("E-50", "E-51", "E-52", "E-53", "E-54", "E-55", "E-56", "E-57", "E-58")
@pytest.mark.parametrize("line", LINES)
def test_lines_of_the_documents_are_read(line: str) -> None:
    """Every example, with quotes of either kind, with JSON between quotes, with and without the first name."""
    assert dict(read_line(line).arguments) == LINES[line]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("xCommand ACME Sing", "is not a command of this lab; there are xCommand ACME Delete Pending Cert, "),
        ("xConfiguration SIP", "is not a command of this lab"),
        ("", "is not a command of this lab"),
        ("xCommand ACME Signature", "is not a command of this lab"),
        ('xCommand ACME Sign Domains: "a"', "has no parameter Domains; it has Domain, NumSanEntries"),
        ("xCommand ACME Sign example.com", "is not written as Name: value"),
        ('xCommand ACME Sign Domain: "a" Domain: "b"', "Domain is given twice"),
        ("xCommand ACME Deploy ReloadCerts: Maybe", "ReloadCerts: 'Maybe' is not On or Off"),
        ("xCommand ACME Settings Write", "needs AcmeManaged"),
        ("xCommand ACME Settings Write AcmeManaged: On", "is not Disabled or Manual or Automated"),
        ("xCommand ACME Providers Write ProviderUuid: Default", "needs Email, TermsOfService"),
        ("xCommand ACME Revoke", "needs CertPath"),
        ("xCommand ACME Reset Action: later", "is not execute"),
        ("xCommand Certs Command cert_get", "is not csr_create"),
        ("xCommand Restart now", "is not written as Name: value"),
        ("x" * 4001, "4001 characters"),
    ],
)
def test_other_lines_are_one_sentence(line: str, says: str) -> None:
    """Unknown commands, unknown, missing, doubled and wrong arguments."""
    with pytest.raises(InputError) as refused:
        read_line(line)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=60), st.sampled_from([c.name for c in COMMANDS]))
def test_any_line_is_read_or_refused(text: str, name: str) -> None:
    """Nothing else is raised."""
    for line in (text, f"xCommand {name} {text}", f'xCommand {name} Domain: "{text}"'):
        with contextlib.suppress(InputError):
            assert read_line(line).command.name in {command.name for command in COMMANDS}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"DaysOfWeek": [], "TimeOfDay": "04:00"}', '{"DaysOfWeek": ["Monday"], "TimeOfDay": "04:00"}',
     '{"DaysOfWeek": ["Mon"], "TimeOfDay": "4:00"}', '{"DaysOfWeek": ["Mon"], "TimeOfDay": "24:00"}',
     '{"DaysOfWeek": [1], "TimeOfDay": "04:00"}', '{"DaysOfWeek": ["Mon"], "TimeOfDay": "04:00", "x": 1}'],
)  # fmt: skip
def test_schedule_of_another_form_is_refused(text: str) -> None:
    """Days by their three letters, the time as two numbers of two digits; nothing else."""
    with pytest.raises(InputError):
        read_schedule(text)


def test_schedule_and_subject_are_read() -> None:
    """The near misses."""
    schedule = read_schedule('{"DaysOfWeek": ["Mon", "Sun"], "TimeOfDay": "04:30"}')
    assert (sorted(schedule.days), schedule.hour, schedule.minute) == ([0, 6], 4, 30)
    name, fields = read_subject('{"CN": "www.example.com", "C": "GB", "ST": "Kent"}')
    assert (name, fields.country, fields.state) == ("www.example.com", "GB", "Kent")
    with pytest.raises(InputError, match="'XX' is not a text of CN, C"):
        read_subject('{"XX": "a"}')
