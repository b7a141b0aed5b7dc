"""`expressway-sim`: the lab on the command line."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.deployments.check_text import check_results, print_report
from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import DeploymentFile, JsonFlag, VerboseFlag, read_deployment
from pkikit.commands.terminal.ci_options import BaselineOption, CodeQualityOption, JunitOption, SarifOption, ci_options
from pkikit.commands.terminal.parameters import Group
from pkikit.commands.terminal.promise_view import HouseRulesOption, read_house_rules
from pkikit.errors import InputError
from pkikit.values.instants import parse_instant
from simulator.commands import checking, clinic_command, do_step, future, rehearse, signals
from simulator.commands.picture_option import picture_writer, svg_file
from simulator.commands.travel_text import show_timeline
from simulator.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from rich.console import Console

    from pkikit.model.deployment import Deployment
    from pkikit.model.world import World
    from simulator.lab.lab import Lab
    from simulator.settings import LabSettings
    from simulator.travel.timeline import Timeline

app = typer.Typer(
    name="expressway-sim",
    cls=Group,
    help="A loopback simulator of clustered Cisco Expressway peers. Not a Cisco product.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.callback()(console.version_option)

NetOption = Annotated[
    int | None, typer.Option(help="Second octet of the lab's addresses, 127.NET.x.y; by default a free one.")
]
TlsOption = Annotated[
    str | None, typer.Option("--tls", metavar="1.2|1.3", help="Force one TLS version on every machine.")
]
CertsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Your own certificates: DIR/<fqdn>/cert.pem, key.pem, trust.pem; client.pem for the client store of X15.5; "
        "cert-callmanager.pem, trust-callmanager.pem for a service of Unified CM.",
    ),
]


def main() -> None:
    """Entry point of the console script."""
    signals.stop_as_by_ctrl_c()
    console.run(app, "expressway-sim", lab_errors=(LabError,))


def _settings(
    net: int | None,
    tls: str | None,
    *,
    real_ports: bool = False,
    keylog: Path | None = None,
    capture: Path | None = None,
    pages: bool = False,
    fresh: bool = False,
    state: Path | None = None,
) -> LabSettings:
    from pkikit.handshake.tls import TlsRange, TlsVersion
    from simulator.settings import LabSettings

    if tls is not None and tls not in tuple(TlsVersion):
        raise InputError(f"--tls {tls[:20]!r}: allowed are {', '.join(TlsVersion)}")
    allowed = TlsRange(lowest=TlsVersion(tls), highest=TlsVersion(tls)) if tls else TlsRange()
    return LabSettings(
        net=net,
        real_ports=real_ports,
        tls=allowed,
        keylog=keylog,
        capture=capture,
        pages=pages,
        fresh=fresh,
        state=state,
    )


def _lab(
    deployment: Deployment,
    settings: LabSettings,
    at: datetime | None,
    certs: Path | None,
    *,
    trust_lab: bool = False,
    unknown: bool | None = False,
) -> Lab:
    """Make the lab; `unknown`: as `bring_certificates` reads it."""
    from pkikit.files.deployment_folder import digest_of
    from pkikit.worlds.brought import bring_certificates, decides_nothing, kept_from_lab, trusting_lab
    from simulator.clock import Clock
    from simulator.lab.lab import Lab

    def prepare(world: World) -> World:
        if certs is None:
            return world
        brought = bring_certificates(world, certs, unknown=unknown)
        if trust_lab:
            return trusting_lab(brought, world)
        kept = kept_from_lab(brought, certs)  # refuses a folder without anything to read
        if kept and not brought.stand_ins.unknown:
            print(f"expressway-sim: {kept}", file=sys.stderr)
        return brought

    for line in decides_nothing(deployment, certs) if certs is not None else ():
        print(f"expressway-sim: {line}", file=sys.stderr)
    brought = digest_of(certs) if settings.state is not None and certs is not None else ""
    clock = Clock.set_to(at) if at else Clock()
    return Lab(deployment, settings=settings, clock=clock, prepare=prepare, brought=brought)


@app.command()
def check(
    deployment: DeploymentFile,
    certs: CertsOption = None,
    trust_lab: Annotated[
        bool,
        typer.Option(
            "--trust-lab",
            help="The lab plays machines without files, and every list of --certs also gets its CA, so that it trusts them.",
        ),
    ] = False,
    judged: Annotated[
        bool,
        typer.Option(
            "--judged", help="Machines without files are unknown, as in an imported folder. The lab does not play them."
        ),
    ] = False,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="The lab's time (ISO 8601 with zone).")] = None,
    net: NetOption = None,
    tls: TlsOption = None,
    traces: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each handshake there, for pkikit diagnose.")
    ] = None,
    capture: Annotated[
        Path | None,
        typer.Option(metavar="FILE.pcapng", help="What crossed the wires, for Wireshark; it can decrypt it."),
    ] = None,
    archives: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A diagnostic archive of each peer, and the certificate snapshots of Unified CM, for pkikit import.",
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg|.png|.html", help="The topology as a picture, with what is up and down."),
    ] = None,
    house_rules: HouseRulesOption = None,
    sarif: SarifOption = None,
    junit: JunitOption = None,
    code_quality: CodeQualityOption = None,
    baseline: BaselineOption = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Dial every connection with real TLS. You see which are up, which are down and why.

    With --certs, the lab plays machines without files: it issues them certificates with its own CA. In a folder that pkikit
    import wrote, such machines are unknown instead. Their connections are down if a known file or setting already breaks them.
    Otherwise they are not assessed.
    The exit code is 0 if all connections are up and everything under `expect:` is kept, and 1 if one is down, broken or not
    assessed.

    Example: expressway-sim check notebooks/deployments/clustered-mra.yaml --certs my-certificates
    """

    checking.require_certs(certs, trust_lab=trust_lab, judged=judged)
    ci = ci_options("expressway-sim", "check", sarif, junit, code_quality, baseline, inputs=(deployment, house_rules))
    rules = read_house_rules(house_rules)
    read = read_deployment(deployment)
    instant = parse_instant(at, datetime.now(UTC), makes=True) if at is not None else None
    with checking.key_log(capture) as keylog:
        unknown = True if judged else False if trust_lab else None
        settings = _settings(net, tls, keylog=keylog, capture=capture)
        lab = _lab(read, settings, instant, certs, trust_lab=trust_lab, unknown=unknown)
        draw = picture_writer(picture)
        quiet = as_json or not sys.stderr.isatty()
        report, promises, written = asyncio.run(checking.run_check(lab, archives, draw, rules, quiet=quiet))
    if traces is not None:
        checking.write_traces(report, traces)
    document = {"command": "check", **report.to_json(), **promises.to_json()}
    document["accepted"] = report.accepted and promises.kept
    ended = ci.conclude(lambda: check_results(report, deployment, certs, document), accepted=document["accepted"])
    kinds = {".json": "Certificate snapshot", ".log": "Client log"}
    files = [(kinds.get(path.suffix, "Diagnostic archive"), path) for path in written]
    files += [
        (what, path)
        for what, path in (("Capture", capture), ("Folder of traces", traces), ("Picture", picture))
        if path is not None
    ]

    def show(out: Console) -> None:
        print_report(out, report, read, certs=certs, verbose=verbose, promises=promises)
        if files:
            out.print()
        console.saved(out, files)
        ended.show(out)

    console.answer(document | ended.document, as_json=as_json, accepted=ended.accepted, show=show)


