"""Lines of this project's own lab for which the product documents no event name; their process is `lab`."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import harmless, rows

_SOURCE = "ours: the event log of this project's lab"
_AT, _UTC = "2026-11-20T10:00:10.100+00:00 e1 lab:", 'Level="1" UTCTime="2026-11-20 10:00:10,100"'


def _line(event: str, fields: str) -> str:
    return f'{_AT} Event="{event}" {fields} {_UTC}'


LAB: tuple[Phrase, ...] = (
    *rows(
        _SOURCE,
        Whose.THEIRS,
        ("oid.unsupported", "the ssh tunnel cannot read a name in the certificate", _line("SSH Tunnel Failed", 'Service="SSH" Src-ip="10.0.10.2" Src-port="30001" Dst-ip="10.0.30.2" Dst-port="2222" Detail="the SSH tunnel cannot read a name in the certificate" Protocol="TCP"')),
    ),
    *rows(
        _SOURCE,
        Whose.NEITHER,
        ("revocation.crl-unavailable", 'event="crl download failed"', _line("CRL Download Failed", 'Detail="http://pki.lab.example/root.crl: timed out"')),
        ("revocation.ocsp-unavailable", 'event="ocsp request failed"', _line("OCSP Request Failed", 'Detail="http://pki.lab.example/ocsp: timed out"')),
        ("acme.order-failed", 'event="acme order failed"', _line("ACME Order Failed", 'Reason="the CA could not validate every name"')),
        ("acme.pending-not-deployed", 'event="acme deploy failed"', _line("ACME Deploy Failed", 'Reason="the disk is full"')),
        vague=True,
    ),
    *rows(
        f"{_SOURCE}: what the Server certificate page answers",
        Whose.NEITHER,
        *(
            (rule, 'event="server certificate refused"', _line("Server Certificate Refused", f'Reason="{said}"'), also)
            for rule, also, said in (
                ("encoding.not-pem", "is der (binary), not pem", "server certificate file: is DER (binary), not PEM. Save it correctly with pkikit convert"),
                ("encoding.not-pem", "a pkcs#7 bundle", "server certificate file: block 1 (line 1): a PKCS#7 bundle, which OpenSSL skips."),
                ("upload.leaf-not-first", "has to come first", "server certificate file: the server certificate e1.example.com has to come first, but Lab Root CA does."),
                ("key.encrypted", "an encrypted private key", "private key file: contains an encrypted private key; the product takes only unencrypted ones"),
                ("key.no-trailing-newline", "does not end with a line end", "private key file: the private key file does not end with a line end."),
                ("key.mismatch", "does not match the private key", "the certificate does not match the private key stored on e1.example.com"),
            )
        ),
    ),
    *rows(
        f"{_SOURCE}: what a CA saw, in the words of Go's net package",
        Whose.NEITHER,
        ("acme.dns-missing", "could not resolve url", _line("ACME Authorization", 'State="invalid" Name="example.com" Detail="Get \'http://example.com/.well-known/acme-challenge/abc\': could not resolve URL \'http://example.com/.well-known/acme-challenge/abc\'"'), "acme-challenge"),
        ("acme.dns-missing", "dial tcp [", _line("ACME Authorization", 'State="invalid" Name="example.com" Detail="Get \'http://example.com/.well-known/acme-challenge/abc\': dial tcp [2001:db8::1]:80: connect: connection refused"'), "acme-challenge", "connection refused"),
        ("acme.pending-not-deployed", "a certificate was signed and is not deployed", f'{_AT[:-4]}alarm: Level="WARN" Event="Alarm Raised" UUID="0f96695e-d954-4f6f-85c1-2ef1eae6f764" Severity="warning" Detail="ACME certificate pending: A certificate was signed and is not deployed; the current one stays in use" UTCTime="2026-11-20 10:00:10,100"'),
    ),
    *harmless(
        _SOURCE,
        ('event="connection lost"', _line("Connection Lost", 'Leg="zone:uc:c1.corp.example.com>e1.example.com" Dst="e1.example.com" Reason="the other side closed it"')),
        ('event="leg failed"', _line("Leg Failed", 'Leg="zone:uc:c1.corp.example.com>e1.example.com" Dst="e1.example.com" Reason="the lab could not dial it"')),
        ('event="server certificate refused"', _line("Server Certificate Refused", 'Reason="the file holds no certificate"')),
        ('event="client certificate refused"', _line("Client Certificate Refused", 'Reason="the certificate does not match the private key"')),
        ('event="trusted ca list refused"', _line("Trusted CA List Refused", 'Reason="the file holds no certificate"')),
        ('event="crl refused"', _line("CRL Refused", 'Reason="the file holds no CRL"')),
        ('event="domain certificate refused"', _line("Domain Certificate Refused", 'Reason="the certificate does not match the private key"')),
    ),
)  # fmt: skip
