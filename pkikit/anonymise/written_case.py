"""The files of a case: deployment, certificates, lists, keys and ticket under other names, ready to be written or packed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.anonymise.brought_folder import BroughtFolder
from pkikit.anonymise.case_authorities import authorities_of
from pkikit.anonymise.disguise import Disguise
from pkikit.files import FileContents, key_pem
from pkikit.files.deployment_folder import CERTIFICATES, DEPLOYMENT, PUBLISHED, key_file_of
from pkikit.issue.lookalike.engine import Lookalikes, Progress, reissue
from pkikit.issue.lookalike.rekeyed_world import rekeyed_credential
from pkikit.model.revocation import RevocationData
from pkikit.worlds.world_folder import deployment_yaml

AUTHORITIES = "authorities"
_MOST_AUTHORITIES = 50
_STAMP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class CaseFile:
    """One file: its bytes, and whether it contains a private key."""

    data: bytes
    private: bool = False


def files_of(
    folder: BroughtFolder, published: Mapping[str, RevocationData], disguise: Disguise, progress: Progress | None = None
) -> dict[str, CaseFile]:
    """Return the files of a folder under other names.

    Args:
        folder: the original.
        published: what is served at the URLs in the original certificates.
        disguise: what takes the place of everything.
        progress: hears how many keys are made.

    Returns:
        Files by their path in the new folder.
    """
    made = reissue(folder.originals, source=disguise.keys, transform=disguise.transform, progress=progress)
    found = {DEPLOYMENT: CaseFile(deployment_yaml(disguise.deployment))}
    for machine in folder.machines:
        place = f"{CERTIFICATES}/{disguise.names.host(machine.fqdn)}"
        for name, credential in machine.own.items():
            new = rekeyed_credential(made, credential)
            found[f"{place}/{name}"] = CaseFile(new.pem())
            if new.key is not None:
                found[f"{place}/{key_file_of(name)}"] = CaseFile(key_pem(new.key), private=True)
        for name, contents in (*machine.lists.items(), *machine.crls.items()):
            found[f"{place}/{name}"] = CaseFile(_counterpart(contents, made))
    return found | _published(published, made, disguise) | _authorities(folder, made)


def _authorities(folder: BroughtFolder, made: Lookalikes) -> dict[str, CaseFile]:
    """Return the CAs of the case: their certificates, and their keys."""
    found = {}
    for number, authority in enumerate(authorities_of(folder.originals, made)[:_MOST_AUTHORITIES], start=1):
        place = f"{AUTHORITIES}/{number}"
        found[f"{place}/cert.pem"] = CaseFile(_pem((authority.certificate, *authority.parents)))
        found[f"{place}/key.pem"] = CaseFile(key_pem(authority.key), private=True)
    return found


def _counterpart(contents: FileContents, made: Lookalikes) -> bytes:
    return _pem(map(made.certificate, contents.certificates)) + _pem(map(made.crl, contents.crls))


def _published(published: Mapping[str, RevocationData], made: Lookalikes, disguise: Disguise) -> dict[str, CaseFile]:
    """Return the files that are served, and which URL serves which."""
    found: dict[str, CaseFile] = {}
    urls: dict[str, str] = {}
    for number, (url, data) in enumerate(sorted(published.items()), start=1):
        name = f"{number}.{'crl' if data.crls else 'ocsp'}"
        crls = _pem(made.crl(crl) for _, crl in data.crls)
        answers = b"".join(made.answer(answer).public_bytes(Encoding.DER) for answer in data.ocsp_answers)
        found[f"{CERTIFICATES}/{PUBLISHED}/{name}"] = CaseFile(crls or answers)
        urls[disguise.url(url)] = name
    if urls:
        found[f"{CERTIFICATES}/{PUBLISHED}/urls.yaml"] = CaseFile(yaml.safe_dump(urls).encode())
    return found


def _pem(things: Iterable[x509.Certificate | x509.CertificateRevocationList]) -> bytes:
    return b"".join(thing.public_bytes(Encoding.PEM) for thing in things)


def packed(files: Mapping[str, CaseFile]) -> bytes:
    """Return the files as a zip archive. The same files give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, file in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every system
            entry.external_attr = (0o100600 if file.private else 0o100644) << 16
            archive.writestr(entry, file.data)
    return stream.getvalue()
