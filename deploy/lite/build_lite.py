"""`make lite`: the browser page as a folder of static files, in artifacts/lite.

The runtime comes from npm, the packages from PyPI; both are pinned with their hashes. `--pyodide FOLDER` takes `cryptography`
from a full Pyodide distribution, so that the page needs nothing else; without it the page can fetch it from Pyodide's release.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "deploy" / "lite"
CACHE = ROOT / ".cache" / "lite"
OUT = ROOT / "artifacts" / "lite"
PYODIDE: dict[str, str] = json.loads((SOURCE / "pyodide.json").read_text(encoding="utf-8"))
RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
# What `cryptography` needs, in the order in which the page loads it; the lock file of the release has versions and hashes.
COMPILED = ("six", "pycparser", "cffi", "cryptography")
# Rooms of pkikit that the questions of the page never reach.
LEFT_OUT = frozenset({
    "anonymise", "api", "captures", "ci_results", "explore", "fleet", "handshake", "intake", "issue", "net", "planning",
    "runbook",
})  # fmt: skip
_THEN = (1980, 1, 1, 0, 0, 0)  # every file of an archive has the same time, so that two builds have the same bytes


class BuildError(Exception):
    """The page cannot be built; the message is one sentence."""


def main() -> None:
    """Build the page and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pyodide", type=Path, metavar="FOLDER", help="A full Pyodide distribution, unpacked.")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="Where the page goes.")
    given = parser.parse_args()
    try:
        manifest = build(given.out, distribution=given.pyodide)
    except BuildError as error:
        sys.exit(f"make lite: {error}")
    start = sum(entry["bytes"] for entry in manifest["start"])
    print(f"The page is in {given.out}: {len(manifest['start'])} files, {start / 1e6:.1f} MB until the first answer.")
    where = "with it" if manifest["certificates"]["here"] else f"the page can fetch it from {PYODIDE['release']}"
    print(f"cryptography (decode and lint): {where}.")
    print(f"Try it: {Path(sys.executable).name} -m http.server --directory {given.out} 8000")


