"""A `--certs` folder with other keys: the counterpart of each file, and a private key for each certificate presented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.files import FileContents, key_pem, parse, refuse_unreadable
from pkikit.files.deployment_folder import (
    PUBLISHED,
    URLS,
    is_certificate_file,
    is_machine_file,
    is_published_file,
    key_file_of,
)
from pkikit.issue.lookalike.engine import Lookalikes, Progress, reissue
from pkikit.issue.lookalike.keys.key_sources import KeySource
from pkikit.issue.lookalike.originals import Originals, Transform
from pkikit.issue.lookalike.rekeyed_world import rekeyed_credential
from pkikit.model.certificates.credential import Credential


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
    new |= {path: content for path, content in files.items() if path == f"{PUBLISHED}/{URLS}"}
    written, without = [], []
    for path, credential in read.credentials.items():
        key = rekeyed_credential(made, credential).key
        if key is None:
            without.append(path)
            continue
        new[_beside(path)] = key_pem(key)
        written.append(_beside(path))
    return RekeyedFiles(files=new, keys=tuple(written), without_key=tuple(without))


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
            presented = folder != PUBLISHED and is_certificate_file(name)
            if not (is_published_file(name) if folder == PUBLISHED else is_machine_file(name)):
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
