"""SRVName and XMPPAddr in a SAN: read, displayed and judged; other entries do no harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from pkikit.judge.linting.lint import lint_certificate
from pkikit.judge.matching.name_matching import match_name
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.facts import presented_names
from pkikit.values.other_names import SRV_NAME, XMPP_ADDRESS, read_other_name
from simulator.world.craft import craft
from tests.support.cli import pkikit_json
from tests.support.keys import rsa_key
from tests.support.worlds import AT, E1

UTF8, IA5, OCTETS = b"\x0c", b"\x16", b"\x04"
EDGE = "_collab-edge._tls.example.com"


def der(text: str | bytes, tag: bytes = IA5) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    length = bytes([len(data)]) if len(data) < 128 else b"\x81" + bytes([len(data)])
    return tag + length + data


def leaf(*values: bytes, names: tuple[str, ...] = (E1,), type_id: str = SRV_NAME) -> x509.Certificate:
    general = [x509.OtherName(x509.ObjectIdentifier(type_id), value) for value in values]
    return craft(names, None, at=AT, key=rsa_key(), common_name=E1, general=general).leaf


def found(certificate: x509.Certificate) -> set[str]:
    verdict = lint_certificate(certificate, CertificateUse(at=AT))
    assert {"names.srv-name-unusable", "names.srv-name-only"} <= set(verdict.checked)
    return {f.rule for f in verdict.findings}


@pytest.mark.fires("names.srv-name-unusable")
@pytest.mark.parametrize(
    "value",
    [
        der(EDGE, UTF8),  # the right name in another type
        der("_sips._tcp.example.com"),  # another service
        der("_collab-edge.example.com"),  # RFC 4985's form, which no endpoint looks for
        der("example.com"),
        der("_collab-edge._tls"),
        der("_collab-edge._tls.com"),
        der("_collab-edge._tls.exa mple.com"),
        der(b"\xff\xfe_collab"),
        OCTETS + b"\x01x",
        b"\x05\x00",
    ],
)
def test_unused_service_name_is_one_warning(value: bytes) -> None:
    """One warning that says why; the rest of the certificate is judged as ever."""
    assert found(leaf(value)) == {"names.srv-name-unusable"}


@pytest.mark.near_miss("names.srv-name-unusable", "names.srv-name-only")
@pytest.mark.parametrize("names", [(E1, "example.com"), (E1, "collab-edge.example.com")])
@pytest.mark.parametrize("text", [EDGE, EDGE.upper()])
def test_service_name_beside_its_domain_is_not_reported(names: tuple[str, ...], text: str) -> None:
    """Beside the domain as dNSName nothing is wrong with it."""
    assert found(leaf(der(text), names=names)) == set()


@pytest.mark.fires("names.srv-name-only")
def test_domain_present_only_as_service_name_is_reported() -> None:
    """Clients of today look for a dNSName."""
    assert found(leaf(der(EDGE))) == {"names.srv-name-only"}
    assert found(leaf(der(EDGE), names=(E1, "example.org"))) == {"names.srv-name-only"}


@pytest.mark.fires("names.xmpp-address-form")
@pytest.mark.near_miss("names.xmpp-address-form")
def test_xmpp_address_is_reported_with_its_text() -> None:
    """Reported with its text; other types are not its business."""
    verdict = lint_certificate(leaf(der("chat.example.com", UTF8), type_id=XMPP_ADDRESS), CertificateUse(at=AT))
    assert [f.evidence[0].seen for f in verdict.findings] == ["XMPPAddr:chat.example.com"]
    assert found(leaf(der("x", UTF8), type_id="1.3.6.1.4.1.55555.1")) == set()


def test_other_name_is_displayed_and_matches_nothing(tmp_path: Path) -> None:
    """By name, in the SAN and in the list of names; it matches no reference name of the product."""
    certificate = leaf(der(EDGE))
    assert f"SRVName:{EDGE}" in presented_names(certificate).describe()
    assert not match_name("example.com", presented_names(certificate)).matched
    path = tmp_path / "srv.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    document = pkikit_json("decode", str(path))
    assert f"SRVName:{EDGE}" in str(document)


@given(st.sampled_from([SRV_NAME, XMPP_ADDRESS, "1.2.3"]), st.binary(max_size=80))
def test_other_name_of_any_bytes_is_read_safely(type_id: str, value: bytes) -> None:
    """A problem or a text, never an exception, and nothing that a terminal would obey."""
    name = read_other_name(type_id, value)
    assert name.text.isprintable()
    assert name.domain == "" or name.type_id != "1.2.3"
