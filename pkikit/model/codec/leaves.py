"""How the values that JSON lacks are written: certificates, requests, CRLs and keys in PEM, instants in ISO 8601 (UTC).

OCSP answers and bytes are base64. Numbers, texts and switches are taken as they are: "3" is not a number, 1 is not true.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import pydantic
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509 import ocsp
from pydantic import PlainSerializer, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError, PydanticOmit

from pkikit.errors import EncodingError
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.codec.problems import refuse
from pkikit.reading import load_certificate, load_crl, load_ocsp, load_request
from pkikit.reading.pem import from_pem
from pkikit.reading.saved import quietly
from pkikit.reading.unreadable import UNREADABLE, OtherKind

_T = TypeVar("_T")
_OTHER: tuple[type[Exception], ...] = (OtherKind, binascii.Error, *UNREADABLE)
# The context key of a function that is given the reason for each CRL that a file has and nobody can judge by. With it
# the file is read without those CRLs; without it such a file is refused.
LEFT_OUT = "left_out"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise refuse("must be a text")
    return value


def _pem(load: Callable[[bytes], _T], what: str) -> Callable[[object], _T]:
    """Return a validator for one PEM block that holds `what`."""

    def read(value: object) -> _T:
        try:
            with quietly():
                (found,) = map(load, from_pem(_text(value)))
        except _OTHER:
            raise refuse(f"must be one {what} in PEM") from None
        except EncodingError as error:
            raise refuse(str(error)) from None
        return found

    return read


def _base64(load: Callable[[bytes], _T], what: str) -> Callable[[object], _T]:
    def read(value: object) -> _T:
        try:
            return load(base64.b64decode(_text(value), validate=True))
        except _OTHER:
            raise refuse(f"must be {what} in base64") from None
        except EncodingError as error:
            raise refuse(str(error)) from None

    return read


def _crl(value: object, info: ValidationInfo) -> x509.CertificateRevocationList:
    left_out = (info.context or {}).get(LEFT_OUT)
    try:
        return _read_crl(value)
    except PydanticCustomError as error:
        if left_out is None:
            raise
        left_out(error.message())
        raise PydanticOmit from None


_read_crl = _pem(load_crl, "CRL")


def _key(value: object) -> PrivateKey:
    try:
        key = load_pem_private_key(_text(value).encode("ascii"), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise refuse("must be a private key in PEM, not encrypted") from None
    if not isinstance(key, PrivateKey):
        raise refuse("must be an RSA or EC private key")
    return key


def _instant(value: object) -> datetime:
    try:
        read = datetime.fromisoformat(_text(value))
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise refuse("must be a time in ISO-8601, such as 2026-11-24T12:00:00Z") from None


def _to_pem(value: Any) -> str:
    return str(value.public_bytes(Encoding.PEM).decode("ascii"))


def _key_to_pem(key: PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def write_instant(at: datetime) -> str:
    """Return an instant in ISO 8601, in UTC, with Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _leaf(read: Callable[..., Any], write: Callable[[Any], str]) -> Any:
    return Annotated[Any, PlainValidator(read), PlainSerializer(write, return_type=str)]


PRIVATE_KEY = _leaf(_key, _key_to_pem)
KEY_KINDS = frozenset({rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey})

# What a field of that type is in a document.
LEAVES: dict[Any, Any] = {
    x509.Certificate: _leaf(_pem(load_certificate, "certificate"), _to_pem),
    x509.CertificateSigningRequest: _leaf(_pem(load_request, "certificate request"), _to_pem),
    x509.CertificateRevocationList: _leaf(_crl, _to_pem),
    ocsp.OCSPResponse: _leaf(
        _base64(load_ocsp, "an OCSP answer"), lambda answer: _to_base64(answer.public_bytes(Encoding.DER))
    ),
    bytes: _leaf(_base64(bytes, "bytes"), _to_base64),
    datetime: _leaf(_instant, write_instant),
    int: pydantic.StrictInt,
    bool: pydantic.StrictBool,
    float: Annotated[pydantic.StrictFloat, pydantic.Field(allow_inf_nan=False)],
}
