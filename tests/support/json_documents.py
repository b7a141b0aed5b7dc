"""The documents that commands print with `--json`, as models: `docs/schemas` is made from them, and tests read real ones.

The keys are a contract (they change with a major version), and commands may add some. So the published schemas allow more
keys, and the models don't: a test fails when a command prints a key that the schema does not describe.
"""

from __future__ import annotations

from typing import Any

import jsonschema

from pkikit.model.deployment import Deployment
from pkikit.planning.plan_file.plan_document import plan_schema
from tests.support.fleet_model import Fleet
from tests.support.output_models import Check, Document, Import, Lint, Report

BASE = "urn:expressway-certificate-lab:schema:"
"""Of `$id`: a name without a host, because the schemas are read from the project's own files."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"

DOCUMENTS: dict[str, tuple[str, type[Document]]] = {
    "check": ("What expressway-sim check prints", Check),
    "fleet-audit": ("What pkikit fleet audit prints", Fleet),
    "import": ("import.json of pkikit import", Import),
    "lint": ("What pkikit lint prints", Lint),
    "report": ("What pkikit report prints", Report),
}
"""Name of the schema → its title, and the model."""


def _open(schema: Any) -> Any:
    """The same schema, with more keys allowed, and without the titles that pydantic makes of the names of keys."""
    if isinstance(schema, list):
        return [_open(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _open(value) for key, value in schema.items()}
    if kept.get("additionalProperties") is False:
        del kept["additionalProperties"]
    if isinstance(kept.get("title"), str) and "properties" not in kept:
        del kept["title"]
    return kept


def published(name: str) -> dict[str, Any]:
    """The schema under its stable name: `deployment`, `plan`, or a document of `DOCUMENTS`."""
    if name == "deployment":
        title, schema = "Deployment file of the Expressway Certificate Lab", Deployment.model_json_schema()
    elif name == "plan":
        title, schema = "plan.json of pkikit plan", plan_schema()
    else:
        title, model = DOCUMENTS[name]
        schema = _open(model.model_json_schema(by_alias=True))
    rest = {key: value for key, value in schema.items() if key not in {"$schema", "title"}}
    return {"$schema": DIALECT, "$id": f"{BASE}{name}", "title": title, **rest}


NAMES = ("deployment", "plan", *DOCUMENTS)


def assert_follows(name: str, document: Any) -> None:
    """A document that was really printed has the keys of its schema and no other."""
    DOCUMENTS[name][1].model_validate(document)
    schema = published(name)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []
