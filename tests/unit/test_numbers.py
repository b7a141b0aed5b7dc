"""Numbers in text: ASCII digits only, bounded, wherever one is read."""

from __future__ import annotations

import pytest

from pkikit.handshake.messages import FramingError, split_message, status_of
from pkikit.values.numbers import whole_number
from simulator.wire import syslog
from tests.support.cli import run

NOT_NUMBERS = ["\u00b2", "\u0663", "\uff13", "1_0", "+1", "-1", " 1", "1 ", "1.0", "0x1", "", "\u2460", "9" * 5000]


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_malformed_number_is_refused(text: str) -> None:
    """Nothing that `int` would refuse, or take by a wider rule than ours, and nothing that costs time."""
    assert whole_number(text, most=65535) is None


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("00", 0), ("7", 7), ("00065535", 65535), ("65536", None)])
def test_number_up_to_the_bound_is_read(text: str, number: int | None) -> None:
    """Up to the bound; zeros in front do not count."""
    assert whole_number(text, most=65535) == number


@pytest.mark.parametrize("text", NOT_NUMBERS[:5] + NOT_NUMBERS[-1:])
def test_malformed_number_in_a_message_is_a_framing_error(text: str) -> None:
    """Lengths and statuses of SIP, HTTP and syslog: a framing error."""
    with pytest.raises(FramingError):
        split_message(bytearray(f"OPTIONS sip:a SIP/2.0\r\nContent-Length: {text}\r\n\r\n".encode()))
    with pytest.raises(FramingError):
        status_of(f"SIP/2.0 {text} OK\r\n\r\n".encode())
    with pytest.raises(syslog.FramingError):
        syslog.split_message(bytearray(f"{text} <13>1 - - - - - - x".encode()))


@pytest.mark.parametrize("port", ["\u00b2", "0", "65536", "1_0", ""])
def test_probe_with_a_malformed_port_exits_2(port: str) -> None:
    """A port that is none: one sentence, exit code 2."""
    done = run("pkikit", "probe", f"localhost:{port}")
    assert done.returncode == 2
    assert "write HOST:PORT" in done.stderr
    assert len(done.stderr.splitlines()) == 1
