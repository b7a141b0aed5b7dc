"""Judge a `limbo.json` of C2SP/x509-limbo and say where we differ: `python -m tests.vectors.limbo FILE [--openssl]`.

The corpus itself is not kept here (it is not on a package registry); docs/agreement.md has what the last run found.
Every disagreement has to be in EXPLAINED, by case or by family, or the run fails.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from OpenSSL import crypto

from pkikit.errors import PkikitError
from pkikit.judge.verify import verify_certificate
from pkikit.model.deployment import Revocation
from pkikit.model.findings import Verdict
from pkikit.model.leg import NameCheck, Purpose
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion

_CA_PROFILE = "what a CA may issue (RFC 5280's profile); OpenSSL looks at it only with X509_V_FLAG_X509_STRICT, the product not at all"
_WEB = "a rule of the web PKI (CA/Browser Forum); private CAs of the product's world do not keep it, and OpenSSL does not ask"
_NO_BACKTRACK = "as OpenSSL: the trusted CA list comes first, and no second way is tried once a step is taken"
_NO_WILDCARD = "the product supports no wildcards (guide, 'Points to be Aware')"
_NO_IP = "an address dialled as IP matches nothing in the product (RFC 5922)"
# Families of cases, by the beginning of their id and by our answer, in which we differ from the corpus, and why.
EXPLAINED: tuple[tuple[str, str, str], ...] = (
    ("crl::crlnumber-", "accept", _CA_PROFILE),
    (
        "pathlen::max-chain-depth-",
        "accept",
        "asks for a limit of depth that the product does not set (OpenSSL's 100 holds)",
    ),
    ("rfc5280::aki::", "accept", _CA_PROFILE),
    ("rfc5280::ski::", "accept", _CA_PROFILE),
    ("rfc5280::pc::", "accept", _CA_PROFILE),
    ("rfc5280::serial::", "accept", _CA_PROFILE + "; certificate.serial-invalid warns"),
    ("rfc5280::eku::ee-eku-empty", "accept", _CA_PROFILE),
    ("rfc5280::nc::permitted-dns-match-noncritical", "accept", _CA_PROFILE),
    ("rfc5280::nc::invalid-dnsname-leading-period", "accept", _CA_PROFILE),
    ("rfc5280::nc::not-allowed-in-ee", "accept", _CA_PROFILE),
    ("rfc5280::nc::nc-permits-invalid", "accept", _CA_PROFILE),
    ("rfc5280::san::noncritical-with-empty-subject", "accept", _CA_PROFILE),
    ("rfc5280::san::underscore-dns", "accept", _CA_PROFILE),
    ("rfc5280::root-non-critical-basic-constraints", "accept", _CA_PROFILE),
    ("rfc5280::leaf-ku-keycertsign", "accept", _CA_PROFILE),
    ("webpki::", "accept", _WEB),
    ("cve::cve-2024-0567", "reject", _NO_BACKTRACK),
    ("rfc5280::nc::nc-forbids-alternate-chain-ica", "reject", _NO_BACKTRACK),
    ("rfc5280::nc::nc-forbids-same-chain-ica", "reject", _NO_BACKTRACK),
    ("rfc5280::root-and-intermediate-swapped", "reject", _NO_BACKTRACK),
    ("rfc5280::nc::permitted-ipv", "reject", _NO_IP),
    ("webpki::san::exact-localhost-ip-san", "reject", _NO_IP),
    ("webpki::nc::nc-permits-dns-san-pattern", "reject", _NO_WILDCARD),
    ("webpki::san::leftmost-wildcard-san", "reject", _NO_WILDCARD),
    ("online::docs.python.org", "reject", _NO_WILDCARD),
)


@dataclass(frozen=True)
class Answer:
    """One case: what is expected, what we say and why, what OpenSSL says."""

    id: str
    expected: bool
    ours: bool
    why: tuple[str, ...]
    openssl: bool | None


def judge(case: dict[str, Any]) -> Answer:
    """Ask pkikit, and OpenSSL through pyOpenSSL, the question of one case."""
    at = _instant(case["validation_time"])
    try:
        certificates = {k: [x509.load_pem_x509_certificate(p.encode()) for p in case[k]]
                        for k in ("trusted_certs", "untrusted_intermediates")}  # fmt: skip
        leaf = x509.load_pem_x509_certificate(case["peer_certificate"].encode())
        verdict = _ours(case, leaf, certificates, at)
        ours, why = verdict.accepted, tuple(f.rule for f in verdict.errors)
    except (ValueError, PkikitError) as error:
        return Answer(case["id"], case["expected_result"] == "SUCCESS", False, (f"unreadable: {error}",), None)
    return Answer(case["id"], case["expected_result"] == "SUCCESS", ours, why, _openssl(case, leaf, certificates, at))


def _ours(
    case: dict[str, Any], leaf: x509.Certificate, chain: dict[str, list[x509.Certificate]], at: dt.datetime
) -> Verdict:
    purpose = Purpose.SERVER if case["validation_kind"] == "SERVER" else Purpose.CLIENT
    name = case.get("expected_peer_name")
    checks = (
        [NameCheck(any_of=(name["value"],), why="expected_peer_name")] if name and name["kind"] in {"DNS", "IP"} else []
    )
    crls = [x509.load_pem_x509_crl(c.encode()) for c in case.get("crls", [])]
    question = None
    if crls:
        data = NOTHING_HELD.with_crls(CrlSource.MANUAL, crls)
        question = RevocationQuestion(settings=Revocation(checking=True, fallback="revoked"), data=data)
    return verify_certificate(
        leaf, sent=chain["untrusted_intermediates"], trusted_ca_list=chain["trusted_certs"], purpose=purpose, at=at,
        name_checks=checks, revocation=question,
    )  # fmt: skip


def _openssl(
    case: dict[str, Any], leaf: x509.Certificate, chain: dict[str, list[x509.Certificate]], at: dt.datetime
) -> bool | None:
    try:
        store = crypto.X509Store()
        for certificate in chain["trusted_certs"]:
            store.add_cert(crypto.X509.from_cryptography(certificate))
        store.set_time(at)
        sent = [crypto.X509.from_cryptography(c) for c in chain["untrusted_intermediates"]]
        crypto.X509StoreContext(store, crypto.X509.from_cryptography(leaf), sent).verify_certificate()
    except crypto.X509StoreContextError:
        return False
    except crypto.Error:
        return None
    return True


def _instant(text: str | None) -> dt.datetime:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")) if text else dt.datetime.now(dt.UTC)


def explained(answer: Answer) -> str:
    """Why we differ from the corpus, or an empty string."""
    ours = "accept" if answer.ours else "reject"
    return next((why for prefix, side, why in EXPLAINED if side == ours and answer.id.startswith(prefix)), "")


def run(path: Path) -> Iterator[Answer]:
    """All cases of a file that ask something of a path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for case in json.loads(path.read_text(encoding="utf-8"))["testcases"]:
            yield judge(case)


def main() -> int:
    """Print every disagreement with its explanation; 1 when one has none."""
    answers = list(run(Path(sys.argv[1])))
    silent = 0
    counts: Counter[str] = Counter()
    for answer in answers:
        if answer.expected == answer.ours:
            counts["agree"] += 1
            continue
        why = explained(answer)
        counts["explained" if why else "unexplained"] += 1
        silent += not why
        print(f"{'   ' if why else '!! '}{answer.id}: expected {answer.expected}, ours {answer.ours} {list(answer.why)}, "
              f"openssl {answer.openssl}  {why}")  # fmt: skip
    same = sum(a.openssl == a.ours for a in answers if a.openssl is not None)
    print(f"{len(answers)} cases: {dict(counts)}; same answer as OpenSSL's path validation: {same}")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
