"""What is fuzzed: the commands as a person runs them, in this process, and the REST paths of a running peer."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.commands.cli import app
from pkikit.errors import InputError, PkikitError
from pkikit.intake.reading import read_material
from simulator.peer.api.answers import LAB
from simulator.peer.api.call_table import PROVISIONING
from tests.fuzz import seeds
from tests.support.labs import lab_of
from tests.support.worlds import DEPLOYMENTS, E1, issued

Run = Callable[[bytes], None]


class BrokenPromiseError(AssertionError):
    """An answer that no command and no page may give."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What to start from, and how to run one input. `prepared` gives the function that runs an input."""

    seeds: Callable[[], tuple[bytes, ...]]
    prepared: Callable[[Path], contextlib.AbstractContextManager[Run]]


def _command(
    *arguments: str, suffix: str = ".bin", also: str = ""
) -> Callable[[Path], contextlib.AbstractContextManager[Run]]:
    """Runs `pkikit ARGUMENTS` with `{}` replaced by a file that holds the input, for people and as JSON in turn."""

    @contextlib.contextmanager
    def prepared(folder: Path) -> Iterator[Run]:
        root, out = folder / "root.pem", folder / "out"
        root.write_bytes(issued().root.certificate.public_bytes(Encoding.PEM))
        path = folder / f"input{suffix}"
        places = {"{}": str(path), "{root}": str(root), "{out}": str(out)}
        count = 0

        def run(data: bytes) -> None:
            nonlocal count
            count += 1
            path.write_bytes(data)
            out.unlink(missing_ok=True)
            command = [places.get(a, a) for a in arguments]
            _run(command + (["--json"] if count % 2 and also != "plain" else []))

        yield run

    return prepared


def _run(command: list[str]) -> None:
    out, said = io.StringIO(), io.StringIO()
    sentence = ""
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        try:
            code = app(args=command, prog_name="pkikit", standalone_mode=False)
        except PkikitError as error:
            code, sentence = 2, str(error)
    code = code if isinstance(code, int) else 0
    if code not in {0, 1, 2}:
        raise BrokenPromiseError(f"exit code {code}")
    if not sentence.isprintable():
        raise BrokenPromiseError(f"the sentence holds what a terminal would obey: {sentence!r}")
    if "\x1b" in out.getvalue() + said.getvalue():
        raise BrokenPromiseError("an escape sequence reaches the terminal")
    if "--json" in command and code != 2:
        json.loads(out.getvalue())
    if "PRIVATE KEY-----\n" in out.getvalue() + said.getvalue() + sentence:
        raise BrokenPromiseError("a private key is shown")


# Methods and paths of a peer that take a body; `restart` would take the peer away from under the next input.
_LAB_PATHS = (
    ("PUT", "/certs/server"), ("PUT", "/certs/client"), ("POST", "/certs/generate_csr"), ("POST", "/certs/root"),
    ("PUT", "/certs/root"), ("PUT", "/certs/crl"), ("PUT", "/certs/crl/automatic"), ("PUT", "/sip/revocation"),
    ("PUT", "/certs/acme"), ("POST", "/certs/acme/domains"), ("POST", "/certs/acme/revoke"),
)  # fmt: skip
_PRODUCT_PATHS = (
    ("POST", "/certs/generate_csr"), ("PUT", "/common/protocol/sip/certrevokecheck"), ("POST", "/certs/root"),
)  # fmt: skip
_PATHS = (*((m, LAB + p) for m, p in _LAB_PATHS), *((m, PROVISIONING[0] + p) for m, p in _PRODUCT_PATHS))
_PAGES = (
    "/overview",
    "/servercertificate",
    "/trustedcacertificate",
    "/crlupdater",
    "/sip",
    "/servercertificate/acme",
    "/alarms",
    "/eventlog",
)


