"""Whether the product would read a file: the model of OpenSSL's PEM reader against OpenSSL itself, on damaged files."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from OpenSSL import SSL, crypto

from pkikit.errors import EncodingError
from pkikit.files import FileContents, parse, product_objections
from pkikit.files.encodings.openssl_pem import CERTIFICATE_LABELS, Fault, read_as_openssl
from tests.support.credential_files import BEHIND, CHAIN, ENCRYPTED, KEY, LEAF, PEM
from tests.support.openssl_pem import pem_blocks
from tests.support.pem_mutations import mutations
from tests.support.wait import LONG

ABC = b"-----BEGIN A-----\nQUJD\n-----END A-----\n-----BEGIN A-----\nQUI=\n-----END A-----\n"
SEEDS = (PEM, CHAIN, KEY + PEM, ENCRYPTED + PEM, ABC, PEM.replace(b"\n", b"\r\n"))
BATCHES = 10
PER_BATCH = 600


@pytest.mark.parametrize("batch", range(BATCHES))
def test_pem_blocks_are_read_as_by_openssl(batch: int) -> None:
    """Block for block: label, header, bytes, and whether it stops at a fault."""
    faults = 0
    for data in mutations(SEEDS, PER_BATCH, first=batch * PER_BATCH):
        read = read_as_openssl(data)
        ours = [(b.label.encode("latin-1"), b.header, b.der) for b in read.blocks]
        assert (ours, read.fault is not None) == pem_blocks(data), data
        faults += read.fault is not None
    assert PER_BATCH / 10 < faults < PER_BATCH * 9 / 10  # both answers are asked for


def _contents(data: bytes) -> FileContents | None:
    try:
        return parse(data, where="upload.pem", keep_encrypted=True)
    except EncodingError:
        return None


@pytest.mark.parametrize("batch", range(BATCHES))
def test_chain_file_without_objection_is_loaded_by_openssl(batch: int, tmp_path: Path) -> None:
    """Where we see no objection, OpenSSL loads the chain, with as many certificates as we found; and we read what it reads."""
    path, yes, no = tmp_path / "chain.pem", 0, 0
    for data in mutations((PEM, CHAIN, PEM.replace(b"\n", b"\r\n")), PER_BATCH // 2, first=batch * PER_BATCH):
        path.write_bytes(data)
        loaded = _chain_length(path)
        contents = _contents(data)
        if contents is None or not contents.certificates or any(not o.is_remark for o in product_objections(contents)):
            # Nothing that OpenSSL reads whole may be called unreadable, except for what it passes over in silence.
            assert contents is not None or not loaded, data
            no += 1
            continue
        assert loaded == len(contents.certificates), data
        yes += 1
    assert yes
    assert no


def _chain_length(path: Path) -> int:
    """How many certificates SSL_CTX_use_certificate_chain_file takes from a file; 0 when it refuses it."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    try:
        context.use_certificate_chain_file(str(path))
    except SSL.Error:
        return 0
    blocks, _ = pem_blocks(path.read_bytes())
    return sum(label.decode() in CERTIFICATE_LABELS for label, _, _ in blocks)


def test_python_and_pyopenssl_load_what_the_model_reads() -> None:
    """`load_certificate` and `load_verify_locations` take a file exactly when the model gives a certificate of it."""
    for data in mutations((PEM, CHAIN), 1500, first=100_000):
        reading = read_as_openssl(data)
        wanted = _first_certificate(data)
        try:
            crypto.load_certificate(crypto.FILETYPE_PEM, data)
            taken = True
        except crypto.Error:
            taken = False
        assert taken == wanted, data
        if (
            reading.fault is None
            and wanted
            and data.isascii()
            and b"\0" not in data
            and all(_is_der(b.der) for b in reading.blocks)
        ):
            ssl.create_default_context(cadata=data.decode("ascii"))


def _first_certificate(data: bytes) -> bool:
    for block in read_as_openssl(data).blocks:
        if block.label in CERTIFICATE_LABELS:
            return not block.header.strip() and _is_der(block.der)
    return False


