"""Our requests and CRLs before openssl, and openssl's answer back before us (guide, appendix 2)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.files import write_public
from pkikit.judge.checks.certificate_checks import DECODED_ATTRIBUTES
from tests.support.cli import DEPLOYMENT, run
from tests.support.openssl import OpensslCa, openssl
from tests.support.worlds import CLUSTER_E, E1, issued

pytestmark = pytest.mark.needs("openssl")


def test_request_signed_by_openssl_is_accepted(tmp_path: Path) -> None:
    """`pkikit csr` → openssl reads and signs it → `pkikit lint` and `verify` accept the answer for that peer."""
    out = tmp_path / "request"
    assert (
        run(
            "pkikit", "csr", DEPLOYMENT, "--peer", E1, "--out", str(out), "--country", "GB", "--organisation", "Example"
        ).returncode
        == 0
    )
    shown = openssl("req", "-in", str(out / "request.pem"), "-noout", "-verify", "-text", cwd=tmp_path)
    for wanted in (
        f"DNS:{E1}",
        f"DNS:{CLUSTER_E}",
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "C = GB, O = Example",
    ):
        assert wanted in shown.stdout
    ca = OpensslCa(tmp_path / "ca", "Operator")
    openssl("x509", "-req", "-in", str(out / "request.pem"), "-CA", "intermediate.pem", "-CAkey", "intermediate.key", "-CAcreateserial",
            "-copy_extensions", "copy", "-days", "300", "-out", str(tmp_path / "cert.pem"), cwd=ca.folder)  # fmt: skip
    lint = run("pkikit", "lint", str(tmp_path / "cert.pem"), "--deployment", DEPLOYMENT, "--peer", E1, "--json")
    assert lint.returncode == 0, lint.stdout
    verify = run("pkikit", "verify", str(tmp_path / "cert.pem"), "--chain", str(ca.folder / "intermediate.pem"), "--trust", str(ca.folder / "root.pem"),
                    "--purpose", "client", "--name", CLUSTER_E, "--json")  # fmt: skip
    assert json.loads(verify.stdout)["accepted"] is True
    leaf = x509.load_pem_x509_certificate((tmp_path / "cert.pem").read_bytes())
    key = openssl("pkey", "-in", str(out / "key.pem"), "-pubout", "-outform", "PEM", cwd=tmp_path).stdout
    from cryptography.hazmat.primitives.serialization import PublicFormat

    assert leaf.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() == key


def test_crl_is_accepted_by_openssl(tmp_path: Path) -> None:
    """openssl verifies our CRL's signature and refuses the certificate that it revokes."""
    lab = issued()
    credential = lab.world.parties[E1].credential
    assert credential is not None
    at = credential.leaf.not_valid_before_utc
    from datetime import timedelta

    crl = lab.authority.crl([credential.leaf.serial_number], at=at, lifetime=timedelta(days=365))
    write_public(tmp_path / "ca.crl", crl.public_bytes(Encoding.PEM))
    write_public(tmp_path / "issuer.pem", lab.authority.certificate.public_bytes(Encoding.PEM))
    write_public(tmp_path / "root.pem", lab.authority.root.public_bytes(Encoding.PEM))
    write_public(tmp_path / "cert.pem", credential.leaf.public_bytes(Encoding.PEM))
    told = openssl("crl", "-in", "ca.crl", "-CAfile", "issuer.pem", "-noout", cwd=tmp_path)
    assert "verify OK" in told.stderr + told.stdout
    common = (
        "verify",
        "-attime",
        str(int((at + timedelta(hours=2)).timestamp())),
        "-CAfile",
        "root.pem",
        "-untrusted",
        "issuer.pem",
    )
    assert openssl(*common, "cert.pem", cwd=tmp_path).returncode == 0
    refused = openssl(*common, "-crl_check", "-CRLfile", "ca.crl", "cert.pem", cwd=tmp_path, check=False)
    assert "certificate revoked" in refused.stderr


def test_attribute_named_by_openssl_is_not_oid_unsupported(tmp_path: Path) -> None:
    """`oid.unsupported` lets pass what openssl prints by a name, and nothing that it prints as a number."""
    for oid in sorted(DECODED_ATTRIBUTES):
        shown = openssl("asn1parse", "-genstr", f"OID:{oid}", cwd=tmp_path).stdout
        assert not shown.rstrip().endswith(f":{oid}"), oid
    assert openssl("asn1parse", "-genstr", "OID:1.3.6.1.4.1.55555.7", cwd=tmp_path).stdout.rstrip().endswith(".55555.7")
