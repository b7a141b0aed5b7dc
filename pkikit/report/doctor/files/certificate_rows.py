"""What one checks first in a certificate: names, purposes both ways, dates and what the next renewal brings, key, chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.files import FileContents
from pkikit.judge.checks.certificate_checks import allows, format_ekus
from pkikit.judge.legs.client_auth_end import is_public
from pkikit.judge.paths.trust import build_path
from pkikit.judge.renewal_due import renew_at
from pkikit.model.certificates.canonical_name import format_name
from pkikit.model.certificates.facts import (
    has_ended,
    has_started,
    is_self_issued,
    is_self_signed,
    key_kind,
    presented_names,
    title,
    unreadable_dates,
)
from pkikit.model.certificates.public_key import digest_name
from pkikit.model.tables.public_cas import RENEWALS_LOSE_IT, WEB_LIFETIMES, days_at
from pkikit.report.doctor.diagnosis import Row
from pkikit.text import counted, listed, printable

_FORMS = {
    "pem": "PEM", "utf-16": "PEM in UTF-16", "der": "DER", "pkcs7": "PKCS#7", "pkcs12": "PKCS#12",
    "base64": "base64 without BEGIN line", "zip": "zip archive", "gzip": "gzip",
}  # fmt: skip
Holder = x509.Certificate | x509.CertificateSigningRequest
_MOST_NAMES = 5
_DIGESTS = {"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


def form_of(contents: FileContents) -> str:
    """Return how a file is encoded, as people call it."""
    return _FORMS.get(contents.form, contents.form)


def key_rows(contents: FileContents) -> Iterator[Row]:
    """Yield a warning if a private key is in the file, too."""
    if contents.keys or contents.encrypted_keys or contents.other_keys:
        yield "Private key", "in the same file: keep it secret, and send only the certificate to others"


def name_row(holder: Holder) -> Row:
    """Return the names that a certificate or a request presents, wildcards and addresses marked as such."""
    names = presented_names(holder)
    shown = [
        *names.dns,
        *(f"sip:{name} (SIP URI)" for name in names.sip),
        *(f"{name} (wildcard)" for name in names.wildcards),
        *(f"{name} (IP address)" for name in names.ip),
        *(f"{name} (unusable)" for name in names.unusable),
    ]
    if shown:
        return "Names", printable(listed(shown, at_most=_MOST_NAMES), 600)
    if names.common_name:
        return "Names", f"{printable(names.common_name)} (only the common name; there is no SAN)"
    return "Names", f"none (subject: {printable(format_name(holder.subject)) or 'empty'})"


def purpose_row(holder: Holder) -> Row:
    """Return whether a certificate may be shown as TLS server and as TLS client."""
    if format_ekus(holder) in {"none", "unreadable"}:
        listed_as = "no purpose is listed" if format_ekus(holder) == "none" else "the list of purposes is unreadable"
        return "Purposes", f"as server: yes, as client: yes ({listed_as})"
    as_server, as_client = (
        allows(holder, oid) for oid in (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    )
    says = f"as server: {'yes' if as_server else 'no'}, as client: {'yes' if as_client else 'no'}"
    return "Purposes", says if as_client else f"{says} (no clientAuth)"


def validity_of(certificate: x509.Certificate, at: datetime) -> str:
    """Return from when to when a certificate is valid, and how many days are left."""
    if unreadable_dates(certificate):
        return "unreadable"
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if has_ended(certificate, at):
        left = f"expired {counted((at - ends).days, 'day')} ago"
    elif not has_started(certificate, at):
        left = f"not valid yet: starts in {counted((begins - at).days, 'day')}"
    else:
        left = f"{counted((ends - at).days, 'day')} left"
    return f"{begins:%Y-%m-%d} to {ends:%Y-%m-%d} ({left})"


def key_row(holder: Holder) -> Row:
    """Return key and signature digest."""
    kind, bits = key_kind(holder)
    digest = digest_name(holder)
    return "Key", f"{kind} {bits} bits, signed with {_DIGESTS.get(digest, digest)}" if bits else kind


def renewal_rows(certificate: x509.Certificate, at: datetime) -> Iterator[Row]:
    """Yield when to renew a server or client certificate, and what a public CA issues by then."""
    if unreadable_dates(certificate):
        return
    due, ends = renew_at(certificate), certificate.not_valid_after_utc
    if ends <= at:
        yield "Renewal", "overdue"
    elif due <= at:
        yield "Renewal", f"now: less than a third of its life is left, until {ends:%Y-%m-%d}"
    else:
        yield "Renewal", f"from {due:%Y-%m-%d} on"
    if not is_public(certificate):
        return
    renewed = max(due, at)
    says = f"the next certificate lives {days_at(WEB_LIFETIMES, renewed)} days at most"
    if renewed >= RENEWALS_LOSE_IT and allows(certificate, ExtendedKeyUsageOID.CLIENT_AUTH):
        says += ", and comes back without clientAuth"
    yield "Public CA", says


def chain_rows(leaf: x509.Certificate, behind: Sequence[x509.Certificate], at: datetime) -> Iterator[Row]:
    """Yield who issued a certificate, how far its chain goes, and what is superfluous in it.

    Args:
        leaf: the certificate.
        behind: what comes after it in the file or the handshake.
        at: the time judged.

    Yields:
        Labels and texts.
    """
    if is_self_issued(leaf):
        yield "Issued by", "itself (self-signed)" if is_self_signed(leaf) else "a CA of the same name"
        return
    yield "Issued by", printable(format_name(leaf.issuer))
    path = build_path(leaf, sent=behind, trusted_ca_list=(), at=at).certificates
    top = path[-1]
    if is_self_signed(top):
        ends = f"complete up to the root {title(top)}"
    elif len(path) == 1:
        ends = "no issuer comes with it" if behind else "the certificate only"
    else:
        ends = f"up to {title(top)}; the next CA is {title_of(top.issuer)}"
    remarks = list(_remarks(leaf, behind, path))
    yield "Chain", "; ".join((ends, *remarks))


def title_of(name: x509.Name) -> str:
    """Return a short name for a CA of which only the name is known."""
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return printable(str(common[0].value)) if common else printable(format_name(name))


def _remarks(
    leaf: x509.Certificate, behind: Sequence[x509.Certificate], path: Sequence[x509.Certificate]
) -> Iterator[str]:
    """Yield what is twice in a chain, in another order, or part of another chain."""
    every = (leaf, *behind)
    if twice := len(every) - len(set(every)):
        yield f"{counted(twice, 'certificate')} {'is' if twice == 1 else 'are'} there twice"
    single = list(dict.fromkeys(every))
    if [c for c in single if c in path] != list(path):
        yield "not in the order of the chain"
    if others := [c for c in single if c not in path]:
        names = listed([title(c) for c in others], at_most=2)
        yield f"{names} {'is' if len(others) == 1 else 'are'} not part of it"


def ca_rows(certificates: Sequence[x509.Certificate], at: datetime) -> Iterator[Row]:
    """Yield how many roots and intermediates a list has, which expire first, and what is twice in it."""
    roots = [c for c in certificates if is_self_signed(c)]
    below = len(certificates) - len(roots)
    yield "Contains", listed([t for t in (counted(len(roots), "root"), counted(below, "intermediate")) if t[0] != "0"])
    yield "CAs", printable(listed([title(c) for c in certificates], at_most=4), 600)
    dated = [c for c in certificates if not unreadable_dates(c)]
    ended = [title(c) for c in dated if has_ended(c, at)]
    if ended:
        yield "Expired", printable(listed(ended, at_most=3), 400)
    current = sorted((c for c in dated if not has_ended(c, at)), key=lambda c: c.not_valid_after_utc)
    if current:
        yield "Expires first", f"{title(current[0])}: {validity_of(current[0], at)}"
    if twice := len(certificates) - len(set(certificates)):
        yield "Twice", counted(twice, "certificate")
