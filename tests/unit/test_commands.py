"""The commands that came with "pkikit whole": documented shapes, exit codes, files whole or not at all, nothing secret told."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs7, pkcs12

from pkikit.design.restarts import ORDER_ADVICE
from pkikit.files import key_pem, read_file
from pkikit.model.codec.trace import trace_to_json
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import DAY, craft
from tests.support.cli import DEPLOYMENT, command_line, pkikit_json, run_inside
from tests.support.credential_files import CREDENTIAL
from tests.support.wait import LONG
from tests.support.worlds import AT, C1, DEPLOYMENTS, E1, E2, WorldBuilder, issued

FULL = str(DEPLOYMENTS / "clustered-full.yaml")
ROOT = issued().authority.root
AUTHORITY = issued().authority
INSTANT = ("--at", "2026-11-24T12:00:00Z")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "cert.pem").write_bytes(CREDENTIAL.pem())
    (tmp_path / "root.pem").write_bytes(ROOT.public_bytes(Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(key_pem(CREDENTIAL.key))  # type: ignore[arg-type]
    store = pkcs12.serialize_key_and_certificates(
        b"e1", CREDENTIAL.key, CREDENTIAL.leaf, CREDENTIAL.intermediates, BestAvailableEncryption(b"secret")
    )
    (tmp_path / "store.p12").write_bytes(store)
    (tmp_path / "pass").write_text("secret\n")
    (tmp_path / "chain.p7b").write_bytes(pkcs7.serialize_certificates(list(CREDENTIAL.chain), Encoding.DER))
    (tmp_path / "der.crt").write_bytes(CREDENTIAL.leaf.public_bytes(Encoding.DER))
    return tmp_path


def test_decode_command_describes_extensions_and_a_pkcs12_store(files: Path) -> None:
    """Extensions in words, unknown ones as hex; key facts only; a passphrase from a file opens a PKCS#12 store."""
    document = pkikit_json("decode", str(files / "store.p12"), "--passphrase-file", str(files / "pass"))
    kinds = [o["kind"] for o in document["objects"]]
    assert kinds == ["certificate", "certificate", "private key"]
    names = {e["name"] for e in document["objects"][0]["extensions"]}
    assert {"basicConstraints", "keyUsage", "extendedKeyUsage", "subjectAltName"} <= names
    done = run_inside("pkikit", "decode", str(files / "store.p12"))
    assert done.returncode == 2
    assert "no passphrase was given" in done.stderr
    (files / "wrong").write_text("hunter2")
    done = run_inside("pkikit", "decode", str(files / "store.p12"), "--passphrase-file", str(files / "wrong"))
    assert "does not open" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_passphrase_typed_at_a_terminal_is_not_echoed(files: Path) -> None:
    """At a terminal the command prompts and echoes nothing."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        command_line("pkikit", "decode", str(files / "store.p12")), stdin=child, stdout=child, stderr=child,
        start_new_session=True, preexec_fn=lambda: os.ttyname(0) and None,
    )  # fmt: skip
    os.close(child)
    seen = b""
    while b"Passphrase" not in seen:
        seen += os.read(parent, 65536)
    os.write(parent, b"secret\n")
    with contextlib.suppress(OSError):  # the terminal is closed when the command ends
        while True:
            seen += os.read(parent, 65536)
    assert process.wait(timeout=LONG) == 0
    assert b"secret" not in seen
    assert b"private key" in seen


def test_convert_command_writes_pem_and_back_and_overwrites_nothing(files: Path) -> None:
    """To PEM and back; a key comes out 0600; an existing file is overwritten only with --force."""
    out = files / "out.pem"
    facts = pkikit_json("convert", str(files / "chain.p7b"), "--to", "pem", "--out", str(out))
    assert facts["from"] == "pkcs7"
    assert read_file(out).certificates == CREDENTIAL.chain  # type: ignore[union-attr]
    pkikit_json("convert", str(files / "der.crt"), "--to", "pem", "--out", str(files / "leaf.pem"))
    pkikit_json("convert", str(files / "leaf.pem"), "--to", "der", "--out", str(files / "again.crt"))
    assert (files / "again.crt").read_bytes() == (files / "der.crt").read_bytes()
    whole = files / "whole.pem"
    pkikit_json(
        "convert",
        str(files / "store.p12"),
        "--to",
        "pem",
        "--out",
        str(whole),
        "--passphrase-file",
        str(files / "pass"),
    )
    assert stat.S_IMODE(whole.stat().st_mode) == 0o600
    assert len(read_file(whole).keys) == 1
    before = out.read_bytes()
    done = run_inside("pkikit", "convert", str(files / "der.crt"), "--to", "pem", "--out", str(out))
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert out.read_bytes() == before
    done = run_inside("pkikit", "convert", str(files / "cert.pem"), "--to", "der", "--out", str(files / "x.crt"))
    assert done.returncode == 2
    assert "contains 2 objects" in done.stderr
    done = run_inside("pkikit", "convert", str(out), "--to", "pem", "--out", str(out), "--force")
    assert done.returncode == 2
    assert out.read_bytes() == before


def write_crl(path: Path, revoked: bool, days: int = 0) -> str:
    serials = [CREDENTIAL.leaf.serial_number] if revoked else []
    path.write_bytes(AUTHORITY.crl(serials, at=AT - days * DAY).public_bytes(Encoding.PEM))
    return str(path)


@pytest.mark.parametrize(
    ("options", "revoked", "days", "accepted", "rules"),
    [
        ((), True, 0, False, {"revocation.revoked", "revocation.crl-unavailable"}),
        ((), False, 0, True, {"revocation.crl-unavailable"}),  # of the root, for the intermediate: only a warning
        (("--fallback", "revoked"), False, 0, False, {"revocation.crl-unavailable"}),
        (("--revocation", "off"), True, 0, True, set()),
        ((), False, 9, False, {"revocation.crl-expired", "revocation.crl-unavailable"}),
        (("--service", "ldap"), True, 0, True, {"revocation.source-not-consulted"}),
    ],
)
def test_verify_command_with_a_crl_reports_verdict_and_rules(
    files: Path, options: tuple[str, ...], revoked: bool, days: int, accepted: bool, rules: set[str]
) -> None:
    """Exit code, verdict and rules of each way to ask."""
    crl = write_crl(files / "ca.crl", revoked, days)
    arguments = (
        "verify",
        str(files / "cert.pem"),
        "--trust",
        str(files / "root.pem"),
        "--crl",
        crl,
        *INSTANT,
        *options,
    )
    document = pkikit_json(*arguments, code=0 if accepted else 1)
    assert document["accepted"] is accepted
    assert {f["rule"] for f in document["findings"]} == rules


def test_verify_command_prefers_an_ocsp_answer_to_a_crl(files: Path) -> None:
    """The OCSP answer decides for the leaf, whatever the CRL says; a file that is not an answer is reported."""
    answer = AUTHORITY.ocsp_answer(CREDENTIAL.leaf, at=AT)
    (files / "a.ocsp").write_bytes(answer.public_bytes(Encoding.DER))
    base = ("verify", str(files / "cert.pem"), "--trust", str(files / "root.pem"), *INSTANT)
    crl = write_crl(files / "ca.crl", True)
    assert pkikit_json(*base, "--ocsp", str(files / "a.ocsp"), "--crl", crl)["accepted"] is True
    assert pkikit_json(*base, "--ocsp", str(files / "a.ocsp"), "--crl", crl, "--revocation", "crl", code=1)
    done = run_inside("pkikit", *base, "--ocsp", str(files / "cert.pem"))
    assert done.returncode == 2
    assert "has no OCSP answer" in done.stderr


def test_ca_commands_issue_revoke_and_publish(tmp_path: Path) -> None:
    """init, issue, revoke, crl, ocsp: one after the other, and what went wrong changes nothing."""
    ca, csr = tmp_path / "ca", tmp_path / "r"
    pkikit_json("ca", "init", str(ca), "--name", "Test CA")
    assert stat.S_IMODE((ca / "private" / "ca.key").stat().st_mode) == 0o600
    assert run_inside("pkikit", "ca", "init", str(ca)).returncode == 2
    pkikit_json("csr", DEPLOYMENT, "--peer", E1, "--out", str(csr))
    leaf = tmp_path / "e1.pem"
    facts = pkikit_json("ca", "issue", str(ca), str(csr / "request.pem"), "--out", str(leaf), "--profile", "server")
    assert facts["extended_key_usage"] == "serverAuth"
    assert pkikit_json("ca", "ocsp", str(ca), str(leaf), "--out", str(tmp_path / "o"))["certificate_status"] == "good"
    assert pkikit_json("ca", "revoke", str(ca), str(leaf), "--reason", "keyCompromise")["status"] == "revoked"
    index = (ca / "index.txt").read_text()
    for arguments, said in (
        (("revoke", str(ca), str(leaf)), "revoked already"),
        (("revoke", str(ca), str(leaf), "--reason", "boredom"), "allowed are"),
        (("issue", str(ca), str(leaf), "--out", str(tmp_path / "y.pem")), "0 certificate requests"),
        (("issue", str(ca), str(csr / "request.pem"), "--out", str(leaf)), "exists already"),
        (("issue", str(tmp_path), str(csr / "request.pem"), "--out", str(tmp_path / "z.pem")), "contains no CA"),
    ):
        done = run_inside("pkikit", "ca", *arguments)
        assert done.returncode == 2
        assert said in done.stderr
    assert (ca / "index.txt").read_text() == index
    assert pkikit_json("ca", "crl", str(ca), "--out", str(tmp_path / "c"))["entries"] == 1
    assert (
        pkikit_json("ca", "ocsp", str(ca), str(leaf), "--out", str(tmp_path / "o"))["certificate_status"] == "revoked"
    )
    verdict = pkikit_json("verify", str(leaf), "--trust", str(ca / "ca.pem"), "--crl", str(tmp_path / "c"), code=1)
    assert [f["rule"] for f in verdict["findings"]] == ["revocation.revoked"]


def test_csr_command_for_old_versions_uses_their_digests_and_key_sizes(tmp_path: Path) -> None:
    """X8.1 signed with SHA-1, so SHA-256 is used with a remark; X8.9 offers 1024 bits, X8.10 does not."""
    for version, arguments, code, said in (
        ("X8.1", (), 0, "SHA-256 is used"),
        ("X8.9", ("--key-size", "1024"), 0, ""),
        ("X8.9", ("--digest", "sha1"), 2, "nothing here does"),
        ("X8.10", ("--key-size", "1024"), 2, "allowed are 2048, 4096"),
    ):
        path = tmp_path / "d.yaml"
        path.write_text(Path(DEPLOYMENT).read_text().replace("version: X12.5", f"version: {version}"))
        out = tmp_path / f"{version}{len(arguments)}{code}"
        done = run_inside("pkikit", "csr", str(path), "--peer", E1, "--out", str(out), *arguments)
        assert done.returncode == code, done.stderr
        assert said in done.stderr


def test_openssl_and_adcs_commands_print_one_document_each() -> None:
    """Configuration, commands, template and request come as one document each."""
    document = pkikit_json("ca", "openssl", DEPLOYMENT, "--peer", E1)
    assert "subjectAltName" in document["config"]
    assert "openssl req -new" in document["commands"]
    assert pkikit_json("adcs", "template")["objections"] == []
    assert "CertificateTemplate:" in pkikit_json("adcs", "request", DEPLOYMENT, "--peer", E1)["submit"]


def test_lint_command_for_a_peer_lists_the_broken_legs(files: Path) -> None:
    """Before the upload: with E1's certificate on E1 all legs are served; on another peer some are broken."""
    arguments = ("lint", str(files / "cert.pem"), "--deployment", DEPLOYMENT, *INSTANT)
    good = pkikit_json(*arguments, "--peer", E1)
    assert good["legs"]
    assert all(leg["served"] for leg in good["legs"])
    bad = pkikit_json(*arguments, "--peer", C1, code=1)
    assert {leg["causes"][0] for leg in bad["legs"] if not leg["served"]} >= {"names.cluster-fqdn-missing"}
    trusted = pkikit_json(*arguments, "--peer", E1, "--trust", str(files / "root.pem"))
    assert "upload.chain-incomplete" in {f["rule"] for f in trusted["findings"]}
    node = pkikit_json(
        "lint", str(files / "cert.pem"), "--deployment", DEPLOYMENT, "--peer", "ucm1.corp.example.com", *INSTANT, code=1
    )
    assert "names.node-fqdn-missing" in {f["rule"] for f in node["findings"]}


