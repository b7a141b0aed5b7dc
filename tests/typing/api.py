"""Never run, only type-checked: a typed picture of the public API."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pkikit.design.san import SanLayout, design_sans
from pkikit.files import load_deployment, read_certificates
from pkikit.judge.legs import LegVerdict, judge_all_legs
from pkikit.judge.verify import verify_certificate
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Verdict
from pkikit.model.leg import Purpose
from simulator.report import CheckReport
from simulator.threaded import ThreadedLab

at: datetime = datetime(2026, 11, 24, tzinfo=UTC)
deployment: Deployment = load_deployment(Path("clustered-mra.yaml"))
layout: SanLayout = design_sans(deployment, "e1.example.com")
leaf, *sent = read_certificates(Path("cert.pem"))
verdict: Verdict = verify_certificate(leaf, sent=sent, trusted_ca_list=(), purpose=Purpose.SERVER, at=at)
accepted: bool = verdict.require().accepted
with ThreadedLab(deployment) as lab:
    report: CheckReport = lab.check()
    verdicts: tuple[LegVerdict, ...] = judge_all_legs(lab.lab.world, at)
