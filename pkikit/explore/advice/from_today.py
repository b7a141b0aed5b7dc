"""What it costs to get from today's certificates to a design: the steps, and the connections that are refused on the way.

No file says who signs the certificates of today. They are assumed to have all names, one Issuing CA of yours signs them, and a
public CA those of Expressway-E if machines outside cannot trust yours. A certificate that suffices stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from cryptography import x509

from pkikit.errors import InputError
from pkikit.explore.advice.certificate_design import ONE, PER_PEER, PRIVATE, SHARED, Design
from pkikit.explore.advice.figures import Facts, Study, facts_of, figures_of
from pkikit.explore.advice.plain_answers import Answers
from pkikit.explore.advice.recommend import Recommendation, study_of
from pkikit.explore.advice.respect import obstacles
from pkikit.explore.advice.trial import authorities_at, issue_for, issued_for
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import presented_names
from pkikit.model.parties import Role
from pkikit.model.world import Party, World
from pkikit.planning.change import Change
from pkikit.planning.difference import difference_of
from pkikit.planning.goals.trust_lists import trusting_new_ca, without_old_cas
from pkikit.planning.planner.plan_making import trial_of
from pkikit.planning.predictions.verdicts import Verdicts
from pkikit.planning.steps import Action
from pkikit.text import counted

_DAYS = 398


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What it costs to get to a design; None for what is not assessed.

    Attributes:
        steps: how many steps there are, those of others too.
        restarts: how many of them restart a machine; an upgrade is one step and not counted here.
        steps_by_others: how many are not done by the people who run the Expressways.
        refused_legs: connections that the best order refuses; 0 if an order without refusals exists.
    """

    steps: int | None = None
    restarts: int | None = None
    steps_by_others: int | None = None
    refused_legs: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return `from_today` of a design."""
        return asdict(self)

    def text(self) -> str:
        """The cost in a few words: `12 steps (2 by others), 4 restarts, 0 connections refused`."""
        if self.steps is None or self.restarts is None:
            return "not assessed"
        others = f" ({self.steps_by_others} by others)" if self.steps_by_others else ""
        lost = (
            "refusals not assessed"
            if self.refused_legs is None
            else f"{counted(self.refused_legs, 'connection')} refused"
        )
        return f"{counted(self.steps, 'step')}{others}, {counted(self.restarts, 'restart')}, {lost}"


def today_of(study: Study, answers: Answers, at: datetime) -> World:
    """Return the machines as they are assumed to be today: every connection has the names and CAs that it needs.

    Args:
        study: the deployment as it is configured.
        answers: the version of today, and whom machines outside trust.
        at: when the certificates are issued.

    Returns:
        The world.
    """
    base = study.base.model_copy(update={"version": answers.version})
    facts, outside = facts_of(base, frozenset(study.outside)), frozenset(study.outside)
    private = _by_private_ca(study, answers)
    world = issued_for(facts, private, outside, at)
    if _is_barred(study, private, answers):
        world = replace(world, parties={**world.parties, **dict(_by_public_ca(facts, world, at))})
    known = (authorities_at(at).public.root,)  # to machines outside
    parties = {fqdn: p.trusting(known) if fqdn in outside else p for fqdn, p in world.parties.items()}
    return _trusted(replace(world, parties=parties), at)


def assumption_of(found: Recommendation) -> str:
    """Return what the costs assume, in one sentence."""
    study = study_of(found.base)
    public = _is_barred(study, _by_private_ca(study, found.answers), found.answers)
    signer = "a public CA signed Expressway-E's certificates, your private CA the others" if public else (
        "your private CA signed all your certificates")  # fmt: skip
    return f"Assumed: today, {signer}, and they have all names. A certificate that suffices stays until its renewal."


def costs_of(found: Recommendation) -> tuple[Cost, ...]:
    """Return what it costs to get to the recommended design and to each alternative, in this order.

    Args:
        found: the recommendation; its answers say the version of today.

    Returns:
        The costs; a design to which no steps lead, such as one of an older version, is not assessed.
    """
    study, answers, at = study_of(found.base), found.answers, found.at
    designs = (found.design, *(other.design for other in found.alternatives))
    # A panel asks again for each answer: all others that lead to the same machines have the same costs.
    key = ("from-today", answers.version, _is_barred(study, _by_private_ca(study, answers), answers), at, *designs)
    known = study.proofs.get(key)
    if not isinstance(known, tuple):
        known = study.proofs[key] = tuple(_costs(study, designs, today_of(study, answers, at), at))
    return known


def _costs(study: Study, designs: Sequence[Design], today: World, at: datetime) -> Iterator[Cost]:
    verdicts: Verdicts | None = None
    for design in designs:
        try:
            change = way_to(study, design, today, at)
        except InputError:
            yield Cost()
            continue
        verdicts = verdicts.for_change(change) if verdicts is not None else Verdicts(change)
        yield _cost(change, verdicts)


def way_to(study: Study, design: Design, today: World, at: datetime) -> Change:
    """Return the change from today's machines to those of a design.

    Args:
        study: the deployment.
        design: where to get.
        today: the machines of today.
        at: when the change begins.

    Returns:
        The steps.

    Raises:
        InputError: no steps lead there.
    """
    return difference_of(today, _tomorrow(study, design, today, at), at=at)


def _cost(change: Change, verdicts: Verdicts) -> Cost:
    refused: int | None = 0
    if change.steps:
        trial = trial_of(change, verdicts=verdicts)
        refused = 0 if trial.works else trial.refused_legs if trial.proven else None
    return Cost(
        steps=len(change.steps),
        restarts=sum(step.action is Action.RESTART for step in change.steps),
        steps_by_others=sum(not step.owner.ours for step in change.steps),
        refused_legs=refused,
    )


def _by_private_ca(study: Study, answers: Answers) -> Design:
    base = study.base
    form = base.registration_domain_format if base.mra and base.domains.registration else ""
    return Design(
        certificate=PER_PEER, registration=form, authority=PRIVATE, stores=ONE, days=_DAYS, edge_days=_DAYS,
        version=answers.version,
    )  # fmt: skip


def _is_barred(study: Study, design: Design, answers: Answers) -> bool:
    """Return True if a machine outside would have to trust the private CA, and the answers say that it does not."""
    return any(o.key == "trust" for o in obstacles(study, design, figures_of(study, design), answers))


def _by_public_ca(facts: Facts, world: World, at: datetime) -> Iterator[tuple[str, Party]]:
    """Yield the peers of Expressway-E with certificates of the public CA, from the time when it still issued clientAuth."""
    for cluster in facts.deployment.clusters:
        if cluster.role is Role.EXPRESSWAY_E:
            for peer in cluster.peers:
                holder = cluster.peers[0] if cluster.certificate == SHARED else peer
                own = issue_for(authorities_at(at).public, facts.layouts[peer], holder, at)
                yield peer, replace(world.parties[peer], credential=own)


def _tomorrow(study: Study, design: Design, today: World, at: datetime) -> World:
    """Return the machines of a design: what suffices stays, and every list has what it needs."""
    facts = study.facts(design)
    made = issued_for(facts, design, frozenset(study.outside), at)
    parties = {}
    for fqdn, party in made.parties.items():
        before = today.parties[fqdn]
        held, clusters = before.credential, [w.deployment.cluster_of(fqdn) for w in (today, made)]
        same = len({c.certificate for c in clusters if c is not None}) < _KINDS
        own = held if same and _suffices(held, party.credential) else party.credential
        client = held if same and _suffices(held, party.client) else party.client
        parties[fqdn] = replace(before, credential=own, client=client)
    trusted = _trusted(replace(made, parties=parties), at)
    return without_old_cas(today, trusted, at)[0]


_KINDS = 2  # one certificate for each peer, and one for all


def _suffices(held: Credential | None, wanted: Credential | None) -> bool:
    """Return True if a certificate of today has the CA and all names of one that a design issues."""
    if held is None or wanted is None:
        return False
    return held.chain[1:] == wanted.chain[1:] and set(_dns(wanted)) <= set(_dns(held))


def _dns(credential: Credential) -> tuple[str, ...]:
    return presented_names(credential.leaf).dns


def _trusted(world: World, at: datetime) -> World:
    """Return the world in which each list also has the CAs that it needs."""
    authorities = authorities_at(at)
    for authority in (authorities.private, authorities.public):
        chain = (*authority.intermediates, authority.root)
        shown = {fqdn: (p.credential, p.client or p.credential) for fqdn, p in world.parties.items()}
        for as_client in (False, True):
            by_it = [f for f, pair in shown.items() if _is_signed_by(chain, pair[as_client])]
            world = trusting_new_ca(world, world, by_it, chain, roles=(as_client,))
    return world


def _is_signed_by(chain: Sequence[x509.Certificate], credential: Credential | None) -> bool:
    return credential is not None and credential.chain[1:2] == tuple(chain[:1])
