"""A file as it is uploaded: order, key, line end, encoding; the same answer from lint, the upload page and check --certs."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from pkikit.errors import EncodingError
from pkikit.files import convert, credential_from_folder, key_pem, parse
from pkikit.files.parse import MAX_UPLOAD
from pkikit.judge.linting.lint import lint_certificate
from pkikit.judge.linting.upload_files import lint_bundle, lint_keys
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.bundle import bundle_of
from pkikit.model.version import ProductVersion
from pkikit.report.file_lint import lint_file, lint_question
from simulator.errors import UploadRefused
from simulator.peer.state import PeerState
from simulator.peer.upload import crls_of, take_certificate, take_trusted_list
from simulator.world.craft import craft
from tests.support.cli import pkikit_json
from tests.support.credential_files import BEHIND, CREDENTIAL, ENCRYPTED, KEY, LEAF
from tests.support.keys import rsa_key
from tests.support.worlds import AT, E1, deployment, issued

ISSUED = issued()
ROOT = ISSUED.authority.root
LEGACY = CREDENTIAL.key.private_bytes(
    Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"secret")
)
INSTANT = ("--at", AT.isoformat())


def pem(*certificates: Any) -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in certificates)


CERT = pem(LEAF, *BEHIND)


def rules(path: Path, data: bytes, *, code: int = 1) -> set[str]:
    """The errors of lint about a file with these bytes."""
    path.write_bytes(data)
    answer = pkikit_json("lint", str(path), *INSTANT, code=code)
    assert answer["accepted"] is (code == 0)
    return {f["rule"] for f in answer["findings"] if f["severity"] == "error"}


@pytest.mark.product("P1-13")
@pytest.mark.fires("key.no-trailing-newline")
def test_key_without_line_end_is_reported(tmp_path: Path) -> None:
    """By itself, behind its certificate, in PKCS#1 form: found each time; the page and the folder say the same."""
    old = CREDENTIAL.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())  # type: ignore[union-attr]
    for data in (KEY.rstrip(), KEY.rstrip() + b"\r", KEY.rstrip() + b"  ", old.rstrip(), CERT + KEY.rstrip()):
        assert rules(tmp_path / "x.pem", data) == {"key.no-trailing-newline"}
    with pytest.raises(EncodingError, match="does not end with a line end") as refused:
        upload(CERT, KEY.rstrip())
    assert refused.value.rule == "key.no-trailing-newline"
    with pytest.raises(EncodingError, match=r"key\.pem: the private key file does not end"):
        brought(tmp_path, CERT, KEY.rstrip())


@pytest.mark.near_miss("key.no-trailing-newline")
def test_key_with_line_end_is_accepted(tmp_path: Path) -> None:
    """LF or CR LF at the end is enough, and a certificate file needs neither."""
    for data in (KEY, KEY.replace(b"\n", b"\r\n"), KEY + b"\n", KEY + CERT):
        verdict = lint_keys(
            "x", parse(data, where="x").keys, leaf=None, encrypted=0, ends_in_newline=data.endswith(b"\n")
        )
        assert verdict.accepted
    assert rules(tmp_path / "x.pem", KEY, code=0) == set()
    assert rules(tmp_path / "x.pem", CERT.rstrip(), code=0) == set()


@pytest.mark.fires("key.mismatch")
def test_key_of_another_certificate_is_reported(tmp_path: Path) -> None:
    """Before or behind the certificate, and also when the file is in order otherwise."""
    wrong = key_pem(rsa_key())
    for data in (CERT + wrong, wrong + CERT):
        assert rules_in_process(data) == {"key.mismatch"}
    assert rules(tmp_path / "x.pem", CERT + wrong) == {"key.mismatch"}
    with pytest.raises(UploadRefused) as refused:
        upload(CERT, wrong)
    assert refused.value.rule == "key.mismatch"
    assert (credential := brought(tmp_path, CERT, wrong)) is not None
    assert not credential.key_matches  # judge_leg says key.mismatch of it


@pytest.mark.near_miss("key.mismatch", "key.encrypted")
def test_key_of_this_certificate_is_accepted_in_any_place() -> None:
    """The key is found before, between and behind the certificates."""
    for data in (CERT + KEY, KEY + CERT):
        assert rules_in_process(data) == set()


@pytest.mark.fires("key.mismatch")
def test_first_of_two_keys_counts_with_a_warning(tmp_path: Path) -> None:
    """OpenSSL takes the first key of a file: it decides, and a key behind it is worth a warning; the lab's TLS agrees."""
    for data, code in ((CERT + key_pem(rsa_key()) + KEY, 1), (CERT + KEY + key_pem(rsa_key()), 0)):
        file = tmp_path / "x.pem"
        file.write_bytes(data)
        verdict = lint_keys("x", parse(data, where="x").keys, leaf=LEAF, encrypted=0, ends_in_newline=True)
        assert [(f.rule, f.severity.value) for f in verdict.findings] == [
            ("key.mismatch", "error" if code else "warning")
        ]
        assert rules(file, data, code=code) == ({"key.mismatch"} if code else set())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if code:
            with pytest.raises(ssl.SSLError):
                context.load_cert_chain(file)
        else:
            context.load_cert_chain(file)


