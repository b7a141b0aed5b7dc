"""What public CAs issue, from which day: the one table that explorer, audit and sunset read."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta

import pytest

from pkikit.design.choices import CHOICES, LIFETIMES, PROFILES, options_of, parse_vary
from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.judge.legs.sunset import TIMELINE
from pkikit.model.parties import LegKind
from pkikit.model.purposes import needs_client_auth
from pkikit.model.tables.public_cas import (
    CLASSIC_ENDS_CLIENT_AUTH,
    EXPRESSWAY_PROFILE,
    LETS_ENCRYPT,
    WEB_LIFETIMES,
    days_at,
)
from simulator.commands.future import renewals
from simulator.travel import sunset_stages
from simulator.world.craft import BOTH, SERVER
from tests.support.worlds import AT, changed
from tests.support.worlds.eku_worlds import eku_deployment

DAY = timedelta(days=1)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.product("P2-9")
@pytest.mark.parametrize(
    ("profile", "steps"),
    [
        ("classic", [("2026-01-01", 90), ("2027-02-09", 90), ("2027-02-10", 64), ("2028-02-15", 64), ("2028-02-16", 45)]),
        ("tlsserver", [("2026-05-12", 90), ("2026-05-13", 45), ("2028-03-01", 45)]),
        ("shortlived", [("2026-01-01", 6), ("2028-03-01", 6)]),
    ],
)  # fmt: skip
def test_lifetime_of_a_profile_changes_on_its_day(profile: str, steps: list[tuple[str, int]]) -> None:
    """The day before is still the old one."""
    assert [LETS_ENCRYPT[profile].days(day(text)) for text, _ in steps] == [days for _, days in steps]


@pytest.mark.product("A-53", "P2-9")
def test_expressway_orders_classic_alone_which_lost_client_auth_in_february_2026() -> None:
    """No other profile can be chosen, neither in the explorer nor in the lab's simulated years."""
    classic = LETS_ENCRYPT[EXPRESSWAY_PROFILE]
    assert day("2026-02-11") == CLASSIC_ENDS_CLIENT_AUTH
    assert classic.has_client_auth(day("2026-02-11") - DAY)
    assert not classic.has_client_auth(day("2026-02-11"))
    assert (classic.common_name, classic.most_names) == (True, 100)
    assert PROFILES == {"classic": 90, "classic-2027": 64, "classic-2028": 45}
    assert CHOICES["profile"] == tuple(PROFILES)
    deployment = changed(version="X15.5")
    ordered = options_of(deployment, deployment.clusters[1], parse_vary(["authority=acme"], deployment))
    assert {option.term for option in ordered} == set(PROFILES)
    with pytest.raises(InputError, match="profile='shortlived' is not a choice: allowed are classic,"):
        parse_vary(["profile=shortlived"], deployment)
    assert [sunset_stages._purposes(CLASSIC_ENDS_CLIENT_AUTH + n * DAY) for n in (-1, 0)] == [BOTH, (SERVER,)]
    assert sunset_stages.LIFETIME == 90 * DAY


@pytest.mark.product("P2-9")
def test_profiles_without_a_common_name_take_25_names() -> None:
    """tlsserver and shortlived; tlsclient ended on 2026-07-08 and was the last one with clientAuth."""
    short = [p.name for p in LETS_ENCRYPT.values() if not p.common_name]
    assert short == ["tlsserver", "shortlived"]
    assert {LETS_ENCRYPT[name].most_names for name in short} == {25}
    last = LETS_ENCRYPT["tlsclient"]
    assert last.ended == last.client_auth_until == day("2026-07-08")
    assert not any(p.has_client_auth(day("2026-07-08")) for p in LETS_ENCRYPT.values())


@pytest.mark.product("A-57")
def test_dates_of_the_end_of_client_auth_are_those_of_the_documents() -> None:
    """October 2025, 11 February 2026, 15 March 2026, May 2026; Chrome: two documents, two dates, both in the text.

    Sectigo and DigiCert moved their last days from May 2026 to February and March 2027 when Chrome moved its own.
    """
    when = {f"{at:%Y-%m-%d}": what for at, what in TIMELINE}
    before, after = ["2025-10-01", "2026-02-11", "2026-03-15", "2026-05-13"], ["2027-02-10", "2027-03-01", "2027-03-15"]
    assert list(when) == [*before, "2026-07-08", *after]
    assert {day for day, what in when.items() if what.endswith("(a guess)")} == {"2026-05-13", "2027-02-10"}
    assert "200 days" in when["2026-03-15"]
    assert "June 2026" in when["2027-03-15"]
    assert [days_at(WEB_LIFETIMES, day("2026-03-15") + n * DAY) for n in (-1, 0)] == [398, 200]
    assert tuple(str(days) for _, days in WEB_LIFETIMES) == LIFETIMES
    assert days_at(WEB_LIFETIMES, AT) == 200


@pytest.mark.product("A-56")
def test_connections_that_need_client_auth_of_an_expressway_are_the_documented_ones() -> None:
    """B2B and XMPP federation with mutual TLS, traversal (C), neighbours with mutual TLS, tunnels; no HTTPS of clients."""
    full, pair = changed("clustered-full", version="X15.5"), eku_deployment("X15.5")
    needed = {
        (leg.kind, deployment.role_of(leg.client))
        for deployment in (full, pair)
        for leg in legs_of(deployment)
        if deployment.cluster_of(leg.client) is not None and needs_client_auth(leg, leg.client, deployment)
    }
    kinds = {kind for kind, _ in needed}
    assert {LegKind.ZONE, LegKind.TUNNEL, LegKind.XMPP, LegKind.B2B} <= kinds
    assert not kinds & {LegKind.CLUSTER, LegKind.MRA, LegKind.WEB_PROXY}
    unverified = eku_deployment("X15.5", tls_verify=False)
    partner = [leg for leg in legs_of(unverified) if leg.group == "partner"]
    assert partner
    assert not any(needs_client_auth(leg, leg.client, unverified) for leg in partner)


@pytest.mark.product("P2-9")
def test_renewals_compare_the_lives_of_the_profile_that_an_expressway_orders() -> None:
    """`expressway-sim renewals` without --lifetime: `classic` of Let's Encrypt now and after each announced step."""
    default = inspect.signature(renewals).parameters["lifetime"].default
    assert default == ",".join(str(days) for days in PROFILES.values()) == "90,64,45"
