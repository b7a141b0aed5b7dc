"""The first cause from archives: certificates and logs together, strangers and symptoms last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pkikit.design.legs import legs_of
from pkikit.intake.assembly import assemble
from pkikit.intake.reading import read_material
from pkikit.report.causes.logged import logged_failures
from pkikit.report.causes.ranked import causes_of_import, ranked_causes
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import DAY, craft
from tests.support.archives import archives_of
from tests.support.worlds import AT, C1, C2, E1, PARTNER, deployment

LEGS = legs_of(deployment())
ADDRESSES = {"10.9.0.1": C1, "10.9.0.2": C2, "10.9.0.3": E1}


def line(host: str, event: str, ends: tuple[str, str, int], detail: str, ephemeral: int = 30_000) -> str:
    source, target, port = ends
    at = "2026-11-24T12:00:00.000+00:00"
    return (
        f'{at} {host} tvcs: Event="{event} TLS Negotiation Error" Service="SIP" Src-ip="{source}" Src-port="{ephemeral}" '
        f'Dst-ip="{target}" Dst-port="{port}" Detail="{detail}" Protocol="TLS" Level="1" UTCTime="2026-11-24 12:00:00,000"\n'
    )


def causes(folder: Path, *lines: str) -> tuple[str, ...]:
    (folder / "loggingsnapshot_all.txt").write_text("".join(lines), encoding="utf-8")
    return ranked_causes((), logged_failures([folder], deployment(), LEGS, ADDRESSES))


def test_machines_of_a_log_are_those_of_the_deployment(tmp_path: Path) -> None:
    """A peer by its address or host name; a partner, whose address no dump has, by the port that only it can have."""
    (tmp_path / "log.txt").write_text(
        line("c1", "Outbound", ("10.9.0.1", "10.9.0.3", 7001), "certificate has expired")
        + line("e1", "Outbound", ("10.9.0.3", "203.0.113.9", 5061), "certificate has expired")
    )
    found = logged_failures([tmp_path], deployment(), LEGS, ADDRESSES)
    assert [(f.client, f.server, f.certain, {leg.server for leg in f.legs}) for f in found] == [
        (C1, E1, True, {E1}),
        (E1, "203.0.113.9", False, {PARTNER}),
    ]


def test_calls_of_strangers_come_after_one_failure_of_a_peer(tmp_path: Path) -> None:
    """Forty calls that speak no TLS, and one connection that DNS or a firewall keeps from coming up."""
    calls = [
        line("e1", "Inbound", (f"10.200.0.{n}", "10.9.0.3", 5061), "http request", 31_000 + n) for n in range(1, 41)
    ]
    refused = line("c1", "Outbound", ("10.9.0.1", "10.9.0.3", 7001), "certificate is not yet valid")
    assert causes(tmp_path, *calls, refused) == ("validity.not-yet-valid", "tls.not-tls")


@pytest.mark.parametrize(
    ("detail", "cause"), [("tlsv13 alert certificate required", "key.mismatch"), ("", "tls.cipher-mismatch")]
)
def test_peer_that_shows_no_certificate_in_either_direction_lacks_its_key(
    tmp_path: Path, detail: str, cause: str
) -> None:
    """As server nothing in common with anybody; as client nothing to show. One direction alone says less."""
    lines = [line("e1", "Inbound", ("10.9.0.1", "10.9.0.3", 7001), "no shared cipher")]
    lines += [line("e1", "Outbound", ("10.9.0.3", "10.9.0.4", 4372), detail)] if detail else []
    assert causes(tmp_path, *lines)[0] == cause


def test_first_cause_is_that_of_a_certificate_in_the_archive(tmp_path: Path) -> None:
    """No log says anything: the certificate of e1 is judged by the lists of the others."""
    world = issue_world(deployment(), at=AT - DAY, rsa=False).world
    stranger = craft((E1, "cluster-e.example.com", "example.com"), None, at=AT)
    world = world.with_party(replace(world.parties[E1], credential=stranger))
    for name, content in archives_of(world, AT).items():
        (tmp_path / name).write_bytes(content)
    assert causes_of_import(assemble(read_material([tmp_path]), {}), [tmp_path], AT)[0] == "trust.self-signed-leaf"


def test_archives_of_a_deployment_that_is_up_have_no_cause(tmp_path: Path) -> None:
    """What nobody knows, such as the partner's certificate, is no failure."""
    world = issue_world(deployment(), at=AT - DAY, rsa=False).world
    for name, content in archives_of(world, AT).items():
        (tmp_path / name).write_bytes(content)
    assert causes_of_import(assemble(read_material([tmp_path]), {}), [tmp_path], AT) == ()
