"""Models of what commands print with `--json`; `json_documents` makes the schemas from them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

STATE = Literal["up", "down", "not-assessed"]


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Evidence(Document):
    label: str
    expected: str = Field(description="What is needed; may be empty.")
    seen: str
    where: str = Field(description="File, machine or setting; may be empty.")


class Finding(Document):
    rule: str = Field(description="Id of the rule; `pkikit rules ID` prints it.")
    severity: Literal["error", "warning", "info"]
    subject: str
    message: str
    evidence: list[Evidence]
    fix: str


class Lack(Document):
    machine: str
    part: str
    service: str


class VerifyError(Document):
    code: int = Field(description="OpenSSL's number.")
    name: str


class Connection(Document):
    id: str = Field(description="`zone:ZONE:CLIENT>SERVER` and the like.")
    client: str
    server: str
    reference_name: str = Field(description="The name that the client looks for; empty if it looks for none.")
    protocol: Literal["sip-tls", "https", "xmpp", "ldaps", "ssh"]
    mutual: bool
    dialled: bool
    stand_ins: list[str]
    state: STATE
    missing: list[Lack]
    assumed: list[str]
    outcome: Literal["accepted", "rejected", "unreachable"]
    rejected_by: Literal["client", "server"] | None
    verify_error: VerifyError | None
    alert: str | None
    causes: list[str] = Field(description="Rule ids; the first is the one to fix first.")
    findings: list[Finding]


class Service(Document):
    name: str = Field(description="`mra`, `b2b`, `federation`, `web-proxy`, `administration`, and others.")
    cluster: str | None = None
    peer: str | None = None
    up: bool
    state: STATE
    needs: list[str] = Field(description="Ids of connections.")
    because: list[str] = Field(description="Ids of connections that are down.")
    waits_for: list[str] = Field(description="Ids of connections that are not assessed.")


class Counts(Document):
    connections: int
    up: int
    down: int
    not_assessed: int


class Baseline(Document):
    accepted: bool = Field(description="No new error.")
    known: int | list[dict[str, Any]]
    new: list[dict[str, Any]]
    fixed: list[dict[str, Any]]


class FirstBreak(Document):
    at: AwareDatetime
    legs: list[str] = Field(description="Ids of the connections; empty for a promise about certificates.")
    cause: str
    fix: str


class Expectation(Document):
    expectation: str = Field(description="Its place in the deployment file: `expect.services.mra`.")
    promise: str
    state: Literal["kept", "broken", "not-assessed"]
    kept: bool
    first_break: FirstBreak | None
    missing: list[str] = Field(description="What nobody gave; empty if there is an answer.")
    findings: list[Finding]


class HouseRules(Document):
    accepted: bool
    question: str
    findings: list[Finding]
    checked: list[str] = Field(description="Ids of all house rules.")
    not_assessed: list[str] = Field(description="Those that nobody can answer for something.")


class Check(Document):
    """`expressway-sim check DEPLOYMENT --json`."""

    command: Literal["check"]
    accepted: bool
    counts: Counts
    deployment: str
    at: AwareDatetime
    legs: list[Connection]
    services: list[Service]
    expectations: list[Expectation]
    house_rules: HouseRules | None = None
    baseline: Baseline | None = None


class FileResult(Document):
    file: str
    accepted: bool
    findings: list[Finding]
    error: str | None = Field(description="Why the file cannot be read.")
    missing: str | None = Field(description="What the answer lacks.")


class ServiceOfLint(Document):
    """Of a list of services that a certificate is for."""

    model_config = ConfigDict(extra="allow")


class Lint(Document):
    """`pkikit lint FILE… --json`; `pkikit verify` prints the first four keys."""

    accepted: bool
    question: str
    findings: list[Finding]
    checked: list[str] = Field(description="Ids of all rules that were asked.")
    command: Literal["lint"]
    files: list[FileResult]
    legs: list[ServiceOfLint] = []
    baseline: Baseline | None = None


class ReportService(Document):
    name: str
    cluster: str | None
    peer: str | None
    state: STATE
    because: list[str]


class Cause(Document):
    rule: str
    says: list[str]
    fix: str
    refused_by: list[str]
    certificates: list[str]
    connections: list[str]


class Date(Document):
    at: AwareDatetime
    kind: str
    what: str
    action: str
    machines: list[str]


class Gap(Document):
    machine: str
    missing: str
    how: str
    connections: list[str]


class Holder(Document):
    machine: str
    store: str


class Certificate(Document):
    title: str
    holders: list[Holder]
    names: list[str]
    name_count: int
    server_auth: bool
    client_auth: bool
    extended_key_usage: str
    uses: list[dict[str, Any]]
    key: str
    signature_digest: str
    issuer: str
    public_ca: bool | None
    not_before: AwareDatetime
    not_after: AwareDatetime
    serial: str
    sha256: str
    client_auth_ends: AwareDatetime | None
    outlook: str


class Authority(Document):
    title: str
    root: bool
    issuer: str
    not_after: AwareDatetime
    listed_by: list[str]
    sent_by: list[str]
    sha256: str


class Note(Document):
    about: str
    says: str
    why: str
    how: str


class ImportNotes(Document):
    imported: bool
    rekeyed: bool
    assumed: list[Note]
    missing: list[Note]
    contradictions: list[Note]
    questions: list[Note]


class ReportConnection(Document):
    id: str
    client: str
    server: str
    state: STATE
    refused_by: str | None
    causes: list[str]
    missing: list[Lack]
    assumed: list[str]
    known: str | None


class Report(Document):
    """`pkikit report DEPLOYMENT --json`."""

    accepted: bool | None = Field(description="Null if something is not assessed and nothing is down.")
    light: str
    answer: str
    deployment: str
    version: str
    at: AwareDatetime
    counts: Counts
    services: list[ReportService]
    expectations: list[Expectation]
    house_rules: HouseRules | None = None
    causes: list[Cause]
    warnings: list[Finding]
    dates: list[Date]
    by_hand: dict[str, Any] = Field(description="The work of renewals by hand, by year.")
    certificates: list[Certificate]
    authorities: list[Authority]
    not_assessed: list[Gap]
    limits: list[str]
    import_: ImportNotes = Field(alias="import")
    legs: list[ReportConnection]
    files: dict[str, str] = Field(description="What was written: kind and path.")


class Source(Document):
    file: str
    member: str
    line: int | None
    setting: str


class Fact(Document):
    key: str
    value: Any
    origin: str
    sources: list[Source]
    why: str
    how: str


class Question(Document):
    key: str
    question: str
    allowed: str
    choices: list[str]
    how: str


class Contradiction(Document):
    kind: str
    message: str
    used: str
    fix: str
    machines: list[str]
    sources: list[Source]


class Missing(Document):
    what: str
    how: str
    key: str | None
    machine: str | None


class LeftOut(Document):
    what: str
    why: str
    sources: list[Source]


class Machine(Document):
    fqdn: str
    kind: str
    group: str
    role: str | None
    files: list[str]


class Placed(Document):
    machine: str
    file: str
    what: str
    sources: list[Source]


class Read(Document):
    file: str
    member: str
    kind: str
    refused: str | None


class Import(Document):
    """`import.json`, and what `pkikit import FILE… --json` prints."""

    format: Literal[1]
    deployment: str | None
    version: str | None
    rekeyed: bool
    machines: list[Machine]
    questions: list[Question]
    contradictions: list[Contradiction]
    missing: list[Missing]
    facts: list[Fact]
    left_out: list[LeftOut]
    certificates: list[Placed]
    files: list[Read]
    secrets_dropped: int
    written: list[str] = Field([], description="Of the file only.")
    folder: str | None = Field(None, description="Of what is printed only.")
