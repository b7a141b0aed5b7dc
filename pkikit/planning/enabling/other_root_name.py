"""The new root gets another name, because the product uses only the first of two roots with one subject."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from pkikit.judge.paths.trust import same_key
from pkikit.model.certificates.facts import is_issued_by, is_self_signed, subject_of
from pkikit.planning.change import Change
from pkikit.planning.enabling.option import Clashes, Option, new_roots
from pkikit.planning.enabling.signed_again import key_like, resigned
from pkikit.planning.enabling.substitution import replaced
from pkikit.reading.unreadable import UNREADABLE


def _build(change: Change, clashes: Clashes) -> Change | None:
    held = {c for world in (change.today, change.tomorrow) for party in world.parties.values() for c in party.listed}
    roots = [c for c in held if is_self_signed(c)]
    others: dict[x509.Certificate, x509.Certificate] = {}
    try:
        for new in new_roots(change):
            if any(subject_of(c) == subject_of(new) and not same_key(c, new) for c in roots):
                others |= _renamed(new, change)
    except UNREADABLE:
        return None
    return replaced(change, others) if others else None


def _renamed(root: x509.Certificate, change: Change) -> dict[x509.Certificate, x509.Certificate]:
    """Return a root with another name and key, and all that the root signed with the new one as issuer."""
    key = key_like(root)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    name = _other_name(root.subject)
    made = {
        root: resigned(root, key=key, issuer=name, subject=name, own=own, public=key),
    }
    for certificate in _every(change):
        if certificate != root and is_issued_by(certificate, root):
            made[certificate] = resigned(certificate, key=key, issuer=name, identifier=own.digest)
    return made


def _every(change: Change) -> dict[x509.Certificate, None]:
    known = (*change.today.known_certificates, *change.tomorrow.known_certificates)
    listed = (c for step in change.steps for c in step.certificates)
    shown = (c for step in change.steps if step.credential is not None for c in step.credential.chain)
    return dict.fromkeys((*known, *listed, *shown))


def _other_name(name: x509.Name) -> x509.Name:
    """Return the name with a common name that ends in another word."""
    commons = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not commons:
        return x509.Name([*name, x509.NameAttribute(NameOID.COMMON_NAME, "Second Root CA")])
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"{str(a.value)[:60]} G2") if a == commons[-1] else a for a in name]
    )


OTHER_ROOT_NAME = Option(
    kind="other-root-name",
    says="The new root gets a name that no trusted root has, and issues the new certificates under that name.",
    price="The new root and all new certificates have to be issued again.",
    build=_build,
)
