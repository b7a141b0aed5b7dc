"""Unified CM as registrar: a phone registers if Expressway-C's certificate has the name of the phone's security profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from pkikit.handshake.certificates import readable
from pkikit.handshake.messages import Reply, reply_to
from pkikit.handshake.tls import Handshake
from pkikit.judge.matching.name_matching import match_name
from pkikit.model.certificates.facts import presented_names
from pkikit.model.leg import Leg, NameCheck
from pkikit.model.trace import NameJudged
from simulator.wire.app_protocol import AppProtocol


@dataclass(frozen=True)
class Registrar:
    """The name checks by phone; a phone without one registers over any certificate that TLS accepted."""

    checks: Mapping[str, tuple[NameCheck, ...]]

    @classmethod
    def of(cls, legs: Iterable[Leg]) -> Registrar:
        """Return the registrar for the phones of these legs."""
        return cls({leg.phone: leg.client_name_checks for leg in legs if leg.phone})

    def admits(self, handshake: Handshake, phone: str) -> bool:
        """Return True if the certificate that the caller showed has the names for this phone. The record has each check."""
        checks = self.checks.get(phone, ())
        shown = readable(handshake.connection.get_verified_chain())
        presented = presented_names(shown[0]) if shown else None
        for check in checks:
            matches = [match_name(name, presented, sip=check.sip) for name in check.any_of] if presented else []
            matched = next((m.presented for m in matches if m.matched), "")
            handshake.recorder.note(NameJudged(looked_for=check.any_of, matched=matched))
            if not matched:
                return False
        return True

    def answer(self, speech: AppProtocol, handshake: Handshake, message: bytes) -> Reply:
        """Return the server's reply to a message."""
        return reply_to(message, partial(self.admits, handshake)) if self.checks else speech.answer(message)


NOBODY = Registrar({})
