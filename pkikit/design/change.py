"""What a change of the deployment forces: which peers need a new certificate, and why.

Source: X12.5 guide, "Server Certificate Requirements for Unified Communications" (note on when a new certificate is
needed). A name that is only removed forces nothing: the current certificate still works. Cisco TAC 217230 for the order
of restarts in a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pkikit.design.restarts import in_restart_order
from pkikit.design.san import SanEntry, SanLayout, design_sans
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role

_RESTART = "upload it and restart the peer; a new certificate works only after a restart"


@dataclass(frozen=True, kw_only=True)
class PeerChange:
    """One peer before and after; `reasons` explain why it needs a new certificate (none: it does not).

    restart_after: the peers of its cluster that restart before it, one at a time; the primary is the first.
    """

    fqdn: str
    reasons: tuple[str, ...]
    added: tuple[SanEntry, ...] = ()
    removed: tuple[SanEntry, ...] = ()
    common_name: tuple[str, str] | None = None
    fate: str = "stays"
    restart_after: tuple[str, ...] = ()

    @property
    def then(self) -> str:
        """What to do with the new certificate; empty if none is needed."""
        if not self.needs_certificate:
            return ""
        if not self.restart_after:
            return _RESTART
        return f"{_RESTART}; restart it some minutes after {self.restart_after[-1]} (primary first, one peer at a time)"

    @property
    def needs_certificate(self) -> bool:
        """True if the current certificate is no longer enough."""
        return bool(self.reasons)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `changes`."""
        return {
            "fqdn": self.fqdn,
            "fate": self.fate,
            "needs_certificate": self.needs_certificate,
            "reasons": list(self.reasons),
            "added": [e.to_json() for e in self.added],
            "removed": [e.to_json() for e in self.removed],
            "common_name": {"old": self.common_name[0], "new": self.common_name[1]} if self.common_name else None,
            "then": self.then,
        }


def compare_deployments(old: Deployment, new: Deployment) -> tuple[PeerChange, ...]:
    """Compare every peer of either deployment, in the order of the new one; removed peers come last."""
    stay = [_compare(old, new, peer) for peer in new.peers]
    order = in_restart_order(new, (change.fqdn for change in stay if change.needs_certificate))
    before = {peer: peers[:number] for peers in order for number, peer in enumerate(peers)}
    stay = [replace(change, restart_after=before.get(change.fqdn, ())) for change in stay]
    gone = [PeerChange(fqdn=peer, reasons=(), fate="removed") for peer in old.peers if peer not in new.peers]
    return (*stay, *gone)


def _compare(old: Deployment, new: Deployment, peer: str) -> PeerChange:
    after = design_sans(new, peer)
    if peer not in old.peers:
        return PeerChange(fqdn=peer, reasons=("the peer is new",), added=after.entries, fate="new")
    before = design_sans(old, peer)
    added = tuple(e for e in after.entries if e.value not in before.dns_names)
    removed = tuple(e for e in before.entries if e.value not in after.dns_names)
    return PeerChange(
        fqdn=peer,
        reasons=tuple(_reasons(old, new, peer, before, after)),
        added=added,
        removed=removed,
        common_name=(before.common_name, after.common_name) if before.common_name != after.common_name else None,
    )


def _reasons(old: Deployment, new: Deployment, peer: str, before: SanLayout, after: SanLayout) -> Iterator[str]:
    for entry in after.entries:
        if entry.value not in before.dns_names:
            yield f"{entry.value} is new: {entry.reason}"
    if before.common_name != after.common_name and after.common_name not in before.dns_names:
        yield f"the common name becomes {after.common_name}"
    if old.role_of(peer) is not new.role_of(peer):
        yield f"the peer becomes an {new.role_of(peer)}"
    if new.role_of(peer) is Role.EXPRESSWAY_C:
        known = {node for group in old.im_presence for node in group.nodes}
        for node in (node for group in new.im_presence for node in group.nodes):
            if node not in known:
                yield f"IM and Presence node {node} is new: its chat node alias belongs into the certificate of C"
