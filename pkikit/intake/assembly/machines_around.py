"""The machines around the Expressways: Unified CM, IM and Presence, Unity Connection, and servers that peers dial."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from pkikit.design.setting_words import switch_of
from pkikit.intake.assembly.peers.address_book import AddressBook
from pkikit.intake.assembly.peers.found_clusters import FoundCluster
from pkikit.intake.assembly.peers.gathered_peers import certificate_names, named
from pkikit.intake.assembly.peers.peer_settings import fqdn_or_none, label_of
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence, Question
from pkikit.intake.assembly.zones.raw_zones import RawZone
from pkikit.intake.material import ServerMaterial, Stated
from pkikit.model.parties import CALL_MANAGER, CUP_XMPP
from pkikit.model.tables import product_pages as pages
from pkikit.model.tables.features import SIP_OAUTH
from pkikit.model.version import ProductVersion
from pkikit.text import printable
from pkikit.values.names import is_ip_address

_DEFAULT = "the default of the deployment file; a dump does not have it"
KINDS = {"unified_cm": "cucm", "im_presence": "imp", "unity_connection": "cuc"}
FOLDER = "folder"  # the files of a machine that a configuration names: a neighbour, a server, a node
_NOT_ONE = "none"


def name_servers(
    servers: Sequence[ServerMaterial], known: Collection[str], ledger: Ledger
) -> list[tuple[str, str, ServerMaterial]]:
    """Return (kind, FQDN, material) of the machines whose files were given and whose name and kind are known.

    Args:
        servers: what was read about machines that are not Expressways.
        known: the machines that configurations name; what one of them is, its files need not say (kind `folder`).
        ledger: takes the questions.

    Returns:
        Kind, FQDN and material of each.
    """
    found = []
    for server in servers:
        fqdn = fqdn_or_none(server.fqdn) or _name_by_certificate(server) or _asked(server, ledger)
        kind = server.kind if server.kind in KINDS else _kind_by_services(server)
        if fqdn is not None and not kind and fqdn in known:
            kind = FOLDER
        if fqdn is not None and not kind and ledger.answer(f"servers/{fqdn}/kind") is None:
            kind = next((k for k in KINDS if fqdn in (ledger.answer(k) or "")), "")  # a whole list was answered
        if fqdn is not None and not kind:
            kind = ledger.ask(Question(
                key=f"servers/{fqdn}/kind", text=f"What is {fqdn}? Its certificates do not say.",
                allowed=", ".join((*KINDS, _NOT_ONE)), choices=(*KINDS, _NOT_ONE), how="its administration page",
            ), note=False) or ""  # fmt: skip
        if fqdn is not None and (kind in KINDS or kind == FOLDER):
            found.append((kind, fqdn, server))
    return found


def _name_by_certificate(server: ServerMaterial) -> str | None:
    """Return the name in a machine's certificates, if they agree on a single one."""
    names = {name for held in server.own.values() for name in certificate_names(held) if fqdn_or_none(name)}
    return names.pop() if len(names) == 1 else None


def _asked(server: ServerMaterial, ledger: Ledger) -> str | None:
    answer = ledger.ask(Question(
        key=f"machines/{label_of(server.label, 'server')}",
        text=f"Which machine is {printable(server.label, 80)}? The file does not name it.",
        allowed="the FQDN of the machine", how="System > Server of Unified CM Administration, or show network eth0",
    ), note=False)  # fmt: skip
    return fqdn_or_none(answer) if answer is not None else None


def _kind_by_services(server: ServerMaterial) -> str:
    services = {service.lower() for service in (*server.own, *server.trusted)}
    if services & {CUP_XMPP, "cup", "cup-xmpp-s2s"}:
        return "im_presence"
    return "unified_cm" if CALL_MANAGER.lower() in services else ""


