"""One lab per kernel: `open_lab` starts it, running the cell again replaces it, ending the kernel stops it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import SubjectFields
from pkikit.design.san import SanLayout, design_sans
from pkikit.errors import InputError
from pkikit.files import load_deployment
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Finding, Verdict
from pkikit.model.places import deployment_with
from pkikit.model.world import Party, World
from pkikit.values.instants import parse_instant
from pkikit.values.names import printable
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.worlds.brought import bring_certificates
from simulator.clinic.case import Scanner, deployments_folder
from simulator.clinic.scanner import scan
from simulator.clock import Clock
from simulator.peer.acme.service import AcmeService
from simulator.peer.peer import Peer
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab
from simulator.travel.renewal_years import set_up_automatic
from simulator.world.fault_context import FaultContext
from simulator.world.remedies import OF_PEERS, Action, apply_remedy, remedy_of
from workbook.plainly import tell_plainly
from workbook.shortcuts import shortcut

DEPLOYMENTS = deployments_folder()


class LabSession:
    """A running lab in the words of the notebooks. It never shows an address, a port, a serial number or a key."""

    current: LabSession | None = None

    def __init__(
        self,
        deployment: Deployment,
        settings: LabSettings | None = None,
        *,
        certs: Path | None = None,
        at: datetime | None = None,
    ) -> None:
        self.deployment = deployment
        self._make = partial(_lab_of, deployment, settings, certs, at)
        self._begin()

    def _begin(self) -> None:
        self.threaded = self._make().start()

    @property
    def world(self) -> World:
        """Every party with its certificates and lists, now."""
        return self.threaded.world

    @property
    def at(self) -> datetime:
        """The time on the lab's clock."""
        return self.threaded.clock.now()

    def __repr__(self) -> str:
        parties = len(self.deployment.parties) - len(self.deployment.peers)
        return f"Lab {self.deployment.name}: {len(self.deployment.peers)} Expressway peers and {parties} other machines, running."

    def close(self) -> None:
        """Stop everything that this lab started."""
        self.threaded.close()

    def reset(self) -> None:
        """Start again with this deployment: every key, certificate and list is new."""
        self.threaded.close()
        self._begin()

    def layout(self, peer: str) -> SanLayout:
        """Return the SAN layout of a peer as designed."""
        return design_sans(self.deployment, self.deployment.peer(peer))

    def generate_csr(
        self,
        peer: str,
        layout: SanLayout | None = None,
        added: tuple[str, ...] = (),
        fields: SubjectFields | None = None,
    ) -> x509.CertificateSigningRequest:
        """Generate a new key and a request for this peer, and discard the earlier request.

        added: additional alternative names. fields: country, state, locality, organisation and unit of the subject.
        """
        held = self.peer(peer)
        if held.state.request is not None:
            self.threaded.run(held.discard)
        state = self.threaded.run(partial(held.generate, layout=layout, added=added, fields=fields))
        assert state.request is not None
        return state.request.csr

    def peer(self, fqdn: str) -> Peer:
        """Return one peer: its state, its alarms, what its pages do."""
        return self.threaded.peers[self.deployment.peer(fqdn)]

    def sign(self, peer: str) -> Credential:
        """Have the lab CA sign the peer's pending request."""
        lab, request = self.threaded, self.peer(peer).state.request
        if request is None:
            raise InputError(f"{peer} has no pending request. Generate one first: lab.generate_csr({peer!r})")
        leaf = lab.issued.authority.issue(request.csr, at=lab.clock.now())
        return Credential(chain=(leaf, *lab.issued.authority.intermediates), key=request.key)

    def party(self, fqdn: str) -> Party:
        """Return any party of the world with what it presents, trusts and has."""
        found = self.world.parties.get(fqdn)
        if found is None:
            raise InputError(
                f"There is no machine {printable(fqdn)!r} in this lab. There are {', '.join(self.world.parties)}."
            )
        return found

    def upload(self, peer: str, certificate: bytes, key: bytes = b"") -> tuple[Finding, ...]:
        """Upload a file on the Server certificate page; return the page's warnings. It takes effect after `restart`."""
        return self.threaded.run(self.peer(peer).upload, certificate, key)

    def restart(self, peer: str) -> None:
        """Restart a peer: what was uploaded is active afterwards."""
        self.threaded.do(self.peer(peer).restart)

    def trust(self, peer: str, *certificates: x509.Certificate, append: bool = True) -> tuple[Finding, ...]:
        """Append CA certificates to a peer's trusted CA list, or replace the list; return the page's warnings."""
        data = b"".join(c.public_bytes(Encoding.PEM) for c in certificates)
        return self.threaded.run(partial(self.peer(peer).trust, data, append=append))

    def trust_everywhere(self, root: x509.Certificate) -> None:
        """Append a root to every party's trusted CA list; to those of the Expressways also the CAs below it that are in use."""
        self.threaded.trust([root])
        shown = [c for party in self.world.parties.values() for own in party.credentials for c in own.chain[1:]]
        self.threaded.trust([c for c in dict.fromkeys(shown) if c.issuer == root.subject], self.deployment.peers)

    def load_pem(self, peer: str, certificate: bytes, key: bytes = b"") -> tuple[Finding, ...]:
        """Load a certificate with its key on a peer, and restart; a request in progress is discarded."""
        held = self.peer(peer)
        if key and held.state.request is not None:
            self.threaded.run(held.discard)
        warnings = self.upload(peer, certificate, key)
        self.restart(peer)
        return warnings

    def install(self, peer: str, credential: Credential) -> None:
        """Upload a server certificate and restart the peer."""
        self.threaded.install(self.deployment.peer(peer), credential)

    def replace_certificate(self, peer: str, layout: SanLayout | None = None) -> Credential:
        """Generate a CSR, sign, upload and restart in one step."""
        self.generate_csr(peer, layout)
        credential = self.sign(peer)
        self.install(peer, credential)
        return credential

    def check(self) -> CheckReport:
        """Dial every leg with real TLS."""
        return self.threaded.check()

    def dial(self, leg_id: str) -> LegReport:
        """Dial one leg."""
        return self.threaded.check(only=lambda leg: leg.id == leg_id).leg(leg_id)

    # Faults, remedies and time.

    @property
    def ground(self) -> FaultContext:
        """Return what faults and remedies need: the lab's own CA, now."""
        return FaultContext(self.threaded.issued, self.at)

    def remedy(self, action: str, target: str = "") -> CheckReport:
        """Do one thing about what is broken, such as `order e1 +example.com`, and dial every connection."""
        short = shortcut(action, target, self.world, self.ground)
        if short is not None:
            self.threaded.change(short)
            return self.check()
        remedy = remedy_of(action, target, self.deployment, self.world)
        if remedy.action in OF_PEERS or remedy.action is Action.CONFIGURE:
            raise InputError(f"{remedy.action} is for cases of the clinic: open_case(…)")
        self.threaded.change(apply_remedy(remedy, self.world, self.ground))
        return self.check()

    def break_(self, fault: str, **fields: Any) -> None:
        """Change the world: `lab.break_("block", party="e2.example.com", port=80)`. `fix` undoes everything."""
        self.threaded.break_(fault, **fields)

    def fix(self) -> None:
        """Undo every fault; a certificate or a list that was changed since then stays."""
        self.threaded.fix()

    mend = fix  # as it was called

    def put(self, world: World) -> None:
        """Put an earlier world back in place."""
        self.threaded.put(world)

    def travel(self, days: float) -> None:
        """Move the lab's clock forward, and do what is due in between."""
        self.threaded.travel(timedelta(days=days))

    # ACME on Expressway-E.

    def start_acme(self) -> AcmeService:
        """Start Pebble and the ACME certificate service of the E peers."""
        return self.threaded.start_acme()

    def acme_sign(self, peer: str) -> Credential:
        """Sign CSR with ACME provider: the certificate becomes the pending one."""
        acme = self.start_acme()
        state = self.peer(peer).state
        if state.request is None or not state.acme.settings.terms:
            self.threaded.run(acme.prepare, peer)
        return self.threaded.run(acme.sign, peer)

    def acme_prepare(self, peer: str) -> None:
        """Do what comes before the first Sign: provider and e-mail, terms accepted, a signing request."""
        self.threaded.run(self.start_acme().prepare, peer)

    def acme_preflight(self, peer: str) -> Verdict:
        """Return what the CA will object to."""
        return self.threaded.run(self.start_acme().preflight, peer)

    def acme_on_lab_clock(self, days: float) -> None:
        """Give all E peers certificates of that life from the lab's own CA, with the automatic service on, for months to come.

        Pebble uses real time and cannot follow a clock that travels; everything else is as with a provider.
        """
        self.threaded.run(set_up_automatic, self.threaded.lab, self.start_acme(), timedelta(days=days))

    def acme_automatic(self, peer: str) -> None:
        """Renew and deploy without an administrator, every day at 03:00."""
        self.threaded.run(self.start_acme().configure, peer, {"mode": "Automated"})

    def acme_revoke(self, peer: str, which: str = "current", by: str = "account") -> None:
        """Revoke a certificate at its CA: with the account's key, or with the certificate's own."""
        self.threaded.run(partial(self.start_acme().revoke, peer, which=which, by=by))

    def command(self, peer: str, line: str) -> str:
        """Run a command of the product on a peer, such as `xCommand ACME Settings Read`; return its answer."""
        self.start_acme()
        return self.threaded.command(self.deployment.peer(peer), line)

    def scan(self, peer: str, calls: int = 20) -> None:
        """Let strangers call the SIP port of a peer, as scanners of the internet do."""
        self.threaded.run(scan, self.threaded.lab, Scanner(peer=peer, calls=calls))

    def archive(self, peer: str) -> bytes:
        """Return the diagnostic archive of a peer, as its page *Diagnostic logging* collects it."""
        self.deployment.peer(peer)
        return self.threaded.run(self.threaded.lab.diagnostics.archive_now, peer)[1]

    def copy_to(self, peer: str, path: str, data: bytes) -> None:
        """Copy a file to a peer, as an administrator does before `xCommand ACME Revoke`."""
        self.threaded.console(self.deployment.peer(peer)).files[path] = data

    def acme_sign_domain(self, peer: str, domain: str) -> Credential:
        """Order a certificate for one domain, presented to clients that ask for that name (SNI)."""
        return self.threaded.run(self.start_acme().sign, peer, domain)

    def acme_deploy_domain(self, peer: str, domain: str) -> None:
        """Deploy the domain certificate."""
        self.threaded.run(self.start_acme().deploy_domain, peer, domain)

    def acme_deploy(self, peer: str) -> None:
        """Deploy pending certificate."""
        self.threaded.run(self.start_acme().deploy, peer)

    def trust_acme_ca(self) -> None:
        """Append Pebble's root to every trusted CA list."""
        self.trust_everywhere(self.threaded.run(self.start_acme().ca.root))

    def openssl_command(self, leg_id: str) -> str:
        """Return an openssl command for a terminal that dials the server of a leg as anybody could."""
        lab = self.threaded
        leg = self.check().leg(leg_id).leg
        address, port = lab.endpoints[leg.server].address, lab.settings.port(leg.port)
        return f"openssl s_client -connect {address}:{port} -servername {leg.reference_name}"


