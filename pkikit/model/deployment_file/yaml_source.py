"""YAML text that remembers the line of each key, so that an error can name it. Reads text, not files."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

import pydantic
import yaml

from pkikit.errors import DeploymentError
from pkikit.values.names import printable

# A deployment of six-peer clusters needs a few hundred nodes; aliases can blow a small file up to billions.
MAX_NODES = 50_000

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class YamlSource:
    """Data, the node tree that it was made from (None if there was no text), and the file's name."""

    data: Any
    root: yaml.Node | None
    where: str

    def locate(self, error: pydantic.ValidationError) -> str:
        """Return `file, line N` of the first error."""
        line = self.line(_path_of(error))
        return f"{self.where}, line {line}" if line else self.where

    def line(self, path: Path) -> int | None:
        """Return the line of a place, or of what is nearest to it; None if there was no text."""
        node = self.root
        if node is None:
            return None
        line = node.start_mark.line + 1
        for part in path:
            if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line + 1
            elif isinstance(node, yaml.MappingNode):
                # Pydantic's path has the tags of a union, the file does not: skip them.
                pair = next(((k, v) for k, v in node.value if k.value == str(part)), None)
                if pair:
                    line, node = pair[0].start_mark.line + 1, pair[1]
        return line


def read_yaml(text: str, *, where: str) -> YamlSource:
    """Parse YAML: texts, numbers, switches, lists and mappings, within limits, without duplicate keys.

    Args:
        text: the YAML text.
        where: the file's name, for messages.

    Returns:
        The data and its lines.

    Raises:
        DeploymentError: one sentence, with the line if there is one.
    """
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is not None:
            _inspect(root, where)
        return YamlSource(data=loader.construct_document(root) if root is not None else None, root=root, where=where)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        problem = printable(str(error.problem or error.context))
        ours = isinstance(error, _Refused)
        raise DeploymentError(problem if ours else f"is not YAML: {problem}", where=where + line) from None
    except yaml.YAMLError as error:
        raise DeploymentError(f"is not YAML text: {printable(str(error).splitlines()[0])}", where=where) from None
    except RecursionError:
        raise DeploymentError("has lists or mappings nested too deep", where=where) from None
    except UnicodeError:
        raise DeploymentError("is not YAML text: it has a character that UTF-8 cannot express", where=where) from None


class _Refused(yaml.MarkedYAMLError):
    """Valid YAML, but more than a deployment file needs."""


# libyaml's parser is several times faster. Its composer is not used: it recurses in C, where depth ends the process.
if yaml.__with_libyaml__:
    _Events: Any = yaml.cyaml.CParser  # type: ignore[attr-defined]
else:

    class _Events(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):  # type: ignore[no-redef]
        """The pure parser, with libyaml's constructor."""

        def __init__(self, text: str) -> None:
            yaml.reader.Reader.__init__(self, text)
            yaml.scanner.Scanner.__init__(self)
            yaml.parser.Parser.__init__(self)


class _Loader(yaml.composer.Composer, _Events, yaml.constructor.SafeConstructor, yaml.resolver.Resolver):  # type: ignore[misc]
    """Counts the values while it reads them, and names the line of everything that it refuses."""

    def __init__(self, text: str) -> None:
        _Events.__init__(self, text)
        yaml.composer.Composer.__init__(self)
        yaml.constructor.SafeConstructor.__init__(self)
        yaml.resolver.Resolver.__init__(self)
        self._nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        self._nodes += 1
        if self._nodes > 2 * MAX_NODES:  # keys count here, too
            raise _Refused(problem=f"contains more than {MAX_NODES} values", problem_mark=event.start_mark)
        tag: str | None = getattr(event, "tag", None)
        if tag is not None and tag not in _TAGS:
            label = tag.replace("tag:yaml.org,2002:", "!!")
            raise _Refused(problem=f"the tag {label} is not allowed: write the value without it",
                           problem_mark=event.start_mark)  # fmt: skip
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError):
            # What looks like a date or a number to YAML but is not one: 2026-13-45, 0b_, 0x_.
            raise _Refused(problem=f"{printable(str(node.value), 60)!r} is not a value: quote it if it is text",
                           problem_mark=node.start_mark) from None  # fmt: skip


