"""A certificate in place of another one: same subject, names and purposes, a new key of the same kind, new dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from pkikit.design.csr import build_csr, fast_key, key_usage, make_key
from pkikit.design.san import design_sans
from pkikit.errors import InputError
from pkikit.issue.authority import BACKDATE, LEAF_LIFETIME, Authority, Profile
from pkikit.judge.legs.client_auth_end import is_public
from pkikit.model.certificates.credential import Credential, PrivateKey
from pkikit.model.certificates.facts import crl_urls, extension, format_time, has_ended, ocsp_urls, title
from pkikit.model.deployment import Deployment
from pkikit.model.tables.public_cas import RENEWALS_LOSE_IT, WEB_LIFETIMES, days_at
from pkikit.reading.unreadable import UNREADABLE
from pkikit.text import printable

_SHORTEST = timedelta(days=30)  # a certificate that lived for a day is replaced by one that outlives the change (ours)
BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a new certificate is to have.

    Attributes:
        subject: its subject.
        names: its subject alternative names.
        ekus: its purposes.
        lifetime: how long it is valid.
        crl_url: where the CA publishes its CRL; empty for nowhere.
        ocsp_url: where its responder is; empty for nowhere.
        extensions: what else the CA adds, as a public one its policies.
    """

    subject: x509.Name
    names: tuple[x509.GeneralName, ...]
    ekus: tuple[ObjectIdentifier, ...] = BOTH
    lifetime: timedelta = LEAF_LIFETIME
    crl_url: str = ""
    ocsp_url: str = ""
    extensions: tuple[x509.ExtensionType, ...] = ()


def order_like(leaf: x509.Certificate, *, same_ca: bool, at: datetime) -> Order:
    """Return the order for a certificate like another one.

    Args:
        leaf: the certificate in use.
        same_ca: the CA that issued it issues the new one: it publishes in the same place and has the same policies. A public CA
            then leaves clientAuth out from the day on which such CAs ended it.
        at: when it is issued.

    Returns:
        The order.

    Raises:
        InputError: the subject or the names of the certificate cannot be read.
    """
    try:
        subject, held = leaf.subject, extension(leaf, x509.SubjectAlternativeName)
        ekus = tuple(extension(leaf, x509.ExtendedKeyUsage) or BOTH)
        lifetime = max(leaf.not_valid_after_utc - leaf.not_valid_before_utc - BACKDATE, _SHORTEST)
    except UNREADABLE:
        name = printable(title(leaf), 80)
        raise InputError(f"the certificate {name} cannot be read completely, so none like it can be ordered") from None
    if not same_ca:
        return Order(subject=subject, names=tuple(held or ()), ekus=ekus, lifetime=lifetime)
    public = is_public(leaf)
    if public and at >= RENEWALS_LOSE_IT:
        ekus = tuple(oid for oid in ekus if oid != ExtendedKeyUsageOID.CLIENT_AUTH)
    if public:
        lifetime = min(lifetime, timedelta(days=days_at(WEB_LIFETIMES, at)))
    policies = extension(leaf, x509.CertificatePolicies)
    return Order(
        subject=subject,
        names=tuple(held or ()),
        ekus=ekus or (ExtendedKeyUsageOID.SERVER_AUTH,),
        lifetime=lifetime,
        crl_url=next(iter(crl_urls(leaf)), ""),
        ocsp_url=next(iter(ocsp_urls(leaf)), ""),
        extensions=(policies,) if policies is not None else (),
    )


def designed_order(deployment: Deployment, fqdn: str) -> Order:
    """Return the order for the certificate that a peer needs by its design, where nobody knows the one in use."""
    made = build_csr(design_sans(deployment, fqdn), fast_key())
    return Order(subject=made.subject, names=tuple(extension(made, x509.SubjectAlternativeName) or ()))


def new_key_like(leaf: x509.Certificate | None) -> PrivateKey:
    """Return a new key of the kind and size of a certificate's; the product's RSA key of 2,048 bits if that is not possible."""
    try:
        public = leaf.public_key() if leaf is not None else None
    except UNREADABLE:
        public = None
    match public:
        case ec.EllipticCurvePublicKey():
            return ec.generate_private_key(public.curve)
        case rsa.RSAPublicKey() if public.key_size in {2048, 4096}:
            return make_key(public.key_size)
        case _:
            return make_key()


def issue(order: Order, authority: Authority, key: PrivateKey, *, at: datetime) -> Credential:
    """Return the certificate for an order, with what is sent behind it.

    Args:
        order: what it is to have.
        authority: the CA.
        key: its private key.
        at: when it is issued. A CA that begins later issues it then.

    Returns:
        The certificate and its key.

    Raises:
        InputError: the CA has ended by then.
        IssuanceRefused: the CA does not sign such a request.
    """
    ca = authority.certificate
    begins = max((c.not_valid_before_utc for c in (ca, *authority.parents)), default=at)
    issued = max(at, begins + BACKDATE)
    for certificate in (ca, *authority.parents):
        if has_ended(certificate, issued):
            raise InputError(
                f"the CA {printable(title(certificate), 80)} ended on {format_time(certificate.not_valid_after_utc)}, and it is "
                f"{format_time(issued)}: it cannot issue certificates; plan with a CA that is valid (new-root:FILE)"
            )
    ends = min(issued + order.lifetime, *(c.not_valid_after_utc for c in (ca, *authority.parents)))
    profile = Profile(
        ekus=order.ekus,
        lifetime=ends - issued,
        crl_url=order.crl_url,
        ocsp_url=order.ocsp_url,
        extensions=order.extensions,
    )
    leaf = authority.issue(_request(order, key), at=issued, profile=profile)
    return Credential(chain=(leaf, *authority.intermediates), key=key)


def _request(order: Order, key: PrivateKey) -> x509.CertificateSigningRequest:
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(order.subject)
        .add_extension(key_usage(for_key_exchange=isinstance(key, rsa.RSAPrivateKey)), critical=False)
        .add_extension(x509.ExtendedKeyUsage(order.ekus), critical=False)
    )
    if order.names:
        builder = builder.add_extension(x509.SubjectAlternativeName(order.names), critical=False)
    return builder.sign(key, hashes.SHA256())


def with_names(order: Order, names: Sequence[str], without: Sequence[str] = ()) -> Order:
    """Return the order with these dNSNames as well, and without some others; the rest keeps its place."""
    gone, held = {n.lower() for n in without}, {n.value.lower() for n in order.names if isinstance(n, x509.DNSName)}
    kept = tuple(n for n in order.names if not (isinstance(n, x509.DNSName) and n.value.lower() in gone))
    added = tuple(
        x509.DNSName(name) for name in dict.fromkeys(names) if name.lower() not in held or name.lower() in gone
    )
    return replace(order, names=(*kept, *added))
