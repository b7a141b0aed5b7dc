"""Where a step is done, and what it is called: titles, menu paths, and what to do on the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.model.certificates.facts import presented_names, title
from pkikit.model.parties import PartyGroup, PartyKind
from pkikit.model.tables import product_pages as pages
from pkikit.planning.difference.step_owners import DNS_OWNER
from pkikit.planning.plan import Plan, Prediction
from pkikit.planning.step_words.setting_changes import row_of, setting_sentence, setting_title
from pkikit.planning.step_words.step_file import NOTHING_REPLACED, Replaced, step_file_name, step_key_name
from pkikit.planning.steps import Action, Step
from pkikit.text import counted, listed, printable
from pkikit.view.short_names import ShortNames

OS_CERTIFICATES = "Cisco Unified OS Administration > Security > Certificate Management"
SERVICES = {"tomcat": "Cisco Tomcat", "CallManager": "Cisco CallManager", "cup-xmpp": "Cisco XCP Router"}
"""What restarts for a new certificate, by the certificate's name."""
_UC = {PartyKind.UNIFIED_CM, PartyKind.IM_PRESENCE, PartyKind.UNITY_CONNECTION}
_MOST_NAMES = 30


@dataclass(frozen=True, kw_only=True)
class Around:
    """A step at its place in a plan.

    Attributes:
        plan: the plan.
        number: of the step, from 1.
        names: short names of all machines, before and after the change.
        replaced: what the plan has in place of real certificates.
    """

    plan: Plan
    number: int
    names: ShortNames
    replaced: Replaced = NOTHING_REPLACED

    @property
    def step(self) -> Step:
        """The step."""
        return self.plan.change.by_key[self.plan.order[self.number - 1]]

    @property
    def earlier(self) -> Prediction:
        """The state before it."""
        return self.plan.predictions[self.number - 1]

    @property
    def later(self) -> Prediction:
        """The state after it."""
        return self.plan.predictions[self.number]

    @cached_property
    def fqdn(self) -> str:
        """The machine's name when the step begins: it may have been renamed."""
        return self.plan.change.name_of(self.step.machine, self.earlier.done)

    def reached(self, machine: str) -> str:
        """Return the name by which one reaches a machine when the step begins, whatever is pending."""
        change = self.plan.change
        today = {new: old for old, new in change.renames.items()}
        return change.name_of(today.get(machine, machine), self.earlier.done)

    @property
    def machine(self) -> str:
        """The machine of the step in short."""
        return self.names.short.get(self.fqdn, self.fqdn)

    @property
    def file(self) -> str:
        """The name of its file."""
        return step_file_name(self.number, self.step)

    @cached_property
    def group(self) -> PartyGroup | None:
        """What the machine belongs to; None if it is not one machine."""
        for world in (self.plan.change.today, self.plan.change.tomorrow):
            try:
                return world.deployment.group_of(self.step.machine)
            except InputError:
                continue
        return None

    @property
    def is_peer(self) -> bool:
        """True if it is done on an Expressway."""
        return self.group is not None and self.group.kind is PartyKind.EXPRESSWAY

    @property
    def is_uc(self) -> bool:
        """True for a node with Cisco Unified OS Administration."""
        return self.group is not None and self.group.kind in _UC


def arounds(plan: Plan, replaced: Replaced = NOTHING_REPLACED) -> tuple[Around, ...]:
    """Return all steps of a plan at their places.

    Args:
        plan: the plan.
        replaced: what it has in place of real certificates.

    Returns:
        In the order of the plan.
    """
    names = short_names(plan)
    numbers = range(1, len(plan.order) + 1)
    return tuple(Around(plan=plan, number=number, names=names, replaced=replaced) for number in numbers)


def short_names(plan: Plan) -> ShortNames:
    """Return the short names of all machines of a plan.

    Args:
        plan: the plan.

    Returns:
        The names, for connections before and after.
    """
    before, after = (legs_of(world.deployment) for world in (plan.change.today, plan.change.tomorrow))
    return ShortNames((*before, *after))


def certificate_names(step: Step, most: int = 3) -> str:
    """Return the names of the certificates of a step, bounded.

    Args:
        step: the step.
        most: how many are named.

    Returns:
        `My Root CA and My Issuing CA`.
    """
    return listed([printable(title(c), 60) for c in step.certificates], at_most=most) or "the CA"


def list_name(around: Around) -> str:
    """Return what people call the list of the step: `trusted CA list of c1`, `CallManager-trust of ucm1`."""
    if around.is_uc:
        return f"{purposes(around)} of {around.machine}"
    return f"{around.step.place or 'trusted CA list'} of {around.machine}"


