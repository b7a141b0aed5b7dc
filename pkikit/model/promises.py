"""`expect:` in the deployment file: what the owner promises of a deployment. `pkikit.expectations` judges it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from pkikit.model.deployment_file.fields import FileValue, Label, Switch
from pkikit.model.parties import LegKind
from pkikit.text import did_you_mean, printable

ServiceWord = Literal["mra", "b2b", "federation", "web-proxy", "administration"]
Curve = Literal["P-256", "P-384", "P-521"]
MAX_DAYS = 36_500
_AT_LEAST = re.compile(r">= ?([0-9]{1,6})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: Any) -> Any:
    # A number is not a day, although pydantic would count seconds.
    if type(value) is date:
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError(
        "name", "{problem}", {"problem": f"write a day as 2027-06-30, not {printable(str(value), 60)!r}"}
    )


def _bits(value: Any) -> Any:
    # 3072 and ">= 3072" mean the same.
    if type(value) is int:
        return value
    found = _AT_LEAST.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        problem = f"write the least number of bits, as 3072 or '>= 3072', not {printable(str(value), 60)!r}"
        raise PydanticCustomError("name", "{problem}", {"problem": problem})
    return int(found[1])


def _list(value: Any) -> Any:
    """One promise may stand without a list around it."""
    return [value] if isinstance(value, dict) else value


def _known_services(value: Any) -> Any:
    words = get_args(ServiceWord)
    for key in value if isinstance(value, dict) else ():
        if key not in words:
            shown = printable(str(key), 60)
            problem = f"{shown!r} is not a service; allowed are {', '.join(words)}.{did_you_mean(shown, words)}"
            raise PydanticCustomError("name", "{problem}", {"problem": problem, "path": (str(key),)})
    return value


Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=str), Field(json_schema_extra={"format": "date"})]
_BITS = {"anyOf": [{"type": "integer", "minimum": 512}, {"type": "string", "pattern": "^>= ?[0-9]+$"}]}
Bits = Annotated[int, Field(ge=512, le=65_536), BeforeValidator(_bits), WithJsonSchema(_BITS)]
Scope = Annotated[str, Field(min_length=1, max_length=255)]


class Until(FileValue):
    """How long something is promised: up to and including a day, or for a number of days from now; neither: now.

    The last day ends at midnight UTC.
    """

    until: Day | None = None
    days: int | None = Field(default=None, ge=1, le=MAX_DAYS, strict=True)

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.until is not None and self.days is not None:
            problem = "is given twice: as `until` and as `days`; write one of them"
            raise PydanticCustomError("deployment", "{problem}", {"problem": f"the end {problem}"})
        return self


class ServicePromise(Until):
    """A service works.

    clusters: of these clusters; empty: of every cluster that offers it.
    every_peer: at each peer; otherwise one peer of the cluster is enough.
    peers_down: and it still works if any so many Expressways are down.
    """

    clusters: tuple[Label, ...] = ()
    every_peer: Switch = False
    peers_down: int = Field(default=0, ge=0, le=2, strict=True)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.every_peer and self.peers_down:
            problem = "cannot be kept: at every peer (`every_peer`) excludes that peers are down (`peers_down`)"
            raise PydanticCustomError("deployment", "{problem}", {"problem": problem})
        return self


class ConnectionPromise(Until):
    """Connections are up, and with `mutual`, both sides verify and enforce what they find.

    zone, kind, between: which connections; what is given must all be true. `between` has one or two of: a cluster, a role, a kind
    of machine, an FQDN. up: off promises the settings alone.
    """

    zone: Label | None = None
    kind: LegKind | None = None
    between: tuple[Scope, ...] = Field(default=(), max_length=2)
    up: Switch = True
    mutual: Switch = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.up and not self.mutual:
            problem = "promises nothing: with `up: off`, write `mutual: on`"
            raise PydanticCustomError("deployment", "{problem}", {"problem": problem})
        if not self.up and (self.until is not None or self.days is not None):
            problem = "promises a time of connections that need not be up: remove `up: off`, or the end"
            raise PydanticCustomError("deployment", "{problem}", {"problem": problem})
        return self


class KeyPromise(FileValue):
    """Keys of certificates: RSA keys have at least so many bits, and EC keys are on one of these curves.

    of: clusters, roles, kinds of machines or FQDNs; empty: the Expressways. A kind of key without an entry is not judged.
    """

    rsa: Bits | None = None
    ec: tuple[Curve, ...] | None = None
    of: tuple[Scope, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.rsa is None and self.ec is None:
            raise PydanticCustomError("deployment", "{problem}", {"problem": "promises nothing: write `rsa` or `ec`"})
        return self


class PublicCaPromise(FileValue):
    """No certificate of these machines shows signs of a public CA."""

    never_on: tuple[Scope, ...] = Field(min_length=1)


class LifetimePromise(FileValue):
    """How long certificates live, and how many days they have left.

    of: as for keys.
    """

    at_most_days: int | None = Field(default=None, ge=1, le=MAX_DAYS, strict=True)
    days_left: int | None = Field(default=None, ge=1, le=MAX_DAYS, strict=True)
    of: tuple[Scope, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.at_most_days is None and self.days_left is None:
            problem = "promises nothing: write `at_most_days` or `days_left`"
            raise PydanticCustomError("deployment", "{problem}", {"problem": problem})
        return self


_Connections = Annotated[
    tuple[ConnectionPromise, ...],
    BeforeValidator(_list, json_schema_input_type=tuple[ConnectionPromise, ...] | ConnectionPromise),
]
_Keys = Annotated[
    tuple[KeyPromise, ...], BeforeValidator(_list, json_schema_input_type=tuple[KeyPromise, ...] | KeyPromise)
]
_Lifetimes = Annotated[
    tuple[LifetimePromise, ...],
    BeforeValidator(_list, json_schema_input_type=tuple[LifetimePromise, ...] | LifetimePromise),
]


class Promises(FileValue):
    """What the owner promises of the deployment."""

    services: Annotated[dict[ServiceWord, ServicePromise], BeforeValidator(_known_services)] = {}  # noqa: RUF012
    connections: _Connections = ()
    keys: _Keys = ()
    public_ca: PublicCaPromise | None = None
    lifetime: _Lifetimes = ()

    def scopes(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield each cluster, role, kind or machine that is named, with its place in the file."""
        for i, key in enumerate(self.keys):
            yield from ((("keys", i, "of", j), scope) for j, scope in enumerate(key.of))
        for i, lifetime in enumerate(self.lifetime):
            yield from ((("lifetime", i, "of", j), scope) for j, scope in enumerate(lifetime.of))
        if self.public_ca is not None:
            yield from ((("public_ca", "never_on", j), scope) for j, scope in enumerate(self.public_ca.never_on))
        for i, connection in enumerate(self.connections):
            yield from ((("connections", i, "between", j), scope) for j, scope in enumerate(connection.between))
