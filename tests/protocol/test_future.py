"""The end of clientAuth and short lives: what the coming years do, on real handshakes and on the lab's clock."""

from __future__ import annotations

import asyncio
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.errors import InputError
from pkikit.judge.legs.remedy_effects import remedy_effects
from pkikit.judge.legs.sunset import Assumption, audit
from pkikit.model.deployment import deployment_from
from pkikit.model.tables.public_cas import CLASSIC_ENDS_CLIENT_AUTH
from simulator.pebble_options import PebbleOptions, PebbleVersion
from simulator.threaded import ThreadedLab
from simulator.travel.renewal_years import compare, live_year
from simulator.travel.sunset_stages import Sunset, live_through_sunset
from tests.support.cli import run
from tests.support.labs import QUICK
from tests.support.worlds import AT, DEPLOYMENTS, E1, JABBER, deployment, of_size
from tests.support.worlds.eku_worlds import BROWSER


@pytest.fixture(scope="module")
def lived() -> Sunset:
    return asyncio.run(live_through_sunset(deployment("clustered-full")))


def test_sunset_judges_agree_at_every_stage(lived: Sunset) -> None:
    """What pkikit says beforehand is what the handshakes do, on every leg of every stage."""
    assert all(stage.agree for stage in lived.stages)
    assert [s.id for s in lived.stages] == [
        "both", "renewed", "private-ca", "private-ca-trusted", "server-only-upload-x15.4", "two-stores-x15.5",
        "verify-off", "public-everywhere-x15.5", "checking-mode-off-x15.5",
    ]  # fmt: skip


def test_sunset_fails_legs_where_an_e_is_the_client(lived: Sunset) -> None:
    """Those on which an E peer is the TLS client, and registrations, where C refuses E's certificate; nothing before."""
    assert lived.stage("both").down == ()
    renewed = lived.stage("renewed").report.down
    registrations = [leg for leg in renewed if leg.leg.registration]
    assert {leg.leg.client for leg in renewed if leg not in registrations} == {E1, "e2.example.com"}
    assert {leg.leg.server for leg in registrations} == {E1, "e2.example.com"}
    assert {leg.causes[0] for leg in renewed} == {"eku.client-auth-missing"}
    assert {leg.rejected_by.value for leg in renewed if leg.rejected_by and leg not in registrations} == {"server"}
    assert {leg.rejected_by.value for leg in registrations if leg.rejected_by} == {"client"}
    down = [h for h in lived.timeline.happenings if h.kind == "leg down"]
    assert {h.subject for h in down} == set(lived.stage("renewed").down)
    assert min(h.at for h in down) > CLASSIC_ENDS_CLIENT_AUTH
    assert not [h for h in lived.timeline.happenings if h.kind == "expiry"]


def test_sunset_remedies_bring_the_legs_back(lived: Sunset) -> None:
    """X15.4 helps clusters and registrations; two stores help all; a private CA on E loses who trusts public CAs alone."""
    before = set(lived.stage("renewed").down)
    helped = {leg for leg in before if leg.startswith(("cluster:", "mra-registration:"))}
    assert helped
    assert set(lived.stage("server-only-upload-x15.4").down) == before - helped
    assert lived.stage("two-stores-x15.5").down == ()
    private = lived.stage("private-ca").report.down
    assert {leg.causes[0] for leg in private} == {"trust.issuer-unknown"}
    trusted = lived.stage("private-ca-trusted").report.down
    assert set(lived.stage("private-ca-trusted").down) < {leg.leg.id for leg in private}
    assert {leg.leg.client for leg in trusted} == {JABBER, BROWSER}  # whom nobody can ask to trust another root
    assert {leg.leg.id.split(":")[0] for leg in lived.stage("verify-off").report.down} == {"xmpp", "mra-registration"}


@pytest.mark.product("A-21", "A-22")
def test_sunset_checking_mode_restores_the_zone_and_no_tunnel(lived: Sunset) -> None:
    """Server-only certificates in all stores: zone and tunnels are down; without the check the tunnels stay down, so does MRA."""
    everywhere, off = lived.stage("public-everywhere-x15.5"), lived.stage("checking-mode-off-x15.5")
    zone = {leg.leg.id for leg in everywhere.report.legs if leg.leg.id.startswith("zone:uc-traversal:")}
    tunnels = {leg.leg.id for leg in everywhere.report.legs if leg.leg.id.startswith("tunnel:")}
    assert zone
    assert tunnels
    assert zone | tunnels <= set(everywhere.down)
    assert zone <= set(off.restores)
    assert tunnels <= set(off.down)
    assert {s.partition(" at ")[0] for s in off.services_down} >= {"mra"}
    assert lived.stage("two-stores-x15.5").services_down == ()
    assert set(lived.stage("two-stores-x15.5").restores) == set(lived.stage("renewed").down)


