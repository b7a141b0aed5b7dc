"""What would happen if: worlds made from a world, and judged without dialling. Every function is pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from cryptography import x509

from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.judge.paths.trust import CertificatePath, build_path
from pkikit.judge.verify import verify_certificate
from pkikit.model.certificates.facts import is_self_signed, title
from pkikit.model.findings import Verdict
from pkikit.model.leg import Purpose
from pkikit.model.world import World
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Reissue, Revoke

Loss = Literal["its certificate expires", "a name is left out", "a CA is distrusted", "its certificate is revoked"]
LOSSES: tuple[Loss, ...] = (
    "its certificate expires", "a name is left out", "a CA is distrusted", "its certificate is revoked",
)  # fmt: skip


def judged(world: World, at: datetime) -> CheckReport:
    """Return every leg as pkikit judges it at an instant; nothing is dialled."""
    legs = tuple(LegReport(leg=v.leg, verdict=v, trace=None) for v in judge_all_legs(world, at))
    return CheckReport.of(world.deployment, at, legs)


def authorities(world: World) -> dict[str, x509.Certificate]:
    """Return the CA certificates of a world by name: from lists, or sent after leaves."""
    lists = [c for party in world.parties.values() for c in party.listed]
    sent = [c for p in world.parties.values() for credential in p.credentials for c in credential.chain[1:]]
    return {title(c): c for c in dict.fromkeys([*lists, *sent])}


def trusting(world: World, parties: Iterable[str], certificates: Sequence[x509.Certificate]) -> World:
    """Return the same world with this trusted CA list on these parties."""
    for fqdn in parties:
        world = world.with_party(replace(world.parties[fqdn], trusted_ca_list=tuple(certificates), lists={}))
    return world


def losses_of(world: World, loss: Loss) -> tuple[str, ...]:
    """Return what can be lost: parties with a certificate, `party: name` of what they present, or CAs."""
    holders = [fqdn for fqdn, party in world.parties.items() if party.credential is not None]
    if loss == "a CA is distrusted":
        return tuple(name for name, c in authorities(world).items() if is_self_signed(c))
    if loss != "a name is left out":
        return tuple(holders)
    return tuple(f"{fqdn}: {name}" for fqdn in holders for name in _dns_names(world, fqdn))


def _dns_names(world: World, fqdn: str) -> Sequence[str]:
    credential = world.parties[fqdn].credential
    assert credential is not None  # asked of holders only
    names = credential.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName)


def lose(world: World, context: FaultContext, loss: Loss, target: str) -> World:
    """Return the world in which that is lost."""
    quick = replace(context, rsa=False)
    match loss:
        case "its certificate expires":
            gone = Reissue(fault="reissue", party=target, begins_in_days=-400, ends_in_days=-1)
            return quick.apply([gone], world)
        case "a name is left out":
            fqdn, _, name = target.partition(": ")
            kept = tuple(n for n in _dns_names(world, fqdn) if n != name)
            return quick.apply([Reissue(fault="reissue", party=fqdn, names=kept)], world)
        case "its certificate is revoked":
            return quick.apply([Revoke(fault="revoke", party=target)], world)
        case _:
            gone_ca = authorities(world)[target]
            for fqdn, party in world.parties.items():
                kept_cas = [c for c in party.trusted_ca_list if c != gone_ca]
                world = trusting(world, [fqdn], kept_cas)
            return world


def with_revocation_checking(world: World, *, on: bool) -> World:
    """Return the world in which every Expressway checks revocation of SIP TLS, or none does; other settings stay."""
    deployment = world.deployment
    settings = {
        cluster.name: world.revocation.get(cluster.name, deployment.revocation).model_copy(update={"checking": on})
        for cluster in deployment.clusters
    }
    return replace(world, revocation=settings)


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A path as the product would build it from what was sent and what is trusted, and the verdict on it."""

    path: CertificatePath
    verdict: Verdict


def chain(
    leaf: x509.Certificate,
    sent: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    at: datetime,
    *,
    purpose: Purpose = Purpose.SERVER,
    known: Sequence[x509.Certificate] = (),
) -> Chain:
    """Build the path and judge it."""
    path = build_path(leaf, sent=sent, trusted_ca_list=tuple(trusted), at=at)
    verdict = verify_certificate(
        leaf, sent=sent, trusted_ca_list=tuple(trusted), purpose=purpose, at=at, known=tuple(known)
    )
    return Chain(path=path, verdict=verdict)


def next_dates(world: World, at: datetime, *, within: timedelta) -> tuple[tuple[datetime, str], ...]:
    """Return when the certificates in use end, soonest first."""
    ends = {
        (credential.leaf.not_valid_after_utc, fqdn)
        for fqdn, party in world.parties.items()
        for credential in party.credentials
        if at <= credential.leaf.not_valid_after_utc <= at + within
    }
    return tuple(sorted(ends))
