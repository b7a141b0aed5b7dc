"""Pebble beside other users of the machine: no key by any port, and no folder with keys after the end, however it came."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from simulator.services.public_roots import PublicRoots
from simulator.services.workspace import Workspace, remove_leftovers
from simulator.threaded import ThreadedLab
from tests.support.cli import command_line
from tests.support.labs import FAST
from tests.support.wait import LONG, eventually
from tests.support.worlds import DEPLOYMENTS, E1, deployment

DEPLOYMENT = DEPLOYMENTS / "single-pair.yaml"


@pytest.fixture(scope="module")
def lab() -> Iterator[ThreadedLab]:
    with ThreadedLab(deployment(), settings=FAST) as running:
        running.run(running.start_acme().prepare, E1)
        yield running


def listening(pid: int) -> set[tuple[str, int]]:
    """The addresses and ports at which a process listens."""
    own = {str(f.readlink()) for f in Path(f"/proc/{pid}/fd").iterdir() if f.is_symlink()}
    found = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
            address, port = fields[1].split(":")
            found.add((".".join(str(b) for b in reversed(bytes.fromhex(address))), int(port, 16)))
    return found


def test_no_port_of_pebble_hands_out_a_key(lab: ThreadedLab) -> None:
    """Pebble listens for ACME alone, and neither it nor what stands before it hands a key out."""
    acme = lab.acme
    assert acme is not None
    assert acme.pebble.pid is not None
    doors = listening(acme.pebble.pid)
    assert len(doors) == 1
    context = ssl.create_default_context(cafile=str(acme.ca.ca_file))
    bases = {f"https://{host}:{port}" for host, port in doors} | {acme.ca.directory.removesuffix("/dir")}
    assert len(bases) == 2
    for base in bases:
        for path in ("root-keys/0", "intermediate-keys/0", "roots/0", "intermediates/0"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{base}/{path}", context=context, timeout=LONG)
            assert refused.value.code in {404, 405}
            assert b"PRIVATE KEY" not in refused.value.read()


def test_pebble_chain_ends_at_the_lab_root(lab: ThreadedLab) -> None:
    """What a peer gets leads to the root that the lab gives out; an alternate chain to another one."""
    acme = lab.acme
    assert acme is not None
    chain = lab.run(acme.sign, E1).chain
    root = lab.run(acme.ca.root)
    chain[0].verify_directly_issued_by(chain[1])
    chain[-1].verify_directly_issued_by(root)
    other = lab.run(acme.ca.root, 1)
    assert other.subject != root.subject
    with pytest.raises(ValueError, match="does not match"):
        chain[-1].verify_directly_issued_by(other)


def test_cross_certificate_differs_only_in_its_issuer(lab: ThreadedLab) -> None:
    """Subject, key and extensions of Pebble's intermediate; given again, the same bytes."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from pkikit.issue.authority import create_root
    from tests.support.worlds import AT

    root = create_root("A Root", at=AT)
    issuing = root.intermediate("An Issuing CA", at=AT)
    leaf = lab.world.parties[E1].credential
    assert leaf is not None
    pem = b"".join(c.public_bytes(Encoding.PEM) for c in (leaf.leaf, issuing.certificate))
    roots = PublicRoots()
    first, again, alternate = (
        roots.cross_signed(pem, path) for path in ("/certZ/1", "/certZ/2", "/certZ/1/alternate/1")
    )
    assert first == again != alternate
    crossed = x509.load_pem_x509_certificates(first)[1]
    assert crossed.subject == issuing.certificate.subject
    assert crossed.public_key() == issuing.certificate.public_key()
    assert [e.oid for e in crossed.extensions if e.critical] == [
        e.oid for e in issuing.certificate.extensions if e.critical
    ]
    crossed.verify_directly_issued_by(roots.certificate())
    assert roots.cross_signed(pem.split(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n", "/certZ/1")


# Folders.

_HOLDER = """
import sys
from simulator.services.workspace import Workspace
held = Workspace("lab-test-")
(held.folder / "listener.key").write_text("a key")
print(held.folder, flush=True)
sys.stdin.read()
"""


def test_pebble_folder_of_a_killed_process_is_removed_at_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder stays while it lives, also when another process starts; after kill -9 the next start removes it."""
    import tempfile

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        assert folder.parent == tmp_path
        mine = Workspace("lab-test-")
        assert (folder / "listener.key").exists()
        holder.kill()
        holder.wait(timeout=LONG)
        remove_leftovers("lab-test-")
        assert not folder.exists()
        assert mine.folder.exists()
    mine.remove()
    mine.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_pebble_folder_is_removed_when_the_start_is_interrupted(number: signal.Signals, tmp_path: Path) -> None:
    """A signal as soon as Pebble's folder is there, in the middle of the start: one line, no traceback, no folder."""
    with subprocess.Popen(
        command_line("simulator", "up", str(DEPLOYMENT)),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)},
        preexec_fn=lambda: [signal.signal(n, signal.SIG_DFL) for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)],
    ) as lab:  # fmt: skip
        eventually(lambda: lab.poll() is not None or list(tmp_path.glob("expressway-lab-pebble-*")), "Pebble starts")
        lab.send_signal(number)
        _, errors = lab.communicate(timeout=LONG)
    assert "Traceback" not in errors
    assert lab.returncode in {0, 130}
    assert not list(tmp_path.glob("expressway-lab-pebble-*"))
