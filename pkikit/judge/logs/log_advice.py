"""The fix for a failure, with the names of the machines, the list or page, and the certificate."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from pkikit.judge.logs.groups import Entry, is_scanner
from pkikit.judge.phrases import Whose, Writer
from pkikit.model.tables import product_pages as pages
from pkikit.rules.catalogue import rule_of
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING, EXPIRED, NOT_YET_VALID, SERVER_AUTH_MISSING
from pkikit.rules.connection_rules import (
    CIPHER,
    CONNECTION_CUT,
    CREDENTIALS,
    NO_CERTIFICATE,
    NOT_TLS,
    PROTOCOL,
    REFUSED,
    UNREACHABLE,
    UNRESOLVED,
)
from pkikit.rules.name_rules import IP_ADDRESS_USED, REFERENCE, REGISTRATION
from pkikit.rules.revocation_rules import REVOKED
from pkikit.rules.trust_rules import CHAIN_SIGNATURE_INVALID, INTERMEDIATE_MISSING, ISSUER_UNKNOWN, SELF_SIGNED_LEAF
from pkikit.values.names import printable

_LIST = f"Expressway: {pages.TRUSTED_CA}"
_SERVER = f"Expressway: {pages.SERVER_CERTIFICATE}"
_ZONE = f"Expressway: {pages.ZONES}"
# {owner}: whose certificate was refused. {verifier}: who refused it. {role}: the owner's part in TLS.
_BY_OWNER = MappingProxyType({
    ISSUER_UNKNOWN.id: "On {verifier}, append the root CA certificate of {owner}'s certificate to the trusted CA list"
    f" ({_LIST}; Unified CM: CallManager-trust and tomcat-trust). If the root is there, append the intermediate CA"
    " certificate, too.",
    INTERMEDIATE_MISSING.id: "On {owner}, append the intermediate CA certificate to the trusted CA list"
    f" ({_LIST}): the product sends it from there. Or append it on {{verifier}}.",
    SELF_SIGNED_LEAF.id: f"On {{owner}}, replace the self-signed certificate by one from a CA ({_SERVER}). Until then,"
    f" {{verifier}} accepts it only when it is in its trusted CA list ({_LIST}).",
    CHAIN_SIGNATURE_INVALID.id: "On {verifier}, compare the CA certificate in the trusted CA list with the issuer of"
    f" {{owner}}'s certificate ({_LIST}): the name is the same, the key is not.",
    EXPIRED.id: f"On {{owner}}, renew the certificate ({_SERVER}), or the expired CA certificate of its chain. Check"
    f" the clock of {{verifier}} ({pages.TIME}).",
    NOT_YET_VALID.id: f"Check the clocks of {{verifier}} and {{owner}} ({pages.TIME}); then the start date of {{owner}}'s"
    " certificate.",
    CLIENT_AUTH_MISSING.id: "{owner} dials, and its certificate does not allow clientAuth. Have it reissued with"
    f" serverAuth and clientAuth and upload it on {{owner}} ({_SERVER}; from X15.5 on: Client certificate).",
    SERVER_AUTH_MISSING.id: "{owner} is dialled, and its certificate does not allow serverAuth. Have it reissued with"
    f" serverAuth and clientAuth and upload it on {{owner}} ({_SERVER}).",
    REFERENCE.id: "{verifier} looks for a name{name} that {owner}'s certificate does not have. Have"
    f" {{owner}}'s certificate reissued with that name in the SAN, or correct the name on {{verifier}} ({_ZONE}: {{field}}).",
    IP_ADDRESS_USED.id: "{verifier} looks for an IP address{name} in {owner}'s certificate. On {verifier}, enter"
    f" {{owner}}'s FQDN instead ({_ZONE}: {{field}}).",
    REFUSED.id: "{verifier} refused {owner}'s certificate and does not say why here. Read the log of {verifier}"
    " at the same time. Check first that its trusted CA list has the root and intermediate CA certificates of {owner}'s"
    f" certificate ({_LIST}); then the names, the dates and the purposes of that certificate.",
    NO_CERTIFICATE.id: "{owner} showed no certificate to {verifier}, which asks for one. Load a certificate and its"
    f" key on {{owner}} ({_SERVER}); on Unified CM, check the security profile of the trunk.",
    REGISTRATION.id: "{owner}'s certificate lacks the domain{name} that {verifier} looks for. On {owner},"
    f" generate a new CSR that contains it, have it signed, upload the certificate ({_SERVER}) and restart.",
    REVOKED.id: f"Have a new certificate issued for {{owner}} with a new key, and upload it on {{owner}} ({_SERVER}).",
})  # fmt: skip
# {client} dials {server} on {port}.
_BY_ENDS = MappingProxyType({
    UNREACHABLE.id: "From {client}, check the DNS entry, the route and the firewall to {server}, port {port}; on {server},"
    " check that the service runs and listens there.",
    UNRESOLVED.id: "Check the spelling of {server}, and add an A record for it to the DNS server that {client} asks."
    " Clients outside ask public DNS, machines inside ask the internal DNS.",
    CONNECTION_CUT.id: "{client} and {server} (port {port}): look at the log of the other side at the same time. If it has"
    " no line about this connection, check the firewall and any proxy between the two.",
    NOT_TLS.id: "What {client} sends to {server}, port {port}, or what answers there, is not TLS. Check the port and the"
    f" transport on both ends ({_ZONE}).",
    PROTOCOL.id: "Enable a TLS version on {server} (port {port}) that {client} has, too: TLS 1.2 at least.",
    CIPHER.id: "Enable a cipher suite on {server} (port {port}) that {client} offers, and check that it fits the"
    f" key type of {{server}}'s certificate ({pages.CIPHERS}).",
    NO_CERTIFICATE.id: "Either {client} or {server} (port {port}) showed no certificate to the other. Check that both"
    f" have a certificate and its key ({_SERVER}); on Unified CM, check the security profile of the trunk.",
    CREDENTIALS.id: "{server} refuses the user name or the password of {client}; the certificates are not the cause."
    f" Enter the same on both: in the zone on {{client}} ({_ZONE}), and on {{server}} in the zone and in the local"
    " authentication database (Configuration > Authentication > Devices > Local database).",
})  # fmt: skip
# The log does not show which machine is which.
_BY_NOBODY = MappingProxyType({
    ISSUER_UNKNOWN.id: "On the machine that refuses (it sends the alert or writes this line), append the root CA"
    f" certificate of the other machine's certificate to the trusted CA list ({_LIST}; Unified CM: CallManager-trust and"
    " tomcat-trust). If the root is there, append the intermediate CA certificate, too.",
    UNRESOLVED.id: "Check the spelling of the name, and add an A record for it to the DNS server that the machine"
    " asks. Clients outside ask public DNS, machines inside ask the internal DNS.",
    CIPHER.id: "Enable at least one cipher suite that both machines have (Expressway:"
    f" {pages.CIPHERS}), and check that it fits the key type of the server's certificate. If the line says"
    " 'dh key too small', use DH parameters of 2048 bits, or ECDHE cipher suites, on the server.",
    REFERENCE.id: "Have the certificate of the machine that was dialled reissued with the name{name} in the"
    f" SAN, or dial a name that the certificate has (Expressway: {pages.ZONES}: peer address, TLS verify subject"
    " name).",
    REGISTRATION.id: "On each Expressway-E, generate a new CSR that contains the registration domain{name},"
    f" have it signed, upload the certificate ({_SERVER}) and restart.",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ends:
    """The two machines of an entry as people call them."""

    client: str
    server: str
    port: int

    @classmethod
    def of(cls, entry: Entry, names: dict[str, str]) -> Ends:
        """Return the ends of an entry: addresses with the host names that the log gives them."""
        connection = entry.key.connection

        def name_host(address: str) -> str:
            host = names.get(address, "")
            return f"{host} ({address})" if host and host != address else address

        return cls(
            client=printable(name_host(connection.client), 100),
            server=printable(name_host(connection.server), 100),
            port=connection.port,
        )

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        bare = port and ":" in self.server and "(" not in self.server  # an IPv6 address
        server = f"[{self.server}]{port}" if bare else f"{self.server}{port}"
        if self.client and self.server:
            return f"{self.client} → {server}"
        return f"{self.client}{port}" if self.client else server


_SCANNERS = (
    "Check whether you know these addresses. If not, there is nothing to fix: strangers on the Internet try {port} all day."
    " If one is a peer of yours: "
)


def fix_for(entry: Entry, ends: Ends) -> str:
    """Return the fix: the row's own advice, else one with the machines' names, else the rule's."""
    fix = _fix_for(entry, ends)
    if fix.startswith("the "):
        fix = fix[0].upper() + fix[1:]
    return _SCANNERS.format(port=f"port {ends.port}" if ends.port else "it") + fix if is_scanner(entry) else fix


