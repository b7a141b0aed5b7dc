"""The words of our own sentences and keys. That one of them occurs in a case says nothing about the original."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from pkikit.anonymise.naming.tokens import TOKEN
from pkikit.model.deployment import Deployment
from pkikit.rules.catalogue import RULES
from pkikit.rules.plain_causes import PLAIN_CAUSES


@cache
def our_words() -> frozenset[str]:
    """Return all words of deployment files, rules, causes and tickets, in lower case."""
    sources = [json.dumps(Deployment.model_json_schema())]
    sources += [f"{rule.id} {rule.requirement} {rule.fix}" for rule in RULES]
    sources += [f"{cause.sentence} {cause.gate.value}" for cause in PLAIN_CAUSES]
    sources += [
        (files("pkikit.anonymise") / name).read_text(encoding="utf-8") for name in ("ticket.py", "anonymiser.py")
    ]
    return frozenset(word.lower() for source in sources for word in TOKEN.findall(source))
