"""A goal as a person writes it: `new-root:my-ca/ca.pem`, `renew:e1.example.com`, `two-stores`."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from cryptography import x509

from pkikit.errors import InputError
from pkikit.issue.authority import Authority
from pkikit.text import did_you_mean, printable


class GoalKind(enum.StrEnum):
    """What a change can be for. The value is what `--goal` takes."""

    NEW_ROOT = "new-root"
    RENEW = "renew"
    TWO_STORES = "two-stores"
    LEAVE_PUBLIC_CA = "leave-public-ca"
    ADD_DOMAIN = "add-domain"
    RENAME_PEER = "rename-peer"


# How each is written; what is in square brackets may be left out.
FORMS = {
    GoalKind.NEW_ROOT: "new-root:FILE",
    GoalKind.RENEW: "renew:PEER",
    GoalKind.TWO_STORES: "two-stores[:FILE]",
    GoalKind.LEAVE_PUBLIC_CA: "leave-public-ca[:FILE]",
    GoalKind.ADD_DOMAIN: "add-domain:NAME",
    GoalKind.RENAME_PEER: "rename-peer:OLD=NEW",
}
_WITH_FILE = frozenset({GoalKind.NEW_ROOT, GoalKind.TWO_STORES, GoalKind.LEAVE_PUBLIC_CA})


@dataclass(frozen=True, kw_only=True)
class GivenCa:
    """The CA of a goal's file.

    Attributes:
        where: the file.
        chain: the certificate that signs, then those above it; the root is the last.
        authority: the same CA with its key; None if nobody gave the key.
        is_stand_in: it takes the place of a CA that does not exist yet.
    """

    where: str
    chain: tuple[x509.Certificate, ...]
    authority: Authority | None = None
    is_stand_in: bool = False

    @property
    def root(self) -> x509.Certificate:
        """The self-signed certificate."""
        return self.chain[-1]


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One goal.

    Attributes:
        kind: what it is for.
        argument: what was written after the colon; empty if nothing was.
        ca: the CA of its file; None if it has none, or if nobody has read the file.
    """

    kind: GoalKind
    argument: str = ""
    ca: GivenCa | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else str(self.kind)

    @property
    def names_file(self) -> bool:
        """True if the argument is the name of a file with a CA."""
        return bool(self.argument) and self.kind in _WITH_FILE


def parse_goal(text: str) -> Goal:
    """Read a goal as a person writes it.

    Args:
        text: `KIND` or `KIND:ARGUMENT`.

    Returns:
        The goal. `read_goal` of `given_ca` reads its file too.

    Raises:
        InputError: there is no such kind, or it needs an argument or takes none.
    """
    word, colon, argument = text.strip().partition(":")
    argument = argument.strip()
    try:
        kind = GoalKind(word.strip().lower())
    except ValueError:
        hint = did_you_mean(word.strip().lower(), tuple(GoalKind))
        allowed = ", ".join(FORMS.values())
        raise InputError(f"{printable(text)!r} is not a goal; allowed are {allowed}.{hint}") from None
    form = FORMS[kind]
    if ":" in form and "[" not in form and not argument:
        raise InputError(f"{printable(text)!r} lacks what follows the colon; write {form}")
    if colon and ":" not in form:
        raise InputError(f"{printable(text)!r}: {kind} takes no argument")
    if kind is GoalKind.RENAME_PEER and argument.count("=") != 1:
        raise InputError(f"{printable(text)!r} does not name two peers; write {form}")
    return Goal(kind=kind, argument=argument)
