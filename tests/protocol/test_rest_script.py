"""The script of docs/rest.md, which is written for a real peer, on a peer of the lab; access.json; the proxy for names."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.files import key_pem
from simulator.face.name_proxy import NameProxy
from simulator.threaded import ThreadedLab
from simulator.world.craft import craft
from tests.support.labs import QUICK
from tests.support.places import ROOT
from tests.support.wait import LONG, eventually
from tests.support.worlds import E1, E2, PARTNER, changed

DEPLOYMENT = ROOT / "notebooks" / "deployments" / "single-pair.yaml"


@pytest.fixture(scope="module")
def lab() -> Iterator[ThreadedLab]:
    with ThreadedLab(changed(version="X15.5"), settings=QUICK) as running:
        yield running


@pytest.fixture
def proxy(lab: ThreadedLab) -> Iterator[str]:
    """The address of the proxy that `expressway-sim up` starts beside a lab."""
    made: list[NameProxy] = []

    async def start() -> None:
        made.append(NameProxy(lab.lab))
        made[0].start()

    lab.run(start)
    yield made[0].url
    lab.run(made[0].stop)


def script() -> str:
    """The code of the documentation."""
    found = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "rest.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_script_of_the_documentation_is_short_and_knows_nothing_of_the_lab() -> None:
    """40 lines, plain requests: no module, port or path of ours."""
    code = script()
    assert len(code.splitlines()) <= 40
    assert not re.search(r"simulator|pkikit|/lab|127\.|10443", code)


@pytest.mark.needs("openssl")
@pytest.mark.product("D-01", "D-03", "D-05", "D-06", "D-08", "D-09", "D-10", "D-14", "D-15")
def test_script_for_a_real_peer_runs_unchanged(lab: ThreadedLab, proxy: str, tmp_path: Path) -> None:
    """By name, with a trusted CA file and HTTP Basic: afterwards the peer shows a certificate of the given CA."""
    ca = craft((), None, at=lab.clock.now(), common_name="Given CA", ca=True, can_sign=True, ends=timedelta(days=800))
    assert ca.key is not None
    (tmp_path / "ca.pem").write_bytes(ca.pem())
    (tmp_path / "ca.key").write_bytes(key_pem(ca.key))
    trusted = lab.issued.root.certificate.public_bytes(Encoding.PEM) + ca.pem()
    (tmp_path / "trusted.pem").write_bytes(trusted)
    (tmp_path / "renew.py").write_text(script(), encoding="utf-8")
    before = lab.peers[E1].state.trusted_ca_list
    done = _run(tmp_path, proxy, lab.passwords["admin"], E1)
    assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()
    assert [line.partition(" {")[0] for line in printed[:4]] == [
        "certs/generate_csr 200", "certs/root 200", "certs/server 200", "restart 200",
    ]  # fmt: skip
    running = lab.peers[E1].running
    assert running is not None
    assert running.leaf.issuer == ca.leaf.subject
    assert printed[-1] == f"in use until {_as_openssl(running.leaf)}"
    assert lab.peers[E1].state.trusted_ca_list == (*before, ca.leaf)
    names = running.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert E1 in names.get_values_for_type(x509.DNSName)
    # The near misses: another name than the certificate's, a list without the CA, a wrong password.
    (tmp_path / "trusted.pem").write_bytes(lab.issued.root.certificate.public_bytes(Encoding.PEM))
    assert "CERTIFICATE_VERIFY_FAILED" in _run(tmp_path, proxy, lab.passwords["admin"], E1).stderr
    assert "401" in _run(tmp_path, proxy, "wrong", E2).stdout


def test_tunnel_without_a_byte_ends(lab: ThreadedLab) -> None:
    """Idle tunnels do not keep everybody else out for good; names that the lab does not have get none."""
    made: list[NameProxy] = []

    async def start() -> None:
        made.append(NameProxy(lab.lab, idle=0.2))
        made[0].start()

    lab.run(start)
    host, _, port = made[0].url.removeprefix("http://").partition(":")
    try:
        for target, status in ((f"{E1}:443", b"200"), ("localhost:22", b"502"), (f"{E1}:99999", b"502")):
            with socket.create_connection((host, int(port)), timeout=LONG) as caller:
                caller.sendall(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
                answer = b"".join(iter(lambda: caller.recv(4096), b""))  # until the proxy ends it
                assert answer.split()[1] == status
    finally:
        lab.run(made[0].stop)


def _run(folder: Path, proxy: str, password: str, peer: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HTTPS_PROXY": proxy, "EXPRESSWAY": password, "NO_PROXY": ""}
    return subprocess.run(
        [sys.executable, "renew.py", peer, "ca.pem", "ca.key", "trusted.pem"],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=LONG, check=False,
    )  # fmt: skip


def _as_openssl(certificate: x509.Certificate) -> str:
    return f"{certificate.not_valid_after_utc:%b %e %H:%M:%S %Y} GMT"


# The proxy.


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"CONNECT {E1}:443 HTTP/1.1\r\n\r\n", "200"), (f"CONNECT {E1.upper()}:443 HTTP/1.1\r\nHost: x\r\n\r\n", "200"),
        (f"CONNECT {PARTNER}:1 HTTP/1.1\r\n\r\n", "502"), ("CONNECT www.example.net:443 HTTP/1.1\r\n\r\n", "502"),
        ("CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n", "502"), (f"CONNECT {E1}:0 HTTP/1.1\r\n\r\n", "502"),
        (f"CONNECT {E1}:99999 HTTP/1.1\r\n\r\n", "502"), (f"GET http://{E1}/ HTTP/1.1\r\n\r\n", "502"),
        ("\r\n\r\n", "502"), ("x" * 200_000, ""),
    ],
)  # fmt: skip
def test_proxy_leads_to_the_lab_alone(proxy: str, head: str, status: str) -> None:
    """Names of the lab's DNS; every other name, address and method is refused, and nothing is dialled."""
    host, port = proxy.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=LONG) as caller:
        try:
            caller.sendall(head.encode())
            answer = caller.recv(1000).decode()
        except OSError:
            answer = ""
    assert answer.partition(" ")[2][:3] == status


