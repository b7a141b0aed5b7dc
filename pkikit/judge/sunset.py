"""The end of clientAuth in public certificates: which legs fail, from when, and which way out really works for each.

Sources: field notice FN74362 and defect CSCwr73373; TAC documents 225482 and 225693; Let's Encrypt, "Ending TLS Client
Authentication"; Chrome Root Program Policy. See docs/sources.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.legs import legs_of
from pkikit.judge.rules.certificate import allows
from pkikit.model.deployment import Deployment, NeighbourZone, Role, TraversalZone
from pkikit.model.facts import extension, shown_time
from pkikit.model.leg import Leg
from pkikit.model.version import ProductVersion

X15_4, X15_5 = ProductVersion.parse("X15.4"), ProductVersion.parse("X15.5")
# What happened when, as the sources above state it.
TIMELINE: tuple[tuple[datetime, str], ...] = (
    (datetime(2025, 10, 1, tzinfo=UTC), "DigiCert no longer puts clientAuth into public certificates by default"),
    (datetime(2026, 2, 11, tzinfo=UTC), "Let's Encrypt's default profile has serverAuth only"),
    (datetime(2026, 5, 1, tzinfo=UTC), "DigiCert stops clientAuth in public certificates altogether"),
    (datetime(2026, 5, 13, tzinfo=UTC), "Let's Encrypt ends the profile that kept clientAuth (extended for some)"),
    (
        datetime(2027, 3, 15, tzinfo=UTC),
        "Chrome's root programme allows serverAuth-only hierarchies only (moved from June 2026)",
    ),
)
# From here on a renewal by a public CA is taken to come back without clientAuth.
RENEWALS_LOSE_IT = datetime(2026, 5, 13, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """One way out for one leg: does it bring the leg up again, and what does it take?"""

    id: str
    works: bool
    needs: str

    def to_json(self) -> dict[str, Any]:
        """One entry of `remedies`."""
        return {"id": self.id, "works": self.works, "needs": self.needs}


@dataclass(frozen=True, kw_only=True)
class LegAudit:
    """One leg on which a certificate is shown as TLS client. `fails_from` is None when it does not fail."""

    leg: Leg
    fails_from: datetime | None
    because: str
    remedies: tuple[Remedy, ...]

    def to_json(self) -> dict[str, Any]:
        """One entry of `legs`."""
        return {
            "id": self.leg.id,
            "client": self.leg.client,
            "server": self.leg.server,
            "fails": self.fails_from is not None,
            "from": self.fails_from.isoformat().replace("+00:00", "Z") if self.fails_from else None,
            "because": self.because,
            "remedies": [r.to_json() for r in self.remedies],
        }


def audit(
    deployment: Deployment, certificates: Mapping[str, x509.Certificate], *, at: datetime
) -> tuple[LegAudit, ...]:
    """Every mutual leg. `certificates` are those in use, by FQDN; of a party without one the worst is taken."""
    return tuple(
        _audit_leg(deployment, leg, certificates.get(leg.client), at) for leg in legs_of(deployment) if leg.mutual
    )


def is_public(certificate: x509.Certificate) -> bool:
    """True for a certificate that CAs of the web have logged: it carries timestamps of certificate transparency logs."""
    return extension(certificate, x509.PrecertificateSignedCertificateTimestamps) is not None


def _audit_leg(deployment: Deployment, leg: Leg, certificate: x509.Certificate | None, at: datetime) -> LegAudit:
    fails_from, because = _when(deployment, leg, certificate, at)
    remedies = _remedies(deployment, leg) if fails_from is not None else ()
    return LegAudit(leg=leg, fails_from=fails_from, because=because, remedies=remedies)


def _when(
    deployment: Deployment, leg: Leg, certificate: x509.Certificate | None, at: datetime
) -> tuple[datetime | None, str]:
    if certificate is None:
        if deployment.cluster_of(leg.client) is None:
            return None, f"{leg.client} is not ours, and nothing is known of its certificate"
        return max(
            at, RENEWALS_LOSE_IT
        ), "no certificate was given; one of a public CA would be renewed without clientAuth"
    if not allows(certificate, ExtendedKeyUsageOID.CLIENT_AUTH):
        return at, "the certificate in use has no clientAuth"
    ends = certificate.not_valid_after_utc
    if not is_public(certificate):
        return None, "no sign of a public CA (no certificate transparency): a private CA goes on issuing clientAuth"
    if ends < RENEWALS_LOSE_IT:
        return None, f"it is renewed at {shown_time(ends)}, while public CAs still issue clientAuth"
    return ends, f"it has clientAuth until it ends at {shown_time(ends)}; a public CA renews it without"


def _remedies(deployment: Deployment, leg: Leg) -> tuple[Remedy, ...]:
    version = deployment.product_version
    ours = deployment.cluster_of(leg.client) is not None
    edge = deployment.role_of(leg.client) is Role.EXPRESSWAY_E
    always_on = _always_on(deployment, leg)
    return (
        Remedy(
            id="private-ca",
            works=True,
            needs="the far side trusts the private root; so must clients outside, where they see the same certificate",
        ),
        Remedy(
            id="server-only-upload-x15.4",
            works=False,
            needs="the CLI switch of X15.4 lets the upload through on Expressway-E; the far side still refuses it as client"
            if edge
            else "only Expressway-E has that switch",
        ),
        Remedy(
            id="two-stores-x15.5",
            works=ours,
            needs=("" if version >= X15_5 else f"upgrade from {version} to X15.5; ")
            + "a client certificate with clientAuth, whose CA the far side trusts",
        ),
        Remedy(
            id="verify-off",
            works=not always_on,
            needs="TLS verify mode is always on there"
            if always_on
            else "the far side asks for no certificate any more: less secure",
        ),
    )


def _always_on(deployment: Deployment, leg: Leg) -> bool:
    """True where nobody can switch verification off."""
    kind, _, rest = leg.id.partition(":")
    if kind != "zone":
        return kind in {"ucm", "xmpp"}  # a foreign XMPP server asks for a certificate as it likes
    zone = next((z for z in deployment.zones if z.name == rest.partition(":")[0]), None)
    if isinstance(zone, NeighbourZone):
        return False
    return isinstance(zone, TraversalZone) and zone.type == "unified-communications-traversal"
