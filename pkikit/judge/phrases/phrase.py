"""One row of the phrase table: a wording, what it means, an example line and where the wording comes from."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Whose(enum.StrEnum):
    """Whose certificate a line is about, seen from the program that wrote the line."""

    OURS = "ours"  # the far side refused the certificate of the writer: every TLS alert that the writer received
    THEIRS = "theirs"  # the writer refused the certificate of the far side: every verification error of its own
    NEITHER = ""  # the line is not about a certificate


class Writer(enum.StrEnum):
    """Which end of the connection the program is that wrote the line."""

    CLIENT = "client"  # it dialled: curl, a browser, `s_client`, `tls_process_server_certificate`
    SERVER = "server"  # it was dialled: `tls_process_client_certificate`
    UNKNOWN = ""  # the wording does not tell; the fields of the line may


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """A wording that a program prints.

    text: literal words, lower case, single blanks; found anywhere in a line whose case and blanks are folded the same way.
        Write whole words: the index finds a row by one whole word (letters and digits) of its text.
    rule: the id of the rule for the wording; "" for a line that reports a success or is harmless.
    purpose: True when the wording says only "wrong purpose". Whose certificate it is and who dialled then decide between
        `eku.server-auth-missing` and `eku.client-auth-missing`; `rule` is the one to use when nobody can tell.
    whose: whose certificate the line is about.
    writer: which end the writer is, if the wording alone shows it. Event, ports and addresses in the line win over it.
    success: True for a line that reports a connection that came up (`Verify return code: 0 (ok)`).
    vague: True when the program prints the wording after a more exact reason, too (`certificate verify failed`, curl's
        summary). Such a row counts only where no exact row says more about the same connection.
    any_level: True when the product writes this reason at DEBUG or INFO level. The free text of such records counts for no
        other row; their Detail, Reason and Event fields count for every row.
    alarm: the id of an Expressway alarm. The row matches when an alarm record has this id or contains `text` (its title).
    also: further literals, all of which must be in the line too; keeps short words from matching prose.
    unless: literals that must not be in the line.
    fix: what to do, where the fix of the rule is not exact enough; "" to use the rule's.
    example: a whole line as the program prints it; the test of this row.
    source: where the wording comes from: file or function of the program's source, or the document that quotes it;
        "(from memory)" where nobody has compared it with that source.

    Of several rows that match a line, exact rows win over vague ones, then the longest (text and `also` together) wins.
    A harmless row (rule "", success False) therefore hides shorter rows: use it for wordings such as "0 errors".
    """

    text: str
    rule: str
    example: str
    source: str
    whose: Whose = Whose.NEITHER
    writer: Writer = Writer.UNKNOWN
    purpose: bool = False
    success: bool = False
    vague: bool = False
    any_level: bool = False
    alarm: str = ""
    also: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    fix: str = ""
