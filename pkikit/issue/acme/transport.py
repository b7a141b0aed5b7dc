"""The network side of an ACME conversation: certbot's `acme` with what a client needs besides it.

This module retries nonces that the CA refuses, keeps Retry-After, and turns the errors of the library and the network
into ours. Sources: RFC 8555 §6.5 (nonces), §6.6 (rate limits), §6.7 (problem documents).
"""

from __future__ import annotations

import email.utils
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import requests
import urllib3
from acme import client, errors, messages
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from josepy.jwa import ES256, RS256
from josepy.jwk import JWK, JWKEC, JWKRSA
from requests.adapters import HTTPAdapter

from pkikit.errors import AcmeError, AcmeProblem, InputError
from pkikit.values.names import printable
from pkikit.values.urls import parse_web_url

USER_AGENT = "expressway-certificate-lab"
AccountKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_NONCE_TRIES = 12
_ANSWER_WITHIN = 20  # seconds
_LONGEST_WAIT = timedelta(days=30)
MAX_ANSWER = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class AcmeDirectory:
    """An RFC 8555 directory: its URL, and the CA file that verifies its HTTPS certificate (None: the system's list)."""

    url: str
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if parse_web_url(self.url).scheme != "https":
            raise InputError("is not an ACME directory: write an https URL", where=printable(self.url, 80))


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a CA's directory offers. profiles: description by name; caa_identities: the CA's domains in CAA records."""

    terms: str = ""
    needs_external_account: bool = False
    profiles: dict[str, str] = field(default_factory=dict)
    renewal_info: bool = False
    caa_identities: tuple[str, ...] = ()

    @classmethod
    def of(cls, directory: messages.Directory) -> Capabilities:
        """Read a directory; ignore fields of the wrong type."""
        told = directory.to_json()
        meta = told.get("meta") if isinstance(told.get("meta"), dict) else {}
        assert isinstance(meta, dict)
        profiles, caa = meta.get("profiles"), meta.get("caaIdentities")
        return cls(
            terms=str(meta.get("termsOfService") or "")[:2000],
            needs_external_account=bool(meta.get("externalAccountRequired")),
            profiles={str(k)[:64]: str(v)[:500] for k, v in profiles.items()} if isinstance(profiles, dict) else {},
            renewal_info=isinstance(told.get("renewalInfo"), str),
            caa_identities=tuple(str(i)[:255] for i in caa) if isinstance(caa, list | tuple) else (),
        )


class _Bounded(HTTPAdapter):
    """Limits size and duration of the answers of a CA that nobody has to trust."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send as the adapter does, and read the body here, up to a size and within a time.

        Args:
            request: the prepared request.
            **kwargs: passed to the adapter.

        Returns:
            The response with its body.

        Raises:
            AcmeError: the answer is too large or takes too long.
        """
        response = super().send(request, **{**kwargs, "stream": True})
        deadline, body = time.monotonic() + _ANSWER_WITHIN, bytearray()
        for chunk in response.raw.stream(65_536, decode_content=True):
            body += chunk
            if len(body) > MAX_ANSWER or time.monotonic() > deadline:
                response.close()
                why = "is too long" if len(body) > MAX_ANSWER else "takes too long"
                raise AcmeError(f"the CA's answer {why}: {request.method} {request.url}")
        response._content = bytes(body)
        response._content_consumed = True
        return response


class Network(client.ClientNetwork):
    """certbot's network, which retries a refused nonce only once and drops Retry-After."""

    def __init__(self, directory: AcmeDirectory, key: AccountKey | None = None) -> None:
        jwk, algorithm = (None, RS256) if key is None else jwk_of(key)
        super().__init__(jwk, alg=algorithm, user_agent=USER_AGENT, timeout=_ANSWER_WITHIN)
        self.session.mount("https://", _Bounded())
        self.retry_after: timedelta | None = None
        self.rejected_nonces = 0
        if directory.ca_file:
            # The library's type says bool; it hands the value to requests, where a path names the CA file.
            self.verify_ssl = str(directory.ca_file)  # type: ignore[assignment]

    def post(self, *args: Any, **kwargs: Any) -> requests.Response:
        """POST; replace a nonce that the CA refuses and send again, up to a limit.

        Args:
            *args: passed to certbot's network.
            **kwargs: passed to certbot's network.

        Returns:
            The response.

        Raises:
            Error: (`acme.messages.Error`) the CA answers with a problem document.
        """
        for _ in range(_NONCE_TRIES):
            try:
                return self._post_once(*args, **kwargs)
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
                self.rejected_nonces += 1
        return self._post_once(*args, **kwargs)

    @classmethod
    def _check_response(cls, response: requests.Response, content_type: str | None = None) -> requests.Response:
        # The library takes every 409 for a known account, as in ACME v1; now it is a problem (RFC 9773 §5: alreadyReplaced).
        if response.status_code == 409 and "problem" in response.headers.get("Content-Type", ""):
            raise messages.Error.from_json(response.json())
        return super()._check_response(response, content_type)

    def _send_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        response = super()._send_request(method, url, *args, **kwargs)
        self.retry_after = read_retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
        if method == "POST" and not response.ok and self.REPLAY_NONCE_HEADER in response.headers:
            self._add_nonce(response)  # a problem brings a nonce too (RFC 8555 §6.5); the library forgets it
        return response


