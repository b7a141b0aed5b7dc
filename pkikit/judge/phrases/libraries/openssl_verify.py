"""OpenSSL's words for verification errors, derived from the table of numbers, and its words for success."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.judge.openssl_codes import OLDER_WORDS, PURPOSE, VERIFY_ERROR_NAMES
from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.rules.catalogue import CATALOGUE
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING
from pkikit.rules.connection_rules import UNEXPLAINED

# Words that are too common to stand for a verification error without its number (0, 17), or that other modules hold.
_LEFT_OUT = {0, 17, 50, 99}
_SOURCE = "OpenSSL crypto/x509/x509_txt.c, X509_verify_cert_error_string"


def _rows() -> Iterator[Phrase]:
    known = set(VERIFY_ERROR_NAMES.values())
    for code, name in VERIFY_ERROR_NAMES.items():
        if code in _LEFT_OUT:
            continue
        for words in (name, *(w for w in OLDER_WORDS.get(code, ()) if w not in known)):
            yield Phrase(
                text=words.lower(),
                rule=(CLIENT_AUTH_MISSING if code == PURPOSE else CATALOGUE.by_openssl.get(code, UNEXPLAINED)).id,
                purpose=code == PURPOSE,
                whose=Whose.THEIRS,
                example=f"error {code} at 0 depth lookup: {words}",
                source=_SOURCE,
            )


OPENSSL_VERIFY: tuple[Phrase, ...] = (
    *_rows(),
    Phrase(
        text="verify return code: 0 (ok)",
        rule="",
        success=True,
        example="    Verify return code: 0 (ok)",
        source="OpenSSL apps/s_client.c, print_stuff",
    ),
    Phrase(
        text="verification: ok",
        rule="",
        success=True,
        example="Verification: OK",
        source="OpenSSL apps/lib/s_cb.c, print_verify_detail",
    ),
)
