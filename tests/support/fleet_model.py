"""The model of what `pkikit fleet audit` prints with `--json`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from tests.support.output_models import STATE, Baseline, Document, Finding


class FleetBreak(Document):
    leg: str = Field(description="Id of the connection.")
    at: AwareDatetime
    cause: str
    name: str
    state: STATE
    refused_by: str | None
    says: str
    fix: str


class FleetBreakInFull(FleetBreak):
    files: list[str]
    findings: list[Finding]


class FleetCounts(Document):
    deployments: int
    failing: int
    errors: int
    reused: int = Field(description="Taken from the run that `--since` names.")
    connections: dict[STATE, int]


class FleetDeployment(Document):
    folder: str
    accepted: bool
    first_break: FleetBreak | None
    error: str | None = Field(description="Why the folder cannot be judged.")
    deployment: str
    version: str
    kind: Literal["deployment", "archives", "unknown"]
    deployment_file: str | None
    counts: dict[STATE, int]
    holds_until: AwareDatetime | None
    breaks: list[FleetBreakInFull]
    not_assessed: list[dict[str, Any]]
    expiries: list[dict[str, Any]]
    both_purposes: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    findings: list[Finding]


class Fleet(Document):
    """`pkikit fleet audit FOLDER --json`."""

    command: Literal["fleet audit"]
    accepted: bool
    folder: str
    at: AwareDatetime
    within_days: int
    counts: FleetCounts
    deployments: list[FleetDeployment]
    gone: list[str] = Field(description="Folders of the earlier run that are not there any more.")
    files: dict[str, str] = Field({}, description="What was written: kind and path.")
    baseline: Baseline | None = None
