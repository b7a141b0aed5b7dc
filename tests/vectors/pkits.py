"""NIST's path validation suite (PKITS), as the package cryptography-vectors publishes it, judged by pkikit and by OpenSSL.

Whether a case is to be accepted stands in its name (Valid…/Invalid…). All CA certificates of the suite are at hand as
"sent", its trust anchor as the trusted CA list, all its CRLs as manual upload, and what cannot be told counts as revoked.
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
from OpenSSL import crypto

from pkikit.judge.verify import verify_certificate
from pkikit.model.deployment import Revocation
from pkikit.model.leg import Purpose
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion

AT = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
SETTINGS = Revocation(checking=True, use_ocsp=False, fallback="revoked")


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
def _store() -> crypto.X509Store:
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(certificates()["TrustAnchorRootCertificate"]))
    for crl in crls():
        store.add_crl(crl)
    store.set_flags(crypto.X509StoreFlags.CRL_CHECK | crypto.X509StoreFlags.CRL_CHECK_ALL)
    store.set_time(AT)
    return store


def openssl(case: Case) -> tuple[bool, str]:
    """OpenSSL's answer (CRLs for the whole chain, no policies) and its words."""
    sent = [crypto.X509.from_cryptography(c) for c in _sent()]
    try:
        crypto.X509StoreContext(_store(), crypto.X509.from_cryptography(case.leaf), sent).verify_certificate()
    except crypto.X509StoreContextError as error:
        return False, str(error)
    return True, ""
