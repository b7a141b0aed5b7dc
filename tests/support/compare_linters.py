"""`make compare-linters`: our lint beside pkilint and zlint; writes docs/linters.md.

The corpus is made of what others published (cryptography-vectors: NIST's suite, odd and broken certificates) and of the
worlds of our own tests, good and broken. A certificate counts for a row when the linter found that at least once in it.
The test certificates of zlint and pkilint are compared by `linter_corpora`, which needs their repositories.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import PkikitError
from pkikit.files import parse
from pkikit.judge.linting.lint import lint_authority, lint_certificate
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.facts import extension
from pkikit.model.tables.features import GUIDE_VERSION
from pkikit.model.version import guide_version
from tests.support.linter_corpora import CLEAN, EXPLAINED, RESULT
from tests.support.places import ROOT
from tests.support.worlds import AT, CASES, WorldBuilder
from tests.vectors import pkits

DOC = ROOT / "docs" / "linters.md"
# pkilint's codes for what one of our rules says too; those marked † were added after this comparison.
SAME = {
    "pkix.certificate_serial_number_out_of_range": "certificate.serial-invalid",
    "pkix.certificate_skid_end_entity_missing": "certificate.key-identifiers-absent †",
    "pkix.certificate_skid_ca_missing": "certificate.key-identifiers-absent †",
    "pkix.authority_key_identifier_extension_absent": "certificate.key-identifiers-absent †",
    "pkix.authority_key_identifier_keyid_missing": "certificate.key-identifiers-absent †",
    "itu.invalid_asn1_syntax": "chain.extension-unreadable †",
    "pkix.duplicate_extension": "chain.extension-unreadable †",
    "pkix.sct_list_extension_invalid_encoding": "certificate.encoding-odd †",
    "pkix.utctime_incorrect_syntax": "validity.unreadable †",
    "pkix.invalid_time_syntax": "validity.unreadable †",
    "(cannot be loaded)": "certificate.encoding-odd †",
    "pkix.ip_address_name_constraint_invalid_cidr": "chain.extension-unreadable †",
    "pkix.ip_address_name_constraint_wrong_length": "chain.extension-unreadable †",
    "pkix.invalid_domain_name_syntax": "names.unusable †",
    "pkix.ca_certificate_no_ku_extension": "ca.key-usage-missing †",
    "pkix.ca_certificate_keycertsign_keyusage_not_set": "ca.key-usage-missing †",
    "pkix.ee_certificate_keycertsign_keyusage_set": "certificate.may-sign †",
    "pkix.certificate_version_is_not_v3": "certificate.version-old †",
    "pkix.certificate_signature_algorithm_mismatch": "trust.chain-signature-invalid (verify, where the issuer is known)",
}
_POLICY = "certificate policies: nobody around the product reads them"
_PROFILE = "how a CA may write; neither the product nor OpenSSL cares"
# What pkilint says and we do not, and why.
NOT_OURS = {
    "pkix.key_usage_extension_not_critical": _PROFILE,
    "pkix.basic_constraints_extension_not_critical": _PROFILE,
    "pkix.name_constraints_in_ee_certificate": _PROFILE,
    "pkix.rfc5280_certificate_policies_invalid_explicit_text_encoding": _POLICY,
    "pkix.certificate_policies_usernotice_has_noticeref": _POLICY,
    "pkix.end_entity_policy_constraints_extension_present": _POLICY,
    "pkix.end_entity_inhibit_anypolicy_extension_present": _POLICY,
    "pkix.subject_email_address_not_in_san": "no e-mail address is matched by the product",
    "pkix.invalid_email_address_syntax": "no e-mail address is matched by the product",
    "pkix.invalid_uri_syntax": "of URIs only SIP ones are read, and names.unusable tells of those",
    "pkix.wrong_time_useful_type": _PROFILE,
    "pkix.key_usage_value_prohibited_for_rsa": _PROFILE,
    "pkix.name_empty": "a name that is empty is told by names.common-name-missing on leaves; issuers need one only to be found",
    "pkix.subject_unique_id_present": _PROFILE,
    "pkix.issuer_unique_id_present": _PROFILE,
    "pkix.san_extension_is_critical_non_empty_subject": _PROFILE,
    "pkix.san_extension_not_critical_empty_subject": _PROFILE,
    "pkix.name_domain_components_invalid_domain_name": "domain components of a subject are matched by nobody",
    "pkix.extended_key_usage_extension_with_timestamping_not_critical": "no purpose of a server certificate",
    "pkix.certificate_crldp_extension_critical": _PROFILE,
}


def corpus() -> Iterator[tuple[str, bytes]]:
    """(name, DER) of every certificate, each once."""
    seen: set[bytes] = set()
    for name, certificate in pkits.certificates().items():
        yield from _new(f"pkits/{name}", certificate.public_bytes(Encoding.DER), seen)
    root = files("cryptography_vectors") / "x509"
    for folder in (root, root / "custom", root / "ed25519", root / "ed448"):
        for path in sorted(folder.iterdir(), key=lambda p: p.name):
            if path.is_file() and path.name.endswith((".pem", ".der")):
                for certificate in _read(path.read_bytes()):
                    yield from _new(f"vectors/{path.name}", certificate, seen)
    for case in CASES:
        for kind, made in (("broken", case.broken(WorldBuilder())), ("good", case.near_miss(WorldBuilder()))):
            for party in made.world.parties.values():
                for certificate in party.credential.chain if party.credential else ():
                    yield from _new(f"worlds/{case.id}/{kind}", certificate.public_bytes(Encoding.DER), seen)


def _read(data: bytes) -> list[bytes]:
    try:
        return [c.public_bytes(Encoding.DER) for c in parse(data, where="x").certificates]
    except PkikitError:
        return []


def _new(name: str, der: bytes, seen: set[bytes]) -> Iterator[tuple[str, bytes]]:
    if der not in seen:
        seen.add(der)
        yield name, der


def ours(certificate: x509.Certificate) -> set[str]:
    """The rules that speak; a CA is judged as CA."""
    constraints = extension(certificate, x509.BasicConstraints)
    judge = lint_authority if constraints is not None and constraints.ca else lint_certificate
    return {f.rule for f in judge(certificate, CertificateUse(at=AT, version=guide_version())).findings}


def theirs() -> Any:
    """A function from DER to pkilint's codes of weight WARNING and above (RFC 5280 linter)."""
    from pkilint import loader
    from pkilint.pkix import certificate, extension, name
    from pkilint.validation import ValidationFindingSeverity

    validator = certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )

    heavy = {ValidationFindingSeverity.WARNING, ValidationFindingSeverity.ERROR, ValidationFindingSeverity.FATAL}

    def run(der: bytes) -> set[str]:
        try:
            document = loader.load_der_certificate(der, "x")
        except ValueError:
            return {"(cannot be loaded)"}
        found = validator.validate(document.root)
        return {f.finding.code for result in found for f in result.finding_descriptions if f.finding.severity in heavy}

    return run


