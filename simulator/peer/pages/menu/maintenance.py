"""The last part of the product's menu: Maintenance, with the pages about certificates.

Sources: a saved page of the product (build of September 2018); Cisco TAC 225693 for the client certificate; administrator
guide X15.5, 'SSH Tunnels Status', for the secure traversal test; X15.4 guide, change history, for the older name.
"""

from __future__ import annotations

from pkikit.model.parties import Role
from pkikit.model.tables.features import SECURITY_MENU, TWO_STORES
from simulator.peer.pages.menu.tree import Group, Page

_SECURITY = Group(
    name="Security",
    before=(SECURITY_MENU, "Security certificates"),
    entries=(
        Page(name="Trusted CA certificate", path="/trustedcacertificate"),
        Page(name="Server certificate", path="/servercertificate"),
        Page(
            name="Client certificate",
            path="/clientcertificate",
            needs=TWO_STORES,
            remark="No document states the address of this page, or its place in the menu.",
        ),
        Page(name="CRL management", path="/crlupdater"),
        Page(name="Client certificate testing", path="/certificatetesting"),
        Page(
            name="Certificate-based authentication configuration",
            path="/cbaconfig",
            absent="sets how an administrator's user name is read from a client certificate. "
            "Client certificate testing tries such settings.",
        ),
        Page(
            name="Secure traversal test",
            path="/securetraversaltest",
            only=Role.EXPRESSWAY_C,
            remark="No document states the address of this page, or its place in the menu.",
        ),
        Page(name="Domain certificates", path="/domaincertificate"),
        Page(name="Ciphers", path="/ciphers", absent="sets the cipher suites and TLS versions of each service."),
        Page(name="SSH configuration", path="/sshconfig", absent="sets ciphers and key types of SSH."),
    ),
)
_TOOLS = Group(
    name="Tools",
    entries=(
        Page(name="Locate", path="/locate", absent="searches for an alias as a call would."),
        Page(name="Check pattern", path="/checkpattern", absent="tries a pattern or transform on an alias."),
        Group(
            name="Port usage",
            entries=(
                Page(name="Local inbound ports", path="/localportlist", absent="lists ports that listen."),
                Page(name="Local outbound ports", path="/sourceportlist", absent="lists ports that it sends from."),
                Page(name="Remote listening ports", path="/remoteportlist", absent="lists ports that it sends to."),
            ),
        ),
        Group(
            name="Network utilities",
            entries=(
                Page(name="Ping", path="/ping", absent="asks whether a host answers."),
                Page(name="Traceroute", path="/traceroute", absent="lists the routers on the way to a host."),
                Page(name="Tracepath", path="/tracepath", absent="lists the way to a host, with packet sizes."),
                Page(name="DNS lookup", path="/dnslookup", absent="asks DNS for a name."),
                Page(
                    name="Connectivity test",
                    path="/connectivitytest",
                    absent="looks for the services of a domain, in DNS and on their ports.",
                ),
            ),
        ),
    ),
)
_DIAGNOSTICS = Group(
    name="Diagnostics",
    entries=(
        Page(name="Diagnostic logging", path="/loggingsnapshot"),
        Page(name="System snapshot", path="/snapshot", absent="creates an archive for Cisco's support."),
        Group(
            name="Incident reporting",
            entries=(
                Page(name="Configuration", path="/incidentreporting", absent="sets whether crashes are reported."),
                Page(name="View", path="/incidentview", absent="lists crash reports."),
            ),
        ),
        Group(
            name="Advanced",
            entries=(
                Page(
                    name="Network Log configuration", path="/networkloglevels", absent="sets levels of the network log."
                ),
                Page(
                    name="Support Log configuration",
                    path="/developerloglevels",
                    absent="sets levels of the log for Cisco's support.",
                ),
            ),
        ),
        Page(
            name="Hybrid Services Log Levels",
            path="/hybridservicesloglevels",
            absent="sets log levels of the connectors to the Cisco cloud.",
            only=Role.EXPRESSWAY_C,
        ),
    ),
)
MAINTENANCE = Group(
    name="Maintenance",
    entries=(
        Page(name="Upgrade", path="/upgrade", absent="installs another software version."),
        Page(name="Logging", path="/logging", absent="sets log levels and syslog servers."),
        Page(name="Option keys", path="/optionkeys", absent="lists and adds option keys."),
        _TOOLS,
        _SECURITY,
        Page(
            name="Backup and restore",
            path="/backuprestore",
            absent="writes an encrypted backup and reads one back. The cipher is not published.",
        ),
        _DIAGNOSTICS,
        Page(name="Maintenance mode", path="/maintenancemode", absent="takes a peer out of its cluster for a while."),
        Page(name="Language", path="/webprefs", absent="sets the language of the pages."),
        Group(
            name="Serviceability",
            entries=(Page(name="Smart Call Home", path="/sch", absent="sends reports to Cisco."),),
        ),
        Page(name="Restart options", path="/restartoptions"),
    ),
)
