"""SAN layouts: every row of the X12.5 guide's table, with reasons, and the property that every leg finds its names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workbook.models.designs import FORMATS, MODELS, Choices, deployment_of, design, render_design

from pkikit.design.csr import CsrForm, SubjectFields, build_csr, fast_key, subject_name
from pkikit.design.legs import legs_of
from pkikit.design.san import design_all, design_sans
from pkikit.errors import InputError
from pkikit.judge.matching.name_matching import match_name
from pkikit.model.certificates.facts import extension, presented_names
from pkikit.model.version import ProductVersion
from tests.support.worlds import C1, CLUSTER_C, CLUSTER_E, DEPLOYMENTS, E1, E2, PROFILE, changed, deployment

FULL = "clustered-full"
CHATS = ("conference-1.example.com", "conference-2.example.com")


@pytest.mark.parametrize(("name", "changes", "peer", "common_name", "sans"), [
    ("single-pair", {}, "expe.example.com", "expe.example.com", ("expe.example.com",)),
    ("clustered-mra", {}, C1, CLUSTER_C, (C1, CLUSTER_C, PROFILE)),
    ("clustered-mra", {}, E1, CLUSTER_E, (E1, CLUSTER_E, "example.com")),
    ("clustered-mra", {"version": "X8.8"}, E1, E1, (E1, CLUSTER_E, "example.com")),
    ("clustered-mra", {"clusters__1__certificate": "shared"}, E1, CLUSTER_E, (E1, E2, CLUSTER_E, "example.com")),
    ("clustered-mra", {"registration_domain_format": "collab-edge-dns"}, E1, CLUSTER_E, (E1, CLUSTER_E, "collab-edge.example.com")),
    ("clustered-mra", {"mra": False}, E1, CLUSTER_E, (E1, CLUSTER_E)),
    ("clustered-mra", {"mra": False}, C1, CLUSTER_C, (C1, CLUSTER_C)),
    ("clustered-mra", {"unified_cm__0__mixed_mode": False}, C1, CLUSTER_C, (C1, CLUSTER_C)),
    ("clustered-mra", {"chat_aliases": CHATS}, E1, CLUSTER_E, (E1, CLUSTER_E, "example.com")),
    (FULL, {"domains__federation": ["fed.example.com"]}, E1, CLUSTER_E, (E1, CLUSTER_E, "example.com", "example.org", "fed.example.com", *CHATS, "join.example.com")),
    (FULL, {}, C1, CLUSTER_C, (C1, CLUSTER_C, PROFILE, "softphone.profiles.corp.example.com", *CHATS)),
])  # fmt: skip
def test_layout_has_the_names_of_the_guide_in_order(
    name: str, changes: dict[str, Any], peer: str, common_name: str, sans: tuple[str, ...]
) -> None:
    """Deployment model, role and features decide the names, in the guide's order."""
    layout = design_sans(changed(name, **changes), peer)
    assert (layout.common_name, layout.dns_names) == (common_name, sans)


@pytest.mark.parametrize("path", sorted(DEPLOYMENTS.glob("*.yaml")), ids=lambda p: p.stem)
def test_layout_entry_has_a_reason_and_a_leg_that_needs_it(path: Any) -> None:
    """A name that nobody needs has no business in a certificate."""
    for layout in design_all(deployment(path.stem)):
        for entry in layout.entries:
            assert entry.reason
            assert entry.needed_by, entry


def test_layout_of_c_and_e_has_the_same_chat_aliases() -> None:
    """The guide: the same list on C and E."""
    both = [set(design_sans(deployment(FULL), p).dns_names) & set(CHATS) for p in (C1, E1)]
    assert both == [set(CHATS), set(CHATS)]


def test_layout_lists_a_name_once_with_both_reasons() -> None:
    """example.com is registration and federation domain: one SAN, both reasons, both takers."""
    entry = next(e for e in design_sans(deployment(FULL), E1).entries if e.value == "example.com")
    assert "registration" in entry.reason
    assert "federation" in entry.reason
    assert {"Mobile and Remote Access", "XMPP federation"} <= set(entry.needed_by)


CHOICES = st.builds(
    Choices,
    model=st.sampled_from(MODELS),
    peers=st.integers(1, 6),
    registration_domains=st.sampled_from(["example.com", "example.com, example.org", "exämple.com", ""]),
    registration_format=st.sampled_from(FORMATS),
    mra=st.booleans(),
    federation=st.booleans(),
    group_chat=st.booleans(),
    secure_profiles=st.booleans(),
    version=st.sampled_from(["X8.8", "X12.5", "X15.5"]),
)


@given(CHOICES)
def test_layout_satisfies_every_reference_name(choices: Choices) -> None:
    """Whatever is chosen: a certificate made from the layout answers to every reference name of every leg; no duplicates."""
    made = deployment_of(choices)
    for peer in made.peers:
        layout = design_sans(made, peer)
        assert len(set(layout.dns_names)) == len(layout.dns_names)
        presented = presented_names(build_csr(layout, KEY))
        for leg in legs_of(made) if choices.mra else ():
            for check in leg.presents(peer):
                assert any(match_name(name, presented).matched for name in check.any_of), (leg.id, check)


KEY = fast_key()


