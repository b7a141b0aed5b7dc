"""Files on disk: read within limits, written whole or not at all; folders of certificates.

Every error that this module raises is an InputError or an EncodingError.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pkikit.errors import EncodingError, InputError
from pkikit.files.contents import FileContents, Passphrase
from pkikit.files.deployment_folder import YAML
from pkikit.files.objections import refuse_unreadable, refuse_without_newline, refuse_wrong_order
from pkikit.files.parse import parse
from pkikit.files.regular import open_regular
from pkikit.model.certificates.credential import Credential, PrivateKey
from pkikit.model.deployment import Deployment, parse_deployment
from pkikit.model.version import ProductVersion
from pkikit.rules.file_rules import NOT_PEM

MAX_FILE = 128 * 1024 * 1024  # the CRL of a CA with a million revocations has some 40 MB
MAX_DEPLOYMENT = 1024 * 1024


def read_bytes(
    path: Path, limit: int = MAX_FILE, *, may_be_empty: bool = False, likely: tuple[str, ...] = (".pem",)
) -> bytes:
    """Read a regular file.

    Args:
        path: the file.
        limit: the largest size that is read, in bytes.
        may_be_empty: accept a file of 0 bytes.
        likely: as in `open_regular`.

    Returns:
        The bytes of the file.

    Raises:
        InputError: the file is missing, unreadable, empty or larger than `limit`, or it is a folder, a pipe, a device or a
            socket.
    """
    where = str(path)
    with open_regular(path, likely=likely) as stream:
        try:
            data = stream.read(limit + 1)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", where=where) from None
    if len(data) > limit:
        raise InputError(f"is larger than {_size(limit)}, the most that is read", where=where)
    if not may_be_empty and not data.strip():
        raise InputError("is empty", where=where)
    return data


def _size(limit: int) -> str:
    return f"{limit // 1024 // 1024} MB" if limit >= 1024 * 1024 else f"{limit // 1024} KB"


def read_yaml_text(path: Path, limit: int, what_is: str) -> str:
    """Read the text of a YAML file.

    Args:
        path: the file.
        limit: the largest size that is read, in bytes.
        what_is: what the file should be, with its verb: `a deployment file is`.

    Returns:
        The text.

    Raises:
        InputError: the file cannot be read, or it is not UTF-8.
    """
    data = read_bytes(path, limit, likely=YAML)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text (byte {error.start}): {what_is} YAML", where=str(path)) from None


def load_deployment(path: Path, *, version: str | None = None) -> Deployment:
    """Read a deployment file.

    Args:
        path: the YAML file.
        version: a product version that replaces the one in the file, such as `X14.0`.

    Returns:
        The deployment.

    Raises:
        InputError: the file cannot be read, or it is not a deployment file; the message names line and key.
    """
    read = parse_deployment(read_yaml_text(path, MAX_DEPLOYMENT, "a deployment file is"), where=str(path))
    if version is None:
        return read
    return read.model_copy(update={"version": str(ProductVersion.parse(version))})


def read_file(
    path: Path, passphrase: Passphrase | None = None, *, keep_encrypted: bool = False, check_keys: bool = True
) -> FileContents:
    """Read everything in a file, whatever its encoding.

    Args:
        path: the file.
        passphrase: is asked only if something is encrypted.
        keep_encrypted: as in `parse`.
        check_keys: as in `parse`.

    Returns:
        The objects in the file.

    Raises:
        InputError: the file cannot be read.
        EncodingError: the file holds nothing usable; the message says what it is.
    """
    data = read_bytes(path)
    return parse(data, where=str(path), passphrase=passphrase, keep_encrypted=keep_encrypted, check_keys=check_keys)


def read_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """Read the certificates of a file.

    Args:
        path: the file.

    Returns:
        At least one certificate, in the order of the file.

    Raises:
        EncodingError: the file holds no certificate.
    """
    contents = read_file(path, keep_encrypted=True)
    if not contents.certificates:
        raise EncodingError(contents.lacks("certificate"), where=str(path), rule=NOT_PEM.id)
    return contents.certificates


def read_chain(path: Path) -> tuple[x509.Certificate, ...]:
    """Read the certificates of a file that begins with the server certificate.

    Args:
        path: the file.

    Returns:
        The certificates, in the order of the file.

    Raises:
        EncodingError: there is no certificate, or a CA comes before the server certificate: then nobody knows which one is
            meant.
    """
    contents = read_file(path, keep_encrypted=True)
    if not contents.certificates:
        raise EncodingError(contents.lacks("certificate"), where=str(path), rule=NOT_PEM.id)
    refuse_wrong_order(contents)
    return contents.certificates


def read_request(path: Path) -> x509.CertificateSigningRequest:
    """Read the certificate signing request of a file.

    Args:
        path: the file.

    Returns:
        The request.

    Raises:
        InputError: the file does not hold exactly one request.
    """
    found = parse(read_bytes(path, likely=("request.pem", ".csr", ".req", ".pem")), where=str(path)).requests
    if len(found) != 1:
        raise InputError(f"contains {len(found)} certificate requests; exactly one is needed", where=str(path))
    return found[0]


def credential_from_folder(
    folder: Path, certificate: str = "cert.pem", key: str = "key.pem", *, check_keys: bool = True
) -> Credential | None:
    """Read a certificate (leaf first) and its private key from a folder.

    Args:
        folder: the folder of one party.
        certificate: the name of the certificate file.
        key: the name of the key file.
        check_keys: as in `parse`.

    Returns:
        The credential, without key if there is no key file; None if there is no certificate file.

    Raises:
        EncodingError: a file holds something else.
        InputError: a file cannot be read.
    """
    certificate_file, key_file = folder / certificate, folder / key
    if not certificate_file.exists():
        if key_file.exists():
            raise InputError(f"there is a {key} but no {certificate}", where=str(folder))
        return None
    contents = read_file(certificate_file, check_keys=check_keys)
    refuse_unreadable(contents)
    if not contents.certificates:
        raise EncodingError(contents.lacks("certificate"), where=str(certificate_file), rule=NOT_PEM.id)
    refuse_wrong_order(contents)
    keys = _key_of(read_file(key_file, check_keys=check_keys)) if key_file.exists() else contents.keys
    if not key_file.exists() and keys:
        refuse_without_newline(contents)
    return Credential(chain=contents.certificates, key=keys[0] if keys else None)


def _key_of(contents: FileContents) -> tuple[PrivateKey, ...]:
    refuse_unreadable(contents)
    if not contents.keys:
        raise EncodingError("contains no RSA or EC private key", where=contents.where)
    refuse_without_newline(contents)
    return contents.keys


def free_path(path: Path) -> Path:
    """Return `path` if nothing exists there yet.

    Args:
        path: where a new file is to go.

    Returns:
        The path.

    Raises:
        InputError: something exists there.
    """
    if path.exists():
        raise InputError("exists already; choose another name", where=str(path))
    return path


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read (mode 0600), whole or not at all."""
    _write({path: data}, 0o600)


