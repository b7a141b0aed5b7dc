"""Small helpers for sentences: lists, numbers, and the choices of a design as clauses."""

from __future__ import annotations

from collections.abc import Sequence

from pkikit.explore.advice.certificate_design import (
    BY_ACME,
    COLLAB_EDGE,
    DNS,
    ONE,
    PER_PEER,
    PRIVATE,
    PUBLIC,
    SHARED,
    TWO,
    Design,
)
from pkikit.explore.advice.figures import CRITERIA, Criterion, Figures


def listing(names: Sequence[str], most: int = 5) -> str:
    """Return `a, b and c`, or `a, b and 4 more`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def number(value: float) -> str:
    """Return a figure with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


_CLAUSES = {
    ("authority", PRIVATE): "certificates of your private CA on Expressway-E",
    ("authority", PUBLIC): "certificates of a public CA on Expressway-E, uploaded by hand",
    ("authority", BY_ACME): "certificates of a public CA on Expressway-E, ordered by ACME",
    ("stores", ONE): "no client certificate of its own on Expressway-E",
    ("stores", TWO): "a client certificate of your private CA beside the server certificate on Expressway-E",
    ("certificate", PER_PEER): "a certificate of its own for each peer",
    ("certificate", SHARED): "one certificate that all peers of a cluster share",
    ("registration", DNS): "the bare registration domain in E's certificate",
    ("registration", COLLAB_EDGE): "collab-edge names instead of bare registration domains in E's certificate",
}


def clause(dimension: str, design: Design) -> str:
    """Return one choice of a design as a noun phrase."""
    if dimension == "days":
        return f"certificates of the private CA that live {design.days} days"
    return _CLAUSES[dimension, str(getattr(design, dimension))]


def difference(criterion: Criterion, here: Figures, there: Figures) -> str:
    """Return `Bare domains in certificates: 1 instead of 0`, for a design `here` beside another."""
    return f"{criterion.label}: {number(criterion.value(here))} instead of {number(criterion.value(there))}"


def better_and_worse(here: Figures, there: Figures) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a design is better at than another, and what it is worse at, each as a sentence."""
    pairs = [(c, c.value(here), c.value(there)) for c in CRITERIA]
    better = tuple(difference(c, here, there) for c, a, b in pairs if a < b)
    worse = tuple(difference(c, here, there) for c, a, b in pairs if a > b)
    return better, worse
