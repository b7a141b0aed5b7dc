"""Reading what people paste, and refusing what is nothing, in one sentence."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import stat
import warnings
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    pkcs7,
    pkcs12,
)
from cryptography.utils import CryptographyDeprecationWarning
from hypothesis import given
from hypothesis import strategies as st

from pkikit.errors import EncodingError, InputError
from pkikit.files import NoPassphrase, credential_from_folder, parse, read_file, write_private
from pkikit.judge.linting.lint import lint_authority, lint_certificate
from pkikit.judge.questions import CertificateUse
from pkikit.judge.verify import verify_certificate
from pkikit.model.certificates.credential import Credential
from pkikit.model.leg import Purpose
from pkikit.view.description import describe_contents
from tests.support.credential_files import BEHIND, CHAIN, CREDENTIAL, ENCRYPTED, KEY, LEAF, PEM
from tests.support.worlds import AT, issued


@pytest.mark.parametrize("data", [
    PEM,
    PEM.replace(b"\n", b"\r\n"),
    b"\xef\xbb\xbf" + PEM,
    PEM.decode().encode("utf-16"),
    b"subject=CN = e1\nissuer=CN = ca\n\n" + PEM + b"\nregards, the CA team\n",
    PEM.rstrip(b"\n"),
    PEM.replace(b"\n", b"  \n"),
    PEM.replace(b"BEGIN CERTIFICATE", b"BEGIN X509 CERTIFICATE").replace(b"END CERTIFICATE", b"END X509 CERTIFICATE"),
    LEAF.public_bytes(Encoding.DER),
    pkcs7.serialize_certificates([LEAF], Encoding.PEM),
    pkcs7.serialize_certificates([LEAF], Encoding.DER),
], ids=["pem", "crlf", "bom", "utf-16", "text around", "no last newline", "trailing blanks", "old label", "der", "p7b pem", "p7b der"])  # fmt: skip
@pytest.mark.near_miss("encoding.malformed", watched=False)
def test_certificate_is_read_from_every_usual_form(data: bytes) -> None:
    """Each of these forms contains the same certificate."""
    assert parse(data, where="x").certificates == (LEAF,)


def test_chain_keeps_the_order_of_the_file() -> None:
    """The leaf comes first, as in the file."""
    assert parse(CHAIN, where="x").certificates == CREDENTIAL.chain  # type: ignore[union-attr]


@pytest.mark.fires("encoding.malformed", "encoding.not-pem", watched=False)
@pytest.mark.parametrize(("data", "said"), [
    (b"hello", "neither PEM nor DER, but text"),
    (b"\x00\x01\x02" * 50, "binary data"),
    (b"\x30\x82\x01\x00rubbish", "cut off: it announces 260 bytes and has 11"),
    (LEAF.public_bytes(Encoding.DER)[:-20], "cut off"),
    (PEM[:-30], "cut off"),
    (PEM.replace(b"MII", b"MIJ", 1), "does not contain one"),
    (b"-----BEGIN SOMETHING-----\nQUJD\n-----END SOMETHING-----\n", "labelled SOMETHING"),
    (PEM.replace(b"MII", b"AII", 1), "labelled CERTIFICATE but does not contain one"),
    (ENCRYPTED, "encrypted"),
    (PEM * 10_001, "more than 10000"),
])  # fmt: skip
def test_unreadable_bytes_are_refused_with_the_file_name(data: bytes, said: str) -> None:
    """The error is one sentence with the file's name."""
    with pytest.raises(EncodingError, match=said) as caught:
        parse(data, where="some.pem")
    special = {"encrypted": "key.encrypted", "binary data": "encoding.not-pem"}
    expected = "encoding.not-pem" if "neither" in said else special.get(said, "encoding.malformed")
    assert caught.value.rule == expected
    assert str(caught.value).startswith("some.pem: ")
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_raise_encoding_error(data: bytes) -> None:
    """Rubbish is an EncodingError or nothing, never anything else."""
    try:
        parse(data, where="x")
    except EncodingError:
        return


