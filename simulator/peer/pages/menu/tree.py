"""The menu as values: pages and groups of pages, and the menu of one role and version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pkikit.model.parties import Role
from pkikit.model.tables.features import Feature
from pkikit.model.version import ProductVersion


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the product.

    Attributes:
        name: what the menu calls it.
        path: its address. `remark` says so where no document states it.
        absent: what the real page does, in words that follow "The real page"; empty where the lab simulates the page.
        only: the role that has it; None for both.
        needs: a version must have this feature.
        remark: how certain the name or the address is; empty where a document states both.
    """

    name: str
    path: str
    absent: str = ""
    only: Role | None = None
    needs: Feature | None = None
    remark: str = ""

    @property
    def pages(self) -> tuple[Page, ...]:
        """The page itself, so that pages and groups can be asked alike."""
        return (self,)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Pages and groups under one name. `before`: (feature, the name in versions that lack the feature)."""

    name: str
    entries: tuple[Page | Group, ...]
    before: tuple[Feature, str] | None = None

    @property
    def pages(self) -> tuple[Page, ...]:
        """Every page below this name, in the order of the menu."""
        return tuple(page for entry in self.entries for page in entry.pages)

    @property
    def path(self) -> str:
        """The address to which the name leads: that of its first page."""
        return self.pages[0].path


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page is: the groups above it, outermost first, and the page."""

    groups: tuple[Group, ...]
    page: Page

    def __str__(self) -> str:
        """The path through the menu, as Cisco's documents write it."""
        return " > ".join((*(group.name for group in self.groups), self.page.name))


def menu_of(tree: tuple[Group, ...], role: Role, version: ProductVersion) -> tuple[Group, ...]:
    """Return the part of the tree that an Expressway of this role and version has."""
    return tuple(group for group in (_part(group, role, version) for group in tree) if group.entries)


def _part(group: Group, role: Role, version: ProductVersion) -> Group:
    kept: list[Page | Group] = []
    for entry in group.entries:
        if isinstance(entry, Group):
            part = _part(entry, role, version)
            kept += [part] if part.entries else []
        elif entry.only in {None, role} and (entry.needs is None or version.has(entry.needs)):
            kept.append(entry)
    older = group.before is not None and not version.has(group.before[0])
    name = group.before[1] if group.before is not None and older else group.name
    return replace(group, name=name, entries=tuple(kept))


def places(menu: tuple[Group, ...]) -> dict[str, Place]:
    """Return where each page of a menu is, by its address. A page that is there twice counts where it comes first."""
    found: dict[str, Place] = {}
    for group in menu:
        for place in _places(group, ()):
            found.setdefault(place.page.path, place)
    return found


def _places(group: Group, above: tuple[Group, ...]) -> Iterator[Place]:
    for entry in group.entries:
        if isinstance(entry, Group):
            yield from _places(entry, (*above, group))
        else:
            yield Place(groups=(*above, group), page=entry)


def place_of(found: dict[str, Place], path: str) -> Place | None:
    """Return where a page is. A page that the menu does not list is at the place of the listed page above its address."""
    while path and path not in found:
        path = path.rpartition("/")[0]
    return found.get(path)
