"""Worlds that are mutations of a valid one. Each broken case names the legs that fail, the rule that says why, and a near
miss: a world that looks alike and in which everything comes up."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pkikit.design.csr import fast_key, make_key
from pkikit.issue.authority import Authority, Profile, ca_name, create_root
from pkikit.model.certificates.credential import Credential, PrivateKey
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.leg import Leg
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData
from simulator.world.forge import BOTH, CLIENT, DAY, SERVER, forge
from simulator.world.issued_world import IssuedWorld, issue_world, layout_of

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DEPLOYMENTS = Path(__file__).parents[2] / "notebooks" / "deployments"
C1, C2 = "c1.corp.example.com", "c2.corp.example.com"
E1, E2 = "e1.example.com", "e2.example.com"
CLUSTER_C, CLUSTER_E = "cluster-c.corp.example.com", "cluster-e.example.com"
UCM1, PARTNER, JABBER = "ucm1.corp.example.com", "sip.partner.example.net", "jabber.example.com"
PROFILE = "secure.profiles.corp.example.com"


@cache
def deployment(name: str = "clustered-mra") -> Deployment:
    from pkikit.files import load_deployment

    return load_deployment(DEPLOYMENTS / f"{name}.yaml")


@cache
def issued(name: str = "clustered-mra") -> IssuedWorld:
    return issue_world(deployment(name), at=AT - DAY, rsa=False)


def changed(name: str = "clustered-mra", **paths: Any) -> Deployment:
    """A deployment with some values replaced: `changed(zones__0__tls_verify_subject_name="x.example.com")`."""
    data = deployment(name).model_dump(mode="json")
    for path, value in paths.items():
        *parents, last = path.split("__")
        node: Any = data
        for part in parents:
            node = node[int(part)] if part.isdigit() else node[part]
        node[int(last) if last.isdigit() else last] = value
    return deployment_from(data)


def of_size(peers: int) -> Deployment:
    """clustered-mra with that many peers in each cluster."""
    data = deployment().model_dump(mode="json")
    for cluster, letter, domain in (
        (data["clusters"][0], "c", "corp.example.com"),
        (data["clusters"][1], "e", "example.com"),
    ):
        cluster["peers"] = [f"{letter}{n}.{domain}" for n in range(1, peers + 1)]
    data["zones"][0]["peer_addresses"] = data["clusters"][1]["peers"]
    return deployment_from(data)


class Bench:
    """The valid world and the tools to change it; one method a kind of change."""

    def __init__(self, name: str = "clustered-mra") -> None:
        self.world = issued(name).world
        self.authority, self.root = issued(name).authority, issued(name).root

    def layout(self, fqdn: str) -> tuple[str, ...]:
        return layout_of(self.world.deployment, fqdn).dns_names

    def give(self, fqdn: str, credential: Credential) -> Bench:
        self.world = self.world.with_party(replace(self.world.parties[fqdn], credential=credential, services={}))
        return self

    def reissue(
        self, fqdn: str, *, without: tuple[str, ...] = (), by: Authority | None = None, **properties: Any
    ) -> Bench:
        names = tuple(n for n in properties.pop("names", self.layout(fqdn)) if n not in without)
        properties.setdefault("common_name", layout_of(self.world.deployment, fqdn).common_name)
        return self.give(fqdn, forge(names, by or self.authority, at=AT, **properties))

    def trust(self, certificates: tuple[x509.Certificate, ...], *parties: str, only: bool = False) -> Bench:
        for fqdn in parties or tuple(self.world.parties):
            party = self.world.parties[fqdn]
            before = () if only else party.trusted_ca_list
            self.world = self.world.with_party(replace(party, trusted_ca_list=(*before, *certificates)))
        return self

    def clock(self, fqdn: str, offset: timedelta) -> Bench:
        self.world = self.world.with_party(replace(self.world.parties[fqdn], clock_offset=offset))
        return self

    def deploy(self, **paths: Any) -> Bench:
        self.world = replace(self.world, deployment=changed(**paths))
        return self

    def swap(self, left: str, right: str, *, keys: bool) -> Bench:
        a, b = (self.world.parties[p].credential for p in (left, right))
        assert a is not None
        assert b is not None
        self.give(left, b if keys else Credential(chain=b.chain, key=a.key))
        return self.give(right, a if keys else Credential(chain=a.chain, key=b.key))


@cache
def stranger(name: str = "Stranger") -> Authority:
    root = create_root(f"{name} Root CA", at=AT - 400 * DAY, organisation=name)
    return root.intermediate(f"{name} Issuing CA", at=AT - 400 * DAY, organisation=name)


def shown(fqdn: str) -> Callable[[Leg], bool]:
    """Legs on which a certificate of that party is judged."""
    return lambda leg: (leg.server == fqdn and leg.client_verifies) or (leg.client == fqdn and leg.mutual)


def as_client(fqdn: str) -> Callable[[Leg], bool]:
    return lambda leg: leg.client == fqdn and leg.mutual


def as_server(fqdn: str) -> Callable[[Leg], bool]:
    return lambda leg: leg.server == fqdn and leg.client_verifies


def judging(fqdn: str) -> Callable[[Leg], bool]:
    """Legs on which that party judges another's certificate."""
    return lambda leg: (leg.client == fqdn and leg.client_verifies) or (leg.server == fqdn and leg.mutual)


