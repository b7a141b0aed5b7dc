"""Ask the OpenSSL library that the lab runs on (the one inside `cryptography`) about a chain, with everything that counts.

pyOpenSSL's own X509StoreContext asks for neither purpose nor name, so its "yes" would mean less than pkikit's.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from OpenSSL import crypto
from OpenSSL._util import ffi, lib

from pkikit.model.leg import Purpose

PURPOSES = {Purpose.SERVER: lib.X509_PURPOSE_SSL_SERVER, Purpose.CLIENT: lib.X509_PURPOSE_SSL_CLIENT}


@dataclass(frozen=True)
class Answer:
    """OpenSSL's verify error (0: accepted), where in the chain it was raised, and the chain when it was accepted."""

    code: int
    depth: int
    words: str
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.code == 0


def ask(
    leaf: x509.Certificate,
    *,
    sent: Sequence[x509.Certificate] = (),
    trusted: Sequence[x509.Certificate],
    at: dt.datetime,
    purpose: Purpose | None = Purpose.SERVER,
    name: str = "",
    crls: Sequence[x509.CertificateRevocationList] = (),
    check_crls: bool = False,
    flags: int = 0,
) -> Answer:
    """OpenSSL's verdict on one chain.

    Args:
        leaf: the certificate that is shown.
        sent: what comes behind it.
        trusted: the trusted CA list, in its order.
        at: the instant, to the second.
        purpose: TLS server or client; None asks for no purpose.
        name: a domain name or an IP address to look for; empty asks for none.
        crls: the CRLs at hand.
        check_crls: ask for the revocation status of the whole chain.
        flags: further X509_V_FLAG_ values.
    """
    store = crypto.X509Store()
    for certificate in trusted:
        store.add_cert(crypto.X509.from_cryptography(certificate))
    for crl in crls:
        store.add_crl(crl)
    if check_crls:
        flags |= lib.X509_V_FLAG_CRL_CHECK | lib.X509_V_FLAG_CRL_CHECK_ALL
    if flags:
        store.set_flags(flags)
    store.set_time(at)
    if purpose is not None:
        assert lib.X509_STORE_set_purpose(store._store, PURPOSES[purpose]) == 1
    if name:
        _look_for(store, name)
    context = crypto.X509StoreContext(
        store, crypto.X509.from_cryptography(leaf), [crypto.X509.from_cryptography(c) for c in sent]
    )
    try:
        chain = context.get_verified_chain()
    except crypto.X509StoreContextError as error:
        code, depth, words = error.errors
        return Answer(code, depth, words)
    return Answer(0, 0, "ok", tuple(c.to_cryptography() for c in chain))


def _look_for(store: crypto.X509Store, name: str) -> None:
    param = ffi.gc(lib.X509_VERIFY_PARAM_new(), lib.X509_VERIFY_PARAM_free)
    try:
        packed = ipaddress.ip_address(name).packed
        done = lib.X509_VERIFY_PARAM_set1_ip(param, packed, len(packed))
    except ValueError:
        raw = name.encode()
        done = lib.X509_VERIFY_PARAM_set1_host(param, raw, len(raw))
    assert done == 1
    assert lib.X509_STORE_set1_param(store._store, param) == 1
