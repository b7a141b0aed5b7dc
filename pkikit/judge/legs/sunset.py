"""The end of clientAuth in public certificates: which connections fail, from when, and which remedy works for each.

Sources: field notice FN74362 and defect CSCwr73373; TAC documents 225482 and 225693; Let's Encrypt, "Ending TLS Client
Authentication"; Chrome Root Program Policy. See docs/sources.md.

The certificate in use decides about a connection. Without it the answer is "not assessed". We guess only on request
(`Assumption`), and mark the guess as one.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.legs import legs_of
from pkikit.judge.checks.certificate_checks import allows
from pkikit.model.certificates.facts import extension, format_time
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.parties import LegKind, Role
from pkikit.model.purposes import needs_client_auth
from pkikit.model.tables.features import SERVER_ONLY_SWITCH, TWO_STORES
from pkikit.model.tables.public_cas import CLASSIC_ENDS_CLIENT_AUTH, LETS_ENCRYPT, WEB_LIFETIMES
from pkikit.model.version import ProductVersion

_TLSCLIENT_ENDS = LETS_ENCRYPT["tlsclient"].client_auth_until or CLASSIC_ENDS_CLIENT_AUTH
# Dates from the sources above.
TIMELINE: tuple[tuple[datetime, str], ...] = (
    (datetime(2025, 10, 1, tzinfo=UTC), "DigiCert no longer puts clientAuth into public certificates by default"),
    (
        CLASSIC_ENDS_CLIENT_AUTH,
        "Let's Encrypt's classic profile, the only one that Expressway orders, has serverAuth only",
    ),
    (
        WEB_LIFETIMES[1][0],
        "certificates of public CAs live 200 days at most, no longer 398",
    ),
    (
        datetime(2026, 5, 1, tzinfo=UTC),
        "DigiCert and other public CAs stop clientAuth in public certificates altogether",
    ),
    (_TLSCLIENT_ENDS, "Let's Encrypt ends tlsclient, its last profile with clientAuth"),
    (
        datetime(2027, 3, 15, tzinfo=UTC),
        "Chrome's root program allows serverAuth-only hierarchies only (FN74362 v1.2; Cisco TAC 225482 says June 2026)",
    ),
)
# From here on a renewal by a public CA is taken to come back without clientAuth (ours: CAs ended it between 2025-10 and 2026-07).
RENEWALS_LOSE_IT = datetime(2026, 5, 13, tzinfo=UTC)
# Policies that the CA/Browser Forum reserves for publicly trusted certificates: domain, organisation, individual, extended.
_PUBLIC_POLICIES = frozenset({"2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3", "2.23.140.1.1"})


class Status(enum.StrEnum):
    """What the audit says about one connection."""

    FAILS = "fails"
    KEEPS = "keeps"
    NOT_ASSESSED = "not-assessed"


class Assumption(enum.StrEnum):
    """A what-if: who signed the certificates of our own peers that the caller did not give."""

    PUBLIC_CA = "public-ca"
    PRIVATE_CA = "private-ca"


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """One remedy for one connection: does it restore the connection, and what does it take?"""

    id: str
    works: bool
    needs: str

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `remedies`."""
        return {"id": self.id, "works": self.works, "needs": self.needs}


