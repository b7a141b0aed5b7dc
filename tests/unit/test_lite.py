"""The questions of the browser page in ordinary Python, and how `make lite` builds the page."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.files import key_pem
from simulator.world.craft import craft
from tests.support.cli import DEPLOYMENT, pkikit_in_process
from tests.support.places import ROOT
from tests.support.wait import LONG
from tests.support.worlds import AT, E1

LITE = ROOT / "deploy" / "lite"
TEXT = Path(DEPLOYMENT).read_text(encoding="utf-8")
AT_TEXT = AT.isoformat()
LEAF = craft((E1, "cluster-e.example.com", "example.com"), None, at=AT)
PEM = LEAF.leaf.public_bytes(Encoding.PEM)
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def ask() -> Ask:
    """Asks as the page does: texts as JSON, files as names and bytes."""
    sys.path.insert(0, str(LITE / "python"))
    desk = import_module("desk")
    import_module("certificate_desk")
    sys.path.remove(str(LITE / "python"))

    def asked(question: str, *files: tuple[str, bytes], **texts: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(desk.answer(question, json.dumps(texts), files))
        assert "PRIVATE KEY" not in json.dumps(found)
        return found

    return asked


@pytest.fixture(scope="module")
def builder() -> Any:
    sys.path.insert(0, str(LITE))
    found = import_module("build_lite")
    sys.path.remove(str(LITE))
    return found


def cli(*arguments: str) -> Any:
    return json.loads(pkikit_in_process(*arguments, "--json").stdout)


def test_page_without_cryptography_answers_as_the_command_line(tmp_path: Path) -> None:
    """In a process that cannot import cryptography: names, a change, clientAuth, matches and rules."""
    new = tmp_path / "new.yaml"
    new.write_text(TEXT.replace("registration: [example.com]", "registration: [example.com, example.org]"))
    questions = [
        ("san", {"deployment": TEXT}),
        ("change", {"deployment": TEXT, "new": new.read_text()}),
        ("eku", {"deployment": TEXT, "what_if": "public-ca", "at": AT_TEXT}),
        ("match", {"name": "sip:x.example.com", "names": f"CN={E1}, DNS:{E1}, DNS:*.example.com, 192.0.2.1"}),
        ("rules", {"search": ""}),
    ]
    script = (
        "import sys, json\n"
        "for name in ('cryptography', 'OpenSSL', '_cffi_backend'): sys.modules[name] = None\n"
        "import desk\n"
        "print(json.dumps([json.loads(desk.answer(q, json.dumps(t))) for q, t in json.load(sys.stdin)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(questions), capture_output=True, text=True, timeout=LONG, cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{LITE / 'python'}"}, check=True,
    )  # fmt: skip
    san, change, eku, match, rules = json.loads(done.stdout)
    assert san["document"] == cli("san", DEPLOYMENT)
    assert change["document"] == cli("san", DEPLOYMENT, str(new), "--diff")
    assert eku["document"]["legs"] == cli("eku-audit", DEPLOYMENT, "--what-if", "public-ca", "--at", AT_TEXT)["legs"]
    assert rules["document"] == cli("rules")
    assert (match["state"], match["document"]["reference"]) == ("no", "x.example.com")
    assert "wildcard" in match["notices"][0]


def test_certificate_files_get_the_answers_of_the_command_line(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / f"{E1}.pem"
    file.write_bytes(PEM)
    decoded = ask("decode", (file.name, PEM), at=AT_TEXT)
    told = cli("decode", str(file), "--at", AT_TEXT) if "--at" in pkikit_in_process("decode", "--help").output else None
    facts = decoded["document"]["objects"][0]
    assert facts["subject"].startswith("CN=")
    if told is not None:
        assert {**facts, "file": str(file)} == told["objects"][0]
    linted = ask("lint", (file.name, PEM), deployment=TEXT, peer=E1, at=AT_TEXT)
    expected = cli("lint", str(file), "--deployment", DEPLOYMENT, "--peer", E1, "--at", AT_TEXT)
    assert linted["document"]["accepted"] == expected["accepted"]
    assert [f["rule"] for f in linted["document"]["findings"]] == [f["rule"] for f in expected["findings"]]
    assert linted["document"]["legs"] == expected["legs"]
    assert ask("match_file", (file.name, PEM), name="sip:example.com")["state"] == "yes"
    audited = ask("eku", (file.name, PEM), deployment=TEXT, what_if="", at=AT_TEXT)
    folder = tmp_path / "certs" / E1
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_bytes(PEM)
    certs = cli("eku-audit", DEPLOYMENT, "--certs", str(folder.parent), "--at", AT_TEXT)
    assert audited["document"]["legs"] == certs["legs"]


def test_packed_page_has_every_room_that_its_questions_reach(builder: Any, tmp_path: Path) -> None:
    """The packed files alone, with an ordinary cryptography: a room that is left out and needed fails here."""
    with zipfile.ZipFile(builder._pkikit(tmp_path / "pkikit.zip")) as packed:
        packed.extractall(tmp_path / "page")
    promise = "expect:\n  lifetime: [{at_most_days: 1}]\n"
    texts = {"deployment": TEXT + promise, "peer": E1, "at": AT_TEXT}
    code = (
        "import json, sys, pkikit, desk, certificate_desk\n"
        "assert pkikit.__file__.startswith(sys.argv[1]), pkikit.__file__\n"
        "print(desk.answer('lint', sys.argv[2], [('e1.pem', sys.argv[3].encode())]))\n"
    )
    page = str(tmp_path / "page")
    done = subprocess.run(
        [sys.executable, "-c", code, page, json.dumps(texts), PEM.decode()],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": page}, capture_output=True, text=True, check=False, timeout=LONG,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["document"]["findings"]
    assert "expect.lifetime-too-long" in {finding["rule"] for finding in found}


def test_private_keys_are_dropped_and_named(ask: Ask) -> None:
    key = key_pem(LEAF.key)
    with_key = ask("decode", ("both.pem", PEM + key), at=AT_TEXT)
    assert [o["kind"] for o in with_key["document"]["objects"]] == ["certificate"]
    assert with_key["notices"] == ["1 private key was dropped unread. Keep private keys out of web pages."]
    alone = ask("decode", ("key.pem", key), at=AT_TEXT)
    assert alone["error"].startswith("key.pem: contains nothing besides private keys")
    binary = "".join(key.decode().splitlines()[1:-1])
    assert "drops private keys" in ask("decode", ("key.der", base64.b64decode(binary)), at=AT_TEXT)["error"]
    pasted = ask("san", deployment=f"{TEXT}\n{key.decode()}")
    assert pasted["headline"] == "4 certificates for clustered-mra"
    assert pasted["notices"][0].startswith("1 private key was dropped")


@pytest.mark.parametrize(
    ("question", "texts", "sentence"),
    [
        ("san", {"deployment": ""}, "deployment.yaml: is empty: paste a deployment file"),
        ("san", {"deployment": "name: [x"}, "deployment.yaml, line 2: is not YAML"),
        ("match", {"name": "", "names": "a.example.com"}, "Type the name to look for"),
        ("match", {"name": "a.example.com", "names": " \n"}, "Type at least one name"),
        ("decode", {"at": AT_TEXT}, "Choose a file first"),
        ("eku", {"deployment": TEXT, "what_if": "", "at": "noon"}, "noon"),
    ],
)
def test_input_that_nobody_can_use_gets_one_sentence(
    ask: Ask, question: str, texts: dict[str, str], sentence: str
) -> None:
    error = ask(question, **texts)["error"]
    assert sentence in error
    assert "\n" not in error


def test_file_of_no_machine_is_refused_by_name(ask: Ask) -> None:
    assert "strange.pem: is not named after a machine" in ask(
        "eku", ("strange.pem", PEM), deployment=TEXT, what_if="", at=AT_TEXT
    )["error"]  # fmt: skip


def test_page_writes_text_and_never_html() -> None:
    """Contents of certificates are hostile: no script of the page has a way to turn them into markup."""
    for script in (LITE / "page").glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|new Function", script.read_text()
        )
    policy = (LITE / "page" / "index.html").read_text()
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy


def test_packages_of_the_page_are_the_tested_ones(builder: Any) -> None:
    tested = set((ROOT / "constraints.txt").read_text().split())
    for line in (LITE / "packages" / "start.txt").read_text().splitlines():
        if not line.startswith("#"):
            assert line.split(" --hash")[0] in tested
    assert builder.PYODIDE["release"].endswith(f"/v{builder.PYODIDE['version']}/full/")


def test_full_distribution_goes_into_the_page_if_its_hashes_are_right(builder: Any, tmp_path: Path) -> None:
    """`make lite PYODIDE=FOLDER`, with a lock file of our own: right files are copied, and the page then needs no network."""
    data = {name: f"wheel of {name}".encode() for name in builder.COMPILED}
    locked = {n: {"file_name": f"{n}.whl", "sha256": hashlib.sha256(d).hexdigest()} for n, d in data.items()}
    out, full = tmp_path / "out", tmp_path / "full"
    (out / "pyodide").mkdir(parents=True)
    (out / "pyodide" / "pyodide-lock.json").write_text(json.dumps({"packages": locked}))
    full.mkdir()
    with pytest.raises(builder.BuildError, match=r"has no six\.whl"):
        builder._compiled(out, full)
    for name, content in data.items():
        (full / f"{name}.whl").write_bytes(content)
    found = builder._compiled(out, full)
    assert (found["here"], found["origin"]) == (True, "pyodide/")
    assert {(out / "pyodide" / entry["path"]).read_bytes() for entry in found["compiled"]} == set(data.values())
    (full / "cffi.whl").write_bytes(b"something else")
    with pytest.raises(builder.BuildError, match="its hash differs"):
        builder._compiled(out, full)
    for name in ("files.json", "examples.json"):
        (out / name).write_text("{}")
    for here in (True, False):
        builder._page(out, here=here)
        assert ("cdn.jsdelivr.net" in re.findall(r"connect-src[^;]*", (out / "index.html").read_text())[0]) is not here
