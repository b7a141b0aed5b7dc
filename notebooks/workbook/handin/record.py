"""What a learner hands in, and the signed record that the class server keeps of it. Values only: no files, no clock."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from pkikit.errors import InputError
from pkikit.model.codec.problems import sentence_of

MAX_RESULTS, MAX_ANSWER = 400, 4000
_CONTEXT = b"expressway-certificate-lab hand-in 1\n"
_WHAT = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$"
_TEXT = r"^[\x20-\x7e]*$"


class Judged(StrEnum):
    """What the class server found when it checked an answer again."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT = "not judged"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class Result(_Data):
    """One exercise or clinic ticket as the learner's machine reports it. answer: as JSON, empty if there is none."""

    what: Annotated[str, Field(pattern=_WHAT)]
    tries: Annotated[int, Field(ge=0, le=100_000)]
    right: bool
    shown: bool = False
    since: Annotated[str, Field(max_length=40, pattern=_TEXT)] = ""
    answer: Annotated[str, Field(max_length=MAX_ANSWER)] = ""
    points: Annotated[int, Field(ge=0, le=100)] = 0


class Submission(_Data):
    """What a learner sends. sequence: one more than the learner's last record, so that nothing can be sent twice."""

    sequence: Annotated[int, Field(ge=1, le=1_000_000)]
    course: Annotated[str, Field(max_length=40, pattern=_TEXT)]
    results: Annotated[tuple[Result, ...], Field(max_length=MAX_RESULTS)]

    @pydantic.field_validator("results")
    @classmethod
    def _once(cls, results: tuple[Result, ...]) -> tuple[Result, ...]:
        if len({r.what for r in results}) != len(results):
            raise ValueError("each exercise may appear once")
        return results


class Record(_Data):
    """What the class server signs. previous: the signature of the learner's record before this one; empty for the first.

    course: the version on the learner's side; service: the version that judged. judged: by exercise, in the order of results.
    """

    learner: str
    sequence: int
    at: str
    course: str
    service: str
    previous: str
    results: tuple[Result, ...]
    judged: tuple[Judged, ...]


class Signed(_Data):
    """A record with the id of the key and the signature (HMAC-SHA256 of its canonical form, in hexadecimal digits)."""

    record: Record
    key: str
    signature: str

    @property
    def line(self) -> str:
        """Return one line of JSON."""
        return canonical(self.model_dump(mode="json")) + "\n"

    @property
    def receipt(self) -> dict[str, Any]:
        """Return what the learner keeps: enough to prove later that this record was made."""
        told = self.record
        receipt = {"learner": told.learner, "sequence": told.sequence, "at": told.at, "course": told.course}
        return {**receipt, "key": self.key, "signature": self.signature}


def canonical(document: Any) -> str:
    """Return the one JSON text of a document: sorted keys, no spaces, ASCII only. Floats are not allowed, NaN neither."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def signature_of(record: Record, key: str, secret: bytes) -> str:
    """Return the signature of a record. The id of the key is part of what is signed."""
    document = canonical({"key": key, "record": record.model_dump(mode="json")})
    return hmac.new(secret, _CONTEXT + document.encode("ascii"), hashlib.sha256).hexdigest()


def sign(record: Record, key: str, secret: bytes) -> Signed:
    """Return the signed record."""
    return Signed(record=record, key=key, signature=signature_of(record, key, secret))


def is_genuine(signed: Signed, secrets: Mapping[str, bytes]) -> bool:
    """Return True if the signature was made with the key that the record names. secrets: by the id of the key."""
    secret = secrets.get(signed.key)
    if secret is None:
        return False
    wanted = signature_of(signed.record, signed.key, secret).encode()
    return hmac.compare_digest(wanted, signed.signature.encode("utf-8", "replace"))


def read_submission(data: bytes) -> Submission:
    """Read what a learner sent.

    Raises:
        InputError: one sentence that says what is wrong.
    """
    try:
        return Submission.model_validate_json(data, strict=False)
    except pydantic.ValidationError as error:
        raise InputError(f"this is not progress of the course: {sentence_of(error)}") from None


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The records of one learner that are in order, and what is wrong with the others, one sentence each."""

    learner: str
    records: tuple[Signed, ...]
    problems: tuple[str, ...] = ()


def chain_of(
    lines: Iterable[str | bytes], secrets: Mapping[str, bytes], distrusted: Iterable[str] = (), *, learner: str = ""
) -> Chain:
    """Check the records of one learner, oldest first: form, signature, order, and that none in between is missing.

    Args:
        lines: the lines of the learner's file.
        secrets: the server's keys, by id.
        distrusted: ids of keys that other people may know.
        learner: whose records these should be; by default the first record decides.

    Returns:
        The chain. A record after a problem still counts if its own signature is genuine.
    """
    good: list[Signed] = []
    problems: list[str] = []
    leaked = frozenset(distrusted)
    before, sequence, name = "", 0, learner
    for number, line in enumerate(lines, 1):
        try:
            signed = Signed.model_validate_json(line)
        except pydantic.ValidationError:
            problems.append(f"line {number} is not a record")
            continue
        told = signed.record
        if not is_genuine(signed, secrets):
            unknown = signed.key not in secrets
            problems.append(f"line {number}: {'the key is unknown' if unknown else 'the signature is wrong'}")
            continue
        name = name or told.learner
        if told.learner != name:
            problems.append(f"line {number} is a record of another learner")
            continue
        if signed.key in leaked:
            problems.append(f"line {number} is signed with key {signed.key}, which is distrusted")
        if told.sequence <= sequence:
            problems.append(f"line {number}: record {told.sequence} comes after record {sequence}")
            continue
        if told.sequence != sequence + 1 or told.previous != before:
            problems.append(
                f"line {number}: a record between {sequence} and {told.sequence} is missing or was replaced"
            )
        before, sequence = signed.signature, told.sequence
        if signed.key not in leaked:
            good.append(signed)
    return Chain(learner=name, records=tuple(good), problems=tuple(problems))
