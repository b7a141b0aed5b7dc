"""A CA in a folder, laid out as `openssl ca` does it: either tool can continue where the other stopped.

    DIR/ca.pem          its certificate           DIR/chain.pem     it and the CAs above it, root last
    DIR/private/ca.key  its key, mode 0600        DIR/openssl.cnf   for `openssl ca -config openssl.cnf`, run in DIR
    DIR/index.txt       issued certificates       DIR/serial        the next serial number, in hex
    DIR/newcerts/       a copy of each            DIR/crlnumber     the next CRL's number, in hex

Source: X12.5 guide, appendix 2 "Operating as a Certificate Authority Using OpenSSL"; openssl-ca(1) for the index.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from pkikit.errors import InputError
from pkikit.files import key_pem, read_bytes, read_certificates, read_file, write_private, write_public
from pkikit.issue.authority import Authority, Profile, create_root
from pkikit.issue.openssl_config import ca_config
from pkikit.model.certificates.credential import PrivateKey, spki
from pkikit.model.certificates.facts import key_of
from pkikit.values.names import printable

_SHORT = {
    NameOID.COUNTRY_NAME: "C", NameOID.STATE_OR_PROVINCE_NAME: "ST", NameOID.LOCALITY_NAME: "L",
    NameOID.ORGANIZATION_NAME: "O", NameOID.ORGANIZATIONAL_UNIT_NAME: "OU", NameOID.COMMON_NAME: "CN",
    NameOID.EMAIL_ADDRESS: "emailAddress", NameOID.DOMAIN_COMPONENT: "DC",
}  # fmt: skip
# openssl-ca(1), -crl_reason: its spelling of the reasons.
REASONS = {
    "unspecified": x509.ReasonFlags.unspecified,
    "keyCompromise": x509.ReasonFlags.key_compromise,
    "CACompromise": x509.ReasonFlags.ca_compromise,
    "affiliationChanged": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessationOfOperation": x509.ReasonFlags.cessation_of_operation,
    "certificateHold": x509.ReasonFlags.certificate_hold,
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of index.txt. `status`: V valid, R revoked, E expired."""

    status: str
    expires: str
    revoked: str
    serial: int
    file: str
    subject: str

    @classmethod
    def parse(cls, line: str, where: str) -> Entry:
        """Read the six tab-separated fields.

        Args:
            line: one line of index.txt.
            where: file and line, for messages.

        Returns:
            The entry.

        Raises:
            InputError: the line has another form.
        """
        fields = line.split("\t")
        if len(fields) != 6 or fields[0] not in {"V", "R", "E"}:
            raise InputError(f"{printable(line, 60)!r} is not a line of an index as openssl writes it", where=where)
        try:
            serial = int(fields[3], 16)
        except ValueError:
            raise InputError(f"{printable(fields[3], 60)!r} is not a serial number in hex", where=where) from None
        return cls(
            status=fields[0], expires=fields[1], revoked=fields[2], serial=serial, file=fields[4], subject=fields[5]
        )

    def __str__(self) -> str:
        return "\t".join((self.status, self.expires, self.revoked, _hex(self.serial), self.file, self.subject))

    @property
    def revocation(self) -> tuple[datetime, x509.ReasonFlags | None] | None:
        """When and why it was revoked; None for a valid certificate."""
        if self.status != "R":
            return None
        when, _, reason = self.revoked.partition(",")
        form = "%y%m%d%H%M%SZ" if len(when) == 13 else "%Y%m%d%H%M%SZ"
        return datetime.strptime(when, form).replace(tzinfo=UTC), REASONS.get(reason.partition(",")[0])


