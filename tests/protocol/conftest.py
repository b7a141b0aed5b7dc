"""While these tests run, a blocking call of the simulator inside its event loop is an error (blockbuster)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from simulator.peer.acme.service import AcmeService
from simulator.threaded import ThreadedLab
from tests.support.labs import FAST, lab_fixture
from tests.support.worlds import E1, E2


@pytest.fixture(autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    with blockbuster_ctx("simulator") as watched:
        yield watched


# A lab without pages; a module that needs another one defines its own.
lab = lab_fixture(settings=FAST, scope="function")


@pytest.fixture
def acme(lab: ThreadedLab) -> AcmeService:
    """Its ACME service, with what comes before Sign done on both E peers."""
    service = lab.start_acme()
    for peer in (E1, E2):
        lab.run(service.prepare, peer)
    return service
