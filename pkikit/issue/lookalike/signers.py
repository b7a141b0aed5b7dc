"""Whose key signed each object of a set. A signature that no key of the set made gets a signer of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography import x509
from cryptography.x509 import ocsp

from pkikit.errors import InputError
from pkikit.issue.lookalike.keys.key_ring import Absent, Signer
from pkikit.issue.lookalike.keys.signing import scheme_of, shape_of_signer
from pkikit.model.certificates.canonical_name import CanonicalName, canonical
from pkikit.model.certificates.facts import (
    extension,
    identifies,
    issuer_of,
    key_of,
    subject_key_id,
    subject_of,
)
from pkikit.reading.signatures import NOT_SIGNED, verify_with
from pkikit.reading.unreadable import UNREADABLE

MAX_CHECKS = 200_000  # signatures that are checked for one set


class Signers:
    """Finds signers among the certificates of a set."""

    def __init__(self, certificates: Iterable[x509.Certificate]) -> None:
        self._by_key: dict[bytes, x509.Certificate] = {}
        self._by_subject: dict[CanonicalName, dict[bytes, x509.Certificate]] = {}
        self._by_identifier: dict[bytes, dict[bytes, x509.Certificate]] = {}
        self._checks = 0
        self._keys: dict[bytes, object] = {}
        for certificate in certificates:
            key = key_of(certificate)
            self._by_key.setdefault(key, certificate)
            self._by_subject.setdefault(subject_of(certificate), {}).setdefault(key, certificate)
            if identifier := subject_key_id(certificate):
                self._by_identifier.setdefault(identifier, {}).setdefault(key, certificate)

    def _count(self) -> None:
        self._checks += 1
        if self._checks > MAX_CHECKS:
            raise InputError(
                f"these certificates need more than {MAX_CHECKS:,} checks of signatures, because too many have the same names"
            )

    def of_certificate(self, certificate: x509.Certificate, algorithm: bytes, signature: bytes) -> Signer | None:
        """Return whose key signed a certificate; None if no key of ours can make such a signature.

        Args:
            certificate: the certificate.
            algorithm: the DER of its AlgorithmIdentifier.
            signature: the bytes of its signature.

        Returns:
            The signer.

        Raises:
            InputError: the set needs too many checks.
        """
        namesakes = self._by_subject.get(issuer_of(certificate), {}).items()
        likely = [key for key, _ in sorted(namesakes, key=lambda pair: not identifies(certificate, pair[1]))]
        identifier = _identifier(certificate)
        likely += self._by_identifier.get(identifier, {}) if identifier else ()
        found = self._first(likely, certificate.tbs_certificate_bytes, algorithm, signature)
        return found or _absent(issuer_of(certificate), identifier, algorithm, signature)

    def of_crl(self, crl: x509.CertificateRevocationList, algorithm: bytes, signature: bytes) -> Signer | None:
        """Return whose key signed a CRL, as `of_certificate` does."""
        try:
            issuer = canonical(crl.issuer)
        except UNREADABLE:
            issuer = ()
        identifier = _identifier(crl)
        likely = (*self._by_subject.get(issuer, {}), *self._by_identifier.get(identifier, {}))
        found = self._first(likely, crl.tbs_certlist_bytes, algorithm, signature)
        return found or _absent(issuer, identifier, algorithm, signature)

    def of_answer(self, answer: ocsp.OCSPResponse, algorithm: bytes, signature: bytes) -> Signer | None:
        """Return whose key signed an OCSP answer, as `of_certificate` does. Any key may have: an answer need not say whose."""
        likely = [key_of(certificate) for certificate in answer.certificates]
        name = canonical(answer.responder_name) if answer.responder_name is not None else ()
        likely += self._by_subject.get(name, {})
        found = self._first((*likely, *self._by_key), answer.tbs_response_bytes, algorithm, signature)
        return found or _absent(name, answer.responder_key_hash or b"", algorithm, signature)

    def _first(self, keys: Iterable[bytes], data: bytes, algorithm: bytes, signature: bytes) -> bytes | None:
        _, parameters, digest = scheme_of(algorithm)
        for key in dict.fromkeys(keys):
            self._count()
            try:
                verify_with(self._public(key), signature, data, parameters, digest)
            except NOT_SIGNED:
                continue
            return key
        return None

    def _public(self, key: bytes) -> object:
        """Return a public key; None if nobody can read it."""
        if key not in self._keys:
            try:
                self._keys[key] = self._by_key[key].public_key()
            except UNREADABLE:
                self._keys[key] = None
        return self._keys[key]

    def public_keys(self) -> Iterator[tuple[bytes, x509.Certificate]]:
        """Yield each key of the set with a certificate that has it."""
        yield from self._by_key.items()


def _identifier(holder: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    found = extension(holder, x509.AuthorityKeyIdentifier)
    return (found.key_identifier if found is not None else None) or b""


def _absent(issuer: CanonicalName, identifier: bytes, algorithm: bytes, signature: bytes) -> Absent | None:
    shape = shape_of_signer(algorithm, signature)
    return Absent(issuer=issuer, identifier=identifier, shape=shape) if shape is not None else None
