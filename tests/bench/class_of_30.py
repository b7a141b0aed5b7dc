"""A rehearsal: a real JupyterHub, thirty learners with a server, a kernel and a lab each, over HTTP and WebSockets.

`python -m tests.bench.class_of_30 [LEARNERS]`. Needs `npm install -g configurable-http-proxy`. Loopback only, bounded, and
everything that it starts ends with it. The figures of docs/class.md come from here.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from tests.bench.workbook import _CHECKS, percentile, show

ROOT = Path(__file__).parents[2]
LEARNERS, TASKS, LONGEST = 30, 8, 900.0
_OPEN = "from workbook import check, hand_in, open_lab\nlab = open_lab('clustered-mra')"
_LAB = ("lab", "assert lab.check().legs")
CONFIG = """
import os
exec(compile(open(os.environ["RECIPE"]).read(), os.environ["RECIPE"], "exec"), {**globals(), "__file__": os.environ["RECIPE"]})
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['FRONT']}"
c.JupyterHub.hub_port = int(os.environ["PORT"])
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{os.environ['PROXY_API']}"
if os.geteuid() == 0:
    c.Spawner.args.append("--allow-root")
c.JupyterHub.services.append({"name": "bench", "api_token": os.environ["ADMIN"]})
c.JupyterHub.load_roles.append(
    {"name": "bench", "scopes": ["admin:users", "admin:servers", "tokens", "access:servers"], "services": ["bench"]}
)
"""


@dataclass
class Figures:
    """What was measured. took: seconds by kind. megabytes, processor: by kind of process.

    refused: how often the hub said that too many start. start_processor: seconds that all servers, kernels and labs took to start.
    """

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    megabytes: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    processor: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    class_seconds: float = 0.0
    start_processor: float = 0.0
    refused: int = 0


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass
class Hub:
    """The hub of the recipe on ports of its own."""

    process: subprocess.Popen[bytes]
    front: int
    admin: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.front}"

    @property
    def head(self) -> dict[str, str]:
        return {"Authorization": f"token {self.admin}"}


def start_hub(folder: Path) -> Hub:
    (folder / "config.py").write_text(CONFIG)
    front, port, proxy_api = free_ports(3)
    admin = secrets.token_hex(16)
    environment = os.environ | {
        "EXPRESSWAY_LAB_SPAWNER": "local", "EXPRESSWAY_LAB_HOMES": str(folder / "homes"), "FRONT": str(front),
        "PORT": str(port), "PROXY_API": str(proxy_api), "ADMIN": admin, "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16),
        "RECIPE": str(ROOT / "deploy" / "jupyterhub_config.py"), "PYTHONPATH": f"{ROOT}:{ROOT / 'notebooks'}",
    }  # fmt: skip
    environment.pop("XDG_STATE_HOME", None)
    log = (folder / "hub.log").open("wb")
    command = [sys.executable, "-m", "jupyterhub", "-f", str(folder / "config.py")]
    return Hub(subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log), front, admin)


async def answers(hub: Hub, web: aiohttp.ClientSession) -> None:
    """Wait for the hub and its proxy."""
    while hub.process.poll() is None:
        with suppress(aiohttp.ClientError):
            async with web.get(f"{hub.url}/hub/api/") as answer:
                if answer.status == 200:
                    return
        await asyncio.sleep(0.2)
    raise SystemExit("the hub does not start; see its log")


class Learner:
    """One learner's browser: a server, a kernel, cells over a WebSocket."""

    def __init__(self, name: str, hub: Hub, web: aiohttp.ClientSession, figures: Figures, seed: int) -> None:
        self.name, self.hub, self.web, self.figures, self.chance = name, hub, web, figures, random.Random(seed)
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.listening: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Read all the time, as a browser does: the server ends a connection that does not answer its pings."""
        assert self.socket is not None
        async for message in self.socket:
            self.told.put_nowait(json.loads(message.data))

    async def log_in(self) -> None:
        """Start the server, wait until it is ready, open a notebook's kernel and the lab."""
        began = time.perf_counter()
        await self.press_start()
        while True:
            async with self.web.get(f"{self.hub.url}/hub/api/users/{self.name}", headers=self.hub.head) as answer:
                server = (await answer.json())["servers"].get("")
                assert server is not None, f"the server of {self.name} does not start"
                if server["ready"]:
                    break
            await asyncio.sleep(0.25)
        self.figures.took["server starts"].append(time.perf_counter() - began)
        began = time.perf_counter()
        base = f"{self.hub.url}/user/{self.name}/api/kernels"
        async with self.web.post(base, headers=self.hub.head, json={"name": "python3"}) as answer:
            assert answer.status == 201, await answer.text()
            kernel = (await answer.json())["id"]
        self.socket = await self.web.ws_connect(f"{base}/{kernel}/channels", headers=self.hub.head, max_msg_size=0)
        self.listening = asyncio.create_task(self.listen())
        await self.run(_OPEN)
        self.figures.took["kernel and lab open"].append(time.perf_counter() - began)

    async def press_start(self) -> None:
        """Ask for the server. The hub refuses while too many start; a person tries again some seconds later."""
        while True:
            async with self.web.post(
                f"{self.hub.url}/hub/api/users/{self.name}/server", headers=self.hub.head
            ) as answer:
                if answer.status != 429:
                    assert answer.status in (201, 202), await answer.text()
                    return
            self.figures.refused += 1
            await asyncio.sleep(self.chance.uniform(2, 6))

    async def run(self, source: str) -> str:
        """Execute a cell; what it shows."""
        assert self.socket is not None
        message = uuid.uuid4().hex
        head = {
            "msg_id": message,
            "msg_type": "execute_request",
            "username": "",
            "session": self.name,
            "version": "5.3",
        }
        content = {"code": source, "silent": False, "store_history": False, "allow_stdin": False}
        request = {"header": head, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        await self.socket.send_str(json.dumps(request))
        shown, replied, idle = "", False, False
        while not (replied and idle):
            told = await asyncio.wait_for(self.told.get(), 180)
            if told["parent_header"].get("msg_id") != message:
                continue
            if told["msg_type"] == "execute_reply":
                assert told["content"]["status"] == "ok", told["content"]
                replied = True
            elif told["msg_type"] == "execute_result":
                shown += told["content"]["data"].get("text/plain", "")
            idle = idle or (told["msg_type"] == "status" and told["content"]["execution_state"] == "idle")
        return shown

    async def work(self) -> None:
        """Think two to ten seconds, answer, think again; hand in at the end."""
        tasks = [_LAB, *_CHECKS, *(self.chance.choice(_CHECKS) for _ in range(TASKS - len(_CHECKS) - 1))]
        self.chance.shuffle(tasks)
        for kind, source in tasks:
            await asyncio.sleep(self.chance.uniform(2, 10))
            began = time.perf_counter()
            await self.run(source)
            self.figures.took[f"exercise: {kind}"].append(time.perf_counter() - began)
        began = time.perf_counter()
        said = await self.run("hand_in()")
        assert f"Handed in as {self.name}" in said, said
        self.figures.took["hand in"].append(time.perf_counter() - began)


def processes(hub: Hub) -> dict[str, list[psutil.Process]]:
    """The hub's processes by what they are; what a kernel starts counts as kernel."""
    found: dict[str, list[psutil.Process]] = defaultdict(list)
    root = psutil.Process(hub.process.pid)
    found["hub"].append(root)
    for child in root.children():
        with suppress(psutil.Error):
            line = " ".join(child.cmdline())
            kind = next(
                (k for k in ("singleuser", "handin", "idle_culler", "configurable-http-proxy") if k in line), "hub"
            )
            found[kind].append(child)
            for inner in child.children(recursive=True):
                found["kernels" if kind == "singleuser" else kind].append(inner)
    return found


def megabytes(pid: int) -> float:
    """Proportional set size of a process: shared pages are shared out."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return 0.0


def processor_seconds(hub: Hub) -> dict[str, float]:
    used: dict[str, float] = defaultdict(float)
    for kind, members in processes(hub).items():
        for member in members:
            with suppress(psutil.Error):
                times = member.cpu_times()
                used[kind] += times.user + times.system
    return used


async def a_class(hub: Hub, learners: int, figures: Figures) -> None:
    names = [f"learner{number:02}" for number in range(1, learners + 1)]
    limit = aiohttp.ClientTimeout(total=300)
    async with aiohttp.ClientSession(timeout=limit, connector=aiohttp.TCPConnector(limit=0)) as web:
        await answers(hub, web)
        async with web.post(f"{hub.url}/hub/api/users", headers=hub.head, json={"usernames": names}) as answer:
            assert answer.status == 201, await answer.text()
        everybody = [Learner(name, hub, web, figures, seed) for seed, name in enumerate(names)]
        began = time.perf_counter()
        await asyncio.gather(*(learner.log_in() for learner in everybody))
        figures.took["all are ready"].append(time.perf_counter() - began)
        before, began = processor_seconds(hub), time.perf_counter()
        figures.start_processor = before["singleuser"] + before["kernels"]
        await asyncio.gather(*(learner.work() for learner in everybody))
        figures.class_seconds = time.perf_counter() - began
        after = processor_seconds(hub)
        figures.processor = {kind: after[kind] - before.get(kind, 0.0) for kind in after}
        for kind, members in processes(hub).items():
            figures.megabytes[kind] = sum(megabytes(member.pid) for member in members)
        for learner in everybody:
            if learner.socket is not None:
                await learner.socket.close()


def stop(hub: Hub) -> None:
    """End the hub, which ends its servers; then whatever of them is left, by its id."""
    members = [member for group in processes(hub).values() for member in group] if hub.process.poll() is None else []
    hub.process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        hub.process.wait(60)
    for member in members:
        with suppress(psutil.Error):
            if member.is_running():
                member.kill()


def report(learners: int, figures: Figures) -> None:
    exercises = [t for kind, times in figures.took.items() if kind.startswith("exercise") for t in times]
    show(f"exercise, p95 of {len(exercises)} by {learners} learners", percentile(exercises, 0.95), "s", 2)
    print(f"    median {statistics.median(exercises):.2f} s, slowest {max(exercises):.2f} s")
    for kind, times in sorted(figures.took.items()):
        print(
            f"    {kind:<28} p50 {statistics.median(times):7.2f} s   p95 {percentile(times, 0.95):7.2f} s   n {len(times)}"
        )
    for kind, used in sorted(figures.megabytes.items()):
        print(f"    memory of {kind:<24} {used:8.0f} MB")
    each = (figures.megabytes["singleuser"] + figures.megabytes["kernels"]) / learners
    show("memory of one learner: server and kernel with a lab", each, "MB", 300)
    print(f"    refused starts (too many at a time): {figures.refused}")
    print(f"    processor for a start: {figures.start_processor / learners:.1f} s a learner (server, kernel, lab)")
    total = sum(figures.processor.values())
    print(f"    processor: {total:.1f} s in {figures.class_seconds:.1f} s = {total / figures.class_seconds:.2f} cores")
    for kind, used in sorted(figures.processor.items()):
        print(
            f"    processor of {kind:<21} {used:8.1f} s = {used / figures.class_seconds * 1000 / learners:6.1f} mCPU a learner"
        )


def main() -> int:
    learners = int(sys.argv[1]) if len(sys.argv) > 1 else LEARNERS
    if shutil.which("configurable-http-proxy") is None:
        print("class_of_30: configurable-http-proxy is not on the PATH; npm install -g configurable-http-proxy")
        return 3
    figures = Figures()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what it started ends as well
    with tempfile.TemporaryDirectory(prefix="class-") as folder:
        hub = start_hub(Path(folder))
        try:
            asyncio.run(asyncio.wait_for(a_class(hub, learners, figures), LONGEST))
        except BaseException:
            print((Path(folder) / "hub.log").read_text(errors="replace")[-3000:], file=sys.stderr)
            raise
        finally:
            stop(hub)
    report(learners, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
