"""A live case of the clinic: a lab in which it is broken, for the player to look at, work on and fix."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, Self

import anyio.to_thread
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs7

from pkikit.errors import AcmeProblem, EncodingError, InputError
from pkikit.files import key_pem
from pkikit.judge.linting.preflight import pending_not_deployed, problem_findings
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Evidence, Finding
from pkikit.model.parties import Role
from pkikit.model.places import deployment_with
from pkikit.rules.catalogue import rule_of
from pkikit.view.connections.check_report import CheckReport
from simulator.clinic.case import Case, Order, Upload
from simulator.clinic.play_result import PlayResult
from simulator.clinic.scanner import scan
from simulator.clinic.solver import NOT_SOUGHT, solution_of
from simulator.errors import UploadRefused
from simulator.events import CERTIFICATE_REFUSED, CRL_FAILED, OCSP_FAILED, ORDER_FAILED, TLS_ERRORS, Event
from simulator.lab.acme_attachment import acme_service
from simulator.lab.lab import Lab
from simulator.peer.acme.service import AcmeService
from simulator.peer.peer import Peer
from simulator.settings import LabSettings
from simulator.world.craft import craft
from simulator.world.fault_context import FaultContext
from simulator.world.plan_settings import setting_named
from simulator.world.remedies import OF_PEERS, Action, Remedy, apply_remedy, remedy_of

_LOGGED = (
    *TLS_ERRORS,
    CERTIFICATE_REFUSED,
    CRL_FAILED,
    OCSP_FAILED,
    ORDER_FAILED,
)


class LiveCase:
    """`async with LiveCase(case) as live:` — broken on entry; `look` and `fix` as often as you like."""

    def __init__(
        self, case: Case, settings: LabSettings | None = None, *, step: Callable[[str], None] = lambda _: None
    ) -> None:
        self.case = case
        self._settings, self._step = settings or LabSettings(rsa=False, pages=False), step
        self._stack = AsyncExitStack()
        self.acme: AcmeService | None = None  # in a case that orders a certificate
        self.refused: tuple[Finding, ...] = ()
        self.applied: tuple[Remedy, ...] = ()
        self.earlier: tuple[Event, ...] = ()  # of labs before the configuration changed
        self._to_order = False  # the order has to be repeated
        self._made_cas = case.authorities()
        self.solution = NOT_SOUGHT  # found by a search, if the case names no fixes

    async def __aenter__(self) -> Self:
        await self._open(await anyio.to_thread.run_sync(self.case.changed))
        if self.case.scanner is not None:
            self._step("scanners call the SIP port")
            await scan(self.lab, self.case.scanner)
        self.first_refused, self.broken = self.refused, await self.look()
        if not (self.case.remedies or self.broken.accepted):
            self._step("looking for fixes")
            self.solution = await anyio.to_thread.run_sync(solution_of, self.case)
        self.log = tuple(e for e in self.lab.events if e.kind in _LOGGED)
        return self

    async def _open(self, deployment: Deployment) -> None:
        """Open a lab for this deployment in which the case has happened."""
        async with AsyncExitStack() as stack:
            self._step("starting the lab")
            lab = Lab(deployment, settings=self._settings, clock=self.case.clock(), prepare=self.case.prepared)
            self.lab = await stack.enter_async_context(lab)
            if self.case.order is not None:
                self._step("starting the CA")
                self.acme = await stack.enter_async_context(acme_service(self.lab))
                await self.acme.prepare(self.case.order.peer)
                self.lab.trust([await self.acme.ca.root()])
            self._step("injecting the fault")
            await self._break()
            self._stack = stack.pop_all()

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def fault_context(self) -> FaultContext:
        """The CAs and the time of the lab, for work on its world."""
        return FaultContext(self.lab.issued, self.lab.clock.now(), self._settings.rsa, made=self._made_cas)

    async def _break(self) -> None:
        broken = await anyio.to_thread.run_sync(self.fault_context.apply, self.case.faults, self.lab.world)
        if self.case.order is not None and not self.case.order.deploy:
            await self._place_order(self.case.order)  # all is well while it is signed
        self.lab.change(broken)
        if self.case.upload is not None:
            self.refused = await self._upload(self.case.upload)
        elif self.case.order is not None:
            self.refused = (
                await self._place_order(self.case.order) if self.case.order.deploy else self._waits(self.case.order)
            )
            self._to_order = self.case.order.deploy and bool(self.refused)

    async def look(self) -> CheckReport:
        """Dial every leg. Who orders from a public CA has put its intermediates into the lists of the Expressways, too."""
        if self.acme is not None:
            shown = (c for p in self.lab.deployment.peers_of(Role.EXPRESSWAY_E) for c in self._shown_by(p))
            self.lab.trust(dict.fromkeys(shown), self.lab.deployment.peers)
        return await self.lab.check()

    def _shown_by(self, fqdn: str) -> tuple[x509.Certificate, ...]:
        """Return the CA certificates behind the one of a peer, if it comes from the public CA."""
        credential, own = self.lab.world.parties[fqdn].credential, self.lab.issued.authority.certificate
        chain = credential.chain[1:] if credential is not None else ()
        return () if own in chain else chain

    @property
    def events(self) -> tuple[Event, ...]:
        """The event log of the whole case, oldest first."""
        return (*self.earlier, *self.lab.events)

    @property
    def unfinished(self) -> str:
        """One sentence about work that is still to be done although nothing is refused any more; empty if there is none."""
        if self.refused or not self._to_order or self.case.order is None:
            return ""
        return f"{self.case.order.peer} still has no new certificate: order it again."

    def settled(self, report: CheckReport) -> bool:
        """Return True if every connection is up that can be, nothing is refused, and no order is left."""
        return self.solution.settles(report) and not self.refused and not self.unfinished

    def read(self, line: str) -> Remedy:
        """Return the remedy that a person typed.

        Raises:
            InputError: a word is unknown; the sentence lists what is allowed.
        """
        return remedy_of(line, "", self.lab.deployment, self.lab.world)

    async def remedy(self, remedy: Remedy) -> CheckReport:
        """Do one thing about it, for real, and dial every connection.

        Raises:
            InputError: the work cannot be done; nothing was changed.
        """
        self._step(str(remedy))
        if remedy.action is Action.CONFIGURE:
            await self._configure(remedy)
        else:
            await self._do(remedy)
        self.applied = (*self.applied, remedy)
        return await self.look()

    async def _configure(self, remedy: Remedy) -> None:
        """Ports and listeners follow the configuration: start a new lab, and repeat all remedies in it."""
        before = await anyio.to_thread.run_sync(self.case.changed)
        chosen: dict[str, Any] = {}
        for done in (*self.applied, remedy):
            if done.action is Action.CONFIGURE:
                setting = setting_named(before, done.target)
                chosen[setting.place] = setting.parsed(" ".join(done.words))
        wanted = deployment_with(before, chosen)
        self.earlier = self.events
        await self._stack.aclose()
        self._made_cas = self.case.authorities()
        await self._open(wanted)
        for done in self.applied:
            if done.action is not Action.CONFIGURE:
                await self._do(done)

    async def _do(self, remedy: Remedy) -> None:
        if remedy.action not in OF_PEERS:
            self.lab.change(await anyio.to_thread.run_sync(apply_remedy, remedy, self.lab.world, self.fault_context))
            await self._ask_the_ca_again()
            return
        peer, order, upload = self.lab.peers[remedy.target], self.case.order, self.case.upload
        match remedy.action:
            case Action.LOAD if upload is not None and upload.peer == peer.fqdn:
                if remedy.words == (_RIGHT_FORM[upload.form],):
                    await self._load(peer)
                else:
                    self.refused = await self._upload(upload)
            case Action.WAIT:
                self._wait_for_the_ca(peer.fqdn)
                await self._ask_the_ca_again()
            case Action.ORDER_AGAIN if order is not None and order.peer == peer.fqdn:
                self.refused = await self._place_order(order.model_copy(update={"times": 1}))
                if not self.refused:
                    await peer.deploy()
                    self._to_order = False
            case Action.DEPLOY if peer.state.pending_certificate is not None:
                await peer.deploy()
                self.refused = ()
            case _:
                raise InputError(f"{peer.fqdn} has nothing to {_WORDS[remedy.action]}")

    async def _ask_the_ca_again(self) -> None:
        """After a change, look again at what the CA would object to: what was refused earlier says nothing any more."""
        order = self.case.order
        if self.acme is not None and order is not None and order.deploy and self._to_order:
            self.refused = (await self.acme.preflight(order.peer)).errors

    async def fix(self) -> CheckReport:
        """Do what the case file says fixes it, or what a search found, one thing after the other."""
        report = await self.look()
        for line in self.case.remedies or self.solution.lines:
            report = await self.remedy(self.read(line))
        return report

    # What is refused.

    async def _load(self, peer: Peer) -> None:
        await peer.upload(*self._right(peer))
        peer.restart()
        self.refused = ()

    async def _upload(self, upload: Upload) -> tuple[Finding, ...]:
        peer = self.lab.peers[upload.peer]
        key = b""
        if upload.form == "of-another-peer":
            cluster = self.lab.deployment.cluster_of(upload.peer)
            assert cluster is not None  # a peer has one
            other = next(p for p in cluster.peers if p != upload.peer)
            await _generate(peer)
            await _generate(self.lab.peers[other])
            certificate = _pem(self._answer(self.lab.peers[other]))
        elif upload.form in _WITH_KEY:
            made = craft(peer.layout.dns_names, self.lab.issued.authority, at=self.lab.clock.now())
            assert made.key is not None  # made with one
            self._made = made
            certificate = made.pem()
            if upload.form == "encrypted-key":
                key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
            else:
                key = key_pem(made.key).rstrip(b"\n")
        else:
            await _generate(peer)
            certificate = self._in_form(upload.form, self._answer(peer))
        try:
            await peer.upload(certificate, key)
        except (EncodingError, UploadRefused) as error:
            return (_refusal(error.rule, upload.peer, str(error)),)
        return ()

    def _in_form(self, form: str, chain: tuple[x509.Certificate, ...]) -> bytes:
        """Return the CA's answer in a form or an order that the page refuses."""
        if form == "der":
            return chain[0].public_bytes(Encoding.DER)
        if form == "reversed":
            return _pem((self.lab.issued.authority.root, *reversed(chain)))
        return pkcs7.serialize_certificates(list(chain), Encoding.PEM)

    def _right(self, peer: Peer) -> tuple[bytes, bytes]:
        """Return the same in the form that the page accepts: certificate and key."""
        if self.case.upload is not None and self.case.upload.form in _WITH_KEY:
            assert self._made.key is not None  # made with one
            return self._made.pem(), key_pem(self._made.key)
        return _pem(self._answer(peer)), b""

    def _answer(self, peer: Peer) -> tuple[x509.Certificate, ...]:
        request, issued = peer.state.request, self.lab.issued
        assert request is not None  # generated before
        leaf = issued.authority.issue(request.csr, at=self.lab.clock.now())
        return (leaf, *issued.authority.intermediates)

    async def _place_order(self, order: Order) -> tuple[Finding, ...]:
        assert self.acme is not None  # started with the case
        try:
            for _ in range(order.times):
                await self.acme.sign(order.peer)
        except AcmeProblem as problem:
            # The CA tells what it saw; where it comes from is seen by looking at DNS, ports and CAA as it does.
            looked = (await self.acme.preflight(order.peer)).errors
            return looked or problem_findings(problem.type, problem.detail, problem.subproblems, owner=order.peer)
        return ()

    def _wait_for_the_ca(self, fqdn: str) -> None:
        """Move the lab's clock to the time at which the CA accepts another order, if it named one."""
        last, now = self.lab.peers[fqdn].state.acme.last, self.lab.clock.now()
        if last is not None and last.retry_after is not None:
            self.lab.clock.travel(last.at + last.retry_after - now + timedelta(seconds=1))

    def _waits(self, order: Order) -> tuple[Finding, ...]:
        peer = self.lab.peers[order.peer]
        running, pending = peer.running, peer.state.pending_certificate
        if running is None or pending is None:
            return ()
        return pending_not_deployed(running.leaf, pending.leaf, owner=order.peer, at=self.lab.now_of(order.peer))


