"""The part of a lab that a peer needs. It is small, so that a peer can be read and tested without a lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pkikit.errors import InputError
from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.leg import Leg
from pkikit.model.parties import Role
from pkikit.model.tables.features import EKU_CHECKING_MODE, SERVER_ONLY_SWITCH
from pkikit.model.version import ProductVersion
from pkikit.model.world import Party
from pkikit.planning.steps import Step
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from simulator.events import EventLog
from simulator.peer.diagnostic_tool import DiagnosticTool
from simulator.peer.state import PeerState
from simulator.peer.step_result import StepResult


@dataclass(frozen=True, kw_only=True)
class EkuSwitches:
    """The switches of a cluster for extended key usages: Checking Mode (X15.5), EnableServerEkuUpload (X15.4, Expressway-E)."""

    checking: bool = True
    server_upload: bool = False

    def __str__(self) -> str:
        """Both switches as the product names them."""
        words = ("On" if on else "Off" for on in (self.checking, self.server_upload))
        return "ExtendedKeyUsage Checking Mode: {}, EnableServerEkuUpload: {}".format(*words)

    def changed(
        self, version: ProductVersion, role: Role | None, *, checking: bool | None, server_upload: bool | None
    ) -> EkuSwitches:
        """Return the switches after a change; None leaves one as it is.

        Raises:
            InputError: this version or role does not have the switch.
        """
        if checking is not None and not version.has(EKU_CHECKING_MODE):
            raise InputError(f"{version} has no ExtendedKeyUsage Checking Mode; it came with {EKU_CHECKING_MODE.first}")
        if server_upload is not None and not (version.has(SERVER_ONLY_SWITCH) and role is Role.EXPRESSWAY_E):
            raise InputError(f"EnableServerEkuUpload is a switch of {SERVER_ONLY_SWITCH.first} on Expressway-E only")
        return EkuSwitches(
            checking=self.checking if checking is None else checking,
            server_upload=self.server_upload if server_upload is None else server_upload,
        )


class LabView(Protocol):
    """The part of a running lab that a peer uses."""

    events: EventLog
    diagnostics: DiagnosticTool

    @property
    def deployment(self) -> Deployment:
        """The deployment as it is configured now."""
        ...

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

    def eku_switches(self, fqdn: str) -> EkuSwitches:
        """Return the switches of the cluster for extended key usages."""
        ...

    def change_eku_switches(self, fqdn: str, switches: EkuSwitches) -> None:
        """Change them on all peers of the cluster, from the next connection on."""
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

    async def do_step(self, step: Step, *, waits: bool | None, new: Mapping[str, Party]) -> StepResult:
        """Do a step of a plan on any machine of the lab."""
        ...

    async def undo_step(self, step: Step) -> StepResult:
        """Undo a step of a plan; a load has the certificate that was there before, unless this lab did it."""
        ...

    def held(self) -> dict[str, Any]:
        """Return what is up in the whole lab, and which held connections went down, as JSON has it."""
        ...

    def reverse_name(self, fqdn: str) -> str:
        """Return the name in the PTR record of this party's address; empty if there is none."""
        ...

    def disk_is_full(self, fqdn: str) -> bool:
        """Return True while this party's disk is full."""
        ...
