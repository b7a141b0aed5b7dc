"""Files made to cost much work: what is read is linear in their size, and what they ask for is counted before it is done."""

from __future__ import annotations

import base64
import hashlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
from pyasn1.codec.der import decoder, encoder
from pyasn1.type import univ
from pyasn1.type.tag import Tag, tagClassContext, tagFormatConstructed

from pkikit.errors import EncodingError
from pkikit.files import contents as contents_module
from pkikit.files import parse
from pkikit.files.encodings.openssl_pem import read_as_openssl
from pkikit.files.pkcs12 import effort
from pkikit.files.pkcs12.effort import MAX_ITERATIONS, MAX_SIZE, refuse_costly_key, refuse_costly_store
from pkikit.files.pkcs12.peek import derive
from pkikit.files.pkcs12.structure import (
    DATA,
    ENCRYPTED_DATA,
    SHROUDED_KEY_BAG,
    AuthenticatedSafe,
    EncryptedData,
    EncryptedPrivateKeyInfo,
    Pfx,
    SafeContents,
)
from pkikit.files.recognition.identify import identify
from tests.support.credential_files import CREDENTIAL, KEY, LEAF, PEM
from tests.support.openssl import openssl

BEGIN, END = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"
GROWING: dict[str, Callable[[int], bytes]] = {
    "blanks": lambda n: b"A" + b" " * n + b"!",
    "blanks before base64": lambda n: b" " * n + b"QUJD",
    "BEGIN lines": lambda n: b"-----BEGIN A-----\n" * (n // 18),
    "BEGIN lines of different labels": lambda n: b"".join(b"-----BEGIN A%d-----\n" % i for i in range(n // 20)),
    "END lines": lambda n: END * (n // len(END)),
    "blocks that do not end": lambda n: (BEGIN + b"AAAA\n") * (n // 33),
    "one block that does not end": lambda n: BEGIN + b"A" * 63 + b"\n" * n,
    "small blocks": lambda n: (b"-----BEGIN A-----\nAAAA\n-----END A-----\n") * min(n // 40, 9000),
    "hyphens": lambda n: b"-" * n,
    "hyphens and BEGIN": lambda n: b"-----BEGIN " * (n // 11),
    "a header without end": lambda n: BEGIN + b"A: b\n" * (n // 5) + END,
    "quotes": lambda n: BEGIN + b"> " * (n // 2) + b"\n" + END,
    "quoted lines": lambda n: BEGIN + b">>> A\n" * (n // 6) + END,
    "escaped line ends": lambda n: BEGIN + b"\\n" * (n // 2) + END,
    "returns": lambda n: BEGIN + b"\r" * n + END,
    "base64": lambda n: base64.b64encode(b"\x30" + b"x" * (n * 3 // 4)),
    "equals signs": lambda n: b"A" + b"=" * n,
    "NULs": lambda n: BEGIN + b"\0" * n,
    "one long line": lambda n: BEGIN + b"A" * n + b"\n" + END,
    "UTF-16": lambda n: ("-----BEGIN A-----\n" * (n // 36)).encode("utf-16"),
    "DER": lambda n: b"\x30\x84" + n.to_bytes(4, "big") + b"\x30\x80" * (n // 2),
}  # fmt: skip
SMALL, FACTOR = 24_000, 16


def _cost(work: Callable[[], object]) -> float:
    """The least processor time that it took in some tries, so that what else the machine does counts little."""
    times = []
    for _ in range(4):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return max(min(times), 0.0005)


def _read(data: bytes) -> None:
    for read in (lambda: parse(data, where="x"), lambda: read_as_openssl(data)):
        try:
            read()
        except EncodingError as error:
            if len(str(error)) > 600:
                raise AssertionError("a message that nobody reads") from error


@pytest.mark.parametrize("kind", GROWING)
def test_identification_work_grows_linearly_with_size(kind: str) -> None:
    """16 times the bytes cost about 16 times the work; by the square it would be 256 times."""
    few, many = GROWING[kind](SMALL), GROWING[kind](SMALL * FACTOR)
    assert _cost(lambda: _read(many)) < _cost(lambda: _read(few)) * FACTOR * 4 + 0.05


@pytest.mark.parametrize("piece", [
    b"\n", b" ", b"\t", b"\r\n", b"# \n", b"a: b\n", b"a:\n", b"<", b"<a ", b"{", b'[{"a":', b"-", b"Certificate:\n", b"0A", b"0A:",
    b"certificate 01\n", b"From: x\n", b"x# show ", b"*c xConfiguration", b"Event=\"", b"- ", b"a b c ", b"---\n", b"\xff", b"\0",
])  # fmt: skip
def test_identification_of_repetitive_text_ends(piece: bytes) -> None:
    """One sentence about any repeated piece; a pattern that tries every way would not come back."""
    for data in (piece * 3000, piece * 3000 + b"!", b"x" + piece * 3000):
        assert identify(data).startswith("is ")


def store(rounds: int, passphrase: bytes = b"secret", *, key: bool = True, certificate: bool = True) -> bytes:
    """A PKCS#12 store whose key and certificates are encrypted with so many rounds."""
    how = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(rounds).hmac_hash(SHA256())
    encryption = how.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).build(passphrase)
    assert CREDENTIAL is not None
    assert isinstance(CREDENTIAL.key, ec.EllipticCurvePrivateKey)
    return pkcs12.serialize_key_and_certificates(
        b"e1", CREDENTIAL.key if key else None, LEAF if certificate else None, None, encryption
    )


def with_mac_rounds(data: bytes, rounds: int) -> bytes:
    """The same store, which says that its MAC takes so many rounds."""
    read = decoder.decode(data, asn1Spec=Pfx())[0]
    read["macData"]["iterations"] = rounds
    return bytes(encoder.encode(read))


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening anything encrypted in this test means that nobody looked at the cost first."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the work was started")

    module = sys.modules[parse.__module__]
    monkeypatch.setattr(module.pkcs12, "load_pkcs12", refuse)
    monkeypatch.setattr(contents_module.Collector, "decrypt", refuse)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("rounds", [MAX_ITERATIONS + 1, 2**31 - 1, 2**63, 2**200])
@pytest.mark.parametrize("passphrase", [None, b"secret"])
def test_store_with_too_many_iterations_is_refused_unopened(rounds: int, passphrase: bytes | None) -> None:
    """PKCS#12 in DER, in base64 and under a PEM label: refused by the count alone, with and without passphrase."""
    data = with_mac_rounds(store(2048), rounds)
    text = base64.encodebytes(data)
    for form in (data, text, b"-----BEGIN PKCS12-----\n" + text + b"-----END PKCS12-----\n"):
        with pytest.raises(EncodingError) as refused:
            parse(form, where="x", passphrase=(lambda: passphrase) if passphrase else None)
        assert f"{rounds:,} rounds" in str(refused.value)


@pytest.mark.parametrize("inside", ["key", "certificate", "both"])
def test_store_effort_counts_mac_keys_and_certificates(inside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shrouded key and the encrypted certificates count as well as the MAC, each by itself and all together."""
    data = with_mac_rounds(store(3000, key=inside != "certificate", certificate=inside != "key"), 1)
    monkeypatch.setattr(effort, "MAX_ITERATIONS", 3000)
    refuse_costly_store(data, "x")
    if inside == "both":
        monkeypatch.setattr(effort, "MAX_TOTAL", 6000)
        with pytest.raises(EncodingError, match="6,001 rounds"):
            refuse_costly_store(data, "x")
    monkeypatch.setattr(effort, "MAX_ITERATIONS", 2999)
    with pytest.raises(EncodingError, match="3,000 rounds"):
        refuse_costly_store(data, "x")


def test_store_at_the_effort_limit_is_opened() -> None:
    """Near miss: exactly the bound is allowed, and the usual counts are."""
    refuse_costly_store(with_mac_rounds(store(2048), MAX_ITERATIONS), "x")
    found = parse(store(2048), where="x", passphrase=lambda: b"secret")
    assert found.certificates == (LEAF,)
    assert found.keys


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-40], lambda d: d[:60] + b"\xff" * 20 + d[80:], lambda d: d + b"\0" * MAX_SIZE]
)
def test_store_with_unreadable_effort_is_refused(damage: Callable[[bytes], bytes]) -> None:
    """What cannot be read well enough to know its cost is not opened."""
    with pytest.raises(EncodingError):
        refuse_costly_store(damage(store(2048)), "x")


KEYS: dict[str, tuple[list[str], bool]] = {
    "PBKDF2": (["-v2", "aes-256-cbc", "-iter", "2000000"], False),
    "PBKDF2, usual": (["-v2", "aes-256-cbc"], True),
    "PBES1": (["-v1", "PBE-SHA1-3DES", "-iter", "2000000"], False),
    "PBES1, usual": (["-v1", "PBE-SHA1-3DES"], True),
    "scrypt, usual": (["-scrypt"], True),
}


@pytest.mark.parametrize("name", KEYS)
def test_encrypted_key_effort_is_counted_before_it_is_opened(name: str, tmp_path: Path) -> None:
    """Keys that openssl encrypted, as PEM and as DER: counted before they are opened."""
    arguments, bearable = KEYS[name]
    (tmp_path / "key.pem").write_bytes(KEY)
    for form in ("PEM", "DER"):
        openssl(
            "pkcs8",
            "-topk8",
            "-in",
            "key.pem",
            "-out",
            "out",
            "-outform",
            form,
            "-passout",
            "pass:secret",
            *arguments,
            cwd=tmp_path,
        )
        data = (tmp_path / "out").read_bytes()
        if bearable:
            assert parse(data, where="x", passphrase=lambda: b"secret").keys
        else:
            with pytest.raises(EncodingError, match="2,000,000 rounds"):
                parse(data, where="x", passphrase=lambda: b"secret")


@pytest.mark.parametrize(("cost", "size", "parallel", "bearable"), [
    (16384, 8, 1, True), (1 << 15, 8, 1, True), (1 << 20, 8, 1, False), (1 << 14, 1 << 20, 1, False), (1 << 14, 8, 1 << 20, False), (0, 8, 1, False),
])  # fmt: skip
def test_scrypt_parameters_are_bounded(cost: int, size: int, parallel: int, bearable: bool) -> None:
    """Memory and work of scrypt are bounded: N, r and p each can be made too large."""
    numbers = univ.Sequence()
    for position, value in enumerate((univ.OctetString(b"salt"), *map(univ.Integer, (cost, size, parallel)))):
        numbers.setComponentByPosition(position, value)
    kdf = _sequence(univ.ObjectIdentifier("1.3.6.1.4.1.11591.4.11"), numbers)
    cipher = _sequence(univ.ObjectIdentifier("2.16.840.1.101.3.4.1.42"), univ.OctetString(b"i" * 16))
    key = EncryptedPrivateKeyInfo()
    key["encryptionAlgorithm"]["algorithm"] = "1.2.840.113549.1.5.13"
    key["encryptionAlgorithm"]["parameters"] = univ.Any(encoder.encode(_sequence(kdf, cipher)))
    key["encryptedData"] = b"x" * 16
    if bearable:
        refuse_costly_key(bytes(encoder.encode(key)), "x")
    else:
        with pytest.raises(EncodingError, match="scrypt"):
            refuse_costly_key(bytes(encoder.encode(key)), "x")


def _sequence(*parts: object) -> univ.Sequence:
    made = univ.Sequence()
    for position, part in enumerate(parts):
        made.setComponentByPosition(position, part)
    return made


def _explicit(der: bytes) -> univ.Any:
    """The value of a field `[0] EXPLICIT ANY`."""
    return univ.Any(der).subtype(explicitTag=Tag(tagClassContext, tagFormatConstructed, 0))


def _pbes2(salt: bytes, rounds: int, vector: bytes) -> bytes:
    prf = _sequence(univ.ObjectIdentifier("1.2.840.113549.2.9"), univ.Null(""))
    kdf = _sequence(univ.OctetString(salt), univ.Integer(rounds), prf)
    return bytes(encoder.encode(_sequence(
        _sequence(univ.ObjectIdentifier("1.2.840.113549.1.5.12"), kdf),
        _sequence(univ.ObjectIdentifier("2.16.840.1.101.3.4.1.42"), univ.OctetString(vector)),
    )))  # fmt: skip


def store_in_store(passphrase: bytes, rounds: int) -> bytes:
    """A store whose encrypted part, which opens in 2,048 rounds, holds a key that wants so many more."""
    key = EncryptedPrivateKeyInfo()
    key["encryptionAlgorithm"]["algorithm"] = "1.2.840.113549.1.5.13"
    key["encryptionAlgorithm"]["parameters"] = univ.Any(_pbes2(b"salt", rounds, b"v" * 16))
    key["encryptedData"] = b"x" * 32
    bags = SafeContents()
    bags[0]["bagId"] = SHROUDED_KEY_BAG
    bags[0]["bagValue"] = _explicit(encoder.encode(key))
    plain = bytes(encoder.encode(bags))
    plain += bytes([16 - len(plain) % 16]) * (16 - len(plain) % 16)
    encryptor = Cipher(AES(hashlib.pbkdf2_hmac("sha256", passphrase, b"pepper", 2048, 32)), CBC(b"w" * 16)).encryptor()
    data = EncryptedData()
    data["version"] = 0
    content = data["encryptedContentInfo"]
    content["contentType"] = DATA
    content["contentEncryptionAlgorithm"]["algorithm"] = "1.2.840.113549.1.5.13"
    content["contentEncryptionAlgorithm"]["parameters"] = univ.Any(_pbes2(b"pepper", 2048, b"w" * 16))
    content["encryptedContent"] = encryptor.update(plain) + encryptor.finalize()
    safe = AuthenticatedSafe()
    safe[0]["contentType"] = ENCRYPTED_DATA
    safe[0]["content"] = _explicit(encoder.encode(data))
    made = Pfx()
    made["version"] = 3
    made["authSafe"]["contentType"] = DATA
    made["authSafe"]["content"] = _explicit(encoder.encode(univ.OctetString(encoder.encode(safe))))
    return bytes(encoder.encode(made))


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("passphrase", [b"", b"secret"])
def test_key_in_an_encrypted_part_is_counted_once_it_is_open(passphrase: bytes) -> None:
    """It is counted as soon as the passphrase that opens the part is known; an empty one is known to everybody."""
    data = store_in_store(passphrase, 2**31 - 1)
    with pytest.raises(EncodingError, match="2,147,483,647 rounds"):
        refuse_costly_store(data, "x", (passphrase,))
    refuse_costly_store(store_in_store(passphrase, 2048), "x", (passphrase,))
    refuse_costly_store(data, "x", (b"another",))
    if not passphrase:
        with pytest.raises(EncodingError, match="2,147,483,647 rounds"):
            parse(data, where="x")


@pytest.mark.parametrize("arguments", [
    [], ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"], ["-certpbe", "AES-128-CBC"],
    ["-certpbe", "NONE", "-keypbe", "NONE"], ["-nomac"],
], ids=" ".join)  # fmt: skip
@pytest.mark.parametrize("passphrase", ["secret", "", "Paßwort"])
def test_stores_of_openssl_are_counted_and_read(arguments: list[str], passphrase: str, tmp_path: Path) -> None:
    """Every usual encryption is seen through, so that a key in it would be counted, and is then read."""
    (tmp_path / "key.pem").write_bytes(KEY)
    (tmp_path / "cert.pem").write_bytes(PEM)
    openssl("pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-out", "x.p12", "-passout", f"pass:{passphrase}",
            *arguments, cwd=tmp_path)  # fmt: skip
    data = (tmp_path / "x.p12").read_bytes()
    found = parse(data, where="x", passphrase=passphrase.encode)
    assert found.certificates == (LEAF,)
    assert found.keys


def test_pkcs12_key_derivation_matches_the_published_vector() -> None:
    """A vector that was made with openssl's own derivation: PBE-SHA1-3DES of the password "smeg" (PKCS#12 appendix B)."""
    assert derive("smeg".encode("utf-16-be") + b"\0\0", bytes.fromhex("0A58CF64530D823F"), 1, 1, 24).hex() == (
        "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"
    )
    assert (
        derive("smeg".encode("utf-16-be") + b"\0\0", bytes.fromhex("0A58CF64530D823F"), 1, 2, 8).hex()
        == "79993dfe048d3b76"
    )
