"""Files as operators bring them: the parts of a diagnostic archive of one peer, packed and written."""

from __future__ import annotations

import io
import tarfile
import zipfile
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.credential_files import CHAIN
from tests.support.worlds import E1, issued

STAMP = "2026-03-01_120000"
DUMP = """\
*c xConfiguration Alternates Cluster Name: "cluster-e.example.com"
*c xConfiguration Alternates ConfigurationPrimary: "1"
*c xConfiguration Alternates Peer 1 Address: "e1.example.com"
*c xConfiguration Alternates Peer 2 Address: "e2.example.com"
*c xConfiguration IP DNS Domain Name: "example.com"
*c xConfiguration IP DNS Hostname: "e1"
*c xConfiguration SIP TLS Mode: "On"
*c xConfiguration SNMP CommunityName: "CANARY-community"
*c xConfiguration Zones Zone 1 Name: "UC traversal"
*c xConfiguration Zones Zone 1 TraversalServer SIP TLS Verify Mode: "On"
*c xConfiguration Zones Zone 1 TraversalServer SIP TLS Verify Subject Name: "cluster-c.corp.example.com"
*c xConfiguration Zones Zone 1 Type: "TraversalServer"
"""
STATUS = '*s SystemUnit: /\n  Name: "Edge one"\n  Software:\n    Version: "X15.5"\n*s/end\n'


@cache
def trusted() -> bytes:
    """The trusted CA list of e1, as a file."""
    return b"".join(c.public_bytes(Encoding.PEM) for c in issued().world.parties[E1].trusted_ca_list)


def files_of(host: str, dump: str = DUMP) -> dict[str, bytes]:
    """The files of the diagnostic archive of one peer, by name."""
    return {
        f"loggingsnapshot_{host}_{STAMP}.txt": b"a log\n" * 100,
        f"xconf_dump_{host}_{STAMP}.txt": dump.replace('Hostname: "e1"', f'Hostname: "{host}"').encode(),
        f"xstat_dump_{host}_{STAMP}.txt": STATUS.encode(),
        f"eth0_diagnostic_logging_tcpdump00_{host}_{STAMP}.pcap": b"\xd4\xc3\xb2\xa1" + bytes(500),
        f"ca_{host}_{STAMP}.pem": trusted(),
        f"server_{host}_{STAMP}.pem": CHAIN,
        f"client_{host}_{STAMP}.pem": CHAIN,
    }


def tarred(files: dict[str, bytes]) -> bytes:
    """A compressed tar archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def written(folder: Path, files: dict[str, bytes]) -> Path:
    """The folder, with these files in it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
