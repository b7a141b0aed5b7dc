"""A running lab with odd input, failing tasks and taken ports: never a green leg that is dead, nothing lost in silence."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pkikit.errors import InputError
from pkikit.model.certificates.credential import Credential
from pkikit.model.trace import Outcome
from pkikit.model.world import Speaks, World
from pkikit.view.description import describe_crl
from simulator.background import FAILED
from simulator.connections import dialling, links
from simulator.errors import LabError
from simulator.threaded import ThreadedLab
from simulator.world.fault_context import FaultContext
from simulator.world.faults import DiskFull, NewKey, Speak
from tests.support.labs import FAST, lab_fixture
from tests.support.odd import EMPTY_RDN_CRL, GOOD_CRL, ODD_CRLS, pem
from tests.support.wait import LONG, eventually
from tests.support.worlds import AT, C1, E1, PARTNER, deployment

BRISK = replace(FAST, keepalive=0.2)


lab = lab_fixture(settings=BRISK, scope="function")


def with_faults(lab: ThreadedLab, *faults: object) -> None:
    inside = lab.lab
    ground = FaultContext(inside.issued, inside.clock.now(), rsa=False)
    lab.do(inside.change, ground.apply(faults, inside.world))  # type: ignore[arg-type]


# CRLs that cannot be judged.


@pytest.fixture(scope="module")
def shared() -> Iterator[ThreadedLab]:
    with ThreadedLab(deployment(), settings=BRISK) as running:
        yield running


@pytest.mark.parametrize("part", ODD_CRLS)
def test_upload_of_an_unreadable_crl_is_refused(shared: ThreadedLab, part: str) -> None:
    """An upload says which part cannot be read, and nothing changes; beside a good list, and in a trusted CA file too."""
    peer = shared.lab.peers[E1]
    trusted = peer.state.trusted_ca_list
    for data, number in ((pem(ODD_CRLS[part]), 1), (pem(GOOD_CRL) + pem(ODD_CRLS[part]), 2)):
        judged = rf"CRL {number} in it cannot be judged: its .* (cannot be read|is not known)"
        with pytest.raises(InputError, match=rf"{judged}|block {number} .* is a CRL that OpenSSL does not read"):
            shared.run(peer.upload_crl, data)
    root = shared.lab.issued.root.certificate
    from cryptography.hazmat.primitives.serialization import Encoding

    async def trust() -> None:
        await peer.trust(root.public_bytes(Encoding.PEM) + pem(ODD_CRLS[part]), append=True)

    with pytest.raises(InputError, match=r"cannot be judged|does not read"):
        shared.run(trust)
    assert peer.state.revocation_data.crls == ()
    assert peer.state.trusted_ca_list == trusted
    assert "CRL file: " in shared.lab.events.of(E1, "CRL Refused")[-1].detail


def test_upload_of_a_readable_crl_is_accepted(lab: ThreadedLab) -> None:
    """The near miss: the same list with every part readable, though nobody's key signed it."""
    assert lab.run(lab.peers[E1].upload_crl, pem(GOOD_CRL)) == 1


def test_crl_that_only_openssl_reads_is_used_and_kept(tmp_path: Path) -> None:
    """A CRL with an empty RDN in its issuer is taken, displayed, used by live handshakes, and kept over a restart."""
    settings = replace(BRISK, state=tmp_path)
    with ThreadedLab(deployment(), settings=settings) as lab:
        peer = lab.peers[E1]
        assert lab.run(peer.upload_crl, pem(EMPTY_RDN_CRL)) == 1
        assert describe_crl(peer.state.manual_crls[0], AT)["kind"] == "certificate revocation list"
        lab.do(peer.set_revocation, {"checking": True, "use_crls": True, "use_ocsp": False})
        lab.hold()
        assert not lab.events.of(kind="Leg Failed")
        assert not lab.events.of(kind="Leg Not Judged")
    with ThreadedLab(deployment(), settings=settings) as lab:
        assert len(lab.peers[E1].state.manual_crls) == 1
        assert not lab.events.of(E1, "State Warning")


@pytest.mark.parametrize("part", ODD_CRLS)
def test_download_skips_an_unreadable_crl(shared: ThreadedLab, part: str) -> None:
    """An automatic download leaves it out, takes the good one, and says so."""
    look_up, told = shared.lab.network.look_up, []

    async def fetched(url: str, *_: object) -> bytes:
        return pem(GOOD_CRL) + pem(ODD_CRLS[part])

    async def download() -> object:
        return await type(look_up).daily(look_up, ["http://pki.lab.example/x.crl"], lambda event, why: told.append(why))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(look_up, "_fetch", fetched)
        found = shared.run(download)
    assert len(told) == 1
    whole = "OpenSSL does not read" in told[0]  # then nothing of the file is used, as by OpenSSL itself
    assert whole or "a CRL cannot be judged" in told[0]
    assert len(found) == (0 if whole else 1)  # type: ignore[arg-type]


