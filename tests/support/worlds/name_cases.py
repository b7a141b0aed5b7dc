"""Broken worlds about names: missing, spoilt or swapped ones, wildcards, addresses, and unsupported attributes."""

from __future__ import annotations

from cryptography import x509

from pkikit.issue.authority import ca_name
from tests.support.worlds.case import Case, unchanged
from tests.support.worlds.deployments import (
    C1,
    C2,
    CLUSTER_C,
    CLUSTER_E,
    E1,
    E2,
    PARTNER,
    PROFILE,
)
from tests.support.worlds.leg_filters import looks_for, presenting, zone


def _odd_subject(oid: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.ObjectIdentifier(oid), "GB"), *ca_name(CLUSTER_E)])


NAME_CASES: tuple[Case, ...] = (
    Case(
        "cluster-fqdn-missing-on-c",
        lambda b: b.reissue(C1, without=(CLUSTER_C,)),
        "names.cluster-fqdn-missing",
        zone(f"zone:uc-traversal:{C1}"),
        lambda b: b.reissue(E1, without=(CLUSTER_E,)),  # nobody on this deployment dials E by its cluster name
    ),
    Case(
        "cluster-fqdn-dialled-and-missing-on-e",
        lambda b: b.deploy(zones__0__peer_addresses=[CLUSTER_E]).reissue(E1, without=(CLUSTER_E,)),
        "names.cluster-fqdn-missing",
        lambda leg: leg.id.startswith(("zone:uc-traversal", "xcp:")) and leg.server == E1,
        lambda b: b.deploy(zones__0__peer_addresses=[CLUSTER_E]),
    ),
    Case(
        "peer-fqdn-missing-on-e",
        lambda b: b.reissue(E1, without=(E1,)),
        "names.peer-fqdn-missing",
        looks_for(E1, E1),
        lambda b: b.reissue(E1, common_name="anything.example.com"),  # the common name is not read beside a SAN
    ),
    Case(
        "peer-fqdn-missing-on-c",
        lambda b: b.reissue(C2, without=(C2,)),
        "names.peer-fqdn-missing",
        looks_for(C2, C2),
        lambda b: b.reissue(C2, names=[n.upper() for n in b.layout(C2)]),
    ),
    Case(
        "only-the-common-name-has-it",
        lambda b: b.reissue(C1, without=(CLUSTER_C,), common_name=CLUSTER_C),
        "names.cluster-fqdn-missing",
        zone(f"zone:uc-traversal:{C1}"),
        lambda b: b.reissue(PARTNER, names=(), common_name=PARTNER),  # no SAN at all: then the common name counts
    ),
    Case(
        "verify-subject-name-differs",
        lambda b: b.deploy(zones__0__tls_verify_subject_name="other.corp.example.com"),
        "names.reference-not-presented",
        zone("zone:uc-traversal:"),
        lambda b: b.deploy(zones__0__tls_verify_subject_name="CLUSTER-C.corp.example.com."),
    ),
    Case(
        "neighbour-presents-another-name",
        lambda b: b.reissue(PARTNER, names=("edge.partner.example.net",)),
        "names.reference-not-presented",
        presenting(PARTNER),
        lambda b: b.reissue(PARTNER, names=(), uris=(f"sip:{PARTNER}",)),
    ),
    Case(
        "peer-address-is-an-ip",
        lambda b: b.deploy(addresses={E1: "192.0.2.11"}, zones__0__peer_addresses=["192.0.2.11", E2]),
        "names.ip-address-used",
        lambda leg: leg.id.startswith(("zone:uc-traversal", "xcp:")) and leg.server == E1,
        lambda b: b.deploy(addresses={E1: "192.0.2.11"}),
    ),
    Case(
        "wildcard-from-the-web-team",
        lambda b: b.reissue(E1, names=("*.example.com", "example.com"), common_name="*.example.com"),
        "names.wildcard-unsupported",
        lambda leg: presenting(E1)(leg) and not leg.id.startswith(("mra:", "mra-sip:", "mra-xmpp:", "tunnel:")),
        lambda b: b.reissue(E1, names=("*.example.com", *b.layout(E1))),
    ),
    Case(
        "certificates-and-keys-swapped-on-e",
        lambda b: b.swap(E1, E2, keys=True),
        "cluster.peer-certificate-swapped",
        lambda leg: looks_for(E1, E1)(leg) or looks_for(E2, E2)(leg),
        unchanged,
    ),
    Case(
        "certificates-and-keys-swapped-on-c",
        lambda b: b.swap(C1, C2, keys=True),
        "cluster.peer-certificate-swapped",
        zone("cluster:core:"),
        unchanged,
    ),
    Case(
        "certificates-swapped-without-keys",
        lambda b: b.swap(E1, E2, keys=False),
        "cluster.peer-certificate-swapped",
        lambda leg: (
            E1 in {leg.server, leg.client if leg.mutual else ""} or E2 in {leg.server, leg.client if leg.mutual else ""}
        ),
        lambda b: b.swap(E1, E2, keys=False).swap(E1, E2, keys=False),
        also=("key.mismatch",),
    ),
    Case(
        "registration-domain-missing",
        lambda b: b.reissue(E1, without=("example.com",)),
        "names.registration-domain-missing",
        lambda leg: leg.id.startswith("mra:") and leg.server == E1,
        lambda b: b.reissue(E1),
    ),
    Case(
        "collab-edge-looked-for-and-only-the-apex-there",
        lambda b: b.deploy(registration_domain_format="collab-edge-dns"),
        "names.collab-edge-missing",
        zone("mra:"),
        lambda b: b.deploy(registration_domain_format="collab-edge-dns").reissue(E1).reissue(E2),
    ),
    Case(
        "security-profile-missing",
        lambda b: b.reissue(C1, without=(PROFILE,)),
        "names.security-profile-missing",
        lambda leg: leg.id.startswith("ucm:") and C1 in {leg.client, leg.server},
        lambda b: b.reissue(C1),
    ),
    Case(
        "foreign-oid-in-the-subject-and-the-ssh-tunnel",
        lambda b: b.reissue(E1, subject=_odd_subject("1.3.6.1.4.1.55555.2")),
        "oid.unsupported",
        lambda leg: leg.id.startswith("tunnel:") and leg.server == E1,
        lambda b: b.reissue(E1, subject=_odd_subject("1.3.6.1.4.1.311.60.2.1.3")),
    ),
)
