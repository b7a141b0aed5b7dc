"""A check: a rule with the function that looks for breaches of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, ParamSpec, cast

from pkikit.model.findings import Answer, Evidence
from pkikit.model.version import ProductVersion
from pkikit.rules.rule import Rule, Subject

P = ParamSpec("P")
TRUSTED_CA_LIST = "trusted CA list"  # the place of this piece of evidence


@dataclass(frozen=True, eq=False)
class Check(Generic[P]):
    """A rule, and `find`, which returns one piece of evidence per breach and none when the subject keeps the rule."""

    rule: Rule
    find: Callable[P, Iterable[Evidence]]

    def on(self, name: str, *args: P.args, **kwargs: P.kwargs) -> Answer:
        """Return the rule's answer about the subject of that name; the other arguments go to `find`."""
        return self.rule.judge(name, self.find(*args, **kwargs))


def applying(
    checks: tuple[Check[P], ...], subject: Subject, version: ProductVersion | None = None
) -> tuple[Check[P], ...]:
    """Return the checks whose rules apply to that kind of subject and, if one is given, to that product version."""
    return cast(tuple[Check[P], ...], _applying(checks, subject, version))


@lru_cache(maxsize=512)
def _applying(
    checks: tuple[Check[Any], ...], subject: Subject, version: ProductVersion | None
) -> tuple[Check[Any], ...]:
    return tuple(
        check
        for check in checks
        if subject in check.rule.applies_to and (version is None or version.within(check.rule.versions))
    )
