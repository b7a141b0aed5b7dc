"""What a peer fetches during a handshake: OCSP answers and CRLs, from the URLs in the certificates."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from pkikit.errors import EncodingError, FetchError
from pkikit.files import parse
from pkikit.judge.revocation.ocsp_answer import certificate_id
from pkikit.model.certificates.facts import crl_urls, is_self_signed, ocsp_urls
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData, RevocationQuestion, each_once
from pkikit.net.fetch import FetchLimits, Policy, Resolve, fetch
from pkikit.reading import load_ocsp
from pkikit.reading.unreadable import UNREADABLE
from pkikit.worlds.judgeable import judgeable, ocsp_problem
from simulator.events import CRL_FAILED, OCSP_FAILED

LogEvent = Callable[[str, str], None]
_DURING_HANDSHAKE = FetchLimits(size=8 * 1024 * 1024)
_DAILY = FetchLimits()

# What comes of asking a responder instead of an answer.
_NO_ANSWER: tuple[type[Exception], ...] = (FetchError, EncodingError, *UNREADABLE)


class StatusLookup:
    """Fetches for the peers of one lab. `told` is given (event, detail) for the peer's log when something cannot be had."""

    def __init__(self, *, resolve: Resolve, policy: Policy, seconds: float = 3.0) -> None:
        """seconds: the longest that one answer may take while a handshake waits for it."""
        self._during_handshake = replace(_DURING_HANDSHAKE, time=seconds)
        self._resolve, self._policy = resolve, policy
        self._flying: dict[tuple[str, bytes | None], asyncio.Task[bytes]] = {}

    async def _fetch(self, url: str, limits: FetchLimits, body: bytes | None = None) -> bytes:
        """Fetch a URL; a second caller waits for the fetch that is already running."""
        key = (url, body)
        task = self._flying.get(key)
        if task is None:
            kind = "application/ocsp-request" if body is not None else ""
            work = fetch(url, body=body, content_type=kind, policy=self._policy, resolve=self._resolve, limits=limits)
            task = self._flying[key] = asyncio.get_running_loop().create_task(work)
            task.add_done_callback(lambda done: self._finish(key, done))
        return await asyncio.shield(task)

    def _finish(self, key: tuple[str, bytes | None], done: asyncio.Task[bytes]) -> None:
        del self._flying[key]
        if not done.cancelled():
            done.exception()  # read it even if no caller waits any more: asyncio complains otherwise

    async def during_handshake(
        self, chain: Sequence[x509.Certificate], question: RevocationQuestion, told: LogEvent
    ) -> RevocationData:
        """Ask OCSP if it is on and the certificate names a responder; else fetch CRLs if that is allowed."""
        settings = question.settings
        jobs = []
        for certificate, issuer in itertools.pairwise(chain):
            if is_self_signed(certificate):
                continue
            responders = ocsp_urls(certificate) if settings.use_ocsp else ()
            if responders:
                jobs.append(self._ocsp(responders[0], certificate, issuer, told))
            elif settings.use_crls and settings.cdp_download:
                jobs += [
                    self._crls(url, CrlSource.CDP, self._during_handshake, told) for url in crl_urls(certificate)[:3]
                ]
        found = NOTHING_HELD
        for data in await asyncio.gather(*jobs):
            found = found.merge(data)
        return found

    async def daily(self, urls: Sequence[str], told: LogEvent) -> tuple[x509.CertificateRevocationList, ...]:
        """Return what the automatic update fetches: PEM, DER or archives that hold several."""
        found: list[x509.CertificateRevocationList] = []
        for url in urls:
            data = await self._crls(url, CrlSource.AUTOMATIC, _DAILY, told)
            found += [crl for _, crl in data.crls]
        return each_once(found)

    async def _crls(self, url: str, source: CrlSource, limits: FetchLimits, told: LogEvent) -> RevocationData:
        try:
            data = await self._fetch(url, limits)
            contents = await asyncio.to_thread(parse, data, where=url)
        except (FetchError, EncodingError) as error:
            told(CRL_FAILED, str(error))
            return NOTHING_HELD
        if not contents.crls:
            told(CRL_FAILED, f"{url}: {contents.lacks('CRL')}")
        usable = await asyncio.to_thread(
            judgeable, contents.crls, lambda why: told(CRL_FAILED, f"{url}: a CRL cannot be judged: {why}")
        )
        return NOTHING_HELD.with_crls(source, usable)

    async def _ocsp(
        self, url: str, certificate: x509.Certificate, issuer: x509.Certificate, told: LogEvent
    ) -> RevocationData:
        try:
            asked = certificate_id(certificate, issuer, hashes.SHA256())
            request = ocsp.OCSPRequestBuilder().add_certificate_by_hash(*asked, hashes.SHA256()).build()
            data = await self._fetch(url, self._during_handshake, request.public_bytes(Encoding.DER))
            answer = load_ocsp(data)
        except _NO_ANSWER as error:
            told(OCSP_FAILED, str(error) if isinstance(error, FetchError) else f"{url}: no OCSP answer")
            return NOTHING_HELD
        problem = ocsp_problem(answer)
        if problem:
            told(OCSP_FAILED, f"{url}: the answer cannot be judged: {problem}")
            return NOTHING_HELD
        return NOTHING_HELD.with_answers([answer])
