"""`pkikit guard` in a repository: what is judged as what, and what is never passed over."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from pkikit.files import key_pem
from tests.support.certs_folder import write_certs
from tests.support.cli import pkikit_error, pkikit_in_process
from tests.support.credential_files import CREDENTIAL, ENCRYPTED
from tests.support.worlds import AT, C1, CLUSTER_C, DEPLOYMENTS, E1, WorldBuilder

WHEN = ("--at", f"{AT:%Y-%m-%dT%H:%M:%SZ}")
OF_C1 = f"certificates/{C1}/cert.pem"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment with the certificates of c1 and e1; c1's lacks the name of its cluster."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "deployment.yaml").write_bytes((DEPLOYMENTS / "clustered-mra.yaml").read_bytes())
    write_certs(WorldBuilder().reissue(C1, without=(CLUSTER_C,)).world, tmp_path / "certificates", [C1, E1])
    (tmp_path / "workflow.yaml").write_text("on: push\njobs: {}\nzones: none\n")
    (tmp_path / "README.md").write_text("A key begins with -----BEGIN PRIVATE KEY-----.\n")
    return tmp_path


def guarded(*arguments: str, code: int) -> dict[str, list[str]]:
    """The rules of the errors by file, and why there is no answer."""
    done = pkikit_in_process("guard", *WHEN, "--json", *arguments)
    assert done.exit_code == code, done.output
    document = json.loads(done.stdout)
    assert document["accepted"] is (code == 0)
    return {
        entry["file"]: [f["rule"] for f in entry["findings"] if f["severity"] == "error"]
        + [entry[why] for why in ("error", "missing") if entry[why]]
        for entry in document["files"]
    }


def test_missing_name_is_an_error_and_the_near_miss_is_not(repository: Path) -> None:
    """The deployment and the machine are found by the folders; a change of the deployment judges its certificates, too."""
    found = guarded(".", code=1)
    assert {file: rules for file, rules in found.items() if rules} == {OF_C1: ["names.cluster-fqdn-missing"]}
    assert "README.md" in found
    assert guarded("deployment.yaml", "--only", "names", code=1)[OF_C1] == ["names.cluster-fqdn-missing"]
    assert guarded(OF_C1, "--only", "certificates", code=0) == {OF_C1: []}
    write_certs(WorldBuilder().world, repository / "certificates", [C1])
    assert guarded(".", code=0)[OF_C1] == []


def test_machine_without_a_deployment_is_not_passed(repository: Path) -> None:
    """Nobody knows which names it needs: no yes. The deployment can be named."""
    deployment = repository / "deployment.yaml"
    deployment.rename(repository / "elsewhere.txt")
    assert (
        "no deployment file above" in guarded(f"certificates/{E1}/cert.pem", "--only", "names", code=1).popitem()[1][0]
    )
    named = ("--deployment", "elsewhere.txt", "--only", "names")
    assert guarded(f"certificates/{E1}/cert.pem", *named, code=0)
    for odd in ("e9", "e9.example.com"):
        Path(f"certificates/{E1}").rename(repository / "certificates" / odd)
        assert guarded(f"certificates/{odd}/cert.pem", *named, code=1)
        Path(f"certificates/{odd}").rename(repository / "certificates" / E1)
    Path(f"certificates/{E1}").rename(repository / "certificates" / "e9.example.com")
    assert "Did you mean" in guarded("certificates/e9.example.com/cert.pem", *named, code=1).popitem()[1][0]


def test_trusted_ca_list_of_a_client_is_judged_and_that_of_a_stranger_is_not(repository: Path) -> None:
    """Clients have a folder with a list, and no certificate."""
    listed = repository / "certificates" / E1 / "trust.pem"
    for machine in ("jabber.example.com", "jabber.example.org"):
        (repository / "certificates" / machine).mkdir()
        (repository / "certificates" / machine / "trust.pem").write_bytes(listed.read_bytes())
    known, unknown = (f"certificates/jabber.{domain}/trust.pem" for domain in ("example.com", "example.org"))
    assert guarded(known, code=0) == {known: []}
    assert "is not a machine of clustered-mra" in guarded(unknown, code=1)[unknown][0]
    assert "?." not in pkikit_in_process("guard", *WHEN, unknown).stdout


def test_files_that_cannot_be_read_are_named_and_the_others_are_judged(repository: Path) -> None:
    (repository / "deployment.yaml").write_text("name: x\nclusters: [\n")
    strange = os.fsdecode(b"odd\xff\x1b[31m\n.pem")
    (repository / strange).write_bytes((repository / OF_C1).read_bytes())
    (repository / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    reports = ("--sarif", "a.sarif", "--junit", "a.xml", "--code-quality", "a.json")
    found = guarded(".", "--only", "deployments", "--only", "certificates", *reports, code=1)
    assert found[r"odd\udcff\x1b[31m\n.pem"] == []
    assert "odd%FF%1B%5B31m%0A.pem" in Path("a.sarif").read_text()
    assert all(b"\x1b" not in Path(report).read_bytes() for report in reports[1::2])
    assert "deployment.yaml, line" in found["deployment.yaml"][0]
    assert found["broken.pem"]
    assert found[OF_C1] == []


@pytest.mark.fires("repository.private-key")
@pytest.mark.near_miss("repository.private-key")
def test_private_keys_in_every_form_are_found_and_what_looks_like_one_is_not(repository: Path) -> None:
    key = CREDENTIAL.key
    assert key is not None
    store = pkcs12.serialize_key_and_certificates(b"e1", key, CREDENTIAL.leaf, None, BestAvailableEncryption(b"x"))
    lines = key_pem(key).splitlines()
    (repository / ".private").mkdir()
    (repository / ".some-venv").mkdir()
    (repository / ".some-venv" / "pyvenv.cfg").touch()
    (repository / ".some-venv" / "key.pem").write_bytes(key_pem(key))
    keys = {
        "plain.txt": key_pem(key),
        "encrypted": ENCRYPTED,
        "old.pem": key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "ssh": key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
        "key.der": key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        "wide.txt": key_pem(key).decode().encode("utf-16"),
        "store.p12": store,
        "store.bin": store,
        "sec1.key": ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        ),
        "secret.yaml": b"data:\n  tls.key: " + base64.b64encode(key_pem(key)) + b"\n",
        ".private/key.pem": key_pem(key),
        "narrow.txt": b"\n".join([lines[0], *(line[i : i + 32] for line in lines[1:-1] for i in (0, 32)), lines[-1]]),
    }
    near = {
        "public.pem": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "leaf.der": CREDENTIAL.leaf.public_bytes(Encoding.DER),
        "empty.pem": b"",
        "chain.yaml": b"tls.crt: " + base64.b64encode(CREDENTIAL.leaf.public_bytes(Encoding.PEM)),
    }
    for name, data in {**keys, **near}.items():
        (repository / name).write_bytes(data)
    found = guarded(*keys, *near, "--only", "keys", code=1)
    assert {name for name, rules in found.items() if rules == ["repository.private-key"]} == set(keys)
    assert {name for name, rules in found.items() if not rules} == set(near)
    everywhere = guarded(".", "--only", "keys", code=1)
    assert everywhere[".private/key.pem"]
    assert ".some-venv/key.pem" not in everywhere


def test_guard_of_nothing_is_bad_input(repository: Path) -> None:
    assert "has no file that is asked about" in pkikit_error("guard", "certificates", "--only", "deployments")
    assert "no such file or folder" in pkikit_error("guard", "certificatse")
    assert "allowed are keys, certificates, names, deployments" in pkikit_error("guard", ".", "--only", "name")
    assert guarded("workflow.yaml", "--only", "deployments", code=0) == {}


def test_promise_is_judged_with_the_certificates_beside_and_open_without_them(repository: Path) -> None:
    """A promise that nobody can assess is no yes: JUnit skips the file, SARIF has it open, and people see it."""
    plan = repository / "deployment.yaml"
    plan.write_text(plan.read_text() + "expect:\n  lifetime: [{of: [c1.corp.example.com], at_most_days: 1}]\n")
    alone = ("deployment.yaml", "--only", "deployments")
    assert guarded(*alone, code=1)["deployment.yaml"] == ["expect.lifetime-too-long"]
    (repository / "certificates").rename(repository / "elsewhere")
    assert guarded(*alone, "--junit", "a.xml", "--sarif", "a.sarif", code=0) == {"deployment.yaml": []}
    assert 'skipped="1"' in Path("a.xml").read_text()
    (result,) = json.loads(Path("a.sarif").read_text())["runs"][0]["results"]
    assert (result["ruleId"], result["kind"]) == ("expect.not-assessed", "open")
    for command in (("guard", *alone), ("lint", "deployment.yaml")):
        said = pkikit_in_process(*command, *WHEN).stdout
        assert "OK" not in said
        assert "Not assessed: 1 promise" in said
