"""Every zone type is data: each is walked through all that tells zone types apart, and a type nobody knows is an error."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from pkikit.design.legs import legs_of
from pkikit.judge.legs.sunset import audit
from pkikit.judge.linting.lint import lint_deployment
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.deployment_file.fields import FileValue
from pkikit.model.leg import Leg
from pkikit.model.zones import Zone
from tests.support.worlds import AT, C1, E1, deployment

PAIR = {"client": "core", "server": "edge", "peer_addresses": [E1]}
ONE = {"cluster": "edge"}
# By type: what else the file says, its legs (client to server), and whether nothing can switch their verification off.
EXAMPLES: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "unified-communications-traversal": (PAIR, True, True),
    "traversal": (PAIR, True, False),
    "neighbour": ({**ONE, "peer_addresses": ["sip.other.example.net"], "tls_verify": True}, True, False),
    "dns": ({**ONE, "tls_verify": True}, False, False),
    "default": ({**ONE, "mutual_tls": True}, False, False),
}


def with_zone(kind: str, **more: Any) -> Deployment:
    """clustered-mra with one further zone, the last."""
    data = deployment().model_dump(mode="json")
    data["zones"].append({"name": "further", "type": kind, **EXAMPLES[kind][0], **more})
    return deployment_from(data)


def legs_of_zone(wanted: Deployment) -> list[Leg]:
    return [leg for leg in legs_of(wanted) if leg.zone == "further"]


def test_every_zone_type_has_an_example() -> None:
    """A new type needs one here, and so is walked by the tests below."""
    union, _ = get_args(Zone)
    types = [value for zone in get_args(union) for value in get_args(zone.model_fields["type"].annotation)]
    assert set(types) == EXAMPLES.keys()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_legs_of_a_zone_know_their_zone(kind: str) -> None:
    """Kind, zone and id come from the zone itself; zones without a fixed partner have no leg."""
    _, has_legs, _ = EXAMPLES[kind]
    legs = legs_of_zone(with_zone(kind))
    assert bool(legs) == has_legs
    assert all(leg.id.startswith(f"zone:further:{leg.client}>{leg.server}") for leg in legs)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_verification_goes_where_a_setting_can_switch_it_off(kind: str) -> None:
    """Without verification nobody asks for a certificate, but for Unified Communications traversal nothing changes."""
    _, _, always = EXAMPLES[kind]
    wanted = with_zone(kind)
    zones = tuple(zone.without_verification() for zone in wanted.zones)
    assert (zones[-1] == wanted.zones[-1]) == always
    loose = wanted.model_copy(update={"zones": zones})
    assert {leg.always_verified for leg in legs_of_zone(wanted)} <= {always}
    assert {leg.mutual for leg in legs_of_zone(loose)} <= {always}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_lint_warns_of_a_partner_that_is_believed_unseen(kind: str) -> None:
    """Traversal and neighbour zones with TLS verify mode off; the others have no partner, or cannot be off."""
    off = with_zone(kind).zones[-1].without_verification()
    wanted = deployment().model_copy(update={"zones": (*deployment().zones, off)})
    found = [f for f in lint_deployment(wanted).findings if f.rule == "deployment.verification-off"]
    labels = [evidence.label for finding in found for evidence in finding.evidence]
    assert ("zone further, TLS verify" in labels) == (kind in {"traversal", "neighbour"})


@pytest.mark.parametrize("kind", EXAMPLES)
def test_remedy_for_the_end_of_client_auth_follows_the_zone(kind: str) -> None:
    """`verify-off` works where verification can be switched off; no leg id is parsed for that."""
    _, _, always = EXAMPLES[kind]
    audits = [found for found in audit(with_zone(kind), {}, at=AT) if found.leg.zone == "further"]
    works = {remedy.works for found in audits for remedy in found.remedies if remedy.id == "verify-off"}
    assert works <= {not always}


def test_zone_type_that_nobody_knows_is_an_error() -> None:
    """A type without legs is a mistake that must not pass silently: mypy finds it, and so does the first run."""

    class Strange(FileValue):
        name: str = "strange"
        type: str = "strange"

    wanted = deployment().model_copy(update={"zones": (Strange(),)})
    with pytest.raises(AssertionError, match="unreachable"):
        legs_of(wanted)
    with pytest.raises(AssertionError, match="unreachable"):
        Deployment._consistent(wanted)  # type: ignore[operator]


def test_second_leg_between_two_peers_has_an_id_of_its_own() -> None:
    """A zone that dials one peer by two names has two legs; the second says by which name."""
    wanted = deployment_from(
        {
            **deployment("single-pair").model_dump(mode="json"),
            "zones": [
                {
                    "name": "twice",
                    "type": "traversal",
                    "client": "inside",
                    "server": "outside",
                    "peer_addresses": ["expe.example.com", "inner.corp.example.com"],
                }
            ],
        }
    )
    first, second = (leg for leg in legs_of(wanted) if leg.zone == "twice")
    assert (first.client, first.server) == (second.client, second.server)
    assert second.id == f"{first.id}@inner.corp.example.com"
    assert C1 not in first.id
