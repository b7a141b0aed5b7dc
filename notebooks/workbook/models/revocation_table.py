"""The revocation decision as a table: settings and sources in; the row that applies, every step and the verdict out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from html import escape
from typing import Any, Literal

import pandas as pd
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs7, pkcs12
from cryptography.x509 import ocsp

from pkikit.design.csr import build_csr, fast_key
from pkikit.design.san import SanEntry, SanLayout
from pkikit.issue.authority import Authority, Profile, create_root
from pkikit.judge.paths.trust import Anchor, CertificatePath
from pkikit.judge.revocation.revocation_status import SEES, StatusCheck, check_status, judge_revocation
from pkikit.model.deployment import Revocation
from pkikit.model.findings import Verdict
from pkikit.model.leg import Consumer
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData, RevocationQuestion
from pkikit.rules.name_rules import PEER
from workbook.html import PanelOutput

AT = datetime(2027, 1, 15, 12, tzinfo=UTC)
_RESPONDER, _CDP = "http://ocsp.example.net", "http://crl.example.net/ca.crl"
SERVICES = {"SIP TLS": Consumer.SIP_TLS, "HTTPS with client certificates": Consumer.HTTPS, "LDAP": Consumer.LDAP,
            "external policy service": Consumer.POLICY}  # fmt: skip
SOURCES = {"distribution point": CrlSource.CDP, "daily download": CrlSource.AUTOMATIC, "manual upload": CrlSource.MANUAL,
           "in the trusted CA file": CrlSource.CA_FILE}  # fmt: skip
Answer = Literal["good", "revoked", "unavailable", "not to be trusted"]
ANSWERS: tuple[Answer, ...] = ("good", "revoked", "unavailable", "not to be trusted")
List = Literal["good", "revoked", "expired", "unavailable", "not to be trusted"]
LISTS: tuple[List, ...] = ("good", "revoked", "expired", "unavailable", "not to be trusted")


@dataclass(frozen=True, kw_only=True)
class RevocationCase:
    """Settings of the SIP page, what the certificate names, and what the sources answer."""

    service: str = "SIP TLS"
    checking: bool = True
    use_ocsp: bool = True
    use_crls: bool = True
    cdp_download: bool = True
    fallback: Literal["not-revoked", "revoked"] = "not-revoked"
    responder: bool = True
    ocsp: Answer = "good"
    crl: List = "good"
    source: str = "distribution point"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Which row of the table applied (None: nothing is checked), questions and answers, and the verdict."""

    situation: RevocationCase
    row: int | None
    checks: tuple[StatusCheck, ...]
    verdict: Verdict

    @property
    def accepted(self) -> bool:
        """True if the certificate is accepted."""
        return self.verdict.accepted


# Use OCSP, the certificate names a responder, use CRLs: what is asked.
ROWS: tuple[tuple[str, str, str, str], ...] = (
    ("on", "yes", "on or off", "only the OCSP responder"),
    ("on", "no", "on", "the CRLs"),
    ("off", "yes or no", "on", "the CRLs"),
    ("on", "no", "off", "nobody: the fallback decides"),
    ("off", "yes or no", "off", "nobody: the fallback decides"),
)
_ASKED = (
    "only the OCSP responder is asked.",
    "the certificate names no responder, so the CRLs are asked.",
    "OCSP is off, so the CRLs are asked.",
    "nobody can be asked, so the fallback decides.",
    "nobody is asked, so the fallback decides.",
)


def decide(situation: RevocationCase) -> Decision:
    """Judge a real certificate with real CRL and OCSP bytes in that situation."""
    service = SERVICES[situation.service]
    settings = Revocation(
        checking=situation.checking, use_ocsp=situation.use_ocsp, use_crls=situation.use_crls,
        cdp_download=situation.cdp_download, fallback=situation.fallback,
    )  # fmt: skip
    leaf, issuer, root = _leaf(responder=situation.responder), _issuer(), _root()
    path = CertificatePath(certificates=(leaf, issuer.certificate, root.certificate), anchor=Anchor.TRUSTED)
    if service is Consumer.SIP_TLS and not situation.checking:
        return Decision(situation=situation, row=None, checks=(), verdict=Verdict(question="revocation"))
    question = RevocationQuestion(settings=settings, data=_data(situation), consumer=service)
    return Decision(
        situation=situation,
        row=_row(situation) if service is Consumer.SIP_TLS else None,
        checks=check_status(path, question, AT),
        verdict=judge_revocation(path, question, AT),
    )


def _row(situation: RevocationCase) -> int:
    if situation.use_ocsp and situation.responder:
        return 0
    if situation.use_crls:
        return 1 if situation.use_ocsp else 2
    return 3 if situation.use_ocsp else 4


@cache
def _root() -> Authority:
    return create_root("Example Root CA", at=AT - timedelta(days=900), key=fast_key())


@cache
def _issuer() -> Authority:
    return _root().intermediate("Example Issuing CA", at=AT - timedelta(days=400), key=fast_key())


def _layout() -> SanLayout:
    entry = SanEntry(value="e1.example.com", reason="its own FQDN", rule=PEER.id, needed_by=())
    return SanLayout(owner="e1.example.com", common_name="e1.example.com", entries=(entry,))