def note_unified_communications(
    servers: Sequence[tuple[str, str, ServerMaterial]], zones: Sequence[RawZone], version: ProductVersion,
    book: AddressBook, ledger: Ledger,
) -> None:  # fmt: skip
    """Note the nodes of Unified CM, IM and Presence and Unity Connection.

    Args:
        servers: machines whose files were given: kind, FQDN, material.
        zones: all zones; Expressway-C makes one for each Unified CM node.
        version: of the product.
        book: resolves addresses.
        ledger: takes the facts.
    """
    automatic = [zone for zone in zones if zone.is_automatic and zone.addresses]
    nodes: dict[str, list[Evidence]] = {}
    names: dict[str, tuple[str, Evidence]] = {}
    made: dict[str, list[RawZone]] = {}
    known = [fqdn for kind, fqdn, _ in servers if kind == "unified_cm"]
    for zone in automatic:
        address, stated = zone.addresses[0]
        node = _node_of(address, known, book, ledger)
        if node is None:
            _lack_node(address, zone, ledger)
            continue
        nodes.setdefault(node, []).append(Evidence.of(stated))
        made.setdefault(node, []).append(zone)
        if node != address:
            names[node] = (address, Evidence.of(stated))
    for kind, fqdn, server in servers:
        if kind == "unified_cm":
            nodes.setdefault(fqdn, []).extend(_places(server))
    for number, members in enumerate(_by_mode(nodes, made), start=1):
        label = KINDS["unified_cm"] if number == 1 else f"{KINDS['unified_cm']}-{number}"
        own = [zone for node in members for zone in made.get(node, ())]
        listed = {node: name for node, name in names.items() if node in members}
        _unified_cm(label, {node: nodes[node] for node in members}, listed, own, version, ledger)
    for kind, page in (("im_presence", pages.IM_PRESENCE), ("unity_connection", pages.UNITY_CONNECTION)):
        given = [(fqdn, server) for found, fqdn, server in servers if found == kind]
        if given:
            key = f"{kind}/{KINDS[kind]}"
            ledger.assume(f"{key}/name", KINDS[kind], "a name for the deployment file only; no file has one")
            places = [place for _, server in given for place in _places(server)]
            ledger.read(f"{key}/nodes", tuple(dict.fromkeys(fqdn for fqdn, _ in given)), *places)
            ledger.assume(f"{key}/tls_verify", True, _DEFAULT, f"{page}: TLS verify mode")


def _by_mode(nodes: Collection[str], made: Mapping[str, Sequence[RawZone]]) -> list[list[str]]:
    """Return the nodes by cluster, as far as zones tell: security mode and SIP OAuth mode are those of a whole cluster."""
    groups: dict[frozenset[tuple[str, str]], list[str]] = {}
    for node in sorted(nodes, key=lambda name: name not in made):  # what has no zone joins the first cluster
        modes = ((z.name[:5].lower(), z.word("SIP TLS Verify Mode")) for z in made.get(node, ()))
        groups.setdefault(frozenset(modes) if node in made else next(iter(groups), frozenset()), []).append(node)
    return list(groups.values())


def _places(server: ServerMaterial) -> list[Evidence]:
    held = [*server.own.values(), *server.trusted.values()]
    return [Evidence(source=held[0].source)] if held else []


def _node_of(address: str, known: Sequence[str], book: AddressBook, ledger: Ledger) -> str | None:
    if is_ip_address(address):
        return book.whose(address)
    if fqdn_or_none(address) is not None:
        return address
    answer = ledger.answer(f"aliases/{address}")
    by_host = [fqdn for fqdn in known if fqdn.partition(".")[0] == address]
    return fqdn_or_none(answer) if answer is not None else by_host[0] if len(by_host) == 1 else None


def _lack_node(address: str, zone: RawZone, ledger: Ledger) -> None:
    kind = "addresses" if is_ip_address(address) else "aliases"
    ledger.contradict(
        "address-is-ip" if kind == "addresses" else "address-unreadable",
        f"Expressway-C dials the Unified CM node {address}, which is not an FQDN", zone.evidence,
        used="the import leaves the node out", machines=zone.cluster.peers,
        fix="Unified CM Administration, System > Server: enter the FQDN of the node.",
    )  # fmt: skip
    ledger.lack(f"the FQDN of the Unified CM node {address}", f"System > Server; then --answer {kind}/{address}=FQDN",
                key=f"{kind}/{address}")  # fmt: skip


def _unified_cm(
    label: str, nodes: dict[str, list[Evidence]], names: dict[str, tuple[str, Evidence]], zones: Sequence[RawZone],
    version: ProductVersion, ledger: Ledger,
) -> None:  # fmt: skip
    key = f"unified_cm/{label}"
    why = "a name for the deployment file only; all nodes with one security mode are taken as one cluster"
    ledger.assume(f"{key}/name", label, why)
    ledger.read(f"{key}/nodes", tuple(nodes), *(places[0] for places in nodes.values() if places))
    secure = [zone for zone in zones if zone.name.lower().startswith("cetls-")]
    oauth = [zone for zone in zones if zone.name.lower().startswith("ceoauth")]
    if zones:
        why = "Expressway-C makes CEtls zones for a cluster in mixed mode, CEtcp zones for any other"
        mixed = ledger.read(f"{key}/mixed_mode", bool(secure), *(z.evidence for z in secure or zones), why=why)
    else:
        mixed = ledger.assume(f"{key}/mixed_mode", False, "the default of Unified CM",
                              "System > Enterprise Parameters: Cluster Security Mode is 1 in mixed mode")  # fmt: skip
    verifying = [(zone, s) for zone in secure if (s := zone.get("SIP TLS Verify Mode")) is not None]
    if verifying:
        verify = all(switch_of(s.value) for _, s in verifying)
        ledger.read(f"{key}/tls_verify", verify, *(Evidence.of(s) for _, s in verifying))
    else:
        ledger.assume(f"{key}/tls_verify", False, _DEFAULT,
                      f"{pages.UNIFIED_CM}: TLS verify mode")  # fmt: skip
    for node, (address, place) in names.items():
        ledger.read(f"{key}/server_names/{node}", address, place)
    if oauth and version.has(SIP_OAUTH):
        ledger.read(f"{key}/sip_oauth", True, *(z.evidence for z in oauth))
    how = "Unified CM Administration, System > Security > Phone Security Profile: the names of the encrypted profiles"
    profiles = ledger.assume(f"{key}/security_profiles", (), _DEFAULT, how)
    if mixed and not profiles:
        ledger.lack("the names of the phone security profiles, which C's certificate must have in mixed mode",
                    f"{how}; then --answer {key}/security_profiles=NAME,NAME", key=f"{key}/security_profiles")  # fmt: skip


