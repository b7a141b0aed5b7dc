"""The settings of a lab. They are an argument of `Lab`; there are no global settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pkikit.handshake.tls import TlsRange
from simulator.pebble_options import PebbleOptions

# Ports below 1024 need privileges; the lab shifts them and shows the product's number beside.
PORT_SHIFT = 10_000
PRIVILEGED = 1024


@dataclass(frozen=True, kw_only=True)
class LabSettings:
    """Immutable settings of one lab.

    net: second octet of the lab's addresses (127.net.x.y); None searches a free one.
    real_ports: listen on 80 instead of 10080; needs privileges.
    rsa: RSA-2048 keys as the guide recommends; False makes P-256 keys, for large worlds and tests.
    tls: lowest and highest TLS version of every party.
    timeout: seconds that a party of the lab waits for another. Long enough that a busy machine is not taken for a fault.
    patience: seconds that a server gives a caller from outside the lab for its handshake and its request.
    unanswered: seconds that a party waits for another that no packet reaches.
    look_up: seconds that a peer waits for a CRL or an OCSP answer during a handshake.
    keepalive: seconds between two OPTIONS on a held connection; idle: seconds of silence after which a server hangs up.
    keylog: file that TLS session secrets are appended to. capture: pcapng file, written when the lab ends.
    pebble: path of the Pebble program; acme: what kind of CA it is.
    pages: serve each peer's pages and REST API on its own address, port 443.
    fresh: peers start as new installations, with a temporary CA and a certificate from it.
    state: folder that stores the lab; the next lab with this folder resumes from it.
    """

    net: int | None = None
    real_ports: bool = False
    rsa: bool = True
    tls: TlsRange = field(default_factory=TlsRange)
    timeout: float = 30.0
    patience: float = 5.0
    unanswered: float = 1.25
    look_up: float = 3.0
    keepalive: float = 5.0
    idle: float = 90.0
    keylog: Path | None = None
    capture: Path | None = None
    pebble: Path | None = None
    acme: PebbleOptions = field(default_factory=PebbleOptions)
    pages: bool = True
    fresh: bool = False
    state: Path | None = None

    def port(self, product_port: int) -> int:
        """Return the port that the lab binds for a port of the product."""
        return product_port + PORT_SHIFT if product_port < PRIVILEGED and not self.real_ports else product_port
