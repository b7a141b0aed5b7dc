"""Java: PKIX validation, SunJSSE, keytool, and the servers and clients written in it."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import PURPOSE, harmless, rows, successes

_PKIX = "javax.net.ssl.SSLHandshakeException: PKIX path "
_VALIDATOR = "sun.security.validator.ValidatorException: "

_VALIDATION = rows(
    "OpenJDK, sun/security/validator/PKIXValidator.java, sun/security/provider/certpath/*.java",
    Whose.THEIRS,
    ("trust.issuer-unknown", "unable to find valid certification path to requested target", _VALIDATOR + "PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target"),
    ("trust.issuer-unknown", "path does not chain with any of the trust anchors", _PKIX + "validation failed: java.security.cert.CertPathValidatorException: Path does not chain with any of the trust anchors"),
    ("trust.issuer-unknown", "no trusted certificate found", _VALIDATOR + "No trusted certificate found"),
    ("trust.issuer-unknown", "trustanchors parameter must be non-empty", "java.security.InvalidAlgorithmParameterException: the trustAnchors parameter must be non-empty"),
    ("trust.issuer-unknown", "trust anchor for certification path not found", "java.security.cert.CertPathValidatorException: Trust anchor for certification path not found."),
    ("trust.issuer-unknown", "could not determine trust anchors", "java.security.cert.CertPathValidatorException: Could not determine trust anchors", "certpath"),
    ("validity.expired", "certificateexpiredexception: notafter", "java.security.cert.CertificateExpiredException: NotAfter: Fri Nov 20 10:00:00 UTC 2026"),
    ("validity.expired", "certificateexpiredexception", "Caused by: java.security.cert.CertificateExpiredException"),
    ("validity.not-yet-valid", "certificatenotyetvalidexception: notbefore", "java.security.cert.CertificateNotYetValidException: NotBefore: Fri Nov 20 10:00:00 UTC 2026"),
    ("validity.not-yet-valid", "certificatenotyetvalidexception", "Caused by: java.security.cert.CertificateNotYetValidException"),
    ("validity.expired", "pkix path validation failed: java.security.cert.certpathvalidatorexception: validity check failed", _PKIX + "validation failed: java.security.cert.CertPathValidatorException: validity check failed"),
    ("validity.expired", "timestamp check failed", _PKIX + "validation failed: java.security.cert.CertPathValidatorException: timestamp check failed", "certpath"),
    ("trust.chain-signature-invalid", "signature check failed", _PKIX + "validation failed: java.security.cert.CertPathValidatorException: signature check failed", "certpath"),
    ("trust.chain-signature-invalid", "certificate signature validation failed", _VALIDATOR + "Certificate signature validation failed"),
    ("trust.chain-signature-invalid", "subject/issuer name chaining check failed", _PKIX + "validation failed: java.security.cert.CertPathValidatorException: subject/issuer name chaining check failed"),
    ("revocation.revoked", "certificaterevokedexception", "java.security.cert.CertificateRevokedException: Certificate has been revoked, reason: KEY_COMPROMISE, revocation date: Fri Nov 20 10:00:00 UTC 2026, authority: CN=Example CA, extension OIDs: []"),
    ("revocation.revoked", "certificate has been revoked, reason", "java.security.cert.CertPathValidatorException: Certificate has been revoked, reason: UNSPECIFIED, revocation date: Fri Nov 20 10:00:00 UTC 2026"),
    ("revocation.crl-unavailable", "could not determine revocation status", "java.security.cert.CertPathValidatorException: Could not determine revocation status"),
    ("revocation.crl-unavailable", "unable to determine revocation status", "java.security.cert.CertPathValidatorException: Unable to determine revocation status due to network error"),
    ("revocation.ocsp-unavailable", "certificate does not specify ocsp responder", "java.security.cert.CertPathValidatorException: Certificate does not specify OCSP responder"),
    ("revocation.ocsp-unavailable", "ocsp response error", "java.security.cert.CertPathValidatorException: OCSP response error: UNAUTHORIZED"),
    ("revocation.ocsp-untrusted", "unable to verify ocsp response's signature", "java.security.cert.CertPathValidatorException: Unable to verify OCSP Response's signature"),
    ("revocation.ocsp-untrusted", "error verifying ocsp response's signature", "java.security.cert.CertPathValidatorException: Error verifying OCSP Response's signature"),
    ("revocation.ocsp-untrusted", "responder's certificate is not authorized to sign ocsp responses", "java.security.cert.CertPathValidatorException: Responder's certificate is not authorized to sign OCSP responses"),
    ("revocation.ocsp-untrusted", "response is unreliable: its validity interval is out-of-date", "java.io.IOException: Response is unreliable: its validity interval is out-of-date"),
    ("ca.not-a-ca", "check failed: this is not a ca certificate", _PKIX + "validation failed: java.security.cert.CertPathValidatorException: basic constraints check failed: this is not a CA certificate"),
    ("ca.not-a-ca", "ca certificate extension check failed", _VALIDATOR + "CA certificate extension check failed"),
    ("ca.not-a-ca", "trustanchor with subject", "TrustAnchor with subject \"CN=Example CA\" is not a CA certificate", "is not a ca certificate"),
    ("ca.path-length-exceeded", "basic constraints check failed: pathlenconstraint violated", _PKIX + "validation failed: java.security.cert.CertPathValidatorException: basic constraints check failed: pathLenConstraint violated - this cert must be the last cert in the certification path"),
    ("ca.path-length-exceeded", "violated path length constraints", _VALIDATOR + "Violated path length constraints"),
    ("ca.key-usage-missing", "wrong key usage: expected keycertsign", _VALIDATOR + "Wrong key usage: expected keyCertSign"),
    ("ca.key-usage-missing", "check failed: keycertsign bit is not set", "java.security.cert.CertPathValidatorException: CA key usage check failed: keyCertSign bit is not set"),
    ("ca.name-constraint-violated", "name constraints check failed", "java.security.cert.CertPathValidatorException: name constraints check failed", "certpath"),
    ("signature.digest-unsupported", "algorithm constraints check failed on signature algorithm", "java.security.cert.CertPathValidatorException: Algorithm constraints check failed on signature algorithm: SHA1withRSA"),
    ("signature.digest-unsupported", "algorithm constraints check failed on disabled algorithm", "java.security.cert.CertPathValidatorException: Algorithm constraints check failed on disabled algorithm: SHA1 used with certificate: CN=Example CA"),
    ("key.too-short", "algorithm constraints check failed on keysize limits", "java.security.cert.CertPathValidatorException: Algorithm constraints check failed on keysize limits: RSA 1024 bit key used with certificate: CN=e1.example.com"),
    ("chain.critical-extension-unknown", "certificate contains unknown critical extensions", _VALIDATOR + "Certificate contains unknown critical extensions: [1.2.3.4]"),
    ("chain.critical-extension-unknown", "certificate contains unsupported critical extensions", _VALIDATOR + "Certificate contains unsupported critical extensions: [1.2.3.4]"),
    ("chain.critical-extension-unknown", "unrecognized critical extension(s)", "java.security.cert.CertPathValidatorException: unrecognized critical extension(s)"),
    ("eku.server-auth-missing", "extended key usage does not permit use for tls server authentication", _VALIDATOR + "Extended key usage does not permit use for TLS server authentication"),
    ("eku.client-auth-missing", "extended key usage does not permit use for tls client authentication", _VALIDATOR + "Extended key usage does not permit use for TLS client authentication"),
    ("eku.server-auth-missing", "netscape cert type does not permit use for ssl server", _VALIDATOR + "Netscape cert type does not permit use for SSL server"),
    ("eku.client-auth-missing", "netscape cert type does not permit use for ssl client", _VALIDATOR + "Netscape cert type does not permit use for SSL client"),
    ("key.usage-unsuitable", "keyusage does not allow digital signatures", _VALIDATOR + "KeyUsage does not allow digital signatures"),
    ("key.usage-unsuitable", "keyusage does not allow key encipherment", _VALIDATOR + "KeyUsage does not allow key encipherment"),
    (PURPOSE, "end entity certificate extension check failed", _VALIDATOR + "End entity certificate extension check failed"),
    ("trust.issuer-unknown", "and anchored by a distrusted legacy", _VALIDATOR + "TLS Server certificate issued after 2024-11-11 and anchored by a distrusted legacy Entrust root CA: CN=Entrust Root"),
)  # fmt: skip

_VAGUE = (
    *rows(
        "OpenJDK, sun/security/validator/PKIXValidator.java",
        Whose.THEIRS,
        ("tls.certificate-refused", "pkix path validation failed", _PKIX + "validation failed: java.security.cert.CertPathValidatorException"),
        ("tls.certificate-refused", "pkix path building failed", _PKIX + "building failed: java.security.cert.CertPathBuilderException"),
        ("tls.certificate-refused", "certpathvalidatorexception", "Caused by: java.security.cert.CertPathValidatorException"),
        vague=True,
    ),
    *rows(
        "OpenJDK, javax.net.ssl",
        Whose.NEITHER,
        ("tls.handshake-failed", "no certificate from the ssl server", "keytool error: java.lang.Exception: No certificate from the SSL server"),
        ("tls.handshake-failed", "sslhandshakeexception", "Caused by: javax.net.ssl.SSLHandshakeException"),
        vague=True,
    ),
)  # fmt: skip

_NAMES = rows(
    "OpenJDK, sun/security/util/HostnameChecker.java; Apache HttpClient, DefaultHostnameVerifier; OkHttp",
    Whose.THEIRS,
    ("names.reference-not-presented", "no subject alternative dns name matching", "java.security.cert.CertificateException: No subject alternative DNS name matching e1.example.com found."),
    ("names.ip-address-used", "no subject alternative names matching ip address", "java.security.cert.CertificateException: No subject alternative names matching IP address 192.0.2.10 found"),
    ("names.common-name-only", "no subject alternative names present", "java.security.cert.CertificateException: No subject alternative names present"),
    ("names.reference-not-presented", "no name matching", "java.security.cert.CertificateException: No name matching e1.example.com found", "found"),
    ("names.reference-not-presented", "doesn't match any of the subject alternative names", "javax.net.ssl.SSLPeerUnverifiedException: Certificate for <e1.example.com> doesn't match any of the subject alternative names: [cluster-e.example.com]"),
    ("names.reference-not-presented", "doesn't match common name of the certificate subject", "javax.net.ssl.SSLPeerUnverifiedException: Certificate for <e1.example.com> doesn't match common name of the certificate subject: cluster-e.example.com"),
    ("names.reference-not-presented", "hostname in certificate didn't match", "javax.net.ssl.SSLException: hostname in certificate didn't match: <e1.example.com> != <cluster-e.example.com>"),
    ("names.reference-not-presented", "not verified: certificate", "javax.net.ssl.SSLPeerUnverifiedException: Hostname e1.example.com not verified: certificate: sha256/abc=", "hostname"),
    ("names.reference-not-presented", "https hostname wrong", "java.io.IOException: HTTPS hostname wrong:  should be <e1.example.com>"),
)  # fmt: skip

_HANDSHAKE = rows(
    "OpenJDK, sun/security/ssl/*.java",
    Whose.NEITHER,
    ("tls.not-tls", "unrecognized ssl message, plaintext connection", "javax.net.ssl.SSLException: Unrecognized SSL message, plaintext connection?"),
    ("tls.not-tls", "unsupported or unrecognized ssl message", "javax.net.ssl.SSLException: Unsupported or unrecognized SSL message"),
    ("tls.protocol-mismatch", "no appropriate protocol", "javax.net.ssl.SSLHandshakeException: No appropriate protocol (protocol is disabled or cipher suites are inappropriate)"),
    ("tls.protocol-mismatch", "is not enabled or supported in server context", "javax.net.ssl.SSLHandshakeException: Client requested protocol TLSv1 is not enabled or supported in server context"),
    ("tls.protocol-mismatch", "is not accepted by client preferences", "javax.net.ssl.SSLHandshakeException: The server selected protocol version TLS10 is not accepted by client preferences [TLS13, TLS12]", "protocol version"),
    ("tls.cipher-mismatch", "no cipher suites in common", "javax.net.ssl.SSLHandshakeException: no cipher suites in common"),
    ("tls.cipher-mismatch", "no negotiable cipher suite", "javax.net.ssl.SSLHandshakeException: No negotiable cipher suite"),
    ("tls.cipher-mismatch", "dh serverkeyexchange does not comply to algorithm constraints", "javax.net.ssl.SSLHandshakeException: DH ServerKeyExchange does not comply to algorithm constraints"),
    ("tls.cipher-mismatch", "could not generate dh keypair", "javax.net.ssl.SSLException: java.lang.RuntimeException: Could not generate DH keypair"),
    ("tls.renegotiation-refused", "insecure renegotiation is not allowed", "javax.net.ssl.SSLHandshakeException: Insecure renegotiation is not allowed"),
    ("tls.certificate-required", "null cert chain", "javax.net.ssl.SSLHandshakeException: null cert chain"),
    ("tls.certificate-required", "empty client certificate chain", "javax.net.ssl.SSLHandshakeException: Empty client certificate chain"),
    ("tls.certificate-required", "empty server certificate chain", "javax.net.ssl.SSLHandshakeException: Empty server certificate chain"),
    ("tls.certificate-required", "no x.509 certificate for client authentication", "javax.net.ssl|DEBUG|10|main|CertificateMessage.java:1012|No X.509 certificate for client authentication, use empty Certificate message instead"),
    ("tls.certificate-required", "peer not authenticated", "javax.net.ssl.SSLPeerUnverifiedException: peer not authenticated"),
    ("tls.certificate-required", "no available authentication scheme", "javax.net.ssl.SSLHandshakeException: No available authentication scheme"),
    ("net.connection-cut", "remote host terminated the handshake", "javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake"),
    ("net.connection-cut", "remote host closed connection during handshake", "javax.net.ssl.SSLHandshakeException: Remote host closed connection during handshake"),
    ("net.connection-cut", "ssl peer shut down incorrectly", "java.io.EOFException: SSL peer shut down incorrectly"),
    ("net.connection-cut", "sslexception: connection reset", "javax.net.ssl.SSLException: Connection reset"),
    ("net.connection-cut", "socketexception: connection reset", "java.net.SocketException: Connection reset"),
    ("net.connection-cut", "socketexception: broken pipe", "java.net.SocketException: Broken pipe (Write failed)"),
    ("net.unreachable", "connectexception: connection refused", "java.net.ConnectException: Connection refused (Connection refused)"),
    ("net.unreachable", "connectexception: connection timed out", "java.net.ConnectException: Connection timed out: connect"),
    ("net.unreachable", "sockettimeoutexception: connect timed out", "java.net.SocketTimeoutException: connect timed out"),
    ("net.unreachable", "noroutetohostexception", "java.net.NoRouteToHostException: No route to host (Host unreachable)"),
    ("dns.name-unresolved", "unknownhostexception", "java.net.UnknownHostException: e1.example.com: Name or service not known"),
    ("tls.handshake-failed", "invalid certificateverify message: invalid signature", "javax.net.ssl.SSLHandshakeException: Invalid CertificateVerify message: invalid signature"),
)  # fmt: skip

_KEYTOOL = rows(
    "OpenJDK, sun/security/tools/keytool/Resources.java, sun/security/pkcs12/PKCS12KeyStore.java",
    Whose.NEITHER,
    ("trust.intermediate-missing", "failed to establish chain from reply", "keytool error: java.lang.Exception: Failed to establish chain from reply"),
    ("key.mismatch", "public keys in reply and keystore don't match", "keytool error: java.lang.Exception: Public keys in reply and keystore don't match"),
    ("key.mismatch", "certificate reply does not contain public key for", "keytool error: java.lang.Exception: Certificate reply does not contain public key for <e1>"),
    ("encoding.malformed", "input not an x.509 certificate", "keytool error: java.lang.Exception: Input not an X.509 certificate"),
    ("encoding.malformed", "not x.509 certificate", "keytool error: java.lang.Exception: Not X.509 certificate"),
    ("encoding.malformed", "could not parse certificate", "java.security.cert.CertificateException: Could not parse certificate: java.io.IOException: Empty input"),
    ("encoding.malformed", "invalid keystore format", "java.io.IOException: Invalid keystore format"),
    ("key.encrypted", "keystore was tampered with, or password was incorrect", "java.io.IOException: Keystore was tampered with, or password was incorrect"),
    ("key.encrypted", "keystore password was incorrect", "java.io.IOException: keystore password was incorrect"),
    ("key.encrypted", "cannot recover key", "java.security.UnrecoverableKeyException: Cannot recover key"),
)  # fmt: skip

_RESULTS = (
    *successes(
        "OpenJDK, sun/security/tools/keytool/Resources.java",
        ("certificate was added to keystore", "Certificate was added to keystore"),
        ("certificate reply was installed in keystore", "Certificate reply was installed in keystore"),
    ),
    *harmless(
        "OpenJDK, sun/security/tools/keytool/Resources.java",
        ("trust this certificate? [no]", "Trust this certificate? [no]:"),
    ),
)  # fmt: skip

JAVA: tuple[Phrase, ...] = (
    *_VALIDATION, *_VAGUE, *_NAMES, *_HANDSHAKE, *_KEYTOOL, *_RESULTS,
)  # fmt: skip
