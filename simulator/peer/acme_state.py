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
from pkikit.judge.renewal_due import renew_at, retry_at
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.codec.problems import refuse
from pkikit.model.renewal import RenewalInfo, Schedule
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
    automatic: renew and deploy by the schedule.
    """

    provider: Provider = Provider.PRODUCTION
    directory: str = ""
    ca: str = ""
    email: str = ""
    terms: str = ""
    profile: str = ""
    preferred_chain: str = ""
    eab_kid: str = ""
    eab_mac: str = field(default="", repr=False)
    automatic: bool = False
    schedule: Schedule = field(default_factory=Schedule)

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
                raise InputError("the CA of the provider's HTTPS is no PEM file of certificates") from None
        for name, text, longest in (("e-mail", self.email, 254), ("profile", self.profile, 64),
                                    ("preferred chain", self.preferred_chain, 200)):  # fmt: skip
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
    """The result of the last order.

    failures: how many orders failed in a row. retry_after: how long the CA asks to wait before the next one.
    """

    at: datetime
    error: str = ""
    failures: int = 0
    retry_after: timedelta | None = None

    @property
    def again_at(self) -> datetime:
        """Return when the automatic service tries again."""
        return retry_at(self.failures, self.at, self.retry_after)


@dataclass(frozen=True, kw_only=True)
class AcmeState:
    """The ACME state of one peer.

    order: URL of an order that has started and not ended. renewal, asked_at: the CA's renewal information about the
    certificate in use, and when it was fetched. domains: those with certificates by ACME.
    """

    settings: AcmeSettings = field(default_factory=AcmeSettings)
    account: Account | None = None
    order: str = ""
    last: Attempt | None = None
    renewal: RenewalInfo | None = None
    asked_at: datetime | None = None
    domains: tuple[str, ...] = ()

    def failed(self, at: datetime, error: str, retry_after: timedelta | None = None) -> AcmeState:
        """Return the state after an order that failed."""
        before = self.last.failures if self.last else 0
        return replace(self, last=Attempt(at=at, error=error, failures=before + 1, retry_after=retry_after))

    def succeeded(self, at: datetime) -> AcmeState:
        """Return the state after an order that succeeded."""
        return replace(self, order="", last=Attempt(at=at), renewal=None, asked_at=None)

    def due_at(self, certificate: x509.Certificate) -> datetime:
        """Return when the automatic service orders next.

        The CA's suggestion decides, or else the last third of the certificate's life; after a failure, the retry time if later.
        """
        due = renew_at(certificate, self.renewal)
        return max(due, self.last.again_at) if self.last is not None and self.last.failures else due


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
    profile: _Text = ""
    preferred_chain: _Text = ""
    eab_kid: _Text = ""
    automatic: pydantic.StrictBool = False
    days: _Days = frozenset(range(7))
    hour: pydantic.StrictInt = 3
    eab_mac: _Text = pydantic.Field(default="", repr=False)

    def applied_to(self, settings: AcmeSettings) -> AcmeSettings:
        """Return the settings with these changes.

        Raises:
            InputError: the settings are not allowed together.
        """
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        before = settings.schedule
        schedule = Schedule(days=changes.pop("days", before.days), hour=changes.pop("hour", before.hour))
        return replace(settings, schedule=schedule, **changes)


def settings_document(settings: AcmeSettings) -> dict[str, Any]:
    """Return the settings for the REST API, without the secret of the external account."""
    members = {name: getattr(settings, name) for name in AcmeChanges.model_fields if hasattr(settings, name)}
    shown = AcmeChanges.model_construct(**members, days=settings.schedule.days, hour=settings.schedule.hour)
    return shown.model_dump(mode="json", exclude={"eab_mac"})
