"""One lab per kernel: `open_lab` starts it, running the cell again replaces it, ending the kernel stops it."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pydantic
from cryptography import x509
from IPython.core.getipython import get_ipython

from pkikit.design.san import SanLayout, design_sans
from pkikit.errors import InputError, PkikitError
from pkikit.files import load_deployment
from pkikit.model.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Verdict
from pkikit.model.names import printable
from pkikit.model.world import World
from simulator.faults import Fault, Ground
from simulator.peer.acme_service import AcmeService
from simulator.peer.peer import Peer
from simulator.renewals import set_up_automatic
from simulator.report import CheckReport
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab

_FAULT: pydantic.TypeAdapter[Fault] = pydantic.TypeAdapter(Fault)
DEPLOYMENTS = Path(__file__).parents[1] / "deployments"


class LabSession:
    """A running lab in the words of the notebooks. It never shows an address, a port, a serial number or a key."""

    current: LabSession | None = None

    def __init__(self, deployment: Deployment, settings: LabSettings | None = None) -> None:
        self.deployment = deployment
        self.threaded = ThreadedLab(deployment, settings=settings).start()
        self._acme: AcmeService | None = None
        self._well: World | None = None

    def __repr__(self) -> str:
        parties = len(self.deployment.parties) - len(self.deployment.peers)
        return f"Lab {self.deployment.name}: {len(self.deployment.peers)} peers and {parties} other parties, running"

    def close(self) -> None:
        """Stop everything that this lab started."""
        self.threaded.close()

    def layout(self, peer: str) -> SanLayout:
        """The SAN layout of a peer as designed."""
        return design_sans(self.deployment, self.deployment.peer(peer))

    def generate_csr(self, peer: str, layout: SanLayout | None = None) -> x509.CertificateSigningRequest:
        """Generate CSR: a new key and a request for this peer; the one before is discarded."""
        held = self.peer(peer)
        if held.state.request is not None:
            self.threaded.run(held.discard)
        state = self.threaded.run(partial(held.generate, layout=layout))
        assert state.request is not None
        return state.request.csr

    def peer(self, fqdn: str) -> Peer:
        """One peer: its state, its alarms, what its pages do."""
        return self.threaded.lab.peers[self.deployment.peer(fqdn)]

    def sign(self, peer: str) -> Credential:
        """Have the lab CA sign the peer's pending request."""
        lab, request = self.threaded.lab, self.peer(peer).state.request
        if request is None:
            raise InputError(f"{peer} has no pending request; generate one first: lab.generate_csr({peer!r})")
        leaf = lab.issued.authority.issue(request.csr, at=lab.clock.now())
        return Credential(chain=(leaf, *lab.issued.authority.intermediates), key=request.key)

    def install(self, peer: str, credential: Credential) -> None:
        """Upload a server certificate and restart the peer."""
        self.threaded.do(self.threaded.lab.install, self.deployment.peer(peer), credential)

    def replace_certificate(self, peer: str, layout: SanLayout | None = None) -> Credential:
        """Generate CSR, sign, upload and restart in one step."""
        self.generate_csr(peer, layout)
        credential = self.sign(peer)
        self.install(peer, credential)
        return credential

    def check(self) -> CheckReport:
        """Dial every leg with real TLS."""
        return self.threaded.check()

    # Faults and time.

    def break_(self, fault: str, **fields: Any) -> None:
        """Change the world: `lab.break_("block", party="e2.example.com", port=80)`. `mend` undoes everything."""
        lab = self.threaded.lab
        try:
            made = _FAULT.validate_python({"fault": fault, **fields})
        except pydantic.ValidationError as error:
            raise InputError(
                f"{printable(fault)!r} is no fault that can be made so: {error.errors()[0]['msg']}"
            ) from None
        self._well = self._well or lab.world
        self.threaded.do(lab.change, Ground(lab.issued, lab.clock.now(), rsa=False).apply([made], lab.world))

    def mend(self) -> None:
        """Undo every fault; certificates that came since then stay."""
        lab, well = self.threaded.lab, self._well
        if well is not None:
            self._well = None
            self.threaded.do(lab.change, replace(well, parties=lab.world.parties))

    def travel(self, days: float) -> None:
        """Let the lab's clock go on, and do what is due then."""
        self.threaded.do(self.threaded.lab.clock.travel, timedelta(days=days))
        self.threaded.run(self.threaded.lab.tick)

    # ACME on Expressway-E.

    def start_acme(self) -> AcmeService:
        """Start Pebble and the ACME certificate service of the E peers."""
        if self._acme is None:
            self._acme = self.threaded.start_acme()
        return self._acme

    def acme_sign(self, peer: str) -> Credential:
        """Sign CSR with ACME provider: the certificate lands in the pending place."""
        acme = self.start_acme()
        state = self.peer(peer).state
        if state.request is None or not state.acme.settings.terms:
            self.threaded.run(acme.prepare, peer)
        return self.threaded.run(acme.sign, peer)

    def acme_prepare(self, peer: str) -> None:
        """What comes before the first Sign: provider and e-mail, terms accepted, a signing request."""
        self.threaded.run(self.start_acme().prepare, peer)

    def acme_preflight(self, peer: str) -> Verdict:
        """What the CA will object to."""
        return self.threaded.run(self.start_acme().preflight, peer)

    def acme_on_lab_clock(self, days: float) -> None:
        """Certificates of that life from the lab's own CA for all E peers, automatic service on: for months to come.

        Pebble lives in real time and cannot follow a clock that travels; all else is as with a provider.
        """
        self.start_acme()
        self.threaded.run(set_up_automatic, self.threaded.lab, timedelta(days=days))

    def acme_automatic(self, peer: str) -> None:
        """Renew and deploy without an administrator, every day at 03:00."""
        self.threaded.run(self.start_acme().configure, peer, {"automatic": True})

    def acme_revoke(self, peer: str, which: str = "current", by: str = "account") -> None:
        """Revoke a certificate at its CA: by the account's key, or by the certificate's own."""
        self.threaded.run(partial(self.start_acme().revoke, peer, which=which, by=by))

    def acme_sign_domain(self, peer: str, domain: str) -> Credential:
        """Order a certificate for one domain, shown to who asks for that name (SNI)."""
        return self.threaded.run(self.start_acme().sign_domain, peer, domain)

    def acme_deploy_domain(self, peer: str, domain: str) -> None:
        """Put it to work."""
        self.threaded.run(self.start_acme().deploy_domain, peer, domain)

    def acme_deploy(self, peer: str) -> None:
        """Deploy pending certificate."""
        self.threaded.run(self.start_acme().deploy, peer)

    def trust_acme_ca(self) -> None:
        """Append Pebble's root to every trusted CA list."""
        root = self.threaded.run(self.start_acme().pebble.root)
        self.threaded.do(self.threaded.lab.trust, [root])

    def openssl_command(self, leg_id: str) -> str:
        """An openssl command for a terminal that dials the server of a leg as anybody could."""
        lab = self.threaded.lab
        leg = self.check().leg(leg_id).leg
        address, port = lab.endpoints[leg.server].address, lab.settings.port(leg.port)
        return f"openssl s_client -connect {address}:{port} -servername {leg.reference_name}"


def tell_plainly() -> None:
    """In this kernel, what a person can mend is told in one sentence, not by a traceback; the cell still fails."""
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((PkikitError,), _tell)  # type: ignore[no-untyped-call]


def _tell(_shell: Any, _kind: type[BaseException], error: BaseException, _trace: Any, tb_offset: Any = None) -> None:
    print(f"✘ {error}", file=sys.stderr)


def open_lab(name: str = "clustered-mra", settings: LabSettings | None = None) -> LabSession:
    """Start the lab for a deployment of `notebooks/deployments` (its name) or of your own (a path)."""
    if LabSession.current is not None:
        LabSession.current.close()
        LabSession.current = None
    tell_plainly()
    shipped = DEPLOYMENTS / f"{name}.yaml"
    path = shipped if shipped.exists() else Path(name)
    if not path.exists():
        names = ", ".join(sorted(p.stem for p in DEPLOYMENTS.glob("*.yaml")))
        raise InputError(f"there is no deployment {printable(name)!r}: shipped are {names}; or give the path of a file")
    session = LabSession(load_deployment(path), settings)
    LabSession.current = session
    return session
