"""What the fields of stored values may hold, where not every value of their type is allowed."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import strategies as st

from tests.support.any_value import Strategies, any_value, sample_certificates

_TEXT = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=9)
_PEM = sample_certificates()[0].public_bytes(Encoding.PEM).decode("ascii")
# What fields whose values are checked may hold.
STATE_FIELDS: Strategies = {
    "Credential.chain": any_value(tuple[x509.Certificate, ...]).filter(bool),
    "AutomaticCrls.urls": st.lists(
        st.sampled_from(["http://a.example/a.crl", "https://b.example/b.crl"]), max_size=3
    ).map(tuple),
    "AutomaticCrls.hour": st.integers(0, 23),
    "Schedule.days": st.frozensets(st.integers(0, 6), min_size=1),
    "Schedule.hour": st.integers(0, 23),
    "Schedule.minute": st.integers(0, 59),
    "AcmeSettings.directory": st.sampled_from(["https://ca.example/directory", "https://other.example/d"]),
    "AcmeSettings.ca": st.sampled_from(["", _PEM]),
    # Python and pydantic agree on what a space is, except for U+001C to U+001F.
    "AcmeSettings.terms": st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=9),
    "AcmeSettings.email": st.sampled_from(["", "admin@example.com"]),
    "AcmeSettings.preferred_chain": _TEXT,
    "AcmeSettings.eab_kid": st.sampled_from(["kid-1", "kid-2"]),
    "AcmeSettings.eab_mac": st.sampled_from(["c2VjcmV0LXNlY3JldC1zZWNyZXQ", "b3RoZXItb3RoZXItb3RoZXI"]),
    # The old format had seconds with a point, which are not exact over centuries.
    "Attempt.retry_after": st.none() | st.integers(0, 10**7).map(lambda n: timedelta(seconds=n)),
}
