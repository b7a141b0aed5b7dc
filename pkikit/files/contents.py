"""What was found in a file, by kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp

from pkikit.errors import EncodingError
from pkikit.model.credential import PrivateKey

# Asked only when something encrypted is met; gives the bytes of the passphrase.
Passphrase = Callable[[], bytes]
MAX_OBJECTS = 10_000


class NoPassphrase(EncodingError):
    """Something in the file is encrypted and nobody can be asked for the passphrase."""


@dataclass(frozen=True, kw_only=True)
class FileContents:
    """Everything found in one file, by kind; the private key never shows in `repr`.

    form: how the file is made: pem, der, pkcs7, pkcs12, base64, zip or gzip.
    notes: what is odd about it without keeping it from being read, a sentence each.
    """

    where: str
    certificates: tuple[x509.Certificate, ...] = ()
    requests: tuple[x509.CertificateSigningRequest, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    ocsp_answers: tuple[ocsp.OCSPResponse, ...] = ()
    keys: tuple[PrivateKey, ...] = field(default=(), repr=False)
    other_keys: tuple[str, ...] = ()
    form: str = "pem"
    notes: tuple[str, ...] = ()

    @property
    def is_pem(self) -> bool:
        """True for the only form that the product takes."""
        return self.form == "pem"

    @property
    def is_empty(self) -> bool:
        """True when nothing usable was found."""
        return not (
            self.certificates or self.requests or self.crls or self.ocsp_answers or self.keys or self.other_keys
        )


class Collector:
    """Gathers what a parser finds; `contents` freezes it."""

    def __init__(self, where: str, passphrase: Passphrase | None) -> None:
        self.where, self.passphrase = where, passphrase
        self.found: dict[str, list[Any]] = {
            name: [] for name in ("certificates", "requests", "crls", "ocsp_answers", "keys", "other_keys", "notes")
        }

    def contents(self, form: str) -> FileContents:
        """What was gathered so far."""
        return FileContents(where=self.where, form=form, **{k: tuple(v) for k, v in self.found.items()})

    def note(self, sentence: str) -> None:
        """Something odd that does not keep the file from being read."""
        self.found["notes"].append(sentence)

    def count(self) -> int:
        """How many objects there are so far."""
        return sum(len(values) for kind, values in self.found.items() if kind != "notes")

    def add(self, kind: str, *objects: Any) -> None:
        """Take objects of a kind, up to the number that is read of one file."""
        self.found[kind] += objects
        if self.count() > MAX_OBJECTS:
            raise EncodingError(f"holds more than {MAX_OBJECTS} objects", where=self.where)

    def add_key(self, key: object) -> None:
        """A private key: RSA and EC are kept, of others only the kind."""
        if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            self.add("keys", key)
        else:
            self.add("other_keys", type(key).__name__.removesuffix("PrivateKey").lstrip("_"))

    def load_key(self, data: bytes, load: Callable[..., Any]) -> None:
        """Parse a private key, with the passphrase when it is encrypted."""
        try:
            key = load(data, None)
        except TypeError:  # cryptography's word for "it is encrypted and you gave no password"
            key = self.decrypt("private key", lambda passphrase: load(data, passphrase))
        self.add_key(key)

    def decrypt(self, what: str, load: Callable[[bytes], Any]) -> Any:
        """Open something encrypted with the passphrase, which never shows in what is said about it."""
        if self.passphrase is None:
            raise NoPassphrase(
                f"holds an encrypted {what}; the product takes only unencrypted ones"
                if what == "private key"
                else f"is an encrypted {what} and no passphrase was given",
                where=self.where,
                rule="key.encrypted" if what == "private key" else "encoding.not-pem",
            )
        try:
            return load(self.passphrase())
        except (ValueError, TypeError):
            raise EncodingError(f"the passphrase does not open the {what}", where=self.where) from None
