"""Which files of a repository are judged, and as what."""

from __future__ import annotations

import base64
import enum
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pkikit.errors import InputError, PkikitError
from pkikit.files import parse
from pkikit.files.deployment_folder import CERTIFICATES, CRLS, DEPLOYMENT, is_key_file, is_machine_file, is_yaml
from pkikit.files.regular import open_regular


class Question(enum.StrEnum):
    """What is asked about the files."""

    KEYS = "keys"
    CERTIFICATES = "certificates"
    NAMES = "names"
    DEPLOYMENTS = "deployments"


# Larger files are no certificates; a key in one is found in its beginning.
MOST_READ = 8 * 1024 * 1024
_CERTIFICATES = frozenset({".pem", ".crt", ".cer", ".der", ".p7b", ".p7c", ".csr", ".req"})
_STORES = frozenset({".p12", ".pfx"})
# Folders that hold other people's files, or what programs keep for themselves.
_SKIPPED = frozenset(
    {"node_modules", "__pycache__", "venv", ".venv", ".git", ".hg", ".svn", ".tox", ".nox", ".eggs", ".cache"}
)
_CACHES = re.compile(r"\.\w+_cache|\.ipynb_checkpoints")
# A key has base64 below its header, in long lines or several short ones; a text that only names the header is fine.
_KEY = re.compile(
    rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,300}?"
    rb"(?:[A-Za-z0-9+/]{40}|(?:[A-Za-z0-9+/]{16,39}[ \t\r]*\n[ \t]*){2})"
)
_UTF_16_KEY = "PRIVATE KEY-----".encode("utf-16-le")
# PEM in base64, as the Secret of Kubernetes has it.
_PEM_IN_BASE64 = re.compile(rb"LS0tLS1CRUdJTi[A-Za-z0-9+/]{80,}")
# The beginning of PKCS#12: a sequence with version 3, then a sequence.
_STORE = re.compile(rb"\x30(?:\x80|[\x81-\x84][\s\S]{1,4})\x02\x01\x03\x30")
_KEYS_OF_A_DEPLOYMENT = re.compile(
    rb"^(?:clusters|zones|domains|mra|unified_cm|im_presence|registration_domain_format|chat_aliases|revocation)[ \t]*:",
    re.MULTILINE,
)


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files, and those in folders, each once; those of other people's programs are left out.

    Args:
        paths: files and folders.

    Yields:
        The files, in the order of their names.

    Raises:
        InputError: there is no such file or folder.
    """
    seen: set[Path] = set()
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise InputError("there is no such file or folder", where=str(path))
        for file in _walk(path) if path.is_dir() else (path,):
            if file not in seen:
                seen.add(file)
                yield file


def _walk(folder: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not _is_of_programs(Path(name) / f))
        for file in sorted(files):
            path = Path(name) / file
            if path.is_file():
                yield path


def _is_of_programs(folder: Path) -> bool:
    name = folder.name
    return name in _SKIPPED or _CACHES.fullmatch(name) is not None or (folder / "pyvenv.cfg").exists()


def beginning_of(path: Path) -> bytes:
    """Return what is judged of a file: all of it, or the beginning of a large one.

    Args:
        path: the file.

    Returns:
        The bytes.

    Raises:
        InputError: it cannot be read.
    """
    with open_regular(path) as stream:
        try:
            return stream.read(MOST_READ)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def is_deployment(path: Path, data: bytes) -> bool:
    """Return True for a YAML file that describes a deployment: by its name, or by two of the keys that only one has."""
    if not is_yaml(path):
        return False
    return path.name == DEPLOYMENT or len(set(_KEYS_OF_A_DEPLOYMENT.findall(data))) > 1


def is_certificate(path: Path) -> bool:
    """Return True for a file that may have certificates or a request, by its name."""
    return path.suffix.lower() in _CERTIFICATES and not is_key_file(path.name) and path.name != CRLS


def is_of_machine(path: Path) -> bool:
    """Return True for a file that is read in the folder of a machine, `certificates/c1.example.com/cert.pem`.

    A folder below `certificates` should be one of a machine even if it has no machine's name: then nobody would judge the file.
    """
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 - not through links
    named = "." in folder.name or folder.parent.name == CERTIFICATES
    return is_machine_file(path.name) and path.name != CRLS and named


def key_in(path: Path, data: bytes) -> str:
    """Return what private key a file has, in words; empty if it has none.

    Args:
        path: the file.
        data: its bytes.

    Returns:
        `an RSA or EC private key`, or what else it is.
    """
    if _KEY.search(data) or _UTF_16_KEY in data:
        return "a private key in PEM"
    if any(_KEY.search(_decoded(found[0])) for found in _PEM_IN_BASE64.finditer(data)):
        return "a private key in base64"
    binary = data[:1] == b"\x30" and (data[1:2] >= b"\x80" or data[1:2] == bytes([len(data) % 256 - 2]))
    if not binary and path.suffix.lower() not in _STORES:
        return ""
    try:
        contents = parse(data, where=str(path), keep_encrypted=True, check_keys=False)
    except PkikitError:
        # Without its passphrase, nobody can see that a store has no key.
        return "a PKCS#12 store, which nobody can open without its passphrase" if _is_store(path, data) else ""
    if contents.keys or contents.other_keys or contents.encrypted_keys:
        return "a private key in binary form"
    return ""


def _is_store(path: Path, data: bytes) -> bool:
    return path.suffix.lower() in _STORES or _STORE.match(data) is not None


def _decoded(text: bytes) -> bytes:
    return base64.b64decode(text[: len(text) // 4 * 4])
