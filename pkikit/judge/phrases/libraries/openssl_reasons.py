"""OpenSSL's reasons (ERR_reason_error_string) of 1.0 to 3.x that are neither alerts nor verification errors.

Programs print them in many frames (`error:…:SSL routines:…:REASON`, `[SSL: REASON]`, Expressway's Detail); the text of a
row is the reason alone where its words are rare enough.
"""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.judge.phrases.rows import harmless, rows

_SSL = "OpenSSL, crypto/err/openssl.txt: SSL_R_…"


def _ssl(code: str, function: str, reason: str, place: str = "ssl/statem/statem_lib.c:2150") -> str:
    return f"40E74A6A7F7F0000:error:{code}:SSL routines:{function}:{reason}:{place}:"


def _short(rule: str, code: str, function: str, reason: str) -> tuple[tuple[str, ...], ...]:
    """Return rows for a reason in words that prose uses, too: only in an OpenSSL error, an Expressway field, or as a name."""
    field = (
        '2026-11-20T10:00:10.100+00:00 exwe01 tvcs: Event="Inbound TLS Negotiation Error" Service="SIP" Src-ip="198.51.100.79"'
        f' Src-port="33221" Dst-ip="192.0.2.10" Dst-port="5061" Detail="{reason}" Protocol="TLS" Level="1"'
    )
    plain, (_, name, example) = _pair(rule, code, function, reason, "ssl routines")
    return (plain, (rule, name, example), (rule, reason, field, "tls negotiation error"))


def _pair(rule: str, code: str, function: str, reason: str, *also: str) -> tuple[tuple[str, ...], ...]:
    """Return rows for a reason as OpenSSL prints it, and as Python, Node.js and BoringSSL name it."""
    name = reason.upper().replace(" ", "_")
    return (
        (rule, reason, _ssl(code, function, reason), *also),
        (rule, f"[ssl: {name.lower()}]" if also else name.lower(), f"ssl.SSLError: [SSL: {name}] (_ssl.c:1000)"),
    )


_COMMON_GROUND = rows(
    _SSL,
    Whose.NEITHER,
    *_pair("tls.protocol-mismatch", "0A000102", "ssl_choose_client_version", "unsupported protocol"),
    *_pair("tls.protocol-mismatch", "0A0000BF", "tls_setup_handshake", "no protocols available"),
    *_pair("tls.protocol-mismatch", "0A00018C", "tls_early_post_process_client_hello", "version too low"),
    *_pair("tls.protocol-mismatch", "0A0000A6", "tls_process_server_hello", "version too high"),
    *_pair("tls.protocol-mismatch", "0A00010A", "ssl_choose_client_version", "wrong ssl version"),
    *_pair("tls.protocol-mismatch", "14077103", "SSL23_GET_SERVER_HELLO", "unsupported ssl version"),
    *_pair("tls.protocol-mismatch", "0A000175", "tls_process_client_hello", "inappropriate fallback"),
    *_pair("tls.cipher-mismatch", "0A0000C1", "tls_post_process_client_hello", "no shared cipher"),
    *_pair("tls.cipher-mismatch", "0A0000B5", "tls_construct_client_hello", "no ciphers available"),
    *_pair("tls.cipher-mismatch", "0A0000B9", "ssl_create_cipher_list", "no cipher match"),
    *_pair("tls.cipher-mismatch", "0A0000F8", "tls_process_server_hello", "unknown cipher returned"),
    *_pair("tls.cipher-mismatch", "0A000105", "tls_process_server_hello", "wrong cipher returned"),
    *_pair("tls.cipher-mismatch", "0A00018A", "tls_process_ske_dhe", "dh key too small"),
    *_pair("tls.cipher-mismatch", "0A000066", "tls_process_ske_dhe", "bad dh value"),
    *_pair("tls.cipher-mismatch", "0A000178", "tls_choose_sigalg", "no shared signature algorithms"),
    *_pair("tls.cipher-mismatch", "0A000076", "tls_choose_sigalg", "no suitable signature algorithm"),
    *_pair("tls.cipher-mismatch", "0A000172", "tls12_check_peer_sigalg", "wrong signature type"),
    *_pair("tls.cipher-mismatch", "0A00014D", "tls_process_server_certificate", "legacy sigalg disallowed or unsupported"),
    *_pair("tls.cipher-mismatch", "0A00017A", "tls_process_ske_ecdhe", "wrong curve"),
    *_pair("tls.cipher-mismatch", "0A000065", "final_key_share", "no suitable key share"),
    *_pair("tls.cipher-mismatch", "0A00019A", "tls_parse_ctos_key_share", "no shared groups"),
    *_pair("tls.cipher-mismatch", "0A000127", "final_key_share", "no suitable groups"),
    *_pair("tls.cipher-mismatch", "0A00013B", "tls_process_ske_ecdhe", "unsupported elliptic curve"),
    *_pair("tls.cipher-mismatch", "0A0000F1", "ssl3_choose_cipher", "insufficient security", "ssl routines"),
    *_pair("tls.cipher-mismatch", "141F7065", "final_key_share", "no suitable digest algorithm"),
    *_pair("tls.cipher-mismatch", "0A00017F", "tls_process_server_certificate", "wrong certificate type"),
    *_pair("tls.renegotiation-refused", "0A000152", "final_renegotiate", "unsafe legacy renegotiation disabled"),
    *_pair("tls.renegotiation-refused", "0A000151", "tls_parse_stoc_renegotiate", "renegotiation mismatch"),
)  # fmt: skip

