"""The form of the Generate CSR page: which names it asks for, and the names of the request from what was typed.

Sources: X15.4 guide, 'Creating a CSR Using Expressway'; X15.5 guide, 'Managing Expressway Certificates' for the fields of
each role and their formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pkikit.design.csr import SubjectFields
from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.model.tables.features import FQDN_PROFILES
from pkikit.rules.name_rules import CHAT_ALIAS, COLLAB_EDGE, FEDERATION, PROFILE, REGISTRATION
from pkikit.values.names import printable
from simulator.peer.pages.bodies import number_of

LONGEST_FIELD = 60_000  # characters; more than all names of a certificate have
_PREFIX = "collab-edge."
# Letters, digits and hyphens between dots; the last level begins with a letter (X15.5 guide).
_FQDN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_ALGORITHM_OF_LENGTH = {256: "ecdsa", 384: "ecdsa", 521: "ecdsa"}


@dataclass(frozen=True, kw_only=True)
class NameField:
    """One field for names.

    rules: whose names of the layout it holds. formats: (value, label) that the page offers. fqdns_only: it refuses other names.
    """

    name: str
    label: str
    rules: frozenset[str]
    value: str
    formats: tuple[tuple[str, str], ...] = ()
    chosen: str = ""
    fqdns_only: bool = False


@dataclass(frozen=True, kw_only=True)
class RequestForm:
    """The fields for names on the page of one peer."""

    fields: tuple[NameField, ...]

    @classmethod
    def of(cls, deployment: Deployment, fqdn: str, layout: SanLayout) -> RequestForm:
        """Return the form of a peer, filled with the names of its layout."""
        is_edge = deployment.role_of(fqdn) is Role.EXPRESSWAY_E
        return cls(fields=tuple(_edge_fields(deployment, layout) if is_edge else _core_fields(deployment, layout)))

    def names(self, layout: SanLayout, form: Mapping[str, str]) -> tuple[SanLayout, tuple[str, ...]]:
        """Return (the layout without the names that were removed, the names that were added).

        Args:
            layout: the names that the page proposed.
            form: what was sent; a field that is missing keeps its names.

        Raises:
            InputError: a field for FQDNs has another name, or a field is too long.
        """
        long = next((name for name, text in form.items() if len(text) > LONGEST_FIELD), "")
        if long:
            raise InputError(f"has more than {LONGEST_FIELD} characters", where=printable(long, 40))
        added: list[str] = []
        for field in (f for f in self.fields if f.name in form):
            chosen = form.get(f"{field.name}_format", field.chosen)
            wanted = [_in_format(name, chosen) for name in split_names(form[field.name])]
            odd = next((name for name in wanted if field.fqdns_only and not _FQDN.fullmatch(name)), "")
            if odd:
                raise InputError(
                    f"{field.label}: {printable(odd, 80)!r} is not an FQDN. Change the name of the profile on Unified CM."
                )
            kept = tuple(e for e in layout.entries if e.rule not in field.rules or e.value in wanted)
            layout = replace(layout, entries=kept)
            added += [name for name in wanted if name not in layout.dns_names]
        return layout, (*added, *split_names(form.get("additional_names", "")))

    @staticmethod
    def subject(form: Mapping[str, str]) -> SubjectFields:
        """Return the subject besides the common name."""
        names = ("country", "state", "locality", "organisation", "unit")
        return SubjectFields(**{name: form.get(name, "").strip() for name in names})

    @staticmethod
    def key_length(form: Mapping[str, str]) -> int:
        """Return the key length.

        Raises:
            InputError: it is not a number, or not one of the chosen algorithm.
        """
        length = number_of({"key_length": "2048", **form}, "key_length")
        algorithm = form.get("algorithm", "") or _ALGORITHM_OF_LENGTH.get(length, "rsa")
        if algorithm != _ALGORITHM_OF_LENGTH.get(length, "rsa"):
            raise InputError(f"a key of {length} bits is not of the algorithm {algorithm.upper()[:10]}")
        return length


def split_names(text: str) -> list[str]:
    """Return the names of a field: separated by commas or lines."""
    return [name.strip() for name in text.replace("\n", ",").split(",") if name.strip()]


def _in_format(name: str, chosen: str) -> str:
    return f"{_PREFIX}{name}" if chosen == "collab-edge-dns" and not name.startswith(_PREFIX) else name


def _held(layout: SanLayout, *rules: str) -> str:
    return ", ".join(e.value.removeprefix(_PREFIX) for e in layout.entries if e.rule in rules)


def _edge_fields(deployment: Deployment, layout: SanLayout) -> Iterator[NameField]:
    registration = frozenset({REGISTRATION.id, COLLAB_EDGE.id})
    yield NameField(
        name="registration_domains",
        label="Unified CM registrations domains",
        rules=registration,
        value=_held(layout, *registration),
        formats=(("dns", "DNS"), ("collab-edge-dns", "CollabEdgeDNS")),
        chosen=deployment.registration_domain_format,
    )
    yield NameField(
        name="federation_domains",
        label="XMPP federation domains (format DNS)",
        rules=frozenset({FEDERATION.id}),
        value=_held(layout, FEDERATION.id),
    )
    yield _aliases(layout)


def _core_fields(deployment: Deployment, layout: SanLayout) -> Iterator[NameField]:
    yield NameField(
        name="security_profiles",
        label="Unified CM phone security profile names",
        rules=frozenset({PROFILE.id}),
        value=_held(layout, PROFILE.id),
        fqdns_only=deployment.product_version.has(FQDN_PROFILES),
    )
    yield _aliases(layout)


def _aliases(layout: SanLayout) -> NameField:
    return NameField(
        name="chat_aliases",
        label="IM and Presence chat node aliases (federated group chat)",
        rules=frozenset({CHAT_ALIAS.id}),
        value=_held(layout, CHAT_ALIAS.id),
    )
