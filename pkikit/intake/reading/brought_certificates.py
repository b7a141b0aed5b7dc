"""Certificates and revocation lists out of a file of any encoding; keys in it are not kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509

from pkikit.errors import EncodingError, InputError
from pkikit.files.contents import FileContents, Passphrase
from pkikit.files.parse import parse
from pkikit.files.streams.peeked import CHUNK, DAMAGED, Peeked, refuse_damaged
from pkikit.intake.material import HeldCertificates, LooseKind, Source
from pkikit.intake.reading.file_names import Part
from pkikit.model.certificates.bundle import bundle_of, is_its_own_ca
from pkikit.model.certificates.facts import extension, is_self_issued
from pkikit.model.revocation import CrlSource, RevocationData

MAX_CERTIFICATES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class CertificateFile:
    """What one file holds."""

    source: Source
    held: HeldCertificates | None
    lists: RevocationData
    form: str
    had_key: bool


def read_all(stream: Peeked, source: Source, taken: Callable[[int], None], limit: int = MAX_CERTIFICATES) -> bytes:
    """Read a stream to its end.

    Args:
        stream: the stream.
        source: the file, for messages.
        taken: called with the number of bytes that were read.
        limit: the largest number of bytes.

    Returns:
        The bytes.

    Raises:
        InputError: the file is larger, or it cannot be unpacked.
    """
    made = bytearray()
    try:
        while data := stream.read(CHUNK):
            made += data
            taken(len(data))
            if len(made) > limit:
                raise InputError(
                    f"is larger than {limit >> 20} MB, the most that is read of such a file", where=str(source)
                )
    except DAMAGED as error:
        refuse_damaged(error, str(source))
    return bytes(made)


def read_certificate_file(data: bytes, source: Source, part: Part, passphrase: Passphrase | None) -> CertificateFile:
    """Read certificates and revocation lists.

    Args:
        data: the bytes of the file.
        source: the file.
        part: what the file is by its name.
        passphrase: is asked only if something is encrypted.

    Returns:
        What the file holds.

    Raises:
        EncodingError: it holds neither certificates nor lists.
    """
    found = parse(data, where=str(source), passphrase=passphrase, keep_encrypted=True)
    if not (found.certificates or found.crls or found.ocsp_answers):
        raise EncodingError(found.lacks("certificate"), where=str(source))
    held = HeldCertificates(source=source, certificates=found.certificates) if found.certificates else None
    from_file = CrlSource.CA_FILE if part is Part.TRUSTED else CrlSource.MANUAL
    lists = RevocationData().with_crls(from_file, found.crls).with_answers(found.ocsp_answers)
    return CertificateFile(source=source, held=held, lists=lists, form=found.form, had_key=_had_key(found))


def loose_kind(held: HeldCertificates, name: str) -> LooseKind:
    """Return what a file of certificates is whose owner is unknown: a list of CAs, or a certificate with its chain."""
    last = name.rpartition("/")[2].lower()  # the names of folders say nothing
    listed = any(word in last for word in ("trust", "root", "ca.", "ca_", "ca-", "bundle"))
    if not listed and len(held.certificates) == 1 and is_its_own_ca(held.certificates[0]):
        return LooseKind.CERTIFICATE
    first = held.certificates[0] if listed else bundle_of(held.certificates).leaf_first[0]
    basic = extension(first, x509.BasicConstraints)
    is_ca = basic.ca if basic is not None else listed and is_self_issued(first)
    return LooseKind.TRUST_LIST if is_ca else LooseKind.CERTIFICATE


def _had_key(found: FileContents) -> bool:
    return bool(found.keys or found.other_keys or found.encrypted_keys)
