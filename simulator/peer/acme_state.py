"""What one Expressway-E keeps of its ACME service: settings, account, the order under way, how the last attempt ended."""

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
    """Whom to order from: the lab's two directories (as Let's Encrypt has two), or any other by its URL."""

    PRODUCTION = "production"
    STAGING = "staging"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class AcmeSettings:
    """The form of the page. terms: those that the administrator accepted, by their URL; empty: none yet.

    ca: by which the HTTPS of another directory is verified (PEM). eab_kid, eab_mac: what a CA gave that wants an external
    account; the second is a secret. automatic: renew and deploy by the schedule.
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
        """The external account, where there is one."""
        return ExternalAccount(kid=self.eab_kid, mac_key=self.eab_mac) if self.eab_kid else None

    def __post_init__(self) -> None:
        if self.provider is Provider.OTHER:
            AcmeDirectory(url=self.directory)  # says what is wrong with the URL
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
            ExternalAccount(kid=self.eab_kid, mac_key=self.eab_mac)  # says what is wrong with it
        if self.email and (self.email.count("@") != 1 or not all(self.email.split("@"))):
            raise InputError(f"{self.email!r} is not an e-mail address")


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account of one peer at one CA. The key is kept on disk with mode 0600 and shown nowhere."""

    directory: str
    url: str
    key: PrivateKey = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """How the last order ended. failures: how many have failed in a row; not_before: no new one earlier, says the CA."""

    at: datetime
    error: str = ""
    failures: int = 0
    retry_after: timedelta | None = None

    @property
    def again_at(self) -> datetime:
        """When the automatic service tries again."""
        return retry_at(self.failures, self.at, self.retry_after)


@dataclass(frozen=True, kw_only=True)
class AcmeState:
    """Everything of ACME on one peer. order: the URL of one that was begun and has not ended.

    renewal, asked_at: what the CA said about the certificate in use, and when. domains: those with certificates by ACME.
    """

    settings: AcmeSettings = field(default_factory=AcmeSettings)
    account: Account | None = None
    order: str = ""
    last: Attempt | None = None
    renewal: RenewalInfo | None = None
    asked_at: datetime | None = None
    domains: tuple[str, ...] = ()

    def failed(self, at: datetime, error: str, retry_after: timedelta | None = None) -> AcmeState:
        """After an order that did not end in a certificate."""
        before = self.last.failures if self.last else 0
        return replace(self, last=Attempt(at=at, error=error, failures=before + 1, retry_after=retry_after))

    def succeeded(self, at: datetime) -> AcmeState:
        """After one that did."""
        return replace(self, order="", last=Attempt(at=at), renewal=None, asked_at=None)

    def due_at(self, certificate: x509.Certificate) -> datetime:
        """When the automatic service orders the next: by the CA's suggestion or the third of life, later after failures."""
        due = renew_at(certificate, self.renewal)
        return max(due, self.last.again_at) if self.last is not None and self.last.failures else due


def _list_of_numbers(value: object) -> object:
    if not isinstance(value, list | frozenset) or not all(type(number) is int for number in value):
        raise refuse("must be a list of numbers (0 is Monday)")
    return value


_Text = Annotated[str, pydantic.StringConstraints(strip_whitespace=True)]
_Days = Annotated[frozenset[int], pydantic.BeforeValidator(_list_of_numbers), pydantic.PlainSerializer(sorted)]


class AcmeChanges(pydantic.BaseModel):
    """Some of the settings, as the page and scripts send them: those that are there are changed."""

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
        """The settings with these changes.

        Raises:
            InputError: together they are not allowed.
        """
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        before = settings.schedule
        schedule = Schedule(days=changes.pop("days", before.days), hour=changes.pop("hour", before.hour))
        return replace(settings, schedule=schedule, **changes)


def settings_document(settings: AcmeSettings) -> dict[str, Any]:
    """The settings as the REST API shows them; the secret of an external account goes in only."""
    members = {name: getattr(settings, name) for name in AcmeChanges.model_fields if hasattr(settings, name)}
    shown = AcmeChanges.model_construct(**members, days=settings.schedule.days, hour=settings.schedule.hour)
    return shown.model_dump(mode="json", exclude={"eab_mac"})
