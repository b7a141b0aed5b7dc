"""Broken worlds about trust: lists, chains, signatures, and certificates of CAs."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from cryptography import x509
from cryptography.x509.oid import NameOID

from pkikit.design.csr import fast_key
from pkikit.issue.authority import Authority, ca_name, create_root
from simulator.world.craft import DAY, craft
from tests.support.worlds.builder import WorldBuilder, stranger
from tests.support.worlds.case import Case
from tests.support.worlds.deployments import (
    AT,
    C1,
    C2,
    E1,
    PARTNER,
    UCM1,
)
from tests.support.worlds.leg_filters import judging, presenting


def _second_issuing(builder: WorldBuilder) -> Authority:
    """A new intermediate below the lab's root, which no list has: every peer has the first one."""
    made = builder.root.intermediate("Second Issuing CA", at=AT - 50 * DAY)
    builder.world = replace(builder.world, authorities=(made.certificate,))
    return made


def _cross_signed(builder: WorldBuilder, *, copy_first: bool) -> WorldBuilder:
    """The list has the root and its copy signed by a root that nobody has."""
    old = create_root("Very Old Root CA", at=AT - 400 * DAY)
    root = create_root("Seventh Root CA", at=AT - 100 * DAY)
    copy = old.intermediate("Seventh Root CA", at=AT - 100 * DAY, key=root.key, path_length=None)
    middle = root.intermediate("Seventh Issuing CA", at=AT - 50 * DAY)
    both = (copy.certificate, root.certificate)
    return builder.reissue(E1, by=middle).trust(both if copy_first else both[::-1])


def _rekeyed_intermediate(builder: WorldBuilder, *, right: bool) -> WorldBuilder:
    """What is sent behind the leaf has the issuer's name and, when `right`, its key."""
    root = create_root("Eighth Root CA", at=AT - 100 * DAY)
    signer, namesake = (root.intermediate("Eighth Issuing CA", at=AT - 50 * DAY) for _ in range(2))
    behind = (signer if right else namesake).certificate
    return builder.reissue(E1, by=signer, chain=(behind,)).trust((root.certificate,))


def _upper_only_sent(builder: WorldBuilder, *, in_list: bool) -> WorldBuilder:
    """The lower intermediate is in the list; the upper one is sent, and in the list as well when `in_list`."""
    root = create_root("Ninth Root CA", at=AT - 100 * DAY)
    upper = root.intermediate("Ninth Upper CA", at=AT - 50 * DAY, path_length=1)
    lower = upper.intermediate("Ninth Lower CA", at=AT - 40 * DAY)
    listed = (root.certificate, lower.certificate, *([upper.certificate] if in_list else []))
    return builder.reissue(E1, by=lower, chain=(upper.certificate,)).trust(listed)


def _namesake_root(builder: WorldBuilder, *, first: bool) -> WorldBuilder:
    """A certificate with the root's name and key that may not sign, before or behind the root."""
    root = create_root("Tenth Root CA", at=AT - 100 * DAY)
    made = craft((), None, at=AT, subject=ca_name("Tenth Root CA"), key=root.key, ca=True, ekus=None)
    both = (made.leaf, root.certificate)
    return builder.reissue(E1, by=root).trust(both if first else both[::-1])


def _path_length(builder: WorldBuilder, allowed: int) -> WorldBuilder:
    root = create_root("Third Root CA", at=AT - 100 * DAY)
    upper = root.intermediate("Third Upper CA", at=AT - 50 * DAY, path_length=allowed)
    lower = upper.intermediate("Third Lower CA", at=AT - 40 * DAY)
    return builder.reissue(E1, by=lower).trust((root.certificate,))


def _name_constraints(builder: WorldBuilder, permitted: str) -> WorldBuilder:
    root = create_root("Fourth Root CA", at=AT - 100 * DAY)
    constraint = x509.NameConstraints(permitted_subtrees=[x509.DNSName(permitted)], excluded_subtrees=None)
    middle = root.intermediate("Fourth Issuing CA", at=AT - 50 * DAY, extra=[constraint])
    return builder.reissue(E1, by=middle).trust((root.certificate,))


def _constraints(builder: WorldBuilder, present: bool) -> WorldBuilder:
    root = create_root("Fifth Root CA", at=AT - 100 * DAY)
    middle = root.intermediate("Fifth Issuing CA", at=AT - 50 * DAY, basic_constraints=present)
    return builder.reissue(E1, by=middle).trust((root.certificate,))


def _usage_without_constraints(builder: WorldBuilder) -> WorldBuilder:
    """OpenSSL takes keyCertSign for CA:TRUE; the product does not."""
    root = create_root("Sixth Root CA", at=AT - 100 * DAY)
    made = craft((), root, at=AT, subject=ca_name("Sixth Issuing CA"), ca=None, can_sign=True, ekus=None)
    assert made.key is not None
    middle = Authority(certificate=made.leaf, key=made.key, parents=(root.certificate,))
    return builder.reissue(E1, by=middle).trust((root.certificate,))


