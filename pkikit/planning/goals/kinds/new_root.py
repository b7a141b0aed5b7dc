"""`new-root:FILE`: every Expressway has a certificate below the new root, and all who read one trust that root."""

from __future__ import annotations

from dataclasses import replace

from pkikit.errors import InputError
from pkikit.judge.paths.trust import build_path
from pkikit.model.certificates.facts import format_time, has_ended, subject_of, title
from pkikit.planning.goals.draft import Draft, reissued
from pkikit.planning.goals.goal import Goal
from pkikit.planning.goals.trust_lists import trusting_new_ca, without_old_cas
from pkikit.text import printable


def words(goal: Goal) -> str:
    """Return what the goal is for."""
    return f"new root: {printable(title(goal.ca.root), 80)}" if goal.ca is not None else "new root"


def with_new_root(draft: Draft, goal: Goal) -> Draft:
    """Return tomorrow with certificates below a new root.

    Args:
        draft: tomorrow so far.
        goal: the goal, with its CA.

    Returns:
        The draft.

    Raises:
        InputError: the new CA has ended, or every Expressway has a certificate of it already.
    """
    assert goal.ca is not None  # `read_goal` read it
    ground = draft.ground
    for certificate in goal.ca.chain:
        if has_ended(certificate, ground.at):
            raise InputError(
                f"{printable(title(certificate), 80)} ended on {format_time(certificate.not_valid_after_utc)}; give a CA that is "
                "valid",
                where=goal.ca.where,
            )
    authority = ground.files[goal.ca.where]
    chain = (authority.certificate, *authority.parents)
    before, peers = draft.tomorrow, draft.tomorrow.deployment.peers
    below = [fqdn for fqdn in peers if _is_below(draft, fqdn, chain[-1])]
    if len(below) == len(peers):
        name = printable(title(chain[-1]), 80)
        raise InputError(f"every Expressway has a certificate below {name} already; there is nothing to plan")
    moving = tuple(fqdn for fqdn in peers if fqdn not in below)
    draft = reissued(draft, moving, authority)
    world = trusting_new_ca(before, draft.tomorrow, moving, chain)
    world, stays = without_old_cas(before, world, ground.at)
    return _about_names(replace(draft, tomorrow=world), goal).saying(*stays)


def _is_below(draft: Draft, fqdn: str, root: object) -> bool:
    """Return True if all certificates of a peer lead to this root."""
    party = draft.tomorrow.parties[fqdn]
    paths = (
        build_path(c.leaf, sent=c.intermediates, trusted_ca_list=party.trusted_ca_list, at=draft.ground.at)
        for c in party.credentials
    )
    return bool(party.credentials) and all(path.certificates[-1] == root for path in paths)


def _about_names(draft: Draft, goal: Goal) -> Draft:
    """Return the draft that says if an old root has the subject of the new one."""
    root = draft.ground.files[goal.ca.where].root if goal.ca is not None else None
    if root is None:
        return draft
    same = any(c != root and subject_of(c) == subject_of(root) for p in draft.today.parties.values() for c in p.listed)
    if not same:
        return draft
    return draft.saying(
        f"The new root has the same subject as one that is trusted today ({printable(title(root), 80)}): the product uses only "
        "the first of two roots with one subject and different keys. A root with another name avoids that."
    )