@given(st.integers(0, len(CHAIN) - 1), st.integers(0, 255))
def test_mutated_chain_is_read_or_raises_encoding_error(position: int, value: int) -> None:
    """One byte changed: still certificates, or an EncodingError."""
    data = bytearray(CHAIN)
    data[position] = value
    try:
        parse(bytes(data), where="x")
    except EncodingError:
        return


@pytest.mark.near_miss("key.encrypted", watched=False)
def test_wrong_passphrase_is_refused_without_repeating_it() -> None:
    """An encrypted key opens with its passphrase; a wrong one is refused without being repeated."""
    assert len(parse(ENCRYPTED, where="x", passphrase=lambda: b"secret").keys) == 1
    with pytest.raises(EncodingError) as caught:
        parse(ENCRYPTED, where="x", passphrase=lambda: b"hunter2")
    assert "hunter2" not in str(caught.value)


def test_repr_of_credential_and_contents_hides_the_key() -> None:
    """Neither a credential nor a file's contents give the key away."""
    contents = parse(CHAIN + KEY, where="x")
    assert contents.keys
    for shown in (repr(contents), repr(CREDENTIAL), repr(Credential(chain=(LEAF,), key=contents.keys[0]))):
        assert "key=" not in shown
        assert "PRIVATE" not in shown


def test_private_file_is_written_0600_and_whole(tmp_path: Path) -> None:
    """Mode 0600 whatever the umask; replaced as a whole; nothing left beside it."""
    before = os.umask(0)
    try:
        write_private(tmp_path / "new" / "key.pem", KEY)
        write_private(tmp_path / "new" / "key.pem", KEY)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new" / "key.pem").stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["key.pem"]


