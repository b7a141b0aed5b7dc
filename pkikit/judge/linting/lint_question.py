"""What a certificate or request is meant for, and by which product version it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

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
