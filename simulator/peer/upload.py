"""How the product judges an uploaded file before it accepts it: it refuses with a reason, or accepts with warnings.

Sources: X12.5 guide, "Load a Server Certificate and Private Key Onto Expressway", "Manage the Trusted CA Certificate
List"; X14.0 guide for the warnings that came with X8.10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509

from pkikit.design.san import design_sans
from pkikit.errors import EncodingError
from pkikit.files import (
    MAX_UPLOAD,
    FileContents,
    parse,
    refuse_unreadable,
    refuse_without_newline,
    refuse_wrong_order,
)
from pkikit.judge.checks.upload_checks import why_purpose_refused
from pkikit.judge.linting.lint import lint_certificate, lint_trust_list, lint_upload
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.certificates.facts import presented_names
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Finding
from pkikit.model.leg import Purpose
from pkikit.model.tables.features import TWO_STORES, UPLOAD_WARNINGS
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING
from pkikit.rules.file_rules import NOT_PEM
from pkikit.rules.name_rules import WILDCARD_UNSUPPORTED
from pkikit.values.names import printable
from pkikit.worlds.judgeable import require_judgeable
from simulator.errors import UploadRefused
from simulator.peer.state import PeerState
from simulator.world.upgrade import require_two_stores


@dataclass(frozen=True, kw_only=True)
class UploadResult:
    """The state after an upload, and the product's warnings."""

    state: PeerState
    warnings: tuple[Finding, ...] = ()


def use_of(deployment: Deployment, fqdn: str, at: datetime) -> CertificateUse:
    """Return the version, role and names by which a certificate of this peer is judged."""
    return CertificateUse(
        at=at,
        version=deployment.product_version,
        role=deployment.role_of(fqdn),
        layout=design_sans(deployment, fqdn),
    )


def take_certificate(
    state: PeerState, certificate: bytes, key: bytes, *, deployment: Deployment, at: datetime
) -> UploadResult:
    """Return the state after the upload of a certificate, with or without its private key. Its purposes are not checked.

    Raises:
        UploadRefused: the product would refuse the file.
    """
    chain = _chain(certificate, "server certificate file")
    wildcards = presented_names(chain[0]).wildcards
    if wildcards:
        raise UploadRefused(
            f"the certificate contains the wildcard {printable(wildcards[0])}; wildcard certificates are not supported",
            WILDCARD_UNSUPPORTED.id,
        )
    taken = _load(state, chain, _key_of(key) if key.strip() else None, deployment)
    use = use_of(deployment, state.fqdn, at)
    verdicts = (lint_certificate(chain[0], use), lint_upload(chain[0], (*state.trusted_ca_list, *chain[1:]), use))
    warns = deployment.product_version.has(UPLOAD_WARNINGS)
    return UploadResult(state=taken, warnings=tuple(f for v in verdicts for f in v.findings) if warns else ())


def take_server_certificate(
    state: PeerState,
    certificate: bytes,
    key: bytes,
    *,
    deployment: Deployment,
    at: datetime,
    server_only: bool = False,
    as_client: bool = False,
) -> UploadResult:
    """Return the state after an upload to the server store.

    With two stores (X15.5), the client store keeps its certificate: the stores are independent, which is inferred.

    Args:
        state: the state before.
        certificate: the file with the certificate.
        key: the file with its private key; may be empty.
        deployment: decides version and role.
        at: the peer's time.
        server_only: the switch of X15.4 for server-only certificates is on.
        as_client: the box "Upload server certificate file as client certificate" of X15.5 is ticked.

    Returns:
        The new state, and the product's warnings.

    Raises:
        UploadRefused: the product would refuse the file.
        InputError: the box is ticked, and the version has one store.
    """
    two = deployment.product_version.has(TWO_STORES)
    if as_client:
        require_two_stores(deployment)
    before = state.with_own_client_store() if two else state
    done = take_certificate(before, certificate, key, deployment=deployment, at=at)
    loaded = done.state.certificate
    assert loaded is not None  # just loaded
    _refuse_purpose(loaded.leaf, use_of(deployment, state.fqdn, at), server_only=server_only)
    return replace(done, state=done.state.with_client_certificate(loaded)) if as_client else done


