"""The dumps of a diagnostic archive: configuration and status, as text and as XML.

The text of `xConfiguration` looks as in Cisco's articles: `*c xConfiguration SIP TLS Mode: "On"`. The text of `xStatus` is what
the command prints: `*s SystemUnit: /`, indented lines, `*s/end`. The documents name the XML files and do not show them, so
their elements follow `/status.xml` of the product, and the root's namespace is the product's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from xml.etree import ElementTree

from pkikit.values.names import printable

NAMESPACE = "http://www.tandberg.no/XML/CUIL/1.0"
Status = Mapping[str, "Status | str"]


def xconf_text(values: Iterable[tuple[str, str]]) -> str:
    """Return the dump of the configuration as text.

    Args:
        values: keys without `xConfiguration`, and their values.

    Returns:
        A line for each key.
    """
    return "".join(f'*c xConfiguration {key}: "{_quoted(value)}"\n' for key, value in values)


def xconf_xml(values: Iterable[tuple[str, str]]) -> bytes:
    """Return the dump of the configuration as XML: an element for each word of a key, with its index as `item`.

    Args:
        values: keys without `xConfiguration`, and their values.

    Returns:
        The XML document, encoded.
    """
    root = ElementTree.Element("Configuration", {"xmlns": NAMESPACE})
    made: dict[tuple[tuple[str, str], ...], ElementTree.Element] = {(): root}
    for key, value in values:
        path: tuple[tuple[str, str], ...] = ()
        for name, index in _steps(key):
            above, path = path, (*path, (name, index))
            if path not in made:
                made[path] = _add(made[above], name, index)
        made[path].text = printable(value)
    return _bytes(root)


def xstat_text(status: Status) -> str:
    """Return the dump of the status as text.

    Args:
        status: elements by name, nested; a name may end in an index ("Zone 1").

    Returns:
        The lines of all elements.
    """
    lines: list[str] = []
    for name, value in status.items():
        lines += [
            f"*s {name}: /",
            *_status_lines({"Value": value} if isinstance(value, str) else value, 1),
            "*s/end",
            "",
        ]
    return "\n".join(lines)


def xstat_xml(status: Status) -> bytes:
    """Return the dump of the status as XML.

    Args:
        status: elements by name, nested; a name may end in an index ("Zone 1").

    Returns:
        The XML document, encoded.
    """
    root = ElementTree.Element("Status", {"xmlns": NAMESPACE})
    _add_status(root, status)
    return _bytes(root)


def _quoted(value: str) -> str:
    return printable(value).replace('"', "'")


def _steps(key: str) -> Iterator[tuple[str, str]]:
    """Yield (element, index) for the words of a key; a number is the index of the word before it."""
    words = key.split()
    for place, word in enumerate(words):
        if not word.isdigit():
            following = words[place + 1] if place + 1 < len(words) else ""
            yield word, following if following.isdigit() else "1"


def _status_lines(status: Status, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for name, value in status.items():
        if isinstance(value, str):
            yield f'{indent}{name}: "{_quoted(value)}"'
        else:
            yield f"{indent}{name}:"
            yield from _status_lines(value, depth + 1)


def _add_status(parent: ElementTree.Element, status: Status) -> None:
    for name, value in status.items():
        word, _, index = name.partition(" ")
        made = _add(parent, word, index or "1")
        if isinstance(value, str):
            made.text = printable(value)
        else:
            _add_status(made, value)


def _add(parent: ElementTree.Element, name: str, index: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, name, {"item": index})


def _bytes(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root)
    made: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return made
