"""What each store accepts, by version, role and switch (Cisco TAC 225482 and 225693)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.csr import fast_key
from pkikit.design.san import design_sans
from pkikit.design.xconfiguration import xconfiguration
from pkikit.errors import EncodingError, InputError
from pkikit.files import key_pem
from pkikit.judge.checks.certificate_checks import allows
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Cluster
from pkikit.model.tables import features
from pkikit.model.version import ProductVersion
from simulator.errors import UploadRefused
from simulator.peer.lab_view import EkuSwitches
from simulator.peer.state import PeerState
from simulator.peer.upload import UploadResult, take_client_certificate, take_server_certificate
from simulator.world.craft import BOTH, CLIENT, SERVER, craft
from tests.support.worlds import AT, C1, E1, changed, issued

BEFORE = ("X14.0", "X14.3.7", "X15.0", "X15.3.2")
RULE = "eku.client-auth-missing"


def deployed(version: str, *, switch: bool = False) -> Deployment:
    return changed(version=version, clusters__1__server_eku_upload=switch)


def upload(version: str, fqdn: str, ekus: Any, *, switch: bool = False, **options: Any) -> UploadResult:
    """Upload a certificate with its key to the server store, as page and API do."""
    deployment = deployed(version, switch=switch)
    layout = design_sans(deployment, fqdn)
    made = craft(layout.dns_names, issued().authority, at=AT, ekus=ekus, common_name=layout.common_name)
    assert made.key is not None
    state = PeerState(
        fqdn=fqdn,
        certificate=issued().world.parties[fqdn].credential,
        trusted_ca_list=issued().world.parties[fqdn].trusted_ca_list,
    )
    cluster = deployment.cluster_of(fqdn)
    assert cluster is not None
    return take_server_certificate(
        state, made.pem(), key_pem(made.key), deployment=deployment, at=AT,
        server_only=cluster.server_eku_upload, **options,
    )  # fmt: skip


@pytest.mark.product("A-40", "G-29", "P2-6")
@pytest.mark.parametrize("fqdn", [C1, E1])
@pytest.mark.parametrize("version", BEFORE)
def test_upload_without_client_auth_is_refused_before_x15_4(version: str, fqdn: str) -> None:
    """On C and on E, with one sentence that says what is missing; the switch of X15.4 does not exist yet."""
    for switch in (False, True):
        with pytest.raises(
            UploadRefused, match=r"has no clientAuth \(its extended key usage is serverAuth\)"
        ) as refused:
            upload(version, fqdn, (SERVER,), switch=switch)
        assert refused.value.rule == RULE
        assert f"and {version} refuses the upload" in str(refused.value)
        assert str(refused.value).count("\n") == 0
    for accepted in (BOTH, None):  # without the extension nothing is left out
        assert upload(version, fqdn, accepted).state.certificate is not None


@pytest.mark.product("A-41", "A-42", "A-43", "E-07", "P2-7")
def test_switch_of_x15_4_lets_server_only_certificates_in_on_e_alone() -> None:
    """On: accepted on E. Off, the inferred default, or on C: refused."""
    accepted = upload("X15.4", E1, (SERVER,), switch=True).state.certificate
    assert accepted is not None
    assert not allows(accepted.leaf, CLIENT)
    with pytest.raises(UploadRefused, match=r"EnableServerEkuUpload: On` lifts that \(off by default: inferred\)"):
        upload("X15.4", E1, (SERVER,))
    for switch in (False, True):
        with pytest.raises(UploadRefused, match=r"X15\.4 refuses the upload of a certificate without it$"):
            upload("X15.4", C1, (SERVER,), switch=switch)
    with pytest.raises(InputError, match=r"switch of X15\.4 on Expressway-E only"):
        EkuSwitches().changed(
            ProductVersion.parse("X15.4"), deployed("X15.4").role_of(C1), checking=None, server_upload=True
        )


@pytest.mark.product("A-04", "A-07", "P2-8")
@pytest.mark.parametrize("fqdn", [C1, E1])
def test_server_store_of_x15_5_takes_server_only_certificates_without_a_switch(fqdn: str) -> None:
    """The switch is gone; the client store keeps the certificate that it had."""
    before = issued().world.parties[fqdn].credential
    done = upload("X15.5", fqdn, (SERVER,)).state
    assert done.certificate is not None
    assert done.certificate != before
    assert done.client_certificate == before
    with pytest.raises(InputError, match=r"switch of X15\.4 on Expressway-E only"):
        EkuSwitches().changed(
            ProductVersion.parse("X15.5"), deployed("X15.5").role_of(fqdn), checking=None, server_upload=True
        )


@pytest.mark.product("A-06")
def test_box_of_the_server_page_puts_the_file_into_both_stores() -> None:
    """Also a server-only certificate; older versions have no second store."""
    done = upload("X15.5", E1, (SERVER,), as_client=True).state
    assert done.client_certificate is not None
    assert done.client_certificate is done.certificate
    with pytest.raises(InputError, match=r"X15\.4 has one certificate store"):
        upload("X15.4", E1, BOTH, as_client=True)


def to_client_store(state: PeerState, ekus: Any, key: Any, *, with_key: bool) -> UploadResult:
    deployment = deployed("X15.5")
    names = design_sans(deployment, state.fqdn).dns_names
    made = craft(names, issued().authority, at=AT, ekus=ekus, key=key)
    file = key_pem(key) if with_key else b""
    return take_client_certificate(state, made.pem(), file, deployment=deployment, at=AT)


@pytest.mark.product("A-05")
@pytest.mark.parametrize("with_key", [False, True], ids=["answers a request", "with its key"])
def test_client_store_refuses_a_certificate_without_client_auth(with_key: bool) -> None:
    """An answer to a request (stated) and a certificate with its key (inferred); the sentence names the box."""
    empty = PeerState(fqdn=E1, certificate=issued().world.parties[E1].credential)
    key = fast_key()
    asking = empty if with_key else empty.generated(design_sans(deployed("X15.5"), E1), key)
    with pytest.raises(UploadRefused, match="Upload server certificate file as client certificate") as refused:
        to_client_store(asking, (SERVER,), key, with_key=with_key)
    assert refused.value.rule == RULE
    done = to_client_store(asking, (CLIENT,), key, with_key=with_key).state
    assert done.client_certificate is not None
    assert done.client_certificate.key is not None
    assert done.certificate == empty.certificate
    assert done.request is None


def test_client_store_without_a_fitting_key_is_refused() -> None:
    """Neither the request nor the current client certificate has the key, so nobody could use the certificate."""
    state = PeerState(fqdn=E1, certificate=issued().world.parties[E1].credential)
    with pytest.raises(UploadRefused, match=f"does not match the private key stored on {re.escape(E1)}"):
        to_client_store(state, BOTH, fast_key(), with_key=False)
    current = issued().world.parties[E1].credential
    assert current is not None
    renewed = to_client_store(state, BOTH, current.key, with_key=False).state.client_certificate
    assert renewed is not None
    assert renewed.key is current.key


@pytest.mark.product("G-22")
def test_request_of_a_peer_asks_for_both_purposes() -> None:
    """In every version, without being asked."""
    for version in ("X8.11", "X12.5", "X15.5"):
        state = PeerState(fqdn=E1).generated(design_sans(deployed(version), E1), fast_key())
        assert state.request is not None
        for purpose in (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH):
            assert allows(state.request.csr, purpose)


@pytest.mark.product("G-28")
def test_page_warns_from_x8_10_and_does_not_prevent_the_upload() -> None:
    """No common name, and a CA that is not in the list: warnings, and the certificate is loaded."""

    def warned(version: str) -> set[str]:
        deployment, key = deployed(version), fast_key()
        made = craft((E1,), None, at=AT, key=key, common_name=" ")
        state = PeerState(fqdn=E1, trusted_ca_list=issued().world.parties[E1].trusted_ca_list)
        done = take_server_certificate(state, made.pem(), key_pem(key), deployment=deployment, at=AT)
        assert done.state.certificate is not None
        return {f.rule for f in done.warnings}

    assert warned("X12.5") >= {"names.common-name-missing", "upload.chain-incomplete"}
    assert warned("X8.9") == set()


@pytest.mark.product("G-30")
def test_upload_takes_pem_alone() -> None:
    """The same certificate as DER is refused."""
    made = craft((E1,), issued().authority, at=AT)
    assert made.key is not None
    with pytest.raises(EncodingError, match="PEM"):
        take_server_certificate(
            PeerState(fqdn=E1),
            made.leaf.public_bytes(Encoding.DER),
            key_pem(made.key),
            deployment=deployed("X15.5"),
            at=AT,
        )


@pytest.mark.product("E-06", "E-07", "A-04", "A-10")
def test_switches_exist_in_their_versions_alone() -> None:
    """Checking Mode from X15.5 on C and E, On by default; EnableServerEkuUpload in X15.4 on E, Off (inferred)."""
    mode, switch = "SIP TLS Certificate ExtendedKeyUsage Checking Mode", "XCP TLS Certificate CVS EnableServerEkuUpload"
    for version, of_c, of_e in (
        ("X15.3", (None, None), (None, None)),
        ("X15.4", (None, None), (None, "Off")),
        ("X15.5", ("On", None), ("On", None)),
    ):
        for fqdn, wanted in ((C1, of_c), (E1, of_e)):
            values = dict(xconfiguration(changed(version=version), fqdn))
            assert (values.get(mode), values.get(switch)) == wanted, (version, fqdn)
    off = changed(version="X15.5", clusters__0__eku_checking=False)
    assert dict(xconfiguration(off, C1))[mode] == "Off"
    with pytest.raises(InputError, match=r"X15\.4 has no ExtendedKeyUsage Checking Mode; it came with X15\.5"):
        EkuSwitches().changed(ProductVersion.parse("X15.4"), None, checking=False, server_upload=None)


@pytest.mark.product("A-55", "A-58")
def test_versions_of_the_fixes_are_those_of_the_field_notice() -> None:
    """X14 and X15.0 to X15.3 have neither fix; X15.4 and X15.5 have theirs. One version serves C and E of a deployment."""
    for text in ("X14.0", "X14.3.7", "X15.0", "X15.3.2"):
        version = ProductVersion.parse(text)
        assert version.has(features.SERVICE_NEEDS_BOTH)
        assert not any(version.has(f) for f in (features.SERVER_ONLY_SWITCH, features.TWO_STORES))
    assert (features.SERVER_ONLY_SWITCH.first, features.TWO_STORES.first) == ("X15.4", "X15.5")
    assert "version" not in Cluster.model_fields
    assert replace(features.TWO_STORES).since == features.EKU_CHECKING_MODE.since