def test_eku_audit_predicts_the_checking_mode(lived: Sunset) -> None:
    """What `eku-audit` says of server-only certificates everywhere: which legs the switch restores, and which stay down."""
    newer = deployment_from({**deployment("clustered-full").model_dump(mode="json"), "version": "X15.5"})
    legs = audit(newer, {}, at=AT, assume=Assumption.PUBLIC_CA)
    (effect,) = (e for e in remedy_effects(newer, legs) if e.id == "checking-mode-off-x15.5")
    everywhere, off = lived.stage("public-everywhere-x15.5"), lived.stage("checking-mode-off-x15.5")
    assert {*effect.restores, *effect.stays_down} == set(everywhere.down)
    assert set(effect.restores) == set(off.restores)
    assert set(effect.services_down) == set(off.services_down)
    assert "SSH tunnel" in effect.sentence()


def test_eku_audit_predicts_the_sunset_of_the_lab(lived: Sunset) -> None:
    """`pkikit eku-audit --what-if public-ca`: the same legs, and each remedy works where it worked here."""
    told = {leg.leg.id: leg for leg in audit(deployment("clustered-full"), {}, at=AT, assume=Assumption.PUBLIC_CA)}
    for leg_id in lived.stage("renewed").down:
        assert told[leg_id].fails_from is not None
        works = {r.id: r.works for r in told[leg_id].remedies}
        assert works["two-stores-x15.5"] is (leg_id not in lived.stage("two-stores-x15.5").down)
        assert works["server-only-upload-x15.4"] is (leg_id not in lived.stage("server-only-upload-x15.4").down)
        assert works["verify-off"] is (leg_id not in lived.stage("verify-off").down)
        assert works["private-ca"] is (leg_id not in lived.stage("private-ca-trusted").down)


def test_sunset_has_a_table_and_a_picture(lived: Sunset) -> None:
    """A row for each leg that is ever down; the picture is well-formed."""
    frame = lived.frame()
    assert set(lived.stage("renewed").down) <= set(frame.index)
    assert (frame["both purposes"] == "up").all()
    ET.fromstring(lived.timeline.svg("x"))
    json.dumps(lived.to_json())


def test_renewal_year_counts_renewals_by_lifetime() -> None:
    """A third of the life is left when it is renewed: so many a year, none expired; an upload restarts, ACME does not."""
    found = asyncio.run(compare(deployment(), (90, 47, 6), at=AT))
    for year in found.years:
        waiting = year.renewals - year.deployments  # signed and not deployed when the year ends
        assert waiting in ({0, 1, 2} if year.by == "acme" else {year.renewals})
        expected = 2 * 365 / (year.lifetime_days * 2 / 3)
        # A deployment waits for its hour, up to a day, and the year may end just before one.
        assert expected * 0.8 - 2 <= year.renewals <= expected + 2, year.to_json()
        assert year.restarts == (0 if year.by == "acme" else year.renewals)
        assert year.expired == 0
        assert year.interrupted >= 6 * year.restarts
        assert bool(year.interrupted) is (year.by == "upload")
    for by in ("acme", "upload"):
        lives = [y.renewals for y in found.years if y.by == by]
        assert lives == sorted(lives)
    assert list(found.frame()["lifetime_days"]) == [90, 90, 47, 47, 6, 6]
    ET.fromstring(found.svg())
    with pytest.raises(InputError, match="1 to 398"):
        asyncio.run(compare(deployment(), (0.5,), at=AT))


def test_renewal_year_of_more_peers_has_more_restarts() -> None:
    """Each peer has its own key, certificate and, by upload, restart."""
    span = timedelta(days=120)
    years = [asyncio.run(live_year(of_size(n), timedelta(days=47), at=AT, span=span, by="upload")) for n in (1, 3)]
    assert years[1].renewals == 3 * years[0].renewals
    assert years[1].interrupted > 3 * years[0].interrupted


@pytest.mark.product("A-53")
def test_expressway_orders_the_classic_profile_alone() -> None:
    """The CA offers shorter profiles; the order asks for classic, which has no clientAuth any more."""
    profiles = {"shortlived": timedelta(days=6), "classic": timedelta(days=90)}
    options = PebbleOptions(version=PebbleVersion.V2_10, profiles=profiles)
    with ThreadedLab(deployment(), settings=replace(QUICK, pages=False, acme=options)) as lab:
        acme = lab.start_acme()
        lab.run(acme.prepare, E1)
        for _ in range(3):
            leaf = lab.run(acme.sign, E1).leaf
            assert timedelta(days=89) < leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(days=91)
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]
        with pytest.raises(InputError, match="'profile' is not known"):
            lab.run(acme.configure, E1, {"profile": "shortlived"})


def test_sunset_and_renewals_commands_print_tables_and_pictures(tmp_path: Path) -> None:
    """Tables, JSON, pictures; what cannot be is one sentence."""
    mra = str(DEPLOYMENTS / "clustered-mra.yaml")
    done = run("simulator", "sunset", mra, "--plot", str(tmp_path / "sunset.svg"))
    assert done.returncode == 0, done.stderr
    assert "two stores of X15.5" in done.stdout
    ET.parse(tmp_path / "sunset.svg")
    done = run("simulator", "renewals", mra, "--lifetime", "90", "--json", "--plot", str(tmp_path / "year.svg"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["years"][0]["renewals"] >= 8
    ET.parse(tmp_path / "year.svg")
    done = run("simulator", "renewals", mra, "--lifetime", "short")
    assert done.returncode == 2
    assert "separated by commas" in done.stderr
