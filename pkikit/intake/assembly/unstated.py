"""What no dump states, as far as public documents say: it is assumed or listed as missing, and an answer gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pkikit.design.setting_words import switch_of
from pkikit.intake.assembly.peers.found_clusters import FoundCluster
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence
from pkikit.intake.material import HeldCertificates
from pkikit.model.certificates.facts import ocsp_urls
from pkikit.model.tables import product_pages as pages

# Keys of the deployment file that no public document puts into a dump, a certificate or a snapshot; `*` is an element.
# docs/sources.md names the documents. The test of the round trip answers these keys and no others.
NOT_IN_A_DUMP = frozenset(
    {
        "name", "clusters/*/name", "clusters/*/cluster_tls", "domains/federation", "chat_aliases", "mra_endpoints",
        "registration_domain_format", "unified_cm/*/name", "unified_cm/*/tls_verify", "unified_cm/*/security_profiles",
        "unified_cm/*/phones", "im_presence", "im_presence/*/name", "im_presence/*/tls_verify", "unity_connection",
        "unity_connection/*/name", "unity_connection/*/tls_verify", "servers/*/name", "servers/*/kind", "meeting_servers",
        "federated_servers", "b2b_partners", "cloud_services", "sip_domains_in_certificate", "im_presence/*/file_transfer",
    }
)  # fmt: skip


def note_unstated(clusters: Sequence[FoundCluster], ledger: Ledger) -> None:
    """Note what certificates tell about the CA, and what nobody tells about machines and clients.

    Args:
        clusters: the clusters by their final names.
        ledger: takes facts, and what is missing. It has the facts about domains and Unified Communications.
    """
    _note_responder(clusters, ledger)
    if any(zone.endswith("/type") and fact.value == "dns" for zone, fact in ledger.facts.items()):
        ledger.assume("sip_domains_in_certificate", False, "callers of other companies do not verify E's certificate; no "
                      "file says it", "the partners behind the DNS zone")  # fmt: skip
    if ledger.facts["domains/federation"].value:
        ledger.lack(
            "the servers of the domains that you federate with",
            "dig +short SRV _xmpp-server._tcp.DOMAIN; then --answer 'federated_servers=[{domain: DOMAIN, nodes: [FQDN]}]'",
            key="federated_servers",
        )
        ledger.lack(
            "the chat node aliases, if there is group chat",
            "Cisco Unified CM IM and Presence Administration > Messaging > Group Chat Server Alias Mapping; then "
            "--answer chat_aliases=NAME,NAME",
            key="chat_aliases",
        )
    if ledger.facts["mra"].value:
        _note_mobile(clusters, ledger)


def _note_mobile(clusters: Sequence[FoundCluster], ledger: Ledger) -> None:
    ledger.assume("mra_endpoints", False, "only Jabber registers from outside; a dump does not have it",
                  "Cisco Unified CM Administration > Device > Phone: room systems with a secure profile")  # fmt: skip
    for start in dict.fromkeys("/".join(k.split("/")[:2]) for k in ledger.facts if k.startswith("im_presence/")):
        how = "Cisco Unified CM IM and Presence Administration > Messaging > External Server Setup"
        ledger.assume(f"{start}/file_transfer", False, "managed file transfer is off; no file has it", how)
    mixed = [
        k
        for k, fact in ledger.facts.items()
        if k.startswith("unified_cm/") and k.endswith("/mixed_mode") and fact.value
    ]
    for key in mixed:
        start = key.rpartition("/")[0]
        ledger.assume(f"{start}/phones", (), "no phone outside has a security profile of its own; no file has them",
                      "Cisco Unified CM Administration > Device > Phone: Device Security Profile")  # fmt: skip
    if not any(key.split("/")[0] == "unity_connection" for key in ledger.facts):
        ledger.lack(
            "the Unity Connection nodes, if there are any",
            f"{pages.UNITY_CONNECTION}; then --answer unity_connection=FQDN,FQDN",
            key="unity_connection",
        )
    ledger.lack(
        "the Meeting Server behind the web proxy, if there is one",
        f"{pages.MEETING_SERVER}; then --answer 'meeting_servers=[{{name: meetings, join_host: FQDN, nodes: [FQDN]}}]'",
        key="meeting_servers",
    )
    if any(switch_of(m.settings.word("CollaborationEdge AllowOnboardingOverMra")) for c in clusters for m in c.members):
        ledger.lack(
            "the servers of Cisco's cloud for onboarding by activation code, which is on",
            "the log of Expressway-E; then --answer 'cloud_services=[{name: cloud, nodes: [FQDN]}]'",
            key="cloud_services",
        )


def _note_responder(clusters: Sequence[FoundCluster], ledger: Ledger) -> None:
    for held in _server_certificates(clusters):
        if ocsp_urls(held.certificates[0]):
            why = "a certificate names a responder"
            ledger.read("revocation/ocsp_responder", True, Evidence(source=held.source), why=why)
            return


def _server_certificates(clusters: Sequence[FoundCluster]) -> Iterator[HeldCertificates]:
    held = (member.server for cluster in clusters for member in cluster.members)
    return (found for found in held if found is not None and found.certificates)
