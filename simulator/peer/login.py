"""Who may use a peer's pages: two accounts, salted hashes, sessions with a CSRF token, and patience that runs out.

Passwords are made per lab (`Accounts.create`): on a shared machine the neighbour's loopback is reachable too.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
from aiohttp import web

_COST = {"n": 2**13, "r": 8, "p": 1}  # some 20 ms a guess
SESSION_LIFETIME = 30 * 60.0  # seconds without a request, as the product's default
MAX_SESSIONS = 200
FREE_FAILURES = 5  # wrong passwords of one address before it has to wait
_LONGEST_WAIT = 60.0
_REMEMBERED = 1_000


class AccountRole(enum.StrEnum):
    """What an account may do: read-write changes things, read-only looks."""

    ADMINISTRATOR = "read-write"
    AUDITOR = "read-only"


@dataclass(frozen=True, kw_only=True)
class Session:
    """A logged-in browser."""

    user: str
    role: AccountRole
    csrf: str = field(repr=False)


SESSION = web.RequestKey("session", Session)


class TooManyFailures(Exception):
    """This address guessed too often. `wait` is the number of seconds after which it may try again."""

    # No frozen dataclass: Python sets `__traceback__` on every exception that passes a context manager.
    def __init__(self, wait: float) -> None:
        super().__init__(f"too many failed logins; wait {wait:.0f} s")
        self.wait = wait


class Accounts:
    """The accounts of a lab: `admin` (read-write) and `auditor` (read-only)."""

    def __init__(self, passwords: dict[str, str]) -> None:
        """passwords: by user name; of those who have no role here none is taken. They are kept as salted hashes."""
        self._salt = secrets.token_bytes(16)
        self._roles = {"admin": AccountRole.ADMINISTRATOR, "auditor": AccountRole.AUDITOR}
        self._hashes = {user: self._hash(word) for user, word in passwords.items() if user in self._roles}
        self._gate: anyio.CapacityLimiter | None = None
        self._verified: OrderedDict[bytes, str] = OrderedDict()

    @staticmethod
    def create() -> dict[str, str]:
        """New passwords, of the peers' two accounts and of who enrols at the CA's web pages."""
        return {user: secrets.token_urlsafe(12) for user in ("admin", "auditor", "enrol")}

    def _hash(self, password: str) -> bytes:
        return hashlib.scrypt(password.encode("utf-8"), salt=self._salt, **_COST)

    def recall(self, user: str, password: str) -> AccountRole | None:
        """The role, where this password was found right before; costs nothing."""
        return self._roles.get(self._verified.get(self._seen(user, password), ""))

    def _seen(self, user: str, password: str) -> bytes:
        return hmac.digest(self._salt, f"{user}\0{password}".encode(), "sha256")

    async def check(self, user: str, password: str) -> AccountRole | None:
        """The role of this account when the password is right. An unknown user costs the same time."""
        if len(user) > 100 or len(password) > 200:
            return None
        self._gate = self._gate or anyio.CapacityLimiter(1)
        made = await anyio.to_thread.run_sync(self._hash, password, limiter=self._gate)
        known = self._hashes.get(user, b"\0" * 64)
        if not hmac.compare_digest(made, known):
            return None
        self._verified[self._seen(user, password)] = user
        while len(self._verified) > 10:
            self._verified.popitem(last=False)
        return self._roles[user]


class Doorkeeper:
    """Sessions and failures of one peer's web interface. `clock` counts real seconds, not the lab's."""

    def __init__(self, accounts: Accounts, clock: Callable[[], float]) -> None:
        self._accounts, self._clock = accounts, clock
        self._sessions: OrderedDict[str, tuple[Session, float]] = OrderedDict()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def admit(self, user: str, password: str, address: str) -> AccountRole | None:
        """Check a password; TooManyFailures while the address has to wait, which is found out before any hashing."""
        count, until = self._failures.get(address, (0, 0.0))
        now = self._clock()
        if count >= FREE_FAILURES and now < until:
            raise TooManyFailures(until - now)
        recalled = self._accounts.recall(user, password)
        if recalled is not None:
            return recalled
        # Counted before the answer is known: guesses sent at once do not slip through together.
        wait = min(2.0 ** (count + 1 - FREE_FAILURES), _LONGEST_WAIT)
        self._failures[address] = (count + 1, now + wait)
        self._failures.move_to_end(address)
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)
        role = await self._accounts.check(user, password)
        if role is not None:
            self._failures.pop(address, None)
        return role

    def open_session(self, user: str, role: AccountRole) -> tuple[str, Session]:
        """(cookie, session)."""
        cookie = secrets.token_urlsafe(32)
        session = Session(user=user, role=role, csrf=secrets.token_urlsafe(32))
        self._sessions[cookie] = (session, self._clock())
        while len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return cookie, session

    def session(self, cookie: str) -> Session | None:
        """The session of a cookie, unless it lay idle too long."""
        found = self._sessions.get(cookie)
        if found is None:
            return None
        session, last = found
        if self._clock() - last > SESSION_LIFETIME:
            del self._sessions[cookie]
            return None
        self._sessions[cookie] = (session, self._clock())
        return session

    def close_session(self, cookie: str) -> None:
        """Log out."""
        self._sessions.pop(cookie, None)

    def close_all(self) -> None:
        """A restart ends every session."""
        self._sessions.clear()


def basic_credentials(header: str) -> tuple[str, str] | None:
    """User and password of an Authorization header; None when it is no Basic one."""
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None
