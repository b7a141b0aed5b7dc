"""The product's status words for groups of connections."""

from __future__ import annotations

from collections.abc import Iterable

from pkikit.model.zones import DefaultZone, DnsZone, Zone
from pkikit.view.connections.leg_report import LegReport


def status_word(reports: Iterable[LegReport]) -> str:
    """Return the product's status word of a group of connections: Checking before the first dial, then Active or Failed."""
    up = [report.up for report in reports]
    return "Checking" if not up else "Active" if any(up) else "Failed"


def zone_status(zone: Zone, reports: Iterable[LegReport]) -> str:
    """Return the status word of a zone: On where it has no fixed partner to dial.

    Args:
        zone: the zone.
        reports: connections of one of its peers; those of other zones are ignored.
    """
    if isinstance(zone, DnsZone | DefaultZone):
        return "On"
    return status_word(report for report in reports if report.leg.zone == zone.name)
