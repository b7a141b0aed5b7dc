"""A `--certs` folder with other keys: the counterpart of each file, and a private key for each certificate presented."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.files import (
    FileContents,
    free_path,
    iter_party_folders,
    key_pem,
    parse,
    read_bytes,
    refuse_unreadable,
    write_private,
    write_public,
)
from pkikit.files.deployment_folder import key_file_of
from pkikit.issue.lookalike.engine import Lookalikes, Progress, reissue
from pkikit.issue.lookalike.keys.key_sources import KeySource
from pkikit.issue.lookalike.originals import Originals, Transform
from pkikit.issue.lookalike.rekeyed_world import rekeyed_credential
from pkikit.model.certificates.credential import Credential

_PRESENTED = re.compile(r"cert\.pem|client\.pem|cert-[^/]+\.pem")
_OTHERS = re.compile(r"trust\.pem|trust-[^/]+\.pem|crl\.pem")
_SERVED = re.compile(r"[^/]+\.(crl|ocsp)")
_CA, _URLS = "ca", "urls.yaml"
_MODE = 0o755


@dataclass(frozen=True, kw_only=True)
class RekeyedFiles:
    """The counterparts of the files of a folder.

    Attributes:
        files: content by path inside the folder, private keys included.
        keys: the paths of the private keys; they belong into files of mode 0600.
        without_key: paths of certificates whose kind of key no key file of the product has, such as Ed25519.
    """

    files: Mapping[str, bytes] = field(repr=False)
    keys: tuple[str, ...]
    without_key: tuple[str, ...]


def rekeyed_files(
    files: Mapping[str, bytes],
    *,
    keys: KeySource | None = None,
    transform: Transform | None = None,
    progress: Progress | None = None,
    where: str = "",
) -> RekeyedFiles:
    """Reissue the certificates of a folder that is in memory.

    Args:
        files: content by path, as `c1.example.com/cert.pem`. Files that `--certs` does not read are left out.
        keys: where keys come from; None for chance.
        transform: what else changes; None for nothing.
        progress: hears how many keys are made, and how many there will be.
        where: the folder, for messages.

    Returns:
        The new files.

    Raises:
        InputError: there are more keys than are worked on.
        EncodingError: a file holds something else than its name says.
    """
    read = _Files.read(files, where)
    made = reissue(read.originals(), source=keys, transform=transform, progress=progress)
    new = {path: _content(contents, made) for path, contents in read.contents.items()}
    new |= {path: content for path, content in files.items() if path == f"{_CA}/{_URLS}"}
    written, without = [], []
    for path, credential in read.credentials.items():
        key = rekeyed_credential(made, credential).key
        if key is None:
            without.append(path)
            continue
        new[_beside(path)] = key_pem(key)
        written.append(_beside(path))
    return RekeyedFiles(files=new, keys=tuple(written), without_key=tuple(without))


def rekey_folder(
    source: Path,
    target: Path,
    *,
    keys: KeySource | None = None,
    transform: Transform | None = None,
    progress: Progress | None = None,
) -> RekeyedFiles:
    """Write the counterpart of a folder of certificates, whole or not at all.

    Args:
        source: a folder as `--certs` reads it.
        target: where the counterpart goes. It may be `source` itself, which is then replaced.
        keys: where keys come from; None for chance.
        transform: what else changes; None for nothing.
        progress: hears how many keys are made, and how many there will be.

    Returns:
        What was written.

    Raises:
        InputError: a file cannot be read, there are more keys than are worked on, or `target` exists.
        EncodingError: a file holds something else.
    """
    in_place = target.resolve() == source.resolve()
    if not in_place:
        free_path(target)
    files = {f"{folder.name}/{p.name}": read_bytes(p) for folder, p in _paths(source)}
    made = rekeyed_files(files, keys=keys, transform=transform, progress=progress, where=str(source))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as place:
            new = Path(place) / "new"
            new.mkdir(_MODE)
            for path, content in made.files.items():
                (write_private if path in made.keys else write_public)(new / path, content)
            _move(new, target, aside=Path(place) / "old" if in_place else None)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", where=str(target)) from None
    return made


def _move(new: Path, target: Path, *, aside: Path | None) -> None:
    if aside is None:
        new.rename(target)
        return
    target.rename(aside)
    try:
        new.rename(target)
    except OSError:
        aside.rename(target)
        raise


def _paths(root: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the files of the folder with the machine's folder that each is in."""
    folders = [*iter_party_folders(root), root / _CA]
    yield from (
        (folder, p) for folder in folders if folder.is_dir() for p in sorted(folder.iterdir()) if _is_read(folder, p)
    )


def _is_read(folder: Path, path: Path) -> bool:
    if folder.name == _CA:
        return path.is_file() and (path.name == _URLS or _SERVED.fullmatch(path.name) is not None)
    names = {key_file_of(p.name) for p in folder.iterdir() if _PRESENTED.fullmatch(p.name)}
    return path.name in names or bool(_PRESENTED.fullmatch(path.name) or _OTHERS.fullmatch(path.name))


def _beside(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/{key_file_of(name)}"


@dataclass(frozen=True, kw_only=True)
class _Files:
    """What is in the files: contents by path, and what is presented by the path of its certificate file."""

    contents: dict[str, FileContents]
    credentials: dict[str, Credential]

    @classmethod
    def read(cls, files: Mapping[str, bytes], where: str) -> _Files:
        def parsed(path: str) -> FileContents:
            contents = parse(files[path], where=str(Path(where) / path))
            refuse_unreadable(contents)
            return contents

        contents: dict[str, FileContents] = {}
        credentials: dict[str, Credential] = {}
        for path in files:
            folder, _, name = path.rpartition("/")
            presented = folder != _CA and _PRESENTED.fullmatch(name)
            if not presented and not (_SERVED if folder == _CA else _OTHERS).fullmatch(name):
                continue
            found = contents[path] = parsed(path)
            if presented and found.certificates:
                keys = parsed(_beside(path)).keys if _beside(path) in files else found.keys
                credentials[path] = Credential(chain=found.certificates, key=keys[0] if keys else None)
        return cls(contents=contents, credentials=credentials)

    def originals(self) -> Originals:
        """Return everything in them that has keys or signatures."""
        credentials, files = self.credentials.values(), self.contents.values()
        return Originals(
            certificates=tuple(c for contents in files for c in contents.certificates),
            presented=tuple(credential.leaf for credential in credentials),
            crls=tuple(crl for contents in files for crl in contents.crls),
            answers=tuple(answer for contents in files for answer in contents.ocsp_answers),
            keys=tuple(c.key for c in credentials if c.key is not None and not c.key_matches),
        )


def _content(contents: FileContents, made: Lookalikes) -> bytes:
    """Return the counterpart of a file, in the same form: PEM, or DER for what has no PEM form or came as DER."""
    binary = contents.form == "der" or contents.ocsp_answers
    encoding = Encoding.DER if binary else Encoding.PEM
    objects = [made.certificate(c).public_bytes(encoding) for c in contents.certificates]
    objects += [made.crl(crl).public_bytes(encoding) for crl in contents.crls]
    objects += [made.answer(answer).public_bytes(Encoding.DER) for answer in contents.ocsp_answers]
    return b"".join(objects)
