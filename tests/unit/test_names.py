"""Names: one spelling each, and which presented name answers to a reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkikit.errors import InputError
from pkikit.judge.matching.name_matching import match_https, match_name
from pkikit.judge.matching.name_table import CONTRADICTION, OPENSSL, PRODUCT, RFC, TABLE, markdown
from pkikit.judge.verify import judge_names
from pkikit.model.certificates.facts import presented_names
from pkikit.model.certificates.presented_names import PresentedNames, UnusableName
from pkikit.model.findings import Severity
from pkikit.model.leg import NameCheck
from pkikit.values.names import SipUri, parse_dns_name, parse_fqdn, printable
from simulator.world.craft import craft
from tests.support.worlds import AT

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(lambda labels: ".".join([*labels, "example"]))


@pytest.mark.parametrize(("text", "name"), [
    ("E1.Example.COM", "e1.example.com"),
    ("e1.example.com.", "e1.example.com"),
    ("  e1.example.com ", "e1.example.com"),
    ("exämple.com", "xn--exmple-cua.com"),
    ("EXÄMPLE.com", "xn--exmple-cua.com"),
    ("straße.example", "xn--strae-oqa.example"),
    ("例え.jp", "xn--r8jz45g.jp"),
    ("xn--exmple-cua.com", "xn--exmple-cua.com"),
])  # fmt: skip
def test_name_spellings_normalise_to_one(text: str, name: str) -> None:
    """Case, trailing dot, white space and U-labels all lead to one spelling."""
    assert parse_fqdn(text) == name


@pytest.mark.parametrize("text", [
    "", ".", "e1..example.com", "-e1.example.com", "e1-.example.com", "*.example.com", "e1 .example.com", "a" * 64 + ".com",
    ".".join(["a" * 60] * 5), "10.0.0.1", "[2001:db8::1]", "e1.example.com\n.evil", "single", "1.2.3.4.5", "e1.exa mple.com", "😀" * 300,
])  # fmt: skip
def test_text_that_is_not_an_fqdn_is_refused(text: str) -> None:
    """What is no FQDN is refused with one sentence, whatever it holds."""
    with pytest.raises(InputError) as caught:
        parse_fqdn(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@given(NAME)
def test_parsed_name_parses_to_itself(name: str) -> None:
    """A parsed name parses to itself."""
    assert parse_dns_name(parse_dns_name(name)) == parse_dns_name(name)


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_input_error(text: str) -> None:
    """Any text is a name or an InputError."""
    try:
        parsed = parse_dns_name(text)
    except InputError:
        return
    assert parsed == parse_dns_name(parsed)


@given(st.text(max_size=400))
def test_printable_text_has_no_control_characters_and_is_bounded(text: str) -> None:
    """Text for the terminal has no control character and a bounded length."""
    shown = printable(text, 50)
    assert shown.isprintable()
    assert len(shown) <= 50 * 10 + 1


@pytest.mark.parametrize(("text", "host"), [
    ("sip:example.com", "example.com"), ("SIPS:Example.COM:5061;transport=tls", "example.com"), ("sip:example.com?x=y", "example.com"),
])  # fmt: skip
def test_sip_uri_gives_its_domain(text: str, host: str) -> None:
    """Scheme, port and parameters are dropped; what is left is the domain identity."""
    assert SipUri.parse(text).host == host


@pytest.mark.parametrize("text", ["sip:alice@example.com", "example.com", "http:example.com", "sip:", "sip:10.0.0.1"])
def test_sip_uri_with_a_user_is_refused(text: str) -> None:
    """A user part makes a URI no domain identity (RFC 5922 §7.1)."""
    with pytest.raises(InputError):
        SipUri.parse(text)


SAN = PresentedNames(
    dns=("e1.example.com",),
    sip=("example.com",),
    wildcards=("*.example.org",),
    ip=("192.0.2.1",),
    common_name="cn.example.com",
)
CN_ONLY = PresentedNames(common_name="cn.example.com")
DNS = PresentedNames(dns=("e1.example.com",), has_san=True)
SIX = PresentedNames(ip=("2001:db8::1",), has_san=True)


@pytest.mark.parametrize(("reference", "presented", "product", "https"), [
    ("e1.example.com", DNS, True, True),
    ("E1.EXAMPLE.COM.", DNS, True, True),
    ("e1.example.com", SAN, False, True),
    ("example.com", SAN, True, False),
    ("sip:example.com", SAN, True, False),
    ("e2.example.com", SAN, False, False),
    ("www.example.org", SAN, False, True),
    ("a.b.example.org", SAN, False, False),
    ("cn.example.com", SAN, False, False),
    ("cn.example.com", CN_ONLY, True, False),
    ("192.0.2.1", SAN, True, True),
    ("192.0.2.2", SAN, False, False),
    ("2001:DB8:0:0::1", SIX, True, True),
    ("[2001:db8::1]", SIX, True, True),
    ("::ffff:192.0.2.1", SAN, False, False),
    ("cn.example.com", PresentedNames(common_name="cn.example.com", has_san=True), False, False),
])  # fmt: skip
def test_name_matches_by_rfc_5922_and_rfc_9525(
    reference: str, presented: PresentedNames, product: bool, https: bool
) -> None:
    """The product (RFC 5922, no wildcards, common name only without SAN) beside RFC 9525."""
    assert match_name(reference, presented).matched is product
    assert match_https(reference, presented).matched is https


def test_refused_match_names_the_near_miss() -> None:
    """The near miss is named: a wildcard, an IP address, a common name that is not read."""
    assert "wildcard" in match_name("www.example.org", SAN).why
    assert "IP" in match_name("192.0.2.2", SAN).why
    assert "SIP URI" in match_name("e1.example.com", SAN).why
    assert "common name" in match_name("cn.example.com", SAN).why


@pytest.mark.product("P1-8")
@pytest.mark.parametrize("reading", [(True, False), (False, True)])
def test_sip_uri_counts_only_on_sip_connections(reading: tuple[bool, bool]) -> None:
    """On SIP the URI counts and silences the dNSName; elsewhere only the dNSName counts."""
    sip, dns = reading
    assert match_name("example.com", SAN, sip=sip).matched is sip
    assert match_name("e1.example.com", SAN, sip=sip).matched is dns


@pytest.mark.fires("names.ip-address-used", "names.common-name-only")
@pytest.mark.near_miss("names.reference-not-presented")
def test_ip_address_and_bare_common_name_match_with_a_warning() -> None:
    """An IP address in the SAN and a common name without SAN are found, and the warning says that neither is good form."""
    for presented, name, rule in (
        (SIX, "2001:db8::1", "names.ip-address-used"),
        (CN_ONLY, "cn.example.com", "names.common-name-only"),
    ):
        verdict = judge_names(presented, [NameCheck(any_of=(name,), why="test")], "a certificate")
        assert verdict.accepted
        assert [(f.rule, f.severity) for f in verdict.findings] == [(rule, Severity.WARNING)]


@pytest.mark.fires("names.reference-not-presented", "names.ip-address-used")
@pytest.mark.near_miss("names.common-name-only")
def test_spoilt_name_does_not_match_and_evidence_says_why() -> None:
    """A name that is there but spoilt is not found, and the evidence says why."""
    spoilt = PresentedNames(
        refused=(UnusableName(name="e1.example.com.", reason="ends with a dot"),),
        dns_written=("e1.example.com.",), common_name="e1.example.com", has_san=True,
    )  # fmt: skip
    for name, rule in (("e1.example.com", "names.reference-not-presented"), ("192.0.2.1", "names.ip-address-used")):
        verdict = judge_names(spoilt, [NameCheck(any_of=(name,), why="test")], "a certificate")
        assert [(f.rule, f.severity) for f in verdict.findings] == [(rule, Severity.ERROR)]
    assert "ends with a dot" in match_name("e1.example.com", spoilt).why


def test_name_table_agrees_with_match_name() -> None:
    """Each kind of name has a cell for each reader, and what the product's cells say is what `match_name` does."""
    assert all(row.describe_reader(reader) for row in TABLE for reader in (RFC, OPENSSL, PRODUCT))
    assert len({row.kind for row in TABLE}) == len(TABLE)
    assert len(CONTRADICTION) == 3
    page = markdown()
    assert all(f"| {row.kind} |" in page for row in TABLE)
    assert all(s.document in page for s in CONTRADICTION)
    behind_uri = next(p for row in TABLE for p in row.practices if "if there is a SIP URI" in p.says)
    assert behind_uri.ours
    assert behind_uri.reader == PRODUCT


def test_names_of_a_certificate_are_read_from_its_san() -> None:
    """Read from X.509: dNSNames, SIP URIs without user part, and what is no name at all."""
    made = craft(
        ("E1.example.com", "*.example.com", "bad name"), None, at=AT, uris=("sip:example.com", "sip:bob@example.com")
    )
    names = presented_names(made.leaf)
    assert names.dns == ("e1.example.com",)
    assert names.sip == ("example.com",)
    assert names.wildcards == ("*.example.com",)
    assert names.unusable == ("bad name", "sip:bob@example.com")
