"""Rules about a file: its form, the order of its certificates, its private key."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.rules.rule import Rule, Step, Subject

NOT_PEM = Rule(
    id="encoding.not-pem",
    severity=Severity.ERROR,
    applies_to=(Subject.FILE,),
    requirement="Files for the product are PEM.",
    source="X12.5 guide, appendix 3",
    fix="Convert the file to PEM (pkikit convert, or openssl x509 -inform der).",
    step=Step.FILE,
)
MALFORMED = Rule(
    id="encoding.malformed",
    severity=Severity.ERROR,
    applies_to=(Subject.FILE,),
    requirement="A file contains what its label says, and is complete.",
    source="X12.5 guide, appendix 4",
    fix="Get the file again from where it was made.",
    openssl=(13, 14),
    step=Step.FILE,
)
KEY_NEWLINE = Rule(
    id="key.no-trailing-newline",
    severity=Severity.ERROR,
    applies_to=(Subject.FILE,),
    requirement="A private key file ends with a line end. Expressway accepts a file without one, and Mobile and Remote Access "
    "fails later. The pages of this lab refuse such a file at once.",
    source="X12.5 guide, appendix 1 'Mobile and Remote Access Failures'; the refusal at the upload is ours",
    fix="Add a line end after the last line of the file (echo >> KEY), upload certificate and key again, and restart.",
    step=Step.KEY,
)
LEAF_FIRST = Rule(
    id="upload.leaf-not-first",
    severity=Severity.ERROR,
    applies_to=(Subject.FILE,),
    requirement="In a file with several certificates the server certificate comes first, then the CA that issued it, and so on.",
    source="RFC 8446 §4.4.2; OpenSSL, SSL_CTX_use_certificate_chain_file",
    fix="Put the server certificate first (pkikit convert FILE --to pem --out NEW.pem does), and upload that file.",
)
SECOND_LEAF = Rule(
    id="upload.second-leaf",
    severity=Severity.WARNING,
    applies_to=(Subject.FILE,),
    requirement="A server certificate file contains one server certificate, followed only by CA certificates.",
    source="RFC 8446 §4.4.2; OpenSSL, SSL_CTX_use_certificate_chain_file",
    fix="Remove the other server certificate from the file: only the first one is used.",
)
KEY_IN_REPOSITORY = Rule(
    id="repository.private-key",
    severity=Severity.ERROR,
    applies_to=(Subject.FILE,),
    requirement="No private key is in a repository: anyone who can read it can pretend to be the machine.",
    source="ours",
    fix="Take the file out of the commit. If it was pushed, revoke the certificate and order another one for a new key.",
    step=Step.KEY,
)
ENCRYPTED_KEY = Rule(
    id="key.encrypted",
    severity=Severity.ERROR,
    applies_to=(Subject.FILE,),
    requirement="A private key is uploaded without a passphrase: Expressway does not accept an encrypted key.",
    source="X12.5 guide, 'Loading a Server Certificate and Private Key Onto Expressway'",
    fix="Remove the passphrase where the key is (`pkikit convert KEY --to pem --out FILE`), upload FILE, and delete it.",
    step=Step.KEY,
)
RULES = (
    NOT_PEM,
    MALFORMED,
    KEY_NEWLINE,
    LEAF_FIRST,
    SECOND_LEAF,
    ENCRYPTED_KEY,
    KEY_IN_REPOSITORY,
)
