"""Access to a peer's pages: host name and origin, a session with a CSRF token, HTTP Basic for scripts."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Collection

from aiohttp import web

from pkikit.model.certificates.facts import format_time
from pkikit.model.tables.log_events import LOGIN_FAILURE, POST_FAILED, SESSION_FINISH, SESSION_START
from simulator.peer.peer import Peer
from simulator.web.doorkeeper import SESSION, AccountRole, Accounts, Doorkeeper, Session, basic_credentials
from simulator.web.web_input import SAFE_METHODS, read_form, require_own_host, require_same_origin

COOKIE = "__Host-session"
PUBLIC = frozenset({"/login", "/style.css"})


class Gate:
    """Sessions and logins of one peer's pages."""

    def __init__(self, peer: Peer, accounts: Accounts, names: Callable[[], Collection[str]]) -> None:
        """Describe the access rules.

        Args:
            names: returns the host names that this peer answers to now.
        """
        self._peer, self._names = peer, names
        self.doorkeeper = Doorkeeper(accounts, asyncio.get_running_loop().time)

    async def admit(self, request: web.Request, *, is_script: bool) -> None:
        """Let a request through, and store its session in the request under SESSION.

        Raises:
            HTTPException: the request is not allowed, or has to log in first.
            TooManyFailures: too many wrong passwords came from this address, or for this account.
            InputError: the form cannot be read.
        """
        require_same_origin(request)
        if request.path not in PUBLIC:
            require_own_host(request, self._names)
        if is_script:
            self._admit_script(request)
        else:
            await self._admit_browser(request)

    def _admit_script(self, request: web.Request) -> None:
        given = basic_credentials(request.headers.get("Authorization", ""))
        role = self.doorkeeper.admit(*given, request.remote or "") if given else None
        if given is None or role is None:
            if given:
                self._log_failure(given[0], request)
            raise web.HTTPUnauthorized(
                text="user name and password are needed (HTTP Basic)",
                headers={"WWW-Authenticate": f'Basic realm="{self._peer.fqdn}"'},
            )
        if request.method not in SAFE_METHODS and role is not AccountRole.ADMINISTRATOR:
            raise web.HTTPForbidden(text="this account may look, not change")
        request[SESSION] = Session(user=given[0], role=role, csrf="")

    async def _admit_browser(self, request: web.Request) -> None:
        if request.path in PUBLIC:
            return
        session = self.doorkeeper.session(request.cookies.get(COOKIE, ""))
        if session is None:
            raise web.HTTPFound("/login")
        if request.method == "POST":
            form = await read_form(request)
            if not hmac.compare_digest(str(form.get("csrf", "")).encode(), session.csrf.encode()):
                fields = self._session_fields(
                    session.user, request, f"sent a form of another session to {request.path}"
                )
                self._peer.lab.events.add(self._peer.fqdn, POST_FAILED, **fields)
                raise web.HTTPForbidden(text="this form is of another session; open the page again")
            if session.role is not AccountRole.ADMINISTRATOR and request.path != "/logout":
                raise web.HTTPForbidden(text="this account may look, not change")
        request[SESSION] = session

    def log_in(self, request: web.Request, user: str, password: str) -> str | None:
        """Open a session and return its cookie; None when the password is wrong.

        Raises:
            TooManyFailures: too many wrong passwords came from this address, or for this account.
        """
        role = self.doorkeeper.admit(user, password, request.remote or "")
        if role is None:
            self._log_failure(user, request)
            return None
        self._peer.lab.events.add(self._peer.fqdn, SESSION_START, **self._session_fields(user, request, "started"))
        return self.doorkeeper.open_session(user, role)[0]

    def log_out(self, request: web.Request) -> None:
        """End the session that this request belongs to."""
        session = request.get(SESSION)
        self.doorkeeper.close_session(request.cookies.get(COOKIE, ""))
        if session is not None:
            fields = self._session_fields(session.user, request, "finished")
            self._peer.lab.events.add(self._peer.fqdn, SESSION_FINISH, **fields)

    def _session_fields(self, user: str, request: web.Request, what: str) -> dict[str, object]:
        """Return the fields of a line about a session: the user, the address, and the time in Detail."""
        at, remote = self._peer.lab.now_of(self._peer.fqdn), request.remote or ""
        detail = f"session of {user} from {remote} {what} at {format_time(at)}"
        return {"User": user, "ipaddr": remote, "Detail": detail}

    def close_all(self) -> None:
        """End every session, as a restart does."""
        self.doorkeeper.close_all()

    def _log_failure(self, user: str, request: web.Request) -> None:
        fields = self._session_fields(user[:100], request, "login failed")
        self._peer.lab.events.add(self._peer.fqdn, LOGIN_FAILURE, **fields)


GATE = web.AppKey("gate", Gate)
