"""Browsers: Chrome and Edge (net::ERR_…), Firefox and everything on NSS (SEC_ERROR_…, SSL_ERROR_…), Safari."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import PURPOSE, alert_row, rows

_CHROME_THEIRS = (
    ("err_cert_common_name_invalid", "names.reference-not-presented"),
    ("err_cert_date_invalid", "validity.expired"),
    ("err_cert_authority_invalid", "trust.issuer-unknown"),
    ("err_cert_revoked", "revocation.revoked"),
    ("err_cert_no_revocation_mechanism", "revocation.crl-unavailable"),
    ("err_cert_unable_to_check_revocation", "revocation.crl-unavailable"),
    ("err_cert_weak_signature_algorithm", "signature.digest-unsupported"),
    ("err_cert_weak_key", "key.too-short"),
    ("err_cert_name_constraint_violation", "ca.name-constraint-violated"),
    ("err_cert_non_unique_name", "names.internal-domain"),
    ("err_ssl_server_cert_bad_format", "encoding.malformed"),
    ("err_ssl_key_usage_incompatible", "key.usage-unsuitable"),
)  # fmt: skip
_CHROME = (
    ("err_ssl_version_or_cipher_mismatch", "tls.cipher-mismatch"),
    ("err_ssl_obsolete_version", "tls.protocol-mismatch"),
    ("err_ssl_weak_server_ephemeral_dh_key", "tls.cipher-mismatch"),
    ("err_ssl_unrecognized_name_alert", "tls.server-name-unknown"),
    ("err_ssl_protocol_error", "tls.handshake-failed"),
    ("err_connection_refused", "net.unreachable"),
    ("err_connection_timed_out", "net.unreachable"),
    ("err_address_unreachable", "net.unreachable"),
    ("err_connection_reset", "net.connection-cut"),
    ("err_connection_closed", "net.connection-cut"),
    ("err_empty_response", "net.connection-cut"),
    ("err_name_not_resolved", "dns.name-unresolved"),
    ("dns_probe_finished_nxdomain", "dns.name-unresolved"),
)  # fmt: skip
_CHROME_OURS = (
    ("err_bad_ssl_client_auth_cert", "tls.certificate-refused"),
    ("err_ssl_client_auth_cert_needed", "tls.certificate-required"),
    ("err_ssl_client_auth_signature_failed", "key.mismatch"),
    ("err_ssl_client_auth_private_key_access_denied", "key.unreadable"),
)  # fmt: skip

_NSS_THEIRS = (
    ("sec_error_unknown_issuer", "trust.issuer-unknown"),
    ("sec_error_untrusted_issuer", "trust.issuer-unknown"),
    ("sec_error_untrusted_cert", "trust.issuer-unknown"),
    ("mozilla_pkix_error_self_signed_cert", "trust.self-signed-leaf"),
    ("mozilla_pkix_error_mitm_detected", "trust.issuer-unknown"),
    ("mozilla_pkix_error_ca_cert_used_as_end_entity", "certificate.may-sign"),
    ("mozilla_pkix_error_v1_cert_used_as_ca", "certificate.version-old"),
    ("mozilla_pkix_error_inadequate_key_size", "key.too-short"),
    ("mozilla_pkix_error_not_yet_valid_certificate", "validity.not-yet-valid"),
    ("mozilla_pkix_error_not_yet_valid_issuer_certificate", "validity.not-yet-valid"),
    ("mozilla_pkix_error_required_tls_feature_missing", "revocation.ocsp-unavailable"),
    ("sec_error_expired_certificate", "validity.expired"),
    ("sec_error_expired_issuer_certificate", "validity.expired"),
    ("sec_error_revoked_certificate", "revocation.revoked"),
    ("sec_error_bad_signature", "trust.chain-signature-invalid"),
    ("sec_error_ca_cert_invalid", "ca.not-a-ca"),
    ("sec_error_path_len_constraint_invalid", "ca.path-length-exceeded"),
    ("sec_error_cert_not_in_name_space", "ca.name-constraint-violated"),
    ("sec_error_unknown_critical_extension", "chain.critical-extension-unknown"),
    ("sec_error_extension_value_invalid", "chain.extension-unreadable"),
    ("sec_error_cert_signature_algorithm_disabled", "signature.digest-unsupported"),
    ("sec_error_inadequate_key_usage", "key.usage-unsuitable"),
    ("sec_error_inadequate_cert_type", PURPOSE),
    ("sec_error_crl_expired", "revocation.crl-expired"),
    ("sec_error_crl_bad_signature", "revocation.crl-untrusted"),
    ("sec_error_crl_not_found", "revocation.crl-unavailable"),
    ("sec_error_ocsp_server_error", "revocation.ocsp-unavailable"),
    ("sec_error_ocsp_try_server_later", "revocation.ocsp-unavailable"),
    ("sec_error_ocsp_unknown_cert", "revocation.ocsp-unavailable"),
    ("sec_error_ocsp_unauthorized_request", "revocation.ocsp-unavailable"),
    ("sec_error_ocsp_future_response", "revocation.ocsp-untrusted"),
    ("sec_error_ocsp_old_response", "revocation.ocsp-untrusted"),
    ("sec_error_ocsp_invalid_signing_cert", "revocation.ocsp-untrusted"),
    ("sec_error_ocsp_unauthorized_response", "revocation.ocsp-untrusted"),
    ("sec_error_bad_der", "encoding.malformed"),
    ("ssl_error_bad_cert_domain", "names.reference-not-presented"),
    ("ssl_error_no_certificate", "tls.certificate-required"),
)  # fmt: skip
_NSS = (
    ("ssl_error_no_cypher_overlap", "tls.cipher-mismatch"),
    ("ssl_error_weak_server_ephemeral_dh_key", "tls.cipher-mismatch"),
    ("ssl_error_unsupported_version", "tls.protocol-mismatch"),
    ("ssl_error_ssl_disabled", "tls.protocol-mismatch"),
    ("ssl_error_rx_record_too_long", "tls.not-tls"),
    ("ssl_error_unsafe_negotiation", "tls.renegotiation-refused"),
    ("ssl_error_bad_mac_read", "tls.handshake-failed"),
    ("ssl_error_rx_malformed_server_hello", "tls.handshake-failed"),
    ("ssl_error_next_protocol_no_protocol", "tls.handshake-failed"),
    ("pr_connect_reset_error", "net.connection-cut"),
    ("pr_end_of_file_error", "net.connection-cut"),
    ("pr_connect_refused_error", "net.unreachable"),
    ("pr_connect_timeout_error", "net.unreachable"),
    ("pr_directory_lookup_error", "dns.name-unresolved"),
)  # fmt: skip
_NSS_ALERTS = (
    ("ssl_error_bad_cert_alert", 42),
    ("ssl_error_unsupported_cert_alert", 43),
    ("ssl_error_revoked_cert_alert", 44),
    ("ssl_error_expired_cert_alert", 45),
    ("ssl_error_certificate_unknown_alert", 46),
    ("ssl_error_illegal_parameter_alert", 47),
    ("ssl_error_unknown_ca_alert", 48),
    ("ssl_error_access_denied_alert", 49),
    ("ssl_error_decode_error_alert", 50),
    ("ssl_error_decrypt_error_alert", 51),
    ("ssl_error_export_restriction_alert", 60),
    ("ssl_error_protocol_version_alert", 70),
    ("ssl_error_insufficient_security_alert", 71),
    ("ssl_error_internal_error_alert", 80),
    ("ssl_error_inappropriate_fallback_alert", 86),
    ("ssl_error_user_canceled_alert", 90),
    ("ssl_error_no_renegotiation_alert", 100),
    ("ssl_error_handshake_failure_alert", 40),
    ("ssl_error_missing_extension_alert", 109),
    ("ssl_error_unsupported_extension_alert", 110),
    ("ssl_error_certificate_unobtainable_alert", 111),
    ("ssl_error_unrecognized_name_alert", 112),
    ("ssl_error_bad_cert_status_response_alert", 113),
    ("ssl_error_bad_cert_hash_value_alert", 114),
    ("ssl_error_rx_certificate_required_alert", 116),
)  # fmt: skip


def _chrome(whose: Whose, table: tuple[tuple[str, str], ...]) -> tuple[Phrase, ...]:
    lines = ((rule, name, f"GET https://e1.example.com:8443/ net::{name.upper()}") for name, rule in table)
    return rows("Chromium, net/base/net_error_list.h", whose, *lines)


def _nss(whose: Whose, table: tuple[tuple[str, str], ...]) -> tuple[Phrase, ...]:
    lines = ((rule, name, f"* NSS error -8179 ({name.upper()})") for name, rule in table)
    return rows(
        "NSS, lib/util/SECerrs.h, lib/ssl/SSLerrs.h, lib/mozpkix/include/pkix/pkixnss.h; NSPR, prerr", whose, *lines
    )


_WORDS = rows(
    "NSS, lib/util/SECerrs.h, lib/ssl/SSLerrs.h (words of the errors); Firefox and Safari (from memory)",
    Whose.THEIRS,
    ("trust.issuer-unknown", "peer's certificate issuer is not recognized", "Peer's Certificate issuer is not recognized."),
    ("trust.issuer-unknown", "peer's certificate issuer has been marked as not trusted", "Peer's certificate issuer has been marked as not trusted by the user."),
    ("validity.expired", "peer's certificate has expired", "Peer's Certificate has expired."),
    ("revocation.revoked", "peer's certificate has been revoked", "Peer's Certificate has been revoked."),
    ("names.reference-not-presented", "requested domain name does not match the server's certificate", "Unable to communicate securely with peer: requested domain name does not match the server's certificate."),
    ("names.reference-not-presented", "the certificate is only valid for", "e1.example.com uses an invalid security certificate. The certificate is only valid for cluster-e.example.com."),
    ("trust.intermediate-missing", "the certificate is not trusted because the issuer certificate is unknown", "The certificate is not trusted because the issuer certificate is unknown. The server might not be sending the appropriate intermediate certificates."),
    ("trust.self-signed-leaf", "the certificate is not trusted because it is self-signed", "The certificate is not trusted because it is self-signed."),
    ("trust.issuer-unknown", "the certificate for this server is invalid", "The certificate for this server is invalid. You might be connecting to a server that is pretending to be e1.example.com"),
)  # fmt: skip

BROWSERS: tuple[Phrase, ...] = (
    *_chrome(Whose.THEIRS, _CHROME_THEIRS), *_chrome(Whose.NEITHER, _CHROME), *_chrome(Whose.OURS, _CHROME_OURS),
    *_nss(Whose.THEIRS, _NSS_THEIRS), *_nss(Whose.NEITHER, _NSS),
    *(alert_row(number, name, f"* NSS error -12271 ({name.upper()})", "NSS, lib/ssl/SSLerrs.h") for name, number in _NSS_ALERTS),
    *_WORDS,
)  # fmt: skip
