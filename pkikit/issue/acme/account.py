"""An account at an ACME CA, identified by its key (RFC 8555 §7.3).

You can create an account, find it again, change its contact or its key, and deactivate it.
"""

from __future__ import annotations

import binascii
import json
from dataclasses import dataclass, field
from typing import Any

import josepy
from acme import errors, jws, messages
from cryptography import x509

from pkikit.errors import AcmeError, InputError
from pkikit.issue.acme.transport import AccountKey, AcmeDirectory, Capabilities, connect, jwk_of, translate_errors
from pkikit.values.names import printable


@dataclass(frozen=True, kw_only=True)
class ExternalAccount:
    """What a CA gives a customer to bind an ACME account to the customer's account (EAB): identifier and MAC key (base64url)."""

    kid: str
    mac_key: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            usable = bool(self.kid) and len(josepy.b64.b64decode(self.mac_key)) >= 16
        except (ValueError, binascii.Error, TypeError):
            usable = False
        if not usable:
            raise InputError("the external account key is not a base64url text of 16 bytes or more, as the CA gives it")


class AcmeAccount:
    """One account at one CA. Its methods block, because certbot's library does: run them in a worker thread."""

    def __init__(self, directory: AcmeDirectory, key: AccountKey) -> None:
        self.directory = directory
        self._client, self.network = connect(directory, key)
        self.capabilities = Capabilities.of(self._client.directory)

    def register(self, email: str, *, terms_accepted: bool, external: ExternalAccount | None = None) -> str:
        """Create the account. The administrator accepts the terms of service; pkikit never does.

        Args:
            email: where the CA sends mail; empty for none.
            terms_accepted: the administrator has accepted the terms of service.
            external: the external account, if the CA requires one.

        Returns:
            The URL of the account.

        Raises:
            AcmeError: the CA requires acceptance of its terms or an external account, and neither is given.
            AcmeProblem: the CA refuses.
        """
        if not terms_accepted:
            raise AcmeError("the provider's terms of service have to be accepted first")
        if self.capabilities.needs_external_account and external is None:
            raise AcmeError("the CA wants an external account: the key identifier and MAC key that it gave you")
        wanted = messages.NewRegistration.from_data(
            **_contact(email), terms_of_service_agreed=True, external_account_binding=self._binding(external)
        )
        with translate_errors(self.network):
            return str(self._client.new_account(wanted).uri)

    def _binding(self, external: ExternalAccount | None) -> dict[str, Any] | None:
        if external is None:
            return None
        assert self.network.key is not None  # an account has one
        return messages.ExternalAccountBinding.from_data(
            self.network.key.public_key(), external.kid, external.mac_key, self._client.directory
        )

    def find(self) -> str:
        """Find the account that this key has at the CA.

        Returns:
            The URL of the account.

        Raises:
            AcmeProblem: the key has no account there (accountDoesNotExist), or the CA refuses.
        """
        with translate_errors(self.network):
            wanted = messages.NewRegistration(only_return_existing=True)
            self.network.account = None
            try:
                return str(self._client.new_account(wanted).uri)
            except errors.ConflictError as known:
                self.adopt(str(known.location))
                return str(known.location)

    def adopt(self, url: str) -> None:
        """Use the account with this URL without asking the CA."""
        self.network.account = messages.RegistrationResource(uri=url, body=messages.Registration())

    @property
    def url(self) -> str:
        """The account's URL.

        Raises:
            AcmeError: the URL is not known yet: register, find or adopt comes first.
        """
        account = self.network.account
        if account is None:
            raise AcmeError("the account is not known yet: register or find it first")
        return str(account["uri"])

    def close(self) -> None:
        """Close the connections now. Otherwise the garbage collector closes them, in any order."""
        self.network.session.close()

    def status(self) -> dict[str, object]:
        """Return state and contacts of the account as the CA has them."""
        url = self.find()
        answer = self._account(None)
        return {
            "url": url,
            "status": str(answer.get("status")),
            "contact": [str(c) for c in answer.get("contact") or ()],
        }

    def change_contact(self, email: str) -> None:
        """Change the address for the CA's mail; an empty one removes it."""
        self._account(messages.UpdateRegistration.from_data(**_contact(email) or {"contact": ()}))

    def deactivate(self) -> None:
        """Deactivate the account for good: the CA issues nothing to it any more."""
        self._account(messages.UpdateRegistration(status=messages.STATUS_DEACTIVATED))

    def _account(self, body: Any) -> dict[str, Any]:
        with translate_errors(self.network):
            answer = self.post(self.url, body).json()
            if not isinstance(answer, dict):
                raise TypeError("no JSON object")
            return answer

    def change_key(self, key: AccountKey) -> None:
        """Replace the account's key (RFC 8555 §7.3.5): the new key signs the inner request, the old one the outer request."""
        assert self.network.key is not None  # an account has one
        jwk, algorithm = jwk_of(key)
        with translate_errors(self.network):
            where = self._client.directory["keyChange"]
            payload = {"account": self.url, "oldKey": self.network.key.public_key().to_json()}
            inner = jws.JWS.sign(json.dumps(payload).encode(), key=jwk, alg=algorithm, nonce=None, url=where)
            self.post(where, inner)
        self.network.key, self.network.alg = jwk, algorithm

    def revoke(self, certificate: x509.Certificate, reason: int = 0) -> None:
        """Revoke a certificate, with the account's key or with the certificate's own if this object has it."""
        with translate_errors(self.network):
            self._client.revoke(certificate, reason)

    def post(self, url: str, body: Any) -> Any:
        """Send a signed request; without a body, a POST-as-GET (RFC 8555 §6.3)."""
        return self.network.post(url, body, new_nonce_url=self._client.directory["newNonce"])

    @property
    def key(self) -> Any:
        """The key in the library's form, for the contents of challenge files."""
        return self.network.key

    def endpoint(self, name: str) -> str:
        """Return a URL of the directory."""
        with translate_errors(self.network):
            return str(self._client.directory[name])


def _contact(email: str) -> dict[str, Any]:
    if email and (email.count("@") != 1 or any(c.isspace() or c in ",<>" for c in email) or len(email) > 254):
        raise InputError(f"{printable(email[:80])!r} is not an e-mail address")
    return {"email": email} if email else {}


def recover(directory: AcmeDirectory, key: AccountKey) -> tuple[AcmeAccount, str]:
    """Return the account that a key has at a CA. Its key alone is enough to recover an account."""
    account = AcmeAccount(directory, key)
    return account, account.find()
