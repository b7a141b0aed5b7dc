"""Questions: about a certificate or request by itself, and about a path in a handshake."""

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
    """The question of `lint`.

    Attributes:
        at: the instant judged, aware UTC.
        version: the product version whose rules count.
        role: Expressway-C or Expressway-E, if known.
        layout: the names that the peer's certificate needs, if the peer is known.
        is_request: a request is judged by the rules of the certificate that it would become.
        store: the certificate store of X15.5 (server or client) that it is for; None for older versions with one store.
    """

    at: datetime
    version: ProductVersion = field(default_factory=default_version)
    role: Role | None = None
    layout: SanLayout | None = None
    is_request: bool = False
    store: Purpose | None = None


@dataclass(frozen=True, kw_only=True)
class PathQuestion:
    """The question about a path.

    Attributes:
        at: the verifier's time, aware UTC.
        purpose: the role of the leaf in the handshake; None if the verifier looks at no extended key usage.
        sent: the certificates that the other side sent behind the leaf, in any order.
        trusted_ca_list: the verifier's trusted CA list.
        known: certificates that the verifier does not have, but a diagnosis may compare with.
        clock_offset: how far the verifier's clock is off, if known.
        verifier: the machine that verifies, for the text of a fix; empty when unknown.
        verifier_list: the name of the list that the verifier reads (CallManager-trust), where it has several.
        presenter: the machine that presents the leaf, for the same text.
        verifier_is_expressway: False for a machine whose pages we do not know, such as a client or a neighbour.
    """

    at: datetime
    purpose: Purpose | None
    sent: tuple[x509.Certificate, ...]
    trusted_ca_list: tuple[x509.Certificate, ...]
    known: tuple[x509.Certificate, ...] = ()
    clock_offset: timedelta = timedelta(0)
    verifier: str = ""
    verifier_list: str = ""
    presenter: str = ""
    verifier_is_expressway: bool = True

    @property
    def the_certificate(self) -> str:
        """What a sentence calls the leaf: `e1.example.com's certificate`."""
        return f"{self.presenter}'s certificate" if self.presenter else "the certificate"
