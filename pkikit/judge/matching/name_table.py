"""What RFC 5922, OpenSSL and the product do with each kind of name, by version: the one table.

`pkikit match` prints it, a script generates `docs/names.md` from it, and `judge.matching.name_matching` decides by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pkikit.model.tables.features import NAMES_IN_SAN

RFC, OPENSSL, PRODUCT = "RFC 5922", "OpenSSL", "product"

_RFC = "RFC 5922 §7.1, §7.2"
_UTL = "OpenSSL, crypto/x509/v3_utl.c; measured (tests/interop/test_names_openssl.py)"
_GUIDE = "X12.5 certificate guide, 'Overview of Certificate Use on the Expressway'"
_AWARE = "X12.5 certificate guide, 'Points to be Aware'"


@dataclass(frozen=True, kw_only=True)
class Practice:
    """What one reader does with one kind of name.

    Attributes:
        reader: whose rules: RFC 5922, OpenSSL or the product.
        says: what the reader does.
        source: the document or source file that says so.
        versions: releases of the product, or of OpenSSL, with this behaviour; empty for all.
        ours: no public document states it, so it is this lab's choice.
    """

    reader: str
    says: str
    source: str
    versions: str = ""
    ours: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `table` in `pkikit match --json`."""
        return {
            "reader": self.reader,
            "versions": self.versions or "all",
            "says": self.says,
            "source": self.source,
            "ours": self.ours,
        }


@dataclass(frozen=True, kw_only=True)
class NameKind:
    """One kind of name in a certificate, and what each reader does with it."""

    kind: str
    practices: tuple[Practice, ...]

    def describe_reader(self, reader: str) -> str:
        """Describe what one reader does, release by release, for a cell of a table."""
        return "\n".join(
            (f"{p.versions}: " if p.versions else "") + p.says + (" (ours)" if p.ours else "")
            for p in self.practices
            if p.reader == reader
        )

    def to_json(self) -> dict[str, Any]:
        """Return one row of `table` in `pkikit match --json`."""
        return {"kind": self.kind, "practices": [p.to_json() for p in self.practices]}


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One of Cisco's documents about where a name must be, beside the others that contradict it."""

    document: str
    says: str


TABLE: tuple[NameKind, ...] = (
    NameKind(
        kind="SIP URI (SAN)",
        practices=(
            Practice(reader=RFC, says="counts first; only scheme sip, without user part", source=_RFC),
            Practice(reader=OPENSSL, says="is not read", source=_UTL),
            Practice(
                reader=PRODUCT, says="counts on SIP connections, as RFC 5922", source=f"{_AWARE} (it names RFC 5922)"
            ),
        ),
    ),
    NameKind(
        kind="dNSName (SAN)",
        practices=(
            Practice(reader=RFC, says="counts only when the SAN contains no SIP URI identity", source=_RFC),
            Practice(reader=OPENSSL, says="counts", source=_UTL),
            Practice(reader=PRODUCT, says="counts", source=_GUIDE),
            Practice(
                reader=PRODUCT,
                says="does not count on SIP connections if there is a SIP URI, as in RFC 5922",
                source="no public document describes a certificate with both",
                ours=True,
            ),
        ),
    ),
    NameKind(
        kind="common name",
        practices=(
            Practice(reader=RFC, says="counts only without any SAN", source=_RFC),
            Practice(reader=OPENSSL, versions="up to 4.0", says="counts when the SAN contains no dNSName", source=_UTL),
            Practice(
                reader=OPENSSL,
                versions="4.1 (in development)",
                says="is not read by default",
                source="v3_utl.c, master",
            ),
            Practice(
                reader=PRODUCT,
                versions=f"before {NAMES_IN_SAN.first}",
                says="counts only without any SAN",
                source=_GUIDE,
            ),
            Practice(
                reader=PRODUCT,
                versions=NAMES_IN_SAN.span,
                says="counts only without any SAN, and this lab warns: three documents contradict each other",
                source="see CONTRADICTION",
                ours=True,
            ),
        ),
    ),
    NameKind(
        kind="iPAddress (SAN)",
        practices=(
            Practice(reader=RFC, says="is not read: it is about domains", source=_RFC),
            Practice(reader=OPENSSL, says="counts for IP addresses (X509_check_ip)", source=_UTL),
            Practice(
                reader=PRODUCT,
                says="counts for a peer address written as the same IP address; not recommended",
                source="Mobile and Remote Access guide; TAC 213872",
            ),
        ),
    ),
    NameKind(
        kind="wildcard dNSName",
        practices=(
            Practice(reader=RFC, says="never matches", source=_RFC),
            Practice(reader=OPENSSL, says="matches one left-most label", source=_UTL),
            Practice(reader=PRODUCT, says="not supported", source=_AWARE),
        ),
    ),
    NameKind(
        kind="SRVName (otherName)",
        practices=(
            Practice(reader=RFC, says="is not read", source=_RFC),
            Practice(reader=OPENSSL, says="is not read", source=_UTL),
            Practice(
                reader=PRODUCT,
                says="Expressway does not read it; endpoints of the X8 releases accept _collab-edge._tls.DOMAIN",
                source="TAC 211304",
            ),
        ),
    ),
    NameKind(
        kind="name with a trailing dot, a blank, a line break, NUL or raw UTF-8",
        practices=(
            Practice(reader=RFC, says="matches nothing: names are compared as DNS names", source=_RFC),
            Practice(reader=OPENSSL, says="matches nothing that a client looks for", source=_UTL),
            Practice(reader=PRODUCT, says="matches nothing, as OpenSSL", source=_UTL),
        ),
    ),
)

CONTRADICTION: tuple[Statement, ...] = (
    Statement(
        document="Certificate Creation and Use guide, 'Overview of Certificate Use on the Expressway'",
        says="the SAN of a single Expressway stays blank, so the common name must count",
    ),
    Statement(
        document="the same guide, appendix 1 (troubleshooting), and the cluster guide, X12.5 and later",
        says="the name must be in the SAN, not the common name",
    ),
    Statement(
        document="CLI reference X15.0 (xConfiguration Zones Zone … TLS Verify Mode)",
        says="the name must be in the common name or the SAN",
    ),
)
FOLLOWED = (
    "This lab follows RFC 5922: the common name counts only where there is no SAN at all, and a warning says so. "
    "Put every name into the SAN: then all three documents agree."
)


def markdown() -> str:
    """Return the table as a page of the documentation."""
    lines = [
        "# Which name counts",
        "",
        "Made by `make docs` from `pkikit/judge/matching/name_table.py`; `pkikit match NAME CERT` prints the same table.",
        "*ours*: no public document states it, so it is this lab's choice.",
        "",
        "| name in the certificate | reader | versions | what it does | source |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in TABLE:
        for practice in row.practices:
            source = f"*ours*; {practice.source}" if practice.ours else practice.source
            source = source.replace("see CONTRADICTION", "see below")
            lines.append(
                f"| {row.kind} | {practice.reader} | {practice.versions or 'all'} | {practice.says} | {source} |"
            )
    lines += ["", "## Three documents about the common name", "", "| document | says |", "| --- | --- |"]
    lines += [f"| {s.document} | {s.says} |" for s in CONTRADICTION]
    return "\n".join([*lines, "", FOLLOWED, ""])
