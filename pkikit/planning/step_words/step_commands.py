"""The commands of a step: REST call, xConfiguration, xCommand, the lab's own, and the one that proves it.

They work on a real peer and in the lab. `EXPRESSWAY` has the password of the administrator, `CURL_CA_BUNDLE` the CAs that curl
trusts; in the lab, `HTTPS_PROXY` is its proxy, which knows the names of the machines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from shlex import quote

from pkikit.design.xconfiguration.peer_values import xconfiguration
from pkikit.errors import InputError
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.model.tables import ports
from pkikit.model.zones import DnsZone, NeighbourZone, TraversalZone, Zone
from pkikit.planning.step_words.place_words import (
    OS_CERTIFICATES,
    SERVICES,
    Around,
    certificate_names,
    purposes,
    where_of,
)
from pkikit.planning.step_words.setting_changes import about, value_text
from pkikit.planning.step_words.step_file import contents_of, step_key_name
from pkikit.planning.step_words.step_text import Command
from pkikit.planning.steps import Action, Step
from pkikit.text import listed

_CURL = 'curl -fsS -u "admin:$EXPRESSWAY"'
_HEADER = '-H "X-CSRF-Header: 1"'
_API = "/api/provisioning"
_SHA256 = "openssl x509 -noout -fingerprint -sha256"
_REST, _SSH = "REST API", "Command line (SSH)"
_INFERRED = "inferred from the settings that a diagnostic log lists"


def lab_command(number: int) -> Command:
    """Return what does a step in a running lab, from another terminal.

    Args:
        number: of the step, from 1.

    Returns:
        The command; `PLAN` and `STATE` are set by the lines at the top of the runbook.
    """
    return Command(
        label="Lab",
        text=f'expressway-sim do "$PLAN" {number} --state "$STATE"',
    )


def commands_of(around: Around) -> Iterator[Command]:
    """Yield the commands that do a step; what has none is done on its page.

    Args:
        around: the step in its plan.

    Yields:
        The product's, then the lab's.
    """
    step = around.step
    if around.is_peer:
        url, file = f"https://{around.fqdn}{_API}", quote(around.file)
        match step.action:
            case Action.APPEND_CA:
                yield Command(label=_REST, text=f"{_CURL} {_HEADER} -F file=@{file} {url}/certs/root")
            case Action.LOAD if not step.place.startswith("domain ") and not step_key_name(around.number, step):
                yield Command(
                    label=_REST, text=f"{_CURL} {_HEADER} -F file=@{file} {url}/certs/server",
                    remark="it takes no private key: the peer has the key of its signing request",
                )  # fmt: skip
            case Action.RESTART:
                yield Command(label=_REST, text=f"{_CURL} {_HEADER} -X POST {url}/restart")
                yield Command(label=_SSH, text="xCommand Restart")
            case _:
                pass
    if step.action is Action.RESTART and around.is_uc:
        yield from _service_restarts(around)
    if step.action is Action.SET:
        yield from _settings(around)
    if step.action is not Action.WAIT:
        yield lab_command(around.number)


def _service_restarts(around: Around) -> Iterator[Command]:
    places = dict.fromkeys(around.plan.change.by_key[key].place for key in around.step.activates)
    for place in places:
        if place in SERVICES:
            yield Command(label=_SSH, text=f"utils service restart {SERVICES[place]}")


def _settings(around: Around) -> Iterator[Command]:
    """Yield the lines of xConfiguration that this step changes, for the primary peer of each cluster that it concerns."""
    before, after = _deployments(around)
    if before is None or after is None:
        return
    for cluster in before.clusters:
        if not any(c.name == cluster.name for c in after.clusters):
            continue
        new = next(c for c in after.clusters if c.name == cluster.name)
        old = dict(xconfiguration(before, cluster.peers[0]))
        lines = [
            f'xConfiguration {key}: "{value}"'
            for key, value in xconfiguration(after, new.peers[0])
            if old.get(key) != value and _is_settable(key)
        ]
        if lines:
            primary = around.reached(cluster.peers[0])
            on = f"on {primary}, the primary peer of {cluster.name}; the others follow"
            yield Command(
                label=_SSH, text="\n".join(lines), remark=f"{on}. Compare the number of the zone: it is {_INFERRED}"
            )


def _is_settable(key: str) -> bool:
    return not key.startswith(("Alternates", "IP DNS", "SystemUnit", "Ethernet"))


def _deployments(around: Around) -> tuple[Deployment | None, Deployment | None]:
    """Return the deployment with the settings of the steps before, and with those of this step too, in effect or not."""
    change, order = around.plan.change, around.plan.order
    found: list[Deployment | None] = []
    for last in (around.number - 1, around.number):
        done = frozenset(order[:last])
        waiting = {change.restart_of.get(key, key) for key in done}
        try:
            found.append(change.deployment(done | waiting))
        except InputError:  # settings that several steps change together
            found.append(None if found else change.today.deployment)
    return found[0], found[1]


def proof_of(around: Around) -> Command:
    """Return the command that shows that a step is done.

    Args:
        around: the step in its plan.

    Returns:
        It works on the real machine, and in the lab through its proxy.
    """
    step = around.step
    match step.action:
        case Action.APPEND_CA | Action.REMOVE_CA:
            return _list_proof(around)
        case Action.LOAD | Action.LOAD_CLIENT:
            return _load_proof(around)
        case Action.RESTART:
            return _restart_proof(around)
        case Action.DNS:
            return _dns_proof(around)
        case Action.WAIT:
            until = f"{step.until:%Y-%m-%dT%H:%M:%SZ}" if step.until else ""
            return Command(label="Clock", text="date -u +%Y-%m-%dT%H:%M:%SZ", shows=f"{until} or later")
        case Action.UPGRADE:
            version = around.plan.change.tomorrow.deployment.version
            peers = around.plan.change.today.deployment.peers
            machine = around.fqdn if around.is_peer else around.reached(peers[0])
            return Command(
                label=_REST, text=f"{_CURL} https://{machine}{_API}/sysinfo", shows=f"{version} as SoftwareVersion"
            )
        case Action.SET:
            return _setting_proof(around)


def _dns_proof(around: Around) -> Command:
    """Return what asks DNS for the names; `RESOLVER` is empty outside the lab."""
    names = (*around.step.names, *around.step.gone)
    lines = [f"dig $RESOLVER +short {quote(name)}{' SRV' if name.startswith('_') else ''}" for name in names]
    new, gone = bool(around.step.names), bool(around.step.gone)
    shows = " and ".join(("a record for each new name",) * new + ("nothing for a name that is gone",) * gone)
    return Command(label="DNS", text="\n".join(lines) or "dig $RESOLVER +short .", shows=shows)


def _list_proof(around: Around) -> Command:
    step = around.step
    added = step.action is Action.APPEND_CA
    if around.is_peer:
        wanted = f"<(grep -A1 BEGIN {quote(around.file)} | grep -v -e -)"
        return Command(
            label=_REST,
            text=f"{_CURL} https://{around.fqdn}{_API}/certs/root | grep -cFf {wanted}",
            shows=str(len(step.certificates)) if added else "0",
            remark="counts the certificates of the file that are in the list",
        )
    if around.is_uc:
        names, lists = certificate_names(step), purposes(around)
        shows = f"{names} in {lists}" if added else f"no {names} in {lists}"
        serials = listed([f"{c.serial_number:x}" for c in step.certificates], at_most=3)
        remark = (
            f"on {around.machine}; or {OS_CERTIFICATES} > Find. A name can be there twice; serial number: {serials}"
        )
        return Command(label=_SSH, text="show cert list trust", shows=shows, remark=remark)
    shown = f"what to compare with the answer of {step.owner.name}: "
    shown += "the list has exactly this certificate" if added else "the list no longer has this certificate"
    return Command(label="OpenSSL", text=_fingerprints(around), shows=shown, remark="nobody outside can read this list")


def _fingerprints(around: Around) -> str:
    """Return what prints the name and the SHA-256 of each certificate of the step's file."""
    printed, file = "openssl x509 -noout -subject -fingerprint -sha256", quote(around.file)
    if len(around.step.certificates) == 1:
        return f"{printed} -in {file}"
    return f"while {printed} 2>/dev/null; do :; done < {file}"


