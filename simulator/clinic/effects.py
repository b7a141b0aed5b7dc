"""What a fix did besides helping: restarts, connections that went down, new keys, names lost, trust and checks given away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

from pkikit.design.restarts import ESTIMATES
from pkikit.model.certificates.facts import extension, is_self_signed, presented_names, title
from pkikit.model.world import Party, World
from pkikit.text import counted, listed
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.short_names import ShortNames
from simulator.world.changes import needs_restart
from simulator.world.craft import CLIENT
from simulator.world.orders import leads_to
from simulator.world.plan_settings import relaxed
from simulator.world.remedies import Action, Remedy

_NAMED = 4


@dataclass(frozen=True, kw_only=True)
class State:
    """The world and its connections at one moment."""

    world: World
    report: CheckReport


def effects_of(remedy: Remedy, before: State, after: State, names: ShortNames) -> tuple[str, ...]:
    """Return one sentence for each side effect of a fix."""
    told = [*_restarts(before, after, names), *_certificates(remedy, before, after, names)]
    told += _connections(before, after, names)
    told += [*_trust(before, after, names), *relaxed(before.world.deployment, after.world.deployment)]
    if not told and before.world == after.world and remedy.action is not Action.CONFIGURE:
        return ("It changed nothing.",)
    return tuple(told)


def restarted(before: World, after: World) -> tuple[str, ...]:
    """Return the machines that restarted between two worlds."""
    return tuple(
        f for f, party in after.parties.items() if f in before.parties and needs_restart(party, before.parties[f])
    )


def _restarts(before: State, after: State, names: ShortNames) -> Iterator[str]:
    if before.world.deployment != after.world.deployment:
        yield "The machines use the new setting from now on; their connections were set up again."
        return
    for fqdn in restarted(before.world, after.world):
        up = sum(leg.up for leg in before.report.legs if fqdn in {leg.leg.client, leg.leg.server})
        short = names.short.get(fqdn, fqdn)
        lost = counted(up, "connection") if up else "no working connection"
        if fqdn in after.world.deployment.peers:
            yield f"{short} restarts: about {ESTIMATES['restart']} minutes without it, {lost} interrupted."
        else:
            yield f"The service of {short} restarts: {lost} interrupted."


def _certificates(remedy: Remedy, before: State, after: State, names: ShortNames) -> Iterator[str]:
    for fqdn, party in after.world.parties.items():
        old = before.world.parties.get(fqdn)
        for was, now in _changed(old, party) if old is not None else ():
            short = names.short.get(fqdn, fqdn)
            if was.public_key() != now.public_key():
                yield f"{short} has a new private key."
            lost = sorted(set(presented_names(was).dns_written) - set(presented_names(now).dns_written))
            if lost:
                yield f"The new certificate of {short} no longer has {', '.join(lost)}."
            purposes = extension(now, x509.ExtendedKeyUsage)
            if "server+client" in remedy.words and purposes is not None and CLIENT not in purposes:
                yield f"The public CA left clientAuth out of the certificate of {short}."


def _changed(before: Party, after: Party) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
    places = [(before.credential, after.credential), (before.client or before.credential, after.client)]
    places += [(before.services.get(port, before.credential), held) for port, held in after.services.items()]
    seen: set[x509.Certificate] = set()
    for was, now in places:
        if was is not None and now is not None and was.leaf != now.leaf and now.leaf not in seen:
            seen.add(now.leaf)
            yield was.leaf, now.leaf


def _connections(before: State, after: State, names: ShortNames) -> Iterator[str]:
    was = {leg.leg.id: leg.up for leg in before.report.legs}
    lost = [names.connection(leg.leg) for leg in after.report.legs if not leg.up and was.get(leg.leg.id)]
    won = sum(leg.up and was.get(leg.leg.id) is False for leg in after.report.legs)
    if lost:
        yield f"It took down {listed(lost, at_most=_NAMED)}."
    if won:
        yield f"{counted(won, 'connection')} came up."


def _trust(before: State, after: State, names: ShortNames) -> Iterator[str]:
    for fqdn, party in after.world.parties.items():
        old = before.world.parties.get(fqdn)
        added = [c for c in party.listed if old is not None and c not in old.listed]
        for certificate in added:
            if is_self_signed(certificate) and not leads_to(party, certificate, after.world):
                short = names.short.get(fqdn, fqdn)
                yield f"{short} now trusts {title(certificate)}, although no machine here uses a certificate of it."
