"""The guide's 'Points to be Aware', each as a real certificate on a peer of the lab: the linter's report, and the leg."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pandas as pd
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from pkikit.judge.linting.lint import lint_authority, lint_certificate
from pkikit.model.findings import Verdict
from simulator.peer.upload import use_of
from workbook.session import LabSession

_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "a wildcard": {"names": ["*.example.com", "example.com"]},
    "an OID that is not standard": {"subject_oid": "1.3.6.1.4.1.55555.7"},
    "a CA without BasicConstraints": {"by": "no-basic-constraints"},
    "signed by a server certificate": {"by": "end-entity"},
    "an RSA key of 1024 bits": {"key": "rsa-1024"},
    "an end after 2049": {"ends_in_days": 10_000},
    "an elliptic key": {},
    "one purpose only": {"purposes": "server"},
}


def points_to_be_aware(session: LabSession, peer: str, leg_id: str) -> pd.DataFrame:
    """Return, for each point, the rule, its severity, and whether the leg still comes up."""
    rows: dict[str, dict[str, str]] = {}
    for what, fields in _FAULTS.items():
        before = session.world
        session.break_("reissue", party=peer, **fields)
        found = session.dial(leg_id)
        credential = session.party(peer).credential
        assert credential is not None  # just issued
        use = use_of(session.deployment, peer, session.at)
        verdicts = [lint_certificate(credential.leaf, use), *(lint_authority(c, use) for c in credential.chain[1:])]
        session.put(before)
        rows[what] = _row(verdicts, found.causes, "up" if found.up else "✘ down")
    use = use_of(session.deployment, peer, session.at)
    rows["an RSA key of 8192 bits"] = _row([lint_certificate(_huge(session), use)], (), "not dialled")
    return pd.DataFrame.from_dict(rows, orient="index")


def _row(verdicts: list[Verdict], causes: tuple[str, ...], leg: str) -> dict[str, str]:
    """Return the leg's own cause if it is down, else the linter's most severe finding."""
    said = sorted(
        (f for v in verdicts for f in v.findings), key=lambda f: ["error", "warning", "info"].index(f.severity)
    )
    weight = next((f.severity.value for f in said if f.rule in causes[:1]), said[0].severity.value if said else "error")
    return {
        "rule": causes[0] if causes else said[0].rule if said else "",
        "weight": "error" if causes else weight,
        "leg": leg,
    }


def _huge(session: LabSession) -> x509.Certificate:
    """Return a certificate for a key of 8192 bits. Nobody has its private half; looking at it does not need one."""
    modulus = (1 << 8191) | 1
    key = rsa.RSAPublicNumbers(65537, modulus).public_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cluster-e.example.com")])
    issuer = session.threaded.issued.authority
    names = [x509.DNSName(n) for n in session.layout("e1.example.com").dns_names]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(session.at)
        .not_valid_after(session.at + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(issuer.key, hashes.SHA256())
    )
