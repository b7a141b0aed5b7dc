"""Every case file of the clinic has the fields of a ticket, and an invalid one is refused with one sentence."""

from __future__ import annotations

import pytest

from pkikit.errors import InputError
from simulator.clinic.case import case_of, cases, read_case

# Files whose texts are not rewritten yet: take a name out when its file has every field of a ticket.
NOT_DONE = frozenset(
    [
        "acme-caa",
        "acme-dns-to-one-peer",
        "acme-internal-name",
        "acme-name-not-in-dns",
        "acme-not-deployed",
        "acme-port-80",
        "acme-stale-aaaa",
        "acme-too-often",
        "callmanager-and-tomcat",
        "cdp-down",
        "chat-alias",
        "client-auth-only",
        "clock-behind",
        "collab-edge",
        "crl-expired",
        "cup-xmpp",
        "cup-xmpp-and-tomcat",
        "dns-leads-elsewhere",
        "dns-record-gone",
        "dns-zone-subject-name",
        "dual-nic",
        "e-lacks-cluster-name",
        "e-lacks-peer-name",
        "end-entity-issuer",
        "federation-domain",
        "firewall",
        "foreign-oid",
        "intermediate-expired",
        "intermediate-missing",
        "ip-address",
        "leaf-expired",
        "new-key",
        "new-root",
        "no-basic-constraints",
        "no-common-cipher",
        "not-tls",
        "ocsp-down",
        "ocsp-revoked",
        "ocsp-wrong-signer",
        "old-neighbour",
        "one-phone",
        "partition",
        "path-length",
        "port-closed",
        "registration-domain",
        "revoked",
        "root-not-trusted",
        "scanner-noise",
        "security-profile",
        "self-signed",
        "server-auth-only-on-c",
        "server-auth-only-on-e",
        "short-key",
        "srv-record-gone",
        "swapped",
        "tomcat-without-node",
        "tunnels-after-renewal",
        "unified-cm-does-not-trust-c",
        "uploaded-der",
        "uploaded-encrypted-key",
        "uploaded-key-without-newline",
        "uploaded-pkcs7",
        "uploaded-reversed",
        "uploaded-to-the-wrong-peer",
        "verify-subject-name",
        "wildcard",
        "zone-up-mra-down",
    ]
)
WHOLE = """
id: a-case
ticket: INC-0417
title: Some phones cannot register
symptom: Phones outside cannot register.
hints: [One., Two.]
cause: validity.expired
fix: Renew it.
remedies: [[set-clock, e1.example.com]]
tools: [zones]
"""


@pytest.mark.parametrize("case_id", sorted(cases().keys() - NOT_DONE))
def test_case_file_has_every_field_of_a_ticket(case_id: str) -> None:
    """Ticket, caller, since, topic, at least two hints, red herrings and the looks of an expert, all with text."""
    case = cases()[case_id]
    assert case.ticket
    assert case.topic
    assert all((case.title.strip(), case.caller.strip(), case.symptom.strip(), case.since.strip(), case.fix.strip()))
    assert len(case.hints) >= 2
    assert case.red_herrings
    assert case.expert
    assert {look.look for look in case.expert} <= {*case.tools, "pages", "openssl", "capture"}
    given = {"severity", "difficulty", "minutes"} - case.model_fields_set
    assert not given, f"{case_id}: give {', '.join(sorted(given))}"


def test_ticket_numbers_tell_nothing_about_the_case() -> None:
    """Numbers are unique, and neither the order of the ids nor the topics can be read from them."""
    known = [case for case in cases().values() if case.ticket]
    assert len({case.ticket for case in known}) == len(known)
    if len(known) > 10:
        assert [c.id for c in sorted(known, key=lambda c: c.ticket)] != sorted(c.id for c in known)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ticket: INC-0417", "ticket: 417", "^x.yaml: ticket: must be a text$"),
        ("ticket: INC-0417", "ticket: INC-17", "^x.yaml: ticket: "),
        ("tools: [zones]", "tools: [zones]\ncolour: red", "^x.yaml: colour: is not known here$"),
        ("symptom: Phones outside cannot register.", "", "^x.yaml: symptom: is missing$"),
        ("tools: [zones]", "tools: [x-ray]", "^x.yaml: tools\\[0\\]: is not known; allowed are zones, log"),
        ("cause: validity.expired", "cause: validity.exspired", "no rule has the id 'validity.exspired'"),
        ("id: a-case", "id: [", "^x.yaml: is not valid YAML at line 4$"),
        (WHOLE, "- nothing", "^x.yaml: is not a case"),
    ],
)
def test_invalid_case_file_is_refused_with_one_sentence(old: str, new: str, told: str) -> None:
    """File, place, and what is allowed; no text of pydantic."""
    assert old in WHOLE
    with pytest.raises(InputError, match=told) as refused:
        read_case(WHOLE.replace(old, new), where="x.yaml")
    assert "pydantic" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_fix_of_a_case_may_still_be_called_mend() -> None:
    """The older key of a file."""
    assert read_case(WHOLE.replace("fix:", "mend:")) == read_case(WHOLE)


@pytest.mark.parametrize("said", ["leaf-expire", "Leaf-Expire"])
def test_unknown_case_is_answered_with_a_close_one(said: str) -> None:
    """And with nothing that is not close."""
    with pytest.raises(InputError, match="did you mean leaf-expired"):
        case_of(said)
    with pytest.raises(InputError, match="--list"):
        case_of("nonsense")
