"""The old root signs the key of the new one: who only trusts the old root then accepts the new certificates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cryptography import x509

from pkikit.issue.authority import key_identifier_of
from pkikit.judge.paths.trust import signers
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import extension, is_issued_by, is_self_signed
from pkikit.planning.change import Change
from pkikit.planning.enabling.option import Clashes, Option, loads_of, new_roots
from pkikit.planning.enabling.signed_again import SignedAgain, resigned, signed_again
from pkikit.planning.enabling.substitution import Certificates, substituted
from pkikit.reading.unreadable import UNREADABLE


def _build(change: Change, clashes: Clashes) -> Change | None:
    if not new_roots(change):
        return None
    try:
        made = signed_again(change)
        return _with_cross(made, _crosses(made))
    except UNREADABLE:
        return None


def _crosses(made: SignedAgain) -> dict[x509.Certificate, x509.Certificate]:
    """Return the cross certificate of each new root, signed by the root that most certificates of today lead to."""
    change = made.change
    known = change.today.known_certificates
    leaves = [
        c.leaf for party in change.today.parties.values() for c in party.credentials if c.leaf not in _kept(change)
    ]
    roots = [root for root in (_root_of(leaf, known) for leaf in leaves) if root is not None and root in made.own_keys]
    found = {}
    for new in new_roots(change):
        old = max(dict.fromkeys(r for r in roots if r != new), key=roots.count, default=None)
        constraints = extension(old, x509.BasicConstraints) if old is not None else None
        if old is not None and constraints is not None and constraints.ca:
            found[new] = resigned(new, key=made.own_keys[old], issuer=old.subject, identifier=key_identifier_of(old))
    return found


def _kept(change: Change) -> set[x509.Certificate]:
    """Return the certificates of machines to which nothing is loaded."""
    loaded = {step.machine for step in loads_of(change)}
    return {c.leaf for fqdn, party in change.today.parties.items() if fqdn not in loaded for c in party.credentials}


def _root_of(certificate: x509.Certificate, known: Iterable[x509.Certificate]) -> x509.Certificate | None:
    """Return the root that a certificate leads to, by signatures."""
    held, seen = tuple(known), set[x509.Certificate]()
    while not is_self_signed(certificate):
        seen.add(certificate)
        above = [c for c in signers(certificate, held) if c not in seen]
        if not above:
            return None
        certificate = next((c for c in above if is_self_signed(c)), above[0])
    return certificate


def _with_cross(made: SignedAgain, crosses: dict[x509.Certificate, x509.Certificate]) -> Change | None:
    if not crosses:
        return None
    change, peers = made.change, made.change.today.deployment.peers

    def of_list(fqdn: str, held: Certificates) -> Certificates:
        """Behind the new root: the first copy that is used counts, and that is the root as soon as the old one is gone.

        A list needs it if it has a CA below the new root: from there on, a path is only looked for in the list.
        """
        if fqdn not in peers and all(is_self_signed(c) or not signers(c, crosses) for c in held):
            return held
        return (*held, *(crosses[c] for c in held if c in crosses))

    def of_credential(held: Credential) -> Credential:
        sent = tuple(c for c in held.chain if c not in crosses)
        return replace(held, chain=(*sent, *(cross for new, cross in crosses.items() if is_issued_by(sent[-1], new))))

    return substituted(change, of_list=of_list, of_credential=of_credential)


CROSS_SIGN = Option(
    kind="cross-sign",
    says="The old CA signs the key of the new root, and the machines send that certificate behind their own.",
    price="The old CA has to sign once more, and the file of each certificate has one more CA.",
    build=_build,
)