_NOT_TLS = rows(
    _SSL,
    Whose.NEITHER,
    *_pair("tls.not-tls", "0A00010B", "ssl3_get_record", "wrong version number"),
    *_short("tls.not-tls", "140770FC", "SSL23_GET_SERVER_HELLO", "unknown protocol"),
    *_pair("tls.not-tls", "0A0000C6", "ssl3_get_record", "packet length too long"),
    *_short("tls.not-tls", "0A000092", "ssl3_get_record", "data length too long"),
    *_short("tls.not-tls", "0A00009C", "ssl3_get_record", "http request"),
    *_pair("tls.not-tls", "0A00009B", "ssl3_get_record", "https proxy request"),
    *_pair("tls.not-tls", "0A00012B", "ssl3_get_record", "record layer failure"),
    *_pair("tls.not-tls", "0A0001BB", "tls_get_more_records", "bad record type"),
    *_pair("tls.not-tls", "0A0000F5", "ssl3_read_bytes", "unexpected record"),
    ("tls.not-tls", "not ssl record", "OpenSSL.SSL.Error: error:0A00010B: not SSL record"),
)  # fmt: skip

_CLIENT_CERTIFICATE = rows(
    _SSL,
    Whose.THEIRS,
    *_pair("tls.certificate-required", "0A0000C7", "tls_process_client_certificate", "peer did not return a certificate"),
    *_short("tls.certificate-required", "140890B2", "SSL3_GET_CLIENT_CERTIFICATE", "no certificate returned"),
    writer=Writer.SERVER,
)  # fmt: skip

_VERIFY_FAILED = (
    *rows(
        _SSL,
        Whose.THEIRS,
        ("tls.certificate-refused", "certificate verify failed", _ssl("0A000086", "tls_post_process_server_certificate", "certificate verify failed", "ssl/statem/statem_clnt.c:1890")),
        ("tls.certificate-refused", "certificate_verify_failed", "ssl.SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] (_ssl.c:1000)"),
        vague=True,
    ),
    *rows(
        _SSL,
        Whose.THEIRS,
        ("tls.certificate-refused", "tls_process_server_certificate:certificate verify failed", _ssl("1416F086", "tls_process_server_certificate", "certificate verify failed", "ssl/statem/statem_clnt.c:1915")),
        ("tls.certificate-refused", "tls_post_process_server_certificate:certificate verify failed", _ssl("0A000086", "tls_post_process_server_certificate", "certificate verify failed", "ssl/statem/statem_clnt.c:1890")),
        ("tls.certificate-refused", "ssl3_get_server_certificate:certificate verify failed", _ssl("14090086", "SSL3_GET_SERVER_CERTIFICATE", "certificate verify failed", "s3_clnt.c:1264")),
        vague=True,
        writer=Writer.CLIENT,
    ),
    *rows(
        _SSL,
        Whose.THEIRS,
        ("tls.certificate-refused", "tls_process_client_certificate:certificate verify failed", _ssl("0A000086", "tls_process_client_certificate", "certificate verify failed", "ssl/statem/statem_srvr.c:3515")),
        ("tls.certificate-refused", "ssl3_get_client_certificate:certificate verify failed", _ssl("140890B2", "ssl3_get_client_certificate", "certificate verify failed", "s3_srvr.c:3315")),
        vague=True,
        writer=Writer.SERVER,
    ),
)  # fmt: skip