def note_servers(clusters: Sequence[FoundCluster], ledger: Ledger) -> None:
    """Note the servers that the peers of each cluster dial by TLS: syslog, LDAP, policy service; and TMS.

    Args:
        clusters: the clusters by their final names.
        ledger: takes the facts, and what cannot be said.
    """
    taken: set[str] = set()
    for cluster in clusters:
        for type_, label, stated, verify in _servers(cluster) if cluster.members else ():
            node = fqdn_or_none(stated.value)
            what = f"the {type_} server {printable(stated.value, 80)} of {cluster.id}"
            if node is None:
                ledger.contradict(
                    "address-is-ip" if is_ip_address(stated.value) else "address-unreadable",
                    f"{what} is not entered by its FQDN", Evidence.of(stated), used="the import leaves the server out",
                    fix="Enter the FQDN: a certificate has names.", machines=cluster.peers,
                )  # fmt: skip
                continue
            if node in taken:
                ledger.leave_out(what, "the deployment file has each machine once", Evidence.of(stated))
                continue
            taken.add(node)
            key = f"servers/{node}"
            ledger.assume(f"{key}/name", label, "a name for the deployment file only")
            ledger.read(f"{key}/type", type_, Evidence.of(stated))
            ledger.read(f"{key}/cluster", cluster.name, Evidence.of(stated))
            ledger.read(f"{key}/nodes", (node,), Evidence.of(stated))
            if verify is not None and (switch := switch_of(verify.value)) is not None:
                ledger.read(f"{key}/tls_verify", switch, Evidence.of(verify))


def _servers(cluster: FoundCluster) -> Iterator[tuple[str, str, Stated, Stated | None]]:
    """Yield (type, name, address, TLS verify mode) of the servers that a cluster dials over TLS."""
    settings = cluster.reference.settings
    for number in settings.numbers("Remote Syslog"):
        address = settings.text(f"Remote Syslog {number} Address")
        secure = settings.word(f"Remote Syslog {number} Mode") == "ietf_secure"
        if address is not None and (secure or settings.word(f"Remote Syslog {number} Transport") == "tls"):
            yield "syslog", "syslog" if number == 1 else f"syslog-{number}", address, None
    ldap = settings.text("Login Remote LDAP Server Address")
    encrypted = settings.word("Login Remote LDAP Encryption") != "off"
    if ldap is not None and encrypted and settings.word("Login Source Admin") != "localonly":
        yield "ldap", "directory", ldap, None
    for room, mode, label in (
        ("Registration RestrictionPolicy", "Registration RestrictionPolicy Mode", "policy"),
        ("Policy AdministratorPolicy", "Policy AdministratorPolicy Mode", "call-policy"),
    ):
        used = settings.word(mode) in {"", "policyservice"} and settings.word(f"{room} Service Protocol") != "http"
        for address in settings.listed(f"{room} Service Server", "Address") if used else ():
            yield "policy", label, address, settings.text(f"{room} Service TLS Verify Mode")
    for number in settings.numbers("Policy Services Service"):
        room = f"Policy Services Service {number}"
        name = settings.text(f"{room} Name")
        label = label_of(name.value, f"policy-{number}") if name is not None else f"policy-{number}"
        used = settings.word(f"{room} Protocol") != "http"
        for address in settings.listed(f"{room} Server", "Address") if used else ():
            yield "policy", label, address, settings.text(f"{room} TLS Verify Mode")
    manager = settings.text("ExternalManager Address")
    if manager is not None and settings.word("ExternalManager Protocol") != "http":
        yield "tms", "tms", manager, None


