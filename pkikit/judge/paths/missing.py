"""Why a path has no anchor: is the root not trusted, or is an intermediate missing? As far as anybody can know."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from pkikit.judge.paths.trust import MAX_LENGTH, CertificatePath, may_be_issuer, trust_index, with_subject
from pkikit.model.certificates.canonical_name import canonical, common_name, organisation
from pkikit.model.certificates.facts import extension, is_issued_by, is_self_signed, issuer_of, subject_of
from pkikit.values.memo import once_per_object


class Missing(enum.StrEnum):
    """Why a path has no anchor, as far as anybody can know."""

    ROOT = "the root is not trusted"
    INTERMEDIATE = "the root is trusted, an intermediate is missing"


@dataclass(frozen=True, kw_only=True)
class MissingIssuer:
    """What is missing above the end of a path, and how we know."""

    what: Missing
    how_known: str


# Words of CA names that say nothing about whose CA it is, and beginnings of words that mean "below a root".
_GENERIC = frozenset({"root", "ca", "certification", "certificate", "authority"})
_BELOW_ROOT = ("inter", "issu", "sub", "ica", "policy")


def explain_missing(
    path: CertificatePath, *, trusted_ca_list: Sequence[x509.Certificate], known: Sequence[x509.Certificate]
) -> MissingIssuer:
    """Decide whether the root or an intermediate is missing. The verifier cannot know.

    Evidence, in this order: a `known` issuer whose own path leads into the list; the issuer's issuer that an authority key
    identifier names; names that say so (an "issuing CA" of the family of a trusted root).
    """
    top = path.certificates[-1]
    roots = trust_index(trusted_ca_list).roots
    leads_up = _known_way_up(top, known)
    if leads_up is not None:
        if any(c in roots for c in leads_up):
            via = common_name(leads_up[0].subject)
            return MissingIssuer(
                what=Missing.INTERMEDIATE,
                how_known=f"the missing issuer is known here ({via}) and leads to a trusted root",
            )
        if is_self_signed(leads_up[-1]):
            return MissingIssuer(
                what=Missing.ROOT,
                how_known="the missing issuer is known here and leads to a root that is not trusted",
            )
    identifier = extension(top, x509.AuthorityKeyIdentifier)
    for general_name in (identifier.authority_cert_issuer if identifier else None) or ():
        if isinstance(general_name, x509.DirectoryName) and any(
            subject_of(r) == canonical(general_name.value) for r in roots
        ):
            return MissingIssuer(
                what=Missing.INTERMEDIATE,
                how_known="the authority key identifier names a trusted root above the issuer",
            )
    below_a_root = any(token.startswith(_BELOW_ROOT) for token in _tokens(common_name(top.issuer)))
    if below_a_root and any(_same_family(_family_of(top.issuer), root) for root in _families(roots)):
        return MissingIssuer(
            what=Missing.INTERMEDIATE,
            how_known="the issuer's name is that of an intermediate of a trusted root",
        )
    return MissingIssuer(what=Missing.ROOT, how_known="nothing known leads from the issuer to a trusted root")


def _known_way_up(child: x509.Certificate, known: Sequence[x509.Certificate]) -> list[x509.Certificate] | None:
    way: list[x509.Certificate] = []
    current = child
    while len(way) < MAX_LENGTH and not (way and is_self_signed(current)):
        issuer = next(
            (
                c
                for c in with_subject(known, issuer_of(current))
                if c not in way and c != current and may_be_issuer(current, c) and is_issued_by(current, c)
            ),
            None,
        )
        if issuer is None:
            break
        way.append(issuer)
        current = issuer
    return way or None


def _tokens(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower()))


_Family = tuple[str, frozenset[str]]  # the organisation, and the words of the name that say whose CA it is


def _same_family(issuer: _Family, root: _Family) -> bool:
    (left, own), (right, other) = issuer, root
    if left and right:
        return left == right
    return bool(own & other) or own == other


@once_per_object
def _families(roots: tuple[x509.Certificate, ...]) -> frozenset[_Family]:
    return frozenset(_family_of(root.subject) for root in roots)


def _family_of(name: x509.Name) -> _Family:
    words = _tokens(common_name(name)) - _GENERIC
    return organisation(name), frozenset(word for word in words if not word.startswith(_BELOW_ROOT))