def zone(*prefixes: str) -> Callable[[Leg], bool]:
    return lambda leg: leg.id.startswith(prefixes)


def looks_for(fqdn: str, name: str) -> Callable[[Leg], bool]:
    """Legs on which nothing but `name` is looked for in the certificate of `fqdn` (by some check)."""
    return lambda leg: any(check.any_of == (name,) for check in leg.presents(fqdn))


@dataclass(frozen=True)
class Case:
    """A broken world, the rule that says why on every affected leg, and its near miss."""

    id: str
    broken: Callable[[Bench], Bench]
    rule: str
    affected: Callable[[Leg], bool]
    near_miss: Callable[[Bench], Bench]
    also: tuple[str, ...] = ()  # further rules that speak on the affected legs


def _expired_root(bench: Bench, ends: timedelta) -> Bench:
    root = create_root("Old Root CA", at=AT - 4000 * DAY, lifetime=4000 * DAY + ends)
    middle = root.intermediate("Old Issuing CA", at=AT - 100 * DAY)
    return bench.reissue(E1, by=middle).trust((root.certificate,))


def _intermediate(bench: Bench, lifetime: timedelta) -> Bench:
    root = create_root("Second Root CA", at=AT - 100 * DAY)
    middle = root.intermediate("Second Issuing CA", at=AT - 50 * DAY, lifetime=lifetime)
    return bench.reissue(E1, by=middle).trust((root.certificate,))


def _cross_signed(bench: Bench, *, copy_first: bool) -> Bench:
    """The list has the root and its copy signed by a root that nobody has."""
    old = create_root("Very Old Root CA", at=AT - 400 * DAY)
    root = create_root("Seventh Root CA", at=AT - 100 * DAY)
    copy = old.intermediate("Seventh Root CA", at=AT - 100 * DAY, key=root.key, path_length=None)
    middle = root.intermediate("Seventh Issuing CA", at=AT - 50 * DAY)
    both = (copy.certificate, root.certificate)
    return bench.reissue(E1, by=middle).trust(both if copy_first else both[::-1])


def _rekeyed_intermediate(bench: Bench, *, right: bool) -> Bench:
    """What is sent behind the leaf has the issuer's name and, when `right`, its key."""
    root = create_root("Eighth Root CA", at=AT - 100 * DAY)
    signer, namesake = (root.intermediate("Eighth Issuing CA", at=AT - 50 * DAY) for _ in range(2))
    behind = (signer if right else namesake).certificate
    return bench.reissue(E1, by=signer, chain=(behind,)).trust((root.certificate,))


def _upper_only_sent(bench: Bench, *, in_list: bool) -> Bench:
    """The lower intermediate is in the list; the upper one is sent, and in the list as well when `in_list`."""
    root = create_root("Ninth Root CA", at=AT - 100 * DAY)
    upper = root.intermediate("Ninth Upper CA", at=AT - 50 * DAY, path_length=1)
    lower = upper.intermediate("Ninth Lower CA", at=AT - 40 * DAY)
    listed = (root.certificate, lower.certificate, *([upper.certificate] if in_list else []))
    return bench.reissue(E1, by=lower, chain=(upper.certificate,)).trust(listed)


def _namesake_root(bench: Bench, *, first: bool) -> Bench:
    """A certificate with the root's name and key that may not sign, before or behind the root."""
    root = create_root("Tenth Root CA", at=AT - 100 * DAY)
    made = forge((), None, at=AT, subject=ca_name("Tenth Root CA"), key=root.key, ca=True, ekus=None)
    both = (made.leaf, root.certificate)
    return bench.reissue(E1, by=root).trust(both if first else both[::-1])


def _renewed_root(bench: Bench) -> Bench:
    """A root that has ended before its renewed copy: one key, one name."""
    ended = create_root("Eleventh Root CA", at=AT - 4000 * DAY, lifetime=3900 * DAY)
    renewed = create_root("Eleventh Root CA", at=AT - 100 * DAY, key=ended.key)
    return bench.reissue(E1, by=renewed).trust((ended.certificate, renewed.certificate))


