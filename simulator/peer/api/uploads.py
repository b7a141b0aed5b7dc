"""The body of the product's uploads: multipart/form-data with one part, `file`, which holds PEM."""

from __future__ import annotations

import re

from aiohttp import web

from pkikit.errors import InputError
from pkikit.files import MAX_UPLOAD
from pkikit.text import printable
from simulator.peer.api.calls import MULTIPART
from simulator.web.web_input import read_only_part

PART = "file"
_AROUND = 16 * 1024  # what boundaries and headers of parts may take
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")


async def uploaded_file(request: web.Request) -> bytes:
    """Return the content of the one file of an upload.

    Raises:
        InputError: the body is not one file, or the file has a private key.
        HTTPException: the body is too large, or cannot be read.
    """
    # Before anything is read; a body without a length ends at the limit of the server.
    if (request.content_length or 0) > MAX_UPLOAD + _AROUND:
        raise web.HTTPRequestEntityTooLarge(
            max_size=MAX_UPLOAD, actual_size=request.content_length or 0,
            text=f"the body has {request.content_length} bytes; a file has at most {MAX_UPLOAD}",
        )  # fmt: skip
    if request.content_type != MULTIPART:
        raise InputError(f"the body is {printable(request.content_type, 60)}; send {MULTIPART} with one part, {PART!r}")
    data = await read_only_part(request, PART, most=MAX_UPLOAD)
    if _PRIVATE_KEY.search(data):
        raise InputError(
            "contains a private key; this call takes certificates, and the key stays on the Expressway", where=PART
        )
    return data