def test_store_without_line_end_is_not_reported(tmp_path: Path) -> None:
    """A PKCS#12 store is not PEM, and nothing is said about the end of its lines."""
    store = pkcs12.serialize_key_and_certificates(b"x", CREDENTIAL.key, LEAF, BEHIND, NoEncryption())  # type: ignore[union-attr, arg-type]
    assert rules(tmp_path / "x.pfx", store) == {"encoding.not-pem"}


@pytest.mark.fires("key.usage-unsuitable")
def test_ca_certificate_is_refused_as_server_certificate(tmp_path: Path) -> None:
    """Its key usage allows to sign certificates only: OpenSSL refuses it as server and as client."""
    for version in ("X12.5", "X15.5"):
        use = CertificateUse(at=AT, version=ProductVersion.parse(version))
        assert "key.usage-unsuitable" in {f.rule for f in lint_certificate(ROOT, use).errors}
    file = tmp_path / "ca.pem"
    file.write_bytes(pem(ROOT))
    assert not pkikit_json("lint", str(file), "--as", "server", *INSTANT, code=1)["accepted"]
    assert pkikit_json("lint", str(file), *INSTANT, code=0)["accepted"]


@pytest.mark.fires("key.encrypted")
@pytest.mark.parametrize("key", [ENCRYPTED, LEGACY], ids=["PKCS#8", "Proc-Type"])
def test_encrypted_key_is_reported_as_encrypted(key: bytes, tmp_path: Path) -> None:
    """Alone or beside its certificate: key.encrypted, and nothing about other keys or other labels."""
    assert rules(tmp_path / "x.pem", key) == {"key.encrypted"}
    assert rules(tmp_path / "x.pem", CERT + key) == {"key.encrypted"}
    for attempt in (lambda: upload(CERT, key), lambda: brought(tmp_path, CERT, key)):
        with pytest.raises(EncodingError) as refused:
            attempt()
        assert refused.value.rule == "key.encrypted"


@pytest.mark.fires("key.too-short")
def test_weak_key_without_certificate_is_reported() -> None:
    """The length of a private key is judged before a request is made with it."""
    assert rules_in_process(key_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))) == {
        "key.too-short"
    }
    assert rules_in_process(key_pem(rsa_key())) == set()


def test_page_refuses_a_store_unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page refuses a PKCS#12 store without any work on it; it would refuse it afterwards anyway."""
    store = pkcs12.serialize_key_and_certificates(b"e1", CREDENTIAL.key, LEAF, None, NoEncryption())  # type: ignore[union-attr]
    monkeypatch.setattr(pkcs12, "load_pkcs12", lambda *_: pytest.fail("the store was opened"))
    for data in (store, base64.encodebytes(store)):
        for attempt in (lambda d=data: upload(d, KEY), lambda d=data: upload(CERT, d), lambda d=data: crls_of(d)):
            with pytest.raises(EncodingError, match="PKCS#12 store") as refused:
                attempt()
            assert refused.value.rule == "encoding.not-pem"


REVERSED: dict[str, tuple[Any, ...]] = {
    "root, intermediate, leaf": (ROOT, *BEHIND, LEAF),
    "intermediate, leaf": (*BEHIND, LEAF),
    "root, leaf": (ROOT, LEAF),
    "intermediate, root, leaf": (*BEHIND, ROOT, LEAF),
    "intermediate, leaf, root": (*BEHIND, LEAF, ROOT),
}


@pytest.mark.fires("upload.leaf-not-first")
@pytest.mark.parametrize("name", REVERSED)
def test_ca_before_the_server_certificate_is_one_error(name: str, tmp_path: Path) -> None:
    """One error, about the order; no finding says to reissue the leaf as a CA."""
    chain = REVERSED[name]
    assert rules_in_process(pem(*chain)) == {"upload.leaf-not-first"}
    verdict = lint_bundle("x", bundle_of(chain))
    assert "Put the server certificate first" in verdict.findings[0].fix
    for attempt in (lambda: upload(pem(*chain), KEY), lambda: brought(tmp_path, pem(*chain), KEY)):
        with pytest.raises(EncodingError, match="has to come first") as refused:
            attempt()
        assert refused.value.rule == "upload.leaf-not-first"


def test_convert_puts_the_server_certificate_first(tmp_path: Path) -> None:
    """The command that the finding names puts the file in order."""
    (tmp_path / "x.pem").write_bytes(pem(ROOT, *BEHIND, LEAF))
    pkikit_json("convert", str(tmp_path / "x.pem"), "--to", "pem", "--out", str(tmp_path / "new.pem"))
    assert (tmp_path / "new.pem").read_bytes() == pem(LEAF, *BEHIND, ROOT)
    assert rules(tmp_path / "new.pem", (tmp_path / "new.pem").read_bytes(), code=0) == set()