def _is_der(der: bytes) -> bool:
    try:
        crypto.load_certificate(crypto.FILETYPE_ASN1, der)
    except crypto.Error:
        return False
    return True


BY_HAND: dict[str, tuple[bytes, bool]] = {
    "as it should be": (PEM, True),
    "CR LF": (PEM.replace(b"\n", b"\r\n"), True),
    "no last line end": (PEM.rstrip(), True),
    "blanks at the ends of lines": (PEM.replace(b"\n", b"  \n"), True),
    "text before": (b"subject=CN = e1\n\n" + PEM, True),
    "old label": (PEM.replace(b"CERTIFICATE", b"X509 CERTIFICATE"), True),
    "base64 on one line": (PEM[:28] + PEM[28:-26].replace(b"\n", b"") + b"\n" + PEM[-26:].lstrip(), True),
    "byte order mark": (b"\xef\xbb\xbf" + PEM, True),
    "key before it": (KEY + PEM, True),
    "only in CR": (PEM.replace(b"\n", b"\r"), False),
    "indented": (b"".join(b"  " + line + b"\n" for line in PEM.splitlines()), False),
    "one line": (PEM.replace(b"\n", b" "), False),
    "UTF-16": (PEM.decode().encode("utf-16"), False),
    "UTF-16 without mark": (PEM.decode().encode("utf-16-le"), False),
    "glued": (PEM.rstrip() + PEM, False),
    "glued, five hyphens": (PEM.rstrip()[:-5] + PEM, False),
    "quoted": (b"".join(b"> " + line + b"\n" for line in PEM.splitlines()), False),
    "empty lines between": (PEM.replace(b"\n", b"\n\n"), False),
    "text behind END": (PEM.rstrip() + b" end\n", False),
    "DER": (LEAF.public_bytes(Encoding.DER), False),
    "PKCS#7": (pkcs7.serialize_certificates([LEAF], Encoding.PEM), False),
    "PKCS#7 under the label of a certificate": (
        pkcs7.serialize_certificates([LEAF], Encoding.PEM).replace(b"PKCS7", b"CERTIFICATE"), False),
    "second one indented": (PEM + b" " + BEHIND[0].public_bytes(Encoding.PEM), False),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_saved_file_forms_are_answered_as_by_openssl(name: str, tmp_path: Path) -> None:
    """Each way to save a file: our answer, and that of the openssl command where it is asked for PEM."""
    data, readable = BY_HAND[name]
    contents = parse(data, where="upload.pem")
    assert contents.certificates[0] == LEAF  # pkikit itself reads every one of them
    objections = [o for o in product_objections(contents) if not o.is_remark]
    assert (not objections) == readable, objections
    (tmp_path / "x.pem").write_bytes(data)
    if "second" not in name and "glued" not in name:  # x509 reads the first certificate alone
        command = ["openssl", "x509", "-inform", "PEM", "-in", "x.pem", "-noout"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=LONG)
        assert (done.returncode == 0) == readable, done.stderr
    for objection in objections:
        assert "pkikit convert upload.pem" in objection.fix


def test_any_readable_file_has_an_upload_answer() -> None:
    """Whatever can be read has an answer to "would the product read this?", and every objection says where and what to do."""
    asked = 0
    for data in mutations(
        (*SEEDS, LEAF.public_bytes(Encoding.DER), PEM.decode().encode("utf-16")), 2000, first=500_000
    ):
        if (contents := _contents(data)) is not None:
            for objection in product_objections(contents):
                asked += 1
                assert objection.place == "file" or objection.place.startswith(("line ", "block "))
                assert objection.seen.isprintable()
                assert objection.fix.endswith(".")
    assert asked > 100


def test_pem_mutations_reach_every_fault() -> None:
    """The mutations reach every way in which OpenSSL stops."""
    met = {read_as_openssl(data).fault for data in mutations(SEEDS, 4000)}
    extra = (b"-----BEGIN A-----\n\n" + b"QUJD" * 20 + b"\n-----END A-----\n", b"-----BEGIN A-----\n-----END A-----\n")
    met |= {read_as_openssl(data).fault for data in extra}
    assert met >= set(Fault), set(Fault) - met
