"""The parts of an OCSP answer, and the hashes in it that depend on keys and names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from pkikit.issue.lookalike.keys.key_shapes import material
from pkikit.issue.lookalike.keys.key_sources import KeySource
from pkikit.issue.lookalike.splicing import signed_parts, with_parts
from pkikit.model.certificates.facts import subject_bytes
from pkikit.reading import der
from pkikit.reading.unreadable import UNREADABLE


@dataclass(frozen=True, kw_only=True)
class AnswerParts:
    """An OCSP answer, taken apart: `tbs` is what is signed, `rest` the certificates that come with it."""

    data: bytes
    status: bytes
    wrapped: bytes
    body: bytes
    kind: bytes
    octets: bytes
    basic: bytes
    tbs: bytes
    algorithm: bytes
    bits: bytes
    rest: tuple[bytes, ...]

    @classmethod
    def of(cls, data: bytes) -> AnswerParts | None:
        """Take an answer apart.

        Args:
            data: the DER of an answer that was read before.

        Returns:
            The parts; None for an answer that only refuses.
        """
        status, *wrapped = der.children(data)
        if not wrapped:
            return None
        body = der.children(wrapped[0])[0]
        kind, octets = der.children(body)
        basic = der.content(octets)
        tbs, algorithm, bits, rest = signed_parts(basic)
        return cls(data=data, status=status, wrapped=wrapped[0], body=body, kind=kind, octets=octets, basic=basic,
                   tbs=tbs, algorithm=algorithm, bits=bits, rest=rest)  # fmt: skip

    def with_new(self, tbs: bytes, bits: bytes, certificates: Sequence[bytes]) -> bytes:
        """Put the answer together again, with other parts."""
        rest = self.rest
        if rest and certificates:
            rest = (with_parts(rest[0], with_parts(der.children(rest[0])[0], *certificates)), *rest[1:])
        basic = with_parts(self.basic, tbs, self.algorithm, bits, *rest)
        octets = der.element(der.OCTETS, basic)
        body = with_parts(self.body, self.kind, octets)
        return with_parts(self.data, self.status, with_parts(self.wrapped, body))


class Hashes:
    """Replaces hashes of names and keys by those of their counterparts."""

    def __init__(self, pairs: Iterable[tuple[x509.Certificate, x509.Certificate]], source: KeySource) -> None:
        self._pairs, self._source = tuple(pairs), source
        self._tables: dict[tuple[str, bool], dict[bytes, bytes]] = {}

    def replaced(self, tbs: bytes, answer: ocsp.OCSPResponse) -> bytes:
        """Return the signed part of an answer in which CertIDs and a responder named by key are those of the counterparts."""
        if answer.responder_key_hash:
            old = answer.responder_key_hash
            new = self._counterpart(old, "sha1", _key_bits)
            tbs = tbs.replace(der.element(der.OCTETS, old), der.element(der.OCTETS, new))
        for single in answer.responses:
            name, key, digest = single.issuer_name_hash, single.issuer_key_hash, _digest_name(single)
            new_name = self._counterpart(name, digest, subject_bytes, default=name)
            new_key = self._counterpart(key, digest, _key_bits)
            before = der.element(der.OCTETS, name) + der.element(der.OCTETS, key)
            tbs = tbs.replace(before, der.element(der.OCTETS, new_name) + der.element(der.OCTETS, new_key))
        return tbs

    def _counterpart(
        self, old: bytes, digest: str, part: Callable[[x509.Certificate], bytes], default: bytes = b""
    ) -> bytes:
        found = self._table(digest, part).get(old) if digest in hashlib.algorithms_available else None
        return found or default or self._source.noise(len(old), old)

    def _table(self, digest: str, part: Callable[[x509.Certificate], bytes]) -> dict[bytes, bytes]:
        key = (digest, part is subject_bytes)
        if key not in self._tables:
            self._tables[key] = {_hash(digest, part(old)): _hash(digest, part(new)) for old, new in self._pairs}
        return self._tables[key]


def _hash(digest: str, data: bytes) -> bytes:
    return hashlib.new(digest, data, usedforsecurity=False).digest()


def _digest_name(single: ocsp.OCSPSingleResponse) -> str:
    try:
        return single.hash_algorithm.name
    except UNREADABLE:
        return ""


def _key_bits(certificate: x509.Certificate) -> bytes:
    """Return what CertID hashes of a public key: the content of its BIT STRING (RFC 6960 §4.1.1); empty if it is unreadable."""
    try:
        key = certificate.public_key()
    except UNREADABLE:
        return b""
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return next(iter(material(key)), b"")
