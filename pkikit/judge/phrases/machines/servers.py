"""Servers beside the product: nginx, Apache, HAProxy, stunnel; Postfix, Exim, Dovecot; rsyslog, syslog-ng; Envoy."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.judge.phrases.rows import harmless, rows, successes

_WEB = (
    *rows(
        "nginx, src/event/ngx_event_openssl.c, src/http/ngx_http_request.c, ngx_http_upstream.c",
        Whose.THEIRS,
        ("tls.certificate-refused", "client ssl certificate verify error", "2026/11/20 10:00:10 [info] 4711#0: *1 client SSL certificate verify error: (1:unspecified) while reading client request headers, client: 10.0.10.2, server: e1.example.com"),
        ("tls.certificate-refused", "upstream ssl certificate verify error", "2026/11/20 10:00:10 [error] 4711#0: *1 upstream SSL certificate verify error: (1:unspecified) while SSL handshaking to upstream, client: 10.0.10.2"),
        vague=True,
    ),
    *rows(
        "nginx, src/event/ngx_event_openssl.c, src/http/ngx_http_request.c, ngx_http_upstream.c",
        Whose.THEIRS,
        ("tls.certificate-required", "client sent no required ssl certificate", "2026/11/20 10:00:10 [info] 4711#0: *1 client sent no required SSL certificate while reading client request headers, client: 10.0.10.2"),
        ("tls.certificate-required", "no required ssl certificate was sent", "400 No required SSL certificate was sent"),
        ("names.reference-not-presented", "upstream ssl certificate does not match", '2026/11/20 10:00:10 [error] 4711#0: *1 upstream SSL certificate does not match "e1.example.com" while SSL handshaking to upstream'),
        ("revocation.ocsp-unavailable", "ocsp responder timed out", "2026/11/20 10:00:10 [error] 4711#0: OCSP responder timed out (110: Operation timed out) while requesting certificate status"),
        ("revocation.ocsp-unavailable", "issuer certificate not found for certificate", 'nginx: [warn] "ssl_stapling" ignored, issuer certificate not found for certificate "/etc/ssl/cert.pem"', "ssl_stapling"),
        ("revocation.ocsp-untrusted", "certificate status not found in the ocsp response", "2026/11/20 10:00:10 [error] 4711#0: certificate status not found in the OCSP response while requesting certificate status"),
        writer=Writer.SERVER,
    ),
    *rows(
        "nginx, src/http/ngx_http_request.c, src/event/ngx_event_openssl.c",
        Whose.NEITHER,
        ("tls.not-tls", "client sent plain http request to https port", "2026/11/20 10:00:10 [info] 4711#0: *1 client sent plain HTTP request to HTTPS port while reading client request headers"),
        ("tls.not-tls", "the plain http request was sent to https port", "400 The plain HTTP request was sent to HTTPS port"),
        ("net.connection-cut", "peer closed connection in ssl handshake", "2026/11/20 10:00:10 [info] 4711#0: *1 peer closed connection in SSL handshake while SSL handshaking, client: 10.0.10.2"),
        ("net.connection-cut", "ssl_do_handshake() failed (104", "2026/11/20 10:00:10 [crit] 4711#0: *1 SSL_do_handshake() failed (104: Connection reset by peer) while SSL handshaking"),
        ("net.unreachable", "connect() failed (111", "2026/11/20 10:00:10 [error] 4711#0: *1 connect() failed (111: Connection refused) while connecting to upstream"),
        ("net.unreachable", "upstream timed out (110", "2026/11/20 10:00:10 [error] 4711#0: *1 upstream timed out (110: Connection timed out) while connecting to upstream"),
        ("encoding.malformed", "cannot load certificate", 'nginx: [emerg] cannot load certificate "/etc/ssl/cert.pem": PEM_read_bio_X509_AUX() failed'),
        ("key.unreadable", "cannot load certificate key", 'nginx: [emerg] cannot load certificate key "/etc/ssl/key.pem": PEM_read_bio_PrivateKey() failed'),
    ),
    *rows(
        "Apache httpd, modules/ssl/ssl_engine_kernel.c, ssl_engine_init.c, ssl_util_ssl.c",
        Whose.THEIRS,
        ("tls.certificate-refused", "certificate verification: error (", "[ssl:info] [pid 4711] [client 10.0.10.2:40000] AH02276: Certificate Verification: Error (1): unspecified [subject: CN=c1 / issuer: CN=ca]"),
        ("tls.certificate-refused", "re-negotiation handshake failed", "[ssl:error] [pid 4711] [client 10.0.10.2:40000] AH02261: Re-negotiation handshake failed"),
        vague=True,
        writer=Writer.SERVER,
    ),
    *rows(
        "Apache httpd, modules/ssl/ssl_engine_kernel.c, ssl_engine_init.c, mod_proxy",
        Whose.NEITHER,
        ("names.reference-not-presented", "does not include an id which matches the server name", "[ssl:warn] [pid 4711] AH01909: e1.example.com:443:0 server certificate does NOT include an ID which matches the server name"),
        ("tls.server-name-unknown", "no matching ssl virtual host for servername", "[ssl:error] [pid 4711] AH02033: No matching SSL virtual host for servername e1.example.com found"),
        ("tls.server-name-unknown", "no hostname was provided via sni", "[ssl:error] [pid 4711] AH02033: No hostname was provided via SNI for a name based virtual host"),
        ("key.mismatch", "and private key", "[ssl:emerg] [pid 4711] AH02565: Certificate and private key e1.example.com:443:0 from /etc/ssl/cert.pem and /etc/ssl/key.pem do not match", "do not match"),
        ("tls.not-tls", "ssl handshake failed: http spoken on https port", "[ssl:info] AH01996: SSL handshake failed: HTTP spoken on HTTPS port; trying to send HTML error page"),
        ("tls.not-tls", "speaking plain http to an ssl-enabled server port", "Reason: You're speaking plain HTTP to an SSL-enabled server port."),
        ("key.unreadable", "failed to configure at least one certificate and key", "[ssl:emerg] [pid 4711] AH02572: Failed to configure at least one certificate and key for e1.example.com:443"),
    ),
    *rows(
        "Apache httpd, modules/ssl/ssl_engine_io.c",
        Whose.NEITHER,
        ("tls.handshake-failed", "ssl library error 1 in handshake", "[ssl:info] [pid 4711] [client 10.0.10.2:40000] AH02008: SSL library error 1 in handshake (server e1.example.com:443)"),
        vague=True,
    ),
    *rows(
        "HAProxy, src/connection.c: conn_err_code_str",
        Whose.THEIRS,
        ("tls.certificate-refused", "ssl client certificate not trusted", "haproxy[4711]: 10.0.10.2:40000 [20/Nov/2026:10:00:10.100] fe/1: SSL client certificate not trusted"),
        ("tls.certificate-refused", "ssl client ca chain cannot be verified", "haproxy[4711]: 10.0.10.2:40000 [20/Nov/2026:10:00:10.100] fe/1: SSL client CA chain cannot be verified"),
        ("names.reference-not-presented", "server presented an ssl certificate different from the expected one", "haproxy[4711]: Server be/s1 is DOWN, reason: Server presented an SSL certificate different from the expected one"),
        ("names.reference-not-presented", "server presented an ssl certificate different from the configured one", "haproxy[4711]: Server be/s1 is DOWN, reason: Server presented an SSL certificate different from the configured one"),
    ),
    *rows(
        "HAProxy, src/connection.c: conn_err_code_str; src/check.c",
        Whose.NEITHER,
        ("net.connection-cut", "connection closed during ssl handshake", "haproxy[4711]: 10.0.10.2:40000 [20/Nov/2026:10:00:10.100] fe/1: Connection closed during SSL handshake"),
        ("net.connection-cut", "connection error during ssl handshake", "haproxy[4711]: 10.0.10.2:40000 [20/Nov/2026:10:00:10.100] fe/1: Connection error during SSL handshake"),
        ("net.connection-cut", "timeout during ssl handshake", "haproxy[4711]: 10.0.10.2:40000 [20/Nov/2026:10:00:10.100] fe/1: Timeout during SSL handshake"),
        ("tls.renegotiation-refused", "rejected a client-initiated ssl reneg", "haproxy[4711]: 10.0.10.2:40000 fe/1: Rejected a client-initiated SSL renegociation attempt"),
        ("net.unreachable", "layer4 connection problem", 'haproxy[4711]: Server be/s1 is DOWN, reason: Layer4 connection problem, info: "Connection refused"'),
    ),
    *rows(
        "HAProxy, src/connection.c, src/check.c; Envoy, ssl_socket.cc; Apache Traffic Server",
        Whose.NEITHER,
        ("tls.handshake-failed", "layer6 invalid response", 'haproxy[4711]: Server be/s1 is DOWN, reason: Layer6 invalid response, info: "SSL handshake failure"'),
        ("tls.handshake-failed", "upstream connect error or disconnect/reset before headers", "upstream connect error or disconnect/reset before headers. reset reason: connection failure"),
        vague=True,
    ),
    *rows(
        "stunnel 4 and 5, src/verify.c",
        Whose.THEIRS,
        ("tls.certificate-refused", "cert: verification error", "LOG4[0]: CERT: Verification error: unspecified"),
        ("tls.certificate-refused", "cert: pre-verification error", "LOG4[0]: CERT: Pre-verification error: unspecified"),
        ("tls.certificate-refused", "rejected by cert at depth", "LOG4[0]: Rejected by CERT at depth=0: CN=e1.example.com"),
        vague=True,
    ),
    *rows(
        "stunnel 4 and 5, src/verify.c",
        Whose.THEIRS,
        ("names.reference-not-presented", "cert: no matching host name found", "LOG4[0]: CERT: No matching host name found"),
        ("names.reference-not-presented", "cert: subject checks failed", "LOG4[0]: CERT: Subject checks failed"),
        ("trust.issuer-unknown", "cert: certificate not found in local repository", "LOG4[0]: CERT: Certificate not found in local repository"),
    ),
    *successes("stunnel, src/verify.c", ("certificate accepted at depth=0", "LOG5[0]: Certificate accepted at depth=0: CN=e1.example.com")),
)  # fmt: skip

_MAIL = (
    *rows(
        "Postfix, src/tls/tls_client.c, tls_verify.c, src/smtp/smtp_proto.c",
        Whose.THEIRS,
        ("trust.issuer-unknown", "untrusted issuer", "postfix/smtp[4711]: certificate verification failed for e1.example.com[192.0.2.10]:25: untrusted issuer /CN=Example CA"),
        ("names.reference-not-presented", "server certificate not verified", "postfix/smtp[4711]: 1A: to=<a@example.com>, relay=e1.example.com[192.0.2.10]:25, status=deferred (Server certificate not verified)"),
        ("tls.certificate-refused", "server certificate not trusted", "postfix/smtp[4711]: 1A: to=<a@example.com>, status=deferred (Server certificate not trusted)"),
    ),
    *rows(
        "Postfix, src/tls/tls_misc.c; Exim, src/tls-openssl.c; Dovecot, src/lib-ssl-iostream/iostream-openssl.c",
        Whose.THEIRS,
        ("tls.certificate-refused", "certificate verification failed for", "postfix/smtp[4711]: certificate verification failed for e1.example.com[192.0.2.10]:25"),
        ("tls.certificate-refused", "ssl verify error", "exim[4711]: SSL verify error: depth=0 error=unspecified cert=/CN=e1.example.com"),
        ("tls.certificate-refused", "received invalid ssl certificate", "imap-login: Disconnected: Received invalid SSL certificate: unspecified: /CN=c1 (check /etc/ssl/ca.pem)"),
        vague=True,
    ),
    *rows(
        "Postfix, src/smtp/smtp_proto.c, src/smtp/smtp_connect.c; Exim",
        Whose.NEITHER,
        ("tls.not-tls", "tls is required, but was not offered by host", "postfix/smtp[4711]: 1A: to=<a@example.com>, status=deferred (TLS is required, but was not offered by host e1.example.com[192.0.2.10])"),
        ("dns.name-unresolved", "host or domain name not found", "postfix/smtp[4711]: 1A: status=deferred (Host or domain name not found. Name service error for name=mail.example.com type=A: Host not found)"),
        ("net.unreachable", "connect to", "postfix/smtp[4711]: connect to e1.example.com[192.0.2.10]:25: Connection timed out", "connection timed out"),
    ),
    *rows(
        "Postfix, src/tls/tls_client.c, tls_server.c; Exim, src/tls-openssl.c; Dovecot",
        Whose.NEITHER,
        ("tls.handshake-failed", "ssl_connect error to", "postfix/smtp[4711]: SSL_connect error to e1.example.com[192.0.2.10]:25: -1"),
        ("tls.handshake-failed", "ssl_accept error from", "postfix/smtpd[4711]: SSL_accept error from c1.example.com[10.0.10.2]: -1"),
        ("tls.handshake-failed", "tls session: (ssl_connect)", "exim[4711]: H=e1.example.com [192.0.2.10] TLS session: (SSL_connect): error"),
        ("tls.handshake-failed", "tls error on connection", "exim[4711]: TLS error on connection from c1.example.com [10.0.10.2] (SSL_accept): error"),
        ("tls.handshake-failed", "ssl_accept() failed", "imap-login: Disconnected (no auth attempts): TLS handshaking: SSL_accept() failed"),
        vague=True,
    ),
    *successes("Postfix, src/tls/tls_client.c", ("verified tls connection established", "postfix/smtp[4711]: Verified TLS connection established to e1.example.com[192.0.2.10]:25: TLSv1.3"), ("trusted tls connection established", "postfix/smtp[4711]: Trusted TLS connection established to e1.example.com[192.0.2.10]:25: TLSv1.3")),
    *harmless("Postfix, src/tls/tls_client.c", ("untrusted tls connection established", "postfix/smtp[4711]: Untrusted TLS connection established to e1.example.com[192.0.2.10]:25: TLSv1.3")),
)  # fmt: skip

_SYSLOG = (
    *rows(
        "rsyslog, runtime/nsd_gtls.c, nsd_ossl.c",
        Whose.THEIRS,
        ("names.reference-not-presented", "peer name not authorized", "rsyslogd: error: peer name not authorized -  not permitted to talk to it. Names: DNSname: e1.example.com; CN: e1.example.com;  [v8.2302.0]"),
        ("trust.issuer-unknown", "not permitted to talk to peer, certificate invalid: signer not found", "rsyslogd: not permitted to talk to peer, certificate invalid: signer not found [v8.2302.0]"),
        ("validity.expired", "not permitted to talk to peer, certificate invalid: certificate expired", "rsyslogd: not permitted to talk to peer, certificate invalid: certificate expired [v8.2302.0]"),
        ("revocation.revoked", "not permitted to talk to peer, certificate invalid: certificate revoked", "rsyslogd: not permitted to talk to peer, certificate invalid: certificate revoked [v8.2302.0]"),
        ("ca.not-a-ca", "not permitted to talk to peer, certificate invalid: signer is not a ca", "rsyslogd: not permitted to talk to peer, certificate invalid: signer is not a CA [v8.2302.0]"),
        ("signature.digest-unsupported", "not permitted to talk to peer, certificate invalid: insecure algorithm", "rsyslogd: not permitted to talk to peer, certificate invalid: insecure algorithm [v8.2302.0]"),
        ("trust.issuer-unknown", "peer fingerprint", "rsyslogd: error: peer fingerprint 'SHA1:00' unknown - we are not permitted to talk to it [v8.2302.0]", "not permitted to talk to it"),
        ("tls.certificate-required", "peer did not provide a certificate", "rsyslogd: error: peer did not provide a certificate, not permitted to talk to it [v8.2302.0]"),
    ),
    *rows(
        "syslog-ng, lib/transport/tls-context.c, transport-tls.c",
        Whose.THEIRS,
        ("names.reference-not-presented", "certificate subject does not match configured hostname", "syslog-ng[4711]: Certificate subject does not match configured hostname; hostname='e1.example.com', certificate='cluster-e.example.com'"),
    ),
    *rows(
        "syslog-ng, lib/transport/tls-context.c, transport-tls.c; rsyslog, runtime/nsd_ossl.c",
        Whose.THEIRS,
        ("tls.certificate-refused", "certificate validation failed", "syslog-ng[4711]: Certificate validation failed; subject='CN=e1.example.com', issuer='CN=Example CA', error='unspecified', depth='0'", "issuer="),
        ("tls.certificate-refused", "not permitted to talk to peer, certificate invalid", "rsyslogd: not permitted to talk to peer, certificate invalid: other [v8.2302.0]"),
        vague=True,
    ),
    *rows(
        "syslog-ng, lib/transport/tls-context.c; rsyslog, runtime/nsd_gtls.c",
        Whose.NEITHER,
        ("tls.handshake-failed", "unexpected gnutls error", "rsyslogd: unexpected GnuTLS error -12 in nsd_gtls.c:1795 [v8.2302.0]"),
        ("tls.handshake-failed", "ssl error while", "syslog-ng[4711]: SSL error while writing stream; tls_error='1'", "tls_error"),
        vague=True,
    ),
)  # fmt: skip

SERVERS: tuple[Phrase, ...] = (*_WEB, *_MAIL, *_SYSLOG)
