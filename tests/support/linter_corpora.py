"""The test certificates of zlint and pkilint under our lint: what they expect beside what we say.

    python -m tests.support.linter_corpora ZLINT_REPOSITORY PKILINT_REPOSITORY

Neither corpus is part of this repository. The run reads two git repositories (bare or checked out) at HEAD and writes
`linter_corpora.json`, from which `make compare-linters` makes its part of docs/linters.md.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509

from pkikit.errors import PkikitError
from pkikit.files import parse
from pkikit.judge.linting.lint import lint_authority, lint_certificate
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.facts import extension
from pkikit.model.findings import Finding, Severity
from pkikit.model.parties import Role
from pkikit.model.version import guide_version
from tests.support.worlds import AT

RESULT = Path(__file__).with_name("linter_corpora.json")
USE = CertificateUse(at=AT, version=guide_version(), role=Role.EXPRESSWAY_E)
# zlint's lints about something that one of our rules judges, too.
ZLINT = {
    "e_ca_crl_sign_not_set": "ca.key-usage-missing",
    "e_ca_key_cert_sign_not_set": "ca.key-usage-missing",
    "e_ca_key_usage_missing": "ca.key-usage-missing",
    "e_root_ca_key_usage_present": "ca.key-usage-missing",
    "e_cert_extensions_version_not_3": "certificate.version-old",
    "e_invalid_certificate_version": "certificate.version-old",
    "e_dnsname_bad_character_in_label": "names.unusable",
    "e_dnsname_empty_label": "names.unusable",
    "e_dnsname_label_too_long": "names.unusable",
    "e_dnsname_not_valid_tld": "names.internal-domain",
    "e_ext_san_space_dns_name": "names.unusable",
    "e_rfc_dnsname_empty_label": "names.unusable",
    "e_rfc_dnsname_label_too_long": "names.unusable",
    "e_san_dns_name_includes_null_char": "names.unusable",
    "e_san_dns_name_starts_with_period": "names.unusable",
    "e_eku_critical": "eku.critical",
    "e_ext_authority_key_identifier_no_key_identifier": "certificate.key-identifiers-absent",
    "e_ext_subject_key_identifier_missing_ca": "certificate.key-identifiers-absent",
    "w_ext_subject_key_identifier_missing_sub_cert": "certificate.key-identifiers-absent",
    "e_ext_key_usage_cert_sign_without_ca": "certificate.may-sign",
    "e_sub_cert_key_usage_cert_sign_bit_set": "certificate.may-sign",
    "e_rsa_mod_less_than_2048_bits": "key.too-short",
    "e_old_root_ca_rsa_mod_less_than_2048_bits": "key.too-short",
    "e_serial_number_not_positive": "certificate.serial-invalid",
    "e_sub_cert_eku_missing": "eku.absent",
    "e_sub_cert_or_sub_ca_using_sha1": "signature.digest-unsupported",
    "e_subject_common_name_not_exactly_from_san": "names.common-name-only",
    "e_subject_common_name_not_from_san": "names.common-name-only",
}
PKILINT = {
    "pkix.certificate_serial_number_out_of_range": "certificate.serial-invalid",
    "pkix.certificate_skid_ca_missing": "certificate.key-identifiers-absent",
    "pkix.certificate_skid_end_entity_missing": "certificate.key-identifiers-absent",
    "pkix.authority_key_identifier_extension_absent": "certificate.key-identifiers-absent",
    "pkix.authority_key_identifier_keyid_missing": "certificate.key-identifiers-absent",
    "pkix.invalid_domain_name_syntax": "names.unusable",
    "pkix.ca_certificate_no_ku_extension": "ca.key-usage-missing",
    "pkix.ca_certificate_keycertsign_keyusage_not_set": "ca.key-usage-missing",
    "pkix.ee_certificate_keycertsign_keyusage_set": "certificate.may-sign",
    "pkix.certificate_version_is_not_v3": "certificate.version-old",
    "cabf.rsa_modulus_invalid_length": "key.too-short",
}
# Where the two disagree about a certificate: why ours is right.
_CA_NAMES = "CA certificates: nobody looks for a name in one"
EXPLAINED = {
    "e_cert_extensions_version_not_3": "ours warns of every certificate that is not version 3; zlint only where it has extensions",
    "e_dnsname_not_valid_tld": "ours asks the public suffix list of today, zlint the list of the day of issuance; onion names "
    "are in no public DNS, though some CAs may sign them",
    "e_ext_san_space_dns_name": _CA_NAMES,
    "e_san_dns_name_includes_null_char": _CA_NAMES,
    "e_san_dns_name_starts_with_period": _CA_NAMES,
    "e_sub_cert_or_sub_ca_using_sha1": "a self-signed CA: nobody verifies its signature",
    "e_subject_common_name_not_exactly_from_san": "ours ignores case, as DNS does; an empty common name is "
    "`names.common-name-missing`; nobody looks for an address in the common name",
    "pkix.authority_key_identifier_extension_absent": "self-signed certificates: they name their own key",
}
# Our errors about certificates to which pkilint does not object: why they are right.
CLEAN = {
    "validity.expired": "the certificate has ended; pkilint knows no time",
    "eku.server-auth-missing": "certificates for e-mail, signatures and OCSP are no server certificates",
    "eku.client-auth-missing": "the same",
    "key.unreadable": "ML-KEM and other keys that no version of the product reads",
    "names.wildcard-unsupported": "CAs may issue wildcards; Expressway does not support them",
    "key.too-short": "1560 bits: enough for the profile of that test, not for OpenSSL's security level 2",
    "signature.digest-unsupported": "SLH-DSA, which OpenSSL 3.0 does not verify",
}
_ABSENT = {
    "eku.absent": "2.5.29.37", "ca.key-usage-missing": "2.5.29.15", "ca.basic-constraints-missing": "2.5.29.19",
    "names.common-name-only": "2.5.29.17",
}  # fmt: skip
_TOKEN = re.compile(
    r'"([\w./ -]+\.(?:pem|der|crt))"|lint\.(Pass|Error|Warn|NA|NE|Notice|Fatal)\b|Test\w*\(\s*(?:t,\s*)?"(\w+)"|"([enw]_\w+)"'
)


def _files(repository: Path, *under: str) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every file below these folders at HEAD."""
    listed = subprocess.run(["git", "-C", str(repository), "ls-tree", "-r", "-z", "HEAD", "--", *under],
                            capture_output=True, check=True)  # fmt: skip
    for entry in filter(None, listed.stdout.decode().split("\0")):
        about, _, path = entry.partition("\t")
        blob = subprocess.run(["git", "-C", str(repository), "cat-file", "blob", about.split()[2]],
                              capture_output=True, check=True)  # fmt: skip
        yield path, blob.stdout


