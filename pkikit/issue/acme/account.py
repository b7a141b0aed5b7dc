"""An account at an ACME CA, known by its key: made, found again, changed, given another key, ended (RFC 8555 §7.3)."""

from __future__ import annotations

import binascii
import json
from dataclasses import dataclass, field
from typing import Any

import josepy
from acme import errors, jws, messages
from cryptography import x509

from pkikit.errors import AcmeError, InputError
from pkikit.issue.acme.transport import AccountKey, AcmeDirectory, Capabilities, connect, jwk_of, told
from pkikit.values.names import printable


@dataclass(frozen=True, kw_only=True)
class ExternalAccount:
    """What a CA gives to a customer for binding an ACME account to him (EAB): identifier and MAC key (base64url)."""

    kid: str
    mac_key: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            usable = bool(self.kid) and len(josepy.b64.b64decode(self.mac_key)) >= 16
        except (ValueError, binascii.Error, TypeError):
            usable = False
        if not usable:
            raise InputError("the external account key is no base64url text of 16 bytes or more, as the CA gives it")


class AcmeAccount:
    """One account at one CA. Blocking, as certbot's library is: run it in a worker thread."""

    def __init__(self, directory: AcmeDirectory, key: AccountKey) -> None:
        self.directory = directory
        self._client, self.network = connect(directory, key)
        self.capabilities = Capabilities.of(self._client.directory)

    def register(self, email: str, *, terms_accepted: bool, external: ExternalAccount | None = None) -> str:
        """Create the account; returns its URL. The administrator accepts the terms, not we."""
        if not terms_accepted:
            raise AcmeError("the provider's terms of service have to be accepted first")
        if self.capabilities.needs_external_account and external is None:
            raise AcmeError("the CA wants an external account: the key identifier and MAC key that it gave you")
        wanted = messages.NewRegistration.from_data(
            **_contact(email), terms_of_service_agreed=True, external_account_binding=self._binding(external)
        )
        with told(self.network):
            return str(self._client.new_account(wanted).uri)

    def _binding(self, external: ExternalAccount | None) -> dict[str, Any] | None:
        if external is None:
            return None
        assert self.network.key is not None  # an account has one
        return messages.ExternalAccountBinding.from_data(
            self.network.key.public_key(), external.kid, external.mac_key, self._client.directory
        )

    def find(self) -> str:
        """The URL of the account that this key has at the CA; AcmeProblem (accountDoesNotExist) when there is none."""
        with told(self.network):
            wanted = messages.NewRegistration(only_return_existing=True)
            self.network.account = None
            try:
                return str(self._client.new_account(wanted).uri)
            except errors.ConflictError as known:
                self.adopt(str(known.location))
                return str(known.location)

    def adopt(self, url: str) -> None:
        """Use the account of this URL without asking for it."""
        self.network.account = messages.RegistrationResource(uri=url, body=messages.Registration())

    @property
    def url(self) -> str:
        """The account's URL; AcmeError before it is known."""
        account = self.network.account
        if account is None:
            raise AcmeError("the account is not known yet: register or find it first")
        return str(account["uri"])

    def close(self) -> None:
        """Close its connections now; else that is left to the garbage collector, in no order."""
        self.network.session.close()

    def status(self) -> dict[str, object]:
        """State and contacts of the account, as the CA has them."""
        url = self.find()
        answer = self._account(None)
        return {
            "url": url,
            "status": str(answer.get("status")),
            "contact": [str(c) for c in answer.get("contact") or ()],
        }

    def change_contact(self, email: str) -> None:
        """Another address for the CA's mails; an empty one: none."""
        self._account(messages.UpdateRegistration.from_data(**_contact(email) or {"contact": ()}))

    def deactivate(self) -> None:
        """End the account; the CA gives nothing to it any more, and it cannot come back."""
        self._account(messages.UpdateRegistration(status=messages.STATUS_DEACTIVATED))

    def _account(self, body: Any) -> dict[str, Any]:
        with told(self.network):
            answer = self.post(self.url, body).json()
            if not isinstance(answer, dict):
                raise TypeError("no JSON object")
            return answer

    def change_key(self, key: AccountKey) -> None:
        """Give the account another key (RFC 8555 §7.3.5): signed by the new one inside, by the old one outside."""
        assert self.network.key is not None  # an account has one
        jwk, algorithm = jwk_of(key)
        with told(self.network):
            where = self._client.directory["keyChange"]
            payload = {"account": self.url, "oldKey": self.network.key.public_key().to_json()}
            inner = jws.JWS.sign(json.dumps(payload).encode(), key=jwk, alg=algorithm, nonce=None, url=where)
            self.post(where, inner)
        self.network.key, self.network.alg = jwk, algorithm

    def revoke(self, certificate: x509.Certificate, reason: int = 0) -> None:
        """Revoke a certificate: with the account's key, or with the certificate's own when that is this object's key."""
        with told(self.network):
            self._client.revoke(certificate, reason)

    def post(self, url: str, body: Any) -> Any:
        """A signed request; with no body a POST-as-GET (RFC 8555 §6.3)."""
        return self.network.post(url, body, new_nonce_url=self._client.directory["newNonce"])

    @property
    def key(self) -> Any:
        """The key in the library's form, for the contents of challenge files."""
        return self.network.key

    def endpoint(self, name: str) -> str:
        """A URL of the directory."""
        with told(self.network):
            return str(self._client.directory[name])


def _contact(email: str) -> dict[str, Any]:
    if email and (email.count("@") != 1 or any(c.isspace() or c in ",<>" for c in email) or len(email) > 254):
        raise InputError(f"{printable(email[:80])!r} is no e-mail address")
    return {"email": email} if email else {}


def recover(directory: AcmeDirectory, key: AccountKey) -> tuple[AcmeAccount, str]:
    """The account that a key has at a CA, and its URL: what is left to somebody who kept the key alone."""
    account = AcmeAccount(directory, key)
    return account, account.find()
