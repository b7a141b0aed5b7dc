"""The alarms that are raised at one peer: what is new, what is over, what an administrator has acknowledged; the log level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pkikit.errors import InputError
from pkikit.model.tables.log_events import (
    ALARM_ACKNOWLEDGED,
    ALARM_LOWERED,
    ALARM_RAISED,
    CONFIGURATION_CHANGED,
    LEVELS,
)
from pkikit.values.names import printable
from pkikit.view.logs.event_lines import alarm_fields
from simulator.peer.alarms import Alarm, Surroundings, alarms_of, waiting_for_restart
from simulator.peer.lab_view import LabView
from simulator.peer.state import PeerState


class AlarmBoard:
    """Writes a line whenever an alarm is raised, lowered or acknowledged.

    failed_sources: how many sources of the last automatic CRL update failed.
    """

    def __init__(self, lab: LabView, state: Callable[[], PeerState]) -> None:
        """Describe the board of one peer.

        Args:
            lab: the lab as the peer sees it.
            state: returns the peer's state.
        """
        self._lab, self._state = lab, state
        self._raised: dict[str, Alarm] = {}
        self._acknowledged: set[str] = set()
        self._waiting: set[str] = set()  # alarms that stay until a restart, even if their reason is gone
        self.failed_sources = 0

    def alarms(self) -> tuple[Alarm, ...]:
        """Return the alarms of this instant, each with whether it is acknowledged."""
        lab, state = self._lab, self._state()
        around = Surroundings(
            deployment=lab.deployment,
            reports=lab.status_of(state.fqdn),
            reverse=lab.reverse_name(state.fqdn),
            failed_sources=self.failed_sources,
            sources=len(state.automatic.urls),
            waiting=frozenset(self._waiting),
        )
        found = alarms_of(state, lab.party(state.fqdn), lab.now_of(state.fqdn), around)
        return tuple(replace(alarm, acknowledged=alarm.key in self._acknowledged) for alarm in found)

    def committed(self) -> None:
        """Look after a change of the state: what it loaded waits for a restart."""
        state = self._state()
        self._waiting |= waiting_for_restart(state, self._lab.party(state.fqdn))
        self.look()

    def started_again(self) -> None:
        """Lower the alarms that wait for a restart."""
        self._waiting.clear()
        self.look()

    def look(self) -> None:
        """Write a line for every alarm that is new or over."""
        current = {alarm.key: alarm for alarm in self.alarms()}
        for key in self._raised.keys() - current.keys():
            self._acknowledged.discard(key)
            self._write(ALARM_LOWERED, self._raised[key])
        for key, alarm in current.items():
            if key not in self._raised:
                self._write(ALARM_RAISED, alarm)
        self._raised = current

    def acknowledge(self, key: str) -> Alarm:
        """Acknowledge one alarm. It stays raised until its reason is gone.

        Args:
            key: the key or the number of the alarm.

        Returns:
            The alarm.

        Raises:
            InputError: no such alarm is raised.
        """
        found = next((alarm for alarm in self.alarms() if key and key in {alarm.key, alarm.id}), None)
        if found is None:
            fqdn = self._state().fqdn
            raise InputError(f"{fqdn} has no alarm {printable(key, 60)!r} now; its page lists the alarms")
        if found.key not in self._acknowledged:
            self._acknowledged.add(found.key)
            self._write(ALARM_ACKNOWLEDGED, found)
        return replace(found, acknowledged=True)

    def set_log_level(self, level: int) -> None:
        """Change the level of the peer's event log, 1 to 4; it counts for later events.

        Raises:
            InputError: it is another number.
        """
        if level not in LEVELS:
            raise InputError(f"the log level is {level}; allowed are 1 to 4")
        fqdn, events = self._state().fqdn, self._lab.events
        events.levels[fqdn] = level
        events.add(fqdn, CONFIGURATION_CHANGED, Detail=f"xconfiguration Log Level: {level}")

    def _write(self, event: str, alarm: Alarm) -> None:
        fields = alarm_fields(alarm.kind, alarm.detail, raised=event == ALARM_RAISED)
        self._lab.events.add_printed(self._state().fqdn, event, fields)
