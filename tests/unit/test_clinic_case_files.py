"""Every case file of the clinic has the fields of a ticket, and an invalid one is refused with one sentence."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import correlation

import pytest

from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from simulator.clinic.case import case_of, cases, read_case

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


@pytest.mark.parametrize("case_id", sorted(cases()))
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
    """Numbers are unique; difficulty, file order and topic cannot be read from them."""
    known = sorted(cases().values(), key=lambda case: case.ticket)
    assert len({case.ticket for case in known}) == len(known)
    places = range(len(known))
    by_id = sorted(case.id for case in known)
    assert abs(correlation(places, [case.difficulty for case in known])) < 0.2
    assert abs(correlation(places, [by_id.index(case.id) for case in known])) < 0.2
    sizes = Counter(case.topic for case in known)
    by_chance = sum(size * (size - 1) for size in sizes.values()) / len(known)
    assert sum(a.topic == b.topic for a, b in pairwise(known)) < 2 * by_chance


def test_experts_look_at_what_there_is() -> None:
    """Each look names a machine or connection of its case."""
    for case in cases().values():
        deployment = case.changed()
        connections = {leg.id for leg in legs_of(deployment)}
        for look in case.expert:
            if look.look == "trace":
                assert look.at in connections, f"{case.id}: {look.at}"
            elif look.look not in {"zones", "dns"}:
                assert look.at in deployment.parties, f"{case.id}: {look.at}"


def test_cases_cover_every_topic_at_several_difficulties() -> None:
    """Nine topics, each difficulty often enough, ten cases with more than one cause."""
    known = cases().values()
    assert len(known) >= 60
    assert len({case.topic for case in known}) == 9
    assert min(Counter(case.difficulty for case in known).values()) >= 15
    assert sum(bool(case.also) for case in known) >= 10


def test_titles_do_not_name_the_cause() -> None:
    """A learner sees title and symptom; words that answer the question are in neither title."""
    telling = (
        "expired",
        "revoked",
        "intermediate",
        "self-signed",
        "wildcard",
        "mismatch",
        "CAA",
        "clientAuth",
        "swapped",
    )
    for case in cases().values():
        if case.id not in {"intermediate-expired", "acme-not-deployed"}:  # there it leads away from the cause
            assert not [word for word in telling if word.lower() in case.title.lower()], case.title


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
