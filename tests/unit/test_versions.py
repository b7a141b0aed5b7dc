"""One table: what changes with the product version, from X8.1 to X15.5."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from pkikit.commands.cli import app
from pkikit.design.choices import options_of, parse_vary
from pkikit.design.csr import CsrForm
from pkikit.design.legs import legs_of
from pkikit.design.san import design_sans
from pkikit.errors import DeploymentError, InputError
from pkikit.judge.linting.lint import lint_certificate, lint_trust_list, lint_upload
from pkikit.judge.linting.preflight import refuse_where_there_is_no_acme
from pkikit.judge.questions import CertificateUse
from pkikit.model.findings import Severity
from pkikit.model.leg import Purpose
from pkikit.model.parties import LegKind, Role
from pkikit.model.tables import features
from pkikit.model.version import ProductVersion
from simulator.world.craft import CLIENT, SERVER, craft
from tests.support.generate_docs import versions_md
from tests.support.places import ROOT
from tests.support.worlds import AT, CLUSTER_E, E1, changed

VERSIONS = (
    "X8.1",
    "X8.5",
    "X8.5.1",
    "X8.5.2",
    "X8.9",
    "X8.10",
    "X8.11.1",
    "X12.5",
    "X14.0",
    "X14.0.2",
    "X14.0.8",
    "X14.2",
    "X15.4",
    "X15.5",
)
OLD, NEW = ("sha1",), ("sha256", "sha384", "sha512")

# what is asked: the answer in each of VERSIONS, in their order (a run of equal answers is written as value × times)
TABLE: dict[str, list[object]] = {
    "csr digests": [OLD] * 2 + [OLD + NEW] * 3 + [NEW] * 9,
    "csr default digest": ["sha1"] * 2 + ["sha256"] * 12,
    "csr key sizes": [(1024, 2048, 4096)] * 5 + [(2048, 4096)] * 9,
    "999 characters": [None] * 3 + [999] * 2 + [None] * 9,
    "common name": [E1] * 7 + [CLUSTER_E] * 7,
    "SHA-1 judged": [False] * 5 + [True] * 9,
    "common name missing judged": [False] * 5 + [True] * 9,
    "absent EKU judged": [False] * 5 + [True] * 9,
    "chain at upload judged": [False] * 5 + [True] * 9,
    "one CN twice in the list": [False] * 8 + [True] * 6,
    "ACME": [False] * 7 + [True] * 7,
    "MRA verifies Unified CM though TLS verify is off": [False] * 10 + [True] * 4,
    "Unified CM asks for C's certificate on 6971 and 6972": [False] * 9 + [True] * 5,
    "the traffic server's verification can be off": ["no switch"] * 11 + ["off"] * 3,
    "serverAuth only on E": ["error"] * 12 + ["warning", None],
    "serverAuth only on C": ["error"] * 13 + [None],
    "clientAuth only in the client store": ["error"] * 13 + [None],
    "stores": [("one",)] * 13 + [("one", "two")],
}


def severity(version: ProductVersion, role: Role, eku: object, store: Purpose | None = None) -> str | None:
    use = CertificateUse(at=AT, version=version, role=role, store=store)
    leaf = craft((E1, CLUSTER_E), None, at=AT, ekus=(eku,)).leaf  # type: ignore[arg-type]
    found = {f.severity for f in lint_certificate(leaf, use).findings if f.rule.endswith("-auth-missing")}
    return min(found).value if found else None


def switched_off(text: str) -> str:
    try:
        deployment = changed(version=text, unified_cm__0__tls_verify=False, clusters__0__verify_origin_server=False)
    except DeploymentError:
        return "no switch"
    to_unified_cm = [leg for leg in legs_of(deployment) if leg.kind is LegKind.UNIFIED_CM_HTTPS]
    return "on" if any(leg.client_verifies for leg in to_unified_cm) else "off"


def answers(text: str) -> dict[str, object]:
    version = ProductVersion.parse(text)
    deployment = changed(version=text, unified_cm__0__tls_verify=False)
    form = CsrForm.of(version)
    use = CertificateUse(at=AT, version=version)
    leaf = craft((E1,), None, at=AT).leaf
    checked = lint_certificate(leaf, use).checked
    try:
        refuse_where_there_is_no_acme(deployment, E1)
        acme = True
    except InputError:
        acme = False
    edge = deployment.clusters[1]
    return {
        "csr digests": form.digests,
        "csr default digest": form.default_digest,
        "csr key sizes": form.key_sizes,
        "999 characters": form.san_limit,
        "common name": design_sans(deployment, E1).common_name,
        "SHA-1 judged": "signature.digest-unsupported" in checked,
        "common name missing judged": "names.common-name-missing" in checked,
        "absent EKU judged": "eku.absent" in checked,
        "chain at upload judged": bool(lint_upload(leaf, [leaf], use).checked),
        "one CN twice in the list": "trust-list.same-common-name" in lint_trust_list([leaf], use).checked,
        "ACME": acme,
        "MRA verifies Unified CM though TLS verify is off": all(
            leg.client_verifies for leg in legs_of(deployment) if leg.id.startswith("ucm-https:")
        ),
        "Unified CM asks for C's certificate on 6971 and 6972": all(
            leg.mutual for leg in legs_of(deployment) if leg.kind is LegKind.UNIFIED_CM_TFTP
        ),
        "the traffic server's verification can be off": switched_off(text),
        "serverAuth only on E": severity(version, Role.EXPRESSWAY_E, SERVER),
        "serverAuth only on C": severity(version, Role.EXPRESSWAY_C, SERVER),
        "clientAuth only in the client store": severity(version, Role.EXPRESSWAY_E, CLIENT, Purpose.CLIENT),
        "stores": tuple(dict.fromkeys(o.stores for o in options_of(deployment, edge, parse_vary((), deployment)))),
    }


@pytest.mark.parametrize("number", range(len(VERSIONS)), ids=VERSIONS)
def test_version_decides_each_row_of_the_table(number: int) -> None:
    """For one version, every row of the table has the right answer."""
    assert answers(VERSIONS[number]) == {question: row[number] for question, row in TABLE.items()}


def test_version_table_is_complete_and_every_row_changes() -> None:
    """Each row has an answer for each version, and each row changes somewhere: otherwise it would test nothing."""
    assert all(len(row) == len(VERSIONS) for row in TABLE.values())
    assert all(len({str(a) for a in row}) > 1 for row in TABLE.values())
    assert Severity.ERROR.value == "error"


def test_every_feature_is_in_the_table_and_has_a_span() -> None:
    """A feature that the table forgets would be missing in docs/versions.md; a wrong version would fail only when asked."""
    named = {value for value in vars(features).values() if isinstance(value, features.Feature)}
    assert named == set(features.FEATURES)
    for feature in features.FEATURES:
        known = [ProductVersion.parse(text) for text in VERSIONS]
        having = [version.has(feature) for version in known]
        assert any(having)
        assert not all(having), f"{feature.title} holds for every version"
        assert ProductVersion.parse(feature.first).has(feature)
        assert feature.source


def test_until_includes_the_maintenance_releases_of_the_last_version() -> None:
    """X8.9.3 is X8.9 with corrections; X8.10 is another version."""
    having = [
        ProductVersion.parse(text).has(features.SAN_LENGTH_LIMIT) for text in ("X8.5.1", "X8.5.2", "X8.9.3", "X8.10")
    ]
    assert having == [False, True, True, False]


def test_no_other_module_names_a_version() -> None:
    """No string in the code is a version or a span of versions, outside the table: documents cited in prose are not."""
    version = re.compile(r"-?X\d+\.\d+(\.\d+)?(-(X\d+\.\d+(\.\d+)?)?)?")
    found = []
    for root in ("pkikit", "simulator", "notebooks/workbook"):
        for path in sorted((ROOT / root).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += [
                f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and version.fullmatch(node.value)
                if path.name != "features.py"
            ]
    assert found == []


_WITH_X16 = """
import sys, types
from pathlib import Path
import pkikit.model.tables
table = types.ModuleType("pkikit.model.tables.features")
sys.modules["pkikit.model.tables.features"] = pkikit.model.tables.features = table
source = Path(sys.argv[1]).read_text(encoding="utf-8")
assert 'NEWEST = "X8.1", "X15.5"' in source
exec(compile(source.replace('NEWEST = "X8.1", "X15.5"', 'NEWEST = "X8.1", "X16.0"'), "features", "exec"), table.__dict__)

