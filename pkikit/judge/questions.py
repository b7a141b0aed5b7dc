"""What is asked: of a certificate or request by itself, and of a path in a handshake."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509

from pkikit.design.san import SanLayout
from pkikit.model.leg import Purpose
from pkikit.model.parties import Role
from pkikit.model.version import ProductVersion, default_version


@dataclass(frozen=True, kw_only=True)
class CertificateUse:
    """The question of `lint`: judged at `at`, for that version and role; `layout` when the peer is known.

    is_request: a request is judged through the rules of the certificate that it would become.
    store: for which of the two certificate stores of X15.5 it is meant; None before, where one certificate serves both roles.
    """

    at: datetime
    version: ProductVersion = field(default_factory=default_version)
    role: Role | None = None
    layout: SanLayout | None = None
    is_request: bool = False
    store: Purpose | None = None


@dataclass(frozen=True, kw_only=True)
class PathQuestion:
    """What is asked of a path: when, in which role, against which list, with what else known.

    verifier, presenter: the machines, where known, for the text of a fix. verifier_is_expressway: False for a machine
    whose pages are not known here, such as a client or a neighbour.
    """

    at: datetime
    purpose: Purpose
    sent: tuple[x509.Certificate, ...]
    trusted_ca_list: tuple[x509.Certificate, ...]
    known: tuple[x509.Certificate, ...] = ()
    clock_offset: timedelta = timedelta(0)
    verifier: str = ""
    presenter: str = ""
    verifier_is_expressway: bool = True
