"""The pattern by which Client certificate testing reads a user name from a certificate."""

from __future__ import annotations

import pytest

from pkikit.errors import InputError
from simulator.peer.pages.pattern import Pattern, certificate_text
from simulator.world.craft import craft
from tests.support.worlds import AT

TEXT = "        Subject: C=GB, O=Example, CN=alice\n        next line\n"


def resulting(regex: str, template: str, text: str = TEXT) -> str:
    return Pattern.parse(regex, template).apply(text).text


@pytest.mark.product("G-26")
def test_pattern_of_the_guide_reads_the_common_name() -> None:
    """The guide's example, alone and between fixed texts; without slashes it means the same."""
    example = "/(Subject:.*, CN=(?<Group1>.*))/m"
    assert resulting(example, "#Group1#") == "alice"
    assert resulting(example, "prefix#Group1#suffix") == "prefixalicesuffix"
    assert resulting(example[1:-2], "#Group1#") == "alice"
    crafted = certificate_text(craft(("bob.example.com",), None, at=AT, common_name="bob").leaf)
    assert resulting("/Subject:.*CN=(?<who>[^,\n]*)$/m", "#who#", crafted) == "bob"


def test_pattern_without_a_match_says_so() -> None:
    """There is no resulting string, and a reason; the flag i changes that."""
    found = Pattern.parse("/subject:/", "x").apply(TEXT)
    assert (found.text, "matches nothing" in found.trouble) == ("", True)
    assert resulting("/subject:/i", "x") == "x"


@pytest.mark.parametrize(
    ("regex", "template", "words"),
    [
        ("/(?<a>/", "#a#", "cannot be read"),
        ("/x/e", "", "flag 'e'"),
        ("/(?<a>x)/", "#b#", "no group 'b'"),
        ("/(?<a>x)/", "#a", "between two #"),
        ("x" * 1001, "", "at most 1000"),
        ("(" * 900, "", "cannot be read"),
    ],
)
def test_unusable_pattern_is_refused_with_its_reason(regex: str, template: str, words: str) -> None:
    """One sentence for each."""
    with pytest.raises(InputError, match=words):
        Pattern.parse(regex, template)


def test_search_that_takes_too_long_is_stopped() -> None:
    """A pattern that backtracks for years ends with a reason."""
    found = Pattern.parse(r"^(a|aa|aaa)+$", "x").apply("a" * 60 + "b")
    assert (found.text, "takes too long" in found.trouble) == ("", True)
