"""The class server's keys: one file that only the server can read; the newest signs, all of them verify."""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pkikit.errors import InputError

_BYTES = 32


@dataclass(frozen=True)
class KeyRing:
    """The keys by id, in the order in which they were made. distrusted: keys that other people may know."""

    keys: Mapping[str, bytes]
    distrusted: frozenset[str] = field(default_factory=frozenset)

    @property
    def active(self) -> str:
        """The id of the key that signs."""
        return next(key for key in reversed(tuple(self.keys)) if key not in self.distrusted)

    @property
    def secret(self) -> bytes:
        """The key that signs."""
        return self.keys[self.active]


def read_keys(path: Path) -> KeyRing:
    """Read the keys.

    Raises:
        InputError: there is no such file, somebody else can read it, or it holds no keys.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(number, "rb") as stream:
            mode = os.fstat(number).st_mode
            data = stream.read(1024 * 1024)
    except FileNotFoundError:
        says = "there are no keys yet; the progress service makes them in its folder when it starts for the first time"
        raise InputError(says, where=str(path)) from None
    except OSError as error:
        raise InputError(f"the keys cannot be read: {error.strerror or error}", where=str(path)) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InputError("other users can read the keys, so anybody could sign; make a new key", where=str(path))
    try:
        document = json.loads(data)
        keys = {str(key): bytes.fromhex(secret) for key, secret in document["keys"].items()}
        distrusted = frozenset(map(str, document["distrusted"]))
    except (ValueError, LookupError, TypeError, AttributeError):
        raise InputError("this is not a file of keys", where=str(path)) from None
    if not keys.keys() - distrusted or any(len(secret) < _BYTES for secret in keys.values()):
        raise InputError("this file has no key that may sign", where=str(path))
    return KeyRing(keys, distrusted)


def make_keys(path: Path) -> KeyRing:
    """Make the file with a first key if there is none; read it.

    Raises:
        InputError: it cannot be written or read.
    """
    if not path.exists():
        first = KeyRing({_new_id(): secrets.token_bytes(_BYTES)})
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return read_keys(path)
        except OSError as error:
            raise InputError(f"the keys cannot be written: {error.strerror or error}", where=str(path)) from None
        _write(number, first)
    return read_keys(path)


def rotate(path: Path, *, distrust: str = "") -> KeyRing:
    """Add a key, which signs from now on.

    Args:
        path: the file of keys.
        distrust: the id of a key that somebody else may know; its records no longer count.

    Returns:
        All keys.

    Raises:
        InputError: the file cannot be read or written, or has no key of this id.
    """
    ring = read_keys(path)
    if distrust and distrust not in ring.keys:
        raise InputError(f"there is no key {distrust!r}; there are {', '.join(ring.keys)}", where=str(path))
    made = KeyRing(
        {**ring.keys, _new_id(): secrets.token_bytes(_BYTES)}, ring.distrusted | ({distrust} if distrust else set())
    )
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), made)
        fresh.replace(path)  # a service that reads meanwhile reads the old file or the new one
    except OSError as error:
        raise InputError(f"the keys cannot be written: {error.strerror or error}", where=str(path)) from None
    return read_keys(path)


def _new_id() -> str:
    return secrets.token_hex(4)


def _write(number: int, ring: KeyRing) -> None:
    document = {"keys": {key: secret.hex() for key, secret in ring.keys.items()}, "distrusted": sorted(ring.distrusted)}
    with os.fdopen(number, "w", encoding="ascii") as stream:
        json.dump(document, stream)
        stream.flush()
        os.fsync(stream.fileno())
