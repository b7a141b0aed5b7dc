"""Everything that `pkikit` raises. With `pkikit.text` this is the ground floor: it imports nothing else of ours.

PkikitError
├── InputError(where)            what a person handed in cannot be used
│   ├── DeploymentError          a deployment file: file, line, key, what is allowed
│   └── EncodingError(rule)      a file that is not what it says (`encoding.not-pem`, `encoding.malformed`)
├── Rejected(verdict)            `Verdict.require()` on a verdict that says no (in `pkikit.model.findings`, beside Verdict)
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

from pkikit.text import printable

MAX_WHERE = 1000


class PkikitError(Exception):
    """The root: catch this and you have caught everything that is ours."""


class InputError(PkikitError):
    """One clear sentence about input that cannot be used; `where` names the file, line or key.

    A file name may hold anything but "/" and NUL, so `where` is escaped here, once for every message.
    """

    def __init__(self, message: str, *, where: str = "") -> None:
        where = printable(where, MAX_WHERE)
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where
        self.message = message


class DeploymentError(InputError):
    """A deployment file that does not say what a deployment file can say."""


class EncodingError(InputError):
    """A file that is not what it says; `rule` is the root cause for it."""

    def __init__(self, message: str, *, where: str = "", rule: str = "encoding.malformed") -> None:
        super().__init__(message, where=where)
        self.rule = rule


class IssuanceRefused(PkikitError):
    """The authority will not sign this request, and says why."""


class FetchError(PkikitError):
    """What a URL should have given could not be had: where, and why."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


class AcmeError(PkikitError):
    """The ACME conversation did not end in a certificate."""


class AcmeProblem(AcmeError):
    """An RFC 8555 problem document, with the names that it is about and how long the CA asks to wait, where it does."""

    def __init__(
        self,
        problem_type: str,
        detail: str,
        subproblems: Sequence[tuple[str, str]] = (),
        *,
        retry_after: timedelta | None = None,
    ) -> None:
        told = "; ".join(f"{name}: {text}" for name, text in subproblems)
        super().__init__(f"{problem_type}: {detail}" + (f" ({told})" if told else ""))
        self.type = problem_type
        self.detail = detail
        self.subproblems = tuple(subproblems)
        self.retry_after = retry_after


class AcmeMisissued(AcmeError):
    """What the CA answered is not what was asked for, so it is refused."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"the CA's answer is refused: {'; '.join(reasons)}")
        self.reasons = tuple(reasons)


class AcmeTimeout(AcmeError):
    """The CA did not come to an answer within the time given."""
