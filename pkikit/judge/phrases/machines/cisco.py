"""Cisco Unified CM, IM and Presence, Jabber, Webex app, video endpoints, IP phones and Meeting Server."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.judge.phrases.rows import harmless, rows

_SDL = "Cisco Unified CM SDL trace; TAC 211304"
_ALARMS = (
    "Cisco Unified CM, CallManager and certificate monitor alarms (Cisco Unified Serviceability, Alarm Definitions)"
)
_JABBER = "Cisco TAC 221845, Troubleshoot Jabber Log in"
_ENDPOINT = "Cisco TAC 211304, Collab Edge TC-based endpoints"

_HTTP = "ERROR [0x00002fd0] [ls\\src\\http\\BasicHttpClientImpl.cpp(568)] [csf.httpclient] [csf::http::executeImpl] - There was an issue performing the call to curl_easy_perform for request #0: "

_UNIFIED_CM = (
    *rows(
        _SDL,
        Whose.THEIRS,
        ("names.security-profile-missing", "did not find matching san either", "08080021.044 |16:31:15.937 |AppInfo  |SIPStationD(18400) - validTLSConnection:TLS InvalidX509NameInCertificate Error , did not find matching SAN either, Rcvd=c1.corp.example.com, Expected=secure.profiles.corp.example.com"),
        ("names.security-profile-missing", "invalidx509nameincertificate", "08080021.043 |16:31:15.937 |AppInfo  |SIPStationD(18400) - validTLSConnection:TLS InvalidX509NameInCertificate, Rcvd=c1.corp.example.com, Expected=secure.profiles.corp.example.com", "validtlsconnection"),
        ("names.security-profile-missing", "invalidx509nameincertificate error", "08080021.044 |16:31:15.937 |AppInfo  |SIPStationD(18400) - validTLSConnection:TLS InvalidX509NameInCertificate Error, Rcvd=c1.corp.example.com, Expected=secure.profiles.corp.example.com"),
        writer=Writer.SERVER,
    ),
    *harmless(
        _SDL,
        ("will check san the next", "08080021.043 |16:31:15.937 |AppInfo  |SIPStationD(18400) - validTLSConnection:TLS InvalidX509NameInCertificate, Rcvd=c1.corp.example.com, Expected=SEP00506006EAFE. Will check SAN the next", "invalidx509nameincertificate", "validtlsconnection"),
    ),
    *rows(
        _SDL,
        Whose.THEIRS,
        ("tls.certificate-refused", "failed to open a tls connection for the indicated device", "08080021.045 |16:31:15.937 |AppInfo  |ConnectionFailure - Unified CM failed to open a TLS connection for the indicated device Device Name:SEP00506006EAFE IP Address:10.0.20.108 Device type:584 Reason code:2 App ID:Cisco CallManager Cluster ID:StandAloneCluster Node ID:ucm1"),
        vague=True,
        writer=Writer.SERVER,
    ),
    *rows(
        f"{_ALARMS}: ConnectionFailure, Reason",
        Whose.THEIRS,
        ("names.security-profile-missing", "reason code:11", "%UC_CALLMANAGER-3-ConnectionFailure: ConnectionFailure - Unified CM failed to open a TLS connection for the indicated device Device Name:SEP00506006EAFE Reason code:11", "connectionfailure"),
        ("tls.cipher-mismatch", "invalidtlscipher", "08080021.045 |16:31:15.937 |AppInfo  |SIPStationD(18400) - validTLSConnection:TLS InvalidTLSCipher", "tls"),
    ),
    *rows(
        f"{_ALARMS}: certificate monitor (from memory)",
        Whose.OURS,
        ("validity.expired", "certexpired", "%UC_CERT-0-CertExpired: %[Message=Certificate expiration Notification. Certificate name:tomcat.pem Unit:tomcat Type:own-cert]: Alarm to indicate that a certificate has expired", "uc_cert"),
    ),
    *rows(
        "Cisco TAC, SIP OPTIONS ping (SIPTrunkOOS reason codes: Local=1 timeout, 2 no socket, 3 DNS)",
        Whose.NEITHER,
        ("net.unreachable", "siptrunkoos", "%UC_CALLMANAGER-1-SIPTrunkOOS: %[DeviceName=trunk-expc][UnavailableRemotePeersWithReasonCode=10.0.20.9:5061 (local=2)]: All remote peers are out of service"),
        ("dns.name-unresolved", "siptrunkoos", "%UC_CALLMANAGER-1-SIPTrunkOOS: %[DeviceName=trunk-expc][UnavailableRemotePeersWithReasonCode=c1.corp.example.com:5061 (local=3)]: All remote peers are out of service", "local=3"),
    ),
)  # fmt: skip

_UPLOAD = rows(
    "Cisco TAC 200641 and 118855 (upload to Unified CM, IM&P, Finesse); HCM-F error codes CAA1015 to CAA1021",
    Whose.NEITHER,
    ("answer.name-added", "csr san and certificate san does not match", "CSR SAN and Certificate SAN does not match"),
    ("answer.name-added", "csr san and certificate san doesn't match", "CAA1016 Certificate import failed due to CSR SAN and Certificate SAN doesn't match"),
    ("key.mismatch", "csr public key and certificate public key doesn't match", "CAA1015 Certificate import failed due to CSR public key and Certificate public key doesn't match"),
    ("trust.issuer-unknown", "ca certificate is not available in the trust-store", "CAA1018 CA certificate is not available in the trust-store"),
    ("encoding.not-pem", "certificate is not in pem format", "CAA1021 Certificate is not in PEM format"),
)  # fmt: skip

_JABBER_ROWS = (
    *rows(
        _JABBER,
        Whose.THEIRS,
        ("tls.certificate-refused", "certificate_validation_error", _HTTP + "CERTIFICATE_VALIDATION_ERROR"),
        ("tls.certificate-refused", "certificate verification result: failure", "INFO [0x00002fd0] [tutils\\adapters\\HttpCertAdapter.cpp(109)] [csf.httpclient] [csf::netutils::adapters::HttpCertAdapter::verifyCertificate] - *-----* Certificate Verification Result: FAILURE"),
        ("tls.certificate-refused", "verification result : failure", "2024-02-01 05:48:33,461 INFO  [0x6d4ab000] [mmon/PlatformVerificationHandler.cpp(38)] [csf.cert] [handlePlatformVerificationResultSynchronously] - Verification result : FAILURE reason : [UNKNOWN]"),
        ("tls.certificate-refused", "finalresult: failure", "DEBUG [0x0000035c] [mmon\\PlatformVerificationHandler.cpp(58)] [csf.cert] [csf::cert::PlatformVerificationHandler::handlePlatformVerificationResultSynchronously] - finalResult: FAILURE", "verification"),
        ("tls.certificate-refused", "lerr_cup_cert", "INFO [0x00001088] [s\\adapters\\imp\\components\\Login.cpp(129)] [IMPServices] [CSFUnified::IMPStackCap::Login::OnLoginError] - OnLoginError: LERR_CUP_CERT <11>:"),
        ("tls.certificate-refused", "lerr_jabber_cert", "INFO [0x000021c4] [s\\adapters\\imp\\components\\Login.cpp(129)] [IMPServices] [CSFUnified::IMPStackCap::Login::OnLoginError] - OnLoginError: LERR_JABBER_CERT <15>: Certificate Failure"),
        any_level=True,
        vague=True,
        writer=Writer.CLIENT,
    ),
    *rows(
        "Cisco TAC 223101, Phone Services SSO Login Failure on iOS Webex App",
        Whose.THEIRS,
        ("names.reference-not-presented", "cn_no_match unknown", "2024-02-01 05:48:33,461 INFO  [0x6d4ab000] [mmon/PlatformVerificationHandler.cpp(38)] [csf.cert] [handlePlatformVerificationResultSynchronously] - Verification result : FAILURE reason : [CN_NO_MATCH UNKNOWN]"),
        ("names.reference-not-presented", "reason : [cn_no_match", "2024-02-01 05:48:33,461 INFO  [0x6d4ab000] [mmon/PlatformVerificationHandler.cpp(38)] [csf.cert] [handlePlatformVerificationResultSynchronously] - Verification result : FAILURE reason : [CN_NO_MATCH]"),
        ("names.reference-not-presented", "cn_no_match", "INFO [0x0000035c] [csf.cert] - reason : CN_NO_MATCH", "csf.cert"),
        ("revocation.crl-unavailable", "crl distribution points and authority information access might be unreachable", "2024-02-01 05:48:33,461 ERROR [0x6d4ab000] [ls/src/cert/ios/iOSCertVerifier.cpp(189)] [csf.cert.ios] [verifyCertificatePolicy] - Policy verification failed, the urls of CRL Distribution Points and Authority Information Access might be unreachable, result=5"),
        any_level=True,
        writer=Writer.CLIENT,
    ),
    *rows(
        _JABBER,
        Whose.NEITHER,
        ("dns.name-unresolved", "unresolved_host_error", _HTTP + "UNRESOLVED_HOST_ERROR"),
        ("dns.name-unresolved", "failed_no_srv_records_found", "INFO [0x00000c94] [vices\\impl\\DiscoveryHandlerImpl.cpp(668)] [service-discovery] [CSFUnified::DiscoveryHandlerImpl::evaluateServiceDiscoveryResult] - ServiceDiscoveryHandlerResult return code FAILED_NO_SRV_RECORDS_FOUND"),
        ("dns.name-unresolved", "servicediscoverynosrvrecordsfound", "WARN [0x000024a0] [ices\\impl\\DiscoveryHandlerImpl.cpp(1061)] [service-discovery] [CSFUnified::DiscoveryHandlerImpl::callOnFailedDiscoveryResultOnDispatcherThread] - Discovery Failure -> (id) name :: (1005) ServiceDiscoveryNoSRVRecordsFound"),
        ("dns.name-unresolved", "has failed: dns name does not exist", "WARN [0x00003398] [src\\dnsutils\\win32\\win32DnsUtils.cpp(52)] [csf.dns] [csf::dns::mapFromWindowsDNSResult] - *-----* DNS query _cisco-uds._tcp.example.com. has failed: DNS name does not exist."),
        ("access.credentials-refused", "failed_to_authenticate_with_call_manager", "ERROR [0x0000188c] [ces\\impl\\ucm-config\\UdsProvider.cpp(996)] [csf.config] [csf::ucm90::UdsProvider::convertHomeUdsResult] - homeUdsResult=[HOME_UDS_AUTHENTICATION_FAILED] ucmConfigResult=[FAILED_TO_AUTHENTICATE_WITH_CALL_MANAGER]"),
        ("access.credentials-refused", "home_uds_authentication_failed", "DEBUG [0x0000188c] [cm-config\\uds\\HomeUdsHttpRequest.cpp(27)] [csf.log] [csf::ucm90::HomeUdsHttpRequest::performHttpRequest] - Result of UDS result conversion - UDS Result: HOME_UDS_AUTHENTICATION_FAILED."),
        any_level=True,
        writer=Writer.CLIENT,
    ),
    *rows(
        _JABBER,
        Whose.NEITHER,
        ("tls.handshake-failed", "an ssl error has occurred and a secure connection to the server cannot be made", "2024-02-01T05:48:33.551Z <Error> [0x84953][]WebViewController.swift:358 webView(_:didFailProvisionalNavigation:withError:):Provisional Navigation failed: An SSL error has occurred and a secure connection to the server cannot be made."),
        ("tls.handshake-failed", "xmppsdk: #0, tls handshake failed", "ERROR [0x000021c4] [x\\jwcpp\\xmppcore\\src\\clientbase.cpp(394)] [csf.jwcpp] [gloox::ClientBase::handleHandshakeResult] - @XmppSDK: #0, TLS handshake failed!"),
        vague=True,
    ),
    *rows(
        "Cisco TAC 117811 (X-Auth cookie domain)",
        Whose.NEITHER,
        ("diagnose.failure-unexplained", "failed to retrieve edgeconfig with error", "DEBUG [9134000] - [csf.edge][executeEdgeConfigRequest]Failed to retrieve EdgeConfig with error:INTERNAL_ERROR"),
        any_level=True,
        vague=True,
    ),
)  # fmt: skip

_ENDPOINTS = (
    *rows(
        _ENDPOINT,
        Whose.THEIRS,
        ("names.registration-domain-missing", "edge tls verification failed: edge domain", "82850.02 CertificateVerification ERROR: [verify_edge_domain_in_san]: Edge TLS verification failed: Edge domain 'example.com' and corresponding SRVName '_collab-edge._tls.example.com' not found in certificate SAN list"),
        ("names.registration-domain-missing", "not found in certificate san list", "82850.02 CertificateVerification ERROR: Edge domain 'example.com' not found in certificate SAN list"),
        writer=Writer.CLIENT,
    ),
    *rows(
        _ENDPOINT,
        Whose.THEIRS,
        ("tls.certificate-refused", "application verification failure", "82850.02 HttpClient     SSL certificate problem: application verification failure"),
        vague=True,
        writer=Writer.CLIENT,
    ),
    *rows(
        _ENDPOINT,
        Whose.NEITHER,
        ("access.credentials-refused", "provisionrequest failed: 5 (http code=401)", "83716.91 PROV ProvisionRequest failed: 5 (HTTP code=401)"),
        ("access.credentials-refused", "httpclientcurl received http error 401", "83716.91 HttpClient   HTTPClientCurl received HTTP error 401"),
        writer=Writer.CLIENT,
    ),
    *rows(
        "Cisco TAC 117811 (403 for a domain that Expressway-C does not serve)",
        Whose.NEITHER,
        ("deployment.registration-domain-absent", "provisionrequest failed: 5 (http code=403)", "83716.91 PROV ProvisionRequest failed: 5 (HTTP code=403)"),
        vague=True,
        writer=Writer.CLIENT,
    ),
)  # fmt: skip

_PHONES = rows(
    "Cisco IP Phone 7800 and 8800 status messages (Administration Guide)",
    Whose.THEIRS,
    ("tls.certificate-refused", "trust list update failed", "10:00:10a Trust List Update Failed"),
    ("tls.certificate-refused", "tvs error", "10:00:10a File auth error; TVS error"),
    ("dns.name-unresolved", "dns unknown host", "10:00:10a DNS unknown host"),
    ("dns.name-unresolved", "dns timeout", "10:00:10a DNS timeout"),
    ("net.unreachable", "tftp timeout", "10:00:10a TFTP timeout"),
    writer=Writer.CLIENT,
)  # fmt: skip

_MEETING_SERVER = rows(
    "Cisco Meeting Server event log (from memory; the number is OpenSSL's packed error, see openssl_numbers)",
    Whose.NEITHER,
    ("tls.handshake-failed", "handshake error", "Nov 20 10:00:10 user.info cms1 host:server: INFO : handshake error 336032814 on outgoing connection 14 to 10.0.40.5:5061 from 10.0.30.2:42976", "connection"),
    vague=True,
    any_level=True,
)  # fmt: skip

CISCO: tuple[Phrase, ...] = (
    *_UNIFIED_CM, *_UPLOAD, *_JABBER_ROWS, *_ENDPOINTS, *_PHONES, *_MEETING_SERVER,
)  # fmt: skip
