"""`expect:` in the deployment file: what can be promised, what is refused, and that it changes nothing else."""

from __future__ import annotations

import jsonschema
import pytest
import yaml

from pkikit.anonymise.naming.deployment_names import DeploymentNames
from pkikit.design.change import compare_deployments
from pkikit.errors import DeploymentError
from pkikit.model.deployment import Deployment, parse_deployment
from pkikit.planning.goals.kinds.renamed_peer import with_name
from tests.support.worlds import C1, DEPLOYMENTS, E1, deployment

TEXT = (DEPLOYMENTS / "clustered-mra.yaml").read_text(encoding="utf-8")
EVERYTHING = """
expect:
  services:
    mra: {until: 2027-06-30, peers_down: 1, clusters: [edge]}
    web-proxy: {days: 90}
    administration: {every_peer: on}
  connections:
    - {zone: uc-traversal, mutual: on, until: "2027-06-30"}
    - {between: [core, unified-cm], kind: ucm}
  keys: {rsa: ">= 3072", ec: [P-256, P-384]}
  public_ca: {never_on: [core, expressway-c, c1.corp.example.com]}
  lifetime: [{at_most_days: 398, of: [edge]}, {days_left: 14}]
"""
LINE = TEXT.count("\n") + 2


def test_everything_that_can_be_promised_is_read_and_matches_the_schema() -> None:
    """One promise needs no list; a number of bits may be written with its sign; a dump is read again as the same."""
    read = parse_deployment(TEXT + EVERYTHING)
    assert read.expect is not None
    assert read.expect.keys[0].rsa == 3072
    assert read.expect.services["mra"].peers_down == 1
    assert Deployment.model_validate(read.model_dump(mode="json")) == read
    # An editor knows YAML 1.2, which has no dates: they are text.
    document = yaml.load(TEXT + EVERYTHING, Loader=yaml.BaseLoader)["expect"]
    document["services"]["web-proxy"]["days"] = 90
    document["services"]["mra"]["peers_down"] = 1
    document["lifetime"] = [{"at_most_days": 398, "of": ["edge"]}, {"days_left": 14}]
    schema = Deployment.model_json_schema()
    jsonschema.validate(document, {"$defs": schema["$defs"], "$ref": "#/$defs/Promises"})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"keys": {"rsa": "3072 bits"}}, {"$defs": schema["$defs"], "$ref": "#/$defs/Promises"})


@pytest.mark.parametrize(("promise", "said"), [
    ("servces: {}", "unknown key expect.servces (did you mean 'services'?)"),
    ("services: {mrra: {}}", "expect.services.mrra: 'mrra' is not a service"),
    ("services: [mra]", "expect.services: write a mapping"),
    ("services: {mra: {unti: 2027-01-01}}", "(did you mean 'until'?)"),
    ("services: {mra: {until: 2027}}", "write a day as 2027-06-30, not '2027'"),
    ("services: {mra: {until: '2027-02-30'}}", "write a day"),
    ("services: {mra: {until: 2027-06-30T12:00:00Z}}", "write a day"),
    ("services: {mra: {until: 2027-06-30, days: 3}}", "is given twice"),
    ("services: {mra: {days: 0}}", "greater than or equal to 1"),
    ("services: {mra: {clusters: [cor]}}", "there is no cluster 'cor'; there are core, edge. Did you mean core?"),
    ("services: {mra: {every_peer: on, peers_down: 1}}", "cannot be kept"),
    ("keys: {rsa: '> 3072'}", "write the least number of bits"),
    ("keys: {rsa: 16}", "greater than or equal to 512"),
    ("keys: {ec: [P-255]}", "'P-256', 'P-384' or 'P-521'"),
    ("keys: {of: [core]}", "promises nothing"),
    ("keys: {rsa: 3072, of: [coree]}", "Did you mean core?"),
    ("public_ca: never on core", "write a mapping"),
    ("public_ca: {never_on: []}", "at least 1"),
    ("lifetime: {of: [core]}", "promises nothing"),
    ("connections: {zone: nope}", "there is no zone 'nope'; there are uc-traversal, partner"),
    ("connections: {up: off}", "promises nothing"),
    ("connections: {up: off, mutual: on, days: 3}", "need not be up"),
])  # fmt: skip
def test_impossible_promise_is_refused_with_line_and_key(promise: str, said: str) -> None:
    """One sentence, with the line of the promise."""
    with pytest.raises(DeploymentError) as caught:
        parse_deployment(f"{TEXT}expect:\n  {promise}\n", where="my.yaml")
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"my.yaml, line {LINE}: "), caught.value


def test_file_without_expect_means_the_same_as_before() -> None:
    """Nothing is promised, and a comparison of layouts does not look at promises."""
    assert deployment().expect is None
    promising = parse_deployment(TEXT + EVERYTHING)
    assert not [change for change in compare_deployments(deployment(), promising) if change.needs_certificate]
    assert promising.model_copy(update={"expect": None}) == deployment()


def test_renamed_peer_is_renamed_in_promises_too() -> None:
    """The plan that renames a peer carries its promises along."""
    after = with_name(parse_deployment(TEXT + EVERYTHING), C1, "c7.corp.example.com")
    assert after.expect is not None
    assert after.expect.public_ca is not None
    assert after.expect.public_ca.never_on == ("core", "expressway-c", "c7.corp.example.com")


class _Fake:
    """Replaces names in a way that a test can foresee."""

    def host(self, name: str) -> str:
        return name.replace("example", "elsewhere")

    def text(self, text: str) -> str:
        return f"other-{text}"


def test_anonymised_promises_name_the_same_machines_under_other_names() -> None:
    """Clusters, zones and machines get their new names; roles, kinds, days and numbers stay."""
    text = TEXT + EVERYTHING.replace("of: [edge]", f"of: [edge, {E1}]")
    fake = _Fake()
    after = DeploymentNames(fake, fake).deployment(parse_deployment(text)).expect  # type: ignore[arg-type]
    assert after is not None
    assert after.public_ca is not None
    assert after.public_ca.never_on == ("other-core", "expressway-c", "c1.corp.elsewhere.com")
    assert after.services["mra"].clusters == ("other-edge",)
    assert (after.connections[0].zone, after.connections[1].between) == (
        "other-uc-traversal",
        ("other-core", "unified-cm"),
    )
    assert after.lifetime[0].of == ("other-edge", "e1.elsewhere.com")
    assert f"{after.services['mra'].until}" == "2027-06-30"
