"""Judge a file with certificates and perhaps a key as a whole: its order, and whether the key belongs to the leaf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cryptography import x509

from pkikit.judge.checks.certificate_checks import key_too_long, key_too_short, key_type
from pkikit.judge.checks.check import Check
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.bundle import Bundle, is_ca
from pkikit.model.certificates.credential import PrivateKey, spki
from pkikit.model.certificates.facts import key_of, title
from pkikit.model.findings import Answer, Evidence, Severity, Verdict
from pkikit.rules.certificate_rules import KEY_TOO_LONG, KEY_TOO_SHORT, KEY_TYPE_UNTESTED
from pkikit.rules.chain_rules import KEY_MISMATCH
from pkikit.rules.file_rules import ENCRYPTED_KEY, KEY_NEWLINE, LEAF_FIRST, SECOND_LEAF


def lint_bundle(where: str, bundle: Bundle) -> Verdict:
    """Judge the order of the certificates in a file that is uploaded as server certificate."""
    leaf, first = bundle.leaf, bundle.certificates[0]
    answers = [Answer(rule=LEAF_FIRST.id), Answer(rule=SECOND_LEAF.id)]
    if leaf is not None and not bundle.leaf_is_first:
        evidence = Evidence(label="first certificate in the file", expected=f"the server certificate {title(leaf)}",
                            seen=f"{title(first)}, a CA" if is_ca(first) else title(first), where=where)  # fmt: skip
        answers.append(LEAF_FIRST.judge(title(leaf), [evidence]))
    for other in bundle.second_leaves:
        evidence = Evidence(label="further server certificate", expected="none", seen=title(other), where=where)
        answers.append(SECOND_LEAF.judge(title(other), [evidence]))
    return Verdict.of(f"is {where} in order?", *answers)


def lint_keys(
    where: str, keys: Sequence[PrivateKey], *, leaf: x509.Certificate | None, encrypted: int, ends_in_newline: bool
) -> Verdict:
    """Judge the private keys of a file: no passphrase, a newline at the end, and the leaf's own key.

    leaf: the server certificate of the same file or upload, if there is one. encrypted: how many keys are encrypted.
    """
    passphrase = Evidence(
        label="private key", expected="not encrypted", seen="encrypted with a passphrase", where=where
    )
    answers = [ENCRYPTED_KEY.judge(where, [passphrase] if encrypted else [])]
    if keys or encrypted:
        no_newline = Evidence(
            label="end of the private key file", expected="a line end (newline)", seen="none", where=where
        )
        answers.append(KEY_NEWLINE.judge(where, [] if ends_in_newline else [no_newline]))
    if keys and leaf is not None:
        answers.append(_belongs(where, keys, leaf))
    return Verdict.of(f"would the product work with the private key in {where}?", *answers)


def _belongs(where: str, keys: Sequence[PrivateKey], leaf: x509.Certificate) -> Answer:
    """Judge whether each private key belongs to the leaf."""
    own = key_of(leaf)
    fits = [spki(key.public_key()) == own for key in keys]
    if all(fits):
        return KEY_MISMATCH.judge(title(leaf), [])
    place = "private key" if len(keys) == 1 else f"private key {fits.index(False) + 1} of {len(keys)}"
    evidence = Evidence(label=place, expected=f"the key of {title(leaf)}", seen="the key of another certificate",
                        where=where)  # fmt: skip
    # OpenSSL takes the first key of a file.
    severity = Severity.WARNING if fits[0] else Severity.ERROR
    answer = KEY_MISMATCH.judge(title(leaf), [evidence], severity=severity)
    return answer.with_findings(replace(f, fix=_ONE_KEY if any(fits) else _OTHER_KEY) for f in answer.findings)


_ONE_KEY = "Take the other private keys out of the file: OpenSSL uses the first one."
_OTHER_KEY = (
    "Take the key that the request was made with: it stays on the machine that made the request. Where it is lost, make a "
    "new request and have it signed."
)


class _KeyAlone:
    """A private key with the attributes that the rules for a certificate's key read."""

    def __init__(self, key: PrivateKey) -> None:
        public = key.public_key()
        self.public_key = lambda: public
        self.tbs_certificate_bytes = spki(public)


def lint_lone_keys(where: str, keys: Sequence[PrivateKey], use: CertificateUse) -> Verdict:
    """Judge length and kind of private keys without a certificate, by the rules for a certificate's key."""
    return Verdict.of(
        f"is the private key in {where} of a kind that {use.version} takes?",
        *(check.on(where, _KeyAlone(key), use) for key in keys for check in _KEY_CHECKS),  # type: ignore[arg-type]
    )


_KEY_CHECKS = (
    Check(KEY_TOO_SHORT, key_too_short),
    Check(KEY_TOO_LONG, key_too_long),
    Check(KEY_TYPE_UNTESTED, key_type),
)
