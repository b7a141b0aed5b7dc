"""Faults about trust: lists without a root, chains without an intermediate, and CAs that must not sign."""

from __future__ import annotations

from collections.abc import Callable

from pkikit.fleet.made.broken import Broken, Fault, Which, in_tunnels, judging, pick, presenting
from pkikit.fleet.made.customer import DAY, Customer
from pkikit.fleet.made.workshop import Shown, key_of_machine, key_pair
from pkikit.issue.authority import Authority, ca_name
from pkikit.model.leg import Leg
from pkikit.rules.certificate_rules import KEY_TOO_SHORT, OID_UNSUPPORTED
from pkikit.rules.chain_rules import (
    BASIC_CONSTRAINTS_MISSING,
    CRITICAL_EXTENSION_UNKNOWN,
    NAME_CONSTRAINT_VIOLATED,
    NOT_A_CA,
    PATH_LENGTH_EXCEEDED,
)
from pkikit.rules.rule import Rule
from pkikit.rules.trust_rules import INTERMEDIATE_MISSING, ISSUER_UNKNOWN, SELF_SIGNED_LEAF

_ODD_ATTRIBUTE, _ODD_EXTENSION = "1.3.6.1.4.1.55555.2", "1.3.6.1.4.1.55555.1"  # of nobody


def _stranger(made: Customer) -> Broken | None:
    machine = pick(made, presenting)
    if machine is None:
        return None
    made.change(machine, issuer=made.new_authority("Stranger"))
    return Broken(machine=machine, cause=ISSUER_UNKNOWN, which=presenting(machine))


def _self_signed(made: Customer) -> Broken | None:
    machine = pick(made, presenting)
    if machine is None:
        return None
    made.change(machine, issuer=None)
    return Broken(machine=machine, cause=SELF_SIGNED_LEAF, which=presenting(machine))


def _list_replaced(made: Customer) -> Broken | None:
    machine = pick(made, judging)
    if machine is None:
        return None
    made.lists[machine] = (made.new_authority("Stranger").root,)
    return Broken(machine=machine, cause=ISSUER_UNKNOWN, which=judging(machine))


def _half_new_root(made: Customer) -> Broken | None:
    """Renew one machine below a new root that one of its partners does not have yet."""
    machine = pick(made, presenting)
    if machine is None:
        return None
    shows = presenting(machine)
    partners = [m for m in made.machines if m != machine]
    left_out = pick(made, lambda m: _both(shows, judging(m)), partners)
    if left_out is None:
        return None
    new = made.new_authority("Renewed")
    made.change(machine, issuer=new)
    made.trust((new.root, *new.intermediates), [m for m in made.lists if m != left_out])
    return Broken(machine=left_out, cause=ISSUER_UNKNOWN, which=_both(shows, judging(left_out)))


def _both(one: Which, other: Which) -> Which:
    def which(leg: Leg) -> bool:
        return one(leg) and other(leg)

    return which


def _intermediate_missing(made: Customer) -> Broken | None:
    """One machine sends its certificate alone; a server inside shows the CA between, so that it is known."""
    peers = made.shape.deployment.peers
    machine = pick(made, presenting, peers)
    inside = next((m for m in made.machines if m not in peers), None)
    if machine is None or inside is None:
        return None
    new = made.new_authority("Second")
    made.trust((new.root,))
    made.change(machine, issuer=new, alone=True)
    made.change(inside, issuer=new)
    return Broken(machine=machine, cause=INTERMEDIATE_MISSING, which=presenting(machine))


def _tunnel_lists(made: Customer) -> Broken | None:
    """Renew a peer below a new issuing CA of the same root: TLS gets it from the peer, an SSH tunnel does not."""
    machine = pick(made, in_tunnels, made.shape.deployment.peers)
    if machine is None:
        return None
    issuer = made.shown[machine, "cert.pem"].issuer
    root = next((a for a in made.signers if issuer is not None and a.certificate == issuer.root), None)
    if root is None:
        return None
    made.change(machine, issuer=_below(made, root, "New Issuing CA"))
    return Broken(machine=machine, cause=INTERMEDIATE_MISSING, which=in_tunnels(machine))


def _odd_subject(made: Customer) -> Broken | None:
    machine = pick(made, in_tunnels, made.shape.deployment.peers)
    if machine is None:
        return None
    made.change(machine, odd=_ODD_ATTRIBUTE)
    return Broken(machine=machine, cause=OID_UNSUPPORTED, which=in_tunnels(machine))