def compare() -> tuple[int, Counter[str], Counter[str], dict[tuple[str, str], int]]:
    """(certificates, ours by rule, theirs by code, how often both in one certificate)."""
    lint = theirs()
    mine: Counter[str] = Counter()
    peers: Counter[str] = Counter()
    both: dict[tuple[str, str], int] = defaultdict(int)
    total = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _, der in corpus():
            total += 1
            rules, codes = ours(parse(der, where="x").certificates[0]), lint(der)
            mine.update(rules)
            peers.update(codes)
            for rule in rules:
                for code in codes:
                    both[rule, code] += 1
    return total, mine, peers, both


def document() -> str:
    """docs/linters.md, from a fresh run."""
    total, mine, peers, both = compare()
    lines = [
        "# Our lint beside pkilint and zlint",
        "",
        "Generated by `make compare-linters`. A test makes it again and compares.",
        "",
        "## Certificates that both linters judge",
        "",
        f"{total} certificates, good and broken: NIST's path validation suite and the odd certificates that cryptography-vectors",
        "publishes, and the worlds of our own tests. pkilint's RFC 5280 linter (weight WARNING and above); ours for product",
        f"version {GUIDE_VERSION} at {AT:%Y-%m-%d}.",
        "",
        "### What pkilint finds",
        "",
        "| pkilint | certificates | ours | together |",
        "| --- | ---: | --- | ---: |",
    ]
    for code, count in sorted(peers.items(), key=lambda pair: (-pair[1], pair[0])):
        rule = SAME.get(code, "")
        told = rule or f"not ours: {NOT_OURS[code]}"
        shared = both.get((rule.split(" ")[0], code), 0) if rule else 0
        lines.append(f"| `{code}` | {count} | {told} | {shared or ''} |")
    lines += ["", "† added here after this comparison.", "", "### What ours finds", ""]
    lines += ["| rule | certificates | pkilint too |", "| --- | ---: | --- |"]
    found_by_peer = {rule.split(" ")[0]: code for code, rule in SAME.items()}
    for rule, count in sorted(mine.items(), key=lambda pair: (-pair[1], pair[0])):
        code = found_by_peer.get(rule)
        lines.append(
            f"| `{rule}` | {count} | {f'`{code}`' if code else 'no: it knows neither the product nor the time'} |"
        )
    return "\n".join([*lines, *_corpora()]) + "\n"


def _corpora() -> Iterator[str]:
    """The part about the test certificates of zlint and pkilint, from the last run over them."""
    yield from ("", "## The test certificates of zlint and pkilint", "")
    yield "Made by `python -m tests.support.linter_corpora ZLINT PKILINT` from their repositories, which are not part of this one."
    yield from ("", "| | zlint | pkilint |", "| --- | ---: | ---: |")
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    both = [result["zlint"], result["pkilint"]]
    for label, key in (("commit", "commit"), ("files", "files"), ("certificates judged", "certificates"),
                       ("files without a certificate (CRLs, OCSP answers, keys)", "refused")):  # fmt: skip
        yield f"| {label} | " + " | ".join(str(corpus[key]) for corpus in both) + " |"
    for label, key in (
        ("tracebacks", "tracebacks"),
        ("certificates that OpenSSL reads and ours refuses", "refused_alone"),
        ("extensions called absent that are there", "false_absent"),
    ):
        yield f"| {label} | " + " | ".join(str(len(corpus[key])) for corpus in both) + " |"
    yield from (
        "",
        "What they expect of each certificate, beside what ours says. Of pkilint's, only what it finds is compared:",
    )
    yield from ("each of its tests runs one profile.", "")
    yield from (
        "| their lint | ours | both object | neither | theirs alone | ours alone | why |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    )
    for corpus in both:
        for row in corpus["compared"]:
            counts = (row["both"], row["neither"], len(row["theirs"]), len(row["ours"]))
            why = EXPLAINED[row["lint"]] if row["theirs"] or row["ours"] else ""
            yield f"| `{row['lint']}` | `{row['rule']}` | " + " | ".join(str(n or "") for n in counts) + f" | {why} |"

    clean = result["pkilint"]
    yield from ("", f"pkilint objects to nothing in {clean['clean']} of its certificates. Our errors about these:", "")
    yield from ("| ours | certificates | why |", "| --- | ---: | --- |")
    for rule, count in clean["errors_in_clean"].items():
        yield f"| `{rule}` | {count} | {CLEAN[rule]} |"


if __name__ == "__main__":
    DOC.write_text(document(), encoding="utf-8")
    print(DOC)