def _path_length(bench: Bench, allowed: int) -> Bench:
    root = create_root("Third Root CA", at=AT - 100 * DAY)
    upper = root.intermediate("Third Upper CA", at=AT - 50 * DAY, path_length=allowed)
    lower = upper.intermediate("Third Lower CA", at=AT - 40 * DAY)
    return bench.reissue(E1, by=lower).trust((root.certificate,))


def _name_constraints(bench: Bench, permitted: str) -> Bench:
    root = create_root("Fourth Root CA", at=AT - 100 * DAY)
    constraint = x509.NameConstraints(permitted_subtrees=[x509.DNSName(permitted)], excluded_subtrees=None)
    middle = root.intermediate("Fourth Issuing CA", at=AT - 50 * DAY, extra=[constraint])
    return bench.reissue(E1, by=middle).trust((root.certificate,))


def _constraints(bench: Bench, present: bool) -> Bench:
    root = create_root("Fifth Root CA", at=AT - 100 * DAY)
    middle = root.intermediate("Fifth Issuing CA", at=AT - 50 * DAY, basic_constraints=present)
    return bench.reissue(E1, by=middle).trust((root.certificate,))


def _usage_without_constraints(bench: Bench) -> Bench:
    """OpenSSL takes keyCertSign for CA:TRUE; the product does not."""
    root = create_root("Sixth Root CA", at=AT - 100 * DAY)
    made = forge((), root, at=AT, subject=ca_name("Sixth Issuing CA"), ca=None, can_sign=True, ekus=None)
    assert made.key is not None
    middle = Authority(certificate=made.leaf, key=made.key, parents=(root.certificate,))
    return bench.reissue(E1, by=middle).trust((root.certificate,))


def _end_entity_issuer(bench: Bench, *, usage: bool) -> Bench:
    made = forge(("web.example.com",), bench.authority, at=AT, ca=False, usage=usage)
    assert made.key is not None
    impostor = Authority(
        certificate=made.leaf, key=made.key, parents=(bench.authority.certificate, *bench.authority.parents)
    )
    return bench.reissue(E1, by=impostor)


def _wrong_key(bench: Bench, *, same_key: bool) -> Bench:
    """An authority of the issuing CA's name; the leaf gives no key identifier that would tell them apart."""
    authority = bench.authority
    twin = Authority(
        certificate=authority.certificate, key=authority.key if same_key else fast_key(), parents=authority.parents
    )
    return bench.reissue(E1, by=twin, identifiers=False)


def _eku_of_intermediate(bench: Bench, ekus: tuple[x509.ObjectIdentifier, ...]) -> Bench:
    root = create_root("Seventh Root CA", at=AT - 100 * DAY)
    middle = root.intermediate("Seventh Issuing CA", at=AT - 50 * DAY, extra=[x509.ExtendedKeyUsage(ekus)])
    return bench.reissue(E1, by=middle).trust((root.certificate,))


def _two_self_signed(bench: Bench, *, one_subject: bool) -> Bench:
    call_manager = forge((UCM1,), None, at=AT, subject=ca_name(UCM1, "CallManager"))
    tomcat = forge((UCM1,), None, at=AT, subject=ca_name(UCM1, "CallManager" if one_subject else "tomcat"))
    return bench.give(UCM1, tomcat).trust((call_manager.leaf, tomcat.leaf), C1, C2)


def _self_signed(bench: Bench, *, trusted: bool) -> Bench:
    made = forge(bench.layout(E1), None, at=AT)
    bench.give(E1, made)
    return bench.trust((made.leaf,)) if trusted else bench


def _new_root(bench: Bench, *, everywhere: bool) -> Bench:
    """E1 renewed under a new root; C1 still has only the old list."""
    new = stranger("Renewed")
    others = [p for p in bench.world.parties if everywhere or p != C1]
    return bench.reissue(E1, by=new).trust((new.root,), *others)


def _cross_signed_expired(bench: Bench) -> Bench:
    """The chain sent ends in an expired cross-certificate; the list holds the new root of that name itself."""
    old = create_root("Veteran Root CA", at=AT - 4000 * DAY, lifetime=3000 * DAY)
    key = fast_key()
    new = create_root("Fresh Root CA", at=AT - 100 * DAY, key=key)
    cross = old.intermediate("Fresh Root CA", at=AT - 3500 * DAY, key=key, lifetime=2500 * DAY, path_length=None)
    middle = new.intermediate("Fresh Issuing CA", at=AT - 50 * DAY)
    return bench.reissue(E1, by=middle, chain=(middle.certificate, cross.certificate)).trust((new.certificate,))


