"""How large keys, signatures and key shares are, and what that makes of certificates and handshakes. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pkikit.ecosystem.ecosystem_rule import Source
from pkikit.ecosystem.rule_reading import fields_of, list_of, origin_of, sources_of, text_of
from pkikit.ecosystem.shipped import shipped_data
from pkikit.errors import InputError
from pkikit.text import one_of, printable

CERTIFICATE_WITHOUT_KEY = 700
"""Bytes of a certificate besides key and signature (ours): those of the lab have about 450, public ones more."""
HANDSHAKE_WITHOUT_KEYS = 400
"""Bytes of a handshake of TLS 1.3 besides certificates, signatures and key shares, both directions (ours, an estimate)."""
_NAME, _MOST, _OF = "sizes.yaml", 100_000_000, ("flight", "chain")


@dataclass(frozen=True, kw_only=True)
class SignatureSize:
    """A signature algorithm.

    Attributes:
        name: as people write it.
        post_quantum: a quantum computer does not break it, as far as is known.
        key: bytes of a public key.
        signature: bytes of a signature.
        source: the document; None for a guess.
        guess: why it is a guess.
    """

    name: str
    post_quantum: bool
    key: int
    signature: int
    source: Source | None
    guess: str


@dataclass(frozen=True, kw_only=True)
class KeyAgreementSize:
    """A key agreement of TLS 1.3: bytes that the client and the server send for it."""

    name: str
    post_quantum: bool
    client: int
    server: int
    source: Source | None
    guess: str


@dataclass(frozen=True, kw_only=True)
class SizeLimit:
    """A limit that a document states: of the server's `flight` or of the `chain`, and what it means when that is larger."""

    name: str
    bytes: int
    of: str
    says: str
    source: Source | None
    guess: str


_Row = TypeVar("_Row", SignatureSize, KeyAgreementSize)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Everything that `sizes.yaml` says."""

    signatures: tuple[SignatureSize, ...]
    key_agreements: tuple[KeyAgreementSize, ...]
    limits: tuple[SizeLimit, ...]

    def signature(self, name: str) -> SignatureSize:
        """Return a signature algorithm.

        Args:
            name: its name, in any case.

        Returns:
            The algorithm.

        Raises:
            InputError: it is not known.
        """
        return _named(name, self.signatures, "signature algorithm")

    def key_agreement(self, name: str) -> KeyAgreementSize:
        """Return a key agreement.

        Args:
            name: its name, in any case.

        Returns:
            The key agreement.

        Raises:
            InputError: it is not known.
        """
        return _named(name, self.key_agreements, "key agreement")


@dataclass(frozen=True, kw_only=True)
class HandshakeSize:
    """Bytes of a handshake in which one side or both show a chain.

    Attributes:
        signature: the algorithm of every key in the chain.
        agreement: the key agreement.
        certificate: bytes of one certificate.
        chain: bytes of what one side sends: the leaf and the intermediates.
        server_flight: bytes that the server sends before it hears from the client again.
        total: both directions.
        mutual: the client shows a chain too.
    """

    signature: SignatureSize
    agreement: KeyAgreementSize
    certificate: int
    chain: int
    server_flight: int
    total: int
    mutual: bool

    def beyond(self, limits: Sequence[SizeLimit]) -> tuple[SizeLimit, ...]:
        """Return the limits that the handshake exceeds."""
        sizes = {"flight": self.server_flight, "chain": self.chain}
        return tuple(limit for limit in limits if sizes[limit.of] > limit.bytes)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `handshakes` of `pkikit timeline --sizes --json`."""
        return {
            "signature": self.signature.name, "key_agreement": self.agreement.name, "mutual": self.mutual,
            "certificate_bytes": self.certificate, "chain_bytes": self.chain, "server_flight_bytes": self.server_flight,
            "total_bytes": self.total, "beyond": [limit.name for limit in self.beyond(shipped_sizes().limits)],
            "guess": bool(self.signature.guess or self.agreement.guess),
        }  # fmt: skip


