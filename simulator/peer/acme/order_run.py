"""One order of one peer, from Sign to the staging area. A failed order removes its files and closes the virtual hosts.

Source: X12.5 guide, 'Let's Encrypt Verification Process'; RFC 8555.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import anyio.from_thread
import anyio.to_thread
from cryptography import x509

from pkikit.design.csr import fast_key
from pkikit.errors import AcmeError, AcmeProblem
from pkikit.issue.acme.account import AcmeAccount
from pkikit.issue.acme.order import ChallengeFile, Order, OrderStep, OrderWishes
from pkikit.issue.acme.transport import AcmeDirectory
from pkikit.judge.linting.issued_certificate import require_answer
from pkikit.model.tables.public_cas import EXPRESSWAY_PROFILE
from pkikit.view.description import iso
from simulator.peer.acme.challenge_host import ChallengeHost
from simulator.peer.acme_state import Account
from simulator.peer.peer import Peer

_ORDER_TIMEOUT = 30.0


@dataclass(frozen=True, kw_only=True)
class RunStep:
    """One line of the progress of an order: time, action, state and name; the peers involved, or who asked."""

    at: datetime
    what: str
    state: str
    name: str = ""
    detail: str = ""

    def to_json(self) -> dict[str, str]:
        """Return this step as an entry of `steps` in the JSON answer."""
        return {"at": iso(self.at), "what": self.what, "state": self.state, "name": self.name, "detail": self.detail}

    def __str__(self) -> str:
        return " ".join(t for t in (self.what, self.name, self.state, f"({self.detail})" if self.detail else "") if t)


class AcmeRun:
    """One order for one peer. `steps` grows while it runs; `stop` ends it before the next step."""

    def __init__(
        self, peer: Peer, hosts: Sequence[ChallengeHost], *, directory: AcmeDirectory,
        reaches: Callable[[str], bool], on_step: Callable[[AcmeRun, RunStep], None] = lambda *_: None,
    ) -> None:  # fmt: skip
        """Describe the order; `sign` runs it.

        Args:
            hosts: the virtual hosts of all peers of the cluster.
            reaches: returns True if this peer reaches another one now.
            on_step: called in the event loop with each new step, before the order continues.
        """
        self.peer, self.directory = peer, directory
        self.steps: list[RunStep] = []
        self._hosts, self._reaches, self._on_step = hosts, reaches, on_step
        self._order: Order | None = None
        self._client: AcmeAccount | None = None
        self._opened: list[ChallengeHost] = []
        self._stopped = ""

    def stop(self, why: str) -> None:
        """Stop the order before its next step. A later run can resume it."""
        self._stopped = why
        if self._order is not None:
            self._order.stop(why)

    def note(self, what: str, state: str, name: str = "", detail: str = "") -> None:
        """Add a step to the page and to the log."""
        now = self.peer.lab.now_of(self.peer.fqdn)
        step = RunStep(at=now, what=what, state=state, name=name, detail=detail)
        self.steps.append(step)
        fields = {"State": state, **({"Name": name} if name else {}), **({"Detail": detail} if detail else {})}
        self.peer.lab.events.add(self.peer.fqdn, f"ACME {what.title()}", **fields)
        self._on_step(self, step)

    async def sign(
        self,
        request: x509.CertificateSigningRequest,
        *,
        goes_on: bool = False,
    ) -> tuple[x509.Certificate, ...]:
        """Return the chain that the CA issued, after checking it.

        Removes the challenge files and closes the virtual hosts, whatever happens.

        Args:
            goes_on: resume the order that an interrupted run left at this CA, if there is one.
        """
        try:
            return await self._place_order(await self._account(), request, goes_on=goes_on)
        finally:
            if self._client is not None:
                self._client.close()

    async def _place_order(
        self, account: AcmeAccount, request: x509.CertificateSigningRequest, *, goes_on: bool,
    ) -> tuple[x509.Certificate, ...]:  # fmt: skip
        resume = self.peer.state.acme.order if goes_on else ""
        settings = self.peer.state.acme.settings
        order = self._order = Order(
            account, request,
            place=partial(self._in_loop, self._place), withdraw=partial(self._in_loop, self._withdraw),
            progress=self._progress, timeout=_ORDER_TIMEOUT,
        )  # fmt: skip
        if self._stopped:
            order.stop(self._stopped)
        profile = EXPRESSWAY_PROFILE if EXPRESSWAY_PROFILE in account.capabilities.profiles else ""
        wishes = OrderWishes(profile=profile, preferred_chain=settings.preferred_chain)
        for host in self._hosts:
            host.served.append(self._note_fetch)
        try:
            await self._open()
            chain = await anyio.to_thread.run_sync(lambda: order.run(wishes, resume=resume))
            require_answer(request, chain)
            return chain
        finally:
            for host in self._hosts:
                host.served.remove(self._note_fetch)
            for host in self._opened:
                await host.close()
                self.note("virtual host", "closed", name=host.fqdn)

    async def _open(self) -> None:
        for host in self._hosts:
            if not self._reaches(host.fqdn):
                self.note("virtual host", "out of reach", name=host.fqdn, detail="the file cannot be put there")
                continue
            await host.open()
            self._opened.append(host)
            self.note("virtual host", "opened", name=host.fqdn, detail="port 80, challenge files only")

    # The account.

    async def _account(self) -> AcmeAccount:
        """Return the account of this peer at this CA: the stored one, the one that the CA finds by its key, or a new one."""
        kept = self.peer.state.acme.account
        known = kept if kept is not None and kept.directory == self.directory.url else None
        key = known.key if known is not None else fast_key()
        account = self._client = await anyio.to_thread.run_sync(AcmeAccount, self.directory, key)
        self._require_terms(account)
        settings = self.peer.state.acme.settings

        def find_or_make() -> str:
            if known is not None:
                try:
                    return account.find()
                except AcmeProblem as problem:
                    if not problem.type.endswith(":accountDoesNotExist"):
                        raise
            return account.register(settings.email, terms_accepted=True, external=settings.external)

        url = await anyio.to_thread.run_sync(find_or_make)
        if known is None or known.url != url:
            made = Account(directory=self.directory.url, url=url, key=key)
            await self.peer.change_acme(lambda acme: replace(acme, account=made, order=""))
            self.note("account", "created", detail=self.directory.url)
        else:
            self.note("account", "found", detail=self.directory.url)
        return account

    def _require_terms(self, account: AcmeAccount) -> None:
        terms, accepted = account.capabilities.terms, self.peer.state.acme.settings.terms
        if not accepted:
            raise AcmeError(f"the provider's terms of service have to be accepted first: {terms or 'it has none'}")
        if terms and accepted != terms:
            raise AcmeError(f"the provider's terms of service have changed and have to be accepted again: {terms}")

    # What the order's thread asks the loop to do.

    def _in_loop(self, function: Callable[..., None], *arguments: object) -> None:
        anyio.from_thread.run_sync(partial(function, *arguments))

    def _place(self, file: ChallengeFile) -> None:
        put = [host for host in self._opened if self._reaches(host.fqdn)]
        for host in put:
            host.place(file)
        self.note("challenge file", "placed", name=file.name, detail=f"on {', '.join(h.fqdn for h in put)}")

    def _withdraw(self, file: ChallengeFile) -> None:
        for host in self._opened:
            host.withdraw(file)
        self.note("challenge file", "withdrawn", name=file.name)

    def _progress(self, step: OrderStep) -> None:
        """Write to disk what a resumed order needs, before the order continues. Runs in the order's thread."""
        if step.what == "challenge file":
            return  # `place` has already logged it
        self._in_loop(self.note, step.what, step.state, step.name, step.detail)
        if step.url:
            anyio.from_thread.run(self.peer.change_acme, lambda acme: replace(acme, order=step.url))

    def _note_fetch(self, peer: str, host: str, by: str) -> None:
        self.note("challenge file", "fetched", name=host, detail=f"from {peer}, by {by}")


def as_directory(url: str, ca: str, folder: Path) -> AcmeDirectory:
    """Return the directory of another provider. Writes its CA into a file, because the HTTPS library reads a file."""
    if not ca:
        return AcmeDirectory(url=url)
    path = folder / "acme-ca.pem"
    path.write_text(ca, encoding="ascii")
    return AcmeDirectory(url=url, ca_file=path)