@pytest.mark.product("P4-3")
def test_commands_that_plan_restarts_print_their_order(files: Path) -> None:
    """`lint --request` before the upload, and `san OLD NEW --diff`: one sentence, with the peers where they are known."""
    mine = str(files / "cert.pem")
    lint = ("pkikit", "lint", mine, "--request", mine, *INSTANT)
    assert ORDER_ADVICE in " ".join(run_inside(*lint).stdout.split())
    in_plan = run_inside(*lint, "--deployment", DEPLOYMENT, "--peer", E1).stdout
    assert f"Here: {E1}, then {E2}." in " ".join(in_plan.split())
    assert "restart the primary first" not in " ".join(run_inside("pkikit", "lint", mine, *INSTANT).stdout.split())
    changed = run_inside("pkikit", "san", DEPLOYMENT, FULL, "--diff").stdout
    assert f"Here: {E1}, then {E2}." in " ".join(changed.split())
    assert "restart the primary first" not in " ".join(run_inside("pkikit", "san", FULL, FULL, "--diff").stdout.split())


def test_lint_command_judges_a_deployment_and_an_answer(files: Path, tmp_path: Path) -> None:
    """A YAML file is judged as deployment; --request compares what came back with what was asked."""
    assert pkikit_json("lint", FULL)["accepted"] is True
    pkikit_json("csr", DEPLOYMENT, "--peer", E1, "--out", str(tmp_path / "r"))
    arguments = ("lint", str(files / "cert.pem"), "--request", str(tmp_path / "r" / "request.pem"), *INSTANT)
    assert "key.mismatch" in {f["rule"] for f in pkikit_json(*arguments, code=1)["findings"]}
    der = pkikit_json("lint", str(files / "der.crt"), "--as", "server", *INSTANT, code=1)
    assert "encoding.not-pem" in {f["rule"] for f in der["findings"]}
    plain = pkikit_json("lint", str(files / "der.crt"), *INSTANT, code=1)
    assert {f["severity"] for f in plain["findings"] if f["rule"] == "encoding.not-pem"} == {"error"}
    (files / "named.pem").write_bytes((files / "der.crt").read_bytes())
    assert pkikit_json("lint", str(files / "named.pem"), *INSTANT, code=1)
    (files / "bundle.pem").write_bytes(pkcs7.serialize_certificates(list(CREDENTIAL.chain), Encoding.PEM))
    bundle = pkikit_json("lint", str(files / "bundle.pem"), *INSTANT, code=1)
    assert "encoding.not-pem" in {f["rule"] for f in bundle["findings"]}


