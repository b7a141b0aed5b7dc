"""Compare a new certificate with the one that it replaces: what changed, and who notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509

from pkikit.judge.checks.certificate_checks import MAX_SHOWN, WEAK_DIGESTS, allows, format_ekus
from pkikit.judge.linting.issued_certificate import PURPOSES, san_entries
from pkikit.judge.linting.lint import weigh
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.canonical_name import common_name, format_name
from pkikit.model.certificates.facts import (
    extension,
    format_time,
    is_self_signed,
    key_kind,
    key_of,
    presented_names,
    serial_number,
    title,
)
from pkikit.model.certificates.public_key import digest_name
from pkikit.model.findings import Evidence, Finding, Severity, Verdict
from pkikit.rules import replacement_rules as rules
from pkikit.rules.rule import Rule
from pkikit.text import listed


def lint_replacement(old: x509.Certificate, new: x509.Certificate, use: CertificateUse) -> Verdict:
    """Compare names, key, issuer, purposes, dates, algorithms and serial number of a certificate and its predecessor.

    use: with the layout of a peer, each missing name comes with the connections that need it.
    """
    subject = title(new)
    if old == new:
        evidence = Evidence(
            label="certificate",
            expected="a new one",
            seen="the same, byte by byte",
            where="file",
            says="The new certificate is the old one, byte by byte.",
        )
        findings = [rules.SAME_CERTIFICATE.finding(subject, [evidence])]
    else:
        findings = [f for part in _PARTS for f in part(old, new, use, subject)]
    return Verdict(
        question=f"what changes when {subject} replaces the certificate that ends at {format_time(old.not_valid_after_utc)}?",
        findings=tuple(findings),
        checked=tuple(rule.id for rule in (*rules.RULES, *(rule for rule, _ in PURPOSES))),
    )


def _names(old: x509.Certificate, new: x509.Certificate, use: CertificateUse, subject: str) -> Iterator[Finding]:
    before, after = presented_names(old), presented_names(new)
    was, now = san_entries(old), san_entries(new)
    gone = [n for n in was if n not in now]
    added = [n for n in now if n not in was]
    # Without any SAN name the common name counted (RFC 5922 §7.1).
    gone += [n for n in before.identities if n not in (*after.identities, *was)]
    if gone:
        evidence, weight = _who_misses(gone, use)
        yield rules.NAME_REMOVED.finding(subject, evidence, severity=weight)
    if added:
        shown = [
            Evidence(
                label=f"name {n}",
                expected="as before",
                seen="new",
                where="subjectAltName",
                says=f"The new certificate also has {n}.",
            )
            for n in added[:MAX_SHOWN]
        ]
        yield rules.NAME_ADDED.finding(subject, shown)
    if old.subject != new.subject:
        cn_changed = common_name(old.subject) != common_name(new.subject)
        label = "subject (another common name)" if cn_changed else "subject"
        evidence = [_state_change(label, format_name(old.subject), format_name(new.subject))]
        weight = Severity.WARNING if cn_changed else Severity.INFO
        yield _difference(rules.SUBJECT_CHANGED, subject, evidence, severity=weight)


def _who_misses(gone: Sequence[str], use: CertificateUse) -> tuple[list[Evidence], Severity]:
    """Return evidence for each name that is gone, and its weight; only a layout says who needs the name."""
    if use.layout is None:
        label = "machines that look for it"
        evidence = [
            Evidence(
                label=f"name {n}, {label}",
                expected="still there",
                seen="gone",
                where="subjectAltName",
                says=f"The old certificate has {n}, the new one does not. Machines that look for it will refuse the new one.",
            )
            for n in gone[:MAX_SHOWN]
        ]
        return evidence, Severity.WARNING
    needed = {entry.value: entry for entry in use.layout.entries}
    evidence = []
    for name in gone[:MAX_SHOWN]:
        entry = needed.get(name)
        needs = listed(entry.needed_by) or entry.reason if entry else ""
        who = (
            f"needed by {', '.join(entry.needed_by) or entry.reason}" if entry else "nothing in the deployment needs it"
        )
        evidence.append(
            Evidence(
                label=f"name {name}",
                expected="still there" if entry else "-",
                seen=f"gone; {who}",
                where="SAN",
                says=f"The old certificate has {name}, the new one does not. "
                + (f"Needed by: {needs}." if entry else "Nothing in the deployment needs it."),
            )
        )
    return evidence, Severity.ERROR if any(n in needed for n in gone) else Severity.INFO


def _key(old: x509.Certificate, new: x509.Certificate, use: CertificateUse, subject: str) -> Iterator[Finding]:
    same = key_of(old) == key_of(new)
    rule = rules.KEY_KEPT if same else rules.KEY_CHANGED
    seen = "the same key" if same else "a new key"
    says = f"The new certificate has {seen}{' as the old one' if same else ''}."
    evidence = Evidence(label="public key", expected="known", seen=seen, where="subjectPublicKey", says=says)
    yield rule.finding(subject, [evidence])
    changed, weaker = [], False
    (old_kind, old_bits), (new_kind, new_bits) = key_kind(old), key_kind(new)
    if (old_kind, old_bits) != (new_kind, new_bits):
        weaker = old_kind == new_kind and new_bits < old_bits
        changed.append(_state_change("key", f"{old_kind} {old_bits} bits", f"{new_kind} {new_bits} bits"))
    old_digest, new_digest = digest_name(old), digest_name(new)
    if old_digest != new_digest:
        weaker |= new_digest in WEAK_DIGESTS
        changed.append(_state_change("signature digest", old_digest or "none", new_digest or "none"))
    if changed:
        other_kind = old_kind != new_kind
        weight = Severity.WARNING if weaker or other_kind else Severity.INFO
        yield _difference(rules.ALGORITHM_CHANGED, subject, changed, severity=weight)


def _state_change(label: str, before: str, after: str) -> Evidence:
    says = f"{label[:1].upper()}{label[1:]}: was {before}, is now {after}."
    return Evidence(label=label, expected=before, seen=after, where="old and new certificate", says=says)


def _difference(rule: Rule, subject: str, evidence: Sequence[Evidence], *, severity: Severity | None = None) -> Finding:
    """Return a finding that states the old and the new value; there is no expected one."""
    return rule.finding(subject, evidence, severity=severity)


def _issuer(old: x509.Certificate, new: x509.Certificate, use: CertificateUse, subject: str) -> Iterator[Finding]:
    if is_self_signed(old) and is_self_signed(new):
        evidence = Evidence(
            label="issuer",
            expected="a CA",
            seen="signed by its own key, old and new",
            where="issuer",
            says="Both certificates are self-signed: each is its own issuer.",
        )
        if key_of(old) != key_of(new):
            yield rules.ISSUER_CHANGED.finding(subject, [evidence])
    elif old.issuer != new.issuer:
        yield _difference(
            rules.ISSUER_CHANGED,
            subject,
            [_state_change("issuer", format_name(old.issuer), format_name(new.issuer))],
        )
    else:
        before, after = _issuer_key(old), _issuer_key(new)
        if before and after and before != after:
            yield _difference(
                rules.ISSUER_CHANGED,
                subject,
                [_state_change("key of the issuer (same name)", before.hex(), after.hex())],
            )
    if serial_number(old) == serial_number(new) and old.issuer == new.issuer:
        evidence = Evidence(
            label="serial number",
            expected="another",
            seen=f"{serial_number(new):x}"[:80],
            where="serial",
            says=f"Both certificates have the serial number {f'{serial_number(new):x}'[:80]}.",
        )
        yield rules.SERIAL_REUSED.finding(subject, [evidence])


def _issuer_key(certificate: x509.Certificate) -> bytes | None:
    identifier = extension(certificate, x509.AuthorityKeyIdentifier)
    return identifier.key_identifier if identifier else None


def _purposes(old: x509.Certificate, new: x509.Certificate, use: CertificateUse, subject: str) -> Iterator[Finding]:
    for rule, oid in PURPOSES:
        if allows(old, oid) and not allows(new, oid):
            evidence = _state_change("extended key usage", format_ekus(old), format_ekus(new))
            found = weigh(rule.finding(subject, [evidence]), use)
            if found is not None:
                yield found


def _validity(old: x509.Certificate, new: x509.Certificate, use: CertificateUse, subject: str) -> Iterator[Finding]:
    evidence = []
    if new.not_valid_after_utc < old.not_valid_after_utc:
        evidence.append(
            _state_change("not after", format_time(old.not_valid_after_utc), format_time(new.not_valid_after_utc))
        )
    if new.not_valid_before_utc > old.not_valid_after_utc:
        evidence.append(
            Evidence(
                label="not before",
                expected=f"at or before {format_time(old.not_valid_after_utc)}, the end of the old one",
                seen=format_time(new.not_valid_before_utc),
                where="validity",
                says=f"There is a gap: the old certificate ends at {format_time(old.not_valid_after_utc)}, and the new one "
                f"starts at {format_time(new.not_valid_before_utc)}.",
            )
        )
    if evidence:
        yield rules.VALIDITY_WORSE.finding(subject, evidence)
    before, after = (c.not_valid_after_utc - c.not_valid_before_utc for c in (old, new))
    if before.days != after.days:
        yield _difference(
            rules.LIFETIME_CHANGED, subject, [_state_change("lifetime", f"{before.days} days", f"{after.days} days")]
        )


_PARTS = (_names, _key, _issuer, _purposes, _validity)
