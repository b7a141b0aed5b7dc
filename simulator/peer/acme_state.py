"""The stored ACME state of one Expressway-E: settings, account, current order, result of the last attempt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any

import pydantic
from cryptography import x509

from pkikit.errors import InputError
from pkikit.issue.acme.account import ExternalAccount
from pkikit.issue.acme.transport import AcmeDirectory
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.codec.problems import refuse
from pkikit.model.renewal import AcmeMode, RenewKey, Schedule
from pkikit.values.names import printable


class Provider(Enum):
    """The CA to order from: one of the two directories of the lab (as Let's Encrypt has two), or another one by its URL."""

    PRODUCTION = "production"
    STAGING = "staging"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class AcmeSettings:
    """The settings of the ACME page.

    terms: URL of the terms that the administrator accepted; empty if none. ca: certificates (PEM) that verify the HTTPS of
    another directory. eab_kid, eab_mac: the external account, for a CA that requires one; eab_mac is a secret.
    There is no profile: the product always orders "classic" (Cisco TAC 225482). Everything but provider, e-mail and terms
    is ours.
    """

    provider: Provider = Provider.PRODUCTION
    directory: str = ""
    ca: str = ""
    email: str = ""
    terms: str = ""
    preferred_chain: str = ""
    eab_kid: str = ""
    eab_mac: str = field(default="", repr=False)

    @property
    def external(self) -> ExternalAccount | None:
        """The external account, or None."""
        return ExternalAccount(kid=self.eab_kid, mac_key=self.eab_mac) if self.eab_kid else None

    def __post_init__(self) -> None:
        if self.provider is Provider.OTHER:
            AcmeDirectory(url=self.directory)  # raises for a wrong URL
        if self.ca:
            try:
                x509.load_pem_x509_certificates(self.ca.encode("ascii", "replace"))
            except ValueError:
                raise InputError("the CA certificate of the ACME server is not a PEM file of certificates") from None
        for name, text, longest in (("e-mail", self.email, 254), ("preferred chain", self.preferred_chain, 200)):
            if len(text) > longest or printable(text) != text:
                raise InputError(f"the {name} is longer than {longest} characters, or has unusual ones")
        if self.eab_kid or self.eab_mac:
            ExternalAccount(kid=self.eab_kid, mac_key=self.eab_mac)  # raises for a wrong value
        if self.email and (self.email.count("@") != 1 or not all(self.email.split("@"))):
            raise InputError(f"{self.email!r} is not an e-mail address")


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account of one peer at one CA. The key is stored on disk with mode 0600; no page displays it."""

    directory: str
    url: str
    key: PrivateKey = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The result of the last order, or of the last deployment.

    failures: how many failed in a row. retry_after: how long the CA asks to wait before the next order. automatic: the
    automatic service did it.
    """

    at: datetime
    error: str = ""
    failures: int = 0
    retry_after: timedelta | None = None
    automatic: bool = False

    @property
    def not_before(self) -> datetime:
        """When the next try is allowed: after this one, and not before the CA allows it."""
        return self.at + max(self.retry_after or timedelta(0), timedelta(seconds=1))


def _following(before: Attempt | None, attempt: Attempt) -> Attempt:
    """Return an attempt that counts the failures before it."""
    return replace(attempt, failures=1 + (before.failures if before else 0)) if attempt.error else attempt


@dataclass(frozen=True, kw_only=True)
class Management:
    """How ACME manages one certificate: the server certificate, or that of one domain.

    since: when the mode was last set. signed, deployed: the result of the last order and of the last deployment.
    """

    mode: AcmeMode = AcmeMode.DISABLED
    renew_key: RenewKey = RenewKey.RETAIN
    schedule: Schedule = field(default_factory=Schedule)
    since: datetime | None = None
    signed: Attempt | None = None
    deployed: Attempt | None = None

    @property
    def automatic(self) -> bool:
        """True if the automatic service renews and deploys."""
        return self.mode is AcmeMode.AUTOMATED


@dataclass(frozen=True, kw_only=True)
class AutomaticFailures:
    """What the automatic service could not do last: for the server certificate, and for which domains."""

    sign: bool = False
    sign_domains: tuple[str, ...] = ()
    deploy: bool = False
    deploy_domains: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AcmeState:
    """The ACME state of one peer.

    order: URL of an order that has started and not ended. server, domains: how ACME manages the server certificate, and
    the certificate of each domain.
    """

    settings: AcmeSettings = field(default_factory=AcmeSettings)
    account: Account | None = None
    order: str = ""
    server: Management = field(default_factory=Management)
    domains: tuple[tuple[str, Management], ...] = ()

    @property
    def last(self) -> Attempt | None:
        """The result of the last order for the server certificate."""
        return self.server.signed

    def managed(self, domain: str = "") -> Management:
        """Return how ACME manages the certificate of a domain, or with an empty name the server certificate."""
        return dict(self.domains).get(domain, Management()) if domain else self.server

    def managing(self, management: Management, domain: str = "") -> AcmeState:
        """Return the state with another management of one certificate."""
        if not domain:
            return replace(self, server=management)
        return replace(self, domains=tuple({**dict(self.domains), domain: management}.items()))

    def signed(self, attempt: Attempt, domain: str = "") -> AcmeState:
        """Return the state after an order. One that succeeded is over."""
        before = self.managed(domain)
        after = self.managing(replace(before, signed=_following(before.signed, attempt)), domain)
        return after if attempt.error else replace(after, order="")

    def manual_at_least(self, domain: str, at: datetime) -> AcmeState:
        """Return the state with ACME enabled for a certificate that it has signed (ours: the product's page has no switch)."""
        before = self.managed(domain)
        if before.mode is not AcmeMode.DISABLED:
            return self
        return self.managing(replace(before, mode=AcmeMode.MANUAL, since=at), domain)

    def deployed(self, attempt: Attempt, domain: str = "") -> AcmeState:
        """Return the state after a deployment."""
        before = self.managed(domain)
        return self.managing(replace(before, deployed=_following(before.deployed, attempt)), domain)

    @property
    def automatic_failures(self) -> AutomaticFailures:
        """What the automatic service could not do last, for the alarms 40061 to 40064."""

        def failed(attempt: Attempt | None) -> bool:
            return attempt is not None and attempt.automatic and bool(attempt.failures)

        return AutomaticFailures(
            sign=failed(self.server.signed),
            sign_domains=tuple(domain for domain, held in self.domains if failed(held.signed)),
            deploy=failed(self.server.deployed),
            deploy_domains=tuple(domain for domain, held in self.domains if failed(held.deployed)),
        )


def _list_of_numbers(value: object) -> object:
    if not isinstance(value, list | frozenset) or not all(type(number) is int for number in value):
        raise refuse("must be a list of numbers (0 is Monday)")
    return value


_Text = Annotated[str, pydantic.StringConstraints(strip_whitespace=True)]
_Days = Annotated[frozenset[int], pydantic.BeforeValidator(_list_of_numbers), pydantic.PlainSerializer(sorted)]


class AcmeChanges(pydantic.BaseModel):
    """Some of the settings, as the page and scripts send them. A field that is None leaves its setting unchanged."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    provider: Provider = Provider.PRODUCTION
    directory: _Text = ""
    ca: _Text = ""
    email: _Text = ""
    terms: _Text = ""
    preferred_chain: _Text = ""
    eab_kid: _Text = ""
    mode: AcmeMode = AcmeMode.DISABLED
    renew_key: RenewKey = RenewKey.RETAIN
    days: _Days = frozenset(range(7))
    hour: pydantic.StrictInt = 3
    minute: pydantic.StrictInt = 0
    eab_mac: _Text = pydantic.Field(default="", repr=False)

    def applied_to(self, state: AcmeState, at: datetime, domain: str = "") -> AcmeState:
        """Return the state with these changes.

        Args:
            state: the state before.
            at: when they are made.
            domain: the domain whose certificate they are for; empty for the server certificate.

        Raises:
            InputError: the settings are not allowed together.
        """
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        before = state.managed(domain)
        times = {name: changes.pop(name) for name in ("days", "hour", "minute") if name in changes}
        managed = {name: changes.pop(name) for name in ("mode", "renew_key") if name in changes}
        since = at if managed.get("mode", before.mode) is not before.mode else before.since
        after = replace(before, schedule=replace(before.schedule, **times), since=since, **managed)
        return replace(state, settings=replace(state.settings, **changes)).managing(after, domain)


def settings_document(state: AcmeState) -> dict[str, Any]:
    """Return the settings for the REST API, without the secret of the external account."""
    server, schedule = state.server, state.server.schedule
    members = {
        name: getattr(state.settings, name) for name in AcmeChanges.model_fields if hasattr(state.settings, name)
    }
    members |= {"mode": server.mode, "renew_key": server.renew_key}
    shown = AcmeChanges.model_construct(**members, days=schedule.days, hour=schedule.hour, minute=schedule.minute)
    return shown.model_dump(mode="json", exclude={"eab_mac"})
