"""`pkikit explore` for notebooks: judged candidate designs, the front as table and picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from pkikit.design.choices import parse_vary
from pkikit.design.search_space import OBJECTIVES, Space
from pkikit.explore.advice.plain_answers import answers_from
from pkikit.explore.advice.recommend import Recommendation, Refusal, recommend
from pkikit.explore.executors import InProcess
from pkikit.explore.exploration import Outcome, explore, front_picture, front_rows
from pkikit.explore.legend import COLUMNS, design_name, verdict
from pkikit.model.deployment import Deployment
from pkikit.view.drawing import Picture

_ABOUT = ("certificate", "cluster_name", "registration", "authority", "term", "stores")


@dataclass(frozen=True, kw_only=True)
class JudgedDesigns:
    """All candidates of a deployment, judged; the front contains those that no other one beats."""

    space: Space
    outcome: Outcome

    def __repr__(self) -> str:
        rows = front_rows(self.space, self.outcome)
        return verdict(self.outcome.total, rows, self.outcome.working)

    def named(self, most: int = 12) -> pd.DataFrame:
        """Return the designs that work and that nothing beats: their names, and the columns in which they differ."""
        rows = [row for row in front_rows(self.space, self.outcome) if row["works"]][:most]
        differ = [c for c in COLUMNS if len({row[c.key] for row in rows}) > 1 or c.key == "roots_to_hand_out"]
        table = {"design": [design_name(self.space.deployment, row) for row in rows]}
        table |= {c.head: [row[c.key] for row in rows] for c in differ}
        return pd.DataFrame(table, index=pd.RangeIndex(1, len(rows) + 1, name="no."))

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
        return Picture(svg=front_picture(self.space, self.outcome), text=self.named(most=100).to_string())


def explore_designs(deployment: Deployment, *vary: str) -> JudgedDesigns:
    """Judge every design, or those that `vary` leaves: `edge.authority=acme,private`."""
    space = Space(deployment, parse_vary(vary, deployment))
    return JudgedDesigns(space=space, outcome=explore(space, InProcess()))


def design_columns() -> pd.DataFrame:
    """Return what the columns of a comparison mean, in plain words."""
    rows = [(c.head, c.meaning, c.unit) for c in COLUMNS]
    return pd.DataFrame(rows, columns=["column", "meaning", "unit"]).set_index("column")


def recommend_design(*answers: str) -> Recommendation | Refusal:
    """Recommend one design for answers such as `trust=partners`, as of 26 November 2026."""
    return recommend(answers_from(answers), AT)


AT = datetime(2026, 11, 26, tzinfo=UTC)  # a fixed day, so that a notebook says the same in every run
