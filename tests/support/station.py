"""A lab whose first E peer answers for all names, a CA of the wanted kind, and a server for challenge files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from pkikit.design.csr import build_csr, fast_key
from pkikit.design.san import SanEntry, SanLayout
from pkikit.issue.acme.account import AcmeAccount, ExternalAccount
from pkikit.issue.acme.http01 import Standalone, standalone
from pkikit.issue.acme.order import Order, OrderStep, OrderWishes
from pkikit.issue.acme.transport import AcmeDirectory
from simulator.pebble_options import PebbleOptions
from simulator.threaded import ThreadedLab
from tests.support.labs import QUICK
from tests.support.worlds import CLUSTER_E, E1, deployment

MAC = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
NAMES = (E1, CLUSTER_E, "example.com")
PROFILES = {"classic": timedelta(days=90), "shortlived": timedelta(days=6)}


def request_for(*names: str, key: EllipticCurvePrivateKey | None = None) -> x509.CertificateSigningRequest:
    entries = tuple(SanEntry(value=n, reason="asked for", rule="names.peer-fqdn-missing", needed_by=()) for n in names)
    return build_csr(SanLayout(owner=names[0], common_name=names[0], entries=entries), key or fast_key())


@dataclass
class Station:
    """A lab whose E1 answers for all names, a CA, and a server for challenge files."""

    lab: ThreadedLab
    place: Standalone
    steps: list[OrderStep] = field(default_factory=list)

    @property
    def pebble(self) -> AcmeDirectory:
        """Pebble itself."""
        acme = self.lab.acme
        assert acme is not None
        return AcmeDirectory(url=acme.pebble.directory, ca_file=acme.pebble.ca_file)

    @property
    def public(self) -> AcmeDirectory:
        """The CA with its policy."""
        acme = self.lab.acme
        assert acme is not None
        return AcmeDirectory(url=acme.ca.directory, ca_file=acme.ca.ca_file)

    def account(self, directory: AcmeDirectory | None = None, external: ExternalAccount | None = None) -> AcmeAccount:
        account = AcmeAccount(directory or self.pebble, fast_key())
        account.register("admin@example.com", terms_accepted=True, external=external)
        return account

    def order(
        self, account: AcmeAccount, request: x509.CertificateSigningRequest, wishes: OrderWishes | None = None, *,
        resume: str = "", progress: Callable[[OrderStep], None] | None = None, timeout: float = 30,
    ) -> tuple[x509.Certificate, ...]:  # fmt: skip
        self.steps.clear()
        ordering = Order(
            account, request, place=self.place.put, withdraw=self.place.take,
            progress=progress or self.steps.append, timeout=timeout,
        )  # fmt: skip
        return ordering.run(wishes, resume=resume)


def start(**options: object) -> Iterator[Station]:
    settings = replace(QUICK, pages=False, acme=PebbleOptions(**options))  # type: ignore[arg-type]
    with ThreadedLab(deployment(), settings=settings) as lab:
        lab.start_acme()
        address = lab.plan.by_name[E1]
        lab.network.outside_dns.zone.addresses.update({n: [address] for n in NAMES})
        with standalone(address, 10080) as place:
            yield Station(lab, place)
