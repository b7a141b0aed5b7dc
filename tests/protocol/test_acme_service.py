"""The ACME service of the E peers: settings, what is kept, and the cluster."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockBuster

from pkikit.errors import AcmeError, AcmeProblem, InputError
from pkikit.model.world import Speaks
from simulator.peer.acme.order_run import AcmeRun, RunStep
from simulator.peer.acme.service import AcmeService
from simulator.peer.store import PeerStore
from simulator.threaded import ThreadedLab
from simulator.world.faults import Partition, Speak
from tests.support.acme import is_open, untouched, with_faults
from tests.support.labs import FAST
from tests.support.wait import eventually_async
from tests.support.worlds import C1, CLUSTER_E, E1, E2, changed, deployment

# Settings.


def test_sign_needs_request_and_terms_on_an_e(lab: ThreadedLab) -> None:
    """CSR, terms, in this order of asking; on C there is no such service, and beside Jabber Guest neither."""
    acme = lab.start_acme()
    with pytest.raises(InputError, match="generate one first"):
        lab.run(acme.sign, E1)
    lab.run(lab.peers[E1].generate)
    with pytest.raises(AcmeError, match="terms of service have to be accepted first"):
        lab.run(acme.sign, E1)
    lab.run(acme.accept_terms, E1)
    assert lab.run(acme.sign, E1).key_matches
    with pytest.raises(InputError, match="only Expressway-E has ACME"):
        lab.run(acme.configure, C1, {})
    with (
        ThreadedLab(changed(jabber_guest=True), settings=FAST) as other,
        pytest.raises(InputError, match="Jabber Guest"),
    ):
        other.run(other.start_acme().configure, E1, {})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"provider": "verisign"}, "allowed are production, staging, other"),
        ({"provider": "other", "directory": "http://x"}, "write an https URL"),
        ({"provider": "other", "directory": "https://x/dir", "ca": "nonsense"}, "not a PEM file"),
        ({"provider": "other", "directory": "https://\ud800/"}, "must be a text of Unicode"),
        ({"provider": "other", "directory": "https://a..b/"}, "is not a URL"),
        ({"provider": "other", "directory": "https://\u2460.0.0.1/"}, "is not a URL"),
        ({"email": "nobody"}, "is not an e-mail address"),
        ({"email": "@"}, "is not an e-mail address"),
        ({"days": [True]}, "list of numbers"),
        ({"hour": True}, "hour: must be a whole number"),
        ({"hour": 24}, "0 to 23"),
        ({"days": []}, "at least one day"),
        ({"days": [7]}, "at least one day"),
        ({"days": "Monday"}, "list of numbers"),
        ({"mode": "automatic"}, "allowed are Disabled, Manual, Automated"),
        ({"renew_key": "New"}, "allowed are Retain, Rotate"),
        ({"minute": 60}, "0 to 59"),
        ({"colour": "red"}, "'colour' is not known"),
        ({"email": 7}, "email: must be a text"),
        ({"eab_kid": "x", "eab_mac": "!"}, "base64url"),
        ({"profile": "shortlived"}, "'profile' is not known"),
    ],
)
def test_impossible_acme_settings_are_refused(lab: ThreadedLab, changes: dict[str, Any], says: str) -> None:
    """The error is one sentence, and no setting changes."""
    acme = lab.start_acme()
    before = lab.peers[E1].state.acme
    with pytest.raises(InputError, match=says):
        lab.run(acme.configure, E1, changes)
    assert lab.peers[E1].state.acme == before


def test_provider_decides_ca_and_account(lab: ThreadedLab, acme: AcmeService) -> None:
    """Staging is another CA with other accounts; any directory can be entered by URL with the CA of its HTTPS."""
    production = lab.run(acme.sign, E1).leaf
    account = lab.peers[E1].state.acme.account
    assert account is not None
    lab.run(acme.configure, E1, {"provider": "staging"})
    staged = lab.run(acme.sign, E1).leaf
    other = lab.peers[E1].state.acme.account
    assert other is not None
    assert other.directory != account.directory
    assert staged.issuer != production.issuer
    pebble = acme.pebble
    pem = pebble.ca_file.read_text()
    lab.run(acme.configure, E1, {"provider": "other", "directory": pebble.directory, "ca": pem})
    lab.run(acme.accept_terms, E1)
    assert lab.run(acme.sign, E1).leaf.issuer == production.issuer
    for _ in range(6):  # staging has no limit on certificates for the same names
        lab.run(acme.configure, E2, {"provider": "staging"})
        lab.run(acme.sign, E2)


def test_sixth_production_order_waits_for_the_limit(lab: ThreadedLab, acme: AcmeService) -> None:
    """The sixth for the same names is refused; when to come back is kept, and the lab's clock brings it about."""
    for _ in range(5):
        lab.run(acme.sign, E1)
    with pytest.raises(AcmeProblem, match="rateLimited"):
        lab.run(acme.sign, E1)
    last = lab.peers[E1].state.acme.last
    assert last is not None
    assert last.not_before - last.at > timedelta(days=6)
    assert any(a.title.startswith("ACME") and "fail" in a.title for a in lab.peers[E1].alarms())
    lab.do(lab.clock.travel, timedelta(days=7, minutes=1))
    lab.run(acme.sign, E1)
    assert not any(a.title.startswith("ACME") and "fail" in a.title for a in lab.peers[E1].alarms())


