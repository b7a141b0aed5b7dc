"""Files and logs for a notebook: what is in them, and what they mean. The output never contains what differs from run to run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from pkikit.errors import InputError, PkikitError
from pkikit.files import convert, parse, product_objections
from pkikit.judge.logs.log_text import diagnose_text
from pkikit.judge.matching.name_matching import match_name
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import presented_names
from pkikit.rules.catalogue import all_rules, rule_of
from pkikit.view.description import describe_contents
from workbook.models.revocation_table import AT

_STEADY = ("subject", "issuer", "key", "signature_digest", "extended_key_usage", "entries", "status", "bits", "type")


def look_into(data: bytes, name: str = "the file", at: datetime = AT) -> pd.DataFrame:
    """Return every object of a file with its lasting facts; the last rows list what is odd about the file."""
    contents = parse(data, where=name)
    rows = []
    for facts in describe_contents(contents, at):
        told = {k: v for k, v in facts.items() if k in _STEADY}
        names = facts.get("sans", {}).get("dns", []) if isinstance(facts.get("sans"), dict) else []
        if names:
            told["names"] = ", ".join(names)
        rows.append({"form": contents.form.upper(), "object": facts["kind"], "facts": _line(told)})
    rows += [{"form": contents.form.upper(), "object": "note", "facts": note} for note in contents.notes]
    return pd.DataFrame(rows, columns=["form", "object", "facts"]).set_index("form")


def _line(facts: dict[str, Any]) -> str:
    return "; ".join(f"{key.replace('_', ' ')}: {value}" for key, value in facts.items() if value not in ("", None))


def converted(data: bytes, form: str, name: str = "the file") -> bytes:
    """Return the objects of a file as `pem` or `der`."""
    return convert(parse(data, where=name), form)


def forms(**files: bytes) -> pd.DataFrame:
    """Return, for each file, its form, how many objects it holds, and whether the product reads it as it is."""
    rows = {}
    for name, data in files.items():
        try:
            found = parse(data, where=name)
            count = len(found.certificates) + len(found.requests) + len(found.crls) + len(found.keys)
            taken = "no" if any(not o.is_remark for o in product_objections(found)) else "yes"
            rows[name.replace("_", " ")] = {"form": found.form.upper(), "objects": count, "taken as it is": taken}
        except PkikitError as error:
            rows[name.replace("_", " ")] = {"form": "none", "objects": 0, "taken as it is": f"no: {error}"}
    return pd.DataFrame.from_dict(rows, orient="index")


def read_log(text: str) -> pd.DataFrame:
    """Return what a log or a tool's output means: causes, most probable first, and what to do."""
    verdict, causes = diagnose_text(text, where="the log")
    fixes = {f.rule: f.fix for f in reversed(verdict.findings)}  # of several findings of a rule, the first counts
    rows = [{"cause": cause, "fix": fixes.get(cause, rule_of(cause).fix)} for cause in causes]
    return pd.DataFrame(rows, columns=["cause", "fix"]).set_index("cause")


def matches(credential: Credential, *names: str) -> pd.DataFrame:
    """Return whether each name is found in a certificate, by which of its names, and why or why not."""
    presented = presented_names(credential.leaf)
    rows = []
    for name in names:
        match = match_name(name, presented)
        rows.append({"looked for": name, "found as": match.presented or "✘ not found", "why": match.why})
    return pd.DataFrame(rows).set_index("looked for")


def rules_of(area: str) -> pd.DataFrame:
    """Return the rules of one area of the catalogue: requirement and fix."""
    rows = [{"rule": r.id, "asks": r.requirement, "fix": r.fix} for r in all_rules() if r.id.split(".")[0] == area]
    if not rows:
        raise InputError(
            f"there is no area {area!r}; there are {', '.join(sorted({r.id.split('.')[0] for r in all_rules()}))}"
        )
    return pd.DataFrame(rows).set_index("rule")
