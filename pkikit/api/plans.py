"""Plan a change: the steps from today to tomorrow in an order in which no connection is refused."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from pkikit.api.inputs import path_of
from pkikit.planning.given_change import read_change
from pkikit.runbook.finished_plan import FinishedPlan, finish
from pkikit.values.instants import parse_instant


def plan(
    today: str | os.PathLike[str],
    tomorrow: str | os.PathLike[str] | None = None,
    *,
    goal: str | Sequence[str] = (),
    certs_old: str | os.PathLike[str] | None = None,
    certs_new: str | os.PathLike[str] | None = None,
    at: datetime | str | None = None,
    start: datetime | str | None = None,
    windows: Sequence[str] = (),
) -> FinishedPlan:
    """Order the steps from today to tomorrow so that no connection is refused on the way.

    Args:
        today: a deployment file, an imported folder, or a folder as for `--certs` with a deployment file in it or next to it.
        tomorrow: the same after the change; None if a goal says what changes.
        goal: one goal or several, such as `new-root:new-root.pem`, `renew:e1.example.com`, `two-stores`.
        certs_old: the folder of today's certificates, if it is another one.
        certs_new: the same for tomorrow.
        at: when the change begins: aware datetime or ISO text; `start`, or now, if it is left out.
        start: when the work begins; with it, each step gets a date.
        windows: maintenance windows, such as `Sat 22:00-02:00`; with them, each step gets a date.

    Returns:
        The plan: `plan` has the values, `runbook` the text and the page; `to_json()`, `save(out=…, runbook=…, csv=…, ics=…)`.

    Raises:
        InputError: something cannot be read, does not fit together, or nothing is said about tomorrow.

    Examples:
        >>> made = pkikit.plan("clustered-mra.yaml", goal="renew:e1.example.com", at="2026-11-24T12:00:00Z")
        >>> made.plan.order
        ('load-certificate e1.example.com', 'restart e1.example.com')
    """
    begins = parse_instant(start, datetime.now(UTC)) if start is not None else None
    instant = parse_instant(at, begins or datetime.now(UTC)).replace(microsecond=0)
    given = read_change(
        path_of(today, "today"),
        path_of(tomorrow, "tomorrow") if tomorrow is not None else None,
        goals=((goal,) if goal else ()) if isinstance(goal, str) else tuple(goal),
        certs_old=path_of(certs_old, "certs_old") if certs_old is not None else None,
        certs_new=path_of(certs_new, "certs_new") if certs_new is not None else None,
        at=instant,
    )
    return finish(given, start=begins, windows=windows)
