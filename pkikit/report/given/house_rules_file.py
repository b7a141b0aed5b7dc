"""Read a file of house rules."""

from __future__ import annotations

from pathlib import Path

from pkikit.errors import InputError
from pkikit.expectations.house.house_file import HouseRules, parse_house_rules
from pkikit.files import read_bytes

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
    data = read_bytes(path, MAX_FILE, likely=(".yaml", ".yml"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text (byte {error.start}): house rules are YAML", where=str(path)) from None
    return parse_house_rules(text, where=str(path))