def test_proxy_passes_bytes_on_until_the_caller_ends(lab: ThreadedLab, proxy: str) -> None:
    """Several requests on one tunnel, large answers too; afterwards no connection is left."""
    with requests.Session() as session:
        session.proxies, session.trust_env = {"https": proxy}, False
        session.auth, session.verify = ("admin", lab.passwords["admin"]), False
        with pytest.warns(match="Unverified HTTPS"):
            sizes = {len(session.get(f"https://{E2}/api/raml", timeout=LONG).content) for _ in range(3)}
    assert len(sizes) == 1
    assert sizes.pop() > 30_000


# access.json.


@contextmanager
def running_up(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`expressway-sim up` with a state folder, until the block ends."""
    command = [sys.executable, "-m", "simulator", "up", *options, "--state", str(folder), str(DEPLOYMENT)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LONG)


@pytest.mark.parametrize("acme", [False, True], ids=["without ACME", "with ACME"])
def test_access_file_says_how_to_reach_a_running_lab(tmp_path: Path, acme: bool) -> None:
    """Everything in it answers; mode 0600; a killed lab's file is replaced; gone when the lab stops."""
    path = tmp_path / "access.json"
    path.write_text("{}")
    with running_up(tmp_path, *([] if acme else ["--no-acme"])):
        eventually(lambda: path.read_text(encoding="utf-8") != "{}", "no access.json")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        access = json.loads(path.read_text(encoding="utf-8"))
        assert set(access) == {"peers", "accounts", "dns", "topology", "proxy", "acme"}
        assert set(access["accounts"]) == {"admin", "auditor"}
        assert set(access["dns"]) == {"inside", "outside"}
        for peer in access["peers"].values():
            assert set(peer) == {"url", "address"}
            assert peer["url"].startswith(f"https://{peer['address']}:")
            for account in access["accounts"].items():
                assert fetched(f"{peer['url']}/api/provisioning/sysinfo", account) == 200
        assert requests.get(access["topology"], timeout=LONG).status_code == 200
        assert (fetched(access["acme"]) if acme else access["acme"]) == (200 if acme else None)
        for server in access["dns"].values():
            host, port = server.split(":")
            socket.create_connection((host, int(port)), timeout=LONG).close()
    assert not path.exists()


def fetched(url: str, account: tuple[str, str] | None = None) -> int:
    """The status of a URL, whatever its certificate."""
    with pytest.warns(match="Unverified HTTPS"):
        return requests.get(url, auth=account, verify=False, timeout=LONG).status_code
