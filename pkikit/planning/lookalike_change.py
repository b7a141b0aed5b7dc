"""A change whose certificates have keys of ours: same names, dates and purposes, so the same verdicts, and a lab can play it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace

from cryptography import x509

from pkikit.issue.lookalike.engine import Lookalikes, reissue
from pkikit.issue.lookalike.keys.shared_primes import SharedPrimes
from pkikit.issue.lookalike.originals import Originals
from pkikit.issue.lookalike.rekeyed_world import counterpart_of, originals_of, rekeyed_credential
from pkikit.model.certificates.bundle import is_ca
from pkikit.model.certificates.canonical_name import canonical
from pkikit.model.certificates.certificate_facts import facts_of
from pkikit.model.certificates.credential import Credential
from pkikit.planning.change import Change
from pkikit.planning.steps import Step

LOOKALIKE = "Private keys are missing, so the lab plays a look-alike: same names, dates and purposes, other keys."
"""What to say about a rehearsal of it."""


def playable_change(change: Change) -> Change:
    """Return a change that a lab can play: the change itself if all keys are there, otherwise its look-alike.

    Certificates that have nothing to do with a missing key stay as they are: those of a new CA, for example.

    Args:
        change: with or without keys.

    Returns:
        The change.

    Raises:
        InputError: there are more keys than are worked on.
    """
    if all(own.key is not None for own in _presented(change)):
        return change
    originals = originals_of_change(change)
    made = reissue(originals, source=SharedPrimes())
    made.keep(_independent(originals, [own.leaf for own in _presented(change) if own.key is None]))
    return counterpart_of_change(change, made)


def _independent(originals: Originals, keyless: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    """Return the certificates that share no key and no CA with those whose key is missing, and that no CRL is about."""
    every = list(dict.fromkeys(originals.every_certificate()))
    marks = {c: _marks(c) for c in every}
    reached = {mark for leaf in keyless for mark in _marks(leaf)}
    reached |= {canonical(crl.issuer) for crl in originals.crls}
    left = every if not originals.answers else []
    while found := [c for c in left if marks[c] & reached]:
        reached.update(*(marks[c] for c in found))
        left = [c for c in left if c not in found]
    return left


def _marks(certificate: x509.Certificate) -> set[Hashable]:
    """Return what a certificate has in common with others of its CA: keys and names of CAs."""
    facts = facts_of(certificate)
    return {facts.key, facts.issuer} | ({facts.subject} if is_ca(certificate) or facts.is_self_signed else set())


def _presented(change: Change) -> Iterator[Credential]:
    for world in (change.today, change.tomorrow):
        for party in world.parties.values():
            yield from party.credentials
    yield from (step.credential for step in change.steps if step.credential is not None)


def originals_of_change(change: Change) -> Originals:
    """Return everything with keys or signatures: a look-alike has to be of all of it together."""
    one, other = originals_of(change.today), originals_of(change.tomorrow)
    loaded = [step.credential for step in change.steps if step.credential is not None]
    listed = (c for step in change.steps for c in step.certificates)
    shown = (c for credential in loaded for c in credential.chain)
    return Originals(
        certificates=(*one.certificates, *other.certificates, *listed, *shown),
        presented=(*one.presented, *other.presented, *(credential.leaf for credential in loaded)),
        crls=(*one.crls, *other.crls),
        answers=(*one.answers, *other.answers),
        keys=(*one.keys, *other.keys, *(c.key for c in loaded if c.key is not None and not c.key_matches)),
    )


def counterpart_of_change(change: Change, made: Lookalikes) -> Change:
    """Return the counterpart of a change.

    Args:
        change: the original.
        made: the counterparts of `originals_of_change`.

    Returns:
        The change.
    """
    return replace(
        change,
        today=counterpart_of(change.today, made),
        tomorrow=counterpart_of(change.tomorrow, made),
        steps=tuple(_counterpart(made, step) for step in change.steps),
    )


def _counterpart(made: Lookalikes, step: Step) -> Step:
    return replace(
        step,
        certificates=tuple(made.certificate(c) for c in step.certificates),
        credential=rekeyed_credential(made, step.credential) if step.credential is not None else None,
    )
