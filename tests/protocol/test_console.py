"""The console of a peer on a running lab: every command does what the product's does, against a real Pebble."""

from __future__ import annotations

import json

import anyio.to_thread
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from pkikit.design.csr import fast_key
from pkikit.errors import AcmeProblem, InputError
from pkikit.issue.acme.account import AcmeAccount
from pkikit.model.certificates.credential import Credential
from pkikit.model.tables.log_events import PRODUCT_EVENTS
from simulator.events import RESTARTED
from simulator.peer.acme_state import AcmeState
from simulator.threaded import ThreadedLab
from tests.support.worlds import C1, E1

SCHEDULE = '"{ "DaysOfWeek" :[ "Mon" ], "TimeOfDay" : "04:00" }"'
PROVIDER = 'xCommand ACME Providers Write ProviderUuid: "Default" Email: "a@example.com" TermsOfService: "Accepted"'


@pytest.fixture
def console(lab: ThreadedLab) -> ThreadedLab:
    lab.start_acme()
    return lab


@pytest.mark.product("E-50", "E-52", "E-53", "E-54", "E-57", "E-58")
def test_request_sign_deploy_by_commands_alone(console: ThreadedLab) -> None:
    """csr_create, provider, Sign, the pending certificate, Deploy; a restart only by Restart or Boot."""
    lab, before = console, console.world.parties[E1].credential
    lab.command(E1, 'xCommand Certs Command csr_create subjectfields: \'{"CN": "e1.example.com", "C": "GB"}\'')
    request = lab.peers[E1].state.request
    assert request is not None
    assert [a.oid for a in request.csr.subject] == [NameOID.COUNTRY_NAME, NameOID.COMMON_NAME]
    lab.command(E1, PROVIDER)
    providers = json.loads(lab.command(E1, 'xCommand ACME Providers Read ProviderUuid: "Default"'))
    assert (providers[0]["Email"], providers[0]["TermsOfService"]) == ("a@example.com", "Accepted")
    assert "pending" in lab.command(E1, "xCommand ACME Sign")
    pem = lab.command(E1, "xCommand ACME Get Pending Cert")
    leaf = x509.load_pem_x509_certificates(pem.encode())[0]
    lab.command(E1, "xCommand ACME Delete Pending Cert")
    with pytest.raises(InputError, match="no pending certificate"):
        lab.command(E1, "xCommand ACME Get Pending Cert")
    assert lab.world.parties[E1].credential == before
    lab.command(E1, "xCommand ACME Sign")
    lab.command(E1, "xCommand ACME Deploy")
    deployed = lab.world.parties[E1].credential
    assert deployed is not None
    assert deployed.leaf.public_key() == leaf.public_key()
    assert not lab.events.of(E1, RESTARTED)
    for word in ("Restart", "Boot"):
        lab.command(E1, f"xCommand {word}")
    assert len(lab.events.of(E1, RESTARTED)) == 2
    with pytest.raises(InputError, match="only Expressway-E has ACME"):
        lab.command(C1, "xCommand ACME Sign")


@pytest.mark.product("E-51", "E-53", "H-03")
def test_settings_and_domains_by_commands(console: ThreadedLab) -> None:
    """Automated needs schedule and key; a domain has settings of its own; ReloadCerts decides what is in use."""
    lab = console
    lab.command(E1, PROVIDER)
    with pytest.raises(InputError, match="Automated needs RenewalSchedule and RenewKey"):
        lab.command(E1, "xCommand ACME Settings Write AcmeManaged: Automated")
    with pytest.raises(InputError, match="Automated needs RenewKey"):
        lab.command(E1, f"xCommand ACME Settings Write AcmeManaged: Automated RenewalSchedule: {SCHEDULE}")
    automated = f"AcmeManaged: Automated Domain: example.com RenewalSchedule: {SCHEDULE} RenewKey: Rotate"
    lab.command(E1, f"xCommand ACME Settings Write {automated}")
    read = json.loads(lab.command(E1, 'xCommand ACME Settings Read "example.com"'))
    assert (read["AcmeManaged"], read["RenewKey"]) == ("Automated", "Rotate")
    assert read["RenewalSchedule"] == {"DaysOfWeek": ["Mon"], "TimeOfDay": "04:00"}
    assert json.loads(lab.command(E1, "xCommand ACME Settings Read"))["AcmeManaged"] == "Manual"
    csr = "xCommand Certs Command csr_create Keysize: 384 Publickeyalgorithm: ECDSA Domain: example.com"
    lab.command(E1, csr)
    key = dict(lab.peers[E1].state.domain_requests)["example.com"].key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.key_size == 384
    lab.command(E1, "xCommand ACME Sign Domain: example.com")
    lab.command(E1, "xCommand ACME Deploy Domain: example.com ReloadCerts: Off")
    assert "example.com" not in lab.world.parties[E1].domains
    assert lab.peers[E1].restart_needed
    lab.command(E1, "xCommand ACME Sign Domain: example.com")
    lab.command(E1, "xCommand ACME Deploy Domain: example.com ReloadCerts: On")
    assert lab.world.parties[E1].domains["example.com"].key == key
    assert not lab.peers[E1].restart_needed


