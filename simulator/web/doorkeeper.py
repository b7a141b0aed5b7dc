"""Who may use a web face of the lab: accounts, sessions with a CSRF token, and a wait after too many wrong passwords.

Each lab makes its passwords (`Accounts.create`): on a shared machine, other users reach loopback too.
"""

from __future__ import annotations

import base64
import enum
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

SESSION_LIFETIME = 30 * 60.0  # seconds without a request, as the product's default
MAX_SESSIONS = 200
FREE_FAILURES = 5  # wrong passwords from one address, or for one account, before a wait
_LONGEST_WAIT = 60.0
_FORGOTTEN_AFTER = 600.0  # seconds without another wrong password
_REMEMBERED = 1_000


class AccountRole(enum.StrEnum):
    """What an account may do: read-write changes things, read-only looks."""

    ADMINISTRATOR = "read-write"
    AUDITOR = "read-only"


ROLES = {"admin": AccountRole.ADMINISTRATOR, "auditor": AccountRole.AUDITOR}


@dataclass(frozen=True, kw_only=True)
class Session:
    """A logged-in browser."""

    user: str
    role: AccountRole
    csrf: str = field(repr=False)


SESSION = web.RequestKey("session", Session)


class TooManyFailures(Exception):
    """Too many wrong passwords came from this address, or for this account. wait: seconds until the next try counts."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"too many failed logins; wait {wait:.0f} s")
        self.wait = wait


class Accounts:
    """The accounts of one web face, each with a role.

    The passwords have 96 random bits, so a keyed hash without a work factor is enough: nobody guesses one, and checking the
    right one costs nothing.
    """

    def __init__(self, passwords: Mapping[str, str], roles: Mapping[str, AccountRole] = ROLES) -> None:
        """Keep the passwords of these accounts.

        Args:
            passwords: by user name.
            roles: who has an account here; passwords of others are not kept.
        """
        self._salt = secrets.token_bytes(16)
        self._roles = dict(roles)
        self._hashes = {user: self._hash(word) for user, word in passwords.items() if user in self._roles}

    @staticmethod
    def create() -> dict[str, str]:
        """Make new passwords: for the peers' two accounts, and for the account that enrols at the CA's web pages."""
        return {user: secrets.token_urlsafe(12) for user in ("admin", "auditor", "enrol")}

    def _hash(self, password: str) -> bytes:
        return hmac.digest(self._salt, password.encode("utf-8", "backslashreplace"), "sha256")

    def __contains__(self, user: str) -> bool:
        return user in self._hashes

    def check(self, user: str, password: str) -> AccountRole | None:
        """Return the role of this account if the password is right. An unknown user costs the same time."""
        known = self._hashes.get(user, b"\0" * 32)
        return self._roles[user] if hmac.compare_digest(self._hash(password), known) else None


class Doorkeeper:
    """Sessions and failures of one web face. `clock` counts real seconds, not the lab's."""

    def __init__(self, accounts: Accounts, clock: Callable[[], float]) -> None:
        self._accounts, self._clock = accounts, clock
        self._sessions: OrderedDict[str, tuple[Session, float]] = OrderedDict()
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def admit(self, user: str, password: str, address: str) -> AccountRole | None:
        """Return the role if the password is right; None if it is wrong.

        The right password is always accepted: another user of the machine must not be able to lock the administrator out by
        guessing.

        Raises:
            TooManyFailures: the password is wrong, and its address or its account has to wait.
        """
        role = self._accounts.check(user, password)
        if role is not None:
            self._failures.pop(("address", address), None)
            return role
        # Names without an account share one counter, so that they cannot push the others out of memory.
        counters = (("account", user if user in self._accounts else ""), ("address", address))
        wait = max(self._wait_of(counter) for counter in counters)
        if wait > 0:
            raise TooManyFailures(wait)
        for counter in counters:
            self._count(counter)
        return None

    def _wait_of(self, counter: tuple[str, str]) -> float:
        count, until = self._failures.get(counter, (0, 0.0))
        return until - self._clock() if count >= FREE_FAILURES else 0.0

    def _count(self, counter: tuple[str, str]) -> None:
        now = self._clock()
        count, until = self._failures.pop(counter, (0, 0.0))
        count = 1 if now - until > _FORGOTTEN_AFTER else count + 1
        self._failures[counter] = (count, now + min(2.0 ** (count - FREE_FAILURES), _LONGEST_WAIT))
        addresses = (
            [kept for kept in self._failures if kept[0] == "address"] if len(self._failures) > _REMEMBERED else []
        )
        for kept in addresses[: len(self._failures) - _REMEMBERED]:
            del self._failures[kept]

    def open_session(self, user: str, role: AccountRole) -> tuple[str, Session]:
        """Log in; return (cookie, session)."""
        cookie = secrets.token_urlsafe(32)
        session = Session(user=user, role=role, csrf=secrets.token_urlsafe(32))
        self._sessions[cookie] = (session, self._clock())
        while len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return cookie, session

    def session(self, cookie: str) -> Session | None:
        """Return the session of a cookie, unless nobody used it for too long."""
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
        """End every session, as a restart does."""
        self._sessions.clear()


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Return user and password of an Authorization header; None if it has no readable Basic credentials."""
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:  # not base64, not ASCII, not UTF-8
        return None
    return (user, password) if colon else None
