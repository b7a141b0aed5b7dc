"""Revocation as it is found out while two parties wait: CRLs and OCSP answers fetched over HTTP from the lab's CAs.

Each world is judged beforehand too, and both have to come to one answer.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.view.connections.check_report import CheckReport
from simulator.peer.state import AutomaticCrls
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Fault, Source, Withdraw
from tests.support.labs import FAST
from tests.support.wait import LONG
from tests.support.worlds import C1, E1, changed

SETTINGS = replace(FAST, look_up=60.0, timeout=LONG)


@contextmanager
def checking(
    *, ocsp: bool = False, fallback: str = "revoked", lab_settings: LabSettings = SETTINGS, **settings: Any
) -> Iterator[ThreadedLab]:
    settings = {f"revocation__{k}": v for k, v in settings.items()}
    made = changed(
        revocation__checking=True, revocation__fallback=fallback, revocation__ocsp_responder=ocsp, **settings
    )
    with ThreadedLab(made, settings=lab_settings) as lab:
        yield lab


def broken(lab: ThreadedLab, *faults: Fault) -> CheckReport:
    inside = lab.lab
    ground = FaultContext(inside.issued, inside.clock.now(), rsa=False)
    lab.do(inside.change, ground.apply(faults, inside.world))
    report = lab.check()
    assert all(leg.agrees for leg in report.legs), [(r.leg.id, r.verdict.causes, r.outcome) for r in report.legs]
    return report


def first_causes(report: CheckReport) -> set[str]:
    return {leg.causes[0] for leg in report.down}


@pytest.mark.parametrize("ocsp", [False, True])
def test_revoked_certificate_fails_its_legs_at_once(ocsp: bool) -> None:
    """All up; the CA revokes E1: down on every leg on which a peer judges E1, at once, without a restart anywhere."""
    with checking(ocsp=ocsp) as lab:
        report = lab.check()
        assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]
        asked = lab.network.distribution.requests
        assert any(("/ocsp" if ocsp else "/issuing.crl") in line for line in asked)
        assert not ocsp or not any("/issuing.crl" in line for line in asked)  # OCSP, and then no CRL
        report = broken(lab, Withdraw(fault="withdraw", party=E1))
        assert first_causes(report) == {"revocation.revoked"}
        assert all(E1 in {leg.leg.client, leg.leg.server} for leg in report.down)
        assert {leg.trace.verify_error.code for leg in report.down if leg.trace and leg.trace.verify_error} == {23}


@pytest.mark.parametrize(
    ("of", "gives", "cause"),
    [
        ("crl", "down", "revocation.crl-unavailable"),
        ("crl", "slow", "revocation.crl-unavailable"),
        ("crl", "garbage", "revocation.crl-unavailable"),
        ("crl", "huge", "revocation.crl-unavailable"),
        ("crl", "foreign", "revocation.crl-untrusted"),
        ("crl", "expired", "revocation.crl-expired"),
        ("ocsp", "down", "revocation.ocsp-unavailable"),
        ("ocsp", "slow", "revocation.ocsp-unavailable"),
        ("ocsp", "garbage", "revocation.ocsp-unavailable"),
        ("ocsp", "foreign", "revocation.ocsp-untrusted"),
        ("ocsp", "expired", "revocation.ocsp-unavailable"),
    ],
)
@pytest.mark.parametrize("fallback", ["revoked", "not-revoked"])
def test_failing_revocation_source_follows_the_fallback(of: Any, gives: Any, cause: str, fallback: str) -> None:
    """Each way of not answering, under both fallbacks: an expired CRL stops everything, the rest the fallback decides."""
    # Nobody waits for a source that never answers longer than it takes to see that; every other answer has its time.
    patience = replace(SETTINGS, look_up=1.0) if gives == "slow" else SETTINGS
    with checking(ocsp=of == "ocsp", fallback=fallback, lab_settings=patience) as lab:
        report = broken(lab, Source(fault="source", of=of, gives=gives))
        if fallback == "revoked" or (gives == "expired" and of == "crl"):
            assert first_causes(report) == {cause}
        else:
            assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]


@pytest.mark.parametrize("source", ["nowhere", "manual upload", "automatic download", "trusted CA file"])
def test_crl_from_each_source_revokes_on_its_peer_only(source: str) -> None:
    """No distribution point, no OCSP: C1 knows that E1 is revoked from the one source that it was given, and only C1."""
    with checking(use_ocsp=False, cdp_download=False, fallback="not-revoked") as lab:
        inside = lab.lab
        peer, at = inside.peers[C1], inside.clock.now()
        credential = inside.world.parties[E1].credential
        assert credential is not None
        crls = [inside.issued.authority.crl([credential.leaf.serial_number], at=at), inside.issued.root.crl(at=at)]
        pem = b"".join(crl.public_bytes(Encoding.PEM) for crl in crls)
        match source:
            case "manual upload":
                lab.run(peer.upload_crl, pem)
            case "automatic download":
                lab.run(peer.take_downloads, tuple(crls))
            case "trusted CA file":
                authorities = (inside.issued.root, inside.issued.authority)  # SSH wants the intermediate too
                lists = b"".join(ca.certificate.public_bytes(Encoding.PEM) for ca in authorities)
                lab.run(partial(peer.trust, lists + pem, append=False))
        report = lab.check()
        if source == "nowhere":
            assert report.accepted
        else:
            assert first_causes(report) == {"revocation.revoked"}
            assert {(leg.leg.client, leg.leg.server) for leg in report.down} <= {(C1, E1), (E1, C1)}


def test_responder_is_ignored_while_ocsp_is_off() -> None:
    """The responder says revoked, OCSP is off, the CRLs are old and say good: nothing is noticed; on again, it is."""
    with checking(ocsp=True, use_ocsp=False) as lab:
        assert lab.check().accepted
        assert not any("/ocsp" in line for line in lab.network.distribution.requests)


def test_legs_fail_a_week_after_the_daily_update_stops() -> None:
    """No distribution points: the peers live on what the daily update brings. It stops: expired after a week, down."""
    with checking(cdp_download=False) as lab:
        inside = lab.lab
        urls = ("http://pki.lab.example/root.crl", "http://pki.lab.example/issuing.crl")
        assert first_causes(lab.check()) == {"revocation.crl-unavailable"}
        for peer in inside.peers.values():
            lab.run(peer.set_crl_sources, AutomaticCrls(urls=urls, hour=4))
        report = lab.check()
        assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]
        for _ in range(10):
            lab.do(inside.clock.travel, timedelta(days=1))
            lab.run(inside.tick)
        assert lab.check().accepted
        lab.run(inside.peers[C1].set_crl_sources, AutomaticCrls())
        lab.do(inside.clock.travel, timedelta(days=9))
        lab.run(inside.tick)
        report = lab.check()
        assert first_causes(report) == {"revocation.crl-expired"}
        assert all(C1 in {leg.leg.client, leg.leg.server} for leg in report.down)
        assert len(inside.events.of(C1, "CRL Update Completed")) >= 10


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:22/", "http://{e1}:10443/restart", "http://e1.example.com/x.crl", "http://169.254.169.254/latest",
        "http://[::1]/x.crl", "http://0x7f000001/x.crl", "http://2130706433/x.crl", "http://localhost/x.crl",
        "http://pki.lab.example:22/x.crl", "http://nowhere.example/x.crl",
    ],
)  # fmt: skip
def test_crl_source_with_an_internal_address_is_not_asked(lab: ThreadedLab, url: str) -> None:
    """A source that leads to a peer, to this machine or to nowhere is not asked; the log says why."""
    inside = lab.lab
    url = url.replace("{e1}", inside.plan.by_name[E1])
    lab.run(inside.peers[C1].set_crl_sources, AutomaticCrls(urls=(url,)))
    failed = inside.events.of(C1, "CRL Download Failed")
    assert failed
    assert any(words in failed[-1].detail for words in ("may not be asked", "does not resolve", "not a canonical"))


@pytest.fixture(scope="module")
def lab() -> Iterator[ThreadedLab]:
    with checking(ocsp=True) as running:
        yield running


def test_openssl_accepts_responder_and_distribution_point(lab: ThreadedLab, tmp_path: Path) -> None:
    """`openssl ocsp` and curl get from the lab's responder and distribution point what they get from any CA's."""
    inside = lab.lab
    credential = inside.world.parties[E1].credential
    assert credential is not None
    for name, certificate in (
        ("leaf", credential.leaf), ("issuer", inside.issued.authority.certificate), ("root", inside.issued.root.certificate)
    ):  # fmt: skip
        (tmp_path / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    where = f"http://{inside.network.distribution.address}:{inside.network.distribution.port}"
    command = ["openssl", "ocsp", "-sha256", "-issuer", "issuer.pem", "-cert", "leaf.pem",
               "-url", f"{where}/ocsp", "-CAfile", "root.pem", "-verify_other", "issuer.pem", "-no_nonce", "-header", "Host=pki.lab.example"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=LONG)
    assert "leaf.pem: good" in done.stdout, done.stdout + done.stderr
    assert "Response verify OK" in done.stderr + done.stdout
    fetched = subprocess.run(
        ["curl", "-sf", "-H", "Host: pki.lab.example", f"{where}/issuing.crl"], capture_output=True, timeout=LONG
    )
    crl = x509.load_der_x509_crl(fetched.stdout)
    assert crl.is_signature_valid(inside.issued.authority.certificate.public_key())  # type: ignore[arg-type]
    issuer = subprocess.run(
        ["curl", "-sf", "-H", "Host: pki.lab.example", f"{where}/issuing.cer"], capture_output=True, timeout=LONG
    )
    assert x509.load_der_x509_certificate(issuer.stdout) == inside.issued.authority.certificate


def test_overlapping_revocation_checks_succeed(lab: ThreadedLab) -> None:
    """Checks that overlap do not hinder each other."""

    async def several() -> list[CheckReport]:
        return await asyncio.gather(*(lab.lab.check() for _ in range(4)))

    assert all(report.accepted for report in lab.run(several))
