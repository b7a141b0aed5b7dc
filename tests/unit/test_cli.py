"""The command lines: documented JSON, exit codes, one sentence and no traceback for whatever is wrong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.cli import DEPLOYMENT, command_line, pkikit_json, run_inside
from tests.support.json_documents import assert_follows
from tests.support.worlds import C1, E1, issued


@pytest.fixture
def files(tmp_path: Path) -> Path:
    credential = issued().world.parties[E1].credential
    assert credential is not None
    (tmp_path / "cert.pem").write_bytes(credential.pem())
    (tmp_path / "leaf.pem").write_bytes(credential.leaf.public_bytes(Encoding.PEM))
    (tmp_path / "root.pem").write_bytes(issued().authority.root.public_bytes(Encoding.PEM))
    return tmp_path


def test_san_command_prints_the_layout_of_each_peer() -> None:
    """The documented JSON, for one peer in another spelling and for another domain format."""
    document = pkikit_json("san", DEPLOYMENT, "--peer", "E1.EXAMPLE.com.", "--format", "collab-edge-dns")
    (peer,) = document["peers"]
    assert peer["fqdn"] == E1
    assert [s["value"] for s in peer["sans"]] == [E1, "cluster-e.example.com", "collab-edge.example.com"]
    assert all(set(s) == {"type", "value", "rule", "reason", "needed_by"} and s["needed_by"] for s in peer["sans"])
    assert len(pkikit_json("san", DEPLOYMENT)["peers"]) == 4


def test_csr_command_writes_a_private_key_and_keeps_a_pending_request(tmp_path: Path) -> None:
    """The key is 0600; a pending request is overwritten only with --discard."""
    out = tmp_path / "new" / "folder"
    facts = pkikit_json("csr", DEPLOYMENT, "--peer", C1, "--out", str(out), "--country", "gb", "--digest", "sha512")
    request = x509.load_pem_x509_csr((out / "request.pem").read_bytes())
    assert request.is_signature_valid
    assert facts["signature_digest"] == "sha512"
    assert stat.S_IMODE((out / "key.pem").stat().st_mode) == 0o600
    before = (out / "key.pem").read_bytes()
    again = run_inside("pkikit", "csr", DEPLOYMENT, "--peer", C1, "--out", str(out))
    assert again.returncode == 2
    assert "discard" in again.stderr
    assert (out / "key.pem").read_bytes() == before
    assert run_inside("pkikit", "csr", DEPLOYMENT, "--peer", C1, "--out", str(out), "--discard").returncode == 0
    assert (out / "key.pem").read_bytes() != before
    assert "PRIVATE" not in again.stdout + again.stderr


def test_verify_command_exits_0_when_accepted_and_1_when_refused(files: Path) -> None:
    """Accepted with exit 0; refused with exit 1, findings and what was checked."""
    good = pkikit_json(
        "verify",
        str(files / "cert.pem"),
        "--trust",
        str(files / "root.pem"),
        "--name",
        E1,
        "--at",
        "2026-11-24T12:00:00Z",
    )
    assert good["accepted"] is True
    assert good["findings"] == []
    assert "names.reference-not-presented" in good["checked"]
    bad = pkikit_json(
        "verify", str(files / "leaf.pem"), "--trust", str(files / "root.pem"), "--at", "2026-11-24T12:00:00Z", code=1
    )
    assert [f["rule"] for f in bad["findings"]] == ["trust.intermediate-missing"]
    assert set(bad["findings"][0]) == {"rule", "severity", "subject", "message", "evidence", "fix"}
    named = pkikit_json(
        "verify",
        str(files / "cert.pem"),
        "--trust",
        str(files / "root.pem"),
        "--name",
        "sip:other.example",
        "--at",
        "2026-11-24T13:00:00+01:00",
        code=1,
    )
    assert [f["rule"] for f in named["findings"]] == ["names.reference-not-presented"]


def test_lint_match_decode_and_rules_print_their_documented_json(files: Path) -> None:
    """The other commands answer in their documented shapes."""
    certificate = str(files / "cert.pem")
    lint = pkikit_json(
        "lint",
        certificate,
        "--deployment",
        DEPLOYMENT,
        "--peer",
        "e2.example.com",
        "--at",
        "2026-11-24T12:00:00Z",
        code=1,
    )
    assert_follows("lint", lint)
    assert "names.peer-fqdn-missing" in {f["rule"] for f in lint["findings"]}
    assert (
        pkikit_json("lint", str(files / "root.pem"), "--as", "trust-list", "--at", "2026-11-24T12:00:00Z")["accepted"]
        is True
    )
    match = pkikit_json("match", "sip:example.com", certificate)
    assert match["accepted"] is True
    assert {"SIP URI (SAN)", "dNSName (SAN)", "common name"} <= {row["kind"] for row in match["table"]}
    assert len(match["contradiction"]) == 3
    assert match["unusable"] == []
    assert pkikit_json("match", "other.example.com", certificate, code=1)["accepted"] is False
    kinds = [o["kind"] for o in pkikit_json("decode", certificate, str(files / "root.pem"))["objects"]]
    assert kinds == ["certificate"] * 3
    rules = pkikit_json("rules")
    assert all(set(r) == {"id", "severity", "requirement", "source", "fix", "versions"} for r in rules)
    assert [r["id"] for r in pkikit_json("rules", "key.mismatch")] == ["key.mismatch"]


BAD: list[tuple[str, tuple[str, ...], str]] = [
    ("pkikit", ("san", "missing.yaml"), "missing.yaml: there is no such file"),
    ("pkikit", ("san", "."), "is a folder"),
    ("pkikit", ("san", sys.executable), "is"),
    ("pkikit", ("san", DEPLOYMENT, "--peer", "x.example.com"), "there are c1.corp.example.com"),
    ("pkikit", ("san", DEPLOYMENT, "--peer", "10.0.0.1"), "IP address"),
    ("pkikit", ("san", DEPLOYMENT, "--format", "xmpp"), "allowed are dns, collab-edge-dns"),
    ("pkikit", ("san", DEPLOYMENT, "--bogus"), "No such option"),
    ("pkikit", ("san",), "Missing"),
    ("pkikit", ("frobnicate",), "No such command"),
    ("pkikit", ("rules", "nope"), "no rule has the id 'nope'"),
    ("pkikit", ("csr", DEPLOYMENT, "--peer", C1, "--out", "/proc/nowhere"), "cannot be written"),
    ("pkikit", ("csr", DEPLOYMENT, "--peer", C1, "--out", "x", "--key-size", "1024"), "allowed are 2048, 4096"),
    ("pkikit", ("csr", DEPLOYMENT, "--peer", C1, "--out", "x", "--digest", "md5"), "allowed are sha256"),
    ("pkikit", ("decode", DEPLOYMENT), "is a deployment file"),
    ("pkikit", ("lint", DEPLOYMENT, "--at", "2026-01-01"), "has no time zone"),
    ("pkikit", ("lint", DEPLOYMENT, "--at", "tomorrow"), "ISO-8601"),
    ("pkikit", ("lint", DEPLOYMENT, "--version", "X7"), "X8.1 to X15.5"),
    ("pkikit", ("lint", DEPLOYMENT, "--peer", C1), "go together"),
    ("pkikit", ("match", "no such name", DEPLOYMENT), "is a deployment file"),
    ("simulator", ("check", "missing.yaml"), "no such file"),
    ("simulator", ("check", DEPLOYMENT, "--certs", "missing"), "no such folder"),
    ("simulator", ("check", DEPLOYMENT, "--tls", "1.1"), "allowed are 1.2, 1.3"),
    ("simulator", ("check", DEPLOYMENT, "--at", "noon"), "ISO-8601"),
]


@pytest.mark.parametrize(
    ("module", "arguments", "said"), BAD, ids=[" ".join(Path(w).name for w in a) for _, a, _ in BAD]
)
def test_command_exits_2_with_one_sentence_on_bad_input(module: str, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2, one line on standard error, below it the usage if a parameter is missing; nothing on standard output."""
    done = run_inside(module, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    below = done.stderr.strip().splitlines()[1:]
    assert [line.split(":")[0] for line in below] == (["Usage", "Example"] if "Missing " in done.stderr else [])
    assert done.stdout == ""


def test_command_exits_2_when_a_file_may_not_be_read(files: Path) -> None:
    """Permission denied is a sentence. (Root reads everything, so the permission is taken from another user's run.)"""
    path = files / "cert.pem"
    path.chmod(0)
    command = command_line("pkikit", "decode", str(path))
    if os.geteuid() == 0:
        drop = "import os,sys; os.setgroups([]); os.setgid(65534); os.setuid(65534); from pkikit.files import read_bytes; from pathlib import Path\n"
        drop += "from pkikit.errors import InputError\ntry: read_bytes(Path(sys.argv[1]))\nexcept InputError as e: print(e); sys.exit(2)"
        files.chmod(0o755)
        for parent in files.parents:
            if str(parent).startswith("/tmp/"):
                parent.chmod(0o755)
        # Everything is imported before the privileges go: the interpreter's own files need not be world-readable.
        command = [sys.executable, "-c", "import pkikit.files, pkikit.errors, pathlib\n" + drop, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "permission denied" in done.stdout + done.stderr


@pytest.mark.parametrize(("change", "said"), [
    (lambda d: (d / "x.example.com").mkdir(), "is not a party of clustered-mra"),
    (lambda d: (d / E1 / "cert.pem").write_bytes(b""), "is empty"),
    (lambda d: (d / E1 / "cert.pem").write_text("hello"), "neither PEM nor DER"),
    (lambda d: (d / E1 / "trust.pem").write_bytes(b"\x00" * 100), "neither PEM nor DER"),
    (lambda d: (d / E1 / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "does not contain one"),
    (lambda d: (d / E1 / "cert.pem").unlink(), "no cert.pem"),
])  # fmt: skip
def test_check_command_names_the_wrong_file_of_a_certificate_folder(change: Any, said: str, files: Path) -> None:
    """`check --certs` names the file that is wrong and starts nothing."""
    folder = files / "certs" / E1
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_bytes((files / "cert.pem").read_bytes())
    (folder / "key.pem").write_text("placeholder")
    change(files / "certs")
    done = run_inside("simulator", "check", DEPLOYMENT, "--certs", str(files / "certs"), "--json")
    assert done.returncode == 2
    assert said in done.stderr or "neither PEM nor DER" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("module", ["pkikit", "simulator"])
def test_help_of_every_command_has_an_example(module: str) -> None:
    """`--help` exits 0, and each command's help shows how it is called."""
    listing = run_inside(module, "--help")
    assert listing.returncode == 0
    commands = {
        "pkikit": ("san", "csr", "decode", "lint", "verify", "match", "rules"),
        "simulator": ("check", "up", "schema"),
    }[module]
    for command in commands:
        assert command in listing.stdout
        assert "Example:" in run_inside(module, command, "--help").stdout


def test_rules_command_is_silent_when_its_reader_closes_the_pipe() -> None:
    """`pkikit rules | head -1` ends without a word."""
    done = subprocess.run(f"{sys.executable} -m pkikit rules | head -1", shell=True, capture_output=True, text=True)
    assert done.stderr == ""
