"""What a file without a certificate is, and every label and container that does contain one."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, pkcs7
from cryptography.x509 import ocsp
from rich.console import Console

from pkikit.commands.terminal.console import show_findings
from pkikit.design.csr import build_csr
from pkikit.design.san import design_sans
from pkikit.errors import EncodingError
from pkikit.files import parse, product_objections
from pkikit.model.findings import Finding, Severity
from tests.support.cli import pkikit_json, run
from tests.support.credential_files import BEHIND, CREDENTIAL, KEY, LEAF, PEM
from tests.support.openssl import openssl
from tests.support.worlds import AT, E1, deployment, issued

DER = LEAF.public_bytes(Encoding.DER)
PUBLIC = CREDENTIAL.key.public_key()
REQUEST = build_csr(design_sans(deployment(), E1), CREDENTIAL.key)
CRL = issued().authority.crl([], at=AT)

# What it is, and a word of the advice.
NOTHING: dict[str, tuple[bytes, str]] = {
    "HTML": (b"<!DOCTYPE html>\n<html><title>Certificate Services</title>", "an HTML page.*AD CS.*Base 64"),
    "HTML, upper case": (b"\r\n<HTML><HEAD>", "an HTML page"),
    "XML": (b"<?xml version='1.0'?><certs/>", "an XML document"),
    "SOAP": (b'<soap:Envelope xmlns:soap="x">', "an XML document"),
    "JSON": (json.dumps({"certificates": []}).encode(), "a JSON document"),
    "JSON, cut off": (b'{"certificates": ["MII', "a JSON document"),
    "deployment": (b"# ours\nname: x\nversion: X12.5\n", r"a deployment file \(YAML\).*pkikit lint"),
    "YAML": (b"apiVersion: v1\nkind: Secret\n", "a YAML document"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(40), "an image"),
    "JPEG": (b"\xff\xd8\xff\xe0" + bytes(40), "an image"),
    "JKS": (b"\xfe\xed\xfe\xed\x00\x00\x00\x02" + bytes(40), r"a Java keystore \(JKS\).*keytool -exportcert -rfc"),
    "JCEKS": (b"\xce\xce\xce\xce" + bytes(40), r"a Java keystore \(JCEKS\)"),
    "SST": (b"\x00\x00\x00\x00CERT" + bytes(40), "certificate store of Windows"),
    "Outlook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40), "Outlook"),
    "RTF": (rb"{\rtf1\ansi", "RTF"),
    "SSH public key": (b"ssh-rsa AAAAB3NzaC1yc2E me@here", "an SSH public key"),
    "SSH2 public key": (b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", "an SSH public key"),
    "OpenSSH private key": (
        CREDENTIAL.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()), "OpenSSH form.*ssh-keygen -p -m PEM"),
    "PGP": (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nQUJD\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n", "belongs to PGP"),
    "PuTTY": (b"PuTTY-User-Key-File-3: ssh-rsa\n", "PuTTY.*Export OpenSSH key"),
    "e-mail": (b"From: ca@example.com\nTo: me@example.com\nSubject: certificate\n\nattached", "an e-mail.*attachment"),
    "Cisco IOS": (b"!\ncrypto pki certificate chain TP\n certificate 01\n  30820308 308201F0\n  quit\n", "Cisco IOS.*crypto pki export"),
    "network device": (b"sw1# show run\nBuilding configuration", "a network device"),
    "Expressway dump": (b'*c xConfiguration SystemUnit Name: "expe"\n', "Expressway configuration dump"),
    "Expressway log": (b'2026-11-24T12:00:00+00:00 expe tvcs: Event="Inbound TLS Negotiation Error"', "Expressway log.*pkikit diagnose"),
    "openssl x509 -text": (b"Certificate:\n    Data:\n        Version: 3 (0x2)\n", "printed form of a certificate.*without -noout"),
    "openssl req -text": (b"Certificate Request:\n    Data:\n", "printed form of a request"),
    "s_client": (b"CONNECTED(00000003)\ndepth=1 CN = x\n", "output of openssl.*-showcerts"),
    "hexadecimal": (DER.hex().encode(), "hexadecimal.*xxd -r -p"),
    "typographic dashes": (PEM.replace(b"-----", "——-".encode()), "hyphens are damaged"),
    "four hyphens": (PEM.replace(b"-----", b"----"), "hyphens are damaged"),
    "plain text": (b"hello\n", "neither PEM nor DER, but text"),
    "binary": (b"\x00\x01\x02" * 50, "neither PEM nor DER, but binary data"),
    "UTF-16 text": ("hello there".encode("utf-16"), "but text"),
    "program": (b"\x7fELF\x02\x01", "a program"),
    "capture": (b"\xd4\xc3\xb2\xa1\x02\x00", "a packet capture"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c", "7-Zip archive.*Unpack"),
    "blank": (b" \r\n\t", "is empty"),
    "public key": (PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), "a public key, not a certificate"),
    "OCSP request": (
        ocsp.OCSPRequestBuilder().add_certificate(LEAF, BEHIND[0], SHA1()).build().public_bytes(Encoding.DER), "an OCSP request"),
    "cut off": (DER[:-20], "cut off: it announces"),
    "other DER": (b"\x30\x03\x02\x01\x05", "is binary .DER., but not a certificate"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTHING)
def test_file_of_another_kind_is_named_with_advice(name: str) -> None:
    """One printable sentence: what the file is, and what to provide instead."""
    data, said = NOTHING[name]
    with pytest.raises(EncodingError, match=said) as refused:
        parse(data, where="x")
    assert str(refused.value).isprintable()


def test_decode_and_lint_exit_2_and_name_the_kind(tmp_path: Path) -> None:
    """decode and lint end with 2 and that sentence, and never with a traceback."""
    (tmp_path / "x.cer").write_bytes(NOTHING["HTML"][0])
    for command in ("decode", "lint"):
        done = run("pkikit", command, str(tmp_path / "x.cer"))
        assert done.returncode == 2
        assert "an HTML page" in done.stderr
        assert "Traceback" not in done.stderr


def _labelled(label: str, der: bytes, header: str = "") -> bytes:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{header}{text}-----END {label}-----\n".encode()


P7 = pkcs7.serialize_certificates([LEAF], Encoding.DER)
LABELS: dict[str, tuple[bytes, str]] = {
    **{label: (_labelled(label, P7), "certificates") for label in ("PKCS7", "CMS", "PKCS #7 SIGNED DATA")},
    **{label: (_labelled(label, DER), "certificates") for label in ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")},
    **{
        label: (_labelled(label, REQUEST.public_bytes(Encoding.DER)), "requests")
        for label in ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
    },
    "X509 CRL": (_labelled("X509 CRL", CRL.public_bytes(Encoding.DER)), "crls"),
    "PRIVATE KEY": (KEY, "keys"),
    "EC PRIVATE KEY": (CREDENTIAL.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()), "keys"),
    "DSA PRIVATE KEY": (
        dsa.generate_private_key(1024).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()), "other_keys"),
    "mislabelled CRL": (_labelled("CERTIFICATE", CRL.public_bytes(Encoding.DER)), "crls"),
    "unknown label": (_labelled("MY CERT", DER), "certificates"),
    "unknown label beside": (_labelled("ATTRIBUTE CERTIFICATE", b"\x05\x00") + PEM, "certificates"),
    "public key beside": (PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) + PEM, "certificates"),
    "two DER certificates": (DER + DER, "certificates"),
    "DER with a line end": (DER + b"\r\n", "certificates"),
    "base64 in UTF-16": (base64.b64encode(DER).decode().encode("utf-16"), "certificates"),
}  # fmt: skip


@pytest.mark.parametrize("name", LABELS)
def test_pem_label_is_named_even_when_wrong(name: str) -> None:
    """Each label that OpenSSL knows, with what comes after it; also where the label is wrong."""
    data, kind = LABELS[name]
    assert getattr(parse(data, where="x"), kind)


def test_trusted_certificate_of_openssl_is_read(tmp_path: Path) -> None:
    """OpenSSL writes trust settings behind the certificate; they are skipped."""
    (tmp_path / "cert.pem").write_bytes(PEM)
    openssl(
        "x509",
        "-in",
        "cert.pem",
        "-trustout",
        "-addtrust",
        "serverAuth",
        "-setalias",
        "e1",
        "-out",
        "t.pem",
        cwd=tmp_path,
    )
    data = (tmp_path / "t.pem").read_bytes()
    assert b"TRUSTED" in data
    assert parse(data, where="x").certificates == (LEAF,)


def test_pkcs7_bundle_in_ber_is_read(tmp_path: Path) -> None:
    """Programs that stream write PKCS#7 with lengths left open; OpenSSL reads that, and so do we."""
    (tmp_path / "key.pem").write_bytes(KEY)
    (tmp_path / "cert.pem").write_bytes(PEM)
    (tmp_path / "text").write_bytes(b"hello")
    openssl("cms", "-sign", "-in", "text", "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER", "-out", "x.p7b",
            "-stream", "-nodetach", "-binary", cwd=tmp_path)  # fmt: skip
    data = (tmp_path / "x.p7b").read_bytes()
    assert data.startswith(b"\x30\x80")
    for form in (data, _labelled("PKCS7", data), base64.b64encode(data)):
        assert parse(form, where="x").certificates == (LEAF,)