@dataclass(frozen=True, kw_only=True)
class LegAudit:
    """One connection on which a party must present a certificate with clientAuth.

    fails_from: when it fails; None unless `status` is FAILS. assumed: the status rests on a what-if, not on a certificate.
    """

    leg: Leg
    status: Status
    fails_from: datetime | None
    because: str
    remedies: tuple[Remedy, ...]
    assumed: bool = False

    @property
    def presenter(self) -> str:
        """The party whose certificate needs clientAuth: the client, or E where it sends its certificate to C (SIP SERVICE)."""
        return presenter_of(self.leg)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `legs`; `fails` is null for a connection that was not assessed."""
        return {
            "id": self.leg.id,
            "client": self.leg.client,
            "server": self.leg.server,
            "presenter": self.presenter,
            "status": self.status.value,
            "assessed": self.status is not Status.NOT_ASSESSED,
            "assumed": self.assumed,
            "fails": None if self.status is Status.NOT_ASSESSED else self.status is Status.FAILS,
            "from": self.fails_from.isoformat().replace("+00:00", "Z") if self.fails_from else None,
            "because": self.because,
            "remedies": [r.to_json() for r in self.remedies],
        }


def audit(
    deployment: Deployment,
    certificates: Mapping[str, x509.Certificate],
    *,
    at: datetime,
    assume: Assumption | None = None,
) -> tuple[LegAudit, ...]:
    """Audit every connection on which a certificate must contain clientAuth.

    certificates: those in use, by FQDN. A connection whose presenter has none here is not assessed. With `assume` it is
    judged as if the presenter's certificate came from such a CA, if the presenter is one of our own peers.
    """
    return tuple(
        _audit_leg(deployment, leg, certificates.get(presenter_of(leg)), at, assume)
        for leg in legs_of(deployment)
        if needs_client_auth(leg, presenter_of(leg), deployment)
    )


def presenter_of(leg: Leg) -> str:
    """Return the party whose certificate the audit of a leg is about."""
    return leg.server if leg.registration else leg.client


def is_public(certificate: x509.Certificate) -> bool:
    """True when the certificate shows that a public CA signed it: an SCT of certificate transparency, or a public policy.

    A public certificate may show neither, so False does not prove a private CA.
    """
    if extension(certificate, x509.PrecertificateSignedCertificateTimestamps) is not None:
        return True
    policies = extension(certificate, x509.CertificatePolicies) or ()
    return any(policy.policy_identifier.dotted_string in _PUBLIC_POLICIES for policy in policies)


def _audit_leg(
    deployment: Deployment, leg: Leg, certificate: x509.Certificate | None, at: datetime, assume: Assumption | None
) -> LegAudit:
    ours = deployment.cluster_of(presenter_of(leg)) is not None
    if certificate is None:
        fails_from, status, because = _without_certificate(leg, at, assume if ours else None, ours=ours)
    else:
        fails_from, because = _find_end(certificate, at)
        status = Status.KEEPS if fails_from is None else Status.FAILS
    return LegAudit(
        leg=leg,
        status=status,
        fails_from=fails_from,
        because=because,
        remedies=_remedies(deployment, leg) if status is Status.FAILS else (),
        assumed=certificate is None and status is not Status.NOT_ASSESSED,
    )


def _without_certificate(
    leg: Leg, at: datetime, assume: Assumption | None, *, ours: bool
) -> tuple[datetime | None, Status, str]:
    match assume:
        case Assumption.PUBLIC_CA:
            because = "assumed: a public CA signed the certificate, and renews it without clientAuth"
            return max(at, RENEWALS_LOSE_IT), Status.FAILS, because
        case Assumption.PRIVATE_CA:
            return None, Status.KEEPS, "assumed: a private CA signed the certificate, and goes on issuing clientAuth"
        case None if ours:
            return None, Status.NOT_ASSESSED, f"not assessed: the certificate of {presenter_of(leg)} was not given"
        case None:
            because = f"not assessed: {leg.client} shows its own certificate, which was not given; ask who runs it"
            return None, Status.NOT_ASSESSED, because


def _find_end(certificate: x509.Certificate, at: datetime) -> tuple[datetime | None, str]:
    """Return (when it fails or None, why), from the certificate in use."""
    if not allows(certificate, ExtendedKeyUsageOID.CLIENT_AUTH):
        return at, "the certificate in use has no clientAuth"
    ends = certificate.not_valid_after_utc
    ended = " It has ended: renew it first." if ends < at else ""
    if not is_public(certificate):
        return None, (
            "it has clientAuth, and no sign of a public CA (no certificate transparency, no public policy): a private CA "
            f"goes on issuing it. If a public CA signed it, the next renewal loses clientAuth.{ended}"
        )
    if ends < RENEWALS_LOSE_IT:
        return RENEWALS_LOSE_IT, (
            f"it has clientAuth and is renewed at {format_time(ends)}; what a public CA issues from "
            f"{RENEWALS_LOSE_IT:%Y-%m-%d} on has none{ended}"
        )
    return ends, f"it has clientAuth until it ends at {format_time(ends)}; a public CA renews it without{ended}"


def _remedies(deployment: Deployment, leg: Leg) -> tuple[Remedy, ...]:
    version = deployment.product_version
    ours = deployment.cluster_of(presenter_of(leg)) is not None
    if leg.registration:
        return _registration_remedies(version)
    edge = deployment.role_of(leg.client) is Role.EXPRESSWAY_E
    return (
        Remedy(
            id="private-ca",
            works=True,
            needs="the far side trusts the private root; so must clients outside, where they see the same certificate",
        ),
        _upgrade_for_clusters(version)
        if leg.kind is LegKind.CLUSTER
        else Remedy(
            id="server-only-upload-x15.4",
            works=False,
            needs="the CLI switch of X15.4 lets the upload through on Expressway-E; the far side still refuses it as client"
            if edge
            else "only Expressway-E has that switch",
        ),
        Remedy(
            id="two-stores-x15.5",
            works=ours,
            needs=("" if version.has(TWO_STORES) else f"upgrade from {version} to {TWO_STORES.first}; ")
            + "a client certificate with clientAuth, whose CA the far side trusts",
        ),
        Remedy(
            id="verify-off",
            works=not leg.always_verified,
            needs="TLS verify mode is always on there"
            if leg.always_verified
            else "the far side no longer asks for a certificate, so anybody can pretend to be this machine",
        ),
    )


def _upgrade_for_clusters(version: ProductVersion) -> Remedy:
    needs = f"upgrade from {version} to {SERVER_ONLY_SWITCH.first}: cluster links then ask for no clientAuth"
    return Remedy(id="server-only-upload-x15.4", works=True, needs=needs)


def _registration_remedies(version: ProductVersion) -> tuple[Remedy, ...]:
    """Return what helps where C asks for clientAuth in E's certificate when MRA registers (Cisco TAC 225482)."""
    upgrade = f"upgrade Expressway-C and Expressway-E from {version} to {{}}: C then asks for serverAuth alone"
    return (
        Remedy(id="private-ca", works=True, needs="C trusts the private root; so must clients outside"),
        Remedy(id="server-only-upload-x15.4", works=True, needs=upgrade.format(SERVER_ONLY_SWITCH.first)),
        Remedy(id="two-stores-x15.5", works=True, needs=upgrade.format(TWO_STORES.first)),
        Remedy(id="verify-off", works=False, needs="TLS verify mode is always on there"),
    )