def jwk_of(key: AccountKey) -> tuple[JWK, Any]:
    """Return the key in the library's form, with the signature algorithm for it.

    Args:
        key: an RSA or EC private key.

    Returns:
        (JWK, algorithm).

    Raises:
        InputError: ACME has no signature algorithm for this curve.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        return JWKRSA(key=key), RS256
    if not isinstance(key.curve, ec.SECP256R1):
        raise InputError(f"an account key is RSA or P-256, not {key.curve.name}")
    return JWKEC(key=key), ES256


def read_retry_after(text: str | None, date: str | None = None) -> timedelta | None:
    """Return how long a Retry-After header asks to wait; a date counts from the server's own date (RFC 9110 §10.2.3)."""
    if text is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", text):
        return min(timedelta(seconds=int(text)), _LONGEST_WAIT)
    try:
        until = email.utils.parsedate_to_datetime(text)
        since = email.utils.parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return None
    aware = (t if t.tzinfo is not None else t.replace(tzinfo=UTC) for t in (until, since))
    ends, begins = aware
    return min(max(ends - begins, timedelta(0)), _LONGEST_WAIT)


def problem_of(error: messages.Error, retry_after: timedelta | None = None) -> AcmeProblem:
    """Return a problem document as an AcmeProblem, with one line per name if it has subproblems (RFC 8555 §6.7.1)."""
    told = [
        (s.identifier.value if s.identifier else "the order", s.detail or s.description or "no detail given")
        for s in error.subproblems or ()
    ]
    detail = error.detail or error.description or "no detail given"
    return AcmeProblem(str(error.typ), detail, told, retry_after=retry_after)


class translate_errors:  # noqa: N801  (used as a statement: "with translate_errors(network):")
    """Turns what the library and the network raise into our errors."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case messages.Error():
                raise problem_of(error, self._network.retry_after) from error
            case errors.Error():
                raise AcmeError(f"the CA's answer is not understood: {str(error)[:300]}") from error
            case requests.exceptions.RequestException() | urllib3.exceptions.HTTPError():
                raise AcmeError(f"the CA cannot be reached: {type(error).__name__}") from error
            case KeyError() | ValueError() | TypeError() | AttributeError():
                # A directory without an entry, a body that is no JSON or of another shape: the CA's doing, not ours.
                raise AcmeError(f"the CA's answer is not understood: {type(error).__name__}") from error
            case _:
                return


def connect(directory: AcmeDirectory, key: AccountKey | None = None) -> tuple[client.ClientV2, Network]:
    """Return a client for a directory, which is read now."""
    network = Network(directory, key)
    with translate_errors(network):
        return client.ClientV2(client.ClientV2.get_directory(directory.url, network), network), network


def capabilities(directory: AcmeDirectory) -> Capabilities:
    """Ask a directory what its CA can do."""
    return Capabilities.of(connect(directory)[0].directory)
