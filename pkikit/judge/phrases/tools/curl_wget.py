"""curl and wget, with each TLS library that they are built with, and git and Docker, which print curl's or Go's words."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.judge.phrases.rows import PURPOSE, harmless, rows, successes

_OPENSSL = rows(
    "curl, lib/vtls/openssl.c",
    Whose.THEIRS,
    ("names.reference-not-presented", "no alternative certificate subject name matches", "curl: (60) SSL: no alternative certificate subject name matches target host name 'e1.example.com'"),
    ("names.reference-not-presented", "does not match target host name", "curl: (60) SSL: certificate subject name 'cluster-e.example.com' does not match target host name 'e1.example.com'"),
    ("names.reference-not-presented", "does not match target hostname", "curl: (60) SSL: certificate subject name 'cluster-e.example.com' does not match target hostname 'e1.example.com'"),
    ("names.reference-not-presented", "subjectaltname does not match", "*  subjectAltName does not match e1.example.com"),
    ("names.reference-not-presented", "unable to obtain common name from peer certificate", "curl: (60) SSL: unable to obtain common name from peer certificate"),
    ("trust.issuer-unknown", "certificate issuer check failed", "curl: (83) SSL: Certificate issuer check failed (/etc/ssl/issuer.pem)"),
    ("tls.certificate-refused", "public key does not match pinned public key", "curl: (90) SSL: public key does not match pinned public key!"),
    ("revocation.ocsp-unavailable", "no ocsp response received", "curl: (91) No OCSP response received"),
    ("revocation.ocsp-untrusted", "ocsp response verification failed", "* OCSP response verification failed"),
    ("revocation.ocsp-untrusted", "ocsp response has expired", "* OCSP response has expired"),
    ("revocation.ocsp-untrusted", "invalid ocsp response", "curl: (91) Invalid OCSP response"),
    ("revocation.ocsp-unavailable", "could not find certificate id in ocsp response", "* Could not find certificate ID in OCSP response"),
    ("revocation.revoked", "ssl certificate status: revoked", "* SSL certificate status: revoked (1)"),
    writer=Writer.CLIENT,
)  # fmt: skip

_GENERAL = (
    *rows(
        "curl, lib/strerror.c; docs/libcurl/libcurl-errors",
        Whose.THEIRS,
        ("tls.certificate-refused", "curl: (60)", "curl: (60) SSL certificate problem"),
        ("tls.certificate-refused", "peer certificate cannot be authenticated with given ca certificates", "curl: (60) Peer certificate cannot be authenticated with given CA certificates"),
        ("tls.certificate-refused", "ssl peer certificate or ssh remote key was not ok", "curl: (60) SSL peer certificate or SSH remote key was not OK"),
        ("tls.certificate-refused", "ssl certificate problem", "* SSL certificate problem: application verification failure"),
        ("tls.certificate-refused", "server certificate verification failed", "fatal: unable to access 'https://e1.example.com/': server certificate verification failed. CAfile: none CRLfile: none"),
        ("revocation.ocsp-unavailable", "ssl server certificate status verification failed", "curl: (91) SSL server certificate status verification FAILED"),
        vague=True,
        writer=Writer.CLIENT,
    ),
    *rows(
        "curl, lib/strerror.c; lib/hostip.c; lib/connect.c",
        Whose.NEITHER,
        ("dns.name-unresolved", "could not resolve host", "curl: (6) Could not resolve host: e1.example.com"),
        ("dns.name-unresolved", "couldn't resolve host", "curl: (6) Couldn't resolve host 'e1.example.com'"),
        ("dns.name-unresolved", "could not resolve proxy", "curl: (5) Could not resolve proxy: proxy.example.com"),
        ("dns.name-unresolved", "couldn't resolve proxy", "curl: (5) Couldn't resolve proxy 'proxy.example.com'"),
        ("dns.name-unresolved", "failed to resolve host", "* Failed to resolve host 'e1.example.com' with timeout after 5000 ms"),
        ("dns.name-unresolved", "resolving timed out after", "curl: (28) Resolving timed out after 5000 milliseconds"),
        ("net.unreachable", "failed to connect to", "curl: (7) Failed to connect to e1.example.com port 8443 after 3 ms: Couldn't connect to server", "port"),
        ("net.unreachable", "couldn't connect to server", "curl: (7) Couldn't connect to server"),
        ("net.unreachable", "could not connect to server", "curl: (7) Failed to connect to e1.example.com port 8443 after 3 ms: Could not connect to server"),
        ("net.unreachable", "connection timed out after", "curl: (28) Connection timed out after 5001 milliseconds"),
        ("net.unreachable", "connection timeout after", "curl: (28) Connection timeout after 5001 ms"),
        ("net.unreachable", "connect tunnel failed, response", "curl: (56) CONNECT tunnel failed, response 403"),
        ("net.connection-cut", "curl: (52) empty reply from server", "curl: (52) Empty reply from server"),
        ("net.connection-cut", "recv failure: connection reset by peer", "curl: (56) Recv failure: Connection reset by peer"),
        ("net.connection-cut", "ssl_error_syscall", "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to e1.example.com:8443"),
        ("net.connection-cut", "ssl connection timeout", "curl: (28) SSL connection timeout"),
        ("net.connection-cut", "failure when receiving data from the peer", "curl: (56) Failure when receiving data from the peer"),
        ("net.connection-cut", "failed sending data to the peer", "curl: (55) Failed sending data to the peer"),
        ("tls.cipher-mismatch", "couldn't use specified ssl cipher", "curl: (59) Couldn't use specified SSL cipher"),
        ("tls.cipher-mismatch", "failed setting cipher list", "curl: (59) failed setting cipher list: RC4"),
        ("tls.protocol-mismatch", "requested ssl level failed", "curl: (64) Requested SSL level failed"),
        ("access.credentials-refused", "login denied", "curl: (67) Login denied"),
        writer=Writer.CLIENT,
    ),
    *rows(
        "curl, lib/strerror.c",
        Whose.NEITHER,
        ("tls.handshake-failed", "ssl connect error", "curl: (35) SSL connect error"),
        ("tls.handshake-failed", "curl: (35)", "curl: (35) TLS connect error"),
        vague=True,
        writer=Writer.CLIENT,
    ),
)  # fmt: skip

# curl prints the same words for every reason for which OpenSSL refuses the file: a key that is too short for the security
# level, one that belongs to another certificate, or one behind a pass phrase. `fix` therefore names all three.
_OWN_KEY = tuple(
    Phrase(
        text=text,
        rule=rule,
        example=example,
        source="curl, lib/vtls/openssl.c: cert_stuff",
        writer=Writer.CLIENT,
        fix="Check the private key that the client loads: RSA with at least 2048 bits, not encrypted (or the right pass"
        " phrase), and the key of the certificate beside it. openssl rsa -in KEY -text -noout shows its length.",
    )
    for rule, text, example in (
        ("key.too-short", "unable to set private key file", "curl: (58) unable to set private key file: 'key.pem' type PEM"),
        ("key.unreadable", "unable to set private key", "curl: (58) unable to set private key"),
        ("key.mismatch", "private key does not match the certificate public key", "curl: (58) Private key does not match the certificate public key"),
        ("key.mismatch", "does not match certificate in same file", "curl: (58) private key from PKCS12 file 'e1.p12' does not match certificate in same file"),
        ("key.unreadable", "could not load pem client certificate", "curl: (58) could not load PEM client certificate from cert.pem, OpenSSL error error:02001002:system library:fopen:No such file or directory, (no key found, wrong pass phrase, or wrong file format?)"),
        ("key.encrypted", "could not parse pkcs12 file, check password", "curl: (58) could not parse PKCS12 file, check password, OpenSSL error error:11800071:PKCS12 routines::mac verify failure"),
        ("key.unreadable", "unable to set client certificate", "curl: (58) unable to set client certificate [error:0A000080]"),
        ("key.unreadable", "problem with the local ssl certificate", "curl: (58) Problem with the local SSL certificate"),
        ("encoding.malformed", "error setting certificate file", "curl: (77) error setting certificate file: /etc/ssl/trust.pem"),
        ("encoding.malformed", "error setting certificate verify locations", "curl: (77) error setting certificate verify locations:  CAfile: /etc/ssl/trust.pem CApath: none"),
        ("encoding.malformed", "problem with the ssl ca cert", "curl: (77) Problem with the SSL CA cert (path? access rights?)"),
    )
)  # fmt: skip

_OTHER_LIBRARIES = rows(
    "curl, lib/vtls/gtls.c, nss.c, schannel_verify.c, sectransp.c, mbedtls.c, wolfssl.c",
    Whose.THEIRS,
    ("validity.expired", "server certificate expiration date has passed", "* server certificate expiration date has passed."),
    ("validity.expired", "server certificate expiration date failed", "*  server certificate expiration date FAILED"),
    ("validity.not-yet-valid", "server certificate not activated yet", "* server certificate not activated yet."),
    ("validity.not-yet-valid", "server certificate activation date failed", "*  server certificate activation date FAILED"),
    ("names.reference-not-presented", "common name:", "*  common name: cluster-e.example.com (does not match 'e1.example.com')", "does not match"),
    ("revocation.revoked", "server certificate was revoked", "curl: (91) Server certificate was revoked: key compromise"),
    ("names.reference-not-presented", "certhostshouldmatchservername", "schannel: CertHostShouldMatchServerName: host name mismatch"),
    ("names.reference-not-presented", "schannel: certgetnamestring() certificate hostname", "schannel: CertGetNameString() certificate hostname (cluster-e.example.com) did not match connection (e1.example.com)"),
    ("trust.issuer-unknown", "schannel: certgetcertificatechain trust error cert_trust_is_untrusted_root", "schannel: CertGetCertificateChain trust error CERT_TRUST_IS_UNTRUSTED_ROOT"),
    ("trust.intermediate-missing", "schannel: certgetcertificatechain trust error cert_trust_is_partial_chain", "schannel: CertGetCertificateChain trust error CERT_TRUST_IS_PARTIAL_CHAIN"),
    ("validity.expired", "schannel: certgetcertificatechain trust error cert_trust_is_not_time_valid", "schannel: CertGetCertificateChain trust error CERT_TRUST_IS_NOT_TIME_VALID"),
    ("revocation.revoked", "schannel: certgetcertificatechain trust error cert_trust_is_revoked", "schannel: CertGetCertificateChain trust error CERT_TRUST_IS_REVOKED"),
    ("revocation.crl-unavailable", "schannel: certgetcertificatechain trust error cert_trust_revocation_status_unknown", "schannel: CertGetCertificateChain trust error CERT_TRUST_REVOCATION_STATUS_UNKNOWN"),
    ("trust.issuer-unknown", "ssl certificate problem: invalid certificate chain", "curl: (60) SSL certificate problem: Invalid certificate chain"),
    ("trust.issuer-unknown", "ssl: certificate verification failed (result: 5)", "curl: (60) SSL: certificate verification failed (result: 5)"),
    writer=Writer.CLIENT,
)  # fmt: skip

_WGET = (
    *rows(
        "wget, src/gnutls.c and src/openssl.c: ssl_check_certificate",
        Whose.THEIRS,
        ("trust.issuer-unknown", "doesn't have a known issuer", "ERROR: The certificate of 'e1.example.com' doesn't have a known issuer.", "certificate of"),
        ("trust.issuer-unknown", "hasn't got a known issuer", "ERROR: The certificate of 'e1.example.com' hasn't got a known issuer.", "certificate of"),
        ("trust.issuer-unknown", "unable to locally verify the issuer's authority", "  Unable to locally verify the issuer's authority."),
        ("trust.self-signed-leaf", "self-signed certificate encountered", "  Self-signed certificate encountered."),
        ("validity.not-yet-valid", "issued certificate not yet valid", "  Issued certificate not yet valid."),
        ("validity.not-yet-valid", "is not yet activated", "ERROR: The certificate of 'e1.example.com' is not yet activated.", "certificate of"),
        ("validity.not-yet-valid", "the certificate has not yet been activated", "The certificate has not yet been activated"),
        ("validity.expired", "issued certificate has expired", "  Issued certificate has expired."),
        ("validity.expired", "the certificate has expired", "The certificate has expired"),
        ("validity.expired", "has expired", "ERROR: The certificate of 'e1.example.com' has expired.", "certificate of"),
        ("revocation.revoked", "has been revoked", "ERROR: The certificate of 'e1.example.com' has been revoked.", "certificate of"),
        ("ca.not-a-ca", "was not a ca", "ERROR: The certificate signer of 'e1.example.com' was not a CA.", "certificate signer of"),
        ("signature.digest-unsupported", "was signed using an insecure algorithm", "ERROR: The certificate of 'e1.example.com' was signed using an insecure algorithm."),
        ("names.reference-not-presented", "certificate's owner does not match hostname", "The certificate's owner does not match hostname 'e1.example.com'"),
        ("names.reference-not-presented", "doesn't match requested host name", "ERROR: certificate common name 'cluster-e.example.com' doesn't match requested host name 'e1.example.com'."),
        ("names.reference-not-presented", "no certificate subject alternative name matches", "ERROR: no certificate subject alternative name matches requested host name 'e1.example.com'."),
        writer=Writer.CLIENT,
    ),
    *rows(
        "wget, src/gnutls.c and src/openssl.c: ssl_check_certificate",
        Whose.THEIRS,
        ("tls.certificate-refused", "is not trusted", "ERROR: The certificate of 'e1.example.com' is not trusted.", "certificate of"),
        ("tls.certificate-refused", "cannot verify", "ERROR: cannot verify e1.example.com's certificate, issued by 'CN=Example Issuing CA':", "certificate, issued by"),
        vague=True,
        writer=Writer.CLIENT,
    ),
    *rows(
        "wget, src/http.c, src/host.c, src/connect.c",
        Whose.NEITHER,
        ("dns.name-unresolved", "unable to resolve host address", "wget: unable to resolve host address 'e1.example.com'"),
        ("tls.handshake-failed", "unable to establish ssl connection", "Unable to establish SSL connection."),
        vague=True,
        writer=Writer.CLIENT,
    ),
)  # fmt: skip

_ORDINARY = harmless(
    "curl, lib/vtls/openssl.c: ossl_trace; wget, src/http.c",
    ("tls alert, close notify (256)", "* TLSv1.3 (IN), TLS alert, close notify (256):"),
    ("tls alert, server hello (2)", "* TLSv1.2 (OUT), TLS alert, Server hello (2):"),
    ("tls alert, client hello (1)", "* TLSv1.2 (OUT), TLS alert, Client hello (1):"),
    ("http request sent, awaiting response", "HTTP request sent, awaiting response... 200 OK"),
    ("continuing anyway", "*  SSL certificate verify result: self-signed certificate (18), continuing anyway.", "ssl certificate verify result"),
    ("server certificate status verification skipped", "*  server certificate status verification SKIPPED"),
)  # fmt: skip

_SUCCESS = successes(
    "curl, lib/vtls/openssl.c, gtls.c",
    ("ssl certificate verify ok", "*  SSL certificate verify ok."),
    ("server certificate verification ok", "*  server certificate verification OK"),
    ("ssl certificate verified via openssl", "* SSL certificate verified via OpenSSL."),
    ("ssl certificate issuer check ok", "*  SSL certificate issuer check ok (/etc/ssl/issuer.pem)"),
)  # fmt: skip

_PURPOSE = rows(
    "curl, lib/vtls/schannel_verify.c",
    Whose.THEIRS,
    (PURPOSE, "cert_trust_is_not_valid_for_usage", "schannel: CertGetCertificateChain trust error CERT_TRUST_IS_NOT_VALID_FOR_USAGE"),
    writer=Writer.CLIENT,
)  # fmt: skip

CURL_WGET: tuple[Phrase, ...] = (
    *_OPENSSL, *_GENERAL, *_OWN_KEY, *_OTHER_LIBRARIES, *_WGET, *_ORDINARY, *_SUCCESS, *_PURPOSE,
)  # fmt: skip
