"""`pkikit probe` against the lab's real endpoints and against what is none: both directions' facts, the same diagnosis."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.files import key_pem, write_private, write_public
from simulator.threaded import ThreadedLab
from tests.support.cli import pkikit_error, pkikit_json, run
from tests.support.labs import lab_fixture
from tests.support.wait import LONG
from tests.support.worlds import C1, CLUSTER_C, E1, PARTNER

lab = lab_fixture(rsa=True)


@pytest.fixture(scope="module")
def files(lab: ThreadedLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("probe")
    credential = lab.world.parties[C1].credential
    assert credential is not None
    assert credential.key is not None
    write_public(folder / "cert.pem", credential.pem())
    write_private(folder / "key.pem", key_pem(credential.key))
    write_public(folder / "root.pem", lab.issued.authority.root.public_bytes(Encoding.PEM))
    return folder


def probe(*arguments: str, code: int = 0) -> Any:
    if code == 2:
        return pkikit_error("probe", *arguments)
    return pkikit_json("probe", *arguments, code=code)


def at(lab: ThreadedLab, fqdn: str, port: int) -> str:
    return f"{lab.plan.by_name[fqdn]}:{port}"


def test_probe_of_https_is_accepted_with_chain_and_parameters(lab: ThreadedLab, files: Path) -> None:
    """HTTPS on 8443, name and chain right: accepted, with the chain and what was negotiated."""
    document = probe(at(lab, E1, 8443), "--https", "--name", "example.com", "--trust", str(files / "root.pem"))
    assert document["accepted"] is True
    assert document["outcome"] == "accepted"
    assert document["answer"].startswith("HTTP/1.1 200")
    assert document["chain"][0]["sans"]["dns"][0] == E1
    assert document["wants_certificate"] is False
    assert document["causes"] == []


def test_probe_of_mutual_tls_needs_the_client_certificate(lab: ThreadedLab, files: Path) -> None:
    """The traversal port wants a certificate: with C's it answers SIP, without one it says so."""
    base = (at(lab, E1, 7001), "--sip", "--name", E1, "--trust", str(files / "root.pem"))
    mine = ("--cert", str(files / "cert.pem"), "--key", str(files / "key.pem"))
    document = probe(*base, *mine)
    assert document["answer"].startswith("SIP/2.0 200")
    assert document["wants_certificate"] is True
    refused = probe(*base, code=1)
    assert refused["causes"][0] == "tls.certificate-required"


@pytest.mark.parametrize(
    ("name", "trust", "cause"),
    [
        ("nobody.example.com", "root.pem", "names.reference-not-presented"),
        ("192.0.2.1", "root.pem", "names.ip-address-used"),
        (E1, "cert.pem", "trust.issuer-unknown"),
    ],
)
def test_probe_names_the_first_cause_as_diagnose_does(
    lab: ThreadedLab, files: Path, name: str, trust: str, cause: str, tmp_path: Path
) -> None:
    """The first cause, and the saved trace leads diagnose to the same area."""
    saved = tmp_path / "trace.json"
    arguments = (at(lab, E1, 8443), "--https", "--name", name, "--trust", str(files / trust), "--save", str(saved))
    document = probe(*arguments, code=1)
    assert document["causes"][0] == cause
    done = run("pkikit", "diagnose", str(saved), "--json")
    assert json.loads(done.stdout)["causes"][0].split(".")[0] == cause.split(".")[0]


def test_probe_without_trust_list_judges_only_the_name(lab: ThreadedLab) -> None:
    """Nothing is known of whom we trust, so nothing is said of it; the name is still looked for."""
    document = probe(at(lab, PARTNER, 5061), "--sip", "--name", PARTNER)
    assert document["accepted"] is True
    assert len(document["chain"]) == 2


def test_probe_reports_closed_port_unknown_name_and_other_protocol() -> None:
    """A closed port, a name that leads nowhere, and a server that speaks something else."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert probe(f"127.0.0.1:{port}", code=1)["causes"] == ["net.unreachable"]
    assert probe("nobody.invalid:5061", code=1)["causes"] == ["dns.name-unresolved"]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SIP/2.0 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        assert probe(f"127.0.0.1:{server.getsockname()[1]}", code=1)["causes"] == ["tls.not-tls"]
        thread.join(timeout=LONG)


def test_probe_of_a_silent_server_ends_after_the_timeout() -> None:
    """Waited for as long as was asked, no longer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        document = probe(f"127.0.0.1:{server.getsockname()[1]}", "--timeout", "1", code=1)
        assert document["outcome"] != "accepted"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("e1.example.com",), "HOST:PORT"),
        (("e1.example.com:0",), "HOST:PORT"),
        (("e1.example.com:5061", "--sip", "--https"), "exclude each other"),
        (("e1.example.com:5061", "--cert", "x.pem"), "go together"),
    ],
)
def test_probe_with_bad_input_exits_2(arguments: tuple[str, ...], said: str) -> None:
    """The error is one sentence."""
    assert said in probe(*arguments, code=2)
    assert CLUSTER_C
