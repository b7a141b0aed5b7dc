"""An ACME order (RFC 8555): http-01 for each name, finalize, download.

`Order.run` reports every step and can resume an order after a crash. It blocks, because certbot's library does: run it
in a worker thread. The caller places and removes the challenge files.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from acme import challenges, crypto_util, errors, messages
from cryptography import x509
from josepy.b64 import b64encode
from josepy.json_util import field as json_field
from requests.utils import parse_header_links

from pkikit.errors import AcmeError, AcmeProblem, AcmeTimeout, EncodingError
from pkikit.issue.acme.account import AcmeAccount
from pkikit.issue.acme.transport import problem_of, translate_errors
from pkikit.reading.saved import certificates_in
from pkikit.values.names import printable

_FIRST_POLL, _SLOWEST_POLL = 0.05, 2.0
_MAX_CHAINS = 10


@dataclass(frozen=True, kw_only=True)
class ChallengeFile:
    """A file that the CA will fetch: http://<name>/.well-known/acme-challenge/<token> → content."""

    name: str
    token: str
    content: str


@dataclass(frozen=True, kw_only=True)
class OrderStep:
    """One step: of what (order, authorization, challenge, certificate), of which name, its new state.

    state: a word of RFC 8555 (pending, ready, processing, valid, invalid) or, for a challenge file, placed or withdrawn.
    """

    what: str
    state: str
    name: str = ""
    detail: str = ""
    url: str = field(default="", repr=False)

    def __str__(self) -> str:
        name = f" {self.name}" if self.name else ""
        return f"{self.what}{name}: {self.state}" + (f" ({self.detail})" if self.detail else "")


Progress = Callable[[OrderStep], None]


@dataclass(frozen=True, kw_only=True)
class OrderWishes:
    """What a client may ask for besides the names. profile: one of the directory's; preferred_chain: the root's common name.

    replaces: the certificate that is renewed, for CAs that offer renewal information (RFC 9773 §5).
    """

    profile: str = ""
    preferred_chain: str = ""
    replaces: x509.Certificate | None = None


class _NewOrder(messages.NewOrder):
    replaces: str | None = json_field("replaces", omitempty=True)


