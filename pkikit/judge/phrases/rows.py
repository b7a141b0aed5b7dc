"""Short forms for rows: one source and one `whose` for many wordings, and TLS alerts from one list."""

from __future__ import annotations

from types import MappingProxyType

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.rules.catalogue import CATALOGUE
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING

PURPOSE = CLIENT_AUTH_MISSING.id  # the rule of a "wrong purpose" row, until the engine knows who dialled
ALERT_RULES = MappingProxyType({number: rule.id for number, rule in sorted(CATALOGUE.by_alert.items())})
# Alerts about the certificate of the side that receives them.
_ABOUT_CERTIFICATE = frozenset((*range(41, 47), 48, 49, 111, 113, 114, 116))


def rows(
    source: str,
    whose: Whose,
    *lines: tuple[str, ...],
    vague: bool = False,
    any_level: bool = False,
    writer: Writer = Writer.UNKNOWN,
) -> tuple[Phrase, ...]:
    """Return one row per line: (rule, text, example, further literals …). A row of the rule PURPOSE says only "wrong purpose"."""
    return tuple(
        Phrase(
            text=text,
            rule=rule,
            example=example,
            source=source,
            whose=whose,
            also=tuple(also),
            purpose=rule == PURPOSE,
            vague=vague,
            any_level=any_level,
            writer=writer,
        )
        for rule, text, example, *also in lines
    )


def successes(source: str, *lines: tuple[str, ...]) -> tuple[Phrase, ...]:
    """Return rows for lines that report a successful connection or check: (text, example, further literals …)."""
    return tuple(
        Phrase(text=text, rule="", example=example, source=source, success=True, also=tuple(also))
        for text, example, *also in lines
    )


def harmless(source: str, *lines: tuple[str, ...]) -> tuple[Phrase, ...]:
    """Return rows for lines that look like a failure but are not one: (text, example, further literals …)."""
    return tuple(
        Phrase(text=text, rule="", example=example, source=source, also=tuple(also)) for text, example, *also in lines
    )


def alert_row(number: int, text: str, example: str, source: str, *also: str, sent: bool = False) -> Phrase:
    """Return the row of one alert. `sent`: the writer of the line sent it, so it refused the far side, not the reverse."""
    about = Whose.THEIRS if sent else Whose.OURS
    return Phrase(
        text=text,
        rule=ALERT_RULES[number],
        example=example,
        source=source,
        whose=about if number in _ABOUT_CERTIFICATE else Whose.NEITHER,
        purpose=number == 43,
        also=also,
    )
