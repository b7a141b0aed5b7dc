"""What an administrator can do about a case of the clinic: actions with parameters. Each is real work on the running world.

A remedy does not undo a fault, and none of them makes everything right: `renew` keeps names, purposes and CA, `order` changes
what one asks for. Only the connections show whether it helps.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from pkikit.design.restarts import ORDER_ADVICE
from pkikit.errors import InputError
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Side
from pkikit.model.tables import ports
from pkikit.model.world import Speaks, World
from pkikit.rules.trust_rules import TRUST_LIST_CHANGE
from pkikit.values.names import printable
from simulator.world import network_work, orders
from simulator.world.fault_context import FaultContext
from simulator.world.plan_settings import setting_named, settings_of


class Action(enum.StrEnum):
    """The kinds of work. The first word of what one types; a target and further words follow."""

    RENEW = "renew"
    ORDER = "order"
    CHAIN = "send-chain"
    TRUST = "append-ca"
    DISTRUST = "remove-ca"
    CLOCK = "set-clock"
    SERVICE = "fix-tls"
    START = "start-service"
    PORTS = "open-port"
    NETWORK = "restore-path"
    DNS = "set-dns"
    AAAA = "remove-aaaa"
    CAA = "set-caa"
    REVOCATION = "publish-crl"
    LOAD_CRL = "load-crl"
    RESPONDER = "restart-responder"
    SIGNER = "renew-responder"
    CONFIGURE = "set"
    LOAD = "upload"
    WAIT = "wait-for-ca"
    ORDER_AGAIN = "order-acme"
    DEPLOY = "deploy"
    RESTART = "restart"


TOLD: dict[Action, str] = {
    Action.RENEW: "renew the certificate: same names, purposes and CA; new key and new dates; install it and restart. "
    f"{ORDER_ADVICE}",
    Action.ORDER: "order a certificate with other names, template, CA or key; install it with its chain and restart",
    Action.CHAIN: "install the certificate together with its intermediate certificates, and restart",
    Action.TRUST: f"append a CA certificate to the trusted CA list of a machine. {TRUST_LIST_CHANGE}",
    Action.DISTRUST: "remove a CA certificate from the trusted CA list of a machine",
    Action.CLOCK: "set the clock right (NTP), and restart",
    Action.SERVICE: "enable TLS 1.2 and 1.3 with normal cipher suites",
    Action.START: "start the service that listens on the machine's ports",
    Action.PORTS: "open a port of the machine in the firewall",
    Action.NETWORK: "restore the network path to the machine",
    Action.DNS: "set the DNS record of a name: the machines it leads to",
    Action.AAAA: "delete the IPv6 address (AAAA record) of a name",
    Action.CAA: "set the CAA record of a name: which CA may issue for it (any: delete the record)",
    Action.REVOCATION: "sign new CRLs and publish them; what is revoked stays revoked",
    Action.LOAD_CRL: "load the newest CRLs on a machine",
    Action.RESPONDER: "restart the OCSP responder",
    Action.SIGNER: "give the OCSP responder a signing certificate of the CA, and restart it",
    Action.CONFIGURE: "change a setting; its zone or service restarts with it",
    Action.LOAD: "upload the certificate file again, in another form",
    Action.WAIT: "wait until the CA takes another order",
    Action.ORDER_AGAIN: "order the certificate by ACME once more, and deploy what comes",
    Action.DEPLOY: "deploy the pending ACME certificate",
    Action.RESTART: "restart the machine",
}
# Older names that mean the same work. Those that did more than one thing are gone.
_ALIASES = {
    "renew-certificate": Action.RENEW,
    "mend-service": Action.SERVICE,
    "open-ports": Action.PORTS,
    "mend-network": Action.NETWORK,
    "mend-dns": Action.DNS,
    "mend-caa": Action.CAA,
    "publish-revocation": Action.REVOCATION,
    "configure": Action.CONFIGURE,
    "load-again": Action.LOAD,
    "wait-for-the-ca": Action.WAIT,
    "order-again": Action.ORDER_AGAIN,
}
FORMS = (
    "as-pem",
    "server-certificate-first",
    "key-without-passphrase",
    "key-with-line-end",
    "for-its-own-request",
    "unchanged",
)
ANY_CA, ACME_CA = "any", "acme.lab.example"  # the lab's ACME CA calls itself that in CAA records
OF_PEERS = frozenset({Action.LOAD, Action.WAIT, Action.ORDER_AGAIN, Action.DEPLOY})
# A Unified CM has a certificate and a list for each service; all others have one.
_OF_LAB = frozenset({Action.REVOCATION, Action.RESPONDER, Action.SIGNER})
_OF_NAMES = frozenset({Action.DNS, Action.AAAA, Action.CAA})
_OF_CERTIFICATES = frozenset({Action.RENEW, Action.ORDER, Action.CHAIN})
_OF_LISTS = frozenset({Action.TRUST, Action.DISTRUST})


@dataclass(frozen=True)
class Remedy:
    """One action on one target; `words` are its parameters, in the form in which one types them."""

    action: Action
    target: str = ""
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        order = (
            (*self.words[:1], self.target, *self.words[1:]) if self.action in _OF_LISTS else (self.target, *self.words)
        )
        return " ".join(word for word in (self.action.value, *order) if word)


def action_named(said: str) -> Action:
    """Return an action by its name.

    Raises:
        InputError: there is no such action; the message names a close one, and all of them.
    """
    wanted = said.strip().lower()
    if wanted in _ALIASES:
        return _ALIASES[wanted]
    try:
        return Action(wanted)
    except ValueError:
        near = difflib.get_close_matches(wanted, list(Action), n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise InputError(f"there is no fix {printable(said)!r}.{meant} There are {', '.join(Action)}") from None


def remedy_of(action: object, target: object, deployment: Deployment, world: World | None = None) -> Remedy:
    """Return the remedy that a person asked for.

    Args:
        action: the action, or the whole line: `append-ca lab-root-ca c1`.
        target: the target with further words; empty if the line has them.
        deployment: the deployment: its machines, names and settings.
        world: the world as it is; without it, services and lists are not checked.

    Returns:
        The remedy, with full names.

    Raises:
        InputError: the action, the target or a parameter is unknown; the sentence lists what is allowed.
    """
    first, *words = f"{action} {target}".split() or [""]
    chosen = action_named(first)
    if chosen in _OF_LAB:
        return Remedy(chosen)
    if not words:
        raise InputError(f"{chosen} needs a target: {', '.join(_short(targets(chosen, deployment), deployment))}")
    if chosen in _OF_LISTS:
        return _list_remedy(chosen, words, deployment, world)
    if chosen is Action.CONFIGURE:
        setting = setting_named(deployment, words[0])
        if len(words) == 1:
            values = f": {', '.join(setting.choices)}" if setting.choices else ""
            raise InputError(f"set {setting.name} needs a value{values}")
        setting.parsed(" ".join(words[1:]))
        return Remedy(chosen, setting.name, tuple(words[1:]))
    allowed = targets(chosen, deployment)
    if chosen in _OF_CERTIFICATES:  # the machine may come last
        words.sort(key=lambda word: not any(word.lower() in {fqdn, fqdn.partition(".")[0]} for fqdn in allowed))
    found = one_of(words[0], allowed, str(chosen))
    return Remedy(chosen, found, _checked(chosen, found, words[1:], deployment, world))


def _list_remedy(chosen: Action, words: list[str], deployment: Deployment, world: World | None) -> Remedy:
    """Read `append-ca CA MACHINE [LIST]`; the machine may come first."""
    if len(words) < 2:
        raise InputError(
            f"{chosen} needs a CA and a machine: {chosen} lab-root-ca {deployment.peers[0].partition('.')[0]}"
        )
    allowed = targets(chosen, deployment)
    if any(words[0].lower() in {fqdn, fqdn.partition(".")[0]} for fqdn in allowed):
        words = [words[1], words[0], *words[2:]]
    machine = one_of(words[1], allowed, str(chosen))
    lists = orders.lists_of(world, machine) if world is not None else ()
    if lists and len(words) < 3:
        raise InputError(f"{machine} has several lists; add one of {', '.join(lists)}")
    named = (one_of(words[2], lists, machine),) if lists else ()
    return Remedy(chosen, machine, (words[0].lower(), *named))


def one_of(said: str, allowed: tuple[str, ...], what: str) -> str:
    """Return the allowed word that a person means: the word itself, or its first labels if no other begins with them.

    Raises:
        InputError: no word matches, or several do; the sentence lists what is allowed.
    """
    if not allowed:
        raise InputError(f"{what}: {printable(said)!r} is too much; nothing more is expected.")
    wanted = said.strip().lower()
    exact = next((word for word in allowed if word.lower() == wanted), None)
    if exact is not None:
        return exact
    begun = [word for word in allowed if wanted and word.lower().startswith(f"{wanted}.")]
    if len(begun) == 1:
        return begun[0]
    near = begun or difflib.get_close_matches(wanted, allowed, n=3)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    raise InputError(f"{what}: {printable(said)!r} is not one of {', '.join(allowed)}.{meant}")


def _short(allowed: tuple[str, ...], deployment: Deployment) -> list[str]:
    """Return machines by their first label, where that is enough; every other word as it is."""
    labels = [word.partition(".")[0] for word in allowed]
    machines = set(deployment.parties)
    return [
        label if word in machines and labels.count(label) == 1 else word
        for word, label in zip(allowed, labels, strict=True)
    ]


def _checked(
    action: Action, target: str, words: list[str], deployment: Deployment, world: World | None
) -> tuple[str, ...]:
    """Return the further words with full names."""
    match action:
        case _ if action in _OF_CERTIFICATES:
            services = orders.services_of(deployment, target)
            fixed = (*orders.TEMPLATES, *orders.CAS, orders.PLANNED, *orders.KEYS) if action is Action.ORDER else ()
            return tuple(
                w if action is Action.ORDER and w[0] in "+-" else one_of(w, (*fixed, *services), str(action))
                for w in words
            )
        case Action.PORTS:
            if len(words) != 1 or not words[0].isdecimal() or not 0 < int(words[0]) < 65536:
                raise InputError(f"{action} {target} needs one port number, such as {ports.SIP_TLS}")
            return (str(int(words[0])),)
        case Action.DNS:
            machines = [w for word in words for w in word.split(",") if w]
            if not machines:
                raise InputError(
                    f"{action} {target} needs the machines that it leads to: {', '.join(deployment.peers)}"
                )
            return tuple(one_of(w, deployment.parties, str(action)) for w in machines)
        case Action.CAA:
            return (words[0].lower(),) if words else (ANY_CA,)
        case Action.LOAD:
            return (one_of(words[0] if words else "", FORMS, str(action)),)
        case _:
            return ()


def targets(action: Action, deployment: Deployment) -> tuple[str, ...]:
    """Return the targets that an action allows."""
    if action in OF_PEERS or action in {Action.LOAD_CRL, Action.RESTART}:
        return tuple(deployment.peers)
    if action in _OF_NAMES:
        return _names(deployment)
    if action in _OF_LAB:
        return ()
    if action in _OF_LISTS:  # machines outside that have no certificate have a list, too
        return tuple(dict.fromkeys((*deployment.parties, *(n for group in deployment.groups for n in group.members))))
    return tuple(settings_of(deployment)) if action is Action.CONFIGURE else tuple(deployment.parties)


def _names(deployment: Deployment) -> tuple[str, ...]:
    """Return hosts, clusters, domains, SRV records of the registration domains, and other names that lead to Expressway-E."""
    clusters = [c.fqdn for c in deployment.clusters if c.fqdn]
    registration = list(deployment.domains.registration)
    records = [f"_collab-edge._tls.{domain}" for domain in registration] if deployment.mra else []
    on_edge = [w.name for group in deployment.groups for w in group.wants if w.side is Side.EDGE]
    return tuple(dict.fromkeys([*deployment.parties, *clusters, *registration, *records, *on_edge]))


def apply_remedy(remedy: Remedy, world: World, context: FaultContext) -> World:
    """Return the world after the remedy.

    It does not change for remedies that need a peer's pages (OF_PEERS) or another deployment (CONFIGURE).

    Raises:
        InputError: the work cannot be done, as when the CA does not answer.
    """
    work = _WORK.get(remedy.action)
    return world if work is None else work(world, remedy, context)


def _place(world: World, remedy: Remedy) -> orders.Place:
    services = orders.services_of(world.deployment, remedy.target)
    return orders.Place(fqdn=remedy.target, service=next((w for w in remedy.words if w in services), ""))


def _change_list(world: World, remedy: Remedy, context: FaultContext) -> World:
    name, listed = (remedy.words[1] if len(remedy.words) > 1 else ""), remedy.words[0]
    held = orders.list_at(world, remedy.target, name)
    appends = remedy.action is Action.TRUST
    known = orders.known_cas(world, context) if appends else orders.ca_names(held)
    found = known[one_of(listed, tuple(known), "CA")]
    kept = tuple(c for c in held if c != found)
    return orders.with_listed(world, remedy.target, name, (*held, found) if appends and found not in held else kept)


def _with_party(**fields: object) -> Callable[[World, Remedy, FaultContext], World]:
    def work(world: World, remedy: Remedy, _: FaultContext) -> World:
        return world.with_party(replace(world.parties[remedy.target], **fields))  # type: ignore[arg-type]

    return work


def _service(world: World, remedy: Remedy, _: FaultContext) -> World:
    party = world.parties[remedy.target]
    starts = remedy.action is Action.START
    if (party.speaks is Speaks.NOTHING) is not starts:
        return world
    return world.with_party(replace(party, speaks=Speaks.TLS))


_WORK: Mapping[Action, Callable[[World, Remedy, FaultContext], World]] = {
    Action.RENEW: lambda w, r, c: orders.renewed(w, _place(w, r), c),
    Action.ORDER: lambda w, r, c: orders.ordered(w, _place(w, r), r.words, c),
    Action.CHAIN: lambda w, r, c: orders.with_chain(w, _place(w, r), c),
    Action.TRUST: _change_list,
    Action.DISTRUST: _change_list,
    Action.CLOCK: _with_party(clock_offset=timedelta(0)),
    Action.SERVICE: _service,
    Action.START: _service,
    Action.PORTS: lambda w, r, _: replace(w, blocked=w.blocked - {(r.target, int(r.words[0]))}),
    Action.NETWORK: lambda w, r, _: network_work.path_restored(w, r.target),
    Action.DNS: lambda w, r, _: network_work.dns_set(w, r.target, r.words),
    Action.AAAA: lambda w, r, _: replace(w, stale=w.stale - {r.target}),
    Action.CAA: lambda w, r, _: network_work.caa_set(w, r.target, "" if r.words[0] == ANY_CA else r.words[0]),
    Action.REVOCATION: lambda w, _, c: network_work.crls_published(w, c),
    Action.LOAD_CRL: lambda w, r, c: network_work.crls_loaded(w, r.target, c),
    Action.RESPONDER: lambda w, _, __: network_work.responder_restarted(w),
    Action.SIGNER: lambda w, _, __: network_work.responder_renewed(w),
    Action.RESTART: lambda w, r, _: w.with_party(replace(w.parties[r.target], boots=w.parties[r.target].boots + 1)),
}
