"""`pkikit acme` against a real Pebble: order by standalone server, account status, preflight, revoke, renewal time."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import build_csr, make_key
from pkikit.design.san import SanEntry, SanLayout
from pkikit.files import key_pem, read_certificates, write_private, write_public
from simulator.threaded import ThreadedLab
from tests.support.cli import DEPLOYMENT, pkikit_error, pkikit_json
from tests.support.labs import lab_of
from tests.support.worlds import C1, E1


@dataclass
class AcmeLab:
    """A lab with Pebble, and what the commands need to find it."""

    lab: ThreadedLab
    folder: Path
    directory: str
    ca_file: str

    @property
    def e1(self) -> str:
        return f"{self.lab.plan.by_name[E1]}:10080"

    def run(self, *arguments: str, code: int = 0) -> Any:
        if code == 2:
            return pkikit_error("acme", *arguments)
        return pkikit_json("acme", *arguments, code=code)

    def at(self) -> tuple[str, ...]:
        return ("--directory", self.directory, "--ca-file", self.ca_file)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AcmeLab]:
    with lab_of() as lab:
        acme = lab.start_acme()
        folder = tmp_path_factory.mktemp("acme")
        yield AcmeLab(lab, folder, acme.pebble.directory, str(acme.pebble.ca_file))


@pytest.fixture(scope="module")
def ordered(ground: AcmeLab) -> Path:
    """One certificate, for E1 alone, ordered by the command with a server of its own."""
    entry = SanEntry(value=E1, reason="its own FQDN", rule="names.peer-fqdn-missing", needed_by=())
    key = make_key()
    request = build_csr(SanLayout(owner=E1, common_name=E1, entries=(entry,)), key)
    write_public(ground.folder / "request.pem", request.public_bytes(Encoding.PEM))
    write_private(ground.folder / "key.pem", key_pem(key))
    account, out = ground.folder / "account.pem", ground.folder / "e1.pem"
    arguments = (str(ground.folder / "request.pem"), *ground.at(), "--account", str(account), "--out", str(out))
    told = ground.run("order", *arguments, "--standalone", ground.e1, "--email", "a@example.com", code=2)
    assert "terms of service" in told
    assert not out.exists()
    facts = ground.run("order", *arguments, "--standalone", ground.e1, "--email", "a@example.com", "--accept-terms")
    assert facts["sans"]["dns"] == [E1]
    assert stat.S_IMODE(account.stat().st_mode) == 0o600
    return out


def test_order_command_writes_leaf_and_chain_and_overwrites_nothing(ground: AcmeLab, ordered: Path) -> None:
    """Leaf and chain are there, nothing listens any more, and nothing is overwritten."""
    import socket

    assert len(read_certificates(ordered)) >= 2
    host, _, port = ground.e1.rpartition(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0
    before = ordered.read_bytes()
    told = ground.run(
        "order", str(ground.folder / "request.pem"), *ground.at(), "--account", str(ground.folder / "account.pem"),
        "--out", str(ordered), "--standalone", ground.e1, code=2,
    )  # fmt: skip
    assert "exists already" in told
    assert ordered.read_bytes() == before


def test_order_command_with_an_unserved_webroot_writes_no_certificate(
    ground: AcmeLab, ordered: Path, tmp_path: Path
) -> None:
    """The CA says no, name by name; the files are taken away again and no certificate is written."""
    # An account of its own: told to reuse no proof, Pebble still does once in a while.
    told = ground.run(
        "order", str(ground.folder / "request.pem"), *ground.at(), "--account", str(tmp_path / "account.pem"),
        "--accept-terms",
        "--out", str(tmp_path / "x.pem"), "--webroot", str(tmp_path), code=2,
    )  # fmt: skip
    assert E1 in told
    assert not (tmp_path / "x.pem").exists()
    assert list((tmp_path / ".well-known" / "acme-challenge").iterdir()) == []


def test_status_command_reports_the_account_or_its_absence(ground: AcmeLab, ordered: Path) -> None:
    """The account of the key is printed; a key that the CA does not know is reported."""
    facts = ground.run("status", *ground.at(), "--account", str(ground.folder / "account.pem"))
    assert facts["status"] == "valid"
    write_private(ground.folder / "other.pem", key_pem(make_key()))
    told = ground.run("status", *ground.at(), "--account", str(ground.folder / "other.pem"), code=2)
    assert "accountDoesNotExist" in told


def test_renew_info_command_falls_back_to_two_thirds_of_the_lifetime(ground: AcmeLab, ordered: Path) -> None:
    """Pebble 2.4 offers no renewal information, so two thirds of the life it is."""
    facts = ground.run("renew-info", str(ordered), *ground.at())
    assert "two thirds" in facts["by"] or "RFC 9773" in facts["by"]
    assert facts["due"] is False


def test_revoke_command_with_the_certificate_key_succeeds_once(ground: AcmeLab, ordered: Path) -> None:
    """With the certificate's own key; a second time the CA says that it is done already."""
    own = ("--cert-key", str(ground.folder / "key.pem"))
    assert ground.run("revoke", str(ordered), *ground.at(), *own, "--reason", "superseded")["status"] == "revoked"
    told = ground.run("revoke", str(ordered), *ground.at(), *own, code=2)
    assert "revoked" in told.lower()


