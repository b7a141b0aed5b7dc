"""Windows: Schannel events, SEC_E_… and CERT_E_… with their numbers, certutil, CAPI2, .NET and PowerShell."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import PURPOSE, harmless, rows, successes

_EVENTS = (
    *rows(
        "Microsoft Learn dn786445, Schannel events 36876 to 36884",
        Whose.THEIRS,
        ("trust.issuer-unknown", "certificate received from the remote server was issued by an untrusted certificate authority", "The certificate received from the remote server was issued by an untrusted certificate authority. Because of this, none of the data contained in the certificate can be validated."),
        ("trust.issuer-unknown", "event id: 36882", "Event ID: 36882"),
        ("trust.issuer-unknown", "certificate received from the remote client was issued by an untrusted certificate authority", "The certificate received from the remote client was issued by an untrusted certificate authority."),
        ("validity.expired", "certificate received from the remote server has either expired or is not yet valid", "The certificate received from the remote server has either expired or is not yet valid. The SSL connection request has failed."),
        ("validity.expired", "event id: 36881", "Event ID: 36881"),
        ("revocation.revoked", "certificate received from the remote server has been revoked", "The certificate received from the remote server has been revoked. This means that the certificate authority that issued the certificate has invalidated it."),
        ("revocation.revoked", "event id: 36883", "Event ID: 36883"),
        ("names.reference-not-presented", "certificate received from the remote server does not contain the expected name", "The certificate received from the remote server does not contain the expected name. It is therefore not possible to determine whether we are connecting to the correct server."),
        ("names.reference-not-presented", "event id: 36884", "Event ID: 36884"),
    ),
    *rows(
        "Microsoft Learn dn786445, Schannel event 36876",
        Whose.THEIRS,
        ("tls.certificate-refused", "certificate received from the remote server has not validated correctly", "The certificate received from the remote server has not validated correctly. The error code is 0x80131500."),
        vague=True,
    ),
    *rows(
        "Microsoft Learn dn786445, Schannel events 36867 to 36874",
        Whose.NEITHER,
        ("tls.cipher-mismatch", "none of the cipher suites supported by the client application are supported by the server", "An TLS 1.2 connection request was received from a remote client application, but none of the cipher suites supported by the client application are supported by the server. The TLS connection request has failed."),
        ("tls.cipher-mismatch", "event id: 36874", "Event ID: 36874"),
        ("key.unreadable", "fatal error occurred while creating a tls client credential", "A fatal error occurred while creating a TLS client credential. The internal error state is 10013."),
        ("key.unreadable", "fatal error occurred while creating a tls server credential", "A fatal error occurred while creating a TLS server credential. The internal error state is 10011."),
        ("key.unreadable", "attempting to access the tls server credential private key", "A fatal error occurred when attempting to access the TLS server credential private key. The error code returned from the cryptographic module is 0x8009030D."),
        ("key.unreadable", "does not have a private key information property attached", "The TLS server credential's certificate does not have a private key information property attached to it."),
        ("key.unreadable", "event id: 36870", "Event ID: 36870"),
        ("key.unreadable", "event id: 36869", "Event ID: 36869"),
    ),
)  # fmt: skip

# name, number, rule: winerror.h
_THEIRS_CODES = (
    ("sec_e_untrusted_root", "0x80090325", "trust.issuer-unknown"),
    ("sec_e_cert_expired", "0x80090328", "validity.expired"),
    ("sec_e_wrong_principal", "0x80090322", "names.reference-not-presented"),
    ("sec_e_cert_wrong_usage", "0x80090349", PURPOSE),
    ("sec_e_issuing_ca_untrusted", "0x80090352", "trust.issuer-unknown"),
    ("crypt_e_revoked", "0x80092010", "revocation.revoked"),
    ("crypt_e_no_revocation_check", "0x80092012", "revocation.crl-unavailable"),
    ("crypt_e_revocation_offline", "0x80092013", "revocation.crl-unavailable"),
    ("cert_e_expired", "0x800b0101", "validity.expired"),
    ("cert_e_validityperiodnesting", "0x800b0102", "validity.expired"),
    ("cert_e_role", "0x800b0103", "ca.not-a-ca"),
    ("cert_e_pathlenconst", "0x800b0104", "ca.path-length-exceeded"),
    ("cert_e_critical", "0x800b0105", "chain.critical-extension-unknown"),
    ("cert_e_purpose", "0x800b0106", PURPOSE),
    ("cert_e_issuerchaining", "0x800b0107", "trust.chain-signature-invalid"),
    ("cert_e_malformed", "0x800b0108", "encoding.malformed"),
    ("cert_e_untrustedroot", "0x800b0109", "trust.issuer-unknown"),
    ("cert_e_chaining", "0x800b010a", "trust.intermediate-missing"),
    ("cert_e_revoked", "0x800b010c", "revocation.revoked"),
    ("cert_e_untrustedtestroot", "0x800b010d", "trust.issuer-unknown"),
    ("cert_e_revocation_failure", "0x800b010e", "revocation.crl-unavailable"),
    ("cert_e_cn_no_match", "0x800b010f", "names.reference-not-presented"),
    ("cert_e_wrong_usage", "0x800b0110", PURPOSE),
    ("cert_e_untrustedca", "0x800b0112", "trust.issuer-unknown"),
    ("cert_e_invalid_name", "0x800b0114", "ca.name-constraint-violated"),
    ("trust_e_cert_signature", "0x80096004", "trust.chain-signature-invalid"),
    ("trust_e_basic_constraints", "0x80096019", "ca.not-a-ca"),
)  # fmt: skip
_OTHER_CODES = (
    ("sec_e_algorithm_mismatch", "0x80090331", "tls.cipher-mismatch"),
    ("sec_e_unsupported_function", "0x80090302", "tls.protocol-mismatch"),
    ("sec_e_invalid_token", "0x80090308", "tls.not-tls"),
    ("sec_e_message_altered", "0x8009030f", "tls.handshake-failed"),
    ("sec_e_decrypt_failure", "0x80090330", "tls.handshake-failed"),
    ("sec_e_illegal_message", "0x80090326", "tls.handshake-failed"),
    ("sec_e_internal_error", "0x80090304", "tls.handshake-failed"),
    ("sec_e_no_credentials", "0x8009030e", "tls.certificate-required"),
    ("sec_e_unknown_credentials", "0x8009030d", "key.unreadable"),
    ("nte_bad_keyset", "0x80090016", "key.unreadable"),
)  # fmt: skip
_OURS_CODES = (("sec_e_cert_unknown", "0x80090327", "tls.certificate-refused"),)


def _codes(whose: Whose, table: tuple[tuple[str, str, str], ...]) -> tuple[Phrase, ...]:
    """Return rows for each code by name (`schannel: next InitializeSecurityContext failed: SEC_E_…`) and by number."""
    lines: list[tuple[str, str, str]] = []
    for name, number, rule in table:
        lines.append((rule, name, f"schannel: next InitializeSecurityContext failed: {name.upper()} ({number})"))
        lines.append((rule, number, f"The operation failed. Error code: {number}"))
    return rows("Windows SDK, winerror.h; curl, lib/curl_sspi and lib/strerror.c", whose, *lines)


_CERTUTIL = (
    *rows(
        "Windows, certutil -verify; wincrypt.h: CERT_TRUST_…",
        Whose.THEIRS,
        ("trust.issuer-unknown", "cert_trust_is_untrusted_root", "ChainContext.dwErrorStatus = CERT_TRUST_IS_UNTRUSTED_ROOT (0x20)"),
        ("trust.intermediate-missing", "cert_trust_is_partial_chain", "ChainContext.dwErrorStatus = CERT_TRUST_IS_PARTIAL_CHAIN (0x10000)"),
        ("validity.expired", "cert_trust_is_not_time_valid", "Element.dwErrorStatus = CERT_TRUST_IS_NOT_TIME_VALID (0x1)"),
        ("revocation.revoked", "cert_trust_is_revoked", "Element.dwErrorStatus = CERT_TRUST_IS_REVOKED (0x4)"),
        ("trust.chain-signature-invalid", "cert_trust_is_not_signature_valid", "Element.dwErrorStatus = CERT_TRUST_IS_NOT_SIGNATURE_VALID (0x8)"),
        ("revocation.crl-unavailable", "cert_trust_revocation_status_unknown", "Element.dwErrorStatus = CERT_TRUST_REVOCATION_STATUS_UNKNOWN (0x40)"),
        ("revocation.crl-unavailable", "cert_trust_is_offline_revocation", "Element.dwErrorStatus = CERT_TRUST_IS_OFFLINE_REVOCATION (0x1000000)"),
        ("ca.not-a-ca", "cert_trust_invalid_basic_constraints", "Element.dwErrorStatus = CERT_TRUST_INVALID_BASIC_CONSTRAINTS (0x400)"),
        ("ca.name-constraint-violated", "cert_trust_has_not_permitted_name_constraint", "Element.dwErrorStatus = CERT_TRUST_HAS_NOT_PERMITTED_NAME_CONSTRAINT (0x4000)"),
        ("ca.name-constraint-violated", "cert_trust_has_excluded_name_constraint", "Element.dwErrorStatus = CERT_TRUST_HAS_EXCLUDED_NAME_CONSTRAINT (0x8000)"),
        ("chain.critical-extension-unknown", "cert_trust_has_not_supported_critical_ext", "Element.dwErrorStatus = CERT_TRUST_HAS_NOT_SUPPORTED_CRITICAL_EXT (0x8000000)"),
        ("signature.digest-unsupported", "cert_trust_has_weak_signature", "Element.dwErrorStatus = CERT_TRUST_HAS_WEAK_SIGNATURE (0x100000)"),
        (PURPOSE, "element.dwerrorstatus = cert_trust_is_not_valid_for_usage", "Element.dwErrorStatus = CERT_TRUST_IS_NOT_VALID_FOR_USAGE (0x10)"),
        ("trust.intermediate-missing", "a certificate chain could not be built to a trusted root authority", "A certificate chain could not be built to a trusted root authority. 0x800b010a (-2146762486 CERT_E_CHAINING)"),
        ("trust.issuer-unknown", "terminated in a root certificate which is not trusted by the trust provider", "A certificate chain processed, but terminated in a root certificate which is not trusted by the trust provider."),
        ("validity.expired", "is not within its validity period when verifying against the current system clock", "A required certificate is not within its validity period when verifying against the current system clock or the timestamp in the signed file."),
        ("names.reference-not-presented", "the certificate's cn name does not match the passed value", "The certificate's CN name does not match the passed value."),
        ("names.reference-not-presented", "the target principal name is incorrect", "schannel: SNI or certificate check failed: SEC_E_WRONG_PRINCIPAL (0x80090322) - The target principal name is incorrect."),
        ("revocation.crl-unavailable", "unable to check revocation because the revocation server was offline", "The revocation function was unable to check revocation because the revocation server was offline."),
        ("revocation.crl-unavailable", "unable to check revocation for the certificate", "The revocation function was unable to check revocation for the certificate."),
        ("revocation.revoked", "leaf certificate is revoked", "Leaf certificate is REVOKED (Reason=1)"),
        ("revocation.revoked", "the certificate is revoked", "The certificate is revoked. 0x80092010 (-2146885616 CRYPT_E_REVOKED)"),
        (PURPOSE, "the certificate is not valid for the requested usage", "The certificate is not valid for the requested usage. 0x800b0110 (-2146762480 CERT_E_WRONG_USAGE)"),
        ("trust.chain-signature-invalid", "the signature of the certificate cannot be verified", "The signature of the certificate cannot be verified. 0x80096004"),
    ),
    *harmless("Windows, certutil -verify", ("dwerrorstatus = 0", "ChainContext.dwErrorStatus = 0")),
    *successes(
        "Windows, certutil -verify",
        ("certutil: -verify command completed successfully", "CertUtil: -verify command completed successfully."),
        ("leaf certificate revocation check passed", "Leaf certificate revocation check passed"),
    ),
)  # fmt: skip

_DOTNET = (
    *rows(
        ".NET, System.Net.Security.SslStream, X509ChainStatusFlags (from memory)",
        Whose.THEIRS,
        ("names.reference-not-presented", "remotecertificatenamemismatch", "The remote certificate is invalid according to the validation procedure: RemoteCertificateNameMismatch"),
        ("tls.certificate-required", "remotecertificatenotavailable", "The remote certificate was rejected: RemoteCertificateNotAvailable"),
        ("trust.issuer-unknown", "remotecertificatechainerrors: untrustedroot", "The remote certificate is invalid because of errors in the certificate chain: RemoteCertificateChainErrors: UntrustedRoot"),
        ("trust.issuer-unknown", "errors in the certificate chain: untrustedroot", "The remote certificate is invalid because of errors in the certificate chain: UntrustedRoot"),
        ("trust.intermediate-missing", "errors in the certificate chain: partialchain", "The remote certificate is invalid because of errors in the certificate chain: PartialChain"),
        ("validity.expired", "errors in the certificate chain: nottimevalid", "The remote certificate is invalid because of errors in the certificate chain: NotTimeValid"),
        ("revocation.revoked", "errors in the certificate chain: revoked", "The remote certificate is invalid because of errors in the certificate chain: Revoked"),
        ("revocation.crl-unavailable", "errors in the certificate chain: revocationstatusunknown", "The remote certificate is invalid because of errors in the certificate chain: RevocationStatusUnknown, OfflineRevocation"),
        (PURPOSE, "errors in the certificate chain: notvalidforusage", "The remote certificate is invalid because of errors in the certificate chain: NotValidForUsage"),
        ("trust.issuer-unknown", "could not establish trust relationship for the ssl/tls secure channel", "The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure channel."),
    ),
    *rows(
        ".NET, System.Net.Security.SslStream (from memory)",
        Whose.THEIRS,
        ("tls.certificate-refused", "the remote certificate is invalid according to the validation procedure", "The remote certificate is invalid according to the validation procedure."),
        ("tls.certificate-refused", "remotecertificatechainerrors", "SslPolicyErrors: RemoteCertificateChainErrors"),
        vague=True,
    ),
    *rows(
        ".NET, System.Net.HttpWebRequest (from memory)",
        Whose.NEITHER,
        ("tls.handshake-failed", "could not create ssl/tls secure channel", "The request was aborted: Could not create SSL/TLS secure channel."),
        vague=True,
    ),
    *rows(
        ".NET, System.Net; WinHTTP: ERROR_WINHTTP_… (from memory)",
        Whose.NEITHER,
        ("tls.cipher-mismatch", "do not possess a common algorithm", "The client and server cannot communicate, because they do not possess a common algorithm"),
        ("tls.not-tls", "cannot determine the frame size or a corrupted frame was received", "System.IO.IOException: Cannot determine the frame size or a corrupted frame was received."),
        ("net.connection-cut", "an unexpected error occurred on a send", "The underlying connection was closed: An unexpected error occurred on a send."),
        ("net.connection-cut", "received an unexpected eof or 0 bytes from the transport stream", "System.IO.IOException: Received an unexpected EOF or 0 bytes from the transport stream."),
        ("net.connection-cut", "an existing connection was forcibly closed by the remote host", "Unable to read data from the transport connection: An existing connection was forcibly closed by the remote host."),
        ("dns.name-unresolved", "the remote name could not be resolved", "The remote name could not be resolved: 'e1.example.com'"),
        ("net.unreachable", "unable to connect to the remote server", "Unable to connect to the remote server"),
    ),
)  # fmt: skip

_SUCCESS = successes(
    "Microsoft Learn dn786445, Schannel event 36880",
    ("handshake completed successfully", "An TLS client handshake completed successfully. The negotiated cryptographic parameters are as follows.", "tls"),
)  # fmt: skip

WINDOWS: tuple[Phrase, ...] = (
    *_EVENTS, *_codes(Whose.THEIRS, _THEIRS_CODES), *_codes(Whose.NEITHER, _OTHER_CODES), *_codes(Whose.OURS, _OURS_CODES),
    *_CERTUTIL, *_DOTNET, *_SUCCESS,
)  # fmt: skip