def _fix_for(entry: Entry, ends: Ends) -> str:
    if entry.outcome.fix:
        return entry.outcome.fix
    owner = entry.owner
    by_ends, by_owner = _BY_ENDS.get(entry.rule, ""), _BY_OWNER.get(entry.rule, "")
    names = ", ".join(sorted(printable(name, 80) for name in entry.names))
    name = f" ({names})" if names else ""
    if by_owner and owner is not Writer.UNKNOWN:
        named = {Writer.CLIENT: ends.client or "the client", Writer.SERVER: ends.server or "the server"}
        verifier = Writer.SERVER if owner is Writer.CLIENT else Writer.CLIENT
        return by_owner.format(
            owner=named[owner], verifier=named[verifier], name=name,
            field="peer address" if verifier is Writer.CLIENT else "TLS verify subject name",
        )  # fmt: skip
    if by_ends and entry.key.connection.known:
        return by_ends.format(
            client=ends.client or "the client", server=ends.server or "the server", port=ends.port or "of the service"
        )
    by_nobody = _BY_NOBODY.get(entry.rule, "")
    return by_nobody.replace("{name}", name) if by_nobody else rule_of(entry.rule).fix


def statement(entry: Entry, ends: Ends) -> str:
    """Return one sentence: who, how often, when, and what the log says."""
    where = f"{ends}: " if entry.key.connection.known else ""
    return f"{where}{_name_refuser(entry, ends)}{printable(entry.outcome.seen.strip(), 160)}{times(entry)}"


def times(entry: Entry) -> str:
    """Return how often and when, for the end of a sentence."""
    if entry.count > 1:
        when = f", from {entry.first} to {entry.last}" if entry.first and entry.last != entry.first else ""
        return printable(f" ({entry.count} times{when})", 120)
    return printable(f" ({entry.first})", 60) if entry.first else ""


def _name_refuser(entry: Entry, ends: Ends) -> str:
    if entry.owner is Writer.UNKNOWN or entry.key.whose is Whose.NEITHER:
        return ""
    owner, verifier = (ends.client, ends.server) if entry.owner is Writer.CLIENT else (ends.server, ends.client)
    if entry.rule == NO_CERTIFICATE.id:
        return ""
    part, other = entry.owner.value, "server" if entry.owner is Writer.CLIENT else "client"
    whose = f"{owner} (the {part})" if owner else f"the {part}"
    return f"{verifier or 'the ' + other} refuses the certificate of {whose}: "
