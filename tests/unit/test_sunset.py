"""The end of clientAuth: which legs fail, from which date, and what really helps."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.resources import files

import pytest
from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.judge.sunset import RENEWALS_LOSE_IT, audit, is_public
from simulator.forge import BOTH, SERVER, forge
from tests.support.worlds import AT, E1, PARTNER, changed, issued

FULL = changed("clustered-full")
SCTS = x509.load_pem_x509_certificate((files("cryptography_vectors") / "x509" / "cryptography-scts.pem").read_bytes())
LOGGED = SCTS.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value


def of(ekus: tuple[x509.ObjectIdentifier, ...], *, public: bool, days: int = 90) -> x509.Certificate:
    pointers = (LOGGED,) if public else ()
    return forge((E1,), issued().authority, at=AT, ekus=ekus, begins=timedelta(days=min(days, 0) - 90),
                 ends=timedelta(days=days), pointers=pointers).leaf  # fmt: skip


@pytest.mark.parametrize(
    ("certificate", "at", "fails"),
    [
        (of((SERVER,), public=True), AT, AT),
        (of(BOTH, public=True), AT, AT + timedelta(days=90)),
        (of(BOTH, public=False), AT, None),
        (of(BOTH, public=True, days=-230), RENEWALS_LOSE_IT - timedelta(days=200), None),
        (None, AT, AT),
        (None, RENEWALS_LOSE_IT - timedelta(days=9), RENEWALS_LOSE_IT),
    ],
    ids=["gone already", "until it ends", "private", "renewed in time", "unknown", "unknown, early"],
)
def test_from_when(certificate: x509.Certificate | None, at: datetime, fails: datetime | None) -> None:
    """The certificate in use keeps what it has; its renewal by a public CA does not."""
    held = {E1: certificate} if certificate else {}
    legs = [leg for leg in audit(FULL, held, at=at) if leg.leg.client == E1]
    assert legs
    assert {leg.fails_from for leg in legs} == {fails}
    assert all(bool(leg.remedies) == (fails is not None) for leg in legs)


def test_every_mutual_leg_is_told_once() -> None:
    """And no other: where no client shows a certificate, nothing can fail by this."""
    told = [leg.leg.id for leg in audit(FULL, {}, at=AT)]
    assert told == [leg.id for leg in legs_of(FULL) if leg.mutual]
    partner = [leg for leg in audit(FULL, {}, at=AT) if leg.leg.client == PARTNER]
    assert all(leg.fails_from is None for leg in partner)


def test_remedies() -> None:
    """Verification cannot be switched off on a UC traversal zone; the X15.4 switch helps the upload and no leg."""
    by_leg = {leg.leg.id: {r.id: r for r in leg.remedies} for leg in audit(FULL, {}, at=AT)}
    traversal = next(v for k, v in by_leg.items() if k.startswith("zone:uc-traversal"))
    neighbour = next(v for k, v in by_leg.items() if k.startswith(f"zone:partner:{E1}"))
    assert not traversal["verify-off"].works
    assert neighbour["verify-off"].works
    assert not any(r["server-only-upload-x15.4"].works for r in by_leg.values() if r)
    assert "upgrade from X12.5" in traversal["two-stores-x15.5"].needs
    newer = audit(changed("clustered-full", version="X15.5"), {}, at=AT)
    assert not any("upgrade" in r.needs for leg in newer for r in leg.remedies)


def test_public_is_told_by_certificate_transparency() -> None:
    """CAs of the web log what they issue; a private CA's certificate carries no such timestamps."""
    assert is_public(SCTS)
    assert not is_public(of(BOTH, public=False))
