"""The part of a lab that a peer needs. It is small, so that a peer can be read and tested without a lab."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.leg import Leg
from pkikit.model.world import Party
from simulator.events import EventLog
from simulator.peer.state import PeerState
from simulator.world.report import CheckReport, LegReport


class LabView(Protocol):
    """The part of a running lab that a peer uses."""

    deployment: Deployment
    events: EventLog

    def party(self, fqdn: str) -> Party:
        """Return the party as it runs now: credential, trusted CA list, clock."""
        ...

    def now_of(self, fqdn: str) -> datetime:
        """Return the time by this party's own clock."""
        ...

    def restart(self, state: PeerState) -> None:
        """Restart a peer with the loaded certificates; its connections go down."""
        ...

    def reload(self, state: PeerState) -> None:
        """Use the trusted CA list and the CRLs of this peer from its next connection on."""
        ...

    async def reload_certificates(self, state: PeerState, domain: str = "") -> None:
        """Use a deployed certificate from the next connection on: the server certificate, or that of one domain."""
        ...

    def revocation_settings(self, fqdn: str) -> Revocation:
        """Return the SIP revocation settings of the cluster."""
        ...

    def change_revocation(self, fqdn: str, settings: Revocation) -> None:
        """Change the SIP revocation settings on all peers of the cluster."""
        ...

    async def update_crls(self, fqdn: str) -> None:
        """Fetch a peer's automatic CRL sources now."""
        ...

    def status_of(self, fqdn: str) -> tuple[LegReport, ...]:
        """Return the legs of this party with the result of the last dial."""
        ...

    def last_check(self) -> CheckReport:
        """Return what is known of all legs of the deployment: the results of the last dials."""
        ...

    async def dial_now(self, fqdn: str, wanted: Callable[[Leg], bool]) -> tuple[LegReport, ...]:
        """Dial some legs of this party now, and return the results."""
        ...

    def disk_is_full(self, fqdn: str) -> bool:
        """Return True while this party's disk is full."""
        ...
