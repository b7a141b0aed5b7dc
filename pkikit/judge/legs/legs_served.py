"""Before an upload: which connections of the deployment would a certificate serve, and which would it break?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.judge.legs.leg_verdict import refine_for
from pkikit.judge.verify import permit, verify_certificate
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Verdict
from pkikit.model.leg import Leg, Purpose
from pkikit.model.purposes import asked_of_client
from pkikit.rules.catalogue import is_about_trust, rank_causes


@dataclass(frozen=True, kw_only=True)
class Service:
    """One leg, the role in which the peer presents its certificate there, and the far side's verdict."""

    leg: Leg
    purpose: Purpose
    verdict: Verdict

    @property
    def causes(self) -> tuple[str, ...]:
        """Rule ids of the errors; fix the first one first."""
        return rank_causes(self.verdict.findings)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `legs`."""
        return {
            "id": self.leg.id,
            "as": self.purpose.value,
            "served": self.verdict.accepted,
            "causes": list(self.causes),
        }


def services_of(
    deployment: Deployment,
    peer: str,
    chain: Sequence[x509.Certificate],
    *,
    at: datetime,
    trusted_ca_list: Sequence[x509.Certificate] | None = None,
) -> tuple[Service, ...]:
    """Judge every leg on which `peer` presents this certificate.

    Without a trusted CA list we assume that the far side trusts the supplied chain. chain: leaf first, then what the peer
    sends behind it.
    """
    leaf, *sent = chain
    # Without a trusted CA list we assume that the far side trusts the top of the supplied chain.
    trusted = trusted_ca_list if trusted_ca_list is not None else tuple(chain)
    found = []
    for leg in legs_of(deployment):
        for purpose in _roles(leg, peer):
            checks = leg.server_name_checks if purpose is Purpose.SERVER else leg.client_name_checks
            asked = Purpose.SERVER if purpose is Purpose.SERVER else asked_of_client(leg, deployment, {})
            verdict = verify_certificate(
                leaf,
                sent=sent,
                trusted_ca_list=trusted,
                purpose=Purpose.CLIENT if leg.registration and purpose is Purpose.SERVER else asked,
                at=at,
                name_checks=checks,
                refine=refine_for(deployment, peer, leaf),
                question=f"would {leg.client if purpose is Purpose.SERVER else leg.server} accept it on {leg.id}?",
            )
            if trusted_ca_list is None:
                verdict = _without_trust(verdict)
            if leg.permissive:
                verdict = permit(verdict)
            found.append(Service(leg=leg, purpose=purpose, verdict=verdict))
    return tuple(found)


def _roles(leg: Leg, peer: str) -> tuple[Purpose, ...]:
    roles: tuple[Purpose, ...] = ()
    if leg.server == peer and leg.client_verifies:
        roles += (Purpose.SERVER,)
    if leg.client == peer and leg.mutual:
        roles += (Purpose.CLIENT,)
    return roles


def _without_trust(verdict: Verdict) -> Verdict:
    return Verdict(
        question=verdict.question,
        findings=tuple(f for f in verdict.findings if not is_about_trust(f.rule)),
        checked=tuple(c for c in verdict.checked if not is_about_trust(c)),
    )
