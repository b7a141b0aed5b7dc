"""`openssl s_client` and `dig` against a running lab, as a learner uses them beside a notebook."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from simulator.commands.up import write_state
from simulator.threaded import ThreadedLab
from tests.support.labs import lab_fixture
from tests.support.openssl import openssl
from tests.support.wait import LONG, eventually
from tests.support.worlds import C1, E1

OPTIONS = "OPTIONS sip:e1.example.com SIP/2.0\r\nVia: SIP/2.0/TLS c1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:e1>\r\n"
OPTIONS += "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"


lab = lab_fixture()


@pytest.fixture(scope="module")
def state(lab: ThreadedLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    write_state(lab.lab, folder)
    return folder


def s_client(lab: ThreadedLab, state: Path, *more: str, tls: str = "-tls1_3") -> subprocess.CompletedProcess[str]:
    where = f"{lab.endpoints[E1].address}:7001"
    arguments = (
        "s_client",
        "-connect",
        where,
        "-CAfile",
        str(state / "root.pem"),
        "-servername",
        E1,
        tls,
        "-quiet",
        *more,
    )
    return openssl(*arguments, cwd=state, check=False, stdin=OPTIONS)


def own(state: Path, fqdn: str) -> tuple[str, ...]:
    folder = state / fqdn
    return "-cert", str(folder / "cert.pem"), "-key", str(folder / "key.pem"), "-cert_chain", str(folder / "cert.pem")


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("tls", ["-tls1_2", "-tls1_3"])
def test_zone_answers_openssl_with_the_certificate_of_c(lab: ThreadedLab, state: Path, tls: str) -> None:
    """The traversal port takes C's certificate and answers SIP OPTIONS; the server's chain verifies for openssl too."""
    done = s_client(lab, state, *own(state, C1), tls=tls)
    assert "SIP/2.0 200 OK" in done.stdout
    assert "verify error" not in done.stderr


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(("tls", "alert"), [("-tls1_2", "handshake failure"), ("-tls1_3", "certificate required")])
def test_zone_refuses_openssl_without_a_certificate(lab: ThreadedLab, state: Path, tls: str, alert: str) -> None:
    """Mutual TLS means that no certificate is no connection, and openssl sees the alert that says so."""
    done = s_client(lab, state, tls=tls)
    assert "SIP/2.0" not in done.stdout
    assert alert in done.stderr


@pytest.mark.needs("openssl")
def test_zone_refuses_openssl_with_another_name(lab: ThreadedLab, state: Path) -> None:
    """E2's certificate is trusted, but it is not what the zone's verify subject name asks for."""
    done = s_client(lab, state, *own(state, "e2.example.com"))
    assert "SIP/2.0" not in done.stdout
    # The lab writes the event in its own thread, after openssl has gone.
    eventually(
        lambda: any("identity was unacceptable" in str(e) for e in lab.events.of(E1, "Inbound TLS Negotiation Error"))
    )


@pytest.mark.needs("openssl")
def test_mra_port_asks_openssl_for_no_certificate(lab: ThreadedLab, state: Path) -> None:
    """Clients outside have none; the server's certificate verifies with the registration domain as host name."""
    where = f"{lab.endpoints[E1].address}:8443"
    done = openssl(
        *("s_client", "-connect", where, "-CAfile", str(state / "root.pem"), "-verify_hostname", "example.com"),
        *("-verify_return_error", "-quiet"),
        cwd=state,
        check=False,
        stdin="GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
    )
    assert "HTTP/1.1 200 OK" in done.stdout


@pytest.mark.needs("openssl")
def test_openssl_verifies_the_chain_of_every_party(lab: ThreadedLab, state: Path) -> None:
    """`openssl verify` accepts each party's chain as server and, for peers, as client."""
    for fqdn, party in lab.world.parties.items():
        if party.credential is None:
            continue
        chain = str(state / fqdn / "cert.pem")
        for purpose in ("sslserver", "sslclient"):
            openssl(
                "verify", "-purpose", purpose, "-CAfile", str(state / "root.pem"), "-untrusted", chain, chain, cwd=state
            )
    assert lab.issued.authority.root.public_bytes(Encoding.PEM) == (state / "root.pem").read_bytes()


@pytest.mark.needs("dig")
def test_dig_resolves_the_names_of_the_lab(lab: ThreadedLab) -> None:
    """The DNS answers a real resolver tool: SRV for discovery, both peers behind the cluster name, in turn."""
    dns = lab.dns

    def dig(*question: str) -> list[str]:
        command = ["dig", f"@{dns.address}", "-p", str(dns.port), "+short", "+time=60", "+tries=1", *question]
        return subprocess.run(command, capture_output=True, text=True, timeout=LONG).stdout.split("\n")[:-1]

    assert sorted(dig("SRV", "_collab-edge._tls.example.com")) == [
        "10 10 8443 e1.example.com.",
        "10 10 8443 e2.example.com.",
    ]
    first, second = (dig("A", "cluster-e.example.com") for _ in range(2))
    assert sorted(first) == sorted(second)
    assert first != second
    assert dig("+tcp", "A", E1) == [lab.endpoints[E1].address]
    assert dig("A", "nowhere.example.org") == []
