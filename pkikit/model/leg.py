"""A leg: one TLS relation of a deployment. Who dials whom, which name is looked for, who shows a certificate."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pkikit.model.revocation import Consumer


class Protocol(enum.StrEnum):
    """What is spoken inside the TLS connection."""

    SIP_TLS = "sip-tls"
    HTTPS = "https"
    XMPP = "xmpp"
    LDAPS = "ldaps"
    SYSLOG = "syslog-tls"


class Purpose(enum.StrEnum):
    """In which role a certificate is shown."""

    SERVER = "server"
    CLIENT = "client"


@dataclass(frozen=True, kw_only=True)
class NameCheck:
    """One side looks for one of `any_of` in the other's certificate.

    sip: the connection carries SIP, so that SIP URIs count, and silence dNSNames (RFC 5922 §7.1).
    """

    any_of: tuple[str, ...]
    why: str
    sip: bool = True


@dataclass(frozen=True, kw_only=True)
class Leg:
    """`client` dials `reference_name`, which is `server`; the checks say what each looks for in the other's certificate.

    discovered_by: the SRV record by which the client finds the server, where it does not dial a configured address.
    consumer: which service of the peer judges the server; each reads other revocation sources.
    tunnel: an SSH tunnel runs beside it (UC traversal, port 2222), which reads the certificates too and stumbles over OIDs.
    """

    id: str
    client: str
    server: str
    protocol: Protocol
    port: int
    reference_name: str
    mutual: bool
    client_verifies: bool = True
    tunnel: bool = False
    discovered_by: str = ""
    consumer: Consumer = Consumer.SIP_TLS
    server_name_checks: tuple[NameCheck, ...] = ()
    client_name_checks: tuple[NameCheck, ...] = ()

    def presents(self, fqdn: str) -> tuple[NameCheck, ...]:
        """The name checks that the certificate of `fqdn` has to satisfy on this leg."""
        found: tuple[NameCheck, ...] = ()
        if fqdn == self.server and self.client_verifies:
            found += self.server_name_checks
        if fqdn == self.client and self.mutual:
            found += self.client_name_checks
        return found
