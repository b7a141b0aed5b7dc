"""The forms of the fixes: for each action its targets and parameters, only those that are valid, and what it costs.

Values in, values out; the panel makes fields of them, and `line` what one would type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pkikit.design.legs import legs_of
from pkikit.design.restarts import ESTIMATES
from pkikit.errors import InputError
from pkikit.model.certificates.facts import presented_names
from pkikit.model.deployment import Deployment
from pkikit.model.places import deployment_with
from pkikit.model.world import World
from pkikit.text import counted
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.short_names import ShortNames
from simulator.world import orders
from simulator.world.fault_context import FaultContext
from simulator.world.plan_settings import relaxed, settings_of
from simulator.world.remedies import ACME_CA, ANY_CA, FORMS, OF_PEERS, Action, targets

Options = tuple[tuple[str, str], ...]  # (label, value)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One parameter of a fix: a choice, several choices, or a text."""

    name: str
    label: str
    kind: Literal["one", "many", "text"] = "one"
    options: Options = ()
    value: Any = ""


GROUPS: tuple[tuple[str, tuple[Action, ...]], ...] = (
    ("Certificates", (Action.RENEW, Action.ORDER, Action.CHAIN)),
    ("Trusted CA lists", (Action.TRUST, Action.DISTRUST)),
    ("Settings and services", (Action.CONFIGURE, Action.SERVICE, Action.START, Action.CLOCK, Action.RESTART)),
    ("Network and DNS", (Action.PORTS, Action.NETWORK, Action.DNS, Action.AAAA, Action.CAA)),
    ("Revocation", (Action.REVOCATION, Action.LOAD_CRL, Action.RESPONDER, Action.SIGNER)),
    ("Files and ACME", (Action.LOAD, Action.ORDER_AGAIN, Action.DEPLOY, Action.WAIT)),
)
_SAME = ("as it is now", "")
_TEMPLATES = {
    "server+client": "serverAuth and clientAuth",
    "server-only": "serverAuth only",
    "client-only": "clientAuth only",
}
_CAS = {orders.LAB_CA: "the lab's private CA", orders.PUBLIC_CA: "a public CA", orders.SAME_CA: "the same CA"}
_KEYS = {"rsa-2048": "RSA 2048", "rsa-4096": "RSA 4096", "ecdsa": "ECDSA P-256"}
_FORMS = {
    "as-pem": "as PEM",
    "server-certificate-first": "with the server certificate first",
    "key-without-passphrase": "with a key without passphrase",
    "key-with-line-end": "with a line end after the key",
    "for-its-own-request": "the certificate for this peer's own request",
    "unchanged": "unchanged",
}
_ON_MACHINES = frozenset({Action.RENEW, Action.ORDER, Action.CHAIN, Action.CLOCK, Action.RESTART})


