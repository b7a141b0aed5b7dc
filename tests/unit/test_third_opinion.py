"""The third opinion: cryptography's own verifier (the web PKI's rules), over every world. Each difference is listed with its reason."""

from __future__ import annotations

from functools import cache

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from pkikit.judge.paths.trust import chain_to_present
from pkikit.judge.verify import verify_certificate
from pkikit.model.leg import NameCheck, Purpose
from tests.support.worlds import AT, C1, CASES, E1, E2, GOOD, PARTNER, UCM1, WorldBuilder

WORLDS = {f"{c.id}/{kind}": make for c in CASES for kind, make in (("broken", c.broken), ("near miss", c.near_miss))}
WORLDS |= {f"{name}/good": make for name, make in GOOD.items()}
PARTIES = (C1, E1, E2, PARTNER, UCM1)

# What it refuses and we accept: a part of its message, and why the product's world is another.
STRICTER = {
    "incorrect criticality": "an absent or oddly marked EKU is nothing that OpenSSL asks about",
    "has no subjectAltName": "without a SAN the common name counts in the product (RFC 5922)",
    "no matching subjectAltName": "a SIP URI names the peer (RFC 5922)",
    "missing required extension": "the web PKI asks for key identifiers; private CAs leave them out",
    "unsupported directoryName constraint": "it knows no constraints on subjects; OpenSSL and we apply them",
}
_TRIES = "it tries every way up; OpenSSL, and so the product, takes the first candidate and never goes back"
# What it accepts and we refuse, by our rule.
MORE_LENIENT = {
    "names.wildcard-unsupported": "wildcards are part of the web PKI, not of the product",
    "key.too-short": "it looks at no least length here; the product keeps OpenSSL's security level 2",
    "trust.cross-signed-copy": _TRIES,
    "trust.intermediate-missing": _TRIES,
    "ca.not-a-ca": _TRIES,
    "trust.same-subject-ambiguous": "the product uses only the first of two self-signed certificates with one subject",
}


def theirs(leaf: x509.Certificate, sent: list[x509.Certificate], trusted: list[x509.Certificate], name: str) -> str:
    """Empty when accepted, else its message."""
    try:
        builder = PolicyBuilder().store(Store(trusted)).time(AT)
        builder.build_server_verifier(x509.DNSName(name)).verify(leaf, sent)
    except VerificationError as error:
        return str(error)
    except ValueError as error:
        return f"unreadable: {error}"
    return ""


@cache
def opinions(world_id: str) -> tuple[tuple[str, frozenset[str], str], ...]:
    """(party, our rules, its message) for each party as TLS server under its own name."""
    world = WORLDS[world_id](WorldBuilder()).world
    trusted = world.parties[C1].trusted_ca_list
    found = []
    for fqdn in PARTIES:
        party = world.parties[fqdn]
        assert party.credential is not None
        chain = chain_to_present(party.credential.chain, party.trusted_ca_list, AT)
        verdict = verify_certificate(
            chain[0], sent=chain[1:], trusted_ca_list=trusted, purpose=Purpose.SERVER, at=AT,
            name_checks=[NameCheck(any_of=(fqdn,), why="its own name")],
        )  # fmt: skip
        said = theirs(chain[0], list(chain[1:]), list(trusted), fqdn)
        found.append((fqdn, frozenset(f.rule for f in verdict.errors), said))
    return tuple(found)


@pytest.mark.parametrize("world_id", WORLDS)
def test_third_verifier_agrees_or_the_difference_is_listed(world_id: str) -> None:
    """Same answer about each party, or a listed reason."""
    for fqdn, rules, said in opinions(world_id):
        if said and not rules:
            assert any(part in said for part in STRICTER), (fqdn, said)
        if rules and not said:
            assert rules <= MORE_LENIENT.keys(), (fqdn, rules)


def test_listed_difference_still_occurs() -> None:
    """Each listed difference really occurs."""
    everything = [opinion for world_id in WORLDS for opinion in opinions(world_id)]
    said = [message for _, rules, message in everything if message and not rules]
    assert all(any(part in message for message in said) for part in STRICTER)
    alone = {rule for _, rules, message in everything if rules and not message for rule in rules}
    assert alone == MORE_LENIENT.keys()
