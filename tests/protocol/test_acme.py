"""The ACME slice against a real Pebble: account, CSR and order per peer, files on all peers, pending, deploy, zone up."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from blockbuster import BlockBuster
from cryptography.x509.oid import NameOID

from pkikit.design.csr import SubjectFields
from pkikit.errors import AcmeProblem, InputError
from pkikit.issue.acme.order import ChallengeFile
from pkikit.judge.linting.issued_certificate import lint_answer
from simulator.errors import LabError
from simulator.peer.acme.service import AcmeService
from simulator.services.pebble_program import locate_pebble
from simulator.threaded import ThreadedLab
from tests.support.cli import run
from tests.support.labs import lab_fixture, lab_of
from tests.support.wait import LONG, eventually
from tests.support.worlds import C1, CLUSTER_E, DEPLOYMENTS, E1, E2

lab = lab_fixture(scope="function")


def _is_open(lab: ThreadedLab, peer: str) -> bool:
    with socket.socket() as probe:
        probe.settimeout(LONG)
        return probe.connect_ex((lab.plan.by_name[peer], 10080)) == 0


def test_signed_certificate_is_pending_until_deployed(lab: ThreadedLab, acme: AcmeService) -> None:
    """Sign puts a certificate into the pending place and changes nothing; deploy does, and with root and intermediate trusted all is up."""
    before = lab.world.parties[E1].credential
    pending = lab.run(acme.sign, E1)
    assert lab.world.parties[E1].credential == before
    assert lab.peers[E1].state.pending_certificate == pending
    assert pending.key_matches
    assert lab.check().accepted

    lab.run(acme.deploy, E1)
    assert lab.world.parties[E1].credential == pending
    assert lab.peers[E1].state.pending_certificate is None
    down = lab.check()
    assert not down.zone_is_active("uc-traversal")
    assert {leg.causes[0] for leg in down.down} == {"trust.issuer-unknown"}

    lab.trust([lab.run(acme.ca.root)])
    tunnels = lab.check()  # TLS is sent the intermediate; SSH reads it from the list
    assert {leg.causes[0] for leg in tunnels.down} == {"trust.intermediate-missing"}
    assert all(leg.leg.id.startswith("tunnel:") and leg.leg.server == E1 for leg in tunnels.down)

    lab.trust(pending.chain[1:])
    report = lab.check()
    assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]
    assert report.zone_is_active("uc-traversal")


def test_peer_accepts_a_certificate_without_the_requested_subject_fields(lab: ThreadedLab, acme: AcmeService) -> None:
    """The request names country to unit, the certificate only its common name, and the peer accepts it."""
    fields = SubjectFields(country="GB", state="Kent", locality="Dover", organisation="Example", unit="IT")
    peer = lab.peers[E2]
    if peer.state.request is not None:
        lab.run(peer.discard)
    lab.run(partial(peer.generate, fields=fields))
    assert peer.state.request is not None
    request = peer.state.request.csr
    assert len(request.subject) == 6
    pending = lab.run(acme.sign, E2)
    assert [a.oid for a in pending.leaf.subject] == [NameOID.COMMON_NAME]
    assert [f.rule for f in lint_answer(request, pending.chain).findings] == ["answer.subject-changed"]
    lab.run(acme.deploy, E2)
    assert lab.world.parties[E2].credential == pending


def test_challenge_is_served_by_every_peer_of_the_cluster(lab: ThreadedLab, acme: AcmeService) -> None:
    """DNS rotates over the peers and Pebble asks from several vantage points: each peer answered for the cluster's name."""
    lab.run(acme.sign, E1)
    assert {f.peer for f in acme.fetched if f.host == CLUSTER_E} == {E1, E2}
    assert {f.host for f in acme.fetched} == {CLUSTER_E, E1, "example.com"}
    assert {f.peer for f in acme.fetched if f.host == E1} == {E1}
    asked = {q.name for q in lab.network.outside_dns.log if q.type == "A"}
    assert {CLUSTER_E, E1, "example.com"} <= asked


def test_concurrent_orders_of_two_peers_share_no_account_or_key(lab: ThreadedLab, acme: AcmeService) -> None:
    """Two peers at once: two accounts, two keys, two certificates; nothing is shared but the files."""
    first, second = (lab.run(acme.sign, peer) for peer in (E1, E2))
    assert first.leaf.public_key() != second.leaf.public_key()
    assert len({e.party for e in lab.events.of(kind="ACME Account")}) == 2
    for credential, peer in ((first, E1), (second, E2)):
        lab.run(acme.deploy, peer)
        assert lab.world.parties[peer].credential == credential


