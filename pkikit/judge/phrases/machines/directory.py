"""LDAP, Active Directory, RADIUS, SSH and XMPP servers, and clocks: what the product logs in to, and what logs in to it."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose, Writer
from pkikit.judge.phrases.rows import harmless, rows, successes

_LDAP = (
    *rows(
        "OpenLDAP, libraries/libldap/tls2.c, tls_o.c, tls_g.c, error.c",
        Whose.THEIRS,
        ("names.reference-not-presented", "tls: hostname does not match", "TLS: hostname does not match CN in peer certificate"),
        ("names.reference-not-presented", "tls: hostname (", "TLS: hostname (ldap.corp.example.com) does not match common name in certificate (dc1.corp.example.com).", "does not match common name in certificate"),
        ("names.reference-not-presented", "does not match any of the names in certificate", "TLS: hostname ldap.corp.example.com does not match any of the names in certificate"),
        ("tls.certificate-required", "tls: unable to get peer certificate", "TLS: unable to get peer certificate."),
        writer=Writer.CLIENT,
    ),
    *rows(
        "OpenLDAP, libraries/libldap/tls_o.c, tls_g.c",
        Whose.THEIRS,
        ("tls.certificate-refused", "tls: peer cert untrusted or revoked", "TLS: peer cert untrusted or revoked (0x2)"),
        ("tls.certificate-refused", "tls certificate verification: error", "TLS certificate verification: Error, verification failed"),
        vague=True,
    ),
    *rows(
        "OpenLDAP, libraries/libldap/tls_g.c: the number is GnuTLS's gnutls_certificate_status_t",
        Whose.THEIRS,
        ("trust.issuer-unknown", "peer cert untrusted or revoked (0x42)", "TLS: peer cert untrusted or revoked (0x42)"),
        ("revocation.revoked", "peer cert untrusted or revoked (0x22)", "TLS: peer cert untrusted or revoked (0x22)"),
        ("ca.not-a-ca", "peer cert untrusted or revoked (0x82)", "TLS: peer cert untrusted or revoked (0x82)"),
        ("signature.digest-unsupported", "peer cert untrusted or revoked (0x102)", "TLS: peer cert untrusted or revoked (0x102)"),
        ("validity.not-yet-valid", "peer cert untrusted or revoked (0x202)", "TLS: peer cert untrusted or revoked (0x202)"),
        ("validity.expired", "peer cert untrusted or revoked (0x402)", "TLS: peer cert untrusted or revoked (0x402)"),
        ("trust.issuer-unknown", "peer cert untrusted or revoked (0x442)", "TLS: peer cert untrusted or revoked (0x442)"),
        writer=Writer.CLIENT,
    ),
    *rows(
        "OpenLDAP, libraries/libldap/tls2.c; GnuTLS, lib/errors.c",
        Whose.NEITHER,
        ("tls.handshake-failed", "tls: can't connect: a tls fatal alert has been received", "TLS: can't connect: A TLS fatal alert has been received.."),
        writer=Writer.CLIENT,
    ),
    *rows(
        "OpenLDAP, libraries/libldap/error.c",
        Whose.NEITHER,
        ("net.unreachable", "can't contact ldap server", "ldap_sasl_bind(SIMPLE): Can't contact LDAP server (-1)"),
        ("tls.handshake-failed", "ldap_start_tls: connect error", "ldap_start_tls: Connect error (-11)"),
        vague=True,
    ),
    *rows(
        "OpenLDAP, libraries/libldap/error.c; servers/slapd/connection.c; Active Directory",
        Whose.NEITHER,
        ("access.credentials-refused", "invalid credentials (49)", "ldap_bind: Invalid credentials (49)"),
        ("access.credentials-refused", "acceptsecuritycontext error", "80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data 52e, v2580"),
        ("access.credentials-refused", "err=49", "conn=1001 op=0 RESULT tag=97 err=49 text=", "result tag=97"),
        ("tls.not-tls", "confidentiality required (13)", "ldap_bind: Confidentiality required (13)"),
        ("tls.not-tls", "strong(er) authentication required (8)", "ldap_bind: Strong(er) authentication required (8)"),
        ("net.connection-cut", "closed (tls negotiation failure)", "conn=1001 fd=14 closed (TLS negotiation failure)"),
        ("encoding.malformed", "tls: could not load verify locations", "TLS: could not load verify locations (file:`/etc/ldap/ca.pem',dir:`')."),
        ("encoding.malformed", "tls: could not use certificate", "TLS: could not use certificate `/etc/ldap/cert.pem'."),
        ("key.unreadable", "tls: could not use key file", "TLS: could not use key file `/etc/ldap/key.pem'."),
    ),
    *successes("OpenLDAP, libraries/libldap/error.c", ("ldap_bind: success (0)", "ldap_bind: Success (0)"), ("result: 0 success", "result: 0 Success")),
)  # fmt: skip

_RADIUS = (
    *rows(
        "FreeRADIUS 3, log lines in public reports",
        Whose.OURS,
        ("trust.issuer-unknown", "tls alert read:fatal:unknown ca", "(7) eap_tls: ERROR: TLS Alert read:fatal:unknown CA"),
        ("tls.certificate-refused", "tls alert read:fatal:access denied", "(7) eap_tls: ERROR: TLS Alert read:fatal:access denied"),
    ),
    *rows(
        "FreeRADIUS 3, src/main/tls.c: cbtls_verify",
        Whose.THEIRS,
        ("names.reference-not-presented", "certificate cn (", "(7) eap_tls: ERROR: TLS: Certificate CN (c1.corp.example.com) does not match specified value (c2.corp.example.com)!", "does not match specified value"),
        ("trust.issuer-unknown", "certificate issuer (", "(7) eap_tls: ERROR: TLS: Certificate issuer (CN=Other CA) does not match specified value (CN=Example CA)!", "does not match specified value"),
    ),
    *rows(
        "FreeRADIUS 3, radclient and radiusd (from memory)",
        Whose.NEITHER,
        ("access.credentials-refused", "received access-reject", "Received Access-Reject Id 12 from 10.0.0.7:1812 to 10.0.0.8:40000 length 20"),
        ("access.credentials-refused", "sent access-reject", "(7) Sent Access-Reject Id 12 from 10.0.0.7:1812 to 10.0.0.8:40000 length 44"),
        ("access.credentials-refused", "login incorrect", "(7) Login incorrect (eap: Failed continuing EAP TLS (13) session.  EAP sub-module failed)"),
    ),
)  # fmt: skip

_SSH = (
    *rows(
        "asyncssh, connection.py; the lab's own tunnels",
        Whose.NEITHER,
        ("ssh.algorithm-mismatch", "unable to find compatible server host key", "Unable to find compatible server host key"),
        ("ssh.algorithm-mismatch", "not in sshd_pfwd_pubkeyalgorithms", "key type of the other side not in sshd_pfwd_pubkeyalgorithms"),
    ),
    *rows(
        "OpenSSH, kex.c, sshconnect2.c, packet.c",
        Whose.NEITHER,
        ("ssh.algorithm-mismatch", "no matching host key type found", "Unable to negotiate with 10.0.30.2 port 2222: no matching host key type found. Their offer: ssh-rsa"),
        ("ssh.algorithm-mismatch", "no matching key exchange method found", "Unable to negotiate with 10.0.30.2 port 2222: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1"),
        ("ssh.algorithm-mismatch", "no matching cipher found", "Unable to negotiate with 10.0.30.2 port 2222: no matching cipher found. Their offer: aes128-cbc"),
        ("ssh.algorithm-mismatch", "no matching mac found", "Unable to negotiate with 10.0.30.2 port 2222: no matching MAC found. Their offer: hmac-md5"),
        ("ssh.algorithm-mismatch", "no mutual signature algorithm", "send_pubkey_test: no mutual signature algorithm"),
        ("ssh.key-refused", "permission denied (publickey", "tunnel@e1.example.com: Permission denied (publickey,password)."),
        ("ssh.key-refused", "host key verification failed", "Host key verification failed."),
        ("ssh.key-refused", "remote host identification has changed", "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @"),
        ("ssh.key-refused", "too many authentication failures", "Received disconnect from 10.0.30.2 port 2222:2: Too many authentication failures"),
        ("access.credentials-refused", "failed password for", "sshd[4711]: Failed password for admin from 10.0.0.9 port 40000 ssh2", "ssh2"),
        ("net.connection-cut", "kex_exchange_identification: connection closed by remote host", "kex_exchange_identification: Connection closed by remote host"),
        ("net.connection-cut", "kex_exchange_identification: read: connection reset by peer", "kex_exchange_identification: read: Connection reset by peer"),
        ("net.connection-cut", "ssh_exchange_identification: connection closed by remote host", "ssh_exchange_identification: Connection closed by remote host"),
        ("net.unreachable", "ssh: connect to host", "ssh: connect to host e1.example.com port 2222: Connection refused", "port"),
        ("dns.name-unresolved", "ssh: could not resolve hostname", "ssh: Could not resolve hostname e1.example.com: Name or service not known"),
    ),
    *rows(
        "PKIX-SSH, x509store.c: ssh_verify_cert",
        Whose.THEIRS,
        ("tls.certificate-refused", "ssh_verify_cert: verify error", "ssh_verify_cert: verify error, code=1, msg='unspecified'"),
        vague=True,
    ),
)  # fmt: skip

_XMPP = (
    *rows(
        "Prosody, plugins/mod_s2s_auth_certs.lua (what the far side answers)",
        Whose.OURS,
        ("tls.certificate-refused", "your server's certificate is invalid", "not-authorized: Your server's certificate is invalid, expired, or not trusted by example.com"),
    ),
    *rows(
        "Prosody, plugins/mod_s2s_auth_certs.lua",
        Whose.THEIRS,
        ("names.federation-domain-missing", "certificate identity validation result: invalid", "s2sin55d2 debug certificate identity validation result: invalid"),
        ("tls.certificate-refused", "certificate chain validation result: invalid", "s2sin55d2 debug certificate chain validation result: invalid"),
    ),
    *rows(
        "RFC 6120 §4.9.3, §6.5; ejabberd; Prosody, mod_saslauth",
        Whose.NEITHER,
        ("dns.name-unresolved", "remote-server-not-found", "stanza error: remote-server-not-found"),
        ("net.unreachable", "remote-server-timeout", "stanza error: remote-server-timeout"),
    ),
)  # fmt: skip

_CLOCK = (
    *rows(
        "ntp, ntpdate.c; chrony, sources.c; ntpstat and systemd-timesyncd (from memory)",
        Whose.NEITHER,
        ("clock.not-synchronised", "no server suitable for synchronization found", "ntpdate[4711]: no server suitable for synchronization found"),
        ("clock.not-synchronised", "time synchronization is not active", "Time synchronization is not active", "time"),
        ("clock.not-synchronised", "can't synchronise: no selectable sources", "chronyd[4711]: Can't synchronise: no selectable sources"),
        ("clock.not-synchronised", "timed out waiting for reply from", "systemd-timesyncd[4711]: Timed out waiting for reply from 10.0.0.9:123 (10.0.0.9).", "timesyncd"),
    ),
    *harmless("OpenSSH, sshconnect2.c, authfile.c (debug)", ("authentications that can continue", "debug1: Authentications that can continue: publickey,password")),
)  # fmt: skip

DIRECTORY: tuple[Phrase, ...] = (*_LDAP, *_RADIUS, *_SSH, *_XMPP, *_CLOCK)
