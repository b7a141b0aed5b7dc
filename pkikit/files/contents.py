"""What a file holds, by kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp

from pkikit.errors import EncodingError
from pkikit.files.pkcs12.effort import refuse_costly_key
from pkikit.model.certificates.credential import PrivateKey
from pkikit.rules.file_rules import ENCRYPTED_KEY, NOT_PEM

# Asked only when something encrypted is met; gives the bytes of the passphrase.
Passphrase = Callable[[], bytes]
MAX_OBJECTS = 10_000


class NoPassphrase(EncodingError):
    """Something in the file is encrypted, and nobody can be asked for the passphrase."""


@dataclass(frozen=True, kw_only=True)
class FileContents:
    """Everything found in one file, by kind. `repr` never contains the private key.

    form: how the file is encoded: pem, utf-16 (PEM in UTF-16 or UTF-32), der, pkcs7, pkcs12, base64, zip or gzip.
    notes: what is odd about it although it was read, one sentence each.
    encrypted_keys: how many private keys stayed encrypted because nobody gave a passphrase.
    data: the bytes of the file, to judge whether the product reads them (`pkikit.files.objections`).
    """

    where: str
    certificates: tuple[x509.Certificate, ...] = ()
    requests: tuple[x509.CertificateSigningRequest, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    ocsp_answers: tuple[ocsp.OCSPResponse, ...] = ()
    keys: tuple[PrivateKey, ...] = field(default=(), repr=False)
    other_keys: tuple[str, ...] = ()
    encrypted_keys: int = 0
    form: str = "pem"
    notes: tuple[str, ...] = ()
    data: bytes = field(default=b"", repr=False, compare=False)

    @property
    def ends_in_newline(self) -> bool:
        """True if the last line of the file has a line end."""
        return self.data.endswith(b"\n")

    def lacks(self, wanted: str) -> str:
        """Return a sentence for a message: the file holds no `wanted`, and what it holds instead."""
        kinds = (
            (self.certificates, "a certificate"),
            (self.requests, "a certificate request"),
            (self.crls, "a CRL"),
            (self.ocsp_answers, "an OCSP answer"),
            (self.keys or self.encrypted_keys, "a private key"),
            (self.other_keys, "a private key of a kind that the product does not take"),
        )
        kinds_present = [name for found, name in kinds if found]
        return f"contains {' and '.join(kinds_present)}, but no {wanted}" if kinds_present else f"contains no {wanted}"

    @property
    def is_empty(self) -> bool:
        """True if nothing usable was found."""
        return not (
            self.certificates
            or self.requests
            or self.crls
            or self.ocsp_answers
            or self.keys
            or self.other_keys
            or self.encrypted_keys
        )


class Collector:
    """Gathers what a parser finds; `contents` freezes it."""

    def __init__(
        self,
        where: str,
        passphrase: Passphrase | None,
        *,
        keep_encrypted: bool = False,
        open_stores: bool = True,
        check_keys: bool = True,
    ) -> None:
        self.where, self.passphrase = where, passphrase
        self.keep_encrypted, self.open_stores, self.check_keys = keep_encrypted, open_stores, check_keys
        self.encrypted_keys = 0
        self.found: dict[str, list[Any]] = {
            name: [] for name in ("certificates", "requests", "crls", "ocsp_answers", "keys", "other_keys", "notes")
        }

    def contents(self, form: str, data: bytes = b"") -> FileContents:
        """Everything gathered so far."""
        found: dict[str, Any] = {kind: tuple(objects) for kind, objects in self.found.items()}
        return FileContents(where=self.where, form=form, encrypted_keys=self.encrypted_keys, data=data, **found)

    def inner(self, where: str = "") -> Collector:
        """Return a collector for a part of the same file; `where` names a member of an archive."""
        return Collector(
            where or self.where,
            self.passphrase,
            keep_encrypted=self.keep_encrypted,
            open_stores=self.open_stores,
            check_keys=self.check_keys,
        )

    def note(self, sentence: str) -> None:
        """Note something odd that does not prevent the file from being read."""
        self.found["notes"].append(sentence)

    def count(self) -> int:
        """The number of objects so far."""
        return self.encrypted_keys + sum(len(values) for kind, values in self.found.items() if kind != "notes")

    def add(self, kind: str, *objects: Any) -> None:
        """Add objects of one kind.

        Args:
            kind: the name of a field of `FileContents`.
            *objects: the objects.

        Raises:
            EncodingError: the file holds more objects than are read from one file.
        """
        self.found[kind] += objects
        if self.count() > MAX_OBJECTS:
            raise EncodingError(f"contains more than {MAX_OBJECTS} objects", where=self.where)

    def add_key(self, key: object) -> None:
        """Add a private key. RSA and EC keys are kept; of other keys, only the kind."""
        if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            self.add("keys", key)
        else:
            self.add("other_keys", type(key).__name__.removesuffix("PrivateKey").lstrip("_"))

    def load_key(self, data: bytes, load: Callable[..., Any], der: bytes) -> None:
        """Parse a private key, with the passphrase if it is encrypted and opening it costs a bearable amount of work."""
        try:
            # Checking the numbers of an RSA key takes a hundred times as long as judging its certificate.
            key = load(data, None) if self.check_keys else load(data, None, unsafe_skip_rsa_key_validation=True)
        except TypeError:  # so `cryptography` says that the key is encrypted and it got no passphrase
            if self.passphrase is None and self.keep_encrypted:
                self.encrypted_keys += 1
                return
            refuse_costly_key(der, self.where)
            key = self.decrypt("private key", lambda passphrase: load(data, passphrase))
        self.add_key(key)

    def decrypt(self, what: str, load: Callable[[bytes], Any]) -> Any:
        """Open something encrypted with the passphrase. No message ever contains the passphrase.

        Args:
            what: the kind of object, for messages.
            load: opens the object with a passphrase; ValueError means that the passphrase is wrong.

        Returns:
            What `load` returns.

        Raises:
            NoPassphrase: nobody can be asked for the passphrase.
            EncodingError: the passphrase does not open it.
        """
        if self.passphrase is None:
            raise NoPassphrase(
                f"contains an encrypted {what}; the product takes only unencrypted ones"
                if what == "private key"
                else f"is an encrypted {what} and no passphrase was given",
                where=self.where,
                rule=ENCRYPTED_KEY.id if what == "private key" else NOT_PEM.id,
            )
        try:
            return load(self.passphrase())
        except (ValueError, TypeError):
            raise EncodingError(f"the passphrase does not open the {what}", where=self.where) from None
