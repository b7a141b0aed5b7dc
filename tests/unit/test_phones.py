"""Phones outside: each needs its own phone security profile in Expressway-C's certificate, and no other phone's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pkikit.design.legs import legs_of
from pkikit.design.san import design_sans
from pkikit.errors import DeploymentError
from pkikit.handshake.messages import FramingError, register_request, reply_to, status_of
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.leg import Leg
from pkikit.model.parties import LegKind
from pkikit.worlds.issued_world import IssuedWorld, issue_world
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import DAY, craft
from tests.support.both_judges import refused
from tests.support.worlds import AT, C1, C2, UCM1, changed

DESK, SOFT = "desk.profiles.corp.example.com", "soft.profiles.corp.example.com"
SHARED = "secure.profiles.corp.example.com"
PHONES = [{"name": "SEP001122334455", "profile": DESK}, {"name": "CSFALICE", "profile": SOFT}]


def made(**paths: Any) -> IssuedWorld:
    return issue_world(changed(**{"unified_cm__0__phones": PHONES, **paths}), at=AT - DAY, rsa=False)


def without(issued: IssuedWorld, *names: str) -> set[Leg]:
    kept = [n for n in design_sans(issued.world.deployment, C1).dns_names if n not in names]
    party = replace(issued.world.parties[C1], credential=craft(kept, issued.authority, at=AT))
    world = issued.world.with_party(party)
    failing = refused(world)
    for leg in failing:
        assert judge_leg(leg, world, AT).causes == ("names.security-profile-missing",)
        assert MemoryDialler(world, AT).dial(leg).rejected_by == judge_leg(leg, world, AT).rejected_by
    return failing


@pytest.mark.product("P1-6")
@pytest.mark.fires("names.security-profile-missing")
def test_missing_profile_takes_down_the_phones_that_have_it_and_no_others() -> None:
    """The other phone, and the connection itself, stay up through the same peer."""
    failing = without(made(), DESK)
    assert {(leg.kind, leg.group, leg.client) for leg in failing} == {(LegKind.PHONE, "SEP001122334455", C1)}
    assert {leg.id for leg in failing} >= {f"phone:SEP001122334455:{C1}>{UCM1}"}


@pytest.mark.product("P1-6")
@pytest.mark.near_miss("names.security-profile-missing", watched=False)
def test_phones_with_their_profiles_register_through_every_peer() -> None:
    """One registration for each phone, peer and node."""
    issued = made()
    assert refused(issued.world) == set()
    legs = [leg for leg in legs_of(issued.world.deployment) if leg.kind is LegKind.PHONE]
    assert {(leg.group, leg.client) for leg in legs} == {(p["name"], c) for p in PHONES for c in (C1, C2)}


def test_profile_that_belongs_to_no_phone_is_looked_for_on_every_connection() -> None:
    """`security_profiles` means what it meant before there were phones."""
    failing = without(made(), SHARED)
    assert {leg.kind for leg in failing} == {LegKind.UNIFIED_CM_SIP}
    own = changed(unified_cm__0__phones=[{"name": "A", "profile": SHARED}])
    issued = issue_world(own, at=AT - DAY, rsa=False)
    assert {leg.kind for leg in without(issued, SHARED)} == {LegKind.PHONE}


def test_profiles_of_phones_are_names_that_the_certificate_of_c_needs() -> None:
    """Each entry names the phone that needs it."""
    wanted = made().world.deployment
    entries = {e.value: e for e in design_sans(wanted, C1).entries}
    assert {DESK, SOFT, SHARED} <= entries.keys()
    assert f"phone:CSFALICE:{C1}>{UCM1}" in entries[SOFT].needed_by


@pytest.mark.product("P1-6")
@pytest.mark.parametrize(("version", "allowed"), [("X12.5", True), ("X12.6", False), ("X15.5", False)])
def test_short_profile_name_is_refused_from_x12_6_on(version: str, allowed: bool) -> None:
    """Before, any name of a profile was a name for the certificate."""
    phones = [{"name": "SEP001122334455", "profile": "secure-profile"}]
    if allowed:
        assert refused(made(version=version, unified_cm__0__phones=phones).world) == set()
        return
    with pytest.raises(DeploymentError, match=r"'secure-profile' must be an FQDN from X12\.6 on"):
        changed(version=version, unified_cm__0__phones=phones)


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        ({"unified_cm__0__mixed_mode": False}, "mra and mixed_mode must be on"),
        ({"mra": False}, "mra and mixed_mode must be on"),
        ({"unified_cm__0__phones": [PHONES[0], PHONES[0]]}, "'SEP001122334455' of 'cucm' is there twice"),
    ],
)
def test_phones_that_cannot_register_are_refused_in_one_sentence(paths: dict[str, Any], says: str) -> None:
    """Otherwise they would be silently without connections."""
    with pytest.raises(DeploymentError, match=says):
        changed(**{"unified_cm__0__phones": PHONES, **paths})


@pytest.mark.parametrize(
    ("admits", "code"), [(None, 405), (lambda _: False, 403), (lambda phone: phone == "SEP1", 200)]
)
def test_register_is_answered_by_the_registrar_alone(admits: Any, code: int) -> None:
    """A server without phones takes no registration; the phone's name is the user of the To header."""
    reply = reply_to(register_request("SEP1", C1, UCM1, 5061), admits)
    assert status_of(reply.data)[0] == code
    with pytest.raises(FramingError):
        reply_to(b"REGISTER sip:x SIP/2.0\r\nTo: nonsense\r\n\r\n", admits)
