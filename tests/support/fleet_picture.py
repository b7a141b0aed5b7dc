"""The picture of a fleet's page in the documents: twelve deployments, two of them broken.

`python -m tests.support.fleet_picture` writes `docs/fleet.png`.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from pkikit.fleet.finished_audit import FinishedAudit
from pkikit.fleet.made.made_fleet import make_fleet
from tests.support.fleets import audited
from tests.support.page_picture import picture_of, save
from tests.support.places import ROOT
from tests.support.worlds import AT

PICTURE = ROOT / "docs" / "fleet.png"


def take() -> Image.Image:
    """Return a screenshot of the page, down to what breaks first and what cannot be judged."""
    with TemporaryDirectory() as folder:
        root, file = Path(folder) / "customers", Path(folder) / "fleet.html"
        make_fleet(root, count=12, broken=2, damaged=1, seed="7", at=AT)
        html = FinishedAudit(audited(root)).html.replace(str(root), "customers")
        file.write_text(html, encoding="utf-8")
        return picture_of(file, "#errors")


if __name__ == "__main__":
    save(take(), PICTURE)
