"""How the REST API answers what it refuses: a status, JSON, and one sentence."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

LAB = "/api/lab"
_OTHER_PATHS = ("/api/", "/status.xml")


def is_api(path: str) -> bool:
    """Return True for the paths of scripts; browsers ask for all others."""
    return path.startswith(_OTHER_PATHS)


def refusal(request: web.Request, status: int, sentence: str, headers: dict[str, str]) -> web.Response:
    """Return the answer to a request that the API refuses.

    The product's calls answer `{"Message": "Bad Request"}`, `Conflict` and so on (py_expressway); `error` is ours.
    """
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        sentence = f"{request.method} is not a method of this call; allowed are {headers.get('Allow', 'none')}"
    elif status == HTTPStatus.NOT_FOUND and sentence.startswith("404"):
        sentence = "there is no such call; GET /api/raml lists all of them"
    answer = {"error": sentence}
    if not request.path.startswith(LAB):
        answer = {"Message": HTTPStatus(status).phrase, **answer}
    return web.json_response(answer, status=status, headers=headers)
