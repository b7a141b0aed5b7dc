"""Take out of executed notebooks what differs from run to run: widget state, execution times, the kernel's version."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.support.notebook_cells import UNSAVED, metadata_of, tags_of

KERNEL = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
          "language_info": {"name": "python"}}  # fmt: skip


def clean(notebook: dict[str, object]) -> dict[str, object]:
    """The notebook with steady metadata."""
    cells = notebook["cells"]
    assert isinstance(cells, list)
    for cell in cells:
        cell["metadata"] = metadata_of(cell)
        if UNSAVED in tags_of(cell):
            cell["outputs"] = []
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    metadata = notebook["metadata"]
    assert isinstance(metadata, dict)
    notebook["metadata"] = {**KERNEL, **{key: metadata[key] for key in ("course",) if key in metadata}}
    return notebook


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        cleaned = clean(json.loads(path.read_text(encoding="utf-8")))
        path.write_text(json.dumps(cleaned, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
