"""What all parts of a dump share: values, addresses, and what stands where the product stores a password."""

from __future__ import annotations

from collections.abc import Iterator

Value = tuple[str, str]  # the words of a key, without `xConfiguration`, and its value
SECRET = "{cipher}no-password-in-the-lab"  # noqa: S105 - the product shows its passwords encrypted; the lab has none


def under(key: str, *values: tuple[str, str]) -> Iterator[Value]:
    """Yield values whose keys begin with these words."""
    yield from ((f"{key} {name}", value) for name, value in values)


def addresses(key: str, given: tuple[str, ...], most: int) -> Iterator[Value]:
    """Yield `key n Address` for as many as the product has room for; those that are not used are empty."""
    for number in range(1, most + 1):
        yield f"{key} {number} Address", given[number - 1] if number <= len(given) else ""
