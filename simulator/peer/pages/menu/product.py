"""The product's menu, from Status to Users; the last part, Maintenance, is in `maintenance.py`.

Sources: a saved page of the product (build of September 2018) for names, order and addresses; administrator guides X15.0
and X15.5 for pages of one role, and for what each page does.
"""

from __future__ import annotations

from pkikit.model.parties import Role
from simulator.peer.pages.menu.maintenance import MAINTENANCE
from simulator.peer.pages.menu.tree import Group, Page

_C, _E = Role.EXPRESSWAY_C, Role.EXPRESSWAY_E
OURS = "No document states the address of this page."


def _page(name: str, path: str, absent: str = "", only: Role | None = None, remark: str = "") -> Page:
    return Page(name=name, path=f"/{path}", absent=absent, only=only, remark=remark)


def _group(name: str, *entries: Page | Group) -> Group:
    return Group(name=name, entries=entries)


_STATUS = _group(
    "Status",
    _page("Overview", "overview"),
    _page("Alarms", "alarms"),
    _group(
        "System",
        _page("Information", "systeminformation", "shows name, software version, serial number and option keys."),
        _page("Ethernet", "ethernetstatus", "shows MAC address and speed of each LAN port."),
        _page("IP", "ipstatus", "shows addresses, gateway and DNS servers in use."),
        _page("Resource usage", "resourceusage", "shows how many calls and registrations the licences still allow."),
    ),
    _group(
        "Registrations",
        _page("By device", "registrations", "lists registered endpoints by device."),
        _page("By alias", "registrationsbyalias", "lists registered endpoints by alias."),
        _page("History", "registrationhistory", "lists registrations that have ended."),
    ),
    _group(
        "Calls",
        _page("Calls", "calls", "lists the current calls. The lab places no calls."),
        _page("History", "callhistory", "lists calls that have ended."),
    ),
    _page("Search history", "searchhistory", "shows how the latest call attempts were routed."),
    _page("Local Zone", "localzonestatus", "lists subzones with their calls and bandwidth."),
    _page("Zones", "zonestatus"),
    _group(
        "Bandwidth",
        _page("Links", "linkstatus", "lists links with their calls and bandwidth."),
        _page("Pipes", "pipestatus", "lists pipes with their calls and bandwidth."),
    ),
    _page("Policy services", "policyservicestatus", "shows whether each policy server answers."),
    _page("TURN relay usage", "turnrelays", "lists the clients of the TURN server.", _E),
    _group(
        "Unified Communications",
        _page("Unified Communications status", "edgestatus"),
        _page("SSH tunnels status", "sshtunnels", remark=OURS),
    ),
    _group(
        "Applications",
        _group(
            "Presence",
            _page("Publishers", "publishers", "lists endpoints that publish presence."),
            _page("Presentities", "presentities", "lists those whose presence others ask for."),
            _page("Subscribers", "subscribers", "lists those who ask for presence."),
        ),
        _page("Microsoft interoperability", "b2buastatus", "shows the calls through the Microsoft B2BUA.", _C),
    ),
    _page("Hardware", "hardware", "shows fans, temperatures and voltages of an appliance."),
    _group(
        "Logs",
        _page("Event Log", "eventlog"),
        _page("Configuration Log", "configurationlog", "lists who changed which setting, and when."),
        _page("Network Log", "networklog", "lists the messages of the call signalling."),
    ),
)
_SYSTEM = _group(
    "System",
    _page("Administration settings", "system", "sets the system name, ports and sessions of the administration."),
    _group(
        "Network interfaces",
        _page("Ethernet", "ethernet", "sets the speed of each LAN port."),
        _page("IP", "ip", "sets addresses, gateway, static NAT and the second network card."),
        _page("Static routes", "routeadd", "sets routes besides the default gateway."),
    ),
    _page("DNS", "dns", "sets host name, domain and DNS servers. In the lab the deployment file sets them."),
    _page("Time", "time", "sets NTP servers and the time zone. In the lab each machine has its own clock."),
    _page("SNMP", "snmp", "sets how monitoring reads this system."),
    _page("Clustering", "clustering"),
    _group(
        "Protection",
        _group(
            "Firewall rules",
            _page("Configuration", "firewallrulesconfig", "edits rules about who may reach which service."),
            _page("Current active rules", "activefirewallrules", "lists the rules in force."),
        ),
        _group(
            "Automated detection",
            _page("Configuration", "protectionoverview", "sets which failures block an address."),
            _page("Exemptions", "protectionexemptions", "lists addresses that are never blocked."),
            _page("Blocked addresses", "protectionbanlist", "lists addresses that are blocked now."),
        ),
    ),
    _page("Login page", "uploadwelcomemessage", "sets text and picture of the login page."),
    _page("Quality of Service", "qos", "sets the DSCP values of outgoing packets."),
    _page("External manager", "externalmanager", "sets the address of a management system such as Cisco TMS."),
    _page("TMS Provisioning Extension services", "tmsservices", "connects to Cisco TMSPE."),
)
_CONFIGURATION = _group(
    "Configuration",
    _group(
        "Protocols",
        _page("H.323", "h323", "sets ports and timers of H.323. The lab has only SIP."),
        _page("SIP", "sip"),
        _page("Interworking", "interworking", "sets whether calls pass between SIP and H.323."),
    ),
    _group(
        "Registration",
        _page("Configuration", "registrationconfig", "sets who may register."),
        _page("Allow List", "allowlist", "lists patterns that may register."),
        _page("Deny List", "denylist", "lists patterns that may not register."),
    ),
    _group(
        "Authentication",
        _page(
            "Outbound connection credentials",
            "outboundconnectioncredentials",
            "sets user and password for connections to other systems.",
        ),
        _group(
            "Devices",
            _page("Local database", "credentials", "lists users and passwords, such as those of traversal zones."),
            _page("Active Directory Service", "ntlm", "joins an Active Directory domain."),
            _page("H.350 directory service", "ldap", "sets the LDAP directory that endpoints authenticate with."),
            _page("H.350 directory schemas", "ldapschemas", "offers the schemas to download."),
        ),
    ),
    _page("Call routing", "callconfig", "sets how calls are routed and optimised."),
    _group(
        "Local Zone",
        _page("Default Subzone", "defaultsubzone", "sets rules for endpoints of no other subzone."),
        _page("Traversal Subzone", "traversalsubzone", "sets ports and bandwidth of traversal calls."),
        _page("Subzones", "subzones", "lists groups of local endpoints."),
        _page("Subzone membership rules", "membershiprules", "assigns endpoints to subzones."),
    ),
    _group(
        "Zones",
        _page("Zones", "zones"),
        _page("Default Zone access rules", "defaultzoneaccessrules", "lists certificate names that may call in."),
    ),
    _page("Domains", "domains"),
    _group(
        "Unified Communications",
        _page("Configuration", "edge"),
        _page("Federated static routes", "staticroutes", "sets addresses of foreign XMPP servers."),
        _page("Federated domains allow list", "federationallowlist", "lists foreign domains that may federate."),
        _page("Federated domains deny list", "federationdenylist", "lists foreign domains that may not federate."),
    ),
    _group(
        "Dial plan",
        _page("Configuration", "dialplanconfig", "sets the fallback alias of calls to an address."),
        _page("Transforms", "transforms", "rewrites dialled aliases."),
        _page("Search rules", "searchrules", "decides which zone is asked for which alias."),
        _page("Policy services", "policyservices", "sets external policy servers."),
    ),
    _group(
        "Bandwidth",
        _page("Configuration", "bandwidth", "sets the bandwidth of calls."),
        _page("Links", "links", "connects zones and subzones."),
        _page("Pipes", "pipes", "limits the bandwidth of links."),
    ),
    _group(
        "Traversal",
        _page("Ports", "ports", "sets the ports of traversal calls.", _E),
        _page("TURN", "turn", "sets the TURN server.", _E),
        _page("Locally registered endpoints", "locallyregisteredendpoints", "sets how local endpoints traverse."),
    ),
    _group(
        "Call Policy",
        _page("Configuration", "adminpolicy", "switches the call policy on."),
        _page("Rules", "callpolicywizard", "edits the rules about who may call whom."),
    ),
)
_APPLICATIONS = _group(
    "Applications",
    _page("Conference Factory", "conferencefactory", "gives each conference an alias."),
    _page("Presence", "presence", "switches the presence server on."),
    _group(
        "B2BUA",
        _group(
            "Microsoft interoperability",
            _page("Configuration", "b2buaconfig", "connects to a Microsoft server, over TLS.", _C),
            _page("Trusted hosts", "b2bualisteners", "lists Microsoft servers that may connect.", _C),
            _page("External transcoders", "b2buatranscoders", "lists transcoders.", _C),
            _page("External transcoder policy rules", "b2buarules", "decides which calls are transcoded.", _C),
            _page("Restart service...", "b2buarestart", "restarts only the Microsoft B2BUA.", _C),
        ),
        _page("B2BUA TURN servers", "b2buaturn", "lists TURN servers that calls may use."),
    ),
    _page("FindMe", "userpolicy", "lets a user be called on several devices."),
    _page("Cloud Certificate management", "fusioncerts", "fetches the CA certificates of the Cisco cloud.", _C),
)
_USERS = _group(
    "Users",
    _page("Password security", "adminpasswordsecurity", "sets how strict passwords must be."),
    _page("Administrator accounts", "adminaccounts", "lists accounts. The lab has two: admin and auditor."),
    _page("Administrator groups", "admingroups", "gives rights to groups of a directory."),
    _page("Active administrator sessions", "adminsessions", "lists who is logged in."),
    _page("LDAP configuration", "loginldap", "sets the directory that administrators log in with."),
)
PRODUCT_MENU: tuple[Group, ...] = (_STATUS, _SYSTEM, _CONFIGURATION, _APPLICATIONS, _USERS, MAINTENANCE)
