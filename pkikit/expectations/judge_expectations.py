"""Judge what a deployment promises. Pure: takes the time, reads no clock and no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.design.services import services_of
from pkikit.expectations.expectation import Expectation
from pkikit.expectations.moments import Timeline, end_of
from pkikit.expectations.promised_certificates import judge_certificates
from pkikit.expectations.promised_connections import judge_connections
from pkikit.expectations.promised_services import judge_service
from pkikit.expectations.scope import HeldCertificate, certificates_at, machines_in
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.stand_ins import known_part
from pkikit.model.deployment import Deployment
from pkikit.model.promises import Promises
from pkikit.model.world import World
from pkikit.view.short_names import ShortNames


def judge_expectations(
    world: World, *, at: datetime, partial: bool = False, now: Mapping[str, State] | None = None
) -> tuple[Expectation, ...]:
    """Judge everything that the deployment of a world promises under `expect:`.

    Args:
        world: the machines. If what the lab made for some of them counts as unknown, so it does here.
        at: the time, aware UTC.
        partial: the world has only what somebody gave, as `world_of_files` reads it: what is missing is not assessed.
        now: the state of each connection now, by id, where handshakes have shown it.

    Returns:
        One expectation for each promise, in the order of the file's documentation; none without `expect:`.
    """
    promises = world.deployment.expect
    if promises is None:
        return ()
    if world.stand_ins.unknown:
        world, partial = known_part(world), True
    return tuple(_judged(promises, world, at, partial, now))


def _judged(
    promises: Promises, world: World, at: datetime, partial: bool, now: Mapping[str, State] | None
) -> Iterator[Expectation]:
    deployment = world.deployment
    timed = (*promises.services.values(), *promises.connections)
    if timed:
        legs = legs_of(deployment)
        names, services = ShortNames(legs), services_of(deployment, legs)
        until = max(end_of(promise, at) for promise in timed)
        timeline = Timeline(world, at=at, until=until, partial=partial, now=now)
        for word, promise in promises.services.items():
            yield judge_service(word, promise, deployment, services, timeline, names)
        for i, connection in enumerate(promises.connections):
            key = f"expect.connections[{i}]"
            yield judge_connections(key, connection, deployment, legs, timeline, names)

    def held(scopes: Sequence[str]) -> list[HeldCertificate]:
        machines = machines_in(deployment, scopes)
        return [one for fqdn in machines for one in certificates_at(world, fqdn, partial=partial)]

    yield from judge_certificates(promises, held, at)


def judge_promises_about(
    deployment: Deployment, machine: str, store: str, certificate: x509.Certificate, *, at: datetime
) -> tuple[Expectation, ...]:
    """Judge what a deployment promises about certificates, of one certificate before it is uploaded.

    Args:
        deployment: makes the promises.
        machine: the machine that the certificate is for.
        store: where, as `server certificate`.
        certificate: the leaf.
        at: the time, aware UTC.

    Returns:
        One expectation for each promise that is about this machine.
    """
    if deployment.expect is None:
        return ()
    one = HeldCertificate(machine=machine, store=store, certificate=certificate)
    about: list[bool] = []

    def held(scopes: Sequence[str]) -> list[HeldCertificate]:
        about.append(machine in machines_in(deployment, scopes))
        return [one] if about[-1] else []

    found = tuple(judge_certificates(deployment.expect, held, at))
    return tuple(expectation for expectation, mine in zip(found, about, strict=True) if mine)
