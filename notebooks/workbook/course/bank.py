"""The exercises as data: `exercises.yaml`, read and checked once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field

from pkikit.errors import InputError
from pkikit.values.names import printable


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(_Data):
    """The names of one peer in a shipped deployment. change: other values at some places."""

    deployment: str
    peer: str
    change: Mapping[str, Any] = {}


class Hosts(_Data):
    """The hosts to which a name resolves outside, in the lab of a deployment."""

    deployment: str
    name: str


class Work(_Data):
    """Something that is broken in the running lab and that fixes repair. change, faults: as in a case of the clinic."""

    deployment: str
    change: Mapping[str, Any] = {}
    faults: tuple[Mapping[str, Any], ...]


class Exercise(_Data):
    """One exercise. options: a text is a right option, a pair is a wrong one with the reason."""

    ask: str
    section: int = Field(ge=1)
    hints: tuple[str, str]
    because: str = ""
    one: bool = False
    cause: str = ""
    options: Mapping[str, str | tuple[str, str]] = {}
    names: Names | None = None
    hosts: Hosts | None = None
    work: Work | None = None
    case: str = ""

    @property
    def right(self) -> tuple[str, ...]:
        """The ids of the right options."""
        return tuple(key for key, option in self.options.items() if isinstance(option, str))

    @property
    def labels(self) -> dict[str, str]:
        """The text of each option, by its id."""
        return {key: option if isinstance(option, str) else option[0] for key, option in self.options.items()}

    @property
    def reasons(self) -> dict[str, str]:
        """Why each wrong option is wrong, by its id; empty for right ones."""
        return {key: "" if isinstance(option, str) else option[1] for key, option in self.options.items()}


@cache
def exercises() -> Mapping[str, Exercise]:
    """Return all exercises, by number."""
    text = Path(__file__).with_name("exercises.yaml").read_text(encoding="utf-8")
    return pydantic.TypeAdapter(dict[str, Exercise]).validate_python(yaml.safe_load(text))


def exercise_of(number: str) -> Exercise:
    """Return one exercise. Raises InputError with the numbers of the same notebook, or with all."""
    found = exercises().get(number)
    if found is None:
        known = [name for name in exercises() if name[:2] == number[:2]] or list(exercises())
        raise InputError(f"There is no exercise {printable(number)!r}. Choose one of {', '.join(known)}.")
    return found
