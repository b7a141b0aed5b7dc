"""What a certificate or request is meant for, and by which product version it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pkikit.design.san import SanLayout
from pkikit.model.deployment import Role
from pkikit.model.version import ProductVersion


@dataclass(frozen=True, kw_only=True)
class CertificateUse:
    """The question of `lint`: judged at `at`, for that version and role; `layout` when the peer is known."""

    at: datetime
    version: ProductVersion = field(default_factory=lambda: ProductVersion((12, 5)))
    role: Role | None = None
    layout: SanLayout | None = None
