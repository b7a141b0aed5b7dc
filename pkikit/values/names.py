"""Names as Expressway certificates use them: FQDN, SIP URI, IP address.

A name that a person or a file configures gets one spelling: lower case, no trailing dot, A-labels. A name that a
certificate presents is read as it stands. RFC 1035 §2.3.4 gives the lengths, RFC 5891 the A-labels, RFC 5922 §7.1 what
of a SIP URI is a domain identity.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

import idna

from pkikit.errors import InputError
from pkikit.text import printable as printable

MAX_NAME_LENGTH = 253
# X.520 upper bound of commonName; CAs and cryptography hold to it.
MAX_COMMON_NAME_LENGTH = 64

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")


@lru_cache(maxsize=4096)
def is_ip_address(text: str) -> bool:
    """True for an IPv4 or IPv6 literal, brackets allowed."""
    literal = text.strip().strip("[]")
    if ":" not in literal and not literal[-1:].isdigit():
        return False  # most names end here; the exceptions below are slow
    try:
        ipaddress.ip_address(literal)
    except ValueError:
        return False
    return True


def _to_a_labels(text: str) -> str:
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise InputError(f"{printable(text)!r} is not a domain name: {error}") from error


@lru_cache(maxsize=4096)
def parse_dns_name(text: str) -> str:
    """Normalise a DNS name: lower case, no trailing dot, A-labels.

    A single label is allowed (`localhost`); `parse_fqdn` requires at least two.

    Args:
        text: a name from a file, an option or a form.

    Returns:
        The normalised name.

    Raises:
        InputError: the text is not a DNS name; the message says why.
    """
    stripped = text.strip()
    if len(stripped) > 4 * MAX_NAME_LENGTH:
        raise InputError(f"a name of {len(stripped)} characters is too long: {MAX_NAME_LENGTH} are allowed")
    if is_ip_address(stripped):
        raise InputError(f"{printable(text)!r} is an IP address where a fully qualified domain name belongs")
    name = _to_a_labels(stripped.removesuffix("."))
    if not name:
        raise InputError("an empty name where a domain name belongs")
    if len(name) > MAX_NAME_LENGTH:
        raise InputError(f"a name of {len(name)} characters is too long: {MAX_NAME_LENGTH} are allowed")
    for label in name.split("."):
        if not _LABEL.match(label):
            raise InputError(
                f"{printable(text)!r} is not a domain name: the label {printable(label)!r} may contain only letters, digits, "
                "hyphens (not at its ends) and up to 63 characters"
            )
    return name


def read_presented_name(text: str) -> str:
    """Read a dNSName or common name exactly as a certificate presents it, in lower case.

    This function strips and converts nothing: OpenSSL compares the bytes, so a name that needs either matches nothing.

    Args:
        text: the name in the certificate.

    Returns:
        The name in lower case.

    Raises:
        InputError: the name can match no reference name; `message` is the reason, to be printed after the name.
    """
    if not text:
        raise InputError("is empty")
    if "\0" in text:
        raise InputError("holds a NUL character")
    if not text.isascii():
        raise InputError("is not ASCII: a certificate must have an internationalised name as A-labels (xn--…)")
    if " " in text or not text.isprintable():  # the other blanks of ASCII are not printable
        raise InputError("contains a blank, a line break or another control character")
    if text.endswith("."):
        raise InputError("ends with a dot")
    if text.startswith("."):
        raise InputError("starts with a dot")
    if is_ip_address(text):
        raise InputError("is an IP address in a field for domain names")
    try:
        return parse_dns_name(text)
    except InputError:
        raise InputError("is not a domain name: labels contain only letters, digits, hyphens and underscores") from None


def parse_fqdn(text: str) -> str:
    """Normalise a fully qualified name: host and domain, no wildcard, no IP address.

    Args:
        text: a name from a file, an option or a form.

    Returns:
        The normalised name.

    Raises:
        InputError: the text is not such a name; the message says why.
    """
    name = parse_dns_name(text)
    if "." not in name:
        raise InputError(f"{printable(text)!r} is not fully qualified: write host and domain, as e1.example.com")
    if name.rsplit(".", 1)[1].isdigit():
        raise InputError(f"{printable(text)!r} ends in a number: an IP address is not a domain name")
    return name


@dataclass(frozen=True, kw_only=True)
class SipUri:
    """A SIP URI without a user part: a SIP domain (RFC 5922 §7.1)."""

    host: str

    @classmethod
    def parse(cls, text: str) -> SipUri:
        """Read `sip:domain` or `sips:domain`; drop the port and the parameters.

        Args:
            text: the URI.

        Returns:
            The SIP domain.

        Raises:
            InputError: the text is not such a URI, or it has a user part.
        """
        scheme, colon, rest = text.strip().partition(":")
        if not colon or scheme.lower() not in {"sip", "sips"}:
            raise InputError(f"{printable(text)!r} is not a SIP URI: write sip:example.com")
        hostport = re.split(r"[;?]", rest.removeprefix("//"), maxsplit=1)[0]
        if "@" in hostport:
            raise InputError(f"{printable(text)!r} names a user, not a domain: write sip:example.com")
        return cls(host=parse_dns_name(re.sub(r":\d{1,5}\Z", "", hostport)))

    @classmethod
    def parse_presented(cls, text: str) -> SipUri:
        """Read the SIP URI of a certificate, which must be a `sip:` domain identity as it is written (RFC 5922 §7.1).

        Args:
            text: the URI in the certificate.

        Returns:
            The SIP domain.

        Raises:
            InputError: the URI is not a domain identity; `message` is the reason, to be printed after the URI.
        """
        scheme, _, rest = text.partition(":")
        if scheme.lower() != "sip":
            raise InputError("has the scheme sips, and RFC 5922 reads only the scheme sip")
        host = re.split(r"[;?]", rest, maxsplit=1)[0]
        if "@" in host:
            raise InputError("names a user, not a domain")
        try:
            return cls(host=read_presented_name(re.sub(r":\d{1,5}\Z", "", host)))
        except InputError as error:
            raise InputError(f"has a host part that {error.message}") from None

    def __str__(self) -> str:
        return f"sip:{self.host}"


def ip_text(text: str) -> str:
    """Normalise an IP address and remove brackets: `[2001:DB8:0::1]` becomes `2001:db8::1`."""
    return str(ipaddress.ip_address(text.strip().strip("[]")))