def write_public(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all."""
    _write({path: data}, 0o644)


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files that everybody can read; what is there is replaced, and only after all of them are on the disk.

    Args:
        contents: what to write, by file.

    Raises:
        InputError: one of them cannot be written; then none is.
    """
    _write(contents, 0o644)


def _write(contents: Mapping[Path, bytes], mode: int) -> None:
    ready: list[tuple[Path, Path]] = []
    path = Path()
    try:
        for path, data in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 from the start
            temporary = Path(name)
            ready.append((temporary, path))
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.chmod(mode)
        for temporary, path in ready:
            temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None
    finally:
        for temporary, _ in ready:
            temporary.unlink(missing_ok=True)


def key_pem(key: PrivateKey) -> bytes:
    """Encode a key as unencrypted PKCS#8 in PEM, as the product requires. Only for files of mode 0600."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def iter_party_folders(directory: Path) -> Iterator[Path]:
    """Yield the folders of `--certs DIR`, except `ca`.

    Args:
        directory: the folder of the option.

    Yields:
        One folder per party, sorted by name.

    Raises:
        InputError: `directory` is not a folder, or holds something that is not a party's folder.
    """
    try:
        entries = sorted(p for p in directory.iterdir() if p.is_dir() and p.name != "ca" and not p.name.startswith("."))
    except FileNotFoundError:
        raise InputError("there is no such folder", where=str(directory)) from None
    except NotADirectoryError:
        raise InputError("is a file where a folder belongs", where=str(directory)) from None
    except PermissionError:
        raise InputError("cannot be read: permission denied", where=str(directory)) from None
    yield from entries
