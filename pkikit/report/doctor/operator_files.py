"""The answer about what operators export: diagnostic archives, dumps, and the certificates of Unified CM."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pkikit.errors import InputError
from pkikit.intake.assembly.peers.peer_settings import stated_version
from pkikit.intake.material import HeldCertificates, Material, PeerMaterial, ServerMaterial
from pkikit.judge.linting.lint import lint_certificate, lint_trust_list, lint_upload
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.bundle import bundle_of
from pkikit.model.certificates.facts import has_ended, presented_names, unreadable_dates
from pkikit.model.findings import Verdict, merge_verdicts
from pkikit.model.leg import Purpose
from pkikit.model.version import ProductVersion, default_version
from pkikit.report.doctor.diagnosis import (
    Context,
    Diagnosis,
    Row,
    State,
    in_a_sentence,
    in_file,
    most_important_first,
    state_of,
)
from pkikit.report.doctor.files.certificate_rows import validity_of
from pkikit.report.handshakes import judge_chain
from pkikit.text import counted, listed, printable

_SHOWN, _IN_FULL = 6, 2
_KINDS = {"unified_cm": "Unified CM", "im_presence": "IM and Presence"}


def of_material(where: str, material: Material, context: Context) -> Diagnosis:
    """Answer about what was read from a file or a folder of an operator.

    Args:
        where: the file or folder.
        material: what was read from it.
        context: what somebody said about it.

    Returns:
        The answer about every certificate in it; settings by themselves are described and not judged.
    """
    verdicts = [
        *(v for peer in material.peers for v in _judge_peer(peer, context)),
        *(v for server in material.servers for v in _judge_server(server, context)),
    ]
    verdict = merge_verdicts(f"is everything in {where} in order?", verdicts)
    quoted = shlex.quote(where)
    logs = len(material.peers) == 1 and (material.peers[0].logs or material.peers[0].captures)
    return Diagnosis(
        thing=where,
        kind=_kind(material),
        what=_what(material),
        state=state_of(verdict) if verdicts else State.NOT_ASSESSED,
        says=in_a_sentence(verdict)
        if verdicts
        else "settings without certificates; nothing in it can be judged by itself",
        facts=(
            *_rows(material, context),
            *_left_out(material),
        ),
        findings=most_important_first(verdict.findings),
        checked=verdict.checked,
        not_assessed=tuple(_not_assessed(material)),
        next_steps=(
            f"Bring it together with the files of the other machines:\npkikit import {quoted} OTHER-FILES --out DIR",
            "Then judge every connection, in one report:\npkikit report DIR",
            *([f"Ask its logs and captures why connections failed:\npkikit diagnose {quoted}"] if logs else []),
        ),
        deeper=f"pkikit import {quoted} --out DIR",
    )


def joined_with_recordings(made: Diagnosis, recorded: Diagnosis, no_failure: bool) -> Diagnosis:
    """Return the answer about a machine's files with the one about its logs and captures.

    Args:
        made: the answer about its certificates and settings.
        recorded: the answer about what its logs and captures report.
        no_failure: they report a success and no failure.

    Returns:
        One answer: failures that happened come before what may be wrong.
    """
    if no_failure:
        return replace(made, facts=(*made.facts, ("Logs and captures", recorded.says)))
    return replace(
        made,
        state=State.WRONG,
        says=recorded.says if made.state is not State.WRONG else f"{made.says}; logs and captures: {recorded.says}",
        facts=(*made.facts, *recorded.facts),
        findings=(*recorded.findings, *made.findings),
        checked=tuple(dict.fromkeys((*recorded.checked, *made.checked))),
        not_assessed=(*made.not_assessed, *recorded.not_assessed),
    )


def _kind(material: Material) -> str:
    if not material.peers:
        return "unified-cm"
    if len(material.peers) > 1 or material.servers:
        return "operator-files"
    (peer,) = material.peers
    if peer.server or peer.trusted or peer.client or (peer.configuration and peer.status):
        return "diagnostic-archive"
    return "configuration" if peer.configuration else "status"


def _what(material: Material) -> str:
    """Return what the files are, for people."""
    peers, servers = len(material.peers), len(material.servers)
    if not peers:
        return f"the output of {counted(servers, 'Unified Communications machine')} about certificates"
    if _kind(material) == "configuration":
        return "the configuration of an Expressway (xConfiguration)"
    if _kind(material) == "status":
        return "the status of an Expressway (xStatus)"
    parts = [counted(peers, "Expressway")]
    parts += [counted(servers, "Unified Communications machine")] if servers else []
    return f"diagnostic data of {listed(parts)}"


def _name(peer: PeerMaterial) -> str:
    names = presented_names(peer.server.certificates[0]).identities if peer.server else ()
    own = next((n for n in names if peer.host and n.partition(".")[0] == peer.host.lower()), "")
    return printable(own or peer.host or peer.label, 120)


def _version_of(peer: PeerMaterial, context: Context) -> ProductVersion:
    stated = stated_version(peer.status)
    for text in filter(None, (context.version, stated[0] if stated else None)):
        try:
            return ProductVersion.parse(text)
        except InputError:
            continue
    return default_version()


def _judge_peer(peer: PeerMaterial, context: Context) -> Iterator[Verdict]:
    """Yield the verdicts about the certificates of one Expressway."""
    use = CertificateUse(at=context.at, version=_version_of(peer, context))
    trusted = peer.trusted.certificates if peer.trusted else None
    for held, store in ((peer.server, None), (peer.client, Purpose.CLIENT)):
        if held is None:
            continue
        bundle = bundle_of(held.certificates, is_server=True)
        leaf = bundle.leaf or held.certificates[0]
        verdicts = [
            lint_certificate(leaf, replace(use, store=store)),
            judge_chain(bundle.chain, None, at=context.at, purpose=None),
        ]
        verdicts += [lint_upload(leaf, trusted, use)] if trusted is not None else []
        yield _about(_name(peer), "client certificate" if store else "server certificate", _once(verdicts))
    if trusted:
        yield _about(_name(peer), "trusted CA list", lint_trust_list(trusted, use))


def _judge_server(server: ServerMaterial, context: Context) -> Iterator[Verdict]:
    """Yield the verdicts about the certificates of a machine that is not an Expressway: what holds for any of them."""
    for service, held in server.own.items():
        chain = bundle_of(held.certificates, is_server=True).chain
        verdict = judge_chain(chain, None, at=context.at, purpose=None)
        yield _about(printable(server.fqdn or server.label, 120), service or "certificate", verdict)


def _once(verdicts: Sequence[Verdict]) -> Verdict:
    """Return one verdict in which each rule has the findings of the first verdict that has any."""
    known: set[str] = set()
    kept = []
    for verdict in verdicts:
        kept.append(replace(verdict, findings=tuple(f for f in verdict.findings if f.rule not in known)))
        known |= {f.rule for f in verdict.findings}
    return merge_verdicts(verdicts[0].question, kept)


def _about(machine: str, what: str, verdict: Verdict) -> Verdict:
    return replace(verdict, findings=tuple(in_file(f, f"{machine}, {what}") for f in verdict.findings))


def _rows(material: Material, context: Context) -> Iterator[Row]:
    """Yield what was read of each machine; of many machines one line each."""
    several = len(material.peers) + len(material.servers) > _IN_FULL
    for peer in material.peers[:_SHOWN]:
        lines = list(_peer_lines(peer, context))
        yield _name(peer), ", ".join(_short(lines)) if several else lines
    for server in material.servers[:_SHOWN]:
        lines = list(_server_lines(server, context))
        kind = f" ({_KINDS[server.kind]})" if server.kind in _KINDS and not several else ""
        yield f"{printable(server.fqdn or server.label, 120)}{kind}", "; ".join(_short(lines)) if several else lines
    left = max(0, len(material.peers) - _SHOWN) + max(0, len(material.servers) - _SHOWN)
    if left:
        yield "And", counted(left, "more machine")


def _short(lines: Sequence[str]) -> list[str]:
    """Return the lines about certificates without their lists, only with the day on which they end."""
    return [_DATES.sub(r" until \1", line) for line in lines if "-trust" not in line]


_DATES = re.compile(r": \d{4}-\d\d-\d\d to (\S+)(?: \([^)]*left\))?")


def _peer_lines(peer: PeerMaterial, context: Context) -> Iterator[str]:
    if (stated := stated_version(peer.status)) is not None:
        yield printable(stated[1].value, 40)
    if peer.configuration:
        yield _settings(peer)
    for what, held in (("server certificate", peer.server), ("client certificate", peer.client)):
        if held:
            yield f"{what}: {validity_of(held.certificates[0], context.at)}"
    if peer.trusted:
        yield f"trusted CA list: {_list(peer.trusted, context)}"


def _settings(peer: PeerMaterial) -> str:
    """Return how many settings were read; secrets are only counted."""
    assert peer.configuration is not None
    number = len(peer.configuration.settings) + peer.configuration.passed
    secrets = f", {counted(peer.configuration.secrets, 'secret')} left out" if peer.configuration.secrets else ""
    zones = {key[2] for key in peer.configuration.settings if key[:2] == ("Zones", "Zone") and len(key) > 2}
    return f"{counted(number, 'setting')}, {counted(len(zones), 'zone')}{secrets}"


def _list(held: HeldCertificates, context: Context) -> str:
    ended = sum(has_ended(c, context.at) for c in held.certificates if not unreadable_dates(c))
    return counted(len(held.certificates), "certificate") + (f", {ended} expired" if ended else "")


def _server_lines(server: ServerMaterial, context: Context) -> Iterator[str]:
    for service, held in server.own.items():
        yield f"{service or 'own'}: {validity_of(held.certificates[0], context.at)}"
    for service, held in server.trusted.items():
        yield f"{service}-trust: {_list(held, context)}"
    names = sum(map(len, server.listed.values()))
    if not server.own:
        yield f"{counted(names, 'certificate')} listed by name only" if names else "no certificate that can be read"


def _left_out(material: Material) -> Iterator[Row]:
    refused = [f for f in material.files if f.refused]
    if refused:
        first = refused[0]
        name = first.source.member or first.source.file
        more = f" (and {counted(len(refused) - 1, 'more file')})" if len(refused) > 1 else ""
        yield "Not used", f"{printable(name.rpartition('/')[2], 100)} {printable(first.refused, 200)}{more}"


def _not_assessed(material: Material) -> Iterator[str]:
    if any(peer.configuration for peer in material.peers):
        yield "The settings: pkikit import makes a deployment of them, which can be judged."
    without = [_name(p) for p in material.peers if p.server is None]
    if without:
        yield f"The server certificate of {listed(without, at_most=3)}: it is not in the file."
    yield "Whether the machines accept each other: that takes the files of all of them."
