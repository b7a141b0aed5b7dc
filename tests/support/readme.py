"""The Python of the README, for the tests that execute it."""

from __future__ import annotations

import re

from tests.support.places import ROOT

README = ROOT / "README.md"


def readme_python() -> list[str]:
    """The Python blocks of the README in order; the first needs the base install alone."""
    return re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