_MATCHES = "one line; nothing means that it is another certificate"


def _compared(step: Step) -> str:
    """Return what lets only the fingerprint of the step's certificate pass."""
    return f"{_SHA256} | grep -F {contents_of(step)[0].sha256}"


def _load_proof(around: Around) -> Command:
    step = around.step
    pending = step.key in around.plan.change.restart_of
    if around.is_peer and step.action is Action.LOAD and not step.place.startswith("domain "):
        return Command(
            label=_REST,
            text=f"{_CURL} https://{around.fqdn}{_API}/certs/server | {_compared(step)}",
            shows=_MATCHES,
            remark="the loaded certificate; the old one is in use until the restart" if pending else "",
        )
    if around.is_peer:
        return Command(
            label="Page",
            text=f"cat shown.pem | {_compared(step)}",
            shows=_MATCHES,
            remark=f"{where_of(around)}: Show (PEM file), saved as shown.pem",
        )
    return _served(around.fqdn, _port_of(around, step.place), "", step)


def _port_of(around: Around, place: str) -> int:
    """Return a port at which the machine shows its certificate of this place."""
    deployment = around.plan.change.today.deployment
    if around.group is None:
        return ports.SIP_TLS
    if around.is_peer:
        return ports.MRA if place.startswith("domain ") else ports.HTTPS
    services = around.group.certificates
    found = next((s for s in services if s.service == place), services[0] if services else None)
    if found is not None and found.ports:
        return found.ports[0]
    from pkikit.design.legs import legs_of

    return next((leg.port for leg in legs_of(deployment) if leg.server == around.step.machine), ports.SIP_TLS)


