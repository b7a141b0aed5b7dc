"""What captures contain, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field

from pkikit.model.captured_tls import CapturedConnection


@dataclass(kw_only=True)
class CaptureContents:
    """What captures contain.

    connections: with TLS, or to a port of TLS, in the order in which they began. others: how many TCP connections have no
    TLS. middle: how many began before the capture. left_out: connections beyond the limit. notes: sentences about what
    was not read.
    """

    connections: list[CapturedConnection] = field(default_factory=list)
    packets: int = 0
    others: int = 0
    middle: int = 0
    left_out: int = 0
    notes: list[str] = field(default_factory=list)
