"""The file CA and `openssl ca` share one folder; OpenSSL alone gives the same request and certificate as we do."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import SubjectFields, build_csr, make_key
from pkikit.design.san import design_sans
from pkikit.files import read_certificates, read_file, write_private, write_public
from pkikit.files.disk import key_pem
from pkikit.issue.authority import Profile
from pkikit.issue.file_ca import FileCa
from pkikit.issue.openssl_config import commands, request_config
from pkikit.judge.verify import verify_certificate
from pkikit.model.deployment import Revocation
from pkikit.model.leg import Purpose
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion
from tests.support.keys import rsa_key
from tests.support.openssl import openssl
from tests.support.wait import LONG
from tests.support.worlds import E1, deployment

pytestmark = pytest.mark.needs("openssl")
NOW = datetime.now(UTC).replace(microsecond=0)
LAYOUT = design_sans(deployment("clustered-full"), E1)
FIELDS = SubjectFields(country="gb", state="Kent", locality="Deal", organisation='Ex#ample; "Ltd"', unit="UC = $team")


@pytest.fixture
def ca(tmp_path: Path) -> FileCa:
    return FileCa.create(tmp_path / "my-ca", "Test Root CA", at=NOW, key=make_key(), lifetime=timedelta(days=900))


def extensions(holder: x509.Certificate | x509.CertificateSigningRequest) -> dict[str, object]:
    return {e.oid.dotted_string: e.value for e in holder.extensions}


def test_request_of_openssl_equals_the_request_of_the_page(tmp_path: Path) -> None:
    """openssl with the printed configuration asks for what the Expressway's own page asks for, field by field."""
    write_public(tmp_path / "peer.cnf", request_config(LAYOUT, FIELDS).encode())
    write_private(tmp_path / "peer.key", key_pem(rsa_key()))
    openssl("req", "-new", "-config", "peer.cnf", "-key", "peer.key", "-sha256", "-out", "peer.csr", cwd=tmp_path)
    theirs = read_file(tmp_path / "peer.csr").requests[0]
    ours = build_csr(LAYOUT, rsa_key(), fields=FIELDS)
    assert theirs.subject.rfc4514_string() == ours.subject.rfc4514_string()
    assert extensions(theirs) == extensions(ours)
    assert len(extensions(ours)) == 4
    assert theirs.signature_hash_algorithm.name == ours.signature_hash_algorithm.name  # type: ignore[union-attr]


def test_certificate_of_openssl_ca_equals_ours(ca: FileCa, tmp_path: Path) -> None:
    """openssl ca, run in our folder on the same request, gives the same fields but serial and times."""
    request = build_csr(LAYOUT, rsa_key(), fields=SubjectFields(country="GB", organisation="Example"))
    write_public(tmp_path / "peer.csr", request.public_bytes(Encoding.PEM))
    ours = ca.issue(request, at=datetime.now(UTC).replace(microsecond=0), profile=Profile())
    openssl(
        "ca", "-batch", "-config", "openssl.cnf", "-in", "../peer.csr", "-out", "../peer.pem", "-notext", cwd=ca.folder
    )
    (theirs,) = read_certificates(tmp_path / "peer.pem")
    assert theirs.subject == ours.subject
    assert theirs.issuer == ours.issuer
    assert extensions(theirs) == extensions(ours)
    assert theirs.serial_number == ours.serial_number + 1
    assert [e.serial for e in ca.entries()] == [ours.serial_number, theirs.serial_number]
    later = ca.issue(request, at=NOW, profile=Profile())
    assert later.serial_number == theirs.serial_number + 1
    assert abs(theirs.not_valid_after_utc - ours.not_valid_after_utc) < timedelta(minutes=5)


def test_printed_openssl_commands_run(ca: FileCa, tmp_path: Path) -> None:
    """From the first line to the last, as they are printed, with the folder name that they use."""
    write_public(tmp_path / f"{E1}.cnf", request_config(LAYOUT).encode())
    done = subprocess.run(
        ["bash", "-e"], input=commands(LAYOUT), cwd=tmp_path, capture_output=True, text=True, timeout=LONG
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"{E1}.pem: OK") == 2
    (alone,) = read_certificates(tmp_path / f"{E1}-self-signed.pem")
    assert alone.issuer == alone.subject
    assert extensions(build_csr(LAYOUT, rsa_key())).keys() <= extensions(alone).keys()
    assert (tmp_path / f"{E1}.key").stat().st_mode & 0o077 == 0


def test_revocations_are_read_by_openssl_and_pkikit(ca: FileCa, tmp_path: Path) -> None:
    """One revoked by us, one by openssl; both CRLs list both, and `openssl verify` and pkikit agree about each."""
    made = [ca.issue(build_csr(LAYOUT, rsa_key()), at=NOW, profile=Profile()) for _ in range(3)]
    for number, certificate in enumerate(made):
        write_public(tmp_path / f"{number}.pem", certificate.public_bytes(Encoding.PEM))
    ca.revoke(made[0], at=NOW, reason="keyCompromise")
    openssl("ca", "-config", "openssl.cnf", "-revoke", "../1.pem", "-crl_reason", "superseded", cwd=ca.folder)
    ours = ca.crl(at=NOW, lifetime=timedelta(days=1))
    write_public(tmp_path / "ours.crl", ours.public_bytes(Encoding.PEM))
    openssl("ca", "-config", "openssl.cnf", "-gencrl", "-out", "../theirs.crl", cwd=ca.folder)
    assert openssl("crl", "-in", "theirs.crl", "-noout", "-crlnumber", cwd=tmp_path).stdout.strip().endswith("2")
    for name in ("ours.crl", "theirs.crl"):
        (crl,) = read_file(tmp_path / name).crls
        assert {r.serial_number for r in crl} == {made[0].serial_number, made[1].serial_number}
        question = RevocationQuestion(
            settings=Revocation(checking=True, fallback="revoked"), data=NOTHING_HELD.with_crls(CrlSource.MANUAL, [crl])
        )
        for number, certificate in enumerate(made):
            arguments = ("-crl_check", "-CAfile", "my-ca/ca.pem", "-CRLfile", name, f"{number}.pem")
            theirs = openssl("verify", *arguments, cwd=tmp_path, check=False).returncode == 0
            verdict = verify_certificate(
                certificate,
                trusted_ca_list=[ca.authority.certificate],
                purpose=Purpose.CLIENT,
                at=datetime.now(UTC),
                revocation=question,
            )
            assert verdict.accepted == theirs == (number == 2)