@cache
def _leaf(*, responder: bool) -> x509.Certificate:
    profile = Profile(crl_url=_CDP, ocsp_url=_RESPONDER if responder else "")
    return _issuer().issue(build_csr(_layout(), fast_key()), at=AT - timedelta(days=20), profile=profile)


@cache
def _stranger() -> Authority:
    return create_root("Stranger CA", at=AT - timedelta(days=900), key=fast_key())


@cache
def _crls(state: List, *, responder: bool) -> tuple[x509.CertificateRevocationList, ...]:
    if state == "unavailable":
        return ()
    issuer = _issuer()
    signer = replace(issuer, key=fast_key()) if state == "not to be trusted" else issuer
    at = AT - timedelta(days=30 if state == "expired" else 1)
    revoked = [_leaf(responder=responder).serial_number] if state == "revoked" else []
    return (signer.crl(revoked, at=at), _root().crl(at=AT - timedelta(days=1)))


@cache
def _answers(state: Answer, *, responder: bool) -> tuple[ocsp.OCSPResponse, ...]:
    if state == "unavailable":
        return ()
    status = ocsp.OCSPCertStatus.REVOKED if state == "revoked" else ocsp.OCSPCertStatus.GOOD
    stranger = _stranger()
    return (
        _issuer().ocsp_answer(
            _leaf(responder=responder),
            at=AT,
            status=status,
            revoked_at=AT - timedelta(days=2) if state == "revoked" else None,
            signer=(stranger.certificate, stranger.key) if state == "not to be trusted" else None,
        ),
    )


def _data(situation: RevocationCase) -> RevocationData:
    source = SOURCES[situation.source]
    data = NOTHING_HELD
    if source is not CrlSource.CDP or situation.cdp_download:
        data = data.with_crls(source, _crls(situation.crl, responder=situation.responder))
    return data.with_answers(_answers(situation.ocsp, responder=situation.responder) if situation.responder else ())


def shown(decision: Decision) -> PanelOutput:
    """Show the table with the applicable row marked, the steps, the verdict; the same in words."""
    marked = [
        f"<tr{' class=lit aria-current=true' if n == decision.row else ''}><td>{'▶' if n == decision.row else ''}</td>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row)
        + "</tr>"
        for n, row in enumerate(ROWS)
    ]
    heads = ("applies", "use OCSP", "responder in the certificate", "use CRLs", "who is asked")
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    answer = "✔ accepted" if decision.accepted else "✘ refused"
    lines = [answer, *_explain(decision)]
    steps = "".join(f"<li>{escape(line)}</li>" for line in lines[1:])
    html = (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(marked)}</tbody></table>"
        f"<p><b>{answer}</b></p><ol>{steps}</ol>"
    )
    return PanelOutput(html=html, text="\n".join(lines))


def _explain(decision: Decision) -> list[str]:
    situation = decision.situation
    service = SERVICES[situation.service]
    lines = []
    if service is not Consumer.SIP_TLS:
        seen = ", ".join(name for name, source in SOURCES.items() if source in SEES[service])
        lines.append(
            f"{situation.service} reads CRLs from: {seen}. It does not use OCSP. Without an answer, it accepts."
        )
    elif decision.row is None:
        lines.append("Certificate revocation checking mode is off, so nobody is asked.")
    else:
        lines.append(f"Row {decision.row + 1} applies: {_ASKED[decision.row]}")
    lines += [
        f"{c.certificate}: asked {c.asked}: {c.said}" + (f" ({c.rule.id})" if c.rule else "") for c in decision.checks
    ]
    lines += [f"{f.severity.value}: {f.message} ({f.rule})" for f in decision.verdict.findings]
    return lines


def who_sees() -> pd.DataFrame:
    """Return which service reads revocation from where."""
    rows = {
        name: {**{label: "yes" if kind in SEES[service] else "" for label, kind in SOURCES.items()},
               "OCSP": "yes" if service is Consumer.SIP_TLS else ""}
        for name, service in SERVICES.items()
    }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")


def decide_all(**situations: Mapping[str, Any]) -> pd.DataFrame:
    """Compare situations: what is asked about the server certificate, what is answered, whether it is accepted."""
    rows = {}
    for name, given in situations.items():
        decision = decide(RevocationCase(**given))
        first = decision.checks[0] if decision.checks else None
        rows[name.replace("_", " ")] = {
            "asked": first.asked.split(":")[0] if first else "nobody",
            "answer": first.said.split(" (")[0] if first else "",
            "result": "✔ accepted" if decision.accepted else "✘ refused",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def make_files() -> dict[str, bytes]:
    """Return one certificate and its chain in the forms that people send: pem, der, pkcs7, pkcs12; and a picture."""
    key = fast_key()
    leaf, above, root = _issuer().issue(build_csr(_layout(), key), at=AT), _issuer().certificate, _root().certificate
    return {
        "pem": leaf.public_bytes(Encoding.PEM) + above.public_bytes(Encoding.PEM),
        "der": leaf.public_bytes(Encoding.DER),
        "pkcs7": pkcs7.serialize_certificates([root, above, leaf], Encoding.PEM),
        "pkcs12": pkcs12.serialize_key_and_certificates(b"e1", key, leaf, [above], NoEncryption()),
        "picture": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 4,
    }