def test_zip_member_that_is_not_a_certificate_is_noted() -> None:
    """A member that is not a certificate is noted, and what it is."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.html", "<html>")
        archive.writestr("cert.pem", PEM)
    found = parse(packed.getvalue(), where="x.zip")
    assert found.certificates == (LEAF,)
    assert "x.zip:readme.html: is an HTML page" in found.notes[0]


def test_verify_and_match_refuse_a_file_that_begins_with_a_ca(tmp_path: Path) -> None:
    """verify and match ask about the server certificate; where a CA comes before it, nobody knows which one is meant."""
    root = issued().authority.root.public_bytes(Encoding.PEM)
    (tmp_path / "trust.pem").write_bytes(root)
    (tmp_path / "x.pem").write_bytes(root + PEM)
    for command in (("verify", "x.pem", "--trust", "trust.pem"), ("match", E1, "x.pem")):
        arguments = [str(tmp_path / a) if a.endswith(".pem") else a for a in command]
        done = run("pkikit", *arguments)
        assert done.returncode == 2
        assert "has to come first" in done.stderr


def test_request_in_another_form_is_a_warning(tmp_path: Path) -> None:
    """A CA reads the request, not the product, so its form decides nothing."""
    (tmp_path / "x.csr").write_bytes(REQUEST.public_bytes(Encoding.DER))
    answer = pkikit_json("lint", str(tmp_path / "x.csr"))
    assert {f["severity"] for f in answer["findings"] if f["rule"] == "encoding.not-pem"} == {"warning"}


@pytest.mark.parametrize(
    ("data", "command"),
    [
        (DER, "openssl x509 "),
        (REQUEST.public_bytes(Encoding.DER), "openssl req "),
        (CRL.public_bytes(Encoding.DER), "openssl crl "),
        (CREDENTIAL.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), "openssl pkey "),
    ],
    ids=["certificate", "request", "CRL", "key"],
)
def test_advised_command_converts_the_der_file(data: bytes, command: str, tmp_path: Path) -> None:
    """The advice for a DER file is one that works, and OpenSSL does what it says."""
    contents = parse(data, where="FILE")
    (objection,) = product_objections(contents)
    assert f"By hand: {command}-inform der -in FILE -out NEW.pem." in objection.fix
    (tmp_path / "FILE").write_bytes(data)
    openssl(*command.split()[1:], "-inform", "der", "-in", "FILE", "-out", "NEW.pem", cwd=tmp_path)
    assert product_objections(parse((tmp_path / "NEW.pem").read_bytes(), where="NEW.pem")) == ()


def test_error_for_a_missing_object_names_what_is_present() -> None:
    """A message that something is missing says what is there."""
    held = parse(REQUEST.public_bytes(Encoding.PEM) + CRL.public_bytes(Encoding.PEM), where="x")
    assert held.lacks("certificate") == "contains a certificate request and a CRL, but no certificate"
    assert parse(PEM, where="x").lacks("CRL") == "contains a certificate, but no CRL"


def test_lint_prints_the_answer_above_the_findings(tmp_path: Path) -> None:
    """The answer is the first line, counts in the right number; below it the findings; yes and no for people."""
    (tmp_path / "a.der").write_bytes(DER)
    answer, _, rest = run("pkikit", "lint", str(tmp_path / "a.der"), "--at", AT.isoformat()).stdout.partition("\n\n")
    assert answer.startswith("✘ Do not use")
    assert "(1 error, " in answer
    assert rest.startswith("ERROR ")
    decoded = run("pkikit", "decode", str(tmp_path / "a.der")).stdout
    assert "True" not in decoded
    assert "False" not in decoded
    assert "None" not in decoded


def test_finding_is_indented_at_80_columns() -> None:
    """At 80 columns every line below its head begins with the same blanks; a pipe gets whole lines."""
    found = Finding(
        rule="x.y", severity=Severity.ERROR, subject="s", message="", evidence=(), fix="Do this on that machine. " * 9
    )
    shown: dict[bool, list[str]] = {}
    for piped in (False, True):
        out = io.StringIO()
        show_findings(Console(file=out, width=80, soft_wrap=piped), [found])
        shown[piped] = out.getvalue().strip().splitlines()
    head, *below = shown[False]
    assert head.startswith("ERROR")
    assert len(below) > 2
    assert all(line.startswith(" " * 9) and not line.startswith(" " * 10) and len(line) <= 80 for line in below)
    assert len(shown[True]) == 2
