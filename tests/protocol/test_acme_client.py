"""The ACME client against both generations of Pebble: what a client meets in the course of years, each for real."""

from __future__ import annotations

import functools
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.csr import fast_key
from pkikit.errors import AcmeError, AcmeMisissued, AcmeProblem, AcmeTimeout, InputError
from pkikit.files import key_pem, write_private, write_public
from pkikit.issue.acme.account import AcmeAccount, ExternalAccount, recover
from pkikit.issue.acme.order import Order, OrderStep, OrderWishes, certificate_id
from pkikit.issue.acme.renewal_info import renewal_info
from pkikit.issue.acme.transport import AcmeDirectory, read_retry_after
from pkikit.judge.linting.issued_certificate import require_answer
from pkikit.judge.renewal_due import renew_at
from pkikit.values.names import parse_dns_name
from simulator.pebble_options import PebbleVersion
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Ca
from tests.support.cli import command_line
from tests.support.station import MAC, NAMES, PROFILES, Station, request_for, start
from tests.support.wait import LONG
from tests.support.worlds import CLUSTER_E, E1, E2


@pytest.fixture(scope="module", params=list(PebbleVersion), ids=lambda v: v.value)
def ground(request: pytest.FixtureRequest) -> Iterator[Station]:
    version: PebbleVersion = request.param
    extra = {"profiles": PROFILES} if version is PebbleVersion.V2_10 else {}
    yield from start(version=version, alternate_roots=2, **extra)


def ekus(certificate: x509.Certificate) -> set[x509.ObjectIdentifier]:
    return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_order_reports_each_step_and_leaves_no_file(ground: Station) -> None:
    """The steps come in the order of RFC 8555; no challenge file is left."""
    chain = ground.order(ground.account(), request_for(*NAMES))
    told = [(s.what, s.state) for s in ground.steps]
    for name in NAMES:
        of_name = [(s.what, s.state) for s in ground.steps if s.name == name]
        assert of_name == [
            ("authorization", "pending"), ("challenge file", "placed"), ("challenge", "answered"),
            ("authorization", "valid"), ("challenge file", "withdrawn"),
        ]  # fmt: skip
    assert told[0] == ("order", "pending")
    assert told.index(("order", "ready")) < told.index(("request", "sent")) < told.index(("order", "valid"))
    assert ("certificate", "downloaded") in told
    assert len(chain) == 2
    assert ground.place.is_empty


def test_leaf_of_pebble_2_4_has_client_auth_and_of_2_10_has_not(ground: Station) -> None:
    """The one difference that matters: 2.4 issues clientAuth as public CAs did, 2.10 does not."""
    version = ground.lab.settings.acme.version
    leaf = ground.order(ground.account(), request_for(E1))[0]
    expected = {ExtendedKeyUsageOID.SERVER_AUTH}
    if version is PebbleVersion.V2_4:
        expected.add(ExtendedKeyUsageOID.CLIENT_AUTH)
    assert ekus(leaf) == expected


def test_directory_offers_profiles_and_renewal_information(ground: Station) -> None:
    """Profiles and renewal information are read from the directory; a profile that it lacks is refused beforehand."""
    account = ground.account()
    modern = ground.lab.settings.acme.version is PebbleVersion.V2_10
    assert account.capabilities.renewal_info is modern
    assert set(account.capabilities.profiles) == (set(PROFILES) if modern else set())
    with pytest.raises(AcmeError, match="no profile 'tlsclient'"):
        ground.order(account, request_for(E1), OrderWishes(profile="tlsclient"))


def test_profile_decides_the_lifetime_and_renewal_window(ground: Station) -> None:
    """2.10: the profile decides the life, the CA names a window within it; 2.4: a third of the life is left."""
    account = ground.account()
    modern = ground.lab.settings.acme.version is PebbleVersion.V2_10
    leaf = ground.order(account, request_for(E1), OrderWishes(profile="shortlived" if modern else ""))[0]
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    info = renewal_info(ground.pebble, leaf)
    if not modern:
        assert info is None
        assert renew_at(leaf, None) == leaf.not_valid_after_utc - life / 3
        return
    assert abs(life - PROFILES["shortlived"]) <= timedelta(seconds=2)
    assert info is not None
    assert leaf.not_valid_before_utc < info.start < info.end < leaf.not_valid_after_utc
    assert info.start <= renew_at(leaf, info) < info.end
    # The renewal says what it replaces; a second one for the same certificate is refused by Pebble itself.
    ground.order(account, request_for(E1), OrderWishes(replaces=leaf))
    with pytest.raises(AcmeProblem, match=r"(?i)replace"):
        ground.order(account, request_for(E1), OrderWishes(replaces=leaf))


