"""Extension values that OpenSSL reads and `cryptography` does not: pyasn1 splits them, part by part.

A name without a usable value (three bytes for an IP address, Latin-1 in a dNSName) stays in its list as `OddName`:
it matches nothing, and the names beside it count.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Callable
from types import MappingProxyType

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from pkikit.reading import der
from pkikit.reading.der import BadDer
from pkikit.reading.odd.distinguished_names import readable_name
from pkikit.reading.openssl import Identity, carrier

_KINDS = ("otherName", "rfc822Name", "dNSName", "x400Address", "directoryName", "ediPartyName", "URI", "iPAddress",
          "registeredID")  # fmt: skip


class OddName(x509.GeneralName):
    """A name of a certificate that matches nothing; `value` describes it."""

    def __init__(self, value: str) -> None:
        self._value = value

    @property
    def value(self) -> str:
        """Its kind, and its bytes in hexadecimal."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OddName) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"<{self._value}>"


def general_name(name: bytes) -> x509.GeneralName:
    """Read one GeneralName.

    Args:
        name: its DER.

    Returns:
        The name; an `OddName` if it cannot be compared with anything.

    Raises:
        BadDer: the kind does not exist.
    """
    first = der.first_byte(name)
    if not 0x80 <= first & ~0x20 <= 0x88:
        raise BadDer("is a kind of name that does not exist")
    with contextlib.suppress(ValueError, TypeError, UnicodeError):
        match first:
            case 0x81:
                return x509.RFC822Name._init_without_validation(der.content(name).decode("ascii"))
            case 0x82:
                return x509.DNSName._init_without_validation(der.content(name).decode("ascii"))
            case 0x86:
                return x509.UniformResourceIdentifier._init_without_validation(der.content(name).decode("ascii"))
            case 0xA4:
                return x509.DirectoryName(parse_name(der.children(name)[0]))
            case 0x87:
                return x509.IPAddress(_address(der.content(name)))
            case 0x88:
                return x509.RegisteredID(x509.ObjectIdentifier(der.read_oid(der.element(der.OID, der.content(name)))))
            case 0xA0:
                kind, value = der.children(name)
                return x509.OtherName(x509.ObjectIdentifier(der.read_oid(kind)), der.children(value)[0])
            case _:
                pass
    return OddName(f"{_KINDS[first & 0x0F]} {der.content(name)[:64].hex()}")


