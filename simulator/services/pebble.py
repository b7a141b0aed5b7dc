"""Pebble, Let's Encrypt's test CA, as a child process: started on free ports, stopped without orphans."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import shutil
import socket
import ssl
from functools import partial
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
from simulator.background import run_in_thread
from simulator.clock import Clock
from simulator.errors import LabError
from simulator.pebble_options import PebbleOptions
from simulator.services.workspace import Workspace

_START_TIMEOUT = 10.0


class Pebble:
    """`async with Pebble(…) as pebble:` — `directory` is the ACME directory, `ca_file` verifies its HTTPS certificate."""

    def __init__(
        self, program: Path, *, address: str, http_port: int, dns_server: str, options: PebbleOptions | None = None
    ) -> None:
        self._program, self.address, self.options = program, address, options or PebbleOptions()
        self._http_port, self._dns_server = http_port, dns_server
        self._process: asyncio.subprocess.Process | None = None
        self._workspace: Workspace | None = None
        self.directory = ""

    async def __aenter__(self) -> Self:
        try:
            await run_in_thread(self._make_folder)
            await self._start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    def _make_folder(self) -> None:
        self._workspace = Workspace("expressway-lab-pebble-")
        self.folder = self._workspace.folder

    async def _start(self) -> None:
        self._port = _free_port(self.address)
        self._command = await run_in_thread(partial(self._prepare, self._port))
        await self._run()

    async def kill(self) -> None:
        """Kill it, as a crash would. It keeps nothing on disk: accounts, orders and its CA are gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def restart(self, options: PebbleOptions | None = None) -> None:
        """Start it again at the same address, with a new CA and, if given, other `options`."""
        await self.kill()
        self.options = options or self.options
        await anyio.to_thread.run_sync(self._configure, self._port)
        await self._run()

    async def _run(self) -> None:
        env = {**os.environ, **self.options.environment()}
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=env,
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
            )
        except OSError as error:
            raise LabError(
                f"Pebble at {self._program} does not start: {error.strerror}; {self.options.version.help}"
            ) from error
        await self._wait_until_it_answers(f"https://{self.address}:{self._port}/dir")

    def _prepare(self, port: int) -> list[str]:
        """Write everything that it needs to disk, in a worker thread; return the command that starts Pebble."""
        self.ca_file = self.folder / "listener-ca.pem"
        self._make_listener()
        self._configure(port)
        self._log = (self.folder / "pebble.log").open("wb")
        self.tls = ssl.create_default_context(cafile=str(self.ca_file))
        self.listener_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # for the part in front of it (LabCa)
        self.listener_tls.load_cert_chain(self.folder / "listener.pem", self.folder / "listener.key")
        program = [str(self._program), "-config", str(self.folder / "config.json"), "-dnsserver", self._dns_server]
        return [*_dies_with_us(), *program]

    def _make_listener(self) -> None:
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

    def _configure(self, port: int) -> None:
        config = {
            "pebble": {
                "listenAddress": f"{self.address}:{port}",
                # Off: it gives the private keys of root and intermediate to everybody on the machine (`public_roots`).
                "managementListenAddress": "",
                "certificate": str(self.folder / "listener.pem"),
                "privateKey": str(self.folder / "listener.key"),
                "httpPort": self._http_port,
                "tlsPort": 5001,
                "ocspResponderURL": "",
                **self.options.configuration(),
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
                        async with session.get(directory, ssl=self.tls) as answer:
                            if answer.status == 200:
                                self.directory = directory
                                return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise LabError(f"Pebble did not answer within {_START_TIMEOUT:.0f} s: {await self.last_lines()}") from None

    @property
    def base(self) -> str:
        """Its URL without a path."""
        return f"https://{self.address}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def last_lines(self) -> str:
        """Return the end of Pebble's log, for an error message."""
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
        if self._workspace is not None:
            await run_in_thread(self._workspace.remove)


def _dies_with_us() -> list[str]:
    """On Linux, make the kernel kill Pebble when our thread ends, even by kill -9; elsewhere only a clean stop ends it."""
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        number: int = probe.getsockname()[1]
        return number
