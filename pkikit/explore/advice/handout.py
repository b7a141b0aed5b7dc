"""What a recommendation is for: names to copy, values for the Generate CSR page, the deployment file, the next steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from pkikit.design.csr import CsrForm
from pkikit.design.restarts import order_advice
from pkikit.design.san import SanLayout, design_all
from pkikit.explore.advice.certificate_design import BY_ACME, PRIVATE, PUBLIC, TWO
from pkikit.explore.advice.recommend import Recommendation
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Cluster, Role
from pkikit.rules.name_rules import (
    CHAT_ALIAS,
    CLUSTER,
    COLLAB_EDGE,
    COMMON_NAME_ONLY,
    FEDERATION,
    PEER,
    PROFILE,
    REGISTRATION,
)
from pkikit.text import listed

_PREFIX = "collab-edge."
NO_NAMES, CLUSTER_NAME, ALL_NAMES = "None", "FQDN of the cluster", "FQDN of the cluster and of all peers"
_SUBJECT = ("Country (two letters)", "State or province", "Locality (town name)", "Organization (company name)",
            "Organizational unit")  # fmt: skip
YOURS = "(yours)"
FILE = "deployment.yaml"


@dataclass(frozen=True, kw_only=True)
class CertificateRequest:
    """One request: on which peer, for which store, who signs it, and what to enter on the page.

    Attributes:
        peer: where to generate it.
        store: `server` or `client`.
        signer: the CA, in words.
        purposes: the purposes that the certificate needs.
        common_name: of the subject.
        names: the subject alternative names, in order.
        fields: (label on the page, value).
    """

    peer: str
    store: str
    signer: str
    purposes: str
    common_name: str
    names: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `requests`."""
        return {
            "peer": self.peer,
            "store": self.store,
            "signer": self.signer,
            "purposes": self.purposes,
            "common_name": self.common_name,
            "sans": list(self.names),
            "fields": [{"label": label, "value": value} for label, value in self.fields],
        }

    def text(self) -> str:
        """The values to type, a line each."""
        return "\n".join(f"{label}: {value}" for label, value in self.fields)


def requests_for(made: Recommendation) -> tuple[CertificateRequest, ...]:
    """Return every request that the design needs; of a shared certificate, the first peer makes the only one."""
    return tuple(_requests(made))


def _requests(made: Recommendation) -> Iterator[CertificateRequest]:
    layouts = {layout.owner: layout for layout in design_all(made.deployment)}
    signers = {PRIVATE: "your private CA", PUBLIC: "a public CA", BY_ACME: "Let's Encrypt, by ACME"}
    for cluster in made.deployment.clusters:
        for peer in cluster.peers[:1] if cluster.certificate == "shared" else cluster.peers:
            edge = cluster.role is Role.EXPRESSWAY_E
            signer = signers[made.design.authority if edge else PRIVATE]
            server_only = edge and made.design.authority != PRIVATE
            yield _request(made.deployment, cluster, layouts[peer], "server", signer, server_only=server_only)
            if edge and made.design.stores == TWO:
                yield _request(made.deployment, cluster, layouts[peer], "client", signers[PRIVATE])


def _request(
    deployment: Deployment, cluster: Cluster, layout: SanLayout, store: str, signer: str, *, server_only: bool = False
) -> CertificateRequest:
    return CertificateRequest(
        peer=layout.owner,
        store=store,
        signer=signer,
        purposes="serverAuth" if server_only else "serverAuth and clientAuth",
        common_name=layout.common_name,
        names=layout.dns_names,
        fields=tuple(csr_fields(deployment, cluster, layout)),
    )


def csr_fields(deployment: Deployment, cluster: Cluster, layout: SanLayout) -> Iterator[tuple[str, str]]:
    """Yield (label, value) for each field of the Generate CSR page that leads to this layout.

    Args:
        deployment: decides by its version and the format of its domains.
        cluster: the peer's.
        layout: the names that the certificate needs.

    Yields:
        The fields; those of the subject that only you know have the value `(yours)`.
    """

    def held(*rules: str) -> list[str]:
        return [e.value for e in layout.entries if e.rule in rules]

    offered = {*cluster.peers, cluster.fqdn}
    known = {REGISTRATION.id, COLLAB_EDGE.id, FEDERATION.id, CHAT_ALIAS.id, PROFILE.id}
    yield "Common name", layout.common_name
    yield "Subject alternative names", _cluster_names(cluster)
    form = CsrForm.of(deployment.product_version)
    if cluster.role is Role.EXPRESSWAY_E:
        domains = held(REGISTRATION.id, COLLAB_EDGE.id)
        yield "Unified CM registrations domains", _joined([d.removeprefix(_PREFIX) for d in domains])
        collab = any(d.startswith(_PREFIX) for d in held(COLLAB_EDGE.id))
        if domains:
            yield "Format of Unified CM registrations domains", "CollabEdgeDNS" if collab else "DNS"
        yield "XMPP federation domains (format DNS)", _joined(list(deployment.domains.federation))
    else:
        yield "Unified CM phone security profile names", _joined(held(PROFILE.id))
    yield (
        "IM and Presence chat node aliases (federated group chat)",
        _joined(list(deployment.chat_aliases) if deployment.federation else []),
    )
    own = {PEER.id, CLUSTER.id, COMMON_NAME_ONLY.id}
    others = [e.value for e in layout.entries if e.rule not in known and not (e.rule in own and e.value in offered)]
    yield "Additional alternative names (comma separated)", _joined(others)
    yield "Key length (in bits)", "2048 (RSA)"
    yield "Digest algorithm", form.default_digest
    for label in _SUBJECT:
        yield label, YOURS