def test_preferred_chain_is_chosen_by_root_name(ground: Station) -> None:
    """The CA offers three chains; each can be asked for by its root's name; for an unknown name a step says so."""
    account = ground.account(ground.public)
    found = {}
    default = ground.order(account, request_for(E1, "example.com"))
    assert "no chain ends at" not in " ".join(map(str, ground.steps))
    for number in range(3):
        root = ground.lab.run(ground.lab.acme.ca.root, number)
        name = root.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
        chain = ground.order(account, request_for(E1, "example.com"), OrderWishes(preferred_chain=str(name)))
        chain[-1].verify_directly_issued_by(root)
        found[name] = chain
    assert len(found) == 3
    other = ground.order(account, request_for(E1, "example.com"), OrderWishes(preferred_chain="Nobody's Root"))
    assert "no chain ends at Nobody's Root" in " ".join(map(str, ground.steps))
    assert other[-1].issuer == default[-1].issuer


def test_account_is_found_changed_rekeyed_and_deactivated(ground: Station) -> None:
    """Found again by the key alone; another contact; another key, after which the old one is nobody; ended."""
    first = fast_key()
    account = AcmeAccount(ground.pebble, first)
    url = account.register("a@example.com", terms_accepted=True)
    again, found = recover(ground.pebble, first)
    assert found == url
    again.change_contact("b@example.com")
    assert again.status()["contact"] == ["mailto:b@example.com"]
    second = fast_key()
    again.change_key(second)
    assert recover(ground.pebble, second)[1] == url
    with pytest.raises(AcmeProblem, match="accountDoesNotExist"):
        recover(ground.pebble, first)
    ground.order(again, request_for(E1))  # with the new key
    again.deactivate()
    with pytest.raises(AcmeProblem, match=r"(?i)deactivated|unauthorized"):
        ground.order(again, request_for(E1))
    with pytest.raises(InputError, match="not an e-mail address"):
        account.change_contact("nobody, nowhere")
    with pytest.raises(AcmeError, match="terms of service"):
        AcmeAccount(ground.pebble, fast_key()).register("a@example.com", terms_accepted=False)