def _commit(repository: Path) -> str:
    done = subprocess.run(["git", "-C", str(repository), "log", "-1", "--format=%h of %cs"], capture_output=True,
                          text=True, check=True)  # fmt: skip
    return done.stdout.strip()


class Corpus:
    """What our lint says of each certificate of one corpus, and counts of what must not happen."""

    def __init__(self) -> None:
        self.files = self.certificates = 0
        self.refused: Counter[str] = Counter()
        self.refused_alone: list[str] = []
        self.tracebacks: list[str] = []
        self.false_absent: list[str] = []
        self.found: dict[str, dict[str, Finding]] = {}

    def add(self, name: str, data: bytes) -> None:
        """Read and lint the first certificate of a file."""
        self.files += 1
        try:
            certificates = parse(data, where=name).certificates
        except PkikitError as error:
            self._refuse(name, data, str(error).partition(": ")[2][:100])
            return
        except Exception as error:  # what this run is there to find
            self.tracebacks.append(f"{name}: {error!r}"[:200])
            return
        if not certificates:
            self._refuse(name, data, "contains no certificate")
            return
        self._lint(name, certificates[0])

    def _refuse(self, name: str, data: bytes, why: str) -> None:
        self.refused[why] += 1
        form = "PEM" if b"-----BEGIN" in data else "DER"
        done = subprocess.run(["openssl", "x509", "-noout", "-inform", form], input=data, capture_output=True)
        if done.returncode == 0:
            self.refused_alone.append(name)

    def _lint(self, name: str, certificate: x509.Certificate) -> None:
        try:
            constraints = extension(certificate, x509.BasicConstraints)
            judge = lint_authority if constraints is not None and constraints.ca else lint_certificate
            findings = judge(certificate, USE).findings
        except Exception as error:  # what this run is there to find
            self.tracebacks.append(f"{name}: {error!r}"[:200])
            return
        self.certificates += 1
        self.found[name] = {f.rule: f for f in findings}
        for rule, oid in _ABSENT.items():
            found = self.found[name].get(rule)
            said = found is not None and found.evidence[0].seen in {"absent", "empty", "no SAN"}
            if said and _encoded(oid) in certificate.tbs_certificate_bytes:
                self.false_absent.append(f"{name}: {rule}")

    def summary(self, commit: str, compared: list[dict[str, Any]]) -> dict[str, Any]:
        """The entry of this corpus in the result file."""
        rules = Counter(rule for found in self.found.values() for rule in found)
        return {
            "commit": commit, "files": self.files, "certificates": self.certificates, "refused": sum(self.refused.values()),
            "refused_alone": self.refused_alone, "tracebacks": self.tracebacks, "false_absent": self.false_absent,
            "rules": dict(sorted(rules.items())), "compared": compared,
        }  # fmt: skip