def _address(
    data: bytes,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address | ipaddress.IPv4Network | ipaddress.IPv6Network:
    half = len(data) // 2
    if len(data) in {4, 16}:
        return ipaddress.ip_address(data)
    if len(data) in {8, 32}:
        return ipaddress.ip_network(f"{ipaddress.ip_address(data[:half])}/{ipaddress.ip_address(data[half:])}")
    raise ValueError("not an address")


def parse_name(name: bytes) -> x509.Name:
    """Return a distinguished name as an object."""
    readable = readable_name(name, "name")[0]
    return x509.load_der_x509_certificate(carrier((), Identity(name=readable))).subject


def _names(sequence: bytes) -> list[x509.GeneralName]:
    return [general_name(n) for n in der.children(sequence)]


def _basic_constraints(value: bytes) -> x509.ExtensionType:
    ca, length = False, None
    for part in der.children(der.expect(value, der.SEQUENCE)):
        if part[0] == der.BOOLEAN:
            ca = any(der.content(part))
        else:
            length = der.number(der.expect(part, der.INTEGER))
    # A path length means nothing without CA:TRUE, and the library takes none there.
    return x509.BasicConstraints(ca=ca, path_length=length if ca else None)


def _key_usage(value: bytes) -> x509.ExtensionType:
    bits = der.content(der.expect(value, der.BIT_STRING))
    if not bits or bits[0] > 7:
        raise BadDer("is not a BIT STRING")
    flags = [bool(bits[1 + n // 8] >> (7 - n % 8) & 1) if len(bits) > 1 + n // 8 else False for n in range(9)]
    if not flags[4]:
        flags[7] = flags[8] = (
            False  # encipherOnly and decipherOnly mean nothing without keyAgreement (RFC 5280 §4.2.1.3)
        )
    return x509.KeyUsage(*flags)


def _extended_key_usage(value: bytes) -> x509.ExtensionType:
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(der.read_oid(o)) for o in der.children(value)])


def _subject_alternative_name(value: bytes) -> x509.ExtensionType:
    return x509.SubjectAlternativeName(_names(value))


def _issuer_alternative_name(value: bytes) -> x509.ExtensionType:
    return x509.IssuerAlternativeName(_names(value))


def _subject_key_identifier(value: bytes) -> x509.ExtensionType:
    return x509.SubjectKeyIdentifier(der.content(der.expect(value, der.OCTETS)))


class KeyReference(x509.AuthorityKeyIdentifier):
    """An authority key identifier that holds only an issuer or only a serial number, as OpenSSL reads and compares it."""

    def __init__(self, key: bytes | None, issuer: list[x509.GeneralName] | None, serial: int | None) -> None:
        super().__init__(key, None, None)
        self._loose = issuer, serial

    @property
    def authority_cert_issuer(self) -> list[x509.GeneralName] | None:
        """The names of the issuer's issuer."""
        return self._loose[0]

    @property
    def authority_cert_serial_number(self) -> int | None:
        """The serial number of the issuer's certificate."""
        return self._loose[1]


def _authority_key_identifier(value: bytes) -> x509.ExtensionType:
    return KeyReference(*key_reference(value))


def key_reference(value: bytes) -> tuple[bytes | None, list[x509.GeneralName] | None, int | None]:
    """Read an authority key identifier.

    Args:
        value: its DER.

    Returns:
        (key identifier, names of the issuer, serial number).

    Raises:
        BadDer: the bytes are not an authority key identifier.
    """
    key, issuer, serial = None, None, None
    for part in der.children(der.expect(value, der.SEQUENCE)):
        match part[0]:
            case 0x80:
                key = der.content(part)
            case 0xA1:
                issuer = _names(part)
            case 0x82:
                serial = der.number(der.element(der.INTEGER, der.content(part)))
            case _:
                raise BadDer("has a part that does not belong there")
    return key, issuer, serial


def _distribution_points(value: bytes) -> list[x509.DistributionPoint]:
    return [_distribution_point(p) for p in der.children(der.expect(value, der.SEQUENCE))]


def _distribution_point(point: bytes) -> x509.DistributionPoint:
    full, relative, issuer = None, None, None
    for part in der.children(der.expect(point, der.SEQUENCE)):
        match part[0]:
            case 0xA0:
                name = der.children(part)[0]
                if name[0] == 0xA0:
                    full = _names(name)
                else:
                    relative = _relative(name)
            case 0x81:
                pass  # for which reasons it lists: nothing here asks
            case 0xA2:
                issuer = _names(part)
            case _:
                raise BadDer("has a part that does not belong there")
    return x509.DistributionPoint(full, relative, None, issuer)


def _relative(name: bytes) -> x509.RelativeDistinguishedName:
    rdn = der.element(der.SET, *der.children(name))
    return parse_name(der.element(der.SEQUENCE, rdn)).rdns[0]


def _crl_distribution_points(value: bytes) -> x509.ExtensionType:
    return x509.CRLDistributionPoints(_distribution_points(value))


def _authority_information(value: bytes) -> x509.ExtensionType:
    descriptions = []
    for description in der.children(value):
        method, location = der.children(description)
        descriptions.append(x509.AccessDescription(x509.ObjectIdentifier(der.read_oid(method)), general_name(location)))
    return x509.AuthorityInformationAccess(descriptions)


def _policies(value: bytes) -> x509.ExtensionType:
    """Read the policies without their qualifiers: texts and addresses for people, which decide nothing."""
    return x509.CertificatePolicies(
        [
            x509.PolicyInformation(x509.ObjectIdentifier(der.read_oid(der.children(p)[0])), None)
            for p in der.children(value)
        ]
    )


def limits(value: bytes) -> bool:
    """Return True if a subtree of name constraints has a minimum other than 0, or a maximum."""
    trees = [der.children(tree) for part in der.children(value) for tree in der.children(part)]
    return any(limit[0] != 0x80 or der.content(limit) != b"\0" for tree in trees for limit in tree[1:])


def _name_constraints(value: bytes) -> x509.ExtensionType:
    if limits(value):
        raise BadDer("has a minimum or maximum, which OpenSSL does not support")
    trees: dict[int, list[x509.GeneralName]] = {}
    for part in der.children(der.expect(value, der.SEQUENCE)):
        listed = [der.children(tree) for tree in der.children(part)]
        trees[part[0]] = [general_name(tree[0]) for tree in listed]
        if any(isinstance(name, OddName) for name in trees[part[0]]):
            raise BadDer("has a name that nothing can be compared with")
    if not any(trees.values()):
        return x509.UnrecognizedExtension(ExtensionOID.NAME_CONSTRAINTS, value)  # it constrains nothing
    return x509.NameConstraints(trees.get(0xA0) or None, trees.get(0xA1) or None)


READERS: MappingProxyType[str, Callable[[bytes], x509.ExtensionType]] = MappingProxyType(
    {
        ExtensionOID.BASIC_CONSTRAINTS.dotted_string: _basic_constraints,
        ExtensionOID.KEY_USAGE.dotted_string: _key_usage,
        ExtensionOID.EXTENDED_KEY_USAGE.dotted_string: _extended_key_usage,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME.dotted_string: _subject_alternative_name,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME.dotted_string: _issuer_alternative_name,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER.dotted_string: _subject_key_identifier,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER.dotted_string: _authority_key_identifier,
        ExtensionOID.CRL_DISTRIBUTION_POINTS.dotted_string: _crl_distribution_points,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS.dotted_string: _authority_information,
        ExtensionOID.CERTIFICATE_POLICIES.dotted_string: _policies,
        ExtensionOID.NAME_CONSTRAINTS.dotted_string: _name_constraints,
    }
)