def build(out: Path, *, distribution: Path | None = None, cache: Path = CACHE) -> dict[str, Any]:
    """Build the page.

    Args:
        out: the folder for the page; what is in it is replaced.
        distribution: a full Pyodide distribution of the pinned version; None if the page has to fetch `cryptography`.
        cache: keeps what npm and PyPI gave.

    Returns:
        What is in `files.json`.

    Raises:
        BuildError: a file cannot be had, or it is not the pinned one.
    """
    shutil.rmtree(out, ignore_errors=True)
    (out / "pyodide").mkdir(parents=True)
    (out / "packages").mkdir()
    cache.mkdir(parents=True, exist_ok=True)
    _unpack_runtime(out / "pyodide", cache)
    start, later = (list(_packages(name, cache, out / "packages")) for name in ("start", "certificates"))
    start.append(_pkikit(out / "packages" / "pkikit.zip"))
    manifest = {
        "pyodide": PYODIDE["version"],
        "start": [_entry(out, path) for path in (*(out / "pyodide" / name for name in RUNTIME), *start)],
        "certificates": {**_compiled(out, distribution), "packages": [_entry(out, path) for path in later]},
    }
    (out / "files.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    _examples(out / "examples.json")
    _page(out, here=distribution is not None)
    _licences(out, [*start[:-1], *later])
    return manifest


def _unpack_runtime(folder: Path, cache: Path) -> None:
    """Take the runtime from npm's package, after a look at its hash."""
    packed = cache / f"pyodide-{PYODIDE['version']}.tgz"
    if not packed.is_file() or _sri("sha512", packed.read_bytes()) != PYODIDE["integrity"]:
        if shutil.which("npm") is None:
            raise BuildError("npm is missing; it fetches Pyodide (sudo apt-get install npm)")
        _run("npm", "pack", f"pyodide@{PYODIDE['version']}", "--silent", "--pack-destination", str(cache))
    if _sri("sha512", packed.read_bytes()) != PYODIDE["integrity"]:
        raise BuildError(f"{packed} is not the pinned Pyodide {PYODIDE['version']}: its hash differs")
    with tarfile.open(packed) as archive:
        for name in RUNTIME:
            member = archive.extractfile(f"package/{name}")
            if member is None:
                raise BuildError(f"{packed} has no {name}")
            (folder / name).write_bytes(member.read())


def _packages(name: str, cache: Path, folder: Path) -> Iterator[Path]:
    """Fetch the wheels of one list with pip, which checks their hashes, and copy them."""
    pins = SOURCE / "packages" / f"{name}.txt"
    wheels = cache / hashlib.sha256(pins.read_bytes()).hexdigest()[:16]
    wanted = [line for line in pins.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    hashes = {line.rpartition(":")[2] for line in wanted}
    if {hashlib.sha256(path.read_bytes()).hexdigest() for path in wheels.glob("*.whl")} != hashes:
        shutil.rmtree(wheels, ignore_errors=True)
        _run(
            sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:",
            "--platform", "pyemscripten_2026_0_wasm32", "--platform", "manylinux2014_x86_64", "--python-version", "3.14",
            "--implementation", "cp", "--dest", str(wheels), "--requirement", str(pins),
        )  # fmt: skip
    for wheel in sorted(wheels.glob("*.whl")):
        yield _without_linux(wheel, folder)


def _without_linux(wheel: Path, folder: Path) -> Path:
    """Copy a wheel; from one that is compiled for Linux only the Python files."""
    if "manylinux" not in wheel.name:
        return Path(shutil.copy2(wheel, folder / wheel.name))
    target = folder / ("-".join(wheel.name.split("-")[:2]) + "-pure.zip")
    with zipfile.ZipFile(wheel) as archive:
        _write_zip(
            target,
            ((n, archive.read(n)) for n in archive.namelist() if not n.endswith((".so", "/", "RECORD", "WHEEL"))),
        )
    return target


def _pkikit(target: Path) -> Path:
    """Pack pkikit and the page's questions."""
    package = ROOT / "pkikit"
    paths = [
        path
        for path in sorted(package.rglob("*"))
        if path.is_file() and path.suffix not in {".pyc", ".bin"} and path.relative_to(package).parts[0] not in LEFT_OUT
    ]
    files = [(str(path.relative_to(ROOT)), path.read_bytes()) for path in paths]
    files += [(path.name, path.read_bytes()) for path in sorted((SOURCE / "python").glob("*.py"))]
    _write_zip(target, files)
    return target


def _write_zip(target: Path, files: Iterable[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, _THEN), data, zipfile.ZIP_DEFLATED, 9)


def _compiled(out: Path, distribution: Path | None) -> dict[str, Any]:
    """Return where `cryptography` and what it needs come from; files of a distribution are copied after a look at their hash."""
    locked = json.loads((out / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    files = [(locked[name]["file_name"], locked[name]["sha256"]) for name in COMPILED]
    for name, digest in files if distribution is not None else ():
        found = distribution / name if distribution is not None else Path()
        if not found.is_file():
            raise BuildError(
                f"{distribution} has no {name}; it must be the full distribution of Pyodide {PYODIDE['version']}"
            )
        if hashlib.sha256(found.read_bytes()).hexdigest() != digest:
            raise BuildError(f"{found} is not the file of Pyodide {PYODIDE['version']}: its hash differs")
        shutil.copy2(found, out / "pyodide" / name)
    return {
        "here": distribution is not None,
        "origin": "pyodide/" if distribution is not None else PYODIDE["release"],
        "compiled": [
            {"path": name, "integrity": "sha256-" + base64.b64encode(bytes.fromhex(digest)).decode()}
            for name, digest in files
        ],
    }


def _examples(target: Path) -> None:
    """Write the deployments that the page offers as examples."""
    folder = ROOT / "notebooks" / "deployments"
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
    target.write_text(json.dumps(texts, indent=1), encoding="utf-8")


def _page(out: Path, *, here: bool) -> None:
    """Write the page itself: its policy allows this folder, and Pyodide's release only if `cryptography` is not here."""
    names = ("page.css", "page.js", "worker.js")
    for name in names:
        shutil.copy2(SOURCE / "page" / name, out / name)
    values = {
        f"@{name}@": _sri("sha256", (out / name).read_bytes()) for name in (*names, "files.json", "examples.json")
    }
    values["@release@"] = "" if here else f" {PYODIDE['release']}"
    text = (SOURCE / "page" / "index.html").read_text(encoding="utf-8")
    for mark, value in values.items():
        text = text.replace(mark, value)
    (out / "index.html").write_text(text, encoding="utf-8")


def _licences(out: Path, archives: Iterable[Path]) -> None:
    """Name every part of the page with its licence."""
    lines = [f"Pyodide {PYODIDE['version']}: MPL-2.0, https://github.com/pyodide/pyodide (with CPython: PSF-2.0)"]
    for path in archives:
        with zipfile.ZipFile(path) as archive:
            (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            facts = HeaderParser().parsestr(archive.read(name).decode())
            texts = [
                archive.read(n).decode() for n in archive.namelist() if "LICEN" in n.upper() and ".dist-info/" in n
            ]
        licence = facts["License-Expression"] or facts["License"] or "see below"
        lines += [f"{facts['Name']} {facts['Version']}: {licence}", *texts]
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    (out / "licences.txt").write_text("\n\n".join([*lines, "expressway-certificate-lab: MIT", text]), encoding="utf-8")


def _entry(out: Path, path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"path": path.relative_to(out).as_posix(), "bytes": len(data), "integrity": _sri("sha256", data)}


def _sri(algorithm: str, data: bytes) -> str:
    """Return a hash as browsers and npm write it."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise BuildError(f"{Path(command[0]).name} failed: {last}")


if __name__ == "__main__":
    main()
