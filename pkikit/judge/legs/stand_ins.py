"""Which connections depend on certificates and lists that the lab made, because nobody brought those of the real machines."""

from __future__ import annotations

from dataclasses import replace

from pkikit.model.findings import Severity, Verdict
from pkikit.model.leg import Leg
from pkikit.model.world import Party, World

_TRUST = "trust."  # rules about a list and what it is compared with


def stand_ins_of(leg: Leg, world: World, *, client: Party, server: Party) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the machines whose certificate or list the lab made, for each side's decision.

    Args:
        leg: the connection.
        world: all machines.
        client: the client, as it takes part in the connection.
        server: the server, likewise.

    Returns:
        (what the client's decision depends on, what the server's decision depends on); empty for a side that verifies nothing.
    """
    made = world.stand_ins
    if not made:
        return (), ()

    def of(verifier: Party, presenter: Party) -> tuple[str, ...]:
        shown = presenter.credential is not None and presenter.credential.leaf in made.certificates
        reads = (verifier.fqdn, verifier.trusted_ca_list) in made.lists
        return (*([presenter.fqdn] if shown else []), *([verifier.fqdn] if reads else []))

    return of(client, server) if leg.client_verifies else (), of(server, client) if leg.mutual else ()


def presumed(verdict: Verdict) -> Verdict:
    """Return a side's verdict without its errors about trust: nobody knows the certificate or the list that they are about."""
    known = tuple(f for f in verdict.findings if not (f.severity is Severity.ERROR and f.rule.startswith(_TRUST)))
    return replace(verdict, findings=known)
