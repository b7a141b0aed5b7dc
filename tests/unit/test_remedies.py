"""Fixes of the clinic as one types them: what is understood, what is refused with one sentence, and what each does."""

from __future__ import annotations

import pytest
from cryptography import x509

from pkikit.errors import InputError
from pkikit.model.certificates.facts import extension, presented_names
from pkikit.model.world import World
from pkikit.worlds.issued_world import issue_world
from simulator.clinic.case import case_of, cases
from simulator.world.craft import DAY, SERVER
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Reissue
from simulator.world.plan_settings import relaxed, settings_of
from simulator.world.remedies import Action, apply_remedy, remedy_of, targets
from tests.support.worlds import AT, C1, E1, E2, UCM1, changed, deployment

MRA = deployment()
ISSUED = issue_world(MRA, at=AT - DAY, rsa=False)
CONTEXT = FaultContext(ISSUED, AT, rsa=False)


def _done(line: str, *faults: Reissue) -> x509.Certificate:
    """The certificate of e1 after one fix."""
    world = CONTEXT.apply(faults, ISSUED.world)
    credential = apply_remedy(remedy_of(line, "", MRA, world), world, CONTEXT).parties[E1].credential
    assert credential is not None
    assert credential.key_matches
    return credential.leaf


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("renew e1", f"renew {E1}"),
        ("renew-certificate E1.example.com", f"renew {E1}"),
        ("order e1 +x.example.com lab-ca server+client", f"order {E1} +x.example.com lab-ca server+client"),
        ("order ucm1 CallManager lab-ca", f"order {UCM1} CallManager lab-ca"),
        ("append-ca lab-root-ca c1", f"append-ca lab-root-ca {C1}"),
        ("append-ca c1 lab-root-ca", f"append-ca lab-root-ca {C1}"),
        ("open-port e2 7001", f"open-port {E2} 7001"),
        ("set-dns example.com e1,e2", f"set-dns example.com {E1} {E2}"),
        ("publish-revocation lab-ca", "publish-crl"),
        ("set zones.0.tls_verify_subject_name x.example.com", "set uc-traversal.verify-name x.example.com"),
    ],
)
def test_fix_is_read_with_short_names_and_older_words(line: str, read: str) -> None:
    """The text of a remedy is what one can type again."""
    remedy = remedy_of(line, "", MRA)
    assert str(remedy) == read
    assert remedy_of(read, "", MRA) == remedy


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("pray e1", "there is no fix 'pray'. There are renew, order"),
        ("renwe e1", "Did you mean renew"),
        ("", "there is no fix ''"),
        ("renew", "renew needs a target: c1, c2, e1"),
        ("renew e9", "'e9' is not one of c1.corp"),
        ("open-port e1", "needs one port number"),
        ("open-port e1 http", "needs one port number"),
        ("set-dns example.com", "needs the machines that it leads to"),
        ("append-ca lab-root-ca", "needs a CA and a machine"),
        ("set", "set needs a target: uc-traversal.peer-addresses"),
        ("set nothing on", "there is no setting 'nothing'; there are uc-traversal"),
        ("set revocation.fallback maybe", "revocation.fallback is one of revoked, not-revoked, not 'maybe'"),
        ("upload e1", "as-pem, server-certificate-first"),
        ("order e1 cheap-ca", "'cheap-ca' is not one of server"),
    ],
)
def test_fix_that_cannot_be_read_is_refused_with_what_is_allowed(line: str, told: str) -> None:
    """Action, target, parameter."""
    with pytest.raises(InputError, match=told):
        remedy_of(line, "", MRA)


def test_renewal_changes_dates_and_key_only() -> None:
    """Names, purposes and the CA stay, also where they are wrong."""
    fault = Reissue(fault="reissue", party=E1, names=("*.example.com",), purposes="server", by="stranger")
    before = CONTEXT.apply([fault], ISSUED.world).parties[E1].credential
    assert before is not None
    after = _done("renew e1", fault)
    assert after.serial_number != before.leaf.serial_number
    assert after.not_valid_after_utc > AT
    assert (after.issuer, after.subject) == (before.leaf.issuer, before.leaf.subject)
    assert presented_names(after) == presented_names(before.leaf)
    assert extension(after, x509.ExtendedKeyUsage) == x509.ExtendedKeyUsage([SERVER])


def test_order_changes_what_one_asks_for() -> None:
    """Names, template, CA; a public CA leaves clientAuth out, and issues no certificate for clients only."""
    assert "e9.example.com" in presented_names(_done("order e1 +e9.example.com")).dns
    assert "example.com" not in presented_names(_done("order e1 -example.com")).dns
    assert extension(_done("order e1 server-only"), x509.ExtendedKeyUsage) == x509.ExtendedKeyUsage([SERVER])
    public = _done("order e1 public-ca server+client")
    assert extension(public, x509.ExtendedKeyUsage) == x509.ExtendedKeyUsage([SERVER])
    assert public.issuer != ISSUED.authority.certificate.subject
    planned = _done("order e1 planned-names lab-ca", Reissue(fault="reissue", party=E1, names=(), by="itself"))
    assert {E1, "cluster-e.example.com"} <= set(presented_names(planned).dns)
    with pytest.raises(InputError, match="for servers only"):
        _done("order e1 public-ca client-only")
    with pytest.raises(InputError, match=r"nowhere\.example\.com is not in the certificate"):
        _done("order e1 -nowhere.example.com")


def test_list_of_cas_changes_by_one_entry() -> None:
    """Append and remove; Unified CM has a list for each service."""
    world = apply_remedy(remedy_of("append-ca acorn-root-ca c1", "", MRA), _with_stranger(), CONTEXT)
    assert [CONTEXT.stranger.root in world.parties[fqdn].trusted_ca_list for fqdn in (C1, E1)] == [True, False]
    gone = apply_remedy(remedy_of("remove-ca lab-root-ca c1", "", MRA), world, CONTEXT)
    assert ISSUED.root.certificate not in gone.parties[C1].trusted_ca_list
    assert CONTEXT.stranger.root in gone.parties[C1].trusted_ca_list
    with pytest.raises(InputError, match="'no-ca' is not one of lab-root-ca"):
        apply_remedy(remedy_of("append-ca no-ca c1", "", MRA), world, CONTEXT)
    several = CONTEXT.apply(case_of("unified-cm-does-not-trust-c").faults, ISSUED.world)
    with pytest.raises(InputError, match="several lists; add one of tomcat-trust, CallManager-trust"):
        remedy_of("append-ca lab-root-ca ucm1", "", MRA, several)


def _with_stranger() -> World:
    return CONTEXT.apply([Reissue(fault="reissue", party=E1, by="stranger")], ISSUED.world)


def test_settings_say_which_value_verifies_less() -> None:
    """The verify mode of UC traversal cannot be switched off, so it is no setting."""
    assert "uc-traversal.tls-verify" not in settings_of(MRA)
    assert settings_of(MRA)["partner.tls-verify"].value == "on"
    off = changed("clustered-mra", zones__1__tls_verify=False)
    assert relaxed(MRA, off) == ("TLS verify mode of the zone partner is off: it verifies less than before",)
    assert relaxed(off, MRA) == ()


def test_fixes_of_every_case_can_be_read() -> None:
    """With the deployment of the case: each machine, name and setting exists."""
    for case in cases().values():
        for line in case.remedies:
            remedy_of(line, "", case.changed())
    assert all(
        targets(action, MRA) for action in Action if action not in {Action.REVOCATION, Action.RESPONDER, Action.SIGNER}
    )
