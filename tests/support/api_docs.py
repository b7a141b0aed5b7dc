"""docs/api.md: the public names of `pkikit` and `simulator`, from their signatures and docstrings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import griffe

import pkikit
import simulator
from tests.support.places import ROOT

_HEAD = """# Python API

Made by `make docs` from the docstrings. `import pkikit` needs the base install (`pip install expressway-certificate-lab`),
`from simulator import Lab` the extra `[lab]`. Other modules may change in any release.
Certificates are accepted as a path, as bytes (PEM, DER, PKCS#7) or as an object of `cryptography.x509`.
"""
_LOADER = griffe.GriffeLoader(search_paths=[str(ROOT)], docstring_parser=griffe.Parser.google)


@cache
def _package(name: str) -> griffe.Object | griffe.Alias:
    return _LOADER.load(name)


def _object(path: str) -> griffe.Object:
    package, _, rest = path.partition(".")
    found = _package(package)[rest]
    return found.final_target if isinstance(found, griffe.Alias) else found


def public_objects() -> dict[str, griffe.Object]:
    """Name as people import it → what the source says about it."""
    found = {f"pkikit.{name}": _object(f"{home}.{name}") for home, names in pkikit._HOMES.items() for name in names}
    return found | {f"simulator.{name}": _object(".".join(home)) for name, home in simulator._HOMES.items()}


def signature(function: griffe.Function, name: str) -> str:
    """`name(argument, *, keyword=default)`, without types; they are in the table."""
    parts: list[str] = []
    keyword_only = False
    for parameter in function.parameters:
        if parameter.name in {"self", "cls"}:
            continue
        if parameter.kind is griffe.ParameterKind.keyword_only and not keyword_only:
            keyword_only = True
            parts.append("*")
        star = "*" * (
            (parameter.kind is griffe.ParameterKind.var_positional)
            + 2 * (parameter.kind is griffe.ParameterKind.var_keyword)
        )
        required = parameter.default is None or star
        parts.append(f"{star}{parameter.name}" + ("" if required else f"={parameter.default}"))
    return f"{name}({', '.join(parts)})"


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _sections(thing: griffe.Object) -> Iterator[str]:
    """A docstring: prose, then arguments, result, errors and example."""
    if thing.docstring is None:
        return
    for section in thing.docstring.parsed:
        match section:
            case griffe.DocstringSectionText():
                yield section.value.strip() + "\n"
            case griffe.DocstringSectionParameters() | griffe.DocstringSectionAttributes():
                kind = "argument" if isinstance(section, griffe.DocstringSectionParameters) else "attribute"
                rows = [f"| `{p.name}` | `{_cell(p.annotation)}` | {_cell(p.description)} |" for p in section.value]
                yield "\n".join([f"| {kind} | type | |", "| --- | --- | --- |", *rows, ""])
            case griffe.DocstringSectionReturns():
                yield "Returns: " + " ".join(_cell(r.description) for r in section.value) + "\n"
            case griffe.DocstringSectionRaises():
                rows = [f"- `{_cell(r.annotation)}`: {_cell(r.description)}" for r in section.value]
                yield "\n".join(["Raises:", "", *rows, ""])
            case griffe.DocstringSectionExamples():
                yield "\n".join(["```python", *(str(text) for _, text in section.value), "```", ""])
            case griffe.DocstringSectionAdmonition():
                yield "\n".join(["```python", section.value.description.strip(), "```", ""])


def _summary(thing: griffe.Object) -> str:
    text = thing.docstring.value if thing.docstring else ""
    return _cell(text.partition("\n\n")[0])


def _described(cls: griffe.Class) -> set[str]:
    """The attributes that a class describes in its docstring."""
    sections = cls.docstring.parsed if cls.docstring else []
    return {a.name for s in sections if isinstance(s, griffe.DocstringSectionAttributes) for a in s.value}


def _members(cls: griffe.Class) -> Iterator[str]:
    """Fields, properties and methods, one row each; what a class inherits from ours is included."""
    rows = []
    described = _described(cls)
    for name, found in cls.all_members.items():
        member = found.final_target if isinstance(found, griffe.Alias) else found
        if name.startswith("_") or name in described:
            continue
        if isinstance(member, griffe.Function):
            rows.append(f"| `{_cell(signature(member, name))}` | {_summary(member)} |")
        elif isinstance(member, griffe.Attribute) and (member.annotation or member.docstring):
            kind = f": {member.annotation}" if member.annotation else ""
            rows.append(f"| `{_cell(name + kind)}` | {_summary(member)} |")
    if rows:
        yield "\n".join(["| | |", "| --- | --- |", *rows, ""])


def _entry(name: str, thing: griffe.Object) -> Iterator[str]:
    if isinstance(thing, griffe.Function):
        yield f"### `{signature(thing, name)}`\n"
        yield from _sections(thing)
    elif isinstance(thing, griffe.Class):
        yield f"### `{name}`\n"
        yield from _sections(thing)
        made = thing.members.get("__init__")
        if isinstance(made, griffe.Function) and made.docstring is not None:
            yield f"`{signature(made, name)}`\n"
            yield from _sections(made)
        yield from _members(thing)


@cache
def api_md() -> str:
    """The page."""
    objects = public_objects()
    functions = {n: o for n, o in objects.items() if isinstance(o, griffe.Function)}
    errors = {n: o for n, o in objects.items() if n.endswith(("Error", "Rejected"))}
    labs = {n: o for n, o in objects.items() if n.startswith("simulator.") and n not in errors}
    values = {n: o for n, o in objects.items() if n not in functions | errors | labs}
    parts = [_HEAD]
    for title, group in (("Functions", functions), ("Values", values), ("Errors", errors), ("The lab", labs)):
        parts.append(f"## {title}\n")
        for name in sorted(group):
            parts += _entry(name, group[name])
    return "\n".join(parts).rstrip() + "\n"
