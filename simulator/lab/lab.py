"""Starts a lab: takes a deployment, returns a running lab.

Everything listens on 127.<net>.x.y and on no other address.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial

import anyio.to_thread

from pkikit.files import write_private
from pkikit.model.deployment import Deployment
from pkikit.model.world import World
from simulator.background import Background, run_in_thread
from simulator.clock import Clock
from simulator.connections.addresses import AddressPlan
from simulator.connections.context import LabContext
from simulator.connections.dialling import Dialler
from simulator.connections.network import Network
from simulator.events import EventLog
from simulator.lab.alarm_watch import AlarmWatch
from simulator.lab.diagnostics import Diagnostics
from simulator.lab.housekeeping import Housekeeping
from simulator.lab.lab_keeper import LabKeeper
from simulator.lab.lab_machines import Machines
from simulator.lab.pages import serve_pages
from simulator.lab.peer_requests import PeerRequests
from simulator.lab.plan_steps import PlanSteps
from simulator.lab.process import allow_many_sockets, errors_to
from simulator.lab.recording import Recording
from simulator.lab.running_lab import RunningLab
from simulator.lab.saved_lab import LabStart, LabStore, begin
from simulator.lab.world_changes import WorldChanges
from simulator.settings import LabSettings
from simulator.web.throttle import Throttle

BANNER = "Expressway Certificate Lab: a simulator on loopback addresses. Not a Cisco product; no key in it is worth anything."


class Lab:
    """`async with Lab(deployment) as lab:` runs peers, parties and DNS until the block ends; `lab` is a RunningLab."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        settings: LabSettings | None = None,
        clock: Clock | None = None,
        prepare: Callable[[World], World] | None = None,
        brought: str = "",
    ) -> None:
        """Describe a lab; nothing runs yet.

        Args:
            deployment: who is in the lab.
            settings: ports, keys, pages, files; see LabSettings.
            clock: the lab's time; default: now.
            prepare: turns the world that the lab would issue into the one to start with (other certificates, faults).
            brought: a digest of what `prepare` brings; a lab that has it in its state folder resumes without `prepare`.
        """
        self._deployment, self._prepare, self._brought = deployment, prepare, brought
        self._settings, self._clock = settings or LabSettings(), clock or Clock()
        self._running = AsyncExitStack()

    async def __aenter__(self) -> RunningLab:
        async with AsyncExitStack() as stack:
            lab = await self._start(stack)
            self._running = stack.pop_all()
        return lab

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    async def _start(self, stack: AsyncExitStack) -> RunningLab:
        """Start the parts one by one; `stack` stops them in the opposite order."""
        state, name = self._settings.state, self._deployment.name
        file = state / "events.jsonl" if state is not None else None
        events = EventLog(self._clock.now, file, expressways=self._deployment.peers)
        events.follow(self._deployment)
        stack.enter_context(errors_to(Throttle(partial(_log_error, events, name))))
        plan = AddressPlan(self._deployment, self._settings.net)
        stack.callback(plan.close)
        allow_many_sockets()
        beginning = await self._begin(stack)
        await anyio.to_thread.run_sync(events.read)
        for fqdn, note in beginning.notes:
            events.add(fqdn, "State Warning", Detail=note)
        context = LabContext(
            settings=self._settings,
            clock=self._clock,
            events=events,
            plan=plan,
            issued=beginning.issued,
            world=beginning.world,
            background=Background(name, events),
        )
        plan.follow((*context.world.parties, *(n for g in context.deployment.groups for n in g.members)))
        events.follow(context.deployment)
        keeper = LabKeeper(context, beginning.passwords, self._deployment, self._brought)
        await _keep(context, keeper, stack)
        lab = await _run(context, beginning, keeper, stack)
        stack.push_async_callback(context.background.stop)
        events.add(name, "Lab Started", Addresses=f"127.{plan.net}.x.y")
        return lab

    async def _begin(self, stack: AsyncExitStack) -> LabStart:
        """Read or make keys and certificates in a thread. The thread stops soon after a cancellation."""
        if self._settings.state is not None:
            lock = await anyio.to_thread.run_sync(LabStore(self._settings.state).hold)
            stack.callback(lock.close)
        halted = threading.Event()
        work = partial(
            begin, self._deployment, self._settings, self._clock, self._prepare, halted.is_set, self._brought
        )
        # A thread that still runs after the folder is unlocked would write into the next lab's files.
        return await run_in_thread(work, cancelled=halted.set)


def _log_error(events: EventLog, owner: str, line: str) -> None:
    events.add(owner, "Internal Error", Detail=line)


async def _keep(context: LabContext, keeper: LabKeeper, stack: AsyncExitStack) -> None:
    """Start the key log; write the lab's own file and the capture at the end.

    All of that happens while the state folder is locked.
    """
    settings = context.settings
    if settings.state is not None and settings.keylog is not None:
        await anyio.to_thread.run_sync(write_private, settings.keylog, b"")
    if settings.capture is not None:
        recording = Recording(context, settings.capture)
        context.followers.append(recording)
        stack.push_async_callback(recording.write)
    stack.push_async_callback(keeper.save)


async def _run(context: LabContext, beginning: LabStart, keeper: LabKeeper, stack: AsyncExitStack) -> RunningLab:
    network = Network(context)
    await network.start(stack)
    machines = Machines(context, network)
    await machines.start(stack)
    endpoints, peers = machines.endpoints, machines.peers
    dialler = Dialler(context, endpoints, network)
    housekeeping = Housekeeping(context, peers, network.look_up)
    changes = WorldChanges(context, machines, network, dialler, keeper)
    diagnostics = Diagnostics(context, peers)
    steps = PlanSteps(context, changes, peers, housekeeping.tick)
    keeper.world = steps.after_restart
    requests = PeerRequests(context, changes, dialler, housekeeping, keeper, diagnostics, steps)
    await machines.start_peers(beginning.states, requests)
    pages = await serve_pages(context, peers, beginning.passwords, stack)
    machines.attach(pages)
    alarms = AlarmWatch(context, peers)
    context.followers += [pages, alarms, diagnostics]
    context.background.spawn(housekeeping.run(), "clock")
    return RunningLab(
        context,
        network=network,
        endpoints=endpoints,
        peers=peers,
        pages=pages,
        passwords=beginning.passwords,
        dialler=dialler,
        changes=changes,
        housekeeping=housekeeping,
        alarms=alarms,
        diagnostics=diagnostics,
        steps=steps,
    )
