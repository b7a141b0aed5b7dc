"""NIST's path validation suite (PKITS), as the package cryptography-vectors publishes it, judged by pkikit and by OpenSSL.

The name of a case says whether it is to be accepted (Valid…/Invalid…). All CA certificates of the suite are sent, its trust
anchor is the trusted CA list, all its CRLs are manual uploads, and an unknown status counts as revoked.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from pkikit.judge.verify import verify_certificate
from pkikit.model.deployment import Revocation
from pkikit.model.leg import Purpose
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion
from tests.support.openssl_store import Answer, ask

AT = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
SETTINGS = Revocation(checking=True, use_ocsp=False, fallback="revoked")


# Where we refuse and OpenSSL, asked without a security level, does not: by our rules.
STRICTER = {
    "ValidDSASignaturesTest4EE": "DSA of 1024 bits with SHA-1 is below security level 2, which the product's TLS keeps"
}
STRICTER_RULES = {"key.too-short", "signature.digest-unsupported", "revocation.crl-untrusted"}
# What neither the product nor the lab turns on in OpenSSL, as X509_V_FLAG_ numbers; "" is for no switch at all.
SWITCHES = {"deltas": 0x2000, "extended": 0x1000, "policy": 0x80}
SWITCH_NAMES = {
    "deltas": "X509_V_FLAG_USE_DELTAS: delta CRLs",
    "extended": "X509_V_FLAG_EXTENDED_CRL_SUPPORT: indirect CRLs, CRLs for some reasons, CRL keys beside the path",
    "none": "none: OpenSSL refuses these indirect CRLs with every switch",
    "policy": "X509_V_FLAG_POLICY_CHECK: certificate policies",
}


@dataclass(frozen=True)
class Case:
    """One end-entity certificate of the suite."""

    name: str
    leaf: x509.Certificate

    @property
    def expected(self) -> bool:
        """As the suite names it."""
        return self.name.startswith("Valid")


@cache
def _folder() -> Any:
    return files("cryptography_vectors") / "x509" / "PKITS_data"


@cache
def certificates() -> dict[str, x509.Certificate]:
    """All certificates of the suite by name."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for path in sorted((_folder() / "certs").iterdir(), key=lambda p: p.name):
            # DSA with inherited parameters: no certificate for the library, nor for the product.
            with contextlib.suppress(ValueError):
                found[path.name.removesuffix(".crt")] = x509.load_der_x509_certificate(path.read_bytes())
    return found


@cache
def crls() -> tuple[x509.CertificateRevocationList, ...]:
    """All CRLs of the suite."""
    return tuple(
        x509.load_der_x509_crl(path.read_bytes())
        for path in sorted((_folder() / "crls").iterdir(), key=lambda p: p.name)
    )


def cases() -> list[Case]:
    """Every end entity whose name says what is expected."""
    return [Case(n, c) for n, c in certificates().items() if n.startswith(("Valid", "Invalid")) and n.endswith("EE")]


@cache
def _sent() -> tuple[x509.Certificate, ...]:
    return tuple(c for n, c in certificates().items() if not n.endswith("EE") and n != "TrustAnchorRootCertificate")


@cache
def ours(case: Case) -> tuple[bool, tuple[str, ...]]:
    """pkikit's answer and its reasons."""
    question = RevocationQuestion(settings=SETTINGS, data=NOTHING_HELD.with_crls(CrlSource.MANUAL, crls()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        verdict = verify_certificate(
            case.leaf,
            sent=_sent(),
            trusted_ca_list=[certificates()["TrustAnchorRootCertificate"]],
            purpose=Purpose.SERVER,
            at=AT,
            revocation=question,
        )
    return verdict.accepted, tuple(f.rule for f in verdict.errors)


@cache
def openssl(case: Case, flags: int = 0) -> Answer:
    """OpenSSL's answer as TLS server, CRLs for the whole chain; no policies, which the product does not ask for."""
    return ask(
        case.leaf,
        sent=_sent(),
        trusted=[certificates()["TrustAnchorRootCertificate"]],
        at=AT,
        purpose=Purpose.SERVER,
        crls=crls(),
        check_crls=True,
        flags=flags,
    )


def switch(case: Case) -> str:
    """The switch with which OpenSSL gives the suite's answer, or `none`."""
    turned = (name for name, flag in SWITCHES.items() if openssl(case, flag).accepted == case.expected)
    return next(turned, "none")
