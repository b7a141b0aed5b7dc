"""Everything that comes in over HTTP is read once and checked here: every HTTP face of the lab uses these functions.

Unreadable input gets a 400 with one sentence. Everything that passes this module is Unicode text.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
from collections.abc import Callable, Collection, Iterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import http_exceptions, web
from multidict import MultiDictProxy

from pkikit.errors import InputError
from pkikit.model.tables import ports
from pkikit.text import printable

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# All that aiohttp raises about a body: bad encodings and charsets, multipart without boundary, name or end, a client
# that hangs up. They are the sender's mistakes, and nothing else runs while a body is read. (The last two are warnings,
# which a program may turn into errors.)
_UNREADABLE = (
    ValueError, LookupError, RuntimeError, AssertionError, EOFError, OSError, aiohttp.ClientError,
    http_exceptions.HttpProcessingError, aiohttp.BadContentDispositionHeader, aiohttp.BadContentDispositionParam,
)  # fmt: skip


_MOST_DRAINED = 256 * 1024 * 1024
_LONGEST_DRAIN = 20.0  # seconds
_PIECE = 64 * 1024


def require_own_host(request: web.Request, names: Callable[[], Collection[str]]) -> None:
    """Raise 421 if the Host header names another host: a page elsewhere may have pointed its own name to this address.

    Loopback addresses and localhost are accepted too. No foreign page's name can be one of them, and people who forward a
    port use them.
    """
    header = request.headers.get("Host")
    if header is None:
        return
    host = _host_and_port(request.scheme, header)[0]
    try:
        known = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        known = host in names()
    if not known:
        raise web.HTTPMisdirectedRequest(text="this server does not have the name in the Host header")


def require_same_origin(request: web.Request) -> None:
    """Raise 403 if a page of another site makes the browser send a request that changes something."""
    if request.method in SAFE_METHODS:
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "none")
    scheme, separator, rest = (origin or "").partition("://")
    here = (request.scheme, *_host_and_port(request.scheme, request.headers.get("Host", "")))
    foreign = origin is not None and (not separator or (scheme, *_host_and_port(scheme, rest)) != here)
    if foreign or site not in {"none", "same-origin"}:
        raise web.HTTPForbidden(text="the request comes from another site")


def _host_and_port(scheme: str, text: str) -> tuple[str, int]:
    """Return host (lower case, no trailing dot) and port (by default the scheme's); ("", 0) for nonsense."""
    try:
        parts = urlsplit(f"//{text}")
        if parts.netloc != text or parts.username is not None:
            return "", 0
        return (parts.hostname or "").removesuffix("."), parts.port or (
            ports.HTTPS if scheme == "https" else ports.HTTP
        )
    except ValueError:
        return "", 0


async def read_form(request: web.Request) -> MultiDictProxy[Any]:
    """Return the fields of a form. Raises 400 if the body is not a form, or not in UTF-8."""
    _require_utf_8(request)
    try:
        form = await request.post()
    except web.HTTPException:
        raise
    except _UNREADABLE:
        raise web.HTTPBadRequest(text="the form cannot be read") from None
    for name, value in form.items():
        if not _is_unicode(name) or (isinstance(value, str) and not _is_unicode(value)):
            raise web.HTTPBadRequest(text="the form has a character that is not Unicode text")
    return form


async def drain(request: web.Request) -> None:
    """Read what is left of a body that is too large, and keep nothing: else the caller sends on and never reads the answer."""
    left = _MOST_DRAINED
    with contextlib.suppress(*_UNREADABLE, TimeoutError):
        async with asyncio.timeout(_LONGEST_DRAIN):
            async for chunk in request.content.iter_any():
                left -= len(chunk)
                if left < 0:
                    return


async def read_only_part(request: web.Request, name: str, *, most: int) -> bytes:
    """Return the content of the one part of a multipart body. It is read piece by piece, and never more than `most` bytes.

    Raises:
        InputError: there is no part, another one, or more than one.
        HTTPException: the body cannot be read, or is too large.
    """
    _require_utf_8(request)
    try:
        return await _only_part(request, name, most)
    except (web.HTTPException, InputError):
        raise
    except _UNREADABLE:
        raise web.HTTPBadRequest(text="the multipart body cannot be read") from None


async def _only_part(request: web.Request, name: str, most: int) -> bytes:
    found: bytearray | None = None
    async for part in await request.multipart():
        if not isinstance(part, aiohttp.BodyPartReader):
            raise InputError("a part has parts itself")
        if part.name != name:
            raise InputError(f"part {printable(str(part.name), 60)!r} is not known; this call takes one part, {name!r}")
        if found is not None:
            raise InputError(f"more than one part is called {name!r}; this call takes one")
        if part.headers.get("Content-Transfer-Encoding", "binary").lower() not in {"binary", "8bit", "7bit"}:
            raise InputError(f"part {name!r} has a Content-Transfer-Encoding; send the file as it is")
        found = bytearray()
        while piece := await part.read_chunk(_PIECE):
            found += piece
            if len(found) > most:
                raise web.HTTPRequestEntityTooLarge(
                    max_size=most,
                    actual_size=len(found),
                    text=f"part {name!r} is too large; a file has at most {most} bytes",
                )
    if found is None:
        raise InputError(f"there is no part {name!r}")
    return bytes(found)


async def text_fields(request: web.Request) -> dict[str, str]:
    """Return the text fields of a form."""
    return {k: v for k, v in (await read_form(request)).items() if isinstance(v, str)}


async def read_json(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a script's request; {} for an empty body. Raises InputError for anything else."""
    _require_utf_8(request)
    try:
        raw = await request.read()
    except web.HTTPException:
        raise
    except _UNREADABLE:
        raise InputError("the body cannot be read") from None
    if not raw.strip():
        return {}
    try:
        read = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        if not all(map(_is_unicode, _texts(read))):
            raise InputError("the body has a character that is not Unicode text")
    except (ValueError, RecursionError):
        raise InputError("the body is not JSON in UTF-8") from None
    if not isinstance(read, dict):
        raise InputError("the body is not a JSON object")
    return read


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _require_utf_8(request: web.Request) -> None:
    """Refuse other encodings: they hide what a text holds, and some of Python's do not encode text at all."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPBadRequest(text="compressed bodies are not accepted")
    charset = request.charset
    if charset is not None and charset.lower() not in {"utf-8", "utf8", "us-ascii", "ascii"}:
        raise web.HTTPBadRequest(text="the body must be in UTF-8")


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of a JSON value, including keys."""
    todo = [value]
    while todo:
        match todo.pop():
            case str() as text:
                yield text
            case dict() as members:
                yield from members
                todo += members.values()
            case list() as members:
                todo += members
            case _:
                pass  # a number, true, false, null


def _is_unicode(text: str) -> bool:
    """Return False for half of a surrogate pair, which JSON can write and nothing can encode."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
