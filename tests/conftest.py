"""Shared fixtures, and the rule that a missing tool skips loudly here and fails in CI."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from hypothesis import settings
from OpenSSL import SSL

# Under nohup, and in the background of a shell, programs start with SIGINT ignored, and their children inherit that.
# The tests send SIGINT to programs that they start, so it is reset here for this process and every child of it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.support.collected", "tests.support.proofs"]

# Bounded time is asserted where it is meant; a loaded machine must not fail an example for being slow.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


# Workers of pytest-xdist have COLUMNS=80. What programs print must not depend on how the tests run.
os.environ.pop("COLUMNS", None)


def pytest_report_header() -> str:
    return f"TLS library: {SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode()}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        tool = marker.args[0]
        if shutil.which(tool) is None:
            if os.environ.get("CI") == "true":
                pytest.fail(f"{tool} is missing, and under CI=true nothing is skipped (see apt.txt)", pytrace=False)
            pytest.skip(f"{tool} is not installed (apt.txt lists it)")
