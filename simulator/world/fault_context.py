"""What each fault does to a world. Nothing here decides that a connection fails; dialling shows that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, assert_never

from cryptography import x509

from pkikit.design.csr import fast_key, make_key
from pkikit.errors import InputError
from pkikit.issue.authority import Authority, ca_name, create_root
from pkikit.model.certificates.credential import Credential, PrivateKey
from pkikit.model.certificates.facts import ocsp_urls
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData
from pkikit.model.world import Failing, Party, World
from pkikit.values.names import printable
from pkikit.worlds.issued_world import ISSUING_CRL, OCSP_URL, ROOT_CRL, IssuedWorld, layout_of, profile_of
from simulator.world.craft import BOTH, CLIENT, DAY, SERVER, craft, signed
from simulator.world.faults import (
    Block,
    Ca,
    Caa,
    Clock,
    Delay,
    DiskFull,
    Dns,
    EkuChecking,
    Fault,
    Issuer,
    NetworkFault,
    NewKey,
    Partition,
    Point,
    Ptr,
    Reissue,
    Restart,
    Revoke,
    Source,
    Speak,
    StaleAaaa,
    Swap,
    Trust,
    Withdraw,
    parties_of,
)
from simulator.world.upgrade import require_two_stores

_PURPOSES = {"both": BOTH, "server": (SERVER,), "client": (CLIENT,), "any": None}


@dataclass(frozen=True)
class FaultContext:
    """What faults need: the lab's own CA and the instant. `rsa` says which keys the lab makes.

    made: further CAs by name. They stay, so that a later certificate can come from the same CA.
    """

    issued: IssuedWorld
    at: datetime
    rsa: bool = True
    made: dict[str, Authority] = field(default_factory=dict, compare=False, repr=False)

    def _kept(self, name: str, make: Callable[[], Authority]) -> Authority:
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    @property
    def stranger(self) -> Authority:
        """A CA that no party trusts yet: the new one of a company, or one that does not belong here."""
        return self._kept("stranger", lambda: self._two_levels("Acorn"))

    @property
    def public(self) -> Authority:
        """A public CA. Machines outside trust it; inside nobody does until somebody appends its root."""
        return self._kept("public", lambda: self._two_levels("Public"))

    def _two_levels(self, name: str) -> Authority:
        root = create_root(f"{name} Root CA", at=self.at - 400 * DAY, organisation=name)
        return root.intermediate(f"{name} Issuing CA", at=self.at - 400 * DAY, organisation=name)

    def authority_of(self, leaf: x509.Certificate) -> Authority | None:
        """Return the CA that issued a certificate, if the lab has its key."""
        known = (self.issued.authority, self.issued.root, *self.made.values())
        return next((ca for ca in known if signed(ca.certificate, leaf)), None)

    def new_key(self) -> PrivateKey:
        """Return a new key of the kind that the lab makes."""
        return make_key() if self.rsa else fast_key()

    def apply(self, faults: Iterable[Fault], world: World) -> World:
        """Return the world with these faults, applied one after the other."""
        for fault in faults:
            for fqdn in parties_of(fault):
                if fqdn not in world.parties:
                    raise InputError(
                        f"the fault {fault.fault} names {fqdn}, who is not a machine of {world.deployment.name}"
                    )
            world = self._apply(fault, world)
        return world

    def _apply(self, fault: Fault, world: World) -> World:
        match fault:
            case Reissue():
                return self._reissue(fault, world)
            case Trust():
                return self._trust(fault, world)
            case Clock(party=fqdn, hours=hours):
                return world.with_party(replace(world.parties[fqdn], clock_offset=timedelta(hours=hours)))
            case Swap(left=left, right=right, keys=keys):
                return _swap(world, left, right, keys=keys)
            case NewKey(party=fqdn):
                party = world.parties[fqdn]
                credential = _credential_of(party)
                return world.with_party(
                    replace(party, credential=Credential(chain=credential.chain, key=self.new_key()))
                )
            case Revoke():
                return self._revoke(fault, world)
            case Withdraw(party=fqdn):
                serial = _credential_of(world.parties[fqdn]).leaf.serial_number
                return replace(world, withdrawn=world.withdrawn | {serial})
            case Source():
                return self._source(fault, world)
            case Speak(party=fqdn, protocol=protocol):
                return world.with_party(replace(world.parties[fqdn], speaks=protocol))
            case EkuChecking(party=fqdn, mode=mode):
                cluster = world.deployment.cluster_of(fqdn)
                name = cluster.name if cluster is not None else fqdn
                return replace(world, eku_checking={**world.eku_checking, name: mode == "on"})
            case Restart(party=fqdn):
                party = world.parties[fqdn]
                return world.with_party(replace(party, boots=party.boots + 1))
            case _:
                return _network(fault, world)

    def _reissue(self, fault: Reissue, world: World) -> World:
        layout = layout_of(world.deployment, fault.party)
        names = fault.names if fault.names is not None else layout.dns_names
        # Each Expressway has the lab's intermediate, and would complete a leaf of it from its own list.
        alone = fault.by == "lab" and fault.send == "leaf" and fault.party in world.deployment.peers
        by: Issuer = "new-intermediate" if alone else fault.by
        issuer, trusted = self._issuer(by)
        subject = None
        if fault.subject_oid:
            odd = x509.NameAttribute(x509.ObjectIdentifier(fault.subject_oid), "x")
            subject = x509.Name([odd, *ca_name(layout.common_name)])
        properties: dict[str, Any] = {"chain": ()} if fault.send == "leaf" else {}
        if fault.by == "lab":
            properties["pointers"] = profile_of(world.deployment).pointers()
        credential = craft(
            tuple(n for n in names if n not in fault.without),
            issuer,
            at=self.at,
            common_name=layout.common_name,
            begins=timedelta(days=fault.begins_in_days),
            ends=timedelta(days=fault.ends_in_days),
            ekus=_PURPOSES[fault.purposes],
            key=_rsa_1024() if fault.key == "rsa-1024" else self.new_key(),
            subject=subject,
            can_sign=fault.by == "itself",
            usage=not fault.trusted_by,  # Unified CM's own allow everything
            **properties,
        )
        for fqdn in world.parties:
            party = world.parties[fqdn]
            below = issuer.intermediates if trusted and issuer is not None and fqdn in world.deployment.peers else ()
            world = world.with_party(party.trusting((*trusted, *below)) if trusted else party)
        for fqdn in fault.trusted_by:
            world = world.with_party(world.parties[fqdn].trusting((credential.leaf,)))
        if by == "new-intermediate" and issuer is not None:
            world = replace(world, authorities=(*world.authorities, issuer.certificate))
        party = world.parties[fault.party]
        if fault.port is not None:
            shown_on = world.deployment.group_of(fault.party).ports_beside(fault.port)
            services = {**party.services, **dict.fromkeys(shown_on, credential)}
            return world.with_party(replace(party, services=services))
        if fault.store == "both":
            return world.with_party(replace(party, credential=credential, services={}, client=None))
        require_two_stores(world.deployment)
        own = party.client or party.credential
        changed = {"client": credential} if fault.store == "client" else {"credential": credential, "client": own}
        return world.with_party(replace(party, **changed))

    def _trust(self, fault: Trust, world: World) -> World:
        party, added = world.parties[fault.party], (self.stranger.root,)
        if not fault.service:
            before = party if fault.change == "add-stranger" else replace(party, trusted_ca_list=(), lists={})
            return world.with_party(before.trusting(added))
        services = world.deployment.group_of(fault.party).certificates
        found = next((c for c in services if c.service == fault.service), None)
        if found is None:
            allowed = ", ".join(c.service for c in services) or "none"
            raise InputError(f"{fault.party} has no list for {printable(fault.service)!r}; it has lists for {allowed}")
        others = {p: party.as_server(p).trusted_ca_list for c in services if c is not found for p in c.ports}
        kept = party.as_server(found.ports[0]).trusted_ca_list if fault.change == "add-stranger" else ()
        listed = tuple(dict.fromkeys((*kept, *added)))
        if found is services[0]:  # its list is that of every port without one of its own
            return world.with_party(replace(party, trusted_ca_list=listed, lists=others))
        return world.with_party(replace(party, lists={**party.lists, **dict.fromkeys(found.ports, listed)}))

    def _issuer(self, by: Issuer) -> tuple[Authority | None, tuple[x509.Certificate, ...]]:
        """Return (the CA that signs, the roots that every party trusts in addition)."""
        match by:
            case "lab":
                return self.issued.authority, ()
            case "stranger":
                return self.stranger, ()
            case "itself":
                return None, ()
            case "new-intermediate":
                make = partial(self.issued.root.intermediate, "Lab Issuing CA 2", at=self.at, key=self.new_key())
                return self._kept(by, make), ()
            case "end-entity":
                return self._kept(by, self._web_server), ()
            case _:
                signer = self._kept(by, partial(self._second, by))
                return signer, (signer.root,)

    def _web_server(self) -> Authority:
        """Return a server that signs certificates, although it is no CA."""
        signer = craft(("web.example.com",), self.issued.authority, at=self.at, key=self.new_key())
        assert signer.key is not None  # `craft` always sets one
        parents = (self.issued.authority.certificate, *self.issued.authority.parents)
        return Authority(certificate=signer.leaf, key=signer.key, parents=parents)

    def _second(self, by: Issuer) -> Authority:
        """Return the issuing CA of a second hierarchy, with the fault that `by` names."""
        root = create_root("Second Root CA", at=self.at - 200 * DAY, key=self.new_key())
        middle = root.intermediate(
            "Second Issuing CA",
            at=self.at - 200 * DAY,
            key=self.new_key(),
            lifetime=timedelta(days=150 if by == "expired-intermediate" else 900),
            path_length=0,
            basic_constraints=by != "no-basic-constraints",
        )
        if by == "no-intermediate-below":
            middle = middle.intermediate("Third Issuing CA", at=self.at - 100 * DAY, key=self.new_key())
        return middle

    def _revoke(self, fault: Revoke, world: World) -> World:
        at = self.at - timedelta(days=fault.crl_age_days)
        serials = [_credential_of(world.parties[fault.party]).leaf.serial_number] if fault.party else []
        crls = {ISSUING_CRL: self.issued.authority.crl(serials, at=at), ROOT_CRL: self.issued.root.crl(at=at)}
        held = NOTHING_HELD.with_crls(CrlSource.MANUAL, crls.values())
        # The lists at the distribution points are newer and contradict these; replace them too.
        served = {url: NOTHING_HELD.with_crls(CrlSource.CDP, [crl]) for url, crl in crls.items()}
        world = replace(world, published={**world.published, **served})
        for peer in world.deployment.peers:
            world = world.with_party(replace(world.parties[peer], held=held))
        return world

    def _source(self, fault: Source, world: World) -> World:
        urls = (ISSUING_CRL, ROOT_CRL) if fault.of == "crl" else (OCSP_URL,)
        if fault.gives not in {"expired", "foreign"}:
            failing = dict.fromkeys(urls, Failing(fault.gives))
            return replace(world, failing={**world.failing, **failing})
        return replace(world, published={**world.published, **{u: self._false(fault, u, world) for u in urls}})

    def _false(self, fault: Source, url: str, world: World) -> RevocationData:
        """Return what the URL serves instead: a list or answer that is too old, or has an unauthorised signer."""
        authority = self.issued.root if url == ROOT_CRL else self.issued.authority
        at = self.at - timedelta(days=30) if fault.gives == "expired" else self.at
        if fault.of == "crl":
            signer = replace(authority, key=self.new_key()) if fault.gives == "foreign" else authority
            return NOTHING_HELD.with_crls(CrlSource.CDP, [signer.crl(sorted(world.withdrawn), at=at)])
        unauthorised = craft((), self.stranger, at=self.at, common_name="Nobody's responder")
        assert unauthorised.key is not None  # `craft` always sets one
        by = (unauthorised.leaf, unauthorised.key) if fault.gives == "foreign" else None
        asked = [c for c in world.known_certificates if OCSP_URL in ocsp_urls(c)]
        return NOTHING_HELD.with_answers(authority.ocsp_answer(c, at=at, signer=by) for c in asked)


def _network(fault: NetworkFault, world: World) -> World:
    match fault:
        case Dns(names=names):
            return replace(world, unresolved=world.unresolved | {n.lower() for n in names})
        case Point(name=name, to=to):
            return replace(world, points={**world.points, name: to})
        case Caa(name=name, authority=authority):
            return replace(world, caa={**world.caa, name: authority})
        case Block(party=fqdn, port=port):
            return replace(world, blocked=world.blocked | {(fqdn, port)})
        case Partition(between=these, and_=those):
            pairs = {frozenset((a, b)) for a in these for b in those if a != b}
            return replace(world, cut=world.cut | pairs)
        case Delay(party=fqdn, seconds=seconds):
            return replace(world, delays={**world.delays, fqdn: seconds})
        case StaleAaaa(name=name):
            return replace(world, stale=world.stale | {name})
        case Ptr(party=fqdn, to=name):
            return replace(world, reverse={**world.reverse, fqdn: name or ""})
        case DiskFull(party=fqdn):
            return replace(world, full=world.full | {fqdn})
        case Ca(does=does):
            return replace(world, ca=world.ca | {does})
        case _:
            assert_never(fault)


def _credential_of(party: Party) -> Credential:
    if party.credential is None:
        raise InputError(f"{party.fqdn} has no certificate of its own")
    return party.credential


def _swap(world: World, left: str, right: str, *, keys: bool) -> World:
    a, b = (_credential_of(world.parties[fqdn]) for fqdn in (left, right))
    for fqdn, own, other in ((left, a, b), (right, b, a)):
        carried = other if keys else Credential(chain=other.chain, key=own.key)
        world = world.with_party(replace(world.parties[fqdn], credential=carried))
    return world


def _rsa_1024() -> PrivateKey:
    return make_key(1024)