def _cluster_names(cluster: Cluster) -> str:
    if cluster.fqdn is None:
        return NO_NAMES
    return ALL_NAMES if cluster.certificate == "shared" else CLUSTER_NAME


def _joined(names: list[str]) -> str:
    return ", ".join(names) or "(empty)"


def deployment_text(made: Recommendation) -> str:
    """Return the deployment file of the design: YAML that `load_deployment` reads."""
    document = made.deployment.model_dump(mode="json", exclude_defaults=True)
    document = {"name": made.deployment.name, "version": made.deployment.version, **document}
    for cluster, whole in zip(document["clusters"], made.deployment.clusters, strict=True):
        cluster["cluster_tls"] = whole.cluster_tls
    for key in ("mra", "registration_domain_format"):
        document.setdefault(key, getattr(made.deployment, key))
    head = (
        f"# Recommended design of {made.at:%Y-%m-%d}: {made.design.name}.\n"
        f"# All {made.connections} connections were judged up. Who signs which certificate is not a part of this file.\n"
    )
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def names_text(made: Recommendation) -> str:
    """Return the names of every certificate as text, one name a line."""
    blocks = []
    for request in requests_for(made):
        head = f"{request.peer} ({request.store} certificate, signed by {request.signer})"
        blocks.append("\n".join((head, f"  CN  {request.common_name}", *(f"  SAN {name}" for name in request.names))))
    return "\n\n".join(blocks) + "\n"


def requests_text(made: Recommendation) -> str:
    """Return what to enter on every Generate CSR page."""
    blocks = []
    for request in requests_for(made):
        head = f"{request.peer}: {request.store} certificate, signed by {request.signer}, for {request.purposes}"
        blocks.append("\n".join((head, *(f"  {label}: {value}" for label, value in request.fields))))
    return "\n\n".join(blocks) + "\n"


def next_steps(made: Recommendation) -> tuple[str, ...]:
    """Return what to do, in order."""
    return tuple(_steps(made))


def _steps(made: Recommendation) -> Iterator[str]:
    design, deployment, answers = made.design, made.deployment, made.answers
    edge, core = deployment.peers_of(Role.EXPRESSWAY_E), deployment.peers_of(Role.EXPRESSWAY_C)
    if answers.target != answers.version:
        yield f"Upgrade every peer from {answers.version} to {answers.target}."
    if made.figures.installers:
        yield f"Have your private root CA installed on {listed(made.figures.installers, at_most=5)}."
    cas = "your private CA" if design.authority == PRIVATE else "your private CA and the public CA"
    yield f"Append the root and intermediate certificates of {cas} to the trusted CA list of {listed((*core, *edge), at_most=6)}."
    if design.needs_upload_switch:
        yield "On each Expressway-E peer, run: xConfiguration XCP TLS Certificate CVS EnableServerEkuUpload: On"
    yield "Generate the requests with the values for each peer. A shared certificate needs one request per cluster."
    if design.authority == BY_ACME:
        yield "Order Expressway-E's server certificates by ACME. `pkikit acme preflight` tells you what the CA will object to."
    yield "Have the other requests signed, and upload each certificate on the peer that requested it."
    for cluster in deployment.clusters:
        if order := order_advice(cluster.peers):
            yield order
    yield f"Rehearse the names and connections first: expressway-sim check {FILE}"


@dataclass(frozen=True, kw_only=True)
class NameGroup:
    """Peers whose certificates differ in their own name alone: what people read and copy once.

    Attributes:
        title: the peers, and which certificate.
        peers: their FQDNs.
        names: the names of all, the peer's own as `<FQDN of the peer>` if there are several peers.
        request: the request of the first peer; its fields are those of all.
    """

    title: str
    peers: tuple[str, ...]
    names: tuple[str, ...]
    request: CertificateRequest


OWN = "<FQDN of the peer>"


def grouped(made: Recommendation) -> tuple[NameGroup, ...]:
    """Return the certificates of a design; those of one cluster that differ in the peer's own name are together."""
    groups: dict[tuple[object, ...], list[CertificateRequest]] = {}
    for request in requests_for(made):
        others = tuple(name for name in request.names if name != request.peer)
        groups.setdefault((request.store, request.signer, request.common_name, others, request.fields), []).append(
            request
        )
    found = []
    for requests in groups.values():
        first, peers = requests[0], tuple(r.peer for r in requests)
        own = first.peer if len(peers) == 1 else OWN
        names = tuple(own if name == first.peer else name for name in first.names)
        title = f"{listed(peers, at_most=6)} ({first.store} certificate, signed by {first.signer})"
        found.append(NameGroup(title=title, peers=peers, names=names, request=first))
    return tuple(found)