_OWN_FILES = rows(
    f"{_SSL}; X509_R_…; PEM_R_…; EVP_R_…",
    Whose.NEITHER,
    ("key.mismatch", "key values mismatch", "140735:error:0B080074:x509 certificate routines:X509_check_private_key:key values mismatch:crypto/x509/x509_cmp.c:295:"),
    ("key.mismatch", "key_values_mismatch", "ssl.SSLError: [X509: KEY_VALUES_MISMATCH] key values mismatch (_ssl.c:4045)"),
    ("key.mismatch", "key type mismatch", "140735:error:05800073:x509 certificate routines:X509_check_private_key:key type mismatch:crypto/x509/x509_cmp.c:408:"),
    ("key.mismatch", "private key mismatch", _ssl("0A000120", "SSL_CTX_use_cert_and_key", "private key mismatch", "ssl/ssl_rsa.c:1045")),
    ("key.mismatch", "private key does not match certificate", "error:27064071:OCSP routines:OCSP_basic_sign:private key does not match certificate:crypto/ocsp/ocsp_srv.c:181:"),
    ("key.too-short", "ee key too small", _ssl("0A00018F", "SSL_CTX_use_certificate", "ee key too small", "ssl/ssl_rsa.c:221")),
    ("key.too-short", "ee_key_too_small", "ssl.SSLError: [SSL: EE_KEY_TOO_SMALL] ee key too small (_ssl.c:4045)"),
    ("key.too-short", "ca key too small", _ssl("0A00018D", "SSL_CTX_use_certificate_chain_file", "ca key too small", "ssl/ssl_rsa.c:221")),
    ("key.too-short", "ca_key_too_small", "ssl.SSLError: [SSL: CA_KEY_TOO_SMALL] ca key too small (_ssl.c:4045)"),
    ("key.too-short", "key size too small", "139:error:02000078:rsa routines:rsa_setup_blinding:key size too small:crypto/rsa/rsa_crpt.c:120:"),
    ("key.too-long", "modulus too large", "139:error:04067069:rsa routines:rsa_ossl_public_encrypt:modulus too large:crypto/rsa/rsa_ossl.c:80:"),
    ("signature.digest-unsupported", "ca md too weak", _ssl("0A00018E", "SSL_CTX_use_certificate", "ca md too weak", "ssl/ssl_rsa.c:221")),
    ("signature.digest-unsupported", "ca_md_too_weak", "ssl.SSLError: [SSL: CA_MD_TOO_WEAK] ca md too weak (_ssl.c:4045)"),
    ("signature.digest-unsupported", "md too weak", "SSL error: CA signature digest algorithm too weak, md too weak"),
    ("encoding.not-pem", "no start line", "140735:error:0909006C:PEM routines:get_name:no start line:crypto/pem/pem_lib.c:745:Expecting: TRUSTED CERTIFICATE"),
    ("encoding.not-pem", "no_start_line", "ssl.SSLError: [PEM: NO_START_LINE] no start line (_ssl.c:4123)"),
    ("encoding.malformed", "bad end line", "140735:error:0909006A:PEM routines:get_header_and_data:bad end line:crypto/pem/pem_lib.c:856:"),
    ("encoding.malformed", "bad_end_line", "ssl.SSLError: [PEM: BAD_END_LINE] bad end line (_ssl.c:4123)"),
    ("encoding.malformed", "bad base64 decode", "140735:error:09091064:PEM routines:PEM_read_bio_ex:bad base64 decode:crypto/pem/pem_lib.c:929:"),
    ("encoding.malformed", "asn1_check_tlen", "140735:error:0D0680A8:asn1 encoding routines:asn1_check_tlen:wrong tag:crypto/asn1/tasn_dec.c:1149:"),
    ("encoding.malformed", "asn1_get_object:header too long", "140735:error:0D07209B:asn1 encoding routines:ASN1_get_object:header too long:crypto/asn1/asn1_lib.c:101:"),
    ("encoding.malformed", "nested asn1 error", "140735:error:0D07803A:asn1 encoding routines:asn1_item_embed_d2i:nested asn1 error:crypto/asn1/tasn_dec.c:309:Type=X509"),
    ("encoding.malformed", "decoder routines", "40E7:error:1E08010C:DECODER routines:OSSL_DECODER_from_bio:unsupported:crypto/encode_decode/decoder_lib.c:101:No supported data to decode.", "unsupported"),
    ("key.encrypted", "bad password read", "140735:error:0906A068:PEM routines:PEM_do_header:bad password read:crypto/pem/pem_lib.c:427:"),
    ("key.encrypted", "problems getting password", "140735:error:0906406D:PEM routines:PEM_def_callback:problems getting password:crypto/pem/pem_lib.c:59:"),
    ("key.encrypted", "bad decrypt", "140735:error:06065064:digital envelope routines:EVP_DecryptFinal_ex:bad decrypt:crypto/evp/evp_enc.c:570:", "evp_decryptfinal_ex"),
    ("key.encrypted", "bad decrypt", "80CB:error:1C800064:Provider routines:ossl_cipher_unpadblock:bad decrypt:providers/implementations/ciphers/ciphercommon_block.c:124:", "ossl_cipher_unpadblock"),
    ("key.encrypted", "pkcs12 cipherfinal error", "80CB:error:11800074:PKCS12 routines:PKCS12_pbe_crypt_ex:pkcs12 cipherfinal error:crypto/pkcs12/p12_decr.c:92:maybe wrong password"),
    ("key.encrypted", "mac verify error: invalid password", "Mac verify error: invalid password?"),
    ("key.encrypted", "mac verify failure", "140735:error:23076071:PKCS12 routines:PKCS12_parse:mac verify failure:crypto/pkcs12/p12_kiss.c:67:"),
    ("key.unreadable", "no certificate assigned", _ssl("0A0000B1", "SSL_CTX_check_private_key", "no certificate assigned", "ssl/ssl_lib.c:1700")),
    ("key.unreadable", "no private key assigned", _ssl("0A0000BE", "SSL_CTX_check_private_key", "no private key assigned", "ssl/ssl_lib.c:1704")),
    ("tls.certificate-required", "no certificate set", _ssl("0A0000B3", "tls_construct_server_certificate", "no certificate set"), "ssl routines"),
)  # fmt: skip

