"""What came back from the CA against what was asked for; the AD CS template and what its enrolment takes."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from cryptography import x509

from pkikit.design.csr import SubjectFields, build_csr, make_key
from pkikit.design.san import design_sans
from pkikit.issue.templates import (
    CLIENT_AND_SERVER,
    WEB_SERVER,
    CertificateTemplate,
    certreq_policy,
    web_enrolment_form,
)
from pkikit.judge.linting.issued_certificate import lint_answer
from simulator.world.craft import SERVER, craft
from tests.support.keys import rsa_key
from tests.support.worlds import AT, CLUSTER_E, E1, deployment, issued

LAYOUT = design_sans(deployment(), E1)
REQUEST = build_csr(LAYOUT, rsa_key(), fields=SubjectFields(organisation="Example"))
CA = issued().authority
RULES = ("answer.name-dropped", "answer.name-added", "answer.subject-changed", "answer.chain-absent")


def answer(**changes: object) -> tuple[x509.Certificate, ...]:
    properties: dict[str, object] = {"names": LAYOUT.dns_names, "key": rsa_key(), "subject": REQUEST.subject, **changes}
    names = properties.pop("names")
    return craft(names, CA, at=AT, **properties).chain  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        pytest.param(given, rules, id=name, marks=pytest.mark.fires(*rules) if rules else pytest.mark.near_miss(*RULES))
        for name, given, rules in (
            ("as asked", answer(), []),
            ("name dropped", answer(names=(E1, CLUSTER_E)), ["answer.name-dropped"]),
            ("name added", answer(names=(*LAYOUT.dns_names, "www.e1.example.com")), ["answer.name-added"]),
            ("no clientAuth", answer(ekus=(SERVER,)), ["eku.client-auth-missing"]),
            ("any purpose", answer(ekus=None), []),
            ("subject cut", answer(subject=None, common_name=CLUSTER_E), ["answer.subject-changed"]),
            ("other key", answer(key=make_key()), ["key.mismatch"]),
            ("no chain", answer()[:1], ["answer.chain-absent"]),
        )
    ],
)
def test_lint_answer_reports_each_difference_from_the_request(
    given: tuple[x509.Certificate, ...], rules: list[str]
) -> None:
    """Each difference is reported, and nothing else."""
    verdict = lint_answer(REQUEST, given)
    assert [f.rule for f in verdict.findings] == rules
    assert set(rules) <= set(verdict.checked)


def test_adcs_web_server_template_lacks_client_auth_and_its_duplicate_has_it() -> None:
    """Web Server alone lacks clientAuth; its duplicate keeps both, takes the names of the request, archives no key."""
    assert CLIENT_AND_SERVER.objections() == ()
    assert WEB_SERVER.objections() == ("the application policy clientAuth is missing, so certificates lack it",)
    bad = CertificateTemplate(
        name="x", display_name="x", duplicated_from="x", application_policies=(), subject_in_request=False,
        key_archival=True, minimum_key_size=8192,
    )  # fmt: skip
    assert len(bad.objections()) == 5
    attributes = dict(CLIENT_AND_SERVER.attributes())
    assert attributes["msPKI-Certificate-Name-Flag"] == "1"
    assert int(attributes["msPKI-Private-Key-Flag"]) & 1 == 0
    # Two years and six weeks, as Active Directory stores them for its built-in Web Server template.
    assert attributes["pKIExpirationPeriod"] == "0080720e5dc2fdff"
    assert attributes["pKIOverlapPeriod"] == "0080a60affdeffff"
    assert ("Request Handling", "Archive subject's encryption private key", "off") in CLIENT_AND_SERVER.properties()


def test_certsrv_form_contains_the_whole_request_and_the_template() -> None:
    """The request goes through whole, with the template as attribute."""
    form = parse_qs(web_enrolment_form(REQUEST, CLIENT_AND_SERVER))
    assert form["CertAttrib"] == ["CertificateTemplate:WebClientAndServer"]
    assert x509.load_pem_x509_csr(form["CertRequest"][0].encode()).subject == REQUEST.subject


def test_certreq_inf_lists_names_purposes_and_template() -> None:
    """Every name, both purposes, the template, Windows line ends; a quote in a field is doubled."""
    text = certreq_policy(LAYOUT, CLIENT_AND_SERVER, SubjectFields(organisation='The "Example"'))
    assert all(f'_continue_ = "dns={name}&"' in text for name in LAYOUT.dns_names)
    assert "OID = 1.3.6.1.5.5.7.3.1\r\nOID = 1.3.6.1.5.5.7.3.2\r\n" in text
    assert text.endswith("[RequestAttributes]\r\nCertificateTemplate = WebClientAndServer\r\n")
    assert '""Example' in text