def _lab_of(
    deployment: Deployment, settings: LabSettings | None, certs: Path | None, at: datetime | None
) -> ThreadedLab:
    brought = partial(bring_certificates, directory=certs) if certs is not None else None
    clock = Clock.set_to(at) if at is not None else None
    return ThreadedLab(deployment, settings=settings, clock=clock, prepare=brought)


def load(name: str, change: Mapping[str, Any] | None = None) -> Deployment:
    """Return a deployment of `notebooks/deployments` (its name) or of your own (a path), with other values at some places."""
    tell_plainly()
    shipped = DEPLOYMENTS / f"{name}.yaml"
    path = shipped if shipped.exists() else Path(name)
    if not path.exists():
        names = ", ".join(sorted(p.stem for p in DEPLOYMENTS.glob("*.yaml")))
        raise InputError(
            f"There is no deployment {printable(name)!r}. Choose one of {names}, or give the path of a file."
        )
    return deployment_with(load_deployment(path), change or {})


def open_lab(
    name: str = "clustered-mra",
    settings: LabSettings | None = None,
    *,
    change: Mapping[str, Any] | None = None,
    certs: str | Path | None = None,
    at: str | None = None,
) -> LabSession:
    """Start the lab for a deployment; the lab that was open in this kernel is closed.

    change: as in `load`. certs: a folder with your own certificates, as `expressway-sim check --certs` takes it.
    at: what the lab's clock shows at the start, ISO-8601 with zone.
    """
    tell_plainly()
    close_current()
    deployment = load(name, change)
    begins = parse_instant(at, Clock().now(), makes=True) if at is not None else None
    session = LabSession(deployment, settings, certs=Path(certs) if certs is not None else None, at=begins)
    LabSession.current = session
    return session


def lab_for(name: str, change: Mapping[str, Any] | None = None) -> LabSession:
    """Return the lab that is open if it runs this deployment; a closed one starts again, any other is replaced."""
    current = LabSession.current
    if current is not None and current.deployment == load(name, change):
        if not current.threaded.is_open:
            current.reset()
        return current
    return open_lab(name, change=change)


def current_lab() -> LabSession:
    """Return the lab that is open in this kernel, such as the one that a panel opened.

    Raises:
        InputError: no lab is open.
    """
    if LabSession.current is None or not LabSession.current.threaded.is_open:
        raise InputError("no lab is open; open one first: open_lab()")
    return LabSession.current


def close_current() -> None:
    """Close the lab that is open in this kernel, if there is one."""
    if LabSession.current is not None:
        LabSession.current.close()
        LabSession.current = None
