"""What an SSH tunnel wants beyond a trusted chain: names that it can read, a kind of key, and a host name.

The other end of a tunnel sees the certificate alone: every CA of the chain has to be in the verifier's own trusted CA list.
Cisco TAC 221624 states the effect (zone up, tunnels down); how the product gets there is inferred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pkikit.judge.checks.certificate_checks import digest_evidence, name_oids, weak_key
from pkikit.judge.checks.check import TRUSTED_CA_LIST
from pkikit.model.certificates.facts import is_self_signed, key_kind, title
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Evidence, Finding, Verdict, summary_of
from pkikit.model.tables import product_pages as pages
from pkikit.model.tables.ssh_algorithms import ECDSA, RSA, SSH_ALGORITHMS, SshAlgorithm
from pkikit.reading.unreadable import UNREADABLE
from pkikit.rules.certificate_rules import DIGEST_UNSUPPORTED, KEY_TOO_SHORT, OID_UNSUPPORTED
from pkikit.rules.connection_rules import SSH_ALGORITHM, TUNNEL_HOST_NAME
from pkikit.rules.trust_rules import INTERMEDIATE_MISSING, ISSUER_UNKNOWN, TRUST_LIST_CHANGE
from pkikit.values.memo import once_per_object


@once_per_object
def judge_ssh_certificate(leaf: x509.Certificate) -> Verdict:
    """Judge whether an SSH tunnel can read the certificate (X12.5 guide, appendix 1)."""
    return Verdict.of("can the SSH tunnel read it?", OID_UNSUPPORTED.judge(title(leaf), name_oids(leaf)))


@once_per_object
def judge_ssh_chain(chain: tuple[x509.Certificate, ...]) -> Verdict:
    """Judge what an SSH tunnel refuses in a chain that OpenSSL accepts: weak keys and digests, and names as above.

    chain: leaf first. SSH has no security level as TLS has; that a tunnel wants the same is ours.
    """
    below_root = [c for c in chain if not is_self_signed(c)]
    return Verdict.of(
        "does the SSH tunnel accept the chain?",
        *(KEY_TOO_SHORT.judge(title(c), weak_key(c)) for c in chain),
        *(DIGEST_UNSUPPORTED.judge(title(c), digest_evidence(c)) for c in below_root),
        OID_UNSUPPORTED.judge(title(chain[0]), name_oids(chain[0])),
    )


def ssh_algorithm(certificate: x509.Certificate) -> SshAlgorithm | None:
    """Return how SSH calls a certificate with this kind of key; None if the product's tunnels have no word for it."""
    kind, bits = key_kind(certificate)
    try:
        key = certificate.public_key()
    except UNREADABLE:
        return None
    match key:
        case rsa.RSAPublicKey():
            return RSA if bits >= 2048 else None
        case ec.EllipticCurvePublicKey() if kind == "EC":
            return ECDSA.get(key.curve.name)
        case _:
            return None


def accepted_algorithms(deployment: Deployment, fqdn: str) -> tuple[SshAlgorithm, ...]:
    """Return the kinds of key that the tunnels of a peer accept and offer: all four unless its cluster lists fewer."""
    cluster = deployment.cluster_of(fqdn)
    return cluster.ssh_key_algorithms if cluster is not None else SSH_ALGORITHMS


def judge_key_algorithm(deployment: Deployment, leaf: x509.Certificate, holder: str, ends: Sequence[str]) -> Verdict:
    """Judge whether both ends of a tunnel take the key of `holder`.

    Source: administrator guide X15.0, command reference: the list has to contain the key type of the server certificate of
    both ends.
    """
    algorithm = ssh_algorithm(leaf)
    evidence = [
        Evidence(
            label=f"key algorithms that {end} allows for SSH tunnels",
            expected=algorithm or "one for the key of this certificate",
            seen=", ".join(accepted_algorithms(deployment, end)),
            where=end,
            says=f"{holder}'s certificate needs the SSH key algorithm {algorithm or 'for its key'}; {end} allows only "
            f"{', '.join(accepted_algorithms(deployment, end)) or 'none'}.",
        )
        for end in ends
        if algorithm not in accepted_algorithms(deployment, end)
    ]
    return Verdict.of(f"do both ends take the key of {holder}?", SSH_ALGORITHM.judge(title(leaf), evidence))


def has_unusable_host_name(fqdn: str) -> bool:
    """Return True for a system host name with an underscore (MRA guide X12.5, 'Troubleshooting')."""
    return "_" in fqdn


def judge_host_name(server: str) -> Verdict:
    """Judge whether Expressway-E can serve tunnels at all: not if its DNS host name holds an underscore."""
    found = Evidence(
        label="DNS host name of Expressway-E",
        expected="letters, digits, hyphens",
        seen=server,
        where=server,
        says=f"The DNS host name {server} has an underscore, so SSH tunnels to it fail.",
    )
    return Verdict.of(
        f"can {server} serve SSH tunnels?",
        TUNNEL_HOST_NAME.judge(server, [found] if has_unusable_host_name(server) else []),
    )


def about_lists(found: Finding, verifier: str) -> Finding:
    """Return a finding about a missing CA as it is in a tunnel: what is sent does not help, the list does."""
    if found.rule not in {INTERMEDIATE_MISSING.id, ISSUER_UNKNOWN.id}:
        return found
    evidence, zone = found.evidence, ""
    if found.rule == INTERMEDIATE_MISSING.id:
        place, seen = f"in the trusted CA list of {verifier}", "not in it (SSH does not read CAs that are sent)"
        says = (
            f"The trusted CA list of {verifier} does not have all intermediates. SSH does not read CAs that are sent."
        )
        evidence = tuple(
            replace(e, expected=place, seen=seen, where=TRUSTED_CA_LIST, says=says) for e in found.evidence
        )
        zone = " The traversal zone can be up without them."
    fix = (
        f"Append every CA certificate of the chain, intermediates too, to the trusted CA list of {verifier} "
        f"({pages.TRUSTED_CA}). {TRUST_LIST_CHANGE}{zone}"
    )
    message = summary_of(evidence) if found.is_summary else found.message
    return replace(found, evidence=evidence, message=message, fix=fix)
