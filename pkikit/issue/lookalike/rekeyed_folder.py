"""A `--certs` folder with other keys: the counterpart of each file, and a private key for each certificate presented."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.files import (
    FileContents,
    free_path,
    iter_party_folders,
    key_pem,
    read_bytes,
    read_file,
    refuse_unreadable,
    write_private,
    write_public,
)
from pkikit.issue.lookalike.engine import Lookalikes, Progress, reissue
from pkikit.issue.lookalike.keys.key_sources import KeySource
from pkikit.issue.lookalike.originals import Originals, Transform
from pkikit.issue.lookalike.rekeyed_world import rekeyed_credential
from pkikit.model.certificates.credential import Credential

_PRESENTED = ("cert.pem", "client.pem", "cert-*.pem")
_OTHERS = ("trust.pem", "trust-*.pem", "crl.pem")
_SERVED = ("*.crl", "*.ocsp")
_CA, _URLS = "ca", "urls.yaml"
_MODE = 0o755


@dataclass(frozen=True, kw_only=True)
class RekeyedFolder:
    """What was written.

    Attributes:
        folder: where it is.
        files: how many files have counterparts.
        keys: the private keys that were written, by their paths inside the folder.
        without_key: certificates whose kind of key no key file of the product has, such as Ed25519, by their paths.
    """

    folder: Path
    files: int
    keys: tuple[str, ...]
    without_key: tuple[str, ...]


def key_file_of(certificate_file: str) -> str:
    """Return the name of the key file beside a certificate file: `key.pem`, `client-key.pem`, `key-callmanager.pem`."""
    if certificate_file == "client.pem":
        return "client-key.pem"
    return certificate_file.replace("cert", "key", 1)


def rekey_folder(
    source: Path,
    target: Path,
    *,
    keys: KeySource | None = None,
    transform: Transform | None = None,
    progress: Progress | None = None,
) -> RekeyedFolder:
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
    read = _Folder.read(source)
    made = reissue(read.originals(), source=keys, transform=transform, progress=progress)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as place:
            new = Path(place) / "new"
            new.mkdir(_MODE)
            written = _write(read, made, new)
            _move(new, target, aside=Path(place) / "old" if in_place else None)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", where=str(target)) from None
    return RekeyedFolder(
        folder=target,
        files=len(read.files),
        keys=tuple(path for path, has_key in written.items() if has_key),
        without_key=tuple(path for path, has_key in written.items() if not has_key),
    )


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


@dataclass(frozen=True, kw_only=True)
class _Folder:
    """What is in the files: contents by path, and what is presented by the path of its certificate file."""

    root: Path
    files: dict[Path, FileContents]
    credentials: dict[Path, Credential]

    @classmethod
    def read(cls, root: Path) -> _Folder:
        files: dict[Path, FileContents] = {}
        credentials: dict[Path, Credential] = {}
        for path, presented in _paths(root):
            contents = files[path] = read_file(path)
            refuse_unreadable(contents)
            if presented and contents.certificates:
                key_file = path.with_name(key_file_of(path.name))
                found = read_file(key_file).keys if key_file.exists() else contents.keys
                credentials[path] = Credential(chain=contents.certificates, key=found[0] if found else None)
        return cls(root=root, files=files, credentials=credentials)

    def originals(self) -> Originals:
        credentials = self.credentials.values()
        return Originals(
            certificates=tuple(c for contents in self.files.values() for c in contents.certificates),
            presented=tuple(credential.leaf for credential in credentials),
            crls=tuple(crl for contents in self.files.values() for crl in contents.crls),
            answers=tuple(answer for contents in self.files.values() for answer in contents.ocsp_answers),
            keys=tuple(c.key for c in credentials if c.key is not None and not c.key_matches),
        )


def _paths(root: Path) -> Iterator[tuple[Path, bool]]:
    """Yield the files that have counterparts, and whether a machine presents what is in them."""
    for folder in iter_party_folders(root):
        for patterns, presented in ((_PRESENTED, True), (_OTHERS, False)):
            for pattern in patterns:
                yield from ((path, presented) for path in sorted(folder.glob(pattern)))
    for pattern in _SERVED:
        yield from ((path, False) for path in sorted((root / _CA).glob(pattern)))


def _write(read: _Folder, made: Lookalikes, new: Path) -> dict[str, bool]:
    """Write all files; return for each certificate or key file whether a private key was written."""
    written: dict[str, bool] = {}
    for path, contents in read.files.items():
        inside = path.relative_to(read.root)
        write_public(new / inside, _content(contents, made))
        if path in read.credentials:
            key = rekeyed_credential(made, read.credentials[path]).key
            place = inside.with_name(key_file_of(inside.name)) if key is not None else inside
            written[str(place)] = key is not None
            if key is not None:
                write_private(new / place, key_pem(key))
    urls = read.root / _CA / _URLS
    if urls.exists():
        write_public(new / _CA / _URLS, read_bytes(urls))
    for folder in new.iterdir():
        folder.chmod(_MODE)
    return written


def _content(contents: FileContents, made: Lookalikes) -> bytes:
    """Return the counterpart of a file, in the same form: PEM, or DER for what has no PEM form or came as DER."""
    binary = contents.form == "der" or contents.ocsp_answers
    encoding = Encoding.DER if binary else Encoding.PEM
    objects = [made.certificate(c).public_bytes(encoding) for c in contents.certificates]
    objects += [made.crl(crl).public_bytes(encoding) for crl in contents.crls]
    objects += [made.answer(answer).public_bytes(Encoding.DER) for answer in contents.ocsp_answers]
    return b"".join(objects)
