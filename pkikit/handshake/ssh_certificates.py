"""How one end of an SSH tunnel judges the certificate of the other: OpenSSL builds and verifies, the product's rules follow."""

from __future__ import annotations

import itertools
from datetime import datetime

from cryptography import x509
from OpenSSL import crypto

from pkikit.handshake.certificates import make_store, openssl_object, readable
from pkikit.handshake.recorder import Recorder
from pkikit.judge.checks.certificate_checks import digest_evidence, weak_key
from pkikit.judge.legs.tunnel_verdict import judge_ssh_chain
from pkikit.judge.openssl_codes import REJECTED, verify_error_name
from pkikit.judge.paths.trust import effective_trust
from pkikit.judge.verify import product_refuses
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import title
from pkikit.model.findings import Finding
from pkikit.model.leg import Purpose
from pkikit.model.trace import CertificateJudged
from pkikit.model.world import Party
from pkikit.rules.catalogue import rule_of


def accepts(leaf: x509.Certificate, verifier: Party, purpose: Purpose, at: datetime, recorder: Recorder) -> bool:
    """Judge the certificate of the other end of a tunnel, and record why it is refused.

    Nothing but the certificate itself crosses the wire: OpenSSL completes the chain from the verifier's trusted CA list.

    Args:
        leaf: what the other end presents.
        verifier: the party that judges, with its trusted CA list.
        purpose: the role of the other end. It counts as in TLS: Cisco TAC 225693 states it for clientAuth.
        at: the verifier's time.
        recorder: takes the judgement.

    Returns:
        True if this end accepts the other.
    """
    recorder.seen = (leaf,)
    chain = _verified(leaf, verifier, purpose, at, recorder)
    if not chain:
        return False
    recorder.seen = chain
    objections = (*product_refuses(chain).errors, *judge_ssh_chain(chain).errors)
    for objection in objections:
        code = _code(objection)
        depth = next((d for d, c in enumerate(chain) if title(c) == objection.subject), 0)
        recorder.note(
            CertificateJudged(subject=objection.subject, depth=depth, code=code, name=verify_error_name(code))
        )
    if not objections:
        for depth, certificate in reversed(tuple(enumerate(chain))):
            recorder.note(CertificateJudged(subject=title(certificate), depth=depth, code=0, name=verify_error_name(0)))
    return not objections


def is_strong(credential: Credential) -> bool:
    """Return True if a party may show this credential: no weak key, no weak digest. TLS would not load it either (ours)."""
    weak = itertools.chain(weak_key(credential.leaf), *map(digest_evidence, credential.chain))
    return next(weak, None) is None


def _code(objection: Finding) -> int:
    known = rule_of(objection.rule).openssl
    return known[0] if known else REJECTED


def _verified(
    leaf: x509.Certificate, verifier: Party, purpose: Purpose, at: datetime, recorder: Recorder
) -> tuple[x509.Certificate, ...]:
    """Return the chain that OpenSSL built and accepts; empty if it refuses, which is recorded."""
    store = make_store(effective_trust(verifier.trusted_ca_list)[0], purpose, at)
    refused = CertificateJudged(subject=title(leaf), depth=0, code=REJECTED, name=verify_error_name(REJECTED))
    try:
        return readable(crypto.X509StoreContext(store, openssl_object(leaf)).get_verified_chain())
    except crypto.X509StoreContextError as error:
        code, depth = error.errors[:2]
        at_fault = readable((error.certificate,)) or (leaf,)
        refused = CertificateJudged(subject=title(at_fault[0]), depth=depth, code=code, name=verify_error_name(code))
    except crypto.Error:
        pass  # this OpenSSL does not read the certificate
    recorder.note(refused)
    return ()
