"""Every odd certificate beside the real `openssl`: pkikit reads what it reads, and accepts what it accepts.

Differences are listed with their reason; a difference that is not listed fails, and so does one that no longer exists.
"""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pkikit.errors import EncodingError
from pkikit.files import parse
from pkikit.judge.verify import verify_certificate
from pkikit.model.leg import NameCheck, Purpose
from pkikit.reading import load_certificate, load_crl, load_request
from pkikit.reading.pem import to_pem
from tests.support import odd_der
from tests.support.odd_cases import CERTIFICATES, REFUSED_BY_OPENSSL_ALONE
from tests.support.odd_der import HOST, Lab, lab
from tests.support.odd_objects import ODD_NAME, SAN, crl, entry, request

pytestmark = pytest.mark.needs("openssl")
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)

# (oddity, whose): why pkikit refuses what OpenSSL accepts. There is no case of the other direction.
STRICTER = {
    ("version-v1-plain", "root"): "the product refuses a CA without BasicConstraints",
    ("key-rsa-negative", "leaf"): "OpenSSL 3.0 reads a negative modulus, OpenSSL 4 and pkikit do not",
    ("extension-san-empty", "leaf"): "RFC 5922: with any SAN the common name does not count",
    **{
        (f"extension-nc-{odd}", whose): "nothing here compares such a constraint, so nobody knows what it forbids"
        for odd in ("odd-mask", "latin1", "ip-4")
        for whose in ("leaf", "issuing", "root")
    },
    **{(f"extension-nc-{odd}", "leaf"): "a limit is reported wherever it stands" for odd in ("minimum", "maximum")},
}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def accepts(*arguments: str, cwd: Path) -> bool:
    return subprocess.run(["openssl", *arguments], cwd=cwd, capture_output=True, timeout=600).returncode == 0


def reads(der: bytes) -> bool:
    try:
        load_certificate(der)
    except EncodingError:
        return False
    return True


@pytest.mark.parametrize("label", sorted(CERTIFICATES))
def test_odd_certificate_is_read_as_by_openssl(label: str, tmp_path: Path) -> None:
    der = lab(leaf=CERTIFICATES[label]).leaf
    (tmp_path / "x.pem").write_bytes(to_pem(der, "CERTIFICATE"))
    theirs = accepts("x509", "-noout", "-in", "x.pem", cwd=tmp_path)
    assert reads(der) == (theirs or label in REFUSED_BY_OPENSSL_ALONE)


def _verified(made: Lab) -> bool:
    leaf, issuing, root = (load_certificate(d) for d in (made.leaf, made.issuing, made.root))
    checks = (NameCheck(any_of=(HOST,), why="test"),)
    return verify_certificate(
        leaf, sent=(issuing,), trusted_ca_list=(root,), purpose=Purpose.SERVER, at=AT, name_checks=checks
    ).accepted


@pytest.mark.parametrize("whose", ["leaf", "issuing", "root"])
def test_odd_certificate_is_accepted_as_by_openssl(whose: str, tmp_path: Path) -> None:
    different = {}
    for label, change in CERTIFICATES.items():
        made = lab(**{whose: change})
        if not reads(getattr(made, whose)):
            continue
        for name in ("root", "issuing", "leaf"):
            (tmp_path / f"{name}.pem").write_bytes(to_pem(getattr(made, name), "CERTIFICATE"))
        theirs = accepts(
            *("verify", "-attime", str(int(AT.timestamp())), "-purpose", "sslserver", "-verify_hostname", HOST),
            *("-CAfile", "root.pem", "-untrusted", "issuing.pem", "leaf.pem"),
            cwd=tmp_path,
        )
        ours = _verified(made)
        if ours != theirs:
            different[label, whose] = "pkikit accepts, OpenSSL does not" if ours else "OpenSSL accepts, pkikit does not"
    assert different == {key: "OpenSSL accepts, pkikit does not" for key in STRICTER if key[1] == whose}


