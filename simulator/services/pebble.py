"""Pebble, Let's Encrypt's test CA, as a child process: found, started on free ports, stopped without orphans.

Found in this order: what the caller says → EXPRESSWAY_LAB_PEBBLE → PATH → our cache → Debian's package, downloaded and
unpacked without root → a Go toolchain → an error that says what to install.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp
import anyio.to_thread
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import fast_key, subject_name
from pkikit.files import key_pem, write_private, write_public
from pkikit.issue.authority import create_root
from simulator.clock import Clock
from simulator.errors import LabError

ENVIRONMENT = "EXPRESSWAY_LAB_PEBBLE"
_MODULE = "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.4.0"
_HELP = (
    f"install it (apt-get install pebble), or set {ENVIRONMENT} to the program; `pkikit` and `check` work without it"
)
_START_TIMEOUT = 10.0
_DOWNLOAD_TIMEOUT = 120.0


def cache_directory() -> Path:
    """Where a downloaded Pebble is kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "expressway-certificate-lab"


def locate_pebble(wanted: Path | None = None, *, cache: Path | None = None) -> Path:
    """The Pebble program, or a LabError that says what to install. Downloads at most once."""
    named = wanted or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if named is not None:
        if os.access(named, os.X_OK) and named.is_file():
            return named
        raise LabError(f"Pebble is not at {named}; {_HELP}")
    on_path = shutil.which("pebble")
    if on_path:
        return Path(on_path)
    cache = cache or cache_directory()
    cached = cache / "pebble" / "usr" / "bin" / "pebble"
    if cached.is_file():
        return cached
    attempts: tuple[Callable[[Path], Path | None], ...] = (_from_debian, _from_go)
    for attempt in attempts:
        found = attempt(cache)
        if found is not None:
            return found
    raise LabError(f"Pebble, the ACME CA of the lab, is not on this machine; {_HELP}")


def _run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> bool:
    try:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, timeout=_DOWNLOAD_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _from_debian(cache: Path) -> Path | None:
    """`apt-get download` and `dpkg-deb -x`: neither needs root. With no package lists, they are fetched into our cache."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        work = Path(scratch)
        own_lists = ["-o", f"Dir::State::lists={work / 'lists'}", "-o", f"Dir::Cache={work / 'apt'}"]
        if not _run("apt-get", "download", "pebble", cwd=work):
            (work / "lists" / "partial").mkdir(parents=True)
            (work / "apt" / "archives" / "partial").mkdir(parents=True)
            if not (
                _run("apt-get", *own_lists, "update", cwd=work)
                and _run("apt-get", *own_lists, "download", "pebble", cwd=work)
            ):
                return None
        package = next(work.glob("pebble_*.deb"), None)
        if package is None or not _run("dpkg-deb", "-x", str(package), str(work / "pebble"), cwd=work):
            return None
        target = cache / "pebble"
        shutil.rmtree(target, ignore_errors=True)
        (work / "pebble").rename(target)
    found = target / "usr" / "bin" / "pebble"
    return found if found.is_file() else None


def _from_go(cache: Path) -> Path | None:
    if not shutil.which("go"):
        return None
    target = cache / "pebble" / "usr" / "bin"
    target.mkdir(parents=True, exist_ok=True)
    _run("go", "install", _MODULE, cwd=target, env={**os.environ, "GOBIN": str(target)})
    found = target / "pebble"
    return found if found.is_file() else None


@dataclass(frozen=True, kw_only=True)
class PebbleRoots:
    """What Pebble's management interface tells: the root and intermediate that it made for this run."""

    root: x509.Certificate
    intermediate: x509.Certificate


