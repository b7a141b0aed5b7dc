"""An ACME conversation (RFC 8555) with certbot's `acme`: account, order, http-01, finalize, download.

Synchronous, as the library is: run it in a worker thread. Challenge files are placed and withdrawn by the caller.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import requests
from acme import challenges, client, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from josepy.jwk import JWKRSA

from pkikit.errors import AcmeError, AcmeProblem, AcmeTimeout

USER_AGENT = "expressway-certificate-lab"
_FIRST_POLL, _SLOWEST_POLL = 0.1, 2.0


@dataclass(frozen=True, kw_only=True)
class AcmeDirectory:
    """An RFC 8555 directory: its URL, and the CA file by which its HTTPS is verified (None: the system's)."""

    url: str
    ca_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class ChallengeFile:
    """What the CA will fetch: http://<name>/.well-known/acme-challenge/<token> → content."""

    name: str
    token: str
    content: str


Progress = Callable[[str], None]


class AcmeAccount:
    """One account at one CA, known by its key."""

    def __init__(self, directory: AcmeDirectory, key: rsa.RSAPrivateKey) -> None:
        self._key = JWKRSA(key=key)
        self._network = client.ClientNetwork(self._key, user_agent=USER_AGENT, timeout=10)
        if directory.ca_file:
            # The library's type says bool; it hands the value to requests, where a path names the CA file.
            self._network.verify_ssl = str(directory.ca_file)  # type: ignore[assignment]
        with _told():
            found = client.ClientV2.get_directory(directory.url, self._network)
        self._client = client.ClientV2(found, self._network)

    def register(self, email: str, *, terms_accepted: bool) -> str:
        """Create the account; returns its URL. The administrator accepts the terms, not we."""
        if not terms_accepted:
            raise AcmeError("the provider's terms of service have to be accepted first")
        wanted = messages.NewRegistration.from_data(email=email, terms_of_service_agreed=True)
        with _told():
            return str(self._client.new_account(wanted).uri)

    def find(self) -> str:
        """The URL of the account that this key has at the CA; AcmeProblem (accountDoesNotExist) when there is none."""
        asked = messages.NewRegistration.from_data()
        with _told():
            wanted = messages.NewRegistration(**{**dict(asked.items()), "only_return_existing": True})
            try:
                return str(self._client.new_account(wanted).uri)
            except errors.ConflictError as known:
                self._network.account = messages.RegistrationResource(uri=known.location, body=messages.Registration())
                return str(known.location)

    def status(self) -> dict[str, object]:
        """State and contacts of the account, as the CA has them."""
        url = self.find()
        with _told():
            account = self._network.account
            if account is None:
                raise AcmeError("the CA named no account")
            known = self._client.query_registration(account)
        return {"url": url, "status": str(known.body.status), "contact": list(known.body.contact or ())}

    def revoke(self, certificate: x509.Certificate, reason: int = 0) -> None:
        """Revoke a certificate: with the account's key, or with the certificate's own when that is this object's key."""
        with _told():
            self._client.revoke(certificate, reason)

    def order(
        self,
        request: x509.CertificateSigningRequest,
        *,
        place: Callable[[ChallengeFile], None],
        withdraw: Callable[[ChallengeFile], None],
        progress: Progress = lambda _: None,
        timeout: float = 60.0,
    ) -> tuple[x509.Certificate, ...]:
        """Order a certificate for the names of `request`; returns leaf and intermediates.

        Raises AcmeProblem when the CA says no (with one line per name), AcmeTimeout when it says nothing in `timeout` seconds.
        """
        with _told():
            order = self._client.new_order(request.public_bytes(Encoding.PEM))
            progress(f"order created, {len(order.authorizations)} names to validate")
            placed: list[ChallengeFile] = []
            try:
                for authorization in order.authorizations:
                    placed += self._answer(authorization, place, progress)
                self._wait(order.authorizations, progress, timeout)
                progress("finalizing")
                deadline = datetime.now() + timedelta(seconds=timeout)  # noqa: DTZ005  (the library compares naive local times)
                finished = self._client.poll_finalization(self._client.begin_finalization(order), deadline)
            finally:
                for file in placed:
                    withdraw(file)
        progress("certificate downloaded")
        return tuple(x509.load_pem_x509_certificates(finished.fullchain_pem.encode("ascii")))

    def _answer(
        self, authorization: messages.AuthorizationResource, place: Callable[[ChallengeFile], None], progress: Progress
    ) -> Iterable[ChallengeFile]:
        body = authorization.body
        if body.status == messages.STATUS_VALID:
            progress(f"{body.identifier.value}: already valid")
            return
        offered = next((c for c in body.challenges if isinstance(c.chall, challenges.HTTP01)), None)
        if offered is None:
            raise AcmeError(f"the CA offers no http-01 challenge for {body.identifier.value}")
        response, content = offered.response_and_validation(self._key)
        file = ChallengeFile(name=body.identifier.value, token=offered.chall.encode("token"), content=content)
        place(file)
        progress(f"{file.name}: challenge file placed")
        yield file
        self._client.answer_challenge(offered, response)

    def _wait(self, authorizations: list[messages.AuthorizationResource], progress: Progress, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        failed: list[messages.AuthorizationResource] = []
        for authorization in authorizations:
            pause = _FIRST_POLL
            while (polled := self._client.poll(authorization)[0]).body.status == messages.STATUS_PENDING:
                if time.monotonic() > deadline:
                    raise AcmeTimeout(
                        f"the CA did not validate {authorization.body.identifier.value} within {timeout:.0f} s"
                    )
                time.sleep(pause)
                pause = min(2 * pause, _SLOWEST_POLL)
            progress(f"{polled.body.identifier.value}: {polled.body.status.name}")
            if polled.body.status != messages.STATUS_VALID:
                failed.append(polled)
        if failed:
            raise _validation_problem(failed)


def _validation_problem(failed: Iterable[messages.AuthorizationResource]) -> AcmeProblem:
    told = []
    kind = ""
    for authorization in failed:
        error = next((c.error for c in authorization.body.challenges if c.error is not None), None)
        kind = kind or (error.typ if error else "")
        told.append((authorization.body.identifier.value, (error.detail if error else "") or "no reason given"))
    return AcmeProblem(kind or "urn:ietf:params:acme:error:unauthorized", "the CA could not validate every name", told)


class _told:  # noqa: N801  (used as a statement: "with _told():")
    """Turns what the library and the network raise into our errors."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case messages.Error():
                raise AcmeProblem(error.typ, error.detail or error.description or "no detail given") from error
            case errors.IssuanceError():
                raise AcmeProblem(error.error.typ, error.error.detail or "no detail given") from error
            case errors.TimeoutError():
                raise AcmeTimeout("the CA did not finish the order in time") from error
            case errors.Error():
                raise AcmeError(f"the CA's answer is not understood: {error}") from error
            case requests.exceptions.RequestException():
                raise AcmeError(f"the CA cannot be reached: {type(error).__name__}") from error
            case _:
                return


def renewal_time(directory: AcmeDirectory, certificate: x509.Certificate) -> datetime | None:
    """When the CA suggests to renew (RFC 9773, ARI); None when it offers no such information."""
    network = client.ClientNetwork(user_agent=USER_AGENT, timeout=10)
    if directory.ca_file:
        network.verify_ssl = str(directory.ca_file)  # type: ignore[assignment]
    with _told():
        found = client.ClientV2(client.ClientV2.get_directory(directory.url, network), network)
        when, _ = found.renewal_time(certificate.public_bytes(Encoding.PEM))
    return when