app.command()(clinic_command.clinic)


@app.command()
def travel(
    deployment: DeploymentFile,
    days: Annotated[float, typer.Option(help="How far to go.")] = 365,
    certs: CertsOption = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Begin at this time (ISO 8601 with zone).")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Picture: each connection, up or down over time.")
    ] = None,
    net: NetOption = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Let the lab's clock run. You see what expires, which alarms rise and which connections go down, in order.

    Example: expressway-sim travel notebooks/deployments/clustered-mra.yaml --days 420 --plot year.svg
    """
    from datetime import timedelta

    from pkikit.files import write_public
    from simulator.travel.timeline import MAX_DAYS

    if not 0 < days <= MAX_DAYS:
        raise InputError(f"--days {days:g}: allowed are more than 0 and at most {MAX_DAYS}")
    if plot is not None:
        svg_file(plot)
    read = read_deployment(deployment)
    instant = parse_instant(at, datetime.now(UTC), makes=True) if at is not None else None
    lab = _lab(read, _settings(net, None), instant, certs)
    with console.steps(quiet=as_json) as step:
        lived = asyncio.run(_run_timeline(lab, timedelta(days=days), step))
    if plot is not None:
        write_public(plot, lived.svg(read.name).encode())

    def show(out: Console) -> None:
        show_timeline(out, lived, read, verbose=verbose)
        if plot is not None:
            out.print()
            console.saved(out, [("Picture", plot)])

    console.answer(lived.to_json(), as_json=as_json, show=show)


async def _run_timeline(lab: Lab, span: timedelta, step: Callable[[str], None]) -> Timeline:
    from simulator.travel.timeline import live_through

    step("starting the lab")
    async with lab as running:
        return await live_through(running, span, progress=lambda at: step(f"{at:%Y-%m-%d}"))


app.command()(do_step.do)
app.command()(do_step.status)
app.command()(future.sunset)
app.command()(future.renewals)
app.command()(rehearse.rehearse)


@app.command()
def schema() -> None:
    """Print the JSON schema of the deployment file.

    Example: expressway-sim schema > deployment.schema.json
    """
    import json

    from pkikit.model.deployment import Deployment

    print(json.dumps(Deployment.model_json_schema(), indent=2))


@app.command()
def up(
    deployment: DeploymentFile,
    certs: CertsOption = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder that keeps the lab: CA, peers' certificates, root to trust, TLS key log."
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option(help="Peers as just installed: a temporary CA, nothing trusted, everything still to do.")
    ] = False,
    real_ports: Annotated[
        bool, typer.Option(help="Listen on the product's privileged ports too; needs privileges.")
    ] = False,
    acme: Annotated[bool, typer.Option(help="Start Pebble, so that E peers can order certificates.")] = True,
    net: NetOption = None,
    tls: TlsOption = None,
) -> None:
    """Run the whole lab until Ctrl-C. You get pages, a live topology, DNS servers, addresses to try and a key log.

    Example: expressway-sim up notebooks/deployments/clustered-mra.yaml --state lab-state
    """

    read = read_deployment(deployment)
    keylog = state / "tls-keys.log" if state is not None else None
    settings = _settings(net, tls, real_ports=real_ports, keylog=keylog, pages=True, fresh=fresh, state=state)
    lab = _lab(read, settings, None, certs)
    signals.heed_ctrl_c()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_up(lab, acme=acme, state=state))
    print("expressway-sim: stopped", file=sys.stderr)


async def _up(lab: Lab, *, acme: bool, state: Path | None) -> None:
    from contextlib import AsyncExitStack

    from simulator.commands.up import run_until_stopped
    from simulator.lab.acme_attachment import acme_service

    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(lab)
        service = await stack.enter_async_context(acme_service(running)) if acme else None
        await run_until_stopped(running, state, service.ca if service is not None else None)
