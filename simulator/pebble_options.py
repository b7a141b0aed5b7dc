"""The options of Pebble, the public CA of a lab: its generation, and what it asks of clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

ENVIRONMENT = "EXPRESSWAY_LAB_PEBBLE"


class PebbleVersion(Enum):
    """The two generations: 2.4 issues as public CAs did until 2026 (with clientAuth), 2.10 as they do since then.

    2.10 supports profiles and renewal information (RFC 9773), and puts only serverAuth into certificates.
    """

    V2_4 = "2.4"
    V2_10 = "2.10"

    @property
    def environment(self) -> str:
        """The environment variable with the path of the program."""
        return ENVIRONMENT if self is PebbleVersion.V2_4 else f"{ENVIRONMENT}_2_10"

    @property
    def help(self) -> str:
        """How to get the program: by the script, from another source, or not at all."""
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
    """What kind of CA Pebble is.

    nonce_reject: per cent of requests whose nonce it refuses. authz_reuse: per cent of recently proved names that need no
    new proof. eab_keys: MAC keys (base64url) by key identifier; if there are any, an account needs one. validity: lifetime
    of a certificate (2.4). profiles: lifetime by name of the profile; without a requested profile, Pebble takes any (2.10).
    retry_after: seconds to wait before the next look at an authorisation, and at an order. alternate_roots: how many
    further chains. chain_length: how many intermediates.
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
        """Return what Pebble reads from its environment."""
        return {
            **({"PEBBLE_VA_NOSLEEP": "1"} if self.validates_at_once else {}),
            "PEBBLE_WFE_NONCEREJECT": str(self.nonce_reject),
            "PEBBLE_AUTHZREUSE": str(self.authz_reuse),
            "PEBBLE_ALTERNATE_ROOTS": str(self.alternate_roots),
            "PEBBLE_CHAIN_LENGTH": str(self.chain_length),
        }

    def configuration(self) -> dict[str, object]:
        """Return what Pebble reads from its configuration file."""
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
