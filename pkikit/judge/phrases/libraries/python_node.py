"""Python (ssl, urllib, requests, aiohttp, httpx, pyOpenSSL) and Node.js."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import PURPOSE, harmless, rows

_PYTHON = (
    *rows(
        "CPython, Lib/ssl.py, Modules/_ssl.c",
        Whose.THEIRS,
        ("names.reference-not-presented", "hostname mismatch, certificate is not valid for", "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for 'e1.example.com'. (_ssl.c:1006)"),
        ("names.ip-address-used", "ip address mismatch, certificate is not valid for", "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: IP address mismatch, certificate is not valid for '192.0.2.10'. (_ssl.c:1006)"),
        ("names.reference-not-presented", "doesn't match either of", "ssl.CertificateError: hostname 'e1.example.com' doesn't match either of 'cluster-e.example.com', 'example.com'", "hostname"),
        ("names.reference-not-presented", "' doesn't match '", "ssl.CertificateError: hostname 'e1.example.com' doesn't match 'cluster-e.example.com'", "hostname"),
        ("names.reference-not-presented", "no appropriate commonname or subjectaltname fields were found", "ssl.CertificateError: no appropriate commonName or subjectAltName fields were found"),
        ("tls.certificate-refused", "'certificate verify failed'", "OpenSSL.SSL.Error: [('SSL routines', 'tls_process_server_certificate', 'certificate verify failed')]", "ssl.error"),
        ("tls.certificate-refused", "'certificate verify failed'", "[('SSL routines', '', 'certificate verify failed')]", "'ssl routines'"),
    ),
    *rows(
        "urllib3 and requests, exceptions; aiohttp, client_exceptions.py; httpx",
        Whose.THEIRS,
        ("tls.certificate-refused", "clientconnectorcertificateerror", "aiohttp.client_exceptions.ClientConnectorCertificateError: Cannot connect to host e1.example.com:8443 ssl:True"),
        vague=True,
    ),
    *rows(
        "urllib3 and requests, exceptions; aiohttp, client_exceptions.py; httpx",
        Whose.NEITHER,
        ("tls.handshake-failed", "requests.exceptions.sslerror", "requests.exceptions.SSLError: HTTPSConnectionPool(host='e1.example.com', port=8443): Max retries exceeded with url: /"),
        ("tls.handshake-failed", "clientconnectorsslerror", "aiohttp.client_exceptions.ClientConnectorSSLError: Cannot connect to host e1.example.com:8443 ssl:default"),
        ("net.unreachable", "failed to establish a new connection", "urllib3.exceptions.NewConnectionError: <urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection"),
        ("net.unreachable", "max retries exceeded with url", "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='e1.example.com', port=8443): Max retries exceeded with url: /", "connectionerror"),
        ("net.unreachable", "all connection attempts failed", "httpx.ConnectError: All connection attempts failed"),
        vague=True,
    ),
    *rows(
        "CPython, Modules/_ssl.c; Lib/http/client.py; urllib3",
        Whose.NEITHER,
        ("net.connection-cut", "eof occurred in violation of protocol", "ssl.SSLEOFError: EOF occurred in violation of protocol (_ssl.c:2427)"),
        ("net.connection-cut", "the handshake operation timed out", "socket.timeout: _ssl.c:980: The handshake operation timed out"),
        ("net.connection-cut", "remote end closed connection without response", "http.client.RemoteDisconnected: Remote end closed connection without response"),
        ("net.connection-cut", "connectionreseterror", "ConnectionResetError: [Errno 104] Connection reset by peer"),
        ("net.unreachable", "connectionrefusederror", "ConnectionRefusedError: [Errno 111] Connection refused"),
        ("net.unreachable", "connecttimeouterror", "urllib3.exceptions.ConnectTimeoutError: (<urllib3.connection.HTTPSConnection object at 0x7f>, 'Connection to e1.example.com timed out. (connect timeout=5)')"),
        ("dns.name-unresolved", "nameresolutionerror", "urllib3.exceptions.NameResolutionError: <urllib3.connection.HTTPSConnection object at 0x7f>: Failed to resolve 'e1.example.com' ([Errno -2] Name or service not known)"),
        ("dns.name-unresolved", "getaddrinfo failed", "socket.gaierror: [Errno 11001] getaddrinfo failed"),
    ),
)  # fmt: skip

# Node.js, src/crypto/crypto_common.cc: X509ErrorCode; the name is that of OpenSSL's verification error.
_NODE_CODES = (
    ("unable_to_verify_leaf_signature", "trust.intermediate-missing"),
    ("unable_to_get_issuer_cert_locally", "trust.issuer-unknown"),
    ("unable_to_get_issuer_cert", "trust.issuer-unknown"),
    ("self_signed_cert_in_chain", "trust.issuer-unknown"),
    ("depth_zero_self_signed_cert", "trust.self-signed-leaf"),
    ("cert_has_expired", "validity.expired"),
    ("cert_not_yet_valid", "validity.not-yet-valid"),
    ("cert_revoked", "revocation.revoked"),
    ("cert_signature_failure", "trust.chain-signature-invalid"),
    ("cert_chain_too_long", "ca.path-length-exceeded"),
    ("path_length_exceeded", "ca.path-length-exceeded"),
    ("cert_untrusted", "trust.issuer-unknown"),
    ("unable_to_get_crl", "revocation.crl-unavailable"),
    ("crl_has_expired", "revocation.crl-expired"),
    ("crl_not_yet_valid", "revocation.crl-unavailable"),
    ("crl_signature_failure", "revocation.crl-untrusted"),
    ("hostname_mismatch", "names.reference-not-presented"),
    ("err_tls_cert_altname_invalid", "names.reference-not-presented"),
)  # fmt: skip

_NODE = (
    *rows(
        "Node.js, src/crypto/crypto_common.cc: X509ErrorCode",
        Whose.THEIRS,
        *((rule, code, f"  code: '{code.upper()}'") for code, rule in _NODE_CODES),
        (PURPOSE, "invalid_purpose", "  code: 'INVALID_PURPOSE'"),
        ("ca.not-a-ca", "'invalid_ca'", "  code: 'INVALID_CA'"),
    ),
    *rows(
        "Node.js, lib/tls.js: checkServerIdentity",
        Whose.THEIRS,
        ("names.reference-not-presented", "hostname/ip does not match certificate's altnames", "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: Host: e1.example.com. is not in the cert's altnames: DNS:cluster-e.example.com"),
        ("names.reference-not-presented", "is not in the cert's altnames", "Host: e1.example.com. is not in the cert's altnames: DNS:cluster-e.example.com"),
        ("names.ip-address-used", "is not in the cert's list", "IP: 192.0.2.10 is not in the cert's list: ", "ip:"),
    ),
    *rows(
        "Node.js, lib/internal/errors.js; libuv, src/uv-common: UV_ERRNO_MAP",
        Whose.NEITHER,
        ("net.connection-cut", "client network socket disconnected before secure tls connection was established", "Error: Client network socket disconnected before secure TLS connection was established"),
        ("net.connection-cut", "socket hang up", "Error: socket hang up"),
        ("net.connection-cut", "econnreset", "Error: read ECONNRESET"),
        ("net.connection-cut", "epipe", "Error: write EPIPE"),
        ("net.unreachable", "econnrefused", "Error: connect ECONNREFUSED 192.0.2.10:8443"),
        ("net.unreachable", "etimedout", "Error: connect ETIMEDOUT 192.0.2.10:8443"),
        ("net.unreachable", "ehostunreach", "Error: connect EHOSTUNREACH 192.0.2.10:8443"),
        ("net.unreachable", "enetunreach", "Error: connect ENETUNREACH 192.0.2.10:8443"),
        ("dns.name-unresolved", "getaddrinfo enotfound", "Error: getaddrinfo ENOTFOUND e1.example.com"),
        ("dns.name-unresolved", "getaddrinfo eai_again", "Error: getaddrinfo EAI_AGAIN e1.example.com"),
        ("tls.protocol-mismatch", "err_tls_protocol_version_conflict", "Error [ERR_TLS_PROTOCOL_VERSION_CONFLICT]: TLS protocol version \"TLSv1\" conflicts with secureProtocol"),
        ("net.connection-cut", "err_tls_handshake_timeout", "Error [ERR_TLS_HANDSHAKE_TIMEOUT]: TLS handshake timeout"),
    ),
    *harmless(
        "Node.js, lib/internal/process/warning",
        ("node_tls_reject_unauthorized", "(node:4711) Warning: Setting the NODE_TLS_REJECT_UNAUTHORIZED environment variable to '0' makes TLS connections and HTTPS requests insecure by disabling certificate verification."),
    ),
)  # fmt: skip

PYTHON_NODE: tuple[Phrase, ...] = (*_PYTHON, *_NODE)