@pytest.mark.product("E-57")
def test_key_sizes_follow_the_algorithm(console: ThreadedLab) -> None:
    """RSA 2048 and 4096, ECDSA 256, 384 and 521; RSA by default."""
    lab, create = console, "xCommand Certs Command csr_create Domain: example.com"
    lab.command(E1, create)
    assert isinstance(dict(lab.peers[E1].state.domain_requests)["example.com"].key, rsa.RSAPrivateKey)
    with pytest.raises(InputError, match="Keysize: '256' is not 2048 or 4096 for RSA"):
        lab.command(E1, f"{create} Keysize: 256")
    with pytest.raises(InputError, match="Keysize: '2048' is not 256 or 384 or 521 for ECDSA"):
        lab.command(E1, f"{create} Keysize: 2048 Publickeyalgorithm: ECDSA")


@pytest.mark.product("E-55", "E-56")
def test_certificate_of_a_lost_account_is_revoked_after_signing_again(console: ThreadedLab) -> None:
    """The account is gone: a new one cannot revoke before it has proved the names; Reset asks for Disabled first."""
    lab = console
    lab.run(lab.acme.prepare, E1)
    lab.command(E1, "xCommand ACME Sign")
    lab.command(E1, "xCommand ACME Deploy")
    old = lab.world.parties[E1].credential
    assert old is not None
    lab.console(E1).files["/tmp/old.pem"] = old.pem()
    with pytest.raises(InputError, match="ACME is enabled for the server certificate"):
        lab.command(E1, "xCommand ACME Reset execute")
    lab.command(E1, "xCommand ACME Settings Write AcmeManaged: Disabled")
    lab.command(E1, "xCommand ACME Reset Action: execute")
    assert lab.peers[E1].state.acme == AcmeState()
    with pytest.raises(InputError, match="sign again there first"):
        lab.command(E1, "xCommand ACME Revoke /tmp/old.pem")
    with pytest.raises(InputError, match=r"there is no file /tmp/other\.pem"):
        lab.command(E1, "xCommand ACME Revoke /tmp/other.pem")
    lab.command(E1, "xCommand Certs Command csr_create")
    lab.command(E1, PROVIDER)
    with pytest.raises(AcmeProblem, match="unauthorized"):
        lab.run(_revoke_with_a_new_account, lab, old)
    lab.command(E1, "xCommand ACME Sign")
    assert lab.command(E1, "xCommand ACME Revoke /tmp/old.pem") == "200 OK"
    with pytest.raises(AcmeProblem, match="alreadyRevoked"):
        lab.command(E1, 'xcommand Acmerevoke "/tmp/old.pem"')
    assert lab.world.parties[E1].credential == old  # revoking replaces nothing


async def _revoke_with_a_new_account(lab: ThreadedLab, old: Credential) -> None:
    """Ask the CA from an account that has proved nothing."""
    directory = await lab.acme.directory_of(lab.peers[E1])

    def send() -> None:
        account = AcmeAccount(directory, fast_key())
        account.register("b@example.com", terms_accepted=True)
        account.revoke(old.leaf, 0)

    await anyio.to_thread.run_sync(send)


@pytest.mark.product("C-14")
def test_events_of_acme_are_named_as_ours(console: ThreadedLab) -> None:
    """The product's list of events has none for ACME: no line of the service borrows another event's name."""
    lab = console
    lab.run(lab.acme.prepare, E1)
    began = lab.events.last
    lab.command(E1, "xCommand ACME Sign")
    lab.command(E1, "xCommand ACME Deploy")
    events = [e for e in lab.events.since(began) if e.party == E1 and not e.kind.startswith("Alarm ")]
    assert len(events) > 5
    assert all(" lab: " in str(event) for event in events)
    assert not [kind for kind in PRODUCT_EVENTS if "ACME" in kind or kind in {event.kind for event in events}]
