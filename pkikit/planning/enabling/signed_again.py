"""A look-alike of a change in which every CA can sign, and certificates that are signed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pkikit.design.csr import fast_key, make_key
from pkikit.issue.lookalike.engine import Lookalikes, reissue
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.certificates.facts import extension, key_of
from pkikit.planning.change import Change
from pkikit.planning.lookalike_change import counterpart_of_change, originals_of_change


@dataclass(frozen=True, kw_only=True)
class SignedAgain:
    """A change in which the keys of all CAs are at hand: same names, dates and purposes, other keys.

    Attributes:
        change: the look-alike.
        issuer_keys: the key that signed a certificate of it; missing where no key of ours can.
        own_keys: the key of a certificate of it that signed others.
    """

    change: Change
    issuer_keys: Mapping[x509.Certificate, PrivateKey] = field(repr=False)
    own_keys: Mapping[x509.Certificate, PrivateKey] = field(repr=False)


def signed_again(change: Change) -> SignedAgain:
    """Return the look-alike of a change.

    Args:
        change: with or without keys.

    Returns:
        The look-alike.

    Raises:
        InputError: there are more keys than are worked on.
    """
    originals = originals_of_change(change)
    made = reissue(originals)
    every = dict.fromkeys(originals.certificates)
    issuers, own = {}, {}
    for certificate in every:
        signer = made.signer_of(certificate)
        issuers[made.certificate(certificate)] = _usable(made, signer)
        own[made.certificate(certificate)] = _usable(made, key_of(certificate))
    return SignedAgain(
        change=counterpart_of_change(change, made),
        issuer_keys={c: key for c, key in issuers.items() if key is not None},
        own_keys={c: key for c, key in own.items() if key is not None},
    )


def _usable(made: Lookalikes, signer: object) -> PrivateKey | None:
    key = made.private_of(signer) if signer is not None else None  # type: ignore[arg-type]
    return key if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else None


def key_like(certificate: x509.Certificate) -> PrivateKey:
    """Return a new key of the kind that a certificate has."""
    is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
    return make_key() if is_rsa else fast_key()


def resigned(
    certificate: x509.Certificate,
    *,
    key: PrivateKey,
    issuer: x509.Name | None = None,
    identifier: bytes | None = None,
    subject: x509.Name | None = None,
    names: tuple[str, ...] = (),
    own: x509.SubjectKeyIdentifier | None = None,
    public: PrivateKey | None = None,
) -> x509.Certificate:
    """Return a certificate with some fields changed, signed with this key.

    Args:
        certificate: the one that it takes the place of: same dates, key and extensions.
        key: of its issuer.
        issuer: the name of its issuer; None if it stays.
        identifier: the key identifier of its issuer; None if it stays.
        subject: its name; None if it stays.
        names: dNSNames that it has in addition.
        own: its key identifier; None if it stays.
        public: a new key of its own; None if it stays.

    Returns:
        The certificate. The rest is as it was, also what is wrong with it.

    Raises:
        ValueError: it cannot be read completely, so none like it can be made.
    """
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or certificate.subject)
        .issuer_name(issuer or certificate.issuer)
        .public_key(public.public_key() if public is not None else certificate.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(certificate.not_valid_before_utc)
        .not_valid_after(certificate.not_valid_after_utc)
    )
    for held in certificate.extensions:
        value = held.value
        match value:
            case x509.AuthorityKeyIdentifier() if identifier is not None:
                value = x509.AuthorityKeyIdentifier(identifier, None, None)
            case x509.SubjectKeyIdentifier() if own is not None:
                value = own
            case x509.SubjectAlternativeName() if names:
                value = x509.SubjectAlternativeName([*value, *map(x509.DNSName, names)])
        builder = builder.add_extension(value, critical=held.critical)
    if identifier is not None and extension(certificate, x509.AuthorityKeyIdentifier) is None:
        builder = builder.add_extension(x509.AuthorityKeyIdentifier(identifier, None, None), critical=False)
    if names and extension(certificate, x509.SubjectAlternativeName) is None:
        builder = builder.add_extension(x509.SubjectAlternativeName([*map(x509.DNSName, names)]), critical=False)
    return builder.sign(key, hashes.SHA256())
