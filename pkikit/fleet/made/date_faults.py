"""Faults with dates: what is not valid now, and what ends within a month."""

from __future__ import annotations

from datetime import datetime

from pkikit.fleet.made.broken import (
    NEXT,
    SECOND,
    Broken,
    Fault,
    checked_for_revocation,
    pick,
    presenting,
    some_day,
)
from pkikit.fleet.made.customer import DAY, HOUR, Customer
from pkikit.issue.authority import ca_name
from pkikit.model.leg import Leg
from pkikit.rules.certificate_rules import EXPIRED, NOT_YET_VALID
from pkikit.rules.revocation_rules import CRL_EXPIRED, REVOKED


def _leaf_ends(made: Customer) -> Broken | None:
    machine = pick(made, presenting)
    if machine is None:
        return None
    ends = some_day(made)
    made.change(machine, ends=ends)
    return Broken(machine=machine, cause=EXPIRED, which=presenting(machine), since=ends + SECOND)


def _leaf_ended(made: Customer) -> Broken | None:
    machine = pick(made, presenting)
    if machine is None:
        return None
    ends = made.at - made.choose.randrange(1, 240) * HOUR
    made.change(machine, begins=made.at - 400 * DAY, ends=ends)
    return Broken(machine=machine, cause=EXPIRED, which=presenting(machine), since=ends + SECOND)


def _leaf_begins_later(made: Customer) -> Broken | None:
    """The clock of the CA was ahead by years: the certificate is not valid within a month."""
    machine = pick(made, presenting)
    if machine is None:
        return None
    made.change(machine, begins=made.at + 800 * DAY, ends=made.at + 1000 * DAY)
    return Broken(machine=machine, cause=NOT_YET_VALID, which=presenting(machine))


def _cluster_of(made: Customer, machine: str) -> tuple[str, ...]:
    cluster = made.shape.deployment.cluster_of(machine)
    return cluster.peers if cluster is not None else (machine,)


def _chain_ends(made: Customer, root_ends: datetime | None, between_ends: datetime | None) -> Broken | None:
    """Give the machines of one cluster certificates of a hierarchy of which a CA ends."""
    machine = pick(made, presenting)
    ends = root_ends or between_ends
    if machine is None or ends is None:
        return None
    machines = _cluster_of(made, machine)
    begins = made.at - 2000 * DAY
    root = made.works.root(ca_name("Old Root CA", "Old"), begins, root_ends or made.at + 3000 * DAY)
    issuer = made.works.below(root, ca_name("Old Issuing CA", "Old"), begins, between_ends or made.at + 1500 * DAY)
    made.signers += [root, issuer]
    made.trust((root.certificate, issuer.certificate))
    for one in machines:
        made.change(one, issuer=issuer)

    def which(leg: Leg) -> bool:
        return any(presenting(one)(leg) for one in machines)

    return Broken(machine=machine, cause=EXPIRED, which=which, since=ends + SECOND)


def _intermediate_ends(made: Customer) -> Broken | None:
    return _chain_ends(made, None, some_day(made))


def _root_ends(made: Customer) -> Broken | None:
    return _chain_ends(made, some_day(made), None)


def _revoked(made: Customer) -> Broken | None:
    if not made.shape.deployment.revocation.checking:
        return None
    machine = pick(made, lambda m: checked_for_revocation(made, m))
    if machine is None:
        return None
    made.revoked.add(machine)
    return Broken(machine=machine, cause=REVOKED, which=checked_for_revocation(made, machine), since=made.crls_begin)


def _crl_ends(made: Customer) -> Broken | None:
    if not made.shape.deployment.revocation.checking:
        return None
    machine = made.shape.deployment.peers[0]
    made.crls_end = some_day(made)
    return Broken(machine=machine, cause=CRL_EXPIRED, which=checked_for_revocation(made), since=made.crls_end + NEXT)


DATE_FAULTS = (
    Fault(name="certificate-ends", says="A certificate expires within a month.", make=_leaf_ends),
    Fault(name="certificate-ended", says="A certificate has expired.", make=_leaf_ended),
    Fault(name="certificate-begins-later", says="A certificate is not valid yet; the CA's clock was wrong.",
          make=_leaf_begins_later),
    Fault(name="issuing-ca-ends", says="An issuing CA expires within a month.", make=_intermediate_ends),
    Fault(name="root-ends", says="A root CA expires within a month.", make=_root_ends),
    Fault(name="revoked", says="A CA revoked a certificate, and the peers have its CRL.", make=_revoked),
    Fault(name="crl-ends", says="The CRLs end within a month.", make=_crl_ends),
)  # fmt: skip
