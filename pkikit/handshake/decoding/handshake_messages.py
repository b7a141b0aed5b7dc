"""Handshake messages and alerts: their names, what they are for, and their fields in plain names.

Sources: RFC 8446 §4 and §6, RFC 5246 §7.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from pkikit.handshake.decoding.hellos import authorities, extension_fields, group_title, scheme_title
from pkikit.handshake.decoding.protection import Undecodable
from pkikit.handshake.decoding.tls_bytes import Bytes, Field, listed
from pkikit.model.tables.alerts import ALERT_NAMES
from pkikit.reading.unreadable import UNREADABLE
from pkikit.view.description import describe_certificate

HELLO, SERVER_HELLO, FINISHED, KEY_UPDATE, CERTIFICATE = 1, 2, 20, 24, 11
NAMES = {
    0: "HelloRequest", HELLO: "ClientHello", SERVER_HELLO: "ServerHello", 4: "NewSessionTicket", 5: "EndOfEarlyData",
    8: "EncryptedExtensions", CERTIFICATE: "Certificate", 12: "ServerKeyExchange", 13: "CertificateRequest",
    14: "ServerHelloDone", 15: "CertificateVerify", 16: "ClientKeyExchange", FINISHED: "Finished",
    22: "CertificateStatus", KEY_UPDATE: "KeyUpdate",
}  # fmt: skip
PURPOSES = {
    "HelloRequest": "The server asks for another handshake.",
    "ClientHello": "The client says which versions and cipher suites it can use, and which name it dials.",
    "ServerHello": "The server chooses version and cipher suite, and sends its half of the key exchange.",
    "HelloRetryRequest": "The server asks for another ClientHello, with a key share that it can use.",
    "NewSessionTicket": "With this ticket the client can resume the session later.",
    "EndOfEarlyData": "The early data of the client ends here.",
    "EncryptedExtensions": "What the server adds to its hello, and nobody else should read.",
    "Certificate": "The sender shows who it is: its certificate, and the CA certificates that it sends along.",
    "ServerKeyExchange": "The server's half of the key exchange, signed with the key of its certificate.",
    "CertificateRequest": "The server asks for a certificate of the client: this is mutual TLS.",
    "ServerHelloDone": "The server has sent its part and waits.",
    "CertificateVerify": "A signature over everything so far. It proves that the sender has the key of its certificate.",
    "ClientKeyExchange": "The client's half of the key exchange: both sides can now compute the session keys.",
    "Finished": "A checksum over everything so far. It shows that nobody changed the handshake on the way.",
    "CertificateStatus": "The server sends the OCSP answer about its own certificate.",
    "KeyUpdate": "The sender uses new keys from here on.",
    "ChangeCipherSpec": "From here on, the sender encrypts.",
    "Alert": "The sender ends the connection and says why.",
    "Application data": "The first bytes of the application, under the keys of the session.",
    "Plain text": "The sender does not speak TLS here.",
    "not decoded": "This cannot be read; the reason is in the fields.",
}
_SUITES_WITH_OWN_KEY = {"ECDHE": "an ephemeral elliptic-curve key", "DHE": "an ephemeral Diffie-Hellman key"}
_MAX_CERTIFICATES, _MAX_FACT = 10, 1000
MAX_SENT, MAX_NAMED = 64, 500  # certificates of a message, CA names of a request: what comes after them is not read
_CURVE_BY_NAME, _AUTHORITIES = 3, 47
_CONTEXT = {1: "warning", 2: "fatal"}
_ENDS = {
    "close_notify": "The sender ends the connection in good order.",
    "user_canceled": "The user stopped the handshake.",
}


@dataclass(frozen=True, kw_only=True)
class Content:
    """A message without its place on the wire. certificates: what a Certificate message showed, as dicts of facts."""

    name: str
    fields: tuple[Field, ...] = ()
    title: str = ""
    purpose: str = ""
    certificates: tuple[tuple[Field, ...], ...] = ()


def handshake_content(kind: int, body: bytes, *, tls13: bool, suite: str, at: datetime | None) -> Content:
    """Return what a handshake message says (except for the hellos).

    Args:
        kind: its type.
        body: its bytes, without type and length.
        tls13: the connection uses TLS 1.3.
        suite: the name of the chosen cipher suite.
        at: the instant for which certificates are described; None: they aren't described.

    Returns:
        The content; a malformed message has the one field "Not decoded", with the reason.
    """
    name = NAMES.get(kind, f"handshake message {kind}")
    data = Bytes(body)
    try:
        match kind:
            case 11:
                return _certificate(data, tls13=tls13, at=at)
            case 4:
                fields = _ticket(data, tls13=tls13)
            case 8:
                fields = extension_fields(data) or [("Extensions", "none")]
            case 12:
                fields = _server_key(data, suite)
            case 13:
                fields = _request(data, tls13=tls13)
            case 15:
                fields = [("Signature scheme", scheme_title(data.number(2))), ("Signature", _size(data.vector(2)))]
            case 16:
                fields = [("Key exchange", _exchange(suite)), ("Sent", _size(data))]
            case 20:
                fields = [("Checksum", _size(data))]
            case 24:
                fields = [("Answer wanted", "yes" if data.number(1) else "no")]
            case 22:
                data.number(1)
                fields = [("OCSP answer", _size(data.vector(3)))]
            case _:
                fields = [("Content", _size(data))] if len(data) else []
    except Undecodable as error:
        fields = [("Not decoded", str(error))]
    return Content(name=name, fields=tuple(fields))


def _size(data: Bytes) -> str:
    return f"{len(data)} bytes"


def _exchange(suite: str) -> str:
    kind = suite.partition("-")[0]
    return _SUITES_WITH_OWN_KEY.get(kind, "a secret that is encrypted with the key of the server's certificate")


def _ticket(data: Bytes, *, tls13: bool) -> list[Field]:
    lifetime = data.number(4)
    fields = [("Valid for", f"{lifetime} seconds")]
    if tls13:
        data.number(4)
        data.vector(1)
    return [*fields, ("Ticket", _size(data.vector(2)))]


def _server_key(data: Bytes, suite: str) -> list[Field]:
    if not suite.startswith("ECDHE"):
        return [("Key exchange", _exchange(suite)), ("Sent", _size(data))]
    if data.number(1) != _CURVE_BY_NAME:
        raise Undecodable("the curve has no name")
    group = group_title(data.number(2))
    public = _size(data.vector(1))
    return [("Group", group), ("Public key", public), ("Signature scheme", scheme_title(data.number(2))),
            ("Signature", _size(data.vector(2)))]  # fmt: skip


def _request(data: Bytes, *, tls13: bool) -> list[Field]:
    if tls13:
        data.vector(1)
        return extension_fields(data)
    data.vector(1)
    schemes = [scheme_title(n) for n in data.vector(2).numbers(2)]
    named = authorities(data.vector(2))
    return [
        ("Signature schemes it can check", listed(schemes)),
        ("Certificate authorities", listed(named) or "none named: a certificate of any CA may be sent"),
    ]


def certificates_in(body: bytes, *, tls13: bool) -> list[bytes]:
    """Return the certificates of a Certificate message in DER, as they were sent.

    Args:
        body: the message without type and length.
        tls13: the connection uses TLS 1.3.

    Returns:
        The bytes of each.
    """
    return _certificates(Bytes(body), tls13=tls13)


def _certificates(data: Bytes, *, tls13: bool) -> list[bytes]:
    if tls13:
        data.vector(1)
    listing = data.vector(3)
    ders: list[bytes] = []
    while len(listing) and len(ders) < MAX_SENT:
        ders.append(listing.vector(3).rest())
        if tls13:
            listing.vector(2)
    return ders


def authorities_in(body: bytes, *, tls13: bool) -> list[bytes]:
    """Return the names of CAs in a CertificateRequest, in DER.

    Args:
        body: the message without type and length.
        tls13: the connection uses TLS 1.3.

    Returns:
        The bytes of each name.
    """
    data = Bytes(body)
    data.vector(1)
    if tls13:
        extensions, listing = data.vector(2), Bytes(b"")
        while len(extensions):
            number, content = extensions.number(2), extensions.vector(2)
            listing = content.vector(2) if number == _AUTHORITIES else listing
    else:
        data.vector(2)
        listing = data.vector(2)
    names: list[bytes] = []
    while len(listing) and len(names) < MAX_NAMED:
        names.append(listing.vector(2).rest())
    return names


def _certificate(data: Bytes, *, tls13: bool, at: datetime | None) -> Content:
    ders = _certificates(data, tls13=tls13)
    described = tuple(_described(der, at) for der in ders[:_MAX_CERTIFICATES]) if at is not None else ()
    names = [dict(facts).get("Subject", "cannot be read") for facts in described]
    told = "none: the sender has no certificate to show" if not ders else f"{len(ders)} ({listed(names)})"
    return Content(
        name="Certificate",
        title="Certificate" if ders else "Certificate (empty)",
        fields=(("Certificates", told),),
        certificates=described,
    )


# Of `describe_certificate`: the facts that people look for, in plain names.
_FACTS = {
    "subject": "Subject", "sans": "Names (SAN)", "extended_key_usage": "Allowed uses (EKU)", "issuer": "Issued by",
    "not_before": "Valid from", "not_after": "Valid until", "days_left": "Days left", "ca": "Is a CA", "key": "Key",
    "serial": "Serial number", "sha256": "SHA-256 fingerprint",
}  # fmt: skip


def _described(der: bytes, at: datetime) -> tuple[Field, ...]:
    try:
        facts = describe_certificate(x509.load_der_x509_certificate(der), at)
    except UNREADABLE as error:
        return (("Subject", f"{len(der)} bytes that cannot be read as a certificate"), ("Why", type(error).__name__))
    return tuple((title, _fact(facts[key])) for key, title in _FACTS.items() if facts.get(key) not in (None, "", {}))


def _fact(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return "; ".join(f"{kind}: {listed(list(map(str, names)))}" for kind, names in value.items())
        case str():
            return value if len(value) <= _MAX_FACT else f"{value[:_MAX_FACT]}…"
        case Iterable():
            return listed(list(map(str, value)))
        case _:
            return str(value)


def alert_content(body: bytes) -> Content:
    """Return what an alert says."""
    if len(body) != 2:
        return Content(name="Alert", fields=(("Not decoded", f"an alert of {len(body)} bytes"),))
    name = ALERT_NAMES.get(body[1], f"alert {body[1]}")
    fields = (("Level", _CONTEXT.get(body[0], str(body[0]))), ("Reason", name), ("Number", str(body[1])))
    purpose = _ENDS.get(name, "")
    return Content(name="Alert", title=name if name in _ENDS else f"Alert: {name}", purpose=purpose, fields=fields)
