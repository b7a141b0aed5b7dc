"""`pkikit doctor` about what operators export: one archive, a folder of them, a dump, what Unified CM says."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pkikit.errors import InputError
from simulator.world.craft import craft
from tests.support.archives import archives_of
from tests.support.cli import DEPLOYMENT, pkikit_in_process
from tests.support.credential_files import CHAIN
from tests.support.worlds import AT, E1, UCM1, issued

ARCHIVES = archives_of(issued().world, AT)
INSTANT = ("--at", AT.isoformat())
_DUMP = '*c xConfiguration SystemUnit Name: "e1"\n*c xConfiguration Zones Zone 1 Name: "UC traversal"\n' * 3


def doctor(path: Path, code: int) -> Any:
    """The document about a file or a folder."""
    done = pkikit_in_process("doctor", str(path), *INSTANT, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def labels(document: Any) -> list[str]:
    return [row["label"] for row in document["facts"]]


@pytest.fixture(scope="module")
def archive() -> tuple[str, bytes]:
    return next((name, data) for name, data in ARCHIVES.items() if "_e1_" in name)


def test_archive_of_a_peer_is_judged_without_writing(tmp_path: Path, archive: tuple[str, bytes]) -> None:
    """Its certificate and its list; what comes next is an import."""
    folder = write(tmp_path, dict([archive]))
    document = doctor(folder / archive[0], 0)
    assert document["kind"] == "diagnostic-archive"
    assert E1 in labels(document)
    assert any("pkikit import" in step for step in document["next_steps"])
    assert [path.name for path in folder.iterdir()] == [archive[0]]


def test_archive_with_an_expired_certificate_is_wrong(tmp_path: Path) -> None:
    """The finding names machine and file."""
    world = issued().world
    old = craft((E1,), issued().authority, at=AT, begins=timedelta(days=-400), ends=timedelta(days=-2))
    world = world.with_party(replace(world.parties[E1], credential=old))
    archives = {name: data for name, data in archives_of(world, AT).items() if "_e1_" in name}
    document = doctor(write(tmp_path, archives) / next(iter(archives)), 1)
    assert "validity.expired" in document["causes"]
    assert document["findings"][0]["subject"].startswith(f"{E1}, server certificate: ")


def test_folder_of_archives_is_judged_as_an_import_of_it(tmp_path: Path) -> None:
    """The same answer before and after the import, and no yes while a connection is not assessed; nothing is written."""
    folder = write(tmp_path / "archives", ARCHIVES)
    document = doctor(folder, 1)
    assert (document["accepted"], document["assessed"]) == (False, False)
    assert document["kind"] == "operator-files"
    assert {path.name for path in folder.iterdir()} == set(ARCHIVES)
    imported = tmp_path / "imported"
    assert pkikit_in_process("import", str(folder), "--out", str(imported)).exit_code == 0
    whole = doctor(imported, 1)
    assert whole["kind"] == "deployment-folder"
    assert whole["verdict"] == document["verdict"]
    assert "are up" in whole["verdict"]


def test_folder_of_archives_with_an_expired_certificate_has_connections_down(tmp_path: Path) -> None:
    """The cause, how many connections are down, and a fix."""
    world = issued().world
    old = craft((E1,), issued().authority, at=AT, begins=timedelta(days=-400), ends=timedelta(days=-2))
    document = doctor(write(tmp_path, archives_of(world.with_party(replace(world.parties[E1], credential=old)), AT)), 1)
    assert "down" in document["verdict"]
    assert "validity.expired" in document["causes"]


def test_folder_of_archives_tells_the_first_cause_of_its_logs(tmp_path: Path) -> None:
    """The certificates are in order, and the log of e1 says why it could not reach the partner."""
    folder = write(tmp_path / "archives", ARCHIVES)
    (folder / "loggingsnapshot_e1_2026_11_24.txt").write_text(
        '2026-11-24T12:00:00.000+00:00 e1 tvcs: Event="Outbound TLS Negotiation Error" Service="SIP" Src-ip="10.9.0.3" '
        'Src-port="30000" Dst-ip="203.0.113.9" Dst-port="5061" Detail="certificate has expired" Protocol="TLS" Level="1" '
        'UTCTime="2026-11-24 12:00:00,000"\n'
    )
    rows = {row["label"]: row["values"] for row in doctor(folder, 1)["facts"]}
    assert rows["Fix first, by files and logs"] == ["a certificate of the chain has expired"]


def test_archives_of_two_customers_are_no_yes(tmp_path: Path, archive: tuple[str, bytes]) -> None:
    """Each certificate is right by itself, and nobody can say what connects."""
    dump = _DUMP + (
        '*c xConfiguration IP DNS Hostname: "x1"\n*c xConfiguration IP DNS Domain Name: "elsewhere.example.org"\n'
        '*c xConfiguration Zones Zone 1 Type: "TraversalServer"\n'
    )
    folder = write(tmp_path / "mixed", {archive[0]: archive[1], "xconf_dump_x1_2026-03-01_120000.txt": dump.encode()})
    document = doctor(folder, 1)
    assert not document["assessed"]
    assert document["verdict"].endswith("but the connections are not assessed")
    assert "the files are of 2 deployments" in document["not_assessed"][0]


def test_archive_that_import_refuses_says_why(tmp_path: Path) -> None:
    """The sentence of import, and not that it is no certificate."""
    with tarfile.open(tmp_path / "dev.tar.gz", "w:gz") as made:
        device = tarfile.TarInfo("xconf_dump_e1_2026-01-01_000000.txt")
        device.type = tarfile.CHRTYPE
        made.addfile(device)
    with pytest.raises(InputError, match="contains a device"):
        pkikit_in_process("doctor", str(tmp_path / "dev.tar.gz"))


def test_certificates_folder_with_its_deployment_is_judged(tmp_path: Path) -> None:
    """`--deployment` turns a folder for --certs into a deployment whose connections are judged."""
    folder = tmp_path / "certificates" / E1
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_bytes(CHAIN)
    done = pkikit_in_process("doctor", str(folder.parent), "--deployment", DEPLOYMENT, *INSTANT, "--json")
    assert "Connections" in labels(json.loads(done.stdout))
    assert done.exit_code in {0, 1}


def test_dump_alone_is_described_and_never_fine(tmp_path: Path) -> None:
    """Settings without a certificate: recognised, not assessed, exit code 1."""
    document = doctor(write(tmp_path, {"xconf_dump_e1.txt": _DUMP.encode()}) / "xconf_dump_e1.txt", 1)
    assert document["kind"] == "configuration"
    assert (document["accepted"], document["assessed"]) == (False, False)


def test_snapshot_of_unified_cm_shows_its_services(tmp_path: Path) -> None:
    """Each service has its certificate and its list."""
    name = next(n for n in ARCHIVES if UCM1 in n)
    document = doctor(write(tmp_path, {name: ARCHIVES[name]}) / name, 0)
    assert document["kind"] == "unified-cm"
    assert labels(document) == [f"{UCM1} (Unified CM)"]
