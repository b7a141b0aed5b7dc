"""Finds for each connection of a capture the log lines about its sockets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pkikit.judge.capture_causes import LoggedLine
from pkikit.judge.logs.failures import LogOutcome
from pkikit.judge.logs.records import Record
from pkikit.model.captured_tls import CapturedConnection

MAX_KEPT, MAX_LINES = 50_000, 6
MAX_APART = timedelta(hours=1)  # clocks differ; ports are used again
Line = tuple[LogOutcome, Record, str]
_Sockets = tuple[str, str, str, int]


class LogJoin:
    """Keeps the failures of logs that name both sockets, until the connections are known."""

    def __init__(self) -> None:
        self._kept: list[Line] = []

    def keep(self, outcome: LogOutcome, record: Record, place: str) -> bool:
        """Keep an outcome for later.

        Args:
            outcome: what a record reports.
            record: the record.
            place: file and line.

        Returns:
            False if it does not name both sockets, or too many are kept: then it counts at once.
        """
        connection = outcome.connection
        both = bool(connection.client and connection.server and connection.port and outcome.ephemeral)
        if not both or len(self._kept) >= MAX_KEPT:
            return False
        self._kept.append((outcome, record, place))
        return True

    def match(self, connections: Sequence[CapturedConnection]) -> tuple[dict[int, tuple[LoggedLine, ...]], list[Line]]:
        """Return the lines of each connection, by its number, and the lines that belong to none.

        Args:
            connections: what the captures have.

        Returns:
            (lines by connection, other lines).
        """
        by_sockets: dict[_Sockets, list[int]] = {}
        for number, connection in enumerate(connections):
            client, server = connection.client, connection.server
            by_sockets.setdefault((client.address, str(client.port), server.address, server.port), []).append(number)
        found: dict[int, list[LoggedLine]] = {}
        rest: list[Line] = []
        for line in self._kept:
            outcome, record, place = line
            logged = outcome.connection
            numbers = by_sockets.get((logged.client, outcome.ephemeral, logged.server, logged.port), [])
            nearest = _nearest([(n, connections[n].began) for n in numbers], _time(record.time))
            if nearest is None:
                rest.append(line)
            elif outcome.rule and len(found.setdefault(nearest, [])) < MAX_LINES:
                found[nearest].append(LoggedLine(outcome=outcome, place=place, time=record.time))
        return {number: tuple(lines) for number, lines in found.items()}, rest


def _nearest(candidates: Sequence[tuple[int, datetime]], at: datetime | None) -> int | None:
    """Return the connection that is nearest in time; without a time in the line, the only one."""
    if at is None:
        return candidates[0][0] if len(candidates) == 1 else None
    near = [(abs(began - at), number) for number, began in candidates if abs(began - at) <= MAX_APART]
    return min(near)[1] if near else None


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
