"""Build paths as the product does, which is as OpenSSL does, and explain them.

OpenSSL chooses one issuer at each step and never goes back (build_chain and get0_best_issuer_sk in x509_vfy.c):

- The trusted CA list comes before what was sent. Once an issuer came from the list, OpenSSL searches only the list.
- Of several candidates, the first one in the list that is valid at the instant wins; without a valid one, the one that
  ends last. OpenSSL chooses a candidate by name, key identifier and kind of key; it does not look at the signature, or at
  whether the candidate may sign at all.
- The path ends at a self-signed certificate of the list. An intermediate in the list is not an anchor by itself.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from cryptography import x509

from pkikit.model.certificates.canonical_name import CanonicalName
from pkikit.model.certificates.facts import (
    extension,
    identifies,
    is_issued_by,
    is_self_signed,
    is_valid_at,
    issuer_of,
    key_of,
    signature_fits,
    subject_of,
)
from pkikit.values.memo import once_per_object

MAX_TRIES = (
    16  # signature checks, or evidence, for one question about one certificate: a list from outside can be hostile
)
MAX_REMOVALS = 4  # how many certificates one fix may remove
MAX_LENGTH = 102  # leaf, OpenSSL's default depth of 100 CAs, and the anchor


class Anchor(enum.StrEnum):
    """How a path ends."""

    TRUSTED = "trusted"
    SELF_SIGNED_LEAF = "self-signed leaf, not in the list"
    ROOT_NOT_TRUSTED = "root not in the list"
    ISSUER_NOT_FOUND = "issuer neither sent nor in the list"
    TOO_LONG = "more certificates than OpenSSL follows"


@dataclass(frozen=True, kw_only=True)
class CertificatePath:
    """A path, leaf first.

    Attributes:
        certificates: the path, leaf first.
        anchor: how it ends.
        sent: how many of `certificates` the other side sent; the rest come from the trusted CA list.
        dropped: the list's certificates that the product does not use (same subject, another key).
        in_the_way: certificates of the list without which OpenSSL would find a good path; empty for a good path.
        shadowed: those of `dropped` with which OpenSSL would find a good path; empty for a good path.
    """

    certificates: tuple[x509.Certificate, ...]
    anchor: Anchor
    sent: int = 1
    dropped: tuple[x509.Certificate, ...] = ()
    in_the_way: tuple[x509.Certificate, ...] = ()
    shadowed: tuple[x509.Certificate, ...] = ()

    @property
    def links(self) -> Iterable[tuple[x509.Certificate, x509.Certificate]]:
        """Return (child, issuer) pairs."""
        return zip(self.certificates, self.certificates[1:], strict=False)

    @property
    def from_list(self) -> tuple[x509.Certificate, ...]:
        """The part of the path that came from the trusted CA list."""
        return self.certificates[self.sent :]

    def position(self, index: int) -> str:
        """Return leaf, intermediate or root."""
        if index == 0:
            return "leaf"
        last = index == len(self.certificates) - 1
        return "root" if last and is_self_signed(self.certificates[index]) else "intermediate"


BySubject = Mapping[CanonicalName, Sequence[x509.Certificate]]


@dataclass(frozen=True, kw_only=True)
class TrustIndex:
    """A trusted CA list, ready for searches: what the product uses and drops; of the used ones, the roots, and all by subject."""

    used: tuple[x509.Certificate, ...]
    dropped: tuple[x509.Certificate, ...]
    by_subject: BySubject
    roots: tuple[x509.Certificate, ...] = ()


def trust_index(trusted_ca_list: Sequence[x509.Certificate]) -> TrustIndex:
    """Return the index of a list. The cache keeps only that of a tuple, because a tuple cannot change."""
    return _index_of_tuple(trusted_ca_list) if isinstance(trusted_ca_list, tuple) else _index(trusted_ca_list)


@once_per_object
def _index_of_tuple(trusted_ca_list: tuple[x509.Certificate, ...]) -> TrustIndex:
    return _index(trusted_ca_list)


def _index(trusted_ca_list: Sequence[x509.Certificate]) -> TrustIndex:
    # Hashing a certificate costs most of this, so look each up once: True when the product uses it.
    seen: dict[x509.Certificate, bool] = {}
    first_of: dict[CanonicalName, x509.Certificate] = {}
    subjects: dict[CanonicalName, list[x509.Certificate]] = {}
    roots: list[x509.Certificate] = []
    for certificate in trusted_ca_list:
        known = len(seen)
        if seen.setdefault(certificate, True) is False or len(seen) == known:
            continue
        subject = subject_of(certificate)
        if is_self_signed(certificate):
            first = first_of.setdefault(subject, certificate)
            if first is not certificate and not same_key(first, certificate):
                seen[certificate] = False
                continue
            roots.append(certificate)
        subjects.setdefault(subject, []).append(certificate)
    used = tuple(c for c, is_used in seen.items() if is_used)
    dropped = tuple(c for c, is_used in seen.items() if not is_used)
    return TrustIndex(used=used, dropped=dropped, by_subject=subjects, roots=tuple(roots))


def same_key(one: x509.Certificate, other: x509.Certificate) -> bool:
    """True when both certificates have the same public key."""
    return key_of(one) == key_of(other)


def with_subject(certificates: Sequence[x509.Certificate], subject: CanonicalName) -> Sequence[x509.Certificate]:
    """Return those of many certificates that have a subject, in their order. A tuple is looked through only once."""
    groups = _groups_of_tuple(certificates) if isinstance(certificates, tuple) else by_subject(certificates)
    return groups.get(subject, ())


@once_per_object
def _groups_of_tuple(certificates: tuple[x509.Certificate, ...]) -> BySubject:
    return by_subject(certificates)


def by_subject(certificates: Iterable[x509.Certificate]) -> dict[CanonicalName, list[x509.Certificate]]:
    """Group certificates by subject; each group keeps the order given."""
    found: dict[CanonicalName, list[x509.Certificate]] = {}
    for certificate in certificates:
        found.setdefault(subject_of(certificate), []).append(certificate)
    return found


def effective_trust(
    trusted_ca_list: Sequence[x509.Certificate],
) -> tuple[tuple[x509.Certificate, ...], tuple[x509.Certificate, ...]]:
    """Return (used, dropped): of self-signed certificates with one subject and different keys the product trusts the first.

    A renewed root with the same key does not conflict: OpenSSL picks the copy that is valid.

    Source: X12.5 guide, "Cisco Unified Communications Manager Certificates".
    """
    index = trust_index(trusted_ca_list)
    return index.used, index.dropped


def build_path(
    leaf: x509.Certificate,
    *,
    sent: Sequence[x509.Certificate],
    trusted_ca_list: Sequence[x509.Certificate],
    at: datetime,
) -> CertificatePath:
    """Build the path that the product would judge. `sent` are the certificates behind the leaf."""
    return _walk(leaf, sent, trust_index(trusted_ca_list), at)


def _walk(leaf: x509.Certificate, sent: Sequence[x509.Certificate], index: TrustIndex, at: datetime) -> CertificatePath:
    behind = by_subject(sent)
    path, sent_count = [leaf], 1
    while True:
        current, in_list = path[-1], len(path) > sent_count
        if in_list and is_self_signed(current):
            anchor = Anchor.TRUSTED
            break
        if len(path) >= MAX_LENGTH:
            anchor = Anchor.TOO_LONG
            break
        issuer = choose_issuer(current, index.by_subject.get(issuer_of(current), ()), at)
        if is_self_signed(current):
            anchor = Anchor.SELF_SIGNED_LEAF if len(path) == 1 else Anchor.ROOT_NOT_TRUSTED
            if issuer == current:
                sent_count, anchor = sent_count - 1, Anchor.TRUSTED
            break
        if issuer is None and not in_list:
            unused = [c for c in behind.get(issuer_of(current), ()) if c not in path]
            issuer = choose_issuer(current, unused, at)
            sent_count += issuer is not None
        if issuer is None:
            anchor = Anchor.ISSUER_NOT_FOUND
            break
        path.append(issuer)
    return CertificatePath(certificates=tuple(path), anchor=anchor, sent=sent_count, dropped=index.dropped)


def choose_issuer(
    child: x509.Certificate, candidates: Sequence[x509.Certificate], at: datetime
) -> x509.Certificate | None:
    """Return the candidate that OpenSSL takes as issuer: the first valid one, else the one that ends last."""
    latest: x509.Certificate | None = None
    for candidate in candidates:
        if not may_be_issuer(child, candidate):
            continue
        if is_valid_at(candidate, at):
            return candidate
        if latest is None or candidate.not_valid_after_utc > latest.not_valid_after_utc:
            latest = candidate
    return latest


def may_be_issuer(child: x509.Certificate, candidate: x509.Certificate) -> bool:
    """True when name, key identifier and kind of key fit (OpenSSL's ossl_x509_likely_issued, without the signature)."""
    return (
        issuer_of(child) == subject_of(candidate) and identifies(child, candidate) and signature_fits(child, candidate)
    )


def signers(child: x509.Certificate, candidates: Iterable[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Return the candidates that signed the child; this checks at most `MAX_TRIES` signatures."""
    fitting = (c for c in candidates if c != child and may_be_issuer(child, c))
    return tuple(c for c in islice(fitting, MAX_TRIES) if is_issued_by(child, c))


def is_sound(path: CertificatePath, at: datetime) -> bool:
    """True when the path leads to a trusted root over valid certificates, CAs and signatures."""
    return (
        path.anchor is Anchor.TRUSTED
        and all(is_valid_at(c, at) for c in path.certificates)
        and all(_may_sign(issuer) and is_issued_by(child, issuer) for child, issuer in path.links)
    )


def _may_sign(authority: x509.Certificate) -> bool:
    constraints, usage = extension(authority, x509.BasicConstraints), extension(authority, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def find_obstacles(
    path: CertificatePath,
    *,
    sent: Sequence[x509.Certificate],
    trusted_ca_list: Sequence[x509.Certificate],
    at: datetime,
) -> tuple[x509.Certificate, ...]:
    """Return the certificates of the list whose removal lets OpenSSL find a good path; empty when none or too many.

    Typical: a cross-signed copy of a root before the self-signed one, an expired CA before its successor.
    """
    removed: list[x509.Certificate] = []
    remaining: Sequence[x509.Certificate] = trusted_ca_list
    current = path
    while len(removed) < MAX_REMOVALS:
        culprit = _culprit(current, sent, remaining)
        if culprit is None:
            return ()
        removed.append(culprit)
        remaining = [c for c in remaining if c != culprit]
        current = build_path(path.certificates[0], sent=sent, trusted_ca_list=remaining, at=at)
        if is_sound(current, at):
            return tuple(removed)
    return ()


def find_shadowed(
    path: CertificatePath,
    *,
    sent: Sequence[x509.Certificate],
    trusted_ca_list: Sequence[x509.Certificate],
    at: datetime,
) -> tuple[x509.Certificate, ...]:
    """Return the certificates that the product drops from the list and that a good path would need."""
    if not path.dropped:
        return ()
    everything = tuple(dict.fromkeys(trusted_ca_list))
    index = TrustIndex(used=everything, dropped=(), by_subject=by_subject(everything))
    other = _walk(path.certificates[0], sent, index, at)
    return tuple(c for c in other.certificates if c in path.dropped) if is_sound(other, at) else ()


def _culprit(
    path: CertificatePath, sent: Sequence[x509.Certificate], trusted_ca_list: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    """Return the certificate nearest the top that came from the list while another one also signed its child."""
    top = path.certificates[-1]
    if path.anchor is Anchor.ISSUER_NOT_FOUND and signers(top, path.dropped):
        return next((c for c in with_subject(trusted_ca_list, issuer_of(top)) if is_self_signed(c)), None)
    for index in range(len(path.certificates) - 1, max(path.sent, 1) - 1, -1):
        child, chosen = path.certificates[index - 1], path.certificates[index]
        name = issuer_of(child)
        others = (*with_subject(trusted_ca_list, name), *with_subject(sent, name))
        if signers(child, (c for c in others if c != chosen)):
            return chosen
    return None


def chain_to_present(
    chain: Sequence[x509.Certificate], trusted_ca_list: Sequence[x509.Certificate], at: datetime
) -> tuple[x509.Certificate, ...]:
    """Return what a peer sends: the file's chain, or a leaf completed from the peer's own trusted CA list.

    The product keeps the CA chain in the trusted CA list (X12.5 guide, "Managing the Trusted CA Certificate List"), and
    OpenSSL builds what it sends from there.
    """
    if len(chain) > 1:
        return tuple(chain)
    path = build_path(chain[0], sent=(), trusted_ca_list=trusted_ca_list, at=at)
    return path.certificates
