"""When the automatic service orders and deploys next, for the server certificate and for each domain. Pure.

Source: X14.0.1 certificate guide, 'Using ACME on Expressway-E' (automated renewal mode).
"""

from __future__ import annotations

from datetime import datetime

from pkikit.judge.renewal_due import next_opportunity, renew_at
from simulator.peer.state import PeerState


def managed_certificates(state: PeerState) -> tuple[str, ...]:
    """Return what ACME may manage: an empty name for the server certificate, then the domains."""
    return ("", *(domain for domain, _ in state.acme.domains))


def next_order(state: PeerState, domain: str = "") -> datetime | None:
    """Return when the automatic service submits the request next, by the peer's clock; None if it does not.

    The first order comes as soon as the service is automatic. Later orders come after two thirds of the certificate's life,
    at the next of the two times of a day; so does the next try after a failure.
    """
    managed = state.acme.managed(domain)
    pending = dict(state.domain_pending).get(domain) if domain else state.pending_certificate
    if not managed.automatic or pending is not None:
        return None
    due = _first(state, domain) or _renewal(state, domain)
    failed = managed.signed if managed.signed is not None and managed.signed.failures else None
    if due is None or (failed is None and _first(state, domain) is not None):
        return due
    return next_opportunity(max(due, failed.not_before) if failed else due, f"{state.fqdn} {domain}")


def _first(state: PeerState, domain: str) -> datetime | None:
    """Return when the service became automatic, if a request waits and ACME has signed nothing yet."""
    managed = state.acme.managed(domain)
    if domain:
        waits = domain in dict(state.domain_requests) and domain not in dict(state.domain_certificates)
    else:
        waits = state.request is not None and state.stored_request is None
    return managed.since if waits else None


def _renewal(state: PeerState, domain: str) -> datetime | None:
    current = dict(state.domain_certificates).get(domain) if domain else state.certificate
    return renew_at(current.leaf) if current is not None else None


def next_deployment(state: PeerState, domain: str = "") -> datetime | None:
    """Return when the automatic service deploys what is pending, by the peer's clock; None if it does not."""
    managed = state.acme.managed(domain)
    pending = dict(state.domain_pending).get(domain) if domain else state.pending_certificate
    if not managed.automatic or pending is None or managed.signed is None:
        return None
    failed = managed.deployed is not None and managed.deployed.failures and managed.deployed.at > managed.signed.at
    after = managed.deployed.at if failed and managed.deployed is not None else managed.signed.at
    return managed.schedule.following(after)
