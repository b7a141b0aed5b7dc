"""The TLS contexts of one party. The first connection that needs one makes it; a change discards them."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from pkikit.handshake.tls import TlsContext
from pkikit.model.leg import Consumer, Purpose
from pkikit.model.revocation import RevocationQuestion
from pkikit.model.tables import ports
from pkikit.model.trace import Side
from pkikit.model.world import Party, domain_asked_for
from simulator.connections.context import LabContext


class TlsContexts:
    """The TLS contexts of `party`; `adopt` replaces the party."""

    def __init__(self, party: Party, context: LabContext) -> None:
        self.party, self._lab = party, context
        self._contexts: dict[tuple[Side, int, bool, bool, Consumer, Purpose | None], TlsContext] = {}
        self._of_domains: dict[tuple[str, bool, Consumer], TlsContext] = {}

    def adopt(self, party: Party) -> None:
        """Use these certificates and lists, and the lab's current revocation settings, from the next connection on."""
        self.party = party
        self._contexts.clear()
        self._of_domains.clear()

    def now(self) -> datetime:
        """Return the time by this party's own clock."""
        return self._lab.now() + self.party.clock_offset

    def question(self, consumer: Consumer) -> RevocationQuestion | None:
        """Return what this party asks about revocation, with the data that it has; None if it does not check."""
        return self._lab.world.revocation_of(self.party.fqdn, consumer, fetched=False)

    def of(
        self,
        side: Side,
        port: int,
        *,
        verify: bool,
        permissive: bool = False,
        consumer: Consumer = Consumer.SIP_TLS,
        purpose: Purpose | None = Purpose.CLIENT,
    ) -> TlsContext:
        """Return the context for one side of a connection on this port.

        Args:
            side: whether this party is the client or the server.
            port: the product's port number.
            verify: whether the other side must present a certificate, which this party verifies.
            permissive: what is wrong with the other side's certificate is noted and changes nothing.
            consumer: the part of the product that verifies it; revocation settings depend on it.
            purpose: what this party asks for as server in the client's certificate; None: it looks at no extended key usage.
        """
        party = self.party
        own = port in party.services or port in party.lists or (port == ports.MRA and bool(party.domains))
        key = (side, port if own else 0, verify, permissive, consumer, purpose)
        kept = self._contexts.get(key)
        if kept is not None and kept.is_current(self.now()):
            return kept
        party = party.as_server(key[1]) if side is Side.SERVER else party.as_client(key[1])
        made = self._contexts[key] = self._make(
            party, side, verify=verify, permissive=permissive, consumer=consumer, purpose=purpose
        )
        if side is Side.SERVER and key[1] == ports.MRA:
            made.choose = partial(self._of_domain, verify, consumer)
        return made

    def _of_domain(self, verify: bool, consumer: Consumer, server_name: str) -> TlsContext | None:
        """Return the context with the domain certificate for a server name; None if the party has none for it."""
        domain = domain_asked_for(server_name)
        if domain not in self.party.domains:
            return None
        key = (domain, verify, consumer)
        kept = self._of_domains.get(key)
        if kept is None or not kept.is_current(self.now()):
            party = self.party.as_server(ports.MRA, server_name)
            kept = self._of_domains[key] = self._make(party, Side.SERVER, verify=verify, consumer=consumer)
        return kept

    def _make(
        self,
        party: Party,
        side: Side,
        *,
        verify: bool,
        consumer: Consumer,
        permissive: bool = False,
        purpose: Purpose | None = Purpose.CLIENT,
    ) -> TlsContext:
        settings = self._lab.settings
        return TlsContext(
            party,
            at=self.now(),
            side=side,
            verify=verify,
            permissive=permissive,
            tls=settings.tls,
            keylog=settings.keylog,
            revocation=self.question(consumer),
            purpose=purpose,
        )