_TAGS = ("!", *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")))


def _inspect(root: yaml.Node, where: str) -> None:
    todo, count = [root], 0
    while todo:
        node, count = todo.pop(), count + 1
        if count > MAX_NODES:
            raise DeploymentError(f"contains more than {MAX_NODES} values", where=where)
        if isinstance(node, yaml.SequenceNode):
            todo += node.value
        elif isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode) or key.value in keys:
                    label = printable(str(key.value)) if isinstance(key, yaml.ScalarNode) else "a list or mapping"
                    problem = "is there twice in one mapping" if isinstance(key, yaml.ScalarNode) else "cannot be a key"
                    raise DeploymentError(f"{label!r} {problem}", where=f"{where}, line {key.start_mark.line + 1}")
                keys.add(key.value)
                todo.append(value)


def _first(error: pydantic.ValidationError) -> dict[str, Any]:
    """Return the error to report: an unknown key before the key that its misspelling left missing."""
    errors: list[dict[str, Any]] = [dict(e) for e in error.errors(include_url=False)]
    return min(errors, key=lambda e: e["type"] != "extra_forbidden")


def _path_of(error: pydantic.ValidationError) -> Path:
    first = _first(error)
    return (*first["loc"], *first.get("ctx", {}).get("path", ()))


def explain(error: pydantic.ValidationError, source: YamlSource, model: type[pydantic.BaseModel]) -> str:
    """Return the first error as one sentence: key, what is wrong, what is allowed."""
    first = _first(error)
    parts = [p for p in _path_of(error) if not (isinstance(p, str) and _is_tag(p, source))]
    key = ".".join(f"[{p}]" if isinstance(p, int) else printable(p) for p in parts).replace(".[", "[")
    if source.data is None:
        return "is empty: a deployment has at least `name` and `clusters`"
    if first["type"] in {"model_type", "dict_type"} and not key:
        return "is not a mapping: a deployment has at least `name` and `clusters`"
    allowed = _allowed_keys(model, _path_of(error))
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(parts[-1]), allowed, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        return f"unknown key {printable(key)}{hint}; allowed here: {', '.join(allowed)}"
    if first["type"] == "missing":
        return f"the key {key} is missing"
    if first["type"] == "union_tag_invalid":
        return f"{key}: the type is {first['ctx']['expected_tags']}, not {_show_value(first['input'].get('type'))}"
    if first["type"] in {"deployment", "name"}:
        return f"{key}: {first['msg']}" if key else str(first["msg"])
    if first["type"] in {"model_type", "dict_type"}:
        return f"{key}: write a mapping ({{key: value}}), not {_show_value(first['input'])}"
    if first["type"].startswith("bool_"):
        return f"{key}: write on or off (yes, no, true, false), not {_show_value(first['input'])}"
    return f"{key}: {first['msg'][0].lower()}{first['msg'][1:]}, not {_show_value(first['input'])}"


def _show_value(value: object) -> str:
    try:
        return printable(repr(value), 60)
    except ValueError:  # Python does not print numbers of more than 4300 digits
        return "a number of thousands of digits"


def _is_tag(part: str, source: YamlSource) -> bool:
    zones = source.data.get("zones") if isinstance(source.data, dict) else None
    return isinstance(zones, list) and any(isinstance(z, dict) and z.get("type") == part for z in zones)


def _allowed_keys(model: type[pydantic.BaseModel], path: Path) -> list[str]:
    """Return the allowed keys of the object that contains the path's last part, from the JSON schema."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})

    def resolve(node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            node = definitions[node["$ref"].rsplit("/", 1)[1]]
        options = node.get("anyOf", [])
        return resolve(next((o for o in options if o.get("type") != "null"), {})) if options else node

    node = resolve(schema)
    for part in path[:-1]:
        if isinstance(part, int):
            node = resolve(node.get("items", {}))
        elif "oneOf" in node:
            mapping = node.get("discriminator", {}).get("mapping", {})
            node = resolve({"$ref": mapping[part]}) if part in mapping else node
        else:
            entries = node.get("additionalProperties")
            node = resolve(node.get("properties", {}).get(part) or (entries if isinstance(entries, dict) else {}))
    return sorted(node.get("properties", {}))
