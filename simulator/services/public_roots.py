"""The roots of the lab's public CA. Their keys stay in this process, so nobody else on the machine can sign with them.

Pebble gives its roots and their private keys over a management port to everybody who can reach the loopback interface.
The lab therefore runs Pebble without that port and makes the roots itself: it signs Pebble's topmost intermediate
again, as real CAs do that cross-sign, and delivers that certificate instead of Pebble's own.
"""

from __future__ import annotations

import re
import secrets
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import make_key
from pkikit.issue.authority import Authority, create_root
from simulator.clock import Clock

_ALTERNATE = re.compile(r"/alternate/(\d{1,3})\Z")


class PublicRoots:
    """Roots by the number of the chain that ends at them; each is made when it is first needed."""

    def __init__(self) -> None:
        self._roots: dict[int, Authority] = {}
        self._crossed: dict[tuple[int, bytes], x509.Certificate] = {}
        self._making = threading.Lock()

    def certificate(self, number: int = 0) -> x509.Certificate:
        """Return the root of the default chain (0), or of an alternate one."""
        return self._root(number).certificate

    def cross_signed(self, content: bytes, path: str) -> bytes:
        """Return a chain as Pebble sends it (PEM), its topmost intermediate signed by the root; `path` is the URL's."""
        alternate = _ALTERNATE.search(path)
        number = int(alternate.group(1)) if alternate else 0
        chain = x509.load_pem_x509_certificates(content)
        if len(chain) < 2:
            return content  # no intermediate, so there is nothing to sign
        chain[-1] = self._cross(number, chain[-1])
        return b"".join(c.public_bytes(Encoding.PEM) for c in chain)

    def _root(self, number: int) -> Authority:
        with self._making:
            if number not in self._roots:
                # Named as Pebble names its own, and by the real time, which Pebble lives in too.
                name = f"Pebble Root CA {secrets.token_hex(3)}"
                self._roots[number] = create_root(name, at=Clock().now(), key=make_key())
            return self._roots[number]

    def _cross(self, number: int, own: x509.Certificate) -> x509.Certificate:
        root, key = self._root(number), (number, own.fingerprint(hashes.SHA256()))
        with self._making:
            if key not in self._crossed:
                self._crossed[key] = _signed_by(root, own)
            return self._crossed[key]


def _signed_by(root: Authority, own: x509.Certificate) -> x509.Certificate:
    """Return a certificate for the same subject, key and extensions, from another issuer."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(own.subject)
        .issuer_name(root.certificate.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(max(own.not_valid_before_utc, root.certificate.not_valid_before_utc))
        .not_valid_after(min(own.not_valid_after_utc, root.certificate.not_valid_after_utc))
    )
    for extension in own.extensions:
        if not isinstance(extension.value, x509.AuthorityKeyIdentifier):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    identifier = root.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    above = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    return builder.add_extension(above, critical=False).sign(root.key, hashes.SHA256())
