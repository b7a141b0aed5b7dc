"""While these tests run, a blocking call of the simulator inside its event loop is an error (blockbuster)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx


@pytest.fixture(autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    with blockbuster_ctx("simulator") as watched:
        yield watched