def test_san_command_prints_changes_and_node_certificates() -> None:
    """What a change forces, and the certificates around the peers."""
    changes = pkikit_json("san", DEPLOYMENT, FULL, "--diff")["changes"]
    assert {c["fqdn"] for c in changes if c["needs_certificate"]} == {c["fqdn"] for c in changes}
    assert not any(c["needs_certificate"] for c in pkikit_json("san", FULL, FULL, "--diff")["changes"])
    document = pkikit_json("san", FULL, "--nodes")
    assert {n["service"] for n in document["nodes"]} == {"tomcat", "CallManager", "cup-xmpp"}
    assert run_inside("pkikit", "san", DEPLOYMENT, FULL).returncode == 2


def test_diagnose_command_reads_traces_texts_and_folders(files: Path, tmp_path: Path) -> None:
    """A trace, a text, two folders: causes first to last, exit 1; a good one exits 0."""
    world = WorldBuilder().reissue(E1, without=(E1,)).world
    from pkikit.design.legs import legs_of

    legs = legs_of(world.deployment)
    bad = MemoryDialler(world, AT).dial(
        next(leg for leg in legs if leg.id.startswith("zone:uc-traversal") and leg.server == E1)
    )
    (tmp_path / "bad.json").write_text(json.dumps(trace_to_json(bad)))
    document = pkikit_json("diagnose", str(tmp_path / "bad.json"), code=1)
    assert document["causes"] == ["names.reference-not-presented"]
    assert set(document) == {"accepted", "question", "findings", "checked", "causes"}
    (tmp_path / "log.txt").write_text("Verify return code: 20 (unable to get local issuer certificate)")
    assert pkikit_json("diagnose", str(tmp_path / "log.txt"), code=1)["causes"] == ["trust.issuer-unknown"]
    stranger = craft(("x.example.com",), None, at=AT)
    for name, chain, trust in (("client", stranger.pem(), ROOT), ("server", CREDENTIAL.pem(), stranger.leaf)):  # type: ignore[union-attr]
        (tmp_path / name).mkdir()
        (tmp_path / name / "cert.pem").write_bytes(chain)
        (tmp_path / name / "trust.pem").write_bytes(trust.public_bytes(Encoding.PEM))
    folders = ("diagnose", "--client", str(tmp_path / "client"), "--server", str(tmp_path / "server"), *INSTANT)
    assert pkikit_json(*folders, "--name", E1)["causes"] == []
    assert pkikit_json(*folders, "--name", "nobody.example.com", code=1)["causes"] == ["names.reference-not-presented"]
    for arguments, said in (
        (("diagnose",), "give a file"),
        (("diagnose", "--client", str(tmp_path)), "go together"),
        (("diagnose", str(files / "cert.pem"), "--client", str(tmp_path)), "give a file"),
    ):
        done = run_inside("pkikit", *arguments)
        assert done.returncode == 2
        assert said in done.stderr


