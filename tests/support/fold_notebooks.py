"""`python -m tests.support.fold_notebooks NOTEBOOK …`: move assertions into cells of their own, collapse what is not the lesson.

Afterwards execute the notebook again (`make notebooks-refresh`). What it cannot move safely is printed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.support.notebook_cells import fold

if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for left in fold(notebook):
            print(f"{path.name}: an assertion in the middle of this cell; move it by hand:\n{left}\n", file=sys.stderr)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