class Pebble:
    """`async with Pebble(…) as pebble:` — `directory` is the ACME directory, `ca_file` what its HTTPS is verified by."""

    def __init__(self, program: Path, *, address: str, http_port: int, dns_server: str) -> None:
        self._program, self.address = program, address
        self._http_port, self._dns_server = http_port, dns_server
        self._process: asyncio.subprocess.Process | None = None
        self.directory = ""

    async def __aenter__(self) -> Self:
        self._workspace = await anyio.to_thread.run_sync(
            lambda: tempfile.TemporaryDirectory(prefix="expressway-lab-pebble-")
        )
        self.folder = Path(self._workspace.name)
        try:
            await self._start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _start(self) -> None:
        port, self._management_port = _free_ports(self.address, 2)
        command = await anyio.to_thread.run_sync(self._prepare, port)
        # PEBBLE_VA_NOSLEEP: validate at once; WFE_NONCEREJECT 0: no artificial bad nonces; AUTHZREUSE 0: validate every time.
        env = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command, env=env, cwd=self.folder, stdin=asyncio.subprocess.DEVNULL, stdout=self._log, stderr=self._log
            )
        except OSError as error:
            raise LabError(f"Pebble at {self._program} does not start: {error.strerror}; {_HELP}") from error
        await self._wait_until_it_answers(f"https://{self.address}:{port}/dir")

    def _prepare(self, port: int) -> list[str]:
        """Everything that touches the disk, in a worker thread; returns the command that starts Pebble."""
        self.ca_file = self.folder / "listener-ca.pem"
        self._write_files(port)
        self._log = (self.folder / "pebble.log").open("wb")
        self._tls = ssl.create_default_context(cafile=str(self.ca_file))
        program = [str(self._program), "-config", str(self.folder / "config.json"), "-dnsserver", self._dns_server]
        return [*_dies_with_us(), *program]

    def _write_files(self, port: int) -> None:
        at = Clock().now()
        authority = create_root("Pebble listener CA", at=at)
        key = fast_key()
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(self.address))])
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(subject_name("Pebble listener"))
            .add_extension(address, critical=False)
            .sign(key, hashes.SHA256())
        )
        certificate = authority.issue(request, at=at)
        write_public(self.ca_file, authority.root.public_bytes(Encoding.PEM))
        write_public(self.folder / "listener.pem", certificate.public_bytes(Encoding.PEM))
        write_private(self.folder / "listener.key", key_pem(key))
        config = {
            "pebble": {
                "listenAddress": f"{self.address}:{port}",
                "managementListenAddress": f"{self.address}:{self._management_port}",
                "certificate": str(self.folder / "listener.pem"),
                "privateKey": str(self.folder / "listener.key"),
                "httpPort": self._http_port,
                "tlsPort": 5001,
                "ocspResponderURL": "",
                "externalAccountBindingRequired": False,
            }
        }
        write_public(self.folder / "config.json", json.dumps(config).encode())

    async def _wait_until_it_answers(self, directory: str) -> None:
        try:
            async with asyncio.timeout(_START_TIMEOUT), aiohttp.ClientSession() as session:
                while True:
                    if self._process is not None and self._process.returncode is not None:
                        raise LabError(f"Pebble stopped at once: {await self.last_lines()}")
                    with contextlib.suppress(aiohttp.ClientConnectionError):
                        async with session.get(directory, ssl=self._tls) as answer:
                            if answer.status == 200:
                                self.directory = directory
                                return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise LabError(f"Pebble did not answer within {_START_TIMEOUT:.0f} s: {await self.last_lines()}") from None

    async def roots(self) -> PebbleRoots:
        """Ask the management interface for the CA of this run."""
        async with aiohttp.ClientSession() as session:
            found = []
            for kind in ("roots", "intermediates"):
                url = f"https://{self.address}:{self._management_port}/{kind}/0"
                async with session.get(url, ssl=self._tls, timeout=aiohttp.ClientTimeout(total=5)) as answer:
                    found.append(x509.load_pem_x509_certificate(await answer.read()))
        return PebbleRoots(root=found[0], intermediate=found[1])

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def last_lines(self) -> str:
        """The end of Pebble's own log, for an error message."""
        text = await anyio.to_thread.run_sync(lambda: (self.folder / "pebble.log").read_text(errors="replace"))
        return " / ".join(text.strip().splitlines()[-3:])

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(3):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if hasattr(self, "_log"):
            self._log.close()
        await anyio.to_thread.run_sync(self._workspace.cleanup)


def _dies_with_us() -> list[str]:
    """On Linux the kernel kills Pebble when our thread ends, also by kill -9; elsewhere only a clean stop does."""
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


def _free_ports(address: str, count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((address, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
