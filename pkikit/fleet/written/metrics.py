"""A Prometheus textfile, as the textfile collector of node_exporter reads it: dates in Unix seconds.

The names and labels of certificates are those of x509-certificate-exporter, so that its dashboards and alerts work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pkikit.fleet.audit_records import Expiry, ExpiryKind, FleetAudit, FolderRecord
from pkikit.judge.legs.known_parts import State
from pkikit.text import printable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 200
_Labels = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class _Family:
    """One metric: its name, what it says, and its samples."""

    name: str
    says: str
    samples: Iterable[tuple[_Labels, int]]


def to_metrics(audit: FleetAudit) -> str:
    """Return the answer as a Prometheus textfile.

    Args:
        audit: the answer.

    Returns:
        Text format 0.0.4; every label is escaped, and no series comes twice.
    """
    return "".join(line for family in _families(audit) for line in _lines(family))


def _families(audit: FleetAudit) -> Iterator[_Family]:
    records = audit.records
    held = [(record, entry) for record in records for entry in record.expiries]
    certificates = [(record, entry) for record, entry in held if entry.kind is not ExpiryKind.CRL]
    dated = {
        _of_certificate(record, entry, machine): entry for record, entry in certificates for machine in _machines(entry)
    }
    yield _Family(
        name="x509_cert_not_after",
        says="End of a certificate, in Unix seconds.",
        samples=[(dict(labels), _seconds(entry.ends)) for labels, entry in dated.items()],
    )
    yield _Family(
        name="x509_crl_next_update",
        says="End of a CRL, in Unix seconds.",
        samples=[
            (
                {**_of_folder(record), "issuer_CN": entry.issuer, "machine": ", ".join(entry.machines)},
                _seconds(entry.ends),
            )
            for record, entry in held
            if entry.kind is ExpiryKind.CRL
        ],
    )
    yield _Family(
        name="expressway_leg_breaks_at",
        says="First time at which a connection is down, in Unix seconds; past if it is down. Missing if nothing breaks it.",
        samples=_breaks(audit),
    )
    yield _Family(
        name="expressway_leg_up",
        says="1 if a connection is up, 0 if it is down. Missing if it is not assessed.",
        samples=[
            ({**_of_folder(r), "leg": c.id, "client": c.client, "server": c.server}, int(c.state is State.UP))
            for r in records
            for c in r.connections
            if c.state is not State.NOT_ASSESSED
        ],
    )
    yield _Family(
        name="expressway_fleet_accepted",
        says="1 if nothing is wrong with a folder and nothing in it breaks soon, else 0.",
        samples=[(_of_folder(r), int(r.accepted(audit.at, audit.within))) for r in records],
    )
    yield _Family(
        name="expressway_fleet_error",
        says="1 if a folder cannot be judged, else 0.",
        samples=[(_of_folder(r), int(bool(r.error))) for r in records],
    )
    yield _Family(
        name="expressway_fleet_audit_time",
        says="Time that everything is judged for, in Unix seconds.",
        samples=[({}, _seconds(audit.at))],
    )


def _breaks(audit: FleetAudit) -> Iterator[tuple[_Labels, int]]:
    for at, record, connection in audit.breaks:
        labels = {"leg": connection.id, "client": connection.client, "server": connection.server}
        yield {**_of_folder(record), **labels, "cause": connection.cause}, _seconds(at)


def _of_folder(record: FolderRecord) -> dict[str, str]:
    return {"folder": record.folder, "deployment": record.deployment}


def _machines(entry: Expiry) -> tuple[str, ...]:
    """Return the machines of a certificate; a CA's is that of everybody, and counts once."""
    return entry.machines if entry.kind is ExpiryKind.CERTIFICATE else ("",)


def _of_certificate(record: FolderRecord, entry: Expiry, machine: str) -> tuple[tuple[str, str], ...]:
    labels = {
        **_of_folder(record),
        "machine": machine,
        "kind": entry.kind.value,
        "subject_CN": entry.title,
        "issuer_CN": entry.issuer,
        "serial_number": entry.serial,
        "filename": entry.file.rpartition("/")[2],
        "filepath": entry.file,
    }
    return tuple(labels.items())


def _seconds(at: datetime) -> int:
    return int((at - _EPOCH).total_seconds())


def _lines(family: _Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.says}\n# TYPE {family.name} gauge\n"
    seen: set[str] = set()
    for labels, value in family.samples:
        written = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        series = f"{family.name}{{{written}}}" if written else family.name
        if series not in seen:
            seen.add(series)
            yield f"{series} {value}\n"


def _escaped(text: str) -> str:
    """Return the value of a label: control characters as people see them; backslash and quotation mark as the format wants."""
    return printable(text, _LONGEST).replace("\\", "\\\\").replace('"', '\\"')
