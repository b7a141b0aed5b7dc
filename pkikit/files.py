"""Read anything a person was sent: PEM, DER, PKCS#7, PKCS#12, several objects, CRLF, BOM, text around it.

The only part of `pkikit` that touches the file system. Nothing here raises anything but InputError/EncodingError.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs7,
)
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import ocsp

from pkikit.errors import EncodingError, InputError
from pkikit.model.credential import Credential, PrivateKey
from pkikit.model.deployment import Deployment, parse_deployment
from pkikit.model.names import printable

MAX_FILE = 10 * 1024 * 1024  # a certificate has some kilobytes; a trust list of a few hundred CAs, one megabyte
MAX_DEPLOYMENT = 1024 * 1024
MAX_OBJECTS = 5_000

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----(.*?)-----END \1-----", re.DOTALL)
_BROKEN = (ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(frozen=True, kw_only=True)
class FileContents:
    """Everything found in one file, by kind; the private key never shows in `repr`."""

    where: str
    certificates: tuple[x509.Certificate, ...] = ()
    requests: tuple[x509.CertificateSigningRequest, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    ocsp_answers: tuple[ocsp.OCSPResponse, ...] = ()
    keys: tuple[PrivateKey, ...] = field(default=(), repr=False)
    other_keys: tuple[str, ...] = ()
    is_pem: bool = True

    @property
    def is_empty(self) -> bool:
        """True when nothing usable was found."""
        return not (
            self.certificates or self.requests or self.crls or self.ocsp_answers or self.keys or self.other_keys
        )


def read_bytes(path: Path, limit: int = MAX_FILE) -> bytes:
    """The bytes of a file, or one sentence: missing, a folder, unreadable, empty, too large."""
    try:
        if path.is_dir():
            raise InputError("is a folder where a file belongs", where=str(path))
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError:
        raise InputError("there is no such file", where=str(path)) from None
    except PermissionError:
        raise InputError("cannot be read: permission denied", where=str(path)) from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {getattr(error, 'strerror', None) or error}", where=printable(str(path))
        ) from None
    if len(data) > limit:
        raise InputError(f"is larger than {limit // 1024 // 1024} MB, the most that is read", where=str(path))
    if not data.strip():
        raise InputError("is empty", where=str(path))
    return data


def load_deployment(path: Path) -> Deployment:
    """Read a deployment file."""
    data = read_bytes(path, MAX_DEPLOYMENT)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"is not UTF-8 text (byte {error.start}): a deployment file is YAML", where=str(path)
        ) from None
    return parse_deployment(text, where=str(path))


def read_file(path: Path, passphrase: Callable[[], bytes] | None = None) -> FileContents:
    """Everything in a file, whatever its form."""
    return parse(read_bytes(path), where=str(path), passphrase=passphrase)


def read_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a file; an error when there is none."""
    found = read_file(path).certificates
    if not found:
        raise EncodingError("holds no certificate", where=str(path), rule="encoding.not-pem")
    return found


def parse(data: bytes, *, where: str, passphrase: Callable[[], bytes] | None = None) -> FileContents:
    """Everything in these bytes. Text with PEM blocks, else DER; a passphrase is asked for only when one is needed."""
    text = _as_ascii_text(data)
    with warnings.catch_warnings():
        # What the library finds odd in a certificate (a negative serial number) is for the rules to tell, not for stderr.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        if b"-----BEGIN " in text:
            return _parse_pem(text, where, passphrase)
        return _parse_der(data, where, passphrase)


