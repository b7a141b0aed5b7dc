"""The TLS contexts of one party: made when a connection first needs one, and made again after a change."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from pkikit.handshake.tls import TlsContext
from pkikit.model import ports
from pkikit.model.revocation import Consumer, RevocationQuestion
from pkikit.model.trace import Side
from pkikit.model.world import Party, domain_asked_for
from simulator.connections.context import LabContext


class TlsContexts:
    """`party` is the one whose certificates and lists the contexts use; see `adopt`."""

    def __init__(self, party: Party, context: LabContext) -> None:
        self.party, self._lab = party, context
        self._contexts: dict[tuple[Side, int, bool, Consumer], TlsContext] = {}
        self._of_domains: dict[tuple[str, bool, Consumer], TlsContext] = {}

    def adopt(self, party: Party) -> None:
        """Use these certificates and lists, and the lab's revocation settings of now, from the next connection on."""
        self.party = party
        self._contexts.clear()
        self._of_domains.clear()

    def now(self) -> datetime:
        """The time by this party's own clock."""
        return self._lab.now() + self.party.clock_offset

    def question(self, consumer: Consumer) -> RevocationQuestion | None:
        """What this party asks about revocation, with the answers that it has; None where it does not check."""
        return self._lab.world.revocation_of(self.party.fqdn, consumer, fetched=False)

    def of(self, side: Side, port: int, *, verify: bool, consumer: Consumer = Consumer.SIP_TLS) -> TlsContext:
        """The context for one side of a connection at this port.

        Args:
            side: whether this party dials or is dialled.
            port: the product's port number.
            verify: whether the other side must show a certificate that is checked.
            consumer: the part of the product that checks it; revocation settings depend on it.
        """
        own = port in self.party.services or (port == ports.MRA and bool(self.party.domains))
        key = (side, port if own else 0, verify, consumer)
        kept = self._contexts.get(key)
        if kept is not None and kept.is_current(self.now()):
            return kept
        party = self.party.as_server(key[1]) if side is Side.SERVER else self.party.as_client(key[1])
        made = self._contexts[key] = self._make(party, side, verify=verify, consumer=consumer)
        if side is Side.SERVER and key[1] == ports.MRA:
            made.choose = partial(self._of_domain, verify, consumer)
        return made

    def _of_domain(self, verify: bool, consumer: Consumer, server_name: str) -> TlsContext | None:
        """The context with the domain certificate for a server name; None where there is none for it."""
        domain = domain_asked_for(server_name)
        if domain not in self.party.domains:
            return None
        key = (domain, verify, consumer)
        kept = self._of_domains.get(key)
        if kept is None or not kept.is_current(self.now()):
            party = self.party.as_server(ports.MRA, server_name)
            kept = self._of_domains[key] = self._make(party, Side.SERVER, verify=verify, consumer=consumer)
        return kept

    def _make(self, party: Party, side: Side, *, verify: bool, consumer: Consumer) -> TlsContext:
        settings = self._lab.settings
        return TlsContext(
            party,
            at=self.now(),
            side=side,
            verify=verify,
            tls=settings.tls,
            keylog=settings.keylog,
            revocation=self.question(consumer),
        )
