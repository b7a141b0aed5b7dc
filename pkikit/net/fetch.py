"""Fetches CRLs, OCSP answers and CA certificates by URL.

A URL comes from a certificate, so anybody may have written it. `fetch` accepts http and https only, connects only to
addresses and ports that the caller's policy allows, limits size, time and redirects, unpacks nothing, and sends no
cookies and no credentials. The policy sees the address of every socket before it connects: no spelling of a host, no
name and no redirect gets around it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from pkikit.errors import FetchError, InputError
from pkikit.model.tables import ports
from pkikit.values.names import printable
from pkikit.values.urls import is_public_address, is_same_host, parse_web_url

Policy = Callable[[str, int], bool]
Resolve = Callable[[str, int], Awaitable[list[tuple[str, int]]]]
_REDIRECTS = (301, 302, 303, 307, 308)
_WEB_PORTS = (ports.HTTP, ports.HTTPS)
_INSIDE = "resolves to an address that may not be asked"


@dataclass(frozen=True, kw_only=True)
class FetchLimits:
    """The limits: size in bytes, time in seconds for everything together, number of redirects."""

    size: int = 64 * 1024 * 1024
    time: float = 10.0
    redirects: int = 3


def public_only(address: str, port: int) -> bool:
    """The default policy: web ports of the public internet."""
    return port in _WEB_PORTS and is_public_address(address)


class _Resolver(AbstractResolver):
    """Resolves by the given function (or the system's) and returns only what the policy allows."""

    def __init__(self, resolve: Resolve | None, policy: Policy) -> None:
        self._resolve, self._policy = resolve or _by_system, policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolve(host, port)
        allowed = [(a, p) for a, p in found if self._policy(a, p)]
        if found and not allowed:
            raise OSError(_INSIDE)
        return [
            ResolveResult(hostname=host, host=a, port=p, family=family, proto=0, flags=socket.AI_NUMERICHOST)
            for a, p in allowed
        ]

    async def close(self) -> None:
        """Do nothing: the resolver keeps nothing open."""


async def _by_system(host: str, port: int) -> list[tuple[str, int]]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(str(address[0]), port) for *_, address in found]


async def fetch(
    url: str,
    *,
    body: bytes | None = None,
    content_type: str = "",
    policy: Policy = public_only,
    resolve: Resolve | None = None,
    limits: FetchLimits | None = None,
) -> bytes:
    """Return the bytes at a URL (GET), or the answer to `body` (POST).

    Args:
        url: an http or https URL.
        body: the body of a POST; None for a GET.
        content_type: the type of the body.
        policy: decides about each (address, port).
        resolve: maps (host, port) to addresses with the port to connect to; None asks the system.
        limits: size, time and redirects.

    Returns:
        The bytes.

    Raises:
        FetchError: one sentence about what went wrong.
    """
    limits = limits or FetchLimits()
    connector = aiohttp.TCPConnector(
        resolver=_Resolver(resolve, policy), use_dns_cache=False, force_close=True, socket_factory=_opener(policy)
    )
    try:
        async with (
            asyncio.timeout(limits.time),
            aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
            ) as session,
        ):
            return await _follow(session, url, body, content_type, limits)
    except TimeoutError:
        raise FetchError(printable(url), f"no answer within {limits.time:g} s") from None
    except aiohttp.ClientError as error:
        raise FetchError(printable(url), _plain(error)) from None
    except (OSError, ValueError) as error:
        raise FetchError(printable(url), _plain(error)) from None


async def _follow(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes | None,
    content_type: str,
    limits: FetchLimits,
) -> bytes:
    for _ in range(limits.redirects + 1):
        target = _target(url)
        headers = {"Content-Type": content_type} if content_type else {}
        method = "GET" if body is None else "POST"
        async with session.request(method, target, data=body, headers=headers, allow_redirects=False) as answer:
            if answer.status in _REDIRECTS and "Location" in answer.headers:
                url = urljoin(url, answer.headers["Location"])
                continue
            if answer.status != 200:
                raise FetchError(printable(url), f"answered with status {answer.status}")
            return await _read(answer, url, limits)
    raise FetchError(printable(url), f"more than {limits.redirects} redirects")


def _target(url: str) -> URL:
    """Return the URL as aiohttp will use it, after our own strict reading: both must see the same host and port.

    Args:
        url: the URL.

    Returns:
        aiohttp's URL.

    Raises:
        FetchError: the URL is not http or https, or the two readings differ.
    """
    try:
        ours = parse_web_url(url)
    except InputError as error:
        raise FetchError(printable(url), error.message) from None
    target = URL(url)
    if not is_same_host(target.raw_host or "", ours.host) or target.port != ours.port:
        raise FetchError(printable(url), "its host can be read in two ways")
    return target


def _opener(policy: Policy) -> Callable[[aiohttp.AddrInfoType], socket.socket]:
    """Return the function that makes the sockets: the last check of an address, whatever led to it."""

    def open_socket(found: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = found
        if not policy(str(address[0]), int(address[1])):
            raise OSError(_INSIDE)
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    return open_socket


async def _read(answer: aiohttp.ClientResponse, url: str, limits: FetchLimits) -> bytes:
    too_large = FetchError(printable(url), f"answers with more than {limits.size // 1024} KB, the most that is read")
    if (answer.content_length or 0) > limits.size:
        raise too_large
    data = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        data += chunk
        if len(data) > limits.size:
            raise too_large
    return bytes(data)


def _plain(error: Exception) -> str:
    """Return the words of the operating system or resolver, which the library wraps."""
    cause = getattr(error, "os_error", None) or error
    return printable(str(getattr(cause, "strerror", None) or cause) or type(cause).__name__)
