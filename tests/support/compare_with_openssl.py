"""Read, lint, verify and match every certificate below a folder, in one process, beside `openssl x509`.

    python -m tests.support.compare_with_openssl FOLDER

Prints counts, and each file where the answers differ. Exit 1 when pkikit raised something, did not read what OpenSSL
reads, or called an extension absent that OpenSSL prints. The corpora (zlint's `testdata`, pkilint's `tests`,
cryptography_vectors, x509-limbo) are not part of this repository: docs/linters.md says where they come from.
"""

from __future__ import annotations

import re
import subprocess
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from pkikit.errors import EncodingError, InputError
from pkikit.files import parse
from pkikit.files.contents import FileContents
from pkikit.judge.linting.lint import lint_authority, lint_certificate
from pkikit.judge.matching.name_matching import every_answer
from pkikit.judge.questions import CertificateUse
from pkikit.judge.verify import verify_certificate
from pkikit.model.certificates.facts import presented_names
from pkikit.model.findings import Finding
from pkikit.model.leg import NameCheck, Purpose
from pkikit.view.description import describe_contents

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
NAME = "e1.example.com"
SUFFIXES = {".pem", ".crt", ".cer", ".der", ".crttest"}
# A rule that says "absent", and what OpenSSL prints where the extension is there.
PRINTED = {
    "names.common-name-only": "X509v3 Subject Alternative Name",
    "ca.basic-constraints-missing": "X509v3 Basic Constraints",
    "ca.key-usage-missing": "X509v3 Key Usage",
    "subjectKeyIdentifier": "X509v3 Subject Key Identifier",
    "authorityKeyIdentifier": "X509v3 Authority Key Identifier",
}
ABSENT = {"absent", "no names", "no SAN"}
_BLOCK = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----")


@dataclass
class Report:
    """What a run found: counts, and a line for each file that needs a look."""

    counts: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)

    def complain(self, what: str, path: Path, more: str = "") -> None:
        self.counts[what] += 1
        self.trouble.append(f"{what}: {path} {more}".rstrip())


def openssl_text(data: bytes) -> str | None:
    """What `openssl x509 -text` prints of the first certificate; None where it reads none."""
    done = subprocess.run(
        ["openssl", "x509", "-noout", "-text"], input=data, capture_output=True, timeout=600, check=False
    )
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def certificates_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Each file that may hold certificates, and each PEM block of one that holds several."""
    for path in sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES and p.is_file()):
        data = path.read_bytes()
        blocks = _BLOCK.findall(data)
        yield from ((path, block + b"\n") for block in blocks) if blocks else ((path, data),)


def judged(contents: FileContents) -> list[Finding]:
    """Everything that the commands decode, lint, verify and match do; the findings of lint."""
    describe_contents(contents, AT)
    found: list[Finding] = []
    for certificate in contents.certificates:
        for verdict in (lint_certificate(certificate, USE), lint_authority(certificate, USE)):
            found += verdict.findings
        for trusted in ((), contents.certificates):
            _verify(certificate, trusted)
        list(every_answer(NAME, presented_names(certificate)))
    return found


USE = CertificateUse(at=AT)


def _verify(certificate: x509.Certificate, trusted: tuple[x509.Certificate, ...]) -> None:
    checks = (NameCheck(any_of=(NAME,), why="corpus"),)
    for purpose in Purpose:
        verify_certificate(certificate, trusted_ca_list=trusted, purpose=purpose, at=AT, name_checks=checks)


def look_at(path: Path, data: bytes, report: Report) -> None:
    """One certificate: what pkikit makes of it, beside what OpenSSL prints."""
    text = openssl_text(data)
    report.counts["certificates"] += 1
    report.counts["read by openssl x509"] += text is not None
    try:
        contents = parse(data, where=path.name)
        found = judged(contents)
    except (EncodingError, InputError) as error:
        report.counts["refused with a sentence"] += 1
        if text is not None:
            report.complain("NOT READ, though OpenSSL reads it", path, str(error))
        return
    except Exception:
        report.complain("TRACEBACK", path, traceback.format_exc().splitlines()[-1])
        return
    report.counts["read by pkikit"] += bool(contents.certificates)
    if text is None and contents.certificates and not any(f.rule == "certificate.openssl-cannot-read" for f in found):
        report.complain("read, though OpenSSL does not read it", path)
    for finding in found:
        for evidence in finding.evidence:
            printed = PRINTED.get(finding.rule) or PRINTED.get(evidence.expected)
            if printed and evidence.seen in ABSENT and text is not None and printed in text:
                report.complain("FALSE ABSENT", path, f"{finding.rule}: {evidence}")
    for rule in {f.rule for f in found if f.rule in {"chain.extension-unreadable", "certificate.encoding-odd"}}:
        report.counts[f"with {rule}"] += 1


def main(folder: str) -> int:
    report = Report()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path, data in certificates_below(Path(folder)):
            look_at(path, data, report)
    for line in report.trouble[:200]:
        print(line)
    for what, count in report.counts.items():
        print(f"{count:6} {what}")
    return 1 if any(report.counts[w] for w in ("TRACEBACK", "FALSE ABSENT", "NOT READ, though OpenSSL reads it")) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
