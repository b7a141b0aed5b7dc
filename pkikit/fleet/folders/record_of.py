"""What is kept of one folder that was read. Pure: no files, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from cryptography import x509

from pkikit.expectations.house.house_file import HouseRules
from pkikit.expectations.judged_promises import judge_promises
from pkikit.expectations.promise_changes import promises_change_at
from pkikit.fleet.audit_records import BothPurposes, ConnectionRecord, Expiry, ExpiryKind, FolderRecord
from pkikit.fleet.folders.found_folders import FoundFolder
from pkikit.fleet.folders.read_folder import ReadFolder
from pkikit.judge.checks.check import TRUSTED_CA_LIST
from pkikit.judge.legs.first_breaks import LegBreak, first_breaks
from pkikit.judge.legs.known_parts import State
from pkikit.model.certificates.canonical_name import common_name, format_name
from pkikit.model.findings import Finding, Severity
from pkikit.model.leg import Purpose
from pkikit.model.world import World
from pkikit.report.content.inventory import AuthorityRow, CertificateRow, Inventory, inventory_of
from pkikit.text import printable
from pkikit.view.connections.cause_words import cause_in_words
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.connections.root_cause import RootCause
from pkikit.view.short_names import ShortNames

_LONGEST, _MOST_FINDINGS = 1_000, 12
_REFUSES = re.compile(r" refuses? ")
_CHECKED = re.compile(r" \(checked for [^)]*\)")  # the date of a break stands beside it


def record_of(
    found: FoundFolder,
    read: ReadFolder,
    *,
    at: datetime,
    digest: str,
    judged_by: str,
    rules: HouseRules | None = None,
) -> FolderRecord:
    """Judge a folder.

    Args:
        found: the folder.
        read: what is in it.
        at: the time.
        digest: of its content.
        judged_by: the version of pkikit, and the house rules.
        rules: the rules of the house; None for none.

    Returns:
        The record.
    """
    world = read.world
    breaks = first_breaks(world, at=at, partial=True)
    legs = [found.leg for found in breaks]
    names = ShortNames(legs)
    inventory = inventory_of(world, legs, names, at)
    promises = judge_promises(world, at=at, rules=rules, partial=True)
    changes = [promises_change_at(world.deployment, rules, at), *(entry.next_change for entry in breaks)]
    return FolderRecord(
        folder=found.folder,
        kind=found.kind,
        digest=digest,
        judged_by=judged_by,
        at=at,
        holds_until=min((change for change in changes if change is not None), default=None),
        deployment=printable(world.deployment.name),
        version=str(world.deployment.version),
        deployment_file=found.deployment_file,
        connections=tuple(_connection(entry, names, read) for entry in breaks),
        expiries=_expiries(world, inventory, read.files),
        both_purposes=tuple(made for row in inventory.certificates if (made := _both_purposes(row)) is not None),
        findings=promises.findings,
    )


def _connection(found: LegBreak, names: ShortNames, read: ReadFolder) -> ConnectionRecord:
    leg, broken = found.leg, found.broken
    made = ConnectionRecord(
        id=leg.id,
        name=names.connection(leg),
        client=leg.client,
        server=leg.server,
        kind=leg.kind.value,
        protocol=leg.protocol.value,
        state=found.state,
        breaks_at=found.since if found.state is State.DOWN else found.at,
        missing=tuple(map(str, found.now.lacks)) if found.state is State.NOT_ASSESSED else (),
    )
    if broken is None:
        return made
    report = LegReport(leg=leg, verdict=broken, trace=None)
    errors = _errors(report)
    cause = RootCause.of([(report, errors[0])], names.short)
    kept = errors[: _MOST_FINDINGS if found.state is State.DOWN else 1]
    says = _CHECKED.sub("", cause_in_words(cause.finding.lines[0], names, errors[0].rule))
    if report.refused_by and not _REFUSES.search(says):
        other = leg.server if report.refused_by == leg.client else leg.client
        says = f"{names.short[report.refused_by]} refuses {names.short[other]}: {says}"
    return replace(
        made,
        cause=errors[0].rule,
        refused_by=report.refused_by,
        says=printable(says, _LONGEST),
        fix=printable(names.in_text(cause.fix), _LONGEST),
        findings=kept,
        files=tuple(dict.fromkeys(file for finding in kept for file in _files_of(report, finding, read))),
    )


def _errors(report: LegReport) -> tuple[Finding, ...]:
    """Return the errors of a connection that is down, the one to fix first in front."""
    places = {rule: place for place, rule in enumerate(report.causes)}
    errors = (finding for finding in report.findings if finding.severity is Severity.ERROR)
    return tuple(sorted(errors, key=lambda finding: places.get(finding.rule, len(places))))


def _files_of(report: LegReport, finding: Finding, read: ReadFolder) -> Iterator[str]:
    """Yield the files that a finding is about: the trusted CA list of who refuses, or the certificate that is refused."""
    about_list = any(evidence.where == TRUSTED_CA_LIST for evidence in finding.evidence)
    machines, files = (
        (report.judges_of(finding), read.lists) if about_list else (report.holders_of(finding), read.files)
    )
    yield from (files[machine] for machine in machines if machine in files)


def _expiries(world: World, inventory: Inventory, files: Mapping[str, str]) -> tuple[Expiry, ...]:
    found = [_of_certificate(row, files) for row in inventory.certificates]
    found += [_of_authority(row) for row in inventory.authorities]
    found += _of_crls(world)
    return tuple(sorted(found, key=lambda entry: (entry.ends, entry.kind, entry.title, entry.serial)))


def _of_certificate(row: CertificateRow, files: Mapping[str, str]) -> Expiry:
    machines = tuple(dict.fromkeys(machine for machine, _ in row.holders))
    return Expiry(
        kind=ExpiryKind.CERTIFICATE,
        title=printable(row.title),
        begins=row.begins,
        ends=row.ends,
        issuer=printable(row.issuer),
        serial=row.serial,
        sha256=row.sha256,
        machines=machines,
        file=next((files[machine] for machine in machines if machine in files), ""),
    )


def _of_authority(row: AuthorityRow) -> Expiry:
    return Expiry(
        kind=ExpiryKind.AUTHORITY,
        title=printable(row.title),
        begins=row.begins,
        ends=row.ends,
        issuer=printable(row.issuer),
        serial=row.serial,
        sha256=row.sha256,
        machines=tuple(dict.fromkeys((*row.listed_by, *row.sent_by))),
    )


def _of_crls(world: World) -> Iterable[Expiry]:
    """Return the CRLs with an end; one that several machines have, once."""
    places: dict[tuple[str, datetime, datetime], list[str]] = {}
    held = [(fqdn, party.held) for fqdn, party in world.parties.items()]
    for place, data in (*held, *world.published.items()):
        for _, crl in data.crls:
            if crl.next_update_utc is not None:
                key = (_issuer(crl), crl.last_update_utc, crl.next_update_utc)
                places.setdefault(key, []).append(place)
    for (issuer, begins, ends), where in places.items():
        machines = tuple(dict.fromkeys(printable(place) for place in where))
        yield Expiry(
            kind=ExpiryKind.CRL, title=f"CRL of {issuer}", begins=begins, ends=ends, issuer=issuer, machines=machines
        )


def _issuer(crl: x509.CertificateRevocationList) -> str:
    return printable(common_name(crl.issuer) or format_name(crl.issuer))


def _both_purposes(row: CertificateRow) -> BothPurposes | None:
    """Return a certificate that is shown in both roles, where somebody asks for clientAuth; None for any other."""
    roles = {use.role for use in row.uses}
    if roles != set(Purpose) or not row.asked(Purpose.CLIENT):
        return None
    return BothPurposes(
        title=printable(row.title),
        machines=tuple(dict.fromkeys(machine for machine, _ in row.holders)),
        issuer=printable(row.issuer),
        sha256=row.sha256,
        server_auth=row.server_auth,
        client_auth=row.client_auth,
        public=row.public,
        client_auth_ends=row.client_auth_ends if row.client_auth else None,
        outlook=printable(row.outlook, _LONGEST) if row.client_auth else "the certificate in use has no clientAuth",
        connections=sum(use.connections for use in row.uses if use.role is Purpose.CLIENT and use.asked),
    )
