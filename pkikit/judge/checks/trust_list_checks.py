"""Checks of a trusted CA list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509

from pkikit.judge.checks.check import TRUSTED_CA_LIST, Check
from pkikit.judge.checks.trust_checks import describe_for_list
from pkikit.judge.checks.upload_checks import is_temporary
from pkikit.judge.paths.trust import Anchor, build_path, effective_trust, is_sound, same_key, trust_index
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.canonical_name import common_name, format_name
from pkikit.model.certificates.facts import extension, is_self_signed, is_valid_at, subject_of, title
from pkikit.model.findings import Evidence
from pkikit.rules.trust_rules import (
    LEAF_IN_LIST,
    LIST_CROSS_SIGNED_COPY,
    LIST_SAME_COMMON_NAME,
    LIST_SAME_SUBJECT,
    ROOT_ABSENT,
    TEMPORARY_CA,
)
from pkikit.values.names import printable


def same_subject(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each certificate of the list that the product does not use, because another has its name."""
    for dropped in effective_trust(certificates)[1]:
        yield Evidence(
            label="subject",
            expected="once",
            seen=f"{describe_for_list(dropped)}, behind another of that name",
            where=TRUSTED_CA_LIST,
            says=f"The product does not use {describe_for_list(dropped)}: another certificate with that subject comes first.",
        )


def leaf_in_list(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each certificate of the list that is not a CA."""
    for certificate in certificates:
        constraints = extension(certificate, x509.BasicConstraints)
        if constraints is not None and not constraints.ca:
            says = f"{title(certificate)} is not a CA certificate."
            yield Evidence(
                label="certificate", expected="a CA", seen=title(certificate), where=TRUSTED_CA_LIST, says=says
            )


def same_common_name(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each certificate whose common name another one of the list has."""
    seen: dict[str, x509.Certificate] = {}
    for certificate in certificates:
        name = common_name(certificate.subject)
        first = seen.setdefault(name, certificate) if name else certificate
        if first != certificate:
            says = f"Two CA certificates have the common name {printable(name)}."
            yield Evidence(
                label=f"common name {printable(name)}", expected="once", seen="twice", where=TRUSTED_CA_LIST, says=says
            )


def root_absent(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each intermediate of the list whose root is not in it."""
    for certificate in certificates:
        # A self-signed certificate is a root itself. The rule below judges its cross-signed copies.
        if is_self_signed(certificate) or self_signed_twin(certificate, certificates):
            continue
        path = build_path(certificate, sent=(), trusted_ca_list=certificates, at=use.at)
        if path.anchor is not Anchor.TRUSTED:
            above = format_name(path.certificates[-1].issuer)
            yield Evidence(
                label=f"issuer of {title(certificate)}",
                expected=above,
                seen="not in the list",
                where=TRUSTED_CA_LIST,
                says=f"The list has the intermediate {title(certificate)}, but not {above} above it.",
            )


def cross_signed_copy(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each cross-signed copy of a root that comes before the root and leads nowhere."""
    places = {certificate: n for n, certificate in reversed(list(enumerate(certificates)))}
    for certificate in places:
        twin = self_signed_twin(certificate, certificates)
        if twin is None or places[twin] < places[certificate] or not is_valid_at(certificate, use.at):
            continue
        path = build_path(certificate, sent=(), trusted_ca_list=certificates, at=use.at)
        if not is_sound(path, use.at):
            yield Evidence(
                label="cross-signed copy",
                expected=f"behind {describe_for_list(twin)}, or not in the list",
                seen=describe_for_list(certificate),
                where=TRUSTED_CA_LIST,
                says=f"The cross-signed copy {describe_for_list(certificate)} comes before {describe_for_list(twin)}.",
            )


def self_signed_twin(
    certificate: x509.Certificate, certificates: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    """Return the self-signed certificate of the list with the subject and key of one that is not self-signed."""
    if is_self_signed(certificate):
        return None
    used = trust_index(certificates).by_subject.get(subject_of(certificate), ())
    return next((c for c in used if is_self_signed(c) and same_key(c, certificate)), None)


def temporary_ca(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each temporary CA of a new installation in the list."""
    for certificate in certificates:
        if is_temporary(certificate.subject):
            seen = format_name(certificate.subject)
            says = f"The list still has the temporary CA of the installation: {seen}."
            yield Evidence(label="CA", expected="one that you chose", seen=seen, where=TRUSTED_CA_LIST, says=says)


CHECKS = (
    Check(LIST_SAME_SUBJECT, same_subject),
    Check(LEAF_IN_LIST, leaf_in_list),
    Check(LIST_SAME_COMMON_NAME, same_common_name),
    Check(ROOT_ABSENT, root_absent),
    Check(LIST_CROSS_SIGNED_COPY, cross_signed_copy),
    Check(TEMPORARY_CA, temporary_ca),
)