def test_preflight_command_reports_the_closed_port(ground: AcmeLab) -> None:
    """Seen through the lab's DNS: port 80 is closed while no order runs, so that is what the CA would object to."""
    dns = f"{ground.lab.dns.address}:{ground.lab.dns.port}"
    arguments = ("preflight", DEPLOYMENT, "--peer", E1, "--dns", dns, "--http-port", "10080")
    document = ground.run(*arguments, code=1)
    assert {f["rule"] for f in document["findings"] if f["severity"] == "error"} == {"acme.http-01-unreachable"}
    assert ground.run(*arguments, "--no-dial")["accepted"] is True
    assert "not an Expressway-E" in ground.run("preflight", DEPLOYMENT, "--peer", C1, "--dns", dns, code=2)
    assert "X12.5" in ground.run(*arguments, "--version", "X8.11", code=2)


def test_acme_command_without_a_reachable_ca_exits_2(ground: AcmeLab) -> None:
    """The error is one sentence, also for a URL that is not HTTPS."""
    key = ("--account", str(ground.folder / "k.pem"))
    write_private(ground.folder / "k.pem", key_pem(make_key()))
    assert "cannot be reached" in ground.run("status", "--directory", "https://127.0.0.1:9/dir", *key, code=2)
    assert "https URL" in ground.run("status", "--directory", "ftp://x", *key, code=2)


def test_account_command_changes_contact_and_key_and_deactivates(
    ground: AcmeLab, ordered: Path, tmp_path: Path
) -> None:
    """Contact, another key (the old one is nobody then), the end; one change at a time."""
    own = tmp_path / "own.pem"
    request = str(ground.folder / "request.pem")
    place = ("--standalone", ground.e1, "--accept-terms", "--email", "a@example.com")
    ground.run("order", request, *ground.at(), "--account", str(own), "--out", str(tmp_path / "x.pem"), *place)
    assert ground.run("account", *ground.at(), "--account", str(own), "--email", "b@example.com")["contact"] == [
        "mailto:b@example.com"
    ]
    new = tmp_path / "new.pem"
    url = ground.run("account", *ground.at(), "--account", str(own), "--new-key", str(new))["url"]
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert "accountDoesNotExist" in ground.run("status", *ground.at(), "--account", str(own), code=2)
    facts = ground.run("status", *ground.at(), "--account", str(new))
    assert facts["url"] == url
    assert facts["ca"]["terms"]
    assert "exists already" in ground.run("account", *ground.at(), "--account", str(new), "--new-key", str(new), code=2)
    assert "give one of" in ground.run("account", *ground.at(), "--account", str(new), code=2)
    assert ground.run("account", *ground.at(), "--account", str(new), "--deactivate")["status"] == "deactivated"


def test_order_command_with_impossible_options_exits_2(ground: AcmeLab, ordered: Path, tmp_path: Path) -> None:
    """A profile that the CA lacks, half an external account: one sentence, nothing written."""
    request = str(ground.folder / "request.pem")
    arguments = ("order", request, *ground.at(), "--account", str(ground.folder / "account.pem"),
                 "--out", str(tmp_path / "x.pem"), "--standalone", ground.e1)  # fmt: skip
    assert "it offers none" in ground.run(*arguments, "--profile", "shortlived", code=2)
    assert "both --eab-kid and --eab-mac-file" in ground.run(*arguments, "--eab-kid", "k", code=2)
    (tmp_path / "mac").write_text("short")
    told = ground.run(*arguments, "--eab-kid", "k", "--eab-mac-file", str(tmp_path / "mac"), code=2)
    assert "base64url" in told
    assert list(tmp_path.iterdir()) == [tmp_path / "mac"]
