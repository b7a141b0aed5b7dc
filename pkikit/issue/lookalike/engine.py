"""Reissues a whole set of certificates, CRLs and OCSP answers: same names, dates, extensions and mistakes, other keys.

What verified before verifies afterwards, and what did not verify does not. Two certificates with one key have one key again.
Key identifiers are extensions and stay: nobody computes them from the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp

from pkikit.issue.lookalike.answer_parts import AnswerParts, Hashes
from pkikit.issue.lookalike.keys.key_ring import KeyRing, Signer
from pkikit.issue.lookalike.keys.key_sources import FreshKeys, KeySource, PrivateHalf
from pkikit.issue.lookalike.originals import Originals, Transform, Unchanged, der_of
from pkikit.issue.lookalike.signers import Signers
from pkikit.issue.lookalike.splicing import signed_parts, with_content, with_parts, with_public_key
from pkikit.model.certificates.credential import PrivateKey, spki
from pkikit.model.certificates.facts import key_of
from pkikit.reading import der
from pkikit.reading.objects import load_crl, load_ocsp
from pkikit.reading.odd.certificate_loader import load_certificate
from pkikit.reading.shapes import raw_public_key

Progress = Callable[[int, int], None]
"""Takes how many keys are made, and how many there will be."""


class Lookalikes:
    """The counterparts of a set. `reissue` makes it."""

    def __init__(self, originals: Originals, source: KeySource, transform: Transform) -> None:
        self._source, self._transform = source, transform
        self._everything = {der_of(c): c for c in originals.every_certificate()}
        self._originals = originals
        self._signers = Signers(self._everything.values())
        self._signed: dict[bytes, Signer | None] = {}
        self._made: dict[bytes, x509.Certificate] = {}
        self._kept: set[bytes] = set()
        self._keys = KeyRing(source)

    def _prepare(self, progress: Progress | None) -> None:
        """Find every signer, then make all keys at once: RSA keys take most of the time."""
        for key, certificate in self._signers.public_keys():
            self._keys.add(key, certificate)
        wanted = [key_of(certificate) for certificate in self._originals.presented]
        for brought in self._originals.keys:
            self._keys.add_public(spki(brought.public_key()), brought.public_key())
            wanted.append(spki(brought.public_key()))
        for data, certificate in self._everything.items():
            _, algorithm, bits, _ = signed_parts(data)
            self._signed[data] = self._signers.of_certificate(certificate, algorithm, _signature(bits))
        for crl in self._originals.crls:
            data = der_of(crl)
            _, algorithm, bits, _ = signed_parts(data)
            self._signed[data] = self._signers.of_crl(crl, algorithm, _signature(bits))
        for answer in self._originals.answers:
            parts = AnswerParts.of(der_of(answer))
            if parts is not None:
                found = self._signers.of_answer(answer, parts.algorithm, _signature(parts.bits))
                self._signed[der_of(answer)] = found
        signers = [signer for signer in self._signed.values() if signer is not None]
        self._keys.make([*wanted, *signers], progress)

    def certificate(self, original: x509.Certificate) -> x509.Certificate:
        """Return the counterpart of a certificate of the set.

        Args:
            original: a certificate of the set.

        Returns:
            The certificate with another key and signature; the same object each time.

        Raises:
            KeyError: the certificate is not in the set.
        """
        data = der_of(original)
        if data not in self._made:
            self._made[data] = load_certificate(self._reissued(data, key_of(self._everything[data])))
        return self._made[data]

    def keep(self, certificates: Iterable[x509.Certificate]) -> None:
        """Leave some certificates as they are. Nothing else of the set may share a key with them, or be signed by them.

        Args:
            certificates: of the set.
        """
        for certificate in certificates:
            data = der_of(certificate)
            self._kept.add(data)
            self._made[data] = certificate

    def keeps(self, certificate: x509.Certificate) -> bool:
        """Return True if a certificate stays as it is."""
        return der_of(certificate) in self._kept

    def _reissued(self, data: bytes, key: bytes) -> bytes:
        tbs, algorithm, bits, rest = signed_parts(data)
        tbs = self._transform.certificate(tbs)
        written = raw_public_key(tbs)
        tbs = with_public_key(tbs, written, self._keys.written(key, written))
        return with_parts(data, tbs, algorithm, self._resigned(data, tbs, algorithm, bits), *rest)

    def _resigned(self, data: bytes, signed_part: bytes, algorithm: bytes, bits: bytes) -> bytes:
        content = der.content(bits)
        # A signature with unused bits never verifies: nobody has to sign.
        signer = self._signed[data] if content[:1] == b"\0" else None
        made = self._keys.sign(signer, signed_part, algorithm) if signer is not None else b""
        return with_content(bits, content[:1] + (made or self._source.noise(len(content) - 1, data)))

    def crl(self, original: x509.CertificateRevocationList) -> x509.CertificateRevocationList:
        """Return the counterpart of a CRL of the set.

        Args:
            original: a CRL of the set.

        Returns:
            The same list, signed by the counterpart of its signer.

        Raises:
            KeyError: the CRL is not in the set.
        """
        data = der_of(original)
        tbs, algorithm, bits, rest = signed_parts(data)
        tbs = self._transform.crl(tbs)
        return load_crl(with_parts(data, tbs, algorithm, self._resigned(data, tbs, algorithm, bits), *rest))

    def answer(self, original: ocsp.OCSPResponse) -> ocsp.OCSPResponse:
        """Return the counterpart of an OCSP answer of the set.

        Args:
            original: an answer of the set.

        Returns:
            The same answer about the counterparts of its certificates, signed by the counterpart of its signer. An answer
            that only refuses has no signature and stays as it is.

        Raises:
            KeyError: the answer is not in the set.
        """
        data = der_of(original)
        parts = AnswerParts.of(data)
        if parts is None:
            return original
        tbs = self._transform.answer(parts.tbs)
        tbs = self._hashes.replaced(tbs, original)
        shown = [self._reissued(der_of(c), key_of(c)) for c in original.certificates]
        return load_ocsp(parts.with_new(tbs, self._resigned(data, tbs, parts.algorithm, parts.bits), shown))

    @cached_property
    def _hashes(self) -> Hashes:
        return Hashes([(c, self.certificate(c)) for c in self._everything.values()], self._source)

    def signer_of(self, original: x509.Certificate | x509.CertificateRevocationList) -> Signer | None:
        """Return whose key signed a certificate or CRL of the set; None if no key of ours can make such a signature."""
        return self._signed[der_of(original)]

    def private_of(self, signer: Signer) -> PrivateHalf | None:
        """Return the private key of a signer's counterpart; None if there is none."""
        return self._keys.private(signer)

    def key_of(self, original: x509.Certificate) -> PrivateKey | None:
        """Return the private key of a presented certificate's counterpart.

        Args:
            original: a certificate that was `presented`.

        Returns:
            The key; None if it is of a kind that no key file of the product has.
        """
        made = self._keys.private(key_of(original))
        if not isinstance(made, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            return None
        return made if spki(made.public_key()) == key_of(self.certificate(original)) else None

    def key_instead_of(self, brought: PrivateKey) -> PrivateKey:
        """Return what takes the place of a private key that somebody brought: a mismatch stays a mismatch."""
        made = self._keys.private(spki(brought.public_key()))
        assert isinstance(made, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)  # the shape of `brought`
        return made


def reissue(
    originals: Originals,
    *,
    source: KeySource | None = None,
    transform: Transform | None = None,
    progress: Progress | None = None,
) -> Lookalikes:
    """Reissue a set with other keys.

    Args:
        originals: the whole set.
        source: where keys come from; None for chance.
        transform: what else changes; None for nothing.
        progress: hears how many keys are made, and how many there will be.

    Returns:
        The counterparts.

    Raises:
        InputError: the set has more keys, or more certificates with the same name, than are worked on.
    """
    made = Lookalikes(originals, source or FreshKeys(), transform or Unchanged())
    made._prepare(progress)
    return made


def _signature(bits: bytes) -> bytes:
    content = der.content(bits)
    return content[1:] if content[:1] == b"\0" else b""