def _encoded(oid: str) -> bytes:
    first, second, *rest = (int(n) for n in oid.split("."))
    return bytes([6, len(rest) + 1, 40 * first + second, *rest])


def zlint_expectations(sources: dict[str, str]) -> dict[str, dict[str, str]]:
    """{lint: {file: Pass | Error | …}} as zlint's tests state it; tests that run several lints are left out."""
    expected: dict[str, dict[str, str]] = defaultdict(dict)
    for source in sources.values():
        for function in re.split(r"\nfunc ", source)[1:]:
            tokens = list(_TOKEN.finditer(function))
            lints = {m[3] or m[4] for m in tokens if (m[3] or m[4] or "")[1:2] == "_"}
            if len(lints) != 1:
                continue
            [lint], file = lints, ""
            for token in tokens:
                if token[1]:
                    file = token[1].rpartition("/")[2]
                elif token[2] and file:
                    expected[lint].setdefault(file, token[2])
                    file = ""
    return expected


def _compared(pairs: dict[str, str], expected: dict[str, dict[str, bool]], corpus: Corpus) -> list[dict[str, Any]]:
    """A row for each lint that has a rule here: certificates by what they expect and what we say."""
    rows = []
    for lint, rule in sorted(pairs.items()):
        row: dict[str, Any] = {
            "lint": lint,
            "rule": rule,
            "both": 0,
            "theirs": [],
            "ours": [],
            "neither": 0,
            "refused": 0,
        }
        for file, objects in sorted(expected.get(lint, {}).items()):
            if file not in corpus.found:
                row["refused"] += 1
            elif objects == (rule in corpus.found[file]):
                row["both" if objects else "neither"] += 1
            else:
                row["theirs" if objects else "ours"].append(file)
        rows.append(row)
    return rows


def run_zlint(repository: Path) -> dict[str, Any]:
    """zlint's test certificates beside the results that its tests expect."""
    corpus = Corpus()
    for path, data in _files(repository, "v3/testdata"):
        if path.endswith((".pem", ".der", ".crt")):
            corpus.add(path.rpartition("/")[2], data)
    sources = {p: d.decode("utf-8", "replace") for p, d in _files(repository, "v3/lints") if p.endswith("_test.go")}
    stated = zlint_expectations(sources)
    expected = {
        lint: {
            file: word in {"Error", "Warn", "Notice", "Fatal"}
            for file, word in files.items()
            if word not in {"NA", "NE"}
        }
        for lint, files in stated.items()
    }
    return corpus.summary(_commit(repository), _compared(ZLINT, expected, corpus))


def run_pkilint(repository: Path) -> dict[str, Any]:
    """pkilint's integration tests: each file is a certificate and the findings that pkilint makes of it."""
    # Each test runs one of pkilint's profiles: what is not found may only not have been looked for.
    clean, errors = 0, Counter[str]()
    corpus, expected = Corpus(), {code: dict[str, bool]() for code in PKILINT}
    for path, data in _files(repository, "tests/integration_certificate"):
        head, mark, table = data.partition(b"node_path")
        if not mark:
            continue
        name = path.removeprefix("tests/integration_certificate/")
        corpus.add(name, head)
        rows = list(csv.DictReader(io.StringIO((mark + table).decode("utf-8", "replace"))))
        codes = {row["code"] for row in rows}
        if not {row["severity"] for row in rows} & {"WARNING", "ERROR", "FATAL"} and name in corpus.found:
            clean += 1
            errors.update(f.rule for f in corpus.found[name].values() if f.severity is Severity.ERROR)
        for code in codes & expected.keys():
            expected[code][name] = True
    summary = corpus.summary(_commit(repository), _compared(PKILINT, expected, corpus))
    return summary | {"clean": clean, "errors_in_clean": dict(sorted(errors.items()))}


def main(zlint: str, pkilint: str) -> None:
    """Run both and write the result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = {"zlint": run_zlint(Path(zlint)), "pkilint": run_pkilint(Path(pkilint))}
    RESULT.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(RESULT)


if __name__ == "__main__":
    main(*sys.argv[1:3])