def test_lab_starts_with_an_unreadable_crl_in_its_state(tmp_path: Path) -> None:
    """What an older version let in is left out with a line in the log; checking is on, and every leg settles."""
    settings = replace(BRISK, state=tmp_path)
    with ThreadedLab(deployment(), settings=settings):
        pass
    path = tmp_path / E1 / "peer.json"
    document = json.loads(path.read_text())
    document["manual_crls"] = [pem(der).decode() for der in (*ODD_CRLS.values(), GOOD_CRL)]
    path.write_text(json.dumps(document))
    with ThreadedLab(deployment(), settings=settings) as lab:
        assert len(lab.peers[E1].state.manual_crls) == 1
        assert len(lab.events.of(E1, "State Warning")) == len(ODD_CRLS)
        lab.do(lab.peers[E1].set_revocation, {"checking": True, "use_crls": True, "use_ocsp": False})
        lab.hold()
        assert {link.leg.id for link in lab.links.values()} <= set(lab.last)
        assert not lab.events.of(kind="Leg Failed")


# Tasks that fail.


def test_leg_whose_dial_raises_is_down_alone(lab: ThreadedLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error inside a dial takes its own leg down, with a line; the others come up, and so does it once it can."""
    inside = lab.lab
    broken = inside.endpoints[C1]
    mine = [leg.id for leg in inside.legs if leg.client == C1]

    async def fails(*_: object) -> None:
        raise ValueError("an object of which a part cannot be read")

    with monkeypatch.context() as patch:
        patch.setattr(broken, "open", fails)
        lab.run(inside.hold)
        held = [i for i in mine if i in inside.links]
        assert held
        assert {inside.last[i].outcome for i in held} == {Outcome.UNREACHABLE}
        assert not any(inside.links[i].active for i in held)
        assert all(link.active for i, link in inside.links.items() if i not in mine)
        lines = inside.events.of(C1, "Leg Failed")
        assert {line.detail.split('"')[1] for line in lines} == set(held)
        assert "ValueError: an object of which a part cannot be read" in lines[0].detail
        report = lab.run(inside.check)
        assert {leg.leg.id for leg in report.down} == set(mine)
    for link in lab.links.values():
        lab.do(link.retry)
    eventually(lambda: all(link.active for link in inside.links.values()), "every leg is up again")


def test_leg_whose_link_task_ends_is_down(lab: ThreadedLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends the task that keeps a leg up: hold() returns, the leg is reported down, and a line says why."""

    async def dies(self: links.Link) -> None:
        raise RuntimeError("dead")

    monkeypatch.setattr(links.Link, "run", dies)
    lab.hold()
    assert {lab.last[i].outcome for i in lab.links} == {Outcome.UNREACHABLE}
    assert len(lab.events.of(kind=FAILED)) == len(lab.links)


def test_leg_that_cannot_be_judged_follows_its_handshake(lab: ThreadedLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialled, it is what the handshake says; not dialled, it is not up."""

    def fails(*_: object) -> None:
        raise TypeError("odd")

    monkeypatch.setattr(dialling, "judge_of", lambda *_: fails)
    report = lab.check()
    assert report.accepted
    assert lab.events.of(kind="Leg Not Judged")
    lab.change(without_keys(lab.world))
    report = lab.check()
    assert len(report.down) == len(report.legs)


def without_keys(world: World) -> World:
    """The same certificates, brought from outside without their private keys: nobody can dial with them."""
    for party in world.parties.values():
        if party.credential is not None:
            credential = Credential(chain=party.credential.chain, key=None)
            world = world.with_party(replace(party, credential=credential, services={}))
    return world


def test_background_failure_is_logged(tmp_path: Path) -> None:
    """A full disk while the world changes: the state that could not be written is named in the log."""
    with ThreadedLab(deployment(), settings=replace(BRISK, state=tmp_path)) as lab:
        with_faults(lab, DiskFull(fault="disk-full", party=E1), NewKey(fault="new-key", party=E1))
        eventually(lambda: bool(lab.events.of(kind=FAILED)), "the failure is in the log")
        detail = lab.events.of(kind=FAILED)[0].detail
        assert f"save the state of {E1}" in detail
        assert "No space left" in detail


def test_failing_asyncio_callback_is_logged_not_printed(lab: ThreadedLab, capfd: pytest.CaptureFixture[str]) -> None:
    """A callback that raises: one line in the log, nothing on the terminal."""

    async def cause() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)

    lab.run(cause)
    eventually(lambda: bool(lab.events.of(kind="Internal Error")), "the error is in the log")
    assert "ZeroDivisionError" in lab.events.of(kind="Internal Error")[0].detail
    assert capfd.readouterr() == ("", "")


# Ports.


def test_port_closed_for_two_reasons_is_opened_once(lab: ThreadedLab) -> None:
    """Two reasons to close a port that end at the same moment: it is opened once."""
    inside, well = lab.lab, lab.world
    port = inside.endpoints[E1].ports[0]
    with_faults(lab, Speak(fault="speak", party=E1, protocol=Speaks.NOTHING))
    lab.do(inside.change, replace(inside.world, blocked=frozenset({(E1, port)})))
    assert refuses(lab, E1, port)
    lab.do(inside.change, well)
    lab.do(inside.change, well)
    assert lab.check().accepted
    assert not inside.events.of(kind="Cannot Listen")


def test_port_taken_by_another_program_is_retried(lab: ThreadedLab) -> None:
    """It is a line in the log; once the port is free, the next dial finds it open again."""
    inside, well = lab.lab, lab.world
    port = 5061
    lab.do(inside.change, replace(well, blocked=frozenset({(PARTNER, port)})))
    with socket.create_server((inside.plan.by_name[PARTNER], port)):
        lab.do(inside.change, well)
        assert "is taken by another program" in inside.events.of(kind="Cannot Listen")[-1].detail
    assert lab.check().accepted


def refuses(lab: ThreadedLab, fqdn: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(LONG)
        return probe.connect_ex((lab.plan.by_name[fqdn], port)) != 0


def test_starttls_reset_is_logged_and_legs_stay(capfd: pytest.CaptureFixture[str]) -> None:
    """A caller that resets the connection in the middle of STARTTLS: a line in the log, no traceback, the legs stay."""
    import struct

    with ThreadedLab(deployment("clustered-full"), settings=BRISK) as lab:
        inside = lab.lab
        server = next(leg.server for leg in inside.legs if leg.port == 5269)
        where = (inside.plan.by_name[server], 5269)
        for opening in (b"", b"<?xml version='1.0'?><stream:stream to='x'>"):
            with socket.create_connection(where) as caller:
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                caller.sendall(opening + b" ")

        def logged() -> bool:
            return len(inside.events.of(server, "Inbound TLS Negotiation Error")) >= 2

        eventually(logged, "both resets are in the log")
        assert lab.check().accepted
    assert "Traceback" not in capfd.readouterr().err


def test_adcs_without_pages_is_refused(lab: ThreadedLab) -> None:
    """One sentence instead of an AttributeError."""
    with pytest.raises(LabError, match="runs without pages"):
        lab.do(getattr, lab.lab, "adcs")


def test_too_many_failures_passes_context_managers() -> None:
    """An exception that a context manager can hand on."""
    from contextlib import ExitStack, contextmanager

    from simulator.web.doorkeeper import TooManyFailures

    @contextmanager
    def around() -> Iterator[None]:
        yield

    def guess() -> None:
        with ExitStack() as stack:
            stack.enter_context(around())
            raise TooManyFailures(3.0)

    with pytest.raises(TooManyFailures) as refused:
        guess()
    assert refused.value.wait == 3.0


def test_exceptions_are_not_frozen_dataclasses() -> None:
    """No exception of ours is a frozen dataclass: Python sets its traceback."""
    import dataclasses
    import importlib
    import pkgutil

    import pkikit
    import simulator

    for package in (pkikit, simulator):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)

    def below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    ours = [kind for kind in below(Exception) if kind.__module__.partition(".")[0] in {"pkikit", "simulator"}]
    assert len(ours) > 5
    assert [kind for kind in ours if dataclasses.is_dataclass(kind)] == []


def test_malformed_http_request_is_logged_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """Malformed requests before any login add a few lines to the peer's log and print nothing."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with ThreadedLab(deployment("single-pair"), settings=replace(BRISK, pages=True)) as lab:
        site = next(iter(lab.sites.values()))
        for request in (b"GET\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\nA\r\n\r\n") * 20:
            with socket.create_connection(site.address) as plain, context.wrap_socket(plain) as caller:
                caller.sendall(request)
                caller.recv(100)
        lines = lab.events.of(site.peer.fqdn, "Web Server Trouble")
        assert len(lines) <= 25
        assert not any("Traceback" in line.detail for line in lines)
        assert lab.check().accepted
    assert capfd.readouterr() == ("", "")


def test_running_lab_refuses_what_it_cannot_do_and_stays_as_it_was() -> None:
    with ThreadedLab(deployment("single-pair"), settings=FAST) as lab:
        world, leaf = lab.world, next(iter(lab.world.parties.values())).credential
        assert leaf is not None
        refused = (
            (lambda: lab.install("nobody.example.com", leaf), "has no machine 'nobody.example.com'; there are expc"),
            (lambda: lab.trust([leaf.leaf], ["nobody.example.com"]), "has no machine 'nobody.example.com'"),
            (lambda: lab.trust([None]), "takes certificates"),  # type: ignore[list-item]
            (lab.start, "already running"),
        )
        for call, words in refused:
            with pytest.raises(LabError, match=words):
                call()
        assert lab.world is world
        assert lab.check().accepted


def test_lab_that_starts_again_has_no_faults_of_the_time_before() -> None:
    lab = ThreadedLab(deployment("single-pair"), settings=FAST)
    with lab:
        lab.break_("clock", party="expc.corp.example.com", hours=24 * 4000)
        assert not lab.check().accepted
    with lab:
        well = lab.world
        lab.fix()
        assert lab.world is well
        assert lab.check().accepted
