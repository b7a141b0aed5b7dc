"""`pkikit explore` for notebooks: judged candidate designs, the front as table and picture."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pkikit.design.choices import parse_vary
from pkikit.design.search_space import OBJECTIVES, Space
from pkikit.explore.executors import InProcess
from pkikit.explore.exploration import Outcome, explore, front_picture, front_rows
from pkikit.model.deployment import Deployment
from pkikit.view.drawing import Picture

_ABOUT = ("certificate", "cluster_name", "registration", "authority", "term", "stores")


@dataclass(frozen=True, kw_only=True)
class JudgedDesigns:
    """All candidates of a deployment, judged; the front contains those that no other one beats."""

    space: Space
    outcome: Outcome

    def __repr__(self) -> str:
        return (
            f"{self.outcome.total:,} candidates, {self.outcome.working:,} of them bring every leg up; "
            f"{len(self.outcome.front)} are worth a look"
        )

    def front(self, most: int = 12) -> pd.DataFrame:
        """Return the candidates of the front that work, by their figures; smaller is always better."""
        rows = [r for r in front_rows(self.space, self.outcome) if r["works"]] or front_rows(self.space, self.outcome)
        table = pd.DataFrame(rows[:most]).set_index("candidate")
        return table[[c for c in OBJECTIVES if c in table.columns]]

    def choices(self, cluster: str, most: int = 12) -> pd.DataFrame:
        """Return what those candidates choose for one cluster."""
        rows = [r for r in front_rows(self.space, self.outcome) if r["works"]] or front_rows(self.space, self.outcome)
        table = pd.DataFrame(rows[:most]).set_index("candidate")
        return table[[f"{cluster}.{c}" for c in _ABOUT]].rename(columns=lambda c: c.partition(".")[2].replace("_", " "))

    def picture(self) -> Picture:
        """Return the front: restarts a year against the days for which a leaked key stays usable."""
        table = self.front(most=100)
        return Picture(svg=front_picture(self.space, self.outcome), text=table.to_string())


def explore_designs(deployment: Deployment, *vary: str) -> JudgedDesigns:
    """Judge every design, or those that `vary` leaves: `edge.authority=acme,private`."""
    space = Space(deployment, parse_vary(vary, deployment))
    return JudgedDesigns(space=space, outcome=explore(space, InProcess()))