@given(st.text(max_size=80), st.text(max_size=80), st.integers(1, 6))
def test_layout_of_any_text_is_escaped_or_refused(core: str, domains: str, peers: int) -> None:
    """Whatever is typed gives layouts or one sentence, escaped; never an exception, never markup of the typist's."""
    result = design(Choices(core_fqdn=core, registration_domains=domains, peers=peers))
    assert bool(result.layouts) != bool(result.problem)
    assert "<script" not in render_design(result).html


def test_request_has_both_purposes_and_the_layout() -> None:
    """Both EKUs, always; the SANs of the layout; a valid signature."""
    from cryptography import x509

    layout = design_sans(deployment(), E1)
    request = build_csr(layout, KEY, fields=SubjectFields(country="gb", organisation="Example"), digest="sha384")
    usage = extension(request, x509.ExtendedKeyUsage)
    assert usage is not None
    assert [oid.dotted_string for oid in usage] == ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]
    assert presented_names(request).dns == layout.dns_names
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == f"CN={CLUSTER_E},O=Example,C=GB"


@pytest.mark.parametrize("bad", [
    lambda: SubjectFields(country="GBR"),
    lambda: SubjectFields(country="12"),
    lambda: SubjectFields(organisation="x" * 65),
    lambda: SubjectFields(locality="a\x1b[31m"),
    lambda: subject_name("a" * 60 + ".example.com"),
    lambda: build_csr(design_sans(deployment(), E1), KEY, digest="sha1"),
])  # fmt: skip
def test_request_with_oversized_values_is_refused(bad: Any) -> None:
    """Values that do not fit into a certificate are refused before a key is made."""
    with pytest.raises(InputError):
        bad()


@pytest.mark.parametrize(("version", "offered"), [("X8.8", True), ("X8.9", True), ("X8.10", False), ("X12.5", False)])
def test_request_with_sha1_is_refused_from_x8_10_on(version: str, offered: bool) -> None:
    """From X8.10 on the form has no SHA-1, and asking for it is refused."""
    form = CsrForm.of(ProductVersion.parse(version))
    assert ("sha1" in form.digests) is offered
    if not offered:
        with pytest.raises(InputError, match="sha1"):
            form.check(design_sans(deployment(), E1), "sha1", 2048, ProductVersion.parse(version))


def test_request_limits_the_san_to_999_characters_before_x8_10() -> None:
    """The limit held from X8.5.2 until X8.10."""
    many = changed(domains__registration=[f"a{n:03}.long-domain-name.example.com" for n in range(40)])
    layout = design_sans(many, E1)
    for version, refused in (("X8.5.1", False), ("X8.5.2", True), ("X8.9", True), ("X8.10", False), ("X15.5", False)):
        parsed = ProductVersion.parse(version)
        form = CsrForm.of(parsed)
        if refused:
            with pytest.raises(InputError, match="999"):
                form.check(layout, form.default_digest, 2048, parsed)
        else:
            form.check(layout, form.default_digest, 2048, parsed)


# X12.5 guide: SAN item × (Expressway-C, Expressway-E) for each feature; "C" and "E" say where it is required.
MATRIX = {
    "registration domain": {"mra": "E", "jabber_guest": "", "federation": "", "b2b": ""},
    "federation domain": {"mra": "", "jabber_guest": "", "federation": "E", "b2b": ""},
    "chat alias": {"mra": "", "jabber_guest": "", "federation": "CE", "b2b": ""},
    "security profile": {"mra": "C", "jabber_guest": "", "federation": "", "b2b": ""},
}
ITEMS = {
    "registration domain": "reg.example.com",
    "federation domain": "fed.example.com",
    "chat alias": "chat.example.com",
    "security profile": "secure.profiles.corp.example.com",
}


@pytest.mark.parametrize("clustered", [True, False])
@pytest.mark.parametrize("feature", ["mra", "jabber_guest", "federation", "b2b"])
def test_layout_matrix_matches_the_guide(feature: str, clustered: bool) -> None:
    """Each item on exactly the role that the guide gives it, for each feature alone; cluster names where there are clusters."""
    single = {"clusters__0__fqdn": None, "clusters__0__peers": [C1], "clusters__1__fqdn": None, "clusters__1__peers": [E1],
              "zones__0__peer_addresses": [E1], "zones__0__tls_verify_subject_name": None}  # fmt: skip
    made = changed(
        "clustered-full",
        **({} if clustered else single),
        mra=feature == "mra",
        jabber_guest=feature == "jabber_guest",
        domains__registration=["reg.example.com"],
        domains__federation=["fed.example.com"] if feature == "federation" else [],
        domains__sip=["sip.example.com"],
        chat_aliases=["chat.example.com"],
        unified_cm__0__security_profiles=["secure.profiles.corp.example.com"],
    )
    held = {"C": set(design_sans(made, C1).dns_names), "E": set(design_sans(made, E1).dns_names)}
    for item, where in MATRIX.items():
        for role, names in held.items():
            assert (ITEMS[item] in names) == (role in where[feature]), (item, role)
    assert (CLUSTER_C in held["C"]) == (CLUSTER_E in held["E"]) == clustered
    assert "sip.example.com" not in held["E"]
