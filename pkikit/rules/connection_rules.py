"""Rules about a connection: what comes before certificates, and what remains unexplained."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.model.tables import product_pages as pages
from pkikit.rules.rule import Rule, Step, Subject

_ZONES = "X12.5 guide, appendix 1 'SIP TLS Negotiation Failures on Neighbor and Traversal Zones'"

UNREACHABLE = Rule(
    id="net.unreachable",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="The server answers on its port.",
    source=_ZONES,
    fix="Check the address, the port and the firewall, and that the service is running.",
    step=Step.CONNECTION,
)
UNRESOLVED = Rule(
    id="dns.name-unresolved",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="The name that a machine dials resolves to an address.",
    source=_ZONES,
    fix="Add the A record to the DNS that the client uses (inside or outside).",
    step=Step.NAME_RESOLUTION,
)
PROTOCOL = Rule(
    id="tls.protocol-mismatch",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="Both sides support a common TLS version.",
    source="X12.5 guide, 'Information Not Covered in this Guide' (TLS versions: administrator guide)",
    fix="Enable a common TLS version, at least TLS 1.2.",
    alerts=(70, 86),
    step=Step.TLS,
)
CIPHER = Rule(
    id="tls.cipher-mismatch",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="Both sides share a cipher suite that fits the server's key.",
    source="X12.5 guide, 'Information Not Covered in this Guide' (cipher suites: administrator guide)",
    fix="Enable a common cipher suite. If both sides have one, check that the server's private key belongs to its certificate: "
    "a server without a usable certificate has no cipher suite to offer.",
    alerts=(40, 60, 71),
    step=Step.TLS,
)
NO_CERTIFICATE = Rule(
    id="tls.certificate-required",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="In mutual TLS, a side that is asked for a certificate sends one.",
    source="X12.5 guide, 'Certificate Generation Overview' (mutual TLS); RFC 8446 §4.4.2.4",
    fix="Load a certificate and its key on the machine that dials. With pkikit probe, give --cert and --key.",
    alerts=(41, 116),
    step=Step.TLS,
)
NOT_TLS = Rule(
    id="tls.not-tls",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="The service on the port uses TLS.",
    source=_ZONES,
    fix="Check the port and the transport of the zone: a service without TLS answers there.",
    step=Step.TLS,
)
REFUSED = Rule(
    id="tls.certificate-refused",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="Each side accepts the certificate of the other side.",
    source="RFC 5246 §7.2.2, RFC 8446 §6.2 (alerts bad_certificate and certificate_unknown give no reason)",
    fix="Look at the log of the side that refused the certificate: it has the reason. Check first that its trusted CA list"
    " has the CA chain of the refused certificate.",
    alerts=(42, 46, 49, 111, 114),
    step=Step.SYMPTOM,
    order=1,
)
CONNECTION_CUT = Rule(
    id="net.connection-cut",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="The connection stays open until the TLS handshake is complete.",
    source="RFC 8446 §6.1 (a side that gives up sends an alert first)",
    fix="Look at the log of the far side at the same time. If it has no line about this connection, check the firewall and"
    " every proxy or load balancer between the two machines.",
    step=Step.SYMPTOM,
    order=2,
)
CREDENTIALS = Rule(
    id="sip.credentials-refused",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="The user name and password of the zone are the same on both sides.",
    source=_ZONES + "; TAC 213872",
    fix="The certificates are not the cause. Enter the same user name and password on both sides: on the traversal client"
    f" in the zone ({pages.ZONES}), on the traversal server in the zone and in the local authentication"
    " database (Configuration > Authentication > Devices > Local database).",
    step=Step.LOGIN,
)
CLUSTER_LINK = Rule(
    id="cluster.link-down",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="Every peer of a cluster reaches every other peer.",
    source="Expressway alarms 20004 and 20006",
    fix=f"Open {pages.CLUSTERING} on each peer and read the state of the link. Then check ports 4371 and 4372 between the"
    " peers, the time, the DNS entry of each peer and, with TLS verification enforced, each peer's certificate.",
    step=Step.SYMPTOM,
    order=5,
)
UNEXPLAINED = Rule(
    id="diagnose.failure-unexplained",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="pkikit knows the reason of every failure that the file reports.",
    source="ours",
    fix="Read the lines listed here. If they do not give the reason, look at the log of the other side at the same time, or"
    " reproduce the failure with pkikit probe HOST:PORT.",
    step=Step.SYMPTOM,
    order=6,
)
HANDSHAKE = Rule(
    id="tls.handshake-failed",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="Both sides follow the TLS protocol until the handshake is complete.",
    source="RFC 8446 §6.2 (alerts such as internal_error, decode_error, illegal_parameter)",
    fix="Look at the log of the far side at the same time, and record the connection with Wireshark. Check for a proxy or"
    " firewall between the two machines that changes TLS, and for a known defect of the versions on both sides.",
    alerts=(10, 20, 21, 22, 30, 47, 50, 51, 80, 90, 109, 110, 115, 120),
    step=Step.SYMPTOM,
    order=3,
)
SERVER_NAME = Rule(
    id="tls.server-name-unknown",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="The server knows the name that the client asks for (SNI).",
    source="RFC 6066 §3 (alert unrecognized_name)",
    fix="Dial the server by a name that it serves, or configure that name on the server.",
    alerts=(112,),
    step=Step.TLS,
)
RENEGOTIATION = Rule(
    id="tls.renegotiation-refused",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="Both sides use secure renegotiation, or none.",
    source="RFC 5746 §3; OpenSSL 3 refuses servers without it",
    fix="Update the TLS software of the far side; until then, look for a proxy that answers in its place.",
    alerts=(100,),
    step=Step.TLS,
)
TUNNEL = Rule(
    id="tunnel.link-down",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="Every Expressway-C keeps an SSH tunnel to port 2222 of every Expressway-E.",
    source="Expressway alarms 35013 and 35014; TAC 221624, TAC 225693",
    fix="Check that the firewall lets Expressway-C reach port 2222 of Expressway-E, that Expressway-E trusts every CA of"
    " Expressway-C's certificate (intermediates too), and that this certificate allows clientAuth.",
    step=Step.SYMPTOM,
    order=4,
)
TUNNEL_HOST_NAME = Rule(
    id="tunnel.host-name",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="The DNS host name of Expressway-E has only letters, digits and hyphens. With an underscore its SSH tunnels "
    "fail, "
    "although the traversal zone works.",
    source="MRA guide X12.5, 'Jabber Cannot Sign In Due to SSH Tunnels Failure'",
    fix=f"Change the host name of Expressway-E ({pages.DNS}), have a certificate with the new name issued, and restart.",
)
SSH_ALGORITHM = Rule(
    id="ssh.algorithm-mismatch",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="Both ends of an SSH tunnel support a common key exchange, cipher and key type.",
    source="RFC 4253 §7.1; RFC 6187; administrator guide X15.0, command reference: sshd_pfwd_ciphers, "
    "sshd_pfwd_pubkeyalgorithms",
    fix="On the other end, allow the algorithm that the log line offers. On Expressway: xConfiguration Ciphers sshd_pfwd_….",
)
SSH_KEY = Rule(
    id="ssh.key-refused",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="Each end of an SSH connection accepts the key or certificate of the other end.",
    source="RFC 4252 §7, RFC 4253 §8, RFC 6187",
    fix="Check which key or certificate the refused end shows, and whether the other end trusts it. For the tunnels of"
    " Expressway, that is the server certificate of each end and the trusted CA list of the other.",
)
LOGIN = Rule(
    id="access.credentials-refused",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="The user name and password of the connection are correct.",
    source="RFC 4511, appendix A (invalidCredentials); RFC 9110 §15.5.2 (401); RFC 2865 §5 (Access-Reject)",
    fix="The certificates are fine: TLS is up. Check the user name and password, and that the account is not locked or expired.",
)
CLOCK = Rule(
    id="clock.not-synchronised",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="The clock of every machine is right, because certificates have a start and an end.",
    source="X12.5 guide, appendix 1; X.509",
    fix=f"Check the NTP servers (on Expressway: {pages.TIME}) and that UDP port 123 to them is open.",
)
RULES = (
    UNREACHABLE,
    UNRESOLVED,
    PROTOCOL,
    CIPHER,
    NO_CERTIFICATE,
    NOT_TLS,
    REFUSED,
    CONNECTION_CUT,
    CREDENTIALS,
    CLUSTER_LINK,
    UNEXPLAINED,
    HANDSHAKE,
    SERVER_NAME,
    RENEGOTIATION,
    TUNNEL,
    TUNNEL_HOST_NAME,
    SSH_ALGORITHM,
    SSH_KEY,
    LOGIN,
    CLOCK,
)
