"""The menu of a peer's pages as a value: names, order and addresses of the product, by role and version."""

from __future__ import annotations

import pytest

from pkikit.model.parties import Role
from pkikit.model.tables import product_pages
from pkikit.model.version import ProductVersion
from simulator.peer.pages.menu.product import PRODUCT_MENU
from simulator.peer.pages.menu.tree import Group, Place, menu_of, place_of, places

C, E = Role.EXPRESSWAY_C, Role.EXPRESSWAY_E
# The list of a saved page of an Expressway-C, build of September 2018.
SAVED_SECURITY = (
    ("Trusted CA certificate", "/trustedcacertificate"),
    ("Server certificate", "/servercertificate"),
    ("CRL management", "/crlupdater"),
    ("Client certificate testing", "/certificatetesting"),
    ("Certificate-based authentication configuration", "/cbaconfig"),
    ("Domain certificates", "/domaincertificate"),
    ("Ciphers", "/ciphers"),
    ("SSH configuration", "/sshconfig"),
)


def menu(role: Role = C, version: str = "X8.11.1") -> tuple[Group, ...]:
    return menu_of(PRODUCT_MENU, role, ProductVersion.parse(version))


def found(role: Role = C, version: str = "X8.11.1") -> dict[str, Place]:
    return places(menu(role, version))


def security(role: Role = C, version: str = "X8.11.1") -> Group:
    maintenance = menu(role, version)[-1]
    (group,) = [g for g in maintenance.entries if isinstance(g, Group) and g.name.startswith("Security")]
    return group


def test_menu_has_the_six_parts_in_order() -> None:
    """Status, System, Configuration, Applications, Users, Maintenance; each name leads to its first page."""
    parts = [group.name for group in menu()]
    assert parts == ["Status", "System", "Configuration", "Applications", "Users", "Maintenance"]
    assert [group.path for group in menu()][:3] == ["/overview", "/system", "/h323"]


@pytest.mark.product("G-01", "G-02", "G-03", "G-04", "G-05", "G-06", "G-07")
@pytest.mark.parametrize("role", [C, E])
def test_security_has_the_pages_of_the_saved_menu(role: Role) -> None:
    """Names, order and addresses are those of the saved page; the secure traversal test is not in it."""
    listed = [(page.name, page.path) for page in security(role).pages if page.path != "/securetraversaltest"]
    assert tuple(listed) == SAVED_SECURITY


@pytest.mark.product("G-08")
def test_secure_traversal_test_is_on_expressway_c_only() -> None:
    """It begins at C; that its address is ours is said where it is displayed."""
    assert str(found(C)["/securetraversaltest"]) == "Maintenance > Security > Secure traversal test"
    assert found(C)["/securetraversaltest"].page.remark.startswith("No document states the address")
    assert "/securetraversaltest" not in found(E)


@pytest.mark.product("G-09")
@pytest.mark.parametrize("role", [C, E])
def test_client_certificate_comes_with_the_second_store(role: Role) -> None:
    """From X15.5 on it follows Server certificate; before, there is no such page."""
    assert "/clientcertificate" not in found(role, "X15.4")
    names = [page.name for page in security(role, "X15.5").pages]
    assert names.index("Client certificate") == names.index("Server certificate") + 1


@pytest.mark.product("G-14")
def test_security_was_called_security_certificates_before_x8_10() -> None:
    """The name of the group changes with X8.10."""
    assert [security(C, version).name for version in ("X8.9", "X8.10", "X15.5")] == [
        "Security certificates", "Security", "Security",
    ]  # fmt: skip
    assert str(found(C, "X8.9")["/servercertificate"]) == "Maintenance > Security certificates > Server certificate"


@pytest.mark.product("G-10", "G-11", "G-12", "G-13", "G-27")
@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/zones", "Configuration > Zones > Zones"),
        ("/sip", "Configuration > Protocols > SIP"),
        ("/restartoptions", "Maintenance > Restart options"),
        ("/loggingsnapshot", "Maintenance > Diagnostics > Diagnostic logging"),
        ("/alarms", "Status > Alarms"),
        ("/edgestatus", "Status > Unified Communications > Unified Communications status"),
        ("/zonestatus", "Status > Zones"),
        ("/eventlog", "Status > Logs > Event Log"),
        ("/clustering", "System > Clustering"),
    ],
)
def test_page_is_at_its_place(path: str, place: str) -> None:
    """The pages that guides send people to are where the guides say, on both roles."""
    assert {str(found(role)[path]) for role in (C, E)} == {place}


def test_page_below_another_is_at_the_place_of_that_one() -> None:
    """Generate CSR has no entry of its own; an address that nothing is above has no place."""
    at = found()
    assert place_of(at, "/servercertificate/generate") is at["/servercertificate"]
    assert place_of(at, "/nothing/here") is None
    assert place_of(at, "/login") is None


@pytest.mark.parametrize("role", [C, E])
def test_page_that_is_not_simulated_has_one_sentence(role: Role) -> None:
    """What the real page does is one sentence that goes on after "The real page"."""
    for place in found(role, "X15.5").values():
        if place.page.absent:
            assert place.page.absent[0].islower(), place
            assert place.page.absent.endswith("."), place


# No saved page shows these: the product has them while Unified Communications is on.
OF_UNIFIED_COMMUNICATIONS = {"UNIFIED_CM", "IM_PRESENCE", "UNITY_CONNECTION", "MEETING_SERVER"}
PAGES = {
    name: text
    for name, text in vars(product_pages).items()
    if name.isupper() and name[0] != "_" and not name.endswith("_AS_PEM") and name not in OF_UNIFIED_COMMUNICATIONS
}


def test_places_that_texts_name_are_in_the_menu() -> None:
    """A fix that sends somebody to a page names it as the menu of the newest version does."""
    known = {str(place) for place in found(version="X15.5").values()}
    assert len(PAGES) > 10
    assert {name: text for name, text in PAGES.items() if text not in known} == {}
