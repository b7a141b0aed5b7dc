"""Services as tables: which work, where, and which connections each needs."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pkikit.design.services import Need, services_of
from pkikit.judge.legs.known_parts import State
from pkikit.model.deployment import Deployment
from pkikit.view.connections.check_report import CheckReport

_WORKS = {State.UP: "yes", State.DOWN: "no", State.NOT_ASSESSED: "not assessed"}


def services(report: CheckReport) -> pd.DataFrame:
    """Return each service of a report: where it is, whether it works, and the legs that break it."""
    rows = [
        {
            "service": state.name.value,
            "where": state.where,
            "works": f"{state.state.mark} {_WORKS[state.state]}",
            "because of": ", ".join(state.because),
        }
        for state in report.services
    ]
    return pd.DataFrame(rows, columns=["service", "where", "works", "because of"]).set_index(["service", "where"])


def service_needs(deployment: Deployment, service: str, peer: str) -> pd.DataFrame:
    """Return what a service needs at a peer: each need with its source. "inferred" means that no document says so itself."""
    found = [s for s in services_of(deployment) if (s.name.value, s.peer) == (service, peer)]
    rows = {row["needs"]: row for entry in found for need in entry.needs for row in _rows(need)}
    return pd.DataFrame(list(rows.values()), columns=["needs", "source"]).set_index("needs")


def _rows(need: Need) -> Iterator[dict[str, str]]:
    yield {"needs": need.what, "source": f"{need.source} (inferred)" if need.inferred else need.source}
    for way in need.ways:
        for part in way:
            if isinstance(part, Need):
                yield from _rows(part)
