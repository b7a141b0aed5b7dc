"""One deployment of a made fleet before its certificates are signed: what each machine will show, and whom it trusts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.legs import legs_of
from pkikit.files.deployment_folder import CERTIFICATE, CERTIFICATES, CLIENT, CRLS, DEPLOYMENT, TRUST
from pkikit.fleet.made.deployment_shapes import Issuers, Shape, shape_of
from pkikit.fleet.made.workshop import Shown, Workshop, key_of_machine
from pkikit.issue.authority import Authority, ca_name
from pkikit.model.leg import Leg
from pkikit.model.parties import PartyKind, Side
from pkikit.model.tables.features import TWO_STORES
from pkikit.worlds.issued_world import layout_of

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SOUND = 400 * DAY
"""A sound deployment has no connection that breaks within this time."""


@dataclass(kw_only=True)
class Customer:
    """A deployment on its way to a folder; faults change it.

    Attributes:
        shape: the deployment.
        at: for when it is made.
        choose: makes the choices.
        works: signs.
        crls_end: when the CRLs end.
        signers: every CA; the peers have the CRL of each if the deployment checks revocation.
        shown: what each machine shows, by machine and file.
        lists: the trusted CA list of each machine.
        revoked: machines whose certificates the CRLs list.
    """

    shape: Shape
    at: datetime
    choose: Random
    works: Workshop
    crls_end: datetime
    signers: list[Authority] = field(default_factory=list)
    shown: dict[tuple[str, str], Shown] = field(default_factory=dict)
    lists: dict[str, tuple[x509.Certificate, ...]] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Every connection of the deployment."""
        return legs_of(self.shape.deployment)

    @property
    def machines(self) -> tuple[str, ...]:
        """The machines that show a certificate, each once."""
        return tuple(dict.fromkeys(machine for machine, _ in self.shown))

    def new_authority(self, name: str, *, issuing: bool = True) -> Authority:
        """Make a root CA that no list has yet.

        Args:
            name: its organisation.
            issuing: make a CA below it, too.

        Returns:
            The CA that issues.
        """
        at, choose = self.at, self.choose
        begins = at - choose.randrange(900, 2500) * DAY
        root = self.works.root(ca_name(f"{name} Root CA", name), begins, at + choose.randrange(1800, 4000) * DAY)
        self.signers.append(root)
        if not issuing:
            return root
        ends = at + choose.randrange(1200, 1700) * DAY
        made = self.works.below(root, ca_name(f"{name} Issuing CA", name), begins + 30 * DAY, ends)
        self.signers.append(made)
        return made

    def change(self, machine: str, **properties: object) -> None:
        """Change what a machine shows, in all of its files.

        Args:
            machine: its FQDN.
            **properties: of `Shown`.
        """
        for place, shown in self.shown.items():
            if place[0] == machine:
                self.shown[place] = replace(shown, **properties)  # type: ignore[arg-type]

    def trust(self, certificates: Iterable[x509.Certificate], machines: Iterable[str] = ()) -> None:
        """Append certificates to trusted CA lists.

        Args:
            certificates: what is appended.
            machines: whose lists; none means all.
        """
        added = tuple(certificates)
        for machine in tuple(machines) or tuple(self.lists):
            self.lists[machine] = (*self.lists[machine], *added)

    def files(self) -> dict[str, bytes]:
        """Sign everything.

        Returns:
            The content of each file, by its path in the folder. There is no private key.
        """
        text = yaml.safe_dump(self.shape.document, sort_keys=False, allow_unicode=True, width=120)
        files = {DEPLOYMENT: text.encode()}
        revoked: list[int] = []
        for (machine, name), shown in self.shown.items():
            chain = self.works.leaf(shown)
            revoked += [chain[0].serial_number] if machine in self.revoked else []
            files[f"{CERTIFICATES}/{machine}/{name}"] = _pem(chain)
        for machine, listed in self.lists.items():
            files[f"{CERTIFICATES}/{machine}/{TRUST}"] = _pem(listed)
        if self.shape.deployment.revocation.checking:
            crls = self._crls(revoked)
            files |= {f"{CERTIFICATES}/{peer}/{CRLS}": crls for peer in self.shape.deployment.peers}
        return files

    @property
    def crls_begin(self) -> datetime:
        """When the CRLs are issued, and when what they list is revoked."""
        return self.at - DAY

    def _crls(self, serials: list[int]) -> bytes:
        begins = self.crls_begin
        made = (signer.crl(serials, at=begins, lifetime=self.crls_end - begins) for signer in self.signers)
        return b"".join(crl.public_bytes(Encoding.PEM) for crl in made)


def customer_of(number: int, seed: str, at: datetime) -> Customer:
    """Return a deployment in which every connection is up for longer than the horizon.

    Args:
        number: which deployment of the fleet, from 1.
        seed: of the fleet.
        at: the time for which it is made.

    Returns:
        The deployment.
    """
    choose = Random(f"{seed}/{number}")  # noqa: S311 - repeatable on purpose, nothing is secret
    return customer_with(shape_of(number, choose), choose, at)


def customer_with(shape: Shape, choose: Random, at: datetime) -> Customer:
    """Return a sound deployment of that shape.

    Args:
        shape: the deployment.
        choose: makes the choices.
        at: the time for which it is made.

    Returns:
        The deployment.
    """
    ends = at + SOUND + choose.randrange(100, 300) * DAY
    made = Customer(shape=shape, at=at, choose=choose, works=Workshop(choose), crls_end=ends)
    name = shape.deployment.name.capitalize()
    private = made.new_authority(name, issuing=shape.issuers is not Issuers.PRIVATE_ROOT)
    public = made.new_authority("Fleet Public") if shape.issuers is Issuers.PUBLIC_EDGE else private
    _show(made, private, public)
    _trust(made, tuple(dict.fromkeys((private, public))))
    return made


def _show(made: Customer, private: Authority, public: Authority) -> None:
    deployment, number = made.shape.deployment, 0
    for group in deployment.groups:
        services = [f"cert-{c.service.lower()}.pem" for c in group.certificates[1:] if c.ports]
        stores = [CLIENT] if group.kind is PartyKind.EXPRESSWAY and deployment.product_version.has(TWO_STORES) else []
        issuer = public if group.side in {Side.EDGE, Side.OUTSIDE} else private
        for machine in group.members if group.has_certificates else ():
            layout = layout_of(deployment, machine)
            for file in (CERTIFICATE, *stores, *services):
                number += 1
                made.shown[machine, file] = Shown(
                    common_name=layout.common_name, names=layout.dns_names, issuer=issuer, key=key_of_machine(number),
                    begins=made.at - made.choose.randrange(10, 300) * DAY,
                    ends=made.at + SOUND + made.choose.randrange(60 * 24, 400 * 24) * HOUR,
                )  # fmt: skip


def _trust(made: Customer, authorities: tuple[Authority, ...]) -> None:
    """Give every machine the roots; the Expressways also have every CA between, as SSH tunnels need."""
    roots = tuple(a.root for a in authorities)
    between = tuple(c for a in authorities for c in a.intermediates)
    for group in made.shape.deployment.groups:
        own = (*roots, *(between if group.kind is PartyKind.EXPRESSWAY else ()))
        made.lists |= dict.fromkeys(group.members, own)


def _pem(certificates: Iterable[x509.Certificate]) -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in certificates)
