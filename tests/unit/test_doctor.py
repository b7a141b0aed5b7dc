"""`pkikit doctor`: one screen about whatever somebody has in hand; what it is, what is wrong, what nobody can say."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.files import key_pem
from pkikit.report.doctor.held_folders import FolderKind, kind_of
from simulator.world.craft import craft
from tests.support.cli import DEPLOYMENT, pkikit_in_process
from tests.support.credential_files import BEHIND, CHAIN, KEY, LEAF, PEM
from tests.support.logs import event
from tests.support.worlds import AT, E1, issued, stranger

ROOT = issued().authority.root
INSTANT = ("--at", AT.isoformat())
LINES, COLUMNS = 40, 80


def doctor(*arguments: str, code: int) -> Any:
    """The document about a thing."""
    done = pkikit_in_process("doctor", *arguments, *INSTANT, "--json")
    assert done.exit_code == code, done.output
    assert "PRIVATE" not in done.output
    return json.loads(done.stdout)


def screen(*arguments: str) -> str:
    """What is on a screen of 80 columns."""
    from typer.testing import CliRunner

    from pkikit.commands.cli import app

    return CliRunner(env={"COLUMNS": str(COLUMNS)}).invoke(app, ["doctor", *arguments, *INSTANT]).stdout


def refused(*arguments: str) -> str:
    """The sentence about a thing that is not recognised."""
    from pkikit.errors import InputError

    with pytest.raises(InputError) as error:
        pkikit_in_process("doctor", *arguments, *INSTANT)
    return str(error.value)


def fact(document: Any, label: str) -> str:
    return " ".join(v for row in document["facts"] if row["label"] == label for v in row["values"])


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, bytes], str]:
    def write(name: str, data: bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return str(path)

    return write


def _crafted(**properties: Any) -> bytes:
    return craft((E1,), issued().authority, at=AT, **properties).pem()


def test_server_certificate_is_fine_and_says_what_nobody_knows(written: Callable[[str, bytes], str]) -> None:
    """Names, both purposes, dates, chain; without list and deployment it says what is missing."""
    document = doctor(written("e1.pem", CHAIN), code=0)
    assert document["kind"] == "server-certificate"
    assert document["accepted"] is True
    assert fact(document, "Purposes") == "as server: yes, as client: yes"
    assert "398 days left" in fact(document, "Valid") or "397 days left" in fact(document, "Valid")
    assert "the next CA is Lab Root CA" in fact(document, "Chain")
    assert any("--trust FILE" in said for said in document["not_assessed"])
    assert any("--deployment FILE" in said for said in document["not_assessed"])


def test_deployment_finds_the_peer_and_judges_its_connections(written: Callable[[str, bytes], str]) -> None:
    """The peer is the one whose FQDN is in the certificate; another peer's names are missing."""
    file = written("e1.pem", CHAIN)
    document = doctor(file, "--deployment", DEPLOYMENT, code=0)
    assert fact(document, "Judged for").startswith(E1)
    assert "would accept it" in fact(document, "Connections")
    wrong = doctor(file, "--deployment", DEPLOYMENT, "--peer", "c1.corp.example.com", code=1)
    assert "names.peer-fqdn-missing" in wrong["causes"]


def test_trust_list_decides_about_trust(written: Callable[[str, bytes], str]) -> None:
    """The right list accepts the chain, another one does not; then trust is assessed."""
    file = written("e1.pem", CHAIN)
    right = written("root.pem", ROOT.public_bytes(Encoding.PEM))
    wrong = written("other.pem", stranger().root.public_bytes(Encoding.PEM))
    assert not any("trust it" in said for said in doctor(file, "--trust", right, code=0)["not_assessed"])
    assert doctor(file, "--trust", wrong, code=1)["causes"][0] == "trust.issuer-unknown"


@pytest.mark.parametrize(
    ("properties", "cause"),
    [
        ({"begins": timedelta(days=-400), "ends": timedelta(days=-2)}, "validity.expired"),
        ({"ekus": (ExtendedKeyUsageOID.CODE_SIGNING,)}, "eku.server-auth-missing"),
        ({"general": (x509.DNSName("*.example.com"),)}, "names.wildcard-unsupported"),
    ],
)
def test_wrong_certificate_has_its_cause_first(
    written: Callable[[str, bytes], str], properties: dict[str, Any], cause: str
) -> None:
    """The first line says what is wrong; the rule and its fix are on the screen."""
    file = written("wrong.pem", _crafted(**properties))
    assert doctor(file, code=1)["causes"][0] == cause
    shown = screen(file)
    assert shown.startswith("✘ ")
    assert f"ERROR  {cause}:" in shown
    assert "Fix: " in shown


