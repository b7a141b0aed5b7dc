"""What one Expressway-E keeps of its ACME service: settings, account, the order under way, how the last attempt ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from cryptography import x509

from pkikit.errors import InputError
from pkikit.issue.acme.account import ExternalAccount
from pkikit.issue.acme.transport import AcmeDirectory
from pkikit.judge.renewal_due import renew_at, retry_at
from pkikit.model.certificates.credential import PrivateKey
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


def settings_document(settings: AcmeSettings) -> dict[str, Any]:
    """The settings as the REST API shows them; the secret of an external account goes in only."""
    return {
        "provider": settings.provider.value, "directory": settings.directory, "ca": settings.ca,
        "email": settings.email, "terms": settings.terms, "profile": settings.profile,
        "preferred_chain": settings.preferred_chain, "eab_kid": settings.eab_kid, "automatic": settings.automatic,
        "days": sorted(settings.schedule.days), "hour": settings.schedule.hour,
    }  # fmt: skip


SETTINGS = (*settings_document(AcmeSettings()), "eab_mac")


def settings_from(changes: Mapping[str, Any], current: AcmeSettings) -> AcmeSettings:
    """The settings with some of them changed; InputError names what cannot be."""
    merged = {**settings_document(current), "eab_mac": current.eab_mac, **changes}
    unknown = sorted(set(merged) - set(SETTINGS))
    if unknown:
        raise InputError(f"{unknown[0][:60]!r} is not known; allowed are {', '.join(SETTINGS)}")
    texts = ("provider", "directory", "ca", "email", "terms", "profile", "preferred_chain", "eab_kid", "eab_mac")
    wrong = next((n for n in texts if not isinstance(merged[n], str)), None)
    if wrong is not None:
        raise InputError(f"{wrong} is no text")
    if not isinstance(merged["automatic"], bool):
        raise InputError("automatic is neither true nor false")
    days, hour = merged["days"], merged["hour"]
    numbers = [*days, hour] if isinstance(days, list) else [days]
    if not isinstance(days, list) or not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
        raise InputError("days must be a list of numbers (0 is Monday), and hour a number")
    try:
        provider = Provider(merged["provider"])
    except ValueError:
        allowed = ", ".join(p.value for p in Provider)
        raise InputError(f"no provider {printable(merged['provider'][:40])!r}; allowed are {allowed}") from None
    return AcmeSettings(
        provider=provider, automatic=merged["automatic"], schedule=Schedule(days=frozenset(days), hour=hour),
        **{n: merged[n].strip() for n in texts if n != "provider"},
    )  # fmt: skip
