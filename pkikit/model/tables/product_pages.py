"""Where pages are in the menu of an Expressway, from X8.10 on: what a fix, a question or a report names.

Sources: a page of the product saved from a browser, and the administrator guides (docs/sources.md, 'web pages'). A test compares
these with the menu that the lab's peers show.
"""

from typing import Final

_SECURITY: Final = "Maintenance > Security"
SERVER_CERTIFICATE: Final = f"{_SECURITY} > Server certificate"
CLIENT_CERTIFICATE: Final = f"{_SECURITY} > Client certificate"  # from X15.5 on
DOMAIN_CERTIFICATES: Final = f"{_SECURITY} > Domain certificates"
TRUSTED_CA: Final = f"{_SECURITY} > Trusted CA certificate"
CRLS: Final = f"{_SECURITY} > CRL management"
CIPHERS: Final = f"{_SECURITY} > Ciphers"
# The buttons that show what the reports and imports read.
SERVER_CERTIFICATE_AS_PEM: Final = f"{SERVER_CERTIFICATE}: Show (PEM file)"
CLIENT_CERTIFICATE_AS_PEM: Final = f"{CLIENT_CERTIFICATE}: Show (PEM file)"
TRUSTED_CAS_AS_PEM: Final = f"{TRUSTED_CA}: Show all (PEM file)"
UPGRADE: Final = "Maintenance > Upgrade"
BACKUP: Final = "Maintenance > Backup and restore"
RESTART_OPTIONS: Final = "Maintenance > Restart options"
DIAGNOSTIC_LOGGING: Final = "Maintenance > Diagnostics > Diagnostic logging"
OVERVIEW: Final = "Status > Overview"
CLUSTERING: Final = "System > Clustering"
DNS: Final = "System > DNS"
TIME: Final = "System > Time"
NETWORK: Final = "System > Network interfaces > IP"
ZONES: Final = "Configuration > Zones > Zones"
SIP: Final = "Configuration > Protocols > SIP"
DOMAINS: Final = "Configuration > Domains"
_UC: Final = "Configuration > Unified Communications"
UNIFIED_COMMUNICATIONS: Final = f"{_UC} > Configuration"
UNIFIED_CM: Final = f"{_UC} > Unified CM servers"
IM_PRESENCE: Final = f"{_UC} > IM and Presence Service nodes"
UNITY_CONNECTION: Final = f"{_UC} > Unity Connection servers"
MEETING_SERVER: Final = f"{_UC} > Cisco Meeting Server"
