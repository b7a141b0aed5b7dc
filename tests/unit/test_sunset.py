"""The end of clientAuth: which legs fail, from which date, and what really helps."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.resources import files

import pytest
from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.judge.legs.client_auth_end import client_auth_ends, is_public
from pkikit.judge.legs.remedy_effects import remedy_effects
from pkikit.judge.legs.sunset import Assumption, Status, audit
from pkikit.model.tables.public_cas import RENEWALS_LOSE_IT
from simulator.world.craft import BOTH, SERVER, craft
from tests.support.worlds import AT, E1, PARTNER, changed, issued

PUBLIC = Assumption.PUBLIC_CA
FULL = changed("clustered-full")
SCTS = x509.load_pem_x509_certificate((files("cryptography_vectors") / "x509" / "cryptography-scts.pem").read_bytes())
LOGGED = SCTS.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value


def of(ekus: tuple[x509.ObjectIdentifier, ...], *, public: bool, days: int = 90) -> x509.Certificate:
    pointers = (LOGGED,) if public else ()
    return craft((E1,), issued().authority, at=AT, ekus=ekus, begins=timedelta(days=min(days, 0) - 90),
                 ends=timedelta(days=days), pointers=pointers).leaf  # fmt: skip


@pytest.mark.parametrize(
    ("certificate", "at", "fails"),
    [
        (of((SERVER,), public=True), AT, AT),
        (of(BOTH, public=True), AT, AT + timedelta(days=90)),
        (of(BOTH, public=False), AT, None),
        (of(BOTH, public=True, days=-230), RENEWALS_LOSE_IT - timedelta(days=200), RENEWALS_LOSE_IT),
    ],
    ids=["gone already", "until it ends", "private", "renewed once more"],
)
def test_sunset_affects_certificates_issued_from_its_date(
    certificate: x509.Certificate, at: datetime, fails: datetime | None
) -> None:
    """The certificate in use keeps what it has; what a public CA issues from the date on does not."""
    legs = [leg for leg in audit(FULL, client_auth_ends({E1: certificate}, at), at=at) if leg.presenter == E1]
    assert legs
    assert {leg.fails_from for leg in legs} == {fails}
    assert {leg.status for leg in legs} == {Status.KEEPS if fails is None else Status.FAILS}
    assert all(bool(leg.remedies) == (fails is not None) for leg in legs)
    assert not any(leg.assumed for leg in legs)


def test_sunset_without_certificates_assesses_nothing() -> None:
    """No yes and no no: what is not known is said, for each connection."""
    for leg in audit(FULL, {}, at=AT):
        assert leg.status is Status.NOT_ASSESSED
        assert leg.fails_from is None
        assert leg.remedies == ()
        document = leg.to_json()
        assert (document["fails"], document["assessed"], document["assumed"]) == (None, False, False)
        assert leg.presenter in leg.because


def test_sunset_assesses_only_the_legs_of_a_given_certificate() -> None:
    """Those that E1 opens; of the others nothing more is known than before."""
    for leg in audit(FULL, client_auth_ends({E1: of(BOTH, public=False)}, AT), at=AT):
        assert (leg.status is Status.NOT_ASSESSED) is (leg.presenter != E1)


@pytest.mark.parametrize(
    ("assume", "at", "status", "fails"),
    [
        (Assumption.PUBLIC_CA, AT, Status.FAILS, AT),
        (Assumption.PUBLIC_CA, RENEWALS_LOSE_IT - timedelta(days=9), Status.FAILS, RENEWALS_LOSE_IT),
        (Assumption.PRIVATE_CA, AT, Status.KEEPS, None),
    ],
)
def test_sunset_what_if_applies_only_to_own_peers_without_certificate(
    assume: Assumption, at: datetime, status: Status, fails: datetime | None
) -> None:
    """It speaks for our own peers without a certificate, never against one that is given, nor for somebody else's."""
    legs = audit(FULL, client_auth_ends({E1: of((SERVER,), public=True)}, at), at=at, assume=assume)
    for leg in legs:
        if leg.presenter == E1:
            assert (leg.status, leg.assumed) == (Status.FAILS, False)
        elif FULL.cluster_of(leg.presenter) is None:
            assert leg.status is Status.NOT_ASSESSED
        else:
            assert (leg.status, leg.fails_from, leg.assumed) == (status, fails, True)
            assert leg.because.startswith("assumed: ")


def test_sunset_lists_each_mutual_leg_once() -> None:
    """And no other: where no client shows a certificate, nothing can fail by this."""
    told = [leg.leg.id for leg in audit(FULL, {}, at=AT)]
    assert told == [leg.id for leg in legs_of(FULL) if leg.mutual]
    partner = [leg for leg in audit(FULL, {}, at=AT) if leg.leg.client == PARTNER]
    assert partner
    assert all(leg.status is Status.NOT_ASSESSED for leg in partner)


def test_sunset_remedies_depend_on_zone_and_version() -> None:
    """Verification cannot be switched off on a UC traversal zone; the X15.4 switch helps the upload and no leg."""
    by_leg = {leg.leg.id: {r.id: r for r in leg.remedies} for leg in audit(FULL, {}, at=AT, assume=PUBLIC)}
    traversal = next(v for k, v in by_leg.items() if k.startswith("zone:uc-traversal"))
    neighbour = next(v for k, v in by_leg.items() if k.startswith(f"zone:partner:{E1}"))
    assert not traversal["verify-off"].works
    assert neighbour["verify-off"].works
    assert not any(
        r["server-only-upload-x15.4"].works
        for leg, r in by_leg.items()
        if r and not leg.startswith(("mra-registration:", "cluster:"))
    )
    assert "upgrade from X12.5" in traversal["two-stores-x15.5"].needs
    newer = audit(changed("clustered-full", version="X15.5"), {}, at=AT, assume=PUBLIC)
    assert not any("upgrade" in r.needs for leg in newer for r in leg.remedies)


def test_public_ca_is_recognised_by_timestamps_or_policy() -> None:
    """Timestamps of certificate transparency, or a policy that is reserved for public CAs; a private policy is no sign."""
    assert is_public(SCTS)
    assert not is_public(of(BOTH, public=False))
    for policy, public in (("2.23.140.1.2.1", True), ("2.23.140.1.1", True), ("1.3.6.1.4.1.55555.1", False)):
        policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(policy), None)])
        assert is_public(craft((E1,), None, at=AT, pointers=(policies,)).leaf) is public


def test_sunset_remedy_effects_cover_every_failing_leg_and_name_tunnels_and_services() -> None:
    """Each remedy divides the failing legs into restored and down; the checking mode leaves tunnels and MRA down."""
    legs = audit(FULL, {}, at=AT, assume=PUBLIC)
    failing = {leg.leg.id for leg in legs if leg.status is Status.FAILS}
    effects = {effect.id: effect for effect in remedy_effects(FULL, legs)}
    for effect in effects.values():
        assert {*effect.restores} | {*effect.stays_down} == failing
        assert not {*effect.restores} & {*effect.stays_down}
        assert bool(effect.stays_down) is ("still down" in effect.sentence())
    mode = effects["checking-mode-off-x15.5"]
    assert {leg for leg in failing if leg.startswith("tunnel:")} <= set(mode.stays_down)
    assert {leg for leg in failing if leg.startswith("zone:uc-traversal:c")} <= set(mode.restores)
    assert f"mra at {E1}" in mode.services_down
    assert effects["two-stores-x15.5"].services_down == ()
    assert effects["private-ca"].sentence() == f"restores all {len(failing)}"
    assert remedy_effects(FULL, audit(FULL, {}, at=AT)) == ()
