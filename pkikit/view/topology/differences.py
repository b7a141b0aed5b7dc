"""What the machines of a topology have in common, and what each has alone: cards show only that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography import x509

from pkikit.model.certificates.canonical_name import common_name
from pkikit.model.world import World
from pkikit.values.names import printable

_KINDS = ("Expressway peers", "Other machines", "Clients outside")
_LONGEST = 64  # what X.509 allows in a common name
_NO_CERTIFICATE = "no certificate"
_NOT_GIVEN, _LIST_NOT_GIVEN = "certificate not given", "not given"
_WITHOUT = frozenset({_NO_CERTIFICATE, _NOT_GIVEN})
PEBBLE = "Pebble"
"""The public CA of the lab; the rest of its name is different after each start."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Of one machine: who issued its certificate, and whom it trusts."""

    issuer: str
    trusts: str


@dataclass(frozen=True, kw_only=True)
class Differences:
    """The facts of every machine, and those that most machines of its kind have.

    usual: by kind of machine, as `Expressway peers`.
    """

    facts: Mapping[str, Facts]
    usual: Mapping[str, Facts]
    kinds: Mapping[str, str]

    def of(self, fqdn: str) -> tuple[str, ...]:
        """Return what a machine has that the others of its kind do not have."""
        own, usual = self.facts[fqdn], self.usual[self.kinds[fqdn]]
        certificate = own.issuer if own.issuer in _WITHOUT else f"certificate: {own.issuer}"
        said = [] if own.issuer == usual.issuer else [certificate]
        return (*said, *([] if own.trusts == usual.trusts else [f"trusts: {own.trusts}"]))

    @property
    def caption(self) -> tuple[str, ...]:
        """One sentence for each kind of machine."""
        said: dict[Facts, list[str]] = {}
        for kind, facts in self.usual.items():
            said.setdefault(facts, []).append(kind)
        return tuple(
            f"{_and(kinds)}: {certificate_text(facts)}, trusted CA list: {facts.trusts}."
            for facts, kinds in said.items()
        )


def certificate_text(facts: Facts) -> str:
    """Return who issued a machine's certificate, in words."""
    return facts.issuer if facts.issuer in _WITHOUT else f"certificate from {facts.issuer}"


def differences_of(world: World, machines: Sequence[str], *, partial: bool = False) -> Differences:
    """Return the facts of these machines and what is usual among them.

    partial: what a machine does not have here is not given, and may be there.
    """
    facts = {name: Facts(issuer=issuer_text(world, name), trusts=lists_text(world, name)) for name in machines}
    if partial:
        facts = {name: _as_given(world, name, found) for name, found in facts.items()}
    peers = set(world.deployment.peers)
    clients = {name for group in world.deployment.groups if not group.has_certificates for name in group.members}
    kinds = {n: _KINDS[0] if n in peers else _KINDS[2] if n in clients else _KINDS[1] for n in machines}
    usual = {
        kind: Facts(
            issuer=_most_common([facts[n].issuer for n in machines if kinds[n] == kind]),
            trusts=_most_common([facts[n].trusts for n in machines if kinds[n] == kind]),
        )
        for kind in _KINDS
        if kind in kinds.values()
    }
    return Differences(facts=facts, usual=usual, kinds=kinds)


def _as_given(world: World, fqdn: str, found: Facts) -> Facts:
    has_certificate = world.deployment.group_of(fqdn).has_certificates
    issuer = _NOT_GIVEN if has_certificate and found.issuer == _NO_CERTIFICATE else found.issuer
    return Facts(issuer=issuer, trusts=found.trusts if world.parties[fqdn].listed else _LIST_NOT_GIVEN)


def _most_common(values: Sequence[str]) -> str:
    return Counter(values).most_common(1)[0][0]


def _and(names: Sequence[str]) -> str:
    first, *rest = names
    return first + "".join(f"{' and' if name == rest[-1] else ','} {name[0].lower()}{name[1:]}" for name in rest)


def issuer_text(world: World, fqdn: str) -> str:
    """Return who issued the certificate of a machine, by name."""
    held = world.parties[fqdn].credential
    return steady(common_name(held.leaf.issuer)) if held is not None else _NO_CERTIFICATE


def lists_text(world: World, fqdn: str) -> str:
    """Return the roots of all lists of a machine; each list by its name if there are several."""
    lists = world.lists_of(fqdn)
    return "; ".join(f"{name}: {trust_text(listed)}" if name else trust_text(listed) for name, listed in lists.items())


def trust_text(trusted: Sequence[x509.Certificate]) -> str:
    """Return the CAs of a trusted CA list by name, bounded."""
    names = [steady(common_name(c.subject)) for c in trusted]
    return ", ".join(names[:2]) + (f" +{len(names) - 2}" if len(names) > 2 else "") or "nobody"


def steady(name: str) -> str:
    """Return a CA's name for people: bounded, and of Pebble the part that is the same after each start."""
    shown = printable(name)
    return PEBBLE if name.startswith(f"{PEBBLE} ") else shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
