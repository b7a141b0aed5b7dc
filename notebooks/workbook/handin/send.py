"""`hand_in()`: sends the learner's progress to the class server."""

from __future__ import annotations

import http.client
import json
import os
import socket
from contextlib import suppress
from typing import Any, cast
from urllib.parse import urlsplit

import pkikit
from pkikit.errors import InputError
from pkikit.text import counted
from pkikit.values.names import printable
from simulator.clinic.score import kept_scores
from simulator.folders import state_folder
from workbook.course.progress import tries
from workbook.handin.record import MAX_ANSWER, MAX_RESULTS, Result

ADDRESS, TOKEN = "EXPRESSWAY_LAB_PROGRESS", "JUPYTERHUB_API_TOKEN"
NOBODY = (
    "Nothing was sent: this is not a class server. "
    "To give your progress to a trainer, save it with save_report('your-name.csv') and send the file."
)
ABOUT_HANDING_IN = (
    "This is a class server. “Hand in my progress” sends your answers to it: it checks them again, and keeps them with your "
    "login. You can hand in more than once."
)
_SECONDS, _MAX_READ, _ATTEMPTS = 20.0, 64 * 1024, 3


def can_hand_in() -> bool:
    """Return True on a class server with a progress service."""
    return bool(os.environ.get(ADDRESS) and os.environ.get(TOKEN))


def hand_in() -> str:
    """Send your progress to the class server, and return one sentence.

    The server checks your answers again, signs the result with the time and your login, and keeps it. You can hand in as
    often as you like; an exercise that was right once stays right. Outside a class server, nothing is sent.

    Returns:
        What was handed in, or that this is not a class server.

    Raises:
        InputError: the class server does not take it; the sentence says why.
    """
    if not can_hand_in():
        return NOBODY
    results = results_now()
    if not results:
        return "Nothing was sent: you have not answered an exercise yet."
    for _ in range(_ATTEMPTS):
        _, standing = _ask("GET")
        body = {
            "sequence": _whole(standing.get("sequence")) + 1,
            "course": pkikit.__version__,
            "results": [result.model_dump(mode="json") for result in results],
        }
        status, answer = _ask("POST", json.dumps(body).encode())
        if status != http.client.CONFLICT:
            return _told(results, answer)
    raise InputError("your progress was handed in from another notebook at the same time; try again")


def results_now() -> tuple[Result, ...]:
    """Return what the learner has done so far, with the first right answer of each exercise (or the last wrong one)."""
    found: dict[str, dict[str, Any]] = {}
    for done in tries():
        row = found.setdefault(done.exercise, {"what": done.exercise, "tries": 0, "right": False, "shown": False})
        row["tries"] += not done.shown
        if row["right"]:
            continue
        row["shown"] = row["shown"] or done.shown
        row["answer"] = done.answer if len(done.answer) <= MAX_ANSWER else ""
        if done.right:
            row["right"], row["since"] = True, done.at
    for score in kept_scores():
        name = f"clinic {score.case}"
        row = found.setdefault(name, {"what": name, "tries": 0, "right": False, "points": 0})
        row["tries"] += 1
        row["points"] = max(row["points"], min(max(score.points, 0), 100))
        row["right"] = row["points"] > 0
    results = []
    for name in sorted(found)[:MAX_RESULTS]:
        with suppress(ValueError):  # a line that nobody's course wrote
            results.append(Result.model_validate(found[name]))
    return tuple(results)


def _told(results: tuple[Result, ...], answer: dict[str, Any]) -> str:
    receipt = answer.get("receipt")
    if not isinstance(receipt, dict):
        raise InputError("the class server's answer is not a receipt; tell your trainer")
    with suppress(OSError):
        state_folder().mkdir(parents=True, exist_ok=True)
        (state_folder() / "receipt.json").write_text(json.dumps(receipt, indent=1) + "\n", encoding="utf-8")
    right = sum(result.right for result in results)
    judged = answer.get("judged")
    wrong = _whole(judged.get("wrong")) if isinstance(judged, dict) else 0
    who, number, at = (printable(str(receipt.get(key, "")), 60) for key in ("learner", "sequence", "at"))
    sentence = f"Handed in as {who}: {right} of {counted(len(results), 'exercise')} right (record {number}, {at})."
    if wrong:
        sentence += f" The class server does not agree with {counted(wrong, 'answer')}; ask your trainer."
    return sentence


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket in the file system, which no other user of the machine can put there."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(self._path)


def _connection() -> tuple[http.client.HTTPConnection, str]:
    address = os.environ[ADDRESS]
    if address.startswith("unix:"):
        return _UnixConnection(address.removeprefix("unix:")), ""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"{ADDRESS} must be http://…, https://… or unix:/…; tell your trainer")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname, parts.port, timeout=_SECONDS), parts.path.rstrip("/")


def _ask(method: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    """Send one request; a refusal other than a conflict becomes one sentence."""
    connection, prefix = _connection()
    headers = {"Authorization": f"token {os.environ[TOKEN]}", "Content-Type": "application/json"}
    try:
        connection.request(method, f"{prefix}/hand-in", body, headers)
        response = connection.getresponse()
        data = response.read(_MAX_READ)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(f"the progress service does not answer ({reason}); try again, or tell your trainer") from None
    finally:
        connection.close()
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise InputError(f"the progress service answered with status {response.status}; tell your trainer")
    if response.status not in (http.client.OK, http.client.CONFLICT):
        raise InputError(printable(str(answer.get("error", f"status {response.status}")), 200))
    return response.status, cast(dict[str, Any], answer)
