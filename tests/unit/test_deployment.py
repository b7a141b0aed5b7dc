"""The deployment file: what it says, and one sentence with file, line and key for what it cannot say."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from pkikit.errors import DeploymentError, InputError
from pkikit.files import load_deployment
from pkikit.model.deployment import Deployment, parse_deployment
from pkikit.model.version import ProductVersion
from tests.support.cli import run
from tests.support.places import ROOT
from tests.support.worlds import DEPLOYMENTS

TEXT = (DEPLOYMENTS / "clustered-mra.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(DEPLOYMENTS.glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_deployments_load_and_match_the_schema(path: Path) -> None:
    """Each shipped file loads, and the JSON schema accepts it too."""
    assert load_deployment(path).name == path.stem
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), Deployment.model_json_schema())


def test_promised_deployments_are_shipped() -> None:
    """Users of the project rely on these three files."""
    assert {"single-pair", "clustered-mra", "clustered-full"} <= {p.stem for p in DEPLOYMENTS.glob("*.yaml")}


@pytest.mark.parametrize(("before", "after", "line", "said"), [
    ("role: expressway-c", "role: expressway-x", 6, "'expressway-c' or 'expressway-e'"),
    ("mra: true", "mra: maybe", 16, "on or off"),
    ("- name: core", "- nam: core", 5, "did you mean 'name'"),
    ("client: core", "client: nope", 20, "does not exist; there are core, edge"),
    ("c2.corp", "c1.corp", 8, "used twice"),
    ("peers: [c1.corp.example.com", "peers: [10.1.1.1", 8, "IP address"),
    ("[e1.example.com, e2.example.com], tls", "[e1.example.com, 192.0.2.1], tls", 21, "IP address where an FQDN belongs"),
    ("tls_verify: true}", "tls_verfy: true}", 22, "did you mean 'tls_verify'"),
    ("type: neighbour", "type: neighbor", 22, "zones[1]"),
    ("type: neighbour", f"type: {'x' * 300}", 22, "'dns', 'default', not 'xxxx"),
    ("type: neighbour", r'type: "a\nb"', 22, r"'dns', 'default', not 'a\nb'"),
    ("[sip.partner.example.net]", "[e2.example.com]", 22, "e2.example.com is a peer of the cluster 'edge' itself"),
    ("version: X12.5", "version: 12", 3, "version"),
    ("version: X12.5", "version: X99.1", 3, "X8.1 to X15.5"),
    ("mra: true", "mra: true\nmra: false", 17, "is there twice"),
    ("name: clustered-mra", "name: [", 4, "is not YAML"),
    ("fqdn: cluster-c.corp.example.com\n", "\n", 5, "needs a name (fqdn)"),
    ("peers: [c1.corp.example.com, c2.corp.example.com]", "peers: []", 8, "peers"),
    ("client: core, server: edge", "client: edge, server: core", 20, "expressway-c cluster"),
    ("[e1.example.com, e2.example.com], tls", "[e9.example.com], tls", 21, "allowed are"),
])  # fmt: skip
def test_invalid_deployment_is_refused_with_file_line_and_key(before: str, after: str, line: int, said: str) -> None:
    """One sentence; the line is that of the key."""
    assert before in TEXT
    with pytest.raises(DeploymentError) as caught:
        parse_deployment(TEXT.replace(before, after, 1), where="my.yaml")
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"my.yaml, line {line}"), caught.value
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", [
    "", "# nothing", "- a", "5", "\x00", "[" * 20_000, "a: !!python/object:os.system x", "{a: 1, [b]: 2}", "name: x", "? {a: b}\n: c",
    "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d]",
])  # fmt: skip
def test_malformed_yaml_is_refused_with_one_sentence(text: str) -> None:
    """Empty, wrong shape, hostile YAML: one sentence, at once."""
    with pytest.raises(DeploymentError) as caught:
        parse_deployment(text, where="my.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["on", "yes", "true", '"on"', "True"])
def test_switches_accept_on_yes_and_true(value: str) -> None:
    """on, yes and true mean the same, quoted or not."""
    assert parse_deployment(TEXT.replace("checking: off", f"checking: {value}")).revocation.checking is True


def test_zone_may_dial_an_ip_address_only_when_a_party_has_it() -> None:
    """A zone that dials an IP address is refused unless somebody has that address."""
    text = TEXT.replace("[e1.example.com, e2.example.com], tls", "[192.0.2.11, e2.example.com], tls")
    with pytest.raises(DeploymentError):
        parse_deployment(text)
    read = parse_deployment(text + "\naddresses: {e1.example.com: 192.0.2.11}\n")
    assert read.fqdn_at("192.0.2.11") == "e1.example.com"


@pytest.mark.parametrize(("content", "said"), [
    (None, "no such file"), (b"", "is empty"), (b"\xff\xfe\x00\x01rubbish\x80", "not UTF-8"), (b"x" * 2_000_000, "larger than"),
])  # fmt: skip
def test_unreadable_deployment_file_is_named_in_the_error(content: bytes | None, said: str, tmp_path: Path) -> None:
    """Missing, empty, binary, too large: the sentence names the file."""
    path = tmp_path / "d.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        load_deployment(path)
    assert str(path) in str(caught.value)


def test_schema_command_prints_the_committed_schema() -> None:
    """docs/deployment.schema.json is what `expressway-sim schema` prints."""
    committed = ROOT / "docs" / "deployment.schema.json"
    assert json.loads(run("simulator", "schema").stdout) == json.loads(committed.read_text(encoding="utf-8"))


def test_versions_compare_by_number() -> None:
    """Versions compare number by number, not letter by letter."""
    old, new = ProductVersion.parse("X8.11.1"), ProductVersion.parse("x12.5")
    assert old < new
    assert new.within("X8.10-")
    assert not ProductVersion.parse("X8.9").within("X8.10-")
    assert ProductVersion.parse("X14.2.1").within("X14.2-X14.2")


@pytest.mark.parametrize("number", ["0x" + "f" * 5000, "1:" + "59:" * 3000 + "1"], ids=["hexadecimal", "sexagesimal"])
def test_deployment_with_a_huge_number_is_refused_with_its_line(number: str) -> None:
    """YAML reads such a number, Python refuses to print it: still one sentence with its line."""
    with pytest.raises(DeploymentError, match=r"line 1: name: .*not a number of thousands of digits"):
        parse_deployment(f"name: {number}\nclusters: []\n", where="x.yaml")
