"""Alarms of Expressway by id and title, as the event log and the web page show them; `model.tables.alarm_kinds` is the table."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase
from pkikit.model.tables.alarm_kinds import ALARMS, OTHER_ALARMS, SOURCE, AlarmKind


def _line(number: str, title: str, text: str) -> str:
    return (
        f'2026-11-20T10:00:10.100+00:00 exwe01 alarm: Level="WARN" Event="Alarm Raised" Id="{number}"'
        f' UUID="0f96695e-d954-4f6f-85c1-2ef1eae6f764" Severity="warning" Detail="{title}: {text}"'
        ' UTCTime="2026-11-20 10:00:10,100"'
    )


# Titles whose words other programs use, too.
_COMMON = frozenset(
    ("Certificate error", "Certificate verification failed", "Cluster replication error", "Configuration warning")
)


def _text(alarm: AlarmKind) -> str:
    """Return the title, if all alarms with it mean the same failure; else title and reason.

    A harmless title must not stand alone: other programs use "configuration error", too, and a harmless row hides a line.
    """
    meanings = {other.rule for other in ALARMS.values() if other.title == alarm.title}
    alone = alarm.rule and len(meanings) == 1 and alarm.title not in _COMMON
    return (alarm.title if alone else f"{alarm.title}: {alarm.reason}").lower()


EXPRESSWAY_ALARMS: tuple[Phrase, ...] = (
    *(
        Phrase(
            text=_text(alarm),
            rule=alarm.rule,
            example=_line(alarm.id, alarm.title, alarm.reason),
            source=SOURCE,
            alarm=alarm.id,
        )
        for alarm in ALARMS.values()
    ),
    *(
        Phrase(
            text=f"{title}: alarm {number}".lower(),
            rule="",
            example=_line(number, title, f"alarm {number}"),
            source=SOURCE,
            alarm=number,
        )
        for number, title in OTHER_ALARMS.items()
    ),
)
