"""What scripts and forms send to a peer: one model for both, which names what is wrong and what is allowed."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings

from pkikit.errors import InputError
from pkikit.model.codec.problems import validate_as
from pkikit.model.deployment import Revocation
from pkikit.model.renewal import AcmeMode, Schedule
from simulator.peer.acme_state import AcmeChanges, AcmeSettings, AcmeState, Management, Provider, settings_document
from simulator.peer.api import lab_calls
from simulator.peer.pages.bodies import (
    Body,
    CrlSources,
    Domain,
    DomainUpload,
    Generate,
    Nothing,
    RevocationChanges,
    Revoke,
    Upload,
)
from tests.support.any_value import AT, any_value
from tests.support.state_fields import STATE_FIELDS


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (Nothing, {"x": 1}, "'x' is not known; allowed are none"),
        (Upload, {"cert": "x"}, "'cert' is not known; allowed are certificate, private_key"),
        (Upload, {"certificate": 7}, "certificate: must be a text"),
        (Upload, {"certificate": None}, "certificate: must be a text"),
        (Domain, {}, "domain: is missing"),
        (Domain, {"domain": ["x"]}, "domain: must be a text"),
        (Generate, {"additional_names": "a"}, "additional_names: must be a list of texts"),
        (Generate, {"additional_names": [7]}, "additional_names: must be a list of texts"),
        (Generate, {"key_length": "2048"}, "key_length: must be a whole number"),
        (Generate, {"key_length": 2048.0}, "key_length: must be a whole number"),
        (CrlSources, {"hour": True}, "hour: must be a whole number"),
        (Revoke, {"which": "next"}, "which: is not known; allowed are current, pending"),
        (Revoke, {"reason": "boredom"}, "reason: is not a reason; allowed are unspecified, keyCompromise"),
        (Revoke, {"reason": ["x"]}, "reason: is not a reason"),
        (RevocationChanges, {"fallback": "perhaps"}, "fallback: is not known; allowed are not-revoked, revoked"),
        (RevocationChanges, {"use_ocsp": "perhaps"}, "use_ocsp: must be on or off"),
    ],
)
def test_wrong_member_of_a_body_is_named(model: type[Body], given: dict[str, Any], words: str) -> None:
    """One sentence: which member, and what is allowed."""
    with pytest.raises(InputError) as refused:
        validate_as(model, given)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_body_has_the_defaults_of_the_product() -> None:
    """The near miss: everything may be left out, and what is there is taken."""
    assert validate_as(Generate, {}).key_length == 2048
    assert validate_as(CrlSources, {"urls": ["http://a.example/a.crl"], "hour": 5}).automatic.hour == 5
    assert validate_as(RevocationChanges, {"use_ocsp": "off"}).model_dump(exclude_unset=True) == {"use_ocsp": False}
    assert validate_as(Upload, {"certificate": "text"}) == validate_as(Upload, {"certificate": b"text"})


def test_private_keys_of_a_body_are_not_printed() -> None:
    """Also not by a body that a log or an error shows."""
    for model in (Upload, DomainUpload):
        assert "SECRET" not in repr(validate_as(model, {"private_key": "SECRET"}))
    assert "SECRET" not in repr(validate_as(AcmeChanges, {"eab_mac": "SECRET"}))


def test_every_setting_can_be_changed() -> None:
    """A new setting of the ACME service or of SIP revocation is in the body, too."""
    of_acme = {field.name for field in fields(AcmeSettings)}
    of_schedule = {field.name for field in fields(Schedule)}
    assert set(AcmeChanges.model_fields) == of_acme | of_schedule | {"mode", "renew_key"}
    assert set(RevocationChanges.model_fields) == set(Revocation.model_fields)


@settings(deadline=None, max_examples=50)
@given(any_value(AcmeState, STATE_FIELDS))
def test_acme_settings_that_are_shown_can_be_sent_back(any_state: AcmeState) -> None:
    """The answer of the REST face as a body changes nothing but spaces around texts; it has no secret."""
    shown = settings_document(any_state)
    assert "eab_mac" not in shown
    settings = any_state.settings
    stripped = replace(any_state, settings=replace(settings, terms=settings.terms.strip(), ca=settings.ca.strip()))
    assert validate_as(AcmeChanges, shown).applied_to(any_state, AT) == stripped


def test_acme_changes_leave_the_other_settings() -> None:
    """Only what was sent is changed, for the server certificate or for a domain."""
    before = AcmeState(settings=AcmeSettings(email="a@example.com"), server=Management(mode=AcmeMode.AUTOMATED))
    after = validate_as(AcmeChanges, {"provider": "staging", "hour": 5}).applied_to(before, AT)
    server = replace(before.server, schedule=replace(before.server.schedule, hour=5))
    assert after == replace(before, settings=replace(before.settings, provider=Provider.STAGING), server=server)
    domain = validate_as(AcmeChanges, {"mode": "Manual"}).applied_to(before, AT, "example.com")
    assert domain.server == before.server
    assert domain.managed("example.com") == Management(mode=AcmeMode.MANUAL, since=AT)


def test_rest_document_describes_every_path_and_body() -> None:
    """As an OpenAPI document that has each route, and in which no reference leads nowhere."""
    described = lab_calls.description()
    for method, path, handler in lab_calls.routes():
        operation = described["paths"][lab_calls.BASE + path][method.lower()]
        assert operation["summary"]
        assert ("requestBody" in operation) is (method != "GET"), (method, path, handler)
    schemas = described["components"]["schemas"]
    references = re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(described))
    assert references
    assert set(references) <= set(schemas)
    assert set(schemas["Upload"]["properties"]) == {"certificate", "private_key"}
    assert schemas["Upload"]["additionalProperties"] is False
    assert set(schemas["AcmeChanges"]["properties"]) == set(AcmeChanges.model_fields)