def _end_entity_issuer(builder: WorldBuilder, *, usage: bool) -> WorldBuilder:
    made = craft(("web.example.com",), builder.authority, at=AT, ca=False, usage=usage)
    assert made.key is not None
    impostor = Authority(
        certificate=made.leaf, key=made.key, parents=(builder.authority.certificate, *builder.authority.parents)
    )
    return builder.reissue(E1, by=impostor)


def _wrong_key(builder: WorldBuilder, *, same_key: bool) -> WorldBuilder:
    """An authority of the issuing CA's name; the leaf gives no key identifier that would tell them apart."""
    authority = builder.authority
    twin = Authority(
        certificate=authority.certificate, key=authority.key if same_key else fast_key(), parents=authority.parents
    )
    return builder.reissue(E1, by=twin, identifiers=False)


def _two_self_signed(builder: WorldBuilder, *, one_subject: bool) -> WorldBuilder:
    call_manager = craft((UCM1,), None, at=AT, subject=ca_name(UCM1, "CallManager"))
    tomcat = craft((UCM1,), None, at=AT, subject=ca_name(UCM1, "CallManager" if one_subject else "tomcat"))
    return builder.give(UCM1, tomcat).trust((call_manager.leaf, tomcat.leaf), C1, C2)


def _self_signed(builder: WorldBuilder, *, trusted: bool) -> WorldBuilder:
    made = craft(builder.layout(E1), None, at=AT)
    builder.give(E1, made)
    return builder.trust((made.leaf,)) if trusted else builder


def _new_root(builder: WorldBuilder, *, everywhere: bool) -> WorldBuilder:
    """E1 renewed under a new root; C1 still has only the old list."""
    new = stranger("Renewed")
    others = [p for p in builder.world.parties if everywhere or p != C1]
    return builder.reissue(E1, by=new).trust((new.root,), *others)


UNKNOWN_EXTENSION = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")


def _constrained_addresses(builder: WorldBuilder, network: str) -> WorldBuilder:
    """The leaf has an address beside its names; its CA may sign only those of one network."""
    allowed = x509.NameConstraints([x509.IPAddress(ipaddress.ip_network(network))], None)
    root = create_root("Constraining Root CA", at=AT - 100 * DAY)
    middle = root.intermediate("Constrained Issuing CA", at=AT - 50 * DAY, extra=(allowed,))
    address = x509.IPAddress(ipaddress.ip_address("198.51.100.7"))
    return builder.reissue(E1, by=middle, general=(address,)).trust((root.certificate,))


def _constrained_organisation(builder: WorldBuilder, organisation: str) -> WorldBuilder:
    base = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]))
    root = create_root("Constraining Root CA", at=AT - 100 * DAY)
    middle = root.intermediate("Constrained Issuing CA", at=AT - 50 * DAY, extra=(x509.NameConstraints([base], None),))
    return builder.reissue(E1, by=middle, subject=ca_name("e1", "EXAMPLE")).trust((root.certificate,))


IMP1 = "imp1.corp.example.com"