_PROTOCOL = rows(
    _SSL,
    Whose.NEITHER,
    *_pair("key.mismatch", "0A00007B", "tls_process_cert_verify", "bad signature", "tls_process"),
    *_pair("tls.handshake-failed", "0A000119", "ssl3_get_record", "decryption failed or bad record mac"),
    *_pair("tls.handshake-failed", "0A000095", "tls_process_finished", "digest check failed"),
    *_short("tls.handshake-failed", "0A0000F4", "ossl_statem_client_read_transition", "unexpected message"),
    *_pair("tls.handshake-failed", "0A00009F", "tls_process_server_hello", "length mismatch", "ssl routines"),
    *_pair("tls.handshake-failed", "0A00006E", "tls_parse_stoc", "bad extension", "ssl routines"),
    *_pair("tls.handshake-failed", "0A0000E3", "tls_parse_ctos_server_name", "parse tlsext"),
    *_pair("tls.handshake-failed", "0A0000EB", "tls_parse_ctos_alpn", "no application protocol", "ssl routines"),
    *_pair("tls.handshake-failed", "0A000098", "tls_get_message_header", "excessive message size"),
    *_short("tls.handshake-failed", "0A000044", "ssl3_get_record", "internal error"),
    *_pair("revocation.ocsp-untrusted", "0A000148", "tls_process_initial_server_flight", "invalid status response"),
    *_pair("net.connection-cut", "0A000126", "ssl3_read_n", "unexpected eof while reading"),
    ("net.connection-cut", "unexpected_eof_while_reading", "ssl.SSLEOFError: [SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1006)", "eof occurred"),
    *_pair("net.connection-cut", "1409E0E5", "ssl3_write_bytes", "read timeout expired"),
    ("net.connection-cut", "shutdown while in init", _ssl("0A000197", "SSL_shutdown", "shutdown while in init", "ssl/ssl_lib.c:2244")),
)  # fmt: skip

_SUMMARY = rows(
    f"{_SSL}; HAProxy and others print it before the reason",
    Whose.NEITHER,
    *_pair("tls.handshake-failed", "0A0000E5", "ssl3_read_bytes", "ssl handshake failure"),
    vague=True,
)  # fmt: skip

_ORDINARY = harmless(
    _SSL,
    ("application data after close notify", _ssl("0A000123", "ssl3_read_bytes", "application data after close notify")),
    ("session id context uninitialized", _ssl("0A000115", "ssl_get_prev_session", "session id context uninitialized")),
)  # fmt: skip

OPENSSL_REASONS: tuple[Phrase, ...] = (
    *_COMMON_GROUND, *_NOT_TLS, *_CLIENT_CERTIFICATE, *_VERIFY_FAILED, *_OWN_FILES, *_PROTOCOL, *_SUMMARY, *_ORDINARY,
)  # fmt: skip
