"""Build and try both images without a container engine: `sudo python deploy/try_images.py [FOLDER]`.

Needs Debian's `buildah` and `debootstrap`, root, and the package registries. The base is a Debian made by debootstrap, with
Debian's Python, because no image registry is needed then; everything else is what the Dockerfiles say.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = "python3,python3-venv,ca-certificates,openssl"
NOTHING_WRITABLE = "! touch /opt/venv/x 2>/dev/null && ! touch /x 2>/dev/null && test $(id -u) != 0"
NO_COMPILERS = "for each in gcc cc make git; do ! command -v $each || exit 1; done"
TRIES = {
    "Dockerfile.cli": ("pkikit --version", NOTHING_WRITABLE, NO_COMPILERS),
    "Dockerfile": (
        "pkikit --version && expressway-sim --version && test -x $EXPRESSWAY_LAB_PEBBLE && test -f Home.ipynb",
        NOTHING_WRITABLE,
        NO_COMPILERS,
        "python -c 'from workbook import open_lab; lab = open_lab(\"single-pair\"); assert lab.check().accepted; lab.close()'",
        (
            "jupyter lab --ip=127.0.0.1 --no-browser >/tmp/log 2>&1 & p=$!; n=0; "
            "until curl -fsS http://127.0.0.1:8888/api; do n=$((n+1)); test $n -lt 120 || exit 1; sleep 1; done; kill $p"
        ),
    ),
}
"""Dockerfile to the commands that have to succeed in its image, as its user."""


def run(*command: str) -> str:
    """What a program prints; the script ends with its message if it fails."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"try_images.py: failed: {' '.join(command)[:300]}")
    return done.stdout


def main(folder: Path) -> None:
    """Build and try both."""
    for program in ("buildah", "debootstrap"):
        if shutil.which(program) is None:
            sys.exit(f"try_images.py: {program} is missing: sudo apt-get install buildah debootstrap")
    os.environ |= {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(folder)}
    buildah = ("buildah", "--root", str(folder / "store"), "--runroot", str(folder / "run"))
    system = folder / "debian"
    run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(system))
    # The machine's own certificate authorities, where a registry is behind a proxy that has one.
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", system / "etc" / "ssl" / "certs")
    base = run(*buildah, "from", "scratch").strip()
    run(*buildah, "add", "-q", base, str(system), "/")
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    trust = "PIP_CERT=/etc/ssl/certs/ca-certificates.crt"
    run(*buildah, "config", "--env", f"PATH={path}", "--env", trust, base)
    run(*buildah, "commit", "-q", "--rm", base, "localhost/base:bookworm")
    for name, tries in TRIES.items():
        image = f"localhost/{name.lower()}"
        built = ("--pull-never", "--build-arg", "BASE=localhost/base:bookworm", "--ignorefile", ".dockerignore")
        run(*buildah, "build", *built, "-f", f"deploy/{name}", "-t", image, ".")
        container = run(*buildah, "from", "--pull-never", image).strip()
        for tried in tries:
            run(*buildah, "run", container, "--", "sh", "-c", tried)
        listed = json.loads(run(*buildah, "run", container, "--", "cat", "/opt/sbom.cdx.json"))
        print(f"{name}: built and tried; its bill of materials lists {len(listed['components'])} packages")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