def test_virtual_host_is_open_only_while_an_order_runs(
    lab: ThreadedLab, acme: AcmeService, blockbuster: BlockBuster
) -> None:
    """Before and after nothing listens. During the order, the placed file is served and every other path is not found."""
    blockbuster.deactivate()  # the test itself looks in from inside the loop, and starts programs there
    seen: list[bool] = []
    place = acme.hosts[E2].place

    def looking(file: ChallengeFile) -> None:
        place(file)
        base_path = "/.well-known/acme-challenge/"
        base = f"http://{lab.plan.by_name[E2]}:10080"
        # From another thread: this runs in the lab's own loop, which has to answer.
        script = (
            "import sys,urllib.request as u,urllib.error as e\n"
            "for p in sys.argv[2:]:\n"
            f"    try: print(u.urlopen(sys.argv[1]+p,timeout={LONG}).status)\n"
            "    except e.HTTPError as x: print(x.code)\n"
        )
        paths = (f"{base_path}{file.token}", "/", f"{base_path}none", f"{base_path}../../etc/passwd", "/login", "/api/")
        probes.append(subprocess.Popen([sys.executable, "-c", script, base, *paths], stdout=subprocess.PIPE, text=True))
        seen.append(_is_open(lab, E2))

    probes: list[subprocess.Popen[str]] = []
    assert not _is_open(lab, E1)
    assert not _is_open(lab, E2)
    shut = acme.hosts[E2].close

    async def closing() -> None:
        for probe in probes:  # however long the other program takes: the order ends once it has looked
            await asyncio.to_thread(probe.wait)
        await shut()

    acme.hosts[E2].place = looking  # type: ignore[method-assign]
    acme.hosts[E2].withdraw = lambda file: None  # type: ignore[method-assign]
    acme.hosts[E2].close = closing  # type: ignore[method-assign]
    lab.run(acme.sign, E1)
    assert not _is_open(lab, E1)
    assert not _is_open(lab, E2)
    assert seen
    assert all(seen)
    assert probes
    for probe in probes:
        assert probe.communicate(timeout=LONG)[0].split() == ["200", *["404"] * 5]


@pytest.mark.product("P3-5")
def test_failed_order_changes_nothing_and_names_the_domain(lab: ThreadedLab, acme: AcmeService) -> None:
    """A name without an address: the CA says which name; current certificate, pending place and ports are as before."""
    before = lab.world.parties[E1].credential
    del lab.dns.zone.addresses["example.com"]
    with pytest.raises(AcmeProblem) as caught:
        lab.run(acme.sign, E1)
    assert [name for name, _ in caught.value.subproblems] == ["example.com"]
    assert lab.world.parties[E1].credential == before
    assert lab.peers[E1].state.pending_certificate is None
    assert not _is_open(lab, E1)
    lab.dns.zone.addresses["example.com"] = [lab.plan.by_name[E1], lab.plan.by_name[E2]]
    assert lab.run(acme.sign, E1).key_matches


def test_acme_on_c_is_refused(lab: ThreadedLab, acme: AcmeService) -> None:
    """C has no ACME service; the error says why."""
    with pytest.raises(InputError, match="only Expressway-E has ACME"):
        lab.run(acme.sign, C1)


def test_deploy_without_a_pending_certificate_is_refused(lab: ThreadedLab, acme: AcmeService) -> None:
    """There is nothing to deploy before something was signed."""
    with pytest.raises(InputError, match="no pending certificate"):
        lab.run(acme.deploy, E1)


def test_pebble_ends_with_the_lab() -> None:
    """No child process is left after a clean end."""
    with lab_of() as lab:
        pid = lab.start_acme().pebble.pid
        assert pid is not None
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.needs("setpriv")
def test_pebble_ends_when_the_lab_process_is_killed() -> None:
    """kill -9 of the process that runs the lab takes Pebble with it."""
    program = (
        "from tests.support.worlds import deployment\nfrom simulator.threaded import ThreadedLab\nimport time\n"
        "lab = ThreadedLab(deployment()).start()\nprint(lab.start_acme().pebble.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    eventually(lambda: not Path(f"/proc/{pid}").exists() or _state(pid) == "Z", "Pebble lives on")
    assert not Path(f"/proc/{pid}").exists() or _state(pid) == "Z"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


def test_missing_pebble_is_reported_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where it was said to be; and nowhere: neither on PATH nor in the cache."""
    with pytest.raises(LabError, match="Pebble is not at"):
        locate_pebble(tmp_path / "pebble")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("EXPRESSWAY_LAB_PEBBLE", raising=False)
    with pytest.raises(LabError, match=r"deploy/get_pebble\.py.*apt-get install pebble"):
        locate_pebble(cache=tmp_path / "cache")


def test_up_without_pebble_exits_3_and_runs_with_no_acme(tmp_path: Path) -> None:
    """`up` without Pebble: exit code 3 and what to install; `--no-acme` runs."""
    pair = str(DEPLOYMENTS / "single-pair.yaml")
    done = run("simulator", "up", pair, EXPRESSWAY_LAB_PEBBLE=str(tmp_path / "nowhere"))
    assert done.returncode == 3
    assert "Pebble is not at" in done.stderr
    assert "Traceback" not in done.stderr
