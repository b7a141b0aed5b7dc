"""A file with certificates and perhaps a key, as a whole: which certificate comes first, and whether the key belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from cryptography import x509

from pkikit.judge.linting.lint_question import CertificateUse
from pkikit.judge.registry import finding
from pkikit.judge.rules.certificate_rules import key_too_long, key_too_short, key_type
from pkikit.judge.rules.chain_rules import KEY_MISMATCH
from pkikit.judge.rules.file_rules import KEY_NEWLINE, LEAF_FIRST, SECOND_LEAF
from pkikit.judge.rules.upload_rules import ENCRYPTED_KEY
from pkikit.model.certificates.bundle import Bundle, is_ca
from pkikit.model.certificates.credential import PrivateKey, spki
from pkikit.model.certificates.facts import key_of, title
from pkikit.model.findings import Evidence, Finding, Severity, Verdict


def lint_bundle(where: str, bundle: Bundle) -> Verdict:
    """Judge the order of the certificates in a file that is uploaded as server certificate."""
    findings: list[Finding] = []
    leaf, first = bundle.leaf, bundle.certificates[0]
    if leaf is not None and not bundle.leaf_is_first:
        evidence = Evidence(label="first certificate in the file", expected=f"the server certificate {title(leaf)}",
                            seen=f"{title(first)}, a CA" if is_ca(first) else title(first), where=where)  # fmt: skip
        findings.append(finding(LEAF_FIRST, title(leaf), [evidence]))
    for other in bundle.second_leaves:
        evidence = Evidence(label="further server certificate", expected="none", seen=title(other), where=where)
        findings.append(finding(SECOND_LEAF, title(other), [evidence]))
    return Verdict(question=f"is {where} in order?", findings=tuple(findings), checked=(LEAF_FIRST, SECOND_LEAF))


def lint_keys(
    where: str, keys: Sequence[PrivateKey], *, leaf: x509.Certificate | None, encrypted: int, ends_in_newline: bool
) -> Verdict:
    """Judge the private keys of a file: readable without a passphrase, ended by a line end, and the leaf's own.

    leaf: the server certificate of the same file or upload, where there is one. encrypted: how many keys are encrypted.
    """
    findings: list[Finding] = []
    checked = [ENCRYPTED_KEY]
    if encrypted:
        evidence = Evidence(
            label="private key", expected="not encrypted", seen="encrypted with a passphrase", where=where
        )
        findings.append(finding(ENCRYPTED_KEY, where, [evidence]))
    if keys or encrypted:
        checked.append(KEY_NEWLINE)
        if not ends_in_newline:
            evidence = Evidence(
                label="end of the private key file", expected="a line end (newline)", seen="none", where=where
            )
            findings.append(finding(KEY_NEWLINE, where, [evidence]))
    if keys and leaf is not None:
        checked.append(KEY_MISMATCH)
        own = key_of(leaf)
        fits = [spki(key.public_key()) == own for key in keys]
        if not all(fits):
            place = "private key" if len(keys) == 1 else f"private key {fits.index(False) + 1} of {len(keys)}"
            evidence = Evidence(label=place, expected=f"the key of {title(leaf)}", seen="the key of another certificate",
                                where=where)  # fmt: skip
            # OpenSSL takes the first key of a file.
            found = finding(
                KEY_MISMATCH, title(leaf), [evidence], severity=Severity.WARNING if fits[0] else Severity.ERROR
            )
            findings.append(replace(found, fix=_ONE_KEY if any(fits) else _OTHER_KEY))
    return Verdict(
        question=f"would the product work with the private key in {where}?",
        findings=tuple(findings),
        checked=tuple(checked),
    )


_ONE_KEY = "Take the other private keys out of the file: OpenSSL uses the first one."
_OTHER_KEY = (
    "Take the key that the request was made with: it stays on the machine that made the request. Where it is lost, make a "
    "new request and have it signed."
)


class _KeyAlone:
    """A private key seen through the attributes that the rules for the key of a certificate read."""

    def __init__(self, key: PrivateKey) -> None:
        public = key.public_key()
        self.public_key = lambda: public
        self.tbs_certificate_bytes = spki(public)


def lint_lone_keys(where: str, keys: Sequence[PrivateKey], use: CertificateUse) -> Verdict:
    """Judge length and kind of private keys that came without a certificate, by the rules of a certificate's key."""
    rules: dict[str, Callable[..., Iterable[Evidence]]] = {
        "key.too-short": key_too_short, "key.too-long": key_too_long, "key.type-untested": key_type,
    }  # fmt: skip
    found = ((rule_id, tuple(find(_KeyAlone(key), use))) for key in keys for rule_id, find in rules.items())
    return Verdict(
        question=f"is the private key in {where} of a kind that {use.version} takes?",
        findings=tuple(finding(rule_id, where, evidence) for rule_id, evidence in found if evidence),
        checked=tuple(rules),
    )
