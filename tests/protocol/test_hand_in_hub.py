"""Signed progress on a real JupyterHub, with deploy/jupyterhub_config.py: learners' servers hand in, others cannot."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from workbook.handin.__main__ import main
from workbook.handin.send import _UnixConnection

from tests.support.places import ROOT
from tests.support.wait import LONG, eventually

# The hub's own proxy is a Node.js program; what is tested here needs no routes.
CONFIG = """
import os
from jupyterhub.proxy import Proxy

exec(compile(open(os.environ["RECIPE"]).read(), os.environ["RECIPE"], "exec"), {**globals(), "__file__": os.environ["RECIPE"]})

class NoProxy(Proxy):
    should_start = False
    async def add_route(self, routespec, target, data): pass
    async def delete_route(self, routespec): pass
    async def get_all_routes(self): return {}

c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['FRONT']}"
c.JupyterHub.hub_port = int(os.environ["PORT"])
c.JupyterHub.services = [s for s in c.JupyterHub.services if s["name"] == "progress"]
c.JupyterHub.services.append({"name": "test", "api_token": os.environ["ADMIN"]})
c.JupyterHub.load_roles = [r for r in c.JupyterHub.load_roles if r["name"] != "cull-idle"]
c.JupyterHub.load_roles.append({"name": "test", "scopes": ["admin:users", "admin:servers", "tokens"], "services": ["test"]})
c.Spawner.cmd = [os.environ["PYTHON"], os.environ["SERVER"]]
c.Spawner.args = []
c.Spawner.pre_spawn_hook = None
"""
# A learner's server: one exercise answered, handed in with the token that the hub gave, and what was said kept in a file.
SERVER = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit
from workbook.course.progress import remember
from workbook.handin.send import hand_in

os.environ["XDG_STATE_HOME"] = os.getcwd()
remember("00-C", right=True, answer=["after"])
remember("00-B", right=True, answer=["lied.example.com"])
Path("said.txt").write_text(hand_in() + "\\n" + os.environ["JUPYTERHUB_API_TOKEN"])

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()

at = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
HTTPServer((at.hostname, at.port), Handler).serve_forever()
"""


