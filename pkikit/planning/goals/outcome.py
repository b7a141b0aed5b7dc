"""What a goal comes to: today's machines, tomorrow's, and what was assumed on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography import x509

from pkikit.issue.authority import Authority
from pkikit.model.world import World
from pkikit.planning.change import Change


@dataclass(frozen=True, kw_only=True)
class GoalResult:
    """Today and tomorrow of a goal.

    Attributes:
        today: the machines before. A look-alike of what was given if a CA has to sign whose key nobody gave. Names that only
            tomorrow's machines need are `unresolved` here.
        tomorrow: the machines after. A name of today that is `unresolved` here has to go out of DNS.
        words: what it is for, in a few words: `new root My Root CA`.
        assumptions: what had to be assumed, in sentences.
        notes: what else is worth knowing, in sentences: stand-ins, CAs that stay and why.
        originals: of a look-alike, the original: show its SHA-256, for that is what the machines have.
        stand_ins: certificates of tomorrow that another CA will issue in fact: same names and purposes, another key.
        between: machines that have to be reached on the way, in this order, because a certificate changes twice.
        change: the steps of the whole way, if there are such machines; None if the difference of today and tomorrow is all.
        authorities: CAs whose keys are at hand. None of them goes into a file.
    """

    today: World
    tomorrow: World
    words: str
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    originals: Mapping[x509.Certificate, x509.Certificate] = field(default_factory=dict)
    stand_ins: frozenset[x509.Certificate] = frozenset()
    between: tuple[World, ...] = ()
    change: Change | None = None
    authorities: tuple[Authority, ...] = field(default=(), repr=False)

    def original_of(self, certificate: x509.Certificate) -> x509.Certificate:
        """Return the certificate that the machines have, for one of this plan."""
        return self.originals.get(certificate, certificate)
