"""The PEM reader of the machine's own OpenSSL, called directly: what `PEM_read_bio` and `PEM_X509_INFO_read_bio` say."""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from typing import Any

_NO_START_LINE = 108


@cache
def _crypto() -> Any:
    library = ctypes.CDLL(ctypes.util.find_library("crypto"))
    library.BIO_new_mem_buf.restype = ctypes.c_void_p
    library.BIO_new_mem_buf.argtypes = [ctypes.c_char_p, ctypes.c_int]
    library.BIO_free.argtypes = [ctypes.c_void_p]
    library.ERR_peek_last_error.restype = ctypes.c_ulong
    library.PEM_read_bio.argtypes = [ctypes.c_void_p] * 5
    library.CRYPTO_free.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    return library


def pem_blocks(data: bytes) -> tuple[list[tuple[bytes, bytes, bytes]], bool]:
    """((label, header, bytes) of each block that PEM_read_bio gives, whether it stopped at a fault)."""
    crypto = _crypto()
    bio = crypto.BIO_new_mem_buf(data, len(data))
    name, header, inside = (ctypes.c_void_p() for _ in range(3))
    length = ctypes.c_long()
    found = []
    try:
        while True:
            crypto.ERR_clear_error()
            if crypto.PEM_read_bio(bio, *(ctypes.byref(x) for x in (name, header, inside, length))) != 1:
                return found, crypto.ERR_peek_last_error() & 0x7FFFFF != _NO_START_LINE
            found.append((ctypes.string_at(name.value or 0), ctypes.string_at(header.value or 0),
                          ctypes.string_at(inside.value or 0, length.value)))  # fmt: skip
            for pointer in (name, header, inside):
                crypto.CRYPTO_free(pointer, b"", 0)
    finally:
        crypto.BIO_free(bio)