def test_certificate_with_client_auth_only_is_judged_as_client_certificate(
    written: Callable[[str, bytes], str],
) -> None:
    """What it is taken for, and why, is said."""
    document = doctor(written("client.pem", _crafted(ekus=(ExtendedKeyUsageOID.CLIENT_AUTH,))), code=0)
    assert document["kind"] == "client-certificate"
    assert "clientAuth" in document["because"]


def test_public_certificate_says_what_the_next_renewal_brings(written: Callable[[str, bytes], str]) -> None:
    """A certificate with a public policy: 200 or 100 days at most, and no clientAuth."""
    policy = x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), None)
    file = written("public.pem", _crafted(pointers=(x509.CertificatePolicies([policy]),)))
    assert (
        fact(doctor(file, code=0), "Public CA")
        == "the next certificate lives 200 days at most, and comes back without clientAuth"
    )


def test_chain_with_strangers_twice_and_in_another_order_is_described(written: Callable[[str, bytes], str]) -> None:
    """Order, duplicates and certificates of another chain are facts of the chain."""
    other = stranger().root
    certificates = (LEAF, ROOT, *BEHIND, *BEHIND, other)
    chain = fact(
        doctor(written("chain.pem", b"".join(c.public_bytes(Encoding.PEM) for c in certificates)), code=0), "Chain"
    )
    assert "complete up to the root" in chain
    assert "there twice" in chain
    assert "not in the order of the chain" in chain
    assert "is not part of it" in chain


def test_der_and_pkcs7_say_how_to_convert(written: Callable[[str, bytes], str]) -> None:
    """The product reads PEM only; the next step has the command."""
    for name, data in (
        ("e1.cer", LEAF.public_bytes(Encoding.DER)),
        ("e1.p7b", pkcs7.serialize_certificates([LEAF, *BEHIND], Encoding.DER)),
    ):
        document = doctor(written(name, data), code=1)
        assert document["causes"] == ["encoding.not-pem"]
        assert "pkikit convert" in document["next_steps"][0]


def test_key_shows_public_facts_and_who_can_read_it(written: Callable[[str, bytes], str]) -> None:
    """A private key is called one; a mode that lets others read it has a fix."""
    file = written("key.pem", KEY)
    Path(file).chmod(0o644)
    document = doctor(file, code=0)
    assert document["kind"] == "private-key"
    assert "other users" in fact(document, "Mode")
    assert f"chmod 600 {file}" in document["next_steps"][0]
    Path(file).chmod(0o600)
    assert "only you" in fact(doctor(file, code=0), "Mode")


def test_ca_certificates_are_a_list_or_a_ca(written: Callable[[str, bytes], str]) -> None:
    """One CA is a CA certificate; several, or a file that is named like a list, are a list."""
    root = ROOT.public_bytes(Encoding.PEM)
    assert doctor(written("root.pem", root), code=0)["kind"] == "ca-certificate"
    assert doctor(written("trust.pem", root), code=0)["kind"] == "trusted-ca-list"
    several = doctor(written("roots.pem", root + stranger().root.public_bytes(Encoding.PEM)), code=0)
    assert several["kind"] == "trusted-ca-list"
    assert several["because"]
    assert fact(several, "Contains") == "2 roots"


def test_log_trace_and_text_have_the_answer_of_diagnose(written: Callable[[str, bytes], str]) -> None:
    """A log leads to its cause; a text without any is not recognised, and the sentence says what is."""
    log = doctor(written("a.log", event("certificate has expired").encode()), code=1)
    assert log["causes"] == ["validity.expired"]
    assert "Failures" in {row["label"] for row in log["facts"]}
    assert "recognises nothing in it; give a certificate" in refused(written("notes.txt", b"Call the CA on Monday.\n"))


def test_deployment_is_judged_whatever_its_name(written: Callable[[str, bytes], str]) -> None:
    """Peers, connections, and what lint says."""
    text = Path(DEPLOYMENT).read_bytes()
    for name in ("d.yaml", "d.txt"):
        document = doctor(written(name, text), code=0)
        assert document["kind"] == "deployment"
        assert "TLS connections" in fact(document, "Connections")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.pem", b" \n", "is empty"),
        ("noise.bin", bytes(range(256)) * 8, "binary data"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(64), "an image (PNG)"),
        ("page.html", b"<html><body>Not found</body></html>", "an HTML page"),
        ("cut.pem", PEM[:200], ""),
        ("backup.tar.gz.enc", b"Salted__" + bytes(64), "provide the diagnostic archive"),
        ("e1_backup.tar.gz.enc", bytes(range(256)) * 8, "is an encrypted backup of an Expressway"),
    ],
)
def test_file_that_is_not_recognised_is_one_sentence(
    written: Callable[[str, bytes], str], name: str, data: bytes, says: str
) -> None:
    """What it is, and what to give instead; exit code 2."""
    sentence = refused(written(name, data))
    assert says in sentence
    assert "\n" not in sentence


