"""Requests, CRLs, OCSP answers and bundles: what OpenSSL reads is read, the rest is refused in one sentence.

Whatever was let in can be described and judged without an exception.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import EncodingError
from pkikit.files import parse
from pkikit.judge.linting.issued_certificate import lint_answer
from pkikit.judge.linting.lint import lint_request
from pkikit.judge.paths.trust import Anchor, CertificatePath
from pkikit.judge.questions import CertificateUse
from pkikit.judge.revocation.revocation_status import check_status, judge_revocation
from pkikit.model.certificates.canonical_name import canonical
from pkikit.model.certificates.facts import extension
from pkikit.model.certificates.public_key import is_signed
from pkikit.model.deployment import Revocation
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion
from pkikit.reading import load_certificate, load_crl, load_ocsp, load_request
from pkikit.reading.odd.crl import OddCrl
from pkikit.reading.odd.ocsp import OddOcspAnswer
from pkikit.reading.odd.request import OddRequest
from pkikit.reading.pem import to_pem
from pkikit.rules.revocation_rules import CRL_UNSUPPORTED, REVOKED
from pkikit.view.description import describe_contents
from tests.support import odd_der
from tests.support.odd_cases import CERTIFICATES
from tests.support.odd_der import HOST, NULL, integer, lab, oid, seq, tlv
from tests.support.odd_objects import ODD_NAME, SAN, crl, entry, odd_issuer, request, signed
from tests.support.worlds import AT

USE = CertificateUse(at=AT)
CRL_NUMBER, IDP, DELTA = "2.5.29.20", "2.5.29.28", "2.5.29.27"


def test_odd_request_is_read_and_its_signature_checked() -> None:
    read = load_request(request(ODD_NAME, SAN))
    assert isinstance(read, OddRequest)
    assert is_signed(read)
    assert extension(read, x509.SubjectAlternativeName) is not None
    everything(request(ODD_NAME, SAN))
    assert not is_signed(load_request(request(ODD_NAME, SAN).replace(b"Smith &", b"Smyth &")))


@pytest.mark.near_miss("csr.no-names", "csr.signature-invalid")
def test_request_with_an_odd_subject_has_its_names() -> None:
    verdict = lint_request(load_request(request(ODD_NAME, SAN)), USE)
    assert "csr.no-names" not in {f.rule for f in verdict.findings}


@pytest.mark.parametrize("broken", ["extension-san-broken", "duplicate-san", "extension-eku-broken"])
def test_request_with_a_broken_extension_does_not_report_absence(broken: str) -> None:
    """Neither the names nor the purposes are called absent when the list holds them, unreadable."""
    made = odd_der.leaf_fields(HOST, odd_der.common("x"), odd_der.key_number(2))
    CERTIFICATES[broken](made)
    read = load_request(request(odd_der.common("odd host"), *made.extensions.values(), *made.more_extensions))
    found = {f.rule for f in lint_request(read, USE).findings}
    assert not found & {"csr.no-names", "csr.purposes-not-requested", "names.common-name-only"}


def test_answer_is_compared_with_an_odd_request() -> None:
    leaf = load_certificate(lab().leaf)
    assert "key.mismatch" not in {f.rule for f in lint_answer(load_request(request(ODD_NAME, SAN)), [leaf]).findings}


@pytest.mark.parametrize(
    ("der", "load", "part"),
    [
        (request(odd_der.name([seq(oid(odd_der.O))])), load_request, "its subject"),
        (crl(odd_der.name([seq(oid(odd_der.O))])), load_crl, "its issuer"),
        (crl(ODD_NAME, last=tlv(0x17, b"261101000000")), load_crl, "its last update"),
        (crl(ODD_NAME, entry(5, date=tlv(0x13, b"x"))), load_crl, "its list of entries"),
    ],
    ids=["subject", "issuer", "last-update", "entry"],
)
def test_unreadable_part_is_named_in_the_error(der: bytes, load: Callable[[bytes], object], part: str) -> None:
    with pytest.raises(EncodingError, match=part) as caught:
        load(der)
    assert str(caught.value).isprintable()


def judged(list_: bytes, leaf_serial: int = 0x1234567890) -> tuple[set[str], str]:
    """(rules found, what the CRL says of the leaf) for a leaf below the CA with the odd name."""
    made = odd_issuer()
    path = CertificatePath(
        certificates=tuple(load_certificate(d) for d in (made.leaf, made.issuing, made.root)), anchor=Anchor.TRUSTED
    )
    data = NOTHING_HELD.with_crls(CrlSource.MANUAL, (load_crl(list_),))
    question = RevocationQuestion(settings=Revocation(checking=True, use_ocsp=False), data=data)
    return {f.rule for f in judge_revocation(path, question, AT).findings}, check_status(path, question, AT)[0].said


def test_crl_with_an_odd_issuer_revokes() -> None:
    revoking = crl(ODD_NAME, entry(0x1234567890))
    assert isinstance(load_crl(revoking), OddCrl)
    assert REVOKED.id in judged(revoking)[0]
    assert judged(crl(ODD_NAME, entry(5)))[1] == "not in it"
    assert judged(revoking.replace(b"261001000000Z", b"261001000001Z"))[1] != "revoked"


def test_crl_with_odd_entries_revokes() -> None:
    read = load_crl(crl(ODD_NAME, entry(0x1234567890, date=tlv(0x17, b"2610010000Z"))))
    assert [e.serial_number for e in read] == [0x1234567890]
    assert "not written as DER" in " ".join(read.oddities)  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [CRL_NUMBER, IDP, DELTA])
def test_crl_with_an_unreadable_extension_is_not_used(number: str) -> None:
    """OpenSSL does not use such a list, so neither does pkikit: no certificate counts as good because of it."""
    rules, said = judged(crl(ODD_NAME, entry(5), extensions=(odd_der.extension(number, b"\x30\x05"),)))
    assert CRL_UNSUPPORTED.id in rules
    assert said == "no CRL"


def test_crl_with_an_irrelevant_unreadable_extension_is_used() -> None:
    rules, said = judged(crl(ODD_NAME, entry(5), extensions=(odd_der.extension(odd_der.AIA, b"\x30\x05"),)))
    assert CRL_UNSUPPORTED.id not in rules
    assert said == "not in it"


def answer(responder: bytes) -> bytes:
    """An OCSP answer of the odd CA about serial 5, signed by it."""
    sha1 = seq(oid("1.3.14.3.2.26"), NULL)
    certificate_id = seq(sha1, tlv(4, b"\1" * 20), tlv(4, b"\2" * 20), integer(5))
    single = seq(certificate_id, tlv(0x80), tlv(0x18, b"20261101000000Z"))
    tbs = seq(tlv(0xA1, responder), tlv(0x18, b"20261101000000Z"), seq(single))
    return seq(tlv(0x0A, b"\0"), tlv(0xA0, seq(oid("1.3.6.1.5.5.7.48.1.1"), tlv(4, signed(tbs, 1)))))


def test_ocsp_answer_of_a_responder_with_an_odd_name_is_read() -> None:
    read = load_ocsp(answer(ODD_NAME))
    assert isinstance(read, OddOcspAnswer)
    assert read.responder_name is not None
    assert canonical(read.responder_name) == canonical(load_crl(crl(ODD_NAME)).issuer)
    assert next(iter(read.responses)).serial_number == 5
    assert not isinstance(load_ocsp(answer(odd_der.common("x"))), OddOcspAnswer)


def test_odd_certificate_in_a_bundle_leaves_the_others() -> None:
    made = odd_issuer()
    inner = seq(integer(1), tlv(0x31), seq(oid("1.2.840.113549.1.7.1")), tlv(0xA0, made.root, made.issuing), tlv(0x31))
    contents = parse(seq(oid("1.2.840.113549.1.7.2"), tlv(0xA0, inner)), where="chain.p7b")
    assert {c.public_bytes(Encoding.DER) for c in contents.certificates} == {made.root, made.issuing}


def test_odd_request_with_an_elliptic_key_is_described() -> None:
    """The curve of an elliptic key is looked for in the signed part, which an odd request has too."""
    key = ec.generate_private_key(ec.SECP256R1())
    tbs = seq(integer(5), ODD_NAME, odd_der.spki_of(key), tlv(0xA0))
    everything(seq(tbs, seq(oid(odd_der.SHA256_ECDSA)), tlv(3, b"\0", key.sign(tbs, ec.ECDSA(hashes.SHA256())))))


def everything(data: bytes) -> None:
    """Read, describe and judge; EncodingError is the only exception that may come out."""
    try:
        contents = parse(data, where="x")
    except EncodingError:
        return
    json.dumps(describe_contents(contents, AT))
    leaf = load_certificate(lab().leaf)
    path = CertificatePath(certificates=(leaf, load_certificate(lab().issuing)), anchor=Anchor.TRUSTED)
    for one in contents.requests:
        lint_request(one, USE)
        lint_answer(one, [leaf])
    held = NOTHING_HELD.with_crls(CrlSource.MANUAL, contents.crls).with_answers(contents.ocsp_answers)
    judge_revocation(path, RevocationQuestion(settings=Revocation(checking=True), data=held), AT)


def _seeds() -> dict[str, bytes]:
    issuer = odd_der.common("Odd Issuing CA")
    numbered = odd_der.extension(CRL_NUMBER, integer(1))
    reason = odd_der.extension("2.5.29.21", tlv(0x0A, b"\1"))
    return {
        "request": request(odd_der.common(HOST), SAN),
        "crl": crl(issuer, entry(0x1234567890, reason), extensions=(numbered,)),
        "ocsp": answer(issuer),
    }


def _mutations(data: bytes) -> Iterator[bytes]:
    """Each byte of the part before the signature changed in a few ways, and elements cut short."""
    for position in range(min(len(data) - 260, 330)):
        for value in (0x00, 0x80, data[position] ^ 0x01):
            yield data[:position] + bytes((value,)) + data[position + 1 :]
    for position in range(0, len(data), 7):
        yield data[:position]
        yield data[:position] + data[position + 3 :]


@pytest.mark.parametrize("kind", ["request", "crl", "ocsp"])
def test_mutated_objects_raise_only_encoding_error(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for data in _mutations(_seeds()[kind]):
            everything(data)


@pytest.mark.parametrize(
    "data",
    [
        seq(
            seq(integer(0), seq(tlv(0x31)), seq(seq(oid("1.2.3")), tlv(3, b"\0")), tlv(0xA0)),
            seq(oid("1.2.3")),
            tlv(3, b"\0"),
        ),
        seq(seq(integer(0), seq(), seq(seq(oid("1.2.3")), tlv(3, b"\0")), tlv(0xA0)), seq(oid("1.2.3")), tlv(3, b"\0")),
        seq(seq(seq(oid("1.2.3")), seq(tlv(0x31)), tlv(0x17, b"261101000000Z")), seq(oid("1.2.3")), tlv(3, b"\0")),
        seq(seq(seq(oid("1.2.3")), seq(), tlv(0x18, b"00000101000000Z")), seq(oid("1.2.3")), tlv(3, b"\0")),
        seq(tlv(0x0A, b"\0"), tlv(0xA0, seq(oid("1.3.6.1.5.5.7.48.1.1"), tlv(4, b"x")))),
        seq(tlv(0x0A, b"\0")),
        seq(tlv(0x0A, b"\7")),
    ],
    ids=[
        "empty-rdn-request",
        "unknown-key",
        "empty-rdn-crl",
        "year-0-crl",
        "ocsp-garbage",
        "ocsp-no-answer",
        "ocsp-status-7",
    ],
)
def test_minimal_odd_objects_are_read_or_refused(data: bytes) -> None:
    everything(data)
    everything(to_pem(data, "X509 CRL"))
