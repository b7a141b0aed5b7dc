"""What an audit keeps of one folder. Values only: every instant is absolute, so a record stays true until something changes.

`FolderRecord.findings` has what promises and house rules of a deployment find; `ConnectionRecord.findings` has what breaks a
connection, with its files. Results for pipelines are made of both.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from pkikit.judge.legs.known_parts import State
from pkikit.model.findings import Finding, Severity

SOON = timedelta(days=30)
"""A connection that breaks within this time needs work now: its deployment is not accepted (ours, as in the report)."""


class FolderKind(enum.StrEnum):
    """What a folder is."""

    DEPLOYMENT = "deployment"
    ARCHIVES = "archives"
    UNKNOWN = "unknown"


class ProblemKind(enum.StrEnum):
    """What is wrong with a folder, apart from its connections."""

    DUPLICATE_NAME = "duplicate-name"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that is wrong with a folder, and that stops nothing.

    Attributes:
        kind: what it is.
        says: one sentence.
    """

    kind: ProblemKind
    says: str


@dataclass(frozen=True, kw_only=True)
class ConnectionRecord:
    """One connection.

    Attributes:
        id: of the connection.
        name: as people write it: `c1 → e1 (UC traversal)`.
        client: the machine that dials.
        server: the machine that is dialled.
        kind: what it belongs to: `zone`, `cluster`, `mra`.
        protocol: what it carries.
        state: at the time of the record.
        breaks_at: the date that breaks it: in the past if it is down for it already. None if no date does: then it is up
            without an end, not assessed, or down whatever the date.
        cause: the rule that breaks it; empty if nothing does.
        refused_by: the machine that refuses; empty if none does.
        says: who refuses whom, and why, in one sentence.
        fix: what to do.
        missing: what is missing for an answer, in words; empty if there is one.
        findings: what breaks it. All errors if it is down; the first one if it breaks later.
        files: the files that these findings are about, as paths below the folder: certificates and lists.
    """

    id: str
    name: str
    client: str
    server: str
    kind: str
    protocol: str
    state: State
    breaks_at: datetime | None = None
    cause: str = ""
    refused_by: str = ""
    says: str = ""
    fix: str = ""
    missing: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()

    def first_break(self, at: datetime) -> datetime | None:
        """Return when it breaks: the date that does it, or now if it is down whatever the date.

        Args:
            at: the time of the audit.

        Returns:
            The time; None if nothing breaks it.
        """
        return at if self.breaks_at is None and self.state is State.DOWN else self.breaks_at


class ExpiryKind(enum.StrEnum):
    """What ends."""

    CERTIFICATE = "certificate"
    AUTHORITY = "ca"
    CRL = "crl"


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """Something that ends.

    Attributes:
        kind: a certificate of a machine, a CA's certificate, or a CRL.
        title: its common name, or its issuer.
        begins: not before; the last update of a CRL.
        ends: the last second that counts.
        issuer: the common name of its issuer.
        serial: the serial number, hexadecimal; empty for a CRL.
        sha256: the fingerprint; empty for a CRL.
        machines: who has it.
        file: its file, as a path below the folder; empty if nobody knows.
    """

    kind: ExpiryKind
    title: str
    begins: datetime
    ends: datetime
    issuer: str = ""
    serial: str = ""
    sha256: str = ""
    machines: tuple[str, ...] = ()
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class BothPurposes:
    """A certificate that is shown as TLS server and as TLS client, where somebody asks for both purposes (FN74362).

    Attributes:
        title: its common name.
        machines: who shows it.
        issuer: the common name of its issuer.
        sha256: the fingerprint.
        server_auth: it has the purpose of a server.
        client_auth: it has the purpose of a client.
        public: it shows signs of a public CA.
        client_auth_ends: when it, or the one after it, has no clientAuth any more; None if that is not to be expected.
        outlook: why.
        connections: how many connections ask for its clientAuth.
    """

    title: str
    machines: tuple[str, ...]
    issuer: str
    sha256: str
    server_auth: bool
    client_auth: bool
    public: bool
    client_auth_ends: datetime | None
    outlook: str
    connections: int


