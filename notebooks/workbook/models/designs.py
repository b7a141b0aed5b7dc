"""The choices of the SAN designer as a value, and the one function from choices to layouts."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from pkikit.design.san import SanLayout, design_all
from pkikit.errors import InputError
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.tables.features import GUIDE_VERSION
from workbook.html import PanelOutput, alert, shorten, table

MODELS = ("single", "clustered", "clustered, shared certificate")
FORMATS = ("dns", "collab-edge-dns")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The inputs of the panel."""

    model: str = "clustered"
    peers: int = 2
    core_fqdn: str = "cluster-c.corp.example.com"
    edge_fqdn: str = "cluster-e.example.com"
    registration_domains: str = "example.com"
    registration_format: str = "dns"
    mra: bool = True
    federation: bool = False
    group_chat: bool = False
    secure_profiles: bool = True
    version: str = GUIDE_VERSION


def deployment_of(choices: Choices) -> Deployment:
    """Return the deployment that the choices describe. Raises InputError that says what is wrong with them."""
    clustered = choices.model != "single"
    clusters = [
        _cluster("core", "expressway-c", choices.core_fqdn, "c", choices, clustered),
        _cluster("edge", "expressway-e", choices.edge_fqdn, "e", choices, clustered),
    ]
    domains = [d.strip() for d in choices.registration_domains.split(",") if d.strip()]
    core_names = clusters[0]["peers"]
    assert isinstance(core_names, list)
    inside = str(core_names[0]).partition(".")[2]
    return deployment_from(
        {
            "name": "design",
            "version": choices.version,
            "clusters": clusters,
            "domains": {"registration": domains, "federation": domains if choices.federation else []},
            "mra": choices.mra,
            "registration_domain_format": choices.registration_format,
            "chat_aliases": [f"chat.{d}" for d in domains] if choices.group_chat else [],
            "zones": [
                {
                    "name": "uc-traversal",
                    "type": "unified-communications-traversal",
                    "client": "core",
                    "server": "edge",
                    "peer_addresses": clusters[1]["peers"],
                }
            ],
            "unified_cm": [
                {
                    "name": "cucm",
                    "nodes": [f"ucm1.{inside}"],
                    "mixed_mode": choices.secure_profiles,
                    "tls_verify": True,
                    "security_profiles": [f"secure.profiles.{inside}"] if choices.secure_profiles else [],
                }
            ],
        }
    )


def _cluster(name: str, role: str, fqdn: str, letter: str, choices: Choices, clustered: bool) -> dict[str, object]:
    """For a cluster, `fqdn` is the cluster's and the peers get names in its domain; for a single Expressway, its own."""
    if not clustered:
        return {"name": name, "role": role, "peers": [fqdn]}
    domain = fqdn.strip().partition(".")[2] or fqdn
    return {
        "name": name,
        "role": role,
        "fqdn": fqdn,
        "peers": [f"{letter}{n}.{domain}" for n in range(1, choices.peers + 1)],
        "certificate": "shared" if "shared" in choices.model else "per-peer",
    }


@dataclass(frozen=True, kw_only=True)
class Design:
    """Layouts, or the sentence that says why there are none."""

    layouts: tuple[SanLayout, ...] = ()
    problem: str = ""


def design(choices: Choices) -> Design:
    """The function behind the panel; it never raises for anything that a person can type."""
    try:
        return Design(layouts=design_all(deployment_of(choices)))
    except InputError as error:
        return Design(problem=error.message)


def render_design(result: Design) -> PanelOutput:
    """The renderer: a table per peer, every name with its reason, everything escaped and bounded."""
    if result.problem:
        return alert(result.problem)
    pieces, words = [], []
    for layout in result.layouts:
        rows = [(e.value, e.reason, shorten(e)) for e in layout.entries]
        head = f"{layout.owner}: CN {layout.common_name}, {len(rows)} SANs"
        pieces.append(f"<h4>{escape(head)}</h4>" + table(("SAN", "reason", "needed by"), rows))
        words += [head, *(f"  {value}: {reason}" for value, reason, _ in rows[:200])]
    return PanelOutput(html="".join(pieces), text="\n".join(words))
