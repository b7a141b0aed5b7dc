"""Faults: changes to the world, as data. They combine in order, and going back to the earlier world undoes them.

A fault says what becomes another: a certificate, list, key, clock or name. `simulator.world.fault_context` makes the change.
"""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from pkikit.model.deployment_file.fields import Fqdn
from pkikit.model.world import Speaks

Issuer = Literal[
    "lab",
    "stranger",
    "itself",
    "expired-intermediate",
    "no-basic-constraints",
    "end-entity",
    "no-intermediate-below",
    "new-intermediate",
]


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reissue(_Fault):
    """The party gets another certificate. Fields that are not given are as the lab would issue it.

    port: only for the certificate on that port (5061: CallManager, on 6972 too). trusted_by: whose list gets a self-signed one.
    store: of X15.5; `server` leaves the client store with what it has, `client` the server store.
    by: `new-intermediate` is a CA below the lab's root that no list has. send: a leaf alone comes from such a CA, too, since
    every Expressway would complete it from its list otherwise.
    """

    fault: Literal["reissue"]
    party: Fqdn
    port: int | None = None
    store: Literal["both", "server", "client"] = "both"
    trusted_by: tuple[Fqdn, ...] = ()
    without: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    purposes: Literal["both", "server", "client", "any"] = "both"
    begins_in_days: float = -1
    ends_in_days: float = 90
    key: Literal["as-the-lab", "rsa-1024"] = "as-the-lab"
    by: Issuer = "lab"
    send: Literal["chain", "leaf"] = "chain"
    subject_oid: str = ""


class Trust(_Fault):
    """The party's trusted CA list changes: `stranger` is added, or replaces everything.

    service: only for the list of this service of Unified CM or IM&P (CallManager: CallManager-trust).
    """

    fault: Literal["trust"]
    party: Fqdn
    change: Literal["add-stranger", "only-stranger"]
    service: str = ""


class Clock(_Fault):
    """The party's clock is off by that many hours (negative: behind)."""

    fault: Literal["clock"]
    party: Fqdn
    hours: float = Field(ge=-200_000, le=200_000)


class Swap(_Fault):
    """Two parties have each other's certificate, with or without the keys."""

    fault: Literal["swap"]
    left: Fqdn
    right: Fqdn
    keys: bool = True


class NewKey(_Fault):
    """The request was discarded and generated again, so the certificate belongs to the earlier key."""

    fault: Literal["new-key"]
    party: Fqdn


class Revoke(_Fault):
    """The lab's CA revokes a party's certificate. Every peer has its CRL, of that age in days, as manual upload."""

    fault: Literal["revoke"]
    party: Fqdn | None = None
    crl_age_days: float = 0


class Withdraw(_Fault):
    """The lab's CA revokes a party's certificate: its published CRL and its responder include it from now on."""

    fault: Literal["withdraw"]
    party: Fqdn


class Source(_Fault):
    """A revocation source offers something else: nothing, an endless wait, garbage, or a wrong list or answer.

    The list has expired or a stranger signed it; the signer of the OCSP answers is not authorised.
    """

    fault: Literal["source"]
    of: Literal["crl", "ocsp"]
    gives: Literal["down", "slow", "garbage", "huge", "expired", "foreign"]


class Speak(_Fault):
    """The party's ports speak only TLS 1.0, or SIP without TLS, or are closed."""

    fault: Literal["speak"]
    party: Fqdn
    protocol: Speaks


class Dns(_Fault):
    """DNS lacks these names: hosts, or SRV records with their underscores."""

    fault: Literal["dns"]
    names: tuple[str, ...] = Field(min_length=1)


class Point(_Fault):
    """DNS points a name to other parties than it should."""

    fault: Literal["point"]
    name: Fqdn
    to: tuple[Fqdn, ...] = Field(min_length=1)


class Caa(_Fault):
    """DNS names the only CA that may issue for a name."""

    fault: Literal["caa"]
    name: Fqdn
    authority: Fqdn


class Block(_Fault):
    """A firewall blocks a port of a party."""

    fault: Literal["block"]
    party: Fqdn
    port: int = Field(ge=1, le=65535)


class Partition(_Fault):
    """No packet passes between the two groups of parties."""

    fault: Literal["partition"]
    between: tuple[Fqdn, ...] = Field(min_length=1)
    and_: tuple[Fqdn, ...] = Field(min_length=1, alias="and")


class Delay(_Fault):
    """What a party sends arrives late. Lost packets appear as longer delays, because TCP sends them again."""

    fault: Literal["delay"]
    party: Fqdn
    seconds: float = Field(gt=0, le=60)


class StaleAaaa(_Fault):
    """DNS has an IPv6 address for a name at which nothing listens any more."""

    fault: Literal["stale-aaaa"]
    name: Fqdn


class Ptr(_Fault):
    """The PTR record of a party's address has another name, or does not exist (`to` left out)."""

    fault: Literal["ptr"]
    party: Fqdn
    to: Fqdn | None = None


class DiskFull(_Fault):
    """The disk of a party is full."""

    fault: Literal["disk-full"]
    party: Fqdn


class Ca(_Fault):
    """The public CA is down, has new terms of service, or sends an answer that does not fit the request."""

    fault: Literal["ca"]
    does: Literal["down", "new-terms", "wrong-key", "wrong-names", "wrong-chain"]


class EkuChecking(_Fault):
    """The check for clientAuth of callers is switched: of a peer's whole cluster (X15.5), or of a machine outside."""

    fault: Literal["eku-checking"]
    party: Fqdn
    mode: Literal["on", "off"] = "off"

    @pydantic.field_validator("mode", mode="before")
    @classmethod
    def _word(cls, value: object) -> object:
        return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


class Restart(_Fault):
    """The party restarts: its connections go down once, and come back."""

    fault: Literal["restart"]
    party: Fqdn


NetworkFault = Dns | Point | Caa | Block | Partition | Delay | StaleAaaa | Ptr | DiskFull | Ca
Fault = Annotated[
    Reissue | Trust | Clock | Swap | NewKey | Revoke | Withdraw | Source | Speak | Dns | Point | Caa | Block | Partition
    | Delay | StaleAaaa | Ptr | DiskFull | Ca | EkuChecking | Restart,
    Field(discriminator="fault"),
]  # fmt: skip


def parties_of(fault: Fault) -> tuple[str, ...]:
    """Return the parties that a fault affects."""
    if isinstance(fault, Dns | Source | Caa | StaleAaaa | Ca):
        return ()
    if isinstance(fault, Point):
        return fault.to
    if isinstance(fault, Partition):
        return (*fault.between, *fault.and_)
    if isinstance(fault, Swap):
        return fault.left, fault.right
    return (fault.party,) if fault.party is not None else ()