@dataclass
class Hub:
    """A running hub with a progress service."""

    port: int
    admin: str
    homes: Path
    log: Path

    def api(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Ask the hub's API, as its administrator."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG)
        connection.request(method, f"/hub/api{path}", json.dumps(body), {"Authorization": f"token {self.admin}"})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, json.loads(data) if data else None

    def token(self, user: str, *scopes: str) -> str:
        """A token of a user with these scopes only."""
        status, made = self.api("POST", f"/users/{user}/tokens", {"scopes": scopes})
        assert status == 201, made
        return str(made["token"])

    def send(self, token: str, body: object = None, *, data: bytes = b"") -> tuple[int, dict[str, Any]]:
        """Hand in with a token; without a body, ask how many records there are."""
        connection = _UnixConnection(str(self.homes / "progress-service" / "progress.sock"))
        content = data or (json.dumps(body).encode() if body is not None else b"")
        connection.request("POST" if content else "GET", "/hand-in", content, {"Authorization": f"token {token}"})
        answer = connection.getresponse()
        told = answer.status, json.loads(answer.read())
        connection.close()
        return told


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The hub of deploy/jupyterhub_config.py, without root, on ports of its own."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "config.py").write_text(CONFIG)
    (folder / "server.py").write_text(SERVER)
    (folder / "homes" / "anna").mkdir(parents=True)
    started = Hub(free_port(), secrets.token_hex(16), folder / "homes", folder / "hub.log")
    environment = os.environ | {
        "EXPRESSWAY_LAB_SPAWNER": "local", "EXPRESSWAY_LAB_HOMES": str(started.homes), "PORT": str(started.port),
        "FRONT": str(free_port()), "ADMIN": started.admin, "PYTHON": sys.executable, "SERVER": str(folder / "server.py"),
        "RECIPE": str(ROOT / "deploy" / "jupyterhub_config.py"), "PYTHONPATH": f"{ROOT}:{ROOT / 'notebooks'}",
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyterhub", "-f", str(folder / "config.py")]
    with started.log.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        ready = started.homes / "progress-service" / "progress.sock"
        eventually(
            lambda: process.poll() is not None or (ready.exists() and _answers(started)), "the hub does not start"
        )
        assert process.poll() is None, started.log.read_text()
        yield started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(LONG)


def _answers(hub: Hub) -> bool:
    try:
        return hub.api("GET", "/")[0] == 200
    except OSError:
        return False


def test_server_of_a_learner_hands_in_with_its_own_token(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """The token that the hub gives to a learner's server suffices; a claim that the service refutes does not count."""
    assert hub.api("POST", "/users/anna")[0] == 201
    assert hub.api("POST", "/users/anna/server", {})[0] in (201, 202), hub.log.read_text()
    said = hub.homes / "anna" / "said.txt"
    sentence, token = said.read_text().splitlines()
    assert sentence.startswith("Handed in as anna: 2 of 2 exercises right (record 1, ")
    assert sentence.endswith("The class server does not agree with 1 answer; ask your trainer.")
    assert hub.send(token) == (200, {"learner": "anna", "sequence": 1})
    assert main(["verify", "--folder", str(hub.homes / "progress-service"), "--json"]) == 0
    (facts,) = json.loads(capsys.readouterr().out)["learners"]
    assert (facts["learner"], facts["right"], facts["disputed"], facts["judged"]) == ("anna", ["00-C"], ["00-B"], 1)
    receipt = hub.homes / "anna" / "expressway-certificate-lab" / "receipt.json"
    assert main(["verify", "--folder", str(hub.homes / "progress-service"), "--receipt", str(receipt)]) == 0
    assert hub.api("DELETE", "/users/anna/server")[0] in (202, 204)


def test_replayed_reordered_and_foreign_progress_is_refused(hub: Hub) -> None:
    """A captured request is worth nothing; who it is from, the hub says and not the body."""
    assert hub.api("POST", "/users/ben")[0] == 201
    ben = hub.token("ben", "access:services!service=progress")
    body = {"sequence": 1, "course": "1", "results": [{"what": "00-A", "tries": 1, "right": False}]}
    status, told = hub.send(ben, body)
    assert (status, told["receipt"]["learner"], told["receipt"]["sequence"]) == (200, "ben", 1)
    assert hub.send(ben, body)[0] == 409
    assert hub.send(ben, {**body, "sequence": 3})[0] == 409
    assert hub.send(ben, {**body, "sequence": 2})[1]["receipt"] == told["receipt"]  # nothing new: no new record
    assert hub.send(ben, {**body, "sequence": 2, "learner": "anna"})[0] == 400
    assert hub.send(ben) == (200, {"learner": "ben", "sequence": 1})


def test_token_without_the_scope_and_no_token_are_refused(hub: Hub) -> None:
    assert hub.api("POST", "/users/cleo")[0] == 201
    assert hub.send(hub.token("cleo", "read:users!user=cleo"))[0] == 403
    assert hub.send("stranger")[0] == 401
    assert hub.send("")[0] == 401
    assert hub.send(hub.admin)[0] == 403  # a service is nobody's progress


def test_hostile_bodies_are_one_sentence(hub: Hub) -> None:
    assert hub.api("POST", "/users/dora")[0] == 201
    dora = hub.token("dora", "access:services!service=progress")
    for data, expected in (
        (b"{", 400), (b"\xff\xfe", 400), (b"[" * 100_000, 400), (b'{"sequence": NaN}', 400), (b"x" * 300_000, 413),
        (json.dumps({"sequence": 1, "course": "1", "results": [{"what": "a\x00b", "tries": 1, "right": True}]}).encode(), 400),
    ):  # fmt: skip
        status, told = hub.send(dora, data=data)
        assert (status, list(told)) == (expected, ["error"])
        assert len(told["error"]) < 300
    assert hub.send(dora) == (200, {"learner": "dora", "sequence": 0})
