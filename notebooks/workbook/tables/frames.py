"""Tables that teach: derived from the engine, so that a changed rule changes the table. Pure except for the given sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pkikit.design.change import compare_deployments
from pkikit.design.choices import options_of, parse_vary
from pkikit.design.cluster_judge import ClusterJudge
from pkikit.design.csr import CsrForm
from pkikit.design.san import SanLayout, design_sans
from pkikit.files import parse
from pkikit.judge.linting.issued_certificate import lint_answer
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Verdict
from pkikit.model.parties import LegKind, Role
from pkikit.model.places import deployment_with
from pkikit.model.version import ProductVersion
from pkikit.rules.name_rules import (
    CHAT_ALIAS,
    CLUSTER,
    COLLAB_EDGE,
    FEDERATION,
    JOIN_URL,
    PEER,
    PROFILE,
    REGISTRATION,
    SIP_DOMAIN,
)
from workbook.models.csr_page import RequestForm, preview, preview_key
from workbook.models.what_if import judged, lose
from workbook.session import LabSession

_OFF: Mapping[str, Any] = {
    "mra": False, "domains.federation": [], "chat_aliases": [], "unified_cm": [], "zones": [], "im_presence": [],
    "federated_servers": [], "b2b_partners": [], "servers": [], "unity_connection": [], "meeting_servers": [],
}  # fmt: skip
# What the rules that need a name are called in the guide's matrix.
_ITEMS = {
    REGISTRATION.id: "registration domains",
    COLLAB_EDGE.id: "registration domains",
    FEDERATION.id: "federation domains",
    CHAT_ALIAS.id: "chat node aliases",
    PROFILE.id: "phone security profiles",
    CLUSTER.id: "FQDN of the cluster",
    PEER.id: "FQDN of the peer",
    SIP_DOMAIN.id: "SIP domains",
    JOIN_URL.id: "host of the Join URL",
}


def layout_in(deployment: Deployment, peer: str) -> SanLayout:
    """Return the SAN layout of a peer as designed, without a lab."""
    return design_sans(deployment, deployment.peer(peer))


def san_matrix(deployment: Deployment) -> pd.DataFrame:
    """Return what each feature of a deployment adds to the certificates of C and E, found by switching only it on."""
    data = deployment.model_dump(mode="json")
    bare = deployment_with(deployment, _OFF)
    features: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
        "Mobile and Remote Access": ({}, {"mra": True}),
        "XMPP federation": ({}, {"domains.federation": data["domains"]["federation"]}),
        "federated group chat": ({"domains.federation": data["domains"]["federation"]}, {"chat_aliases": data["chat_aliases"]}),
        "Unified CM in mixed mode": ({"mra": True}, {"unified_cm": data["unified_cm"]}),
    }  # fmt: skip
    if data["meeting_servers"]:
        features["Meeting Server web proxy"] = ({}, {"meeting_servers": data["meeting_servers"]})
    rows: dict[str, dict[str, str]] = {"every peer of a cluster": _items(None, bare)}
    for name, (before, more) in features.items():
        start = deployment_with(bare, before)
        rows[name] = _items(start, deployment_with(start, more))
    return pd.DataFrame.from_dict(rows, orient="index")


def _items(before: Deployment | None, after: Deployment) -> dict[str, str]:
    found = {}
    for role, title in ((Role.EXPRESSWAY_C, "Expressway-C"), (Role.EXPRESSWAY_E, "Expressway-E")):
        peer = after.peers_of(role)[0]
        known = {(e.value, e.rule) for e in design_sans(before, peer).entries} if before is not None else set()
        new = [_ITEMS[e.rule] for e in design_sans(after, peer).entries if (e.value, e.rule) not in known]
        found[title] = ", ".join(dict.fromkeys(new))
    return found


def falls_without(session: LabSession, peer: str) -> pd.DataFrame:
    """Return, for each name of a peer's certificate, how many legs go down without it, and the first of them."""
    rows = []
    for entry in session.layout(peer).entries:
        world = lose(session.world, session.ground, "a name is left out", f"{peer}: {entry.value}")
        down = judged(world, session.at).down
        rows.append({"SAN": entry.value, "connections lost": len(down), "for example": down[0].leg.id if down else ""})
    return pd.DataFrame(rows).set_index("SAN")