class Order:
    """One order of one account. A later process needs `url` to resume it."""

    def __init__(
        self,
        account: AcmeAccount,
        request: x509.CertificateSigningRequest,
        *,
        place: Callable[[ChallengeFile], None],
        withdraw: Callable[[ChallengeFile], None],
        progress: Progress = lambda _: None,
        timeout: float = 60.0,
    ) -> None:
        self.account, self.request = account, request
        self.url = ""
        self._place, self._withdraw, self._progress = place, withdraw, progress
        self._timeout = timeout
        self._placed: list[ChallengeFile] = []
        self._stopped, self._why = threading.Event(), ""
        self._body: messages.Order = messages.Order()

    def run(self, wishes: OrderWishes | None = None, *, resume: str = "") -> tuple[x509.Certificate, ...]:
        """Run the order until the certificate is there.

        `pkikit.judge.linting.issued_certificate.require_answer` decides whether the certificate is what the request asked for.

        Args:
            wishes: what to ask for besides the names.
            resume: the URL of an earlier order for the same names; empty for a new one.

        Returns:
            Leaf and intermediates.

        Raises:
            AcmeProblem: the CA refuses, with one line per name.
            AcmeTimeout: the CA does not finish within `timeout` seconds.
        """
        wishes = wishes or OrderWishes()
        self._deadline = time.monotonic() + self._timeout
        with translate_errors(self.account.network):
            try:
                self._begin(wishes, resume)
                if self._body.status == messages.STATUS_PENDING:
                    self._prove()
                    self._poll_order(messages.STATUS_PENDING)
                if self._body.status == messages.STATUS_READY:
                    self._finalize()
                self._poll_order(messages.STATUS_PROCESSING)
                return self._download(wishes.preferred_chain)
            finally:
                for file in self._placed:
                    self._withdraw(file)
                    self._tell("challenge file", "withdrawn", name=file.name)

    def stop(self, why: str) -> None:
        """End `run` at its next step, from another thread. The order stays at the CA and can be resumed."""
        self._why = why
        self._stopped.set()

    def _require_not_stopped(self) -> None:
        if self._stopped.is_set():
            raise AcmeError(f"the order was interrupted: {self._why}")

    # The order.

    def _begin(self, wishes: OrderWishes, resume: str) -> None:
        if resume and self._resume(resume):
            return
        wanted = _NewOrder(
            identifiers=[messages.Identifier(typ=kind, value=name) for kind, name in _identifiers(self.request)],
            profile=self._profile(wishes.profile) or None,
            replaces=certificate_id(wishes.replaces) if wishes.replaces and self._offers_renewal_info() else None,
        )
        answer = self.account.post(self.account.endpoint("newOrder"), wanted)
        self.url = answer.headers.get("Location", "")
        self._body = messages.Order.from_json(answer.json())
        self._tell("order", self._state, detail=f"{len(self._body.authorizations)} names to prove", url=self.url)

    def _resume(self, url: str) -> bool:
        """Return True if the order with that URL is for these names and has not failed; otherwise a new one is needed."""
        self.url = url
        try:
            self._look()
        except errors.Error:  # a problem document, or a plain 404
            self._tell("order", "unknown", detail="the CA knows the earlier order no more; a new one is made")
            return False
        same = {i.value.lower() for i in self._body.identifiers} == {name for _, name in _identifiers(self.request)}
        if not same or self._body.status == messages.STATUS_INVALID or self._cannot_be_proved():
            self._tell("order", self._state, detail="the earlier order cannot be used; a new one is made")
            return False
        self._tell("order", self._state, detail="an earlier order is resumed", url=url)
        return True

    def _cannot_be_proved(self) -> bool:
        """Return True if the CA refused a name, or a proof has expired: this order cannot succeed any more."""
        usable = {messages.STATUS_PENDING, messages.STATUS_VALID}
        pending = self._body.status == messages.STATUS_PENDING
        return pending and any(self._authorization(url).status not in usable for url in self._body.authorizations)

    def _profile(self, wanted: str) -> str:
        offered = self.account.capabilities.profiles
        if wanted and wanted not in offered:
            told_of = f"it offers {', '.join(map(printable, offered))}" if offered else "it offers none"
            raise AcmeError(f"the CA has no profile {printable(wanted[:64])!r}; {told_of}")
        return wanted

    def _offers_renewal_info(self) -> bool:
        return self.account.capabilities.renewal_info

    def _look(self) -> None:
        self._body = messages.Order.from_json(self.account.post(self.url, None).json())

    @property
    def _state(self) -> str:
        status: messages.Status | None = self._body.status
        return status.name if status is not None else "unknown"

    def _tell(self, what: str, state: str, *, name: str = "", detail: str = "", url: str = "") -> None:
        self._progress(OrderStep(what=what, state=state, name=name, detail=detail, url=url))
        if state != "withdrawn":
            self._require_not_stopped()

    def _poll_order(self, while_in: messages.Status) -> None:
        pause = _FIRST_POLL
        told_of = ""
        while self._body.status == while_in:
            if self._state != told_of:
                told_of = self._state
                self._tell("order", told_of)
            pause = self._wait(pause, "the order")
            self._look()
        self._tell("order", self._state)
        if self._body.status == messages.STATUS_INVALID:
            if self._body.error is not None:
                raise problem_of(self._body.error)
            raise AcmeError("the CA made the order invalid and gave no reason")

    def _wait(self, pause: float, what: str) -> float:
        """Sleep as long as the CA asks, or a little longer each time; never past the deadline.

        Args:
            pause: the last pause, in seconds.
            what: what the client waits for, for the message.

        Returns:
            The pause, in seconds.

        Raises:
            AcmeTimeout: the deadline is reached.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise AcmeTimeout(f"the CA did not finish {what} within {self._timeout:.0f} s")
        asked = self.account.network.retry_after
        self._stopped.wait(min(left, asked.total_seconds() if asked is not None else pause))
        self._require_not_stopped()
        return min(2 * pause, _SLOWEST_POLL)

    # Proof.

    def _prove(self) -> None:
        waiting = []
        for url in self._body.authorizations:
            body = self._authorization(url)
            self._tell("authorization", body.status.name, name=body.identifier.value)
            if body.status == messages.STATUS_PENDING:
                self._answer(body)
                waiting.append(url)
            elif body.status != messages.STATUS_VALID:
                raise _validation_problem([body])  # it failed while no run was watching; the next run makes a new order
        failed = [body for body in map(self._settle, waiting) if body.status != messages.STATUS_VALID]
        if failed:
            raise _validation_problem(failed)

    def _authorization(self, url: str) -> messages.Authorization:
        found: messages.Authorization = messages.Authorization.from_json(self.account.post(url, None).json())
        return found

    def _answer(self, body: messages.Authorization) -> None:
        name = body.identifier.value
        offered = next((c for c in body.challenges if isinstance(c.chall, challenges.HTTP01)), None)
        if offered is None:
            raise AcmeError(f"the CA offers no http-01 challenge for {name}")
        response, content = offered.response_and_validation(self.account.key)
        file = ChallengeFile(name=name, token=offered.chall.encode("token"), content=content)
        self._placed.append(file)
        self._place(file)
        self._tell("challenge file", "placed", name=name)
        if offered.status == messages.STATUS_PENDING:
            self.account.post(offered.uri, response)
            self._tell("challenge", "answered", name=name, detail="the CA may fetch it now")

    def _settle(self, url: str) -> messages.Authorization:
        pause = _FIRST_POLL
        while (body := self._authorization(url)).status == messages.STATUS_PENDING:
            pause = self._wait(pause, f"the proof of {body.identifier.value}")
        error = next((c.error for c in body.challenges if c.error is not None), None)
        detail = printable((error.detail or "")[:300]) if error else ""
        self._tell("authorization", body.status.name, name=body.identifier.value, detail=detail)
        return body

    # The certificate.

    def _finalize(self) -> None:
        answer = self.account.post(self._body.finalize, messages.CertificateRequest(csr=self.request))
        self._body = messages.Order.from_json(answer.json())
        self._tell("request", "sent", detail="finalize")

    def _download(self, preferred: str) -> tuple[x509.Certificate, ...]:
        answer = self.account.post(self._body.certificate or "", None)
        chain = _read(answer.text)
        if preferred and not _ends_at(chain, preferred):
            links = parse_header_links(answer.headers.get("Link", ""))
            others = [link["url"] for link in links if link.get("rel") == "alternate"][:_MAX_CHAINS]
            offered = (_read(self.account.post(url, None).text) for url in others)
            found = next((c for c in offered if _ends_at(c, preferred)), None)
            if found is None:
                self._tell("certificate", "valid", detail=f"no chain ends at {preferred}; the CA's own choice is taken")
            chain = found or chain
        self._tell("certificate", "downloaded", detail=f"{len(chain)} certificates")
        return chain


def _read(pem: str) -> tuple[x509.Certificate, ...]:
    try:
        return certificates_in(pem)
    except (ValueError, EncodingError):
        raise AcmeError("the CA's answer is refused: it is not a PEM file of certificates") from None


def _identifiers(request: x509.CertificateSigningRequest) -> tuple[tuple[messages.IdentifierType, str], ...]:
    """Return the names of the order: common name and subjectAltName, once each."""
    names, addresses = crypto_util.get_identifiers_from_x509(request.subject, request.extensions)
    dns = dict.fromkeys(n.lower() for n in names)
    return (*((messages.IDENTIFIER_FQDN, n) for n in dns), *((messages.IDENTIFIER_IP, str(a)) for a in addresses))


def _ends_at(chain: tuple[x509.Certificate, ...], common_name: str) -> bool:
    return any(a.value == common_name for a in chain[-1].issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME))


def _validation_problem(failed: Iterable[messages.Authorization]) -> AcmeProblem:
    said: list[tuple[str, str]] = []
    kind = ""
    for body in failed:
        error: Any = next((c.error for c in body.challenges if c.error is not None), None)
        kind = kind or (error.typ if error else "")
        said.append((body.identifier.value, (error.detail if error else "") or "no reason given"))
    return AcmeProblem(kind or "urn:ietf:params:acme:error:unauthorized", "the CA could not validate every name", said)


def certificate_id(certificate: x509.Certificate) -> str:
    """Return the id of a certificate in renewal information: key identifier of its issuer, serial number (RFC 9773 §4.1)."""
    extension = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    serial = certificate.serial_number
    number = serial.to_bytes((serial.bit_length() + 8) // 8, "big", signed=True)
    return f"{b64encode(extension.key_identifier or b'').decode()}.{b64encode(number).decode()}"