def test_eku_audit_command_answers_yes_no_and_not_assessed(tmp_path: Path) -> None:
    """Not assessed without certificates; no when connections fail, with dates and remedies; yes where a private CA goes on."""
    unknown = pkikit_json("eku-audit", DEPLOYMENT, *INSTANT, code=1)
    assert {leg["status"] for leg in unknown["legs"]} == {"not-assessed"}
    assert unknown["not_assessed"] == len(unknown["legs"])
    document = pkikit_json("eku-audit", DEPLOYMENT, "--what-if", "public-ca", *INSTANT, code=1)
    assert document["what_if"] == "public-ca"
    failing = [leg for leg in document["legs"] if leg["fails"]]
    assert all(
        leg["from"] and {r["id"] for r in leg["remedies"]} >= {"private-ca", "two-stores-x15.5"} for leg in failing
    )
    for peer in issued().world.deployment.peers:
        (tmp_path / peer).mkdir()
        credential = issued().world.parties[peer].credential
        assert credential is not None
        (tmp_path / peer / "cert.pem").write_bytes(credential.pem())
    assert pkikit_json("eku-audit", DEPLOYMENT, "--certs", str(tmp_path), *INSTANT)["accepted"] is True
    (tmp_path / "stranger.example.com").mkdir()
    done = run_inside("pkikit", "eku-audit", DEPLOYMENT, "--certs", str(tmp_path))
    assert done.returncode == 2
    assert "is not a machine" in done.stderr