def test_folders_of_files_machines_and_a_ca(written: Callable[[str, bytes], str], tmp_path: Path) -> None:
    """What a folder is for; one wrong file makes the folder wrong and is named first."""
    written("files/e1.pem", CHAIN)
    written("files/notes.txt", b"Call the CA on Monday.\n")
    fine = doctor(str(tmp_path / "files"), code=0)
    assert fine["kind"] == "folder"
    assert fact(fine, "Not recognised") == "notes.txt"
    written("files/old.pem", _crafted(begins=timedelta(days=-400), ends=timedelta(days=-2)))
    wrong = doctor(str(tmp_path / "files"), code=1)
    assert fact(wrong, "Files").startswith("✘ old.pem")
    assert wrong["findings"][0]["subject"].startswith("old.pem: ")
    written(f"certificates/{E1}/cert.pem", CHAIN)
    written(f"certificates/{E1}/key.pem", key_pem(craft((E1,), None, at=AT).key))  # type: ignore[arg-type]
    machines = doctor(str(tmp_path / "certificates"), code=1)
    assert machines["kind"] == "certificates-folder"
    assert machines["causes"] == ["key.mismatch"]
    assert pkikit_in_process("ca", "init", str(tmp_path / "ca"), *INSTANT).exit_code == 0
    authority = doctor(str(tmp_path / "ca"), code=0)
    assert authority["kind"] == "ca-folder"
    assert fact(authority, "Ready").startswith("yes")
    (tmp_path / "nothing").mkdir()
    assert "is an empty folder" in refused(str(tmp_path / "nothing"))


def test_folder_kinds_are_told_by_their_names() -> None:
    """A folder of PEM files with a file cert.pem among others is no machine's folder."""
    assert kind_of(["cert.pem", "key.pem", "trust.pem"]) is FolderKind.MACHINE
    assert kind_of(["cert.pem", "root.pem"]) is FolderKind.FILES
    assert kind_of(["e1.example.com/trust.pem"]) is FolderKind.CERTIFICATES
    assert kind_of(["ca.pem", "index.txt"]) is FolderKind.CA


def test_answers_fit_on_one_screen(written: Callable[[str, bytes], str], tmp_path: Path) -> None:
    """At most 40 lines of 80 columns, also with many findings, and nothing of Python in them."""
    written("files/a.log", "\n".join(event(c) for c in ("certificate has expired", "hostname mismatch") * 8).encode())
    written("files/b.pem", _crafted(begins=timedelta(days=-400), ends=timedelta(days=-2), ekus=None))
    e1 = written("e1.pem", CHAIN)
    for arguments in (
        (e1, "--deployment", DEPLOYMENT, "--peer", "c1.corp.example.com", "--trust", e1),
        (str(tmp_path / "files"),),
        (str(tmp_path / "files" / "a.log"),),
        (DEPLOYMENT,),
    ):
        lines = screen(*arguments).splitlines()
        assert len(lines) <= LINES, "\n".join(lines)
        long = [
            line
            for line in lines
            if len(line) > COLUMNS
            and not line.startswith(("      pkikit", "      expressway-sim"))
            and str(tmp_path) not in line  # a path is never broken
        ]
        assert long == []
        assert "None" not in "\n".join(lines)


def test_standard_input_is_read_like_a_file(written: Callable[[str, bytes], str]) -> None:
    """A certificate, a log and a deployment; commands say FILE."""
    from typer.testing import CliRunner

    from pkikit.commands.cli import app

    for data, kind in (
        (CHAIN, "server-certificate"),
        (event("certificate has expired").encode(), "log"),
        (Path(DEPLOYMENT).read_bytes(), "deployment"),
    ):
        done = CliRunner().invoke(app, ["doctor", "-", *INSTANT, "--json"], input=data)
        document = json.loads(done.stdout)
        assert document["kind"] == kind
        assert document["thing"] == "standard input"
        assert "/tmp" not in done.stdout
        assert "FILE" in document["next_steps"][0]
