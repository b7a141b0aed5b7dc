"""`make bench`: ratios in one run, so that a slow machine slows both sides. Prints a table; asserts nothing about time.

Handshakes are compared with bare pyOpenSSL on the same keys and chains, contexts shared on both sides, sessions off.

Where the time of a P-256 handshake over TLS 1.2 goes beyond bare pyOpenSSL (1100 µs; medians of interleaved rounds, one
part left out at a time, on a loaded machine):

- 50 to 120 µs: OpenSSL calls Python for each of 38 states (the theatre shows them) and for each certificate that it
  judges (the causes come from there). Each call takes the interpreter's lock back from `SSL_do_handshake`.
- 20 µs: names, tunnel and product rules about chains that were seen before. It was 120 µs before their answers were kept.
- 150 µs: two connections with their recorders, both verified chains out of OpenSSL, protocol and cipher, bytes to and fro.

The first part is the floor of a lab that records what happened. With RSA keys OpenSSL's own work hides all of it.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from OpenSSL import SSL, crypto
from rich.console import Console
from rich.table import Table

from pkikit.design.legs import legs_of
from pkikit.handshake.tls import CIPHERS, TlsRange, TlsVersion
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.world import Party, World
from pkikit.worlds.issued_world import issue_world
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab
from simulator.wire.memory import MemoryDialler
from tests.support.worlds import C1, E1, deployment, of_size

ROUNDS, HANDSHAKES = 9, 60
NOW = datetime.now(UTC)


def bare_context(party: Party, version: TlsVersion) -> SSL.Context:
    """Mutual TLS with nothing recorded: what the lab is compared with."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(version.number)
    context.set_max_proto_version(version.number)
    context.set_cipher_list(CIPHERS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    assert party.credential is not None
    assert party.credential.key is not None
    context.use_certificate(party.credential.leaf)
    context.use_privatekey(party.credential.key)
    for certificate in party.credential.intermediates:
        context.add_extra_chain_cert(certificate)
    store = context.get_cert_store()
    assert store is not None
    for certificate in party.trusted_ca_list:
        store.add_cert(crypto.X509.from_cryptography(certificate))
    return context


def bare_handshake(client_context: SSL.Context, server_context: SSL.Context) -> None:
    client, server = SSL.Connection(client_context, None), SSL.Connection(server_context, None)
    client.set_connect_state()
    server.set_accept_state()
    done: set[int] = set()
    while len(done) < 2:
        for number, (here, there) in enumerate(((client, server), (server, client))):
            if number not in done:
                try:
                    here.do_handshake()
                    done.add(number)
                except SSL.WantReadError:
                    pass
            with contextlib.suppress(SSL.WantReadError):
                there.bio_write(here.bio_read(65536))


def per_second(function: Callable[[], Any]) -> float:
    began = time.perf_counter()
    for _ in range(HANDSHAKES):
        function()
    return HANDSHAKES / (time.perf_counter() - began)


def handshakes(world: World, leg: Leg, version: TlsVersion) -> tuple[float, float, float]:
    """(lab, bare, median ratio), rounds interleaved."""
    dialler = MemoryDialler(world, NOW, TlsRange(lowest=version, highest=version))
    contexts = [bare_context(world.parties[p], version) for p in (leg.client, leg.server)]
    client, server = dialler.handshake(leg)
    assert client.complete
    assert server.complete
    pairs = [
        (per_second(lambda: dialler.handshake(leg)), per_second(lambda: bare_handshake(*contexts)))
        for _ in range(ROUNDS)
    ]
    lab, bare = (statistics.median(side) for side in zip(*pairs, strict=True))
    return lab, bare, statistics.median(a / b for a, b in pairs)


def seconds(function: Callable[[], Any]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def lab_times(made: Deployment, rsa: bool) -> tuple[float, float, int]:
    """(cold start with certificates made, check on a ready lab, legs): medians of three."""
    starts, checks, legs = [], [], 0
    for _ in range(3):
        lab = ThreadedLab(made, settings=LabSettings(rsa=rsa))
        starts.append(seconds(lab.start))
        report = lab.check()
        assert report.accepted
        legs = len(report.legs)
        checks.append(seconds(lab.check))
        lab.close()
    return statistics.median(starts), statistics.median(checks), legs


def main() -> None:
    out = Console(highlight=False)
    table = Table(
        "keys",
        "TLS",
        "lab /s",
        "bare pyOpenSSL /s",
        "ratio (goal ≥ 0.8)",
        title="Full mutual handshakes in memory, one core",
    )
    for rsa in (True, False):
        world = issue_world(deployment(), at=NOW, rsa=rsa).world
        leg = next(leg for leg in legs_of(world.deployment) if leg.id == f"zone:uc-traversal:{C1}>{E1}")
        for version in TlsVersion:
            lab, bare, ratio = handshakes(world, leg, version)
            table.add_row("RSA-2048" if rsa else "P-256", version.value, f"{lab:.0f}", f"{bare:.0f}", f"{ratio:.2f}")
    out.print(table)
    table = Table(
        "peers a cluster",
        "keys",
        "legs",
        "cold start, s (goal ≤ 2 for 2+2)",
        "check when ready, s",
        title="The lab, growing",
    )
    for peers in (1, 2, 4, 6):
        for rsa in (True, False):
            start, check, legs = lab_times(of_size(peers), rsa)
            table.add_row(
                str(peers), "RSA-2048, parallel" if rsa else "P-256", str(legs), f"{start:.2f}", f"{check:.2f}"
            )
    out.print(table)


if __name__ == "__main__":
    main()
