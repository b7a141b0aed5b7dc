"""Go: crypto/x509 and crypto/tls, so Traefik, Caddy, Docker, kubectl, Prometheus, lego and many more; rustls as well."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.judge.phrases.rows import PURPOSE, rows

_TLS = "tls: failed to verify certificate: x509: "

_X509 = rows(
    "Go, crypto/x509/verify.go, x509.go",
    Whose.THEIRS,
    ("trust.issuer-unknown", "x509: certificate signed by unknown authority", _TLS + "certificate signed by unknown authority"),
    ("trust.chain-signature-invalid", "while trying to verify candidate authority certificate", _TLS + 'certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "Example CA")', "crypto/rsa: verification error"),
    ("trust.issuer-unknown", "failed to load system roots and no roots provided", "x509: failed to load system roots and no roots provided"),
    ("validity.expired", "x509: certificate has expired or is not yet valid", _TLS + "certificate has expired or is not yet valid: "),
    ("validity.expired", "certificate has expired or is not yet valid: current time", _TLS + "certificate has expired or is not yet valid: current time 2026-11-20T10:00:10Z is after 2026-11-01T00:00:00Z", "is after"),
    ("validity.not-yet-valid", "certificate has expired or is not yet valid: current time", _TLS + "certificate has expired or is not yet valid: current time 2026-11-20T10:00:10Z is before 2026-12-01T00:00:00Z", "is before"),
    ("ca.not-a-ca", "certificate is not authorized to sign other certificates", _TLS + "certificate is not authorized to sign other certificates"),
    ("ca.not-a-ca", "parent certificate cannot sign this kind of certificate", "x509: invalid signature: parent certificate cannot sign this kind of certificate"),
    ("ca.name-constraint-violated", "certificate is not authorized to sign for this name", _TLS + 'a root or intermediate certificate is not authorized to sign for this name: DNS name "e1.example.com" is not permitted by any constraint'),
    ("ca.name-constraint-violated", "issuer has name constraints but leaf", "x509: issuer has name constraints but leaf contains unknown or unconstrained name: "),
    ("ca.path-length-exceeded", "too many intermediates for path length constraint", _TLS + "too many intermediates for path length constraint"),
    (PURPOSE, "certificate specifies an incompatible key usage", _TLS + "certificate specifies an incompatible key usage"),
    (PURPOSE, "not authorized for an extended key usage", _TLS + "a root or intermediate certificate is not authorized for an extended key usage: "),
    ("trust.chain-signature-invalid", "issuer name does not match subject from issuing certificate", "x509: issuer name does not match subject from issuing certificate"),
    ("signature.digest-unsupported", "cannot verify signature: insecure algorithm", "x509: cannot verify signature: insecure algorithm SHA1-RSA"),
    ("chain.critical-extension-unknown", "x509: unhandled critical extension", _TLS + "unhandled critical extension"),
    ("names.common-name-only", "certificate relies on legacy common name field", _TLS + "certificate relies on legacy Common Name field, use SANs instead"),
    ("names.ip-address-used", "because it doesn't contain any ip sans", _TLS + "cannot validate certificate for 192.0.2.10 because it doesn't contain any IP SANs"),
    ("names.reference-not-presented", "is not valid for any names, but wanted to match", _TLS + "certificate is not valid for any names, but wanted to match e1.example.com"),
    ("names.reference-not-presented", "x509: certificate is valid for", _TLS + "certificate is valid for cluster-e.example.com, not e1.example.com"),
)  # fmt: skip

_CLIENT = rows(
    "Go, crypto/tls/*.go",
    Whose.NEITHER,
    ("tls.not-tls", "first record does not look like a tls handshake", "tls: first record does not look like a TLS handshake"),
    ("tls.not-tls", "server gave http response to https client", "http: server gave HTTP response to HTTPS client"),
    ("tls.not-tls", "client sent an http request to an https server", "http: TLS handshake error from 10.0.30.2:27001: client sent an HTTP request to an HTTPS server"),
    ("tls.protocol-mismatch", "server selected unsupported protocol version", "tls: server selected unsupported protocol version 301"),
    ("tls.protocol-mismatch", "client offered only unsupported versions", "tls: client offered only unsupported versions: [302 301]"),
    ("tls.protocol-mismatch", "no supported versions satisfy minversion and maxversion", "tls: no supported versions satisfy MinVersion and MaxVersion"),
    ("tls.protocol-mismatch", "client using inappropriate protocol fallback", "tls: client using inappropriate protocol fallback"),
    ("tls.cipher-mismatch", "no cipher suite supported by both client and server", "tls: no cipher suite supported by both client and server"),
    ("tls.cipher-mismatch", "no ecdhe curve supported by both client and server", "tls: no ECDHE curve supported by both client and server"),
    ("tls.cipher-mismatch", "server chose an unconfigured cipher suite", "tls: server chose an unconfigured cipher suite"),
    ("tls.cipher-mismatch", "peer doesn't support any of the certificate's signature algorithms", "tls: peer doesn't support any of the certificate's signature algorithms"),
    ("key.too-short", "certificate rsa key size too small for supported signature algorithms", "tls: certificate RSA key size too small for supported signature algorithms"),
    ("key.too-long", "server sent certificate containing rsa key larger than", "tls: server sent certificate containing RSA key larger than 8192 bits"),
    ("key.mismatch", "private key does not match public key", "tls: private key does not match public key"),
    ("key.mismatch", "private key type does not match public key type", "tls: private key type does not match public key type"),
    ("key.mismatch", "tls: invalid signature by the server certificate", "tls: invalid signature by the server certificate: crypto/rsa: verification error"),
    ("encoding.not-pem", "failed to find any pem data", "tls: failed to find any PEM data in certificate input"),
    ("encoding.not-pem", "failed to find certificate pem data", "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched"),
    ("key.unreadable", "found a certificate rather than a key in the pem", "tls: found a certificate rather than a key in the PEM for the private key"),
    ("encoding.malformed", "failed to parse certificate from server", "tls: failed to parse certificate from server: x509: malformed certificate"),
    ("net.connection-cut", "read: connection reset by peer", "read tcp 10.0.10.2:27001->10.0.30.2:8443: read: connection reset by peer"),
    ("net.connection-cut", '": eof', 'Get "https://e1.example.com:8443/dir": EOF', "https://"),
    ("net.connection-cut", "tls handshake timeout", "net/http: TLS handshake timeout"),
    ("net.connection-cut", "http: tls handshake error from", "2026/11/20 10:00:10 http: TLS handshake error from 10.0.30.2:27001: EOF", ": eof"),
    ("net.unreachable", "connect: connection refused", "dial tcp 10.0.30.2:8443: connect: connection refused"),
    ("net.unreachable", "connect: no route to host", "dial tcp 10.0.30.2:8443: connect: no route to host"),
    ("net.unreachable", "connect: network is unreachable", "dial tcp 10.0.30.2:8443: connect: network is unreachable"),
    ("net.unreachable", "i/o timeout", "dial tcp 10.0.30.2:8443: i/o timeout", "dial tcp"),
    ("net.unreachable", "context deadline exceeded", 'Get "https://e1.example.com:8443/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)', "client.timeout"),
    ("dns.name-unresolved", "no such host", "dial tcp: lookup e1.example.com on 10.0.0.53:53: no such host"),
    ("dns.name-unresolved", "server misbehaving", "dial tcp: lookup e1.example.com on 10.0.0.53:53: server misbehaving", "lookup"),
)  # fmt: skip

_SERVER = rows(
    "Go, crypto/tls/handshake_server.go, handshake_server_tls13.go",
    Whose.THEIRS,
    ("tls.certificate-required", "client didn't provide a certificate", "tls: client didn't provide a certificate"),
    ("tls.certificate-required", "received empty certificates message", "tls: received empty certificates message"),
    writer=Writer.SERVER,
)  # fmt: skip

_VERIFY = (
    *rows(
        "Go, crypto/tls/handshake_server.go",
        Whose.THEIRS,
        ("tls.certificate-refused", "failed to verify client certificate", "tls: failed to verify client certificate: x509: unknown error"),
        vague=True,
        writer=Writer.SERVER,
    ),
    *rows(
        "Go, crypto/tls/handshake_client.go",
        Whose.THEIRS,
        ("tls.certificate-refused", "tls: failed to verify certificate", "tls: failed to verify certificate: x509: unknown error"),
        vague=True,
    ),
)  # fmt: skip

_RUSTLS = rows(
    "rustls, src/error.rs: CertificateError (Debug and Display); webpki::Error",
    Whose.THEIRS,
    ("trust.issuer-unknown", "invalid peer certificate: unknownissuer", "error: invalid peer certificate: UnknownIssuer"),
    ("names.reference-not-presented", "invalid peer certificate: notvalidforname", "error: invalid peer certificate: NotValidForName"),
    ("names.reference-not-presented", "invalid peer certificate: certificate not valid for name", 'invalid peer certificate: certificate not valid for name "e1.example.com"; certificate is only valid for DnsName("cluster-e.example.com")'),
    ("validity.expired", "invalid peer certificate: expired", "error: invalid peer certificate: Expired"),
    ("validity.expired", "invalid peer certificate: certificate expired", "invalid peer certificate: certificate expired: verification time 1795000000 (UNIX), but certificate is not valid after 1794000000 (1000000 seconds ago)"),
    ("validity.not-yet-valid", "invalid peer certificate: notvalidyet", "error: invalid peer certificate: NotValidYet"),
    ("validity.not-yet-valid", "invalid peer certificate: certificate not valid yet", "invalid peer certificate: certificate not valid yet: verification time 1794000000 (UNIX), but certificate is not valid before 1795000000 (1000000 seconds in future)"),
    ("revocation.revoked", "invalid peer certificate: revoked", "error: invalid peer certificate: Revoked"),
    ("revocation.crl-unavailable", "invalid peer certificate: unknownrevocationstatus", "error: invalid peer certificate: UnknownRevocationStatus"),
    ("revocation.crl-expired", "invalid peer certificate: expiredrevocationlist", "error: invalid peer certificate: ExpiredRevocationList"),
    ("trust.chain-signature-invalid", "invalid peer certificate: badsignature", "error: invalid peer certificate: BadSignature"),
    ("chain.critical-extension-unknown", "invalid peer certificate: unhandledcriticalextension", "error: invalid peer certificate: UnhandledCriticalExtension"),
    (PURPOSE, "invalid peer certificate: invalidpurpose", "error: invalid peer certificate: InvalidPurpose"),
    (PURPOSE, "invalid peer certificate: certificate does not allow extended key usage for", "invalid peer certificate: certificate does not allow extended key usage for client authentication, allows server authentication"),
    ("revocation.crl-expired", "invalid peer certificate: certificate revocation list expired", "invalid peer certificate: certificate revocation list expired: verification time 1795000000 (UNIX), but CRL is not valid after 1794000000 (1000000 seconds ago)"),
    ("encoding.malformed", "invalid peer certificate: badencoding", "error: invalid peer certificate: BadEncoding"),
)  # fmt: skip

_RUSTLS_OTHER = rows(
    "rustls, src/error.rs: Error, PeerIncompatible",
    Whose.NEITHER,
    ("tls.not-tls", "received corrupt message of type invalidcontenttype", "error: received corrupt message of type InvalidContentType"),
    ("tls.protocol-mismatch", "peer is incompatible: servertlsversionisdisabledbyourconfig", "error: peer is incompatible: ServerTlsVersionIsDisabledByOurConfig"),
    ("tls.protocol-mismatch", "peer is incompatible: tls12notoffered", "error: peer is incompatible: Tls12NotOffered"),
    ("tls.cipher-mismatch", "peer is incompatible: nociphersuitesincommon", "error: peer is incompatible: NoCipherSuitesInCommon"),
    ("tls.cipher-mismatch", "peer is incompatible: nokxgroupsincommon", "error: peer is incompatible: NoKxGroupsInCommon"),
    ("tls.certificate-required", "peer sent no certificates", "error: peer sent no certificates"),
    ("net.connection-cut", "peer closed connection without sending tls close_notify", "error: peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html#unexpected-eof"),
    ("net.connection-cut", "tls handshake eof", "error: tls handshake eof"),
)  # fmt: skip

GOLANG: tuple[Phrase, ...] = (*_X509, *_CLIENT, *_SERVER, *_VERIFY, *_RUSTLS, *_RUSTLS_OTHER)