from typer.testing import CliRunner
from pkikit.commands.cli import app
from pkikit.errors import InputError
from pkikit.judge.questions import CertificateUse
from pkikit.model.deployment import Deployment
from pkikit.model.version import ProductVersion

print(ProductVersion.parse("X16.0").has(table.TWO_STORES))
print(Deployment.model_fields["version"].default)
try:
    ProductVersion.parse("X17.0")
except InputError as error:
    print(error)
print(CliRunner().invoke(app, ["lint", "--help"], env={"COLUMNS": "200"}).stdout)
"""


def test_new_version_is_a_change_of_one_file() -> None:
    """X16.0 in the table alone: it is read, it is the default, and messages and help name it."""
    table = ROOT / "pkikit" / "model" / "tables" / "features.py"
    done = subprocess.run([sys.executable, "-c", _WITH_X16, str(table)], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "True"
    assert lines[1] == "X16.0"
    assert "write X8.1 to X16.0, as X12.5" in lines[2]
    assert "Product version, X8.1 to X16.0." in done.stdout


def test_file_without_a_version_is_read_as_the_newest(tmp_path: Path) -> None:
    """A line on standard error says so; a file or a command that names a version prints nothing there."""
    text = (ROOT / "notebooks" / "deployments" / "single-pair.yaml").read_text(encoding="utf-8")
    silent = tmp_path / "silent.yaml"
    silent.write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith("version:")), encoding="utf-8"
    )
    stated = tmp_path / "stated.yaml"
    stated.write_text(text, encoding="utf-8")
    runner = CliRunner()
    assert "silent.yaml: names no version, so it is read as X15.5" in runner.invoke(app, ["san", str(silent)]).stderr
    assert runner.invoke(app, ["san", str(silent), "--version", "X14.0"]).stderr == ""
    assert runner.invoke(app, ["san", str(stated)]).stderr == ""


# A feature that rests on statements which are not all stated: the feature shows the weakest mark.
RESTS_ON = {
    features.CLUSTER_WITHOUT_CLIENT_AUTH: ("A-49", "A-74"),
    features.SERVER_ONLY_SWITCH: ("A-41", "A-42"),
    features.EKU_CHECKING_MODE: ("A-08", "A-09"),
    features.CSRF_HEADER: ("D-15",),
    features.TWO_STORES: ("A-01", "A-02"),
    features.UPLOAD_NEEDS_CLIENT_AUTH: ("A-40",),
    features.TRAFFIC_SERVER_VERIFIES: ("F-08",),
}


def test_features_show_how_certain_the_documents_are() -> None:
    """The mark is that of the weakest statement; the source and docs/versions.md say so too."""
    rows = yaml.safe_load((ROOT / "docs" / "product.yaml").read_text(encoding="utf-8"))["statements"].values()
    marks = {row["id"]: features.Certainty(row["mark"]) for topic in rows for row in topic}
    order = list(features.Certainty)
    for feature, ids in RESTS_ON.items():
        assert feature.certainty is max((marks[i] for i in ids), key=order.index), feature.title
    page = versions_md()
    for feature in features.FEATURES:
        assert any(word in feature.source for word in ("inferred", "uncertain")) is (feature.certainty is not order[0])
        assert f"| {feature.title} | {feature.certainty.value} |" in page
