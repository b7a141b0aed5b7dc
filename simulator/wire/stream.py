"""What the lab does with a connection that is up, whatever carries it: TLS or SSH."""

from __future__ import annotations

from typing import Protocol

from pkikit.model.leg import Leg


class Stream(Protocol):
    """A connection that is up, as its client holds it."""

    async def closed_within(self, seconds: float) -> bool:
        """Return True if the connection is closed, or closes within this time."""
        ...

    async def answers(self, leg: Leg) -> bool:
        """Send a request over the connection; return True if the other end gives a positive answer."""
        ...

    def abort(self) -> None:
        """Drop the connection without a word."""
        ...

    async def close(self) -> None:
        """Close the connection; never raises."""
        ...
