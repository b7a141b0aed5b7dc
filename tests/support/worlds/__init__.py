"""Worlds that are mutations of a valid one. Each broken case names the legs that fail, the rule that says why, and a near
miss: a world that looks alike and in which everything comes up."""

from __future__ import annotations

from tests.support.worlds.builder import WorldBuilder, stranger
from tests.support.worlds.case import Case
from tests.support.worlds.deployments import (
    AT,
    C1,
    C2,
    CLUSTER_C,
    CLUSTER_E,
    DEPLOYMENTS,
    E1,
    E2,
    JABBER,
    PARTNER,
    PROFILE,
    UCM1,
    changed,
    deployment,
    issued,
    of_size,
)
from tests.support.worlds.leaf_cases import LEAF_CASES
from tests.support.worlds.leg_filters import as_client, as_server, by_peers, judging, looks_for, presenting, zone
from tests.support.worlds.name_cases import NAME_CASES
from tests.support.worlds.revocation_cases import RESPONDER, REVOCATION_CASES
from tests.support.worlds.trust_cases import TRUST_CASES
from tests.support.worlds.tunnel_cases import TUNNEL_CASES
from tests.support.worlds.valid_worlds import GOOD

CASES: tuple[Case, ...] = (*NAME_CASES, *TRUST_CASES, *LEAF_CASES, *REVOCATION_CASES, *TUNNEL_CASES)

__all__ = [
    "AT",
    "C1",
    "C2",
    "CASES",
    "CLUSTER_C",
    "CLUSTER_E",
    "DEPLOYMENTS",
    "E1",
    "E2",
    "GOOD",
    "JABBER",
    "PARTNER",
    "PROFILE",
    "RESPONDER",
    "UCM1",
    "Case",
    "WorldBuilder",
    "as_client",
    "as_server",
    "by_peers",
    "changed",
    "deployment",
    "issued",
    "judging",
    "looks_for",
    "of_size",
    "presenting",
    "stranger",
    "zone",
]