@dataclass(frozen=True, kw_only=True)
class FolderRecord:
    """What is known about one folder.

    Attributes:
        folder: its path below the audited one, with slashes; `.` for the audited one itself.
        kind: what it is.
        digest: of its content, to know it again; empty if it cannot be read.
        judged_by: the version of pkikit, and the house rules.
        at: the time that it was judged for.
        holds_until: the first later instant at which a verdict in it may differ; None if there is none.
        deployment: the name of the deployment; empty if it cannot be read.
        version: of the product.
        deployment_file: the deployment file, as a path below the folder; empty for archives.
        error: why it cannot be judged, in one sentence; empty if it can.
        connections: in the order of the deployment.
        expiries: what ends, the soonest first.
        both_purposes: certificates that are used for both purposes.
        findings: what is wrong with the deployment as a whole, such as a broken promise.
        problems: what else is wrong.
    """

    folder: str
    kind: FolderKind
    digest: str
    judged_by: str
    at: datetime
    holds_until: datetime | None = None
    deployment: str = ""
    version: str = ""
    deployment_file: str = ""
    error: str = ""
    connections: tuple[ConnectionRecord, ...] = ()
    expiries: tuple[Expiry, ...] = ()
    both_purposes: tuple[BothPurposes, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()

    @cached_property
    def counts(self) -> Mapping[State, int]:
        """How many connections are in each state."""
        found = Counter(connection.state for connection in self.connections)
        return {state: found[state] for state in State}

    @property
    def is_dark(self) -> bool:
        """True if it can be judged, and no connection of it is known to be up or down."""
        return not self.error and not self.counts[State.UP] and not self.counts[State.DOWN]

    def breaking(self, at: datetime, within: timedelta | None = None) -> tuple[ConnectionRecord, ...]:
        """Return the connections that break, the soonest first.

        Args:
            at: the time of the audit.
            within: how far to look ahead; None for all.

        Returns:
            Those that are down, and those that a date breaks. The order is the same in every run.
        """
        dated = [(when, c) for c in self.connections if (when := c.first_break(at)) is not None]
        near = [(when, c) for when, c in dated if within is None or when - at <= within]
        return tuple(
            c for _, c in sorted(near, key=lambda pair: (pair[0], pair[1].state is not State.DOWN, pair[1].id))
        )

    def accepted(self, at: datetime, within: timedelta = SOON) -> bool:
        """Return True if nothing is wrong: it can be judged, and no connection is down or breaks soon.

        Args:
            at: the time of the audit.
            within: what is soon.

        Returns:
            The answer. Some connections that are not assessed do not make it a no; if nothing is known, it is one.
        """
        wrong = any(finding.severity is Severity.ERROR for finding in self.findings)
        return not (self.error or self.problems or wrong or self.is_dark or self.breaking(at, within))

    def holds_at(self, at: datetime) -> bool:
        """Return True if the record is true at another time: none of its dates has come since."""
        return self.at == at or (self.at < at and (self.holds_until is None or at < self.holds_until))


@dataclass(frozen=True, kw_only=True)
class FleetAudit:
    """The answer about many folders.

    Attributes:
        root: the audited folder, as it was named.
        at: the time that everything is judged for.
        within: what is soon.
        records: one for each folder, by its path.
        reused: how many records an earlier audit, or one that was interrupted, had already.
        gone: folders that the earlier audit had and that are not there any more.
    """

    root: str
    at: datetime
    within: timedelta
    records: tuple[FolderRecord, ...]
    reused: int = 0
    gone: tuple[str, ...] = ()

    @cached_property
    def failing(self) -> tuple[FolderRecord, ...]:
        """The folders in which something is wrong, or breaks soon."""
        return tuple(record for record in self.records if not record.accepted(self.at, self.within))

    @cached_property
    def errors(self) -> tuple[FolderRecord, ...]:
        """The folders that cannot be judged."""
        return tuple(record for record in self.records if record.error)

    @cached_property
    def breaks(self) -> tuple[tuple[datetime, FolderRecord, ConnectionRecord], ...]:
        """Every connection that breaks, with its folder, the soonest first."""
        found = [(c.first_break(self.at) or self.at, r, c) for r in self.records for c in r.breaking(self.at)]
        return tuple(sorted(found, key=lambda entry: (entry[0], entry[1].folder, entry[2].id)))

    @cached_property
    def counts(self) -> Mapping[State, int]:
        """How many connections are in each state, of all folders."""
        return {state: sum(record.counts[state] for record in self.records) for state in State}

    @property
    def accepted(self) -> bool:
        """True if every folder can be judged, and nothing is down or breaks soon."""
        return not self.failing
