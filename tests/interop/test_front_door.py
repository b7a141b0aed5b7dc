"""A new operator: dumps and certificates of `openssl` packed by `tar`, the commands of the README, the report."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pkikit.files import read_file
from pkikit.intake.reading import read_material
from pkikit.report.doctor.files.judged_certificates import guess_kind
from tests.support.openssl import openssl
from tests.support.places import ROOT
from tests.support.readme import README
from tests.support.wait import LONG

pytestmark = pytest.mark.needs("openssl")
DUMPS = ROOT / "tests" / "vectors" / "dumps"
STAMP = "2026-03-01_120000"
MODULES = {"pkikit": "pkikit", "expressway-sim": "simulator"}


def _archive(folder: Path, fqdn: str, dump: str) -> None:
    """Pack what a diagnostic archive of a peer has, with a self-signed certificate that is also its trusted CA list."""
    host = fqdn.partition(".")[0]
    parts = folder.parent / host
    parts.mkdir()
    subject = ("-subj", f"/CN={fqdn}", "-addext", f"subjectAltName=DNS:{fqdn}")
    files = ("-keyout", f"../{host}.key", "-out", f"server_{host}_{STAMP}.pem")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files, cwd=parts)
    (parts / f"ca_{host}_{STAMP}.pem").write_bytes((parts / f"server_{host}_{STAMP}.pem").read_bytes())
    (parts / f"xconf_dump_{host}_{STAMP}.txt").write_bytes((DUMPS / dump).read_bytes())
    packed = folder / f"diagnostic_log_{host}_{STAMP}.tar.gz"
    subprocess.run(["tar", "czf", packed, "-C", parts, "."], check=True)


def test_commands_of_the_readme_make_a_report_of_somebodys_archives(tmp_path: Path) -> None:
    archives = tmp_path / "my-archives"
    archives.mkdir()
    _archive(archives, "c1.corp.example.com", "xconf_c1_x8.txt")
    _archive(archives, "e1.example.com", "xconf_dump_e1_2026-03-01_120000.txt")
    section = README.read_text(encoding="utf-8").partition("## Bring what you have")[2].partition("\n## ")[0]
    imported, reported, checked = (
        line.removeprefix("$ ") for line in section.splitlines() if line.startswith("$ ") and "--archives" not in line
    )

    def run(command: str, code: int) -> subprocess.CompletedProcess[str]:
        program, *arguments = shlex.split(command)
        done = subprocess.run(
            [sys.executable, "-m", MODULES[program], *arguments], cwd=tmp_path, capture_output=True, text=True,
            timeout=LONG, env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done

    asked = run(imported, 2).stderr
    assert not (tmp_path / "my-deployment").exists()
    copied = asked.partition("in place of VALUE:")[2].replace("\\\n", " ")
    run(copied.replace("VALUE", "c1.corp.example.com,c2.corp.example.com"), 0)
    told = run(reported, 1).stdout
    assert "generate a new CSR that contains example.com" in " ".join(told.split())
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Something fails" in page
    assert "jabber refuses e1: jabber looks for example.com" in page
    assert "jabber refuses e1" in run(checked, 1).stdout
    for secret in ("{cipher}", "PRIVATE KEY"):
        assert not [p for p in (tmp_path / "my-deployment").rglob("*") if p.is_file() and secret in p.read_text()]


@pytest.mark.parametrize(
    ("subject", "san", "loose", "kind"),
    [
        ("/CN=c1.corp.example.com", "DNS:c1.corp.example.com", "certificate", "server"),
        ("/CN=c1.corp.example.com", "", "certificate", "server"),
        ("/CN=My Root CA", "", "trusted CA list", "ca"),
    ],
)
def test_certificate_that_openssl_made_its_own_ca_is_of_a_machine_if_it_names_one(
    tmp_path: Path, subject: str, san: str, loose: str, kind: str
) -> None:
    """`openssl req -x509` makes a CA of everything."""
    added = ("-addext", f"subjectAltName={san}") if san else ()
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", subject, *added, "-keyout", "key.pem", "-out", "mine.pem",
            cwd=tmp_path)  # fmt: skip
    file = tmp_path / "mine.pem"
    assert [found.kind for found in read_material([file]).loose] == [loose]
    assert guess_kind(read_file(file)).kind == kind