@cache
def _rsa_key() -> PrivateKey:
    return make_key()


def _rsa_1024(bench: Bench, bits: int) -> Bench:
    return bench.reissue(E1, key=rsa.generate_private_key(public_exponent=65537, key_size=bits))


UNKNOWN_EXTENSION = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")


def _odd_subject(oid: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.ObjectIdentifier(oid), "GB"), *ca_name(CLUSTER_E)])


def _constrained_addresses(bench: Bench, network: str) -> Bench:
    """The leaf has an address beside its names; its CA may sign only those of one network."""
    allowed = x509.NameConstraints([x509.IPAddress(ipaddress.ip_network(network))], None)
    root = create_root("Constraining Root CA", at=AT - 100 * DAY)
    middle = root.intermediate("Constrained Issuing CA", at=AT - 50 * DAY, extra=(allowed,))
    address = x509.IPAddress(ipaddress.ip_address("198.51.100.7"))
    return bench.reissue(E1, by=middle, general=(address,)).trust((root.certificate,))


def _constrained_organisation(bench: Bench, organisation: str) -> Bench:
    base = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]))
    root = create_root("Constraining Root CA", at=AT - 100 * DAY)
    middle = root.intermediate("Constrained Issuing CA", at=AT - 50 * DAY, extra=(x509.NameConstraints([base], None),))
    return bench.reissue(E1, by=middle, subject=ca_name("e1", "EXAMPLE")).trust((root.certificate,))


def by_peers(leg_filter: Callable[[Leg], bool], of: str) -> Callable[[Leg], bool]:
    """Legs of `leg_filter` on which an Expressway peer is the one that judges the certificate of `of`."""
    peers = deployment().peers

    def affected(leg: Leg) -> bool:
        return leg_filter(leg) and (
            (leg.server == of and leg.client_verifies and leg.client in peers)
            or (leg.client == of and leg.mutual and leg.server in peers)
        )

    return affected


RESPONDER, CDP = "http://ocsp.example.com/", "http://crl.example.com/stranger.crl"


def checked(
    bench: Bench,
    *,
    fallback: str = "not-revoked",
    revoked: tuple[int, ...] = (),
    age: timedelta = timedelta(0),
    signer: Authority | None = None,
    **settings: Any,
) -> Bench:
    """Revocation checking on, every peer has the CRLs of the lab's two CAs as manual upload; nothing is published."""
    bench.world = replace(bench.world, published={})
    bench.deploy(
        revocation__checking=True,
        revocation__fallback=fallback,
        **{f"revocation__{k}": v for k, v in settings.items()},
    )
    crls = [(signer or bench.authority).crl(revoked, at=AT - age), bench.root.crl(at=AT)]
    held = NOTHING_HELD.with_crls(CrlSource.MANUAL, crls)
    for peer in bench.world.deployment.peers:
        bench.world = bench.world.with_party(replace(bench.world.parties[peer], held=held))
    return bench


def publish(bench: Bench, url: str, data: RevocationData) -> Bench:
    bench.world = replace(bench.world, published={**bench.world.published, url: data})
    return bench


def serial_of(bench: Bench, fqdn: str) -> int:
    credential = bench.world.parties[fqdn].credential
    assert credential is not None
    return credential.leaf.serial_number


def _crl_from_a_cdp(bench: Bench, *, served: bool) -> Bench:
    """E1's certificate is from another CA, whose CRL only its distribution point has."""
    bench = checked(bench, fallback="revoked")
    other = _one_level("Elsewhere")
    bench.reissue(E1, by=other, pointers=Profile(crl_url=CDP).pointers()).trust((other.certificate,))
    return publish(bench, CDP, NOTHING_HELD.with_crls(CrlSource.CDP, [other.crl(at=AT)])) if served else bench


@cache
def _one_level(name: str) -> Authority:
    return create_root(f"{name} Root CA", at=AT - 400 * DAY, organisation=name)


def _ocsp(
    bench: Bench,
    *,
    good: bool = True,
    authorised: bool = True,
    answers: bool = True,
    fallback: str = "revoked",
    age: timedelta = timedelta(0),
) -> Bench:
    """E1 names a responder, whose answer a delegated signer of the CA signs; the CRL at hand says good."""
    bench = checked(bench, fallback=fallback, age=DAY)
    bench.reissue(E1, pointers=Profile(ocsp_url=RESPONDER).pointers())
    credential = bench.world.parties[E1].credential
    assert credential is not None
    purposes = (ExtendedKeyUsageOID.OCSP_SIGNING,) if authorised else BOTH
    signer = forge(("ocsp.example.com",), bench.authority, at=AT, ekus=purposes)
    assert signer.key is not None
    status = ocsp.OCSPCertStatus.GOOD if good else ocsp.OCSPCertStatus.REVOKED
    answer = bench.authority.ocsp_answer(credential.leaf, at=AT - age, status=status, signer=(signer.leaf, signer.key))
    return publish(bench, RESPONDER, NOTHING_HELD.with_answers([answer])) if answers else bench


