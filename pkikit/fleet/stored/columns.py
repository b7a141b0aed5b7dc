"""The columns of the Parquet file of an audit.

There is one row for each connection, and one without a connection for a folder that has none. Every row has the columns of its
folder; lists of a folder are only on its first row, where `row` is 0.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """What a column has."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "true or false"
    TIME = "time (UTC)"
    TEXTS = "list of texts"
    EXPIRIES = "list of expiries"
    PURPOSES = "list of certificates"
    PROBLEMS = "list of problems"
    JSON = "text (JSON)"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        name: its name.
        kind: what it has.
        of: the field of the record that it has; empty for one that is computed.
        meaning: what it says.
    """

    name: str
    kind: Kind
    of: str = ""
    meaning: str


def _column(name: str, kind: Kind, of: str, meaning: str) -> Column:
    return Column(name=name, kind=kind, of=of, meaning=meaning)


_T, _TIME, _TEXTS = Kind.TEXT, Kind.TIME, Kind.TEXTS
OF_FOLDER = (
    _column("folder", _T, "folder", "path below the audited folder"),
    _column("row", Kind.NUMBER, "", "number of the row in its folder, from 0"),
    _column("accepted", Kind.TRUTH, "", "nothing is wrong with the folder, and nothing in it breaks soon"),
    _column("error", _T, "error", "why the folder cannot be judged; empty if it can"),
    _column("deployment", _T, "deployment", "name in the deployment file"),
    _column("product_version", _T, "version", "version of Expressway"),
    _column("folder_kind", _T, "kind", "deployment, archives or unknown"),
    _column("deployment_file", _T, "deployment_file", "name of the deployment file"),
    _column("judged_at", _TIME, "at", "time that everything is judged for"),
    _column("holds_until", _TIME, "holds_until", "first later time at which a verdict may differ"),
    _column("judged_by", _T, "judged_by", "version of pkikit, and the house rules"),
    _column("content", _T, "digest", "SHA-256 of the content of the folder; empty if it cannot be read"),
)
OF_CONNECTION = (
    _column("connection", _T, "id", "id, as in every command; missing on the row of a folder without connections"),
    _column("name", _T, "name", "the same for people: c1 → e1 (UC traversal)"),
    _column("client", _T, "client", "machine that dials"),
    _column("server", _T, "server", "machine that is dialled"),
    _column("connection_kind", _T, "kind", "zone, cluster, mra and others"),
    _column("protocol", _T, "protocol", "sip-tls, https, xmpp, ldaps, ssh and others"),
    _column("state", _T, "state", "up, down or not-assessed at judged_at"),
    _column(
        "breaks_at", _TIME, "breaks_at", "date that breaks it; past if it is down for that date; missing without one"
    ),
    _column("cause", _T, "cause", "rule that breaks it; empty if nothing does"),
    _column("refused_by", _T, "refused_by", "machine that refuses"),
    _column("says", _T, "says", "who refuses whom, and why"),
    _column("fix", _T, "fix", "what to do"),
    _column("missing", _TEXTS, "missing", "what is missing for an answer"),
    _column("files", _TEXTS, "files", "certificates and lists that it is about, below the folder"),
    _column("findings", Kind.JSON, "findings", "findings that break it, as --json prints them"),
)
OF_FIRST_ROW = (
    _column("expiries", Kind.EXPIRIES, "expiries", "what ends: kind, title, begins, ends, issuer, serial…"),
    _column("both_purposes", Kind.PURPOSES, "both_purposes", "certificates that are shown as server and as client (FN74362)"),
    _column("problems", Kind.PROBLEMS, "problems", "what else is wrong with the folder: kind, says"),
    _column("folder_findings", Kind.JSON, "findings", "findings about the deployment as a whole"),
    _column("seal", _T, "", "SHA-256 of all that is read again: a folder whose rows were changed is judged again"),
)  # fmt: skip
COLUMNS = (*OF_FOLDER, *OF_CONNECTION, *OF_FIRST_ROW)
