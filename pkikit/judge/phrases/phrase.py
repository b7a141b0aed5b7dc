"""One row of the phrase table: a wording, what it means, an example line and where the wording comes from."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Whose(enum.StrEnum):
    """Whose certificate a line is about, as seen from the program that wrote the line."""

    OURS = "ours"  # the far side refused the certificate of the writer: every TLS alert that the writer received
    THEIRS = "theirs"  # the writer refused the certificate of the far side: every verification error of its own
    NEITHER = ""  # the line is not about a certificate


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """A wording that a program prints.

    text: literal words, lower case, single blanks; found anywhere in a line whose case and blanks are folded the same way.
    rule: the id of the rule that the wording stands for; "" for a line that reports a success or is harmless.
    purpose: True when the wording says only "wrong purpose". Whose certificate it is and who dialled then decide between
        `eku.server-auth-missing` and `eku.client-auth-missing`; `rule` is the one to use when nobody can tell.
    whose: whose certificate the line is about.
    success: True for a line that reports a connection that came up (`Verify return code: 0 (ok)`).
    also: further literals, all of which must be in the line too; keeps short words from matching prose.
    example: a whole line as the program prints it; the test of this row.
    source: where the wording comes from: file or function of the program's source, or the document that quotes it.
    """

    text: str
    rule: str
    example: str
    source: str
    whose: Whose = Whose.NEITHER
    purpose: bool = False
    success: bool = False
    also: tuple[str, ...] = ()
