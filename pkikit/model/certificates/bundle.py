"""The certificates of one file: which one is the server certificate, and what comes before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from pkikit.model.certificates.canonical_name import common_name
from pkikit.model.certificates.facts import extension, is_self_issued, issuer_of, subject_of


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """The certificates of one file, sorted into what they are for.

    leaf: the server certificate; None when there are only CAs. others: the CAs behind it, in the order of the file.
    second_leaves: further certificates that are no CA and issued nothing in the file.
    """

    certificates: tuple[x509.Certificate, ...]
    leaf: x509.Certificate | None
    others: tuple[x509.Certificate, ...]
    second_leaves: tuple[x509.Certificate, ...] = ()

    @property
    def leaf_is_first(self) -> bool:
        """True unless something comes before the server certificate."""
        return self.leaf is None or self.certificates[0] is self.leaf

    @property
    def leaf_first(self) -> tuple[x509.Certificate, ...]:
        """All certificates, the server certificate first."""
        rest = tuple(c for c in self.certificates if c is not self.leaf)
        return self.certificates if self.leaf is None else (self.leaf, *rest)

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The server certificate first, as the file should be."""
        return self.certificates if self.leaf is None else (self.leaf, *self.others)


def is_ca(certificate: x509.Certificate) -> bool:
    """True when BasicConstraints says so."""
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def is_its_own_ca(certificate: x509.Certificate) -> bool:
    """True for a server certificate that is a CA too: self-issued, and it names a machine, as `openssl req -x509` makes it.

    A root may have a host name as its common name; but then it says that its key signs certificates.
    """
    if not is_ca(certificate) or not is_self_issued(certificate):
        return False
    san = extension(certificate, x509.SubjectAlternativeName)
    if san is not None:
        return bool(san.get_values_for_type(x509.DNSName))
    name = common_name(certificate.subject)
    return extension(certificate, x509.KeyUsage) is None and "." in name and " " not in name


def _looks_like_a_server(certificate: x509.Certificate) -> bool:
    """True for a certificate that was made for a machine. A CA whose flag is missing is still meant as a CA."""
    usage = extension(certificate, x509.KeyUsage)
    if is_ca(certificate) or (usage is not None and usage.key_cert_sign):
        return False
    purposes = (x509.SubjectAlternativeName, x509.ExtendedKeyUsage, x509.BasicConstraints)
    if any(extension(certificate, kind) is not None for kind in purposes):
        return True
    name = common_name(certificate.subject)
    return "." in name and " " not in name


def bundle_of(certificates: Sequence[x509.Certificate], *, is_server: bool = False) -> Bundle:
    """Which certificate of a file is the server certificate. is_server: somebody said that there is one."""
    issuers = {issuer_of(c) for c in certificates if not is_self_issued(c)}
    leaves = [
        c for c in certificates
        if _looks_like_a_server(c) and subject_of(c) not in issuers and not is_self_issued(c)
    ]  # fmt: skip
    first = certificates[0]
    if not is_ca(first) and subject_of(first) not in issuers - {issuer_of(first)}:
        leaf: x509.Certificate | None = first
    elif leaves:
        leaf = leaves[0]
    else:
        leaf = first if is_server or not is_ca(first) else None
    second = tuple(c for c in leaves if c is not leaf) if leaf is not None else ()
    others = tuple(c for c in certificates if c is not leaf and not any(c is s for s in second))
    return Bundle(certificates=tuple(certificates), leaf=leaf, others=others, second_leaves=second)
