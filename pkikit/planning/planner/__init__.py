"""From a change to a plan: an order without refusals and its proof; or why there is none, and what would help."""

from pkikit.planning.planner.plan_making import Progress, make_plan

__all__ = ["Progress", "make_plan"]
