"""A design as a value: its choices, its name in plain words, and the deployment that it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from pkikit.design.choices import LIFETIMES
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.model.tables.features import ACME, SERVER_ONLY_SWITCH, TWO_STORES
from pkikit.model.tables.public_cas import EXPRESSWAY_PROFILE, LETS_ENCRYPT, WEB_LIFETIMES, days_at
from pkikit.model.version import ProductVersion

PRIVATE, PUBLIC, BY_ACME = "private", "public", "acme"
PER_PEER, SHARED = "per-peer", "shared"
ONE, TWO = "one", "two"
DNS, COLLAB_EDGE = "dns", "collab-edge-dns"
AUTHORITIES = {
    PRIVATE: "private CA on E",
    PUBLIC: "public CA on E, by hand",
    BY_ACME: "public CA on E, ACME",
}
CERTIFICATES = {PER_PEER: "one certificate per peer", SHARED: "one certificate per cluster"}
STORES = {ONE: "", TWO: "client certificates from the private CA"}
FORMATS = {DNS: "bare domains", COLLAB_EDGE: "collab-edge names"}


@dataclass(frozen=True, kw_only=True)
class Design:
    """The open choices. Expressway-C always has certificates of the private CA: nobody outside sees them.

    Attributes:
        certificate: one for each peer, or one that all peers of a cluster share.
        registration: how E's certificate names the registration domains; empty without Mobile and Remote Access.
        authority: who signs E's server certificates.
        stores: two: E shows a client certificate of the private CA where it opens connections (X15.5).
        days: lifetime of the private CA's certificates.
        edge_days: lifetime of E's server certificates.
        version: of the product.
    """

    certificate: str
    registration: str
    authority: str
    stores: str
    days: int
    edge_days: int
    version: str

    @property
    def profile(self) -> str:
        """The profile that E orders by ACME; empty for other CAs."""
        return EXPRESSWAY_PROFILE if self.authority == BY_ACME else ""

    @property
    def name(self) -> str:
        """The design in words: `one certificate per peer, public CA on E, ACME, classic`."""
        parts = [CERTIFICATES[self.certificate], AUTHORITIES[self.authority], self.profile, STORES[self.stores]]
        parts.append(FORMATS.get(self.registration, ""))
        if self.authority == PRIVATE:
            parts.append(f"{self.days} days")
        elif self.days != int(LIFETIMES[0]):
            parts.append(f"private certificates live {self.days} days")
        return ", ".join(part for part in parts if part)

    def deployment(self, base: Deployment) -> Deployment:
        """Return the deployment with this design's version, certificates and names."""
        clusters = tuple(
            c.model_copy(update={
                "certificate": self.certificate if len(c.peers) > 1 else PER_PEER,
                "server_eku_upload": self.needs_upload_switch and c.role is Role.EXPRESSWAY_E,
            })
            for c in base.clusters
        )  # fmt: skip
        changes = {"clusters": clusters, "version": self.version}
        if self.registration:
            changes["registration_domain_format"] = self.registration
        return base.model_copy(update=changes)

    @property
    def needs_upload_switch(self) -> bool:
        """True if E loads a certificate without clientAuth in the version that has a switch for that."""
        return (
            self.authority != PRIVATE
            and self.stores == ONE
            and ProductVersion.parse(self.version).has(SERVER_ONLY_SWITCH)
        )


DIMENSIONS = ("authority", "stores", "certificate", "registration", "days")


def all_designs(base: Deployment, version: str, at: datetime) -> Iterator[Design]:
    """Yield every design that this version of the product can have, whether or not it works.

    Args:
        base: the deployment.
        version: of the product.
        at: when the certificates are issued; it decides how long public CAs let them live.

    Yields:
        The designs.
    """
    product_version = ProductVersion.parse(version)
    stores = (ONE, TWO) if product_version.has(TWO_STORES) else (ONE,)
    clustered = any(len(c.peers) > 1 for c in base.clusters)
    certificates = (PER_PEER, SHARED) if clustered else (PER_PEER,)
    formats = (DNS, COLLAB_EDGE) if base.mra and base.domains.registration else ("",)
    edge = [(PRIVATE, ONE, 0), *((PUBLIC, s, days_at(WEB_LIFETIMES, at)) for s in stores)]
    if product_version.has(ACME) and not base.jabber_guest:
        edge += [(BY_ACME, s, LETS_ENCRYPT[EXPRESSWAY_PROFILE].days(at)) for s in stores]
    for (authority, store, lifetime), certificate, form, days in product(edge, certificates, formats, LIFETIMES):
        yield Design(
            certificate=certificate, registration=form, authority=authority, stores=store,
            days=int(days), edge_days=lifetime or int(days), version=version,
        )  # fmt: skip
