"""Small helpers for sentences: numbers and the choices of a design as clauses."""

from __future__ import annotations

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


def number(value: float) -> str:
    """Return a figure with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


_CLAUSES = {
    ("authority", PRIVATE): "a private CA on Expressway-E",
    ("authority", PUBLIC): "a public CA on Expressway-E, with uploads by hand",
    ("authority", BY_ACME): "a public CA on Expressway-E, with orders by ACME",
    ("stores", ONE): "no client certificate on Expressway-E",
    ("stores", TWO): "a client certificate of your private CA on Expressway-E",
    ("certificate", PER_PEER): "one certificate per peer",
    ("certificate", SHARED): "one certificate per cluster",
    ("registration", DNS): "the bare domain in E's certificate",
    ("registration", COLLAB_EDGE): "collab-edge names in E's certificate",
}


def clause(dimension: str, design: Design) -> str:
    """Return one choice of a design as a noun phrase."""
    if dimension == "days":
        return f"private certificates that live {design.days} days"
    return _CLAUSES[dimension, str(getattr(design, dimension))]


def difference(criterion: Criterion, here: Figures, there: Figures) -> str:
    """Return `Bare domains in certificates: 1 instead of 0`, for a design `here` beside another."""
    return f"{criterion.label}: {number(criterion.value(here))} instead of {number(criterion.value(there))}"


def sentence(text: str) -> str:
    """Return a text as a sentence: with a capital, unless a name begins it, and a full stop."""
    first = text.partition(" ")[0]
    started = text if "." in first else text[:1].upper() + text[1:]
    return started if started.endswith((".", "?", "!")) else f"{started}."


def better_and_worse(here: Figures, there: Figures) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a design is better at than another, and what it is worse at, each as a sentence."""
    pairs = [(c, c.value(here), c.value(there)) for c in CRITERIA]
    better = tuple(difference(c, here, there) for c, a, b in pairs if a < b)
    worse = tuple(difference(c, here, there) for c, a, b in pairs if a > b)
    return better, worse
