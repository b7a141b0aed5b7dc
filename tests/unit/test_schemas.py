"""JSON schemas under stable names: they are schemas, files refer to them, and editors find them beside the deployments."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
import yaml

from pkikit.files import load_deployment
from tests.support.generate_docs import DOCS
from tests.support.json_documents import BASE, NAMES, published
from tests.support.places import ROOT
from tests.support.worlds import DEPLOYMENTS

MODELINE = re.compile(r"^# yaml-language-server: \$schema=(\S+)$")


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_valid_and_knows_its_name(name: str) -> None:
    schema = published(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{BASE}{name}"
    assert schema["title"]
    assert json.loads((DOCS / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")) == schema


def test_published_schemas_differ_from_the_old_places_only_in_their_names() -> None:
    """`docs/deployment.schema.json` and `docs/plan.schema.json` stay where they were."""
    for name in ("deployment", "plan"):
        old = json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
        own = {"$schema", "$id", "title"}
        assert {k: v for k, v in published(name).items() if k not in own} == {
            k: v for k, v in old.items() if k not in own
        }


def test_schemas_of_outputs_allow_keys_that_later_versions_add() -> None:
    for name in NAMES[2:]:
        assert '"additionalProperties": false' not in json.dumps(published(name)), name
    assert published("deployment")["additionalProperties"] is False, "an editor would not mark a mistyped key"


def test_shipped_deployments_name_the_schema_in_their_first_line() -> None:
    """A path beside the file, so that it works in a checkout, in the wheel and in a learner's home."""
    files = sorted(DEPLOYMENTS.glob("*.yaml"))
    assert files
    for path in files:
        found = MODELINE.match(path.read_text(encoding="utf-8").splitlines()[0])
        assert found, path.name
        schema = json.loads((path.parent / found[1]).read_text(encoding="utf-8"))
        assert schema == published("deployment")
        validator = jsonschema.Draft202012Validator(schema)
        assert [e.message for e in validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))] == []
        assert load_deployment(path).name == path.stem


def test_page_about_schemas_lists_every_one() -> None:
    text = (ROOT / "docs" / "schemas.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\(schemas/(\w[\w-]*)\.schema\.json\)", text) == sorted(NAMES)
