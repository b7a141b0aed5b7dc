"""The panels that work on a running lab: trust, chains, handshakes, losses, time, revocation, orders."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from html import escape
from typing import Any

import ipywidgets as widgets
from cryptography import x509

from pkikit.errors import InputError
from pkikit.model.certificates.facts import format_time, title
from pkikit.model.leg import Purpose
from pkikit.model.parties import Role
from pkikit.model.world import World
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.short_names import ShortNames
from pkikit.view.topology.picture import draw_topology
from pkikit.view.topology.topology import Topology
from workbook.html import PanelOutput, table
from workbook.models.revocation_table import ANSWERS, LISTS, SERVICES, SOURCES, RevocationCase, decide, shown
from workbook.models.what_if import (
    LOSSES,
    Loss,
    authorities,
    chain,
    judged,
    lose,
    losses_of,
    next_dates,
    trusting,
    with_revocation_checking,
)
from workbook.panels.base import Panel, choice, switch, with_label
from workbook.panels.slider import Slider
from workbook.panels.stage import VERSIONS, order_sequence, play_of, render_sequence, render_theatre, titles_of
from workbook.session import LabSession

_MAX_DAYS = 900


def _render_world(session: LabSession, report: CheckReport, world: Any, *lines: str) -> PanelOutput:
    """Show the picture of a world as judged, and every connection that is down."""
    topology = Topology(deployment=session.deployment, world=world, report=report)
    drawn = draw_topology(topology)
    short = topology.names.short
    rows = [
        (topology.connection(leg.leg), short.get(leg.refused_by, ""), ", ".join(leg.causes[:2])) for leg in report.down
    ]
    told = "".join(f"<p>{escape(line)}</p>" for line in lines)
    fallen = table(("connection down", "refused by", "cause"), rows) if rows else ""
    html = f"{told}{drawn.svg}{fallen}"
    return PanelOutput(html=html, text="\n".join([*lines, drawn.text]))


def _lists(session: LabSession) -> dict[str, tuple[str, ...]]:
    deployment = session.deployment
    groups = {
        "every machine": tuple(session.world.parties),
        "every Expressway-C": tuple(deployment.peers_of(Role.EXPRESSWAY_C)),
        "every Expressway-E": tuple(deployment.peers_of(Role.EXPRESSWAY_E)),
    }
    return groups | {fqdn: (fqdn,) for fqdn in session.world.parties}


def trust_editor(session: LabSession) -> Panel:
    """The trusted CA list: remove a CA, see in the picture which relations go down; then do it in the lab.

    The panel has check boxes instead of dragging, because keyboards and screen readers can use them.
    """
    known, lists = authorities(session.world), _lists(session)
    boxes = {f"ca{n}": switch(f"trusts {name}", value=name in _trusted(session)) for n, name in enumerate(known)}

    def chosen(values: dict[str, Any]) -> list[x509.Certificate]:
        return [c for n, c in enumerate(known.values()) if values[f"ca{n}"]]

    def show(whose: str, **values: Any) -> PanelOutput:
        world = trusting(session.world, lists[whose], chosen(values))
        return _render_world(session, judged(world, session.at), world)

    def apply(whose: str, **values: Any) -> str:
        world = trusting(session.world, lists[whose], chosen(values))
        session.threaded.change(world)
        return f"Done in the lab, and dialled: {session.check().count}."

    whose = choice("List of", tuple(lists), "every Expressway-E")

    def tick(whose: str) -> None:
        """The boxes show the list that is there now (of several machines, what any of them trusts)."""
        now = {title(c) for fqdn in lists[whose] for c in session.world.parties[fqdn].listed}
        for box, name in zip(boxes.values(), known, strict=True):
            box.value = name in now

    inputs = {"whose": whose, **boxes}
    return Panel("Trusted CA list", inputs, show, buttons={"Do it in the lab": apply}, follow={"whose": tick})


def _trusted(session: LabSession) -> set[str]:
    return {title(c) for party in session.world.parties.values() for c in party.listed}


def chain_builder(session: LabSession) -> Panel:
    """Choose what is sent and what is trusted; see which path is found, and the verdict on it."""
    world = session.world
    leaves = {f: p.credential for f, p in world.parties.items() if p.credential is not None}
    known = authorities(world)
    first = next(iter(leaves))
    sent_first = tuple(title(c) for c in leaves[first].intermediates)
    # The roots alone, as in the lists of clients and partners: a listed issuing CA hides that nobody sends it.
    roots_first = tuple(n for n, c in known.items() if n in _trusted(session) and c.subject == c.issuer)
    inputs = {
        "party": choice("Certificate of", tuple(leaves), first),
        "sent": with_label(widgets.SelectMultiple, "Sent with it", options=tuple(known), value=sent_first, rows=4),
        "trusted": with_label(widgets.SelectMultiple, "Trusted CA list", options=tuple(known),
                            value=roots_first, rows=4),
        "purpose": choice("Used as", ("server", "client"), "server"),
        "days": Slider(description="Judged in … days", value=0, min=-60, max=_MAX_DAYS, stride=30, interval=400),
    }  # fmt: skip

    def show(party: str, sent: tuple[str, ...], trusted: tuple[str, ...], purpose: str, days: int) -> PanelOutput:
        made = chain(
            leaves[party].leaf,
            [known[n] for n in sent],
            [known[n] for n in trusted],
            session.at + timedelta(days=days),
            purpose=Purpose(purpose),
            known=tuple(known.values()),
        )
        path = [title(c) for c in made.path.certificates]
        answer = "✔ accepted" if made.verdict.accepted else "✘ refused"
        boxes = " ← ".join(path)
        said = [(f.severity.value, f.rule, f.message, f.fix) for f in made.verdict.findings]
        end = f"Path: {made.path.anchor.value.replace('-', ' ')}"
        html = f"<p><b>{answer}</b></p><p>{escape(boxes)}</p><p>{escape(end)}</p>"
        html += table(("severity", "rule", "finding", "fix"), said) if said else ""
        return PanelOutput(html=html, text="\n".join([answer, boxes, end, *(f"{r}: {m}" for _, r, m, _ in said)]))

    return Panel("Chain builder", inputs, show)


def handshake_theatre(session: LabSession, leg: str = "") -> Panel:
    """Step through a connection's handshake: every message decrypted, what each side decides, and what its log says."""
    legs = [found.id for found in session.threaded.legs]
    if leg and leg not in legs:
        session.check().leg(leg)  # says which are close to it
    world, names = session.world, ShortNames(session.threaded.legs)
    played = lru_cache(maxsize=64)(lambda which, version: play_of(world, session, which, version))
    first = leg or legs[0]
    titles = titles_of(played(first, "TLS 1.3"))
    which = choice("Connection", [(names.connection(one), one.id) for one in session.threaded.legs], first)
    version = choice("Version", tuple(VERSIONS), "TLS 1.3")
    step = Slider(description="Step", value=1, min=1, max=len(titles), titles=titles, presents=True)

    def fit(_: object) -> None:
        """The slider has as many positions as the handshake has steps."""
        now = titles_of(played(which.value, version.value))
        step.titles, step.value, step.max = now, min(step.value, len(now)), len(now)

    def show(which: str, version: str, step: int) -> PanelOutput:
        return render_theatre(played(which, version), step - 1)

    inputs = {"which": which, "version": version, "step": step}
    return Panel("Handshake theatre", inputs, show, follow={"which": fit, "version": fit})


