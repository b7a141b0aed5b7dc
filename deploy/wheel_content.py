"""What the wheel holds beside the packages: the course inside `workbook`, and the deployments inside `simulator`.

Only files that match a pattern are taken, so that nothing that a learner left in these folders gets into a wheel.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PATTERNS = {
    "notebooks/*.ipynb": "workbook/notebooks",
    "notebooks/README.md": "workbook/notebooks",
    "notebooks/dashboards/*.ipynb": "workbook/notebooks/dashboards",
    "notebooks/solutions/*.yaml": "workbook/notebooks/solutions",
    "notebooks/deployments/*.yaml": "simulator/deployments",
    "notebooks/deployments/*.schema.json": "simulator/deployments",
    "docs/schemas/[!d]*.schema.json": "pkikit/schemas",  # the one of deployments is in their folder
}
"""Pattern in the checkout to folder in the wheel."""


class WheelContent(BuildHookInterface):
    """Hatchling's hook; an editable installation reads the checkout instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files; raises FileNotFoundError if a pattern matches none, as in an incomplete copy of the project."""
        if version == "editable":
            return
        root = Path(self.root)
        for pattern, target in PATTERNS.items():
            files = sorted(root.glob(pattern))
            if not files:
                raise FileNotFoundError(f"{root} has no {pattern}, which belongs into the wheel")
            build_data["force_include"].update({str(file): f"{target}/{file.name}" for file in files})
