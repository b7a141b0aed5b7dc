"""Everything that `pkikit` raises. With `pkikit.text` this is the ground floor: it imports nothing else of ours.

PkikitError
├── InputError(where)            what a person handed in cannot be used
│   ├── DeploymentError          a deployment file: file, line, key, what is allowed
│   └── EncodingError(rule)      a file that is not what it says (`encoding.not-pem`, `encoding.malformed`)
├── Rejected(verdict)            `Verdict.require()` on a verdict with errors (in `pkikit.model.findings`, beside Verdict)
├── IssuanceRefused              the authority will not sign this request
├── FetchError(url)              a CRL, OCSP answer or certificate could not be had
└── AcmeError
    ├── AcmeProblem(type, detail, subproblems)   the CA answered with an RFC 8555 problem document
    ├── AcmeMisissued(reasons)                   its answer is not what was asked for, and is refused
    └── AcmeTimeout                              the CA did not finish in time

A finding is never an exception and an exception never a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pkikit.text import printable

MAX_WHERE = 1000


class PkikitError(Exception):
    """The base class of all errors that pkikit raises. A worker process can hand any of them to its caller."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception would call the class with the message, but most of our classes take other arguments.
        return _copy_of, (type(self), self.args), self.__dict__


def _copy_of(kind: type[PkikitError], arguments: tuple[object, ...]) -> PkikitError:
    return kind.__new__(kind, *arguments)


class InputError(PkikitError):
    """One clear sentence about input that cannot be used; `where` names the file, line or parameter.

    A file name may hold anything but "/" and NUL, so this class escapes `where` once for every message.
    """

    def __init__(self, message: str, *, where: str = "") -> None:
        where = printable(where, MAX_WHERE)
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where
        self.message = message


class DeploymentError(InputError):
    """A deployment file that breaks the schema or contradicts itself."""


class EncodingError(InputError):
    """A file that is not what it claims to be; `rule` is the id of the root cause."""

    def __init__(self, message: str, *, where: str = "", rule: str = "encoding.malformed") -> None:
        super().__init__(message, where=where)
        self.rule = rule


class IssuanceRefused(PkikitError):
    """The CA refuses to sign a request; the message says why."""


class FetchError(PkikitError):
    """A URL did not deliver what it should: where, and why."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


class AcmeError(PkikitError):
    """An ACME conversation that did not end in a certificate."""


class AcmeProblem(AcmeError):
    """An RFC 8555 problem document: its type, the names it is about, and how long the CA asks to wait, if it does."""

    def __init__(
        self,
        problem_type: str,
        detail: str,
        subproblems: Sequence[tuple[str, str]] = (),
        *,
        retry_after: timedelta | None = None,
    ) -> None:
        details = "; ".join(f"{name}: {text}" for name, text in subproblems)
        super().__init__(f"{problem_type}: {detail}" + (f" ({details})" if details else ""))
        self.type = problem_type
        self.detail = detail
        self.subproblems = tuple(subproblems)
        self.retry_after = retry_after


class AcmeMisissued(AcmeError):
    """The certificate that the CA issued differs from the request, so the client refuses it."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"the CA's answer is refused: {'; '.join(reasons)}")
        self.reasons = tuple(reasons)


class AcmeTimeout(AcmeError):
    """The CA did not answer within the given time."""
