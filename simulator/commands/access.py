"""The file that tells scripts how to reach a running lab: addresses, passwords, DNS, topology, ACME."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pkikit.files import write_private
from simulator.lab.running_lab import RunningLab

FILE = "access.json"
USERS = ("admin", "auditor")


def access_of(lab: RunningLab, *, topology: str, proxy: str, acme: str | None) -> dict[str, Any]:
    """Return what a script needs.

    Args:
        topology: the URL of the live topology.
        proxy: the URL of the proxy that knows the lab's names, for `HTTPS_PROXY`.
        acme: the URL of the ACME directory; None without a public CA.
    """
    dns = {"inside": lab.network.dns, "outside": lab.network.outside_dns}
    sites = {fqdn: site.address for fqdn, site in lab.sites.items()}
    return {
        "peers": {fqdn: {"url": f"https://{host}:{port}", "address": host} for fqdn, (host, port) in sites.items()},
        "accounts": {user: lab.passwords[user] for user in USERS},
        "dns": {side: f"{server.address}:{server.port}" for side, server in dns.items()},
        "topology": topology,
        "proxy": proxy,
        "acme": acme,
    }


@contextmanager
def access_file(folder: Path | None, access: dict[str, Any]) -> Iterator[None]:
    """Keep `access.json` in the folder until the block ends: what it says is true only while the lab runs."""
    if folder is None:
        yield
        return
    path = folder / FILE
    write_private(path, (json.dumps(access, indent=2) + "\n").encode())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
