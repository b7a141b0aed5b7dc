"""The material for measurements is what it claims to be, in small."""

from __future__ import annotations

import tarfile
from pathlib import Path

from pkikit.design.legs import legs_of
from pkikit.files import load_deployment
from pkikit.files.logs import read_logs
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.judge.logs.log_text import LogReader
from pkikit.worlds.brought import bring_certificates
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import DAY
from tests.support.bulk import MEGABYTE, deployment_folders, large_archives
from tests.support.worlds import AT


def test_large_archives_have_a_log_and_packets_for_most_of_their_size(tmp_path: Path) -> None:
    archives = large_archives(tmp_path, megabytes=1)
    assert len(archives) == 4
    for path in archives:
        assert 0.5 * MEGABYTE < path.stat().st_size < 1.5 * MEGABYTE
        with tarfile.open(path) as archive:
            sizes = {entry.name.partition("_")[0]: entry.size for entry in archive}
        assert sizes["loggingsnapshot"] > MEGABYTE
        assert sizes["eth0"] > MEGABYTE // 2
    reader = LogReader("the archive")
    for text in read_logs(archives[0]):
        reader.read(text.lines, text.member)
    assert reader.diagnosis().causes


def test_folder_of_a_deployment_is_judged_up_as_another_lab_made_it(tmp_path: Path) -> None:
    """Another lab's root has the name of this one's: clients outside trust the one that was brought."""
    first, copy = deployment_folders(tmp_path, 2, distinct=1)
    assert sorted(p.name for p in first.iterdir()) == sorted(p.name for p in copy.iterdir())
    made = load_deployment(copy / "deployment.yaml")
    own = issue_world(made, at=AT - DAY, rsa=False).world
    world = bring_certificates(own, copy / "certificates")
    assert [leg.id for leg in legs_of(made) if not judge_leg(leg, world, AT).accepted] == []
