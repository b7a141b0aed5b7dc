"""A new certificate that also has the names of the old one, so that it passes before and after a name is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cryptography import x509

from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import extension
from pkikit.planning.change import Change
from pkikit.planning.enabling.option import Clashes, Option, keys_in, loads_of
from pkikit.planning.enabling.signed_again import SignedAgain, resigned, signed_again
from pkikit.planning.enabling.substitution import replaced
from pkikit.planning.steps import Action, Step
from pkikit.reading.unreadable import UNREADABLE


def _build(change: Change, clashes: Clashes) -> Change | None:
    machines = {change.by_key[key].machine for key in keys_in(clashes) if key in change.by_key}
    try:
        wanted = {step.key for step in loads_of(change) if step.machine in machines and _lost(step, change)}
        if not wanted:
            return None
        return _with_both(signed_again(change), wanted)
    except UNREADABLE:
        return None


def _lost(step: Step, change: Change) -> tuple[str, ...]:
    """Return the dNSNames that the certificate in this store has today, and the new one has not."""
    party = change.today.parties.get(step.machine)
    if party is None or step.credential is None:
        return ()
    if step.action is Action.LOAD_CLIENT:
        old = party.client or party.credential
    elif step.place.startswith("domain "):
        old = party.domains.get(step.place.removeprefix("domain "))
    else:
        old = party.credential
    had, has = _names(old), {name.lower() for name in _names(step.credential)}
    return tuple(name for name in had if name.lower() not in has)


def _names(credential: Credential | None) -> tuple[str, ...]:
    held = extension(credential.leaf, x509.SubjectAlternativeName) if credential is not None else None
    return tuple(held.get_values_for_type(x509.DNSName)) if held is not None else ()


def _with_both(made: SignedAgain, wanted: Iterable[str]) -> Change | None:
    others: dict[x509.Certificate, x509.Certificate] = {}
    added: Mapping[str, tuple[str, ...]] = {key: _lost(made.change.by_key[key], made.change) for key in wanted}
    for key, names in added.items():
        credential = made.change.by_key[key].credential
        assert credential is not None  # it is a load
        signer = made.issuer_keys.get(credential.leaf)
        if signer is None:
            return None
        sofar = others.get(credential.leaf, credential.leaf)
        new = tuple(name for name in names if name not in _names(Credential(chain=(sofar,))))
        others[credential.leaf] = resigned(sofar, key=signer, names=new)
    return replaced(made.change, others)


BOTH_NAMES = Option(
    kind="both-names",
    says="The new certificate has the names of the old one as well as its own.",
    price="The certificate has names that nobody needs after the change, until it is renewed.",
    build=_build,
)
