"""Looks at the world as an ACME CA would: public DNS, CAA, port 80. It collects facts for the preflight and decides nothing."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import dns.exception
import dns.resolver

from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.judge.linting.preflight import AcmeFacts, CaaRecord
from pkikit.model.deployment import Deployment
from pkikit.model.tables import ports
from pkikit.values.names import is_ip_address
from pkikit.values.numbers import whole_number

TIMEOUT = 5.0


def gather(
    deployment: Deployment,
    layout: SanLayout,
    *,
    authority: str,
    dns_server: str | None = None,
    http_port: int = ports.HTTP,
    dial: bool = True,
    source: str = "",
    known: Mapping[str, str] | None = None,
) -> AcmeFacts:
    """Collect everything that the preflight needs.

    Args:
        deployment: the deployment.
        layout: the names of the certificate; its owner's cluster gives the peers.
        authority: the CA's domain in CAA records.
        dns_server: `address` or `address:port`; None asks the system's.
        http_port: the port that the CA fetches challenge files from; 80 outside a lab.
        dial: False to leave out port 80.
        source: the address to dial from if this machine has several; empty leaves it to the system.
        known: the peers' public addresses, if they are known otherwise; by default DNS gives them.

    Returns:
        The facts.
    """
    resolver = _resolver(dns_server)
    cluster = deployment.cluster_of(layout.owner)
    names = tuple(dict.fromkeys((layout.common_name, *layout.dns_names)))
    peers = dict(known or {})
    for peer in cluster.peers if cluster and not peers else ():
        found = addresses(resolver, peer)
        if found:
            peers[peer] = found[0]
    of_names = {name: addresses(resolver, name) for name in names}
    caa = {name: caa_records(resolver, name) for name in names}
    everywhere = dict.fromkeys([*peers.values(), *(a for found in of_names.values() for a in found)])
    return AcmeFacts(
        authority=authority.lower(),
        addresses=of_names,
        peers=peers,
        port_80={address: answers_on(address, http_port, source) for address in everywhere} if dial else {},
        caa={name: found for name, found in caa.items() if not isinstance(found, str)},
        caa_unknown={name: found for name, found in caa.items() if isinstance(found, str)},
    )


def _resolver(server: str | None) -> dns.resolver.Resolver:
    try:
        resolver = dns.resolver.Resolver(configure=server is None)
    except dns.exception.DNSException as error:
        raise InputError(f"no DNS server is configured on this machine ({type(error).__name__}); name one") from None
    resolver.lifetime = TIMEOUT
    if server is not None:
        host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", str(ports.DNS))
        number = whole_number(port, most=65535)
        if not is_ip_address(host) or not number:
            raise InputError(f"the DNS server {server[:60]!r} is not an address: write ADDRESS[:PORT]")
        resolver.nameservers, resolver.port = [host.strip("[]")], number
    return resolver


def addresses(resolver: dns.resolver.Resolver, name: str) -> tuple[str, ...]:
    """Return the IPv4 and IPv6 addresses of a name; empty if there are none."""
    found: list[str] = []
    for kind in ("A", "AAAA"):
        try:
            found += [str(record) for record in resolver.resolve(name, kind)]
        except dns.exception.DNSException:
            continue
    return tuple(found)


def caa_records(resolver: dns.resolver.Resolver, name: str) -> tuple[CaaRecord, ...] | str:
    """Return the CAA records that apply: those of the name, else of the closest parent that has some (RFC 8659 §3).

    A server that fails to answer proves nothing about records, so the result is then the reason, as text.
    """
    labels = name.split(".")
    for start in range(len(labels) - 1):
        try:
            answer = resolver.resolve(".".join(labels[start:]), "CAA")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            continue
        except dns.exception.DNSException as error:
            return f"{'.'.join(labels[start:])}: {str(error) or type(error).__name__}"
        return tuple(
            CaaRecord(tag=r.tag.decode("ascii", "replace"), value=r.value.decode("ascii", "replace")) for r in answer
        )
    return ()


def answers_on(address: str, port: int, source: str = "") -> str:
    """Return an empty string if something accepts a connection there; otherwise the reason why not."""
    try:
        bound = (source, 0) if source and (":" in source) == (":" in address) else None
        with socket.create_connection((address, port), timeout=TIMEOUT, source_address=bound):
            return ""
    except OSError as error:
        return "timed out" if isinstance(error, TimeoutError) else (error.strerror or str(error))
