"""Any value of a dataclass, with every field filled: Hypothesis strategies made from the fields' types.

A field of a type that has no strategy here is an error, so a new field is covered or the test that uses this fails.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pydantic
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from hypothesis import strategies as st

from pkikit.design.csr import build_csr, fast_key
from pkikit.design.san import SanEntry, SanLayout
from pkikit.issue.authority import Authority, create_root

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
Strategies = Mapping[Any, st.SearchStrategy[Any]]


@cache
def _authorities() -> tuple[Authority, ...]:
    return tuple(create_root(f"Any CA {n}", at=AT) for n in range(2))


@cache
def _requests() -> tuple[x509.CertificateSigningRequest, ...]:
    entry = SanEntry(value="a.example.com", reason="any", rule="names.peer-fqdn-missing", needed_by=())
    layout = SanLayout(owner="a.example.com", common_name="a.example.com", entries=(entry,))
    return tuple(build_csr(layout, fast_key()) for _ in range(2))


@cache
def _keys() -> tuple[Any, ...]:
    return (fast_key(), fast_key(), rsa.generate_private_key(65537, 2048))


@cache
def _answers() -> tuple[ocsp.OCSPResponse, ...]:
    one, two = _authorities()
    return tuple(a.ocsp_answer(b.certificate, at=AT) for a, b in ((one, one), (two, two)))


_TIMES = st.timedeltas(timedelta(days=-27_000), timedelta(days=2_800_000)).map(lambda away: AT + away)
LEAVES: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
    str: lambda: st.text(max_size=12),
    bool: st.booleans,
    int: lambda: st.integers(-(2**160), 2**160),
    float: lambda: st.floats(allow_nan=False, allow_infinity=False),
    bytes: lambda: st.binary(max_size=20),
    datetime: lambda: _TIMES,
    timedelta: lambda: st.timedeltas(timedelta(days=-3_000_000), timedelta(days=3_000_000)),
    x509.Certificate: lambda: st.sampled_from(sample_certificates()),
    x509.CertificateRevocationList: lambda: st.sampled_from([a.crl([7], at=AT) for a in _authorities()]),
    x509.CertificateSigningRequest: lambda: st.sampled_from(_requests()),
    rsa.RSAPrivateKey: lambda: st.sampled_from([k for k in _keys() if isinstance(k, rsa.RSAPrivateKey)]),
    ec.EllipticCurvePrivateKey: lambda: st.sampled_from(
        [k for k in _keys() if isinstance(k, ec.EllipticCurvePrivateKey)]
    ),
    ocsp.OCSPResponse: lambda: st.sampled_from(_answers()),
}


def sample_certificates() -> tuple[x509.Certificate, ...]:
    """Two certificates of CAs."""
    return tuple(a.certificate for a in _authorities())


def any_value(hint: Any, special: Strategies | None = None) -> st.SearchStrategy[Any]:
    """Values of a type; dataclasses get a value for each of their fields, those with defaults as well.

    Args:
        hint: a type as a dataclass's field has it.
        special: strategies for types, and for fields ("Schedule.hour"), of which not every value is allowed.
    """
    special = special or {}
    if hint in special:
        return special[hint]
    if hint in LEAVES:
        return LEAVES[hint]()
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return _any_of(hint, special)
    if isinstance(hint, type) and issubclass(hint, pydantic.BaseModel):
        return st.builds(hint, **{n: any_value(f.annotation, special) for n, f in hint.model_fields.items()})
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, types.UnionType}:
        return st.one_of([st.none() if a is type(None) else any_value(a, special) for a in arguments])
    if origin is frozenset:
        return st.frozensets(any_value(arguments[0], special), max_size=3)
    if origin is tuple and arguments[1:] == (...,):
        return st.lists(any_value(arguments[0], special), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(any_value(a, special) for a in arguments))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(any_value(arguments[0], special), any_value(arguments[1], special), max_size=3)
    raise AssertionError(f"there is no strategy for {hint}: add one, so that fields of this type are tested")


def _any_of(kind: type, special: Strategies) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    given = {}
    for field in fields(kind):
        name = f"{kind.__name__}.{field.name}"
        given[field.name] = special[name] if name in special else any_value(hints[field.name], special)
    return st.builds(kind, **given)


def contents(value: Any) -> Any:
    """A value as plain data that can be compared: every field, also those (such as keys) that `==` passes over."""
    if isinstance(value, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return value.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    if isinstance(value, ocsp.OCSPResponse | x509.CertificateRevocationList):
        return value.public_bytes(Encoding.DER)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, {f.name: contents(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: contents(member) for key, member in value.items()}
    if isinstance(value, tuple | list):
        return [contents(member) for member in value]
    return value