def test_help_of_every_subcommand_has_an_example() -> None:
    """Every command's help contains an example of how to call it."""
    import typer.main

    from pkikit.commands.cli import app

    def walk(command: Any, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        inner = getattr(command, "commands", None)
        if not inner:
            return [path] if "Example: pkikit" in (command.help or "") else [(*path, "HAS NO EXAMPLE")]
        return [p for name, c in inner.items() for p in walk(c, (*path, name))]

    found = walk(typer.main.get_command(app), ())
    assert not [p for p in found if p[-1] == "HAS NO EXAMPLE"]
    top = {p[0] for p in found}
    assert {"san", "csr", "decode", "convert", "lint", "verify", "match", "diagnose", "probe", "explore", "ca", "rules",
            "acme", "eku-audit", "doctor"} <= top  # fmt: skip
    assert {p[1] for p in found if p[0] == "acme"} >= {"preflight", "order", "status", "revoke", "renew-info"}
    assert {p[1] for p in found if p[0] == "ca"} >= {"init", "issue", "revoke", "crl", "ocsp"}


def test_decode_command_escapes_control_characters_in_names(tmp_path: Path) -> None:
    """Terminal escapes and NULs in names come out escaped, in tables and in JSON."""
    evil = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a\x1b[2J\x00\u202eb")])
    leaf = craft((E1,), None, at=AT, subject=evil).leaf
    (tmp_path / "evil.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    for command in (("decode",), ("lint",), ("lint", "--as", "trust-list")):
        done = run_inside("pkikit", command[0], str(tmp_path / "evil.pem"), *command[1:])
        assert done.returncode in {0, 1}
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout
        assert "Traceback" not in done.stderr
    assert PrivateFormat.PKCS8