def _critical(made: Customer) -> Broken | None:
    machine = pick(made, presenting)
    if machine is None:
        return None
    made.change(machine, critical=_ODD_EXTENSION)
    return Broken(machine=machine, cause=CRITICAL_EXTENSION_UNKNOWN, which=presenting(machine))


def _short_key(made: Customer) -> Broken | None:
    """A machine's own TLS stack does not load such a key, so no verifier matters; a permissive link does not help."""
    if any(leg.permissive for leg in made.legs):
        return None

    def shows(machine: str) -> Which:
        return lambda leg: leg.server == machine or (leg.client == machine and leg.mutual)

    machine = pick(made, shows)
    if machine is None:
        return None
    made.change(machine, bits=1024)
    return Broken(machine=machine, cause=KEY_TOO_SHORT, which=shows(machine))


def _below(made: Customer, above: Authority, name: str, **properties: object) -> Authority:
    organisation = made.shape.deployment.name.capitalize()
    ends = made.at + made.choose.randrange(1000, 1200) * DAY
    full = ca_name(f"{organisation} {name}", organisation)
    below = made.works.below(above, full, made.at - 320 * DAY, ends, **properties)  # type: ignore[arg-type]
    made.signers.append(below)
    return below


def _from(issuer_of: Callable[[Customer, str], Authority], rule: Rule) -> Callable[[Customer], Broken | None]:
    """Return a fault whose machine has a certificate of another hierarchy, which every list has."""

    def make(made: Customer) -> Broken | None:
        machine = pick(made, presenting)
        if machine is None:
            return None
        issuer = issuer_of(made, machine)
        made.change(machine, issuer=issuer)
        made.trust((issuer.root, *issuer.intermediates))
        return Broken(machine=machine, cause=rule, which=presenting(machine))

    return make


def _second_root(made: Customer) -> Authority:
    return made.new_authority("Second", issuing=False)


def _no_constraints(made: Customer, machine: str) -> Authority:
    return _below(made, _second_root(made), "Old Issuing CA", constraints=False)


def _end_entity(made: Customer, machine: str) -> Authority:
    """Return a server that signs certificates, although it is not a CA."""
    root, number = _second_root(made), key_of_machine(made.choose.randrange(100))
    name = f"web.{machine.partition('.')[2]}"
    shown = Shown(common_name=name, names=(name,), issuer=root, key=number, begins=made.at - 320 * DAY,
                  ends=made.at + 900 * DAY)  # fmt: skip
    leaf = made.works.leaf(shown)[0]
    return Authority(certificate=leaf, key=key_pair(number), parents=(root.certificate,))


def _path_length(made: Customer, machine: str) -> Authority:
    upper = _below(made, _second_root(made), "Upper CA", path_length=0)
    return _below(made, upper, "Lower CA")


def _constrained(made: Customer, machine: str) -> Authority:
    return _below(made, _second_root(made), "Constrained CA", permitted="elsewhere.test")


TRUST_FAULTS = (
    Fault(name="issuer-unknown", says="A machine has a certificate of a CA that no list has.", make=_stranger),
    Fault(name="self-signed", says="A machine has a self-signed certificate.", make=_self_signed),
    Fault(name="list-replaced", says="The trusted CA list of a machine was replaced.", make=_list_replaced),
    Fault(name="new-root-not-everywhere", says="One list lacks the new root of another machine.", make=_half_new_root),
    Fault(name="intermediate-missing", says="A peer sends its certificate without the issuing CA.",
          make=_intermediate_missing),
    Fault(name="tunnels-after-renewal", says="A peer has a new issuing CA that the other side's list lacks.",
          make=_tunnel_lists),
    Fault(name="odd-attribute-in-the-subject", says="A peer's subject has an attribute that SSH cannot read.",
          make=_odd_subject),
    Fault(name="critical-extension-unknown", says="A certificate has a critical extension that nobody knows.",
          make=_critical),
    Fault(name="key-of-1024-bits", says="A machine has an RSA key of 1024 bits.", make=_short_key),
    Fault(name="ca-without-basic-constraints", says="The issuing CA has no BasicConstraints.",
          make=_from(_no_constraints, BASIC_CONSTRAINTS_MISSING)),
    Fault(name="issuer-is-not-a-ca", says="A server certificate signed another one.", make=_from(_end_entity, NOT_A_CA)),
    Fault(name="path-length-exceeded", says="A CA is below one that allows none below it.",
          make=_from(_path_length, PATH_LENGTH_EXCEEDED)),
    Fault(name="name-constraint-violated", says="The issuing CA may not sign for this domain.",
          make=_from(_constrained, NAME_CONSTRAINT_VIOLATED)),
)  # fmt: skip
