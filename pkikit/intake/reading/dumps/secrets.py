"""Which values are secrets. They are dropped where they are read: no object, error, log or repr ever holds one.

Sources: all keys of the command reference X15.0 whose value is a password, a key, a community or a secret; the forms of encrypted
values, beyond `{cipher}`, are ours: those that other software writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# As the product writes encrypted values.
_CIPHER = re.compile(r"\{(?:cipher|crypt|aes|sha\d*|ssha\d*|md5)\}|\$[156y]\$", re.IGNORECASE)
_SECRET = re.compile(
    r"passw|passphrase|passcode|secret|community|credential|private|token|\bpin\b|\bkey\b|releasekey|optionkey|keyphrase|usernamehash",
    re.IGNORECASE,
)


def is_secret(words: Iterable[str], value: str) -> bool:
    """Tell whether a value is a secret, by its key or by its form.

    Args:
        words: the words of its key.
        value: the value.

    Returns:
        True if it is one.
    """
    return bool(_SECRET.search(" ".join(words)) or _CIPHER.search(value))
