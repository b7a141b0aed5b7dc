"""SIP servers and phones: Kamailio, OpenSIPS, Asterisk and PJSIP, FreeSWITCH, Linphone, SIPp, Oracle and AudioCodes SBCs."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.judge.phrases.rows import PURPOSE, rows, successes

_KAMAILIO = (
    # Both print OpenSSL's own words behind these (`openssl_verify`); the words alone say which rule it is.
    *rows(
        "Kamailio, src/modules/tls/tls_verify.c; OpenSIPS, modules/tls_openssl: verify_callback",
        Whose.THEIRS,
        ("tls.certificate-refused", "verification failure", "ERROR: tls [tls_verify.c:84]: verify_callback(): verification failure: unspecified", "verify_callback"),
        ("tls.certificate-refused", "verify error:", "NOTICE:tls_openssl:verify_callback: verify error: unspecified [error=1]", "verify_callback"),
        vague=True,
    ),
    *rows(
        "Kamailio, src/modules/tls/tls_util.h, tls_server.c; src/core/tcp_main.c, tcp_ev.h",
        Whose.NEITHER,
        ("net.connection-cut", "tls_err_ret", "ERROR: tls [tls_util.h:43]: tls_err_ret(): TLS connect:EOF", "eof"),
        ("net.connection-cut", "unexpected eof", "ERROR: tls [tls_server.c:1325]: tls_h_read_f(): protocol level error: unexpected EOF", "tls"),
        ("net.unreachable", "failed (rst)", "ERROR: <core> [core/tcp_main.c:4420]: tcpconn_finish_connect(): connect 10.0.30.2:5061 failed (RST) Connection refused", "connect"),
        ("net.unreachable", "failed (unreachable)", "ERROR: <core> [core/tcp_main.c:1220]: tcp_do_connect(): connect 10.0.30.2:5061 failed (unreachable) No route to host", "connect"),
        ("net.unreachable", "failed (timeout)", "ERROR: <core> [core/tcp_main.c:1220]: tcp_do_connect(): connect 10.0.30.2:5061 failed (timeout)", "connect"),
        ("net.unreachable", "tcpconn_finish_connect", "ERROR: <core> [core/tcp_main.c:3700]: tcpconn_send_put(): 10.0.30.2:5061: tcpconn_finish_connect(0x7f) failed", "failed"),
    ),
    *rows(
        "OpenSIPS, modules/tls_openssl/openssl_conn_ops.c",
        Whose.NEITHER,
        ("tls.handshake-failed", "new tls connection to", "ERROR:core:tls_connect: New TLS connection to 10.0.30.2:5061 failed", "failed"),
        ("tls.handshake-failed", "new tls connection from", "ERROR:core:tls_accept: New TLS connection from 10.0.10.2:27001 failed to accept", "failed to accept"),
        vague=True,
    ),
    *successes(
        "Kamailio, src/modules/tls/tls_server.c: tls_connect, tls_accept",
        ("tls_connect: new connection to", "INFO: tls [tls_server.c:480]: tls_connect: new connection to 10.0.30.2:5061 using TLSv1.3 TLS_AES_256_GCM_SHA384 256"),
        ("tls connect successful", "INFO: tls [tls_server.c:500]: TLS connect successful"),
        ("tls accept successful", "INFO: tls [tls_server.c:500]: TLS accept successful"),
    ),
)  # fmt: skip

_PJSIP = (
    *rows(
        "PJSIP, pjlib/src/pj/ssl_sock_common.c: pj_ssl_cert_get_verify_status_strings; Asterisk, res_pjsip",
        Whose.THEIRS,
        ("trust.issuer-unknown", "the issuer certificate cannot be found", "pjsip:0 <?>: SSL certificate verification: The issuer certificate cannot be found"),
        ("trust.issuer-unknown", "the certificate is untrusted", "pjsip:0 <?>: SSL certificate verification: The certificate is untrusted"),
        ("validity.expired", "the certificate has expired or not yet valid", "pjsip:0 <?>: SSL certificate verification: The certificate has expired or not yet valid"),
        ("encoding.malformed", "one or more fields of the certificate cannot be decoded due to invalid format", "pjsip:0 <?>: One or more fields of the certificate cannot be decoded due to invalid format"),
        (PURPOSE, "the certificate or ca certificate cannot be used for the specified purpose", "pjsip:0 <?>: The certificate or CA certificate cannot be used for the specified purpose"),
        ("names.reference-not-presented", "the server identity does not match to any identities specified in the certificate", "pjsip:0 <?>: The server identity does not match to any identities specified in the certificate"),
        ("revocation.revoked", "the certificate has been revoked", "pjsip:0 <?>: The certificate has been revoked"),
        ("trust.chain-signature-invalid", "the issuer info in the certificate does not match to the (candidate) issuer certificate", "pjsip:0 <?>: The issuer info in the certificate does not match to the (candidate) issuer certificate"),
        ("signature.digest-unsupported", "the certificate signature is created using a weak hashing algorithm", "pjsip:0 <?>: The certificate signature is created using a weak hashing algorithm"),
        ("revocation.crl-unavailable", "the crl certificate cannot be found", "pjsip:0 <?>: The CRL certificate cannot be found or cannot be read properly"),
        ("ca.path-length-exceeded", "the certificate chain length is too long", "pjsip:0 <?>: The certificate chain length is too long"),
    ),
    *rows(
        "PJSIP, pjsip/include/pjsip/sip_errno.h",
        Whose.THEIRS,
        ("tls.certificate-refused", "pjsip_tls_ecertverif", "TLS transport error: SSL certificate verification error (PJSIP_TLS_ECERTVERIF)"),
        ("tls.certificate-refused", "ssl certificate verification error", "tlsc0x7f TLS connect() error: SSL certificate verification error (PJSIP_TLS_ECERTVERIF)"),
        vague=True,
    ),
    *rows(
        "PJSIP, pjlib/src/pj/ssl_sock_ossl.c; Asterisk, main/tcptls.c",
        Whose.NEITHER,
        ("net.connection-cut", "ssl_error_ssl (handshake): level: 0 err: <0>", "SSL SSL_ERROR_SSL (Handshake): Level: 0 err: <0> <error> len: 0 peer: 10.0.30.2:5061", "handshake"),
        ("tls.handshake-failed", "problem setting up ssl connection", "ERROR[4711]: tcptls.c:553 handle_tcptls_connection: Problem setting up ssl connection"),
        ("tls.handshake-failed", "unable to set up ssl connection with peer", "ERROR[4711]: iostream.c:647 ast_iostream_start_tls: Unable to set up ssl connection with peer '10.0.30.2:5061'"),
        vague=True,
    ),
    *rows(
        "Asterisk, main/tcptls.c, main/iostream.c",
        Whose.THEIRS,
        ("tls.certificate-required", "no peer ssl certificate", "ERROR[4711]: tcptls.c:200 handle_tcptls_connection: No peer SSL certificate to verify"),
        ("names.reference-not-presented", "certificate common name did not match", "ERROR[4711]: tcptls.c:244 handle_tcptls_connection: Certificate common name did not match (e1.example.com)"),
    ),
    *rows(
        "Asterisk, main/tcptls.c, main/iostream.c",
        Whose.THEIRS,
        ("tls.certificate-refused", "certificate did not verify", "ERROR[4711]: tcptls.c:210 handle_tcptls_connection: Certificate did not verify: error 1"),
        vague=True,
    ),
    *rows(
        "Asterisk, res/res_pjsip_outbound_registration.c, res_pjsip/pjsip_distributor.c",
        Whose.NEITHER,
        ("sip.credentials-refused", "failed to authenticate", "NOTICE[4711]: res_pjsip/pjsip_distributor.c:676 log_failed_request: Request 'REGISTER' from '<sip:100@10.0.30.2>' failed for '10.0.10.2:5061' (callid: 1) - Failed to authenticate", "log_failed_request"),
    ),
)  # fmt: skip

_OTHERS = (
    *rows(
        "Sofia-SIP (FreeSWITCH), libsofia-sip-ua/tport/tport_tls.c",
        Whose.THEIRS,
        ("names.reference-not-presented", "peer certificate subject mismatch", "tport_tls.c:700 tls_verify_cb(): Peer Certificate Subject Mismatch (incoming connection)"),
        ("tls.certificate-required", "peer did not provide x.509 certificate", "tport_tls.c:520 tls_post_connection_check(0x7f): Peer did not provide X.509 Certificate."),
    ),
    *rows(
        "Sofia-SIP (FreeSWITCH), libsofia-sip-ua/tport/tport_tls.c",
        Whose.NEITHER,
        ("tls.handshake-failed", "tls setup failed", "tport_tls.c:960 tls_connect(0x7f): TLS setup failed (error:00000001:lib(0):func(0):reason(1))", "tls_"),
        vague=True,
    ),
    *rows(
        "Linphone: belle-sip, src/transports/tls_channel.c; bctoolbox, src/crypto/mbedtls.c (words of the flags)",
        Whose.THEIRS,
        ("names.reference-not-presented", "cn-mismatch", "belle-sip-message-Found certificate depth=[0], flags=[CN-mismatch ]:", "certificate depth"),
        ("trust.issuer-unknown", "flags=[not-trusted", "belle-sip-message-Found certificate depth=[0], flags=[not-trusted ]:"),
        ("validity.expired", "flags=[expired", "belle-sip-message-Found certificate depth=[0], flags=[expired ]:"),
        ("revocation.revoked", "flags=[revoked", "belle-sip-message-Found certificate depth=[0], flags=[revoked ]:"),
        ("tls.certificate-required", "belle-sip", "belle-sip-message-Found certificate depth=[0], flags=[missing ]:", "flags=[missing"),
        any_level=True,
    ),
    *rows(
        "Linphone: belle-sip, src/transports/tls_channel.c",
        Whose.NEITHER,
        ("tls.handshake-failed", "ssl handshake failed", "belle-sip-error-Channel [0x7f]: SSL handshake failed : X509 - error"),
        vague=True,
        writer=Writer.CLIENT,
    ),
    *rows(
        "SIPp, src/socket.cpp, src/sslsocket.cpp",
        Whose.NEITHER,
        ("net.unreachable", "unable to connect a tcp/sctp/tls socket", "2026-11-20 10:00:10 Unable to connect a TCP/SCTP/TLS socket, use -rsa"),
    ),
    *rows(
        "SIPp, src/sslsocket.cpp, src/socket.cpp",
        Whose.NEITHER,
        ("key.unreadable", "ssl_ctx_use_privatekey_file", "FI_init_ssl_context: SSL_CTX_use_PrivateKey_file (user private key) failed", "failed"),
        ("encoding.malformed", "ssl_ctx_use_certificate_file", "FI_init_ssl_context: SSL_CTX_use_certificate_file failed", "failed"),
        ("tls.handshake-failed", "error in ssl connection", "2026-11-20 10:00:10 Error in SSL connection: 1"),
        ("tls.handshake-failed", "error in ssl_accept", "2026-11-20 10:00:10 Error in SSL_accept: 1"),
        vague=True,
    ),
)  # fmt: skip

SIP: tuple[Phrase, ...] = (*_KAMAILIO, *_PJSIP, *_OTHERS)
