"""The disk: only regular files are read, file names are escaped, nothing is written by halves."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pkikit.errors import InputError
from pkikit.files import load_deployment, read_bytes, read_file, read_request
from pkikit.files.logs import read_logs
from pkikit.issue.file_ca import FileCa
from tests.support.cli import pkikit_in_process
from tests.support.credential_files import KEY, PEM


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


NOT_FILES = {"a named pipe": _fifo, "a socket": _socket, "a device": _device, "a folder": Path.mkdir}


@pytest.fixture(params=NOT_FILES)
def odd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """Something that has a name and is not a regular file, and what it is called."""
    monkeypatch.chdir(tmp_path)  # the path of a socket may have only 107 bytes
    path = Path("odd.pem")
    NOT_FILES[request.param](path)
    return path, request.param


def test_reading_a_special_file_is_refused_by_kind(odd: tuple[Path, str]) -> None:
    """One sentence that says what it is; a named pipe does not wait for a writer."""
    path, kind = odd
    with pytest.raises(InputError, match=f"odd.pem: is {kind}"):
        read_bytes(path)


@pytest.mark.parametrize("command", [
    ["decode", "odd.pem"],
    ["lint", "odd.pem"],
    ["san", "odd.pem"],
    ["diagnose", "odd.pem"],
    ["decode", "plain.pem", "--passphrase-file", "odd.pem"],
    ["convert", "odd.pem", "--to", "pem", "--out", "new.pem"],
], ids=" ".join)  # fmt: skip
def test_command_refuses_a_named_pipe_without_waiting(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that reads a file refuses a named pipe."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("odd.pem")
    Path("plain.pem").write_bytes(PEM)
    with pytest.raises(InputError, match=r"odd\.pem: is a named pipe"):
        pkikit_in_process(*command)
    assert not Path("new.pem").exists()


def test_symbolic_link_to_a_regular_file_is_read(tmp_path: Path) -> None:
    """Near miss: a symbolic link that leads to a regular file is read."""
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    assert read_bytes(tmp_path / "link") == b"x"


def test_empty_file_is_read_only_where_allowed(tmp_path: Path) -> None:
    """The index of a new CA is empty; anything else that is empty is refused."""
    (tmp_path / "index.txt").write_bytes(b"")
    assert read_bytes(tmp_path / "index.txt", may_be_empty=True) == b""
    with pytest.raises(InputError, match="is empty"):
        read_bytes(tmp_path / "index.txt")


def test_file_over_the_size_limit_is_refused(tmp_path: Path) -> None:
    """At the limit it is read, one byte over it is not."""
    path = tmp_path / "x"
    path.write_bytes(b"x" * 2048)
    assert len(read_bytes(path, 2048)) == 2048
    with pytest.raises(InputError, match="larger than 1 KB"):
        read_bytes(path, 2047)
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(InputError, match="larger than 1 MB"):
        load_deployment(path)


@pytest.mark.parametrize("name", ["a\x1b[31mred.pem", "two\nlines.pem", "\u202egnp.exe", os.fsdecode(b"\xff.pem")])
def test_error_escapes_control_characters_in_a_file_name(name: str, tmp_path: Path) -> None:
    """A name from outside neither colours the terminal nor adds a line; each kind of error says it escaped."""
    path = tmp_path / name
    for attempt in (lambda: read_bytes(path), lambda: load_deployment(path), lambda: FileCa(path).entries()):
        with pytest.raises(InputError) as refused:
            attempt()
        assert str(refused.value).isprintable(), str(refused.value)
        assert refused.value.where.isprintable()


def _convert(*arguments: str) -> None:
    pkikit_in_process("convert", *arguments)


def test_failed_convert_leaves_the_existing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversion that fails leaves the file that is there; --force with a missing file is one sentence."""
    monkeypatch.chdir(tmp_path)
    Path("existing").write_bytes(b"mine")
    with pytest.raises(InputError, match="missing: there is no such file"):
        _convert("missing", "--to", "pem", "--out", "existing", "--force")
    Path("same").write_bytes(PEM)
    with pytest.raises(InputError, match="is the file that is converted"):
        _convert("same", "--to", "der", "--out", "./same", "--force")
    with pytest.raises(InputError, match="existing: exists already"):
        _convert("same", "--to", "der", "--out", "existing")
    Path("bundle").write_bytes(PEM + KEY)
    with pytest.raises(InputError, match="contains 2 objects"):
        _convert("bundle", "--to", "der", "--out", "existing", "--force")
    assert Path("existing").read_bytes() == b"mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bundle", "existing", "same"]
    _convert("same", "--to", "der", "--out", "existing", "--force")
    assert Path("existing").read_bytes().startswith(b"\x30\x82")


def test_convert_refuses_a_bundle_with_an_unsupported_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that cannot be converted is not dropped in silence: nothing is written."""
    monkeypatch.chdir(tmp_path)
    odd = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    Path("both").write_bytes(PEM + odd)
    with pytest.raises(InputError, match="Ed25519"):
        _convert("both", "--to", "pem", "--out", "new")
    assert not Path("new").exists()


def test_folder_in_place_of_a_file_names_a_file_in_it(tmp_path: Path) -> None:
    """The one that is probably meant: a request, a log, a deployment, a certificate; none if there is no such file."""
    for name in ("cert.pem", "request.pem", "events.log", "mra.yaml"):
        (tmp_path / name).write_text("x")
    for read, name in (
        (read_request, "request.pem"),
        (lambda path: next(read_logs(path)), "events.log"),
        (load_deployment, "mra.yaml"),
        (read_file, "cert.pem"),
    ):
        with pytest.raises(InputError, match=f"is a folder, but a file is needed here; give .*{name}$"):
            read(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"is a folder, but a file is needed here$"):
        read_file(tmp_path / "empty")
