"""One lab per kernel: `open_lab` starts it, running the cell again replaces it, ending the kernel stops it."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

from cryptography import x509
from IPython.core.getipython import get_ipython

from pkikit.design.san import SanLayout, design_sans
from pkikit.errors import InputError, PkikitError
from pkikit.files import load_deployment
from pkikit.model.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.names import printable
from simulator.peer.acme_service import AcmeService
from simulator.peer.peer import Peer
from simulator.report import CheckReport
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab

DEPLOYMENTS = Path(__file__).parents[1] / "deployments"


class LabSession:
    """A running lab in the words of the notebooks. It never shows an address, a port, a serial number or a key."""

    current: LabSession | None = None

    def __init__(self, deployment: Deployment, settings: LabSettings | None = None) -> None:
        self.deployment = deployment
        self.threaded = ThreadedLab(deployment, settings=settings).start()
        self._acme: AcmeService | None = None

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
        held = self._peer(peer)
        if held.state.request is not None:
            self.threaded.run(held.discard)
        state = self.threaded.run(partial(held.generate, layout=layout))
        assert state.request is not None
        return state.request.csr

    def _peer(self, fqdn: str) -> Peer:
        return self.threaded.lab.peers[self.deployment.peer(fqdn)]

    def sign(self, peer: str) -> Credential:
        """Have the lab CA sign the peer's pending request."""
        lab, request = self.threaded.lab, self._peer(peer).state.request
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

    # ACME on Expressway-E.

    def start_acme(self) -> AcmeService:
        """Start Pebble and the ACME certificate service of the E peers."""
        if self._acme is None:
            self._acme = self.threaded.start_acme()
        return self._acme

    def acme_sign(self, peer: str) -> Credential:
        """Sign CSR with ACME provider: the certificate lands in the pending place."""
        acme = self.start_acme()
        state = self._peer(peer).state
        if state.request is None or not state.acme.settings.terms:
            self.threaded.run(acme.prepare, peer)
        return self.threaded.run(acme.sign, peer)

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
