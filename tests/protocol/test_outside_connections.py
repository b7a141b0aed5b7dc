"""The connections outside on real sockets: DNS zones with mutual TLS, aliases, cloud, room systems, permissive clusters."""

from __future__ import annotations

import asyncio
import copy
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import asyncssh
import dns.resolver
import pytest

from pkikit.handshake.recorder import Recorder
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Severity
from pkikit.model.parties import LegKind
from pkikit.model.tables import ports
from pkikit.model.tables.ssh_algorithms import SSH_ALGORITHMS
from pkikit.model.trace import Side
from simulator.services.dns import DnsServer
from simulator.threaded import ThreadedLab
from simulator.wire.ssh import SshEnd, _Client
from simulator.wire.ssh_keys import key_pair, leaf_in, public_key
from simulator.world.craft import craft
from tests.support.labs import FAST
from tests.support.worlds import C1, E1, E2, PROFILE, changed

CLOUD, NODE = "callservice.example.net", "l2sip.example.net"
INNER = {E1: ["e1-inner.corp.example.com"], E2: ["e2-inner.corp.example.com", "video.example.com"]}


def everything() -> Deployment:
    """clustered-mra with every kind of connection that the edge can have."""
    zones = changed().model_dump(mode="json")["zones"]
    zones[0]["peer_addresses"] = [names[0] for names in INNER.values()]
    hybrid = {"name": "hybrid", "type": "dns", "cluster": "edge", "tls_verify": True}
    zones.append({**hybrid, "tls_verify_subject_name": CLOUD, "inbound_mapping": True})
    return changed(
        zones=zones,
        clusters__0__cluster_tls="permissive",
        clusters__1__aliases=INNER,
        b2b_partners=[{"domain": CLOUD, "nodes": [NODE], "dns_zone": "hybrid", "mutual_tls": True, "port": 5062}],
        cloud_services=[{"name": "onboarding", "nodes": ["fos-a.example.net"]}],
        mra_endpoints=True,
    )


@pytest.fixture(scope="module")
def lab() -> Iterator[ThreadedLab]:
    with ThreadedLab(everything(), settings=FAST) as running:
        yield running


def test_every_connection_outside_comes_up_on_real_sockets(lab: ThreadedLab) -> None:
    """All of them are dialled by name through the lab's DNS, and both judges agree."""
    report = lab.check()
    assert report.accepted, [str(leg) for leg in report.down]
    kinds = {leg.leg.kind for leg in report.legs}
    assert {LegKind.B2B, LegKind.CLOUD, LegKind.XCP, LegKind.MRA_SIP, LegKind.MRA_XMPP, LegKind.MRA_ENDPOINT} <= kinds
    assert all(leg.agrees and leg.trace is not None for leg in report.legs)
    assert {leg.leg.port for leg in report.legs if leg.leg.kind is LegKind.B2B} == {5062}


@pytest.mark.product("P1-3")
def test_external_dns_knows_public_aliases_and_no_inner_ones(lab: ThreadedLab) -> None:
    """A client outside must not find the inner interface; a machine inside finds both at the peer."""

    def addresses(server: DnsServer, name: str) -> list[str]:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [server.address], server.port
        try:
            return [str(record) for record in resolver.resolve(name, "A")]
        except dns.resolver.NXDOMAIN:
            return []

    inside, outside = lab.network.dns, lab.network.outside_dns
    inner, public = INNER[E2]
    at_e2 = [lab.plan.by_name[E2]]
    assert [addresses(inside, name) for name in (inner, public)] == [at_e2, at_e2]
    assert [addresses(outside, name) for name in (inner, public)] == [[], at_e2]


def test_stranger_on_the_mutual_port_needs_a_certificate(lab: ThreadedLab) -> None:
    """On 5061 the default zone asks for none; on 5062 the handshake ends without one."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # then the refusal is part of the handshake
    found = {}
    for port in (5061, 5062):
        with socket.create_connection((lab.plan.by_name[E1], lab.settings.port(port))) as plain:
            try:
                with context.wrap_socket(plain):
                    found[port] = True
            except (ssl.SSLError, ConnectionError):
                found[port] = False
    assert found == {5061: True, 5062: False}


@pytest.mark.product("P2-1")
def test_permissive_link_of_a_running_cluster_stays_up_with_a_warning(lab: ThreadedLab) -> None:
    """C1 gets a certificate without its own name: its links stay up, and the report warns about them."""
    before = lab.world
    credential = craft(("cluster-c.corp.example.com", PROFILE), lab.issued.authority, at=lab.clock.now())
    lab.change(before.with_party(replace(before.parties[C1], credential=credential)))
    try:
        links = [leg for leg in lab.check().legs if leg.leg.kind is LegKind.CLUSTER and leg.leg.group == "core"]
        assert links
        assert all(leg.up and leg.agrees for leg in links)
        warned = {(f.rule, f.severity) for leg in links for f in leg.findings}
        assert warned == {("names.peer-fqdn-missing", Severity.WARNING)}
    finally:
        lab.change(before)


class _AnyKey(_Client):
    """Expressway-C's end that takes every host key, and shows another key as often as E asks."""

    shown = 0

    def validate_server_host_key(self, key_data: bytes) -> asyncssh.SSHKey:
        leaf = leaf_in(key_data)
        assert leaf is not None
        self._server_host_key = public_key(leaf)
        return self._server_host_key

    async def public_key_auth_requested(self) -> Any:
        self.shown += 1
        assert self.end.party.credential is not None
        key = copy.copy(key_pair(self.end.party.credential))
        key.public_data += bytes(self.shown)  # each is another key to E
        return key


def test_caller_of_a_tunnel_may_show_few_keys(lab: ThreadedLab) -> None:
    """E judges six keys of a caller that it refuses, and then hangs up."""
    plan, settings = lab.plan, lab.settings
    stranger = replace(lab.world.parties[C1], credential=craft(("stranger.example.net",), None, at=lab.clock.now()))

    async def show() -> tuple[Any, int]:
        at = lab.clock.now()
        end = SshEnd(party=stranger, algorithms=SSH_ALGORITHMS, at=at, recorder=Recorder(Side.CLIENT, lambda: at))
        caller = _AnyKey(end)
        target = plan.by_name[E1], settings.port(ports.SSH_TUNNEL)
        await asyncio.get_running_loop().create_connection(lambda: cast(asyncio.Protocol, caller), *target)
        return await caller.up, caller.shown

    ended, shown = asyncio.run(show())
    assert (str(ended), shown) == ("too many keys", 7)
