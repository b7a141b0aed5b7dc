"""Domain names, texts, e-mail addresses and URLs under other words. What is equal, below or above stays so."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, unquote

import idna

from pkikit.anonymise.naming.replaced_addresses import Addresses
from pkikit.anonymise.naming.secret import Secret
from pkikit.anonymise.naming.tokens import TOKEN, Tokens
from pkikit.values.names import is_ip_address
from pkikit.values.public_names import SPECIAL_USE, is_internal, public_suffix

# Labels that the product, its clients or DNS give a meaning.
_MEANT = re.compile(r"(?:collab-edge|jabber|endpoint|browser|_[a-z0-9-]+|\*|)\Z")
_RESERVED = ("com", "net", "org")  # example.com, example.net, example.org
_HOST = re.compile(r"[\w*-]+(?:\.[\w*-]+)+\.?\Z")
_ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|\[[0-9a-fA-F:.]+\]")
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)\Z", re.DOTALL)
_AUTHORITY = re.compile(r"(//)(?:([^/@?#]*)@)?(\[[^\]]*\]|[^/:?#]*)(:\d+)?(.*)\Z", re.DOTALL)
_SIP = {"sip", "sips", "xmpp", "mailto", "im", "pres", "tel"}


class Names:
    """What takes the place of a name. The same name always gets the same."""

    def __init__(self, tokens: Tokens, addresses: Addresses, secret: Secret) -> None:
        """Take the words, the addresses, and what makes the choices."""
        self._tokens, self._addresses, self._secret = tokens, addresses, secret
        self._domains: dict[str, str] = {}
        self._tops: dict[str, str] = {}

    # Domain names.

    def host(self, name: str) -> str:
        """Return another domain name or IP address, label by label.

        Wildcards, service labels, trailing dots, case, IDN, and whether the name can be in the public DNS stay.
        """
        if is_ip_address(name):
            return self._addresses.text(name)
        labels = name.split(".")
        bare = [label for label in labels if label]
        if not bare or len(bare) == 1:
            return ".".join(self.label(label) for label in labels)
        start = next(i for i, label in enumerate(labels) if label)
        end = len(labels) - next(i for i, label in enumerate(reversed(labels)) if label)
        body = self._body(labels[start:end])
        return ".".join([*labels[:start], *body, *labels[end:]])

    def _body(self, labels: list[str]) -> list[str]:
        name = ".".join(labels).lower().encode("ascii", "replace").decode()
        try:
            ascii_name = ".".join(_a_label(label) for label in labels)
        except (idna.IDNAError, UnicodeError):
            ascii_name = name
        if is_internal(ascii_name):
            return [*map(self.label, labels[:-1]), self._top(labels[-1])]
        suffix = public_suffix(ascii_name).count(".") + 1
        if len(labels) == suffix:
            return labels
        domain = self._domain(labels[-suffix - 1 :], ascii_name)
        return [*map(self.label, labels[: -suffix - 1]), *domain]

    def _domain(self, labels: list[str], name: str) -> list[str]:
        """Return a reserved domain for a registered one: `acme.co.uk` becomes `cedar.example.net`."""
        key = ".".join(labels).lower()
        if key not in self._domains:
            top = name.rpartition(".")[2]
            first = (
                _RESERVED.index(top) if top in _RESERVED else self._secret.number("top", top.encode(), len(_RESERVED))
            )
            word, taken = labels[0].lower(), set(self._domains.values())
            for number in range(1000):
                again = word if number < len(_RESERVED) else f"{word}x{number}"
                made = f"{self.label(again, keep=False)}.example.{_RESERVED[(first + number) % len(_RESERVED)]}"
                if made not in taken:
                    break
            self._domains[key] = made
        word, *reserved = self._domains[key].split(".")
        return [_in_case(labels[0], word), *(_in_case(labels[-1], part) for part in reserved)]

    def _top(self, label: str) -> str:
        """Return a top-level label: a reserved one stays; one that does not exist becomes another that does not exist."""
        lower = label.lower()
        if lower in SPECIAL_USE or not lower.isascii():
            return label if lower in SPECIAL_USE else self.label(label)
        if lower not in self._tops:
            made, number = self.label(lower), 0
            while not is_internal(f"a.{made}") or made in self._tops.values() or made in SPECIAL_USE:
                number += 1
                made = self._tokens.text(f"{lower}x{'x' * number}", keep=False)
            self._tops[lower] = made
        return _in_case(label, self._tops[lower])

    def label(self, label: str, *, keep: bool = True) -> str:
        """Return another label of the same form: IDN labels stay IDN labels."""
        if _MEANT.match(label.lower()):
            return label
        if label.lower().startswith("xn--"):
            try:
                words = idna.decode(label.lower())
                return idna.encode(self._tokens.text(words, keep=keep)).decode()
            except (idna.IDNAError, UnicodeError):
                return "xn--" + self._tokens.text(label[4:], keep=keep)
        return self._tokens.text(label, keep=keep)

    # Texts.

    def text(self, text: str, *, keep: bool = True) -> str:
        """Return another text: an e-mail address, a URL, a host name or an IP address as such, anything else word by word."""
        stripped = text.strip()
        if is_ip_address(stripped):
            return text.replace(stripped, self._addresses.text(stripped))
        if "://" in text or text.lower().startswith(("sip:", "sips:", "urn:", "mailto:", "xmpp:")):
            return self.uri(text)
        if "@" in text and " " not in stripped:
            return self.email(text)
        if _HOST.match(stripped) and not stripped.rstrip(".").rpartition(".")[2].isdigit():
            return text.replace(stripped, self.host(stripped))
        return " ".join(self._word(word, keep=keep) for word in text.split(" "))

    def _word(self, word: str, *, keep: bool) -> str:
        """Return one word of a text; a host name or address inside a sentence is found, too."""
        core = word.strip(",;()<>\"'")
        if core and core != word and (_HOST.match(core) or is_ip_address(core)):
            return word.replace(core, self.text(core, keep=keep))
        return self.text(core, keep=keep) if core == word and _is_name(core) else self._tokens.text(word, keep=keep)

    def email(self, text: str) -> str:
        """Return another e-mail address, user or `@domain`."""
        user, at, domain = text.rpartition("@")
        return self._tokens.text(user, keep=False) + at + (self.host(domain) if domain else "")

    def uri(self, text: str) -> str:
        """Return another URL: scheme, port and the words of directories and certificates stay."""
        found = _URI.match(text)
        if found is None:
            return self._path(text)
        scheme, rest = found[1], found[2]
        authority = _AUTHORITY.match(rest)
        if authority is not None:
            user = f"{self._tokens.text(authority[2], keep=False)}@" if authority[2] is not None else ""
            host = self.host(authority[3]) if authority[3] else ""
            return f"{scheme}://{user}{host}{authority[4] or ''}{self._path(authority[5])}"
        if scheme.lower() in _SIP:
            target, mark, further = _parted(rest)
            user, at, host = target.rpartition("@")
            name, colon, port = host.partition(":") if not host.startswith("[") else (host, "", "")
            return f"{scheme}:{self._tokens.text(user, keep=False)}{at}{self.host(name)}{colon}{port}{mark}{self._path(further)}"
        return f"{scheme}:{self._path(rest)}"

    def _path(self, path: str) -> str:
        """Return another path: what is written with %XX is read first."""
        plain = unquote(path, errors="surrogateescape")
        made = _ADDRESS.sub(lambda found: self._address_in(found[0]), plain)
        pieces = re.split(r"([/?&=,;#|<>\s]+)", made)
        changed = "".join(p if i % 2 else self._piece(p) for i, p in enumerate(pieces))
        return changed if plain == path else quote(changed, safe="/?&=,;#:@+()!$'*~.-_", errors="surrogateescape")

    def _piece(self, piece: str) -> str:
        stem, dot, ending = piece.rpartition(".")
        if dot and ending.lower() in {"crl", "crt", "cer", "pem", "der", "html", "htm", "pdf", "asp", "aspx", "php"}:
            return f"{self._piece(stem)}.{ending}"
        if _is_name(piece):
            return self.text(piece)
        return self._tokens.text(piece)

    def _address_in(self, text: str) -> str:
        try:
            return self._addresses.text(text)
        except ValueError:
            return text

    def packed_address(self, data: bytes) -> bytes:
        """Return another address as a certificate has it: 4 or 16 bytes, twice as many with a mask."""
        try:
            return self._addresses.packed(data)
        except ipaddress.AddressValueError:
            return data


def _is_name(text: str) -> bool:
    return bool(_HOST.match(text)) and text.count(".") >= 1 and not text.rstrip(".").rpartition(".")[2].isdigit()


def _parted(rest: str) -> tuple[str, str, str]:
    found = re.match(r"([^;?]*)([;?]?)(.*)\Z", rest, re.DOTALL)
    assert found is not None  # the pattern matches every text
    return found[1], found[2], found[3]


def _a_label(label: str) -> str:
    return label.lower() if label.isascii() else idna.encode(label, uts46=True).decode()


def _in_case(original: str, made: str) -> str:
    if original.isupper() and len(original) > 1:
        return made.upper()
    return made.capitalize() if original[:1].isupper() else made


def words_of(text: str) -> tuple[str, ...]:
    """Return the runs of letters and digits of a text, in lower case."""
    return tuple(found.lower() for found in TOKEN.findall(text))