def handshake_size(
    signature: SignatureSize, agreement: KeyAgreementSize, *, intermediates: int = 1, mutual: bool = True
) -> HandshakeSize:
    """Work out how large a handshake of TLS 1.3 is.

    Args:
        signature: the algorithm of the leaf's key and of every CA above it.
        agreement: the key agreement.
        intermediates: how many CA certificates a side sends behind its own.
        mutual: the client shows a chain too, as between Expressways.

    Returns:
        The sizes. What is not key, signature or key share is an estimate (ours).
    """
    certificate = CERTIFICATE_WITHOUT_KEY + signature.key + signature.signature
    chain = certificate * (1 + intermediates)
    shown = chain + signature.signature  # CertificateVerify
    flight = agreement.server + shown + HANDSHAKE_WITHOUT_KEYS // 2
    total = agreement.client + agreement.server + shown * (1 + mutual) + HANDSHAKE_WITHOUT_KEYS
    return HandshakeSize(
        signature=signature, agreement=agreement, certificate=certificate, chain=chain, server_flight=flight,
        total=total, mutual=mutual,
    )  # fmt: skip


@cache
def shipped_sizes() -> Sizes:
    """Return the sizes that come with pkikit."""
    return sizes_of(shipped_data(_NAME), where=_NAME)


def sizes_of(data: object, *, where: str) -> Sizes:
    """Read sizes strictly.

    Args:
        data: what the YAML says.
        where: the file, for messages.

    Returns:
        The sizes.

    Raises:
        InputError: the first mistake.
    """
    parts = ("signatures", "key_agreements", "limits")
    top = fields_of(data, ("sources", *parts), parts, where)
    known = sources_of(top.get("sources"), where)

    def rows(part: str, numbers: tuple[str, ...], others: tuple[str, ...]) -> list[dict[str, Any]]:
        found = []
        for number, entry in enumerate(list_of(top[part], f"{where}: {part}"), start=1):
            place = f"{where}: {part}, entry {number}"
            fields = fields_of(
                entry, ("name", *numbers, *others, "source", "guess"), ("name", *numbers, *others), place
            )
            source, guess = origin_of(fields, known, place)
            row: dict[str, Any] = {"name": text_of(fields["name"], f"{place}: name"), "source": source, "guess": guess}
            row |= {key: _bytes(fields[key], f"{place}: {key}") for key in numbers}
            found.append(row | {key: _other(fields, key, place) for key in others})
        names = [row["name"] for row in found]
        if len(set(names)) < len(names):
            raise InputError("a name is there twice", where=f"{where}: {part}")
        return found

    return Sizes(
        signatures=tuple(SignatureSize(**row) for row in rows("signatures", ("key", "signature"), ("post_quantum",))),
        key_agreements=tuple(
            KeyAgreementSize(**row) for row in rows("key_agreements", ("client", "server"), ("post_quantum",))
        ),
        limits=tuple(SizeLimit(**row) for row in rows("limits", ("bytes",), ("says", "of"))),
    )


def _other(fields: Mapping[str, Any], key: str, place: str) -> object:
    if key == "says":
        return text_of(fields[key], f"{place}: {key}")
    if key == "of":
        if fields[key] not in _OF:
            raise InputError(f"write {' or '.join(_OF)}", where=f"{place}: {key}")
        return fields[key]
    if not isinstance(fields[key], bool):
        raise InputError("write yes or no", where=f"{place}: {key}")
    return fields[key]


def _bytes(found: object, place: str) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= _MOST:
        raise InputError(f"write a whole number of bytes, 1 to {_MOST}", where=place)
    return found


def _named(name: str, rows: Sequence[_Row], what: str) -> _Row:
    found = next((row for row in rows if row.name.casefold() == name.strip().casefold()), None)
    if found is None:
        raise InputError(f"no {what} {printable(name, 60)!r}: {one_of(name, [row.name for row in rows])}")
    return found
