"""What a deployment promises, and rules of a house."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from pkikit.api.inputs import path_of
from pkikit.expectations.house.house_file import HouseRules
from pkikit.expectations.judged_promises import JudgedPromises
from pkikit.expectations.judged_promises import judge_promises as judge
from pkikit.report.given.given import read_given
from pkikit.report.given.house_rules_file import load_house_rules as load
from pkikit.values.instants import parse_instant


def load_house_rules(path: str | os.PathLike[str]) -> HouseRules:
    """Read rules of your own, and prove each by its example and its near miss.

    Args:
        path: the YAML file; `docs/expectations.md` explains it.

    Returns:
        The rules.

    Raises:
        InputError: the file cannot be read, or a rule is wrong or not proved; the message names the line.

    Examples:
        >>> [rule.id for rule in pkikit.load_house_rules("house-rules.yaml").rules][0]
        'house.no-wildcard-on-the-edge'
    """
    return load(path_of(path, "path"))


def judge_promises(
    path: str | os.PathLike[str],
    *,
    certs: str | os.PathLike[str] | None = None,
    house_rules: str | os.PathLike[str] | HouseRules | None = None,
    at: datetime | str | None = None,
    version: str | None = None,
) -> JudgedPromises:
    """Judge what a deployment promises under `expect:`, and ask rules of your own. What nobody gave is not assessed.

    Args:
        path: an imported folder, a folder as for `--certs` with a deployment file in it or next to it, or a deployment file.
        certs: the folder of the certificates, if it is another one.
        house_rules: a file with rules of your own, or the rules.
        at: the time to judge for: aware datetime or ISO text; now if it is left out.
        version: product version, such as `X15.5`; it replaces the one in the file.

    Returns:
        What became of them: `expectations`, `house` (the verdict of your rules), `verdict`, `broken`, `kept`, `to_json()`.

    Raises:
        InputError: something cannot be read, or a rule is not proved.

    Examples:
        >>> pkikit.judge_promises("clustered-mra.yaml", at="2026-11-24T12:00:00Z").expectations
        ()
    """
    given = read_given(path_of(path, "path"), path_of(certs, "certs") if certs is not None else None, version=version)
    if house_rules is not None and not isinstance(house_rules, HouseRules):
        house_rules = load_house_rules(house_rules)
    return judge(given.world, at=parse_instant(at, datetime.now(UTC)), rules=house_rules, partial=True)
