"""Dates for the steps of a plan, in UTC: lead times, minutes, maintenance windows, and what ends on the way. Pure.

Imports this package: pkikit.commands, pkikit.planning.plan_file, pkikit.runbook.
"""

from pkikit.planning.schedule.dated_plan import DatedPlan, dated_plan, judged_at_dates
from pkikit.planning.schedule.maintenance_windows import Window, parse_windows
from pkikit.planning.schedule.scheduled_step import ScheduledStep
from pkikit.planning.schedule.step_dates import Terms
from pkikit.planning.schedule.step_minutes import MINUTES, WATCH

__all__ = [
    "MINUTES",
    "WATCH",
    "DatedPlan",
    "ScheduledStep",
    "Terms",
    "Window",
    "dated_plan",
    "judged_at_dates",
    "parse_windows",
]
