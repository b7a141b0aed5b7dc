"""The lab on disk: gone on with after an end or a kill -9, never half-written, never another deployment's."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.issue.authority import create_root
from pkikit.model.revocation import NOTHING_HELD, CrlSource
from pkikit.model.world import World
from pkikit.worlds.issued_world import layout_of
from simulator.peer.store import PeerStore
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab
from simulator.world.craft import craft
from tests.support.labs import FAST
from tests.support.places import ROOT
from tests.support.worlds import C1, E1, E2, PARTNER, deployment

# Uploads one certificate after the other, as fast as it can, until it is killed.
_UPLOADER = """
import sys
from pathlib import Path
from cryptography.hazmat.primitives.serialization import Encoding
from pkikit.worlds.issued_world import layout_of
from tests.support.labs import lab_of
from tests.support.worlds import E1
with lab_of(pages=False, state=Path(sys.argv[1])) as lab:
    peer, issued = lab.peers[E1], lab.issued
    print("ready", flush=True)
    while True:
        csr = lab.run(peer.generate).request.csr
        leaf = issued.authority.issue(csr, at=lab.clock.now())
        chain = (leaf, *issued.authority.intermediates)
        lab.run(peer.upload, b"".join(c.public_bytes(Encoding.PEM) for c in chain))
        print(leaf.serial_number, flush=True)
"""


def settings(folder: Path) -> LabSettings:
    return replace(FAST, state=folder)


def test_restarted_lab_has_its_whole_state(tmp_path: Path) -> None:
    """CA, certificates, a request in progress, lists, accounts: all there again, and what was loaded is at work."""
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        first = lab.lab
        csr = lab.run(first.peers[E1].generate).request
        assert csr is not None
        made = lab.run(first.peers[C1].generate).request
        assert made is not None
        leaf = first.issued.authority.issue(made.csr, at=first.clock.now())
        lab.run(first.peers[C1].upload, leaf.public_bytes(Encoding.PEM))
    for path in tmp_path.rglob("*.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        again = lab.lab
        assert again.passwords == first.passwords
        assert again.issued.root.certificate == first.issued.root.certificate
        kept = again.peers[E1].state.request
        assert kept is not None
        assert kept.csr == csr.csr
        assert again.world.parties[C1].credential.leaf == leaf  # type: ignore[union-attr]
        assert again.world.parties[PARTNER].credential == first.world.parties[PARTNER].credential
        assert lab.check().accepted  # only the leaf was loaded, but the issuing CA is in the lists


def test_state_of_another_deployment_is_refused(tmp_path: Path) -> None:
    """The error is one sentence, and nothing is overwritten."""
    with ThreadedLab(deployment(), settings=settings(tmp_path)):
        pass
    before = (tmp_path / "lab.json").read_bytes()
    with pytest.raises(InputError, match="choose another folder"):
        ThreadedLab(deployment("single-pair"), settings=settings(tmp_path)).start()
    assert (tmp_path / "lab.json").read_bytes() == before
    (tmp_path / "lab.json").write_text('{"deployment": 3')
    with pytest.raises(InputError, match="is not a lab that this version can use"):
        ThreadedLab(deployment(), settings=settings(tmp_path)).start()
    (tmp_path / "lab.json").write_bytes(before)
    (tmp_path / E1 / "peer.json").write_text("{}")
    with pytest.raises(InputError, match="is not the state of a peer"):
        ThreadedLab(deployment(), settings=settings(tmp_path)).start()


@pytest.mark.parametrize("after", [0, 1, 3, 6])
def test_state_after_a_kill_has_the_last_answered_upload(tmp_path: Path, after: int) -> None:
    """kill -9 anywhere: the last upload that was answered is there, with its own key, and nothing half-written stays."""
    command = [sys.executable, "-c", _UPLOADER, str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        answered = [int(process.stdout.readline()) for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        answered += [int(line) for line in process.stdout.read().split()]
    assert len(answered) >= after
    state = PeerStore(tmp_path / E1).load()
    assert state is not None
    assert state.certificate is not None
    assert state.certificate.key_matches
    # The one after the last answer may have been written before its answer was.
    if answered and state.certificate.leaf.serial_number != answered[-1]:
        assert state.certificate.leaf.serial_number not in answered
    assert not [p for p in (tmp_path / E1).iterdir() if p.name.startswith(".")]
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        assert lab.check().accepted


def test_fresh_peers_have_temporary_certificates_and_alarms(tmp_path: Path) -> None:
    """As just installed: temporary CA and certificate, alarms say so, nobody trusts anybody; then the guide's steps."""
    fresh = replace(FAST, fresh=True, state=tmp_path)
    with ThreadedLab(deployment("single-pair"), settings=fresh) as lab:
        assert not lab.check().accepted
        inside = lab.lab
        for fqdn, peer in inside.peers.items():
            assert "Temporary server certificate" in [a.title for a in peer.alarms()], fqdn
            made = lab.run(peer.generate).request
            assert made is not None
            leaf = inside.issued.authority.issue(made.csr, at=inside.clock.now())
            chain = (leaf, *inside.issued.authority.intermediates)
            lab.run(peer.upload, b"".join(c.public_bytes(Encoding.PEM) for c in chain))
            lab.run(_replace_trust(peer, inside.issued.root.certificate))
            lab.do(peer.restart)
        report = lab.check()
        assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]