def test_acme_settings_are_kept_with_private_keys(tmp_path: Path) -> None:
    """Account key and MAC key on disk with mode 0600, in no repr; a new process goes on with the same account."""
    settings = replace(FAST, state=tmp_path)
    with ThreadedLab(deployment(), settings=settings) as lab:
        acme = lab.start_acme()
        lab.run(acme.prepare, E1)
        lab.run(acme.sign, E1)
        lab.run(acme.configure, E1, {"eab_kid": "k", "eab_mac": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"})
        state = lab.peers[E1].state.acme
        assert "c2VjcmV0" not in repr(state)
        assert "PRIVATE" not in repr(state)
    path = tmp_path / E1 / "peer.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = PeerStore(tmp_path / E1).load()
    assert loaded is not None
    assert loaded.acme.account == state.account
    assert loaded.acme.settings == state.settings
    assert loaded.acme.settings.eab_mac == "c2VjcmV0LXNlY3JldC1zZWNyZXQ"


# The cluster.


def test_acme_steps_list_hosts_files_and_fetches(lab: ThreadedLab, acme: AcmeService) -> None:
    """From the page alone one can tell: hosts opened, files on both peers, fetches with their address, hosts closed."""
    lab.run(acme.sign, E1)
    steps = acme.steps(E1)
    for name in (E1, CLUSTER_E, "example.com"):
        (placed,) = [s for s in steps if (s.what, s.state, s.name) == ("challenge file", "placed", name)]
        assert E1 in placed.detail
        assert E2 in placed.detail
        fetched = [s for s in steps if (s.what, s.state, s.name) == ("challenge file", "fetched", name)]
        assert fetched
        assert all("by 127." in s.detail for s in fetched)
    order = [(s.what, s.state) for s in steps]
    assert order.index(("virtual host", "opened")) < order.index(("order", "pending"))
    assert order.index(("certificate", "downloaded")) < order.index(("virtual host", "closed"))
    assert order[-1] == ("certificate", "pending")
    assert [s.at for s in steps] == sorted(s.at for s in steps)


def test_concurrent_orders_close_the_host_after_the_last(lab: ThreadedLab, acme: AcmeService) -> None:
    """Orders side by side: each gets its own, the host closes after the second; the same peer twice is refused."""

    async def both() -> list[Any]:
        first, second = asyncio.ensure_future(acme.sign(E1)), asyncio.ensure_future(acme.sign(E2))
        await asyncio.sleep(0)
        with pytest.raises(InputError, match="under way"):
            await acme.sign(E1)
        return await asyncio.gather(first, second)

    one, other = lab.run(both)
    assert one.leaf.public_key() != other.leaf.public_key()
    accounts = [lab.peers[p].state.acme.account for p in (E1, E2)]
    assert all(accounts)
    assert len({a.url for a in accounts if a}) == 2
    assert not is_open(lab, E1)
    assert not is_open(lab, E2)


def test_only_the_port_of_the_virtual_host_opens_during_an_order(
    lab: ThreadedLab, acme: AcmeService, blockbuster: BlockBuster
) -> None:
    """Before, during and after an order: the one port that comes and goes is that of the virtual host."""
    blockbuster.deactivate()  # the test itself reads /proc in the loop, at the moment that matters
    before = _scan(lab)
    during: list[set[int]] = []

    def look(_: AcmeRun, step: RunStep) -> None:
        if step.what == "order" and step.state == "ready":
            during.append(_scan(lab))

    acme.on_step.append(look)
    lab.run(acme.sign, E1)
    assert during
    assert during[0] - before == {10080}
    assert before - during[0] == set()
    assert _scan(lab) == before


def _scan(lab: ThreadedLab) -> set[int]:
    """Every port of E2 that listens, by the kernel's own table."""
    wanted = lab.plan.by_name[E2]
    hex_address = "".join(f"{int(part):02X}" for part in reversed(wanted.split(".")))
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = [line.split()[1] for line in lines if line.split()[3] == "0A"]
    return {int(local.split(":")[1], 16) for local in listening if local.startswith(hex_address)}


@pytest.mark.parametrize("fault", ["partition", "restart"])
def test_order_fails_when_the_other_peer_is_cut_off(lab: ThreadedLab, acme: AcmeService, fault: str) -> None:
    """Cut off: its file cannot be put there, and what DNS leads to it is not proved. Restarted: its files are there again."""
    before = lab.world.parties[E1].credential
    if fault == "partition":
        world = lab.world
        with_faults(lab, Partition(fault="partition", between=(E1,), **{"and": (E2,)}))
        with pytest.raises(AcmeProblem) as caught:
            lab.run(acme.sign, E1)
        assert E1 not in [name for name, _ in caught.value.subproblems]  # DNS leads it to E1 alone
        assert any((s.what, s.state, s.name) == ("virtual host", "out of reach", E2) for s in acme.steps(E1))
        untouched(lab, E1, before)
        lab.change(world)
    else:

        async def restarted() -> None:
            order = asyncio.ensure_future(acme.sign(E1))
            await eventually_async(lambda: any(s.state == "placed" for s in acme.steps(E1)))
            lab.peers[E2].restart()
            await asyncio.gather(order, return_exceptions=True)

        lab.run(restarted)
    assert lab.run(acme.sign, E1).key_matches


def test_order_stops_when_its_peer_restarts(lab: ThreadedLab, acme: AcmeService) -> None:
    """The order stops and says why, the certificate in use stays, and the next Sign ends well."""
    before = lab.world.parties[E1].credential

    async def restarted() -> BaseException | Any:
        order = asyncio.ensure_future(acme.sign(E1))
        await eventually_async(lambda: any(s.what == "authorization" for s in acme.steps(E1)))
        lab.peers[E1].restart()
        return (await asyncio.gather(order, return_exceptions=True))[0]

    ended = lab.run(restarted)
    assert isinstance(ended, AcmeError)
    assert "interrupted" in str(ended)
    untouched(lab, E1, before)
    assert lab.run(acme.sign, E1).key_matches


def test_domain_certificate_is_ordered_deployed_and_renewed(lab: ThreadedLab, acme: AcmeService) -> None:
    """The same process with a separate key: signed, pending, deployed, presented by server name, renewed automatically."""
    peer = lab.peers[E1]
    before = lab.world.parties[E1].credential
    pending = lab.run(acme.sign, E1, "example.com")
    assert pending.leaf.public_key() != before.leaf.public_key()  # type: ignore[union-attr]
    assert lab.world.parties[E1].domains == {}
    lab.run(acme.deploy_domain, E1, "example.com")
    assert lab.world.parties[E1].domains["example.com"] == pending
    assert lab.world.parties[E1].credential == before
    lab.trust([lab.run(acme.ca.root)])
    report = lab.check()
    assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]
    with pytest.raises(InputError, match="no pending certificate for"):
        lab.run(acme.deploy_domain, E1, "example.com")
    with pytest.raises(InputError):
        lab.run(acme.sign, E1, "not a name")
    # Renewed after two thirds of its life, deployed on its schedule; the server certificate has other settings.
    lab.run(acme.configure, E1, {"mode": "Automated", "renew_key": "Rotate"}, "example.com")
    life = pending.leaf.not_valid_after_utc - pending.leaf.not_valid_before_utc
    lab.do(lab.clock.travel, life * 2 / 3 + timedelta(hours=2))
    while dict(peer.state.domain_certificates)["example.com"] == pending:
        lab.tick()
        lab.do(lab.clock.travel, timedelta(hours=12))
    assert dict(peer.state.domain_certificates)["example.com"].leaf.public_key() != pending.leaf.public_key()


def test_order_fails_when_the_other_peer_is_down(lab: ThreadedLab, acme: AcmeService) -> None:
    """Nobody answers on E2: its file cannot be put there, names that DNS leads there are not proved, E1 stays as it is."""
    before = lab.world.parties[E1].credential
    well = lab.world
    with_faults(lab, Speak(fault="speak", party=E2, protocol=Speaks.NOTHING))
    with pytest.raises(AcmeProblem):
        lab.run(acme.sign, E1)
    assert any((s.what, s.state, s.name) == ("virtual host", "out of reach", E2) for s in acme.steps(E1))
    untouched(lab, E1, before)
    lab.change(well)
    assert lab.run(acme.sign, E1).key_matches


def test_sign_resumes_the_order_on_disk(tmp_path: Path, blockbuster: BlockBuster) -> None:
    """The order's URL is on disk before anything is proved; the next Sign goes on with it."""
    blockbuster.deactivate()  # the test itself reads the disk in the loop, at the moment that matters
    with ThreadedLab(deployment(), settings=replace(FAST, state=tmp_path)) as lab:
        acme = lab.start_acme()
        lab.run(acme.prepare, E1)
        kept: list[str] = []

        def stop(run: AcmeRun, step: RunStep) -> None:
            if step.what == "authorization" and not kept:
                loaded = PeerStore(tmp_path / E1).load()
                assert loaded is not None
                kept.append(loaded.acme.order)
                run.stop("killed")

        acme.on_step.append(stop)
        with pytest.raises(AcmeError, match="killed"):
            lab.run(acme.sign, E1)
        assert kept[0].startswith("https://")
        assert lab.run(acme.sign, E1).key_matches
        assert [s for s in acme.steps(E1) if "is resumed" in s.detail]


def test_sign_ignores_the_order_of_another_lab(tmp_path: Path) -> None:
    """The next lab has another CA: account and order of the last one are of no use, and Sign makes new ones."""
    settings = replace(FAST, state=tmp_path)
    with ThreadedLab(deployment(), settings=settings) as lab:
        acme = lab.start_acme()
        lab.run(acme.prepare, E1)
        lab.run(acme.sign, E1)
        url = acme.ca.directory.replace("/dir", "/my-order/1")
        lab.run(lab.peers[E1].change_acme, lambda state: replace(state, order=url))
        before = lab.peers[E1].state.acme.account
    with ThreadedLab(deployment(), settings=settings) as lab:
        acme = lab.start_acme()
        assert lab.run(acme.sign, E1).key_matches
        after = lab.peers[E1].state.acme.account
        assert before is not None
        assert after is not None
        assert after.directory != before.directory