def _refuse_purpose(leaf: x509.Certificate, use: CertificateUse, *, server_only: bool = False) -> None:
    refused = why_purpose_refused(leaf, use, server_only=server_only)
    if refused:
        raise UploadRefused(refused, CLIENT_AUTH_MISSING.id)


def take_client_certificate(
    state: PeerState, certificate: bytes, key: bytes, *, deployment: Deployment, at: datetime
) -> UploadResult:
    """Return the state after an upload to the client store of X15.5, with or without its private key.

    Without its key, the certificate must belong to a key that the peer has: that of its signing request, or of its client
    certificate. The certificate is judged for the TLS client role alone. Source: Cisco TAC 225693, for an answer to a request;
    that the store judges a certificate that comes with its key in the same way is inferred.

    Raises:
        UploadRefused: the product would refuse the file.
    """
    chain = _chain(certificate, "client certificate file")
    taken = state.with_client_upload(chain, _key_of(key) if key.strip() else None)
    use = replace(use_of(deployment, state.fqdn, at), store=Purpose.CLIENT)
    _refuse_purpose(chain[0], use)
    return UploadResult(state=taken, warnings=lint_certificate(chain[0], use).findings)


def _chain(data: bytes, where: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates of an uploaded file, the server certificate first."""
    contents = _pem(data, where)
    if not contents.certificates:
        raise EncodingError(contents.lacks("certificate"), where=where, rule=NOT_PEM.id)
    refuse_wrong_order(contents)
    return contents.certificates


def _load(
    state: PeerState, chain: tuple[x509.Certificate, ...], key: PrivateKey | None, deployment: Deployment
) -> PeerState:
    try:
        return state.uploaded(chain, key)
    except UploadRefused as error:
        cluster = deployment.cluster_of(state.fqdn)
        named = presented_names(chain[0]).identities
        others = [p for p in (cluster.peers if cluster else ()) if p != state.fqdn and p in named]
        if others and state.fqdn not in named:
            raise UploadRefused(f"{error.message}: it names {others[0]}; upload it there", error.rule) from None
        raise


def _key_of(data: bytes) -> PrivateKey:
    """Return an uploaded private key.

    The product accepts a file without a line end, and Mobile and Remote Access fails later. The lab refuses it at once.
    """
    contents = _pem(data, "private key file")
    if not contents.keys:
        raise EncodingError("contains no RSA or EC private key", where=contents.where)
    refuse_without_newline(contents)
    return contents.keys[0]


def take_trusted_list(
    state: PeerState, data: bytes, *, append: bool, deployment: Deployment, at: datetime
) -> UploadResult:
    """Return the state after an upload to the trusted CA list: PEM, several certificates per file, CRLs between them."""
    contents = _pem(data, "CA certificate file")
    if not contents.certificates:
        raise EncodingError(contents.lacks("certificate"), where="CA certificate file", rule=NOT_PEM.id)
    require_judgeable(contents.crls, "CA certificate file")
    after = state.trusting(contents.certificates, contents.crls, append=append)
    use = use_of(deployment, state.fqdn, at)
    return UploadResult(state=after, warnings=lint_trust_list(after.trusted_ca_list, use).findings)


def crls_of(data: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    """Return the CRLs of a manually uploaded PEM file, which replaces the previous one."""
    contents = _pem(data, "CRL file")
    if not contents.crls:
        raise EncodingError(contents.lacks("CRL"), where="CRL file")
    require_judgeable(contents.crls, "CRL file")
    return contents.crls


def _pem(data: bytes, where: str) -> FileContents:
    """Return the content of an uploaded PEM file."""
    contents = parse(data, where=where, limit=MAX_UPLOAD, open_stores=False)
    refuse_unreadable(contents)
    return contents


def warning_lines(warnings: Sequence[Finding]) -> list[str]:
    """Return the warnings as lines, errors first."""
    return [f"{f.message} [{f.rule}]" for f in sorted(warnings, key=lambda f: f.severity.value)]