@pytest.mark.near_miss("upload.leaf-not-first", "upload.second-leaf")
def test_file_in_order_does_not_report_the_order() -> None:
    """A chain, a leaf, CAs alone, and a CA that lost its CA flag behind its leaf: not a question of order."""
    flagless = craft(("old-ca.example.com",), None, at=AT).leaf
    old = x509.CertificateBuilder(
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Old Issuing CA")]), issuer_name=ROOT.subject,
        public_key=rsa_key().public_key(), serial_number=7, not_valid_before=AT, not_valid_after=AT + timedelta(days=1),
    ).sign(rsa_key(), hashes.SHA256())  # fmt: skip
    assert lint_bundle("x", bundle_of((ROOT, old))).accepted
    for certificates in ((LEAF, *BEHIND), (LEAF,), (LEAF, ROOT, *BEHIND), (ROOT, *BEHIND), (ROOT,), (ROOT, flagless)):
        assert lint_bundle("x", bundle_of(certificates)).accepted
        assert not lint_bundle("x", bundle_of(certificates)).findings


@pytest.mark.fires("upload.second-leaf")
def test_second_server_certificate_is_reported_as_unused() -> None:
    """The second one is never used; it is not called a bad CA."""
    other = craft(("e2.example.com",), ISSUED.authority, at=AT).leaf
    bundle = bundle_of((LEAF, other, *BEHIND))
    assert (bundle.leaf, bundle.second_leaves, bundle.others) == (LEAF, (other,), tuple(BEHIND))
    assert [f.rule for f in lint_bundle("x", bundle).findings] == ["upload.second-leaf"]


NOT_READ: dict[str, Callable[[bytes], bytes]] = {
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "only in CR": lambda data: data.replace(b"\n", b"\r"),
    "indented": lambda data: b"".join(b"    " + line + b"\n" for line in data.splitlines()),
    "one line": lambda data: data.replace(b"\n", b" "),
    "glued": lambda data: data.replace(b"-----\n-----", b"----------"),
    "quoted": lambda data: b"".join(b"> " + line + b"\n" for line in data.splitlines()),
    "PKCS#7": lambda data: pkcs7.serialize_certificates(list(parse(data, where="x").certificates), Encoding.PEM),
    "DER": lambda data: parse(data, where="x").certificates[0].public_bytes(Encoding.DER),
}  # fmt: skip


@pytest.mark.fires("encoding.malformed", "encoding.not-pem")
def test_unsupported_file_is_refused_by_lint_pages_and_check(tmp_path: Path) -> None:
    """lint, the page for the server certificate, that for trusted CAs, and the folder of check --certs."""
    for number, (name, damage) in enumerate(NOT_READ.items()):
        data = damage(CERT)
        (found,) = rules_in_process(data)
        assert found in {"encoding.malformed", "encoding.not-pem"}, name
        for attempt in (
            lambda d=data: upload(d, KEY),
            lambda d=data: take_trusted_list(STATE, d, append=True, deployment=deployment(), at=AT),
            lambda d=data, n=number: brought(tmp_path / str(n), d, KEY),
        ):
            with pytest.raises(EncodingError) as refused:
                attempt()
            assert refused.value.rule == found, name
            assert "pkikit convert" in str(refused.value), name


def test_unsupported_file_is_decoded_and_converted(tmp_path: Path) -> None:
    """A file that the product refuses is still displayed, and convert makes of it what the product accepts."""
    for name, damage in NOT_READ.items():
        path, out = tmp_path / "x", tmp_path / f"{name.replace(' ', '')}.pem"
        path.write_bytes(damage(CERT))
        if name in {"UTF-16", "glued"}:
            assert pkikit_json("decode", str(path))["objects"]
        if name == "one line":
            pkikit_json("convert", str(path), "--to", "pem", "--out", str(out))
        else:
            out.write_bytes(convert(parse(path.read_bytes(), where="x"), "pem"))
        assert out.read_bytes() == (pem(LEAF) if name == "DER" else CERT)


def test_upload_over_the_limit_is_refused() -> None:
    """No page reads more than a few megabytes."""
    big = b"#" * MAX_UPLOAD
    for attempt in (lambda: upload(big + CERT, KEY), lambda: upload(CERT, big + KEY), lambda: crls_of(big + CERT)):
        with pytest.raises(EncodingError, match="larger than"):
            attempt()
    assert upload(b"# from the CA\n" * 1000 + CERT, KEY)


STATE = PeerState(fqdn=E1, certificate=None, trusted_ca_list=(ROOT,))


def upload(certificate: bytes, key: bytes) -> Any:
    return take_certificate(STATE, certificate, key, deployment=deployment(), at=AT)


def brought(folder: Path, certificate: bytes, key: bytes) -> Any:
    folder.mkdir(exist_ok=True)
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    return credential_from_folder(folder)


def rules_in_process(data: bytes) -> set[str]:
    """The errors of lint, without a process of its own."""
    contents = parse(data, where="x.pem", keep_encrypted=True)
    return {f.rule for v in lint_file(contents, lint_question(at=AT)) for f in v.errors}