@contextlib.contextmanager
def _peer(_: Path) -> Iterator[Run]:
    """Sends the input as JSON body to one path after another; afterwards a page has to come whole, too."""
    anyone = ssl.create_default_context()
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    with lab_of("single-pair") as lab:
        fqdn = next(peer for peer in lab.deployment.peers if peer in lab.sites and "expe" in peer)
        lab.start_acme()
        address, password = lab.sites[fqdn].address, lab.passwords["admin"]
        basic = "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()
        cookie = _ask(
            anyone,
            address,
            "POST",
            "/login",
            f"user=admin&password={password}".encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )[2]
        count = 0

        def run(data: bytes) -> None:
            nonlocal count
            method, path = _PATHS[count % len(_PATHS)]
            page = _PAGES[count % len(_PAGES)]
            count += 1
            status, text, _ = _ask(
                anyone, address, method, path, data, {"Authorization": basic, "Content-Type": "application/json"}
            )
            if status >= 500:
                raise BrokenPromiseError(f"{method} {path} answers {status}: {text[:200]}")
            status, text, _ = _ask(anyone, address, "GET", page, None, {"Cookie": cookie})
            if status != 200 or "Traceback" in text:
                raise BrokenPromiseError(f"after {method} {path} the page {page} answers {status}: {text[:200]}")

        yield run


def _ask(
    context: ssl.SSLContext,
    address: tuple[str, int],
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
) -> tuple[int, str, str]:
    connection = http.client.HTTPSConnection(*address, context=context, timeout=300)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return (
            answer.status,
            answer.read().decode("utf-8", "replace"),
            (answer.getheader("Set-Cookie") or "").partition(";")[0],
        )
    finally:
        connection.close()


@contextlib.contextmanager
def _reading(folder: Path) -> Iterator[Run]:
    """Reads a file as an import does, by turns under names that say different things, and beside a good one."""
    names = ("a.tar", "xconf_dump_e1_2026-03-01_120000.txt", "ca_e1_2026-03-01_120000.pem", "a.txt")
    (folder / "good").mkdir()
    (folder / "good" / "xconf_e2.txt").write_text('*c xConfiguration IP DNS Hostname: "e2"\n', encoding="utf-8")
    count = 0

    def run(data: bytes) -> None:
        nonlocal count
        path = folder / names[count % len(names)]
        count += 1
        path.write_bytes(data)
        try:
            found = read_material([path, folder / "good"])
        except InputError as error:
            if not str(error).isprintable():
                raise BrokenPromiseError(f"the sentence holds what a terminal would obey: {error!r}") from None
            return
        finally:
            path.unlink()
        if "PRIVATE KEY-----\n" in repr(found):
            raise BrokenPromiseError("a private key is kept")
        if not all(file.refused.isprintable() and file.kind.isprintable() for file in found.files):
            raise BrokenPromiseError("a note holds what a terminal would obey")

    yield run


AT = ("--at", "2026-11-25T12:00:00Z")
SHIPPED = str(DEPLOYMENTS / "clustered-mra.yaml")
TARGETS: Mapping[str, Target] = MappingProxyType({
    "decode": Target(seeds=seeds.objects, prepared=_command("decode", "{}")),
    "lint": Target(seeds=seeds.objects, prepared=_command("lint", "{}", "--deployment", SHIPPED, "--peer", E1, *AT)),
    "lint-request": Target(seeds=seeds.objects, prepared=_command("lint", "{}", "--request", "{}", *AT)),
    "verify": Target(
        seeds=seeds.objects,
        prepared=_command("verify", "{}", "--trust", "{root}", "--trust", "{}", "--chain", "{}", "--name", E1, *AT),
    ),
    "verify-crl": Target(
        seeds=seeds.objects,
        prepared=_command("verify", "{root}", "--trust", "{root}", "--crl", "{}", "--revocation", "crl", *AT),
    ),
    "match": Target(seeds=seeds.objects, prepared=_command("match", E1, "{}")),
    "convert": Target(seeds=seeds.objects, prepared=_command("convert", "{}", "--to", "pem", "--out", "{out}")),
    "diagnose-trace": Target(seeds=seeds.traces, prepared=_command("diagnose", "{}", suffix=".json")),
    "diagnose-log": Target(seeds=seeds.logs, prepared=_command("diagnose", "{}", suffix=".log")),
    "diagnose-capture": Target(seeds=seeds.captures, prepared=_command("diagnose", "{}", suffix=".pcap")),
    "deployment": Target(seeds=seeds.deployments, prepared=_command("san", "{}", suffix=".yaml")),
    "deployment-lint": Target(seeds=seeds.deployments, prepared=_command("lint", "{}", suffix=".yaml")),
    "reading": Target(seeds=seeds.brought, prepared=_reading),
    "rest": Target(seeds=seeds.bodies, prepared=_peer),
})  # fmt: skip
