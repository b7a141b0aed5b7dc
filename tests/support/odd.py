"""Certificates that even the library's builder refuses to make, patched together from good ones."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from simulator.forge import forge


def der_with_serial(serial: int) -> x509.Certificate:
    """A self-signed certificate with any serial number; the signature is left as it was (nobody checks a linted one)."""
    from cryptography.hazmat.primitives.serialization import Encoding

    marker = 0x7A6B5C4D3E2F1A0B
    made = forge(("e1.example.com",), None, at=datetime(2026, 11, 24, tzinfo=UTC), serial=marker).leaf
    body = marker.to_bytes(8, "big")
    wanted = serial.to_bytes(8, "big", signed=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(made.public_bytes(Encoding.DER).replace(body, wanted))