def _served(machine: str, port: int, name: str, load: Step | None) -> Command:
    """Return what shows the certificate in use; with a load, only if it is that one."""
    asked = f" -servername {quote(name)}" if name else ""
    dialled = (
        f"openssl s_client ${{PROXY:+-proxy}} $PROXY -connect {quote(machine)}:{port}{asked} </dev/null 2>/dev/null"
    )
    return Command(
        label="OpenSSL",
        text=f"{dialled} | {_compared(load) if load is not None else _SHA256}",
        shows=_MATCHES if load is not None else "the certificate of this machine",
        remark="the certificate in use",
    )


def _restart_proof(around: Around) -> Command:
    """Return what shows that the new certificate is in use; of a restart that activates none, that the machine is back."""
    change, step = around.plan.change, around.step
    loads = [s for key in step.activates if (s := change.by_key[key]).credential is not None]
    server = next((s for s in loads if s.action is Action.LOAD), None)
    machine = change.name_of(step.machine, around.later.done)
    if server is None or server.credential is None:
        if around.is_peer:
            return Command(label=_REST, text=f"{_CURL} https://{machine}{_API}/sysinfo", shows="an answer: it is back")
        return _served(machine, _port_of(around, step.place), "", None)
    store, _, domain = server.place.partition(" ")
    name = domain if store == "domain" else ""
    shows = "one line; nothing means that the machine is not back yet, or that it has another certificate"
    return replace(_served(machine, _port_of(around, server.place), name, server), shows=shows)


_ZONES = {
    (Role.EXPRESSWAY_C, True): "controller/zone/unifiedcommunicationstraversal",
    (Role.EXPRESSWAY_C, False): "controller/zone/traversalclient",
    (Role.EXPRESSWAY_E, True): "edge/zone/unifiedcommunicationstraversal",
    (Role.EXPRESSWAY_E, False): "edge/zone/traversalserver",
}


def _setting_proof(around: Around) -> Command:
    if around.step.renames:
        text = f"{_CURL} https://{around.fqdn}{_API}/common/dns/dns"
        return Command(label=_REST, text=text, shows="the new names, as soon as they are in effect")
    _, after = _deployments(around)
    first = around.step.settings[0].place.split(".") if around.step.settings else []
    if (
        after is not None
        and len(first) > 1
        and first[0] == "zones"
        and first[1].isdigit()
        and int(first[1]) < len(after.zones)
    ):
        found = _zone_call(around, after, after.zones[int(first[1])], at_client=first[-1] == "peer_addresses")
        if found:
            shows = "; ".join(f"{about(s)} {value_text(s, s.new)}" for s in around.step.settings)
            return Command(label=_REST, text=found, shows=shows, remark="and Status Active")
    lines = next((c.text.split("\n") for c in _settings(around)), None)
    if lines:
        asked = [line.partition(": ")[0] for line in lines]
        return Command(label=_SSH, text="\n".join(asked), shows="the new values")
    return Command(label="Page", text=where_of(around), shows="the new values")


def _zone_call(around: Around, deployment: Deployment, zone: Zone, *, at_client: bool) -> str:
    """Return the call that shows a zone; where two clusters have it, at the one that looks for the name."""
    match zone:
        case TraversalZone():
            role = Role.EXPRESSWAY_C if at_client else Role.EXPRESSWAY_E
            cluster, kind = deployment.cluster(zone.client if at_client else zone.server), _ZONES[role, zone.is_uc]
        case NeighbourZone():
            cluster, kind = deployment.cluster(zone.cluster), "common/zone/neighborzone"
        case DnsZone():
            cluster, kind = deployment.cluster(zone.cluster), "common/zone/dnszone"
        case _:
            return ""
    return f"{_CURL} https://{around.reached(cluster.peers[0])}{_API}/{kind}/name/{quote(zone.name)}"
