"""Read what callers give to the functions of `import pkikit`: paths, bytes, objects, names, choices."""

from __future__ import annotations

import enum
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import EncodingError, InputError
from pkikit.files import FileContents, load_deployment, parse, read_file, refuse_wrong_order
from pkikit.model.deployment import Deployment
from pkikit.model.version import ProductVersion
from pkikit.rules.file_rules import NOT_PEM
from pkikit.text import printable

# A file name, the bytes of a file, or an object of `cryptography`.
CertificateInput = x509.Certificate | bytes | str | os.PathLike[str]
RequestInput = x509.CertificateSigningRequest | CertificateInput
DeploymentInput = Deployment | str | os.PathLike[str]
_Choice = TypeVar("_Choice", bound=enum.StrEnum)
_PEM = "-----BEGIN "


def contents_of(given: RequestInput, parameter: str) -> FileContents:
    """Read a path, bytes, PEM text or an object.

    Args:
        given: the input.
        parameter: its name in messages.

    Returns:
        Everything that the input holds.

    Raises:
        InputError: the input is of another type, or nobody can read it.
    """
    match given:
        case x509.Certificate() | x509.CertificateSigningRequest():
            data = given.public_bytes(Encoding.PEM)
        case bytes():
            data = given
        # Text, not a file name: it may hold a private key, which no message may repeat.
        case str() if _PEM in given:
            data = given.encode("utf-8", "replace")
        case str() | os.PathLike():
            return read_file(path_of(given, parameter), keep_encrypted=True)
        case _:
            raise InputError(
                f"must be a path, bytes, or an object of cryptography.x509, not {type(given).__name__}", where=parameter
            )
    return parse(data, where=parameter, keep_encrypted=True)


def path_of(given: str | os.PathLike[str], parameter: str) -> Path:
    """Return a file name as a path.

    Text of several lines is the content of a file, which no message may repeat.

    Args:
        given: the file name.
        parameter: its name in messages.

    Returns:
        The path.

    Raises:
        InputError: the value is not a file name.
    """
    if not isinstance(given, str | os.PathLike):
        raise InputError(f"must be a path, not {type(given).__name__}", where=parameter)
    if isinstance(given, str) and ("\n" in given or _PEM in given):
        raise InputError("must be a path, not the text of a file", where=parameter)
    return Path(os.fsdecode(given))


def text_of(given: str, parameter: str) -> str:
    """Return a name or another short text.

    Args:
        given: the text.
        parameter: its name in messages.

    Returns:
        The text as it was given.

    Raises:
        InputError: the value is not text, or it has several lines; the message does not repeat it.
    """
    if not isinstance(given, str):
        raise InputError(f"must be text, not {type(given).__name__}", where=parameter)
    if "\n" in given.strip() or _PEM in given:
        raise InputError("must be a short text, not the text of a file", where=parameter)
    return given


def chain_of(given: CertificateInput, parameter: str) -> tuple[x509.Certificate, ...]:
    """Return the leaf and what follows it in the same file; `parameter` names the input in messages."""
    if isinstance(given, x509.Certificate):
        return (given,)
    contents = contents_of(given, parameter)
    _require_certificate(contents)
    refuse_wrong_order(contents)
    return contents.certificates


def certificates_of(
    given: CertificateInput | Iterable[CertificateInput], parameter: str, *, may_be_empty: bool = False
) -> tuple[x509.Certificate, ...]:
    """Return all certificates of one or several inputs, in order.

    Args:
        given: one input or several.
        parameter: their name in messages.
        may_be_empty: accept inputs without a certificate.

    Returns:
        The certificates.

    Raises:
        InputError: there is no certificate, and `may_be_empty` is False.
    """
    found: list[x509.Certificate] = []
    for item in _several(given, parameter):
        if isinstance(item, x509.Certificate):
            found.append(item)
            continue
        contents = contents_of(item, parameter)
        _require_certificate(contents)
        found += contents.certificates
    if not found and not may_be_empty:
        raise InputError("must have at least one certificate", where=parameter)
    return tuple(found)


def _several(given: CertificateInput | Iterable[CertificateInput], parameter: str) -> Iterable[CertificateInput]:
    if isinstance(given, str | bytes | os.PathLike | x509.Certificate):
        return (given,)
    if isinstance(given, Iterable):
        return given
    raise InputError(f"must be certificates, not {type(given).__name__}", where=parameter)


def _require_certificate(contents: FileContents) -> None:
    if not contents.certificates:
        raise EncodingError(contents.lacks("certificate"), where=contents.where, rule=NOT_PEM.id)


def deployment_of(given: DeploymentInput, *, version: str | None = None) -> Deployment:
    """Return a deployment, or the one in a file; `version` replaces its product version."""
    if isinstance(given, Deployment):
        if version is None:
            return given
        return given.model_copy(update={"version": str(ProductVersion.parse(text_of(version, "version")))})
    return load_file(given, "deployment", version)


def load_file(given: str | os.PathLike[str], parameter: str, version: str | None) -> Deployment:
    """Read the deployment of a file.

    Args:
        given: the file.
        parameter: its name in messages.
        version: the product version that replaces the one in the file.

    Returns:
        The deployment.

    Raises:
        InputError: the file or the version cannot be used.
    """
    chosen = text_of(version, "version") if version is not None else None
    return load_deployment(path_of(given, parameter), version=chosen)


def choice_of(given: str, kind: type[_Choice], parameter: str) -> _Choice:
    """Return a member of an enumeration by its value.

    Args:
        given: the value.
        kind: the enumeration.
        parameter: the name of the value in messages.

    Returns:
        The member.

    Raises:
        InputError: the enumeration has no such value; the message lists the allowed ones.
    """
    try:
        return kind(text_of(given, parameter))
    except ValueError:
        allowed = ", ".join(member.value for member in kind)
        raise InputError(
            f"{printable(str(given), 40)!r} is not allowed; allowed are {allowed}", where=parameter
        ) from None


def names_of(given: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return no name, one name, or several, as a tuple.

    Args:
        given: one text, several, or None.

    Returns:
        The names.

    Raises:
        InputError: an item is not text.
    """
    if given is None:
        return ()
    if isinstance(given, str):
        return (text_of(given, "name"),)
    if isinstance(given, Iterable):
        return tuple(text_of(name, "name") for name in given)
    raise InputError(f"must be text or several texts, not {type(given).__name__}", where="name")
