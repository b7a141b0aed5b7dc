"""What the commands `openssl s_client`, `s_server`, `verify`, `ocsp`, `x509`, `req` and `crl` print themselves."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.judge.phrases.rows import harmless, rows, successes

_CLIENT = rows(
    "OpenSSL, apps/s_client.c, apps/lib/s_socket.c",
    Whose.NEITHER,
    ("net.unreachable", "connect:errno=111", "connect:errno=111"),
    ("net.unreachable", "connect:errno=110", "connect:errno=110"),
    ("net.unreachable", "connect:errno=113", "connect:errno=113"),
    ("net.unreachable", "connect:errno=101", "connect:errno=101"),
    ("net.unreachable", "connect:errno=61", "connect:errno=61"),
    ("net.unreachable", "connect:errno=10061", "connect:errno=10061"),
    ("net.unreachable", "connect:errno=10060", "connect:errno=10060"),
    ("net.unreachable", "connect:errno=", "connect:errno=115"),
    ("dns.name-unresolved", "bio_lookup_ex", "40F7:error:2008F002:BIO routines:BIO_lookup_ex:system lib:crypto/bio/b_addr.c:730:Name or service not known"),
    ("dns.name-unresolved", "gethostbyname failure", "gethostbyname failure"),
    ("net.connection-cut", "write:errno=104", "write:errno=104"),
    ("net.connection-cut", "write:errno=32", "write:errno=32"),
    ("net.connection-cut", "write:errno=54", "write:errno=54"),
    ("net.connection-cut", "write:errno=10054", "write:errno=10054"),
    ("net.connection-cut", "write:errno=0", "write:errno=0"),
    ("net.connection-cut", "write:errno=", "write:errno=103"),
    ("net.connection-cut", "read:errno=104", "read:errno=104"),
    ("net.connection-cut", "read:errno=54", "read:errno=54"),
    ("net.connection-cut", "read:errno=10054", "read:errno=10054"),
    ("net.connection-cut", "ssl handshake has read 0 bytes", "SSL handshake has read 0 bytes and written 307 bytes"),
    ("tls.not-tls", "didn't find starttls in server response", "Didn't find STARTTLS in server response, trying anyway..."),
    writer=Writer.CLIENT,
)  # fmt: skip

_SUMMARIES = rows(
    "OpenSSL, apps/s_client.c: print_stuff",
    Whose.NEITHER,
    ("tls.handshake-failed", "no peer certificate available", "no peer certificate available"),
    vague=True,
    writer=Writer.CLIENT,
)  # fmt: skip

_CHECKS = (
    *rows(
        "OpenSSL, apps/lib/apps.c: print_cert_checks; apps/x509.c",
        Whose.THEIRS,
        ("names.reference-not-presented", "does not match certificate", "Hostname e1.example.com does NOT match certificate", "hostname"),
        ("names.reference-not-presented", "does not match certificate", "IP 192.0.2.10 does NOT match certificate", "ip "),
        ("names.reference-not-presented", "does not match certificate", "Email jdoe@example.com does NOT match certificate", "email"),
    ),
    *rows(
        "OpenSSL, apps/verify.c: check",
        Whose.THEIRS,
        ("tls.certificate-refused", "verification failed", "error leaf.pem: verification failed", "error "),
        vague=True,
    ),
    *rows(
        "OpenSSL, apps/req.c, apps/x509.c, apps/crl.c",
        Whose.NEITHER,
        ("csr.signature-invalid", "certificate request self-signature verify failure", "Certificate request self-signature verify failure"),
        ("csr.signature-invalid", "certificate request self-signature did not match the contents", "Certificate request self-signature did not match the contents"),
        ("csr.signature-invalid", "signature did not match the certificate request", "Signature did not match the certificate request"),
        ("revocation.crl-unavailable", "unable to load crl", "unable to load CRL"),
        ("revocation.crl-untrusted", "error getting crl issuer certificate", "Error getting CRL issuer certificate"),
    ),
)  # fmt: skip

_OCSP = (
    *rows(
        "OpenSSL, apps/ocsp.c",
        Whose.THEIRS,
        ("revocation.ocsp-untrusted", "response verify failure", "Response Verify Failure"),
        ("revocation.ocsp-untrusted", "status times invalid", "WARNING: Status times invalid."),
        ("revocation.ocsp-unavailable", "error querying ocsp responder", "Error querying OCSP responder"),
        ("revocation.ocsp-unavailable", "responder error: unauthorized", "Responder Error: unauthorized (6)"),
        ("revocation.ocsp-unavailable", "responder error: trylater", "Responder Error: trylater (3)"),
        ("revocation.ocsp-unavailable", "responder error: internalerror", "Responder Error: internalerror (2)"),
        ("revocation.ocsp-unavailable", "responder error: malformedrequest", "Responder Error: malformedrequest (1)"),
        ("revocation.ocsp-unavailable", "responder error: sigrequired", "Responder Error: sigrequired (5)"),
        ("revocation.ocsp-unavailable", "no status found", "ERROR: No Status found.", "error"),
        ("revocation.ocsp-unavailable", "pem: unknown", "leaf.pem: unknown"),
        ("revocation.ocsp-unavailable", "cert status: unknown", "    Cert Status: unknown"),
        ("revocation.revoked", "pem: revoked", "leaf.pem: revoked"),
        ("revocation.revoked", "cert status: revoked", "    Cert Status: revoked"),
        ("revocation.revoked", "revocation time:", "    Revocation Time: Nov 20 10:00:00 2026 GMT"),
    ),
    *rows(
        "OpenSSL, crypto/err/openssl.txt: OCSP_R_…",
        Whose.THEIRS,
        ("revocation.ocsp-untrusted", "root ca not trusted", "40E7:error:27069070:OCSP routines:OCSP_basic_verify:root ca not trusted:crypto/ocsp/ocsp_vfy.c:166:", "ocsp routines"),
        ("revocation.ocsp-untrusted", "signer certificate not found", "40E7:error:27069076:OCSP routines:OCSP_basic_verify:signer certificate not found:crypto/ocsp/ocsp_vfy.c:91:", "ocsp routines"),
        ("revocation.ocsp-untrusted", "missing ocspsigning usage", "40E7:error:2706B067:OCSP routines:ocsp_check_delegated:missing ocspsigning usage:crypto/ocsp/ocsp_vfy.c:400:"),
        ("revocation.ocsp-untrusted", "certificate verify error", "40E7:error:27069065:OCSP routines:OCSP_basic_verify:certificate verify error:crypto/ocsp/ocsp_vfy.c:138:Verify error:self signed certificate", "ocsp routines"),
        ("revocation.ocsp-untrusted", "ocsp_basic_verify:signature failure", "40E7:error:27069075:OCSP routines:OCSP_basic_verify:signature failure:crypto/ocsp/ocsp_vfy.c:112:"),
        ("revocation.ocsp-untrusted", "status expired", "40E7:error:2707307D:OCSP routines:OCSP_check_validity:status expired:crypto/ocsp/ocsp_cl.c:357:", "ocsp routines"),
        ("revocation.ocsp-untrusted", "status not yet valid", "40E7:error:2707307E:OCSP routines:OCSP_check_validity:status not yet valid:crypto/ocsp/ocsp_cl.c:327:", "ocsp routines"),
        ("revocation.ocsp-untrusted", "status too old", "40E7:error:2707307F:OCSP routines:OCSP_check_validity:status too old:crypto/ocsp/ocsp_cl.c:340:", "ocsp routines"),
        ("revocation.ocsp-unavailable", "response contains no revocation data", "40E7:error:2706F06F:OCSP routines:OCSP_basic_verify:response contains no revocation data"),
    ),
)  # fmt: skip

_FILES = rows(
    "OpenSSL, apps/lib/apps.c: load_key_certs_crls; 1.x: load_cert, load_key",
    Whose.NEITHER,
    ("encoding.malformed", "unable to load certificate", "unable to load certificate"),
    ("encoding.malformed", "could not read certificate", "Could not read certificate from leaf.pem"),
    ("encoding.malformed", "could not find certificate", "Could not find certificate from leaf.pem"),
    ("encoding.malformed", "could not read ca certs", "Could not read CA certs from trust.pem"),
    ("encoding.malformed", "could not read any certificates", "Could not read any certificates from chain.pem"),
    ("encoding.malformed", "unable to load x509 request", "unable to load X509 request"),
    ("encoding.malformed", "unable to load certificate request", "Unable to load X509 request: unable to load certificate request"),
    ("encoding.malformed", "error loading file", "Error loading file trust.pem", ".pem"),
    ("key.unreadable", "unable to load private key", "unable to load Private Key"),
    ("key.unreadable", "unable to load server certificate private key file", "unable to load server certificate private key file"),
    ("key.unreadable", "unable to load client certificate private key file", "unable to load client certificate private key file"),
    ("key.unreadable", "could not read private key", "Could not read private key from key.pem"),
    ("key.unreadable", "could not find private key", "Could not find private key from key.pem"),
    ("key.mismatch", "no certificate matches private key", "No certificate matches private key"),
    ("key.mismatch", "ca certificate and ca private key do not match", "CA certificate and CA private key do not match"),
    vague=True,
)  # fmt: skip

_EXPIRY = (
    *rows(
        "OpenSSL, apps/x509.c: -checkend",
        Whose.NEITHER,
        ("", "certificate will expire", "Certificate will expire"),
    ),
    *harmless(
        "OpenSSL, apps/x509.c; apps/ocsp.c; apps/s_client.c",
        ("ocsp response: no response sent", "OCSP response: no response sent"),
        ("revocation checking", "Revocation checking: off", "off"),
        ("generating self-signed certificate", "2026-11-20 10:00:10 INFO Generating self-signed certificate for e1.example.com"),
        ("generating a self-signed certificate", "Generating a self-signed certificate"),
        ("generated self-signed certificate", "INFO Generated self-signed certificate"),
        ("created self-signed certificate", "INFO Created self-signed certificate"),
        ("create self-signed certificate", "Use the following to create self-signed certificates"),
        ("using self-signed certificate", "INFO Using self-signed certificate /etc/ssl/e1.pem"),
        ("allow self-signed certificate", "INFO allow self-signed certificate: true"),
        ("self-signed certificates are", "Self-signed certificates are not supported here"),
        ("warning: no nonce in response", "WARNING: no nonce in response"),
        ("can't use ssl_get_servername", "Can't use SSL_get_servername"),
    ),
)  # fmt: skip

_SUCCESS = successes(
    "OpenSSL, apps/verify.c, apps/ocsp.c, apps/req.c, apps/x509.c, apps/crl.c",
    ("pem: ok", "leaf.pem: OK"),
    ("crt: ok", "leaf.crt: OK"),
    ("cer: ok", "leaf.cer: OK"),
    ("stdin: ok", "stdin: OK"),
    ("pem: good", "leaf.pem: good"),
    ("cert status: good", "    Cert Status: good"),
    ("response verify ok", "Response verify OK"),
    ("does match certificate", "Hostname e1.example.com does match certificate"),
    ("certificate request self-signature verify ok", "Certificate request self-signature verify OK"),
    ("certificate will not expire", "Certificate will not expire"),
    ("verify ok", "verify OK"),
)  # fmt: skip

OPENSSL_TOOLS: tuple[Phrase, ...] = (
    *_CLIENT, *_SUMMARIES, *_CHECKS, *_OCSP, *_FILES, *_EXPIRY, *_SUCCESS,
)  # fmt: skip
