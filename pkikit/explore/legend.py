"""What people read about explored candidates: a name for each design, and what each column means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pkikit.design.search_space import OBJECTIVES
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its head in a table, its unit, and its meaning in plain words. Smaller is always better."""

    key: str
    head: str
    unit: str
    meaning: str


COLUMNS: tuple[Column, ...] = (
    Column(key="down", head="down", unit="connections and names",
           meaning="Connections that would not come up, and names that no CA signs. 0: the design works."),
    Column(key="roots_to_hand_out", head="roots", unit="machines",
           meaning="Machines of other people that must install your private root CA."),
    Column(key="blast_legs", head="blast radius", unit="connections",
           meaning="Connections that one stolen key exposes."),
    Column(key="apex_names", head="bare domains", unit="names",
           meaning="Names such as example.com in certificates. The team that runs the website has a say."),
    Column(key="exposure_days", head="days exposed", unit="days",
           meaning="Days a leaked key stays usable: the longest lifetime of a certificate."),
    Column(key="restarts", head="restarts", unit="a year, all peers",
           meaning="Planned restarts. An upload takes one, ACME takes none."),
    Column(key="reissues", head="re-issues", unit="certificates",
           meaning="Certificates and restarts that a new domain, node and peer take."),
)  # fmt: skip
assert tuple(c.key for c in COLUMNS) == OBJECTIVES

_AUTHORITY = {"private": "private CA", "public": "public CA", "acme": "public CA"}
_SIDE = {Role.EXPRESSWAY_C: "C", Role.EXPRESSWAY_E: "E"}


def design_name(deployment: Deployment, row: Mapping[str, Any]) -> str:
    """Return the name of a candidate: `one certificate per peer, public CA on E, ACME, classic; private CA on C, 398 days`.

    Args:
        deployment: the deployment that was explored.
        row: the candidate, as `front_rows` returns it.

    Returns:
        The name; what all clusters have in common comes first and once.
    """
    chosen = {c.name: {k: str(row[f"{c.name}.{k}"]) for k in _CHOICES} for c in deployment.clusters}
    sizes = {c.name: len(c.peers) for c in deployment.clusters}
    roles = Counter(c.role for c in deployment.clusters)
    models = {name: choice["certificate"] for name, choice in chosen.items() if sizes[name] > 1}
    same = len(set(models.values())) <= 1
    parts = [_MODEL[next(iter(models.values()), "per-peer")]] if same else []
    for cluster in sorted(deployment.clusters, key=lambda c: c.role is Role.EXPRESSWAY_C):
        where = _SIDE[cluster.role] if roles[cluster.role] == 1 else cluster.name
        parts.append(_of_cluster(chosen[cluster.name], where, named=bool(cluster.fqdn), own_model=not same))
    return "; ".join(parts)


_CHOICES = ("certificate", "cluster_name", "registration", "domains", "authority", "stores", "term")
_MODEL = {"per-peer": "one certificate per peer", "shared": "one certificate per cluster"}


def _of_cluster(choice: Mapping[str, str], where: str, *, named: bool, own_model: bool) -> str:
    acme = choice["authority"] == "acme"
    parts = [f"{_AUTHORITY[choice['authority']]} on {where}"]
    if own_model:
        parts.append(_MODEL[choice["certificate"]])
    parts += ["ACME", choice["term"]] if acme else [f"{choice['term']} days"]
    if choice["registration"]:
        parts.append(_domains(choice))
    if named and choice["cluster_name"] == "no":
        parts.append("without the cluster name")
    if choice["stores"] == "two":
        parts.append("client certificate from a private CA")
    return ", ".join(parts)


def _domains(choice: Mapping[str, str]) -> str:
    bare, collab = choice["registration"].count("d"), choice["registration"].count("c")
    if not collab:
        form = "bare domains"
    elif not bare:
        form = "collab-edge names"
    else:
        form = f"{bare} bare, {collab} collab-edge names"
    return form + (" in certificates of their own" if choice["domains"] == "separate" else "")


def verdict(total: int, rows: Sequence[Mapping[str, Any]], working: int) -> str:
    """Return the answer of an exploration in one sentence.

    Args:
        total: how many candidates were judged.
        rows: those that no other candidate beats.
        working: how many bring every connection up.

    Returns:
        The sentence; if none works, with the commonest reason.
    """
    if working:
        best = sum(bool(row["works"]) for row in rows)
        verb = "works" if working == 1 else "work"
        return f"{working:,} of {total:,} designs {verb}; {best:,} can't be beaten on every criterion at once."
    return f"None of {total:,} candidates brings every connection up, because {_why(rows)}."


def _why(rows: Sequence[Mapping[str, Any]]) -> str:
    nearest = min(rows, key=lambda row: row["down"])
    reasons = {
        "legs_broken": "{} need clientAuth, and public CAs no longer issue it",
        "legs_unserved": "on {} a name is missing",
        "refused_names": "no public CA signs {} of the names",
        "over_limit": "{} have more names than a public CA signs",
    }
    nouns = {
        "legs_broken": "connection",
        "legs_unserved": "connection",
        "refused_names": "",
        "over_limit": "certificate",
    }
    found = []
    for key, text in reasons.items():
        count = int(nearest[key])
        if count:
            noun = f" {nouns[key]}{'s' * (count != 1)}" if nouns[key] else ""
            verb = text if count != 1 else text.replace("{} need ", "{} needs ").replace("{} have ", "{} has ")
            found.append(verb.format(f"{count}{noun}"))
    return f"in the best of them {' and '.join(found)}"