_RIGHT_FORM = {
    "der": "as-pem",
    "pkcs7": "as-pem",
    "reversed": "server-certificate-first",
    "encrypted-key": "key-without-passphrase",
    "key-without-newline": "key-with-line-end",
    "of-another-peer": "for-its-own-request",
}
_WORDS = {
    Action.LOAD: "upload",
    Action.WAIT: "wait for",
    Action.ORDER_AGAIN: "order by ACME",
    Action.DEPLOY: "deploy",
}
# What is uploaded together with its private key.
_WITH_KEY = frozenset({"encrypted-key", "key-without-newline"})


async def _generate(peer: Peer) -> None:
    if peer.state.request is not None:
        await peer.discard()
    await peer.generate()


def _pem(chain: tuple[x509.Certificate, ...]) -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in chain)


def _refusal(rule: str, subject: str, said: str) -> Finding:
    evidence = Evidence(label="the page", expected="a file that it takes", seen=said, where=subject)
    return rule_of(rule).finding(subject, [evidence], message=said)


async def play(
    case: Case, settings: LabSettings | None = None, *, step: Callable[[str], None] = lambda _: None
) -> PlayResult:
    """Set a case up, look, fix it, look again."""
    async with LiveCase(case, settings, step=step) as live:
        broken, refused, log = live.broken, live.refused, live.log
        return PlayResult(
            case=case, broken=broken, refused=refused, log=log, mended=await live.fix(), solution=live.solution
        )