def _same(bench: Bench) -> Bench:
    return bench


CASES: tuple[Case, ...] = (
    Case(
        "cluster-fqdn-missing-on-c",
        lambda b: b.reissue(C1, without=(CLUSTER_C,)),
        "names.cluster-fqdn-missing",
        zone(f"zone:uc-traversal:{C1}"),
        lambda b: b.reissue(E1, without=(CLUSTER_E,)),  # nobody on this deployment dials E by its cluster name
    ),
    Case(
        "cluster-fqdn-dialled-and-missing-on-e",
        lambda b: b.deploy(zones__0__peer_addresses=[CLUSTER_E]).reissue(E1, without=(CLUSTER_E,)),
        "names.cluster-fqdn-missing",
        lambda leg: leg.id.startswith("zone:uc-traversal") and leg.server == E1,
        lambda b: b.deploy(zones__0__peer_addresses=[CLUSTER_E]),
    ),
    Case(
        "peer-fqdn-missing-on-e",
        lambda b: b.reissue(E1, without=(E1,)),
        "names.peer-fqdn-missing",
        looks_for(E1, E1),
        lambda b: b.reissue(E1, common_name="anything.example.com"),  # the common name is not read beside a SAN
    ),
    Case(
        "peer-fqdn-missing-on-c",
        lambda b: b.reissue(C2, without=(C2,)),
        "names.peer-fqdn-missing",
        looks_for(C2, C2),
        lambda b: b.reissue(C2, names=[n.upper() for n in b.layout(C2)]),
    ),
    Case(
        "only-the-common-name-has-it",
        lambda b: b.reissue(C1, without=(CLUSTER_C,), common_name=CLUSTER_C),
        "names.cluster-fqdn-missing",
        zone(f"zone:uc-traversal:{C1}"),
        lambda b: b.reissue(PARTNER, names=(), common_name=PARTNER),  # no SAN at all: then the common name counts
    ),
    Case(
        "verify-subject-name-differs",
        lambda b: b.deploy(zones__0__tls_verify_subject_name="other.corp.example.com"),
        "names.reference-not-presented",
        zone("zone:uc-traversal:"),
        lambda b: b.deploy(zones__0__tls_verify_subject_name="CLUSTER-C.corp.example.com."),
    ),
    Case(
        "neighbour-presents-another-name",
        lambda b: b.reissue(PARTNER, names=("edge.partner.example.net",)),
        "names.reference-not-presented",
        shown(PARTNER),
        lambda b: b.reissue(PARTNER, names=(), uris=(f"sip:{PARTNER}",)),
    ),
    Case(
        "root-not-in-list",
        lambda b: b.reissue(E1, by=stranger()),
        "trust.issuer-unknown",
        shown(E1),
        lambda b: b.reissue(E1, by=stranger()).trust((stranger().root,)),
    ),
    Case(
        "root-not-in-list-and-only-the-leaf-sent",
        lambda b: b.reissue(E1, by=stranger(), chain=()),
        "trust.issuer-unknown",
        shown(E1),
        lambda b: b.reissue(E1, by=stranger(), chain=()).trust((stranger().root, *stranger().intermediates)),
    ),
    Case(
        "intermediate-neither-sent-nor-in-list",
        lambda b: b.reissue(E1, chain=()),
        "trust.intermediate-missing",
        shown(E1),
        lambda b: b.reissue(E1, chain=()).trust(b.authority.intermediates),
    ),
    Case(
        "intermediate-not-sent-by-neighbour",
        lambda b: b.reissue(PARTNER, chain=()),
        "trust.intermediate-missing",
        shown(PARTNER),
        lambda b: b.reissue(PARTNER, chain=()).trust(b.authority.intermediates, PARTNER),  # sent from its own list
    ),
    Case(
        "c-has-the-old-root",
        lambda b: _new_root(b, everywhere=False),
        "trust.issuer-unknown",
        lambda leg: judging(C1)(leg) and shown(E1)(leg),
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
        shown(E1),
        lambda b: _self_signed(b, trusted=True),
    ),
    Case(
        "call-manager-and-tomcat-with-one-subject",
        lambda b: _two_self_signed(b, one_subject=True),
        "trust.same-subject-ambiguous",
        shown(UCM1),
        lambda b: _two_self_signed(b, one_subject=False),
    ),
    Case(
        "issuer-of-that-name-with-another-key",
        lambda b: _wrong_key(b, same_key=False),
        "trust.chain-signature-invalid",
        shown(E1),
        lambda b: _wrong_key(b, same_key=True),
    ),
    Case(
        "key-usage-of-a-ca",
        lambda b: b.reissue(E1, can_sign=True, key=_rsa_key()),  # with ECDSA the server would not even begin
        "key.usage-unsuitable",
        shown(E1),
        lambda b: b.reissue(E1, usage=False),
    ),
    Case(
        "ca-without-basic-constraints",
        lambda b: _constraints(b, False),
        "ca.basic-constraints-missing",
        shown(E1),
        lambda b: _constraints(b, True),
    ),
    Case(
        "ca-with-key-usage-but-no-basic-constraints",
        _usage_without_constraints,
        "ca.basic-constraints-missing",
        shown(E1),
        lambda b: _constraints(b, True),
    ),
    Case(
        "end-entity-used-as-issuer",
        lambda b: _end_entity_issuer(b, usage=True),
        "ca.not-a-ca",
        shown(E1),
        lambda b: b.reissue(E1),
    ),
    Case(
        "end-entity-without-key-usage-used-as-issuer",
        lambda b: _end_entity_issuer(b, usage=False),
        "ca.not-a-ca",
        shown(E1),
        lambda b: b.reissue(E1),
    ),
    Case(
        "path-length-exceeded",
        lambda b: _path_length(b, 0),
        "ca.path-length-exceeded",
        shown(E1),
        lambda b: _path_length(b, 1),
    ),
    Case(
        "name-constraint-violated",
        lambda b: _name_constraints(b, "example.org"),
        "ca.name-constraint-violated",
        shown(E1),
        lambda b: _name_constraints(b, "example.com"),
    ),
    Case(
        "leaf-expired",
        lambda b: b.reissue(C1, ends=timedelta(seconds=-1)),
        "validity.expired",
        shown(C1),
        lambda b: b.reissue(C1, ends=timedelta(seconds=1)),
    ),
    Case(
        "leaf-not-yet-valid",
        lambda b: b.reissue(C1, begins=timedelta(seconds=1)),
        "validity.not-yet-valid",
        shown(C1),
        lambda b: b.reissue(C1, begins=timedelta(seconds=-1)),
    ),
    Case(
        "intermediate-expired",
        lambda b: _intermediate(b, 49 * DAY),
        "validity.expired",
        shown(E1),
        lambda b: _intermediate(b, 51 * DAY),
    ),
    Case(
        "root-expired",
        lambda b: _expired_root(b, -DAY),
        "validity.expired",
        shown(E1),
        _cross_signed_expired,
    ),
    Case(
        "clock-two-days-behind",
        lambda b: b.clock(E2, -2 * DAY),
        "validity.not-yet-valid",
        judging(E2),
        lambda b: b.clock(E2, timedelta(hours=-20)),
    ),
    Case(
        "server-auth-only-on-c",
        lambda b: b.reissue(C1, ekus=(SERVER,)),
        "eku.client-auth-missing",
        as_client(C1),
        lambda b: b.reissue(C1, ekus=None),
    ),
    Case(
        "server-auth-only-on-e",
        lambda b: b.reissue(E1, ekus=(SERVER,)),
        "eku.client-auth-missing",
        as_client(E1),
        lambda b: b.reissue(E1, ekus=(CLIENT, SERVER)),
    ),
    Case(
        "client-auth-only-on-e",
        lambda b: b.reissue(E1, ekus=(CLIENT,)),
        "eku.server-auth-missing",
        as_server(E1),
        lambda b: b.reissue(E1, ekus=BOTH),
    ),
    Case(
        "issuing-ca-limited-to-server-auth",
        lambda b: _eku_of_intermediate(b, (SERVER,)),
        "eku.client-auth-missing",
        as_client(E1),
        lambda b: _eku_of_intermediate(b, BOTH),
    ),
    Case(
        "cross-signed-copy-before-the-root",
        lambda b: _cross_signed(b, copy_first=True),
        "trust.cross-signed-copy",
        shown(E1),
        lambda b: _cross_signed(b, copy_first=False),
    ),
    Case(
        "intermediate-with-another-key",
        lambda b: _rekeyed_intermediate(b, right=False),
        "trust.chain-signature-invalid",
        shown(E1),
        lambda b: _rekeyed_intermediate(b, right=True),
    ),
    Case(
        "upper-intermediate-only-sent",
        lambda b: _upper_only_sent(b, in_list=False),
        "trust.intermediate-missing",
        shown(E1),
        lambda b: _upper_only_sent(b, in_list=True),
    ),
    Case(
        "namesake-of-the-root-that-may-not-sign",
        lambda b: _namesake_root(b, first=True),
        "ca.not-a-ca",
        shown(E1),
        lambda b: _namesake_root(b, first=False),
    ),
    Case(
        "peer-address-is-an-ip",
        lambda b: b.deploy(addresses={E1: "192.0.2.11"}, zones__0__peer_addresses=["192.0.2.11", E2]),
        "names.ip-address-used",
        lambda leg: leg.id.startswith("zone:uc-traversal") and leg.server == E1,
        lambda b: b.deploy(addresses={E1: "192.0.2.11"}),
    ),
    Case(
        "wildcard-from-the-web-team",
        lambda b: b.reissue(E1, names=("*.example.com", "example.com"), common_name="*.example.com"),
        "names.wildcard-unsupported",
        lambda leg: shown(E1)(leg) and not leg.id.startswith("mra:"),
        lambda b: b.reissue(E1, names=("*.example.com", *b.layout(E1))),
    ),
    Case(
        "certificates-and-keys-swapped-on-e",
        lambda b: b.swap(E1, E2, keys=True),
        "cluster.peer-certificate-swapped",
        lambda leg: looks_for(E1, E1)(leg) or looks_for(E2, E2)(leg),
        _same,
    ),
    Case(
        "certificates-and-keys-swapped-on-c",
        lambda b: b.swap(C1, C2, keys=True),
        "cluster.peer-certificate-swapped",
        zone("cluster:core:"),
        _same,
    ),
    Case(
        "certificates-swapped-without-keys",
        lambda b: b.swap(E1, E2, keys=False),
        "cluster.peer-certificate-swapped",
        lambda leg: (
            E1 in {leg.server, leg.client if leg.mutual else ""} or E2 in {leg.server, leg.client if leg.mutual else ""}
        ),
        lambda b: b.swap(E1, E2, keys=False).swap(E1, E2, keys=False),
        also=("key.mismatch",),
    ),
    Case(
        "request-discarded-before-the-answer",
        lambda b: b.give(E1, Credential(chain=b.world.parties[E1].credential.chain, key=fast_key())),  # type: ignore[union-attr]
        "key.mismatch",
        lambda leg: leg.server == E1 or (leg.client == E1 and leg.mutual),
        lambda b: b.reissue(E1),
    ),
    Case(
        "key-of-1024-bits",
        lambda b: _rsa_1024(b, 1024),
        "key.too-short",
        lambda leg: leg.server == E1 or (leg.client == E1 and leg.mutual),
        lambda b: _rsa_1024(b, 2048),
    ),
    Case(
        "registration-domain-missing",
        lambda b: b.reissue(E1, without=("example.com",)),
        "names.registration-domain-missing",
        lambda leg: leg.id.startswith("mra:") and leg.server == E1,
        lambda b: b.reissue(E1),
    ),
    Case(
        "collab-edge-looked-for-and-only-the-apex-there",
        lambda b: b.deploy(registration_domain_format="collab-edge-dns"),
        "names.collab-edge-missing",
        zone("mra:"),
        lambda b: b.deploy(registration_domain_format="collab-edge-dns").reissue(E1).reissue(E2),
    ),
    Case(
        "security-profile-missing",
        lambda b: b.reissue(C1, without=(PROFILE,)),
        "names.security-profile-missing",
        lambda leg: leg.id.startswith("ucm:") and C1 in {leg.client, leg.server},
        lambda b: b.reissue(C1),
    ),
    Case(
        "foreign-oid-in-the-subject-and-the-ssh-tunnel",
        lambda b: b.reissue(E1, subject=_odd_subject("1.3.6.1.4.1.55555.2")),
        "oid.unsupported",
        lambda leg: leg.id.startswith("zone:uc-traversal") and leg.server == E1,
        lambda b: b.reissue(E1, subject=_odd_subject("1.3.6.1.4.1.311.60.2.1.3")),
    ),
    Case(
        "critical-extension-that-nobody-knows",
        lambda b: b.reissue(E1, critical=(UNKNOWN_EXTENSION,)),
        "chain.critical-extension-unknown",
        shown(E1),
        lambda b: b.reissue(E1, pointers=(UNKNOWN_EXTENSION,)),
    ),
    Case(
        "issuing-ca-constrained-to-other-addresses",
        lambda b: _constrained_addresses(b, "192.0.2.0/24"),
        "ca.name-constraint-violated",
        shown(E1),
        lambda b: _constrained_addresses(b, "198.51.100.0/24"),
    ),
    Case(
        "issuing-ca-constrained-to-another-organisation",
        lambda b: _constrained_organisation(b, "Other"),
        "ca.name-constraint-violated",
        shown(E1),
        lambda b: _constrained_organisation(b, "Example"),
    ),
    Case(
        "revoked-in-the-crl",
        lambda b: checked(b, revoked=(serial_of(b, E1),)),
        "revocation.revoked",
        by_peers(shown(E1), E1),
        lambda b: checked(b, revoked=(serial_of(b, E1) + 1,)),
    ),
    Case(
        "revoked-but-nobody-checks",
        lambda b: checked(b, revoked=(serial_of(b, E1),)),
        "revocation.revoked",
        by_peers(shown(E1), E1),
        lambda b: checked(b, revoked=(serial_of(b, E1),)).deploy(revocation__checking=False),
    ),
    Case(
        "crl-expired",
        lambda b: checked(b, age=8 * DAY),
        "revocation.crl-expired",
        lambda leg: any(by_peers(shown(p), p)(leg) for p in deployment().parties),
        lambda b: checked(b, age=6 * DAY),
    ),
    Case(
        "crl-signed-by-another-key",
        lambda b: checked(b, fallback="revoked", signer=replace(b.authority, key=fast_key())),
        "revocation.crl-untrusted",
        lambda leg: any(by_peers(shown(p), p)(leg) for p in deployment().parties),
        lambda b: checked(b, fallback="not-revoked", signer=replace(b.authority, key=fast_key())),
    ),
    Case(
        "distribution-point-unreachable-and-fallback-revoked",
        lambda b: _crl_from_a_cdp(b, served=False),
        "revocation.crl-unavailable",
        by_peers(shown(E1), E1),
        lambda b: _crl_from_a_cdp(b, served=True),
    ),
    Case(
        "distribution-point-not-to-be-used",
        lambda b: _crl_from_a_cdp(b, served=True).deploy(
            revocation__checking=True, revocation__fallback="revoked", revocation__cdp_download=False
        ),
        "revocation.crl-unavailable",
        by_peers(shown(E1), E1),
        lambda b: _crl_from_a_cdp(b, served=False).deploy(
            revocation__checking=True, revocation__fallback="not-revoked"
        ),
    ),
    Case(
        "ocsp-says-revoked-and-the-older-crl-says-good",
        lambda b: _ocsp(b, good=False),
        "revocation.revoked",
        by_peers(shown(E1), E1),
        lambda b: _ocsp(b, good=True),
    ),
    Case(
        "ocsp-answer-signed-by-nobody-authorised",
        lambda b: _ocsp(b, authorised=False),
        "revocation.ocsp-untrusted",
        by_peers(shown(E1), E1),
        lambda b: _ocsp(b, authorised=False, fallback="not-revoked"),
    ),
    Case(
        "ocsp-responder-silent-and-fallback-revoked",
        lambda b: _ocsp(b, answers=False),
        "revocation.ocsp-unavailable",
        by_peers(shown(E1), E1),
        lambda b: _ocsp(b, answers=False, fallback="not-revoked"),
    ),
    Case(
        "ocsp-answer-stale",
        lambda b: _ocsp(b, age=2 * DAY),
        "revocation.ocsp-unavailable",
        by_peers(shown(E1), E1),
        lambda b: _ocsp(b, age=timedelta(hours=23)),
    ),
)

GOOD: dict[str, Callable[[Bench], Bench]] = {
    "as-issued": _same,
    "chain-in-the-wrong-order-with-the-root": lambda b: b.reissue(
        E1, chain=(b.authority.root, *b.authority.intermediates)
    ),
    "an-unrelated-certificate-in-the-chain": lambda b: b.reissue(
        E1, chain=(stranger().certificate, *b.authority.intermediates)
    ),
    "neighbour-not-verified": lambda b: b.deploy(zones__1__tls_verify=False).reissue(PARTNER, by=stranger("Nobody")),
    "permissive-cluster": lambda b: b.deploy(clusters__0__cluster_tls="permissive").reissue(C1, without=(C1,)),
    "renewed-root-beside-its-expired-copy": _renewed_root,
    "peer-address-is-an-ip-that-the-certificate-holds": lambda b: b.deploy(
        addresses={E1: "192.0.2.11"}, zones__0__peer_addresses=["192.0.2.11", E2]
    ).reissue(E1, general=(x509.IPAddress(ipaddress.ip_address("192.0.2.11")),)),
    "self-signed-root-twice-in-the-list": lambda b: b.trust((b.authority.root, b.authority.root)),
}
