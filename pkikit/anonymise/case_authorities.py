"""The CAs of a case, with their keys: anyone who plays it can renew certificates, get a missing CA certificate and sign CRLs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pkikit.design.csr import key_usage
from pkikit.issue.authority import Authority
from pkikit.issue.lookalike.engine import Lookalikes
from pkikit.issue.lookalike.keys.key_ring import Absent, Signer
from pkikit.issue.lookalike.originals import Originals
from pkikit.model.certificates.facts import extension, issuer_of, key_of, subject_of
from pkikit.reading.unreadable import UNREADABLE

_BEGINS, _ENDS = datetime(2000, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)
_HIGHEST = 16  # levels of CAs
_Signed = x509.Certificate | x509.CertificateRevocationList


def authorities_of(originals: Originals, made: Lookalikes) -> tuple[Authority, ...]:
    """Return the CAs that signed what the machines present, and the CRLs, with the keys of their counterparts.

    A CA whose certificate nobody has gets one that it signed itself, as an administrator would get it from the CA.

    Args:
        originals: everything that was brought.
        made: its counterparts.

    Returns:
        The CAs, each with those above it.
    """
    return tuple(_Authorities(originals, made).all())


@dataclass
class _Step:
    """A CA: its certificate, its key if this program can sign with it, and what signed its certificate."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None
    original: x509.Certificate | None


class _Authorities:
    def __init__(self, originals: Originals, made: Lookalikes) -> None:
        self._originals, self._made = originals, made
        self._by_key: dict[bytes, list[x509.Certificate]] = {}
        for certificate in dict.fromkeys(originals.every_certificate()):
            self._by_key.setdefault(key_of(certificate), []).append(certificate)
        self._made_up: dict[Absent, x509.Certificate | None] = {}

    def all(self) -> Iterator[Authority]:
        found: dict[bytes, None] = {}
        everything: tuple[_Signed, ...] = (*self._originals.presented, *self._originals.crls)
        for signed in everything:
            steps = list(self._above(signed))
            for place, step in enumerate(steps):
                identity = key_of(step.certificate) + step.certificate.tbs_certificate_bytes
                if step.key is not None and identity not in found:
                    found[identity] = None
                    parents = tuple(above.certificate for above in steps[place + 1 :])
                    yield Authority(certificate=step.certificate, key=step.key, parents=parents)

    def _above(self, signed: _Signed) -> Iterator[_Step]:
        """Yield the CAs above something, from the one that signed it; a certificate that signed itself has none."""
        seen: set[Signer] = set()
        if isinstance(signed, x509.Certificate):
            seen.add(key_of(signed))
        for _ in range(_HIGHEST):
            signer = self._made.signer_of(signed)
            if signer is None or signer in seen:
                return
            seen.add(signer)
            step = self._step(signed, signer)
            if step is None:
                return
            yield step
            if step.original is None:
                return
            signed = step.original

    def _step(self, signed: _Signed, signer: Signer) -> _Step | None:
        private = self._made.private_of(signer)
        key = private if isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else None
        if isinstance(signer, Absent):
            certificate = self._issuer_nobody_has(signed, signer, key)
            return _Step(certificate, key, None) if certificate is not None else None
        found = _named(self._by_key.get(signer, ()), signed)
        return _Step(self._made.certificate(found), key, found) if found is not None else None

    def _issuer_nobody_has(
        self, signed: _Signed, signer: Absent, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None
    ) -> x509.Certificate | None:
        if key is None or not isinstance(signed, x509.Certificate):
            return None
        if signer not in self._made_up:
            try:
                self._made_up[signer] = _self_signed(self._made.certificate(signed), key)
            except UNREADABLE:  # a name that cannot be read, or a key that is too short
                self._made_up[signer] = None
        return self._made_up[signer]


def _named(candidates: Iterable[x509.Certificate], signed: _Signed) -> x509.Certificate | None:
    """Return the certificate whose subject is the issuer of what its key signed; any other one of that key otherwise."""
    known = list(candidates)
    if isinstance(signed, x509.Certificate):
        issuer = issuer_of(signed)
        known.sort(key=lambda c: subject_of(c) != issuer)
    return known[0] if known else None


def _self_signed(below: x509.Certificate, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Return a CA certificate for the issuer of a certificate. The same key and name always give the same bytes."""
    held = extension(below, x509.AuthorityKeyIdentifier)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    identifier = (held.key_identifier if held is not None else None) or own.digest
    serial = int.from_bytes(hashlib.sha256(below.issuer.public_bytes() + own.digest).digest()[:16], "big") >> 1 | 1
    builder = (
        x509.CertificateBuilder()
        .subject_name(below.issuer)
        .issuer_name(below.issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(_BEGINS)
        .not_valid_after(_ENDS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier(identifier), critical=False)
    )
    repeatable = True if isinstance(key, ec.EllipticCurvePrivateKey) else None
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=repeatable)
