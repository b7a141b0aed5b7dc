"""The choices of the SAN designer as a value, and the one function from choices to layouts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape

from pkikit.design.san import SanLayout, design_all
from pkikit.errors import InputError
from pkikit.explore.advice.plain_answers import Answers
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.deployment_file.fields import MAX_PEERS
from pkikit.model.tables.features import GUIDE_VERSION
from pkikit.text import listed
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
    choices = _checked(choices, clustered=clustered)
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


def _checked(choices: Choices, *, clustered: bool) -> Choices:
    """Return the choices with every name normalised; an error names the field by its label."""
    given = Answers().with_answer("core_fqdn", choices.core_fqdn).with_answer("edge_fqdn", choices.edge_fqdn)
    domains = choices.registration_domains
    if domains.strip(" ,"):
        given = given.with_answer("domains", domains)
    if clustered and not 1 <= choices.peers <= MAX_PEERS:
        raise InputError(f"Peers per cluster: {choices.peers} is out of range; a cluster has 1 to {MAX_PEERS} peers")
    if given.core_fqdn == given.edge_fqdn:
        raise InputError(f"Expressway-E FQDN: {given.edge_fqdn} is the Expressway-C FQDN too; write another name")
    names = ", ".join(given.domains) if domains.strip(" ,") else ""
    return replace(choices, core_fqdn=given.core_fqdn, edge_fqdn=given.edge_fqdn, registration_domains=names)


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
    for peers, first in _alike(result.layouts):
        rows = [(_own(e.value, peers), e.reason, shorten(e)) for e in first.entries]
        together = " (each with its own name)" if len(peers) > 1 else ""
        head = f"{listed(peers, at_most=6)}{together}: common name {first.common_name}, {len(rows)} names"
        pieces.append(f"<h4>{escape(head)}</h4>" + table(("Name (SAN)", "Why it is there", "Needed by"), rows))
        words += [head, *(f"  {value}: {reason}" for value, reason, _ in rows[:200])]
    return PanelOutput(html="".join(pieces), text="\n".join(words))


def _own(name: str, peers: tuple[str, ...]) -> str:
    return "<FQDN of the peer>" if len(peers) > 1 and name == peers[0] else name


def _alike(layouts: tuple[SanLayout, ...]) -> list[tuple[tuple[str, ...], SanLayout]]:
    """Return the layouts that differ in the peer's own name alone once, with all of their peers."""
    found: dict[tuple[object, ...], list[SanLayout]] = {}
    for layout in layouts:
        rows = tuple(("", e.reason) if e.value == layout.owner else (e.value, e.reason) for e in layout.entries)
        found.setdefault((layout.common_name, rows), []).append(layout)
    return [(tuple(layout.owner for layout in group), group[0]) for group in found.values()]
