"""certbot and our client at the same Pebble: equivalent certificates, and each revokes the other's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import build_csr, make_key
from pkikit.design.san import SanEntry, SanLayout
from pkikit.errors import AcmeProblem
from pkikit.files import key_pem, read_certificates, write_private, write_public
from pkikit.issue.acme.account import AcmeAccount
from pkikit.issue.acme.transport import AcmeDirectory
from simulator.pebble_options import PebbleOptions, PebbleVersion
from simulator.threaded import ThreadedLab
from tests.support.cli import run
from tests.support.labs import QUICK
from tests.support.wait import LONG
from tests.support.worlds import CLUSTER_E, E1, deployment

NAMES = (E1, CLUSTER_E, "example.com")


@dataclass
class Shop:
    """One Pebble, and two customers with a folder each."""

    lab: ThreadedLab
    folder: Path
    directory: AcmeDirectory
    address: str

    def certbot(self, *arguments: str, code: int = 0) -> str:
        folder = self.folder / "certbot"
        where = [part for name in ("config", "work", "logs") for part in (f"--{name}-dir", str(folder / name))]
        command = [
            str(Path(sys.executable).with_name("certbot")), *arguments, *where, "--server", self.directory.url,
            "--non-interactive",
        ]  # fmt: skip
        env = {"REQUESTS_CA_BUNDLE": str(self.directory.ca_file), "PATH": "/usr/bin:/bin", "HOME": str(self.folder)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONG, env=env)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def ours(self, *arguments: str, code: int = 0) -> str:
        place = ("--directory", self.directory.url, "--ca-file", str(self.directory.ca_file))
        done = run("pkikit", "acme", *arguments, *place)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module", params=list(PebbleVersion), ids=lambda v: v.value)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    settings = replace(QUICK, pages=False, acme=PebbleOptions(version=request.param))
    with ThreadedLab(deployment(), settings=settings) as lab:
        acme = lab.start_acme()
        address = lab.plan.by_name[E1]
        lab.network.outside_dns.zone.addresses.update({n: [address] for n in NAMES})
        directory = AcmeDirectory(url=acme.pebble.directory, ca_file=acme.pebble.ca_file)
        yield Shop(lab, tmp_path_factory.mktemp("shop"), directory, address)


@pytest.fixture(scope="module")
def both(shop: Shop) -> tuple[Path, Path]:
    """(what certbot obtained, what we obtained), for the same names with keys of the same kind."""
    standalone = ["--standalone", "--http-01-address", shop.address, "--http-01-port", "10080"]
    names = [part for name in NAMES for part in ("-d", name)]
    shop.certbot(
        "certonly", *standalone, *names, "--agree-tos", "-m", "a@example.com", "--key-type", "rsa", "--cert-name", "x"
    )
    key = make_key()
    entries = tuple(SanEntry(value=n, reason="", rule="names.peer-fqdn-missing", needed_by=()) for n in NAMES)
    request = build_csr(SanLayout(owner=E1, common_name=E1, entries=entries), key)
    write_public(shop.folder / "request.pem", request.public_bytes(Encoding.PEM))
    write_private(shop.folder / "key.pem", key_pem(key))
    shop.ours(
        "order", str(shop.folder / "request.pem"), "--account", str(shop.folder / "account.pem"), "--accept-terms",
        "--out", str(shop.folder / "ours.pem"), "--standalone", f"{shop.address}:10080",
    )  # fmt: skip
    return shop.folder / "certbot" / "config" / "live" / "x" / "fullchain.pem", shop.folder / "ours.pem"


def test_certificate_equals_the_one_of_certbot(both: tuple[Path, Path]) -> None:
    """Names, issuer, life, key, usages, every extension but those that are about the key and the serial number."""
    (one, *chain_one), (two, *chain_two) = (read_certificates(path) for path in both)
    assert chain_one == chain_two
    assert one.issuer == two.issuer
    assert one.version == two.version
    assert one.signature_hash_algorithm is not None
    assert type(one.signature_hash_algorithm) is type(two.signature_hash_algorithm)
    lives = [c.not_valid_after_utc - c.not_valid_before_utc for c in (one, two)]
    assert abs(lives[0] - lives[1]) <= timedelta(seconds=1)
    keys = [c.public_key() for c in (one, two)]
    assert type(keys[0]) is type(keys[1])
    assert keys[0].key_size == keys[1].key_size == 2048  # type: ignore[union-attr]
    names = [
        sorted(
            c.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
        )
        for c in (one, two)
    ]
    assert names[0] == names[1] == sorted(NAMES)
    of_key = {x509.SubjectAlternativeName.oid, x509.SubjectKeyIdentifier.oid}
    rest = [{e.oid: (e.critical, e.value) for e in c.extensions if e.oid not in of_key} for c in (one, two)]
    assert rest[0] == rest[1]


def test_pkikit_and_certbot_revoke_each_others_certificates(shop: Shop, both: tuple[Path, Path]) -> None:
    """We revoke certbot's with the certificate's key, certbot ours; the CA then says of both that it is done."""
    certbots, ours = both
    live = certbots.parent
    shop.ours("revoke", str(certbots), "--cert-key", str(live / "privkey.pem"), "--reason", "superseded")
    shop.certbot(
        "revoke", "--cert-path", str(ours), "--key-path", str(shop.folder / "key.pem"), "--reason", "superseded",
        "--no-delete-after-revoke",
    )  # fmt: skip
    from pkikit.design.csr import fast_key

    account = AcmeAccount(shop.directory, fast_key())
    account.register("b@example.com", terms_accepted=True)
    for path in both:
        with pytest.raises(AcmeProblem, match="alreadyRevoked"):
            account.revoke(read_certificates(path)[0])


def test_account_of_certbot_is_found_by_its_key(shop: Shop, both: tuple[Path, Path]) -> None:
    """An account is its key: taken from certbot's folder, our client finds the same account."""
    import json

    from josepy.jwk import JWK

    (found,) = (shop.folder / "certbot" / "config" / "accounts").rglob("private_key.json")
    key = JWK.from_json(json.loads(found.read_text())).key
    write_private(shop.folder / "from-certbot.pem", key_pem(key._wrapped if hasattr(key, "_wrapped") else key))
    regr = json.loads((found.parent / "regr.json").read_text())
    told = json.loads(shop.ours("status", "--account", str(shop.folder / "from-certbot.pem"), "--json"))
    assert told["url"] == regr["uri"]
