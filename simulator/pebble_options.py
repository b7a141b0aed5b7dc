"""What kind of CA Pebble is in a lab: its generation, and what it asks of its clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

ENVIRONMENT = "EXPRESSWAY_LAB_PEBBLE"


class PebbleVersion(Enum):
    """The two generations: 2.4 issues as public CAs did until 2026 (clientAuth too), 2.10 as they do since.

    2.10 knows profiles and renewal information (RFC 9773), and puts serverAuth alone into certificates.
    """

    V2_4 = "2.4"
    V2_10 = "2.10"

    @property
    def environment(self) -> str:
        """The variable that names the program."""
        return ENVIRONMENT if self is PebbleVersion.V2_4 else f"{ENVIRONMENT}_2_10"

    @property
    def help(self) -> str:
        """How to get the program: by the script, from elsewhere, or not at all."""
        if self is PebbleVersion.V2_4:
            how = "install it (apt-get install pebble)"
        else:
            how = "take it from Debian forky or newer, or from its own releases"
        return (
            f"fetch it with `python deploy/get_pebble.py` in a checkout of the project, {how}, "
            f"or set {self.environment} to the program; `pkikit` and `check` work without it"
        )


# As Let's Encrypt names them; its classic profile goes from 90 to 45 days by 2028.
# One alone by default: Pebble takes any of them when none is asked for.
PROFILES: Mapping[str, timedelta] = {"classic": timedelta(days=90)}


@dataclass(frozen=True, kw_only=True)
class PebbleOptions:
    """What kind of CA Pebble is to be.

    nonce_reject, authz_reuse: per cent of the requests whose nonce is refused, of the names that were proved lately and
    need no new proof. eab_keys: MAC keys (base64url) by key identifier; given, an account needs one. validity: life of
    a certificate (2.4). profiles: life by name of the profile; any is taken when none is asked for (2.10).
    retry_after: seconds that it asks to wait between two looks at an authorisation and at an order. alternate_roots:
    further chains. chain_length: intermediates in a chain.
    """

    version: PebbleVersion = PebbleVersion.V2_4
    nonce_reject: int = 0
    authz_reuse: int = 0
    eab_keys: Mapping[str, str] = field(default_factory=dict)
    validity: timedelta = timedelta(days=90)
    profiles: Mapping[str, timedelta] = field(default_factory=lambda: PROFILES)
    retry_after: tuple[int, int] | None = None
    alternate_roots: int = 0
    chain_length: int = 1
    validates_at_once: bool = True

    def environment(self) -> dict[str, str]:
        """What Pebble reads from its environment."""
        return {
            **({"PEBBLE_VA_NOSLEEP": "1"} if self.validates_at_once else {}),
            "PEBBLE_WFE_NONCEREJECT": str(self.nonce_reject),
            "PEBBLE_AUTHZREUSE": str(self.authz_reuse),
            "PEBBLE_ALTERNATE_ROOTS": str(self.alternate_roots),
            "PEBBLE_CHAIN_LENGTH": str(self.chain_length),
        }

    def configuration(self) -> dict[str, object]:
        """What Pebble reads from its configuration file."""
        found: dict[str, object] = {"externalAccountBindingRequired": bool(self.eab_keys)}
        if self.eab_keys:
            found["externalAccountMACKeys"] = dict(self.eab_keys)
        if self.version is PebbleVersion.V2_4:
            found["certificateValidityPeriod"] = _seconds(self.validity)
        else:
            found["profiles"] = {
                name: {"description": f"valid for {life}", "validityPeriod": _seconds(life)}
                for name, life in self.profiles.items()
            }
        if self.retry_after is not None:
            found["retryAfter"] = dict(zip(("authz", "order"), self.retry_after, strict=True))
        return found


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