def _replace_trust(peer, root: x509.Certificate):  # type: ignore[no-untyped-def]
    async def replace() -> None:
        await peer.trust(root.public_bytes(Encoding.PEM), append=False)

    return replace


def test_concurrent_uploads_leave_a_consistent_state(tmp_path: Path) -> None:
    """One request, two answers of the same moment: one is taken, the state stays whole."""
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        peer, issued = lab.peers[E2], lab.issued
        request = lab.run(peer.generate).request
        assert request is not None
        answers = [issued.authority.issue(request.csr, at=lab.clock.now()) for _ in range(6)]

        async def all_at_once() -> None:
            import asyncio

            await asyncio.gather(*(peer.upload(a.public_bytes(Encoding.PEM)) for a in answers))

        lab.run(all_at_once)
        assert peer.state.certificate is not None
        assert peer.state.certificate.leaf in answers
        assert peer.state.certificate.key_matches
        kept = PeerStore(tmp_path / E2).load()
        assert kept is not None
        assert kept.certificate == peer.state.certificate


def test_restarted_lab_keeps_its_travelled_clock(tmp_path: Path) -> None:
    """A lab that travelled is where it was when it starts again."""
    with ThreadedLab(deployment("single-pair"), settings=settings(tmp_path)) as lab:
        lab.do(lab.clock.travel, timedelta(days=100))
    with ThreadedLab(deployment("single-pair"), settings=settings(tmp_path)) as lab:
        assert lab.clock.travelled > timedelta(days=99)
        assert lab.check().accepted


def test_restarted_lab_keeps_settings_and_log(tmp_path: Path) -> None:
    """SIP revocation settings of a cluster, and the log but for a line that was cut off."""
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        lab.do(lab.peers[E1].set_revocation, {"fallback": "revoked", "checking": "on"})
        seen = [str(e) for e in lab.events.of(E1)]
    with (tmp_path / "events.jsonl").open("a") as stream:
        stream.write('{"seq": 99, "at": "2026-')
    with ThreadedLab(deployment(), settings=settings(tmp_path)) as lab:
        kept = lab.peers[E2].lab.revocation_settings(E2)
        assert (kept.fallback, kept.checking) == ("revoked", True)
        assert lab.peers[C1].lab.revocation_settings(C1).checking is False
        assert [str(e) for e in lab.events.of(E1)][: len(seen)] == seen
        numbers = [e.seq for e in lab.events]
        assert numbers == sorted(set(numbers))


def test_brought_certificates_and_crls_are_kept_on_the_peer(tmp_path: Path) -> None:
    """CRLs that came with --certs survive what is done on the pages; certificates brought later stand over those kept."""

    def brought(world: World) -> World:
        crl = lab_ca.crl([], at=datetime.now(UTC))
        party = world.parties[E1]
        credential = craft(layout_of(world.deployment, E1).dns_names, lab_ca, at=datetime.now(UTC))
        held = NOTHING_HELD.with_crls(CrlSource.MANUAL, [crl])
        listed = (*party.trusted_ca_list, lab_ca.certificate)
        return world.with_party(replace(party, credential=credential, trusted_ca_list=listed, held=held))

    lab_ca = create_root("Brought CA", at=datetime.now(UTC))
    with ThreadedLab(deployment(), settings=settings(tmp_path)):
        pass
    with ThreadedLab(deployment(), settings=settings(tmp_path), prepare=brought) as lab:
        peer = lab.peers[E1]
        assert peer.state.certificate is lab.world.parties[E1].credential
        assert len(peer.state.manual_crls) == 1
        lab.run(_add_trust(peer, create_root("Another CA", at=datetime.now(UTC)).certificate))
        assert len(lab.world.parties[E1].held.crls) == 1
        assert lab_ca.certificate in lab.world.parties[E1].trusted_ca_list
    kept = PeerStore(tmp_path / E1).load()
    assert kept is not None
    assert len(kept.manual_crls) == 1


def _add_trust(peer, root: x509.Certificate):  # type: ignore[no-untyped-def]
    async def append() -> None:
        await peer.trust(root.public_bytes(Encoding.PEM), append=True)

    return append