def test_writing_below_a_file_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    """A file where a folder belongs: one sentence, nothing changed."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="cannot be written"):
        write_private(tmp_path / "file" / "key.pem", KEY)
    assert (tmp_path / "file").read_text() == "mine"


def test_file_over_128_mb_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    """A gigabyte is refused after the first 128 MB."""
    path = tmp_path / "large.pem"
    with path.open("wb") as stream:
        stream.truncate(1024 * 1024 * 1024)
    with pytest.raises(InputError, match="larger than 128 MB"):
        read_file(path)


@pytest.mark.fires("encoding.not-pem")
@pytest.mark.near_miss("encoding.not-pem", watched=False)
def test_credential_folder_needs_cert_pem_and_may_have_key_pem(tmp_path: Path) -> None:
    """cert.pem with or without key.pem; a key alone, or DER in cert.pem, is an error."""
    assert credential_from_folder(tmp_path) is None
    (tmp_path / "key.pem").write_bytes(KEY)
    with pytest.raises(InputError, match=r"no cert\.pem"):
        credential_from_folder(tmp_path)
    (tmp_path / "cert.pem").write_bytes(CHAIN)
    read = credential_from_folder(tmp_path)
    assert read is not None
    assert read.key_matches
    (tmp_path / "cert.pem").write_bytes(LEAF.public_bytes(Encoding.DER))
    with pytest.raises(EncodingError, match=r"DER .*not PEM") as caught:
        credential_from_folder(tmp_path)
    assert caught.value.rule == "encoding.not-pem"


@pytest.mark.fires("key.encrypted")
def test_encrypted_key_in_a_folder_reports_key_encrypted() -> None:
    """Nobody can be asked: key.encrypted says what to do about it."""
    with pytest.raises(EncodingError) as caught:
        parse(ENCRYPTED, where="key.pem")
    assert caught.value.rule == "key.encrypted"


STORE = pkcs12.serialize_key_and_certificates(b"e1", CREDENTIAL.key, LEAF, BEHIND, BestAvailableEncryption(b"secret"))


@pytest.mark.parametrize("passphrase", [None, b"secret"])
def test_pkcs12_gives_key_leaf_and_chain_with_its_passphrase(passphrase: bytes | None) -> None:
    """Key, leaf and chain come out, with the passphrase or where there is none; never without asking for one."""
    store = (
        STORE
        if passphrase
        else pkcs12.serialize_key_and_certificates(b"e1", CREDENTIAL.key, LEAF, BEHIND, NoEncryption())
    )  # type: ignore[union-attr]
    found = parse(store, where="x", passphrase=(lambda: passphrase) if passphrase else None)
    assert found.certificates == (LEAF, *BEHIND)
    assert len(found.keys) == 1
    assert found.form == "pkcs12"
    if passphrase:
        with pytest.raises(NoPassphrase, match="no passphrase was given"):
            parse(store, where="x")
        with pytest.raises(EncodingError, match="does not open") as caught:
            parse(store, where="x", passphrase=lambda: b"hunter2")
        assert "hunter2" not in str(caught.value)


def test_bare_base64_and_wrong_labels_are_read_with_a_note() -> None:
    """What the product would refuse is read, with a note that says why it would."""
    bare = base64.b64encode(LEAF.public_bytes(Encoding.DER))
    found = parse(bare, where="x")
    assert found.certificates == (LEAF,)
    assert "without the BEGIN and END lines" in found.notes[0]
    mislabelled = PEM.replace(b"CERTIFICATE", b"CERTIFICATE REQUEST")
    found = parse(mislabelled, where="x")
    assert found.certificates == (LEAF,)
    assert found.notes == ("block 1 (line 1) is labelled CERTIFICATE REQUEST but contains a certificate",)


def zipped(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


CRL = issued().authority.crl([7], at=AT)


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(CRL.public_bytes(Encoding.DER)),
        gzip.compress(CRL.public_bytes(Encoding.PEM)),
        zipped(("any.bin", CRL.public_bytes(Encoding.DER)), ("readme.txt", b"hello")),
    ],
    ids=["gz of der", "gz of pem", "zip beside a text"],
)
def test_crl_archive_is_read_whatever_its_member_names(packed: bytes) -> None:
    """As the product reads downloads; the extension of a member does not matter."""
    assert parse(packed, where="x").crls == (CRL,)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (gzip.compress(b"\0" * (129 * 1024 * 1024)), "unpacks to more than"),
        (zipped(("bomb", b"\0" * (129 * 1024 * 1024))), "unpacks to more than"),
        (zipped(*((f"{n}", b"x") for n in range(201))), "at most 200"),
        (gzip.compress(b"hello")[:-9], "gzip"),
        (zipped(("a", b"x"))[:-30], "damaged zip"),
        (zipped(("a", b"hello")), "nothing in it that can be read"),
        (gzip.compress(gzip.compress(CRL.public_bytes(Encoding.DER))), "nothing in it that can be read"),
    ],
    ids=["gzip bomb", "zip bomb", "many members", "gzip cut", "zip cut", "nothing", "gzip in gzip"],
)
def test_oversized_or_broken_archive_is_refused(data: bytes, said: str) -> None:
    """What is read of an archive is bounded; the error is one sentence."""
    with pytest.raises(EncodingError, match=said):
        parse(data, where="x")


@given(st.integers(0, len(LEAF.public_bytes(Encoding.DER)) - 1), st.binary(min_size=1, max_size=4))
def test_mutated_certificate_is_judged_or_refused_with_one_sentence(position: int, patch: bytes) -> None:
    """Whatever is overwritten: it is read, described and judged, or refused in one sentence."""
    der = bytearray(LEAF.public_bytes(Encoding.DER))
    der[position : position + len(patch)] = patch
    try:
        contents = parse(bytes(der), where="x")
    except EncodingError:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        json.dumps(describe_contents(contents, AT))
        for certificate in contents.certificates:
            lint_certificate(certificate, CertificateUse(at=AT))
            lint_authority(certificate, CertificateUse(at=AT))
            verify_certificate(certificate, trusted_ca_list=BEHIND, purpose=Purpose.SERVER, at=AT)
