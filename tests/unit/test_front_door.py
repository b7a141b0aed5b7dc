"""`import pkikit`: the public names, what they accept and return, and what they say about bad input."""

from __future__ import annotations

import ast
import doctest
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import griffe
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

import pkikit
import simulator
from pkikit.api import decide, fleets
from pkikit.files import key_pem
from pkikit.issue.authority import create_root
from simulator.threaded import ThreadedLab
from simulator.world.craft import DAY, craft
from tests.support.api_docs import api_md, public_objects
from tests.support.fleets import write_small
from tests.support.places import ROOT
from tests.support.worlds import AT, E1, deployment

PLAN = ROOT / "notebooks" / "deployments" / "clustered-mra.yaml"
CA = create_root("Front Door Root CA", at=AT - DAY)
CREDENTIAL = craft((E1, "cluster-e.example.com", "example.com"), CA, at=AT)
LEAF = CREDENTIAL.leaf
PEM, DER = LEAF.public_bytes(Encoding.PEM), LEAF.public_bytes(Encoding.DER)


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, pkikit; print(sorted({m.partition('.')[0] for m in sys.modules} & {'cryptography', 'pydantic', 'yaml', 'typer', 'rich', 'OpenSSL'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_light_command_imports_nothing_heavy() -> None:
    """`pkikit rules --json` neither reads certificates nor validates data; typer alone would import pydantic."""
    code = "import sys; from pkikit.__main__ import main\nsys.argv = ['pkikit', 'rules', '--json']\ntry: main()\nexcept SystemExit: print(sorted(m for m in sys.modules if '.' not in m), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stderr))
    assert "typer" in loaded
    assert not loaded & {"cryptography", "pydantic", "yaml", "rich", "OpenSSL", "idna", "acme"}
    assert any(rule["id"] == "validity.expired" for rule in json.loads(done.stdout))


def test_help_of_every_command_imports_nothing_heavy() -> None:
    """`pkikit --help` imports the module of every command, so each of them keeps what is heavy inside its functions."""
    code = "import sys; from pkikit.__main__ import main\nsys.argv = ['pkikit', '--help']\ntry: main()\nexcept SystemExit: print(sorted(m for m in sys.modules if '.' not in m), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stderr))
    assert not loaded & {"cryptography", "pydantic", "yaml", "OpenSSL", "idna", "dpkt", "acme"}
    assert "doctor" in done.stdout


def test_every_public_name_exists_and_is_listed() -> None:
    assert set(pkikit.__all__) <= set(dir(pkikit))
    assert all(getattr(pkikit, name) is not None for name in pkikit.__all__)
    assert {"verify", "lint", "san", "load_deployment", "diagnose", "Verdict", "__version__"} <= set(pkikit.__all__)


@pytest.mark.parametrize(("module", "program"), [("pkikit", "pkikit"), ("simulator", "expressway-sim")])
def test_version_of_the_programs_is_that_of_the_library(module: str, program: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{program} {pkikit.__version__}\n"


def test_type_checkers_see_the_same_names() -> None:
    """The imports that only type checkers read are those that happen on first use."""
    tree = ast.parse(Path(pkikit.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module != "typing"]
    seen = {(node.module, alias.name) for node in imports for alias in node.names if node.module != "importlib"}
    assert seen == {(home, name) for home, names in pkikit._HOMES.items() for name in names}
    assert {name for _, name in seen} | {"__version__"} == set(pkikit.__all__)


def test_simulator_offers_a_lab_that_blocks() -> None:
    assert set(simulator.__all__) == set(simulator._HOMES)
    assert simulator.Lab is ThreadedLab
    assert all(getattr(simulator, name) is not None for name in simulator.__all__)
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = simulator.nothing_here


def test_lab_takes_the_path_of_a_deployment() -> None:
    assert simulator.Lab(str(PLAN))._manager._deployment == pkikit.load_deployment(PLAN)
    with pytest.raises(pkikit.InputError, match=r"nope\.yaml: there is no such file"):
        simulator.Lab("nope.yaml")


def test_no_public_name_is_hidden_by_a_submodule() -> None:
    """Importing a submodule sets it as an attribute of the package, in place of a function of that name."""
    submodules = {p.stem for p in (ROOT / "pkikit").iterdir()}
    assert not submodules & set(pkikit.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = pkikit.nothing_here


@pytest.mark.parametrize("given", [LEAF, PEM, DER, PEM.decode()], ids=["object", "pem", "der", "text"])
def test_verify_takes_a_certificate_in_every_form(given: Any) -> None:
    assert pkikit.verify(given, trust=CA.certificate, name=E1, at=AT).accepted


@pytest.mark.parametrize("kind", [str, Path])
def test_verify_takes_paths(kind: Any, tmp_path: Path) -> None:
    (tmp_path / "e1.pem").write_bytes(PEM)
    (tmp_path / "ca.pem").write_bytes(CA.certificate.public_bytes(Encoding.PEM))
    verdict = pkikit.verify(kind(tmp_path / "e1.pem"), trust=[kind(tmp_path / "ca.pem")], at=AT.isoformat())
    assert verdict.accepted
    assert not verdict.findings


def test_verify_uses_the_intermediate_of_chain() -> None:
    issuing = CA.intermediate("Front Door Issuing CA", at=AT - DAY)
    leaf = craft((E1,), issuing, at=AT, chain=()).leaf
    without = pkikit.verify(leaf, trust=CA.certificate, at=AT)
    assert [f.rule for f in without.findings] == ["trust.intermediate-missing"]
    assert pkikit.verify(leaf, trust=CA.certificate, chain=issuing.certificate, at=AT).accepted


def test_verify_requires_every_name() -> None:
    verdict = pkikit.verify(LEAF, trust=CA.certificate, name=[E1, "e9.example.com"], at=AT)
    assert [f.rule for f in verdict.findings] == ["names.reference-not-presented"]


def test_verify_judges_the_purpose_at_the_time() -> None:
    server_only = craft((E1,), CA, at=AT, ekus=(ExtendedKeyUsageOID.SERVER_AUTH,)).leaf
    refused = pkikit.verify(server_only, trust=CA.certificate, purpose="client", at=AT)
    assert [f.rule for f in refused.findings] == ["eku.client-auth-missing"]
    assert pkikit.verify(server_only, trust=CA.certificate, at=AT).accepted
    late = pkikit.verify(LEAF, trust=CA.certificate, at=AT + timedelta(days=4000))
    assert not late.accepted
    assert late.findings[0].rule == "validity.expired"


BAD: dict[str, tuple[Any, str]] = {
    "no trust": (lambda: pkikit.verify(LEAF, trust=[]), "trust: must have at least one certificate"),
    "trust without certificate": (lambda: pkikit.verify(LEAF, trust=b"x"), "trust: "),
    "a number": (lambda: pkikit.verify(3, trust=CA.certificate), "certificate: must be a path, bytes, or an object"),  # type: ignore[arg-type]
    "a number as trust": (lambda: pkikit.verify(LEAF, trust=3), "trust: must be certificates, not int"),  # type: ignore[arg-type]
    "no such file": (lambda: pkikit.verify("nope.pem", trust=CA.certificate), "nope.pem: there is no such file"),
    "a purpose": (lambda: pkikit.verify(LEAF, trust=CA.certificate, purpose="both"), "allowed are server, client"),
    "a naive time": (
        lambda: pkikit.verify(LEAF, trust=CA.certificate, at=AT.replace(tzinfo=None)),
        "has no time zone",
    ),
    "a time": (lambda: pkikit.verify(LEAF, trust=CA.certificate, at="noon"), "write an ISO-8601 time with zone"),
    "a name": (lambda: pkikit.verify(LEAF, trust=CA.certificate, name="a b"), "a b"),
    "a stranger": (lambda: pkikit.san(PLAN, "x.example.org"), "there are c1.corp.example.com"),
    "a folder": (lambda: pkikit.load_deployment(ROOT), str(ROOT)),
    "a list as path": (lambda: pkikit.load_deployment([]), "must be a path, not list"),  # type: ignore[arg-type]
    "peer alone": (lambda: pkikit.lint(LEAF, peer=E1), "deployment and peer go together"),
    "a kind": (lambda: pkikit.lint(LEAF, kind="leaf"), "allowed are server, client, csr, ca, trust-list"),
    "nothing to diagnose": (lambda: pkikit.diagnose("hello"), "nothing in it reports a connection"),
    "no text": (lambda: pkikit.diagnose(None), "must be text, not NoneType"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(case: str) -> None:
    call, sentence = BAD[case]
    with pytest.raises(pkikit.PkikitError) as caught:
        call()
    assert isinstance(caught.value, pkikit.InputError)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert " --" not in str(caught.value).replace("-----", "")


class _BytesPath:
    """A path whose file name is bytes, which `os.PathLike` allows."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> bytes:
        return bytes(self._path)


# Each parameter that takes a short text, and a call that gives it a value.
TEXTS: dict[str, Any] = {
    "name": lambda given: pkikit.verify(LEAF, trust=CA.certificate, name=given),
    "name of match": lambda given: pkikit.match(given, LEAF),
    "purpose": lambda given: pkikit.verify(LEAF, trust=CA.certificate, purpose=given),
    "fqdn": lambda given: pkikit.san(PLAN, given),
    "peer": lambda given: pkikit.lint(LEAF, deployment=PLAN, peer=given),
    "version": lambda given: pkikit.lint(LEAF, version=given),
    "version of a file": lambda given: pkikit.load_deployment(PLAN, version=given),
    "version of a deployment": lambda given: pkikit.lint(deployment(), version=given),
    "kind": lambda given: pkikit.lint(LEAF, kind=given),
    "role": lambda given: pkikit.lint(LEAF, role=given),
    "where": lambda given: pkikit.diagnose("verify error:num=20:x", where=given),
}


@pytest.mark.parametrize("parameter", TEXTS)
@pytest.mark.parametrize(
    "given",
    [b"X12.5", 5, 1.5, object(), {1: "a"}, [b"x"], bytearray(b"x"), Path("x")],
    ids=lambda given: type(given).__name__,
)
def test_value_that_is_not_text_is_refused_with_its_parameter(parameter: str, given: Any) -> None:
    with pytest.raises(pkikit.InputError, match=rf"^{parameter.partition(' ')[0]}: must be text") as caught:
        TEXTS[parameter](given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("call", [pkikit.san, pkikit.lint, pkikit.verify], ids=lambda call: call.__name__)
def test_path_may_hold_bytes(call: Any, tmp_path: Path) -> None:
    """What `os.fspath` allows is a path here too."""
    if call is pkikit.san:
        assert list(pkikit.san(_BytesPath(PLAN), E1))  # type: ignore[arg-type]
        return
    (tmp_path / "leaf.pem").write_bytes(PEM)
    options = {"trust": CA.certificate} if call is pkikit.verify else {}
    assert call(_BytesPath(tmp_path / "leaf.pem"), at=AT, **options).accepted


def _library_errors() -> list[tuple[str, str]]:
    """(file, text) of each string in an exception that a module outside the commands raises."""
    found = []
    for path in sorted((ROOT / "pkikit").rglob("*.py")):
        if "commands" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and node.exc is not None:
                texts = [
                    c.value for c in ast.walk(node.exc) if isinstance(c, ast.Constant) and isinstance(c.value, str)
                ]
                found += [(path.name, text) for text in texts]
    return found


def test_errors_of_the_library_name_parameters_not_options() -> None:
    """Only a command has options; a text may name a whole command to type."""
    errors = _library_errors()
    assert len(errors) > 100
    whole = re.compile(r"\b(pkikit|expressway-sim) [a-z]+\b.*")
    options = [(file, text) for file, text in errors if re.search(r"(^|[\s'`])--[a-z]", whole.sub("", text))]
    assert [o for o in options if not o[1].startswith("--out NEW.pem")] == []


def test_no_message_repeats_a_key_that_was_given_as_text() -> None:
    assert CREDENTIAL.key is not None
    text = key_pem(CREDENTIAL.key).decode()
    with pytest.raises(pkikit.EncodingError) as caught:
        pkikit.verify(text, trust=CA.certificate)
    assert str(caught.value) == "certificate: contains a private key, but no certificate"


KEY_TAKERS: dict[str, Any] = TEXTS | {
    "deployment": lambda given: pkikit.legs(given),
    "deployment of lint": lambda given: pkikit.lint(LEAF, deployment=given, peer=E1),
    "path": lambda given: pkikit.load_deployment(given),
    "certificate": lambda given: pkikit.verify(given, trust=CA.certificate),
    "trust": lambda given: pkikit.verify(LEAF, trust=[given]),
}


@pytest.mark.parametrize("parameter", KEY_TAKERS)
@pytest.mark.parametrize("dressed", [True, False], ids=["PEM", "base64 alone"])
def test_no_parameter_repeats_a_key_in_its_message(parameter: str, dressed: bool) -> None:
    assert CREDENTIAL.key is not None
    lines = key_pem(CREDENTIAL.key).decode().splitlines()
    with pytest.raises(pkikit.PkikitError) as caught:
        KEY_TAKERS[parameter]("\n".join(lines if dressed else lines[1:-1]))
    assert not any(line[20:40] in str(caught.value) for line in lines[1:-1])


def test_text_that_is_not_unicode_is_one_sentence() -> None:
    with pytest.raises(pkikit.EncodingError):
        pkikit.verify("-----BEGIN CERTIFICATE-----\n\ud800", trust=CA.certificate)


def test_san_gives_names_with_reasons() -> None:
    plan = pkikit.load_deployment(str(PLAN))
    layout = pkikit.san(plan, E1)
    assert [entry.value for entry in layout] == list(layout.dns_names)
    assert layout == pkikit.san(PLAN, E1)
    assert all(entry.reason and entry.needed_by for entry in layout)
    assert "dns:cluster-e.example.com: FQDN of the cluster (needed by " in str(layout)
    assert layout._repr_html_().count("<tr>") == len(layout.entries) + 1


def test_san_knows_unified_cm_nodes() -> None:
    plan = deployment("clustered-full")
    node = plan.unified_cm[0].nodes[0]
    assert node in pkikit.san(plan, node).dns_names


def test_lint_compares_with_the_deployment() -> None:
    whole = pkikit.lint(LEAF, deployment=PLAN, peer=E1, at=AT)
    assert whole.accepted, whole
    short = craft((E1,), CA, at=AT).leaf
    verdict = pkikit.lint(short, deployment=PLAN, peer=E1, at=AT)
    assert {"names.cluster-fqdn-missing", "names.registration-domain-missing"} <= {f.rule for f in verdict.errors}


def test_lint_takes_requests_lists_and_deployments() -> None:
    assert "can clustered-mra work" in pkikit.lint(PLAN).question
    assert pkikit.lint(pkikit.load_deployment(PLAN)).accepted
    assert "as CA?" in pkikit.lint(CA.certificate, kind="ca", at=AT).question
    with pytest.raises(pkikit.InputError, match="no certificate request"):
        pkikit.lint(LEAF, kind="csr")


def test_diagnose_ranks_causes() -> None:
    line = "verify error:num=20:unable to get local issuer certificate"
    diagnosis = pkikit.diagnose(line)
    assert isinstance(diagnosis, pkikit.Verdict)
    assert not diagnosis.accepted
    assert diagnosis.causes == ("trust.issuer-unknown",)
    assert diagnosis.to_json()["causes"] == ["trust.issuer-unknown"]
    assert pkikit.diagnose(line.encode()) == diagnosis


def test_match_and_legs_and_catalogue() -> None:
    assert pkikit.match("sip:example.com", LEAF).presented == "example.com"
    assert not pkikit.match("e9.example.com", PEM).matched
    assert any(leg.server == E1 for leg in pkikit.legs(PLAN))
    ids = [rule.id for rule in pkikit.catalogue()]
    assert ids == sorted(ids)
    assert "validity.expired" in ids


def test_rejected_verdict_raises_when_required() -> None:
    verdict = pkikit.verify(LEAF, trust=create_root("Other", at=AT - DAY).certificate, at=AT)
    with pytest.raises(pkikit.Rejected) as caught:
        verdict.require()
    assert caught.value.verdict is verdict


def test_objects_of_cryptography_are_enough() -> None:
    """Nothing of ours is needed to make what `verify` takes."""
    loaded = x509.load_pem_x509_certificate(PEM)
    assert pkikit.verify(
        loaded, trust=[x509.load_der_x509_certificate(CA.certificate.public_bytes(Encoding.DER))], at=AT
    ).accepted


EXAMPLES = {
    name: thing
    for m in (decide, fleets)
    for name, thing in vars(m).items()
    if getattr(thing, "__module__", "") == m.__name__
}


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n in pkikit.__all__ and n != "Diagnosis"])
def test_example_in_a_docstring_is_true(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clustered-mra.yaml").write_bytes(PLAN.read_bytes())
    (tmp_path / "house-rules.yaml").write_bytes((ROOT / "docs" / "house-rules.yaml").read_bytes())
    (tmp_path / "e1.pem").write_bytes(PEM)
    (tmp_path / "ca.pem").write_bytes(CA.certificate.public_bytes(Encoding.PEM))
    if name == "fleet_audit":
        write_small(tmp_path / "fleet" / "single-pair", "single-pair")
    monkeypatch.chdir(tmp_path)
    examples = doctest.DocTestParser().get_doctest(getattr(pkikit, name).__doc__, {"pkikit": pkikit}, name, None, None)
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_every_public_function_documents_its_arguments_and_result() -> None:
    """Args, Returns and an example; Raises wherever there is an argument that can be wrong."""
    for name, thing in public_objects().items():
        if not isinstance(thing, griffe.Function):
            continue
        assert thing.docstring is not None, name
        sections = {section.kind.value: section for section in thing.docstring.parsed}
        arguments = [p.name for p in thing.parameters]
        documented = [p.name for p in sections["parameters"].value] if arguments else []
        assert documented == arguments, name
        assert {"returns", "examples"} <= set(sections), name
        assert "raises" in sections or not arguments, name


def test_api_page_has_every_public_name() -> None:
    page = api_md()
    for module in (pkikit, simulator):
        for name in set(module.__all__) - {"__version__"}:
            assert re.search(rf"^### `{module.__name__}\.{name}[(`]", page, re.MULTILINE), name
    assert "break_(fault" in page
