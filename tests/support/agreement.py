"""docs/agreement.md, made from runs: `python -m tests.support.agreement [--limbo FILE --snapshot DATE]`.

PKITS is run each time. A run over x509-limbo needs its file, which is not kept here; its numbers are, in
tests/vectors/limbo-results.json, with the date. A test fails when the page differs from what the runs give.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from OpenSSL import SSL

from tests.support.places import ROOT
from tests.support.worlds import CASES, GOOD
from tests.vectors import limbo, pkits

PAGE = ROOT / "docs" / "agreement.md"
RESULTS = Path(__file__).parents[1] / "vectors" / "limbo-results.json"


@cache
def pkits_differences() -> tuple[tuple[pkits.Case, bool, bool, str], ...]:
    """(case, ours, OpenSSL's, the switch of OpenSSL that gives the suite's answer) where the suite expects something else."""
    found = []
    for case in pkits.cases():
        ours, theirs = pkits.ours(case)[0], pkits.openssl(case).accepted
        if ours != case.expected or theirs != case.expected:
            found.append((case, ours, theirs, pkits.switch(case) if theirs != case.expected else ""))
    return tuple(found)


def limbo_results(path: Path, snapshot: str) -> dict[str, Any]:
    """Run a limbo.json and count; AssertionError when a difference from OpenSSL has no explanation."""
    answers = list(limbo.run(path))
    unexplained = [a.id for a in answers if not a.explained]
    assert not unexplained, unexplained
    asked = [a for a in answers if a.openssl is not None]
    stricter = Counter(rule for a in asked if a.openssl and not a.ours for rule in a.why)
    apart: dict[str, dict[str, int]] = {}
    for answer in answers:
        if answer.ours != answer.expected and answer.ours == answer.openssl:
            counts = apart.setdefault(answer.family, {"accepted": 0, "refused": 0})
            counts["accepted" if answer.ours else "refused"] += 1
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "snapshot": snapshot,
        "openssl": SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode(),
        "cases": len(answers),
        "bettertls": sum(a.id.startswith("bettertls::") for a in answers),
        "agree_with_corpus": sum(a.ours == a.expected for a in answers),
        "asked_of_openssl": len(asked),
        "agree_with_openssl": sum(a.ours == a.openssl for a in asked),
        "accepted_against_openssl": sum(a.ours and not a.openssl for a in asked),
        "stricter": dict(sorted(stricter.items())),
        "bettertls_agree_with_corpus": sum(a.ours == a.expected for a in answers if a.id.startswith("bettertls::")),
        "corpus_differs": dict(sorted(apart.items())),
    }


def page() -> str:
    """The whole page."""
    found = json.loads(RESULTS.read_text("utf-8"))
    return "\n".join([*_head(found), *_pkits(), *_limbo(found), *_others()])


def _head(found: dict[str, Any]) -> list[str]:
    total, stricter = len(pkits.cases()), len(pkits.STRICTER)
    return [
        "# Other judges", "",
        "Made by `python -m tests.support.agreement` from its own runs; a test fails when this page is stale.", "",
        ("OpenSSL is asked what pkikit is asked: purpose (TLS server or client), names, CRLs of the whole chain, and the instant. "
        "It is the OpenSSL inside `cryptography`, on which the lab's handshakes run."), "",
        "| judge | questions | how | result |", "| --- | --- | --- | --- |",
        (f"| OpenSSL, in real handshakes | {len(CASES)} broken worlds and their near misses, {len(GOOD)} good ones, TLS 1.2 and 1.3 | "
        "`tests/unit/test_agreement.py` | the same legs fail, on the same side, each with its rule |"),
        (f"| OpenSSL, on NIST's path validation suite (PKITS) | {total} end entities, all CAs sent, all CRLs | "
        f"`tests/interop/test_pkits.py` | one answer but for {stricter} |"),
        ("| OpenSSL, on random lists and chains | 600 worlds of few names and keys: renewed, rekeyed, cross-signed, in circles | "
        "`tests/interop/test_paths_openssl.py` | one verdict, one path, a reason that fits the error number |"),
        ("| OpenSSL, on random names, constraints and CRLs | 1,200 a run | `tests/interop/test_names_openssl.py`, "
        "`test_constraints_openssl.py` | one verdict |"),
        (f"| OpenSSL and C2SP/x509-limbo with the bettertls family | {found['cases']} cases | run on {found['date']} | "
        f"{found['agree_with_openssl']} of {found['asked_of_openssl']} as OpenSSL, the others stricter |"),
        "",
    ]  # fmt: skip


def _pkits() -> list[str]:
    differing = pkits_differences()
    switches = Counter(switch for *_, switch in differing if switch)
    lines = [
        "## PKITS", "",
        (f"{len(pkits.cases()) - len(differing)} of {len(pkits.cases())} answers are those of the suite. In the others the suite asks for something "
        "that the product does not take part in. Each is proved: OpenSSL answers as we do, and gives the suite's answer when "
        "asked with the switch in the table, which neither the product nor the lab turns on."), "",
        "| switch of OpenSSL | cases |", "| --- | --- |",
    ]  # fmt: skip
    lines += [f"| {pkits.SWITCH_NAMES[switch]} | {count} |" for switch, count in sorted(switches.items())]
    lines += ["", "Where we refuse and OpenSSL, asked without a security level, does not:", ""]
    lines += [f"- `{name}`: {why}" for name, why in pkits.STRICTER.items()]
    return [*lines, ""]


def _limbo(found: dict[str, Any]) -> list[str]:
    lines = [
        "## x509-limbo and bettertls", "",
        (f"Run on {found['date']} over the snapshot of {found['snapshot']}, with {found['openssl']}: {found['cases']} cases, "
        f"{found['bettertls']} of them from Netflix/bettertls (name constraints and path building), generated from its stored source. "
        "The corpus is on no package registry, so its data is not kept here and the run is not part of `make test`."), "",
        f"- {found['agree_with_corpus']} answers are those of the corpus; of bettertls {found['bettertls_agree_with_corpus']} of {found['bettertls']}.",
        f"- {found['agree_with_openssl']} of {found['asked_of_openssl']} answers are OpenSSL's.",
        f"- {found['accepted_against_openssl']} times we accept what OpenSSL refuses.",
        "- The others we refuse, for reasons that the product has and a bare verification has not:", "",
        "| our rule | cases | why |", "| --- | --- | --- |",
    ]  # fmt: skip
    lines += [f"| `{rule}` | {count} | {limbo.STRICTER[rule]} |" for rule, count in found["stricter"].items()]
    lines += [
        "",
        ("Families in which OpenSSL and we agree and the corpus asks for something else (profiles for CAs, rules of the web PKI, "
        "names in the common name, a second way up where the first one fails):"), "",
        "| family | both accept | both refuse |", "| --- | --- | --- |",
    ]  # fmt: skip
    lines += [
        f"| {family} | {count['accepted']} | {count['refused']} |" for family, count in found["corpus_differs"].items()
    ]
    return [*lines, ""]


def _others() -> list[str]:
    return [
        "## A third opinion", "",
        ("`tests/unit/test_third_opinion.py` asks cryptography's own verifier (the web PKI's rules) about every world. It tries "
        "every way up and knows no product; each difference is listed there with its reason, and a reason that no longer "
        "occurs fails the test."), "",
    ]  # fmt: skip


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limbo", type=Path, metavar="FILE", help="a limbo.json to run as well")
    parser.add_argument("--snapshot", default="an unknown date", help="the date of its source")
    arguments = parser.parse_args()
    if arguments.limbo:
        results = limbo_results(arguments.limbo, arguments.snapshot)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
