"""Read a file of house rules."""

from __future__ import annotations

from pathlib import Path

from pkikit.expectations.house.house_file import HouseRules, parse_house_rules
from pkikit.files.disk import read_yaml_text

MAX_FILE = 1024 * 1024


def load_house_rules(path: Path) -> HouseRules:
    """Read a file of house rules, and prove each rule by its example and its near miss.

    Args:
        path: the YAML file.

    Returns:
        The rules.

    Raises:
        InputError: the file cannot be read, or a rule is wrong or not proved; the message names the line.
    """
    return parse_house_rules(read_yaml_text(path, MAX_FILE, "house rules are"), where=str(path))