def what_a_change_takes(deployment: Deployment, changes: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return, for each change of a deployment, how many peers of C and E need a new certificate."""
    rows = {}
    for name, change in changes.items():
        new = deployment_with(deployment, change)
        need = [c.fqdn for c in compare_deployments(deployment, new) if c.needs_certificate]
        rows[name] = {
            "Expressway-C": sum(new.role_of(fqdn) is Role.EXPRESSWAY_C for fqdn in need),
            "Expressway-E": sum(new.role_of(fqdn) is Role.EXPRESSWAY_E for fqdn in need),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def csr_pages(*versions: str) -> pd.DataFrame:
    """Return what the CSR page of each version offers."""
    rows = {}
    for text in versions:
        form = CsrForm.of(ProductVersion.parse(text))
        rows[text] = {
            "digests": ", ".join(form.digests),
            "default": form.default_digest,
            "key lengths": ", ".join(map(str, form.key_sizes)),
            "SANs, characters": str(form.san_limit) if form.san_limit is not None else "no limit",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def lint_form(deployment: Deployment, peer: str, **fields: Any) -> Verdict:
    """Return what the linter reports about a request from the CSR page with these fields, all names as proposed."""
    domains = ", ".join(deployment.domains.registration)
    form = RequestForm(registration_domains=domains, chat_aliases=", ".join(deployment.chat_aliases), **fields)
    return preview(deployment, peer, form, preview_key()).verdict


def compare_answer(request: bytes, answer: bytes) -> Verdict:
    """Return what a CA's answer lacks of what the request asked for. Both as files contain them."""
    (asked,) = parse(request, where="the request").requests
    return lint_answer(asked, parse(answer, where="the answer").certificates)


def shared_or_own(deployment: Deployment, cluster: str) -> pd.DataFrame:
    """Compare one certificate for all peers of a cluster with one for each: a lost key, a new peer."""
    rows = {}
    for kind in ("per-peer", "shared"):
        allowed = parse_vary([f"{cluster}.certificate={kind}"], deployment)
        judge = ClusterJudge(deployment, next(c for c in deployment.clusters if c.name == cluster))
        option = next(o for o in options_of(deployment, judge.cluster, allowed) if o.cluster_name == "yes")
        found = judge.judge(option)
        rows[kind] = {
            "certificates": found.certificates,
            "names in the largest": found.most_names,
            "names exposed by one lost key": found.blast_names,
            "connections exposed by one lost key": found.blast_legs,
            "restarts when a peer joins": found.restarts_new_peer,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def jabber_path(session: LabSession) -> pd.DataFrame:
    """Return what a client outside does for each registration domain: SRV record, hosts, the name it looks for, outcome."""
    lab, report = session.threaded, session.check()
    services = lab.network.outside_dns.zone.services
    rows = []
    for leg in report.legs:
        if leg.leg.kind is LegKind.MRA:
            record = leg.leg.discovered_by
            domain = record.partition("_tls.")[2]
            hosts = ", ".join(host for host, _ in services.get(record, []))
            looked = " or ".join(n for c in leg.leg.server_name_checks for n in c.any_of)
            rows.append({"domain": domain, "SRV leads to": hosts or "nowhere", "dials": leg.leg.server, "looks for": looked,
                         "outcome": leg.outcome.value, "cause": ", ".join(leg.causes[:1])})  # fmt: skip
    return pd.DataFrame(rows).set_index(["domain", "dials"]) if rows else pd.DataFrame()


def gates(session: LabSession, leg_id: str) -> pd.DataFrame:
    """Close the seven gates of a connection in turn on the leg's server; return the evidence of each."""
    leg = next(leg for leg in session.threaded.legs if leg.id == leg_id)
    server = leg.server
    faults: Mapping[str, Mapping[str, Any]] = {
        "1 reachability": {"fault": "block", "party": server, "port": leg.port},
        "2 TLS": {"fault": "speak", "party": server, "protocol": "tls-1.0"},
        "3 chain": {"fault": "reissue", "party": server, "by": "stranger"},
        "4 time": {"fault": "reissue", "party": server, "begins_in_days": -400, "ends_in_days": -1},
        "5 purpose": {"fault": "reissue", "party": server, "purposes": "client"},
        "6 revocation": {"fault": "withdraw", "party": server},
        "7 name": {"fault": "reissue", "party": server, "without": [leg.reference_name]},
    }
    rows = {}
    for name, fault in faults.items():
        before = session.world
        if name.startswith("6") and leg.client in session.threaded.peers:
            session.threaded.do(session.peer(leg.client).set_revocation, {"checking": True})
        session.break_(**fault)
        found = session.dial(leg_id)
        session.put(before)
        error, alert = (found.trace.verify_error, found.trace.alert) if found.trace else (None, None)
        rows[name] = {
            "outcome": found.outcome.value,
            "refused by": found.rejected_by.value if found.rejected_by else "",
            "verify error": f"{error.code} {error.name}" if error else "",
            "alert": alert or "",
            "cause": found.causes[0],
        }
    return pd.DataFrame.from_dict(rows, orient="index")