TRUST_CASES: tuple[Case, ...] = (
    Case(
        "ca-of-c-not-in-callmanager-trust",
        lambda b: b.deploy(version="X14.0.8").list_at(UCM1, (stranger().root,), 5061, 6972),
        "trust.issuer-unknown",
        lambda leg: UCM1 in {leg.client, leg.server} and leg.port in {5061, 6972},
        lambda b: b.deploy(version="X14.0.8").list_at(UCM1, (b.authority.root,), 5061, 6972),
    ),
    Case(
        "ca-of-c-not-in-cup-xmpp-trust",
        lambda b: b.deploy(version="X14.0.8").list_at(IMP1, (stranger().root,), 7400),
        "trust.issuer-unknown",
        lambda leg: leg.server == IMP1 and leg.port == 7400,
        lambda b: b.deploy(version="X14.0").list_at(IMP1, (stranger().root,), 7400),  # IM&P does not ask yet
    ),
    Case(
        "root-not-in-list",
        lambda b: b.reissue(E1, by=stranger()),
        "trust.issuer-unknown",
        presenting(E1),
        lambda b: b.reissue(E1, by=stranger()).trust((stranger().root,)),
    ),
    Case(
        "root-not-in-list-and-only-the-leaf-sent",
        lambda b: b.reissue(E1, by=stranger(), chain=()),
        "trust.issuer-unknown",
        presenting(E1),
        lambda b: b.reissue(E1, by=stranger(), chain=()).trust((stranger().root, *stranger().intermediates)),
    ),
    Case(
        "intermediate-neither-sent-nor-in-list",
        lambda b: b.reissue(E1, by=_second_issuing(b), chain=()),
        "trust.intermediate-missing",
        presenting(E1),
        lambda b: b.reissue(E1, chain=()).trust(b.authority.intermediates),
    ),
    Case(
        "intermediate-not-sent-by-neighbour",
        lambda b: b.reissue(PARTNER, by=_second_issuing(b), chain=()),
        "trust.intermediate-missing",
        presenting(PARTNER),
        lambda b: b.reissue(PARTNER, chain=()).trust(b.authority.intermediates, PARTNER),  # sent from its own list
    ),
    Case(
        "c-has-the-old-root",
        lambda b: _new_root(b, everywhere=False),
        "trust.issuer-unknown",
        lambda leg: judging(C1)(leg) and presenting(E1)(leg),
        lambda b: _new_root(b, everywhere=True),
    ),
    Case(
        "trust-list-emptied",
        lambda b: b.trust((stranger().root,), C1, only=True),
        "trust.issuer-unknown",
        judging(C1),
        lambda b: b.trust((stranger().root,), C1),
    ),
    Case(
        "self-signed-leaf",
        lambda b: _self_signed(b, trusted=False),
        "trust.self-signed-leaf",
        presenting(E1),
        lambda b: _self_signed(b, trusted=True),
    ),
    Case(
        "call-manager-and-tomcat-with-one-subject",
        lambda b: _two_self_signed(b, one_subject=True),
        "trust.same-subject-ambiguous",
        presenting(UCM1),
        lambda b: _two_self_signed(b, one_subject=False),
    ),
    Case(
        "issuer-of-that-name-with-another-key",
        lambda b: _wrong_key(b, same_key=False),
        "trust.chain-signature-invalid",
        presenting(E1),
        lambda b: _wrong_key(b, same_key=True),
    ),
    Case(
        "ca-without-basic-constraints",
        lambda b: _constraints(b, False),
        "ca.basic-constraints-missing",
        presenting(E1),
        lambda b: _constraints(b, True),
    ),
    Case(
        "ca-with-key-usage-but-no-basic-constraints",
        _usage_without_constraints,
        "ca.basic-constraints-missing",
        presenting(E1),
        lambda b: _constraints(b, True),
    ),
    Case(
        "end-entity-used-as-issuer",
        lambda b: _end_entity_issuer(b, usage=True),
        "ca.not-a-ca",
        presenting(E1),
        lambda b: b.reissue(E1),
    ),
    Case(
        "end-entity-without-key-usage-used-as-issuer",
        lambda b: _end_entity_issuer(b, usage=False),
        "ca.not-a-ca",
        presenting(E1),
        lambda b: b.reissue(E1),
    ),
    Case(
        "path-length-exceeded",
        lambda b: _path_length(b, 0),
        "ca.path-length-exceeded",
        presenting(E1),
        lambda b: _path_length(b, 1),
    ),
    Case(
        "name-constraint-violated",
        lambda b: _name_constraints(b, "example.org"),
        "ca.name-constraint-violated",
        presenting(E1),
        lambda b: _name_constraints(b, "example.com"),
    ),
    Case(
        "cross-signed-copy-before-the-root",
        lambda b: _cross_signed(b, copy_first=True),
        "trust.cross-signed-copy",
        presenting(E1),
        lambda b: _cross_signed(b, copy_first=False),
    ),
    Case(
        "intermediate-with-another-key",
        lambda b: _rekeyed_intermediate(b, right=False),
        "trust.chain-signature-invalid",
        presenting(E1),
        lambda b: _rekeyed_intermediate(b, right=True),
    ),
    Case(
        "upper-intermediate-only-sent",
        lambda b: _upper_only_sent(b, in_list=False),
        "trust.intermediate-missing",
        presenting(E1),
        lambda b: _upper_only_sent(b, in_list=True),
    ),
    Case(
        "namesake-of-the-root-that-may-not-sign",
        lambda b: _namesake_root(b, first=True),
        "ca.not-a-ca",
        presenting(E1),
        lambda b: _namesake_root(b, first=False),
    ),
    Case(
        "critical-extension-that-nobody-knows",
        lambda b: b.reissue(E1, critical=(UNKNOWN_EXTENSION,)),
        "chain.critical-extension-unknown",
        presenting(E1),
        lambda b: b.reissue(E1, pointers=(UNKNOWN_EXTENSION,)),
    ),
    Case(
        "issuing-ca-constrained-to-other-addresses",
        lambda b: _constrained_addresses(b, "192.0.2.0/24"),
        "ca.name-constraint-violated",
        presenting(E1),
        lambda b: _constrained_addresses(b, "198.51.100.0/24"),
    ),
    Case(
        "issuing-ca-constrained-to-another-organisation",
        lambda b: _constrained_organisation(b, "Other"),
        "ca.name-constraint-violated",
        presenting(E1),
        lambda b: _constrained_organisation(b, "Example"),
    ),
)
