"""Renewal information (ARI, RFC 9773): ask the CA of a certificate when to renew it."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509

from pkikit.errors import AcmeError
from pkikit.issue.acme.order import certificate_id
from pkikit.issue.acme.transport import AcmeDirectory, connect, translate_errors
from pkikit.model.renewal import RenewalInfo
from pkikit.values.names import printable

_SOONEST, _LATEST = timedelta(minutes=1), timedelta(days=1)


def renewal_info(directory: AcmeDirectory, certificate: x509.Certificate) -> RenewalInfo | None:
    """Ask the CA for its suggested renewal window. Blocks.

    Args:
        directory: the CA's directory.
        certificate: the certificate to renew.

    Returns:
        The window; None if the CA offers no such information.

    Raises:
        AcmeError: the CA's answer cannot be understood, or the CA does not answer.
    """
    client, network = connect(directory)
    base = client.directory.to_json().get("renewalInfo")
    if not isinstance(base, str):
        return None
    with translate_errors(network):
        answer = network.get(f"{base.rstrip('/')}/{certificate_id(certificate)}").json()
        window = answer["suggestedWindow"]
        start, end = (datetime.fromisoformat(window[key]) for key in ("start", "end"))
        if start.tzinfo is None or end.tzinfo is None or start >= end:
            raise AcmeError("the CA's renewal information is refused: its window does not begin before it ends")
        asked = network.retry_after or RenewalInfo.ask_again
        return RenewalInfo(
            start=start, end=end, explanation=printable(str(answer.get("explanationURL") or "")[:500]),
            ask_again=min(max(asked, _SOONEST), _LATEST),
        )  # fmt: skip
