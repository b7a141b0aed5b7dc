"""A workbench for notebooks: a private folder, files in it, and the openssl command line. The kernel removes it at its end."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import make_key
from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.files import write_private
from pkikit.issue.authority import ROOT_LIFETIME
from pkikit.issue.file_ca import FileCa
from pkikit.issue.openssl_config import request_config
from pkikit.values.names import printable
from simulator.clock import Clock
from simulator.errors import LabError

_TIMEOUT = 60
_MOST = 60


class ProgramOutput(tuple[str, ...]):
    """Lines that a program printed; shown as they are."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(self) or "(nothing)"


class Workbench:
    """Runs commands in a folder that nobody else can read (mode 0700)."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="workbench-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def __repr__(self) -> str:
        return "Workbench: " + (", ".join(self.files()) or "empty")

    def files(self) -> list[str]:
        """Return the names of the files at the top."""
        return sorted(p.name for p in self.folder.iterdir())

    def put(self, name: str, what: bytes | str | x509.Certificate | x509.CertificateSigningRequest) -> None:
        """Write a file: bytes or text as they are, certificates and requests as PEM."""
        path = self._path(name)
        if not isinstance(what, bytes | str):
            what = what.public_bytes(Encoding.PEM)
        write_private(path, what.encode() if isinstance(what, str) else what)

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        path = self._path(name)
        if not path.is_file():
            raise InputError(
                f"{printable(name)} is not on the workbench; there are {', '.join(self.files()) or 'no files'}"
            )
        return path.read_bytes()

    def _path(self, name: str) -> Path:
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise InputError(f"{printable(name)} leads out of the workbench")
        return path

    def config(self, layout: SanLayout) -> str:
        """Write `<peer>.cnf`, the openssl configuration of a request with these names; return its text."""
        text = request_config(layout)
        self.put(f"{layout.owner}.cnf", text)
        return text

    def ca(self, name: str, common_name: str) -> FileCa:
        """Return a file CA in a folder of the workbench, as `pkikit ca init` makes it; `openssl ca` works on the same files."""
        at = Clock().now()
        return FileCa.create(self._path(name), common_name, at=at, key=make_key(), lifetime=ROOT_LIFETIME)

    def openssl(self, arguments: str, *, keep: Iterable[str] = (), folder: str = ".") -> ProgramOutput:
        """Run openssl; return what it printed, or only the lines that contain one of `keep`.

        Use `keep` to leave out what differs from run to run (serial numbers, dates, keys).
        """
        program = shutil.which("openssl")
        if program is None:
            raise LabError("openssl is not installed: sudo apt-get install openssl")
        done = subprocess.run(
            [program, *shlex.split(arguments)], cwd=self._path(folder), capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, timeout=_TIMEOUT,
        )  # fmt: skip
        wanted = tuple(keep)
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        if done.returncode and not wanted:
            raise InputError(f"openssl {arguments.split()[0]} ended with {done.returncode}: {'; '.join(lines[-3:])}")
        kept = [line for line in lines if not wanted or any(part in line for part in wanted)]
        return ProgramOutput(
            line.replace(" = ", "=") for line in kept[:_MOST]
        )  # versions of openssl differ in these spaces


def workbench() -> Workbench:
    """Return a new, empty workbench."""
    return Workbench()
