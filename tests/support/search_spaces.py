"""Spaces of designs for the explorer, from the full deployment."""

from __future__ import annotations

from typing import Any

from pkikit.design.choices import parse_vary
from pkikit.design.search_space import Space
from tests.support.worlds import changed

# What a space of a few thousand candidates varies.
SMALL = ("lifetime=398,47", "profile=classic")


def space(*vary: str, **paths: Any) -> Space:
    """The space of clustered-full at X15.5 that varies `vary`; `paths` change the deployment."""
    deployment = changed("clustered-full", version=paths.pop("version", "X15.5"), **paths)
    return Space(deployment, parse_vary(vary, deployment))
