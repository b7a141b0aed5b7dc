"""A capture of a whole check, read and decrypted by tshark: the certificates seen in it are those presented."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import DEPLOYMENT, run
from tests.support.wait import LONG
from tests.support.worlds import DEPLOYMENTS, E1

pytestmark = pytest.mark.needs("tshark")


def tshark(path: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["tshark", "-r", str(path), *arguments], capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line]


@pytest.fixture(scope="module", params=["1.2", "1.3"])
def capture(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, dict[str, object]]:
    path = tmp_path_factory.mktemp("capture") / "lab.pcapng"
    done = run("simulator", "check", DEPLOYMENT, "--json", "--tls", request.param, "--capture", str(path))
    assert done.returncode == 0, done.stderr
    return path, request.param, json.loads(done.stdout)


def test_capture_has_one_conversation_per_dialled_leg(capture: tuple[Path, str, dict[str, object]]) -> None:
    """As many TCP conversations as legs dialled, none of them malformed, no checksum wrong."""
    path, _, report = capture
    dialled = [leg for leg in report["legs"] if leg["dialled"]]  # type: ignore[attr-defined]
    streams = set(tshark(path, "-T", "fields", "-e", "tcp.stream"))
    assert len(streams) == len(dialled) > 5
    assert tshark(path, "-Y", "_ws.malformed or tcp.analysis.lost_segment or tcp.analysis.retransmission") == []
    checks = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    assert tshark(path, *checks, "-Y", "tcp.checksum.status == 0 or ip.checksum.status == 0") == []


def test_capture_is_decrypted_with_its_secrets(capture: tuple[Path, str, dict[str, object]]) -> None:
    """In TLS 1.3 certificates are encrypted: that they are read shows that the secrets inside the file work."""
    path, version, _ = capture
    names = ",".join(tshark(path, "-Y", "tls.handshake.certificate", "-T", "fields", "-e", "x509ce.dNSName"))
    assert E1 in names
    versions = set(
        tshark(
            path, "-Y", "tls.handshake.type == 2", "-T", "fields", "-e", "tls.handshake.extensions.supported_version"
        )
    )
    assert versions == ({"0x0304"} if version == "1.3" else set())
    assert tshark(path, "-Y", "sip.Method == OPTIONS")
    assert tshark(path, "-Y", "sip.Status-Code == 200")
    assert tshark(path, "-Y", "http.response.code == 200", "-d", "tls.port==8443,http")


def test_capture_file_is_0600_without_private_keys(capture: tuple[Path, str, dict[str, object]]) -> None:
    """0600; session secrets only; nothing is overwritten."""
    path, _, _ = capture
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    data = path.read_bytes()
    assert b"PRIVATE KEY" not in data
    assert b"CLIENT_RANDOM" in data or b"CLIENT_TRAFFIC_SECRET_0" in data
    command = [
        sys.executable,
        "-m",
        "simulator",
        "check",
        str(DEPLOYMENTS / "clustered-mra.yaml"),
        "--capture",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert path.read_bytes() == data