def blast_radius(session: LabSession) -> Panel:
    """What goes down when one thing is lost: a certificate, a name, a CA."""
    loss = choice("What happens", LOSSES, LOSSES[0])
    target = choice("To", losses_of(session.world, LOSSES[0]))

    def options(loss: Loss) -> None:
        target.options = losses_of(session.world, loss)

    context = session.ground
    checking = switch("Revocation checking on every Expressway", value=any(_checking(session.world)))

    def show(loss: Any, target: str | None, checking: bool) -> PanelOutput:
        if target is None or target not in losses_of(session.world, loss):
            raise InputError("choose what it happens to")
        world = with_revocation_checking(lose(session.world, context, loss, target), on=checking)
        lines = [f"{target}: {loss}."]
        if loss == "its certificate is revoked" and not checking:
            lines.append(
                "Revocation checking is off, so no Expressway asks whether the certificate is revoked. Switch it on."
            )
        return _render_world(session, judged(world, context.at), world, *lines)

    inputs = {"loss": loss, "target": target, "checking": checking}
    return Panel("Blast radius", inputs, show, follow={"loss": options})


def _checking(world: World) -> list[bool]:
    deployment = world.deployment
    return [world.revocation.get(cluster.name, deployment.revocation).checking for cluster in deployment.clusters]


def time_slider(session: LabSession) -> Panel:
    """Move the instant at which everything is judged; nobody renews anything in between."""
    inputs = {"days": Slider(description="Days from now", value=0, min=-30, max=_MAX_DAYS, stride=30, interval=400)}

    def show(days: int) -> PanelOutput:
        at = session.at + timedelta(days=days)
        ends = next_dates(session.world, session.at, within=timedelta(days=_MAX_DAYS))
        soon = [f"{format_time(when)}: the certificate of {fqdn} ends" for when, fqdn in ends if when > at][:3]
        return _render_world(session, judged(session.world, at), session.world, f"Judged at {format_time(at)}.", *soon)

    return Panel("Time slider", inputs, show)


def revocation_table(situation: RevocationCase | None = None) -> Panel:
    """Settings and sources of revocation: see the row of the decision that applies, and the verdict."""
    first = situation or RevocationCase()
    inputs = {
        "service": choice("Service", tuple(SERVICES), first.service),
        "checking": switch("Revocation checking", value=first.checking),
        "use_ocsp": switch("Use OCSP", value=first.use_ocsp),
        "use_crls": switch("Use CRLs", value=first.use_crls),
        "cdp_download": switch("Allow CRL downloads from CDPs", value=first.cdp_download),
        "fallback": choice("Fallback behaviour", ("not-revoked", "revoked"), first.fallback),
        "responder": switch("The certificate names a responder", value=first.responder),
        "ocsp": choice("The responder says", ANSWERS, first.ocsp),
        "crl": choice("The CRL says", LISTS, first.crl),
        "source": choice("The CRL came by", tuple(SOURCES), first.source),
    }
    return Panel("Is it revoked?", inputs, lambda **values: shown(decide(RevocationCase(**values))))


def acme_player(session: LabSession, peer: str) -> Panel:
    """Step through the last order of a peer: who sends what to whom."""
    steps = session.start_acme().steps(peer)
    if not steps:
        raise InputError(f"{peer} has not ordered a certificate yet. Order one first: lab.acme_sign({peer!r})")
    cluster = session.deployment.cluster_of(peer)
    assert cluster is not None  # who orders is a peer
    order = order_sequence(steps, peer, cluster.peers)
    step = Slider(description="Step", value=1, min=1, max=len(order.rows), interval=800, presents=True)
    return Panel(f"The order of {peer}", {"step": step}, lambda step: render_sequence(order, step - 1))
