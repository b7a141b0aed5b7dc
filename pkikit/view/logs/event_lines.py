"""Lines of Expressway's event log, as its documents and Cisco's articles print them. `model.tables.log_events` is the table."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime

from pkikit.judge.openssl_codes import OLDER_WORDS, REJECTED, verify_error_name
from pkikit.model.tables.alarm_kinds import AlarmKind
from pkikit.model.tables.alerts import ALERT_NAMES
from pkikit.model.tables.log_events import ALARM, AS_PRINTED, FIELDS, MARK, PRINTED_FIELDS, PRODUCT_EVENTS
from pkikit.values.names import printable

CUT = "No SSL error available, probably remote disconnect"
UNREADABLE_NAME = "the SSH tunnel cannot read a name in the certificate"  # ours
_CUT_WORDS = ("closed", "reset the connection", "timed out", "the caller left")
_NO_CERTIFICATE = "showed no certificate"
_ALERT = re.compile(r"^(?:tls|ssl/tls|sslv3|tlsv1|tlsv13) alert (?P<words>.+)$", re.IGNORECASE)
_NUMBERS = {name.replace("_", " "): number for number, name in ALERT_NAMES.items()}
_LAST_OF_SSL3, _FIRST_OF_TLS13 = 47, 109
_LOG_SEVERITIES = {"Warning": "WARN", "Notice": "NOTICE", "Error": "ERROR", "Alert": "ALERT", "Critical": "CRITICAL"}


def line_time(at: datetime) -> str:
    """Return the time at the start of a line: `2026-11-20T10:00:10.100+00:00`."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}+00:00"


def comma_time(at: datetime) -> str:
    """Return the time as fields and logs of Java have it: `2026-11-20 10:00:10,100`."""
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03}"


def fields_text(event: str, fields: Mapping[str, object]) -> str:
    """Return the fields of a line in the product's order: `Service="SIP" Src-ip="…"`. Values are escaped.

    Args:
        event: the name of the event; some are printed in another order.
        fields: values by name. Underscores in names become hyphens. Names that the product does not have come last; an
            event that it does not have keeps the order.

    Returns:
        The fields, with a space between them.
    """
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    if event not in PRODUCT_EVENTS and event not in AS_PRINTED:
        return " ".join(f'{name}="{_value(value)}"' for name, value in named.items())
    order = PRINTED_FIELDS if event in AS_PRINTED else FIELDS
    places = {name: place for place, name in enumerate(order)}
    listed = sorted(named, key=lambda name: places.get(name, len(order)))
    return " ".join(f'{name}="{_value(named[name])}"' for name in listed)


def _value(value: object) -> str:
    return printable(str(value)).replace('"', "'")


def event_line(at: datetime, host: str, process: str, event: str, fields: str, level: int) -> str:
    """Return one line of the event log.

    Args:
        at: when, with a time zone; the line has UTC.
        host: the system host name.
        process: the program that writes: tvcs, web, alarm …
        event: the name of the event.
        fields: as `fields_text` returns them.
        level: the event level, 1 to 4.

    Returns:
        The line, without its end.
    """
    start = f"{line_time(at)} {host} {process}:"
    if event == MARK:
        return f"{start} -- {MARK} --"
    utc = f'UTCTime="{comma_time(at)}"'
    if process == ALARM:  # the fields have the alarm's own level, before the event
        severity, _, rest = fields.partition(" ")
        return f'{start} {severity} Event="{event}" {rest} {utc}'
    middle = f" {fields}" if fields else ""
    return f'{start} Event="{event}"{middle} Level="{level}" {utc}'


def alarm_fields(alarm: AlarmKind, detail: str, *, raised: bool) -> str:
    """Return the fields of a line about an alarm, in the order of Cisco TAC 217230."""
    severity = alarm.severity or "Warning"
    level = _LOG_SEVERITIES[severity] if raised else "INFO"
    number = uuid.uuid5(uuid.NAMESPACE_OID, f"{alarm.id} {alarm.title}")
    named = {"Id": alarm.id, "UUID": number, "Severity": severity.lower(), "Detail": f"{alarm.title}: {detail}"}
    shown = " ".join(f'{name}="{_value(value)}"' for name, value in named.items() if value)
    return f'Level="{level}" {shown}'


def as_logged(code: int, reason: str) -> str:
    """Return why a handshake failed, in the words that the product prints.

    Cisco's articles have the words of OpenSSL 1 ("self signed", "sslv3 alert …"); which OpenSSL X15 uses is not documented.

    Args:
        code: OpenSSL's verification error; 0 if there is none.
        reason: OpenSSL's or the lab's reason.

    Returns:
        The value of `Detail`.
    """
    if code == REJECTED:
        return UNREADABLE_NAME
    if code:
        return OLDER_WORDS[code][0] if code in OLDER_WORDS and code in {18, 19, 26} else verify_error_name(code)
    alert = _ALERT.match(reason)
    if alert is not None:
        number = _NUMBERS.get(alert["words"], 0)
        family = "sslv3" if number <= _LAST_OF_SSL3 else "tlsv1" if number < _FIRST_OF_TLS13 else "tlsv13"
        return f"{family} alert {alert['words']}"
    if _NO_CERTIFICATE in reason:
        return "peer did not return a certificate"
    return CUT if any(words in reason for words in _CUT_WORDS) else reason