def test_internationalised_name_is_ordered_as_a_label(ground: Station) -> None:
    """An internationalised name is ordered and comes back as its A-label."""
    name = parse_dns_name("münchen.example.com")
    ground.lab.network.outside_dns.zone.addresses[name] = [ground.lab.plan.by_name[E1]]
    leaf = ground.order(ground.account(), request_for(name))[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["xn--mnchen-3ya.example.com"]


def test_failed_order_reports_each_failed_name(ground: Station) -> None:
    """Two of three names have no address: both are named with what the CA said, the good one is not."""
    request = request_for(E1, "gone.example.com", "gone2.example.com")
    with pytest.raises(AcmeProblem) as caught:
        ground.order(ground.account(), request)
    assert sorted(name for name, _ in caught.value.subproblems) == ["gone.example.com", "gone2.example.com"]
    assert all(said for _, said in caught.value.subproblems)


@pytest.mark.parametrize("at", ["authorization", "challenge", "request"])
def test_interrupted_order_is_resumed_by_url(ground: Station, at: str) -> None:
    """Interrupted at each stage; another process with the URL ends it, and it is the same order."""
    account, request = ground.account(), request_for(*NAMES)
    seen: list[OrderStep] = []

    def until(step: OrderStep) -> None:
        seen.append(step)
        if step.what == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ground.order(account, request, progress=until)
    url = next(s.url for s in seen if s.url)
    try:
        chain = ground.order(account, request, resume=url)
    except AcmeProblem:  # Pebble was just about to notice that the file is gone
        chain = ground.order(account, request, resume=url)
    assert chain[0].public_key() == request.public_key()
    # The interrupted run took its files away when the CA was just told to fetch them: it may have been too late for that.
    if at != "challenge":
        assert "is resumed" in ground.steps[0].detail
        assert [s.url for s in ground.steps if s.url] == [url]


def test_order_for_other_names_is_replaced_by_a_new_one(ground: Station) -> None:
    """Its URL is known, its names are not these; and one that the CA has forgotten: a new order either way."""
    account = ground.account()
    ground.order(account, request_for(E1))
    old = next(s.url for s in ground.steps if s.url)
    ground.order(account, request_for(E1, CLUSTER_E), resume=old)
    assert next(s.url for s in ground.steps if s.url and s.state == "pending") != old
    ground.order(account, request_for(E1), resume=old + "0")
    assert "knows the earlier order no more" in ground.steps[0].detail


def test_cancelled_order_ends_at_once_and_removes_its_files(ground: Station) -> None:
    """An order that waits for its CA can be cancelled; it ends at once and removes its files."""
    account = ground.account()
    ordering = Order(account, request_for(E1), place=ground.place.put, withdraw=ground.place.take)
    threading.Timer(0.0, ordering.stop, ["enough"]).start()
    ordering.stop("enough")
    with pytest.raises(AcmeError, match="interrupted: enough"):
        ordering.run()


def test_certificate_is_revoked_with_account_or_own_key_only(ground: Station) -> None:
    """By the account and by the certificate's own key; by anybody else it is refused."""
    account, key = ground.account(), fast_key()
    first = ground.order(account, request_for(E1, key=key))[0]
    second = ground.order(account, request_for(E1, key=key))[0]
    with pytest.raises(AcmeProblem, match=r"unauthorized|malformed"):
        ground.account().revoke(first, 4)
    account.revoke(first, 4)
    AcmeAccount(ground.pebble, key).revoke(second, 1)
    for each in (first, second):
        with pytest.raises(AcmeProblem, match="alreadyRevoked"):
            account.revoke(each, 4)


@pytest.mark.parametrize(
    ("does", "says", "names"),
    [
        ("wrong-key", "public key", NAMES),
        ("wrong-names", "somebody.example.net", NAMES[:2]),
        ("wrong-chain", "is not signed by", NAMES[:1]),
    ],
)
def test_answer_with_wrong_key_names_or_chain_is_refused(
    ground: Station, does: str, says: str, names: tuple[str, ...]
) -> None:
    """Another key, other names, another chain: refused with what is wrong."""
    lab = ground.lab.lab
    before = lab.world
    request = request_for(*names)
    account = ground.account(ground.public)
    ground.lab.do(
        lab.change, FaultContext(lab.issued, lab.clock.now(), rsa=False).apply([Ca(fault="ca", does=does)], before)
    )
    lab.network.outside_dns.zone.addresses.update({n: [lab.plan.by_name[E1]] for n in NAMES})
    try:
        chain = ground.order(account, request)
        with pytest.raises(AcmeMisissued, match=says):
            require_answer(request, chain)
    finally:
        ground.lab.do(lab.change, before)
        lab.network.outside_dns.zone.addresses.update({n: [lab.plan.by_name[E1]] for n in NAMES})
    require_answer(request, ground.order(account, request))


def test_sixth_order_within_a_week_is_rate_limited(ground: Station) -> None:
    """The sixth certificate for the same names within a week: no, and come back then; other names are no matter."""
    account = ground.account(ground.public)
    for _ in range(5):
        ground.order(account, request_for("example.com"))
    with pytest.raises(AcmeProblem, match="rateLimited") as caught:
        ground.order(account, request_for("example.com"))
    wait = caught.value.retry_after
    assert wait is not None
    assert timedelta(days=6, hours=23) < wait <= timedelta(days=7)
    ground.order(account, request_for("example.com", CLUSTER_E))


def test_malformed_directory_is_refused_with_one_sentence(ground: Station) -> None:
    """Documents that are not an ACME directory end in one sentence."""
    with pytest.raises(InputError, match="write an https URL"):
        AcmeDirectory(url="http://ca.example/dir")
    with pytest.raises(AcmeError, match="cannot be reached"):
        AcmeAccount(AcmeDirectory(url="https://127.0.0.1:9/dir"), fast_key())
    nowhere = AcmeDirectory(url=ground.pebble.url + "/none", ca_file=ground.pebble.ca_file)
    with pytest.raises(AcmeError, match="not understood"):
        AcmeAccount(nowhere, fast_key()).register("a@example.com", terms_accepted=True)


def ten_orders(ground: Station, account: AcmeAccount) -> list[str]:
    made = []
    for _ in range(10):
        request = request_for(E1, CLUSTER_E)
        chain = Order(account, request, place=ground.place.put, withdraw=ground.place.take).run()
        require_answer(request, chain)
        made.append(f"{chain[0].serial_number:x}")
    return made


@pytest.mark.parametrize("version", list(PebbleVersion), ids=lambda v: v.value)
def test_orders_succeed_when_the_ca_rejects_nonces(version: PebbleVersion) -> None:
    """Every fifth nonce is bad: a hundred orders, ten at a time, and not one is lost."""
    for ground in start(version=version, nonce_reject=20):
        accounts = [ground.account() for _ in range(10)]

        one = functools.partial(ten_orders, ground)
        with ThreadPoolExecutor(10) as pool:
            serials = [s for made in pool.map(one, accounts) for s in made]
        assert len(set(serials)) == 100
        assert sum(a.network.rejected_nonces for a in accounts) > 50


def test_external_account_needs_the_right_key() -> None:
    """Without an external account the order is refused, with a wrong key too; with the right key the account is made."""
    for ground in start(version=PebbleVersion.V2_10, eab_keys={"kid-1": MAC}):
        assert AcmeAccount(ground.pebble, fast_key()).capabilities.needs_external_account
        with pytest.raises(AcmeError, match="external account"):
            ground.account()
        with pytest.raises(AcmeProblem):
            ground.account(external=ExternalAccount(kid="kid-1", mac_key="A" * 43))
        with pytest.raises(InputError, match="base64url"):
            ExternalAccount(kid="kid-1", mac_key="short")
        account = ground.account(external=ExternalAccount(kid="kid-1", mac_key=MAC))
        assert MAC not in repr(ExternalAccount(kid="kid-1", mac_key=MAC))
        ground.order(account, request_for(E1))


def test_slow_ca_is_polled_at_its_interval_and_not_forever() -> None:
    """It validates after seconds and asks to wait between two looks: no faster than that; and not for ever."""
    for ground in start(version=PebbleVersion.V2_10, retry_after=(1, 1), validates_at_once=False):
        account = ground.account()
        began = time.monotonic()
        ground.order(account, request_for(E1))
        assert time.monotonic() - began >= 1  # a second between two looks, as it asked
        with pytest.raises(AcmeTimeout, match="within 0 s"):
            ground.order(account, request_for(E1), timeout=0.2)


def test_retry_after_is_read_as_seconds_or_date() -> None:
    """Seconds, a date measured by the server's own clock, and what is neither."""
    assert read_retry_after("120") == timedelta(minutes=2)
    dates = ("Tue, 24 Nov 2026 12:10:00 GMT", "Tue, 24 Nov 2026 12:00:00 GMT")
    assert read_retry_after(*dates) == timedelta(minutes=10)
    assert read_retry_after(dates[1], dates[0]) == timedelta(0)
    assert read_retry_after("9" * 9) == timedelta(days=30)
    assert read_retry_after("soon") is None
    assert read_retry_after(None) is None


def test_certificate_id_matches_rfc_9773() -> None:
    """The example of RFC 9773 §4.1: key identifier 69:88:5B…, serial 87:65:43:21."""
    key = fast_key()
    identifier = bytes.fromhex("69885B6B87464041E1B37B847BA0AE2CDE01C8D4")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")]))
        .public_key(key.public_key())
        .serial_number(0x87654321)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2026, 3, 1, tzinfo=UTC))
        .add_extension(x509.AuthorityKeyIdentifier(identifier, None, None), critical=False)
        .sign(key, hashes.SHA256())
    )
    assert certificate_id(certificate) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"


def test_killed_order_command_resumes_the_same_order(ground: Station, tmp_path: Path) -> None:
    """kill -9 of `pkikit acme order` in the middle; the same command again ends the same order."""
    write_public(tmp_path / "request.pem", request_for(E2).public_bytes(Encoding.PEM))
    write_private(tmp_path / "account.pem", key_pem(fast_key()))
    assert ground.pebble.ca_file is not None
    webroot = tmp_path / "www"
    webroot.mkdir()
    command = command_line(
        "pkikit", "acme", "order", str(tmp_path / "request.pem"), "--directory", ground.pebble.url,
        "--ca-file", str(ground.pebble.ca_file), "--account", str(tmp_path / "account.pem"), "--accept-terms",
        "--out", str(tmp_path / "out.pem"), "--webroot", str(webroot),
    )  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "authorization" in line:
                process.kill()
                break
    url = (tmp_path / "out.pem.order").read_text()
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(webroot))
    with ThreadingHTTPServer((ground.lab.plan.by_name[E2], 10080), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONG)
        server.shutdown()
        thread.join()
    assert done.returncode == 0, done.stderr
    assert "an earlier order is resumed" in done.stderr
    assert url
    assert not (tmp_path / "out.pem.order").exists()
