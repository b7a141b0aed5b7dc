"""Judge a `limbo.json` of C2SP/x509-limbo, and ask OpenSSL the same: purpose, names and CRLs included.

`python -m tests.support.agreement --limbo FILE` writes what was found into docs/agreement.md. The corpus itself is not
kept here: it is on no package registry, and its bettertls family has to be made by Netflix/bettertls.
"""

from __future__ import annotations

import datetime as dt
import json
import warnings
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
from pkikit.model.leg import NameCheck, Purpose
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion
from pkikit.reading import load_certificate
from tests.support.openssl_store import ask

# Why we may refuse what OpenSSL, asked for purpose, name and CRLs, accepts: by our rule. Nothing explains the opposite.
STRICTER = {
    "names.wildcard-unsupported": "the product supports no wildcards (guide, 'Points to be Aware')",
    "names.reference-not-presented": "the common name counts only without any SAN (RFC 5922), names are compared whole",
    "ca.basic-constraints-missing": "the product refuses a CA without BasicConstraints (guide, 'Points to be Aware')",
    "key.too-short": "the product's TLS keeps OpenSSL's security level 2; a bare verification has none",
    "signature.digest-unsupported": "the product's TLS keeps OpenSSL's security level 2; a bare verification has none",
    "trust.same-subject-ambiguous": "the product uses the first of two self-signed namesakes (guide)",
    "encoding": "the library that reads certificates refuses this one",
}


@dataclass(frozen=True)
class Answer:
    """One case: what the corpus expects, what we say and why, what OpenSSL says (None: it cannot read it)."""

    id: str
    expected: bool
    ours: bool
    why: tuple[str, ...]
    openssl: bool | None
    code: int

    @property
    def family(self) -> str:
        """The first two parts of the id."""
        return "::".join(self.id.split("::")[:2])

    @property
    def explained(self) -> bool:
        """True when we answer as OpenSSL does, or are stricter for reasons that the table has."""
        if self.openssl is None or self.ours == self.openssl:
            return True
        return not self.ours and set(self.why) <= STRICTER.keys()


def judge(case: dict[str, Any]) -> Answer:
    """Ask pkikit and OpenSSL the question of one case."""
    expected = case["expected_result"] == "SUCCESS"
    try:
        leaf, sent, trusted = (_read(case[k]) for k in ("peer_certificate", "untrusted_intermediates", "trusted_certs"))
        crls = [x509.load_pem_x509_crl(c.encode()) for c in case.get("crls", [])]
    except (ValueError, PkikitError):
        return Answer(case["id"], expected, False, ("encoding",), None, 0)
    at = _instant(case["validation_time"])
    purpose = Purpose.SERVER if case["validation_kind"] == "SERVER" else Purpose.CLIENT
    peer = case.get("expected_peer_name")
    name = peer["value"] if peer and peer["kind"] in {"DNS", "IP"} else ""
    question = None
    if crls:
        data = NOTHING_HELD.with_crls(CrlSource.MANUAL, crls)
        question = RevocationQuestion(settings=Revocation(checking=True, fallback="revoked"), data=data)
    checks = [NameCheck(any_of=(name,), why="expected_peer_name", sip=False)] if name else []
    try:
        verdict = verify_certificate(
            leaf[0], sent=sent, trusted_ca_list=trusted, purpose=purpose, at=at, name_checks=checks, revocation=question
        )
        ours, why = verdict.accepted, tuple(f.rule for f in verdict.errors)
    except PkikitError:
        ours, why = False, ("encoding",)
    try:
        theirs = ask(
            leaf[0], sent=sent, trusted=trusted, at=at, purpose=purpose, name=name, crls=crls, check_crls=bool(crls)
        )
    except crypto.Error:
        return Answer(case["id"], expected, ours, why, None, 0)
    return Answer(case["id"], expected, ours, why, theirs.accepted, theirs.code)


def _read(pem: str | list[str]) -> list[x509.Certificate]:
    return [load_certificate(x509_der(p)) for p in ([pem] if isinstance(pem, str) else pem)]


def x509_der(pem: str) -> bytes:
    """The bytes between the PEM lines."""
    import base64

    return base64.b64decode("".join(line for line in pem.splitlines() if line and not line.startswith("-")))


def _instant(text: str | None) -> dt.datetime:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")) if text else dt.datetime.now(dt.UTC)


def run(path: Path) -> Iterator[Answer]:
    """All cases of a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for case in json.loads(path.read_text(encoding="utf-8"))["testcases"]:
            yield judge(case)
