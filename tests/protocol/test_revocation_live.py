"""`expressway-sim check --certs` with CRLs and OCSP answers of the operator's own CA, dialled with real TLS."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import build_csr, make_key
from pkikit.files import key_pem, write_private, write_public
from pkikit.issue.authority import Profile
from pkikit.issue.file_ca import FileCa
from pkikit.worlds.issued_world import layout_of
from tests.support.wait import LONG
from tests.support.worlds import C1, C2, DEPLOYMENTS, E1, E2, changed

NOW = datetime.now(UTC).replace(microsecond=0)
CDP, RESPONDER = "http://pki.corp.example.com/ca.crl", "http://ocsp.corp.example.com/"


class OperatorsCa:
    """A deployment that checks revocation, an own CA, and every party's certificate from it."""

    def __init__(self, folder: Path, *, fallback: str, ocsp: bool = False) -> None:
        text = (DEPLOYMENTS / "clustered-mra.yaml").read_text()
        settings = "{checking: on, use_ocsp: on, use_crls: on, cdp_download: on, fallback: " + fallback + "}"
        assert "revocation:" in text
        lines = [f"revocation: {settings}" if line.startswith("revocation:") else line for line in text.splitlines()]
        self.deployment = folder / "d.yaml"
        self.deployment.write_text("\n".join(lines) + "\n")
        self.folder = folder / "certs"
        self.ca = FileCa.create(folder / "ca", "Own Root CA", at=NOW, key=make_key(), lifetime=timedelta(days=900))
        self.leaves = {}
        profile = Profile(crl_url="" if ocsp else CDP, ocsp_url=RESPONDER if ocsp else "")
        root = self.ca.authority.root.public_bytes(Encoding.PEM)
        for fqdn in changed().parties:
            key = make_key()
            leaf = self.ca.issue(build_csr(layout_of(changed(), fqdn), key), at=NOW, profile=profile)
            self.leaves[fqdn] = leaf
            write_public(self.folder / fqdn / "cert.pem", leaf.public_bytes(Encoding.PEM))
            write_private(self.folder / fqdn / "key.pem", key_pem(key))
            write_public(self.folder / fqdn / "trust.pem", root)

    def publish(self, name: str, data: bytes) -> None:
        write_public(self.folder / "ca" / name, data)

    def crl(self, lifetime: timedelta = timedelta(days=1), at: datetime = NOW) -> bytes:
        return self.ca.crl(at=at, lifetime=lifetime).public_bytes(Encoding.DER)

    def check(self, code: int) -> Any:
        command = [
            sys.executable,
            "-m",
            "simulator",
            "check",
            str(self.deployment),
            "--certs",
            str(self.folder),
            "--json",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONG)
        assert done.returncode == code, done.stderr + done.stdout[-2000:]
        return json.loads(done.stdout) if code < 2 else done.stderr


def causes(document: Any) -> dict[str, str]:
    return {leg["id"]: leg["causes"][0] for leg in document["legs"] if leg["outcome"] != "accepted"}


def test_brought_crl_at_its_distribution_point_revokes(tmp_path: Path) -> None:
    """With the CRL at its URL all legs are up; with E1 revoked every leg on which a peer judges E1 is down."""
    ground = OperatorsCa(tmp_path, fallback="revoked")
    ground.publish("ca.crl", ground.crl())
    assert ground.check(0)["accepted"] is True
    ground.ca.revoke(ground.leaves[E1], at=NOW, reason="keyCompromise")
    ground.publish("ca.crl", ground.crl())
    document = ground.check(1)
    down = causes(document)
    assert set(down.values()) == {"revocation.revoked"}
    assert f"zone:uc-traversal:{C1}>{E1}" in down
    assert not any(leg_id.startswith("ucm") for leg_id in down)
    leg = next(leg for leg in document["legs"] if leg["id"] == f"zone:uc-traversal:{C1}>{E1}")
    assert leg["dialled"] is True
    assert leg["verify_error"] == {"code": 23, "name": "certificate revoked"}
    assert leg["rejected_by"] == "client"


@pytest.mark.parametrize(("fallback", "code"), [("revoked", 1), ("not-revoked", 0)])
def test_unserved_crl_follows_the_fallback(tmp_path: Path, fallback: str, code: int) -> None:
    """When nobody serves the CRL, the fallback setting decides."""
    document = OperatorsCa(tmp_path, fallback=fallback).check(code)
    assert set(causes(document).values()) == ({"revocation.crl-unavailable"} if code else set())


@pytest.mark.product("G-31")
def test_expired_manual_crl_fails_the_legs_of_its_peer(tmp_path: Path) -> None:
    """An expired crl.pem on C1 takes down what C1 judges; a current one on the others does not."""
    ground = OperatorsCa(tmp_path, fallback="not-revoked")
    for peer in (C1, C2, E1, E2):
        days = timedelta(days=9) if peer == C1 else timedelta(0)
        crl = ground.ca.crl(at=NOW - days, lifetime=timedelta(days=7))
        write_public(ground.folder / peer / "crl.pem", crl.public_bytes(Encoding.PEM))
    down = causes(ground.check(1))
    assert set(down.values()) == {"revocation.crl-expired"}
    assert all(C1 in leg_id for leg_id in down)


def test_brought_ocsp_answer_is_served_by_the_url_map(tmp_path: Path) -> None:
    """Each answer at the URL that urls.yaml gives it; the one about E1 says revoked."""
    ground = OperatorsCa(tmp_path, fallback="not-revoked", ocsp=True)
    ground.ca.revoke(ground.leaves[E1], at=NOW, reason=None)
    answer = ground.ca.ocsp_answer(ground.leaves[E1], at=NOW, lifetime=timedelta(days=1))
    ground.publish("e1.ocsp", answer.public_bytes(Encoding.DER))
    ground.publish("urls.yaml", f"{RESPONDER}: e1.ocsp\n".encode())
    down = causes(ground.check(1))
    assert set(down.values()) == {"revocation.revoked"}
    assert all(E1 in leg_id for leg_id in down)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("urls.yaml", b"http://x/: nowhere.crl\n", "names the file"),
        ("urls.yaml", b"- a list\n", "is not a YAML map"),
        ("bad.crl", b"hello", "neither PEM nor DER"),
    ],
)
def test_unusable_revocation_folder_exits_2(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    """Exit code 2 and one sentence."""
    ground = OperatorsCa(tmp_path, fallback="revoked")
    ground.publish(name, data)
    told = ground.check(2)
    assert said in told
    assert "Traceback" not in told
