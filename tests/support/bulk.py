"""Much of what operators bring, for measurements: archives of many megabytes, and many deployments as folders."""

from __future__ import annotations

import io
import itertools
import random
import shutil
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.world import World
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import DAY
from tests.bench.diagnose import lines
from tests.support.archives import archives_of
from tests.support.worlds import AT, deployment, issued

MEGABYTE = 1 << 20
_LOG_SHARE = 2  # of log text for each part of the archive that is packets; text packs to a tenth


def large_archives(folder: Path, megabytes: int = 30) -> tuple[Path, ...]:
    """Archives of clustered-full's four peers, each of about that size, with a log and packets as after an hour of calls."""
    written = []
    for seed, (name, content) in enumerate(archives_of(issued("clustered-full").world, AT).items(), start=1):
        if name.endswith(".tar.gz"):
            packets = megabytes * MEGABYTE * 8 // 10
            (folder / name).write_bytes(_grown(content, seed, packets, packets * _LOG_SHARE))
            written.append(folder / name)
    return tuple(written)


def _grown(content: bytes, seed: int, packets: int, log: int) -> bytes:
    made = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as small,
        tarfile.open(fileobj=made, mode="w:gz", compresslevel=1) as large,
    ):
        for entry in small:
            data = (small.extractfile(entry) or io.BytesIO()).read()
            if entry.name.startswith("loggingsnapshot"):
                data += _log(seed, log)
            _add(large, entry, data)
        stamp = small.getnames()[0].removeprefix("loggingsnapshot_").removesuffix(".txt")
        _add(large, tarfile.TarInfo(f"eth0_diagnostic_logging_tcpdump00_{stamp}.pcap"), _capture(seed, packets))
    return made.getvalue()


def _add(archive: tarfile.TarFile, entry: tarfile.TarInfo, data: bytes) -> None:
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def _log(seed: int, size: int) -> bytes:
    """Log text: some megabytes of different lines, repeated."""
    block, length = [], 0
    for line in lines(seed):
        block.append(line)
        length += len(line)
        if length >= min(size, 4 * MEGABYTE):
            break
    text = "".join(block).encode()
    return text * (size // len(text) + 1)


def _capture(seed: int, size: int) -> bytes:
    """A capture of encrypted packets, which no compression makes smaller."""
    choose = random.Random(seed)
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
    ethernet = bytes(12) + b"\x08\x00"
    internet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 1_440, 0, 0, 64, 17, 0, bytes((10, 9, 0, 1)), bytes((10, 9, 0, 3)))
    packet = ethernet + internet + struct.pack(">HHHH", 36_000, 50_000, 1_420, 0)
    record = struct.pack("<IIII", 1_790_000_000, 0, len(packet) + 1_412, len(packet) + 1_412) + packet
    count = size // (len(record) + 1_412)
    return head + b"".join(record + choose.randbytes(1_412) for _ in range(count))


def deployment_folders(folder: Path, count: int, distinct: int = 10) -> tuple[Path, ...]:
    """That many folders as an import leaves them: clustered-mra under other names, every certificate and list, no key."""
    made = []
    for number in range(count):
        target = folder / f"customer-{number:03}"
        if number < distinct:
            _write_folder(issue_world(_customer(number), at=AT - DAY, rsa=False).world, target)
        else:
            shutil.copytree(made[number % distinct], target)
        made.append(target)
    return tuple(made)


def _customer(number: int) -> Deployment:
    text = yaml.safe_dump(deployment().model_dump(mode="json"))
    return deployment_from(yaml.safe_load(text.replace("example.", f"customer{number}.example.")))


def _write_folder(world: World, target: Path) -> None:
    target.mkdir(parents=True)
    text = yaml.safe_dump(world.deployment.model_dump(mode="json", exclude_defaults=True), sort_keys=False)
    (target / "deployment.yaml").write_text(text, encoding="utf-8")
    for fqdn, party in world.parties.items():
        if party.credential is None:
            continue
        home = target / "certificates" / fqdn
        home.mkdir(parents=True)
        (home / "cert.pem").write_bytes(party.credential.pem())
        (home / "trust.pem").write_bytes(b"".join(_pem(party.trusted_ca_list)))


def _pem(certificates: tuple[x509.Certificate, ...]) -> Iterator[bytes]:
    return itertools.chain(c.public_bytes(Encoding.PEM) for c in certificates)
