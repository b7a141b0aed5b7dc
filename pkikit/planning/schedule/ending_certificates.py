"""Which certificates end, or are not valid yet, while a state lasts, at the machines whose connections are refused for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from pkikit.model.certificates.facts import title
from pkikit.planning.change import Done
from pkikit.planning.schedule.dated_verdicts import DatedVerdicts
from pkikit.text import printable


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A certificate that ends on the way.

    Attributes:
        owner: the certificate in words: `The certificate of c1.example.com`.
        at: when it ends; when it begins, if `begins`.
        begins: it is in use before it is valid.
    """

    owner: str
    at: datetime
    begins: bool = False


def ending_certificates(
    dated: DatedVerdicts, done: Done, refused: Iterable[str], begins: datetime, until: datetime
) -> tuple[Ending, ...]:
    """Return the certificates that end, or are not valid yet, at the machines of some connections.

    Args:
        dated: the verdicts.
        done: the completed steps.
        refused: the connections, by id.
        begins: when the state begins.
        until: when it ends.

    Returns:
        Each certificate once, the first to end first.
    """
    world, legs = dated.change.world(done), [dated.leg(name, done) for name in refused]
    parties = [world.parties[n] for n in dict.fromkeys(end for leg in legs for end in (leg.client, leg.server))]
    owners: dict[x509.Certificate, str] = {}
    for party in parties:
        for own in party.credentials:
            owners.setdefault(own.leaf, f"The certificate of {party.fqdn}")
    for party in parties:
        for certificate in (*(c for own in party.credentials for c in own.intermediates), *party.listed):
            owners.setdefault(certificate, f"The CA certificate {printable(title(certificate), 80)}")
    found = []
    for certificate, owner in owners.items():
        if certificate.not_valid_before_utc > begins:
            found.append(Ending(owner=owner, at=certificate.not_valid_before_utc, begins=True))
        elif begins <= certificate.not_valid_after_utc < until:
            found.append(Ending(owner=owner, at=certificate.not_valid_after_utc))
    return tuple(sorted(found, key=lambda end: (end.at, end.owner)))
