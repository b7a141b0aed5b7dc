"""Rules about what comes before certificates, and about files; diagnosis and file reading find the breaches."""

from __future__ import annotations

from pkikit.judge.registry import Subject, declare
from pkikit.model.findings import Severity

_ZONES = "X12.5 guide, appendix 1 'SIP TLS Negotiation Failures on Neighbor and Traversal Zones'"

UNREACHABLE = declare(
    "net.unreachable",
    Severity.ERROR,
    on=Subject.CONNECTION,
    requirement="The server answers on its port.",
    source=_ZONES,
    fix="Check address, port and firewall, and that the service runs.",
)
UNRESOLVED = declare(
    "dns.name-unresolved",
    Severity.ERROR,
    on=Subject.CONNECTION,
    requirement="The name that is dialled resolves to an address.",
    source=_ZONES,
    fix="Add the A record, in the view that the client asks.",
)
PROTOCOL = declare(
    "tls.protocol-mismatch",
    Severity.ERROR,
    on=Subject.CONNECTION,
    requirement="Both sides speak a common TLS version.",
    source="X12.5 guide, 'Information Not Covered in this Guide' (TLS versions: administrator guide)",
    fix="Enable a common TLS version; TLS 1.2 is the least.",
)
CIPHER = declare(
    "tls.cipher-mismatch",
    Severity.ERROR,
    on=Subject.CONNECTION,
    requirement="Both sides share a cipher suite that fits the server's key.",
    source="X12.5 guide, 'Information Not Covered in this Guide' (cipher suites: administrator guide)",
    fix="Enable a common cipher suite.",
)
NO_CERTIFICATE = declare(
    "tls.certificate-required",
    Severity.ERROR,
    on=Subject.CONNECTION,
    requirement="A side that is asked for a certificate in mutual TLS shows one.",
    source="X12.5 guide, 'Certificate Generation Overview' (mutual TLS); RFC 8446 §4.4.2.4",
    fix="Load certificate and key on the side that dials; with pkikit probe, give --cert and --key.",
)
NOT_TLS = declare(
    "tls.not-tls",
    Severity.ERROR,
    on=Subject.CONNECTION,
    requirement="What listens on the port speaks TLS.",
    source=_ZONES,
    fix="Check the port and the transport of the zone: something else answers there.",
)
NOT_PEM = declare(
    "encoding.not-pem",
    Severity.ERROR,
    on=Subject.FILE,
    requirement="Files for the product are PEM.",
    source="X12.5 guide, appendix 3",
    fix="Convert the file to PEM (pkikit convert, or openssl x509 -inform der).",
)
MALFORMED = declare(
    "encoding.malformed",
    Severity.ERROR,
    on=Subject.FILE,
    requirement="A file holds what its label says, whole.",
    source="X12.5 guide, appendix 4",
    fix="Fetch the file again from where it was made.",
)