def store_name(around: Around) -> str:
    """Return what people call the certificate that is loaded: `server certificate of c1`."""
    store, _, domain = around.step.place.partition(" ")
    if around.step.action is Action.LOAD_CLIENT or store == "client":
        return f"client certificate of {around.machine}"
    if store == "domain":
        return f"certificate of {around.machine} for the domain {domain}"
    return f"{store or 'server'} certificate of {around.machine}"


def title_of(around: Around) -> str:
    """Return the step in a line, without a stop."""
    step = around.step
    match step.action:
        case Action.APPEND_CA:
            return f"Append {certificate_names(step)} to the {list_name(around)}"
        case Action.REMOVE_CA:
            return f"Remove {certificate_names(step)} from the {list_name(around)}"
        case Action.LOAD | Action.LOAD_CLIENT:
            return _load_title(around)
        case Action.RESTART:
            return f"Restart {around.machine}"
        case Action.UPGRADE:
            return f"Upgrade {around.machine or 'all Expressways'} to {_version(around)}"
        case Action.DNS:
            return f"Change DNS: {_dns(step, most=2)}"
        case Action.WAIT:
            return f"Wait until {step.until:%Y-%m-%d %H:%M} UTC" if step.until else "Wait"
        case Action.SET:
            return _set_title(around)


def _load_title(around: Around) -> str:
    """Return the title of a load; with what differs, if the same store is loaded twice on the way."""
    step = around.step
    loads = [s for s in around.plan.steps if (s.action, s.machine, s.place) == (step.action, step.machine, step.place)]
    if len(loads) < 2 or step.credential is None:
        return f"Load the new {store_name(around)}"
    place = [s.key for s in loads].index(step.key)
    party = around.plan.change.today.parties.get(step.machine)
    before = loads[place - 1].credential if place else party.credential if party is not None else None
    had, has = (presented_names(c.leaf).dns if c is not None else () for c in (before, step.credential))
    added, gone = [name for name in has if name not in had], [name for name in had if name not in has]
    if added and not gone:
        return f"Load the {store_name(around)} that also has {listed(added, at_most=2)}"
    if gone and not added:
        return f"Load the {store_name(around)} without {listed(gone, at_most=2)}"
    return f"Load the new {store_name(around)}"


def dns_record(around: Around, name: str) -> str:
    """Return which record a new name needs, for the people who run DNS."""
    for group in around.plan.change.tomorrow.deployment.groups:
        for service, port in group.services:
            if service == name:
                return f"Add the SRV record {name} to {listed(group.members)}, port {port}."
        if name in group.members:
            return f"Add the A record {name}, with the address of {name}."
        if name in group.hosts:
            return f"Add the A record {name}, with the addresses of {listed(group.members)}."
    return f"Add {name}."


def _version(around: Around) -> str:
    changed = next((s for s in around.step.settings if s.place == "version"), None)
    return str(changed.new) if changed else around.plan.change.tomorrow.deployment.version


def _dns(step: Step, most: int) -> str:
    added = f"add {listed(step.names, at_most=most)}" if step.names else ""
    gone = f"remove {listed(step.gone, at_most=most)}" if step.gone else ""
    return ", ".join(part for part in (added, gone) if part)


def _set_title(around: Around) -> str:
    step = around.step
    if step.renames:
        before, after = step.renames[0]
        return f"Rename {before} to {after}"
    return setting_title(around.plan.change.today.deployment, step.settings)


def where_of(around: Around) -> str:
    """Return the menu path, or who does it where no page is known."""
    step = around.step
    match step.action:
        case Action.WAIT:
            return "Nothing to do"
        case Action.DNS:
            return "Your DNS servers" if step.owner == DNS_OWNER else f"DNS servers of {step.owner.name}"
        case Action.UPGRADE:
            return pages.UPGRADE
        case Action.SET:
            found = dict.fromkeys(row[2] for setting in step.settings if (row := row_of(setting)) and row[2])
            if step.renames:
                return pages.DNS
            return listed(list(found)) or _elsewhere(around)
        case _:
            return _page_of(around)


def _page_of(around: Around) -> str:
    """Return the page of a list, a certificate or a restart."""
    step = around.step
    if around.is_uc:
        return _uc_place(around)
    if not around.is_peer:
        return _beyond_pages(around)
    match step.action:
        case Action.RESTART:
            return pages.RESTART_OPTIONS
        case Action.LOAD_CLIENT:
            return pages.CLIENT_CERTIFICATE
        case Action.LOAD:
            return pages.SERVER_CERTIFICATE if not step.place.startswith("domain ") else pages.DOMAIN_CERTIFICATES
        case _:
            return pages.TRUSTED_CA


def _beyond_pages(around: Around) -> str:
    """Return where it is done on a machine whose pages nobody here knows."""
    match around.step.action:
        case Action.APPEND_CA | Action.REMOVE_CA:
            if around.group is not None and around.group.kind is PartyKind.CLIENT:
                return "CA store of the operating system or browser, by your device management"
            return "Its list of trusted CAs"
        case Action.RESTART:
            return "The service that has the certificate"
        case _:
            return "Its certificate"


