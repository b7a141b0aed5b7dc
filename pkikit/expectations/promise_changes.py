"""Until when an answer about promises and house rules is true: some depend on the day, whatever the certificates do."""

from __future__ import annotations

from datetime import datetime

from pkikit.expectations.house.house_file import HouseRules
from pkikit.expectations.moments import end_of
from pkikit.model.deployment import Deployment

# Facts that differ from one day to the next.
_OF_THE_DAY = frozenset({"days_left", "ended"})


def promises_change_at(deployment: Deployment, rules: HouseRules | None, at: datetime) -> datetime | None:
    """Return the first instant after which an answer may differ although no verdict about a connection does.

    Args:
        deployment: makes the promises.
        rules: the rules of the house; None for none.
        at: the time of the answer, aware UTC.

    Returns:
        The instant; `at` itself if the answer counts days from now; None if nothing changes by itself.
    """
    if rules is not None and any(_asks_for_the_day(rules)):
        return at
    if deployment.expect is None:
        return None
    timed = (*deployment.expect.services.values(), *deployment.expect.connections)
    if any(lifetime.days_left is not None for lifetime in deployment.expect.lifetime):
        return at
    if any(promise.days is not None for promise in timed):
        return at
    ends = (end_of(promise, at) for promise in timed if promise.until is not None)
    return min((end for end in ends if end > at), default=None)


def _asks_for_the_day(rules: HouseRules) -> list[bool]:
    conditions = [c for rule in rules.rules for c in (rule.when, rule.require) if c is not None]
    return [test.fact.name in _OF_THE_DAY for condition in conditions for test in condition.tests()]