class FileCa:
    """The CA of one folder. It makes changes under a lock, in an order that loses nothing when interrupted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "ca.pem").exists():
            raise InputError("contains no CA (there is no ca.pem); make one with pkikit ca init", where=str(folder))
        chain_file = folder / "chain.pem"
        chain = read_certificates(chain_file if chain_file.exists() else folder / "ca.pem")
        certificate = read_certificates(folder / "ca.pem")[0]
        keys = read_file(folder / "private" / "ca.key").keys
        if not keys or spki(keys[0].public_key()) != key_of(certificate):
            raise InputError("is not the key of this CA's certificate", where=str(folder / "private" / "ca.key"))
        parents = tuple(c for c in chain if c != certificate)
        self.authority = Authority(certificate=certificate, key=keys[0], parents=parents)

    @classmethod
    def create(
        cls,
        folder: Path,
        common_name: str,
        *,
        at: datetime,
        key: PrivateKey,
        organisation: str = "",
        lifetime: timedelta,
        below: FileCa | None = None,
    ) -> FileCa:
        """Make the folder: a self-signed root, or an intermediate below another file CA.

        Args:
            folder: where the CA is to be.
            common_name: the CN of the CA.
            at: when it is issued.
            key: its private key.
            organisation: its O; empty for none.
            lifetime: how long it is valid.
            below: the CA above it; None for a root.

        Returns:
            The new CA.

        Raises:
            InputError: the folder is in use.
        """
        if folder.exists() and any(folder.iterdir()):
            raise InputError("is not empty; a CA needs a folder of its own", where=str(folder))
        if below is None:
            authority = create_root(common_name, at=at, key=key, organisation=organisation, lifetime=lifetime)
        else:
            authority = below.authority.intermediate(
                common_name, at=at, key=key, organisation=organisation, lifetime=lifetime
            )
            below.record(authority.certificate)
        write_private(folder / "private" / "ca.key", key_pem(key))
        (folder / "private").chmod(0o700)
        (folder / "newcerts").mkdir()
        chain = (authority.certificate, *authority.parents)
        first = x509.random_serial_number() >> 8  # positive, and with room above it to count
        for name, text in (
            ("chain.pem", "".join(_pem(c) for c in chain)),
            ("index.txt", ""),
            ("index.txt.attr", "unique_subject = no\n"),
            ("serial", _hex(first) + "\n"),
            ("crlnumber", "01\n"),
            ("openssl.cnf", ca_config()),
            ("ca.pem", _pem(authority.certificate)),  # last: a folder with a ca.pem is a whole CA
        ):
            write_public(folder / name, text.encode())
        return cls(folder)

    def issue(self, request: x509.CertificateSigningRequest, *, at: datetime, profile: Profile) -> x509.Certificate:
        """Sign a request with the next serial number, keep a copy, and add it to the index."""
        with self._lock():
            serial = self._number("serial")
            certificate = self.authority.issue(request, at=at, profile=replace(profile, serial=serial))
            write_public(self.folder / "serial", f"{_hex(serial + 1)}\n".encode())
            self._enter(certificate)
        return certificate

    def record(self, certificate: x509.Certificate) -> None:
        """Add a certificate of this CA to the index that was issued elsewhere, such as an intermediate's."""
        with self._lock():
            self._enter(certificate)

    def _enter(self, certificate: x509.Certificate) -> None:
        name = f"{_hex(certificate.serial_number)}.pem"
        write_public(self.folder / "newcerts" / name, _pem(certificate).encode())
        entry = Entry(
            status="V",
            expires=_index_time(certificate.not_valid_after_utc),
            revoked="",
            serial=certificate.serial_number,
            file="unknown",
            subject=one_line(certificate.subject),
        )
        self._write_index([*self.entries(), entry])

    def revoke(self, certificate: x509.Certificate, *, at: datetime, reason: str | None) -> None:
        """Mark a certificate revoked; the next CRL and OCSP answer include it.

        Args:
            certificate: a certificate of this CA.
            at: when it is revoked.
            reason: a CRL reason as openssl spells it, such as `keyCompromise`; None for none.

        Raises:
            InputError: the certificate is not in the index, is revoked already, or the reason is unknown.
        """
        if reason is not None and reason not in REASONS:
            raise InputError(f"{reason[:40]!r} is not a reason: allowed are {', '.join(REASONS)}")
        if certificate.issuer != self.authority.certificate.subject:
            raise InputError("is not a certificate of this CA", where=str(self.folder))
        with self._lock():
            entries = self.entries()
            known = next((e for e in entries if e.serial == certificate.serial_number), None)
            if known is None:
                raise InputError(
                    f"has no certificate with serial {certificate.serial_number:x}", where=str(self.folder)
                )
            if known.status == "R":
                raise InputError(f"serial {certificate.serial_number:x} is revoked already", where=str(self.folder))
            when = _index_time(at) + (f",{reason}" if reason else "")
            self._write_index([replace(e, status="R", revoked=when) if e is known else e for e in entries])

    def crl(self, *, at: datetime, lifetime: timedelta) -> x509.CertificateRevocationList:
        """Make the CRL of all certificates that are marked revoked, with the next number."""
        with self._lock():
            number = self._number("crlnumber")
            revoked = [(e.serial, *e.revocation) for e in self.entries() if e.revocation is not None]
            crl = self.authority.crl(revoked, at=at, lifetime=lifetime, number=number)
            write_public(self.folder / "crlnumber", f"{_hex(number + 1)}\n".encode())
        return crl

    def ocsp_answer(
        self,
        certificate: x509.Certificate,
        *,
        at: datetime,
        lifetime: timedelta,
        id_digest: hashes.SHA256 | hashes.SHA1 | None = None,
    ) -> ocsp.OCSPResponse:
        """Make this CA's answer about a certificate: good, revoked, or unknown if it is not in the index."""
        entry = next((e for e in self.entries() if e.serial == certificate.serial_number), None)
        if entry is None or certificate.issuer != self.authority.certificate.subject:
            status, when, reason = ocsp.OCSPCertStatus.UNKNOWN, None, None
        elif entry.revocation is None:
            status, when, reason = ocsp.OCSPCertStatus.GOOD, None, None
        else:
            status, (when, reason) = ocsp.OCSPCertStatus.REVOKED, entry.revocation
        return self.authority.ocsp_answer(
            certificate, at=at, status=status, revoked_at=when, reason=reason, lifetime=lifetime, id_digest=id_digest
        )

    def entries(self) -> list[Entry]:
        """Read the index.

        Returns:
            One entry per line.

        Raises:
            InputError: the index cannot be read, or a line has another form.
        """
        path = self.folder / "index.txt"
        try:
            lines = read_bytes(path, may_be_empty=True).decode("utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f"is not UTF-8 text (byte {error.start})", where=str(path)) from None
        return [Entry.parse(line, f"{path}:{number}") for number, line in enumerate(lines, start=1) if line]

    def _write_index(self, entries: list[Entry]) -> None:
        write_public(self.folder / "index.txt", "".join(f"{e}\n" for e in entries).encode())

    def _number(self, name: str) -> int:
        path = self.folder / name
        try:
            return int(read_bytes(path, 4096).decode("ascii").strip(), 16)
        except ValueError:
            raise InputError("does not contain a number in hex, as openssl writes it", where=str(path)) from None

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        from filelock import FileLock  # here, because only commands that change the CA need it

        with FileLock(self.folder / ".lock"):
            yield


def one_line(name: x509.Name) -> str:
    """Return `/C=GB/CN=…`, the form of the index, with characters escaped that would break its lines."""
    parts = [(_SHORT.get(a.oid, a.oid.dotted_string), printable(str(a.value)).replace("/", "\\/")) for a in name]
    return "".join(f"/{key}={value}" for key, value in parts)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _hex(number: int) -> str:
    """Return the number as openssl writes it: upper case, an even number of digits."""
    digits = f"{number:X}"
    return digits if len(digits) % 2 == 0 else "0" + digits


def _index_time(instant: datetime) -> str:
    return f"{instant:%y%m%d%H%M%SZ}" if instant.year < 2050 else f"{instant:%Y%m%d%H%M%SZ}"
