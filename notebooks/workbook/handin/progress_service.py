"""The progress service of a class server: takes what learners hand in, judges it again, signs it and stores it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pkikit
from pkikit.errors import InputError
from pkikit.extras import optional_packages
from pkikit.values.names import printable
from simulator.clock import Clock
from workbook.handin.judged_again import judge
from workbook.handin.record import Judged, Record, Signed, Submission, canonical, read_submission, sign
from workbook.handin.record_folder import MAX_RECORDS, Ledger, LedgerDamaged
from workbook.handin.signing_keys import read_keys

with optional_packages("class"):
    from aiohttp import web

_LOG = logging.getLogger("progress")
MAX_BODY = 256 * 1024
MAX_NAME = 200
SCOPE = "access:services!service={name}"


class Hub(Protocol):
    """What the service asks of JupyterHub's `HubAuth`."""

    def user_for_token(self, token: str, use_cache: bool = ..., session_id: str = ..., *, sync: bool = ...) -> Any:
        """Return whom a token belongs to, or None."""
        ...

    def check_scopes(self, required_scopes: set[str], user: dict[str, Any]) -> set[str]:
        """Return the scopes that the token has of those required."""
        ...


@dataclass
class Service:
    """The service. keys, ledger: where the keys and the records are. name: of this service in the hub's configuration."""

    hub: Hub
    keys: Path
    ledger: Ledger
    name: str = "progress"
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    def application(self) -> web.Application:
        """Return the web application."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[_sentences])
        app.router.add_get("/health", self._health)
        app.router.add_get("/hand-in", self._standing)
        app.router.add_post("/hand-in", self._hand_in)
        return app

    async def _health(self, _: web.Request) -> web.Response:
        await asyncio.to_thread(read_keys, self.keys)
        return web.json_response({"ok": True})

    async def _standing(self, request: web.Request) -> web.Response:
        """Tell the learner how many records there are."""
        learner = await self._learner(request)
        async with self._turn(learner):
            last = await asyncio.to_thread(self._last, learner)
        return web.json_response({"learner": learner, "sequence": last.record.sequence if last else 0})

    async def _hand_in(self, request: web.Request) -> web.Response:
        learner = await self._learner(request)
        submission = read_submission(await request.read())
        async with self._turn(learner):
            signed = await asyncio.to_thread(self._record, learner, submission)
        counted = {judged.value: signed.record.judged.count(judged) for judged in Judged}
        return web.json_response({"receipt": signed.receipt, "judged": counted})

    def _turn(self, learner: str) -> asyncio.Lock:
        """One request of a learner at a time."""
        return self._turns.setdefault(hashlib.sha256(learner.encode("utf-8", "replace")).hexdigest(), asyncio.Lock())

    def _last(self, learner: str) -> Signed | None:
        return self.ledger.last(learner, read_keys(self.keys))

    def _record(self, learner: str, submission: Submission) -> Signed:
        ring = read_keys(self.keys)
        last = self.ledger.last(learner, ring)
        done = last.record.sequence if last else 0
        if submission.sequence != done + 1:
            raise web.HTTPConflict(text=f"Your last record is number {done}; send number {done + 1}.")
        if done >= MAX_RECORDS:
            raise web.HTTPTooManyRequests(text=f"You handed in {MAX_RECORDS} times. Ask your trainer.")
        if last and last.record.results == submission.results and last.record.service == pkikit.__version__:
            return last
        record = Record(
            learner=learner,
            sequence=submission.sequence,
            at=Clock().now().isoformat(timespec="seconds"),
            course=submission.course,
            service=pkikit.__version__,
            previous=last.signature if last else "",
            results=submission.results,
            judged=tuple(map(judge, submission.results)),
        )
        signed = sign(record, ring.active, ring.secret)
        self.ledger.add(signed)
        return signed

    async def _learner(self, request: web.Request) -> str:
        """Return who sends, by the hub's word. The token must be one that may use this service."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in ("token", "bearer") or not token or len(token) > 1000:
            raise web.HTTPUnauthorized(text="Send the token of your server on this class server.")
        try:
            user = await self.hub.user_for_token(token.strip(), sync=False)
        except Exception as error:  # HubAuth raises tornado's HTTPError, and what its HTTP client raises
            raise web.HTTPServiceUnavailable(text="The hub does not answer. Try again in a minute.") from error
        if not user:
            raise web.HTTPUnauthorized(text="The hub does not know this token. Restart your server.")
        if user.get("kind") != "user" or not self.hub.check_scopes({SCOPE.format(name=self.name)}, user):
            raise web.HTTPForbidden(text="This token may not hand in progress.")
        name = str(user["name"])
        if len(name) > MAX_NAME:
            raise web.HTTPForbidden(text=f"A name may have {MAX_NAME} characters at most.")
        return name


_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _sentences(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer every failure with one sentence as JSON."""
    try:
        return await handler(request)
    except LedgerDamaged as error:
        _LOG.error("%s", printable(str(error), 300))
        return _problem(503, "Your stored records were changed on the server. Tell your trainer.")
    except InputError as error:
        if request.method == "POST" and not error.where:
            return _problem(400, str(error))
        _LOG.error("%s", printable(str(error), 300))
        return _problem(503, "The progress service cannot store anything now. Tell your trainer.")
    except web.HTTPRequestEntityTooLarge:
        return _problem(413, f"Progress may have {MAX_BODY // 1024} KB at most.")
    except web.HTTPException as error:
        return _problem(error.status, error.text or error.reason)


def _problem(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=canonical({"error": sentence}), content_type="application/json")


async def serve(service: Service, address: str, *, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until cancelled.

    Args:
        service: the service.
        address: `unix:/path` or `host:port`.
        ready: called when the address answers.

    Raises:
        InputError: the address cannot be used, or another process has the folder.
    """
    lock = service.ledger.claim()
    runner = web.AppRunner(service.application(), access_log=None)
    await runner.setup()
    try:
        await _site(runner, address).start()
        if address.startswith("unix:"):
            # Everybody may connect; the hub says who it is.
            os.chmod(address.removeprefix("unix:"), 0o666)  # noqa: PTH101, S103
        ready()
        await asyncio.Event().wait()
    except OSError as error:
        raise InputError(f"the address cannot be used: {error.strerror or error}", where=address) from None
    finally:
        await runner.cleanup()
        lock.release()


def _site(runner: web.AppRunner, address: str) -> web.BaseSite:
    if address.startswith("unix:"):
        path = Path(address.removeprefix("unix:"))
        with suppress(FileNotFoundError):
            path.unlink()
        return web.UnixSite(runner, str(path))
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise InputError("an address is unix:/path or host:port", where=address)
    return web.TCPSite(runner, host, int(port))