def note_accounts_and_rules(clusters: Sequence[FoundCluster], ledger: Ledger) -> None:
    """Note whether administrators may use the REST API, and the partners that search rules lead to.

    Args:
        clusters: the clusters by their final names.
        ledger: takes the facts, and what is missing.
    """
    partners: dict[str, str] = {}
    for cluster in clusters:
        if not cluster.members:
            continue
        settings = cluster.reference.settings
        prefix = "Authentication Account Admin Account"
        stated = [s for n in settings.numbers(prefix) if (s := settings.text(f"{prefix} {n} AccessAPI")) is not None]
        if stated:
            access = any(switch_of(s.value) for s in stated)
            ledger.read(f"{cluster.prefix}/api_access", access, *(Evidence.of(s) for s in stated[:3]))
        names = [settings.word(f"Zones Zone {n} Name") for n in settings.numbers("Zones Zone")
                 if settings.word(f"Zones Zone {n} Type") == "dns"]  # fmt: skip
        for number in settings.numbers("Zones Policy SearchRules Rule"):
            rule = f"Zones Policy SearchRules Rule {number}"
            pattern = settings.word(f"{rule} Pattern String").lstrip("@.*").replace("\\", "")
            domain = fqdn_or_none(pattern) if settings.word(f"{rule} Target Name") in names else None
            if domain is not None:
                partners.setdefault(domain, cluster.id)
    for domain, owner in partners.items():
        ledger.lack(
            f"the servers of the partner {domain}, which a search rule of {owner} leads to",
            f"dig +short SRV _sips._tcp.{domain}; then --answer 'b2b_partners=[{{domain: {domain}, nodes: [FQDN]}}]'",
            key="b2b_partners",
        )


def note_domains(clusters: Sequence[FoundCluster], ledger: Ledger) -> None:
    """Note domains and Mobile and Remote Access; what no dump says is assumed by the documented default.

    Args:
        clusters: all clusters.
        ledger: takes the facts.
    """
    members = [m for cluster in clusters for m in cluster.members]
    edge: dict[str, list[tuple[bool, Stated]]] = {}
    sip: dict[str, list[tuple[bool, Stated]]] = {}
    for member in members:
        for number in member.settings.numbers("SIP Domain"):
            name = member.settings.text(f"SIP Domain {number} Name")
            domain = fqdn_or_none(name.value) if name is not None else None
            if name is None or domain is None:
                continue
            for found, word in ((edge, "Edge"), (sip, "Sip")):
                stated = member.settings.text(f"SIP Domain {number} {word}")
                places = found.setdefault(domain, [])
                if stated is not None and (switch := switch_of(stated.value)) is not None:
                    places.append((switch, stated))
    wanted = [domain for domain, places in edge.items() if any(on for on, _ in places)]
    ledger.read("domains/registration", tuple(wanted), *(Evidence.of(s) for d in wanted for on, s in edge[d] if on))
    silent = [domain for domain, places in sip.items() if not places]
    served = [domain for domain, places in sip.items() if any(on for on, _ in places) or not places]
    if silent:
        why = f"the documented default of SIP Domain Sip is On, and no dump says it for {named(silent)}"
        ledger.assume("domains/sip", tuple(served), why, f"{pages.DOMAINS}: SIP registrations and provisioning")
    else:
        ledger.read("domains/sip", tuple(served), *(Evidence.of(s) for d in served for on, s in sip[d] if on))
    switches = [s for m in members if (s := m.settings.text("CollaborationEdge Enabled")) is not None]
    on = [s for s in switches if switch_of(s.value)]
    if switches:
        mra = ledger.read("mra", bool(on), *(Evidence.of(s) for s in on or switches))
        if on and len(on) < len(switches):
            off = [s for s in switches if s not in on]
            ledger.contradict(
                "mra-on-one-side-only",
                "Mobile and Remote Access is on in one configuration and off in another: it needs both sides",
                *(Evidence.of(s) for s in (on[0], *off)), used="the import takes it as on",
                fix=f"{pages.UNIFIED_COMMUNICATIONS}, on Expressway-C and Expressway-E: set Unified "
                "Communications mode to Mobile and Remote Access.",
            )  # fmt: skip
    else:
        how = f"{pages.UNIFIED_COMMUNICATIONS}: Unified Communications mode"
        why = "a domain is for remote access" if wanted else "no dump has CollaborationEdge Enabled"
        mra = ledger.assume("mra", bool(wanted), why, how)
    guest = [s for m in members if (s := m.settings.text("CollaborationEdge JabbercEnabled")) is not None]
    if any(switch_of(s.value) for s in guest):
        ledger.read("jabber_guest", True, *(Evidence.of(s) for s in guest if switch_of(s.value)))
    why = "the documented default of XMPP federation is Off; a dump does not have it"
    federated = ledger.assume("domains/federation", (), why, f"{pages.DOMAINS}: XMPP federation")
    if mra and not federated:
        ledger.lack("XMPP federation, and chat node aliases", f"{pages.DOMAINS}; then --answer "
                    "domains/federation=DOMAIN and --answer chat_aliases=NAME", key="domains/federation")  # fmt: skip