def _elsewhere(around: Around) -> str:
    if around.step.owner.ours:
        return "Command line of the primary peer (SSH)"
    return f"{around.machine}: {around.step.owner.name}" if around.machine else around.step.owner.name


def _uc_place(around: Around) -> str:
    step = around.step
    if step.action is Action.RESTART:
        return f"Command line of {around.machine} (SSH)"
    what = purposes(around) if step.credential is None else step.place
    return f"{OS_CERTIFICATES}: {what}" if what else OS_CERTIFICATES


def do_of(around: Around) -> Iterator[str]:
    """Yield what to do at that place, in sentences."""
    step = around.step
    match step.action:
        case Action.WAIT:
            yield "Do nothing before that time. Everything that follows depends on it."
        case Action.DNS:
            yield from (dns_record(around, name) for name in step.names)
            yield from (f"Remove {name} from DNS." for name in step.gone)
        case Action.SET:
            yield from _do_set(around)
        case Action.APPEND_CA | Action.REMOVE_CA:
            yield from _do_list(around)
        case Action.LOAD | Action.LOAD_CLIENT:
            yield from _do_load(around)
        case Action.RESTART:
            yield "Select Restart, and confirm it." if around.is_peer else _restart_services(around)
            yield "Wait until its proof shows the new certificate before you go on."
        case Action.UPGRADE:
            yield f"Install {_version(around)}. In a cluster, the primary first, then one peer after the other."


def _do_set(around: Around) -> Iterator[str]:
    step = around.step
    if not step.renames:
        yield from (setting_sentence(around.plan.change.today.deployment, setting) for setting in step.settings)
        return
    for before, after in step.renames:
        host, _, domain = after.partition(".")
        yield f"On {before}, set the system host name to {host} and the domain name to {domain}."
        yield f"In {pages.CLUSTERING} of each peer of its cluster, replace {before} by {after}."
        yield f"Cisco's cluster guide takes {before} out of the cluster for that, and adds it again. One step here (ours)."
    others = (s for s in step.settings if not s.place.startswith("clusters."))
    yield from (setting_sentence(around.plan.change.today.deployment, setting) for setting in others)


def purposes(around: Around) -> str:
    """Return the trust lists of a node of Unified Communications that a step changes: `tomcat-trust and CallManager-trust`."""
    if around.step.place:
        return around.step.place
    lists = [made.trust_list for made in around.group.certificates] if around.group else []
    return listed(lists) or "tomcat-trust"


def _do_list(around: Around) -> Iterator[str]:
    step, names = around.step, certificate_names(around.step)
    if step.action is Action.APPEND_CA:
        count = counted(len(step.certificates), "certificate")
        if around.is_peer:
            yield f"Select the file ({count}), then Append CA certificate. Nothing in the list is replaced."
        elif around.is_uc:
            yield f"Upload Certificate/Certificate chain, purpose {purposes(around)}, once for each certificate ({count})."
        else:
            yield f"Add {names} to the CAs that {around.machine} trusts. Keep everything that is there."
        return
    where = "Select it in the list, then Delete." if around.is_peer else "Find it, then delete it."
    yield f"{where} Compare the SHA-256 first: another CA can have the same name."


def _do_load(around: Around) -> Iterator[str]:
    step = around.step
    assert step.credential is not None  # a load has one
    if around.is_peer and not step.place.startswith("domain "):
        kind = "client" if step.action is Action.LOAD_CLIENT else "server"
        key = step_key_name(around.number, step)
        chosen = f"Select {around.file} as {kind} certificate file" + (
            f" and {key} as private key file." if key else f". {around.machine} made the key with its signing request."
        )
        if around.replaced.concerns(step):
            yield f"Select the certificate that your CA issued as {kind} certificate file. The step's file is for the lab only."
            yield f"Then select Upload {kind} certificate data."
        else:
            yield f"{chosen} Then select Upload {kind} certificate data."
    elif around.is_uc:
        yield f"Upload Certificate/Certificate chain, purpose {step.place or 'tomcat'}."
    else:
        yield "Load the certificate with its private key."
    found = presented_names(step.credential.leaf)
    names: Sequence[str] = [printable(name, 100) for name in found.dns]
    if names:
        yield f"Names in it: {listed(names, at_most=_MOST_NAMES)}."


def _restart_services(around: Around) -> str:
    if not around.is_uc:
        return "Restart the service that has the new certificate."
    loads = (around.plan.change.by_key[key].place for key in around.step.activates)
    named = dict.fromkeys(SERVICES.get(place, place) for place in loads)
    return f"Restart {listed(list(named)) or 'its services'}."
