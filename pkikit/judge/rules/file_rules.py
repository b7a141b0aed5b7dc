"""Rules about a file as it is uploaded: which certificate comes first, and how a private key file ends."""

from __future__ import annotations

from pkikit.judge.registry import Subject, declare
from pkikit.model.findings import Severity

KEY_NEWLINE = declare(
    "key.no-trailing-newline",
    Severity.ERROR,
    on=Subject.FILE,
    requirement="A private key file ends with a line end. Expressway takes a file without one, and Mobile and Remote Access "
    "fails later. The pages of this lab refuse such a file at once.",
    source="X12.5 guide, appendix 1 'Mobile and Remote Access Failures'; the refusal at the upload is ours",
    fix="Add a line end behind the last line of the file (echo >> KEY), upload certificate and key again, and restart.",
)
LEAF_FIRST = declare(
    "upload.leaf-not-first",
    Severity.ERROR,
    on=Subject.FILE,
    requirement="In a file with several certificates the server certificate comes first, then the CA that issued it, and so on.",
    source="RFC 8446 §4.4.2; OpenSSL, SSL_CTX_use_certificate_chain_file",
    fix="Put the server certificate first (pkikit convert FILE --to pem --out NEW.pem does), and upload that file.",
)
SECOND_LEAF = declare(
    "upload.second-leaf",
    Severity.WARNING,
    on=Subject.FILE,
    requirement="A server certificate file holds one server certificate and only CA certificates behind it.",
    source="RFC 8446 §4.4.2; OpenSSL, SSL_CTX_use_certificate_chain_file",
    fix="Take the other server certificate out of the file: only the first one is used.",
)
