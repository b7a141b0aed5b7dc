"""The commands of the console, their parameters, and how a line is read. Pure.

Sources: X15.0 administrator guide, 'Reference Material' (xCommand Commands); X14.0.1 certificate guide (Acmerevoke). The
product prints no answers in these documents, so the answers are ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pkikit.errors import InputError
from pkikit.values.names import printable

MAX_LINE = 4000
_SWITCH = ("On", "Off")
_VALUE = r"""(?P<value>"\{.*?\}"|'[^']*'|\{.*?\}|"[^"]*"|[^\s"'{]\S*)"""
_NAMED = re.compile(rf"\s*(?P<name>[A-Za-z]\w*):\s*{_VALUE}(?=\s|$)")
_BARE = re.compile(rf"\s*{_VALUE}(?=\s|$)")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter. allowed: its values; empty for any text. ignored: the product takes and does not use it."""

    name: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    ignored: bool = False


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its words, its parameters, and the parameter whose name may be left out."""

    name: str
    parameters: tuple[Parameter, ...] = ()
    first: str = ""

    def parameter(self, name: str) -> Parameter:
        """Return the parameter with this name; the case of the letters does not matter.

        Raises:
            InputError: the command has no such parameter.
        """
        found = next((p for p in self.parameters if p.name.lower() == name.lower()), None)
        if found is None:
            has = ", ".join(p.name for p in self.parameters) or "none"
            raise InputError(f"xCommand {self.name} has no parameter {printable(name, 40)}; it has {has}")
        return found


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line that was read: the command, and its arguments by the names of the parameters."""

    command: Command
    arguments: Mapping[str, str] = field(default_factory=dict)

    def argument(self, name: str) -> str:
        """Return an argument, or an empty text."""
        return self.arguments.get(name, "")


_DOMAIN = Parameter(name="Domain")
COMMANDS: tuple[Command, ...] = (
    Command(name="ACME Delete Pending Cert", parameters=(_DOMAIN,)),
    Command(name="ACME Deploy", parameters=(_DOMAIN, Parameter(name="ReloadCerts", allowed=_SWITCH))),
    Command(name="ACME Get Pending Cert", parameters=(_DOMAIN,)),
    Command(name="ACME Providers Read", parameters=(Parameter(name="ProviderUuid"),)),
    Command(
        name="ACME Providers Write",
        parameters=(
            Parameter(name="ProviderUuid", required=True),
            Parameter(name="Email", required=True),
            Parameter(name="TermsOfService", required=True, allowed=("Accepted",)),
            Parameter(name="Default", allowed=_SWITCH, ignored=True),
            Parameter(name="Name", ignored=True),
            Parameter(name="Url", ignored=True),
        ),
    ),
    Command(
        name="ACME Reset", parameters=(Parameter(name="Action", required=True, allowed=("execute",)),), first="Action"
    ),
    Command(
        name="ACME Revoke",
        parameters=(Parameter(name="CertPath", required=True), Parameter(name="Provider")),
        first="CertPath",
    ),
    Command(name="ACME Settings Read", parameters=(_DOMAIN,), first="Domain"),
    Command(
        name="ACME Settings Write",
        parameters=(
            Parameter(name="AcmeManaged", required=True, allowed=("Disabled", "Manual", "Automated")),
            _DOMAIN,
            Parameter(name="ProviderUuid"),
            Parameter(name="RenewKey", allowed=("Retain", "Rotate")),
            Parameter(name="RenewalSchedule"),
        ),
    ),
    Command(name="ACME Sign", parameters=(_DOMAIN, Parameter(name="NumSanEntries"))),
    Command(name="Boot"),
    Command(
        name="Certs Command",
        parameters=(
            Parameter(name="Command", required=True, allowed=("csr_create",)),
            Parameter(name="subjectfields"),
            Parameter(name="Keysize"),
            Parameter(name="Publickeyalgorithm", allowed=("RSA", "ECDSA")),
            _DOMAIN,
        ),
        first="Command",
    ),
    Command(name="Restart"),
)
_ALIASES = {"acmerevoke": "ACME Revoke"}


def read_line(line: str) -> Line:
    """Return the command of a line and its arguments.

    Raises:
        InputError: the command is not one of these, or an argument is missing, unknown or wrong. One sentence.
    """
    if len(line) > MAX_LINE:
        raise InputError(f"the line has {len(line)} characters; at most {MAX_LINE} are read")
    command, rest = _command(line)
    arguments: dict[str, str] = {}
    while rest.strip():
        given = _NAMED.match(rest)
        bare = None if given or arguments or not command.first else _BARE.match(rest)
        found = given or bare
        if found is None:
            raise InputError(f"xCommand {command.name}: {printable(rest.strip(), 60)!r} is not written as Name: value")
        parameter = command.parameter(given["name"] if given else command.first)
        if parameter.name in arguments:
            raise InputError(f"xCommand {command.name}: {parameter.name} is given twice")
        arguments[parameter.name] = _checked(parameter, _unquoted(found["value"]))
        rest = rest[found.end() :]
    missing = [p.name for p in command.parameters if p.required and not arguments.get(p.name)]
    if missing:
        raise InputError(f"xCommand {command.name} needs {', '.join(missing)}")
    return Line(command=command, arguments=arguments)


def _command(line: str) -> tuple[Command, str]:
    words = re.match(r"\s*xcommand\b(?P<rest>.*)", line, re.IGNORECASE | re.DOTALL)
    rest = words["rest"] if words else ""
    for alias, name in _ALIASES.items():
        rest = re.sub(rf"^\s*{alias}\b", f" {name}", rest, count=1, flags=re.IGNORECASE)
    for command in sorted(COMMANDS, key=lambda c: -len(c.name)):
        pattern = r"\s+" + r"\s+".join(command.name.split()) + r":?(?=\s|$)"
        found = re.match(pattern, rest, re.IGNORECASE)
        if found is not None:
            return command, rest[found.end() :]
    known = ", ".join(f"xCommand {c.name}" for c in COMMANDS)
    raise InputError(f"{printable(line.strip(), 80)!r} is not a command of this lab; there are {known}")


def _unquoted(value: str) -> str:
    return value[1:-1] if value[0] in "\"'" and value[-1] == value[0] and len(value) > 1 else value


def _checked(parameter: Parameter, value: str) -> str:
    """Return the value as the parameter spells it."""
    if not parameter.allowed:
        return value
    found = next((allowed for allowed in parameter.allowed if allowed.lower() == value.lower()), None)
    if found is None:
        raise InputError(f"{parameter.name}: {printable(value, 40)!r} is not {' or '.join(parameter.allowed)}")
    return found