@pytest.mark.parametrize("label", [n for n in sorted(CERTIFICATES) if n.startswith("name-")])
def test_odd_names_of_requests_and_crls_are_read_as_by_openssl(label: str, tmp_path: Path) -> None:
    """The same names in requests and CRLs; `openssl req` checks the signature as well."""
    made = odd_der.leaf_fields(HOST, odd_der.common("x"), odd_der.key_number(2))
    CERTIFICATES[label](made)
    for der, load, command, pem in (
        (request(made.subject, SAN), load_request, ("req", "-verify"), "CERTIFICATE REQUEST"),
        (crl(made.subject, entry(5)), load_crl, ("crl",), "X509 CRL"),
    ):
        (tmp_path / "x.pem").write_bytes(to_pem(der, pem))
        theirs = accepts(*command, "-noout", "-in", "x.pem", cwd=tmp_path)
        try:
            load(der)
            ours = True
        except EncodingError:
            ours = False
        assert ours or not theirs, (label, pem)


def test_trust_list_with_an_odd_ca_is_used_as_by_openssl(tmp_path: Path) -> None:
    made = lab(root=CERTIFICATES["name-printable-amp"])
    text = to_pem(lab().root, "CERTIFICATE") + to_pem(made.root, "CERTIFICATE")
    (tmp_path / "list.pem").write_bytes(text)
    (tmp_path / "leaf.pem").write_bytes(to_pem(made.leaf, "CERTIFICATE"))
    (tmp_path / "issuing.pem").write_bytes(to_pem(made.issuing, "CERTIFICATE"))
    attime = str(int(AT.timestamp()))
    assert accepts(
        "verify", "-attime", attime, "-CAfile", "list.pem", "-untrusted", "issuing.pem", "leaf.pem", cwd=tmp_path
    )
    assert len(parse(text, where="list.pem").certificates) == 2


def test_odd_request_signature_is_checked_as_by_openssl(tmp_path: Path) -> None:
    """`openssl req -verify` and pkikit agree about a request with an odd subject, good and changed."""
    good = request(ODD_NAME, SAN)
    for der, valid in ((good, True), (good.replace(b"Smith", b"Smyth"), False)):
        (tmp_path / "x.pem").write_bytes(to_pem(der, "CERTIFICATE REQUEST"))
        done = subprocess.run(
            ["openssl", "req", "-verify", "-noout", "-in", "x.pem"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert ("verify OK" in done.stderr + done.stdout) == valid
        assert load_request(der).is_signature_valid == valid


@pytest.mark.parametrize("encryption", [(), ("-certpbe", "NONE", "-keypbe", "NONE"), ("-certpbe", "PBE-SHA1-3DES")])
def test_store_with_odd_certificates_is_read(encryption: tuple[str, ...], tmp_path: Path) -> None:
    """`cryptography` refuses the whole store; pkikit still reads its certificates and its key."""
    made = lab(leaf=CERTIFICATES["name-t61-latin1"], issuing=CERTIFICATES["name-printable-amp"])
    (tmp_path / "leaf.pem").write_bytes(to_pem(made.leaf, "CERTIFICATE"))
    (tmp_path / "ca.pem").write_bytes(to_pem(made.issuing, "CERTIFICATE"))
    key = odd_der.key_number(2)
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files = ("-in", "leaf.pem", "-inkey", "key.pem", "-certfile", "ca.pem", "-out", "x.p12")
    assert accepts("pkcs12", "-export", *files, "-passout", "pass:secret", *encryption, cwd=tmp_path)
    data = (tmp_path / "x.p12").read_bytes()
    contents = parse(data, where="x.p12", passphrase=lambda: b"secret")
    assert [c.public_bytes(Encoding.DER) for c in contents.certificates] == [made.leaf, made.issuing]
    assert [k.private_numbers() for k in contents.keys] == [key.private_numbers()]
    with pytest.raises(EncodingError, match="the passphrase does not open"):
        parse(data, where="x.p12", passphrase=lambda: b"wrong")