@dataclass(frozen=True)
class FixForms:
    """The forms for the world as it is now."""

    world: World
    context: FaultContext

    @property
    def deployment(self) -> Deployment:
        """The deployment as it is configured now."""
        return self.world.deployment

    @property
    def names(self) -> ShortNames:
        """Short names of its machines."""
        return ShortNames(legs_of(self.deployment))

    def targets(self, action: Action) -> Options:
        """Return what an action can be done to; empty if it needs nothing."""
        found = targets(action, self.deployment)
        if action is Action.CONFIGURE:
            return tuple((setting.label, name) for name, setting in settings_of(self.deployment).items())
        if action in {Action.CHAIN, Action.RENEW, Action.ORDER}:
            found = tuple(f for f in found if self.world.parties[f].credential is not None) or found
        return tuple((self._label(name), name) for name in found)

    def _label(self, name: str) -> str:
        short = self.names.short.get(name, name)
        return name if short == name else f"{short} ({name})"

    def asked(self, action: Action, target: str) -> tuple[Asked, ...]:
        """Return the parameters of an action on a target."""
        return tuple(self._asked(action, target))

    def _asked(self, action: Action, target: str) -> Iterator[Asked]:
        match action:
            case Action.RENEW | Action.CHAIN:
                yield from self._service(target)
            case Action.ORDER:
                yield from self._service(target)
                yield from self._order(target)
            case Action.TRUST | Action.DISTRUST:
                yield from self._list(action, target)
            case Action.PORTS:
                yield Asked(name="port", label="Port", options=_same(self._ports(target)), value="80")
            case Action.DNS:
                machines = tuple((self._label(f), f) for f in self.deployment.parties)
                yield Asked(name="hosts", label="Resolves to", kind="many", options=machines, value=())
            case Action.CAA:
                issuers = (("any CA (delete the record)", ANY_CA), (f"only {ACME_CA}", ACME_CA))
                yield Asked(name="ca", label="Which CA may issue", options=issuers, value=ANY_CA)
            case Action.LOAD:
                yield Asked(
                    name="form", label="Upload it", options=tuple((_FORMS[f], f) for f in FORMS), value=FORMS[0]
                )
            case Action.CONFIGURE if target:
                setting = settings_of(self.deployment)[target]
                if setting.choices:
                    options = _same(setting.choices)
                    yield Asked(name="value", label="New value", options=options, value=setting.value)
                else:
                    yield Asked(name="value", label="New value", kind="text", value=setting.value)
            case _:
                return

    def _service(self, target: str) -> Iterator[Asked]:
        services = orders.services_of(self.deployment, target) if target else ()
        if services:
            options = (("the certificate for everything", ""), *_same(services))
            yield Asked(name="service", label="Which certificate", options=options)

    def _order(self, target: str) -> Iterator[Asked]:
        credential = self.world.parties[target].credential
        held = sorted(presented_names(credential.leaf).dns_written) if credential is not None else []
        planned = (("the names that it has now", ""), ("the names of the plan", orders.PLANNED))
        yield Asked(name="names", label="Names", options=planned)
        yield Asked(name="added", label="Add names", kind="text")
        yield Asked(name="removed", label="Leave out a name", options=(("none", ""), *((n, f"-{n}") for n in held)))
        yield Asked(name="template", label="Purposes", options=(_SAME, *_turned(_TEMPLATES)))
        yield Asked(name="ca", label="Issued by", options=(_SAME, *_turned(_CAS)[:2]))
        yield Asked(name="key", label="Key", options=(_SAME, *_turned(_KEYS)))

    def _list(self, action: Action, target: str) -> Iterator[Asked]:
        lists = orders.lists_of(self.world, target)
        if lists:
            yield Asked(name="list", label="List", options=_same(lists), value=lists[0])
        if action is Action.TRUST:
            known = tuple(orders.known_cas(self.world, self.context))
        else:
            held = [c for name in lists or ("",) for c in orders.list_at(self.world, target, name)]
            known = tuple(orders.ca_names(dict.fromkeys(held)))
        options = tuple((name.replace("-", " ").title().replace(" Ca", " CA"), name) for name in known)
        yield Asked(name="ca", label="CA certificate", options=options, value=known[0] if known else None)

    def _ports(self, target: str) -> tuple[str, ...]:
        dialed = {leg.port for leg in legs_of(self.deployment) if leg.server == target}
        return tuple(map(str, sorted(dialed | {80, 443})))

    def before(self, action: Action, target: str, values: Mapping[str, Any], report: CheckReport) -> tuple[str, ...]:
        """Return the side effects that are certain before a fix is done."""
        short = self.names.short.get(target, target)
        if action is Action.CONFIGURE:
            return ("The connections of its zone or service are set up again.", *self._relaxed(target, values))
        if action in _ON_MACHINES | (OF_PEERS - {Action.WAIT}):
            lost = sum(leg.up for leg in report.legs if target in {leg.leg.client, leg.leg.server})
            if target in self.deployment.peers:
                gone = f"about {ESTIMATES['restart']} minutes without it"
                return (f"{short} restarts: {gone}, {counted(lost, 'working connection')} interrupted.",)
            return (f"The service of {short} restarts: {counted(lost, 'working connection')} interrupted.",)
        if action is Action.TRUST:
            return (f"No restart. {short} then trusts every certificate of this CA.",)
        return ("No restart.",)

    def _relaxed(self, target: str, values: Mapping[str, Any]) -> tuple[str, ...]:
        try:
            setting = settings_of(self.deployment)[target]
            changed = deployment_with(self.deployment, {setting.place: setting.parsed(str(values.get("value", "")))})
        except InputError:
            return ()
        return tuple(f"{sentence}." for sentence in relaxed(self.deployment, changed))


def line(action: Action, target: str, values: Mapping[str, Any]) -> str:
    """Return what one types for a form: `order e1.example.com planned-names`."""
    if action in {Action.TRUST, Action.DISTRUST}:
        words: Sequence[str] = (str(values.get("ca") or ""), target, str(values.get("list") or ""))
    else:
        words = (target, *(word for name, value in values.items() for word in _words(name, value)))
    return " ".join(part for part in (action.value, *words) if part)


def _words(name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        found = value.replace(",", " ").split() if name in {"added", "value", "port"} else [value]
    else:
        found = list(value or ())
    return [f"+{word.lstrip('+')}" if name == "added" else word for word in found if word]


def _same(values: Sequence[str]) -> Options:
    return tuple((value, value) for value in values)


def _turned(known: Mapping[str, str]) -> Options:
    return tuple((label, value) for value, label in known.items())
