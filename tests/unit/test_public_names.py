"""Names that a public CA may certify, and names that it cannot, each with the reason."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pkikit.values.public_names import SPECIAL_USE, is_internal, list_date, why_internal, why_not_issued


@pytest.mark.parametrize(
    "name", ["host.foo", "e1.example.com", "e1.co.uk", "mra.xn--p1ai", "local.example.com", "e1.lab.dev"]
)
def test_public_top_level_domain_is_recognised(name: str) -> None:
    """Young, country and internationalised top-level domains are public, whatever they sound like."""
    assert why_not_issued(name) == ""
    assert not is_internal(name)


@pytest.mark.parametrize("top", [*SPECIAL_USE, "lab", "corp", "home", "lan", "localdomain", "intranet", "private"])
def test_internal_name_is_recognised_with_its_reason(top: str) -> None:
    """Reserved, or in no public DNS: the reason names the top-level domain."""
    assert f".{top}," in why_internal(f"e1.{top}")
    assert is_internal(f"cluster.e1.{top}")


def test_one_label_is_internal_and_a_suffix_is_not_certifiable() -> None:
    """`ucm1` is internal; `co.uk` is public, but nobody gets a certificate for it."""
    assert is_internal("ucm1")
    assert not is_internal("co.uk")
    assert "public suffix itself" in why_not_issued("co.uk")
    # Suffixes that companies registered for their customers are ordinary domains to a CA.
    assert why_not_issued("github.io") == ""


def test_reason_states_the_age_of_the_suffix_list() -> None:
    """A top-level domain younger than the packaged list is not in it: the sentence says which list was asked."""
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", list_date())
    assert f"public suffix list of {list_date()}" in why_internal("e1.lab")


def test_suffix_list_is_read_at_first_use() -> None:
    """Importing the rules does not read the list."""
    code = "import sys, pkikit.judge.linting.lint, pkikit.judge.linting.preflight; print('publicsuffixlist' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