def test_ocsp_answer_is_accepted_by_openssl(ca: FileCa, tmp_path: Path) -> None:
    """good, revoked, and unknown for what the index does not hold."""
    from cryptography.hazmat.primitives import hashes

    made = [ca.issue(build_csr(LAYOUT, rsa_key()), at=NOW, profile=Profile()) for _ in range(2)]
    ca.revoke(made[1], at=NOW, reason=None)
    other = ca.authority.issue(build_csr(LAYOUT, rsa_key()), at=NOW)
    for certificate, status in ((made[0], "good"), (made[1], "revoked"), (other, "unknown")):
        answer = ca.ocsp_answer(certificate, at=NOW, lifetime=timedelta(days=1), id_digest=hashes.SHA1())
        write_public(tmp_path / "answer.der", answer.public_bytes(Encoding.DER))
        write_public(tmp_path / "leaf.pem", certificate.public_bytes(Encoding.PEM))
        files = ("-issuer", "my-ca/ca.pem", "-CAfile", "my-ca/ca.pem", "-cert", "leaf.pem")
        done = openssl("ocsp", "-respin", "answer.der", *files, cwd=tmp_path)
        assert f"leaf.pem: {status}" in done.stdout
        assert "Response verify OK" in done.stderr


def test_ocsp_answer_of_openssl_is_accepted(ca: FileCa, tmp_path: Path) -> None:
    """`openssl ocsp` as responder over our index: pkikit believes it."""
    made = ca.issue(build_csr(LAYOUT, rsa_key()), at=NOW, profile=Profile())
    openssl(
        *("ocsp", "-index", "my-ca/index.txt", "-rsigner", "my-ca/ca.pem", "-rkey", "my-ca/private/ca.key"),
        *("-sha256", "-CA", "my-ca/ca.pem", "-issuer", "my-ca/ca.pem", "-cert", "my-ca/newcerts/" + _file(made)),
        *("-respout", "theirs.der", "-ndays", "1", "-noverify"),
        cwd=tmp_path,
    )
    question = RevocationQuestion(
        settings=Revocation(checking=True, fallback="revoked"),
        data=NOTHING_HELD.with_answers(read_file(tmp_path / "theirs.der").ocsp_answers),
    )
    verdict = verify_certificate(
        made,
        trusted_ca_list=[ca.authority.certificate],
        purpose=Purpose.SERVER,
        at=datetime.now(UTC),
        revocation=question,
    )
    assert verdict.findings == ()
    assert "revocation.revoked" in verdict.checked


def _file(certificate: x509.Certificate) -> str:
    digits = f"{certificate.serial_number:X}"
    return ("0" * (len(digits) % 2)) + digits + ".pem"


def test_intermediate_is_in_the_index_of_its_parent(ca: FileCa, tmp_path: Path) -> None:
    """An intermediate is entered into its parent's index, and openssl builds the chain."""
    middle = FileCa.create(
        tmp_path / "middle", "Test Issuing CA", at=NOW, key=make_key(), lifetime=timedelta(days=800), below=ca
    )
    leaf = middle.issue(build_csr(LAYOUT, rsa_key()), at=NOW, profile=Profile())
    write_public(tmp_path / "leaf.pem", leaf.public_bytes(Encoding.PEM))
    assert [e.serial for e in ca.entries()] == [middle.authority.certificate.serial_number]
    done = openssl("verify", "-CAfile", "my-ca/ca.pem", "-untrusted", "middle/ca.pem", "leaf.pem", cwd=tmp_path)
    assert done.stdout.strip() == "leaf.pem: OK"


@pytest.mark.fires("key.unreadable")
@pytest.mark.near_miss("key.unreadable")
def test_key_with_explicit_curve_parameters_is_unreadable(tmp_path: Path) -> None:
    """openssl makes one with explicit parameters (and takes it for a leaf, not for a CA); here it is key.unreadable anywhere."""
    for form, good in (("named_curve", True), ("explicit", False)):
        options = ("-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", f"ec_param_enc:{form}")
        openssl(
            *("req", "-x509", "-newkey", "ec", *options, "-nodes", "-keyout", "k.pem", "-out", f"{form}.pem"),
            *("-subj", "/CN=e1.example.com", "-days", "9"),
            cwd=tmp_path,
        )
        (certificate,) = read_certificates(tmp_path / f"{form}.pem")
        verdict = verify_certificate(
            certificate, trusted_ca_list=[certificate], purpose=Purpose.SERVER, at=datetime.now(UTC)
        )
        assert ("key.unreadable" in {f.rule for f in verdict.errors}) != good
