"""What programs print when a connection fails, as data: one module per family of programs, one row per wording.

`PHRASES` holds every row. A row's example is its test (tests/unit/test_phrases.py).
"""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer

PHRASES: tuple[Phrase, ...] = ()

__all__ = ["PHRASES", "Phrase", "Whose", "Writer"]
