"""The facts that a house rule may ask about, each with its type. A fact that is not known has the value None."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pkikit.model.leg import Protocol
from pkikit.model.parties import LegKind, PartyKind, Role

Value = bool | int | date | str | tuple[str, ...]
Facts = Mapping[str, Value | None]


class About(enum.StrEnum):
    """What a rule is about: it is asked once for each."""

    CERTIFICATE = "certificate"
    CONNECTION = "connection"
    TRUST_LIST = "trust-list"
    DEPLOYMENT = "deployment"


class Kind(enum.Enum):
    """The type of a fact; the value says how one writes it."""

    YES_NO = "yes or no"
    NUMBER = "a number or a comparison such as '>= 3072'"
    DAY = "a comparison with a day such as '< 2027-01-01'"
    WORD = "one of its words, or a list of them"
    TEXT = "a text in which * stands for anything, or a list of such texts"
    LIST = "a text in which * stands for anything, a list of such texts, or has, lacks, only, count"


@dataclass(frozen=True)
class Fact:
    """A fact.

    Attributes:
        name: as a rule writes it.
        kind: its type.
        says: what it is, for the documentation.
        words: all values of a WORD.
    """

    name: str
    kind: Kind
    says: str
    words: tuple[str, ...] = ()


NO_ROLE = "none"
OTHER_KEY = "other"
KEYS = ("RSA", "EC", "DSA", "Ed25519", "Ed448", OTHER_KEY)
_ROLES = (*(role.value for role in Role), NO_ROLE)
_KINDS = tuple(kind.value for kind in PartyKind)


def _machine(prefix: str = "", what: str = "the machine") -> tuple[Fact, ...]:
    name = f"{prefix}_" if prefix else ""
    return (
        Fact(prefix or "machine", Kind.TEXT, f"FQDN of {what}"),
        Fact(f"{name}role", Kind.WORD, f"role of {what}", _ROLES),
        Fact(f"{name}cluster", Kind.TEXT, f"cluster of {what}; empty if it has none"),
        Fact(f"{name}machine_kind", Kind.WORD, f"kind of {what}", _KINDS),
    )


_CERTIFICATE = (
    *_machine(),
    Fact(
        "store", Kind.TEXT, "where it is used: `server certificate`, `client certificate`, `CallManager certificate` …"
    ),
    Fact("subject", Kind.TEXT, "the whole subject"),
    Fact("common_name", Kind.TEXT, "the common name; empty if there is none"),
    Fact("issuer", Kind.TEXT, "the common name of the issuer, or its whole name"),
    Fact("names", Kind.LIST, "all names of the SAN"),
    Fact("name_count", Kind.NUMBER, "how many names the SAN has"),
    Fact("wildcard", Kind.YES_NO, "a name of the SAN or the common name has a wildcard"),
    Fact("key", Kind.WORD, "the kind of key", KEYS),
    Fact("key_bits", Kind.NUMBER, "its length in bits"),
    Fact("curve", Kind.TEXT, "P-256, P-384, P-521; empty for other keys"),
    Fact("digest", Kind.TEXT, "digest of the signature, as `sha256`; empty if it has none"),
    Fact("self_signed", Kind.YES_NO, "it is self-signed"),
    Fact("public_ca", Kind.YES_NO, "it shows signs of a public CA (ours)"),
    Fact("lifetime_days", Kind.NUMBER, "whole days from its beginning to its end"),
    Fact("days_left", Kind.NUMBER, "whole days until it ends; negative if it has ended"),
    Fact("begins", Kind.DAY, "the day on which it begins (UTC)"),
    Fact("ends", Kind.DAY, "the day on which it ends (UTC)"),
    Fact("server_auth", Kind.YES_NO, "it may be used as TLS server"),
    Fact("client_auth", Kind.YES_NO, "it may be used as TLS client"),
    Fact("purposes", Kind.LIST, "its extended key usage, as `serverAuth`; empty if it is not restricted"),
    Fact("crl_urls", Kind.LIST, "CRL distribution points"),
    Fact("ocsp_urls", Kind.LIST, "OCSP responders"),
    Fact("chain_length", Kind.NUMBER, "how many certificates are in its file, itself included"),
)
_CONNECTION = (
    Fact("id", Kind.TEXT, "the id of the connection"),
    Fact("kind", Kind.WORD, "what it belongs to", tuple(kind.value for kind in LegKind)),
    Fact("zone", Kind.TEXT, "the zone; empty if it belongs to none"),
    *_machine("client", "the machine that dials"),
    *_machine("server", "the machine that is dialled"),
    Fact("protocol", Kind.WORD, "the protocol", tuple(protocol.value for protocol in Protocol)),
    Fact("port", Kind.NUMBER, "the port"),
    Fact("reference_name", Kind.TEXT, "the name that is dialled"),
    Fact("mutual", Kind.YES_NO, "both sides verify, and refuse a wrong certificate"),
    Fact("verified", Kind.YES_NO, "the machine that dials verifies, and refuses a wrong certificate"),
    Fact("state", Kind.WORD, "up or down; not known if files are missing", ("up", "down")),
    Fact("causes", Kind.LIST, "ids of the rules that keep it down"),
)
_TRUST_LIST = (
    *_machine(),
    Fact("list", Kind.TEXT, "its name on a machine that has several, as `tomcat-trust`; else empty"),
    Fact("size", Kind.NUMBER, "how many certificates it has"),
    Fact("subjects", Kind.LIST, "common names of its certificates, or their whole names"),
    Fact("intermediates", Kind.NUMBER, "how many of them are not self-signed"),
    Fact("ended", Kind.NUMBER, "how many of them have ended"),
)
_DEPLOYMENT = (
    Fact("name", Kind.TEXT, "its name"),
    Fact("version", Kind.TEXT, "the product version, as `X15.5`"),
    Fact("mra", Kind.YES_NO, "Mobile and Remote Access is on"),
    Fact("federation", Kind.YES_NO, "it has federation domains"),
    Fact("clusters", Kind.LIST, "its clusters"),
    Fact("peers", Kind.LIST, "its Expressways"),
    Fact("zones", Kind.LIST, "its zones"),
    Fact("domains", Kind.LIST, "its registration, SIP and federation domains"),
    Fact("unverified", Kind.LIST, "zones and groups of machines with TLS verify mode off"),
    Fact("permissive", Kind.LIST, "clusters whose TLS verification is permissive"),
    Fact("shared", Kind.LIST, "clusters whose peers share one certificate"),
    Fact("revocation_checking", Kind.YES_NO, "SIP checks whether certificates are revoked"),
)
FACTS: Mapping[About, Mapping[str, Fact]] = {
    about: {fact.name: fact for fact in facts}
    for about, facts in (
        (About.CERTIFICATE, _CERTIFICATE),
        (About.CONNECTION, _CONNECTION),
        (About.TRUST_LIST, _TRUST_LIST),
        (About.DEPLOYMENT, _DEPLOYMENT),
    )
}
