"""Never run, only type-checked: a typed picture of the public API."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import assert_type

from cryptography import x509

import pkikit
from pkikit.design.change import PeerChange, compare_deployments
from pkikit.design.choices import parse_vary
from pkikit.design.san import SanLayout, design_sans
from pkikit.design.search_space import Space
from pkikit.explore.executors import InProcess
from pkikit.explore.exploration import explore
from pkikit.files import load_deployment, read_certificates
from pkikit.judge.legs.leg_verdict import LegVerdict, judge_all_legs
from pkikit.judge.legs.legs_served import Service, services_of
from pkikit.judge.legs.sunset import LegAudit, audit
from pkikit.judge.logs.log_text import diagnose_text
from pkikit.judge.paths.trust import build_path
from pkikit.judge.revocation.revocation_status import StatusCheck, check_status, judge_revocation
from pkikit.judge.verify import verify_certificate
from pkikit.model.codec.trace import trace_from_json
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Verdict
from pkikit.model.leg import Consumer, Purpose
from pkikit.model.revocation import CrlSource, RevocationData, RevocationQuestion
from pkikit.model.trace import HandshakeTrace
from pkikit.view.connections.check_report import CheckReport
from simulator import Lab

at: datetime = datetime(2026, 11, 24, tzinfo=UTC)
deployment: Deployment = load_deployment(Path("clustered-mra.yaml"))
layout: SanLayout = design_sans(deployment, "e1.example.com")
leaf, *sent = read_certificates(Path("cert.pem"))
verdict: Verdict = verify_certificate(leaf, sent=sent, trusted_ca_list=(), purpose=Purpose.SERVER, at=at)
accepted: bool = verdict.require().accepted
with Lab("clustered-mra.yaml") as lab:
    report: CheckReport = lab.check()
    verdicts: tuple[LegVerdict, ...] = judge_all_legs(lab.world, at)


def whole_library(path: Path, certificate: x509.Certificate, at: datetime) -> None:
    """What came with the whole library: each call with the types that its users rely on."""
    deployment = load_deployment(path, version="X15.5")
    changes: tuple[PeerChange, ...] = compare_deployments(deployment, deployment)
    assert_type(changes[0].needs_certificate, bool)
    services: tuple[Service, ...] = services_of(deployment, deployment.peers[0], [certificate], at=at)
    assert_type(services[0].causes, tuple[str, ...])
    data = RevocationData().with_crls(CrlSource.MANUAL, ())
    question = RevocationQuestion(settings=deployment.revocation, data=data, consumer=Consumer.LDAP)
    path_found = build_path(certificate, sent=(), trusted_ca_list=(certificate,), at=at)
    assert_type(judge_revocation(path_found, question, at), Verdict)
    assert_type(check_status(path_found, question, at), tuple[StatusCheck, ...])
    verdict, causes = diagnose_text("", where="log")
    assert_type(verdict, Verdict)
    assert_type(causes, tuple[str, ...])
    space = Space(deployment, parse_vary((), deployment))
    outcome = explore(space, InProcess(), out=None)
    assert_type(outcome.front, dict[tuple[float, ...], int])
    assert_type(trace_from_json("{}", where="x"), HandshakeTrace)
    assert_type(audit(deployment, {}, at=at), tuple[LegAudit, ...])


def front_door(path: Path, certificate: x509.Certificate) -> None:
    """The names of `import pkikit`, with the types that type checkers see."""
    plan = pkikit.load_deployment(str(path))
    assert_type(plan, pkikit.Deployment)
    assert_type([entry.value for entry in pkikit.san(plan, "e1.example.com")], list[str])
    verdict = pkikit.verify(certificate, trust=[path, b""], chain=(), name="e1.example.com", at="2026-11-24T12:00:00Z")
    assert_type(verdict, pkikit.Verdict)
    assert_type(verdict.accepted, bool)
    assert_type(verdict.findings, tuple[pkikit.Finding, ...])
    assert_type(pkikit.lint(path, deployment=path, peer="e1.example.com", trust=path), pkikit.Verdict)
    assert_type(pkikit.diagnose("text").causes, tuple[str, ...])
    assert_type(pkikit.match("sip:example.com", path), pkikit.NameMatch)
    assert_type(pkikit.legs(plan), tuple[pkikit.Leg, ...])
    planned = pkikit.plan(path, goal="renew:e1.example.com", at="2026-11-24T12:00:00Z", windows=["Sat 22:00-02:00"])
    assert_type(planned.plan.order, tuple[str, ...])
    made = pkikit.build_report(path, certs=path, at="2026-11-24T12:00:00Z", version="X15.5")
    assert_type(made.html, str)
    assert_type(made.report.failing, bool)
    assert_type(made.save(html=path), tuple[tuple[str, Path], ...])
    assert_type(pkikit.catalogue(), tuple[pkikit.Rule, ...])
    assert_type(pkikit.__version__, str)