def _as_ascii_text(data: bytes) -> bytes:
    """UTF-16 (with BOM) as Windows editors save it, and UTF-8 BOMs, brought down to bytes that PEM is made of."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode("utf-16").encode("ascii", "replace")
    return data.removeprefix(b"\xef\xbb\xbf")


class _Collector:
    def __init__(self, where: str, passphrase: Callable[[], bytes] | None) -> None:
        self.where, self.passphrase = where, passphrase
        self.found: dict[str, list[Any]] = {
            name: [] for name in ("certificates", "requests", "crls", "ocsp_answers", "keys", "other_keys")
        }

    def contents(self, *, is_pem: bool) -> FileContents:
        return FileContents(where=self.where, is_pem=is_pem, **{k: tuple(v) for k, v in self.found.items()})

    def add_key(self, data: bytes, load: Callable[..., Any]) -> None:
        try:
            key = load(data, None)
        except TypeError:  # cryptography's word for "it is encrypted and you gave no password"
            key = self._decrypted(data, load)
        if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            self.found["keys"].append(key)
        else:
            self.found["other_keys"].append(type(key).__name__.removesuffix("PrivateKey").lstrip("_"))

    def _decrypted(self, data: bytes, load: Callable[..., Any]) -> Any:
        if self.passphrase is None:
            raise EncodingError(
                "holds an encrypted private key; the product takes only unencrypted ones", where=self.where
            )
        try:
            return load(data, self.passphrase())
        except (ValueError, TypeError):
            raise EncodingError("the passphrase does not open the private key", where=self.where) from None


def _parse_pem(text: bytes, where: str, passphrase: Callable[[], bytes] | None) -> FileContents:
    collector = _Collector(where, passphrase)
    number = 0
    for number, matched in enumerate(_BLOCK.finditer(text), start=1):
        if number > MAX_OBJECTS:
            raise EncodingError(f"holds more than {MAX_OBJECTS} objects", where=where)
        label = matched.group(1).decode("ascii")
        try:
            _take_block(collector, label, matched.group(0))
        except EncodingError:
            raise
        except _BROKEN:
            line = text.count(b"\n", 0, matched.start()) + 1
            raise EncodingError(
                f"block {number} (line {line}) is labelled {label} but does not hold one, or not whole",
                where=where,
            ) from None
    opened = text.count(b"-----BEGIN ")
    if number != opened:
        raise EncodingError(
            f"{opened} blocks begin and {number} end: the file is cut off or a line is damaged", where=where
        )
    return collector.contents(is_pem=True)


def _take_block(collector: _Collector, label: str, block: bytes) -> None:
    found = collector.found
    block = b"\n".join(line.strip() for line in block.splitlines())
    match label:
        case "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE":
            certificate = x509.load_pem_x509_certificate(block.replace(label.encode(), b"CERTIFICATE"))
            found["certificates"].append(_readable(certificate))
        case "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST":
            found["requests"].append(x509.load_pem_x509_csr(block))
        case "X509 CRL":
            found["crls"].append(x509.load_pem_x509_crl(block))
        case "PKCS7" | "CMS":
            found["certificates"] += pkcs7.load_pem_pkcs7_certificates(block.replace(b"CMS", b"PKCS7"))
        case _ if label.endswith("PRIVATE KEY"):
            collector.add_key(block, load_pem_private_key)
        case "EC PARAMETERS" | "DH PARAMETERS" | "PUBLIC KEY":
            pass  # openssl writes these beside a key; they say nothing that the key does not
        case _:
            raise EncodingError(
                f"a block is labelled {printable(label)}, which is nothing that a certificate needs",
                where=collector.where,
            )


def _readable(certificate: x509.Certificate) -> x509.Certificate:
    """The certificate, after a look at what the library parses only when asked: names and dates have to be readable."""
    _ = certificate.subject, certificate.issuer, certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return certificate


def _parse_der(data: bytes, where: str, passphrase: Callable[[], bytes] | None) -> FileContents:
    collector = _Collector(where, passphrase)
    if not data.startswith(b"\x30"):
        shown = "text" if data.isascii() and b"\x00" not in data else "binary data"
        raise EncodingError(f"is neither PEM nor DER, but {shown}", where=where, rule="encoding.not-pem")
    for load, kind in (
        (lambda der: _readable(x509.load_der_x509_certificate(der)), "certificates"),
        (x509.load_der_x509_csr, "requests"),
        (x509.load_der_x509_crl, "crls"),
        (ocsp.load_der_ocsp_response, "ocsp_answers"),
    ):
        with contextlib.suppress(*_BROKEN):
            collector.found[kind].append(load(data))
            return collector.contents(is_pem=False)
    with contextlib.suppress(*_BROKEN):
        collector.found["certificates"] += pkcs7.load_der_pkcs7_certificates(data)
        return collector.contents(is_pem=False)
    with contextlib.suppress(ValueError, UnsupportedAlgorithm):
        collector.add_key(data, load_der_private_key)
        return collector.contents(is_pem=False)
    raise EncodingError(
        "is binary, but no certificate, request, CRL, OCSP answer, PKCS#7 or key; or it is cut off",
        where=where,
    )


def credential_from_folder(folder: Path) -> Credential | None:
    """`cert.pem` (leaf first) and `key.pem` of a folder; None without cert.pem, no key without key.pem."""
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    if not certificate_file.exists():
        if key_file.exists():
            raise InputError("there is a key.pem but no cert.pem", where=str(folder))
        return None
    contents = read_file(certificate_file)
    if not contents.is_pem:
        raise EncodingError(
            "is DER, not PEM; the product takes PEM (pkikit convert, or openssl x509 -inform der)",
            where=str(certificate_file),
            rule="encoding.not-pem",
        )
    if not contents.certificates:
        raise EncodingError("holds no certificate", where=str(certificate_file), rule="encoding.not-pem")
    keys = contents.keys
    if key_file.exists():
        keys = read_file(key_file).keys
        if not keys:
            raise EncodingError("holds no RSA or EC private key", where=str(key_file))
    return Credential(chain=contents.certificates, key=keys[0] if keys else None)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    _write(path, data, 0o600)


def write_public(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    _write(path, data, 0o644)


def _write(path: Path, data: bytes, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}."
        )  # mkstemp: 0600 from the start
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(mode)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None


def key_pem(key: PrivateKey) -> bytes:
    """PKCS#8 in PEM, unencrypted as the product wants it. For files of mode 0600 only."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def iter_party_folders(directory: Path) -> Iterator[Path]:
    """The folders of `--certs DIR`, without `ca`."""
    try:
        entries = sorted(p for p in directory.iterdir() if p.is_dir() and p.name != "ca" and not p.name.startswith("."))
    except FileNotFoundError:
        raise InputError("there is no such folder", where=str(directory)) from None
    except NotADirectoryError:
        raise InputError("is a file where a folder belongs", where=str(directory)) from None
    except PermissionError:
        raise InputError("cannot be read: permission denied", where=str(directory)) from None
    yield from entries
