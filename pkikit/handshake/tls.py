"""TLS on memory BIOs with shared contexts: pyOpenSSL judges chain, time and purpose; pkikit judges names.

There is one context per (credential, trust list, role). It is made once, and all connections use it; what belongs to
one connection (its recorder) travels as the connection's app data.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from cryptography import x509
from OpenSSL import SSL, crypto

from pkikit.handshake.certificates import add_trusted, for_openssl, is_accepted, readable, set_purpose
from pkikit.handshake.recorder import Recorder
from pkikit.judge.matching.name_matching import match_check
from pkikit.judge.openssl_codes import PURPOSE, verify_error_name
from pkikit.judge.paths.trust import Anchor, CertificatePath, chain_to_present, effective_trust
from pkikit.judge.revocation.revocation_status import judge_revocation
from pkikit.judge.verify import product_refuses
from pkikit.model.certificates.facts import presented_names, title
from pkikit.model.leg import NameCheck, Purpose
from pkikit.model.revocation import NOTHING_HELD, RevocationData, RevocationQuestion
from pkikit.model.trace import CertificateJudged, Failed, NameJudged, Negotiated, Permitted, Side
from pkikit.model.world import Party, Speaks
from pkikit.rules.catalogue import rule_of
from pkikit.values.names import is_ip_address

_NO_AUTO_CHAIN = 0x8  # SSL_MODE_NO_AUTO_CHAIN: pkikit decides what to send, so that it can report it
_CHUNK = 65536
# Forward secrecy, no anonymous or null suites; level 2 wants 112 bits of everything (RSA 2048, SHA-256).
CIPHERS = b"DEFAULT:!aNULL:!eNULL:@SECLEVEL=2"


class TlsVersion(enum.StrEnum):
    """A protocol version that a lab can be limited to."""

    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"

    @property
    def number(self) -> int:
        """OpenSSL's constant for the version."""
        return {TlsVersion.TLS_1_2: SSL.TLS1_2_VERSION, TlsVersion.TLS_1_3: SSL.TLS1_3_VERSION}[self]


@dataclass(frozen=True, kw_only=True)
class TlsRange:
    """Lowest and highest protocol version; `suites`: an OpenSSL cipher list for TLS 1.2 that replaces the product's."""

    lowest: TlsVersion = TlsVersion.TLS_1_2
    highest: TlsVersion = TlsVersion.TLS_1_3
    suites: str = ""


class TlsContext:
    """A shared context: one party in one role, judging at one instant."""

    def __init__(
        self,
        party: Party,
        *,
        at: datetime,
        side: Side,
        verify: bool,
        tls: TlsRange,
        keylog: Path | Callable[[bytes], None] | None = None,
        revocation: RevocationQuestion | None = None,
        permissive: bool = False,
        purpose: Purpose | None = Purpose.CLIENT,
        legacy: bool = False,
    ) -> None:
        """`verify`: ask for the other side's certificate and judge it; a server then insists on one.

        permissive: note what is wrong with the other side's certificate, and accept it, or none.
        keylog: a file to append the session secrets to, or a function that takes each line.
        purpose: what a server asks for in the client's certificate; None: it looks at no extended key usage.
        legacy: also meet what the product would not (TLS 1.0, old ciphers, no secure renegotiation), to look at it.
        """
        self.side, self.verify, self.revocation, self.permissive = side, verify, revocation, permissive
        context = self._context = _offering(party, tls, legacy=legacy)
        context.set_info_callback(_on_state)
        insists = 0 if permissive else SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        context.set_verify(
            SSL.VERIFY_PEER | insists if verify else SSL.VERIFY_NONE,
            _on_certificate_noted if permissive else _on_certificate,
        )
        if keylog is not None:
            keep = partial(_append_key, keylog) if isinstance(keylog, Path) else keylog
            context.set_keylog_callback(lambda _, line: keep(line))
        store = context.get_cert_store()
        assert store is not None  # a context has one from its making on
        # A store accepts a time once: OpenSSL's X509_VERIFY_PARAM_set1 keeps values that are already set. So a context judges at
        # one instant, and code that keeps contexts asks `is_current`.
        store.set_time(at)
        if side is Side.SERVER and purpose is not Purpose.CLIENT:
            set_purpose(store, purpose)  # OpenSSL's own default is the purpose of a client
        self.at = at
        self._anchors = effective_trust(party.trusted_ca_list)[0]
        add_trusted(store, self._anchors)
        self._load_credential(party, at)
        # For a server: chooses another context for a client that asks for a name with its own certificate (SNI).
        self.choose: Callable[[str], TlsContext | None] = lambda _: None
        if side is Side.SERVER:
            context.set_tlsext_servername_callback(self._choose_context)

    def _load_credential(self, party: Party, at: datetime) -> None:
        """Load what is to be presented. If OpenSSL refuses it (key mismatch, too weak), no certificate is sent."""
        credential = party.credential
        if credential is None or credential.key is None:
            return
        with contextlib.suppress(SSL.Error, crypto.Error):
            self._context.use_certificate(for_openssl(credential.leaf))
            self._context.use_privatekey(credential.key)
            self._context.check_privatekey()
            for certificate in chain_to_present(credential.chain, party.trusted_ca_list, at)[1:]:
                self._context.add_extra_chain_cert(for_openssl(certificate))

    def refuses_as_client(self, chain: Sequence[x509.Certificate]) -> bool:
        """Return True if OpenSSL does not accept the other side's certificate for the purpose of a client."""
        return not is_accepted(chain, self._anchors, Purpose.CLIENT, self.at)

    def _choose_context(self, connection: SSL.Connection) -> None:
        asked = connection.get_servername()
        other = self.choose(asked.decode("ascii", "replace")) if asked else None
        if other is not None:
            connection.set_context(other._context)

    def is_current(self, now: datetime) -> bool:
        """Return True within the same whole second, which is OpenSSL's resolution of time.

        A longer interval would make a certificate that was issued just now not valid yet.
        """
        return now.replace(microsecond=0) == self.at.replace(microsecond=0)

    def connect(self, recorder: Recorder, server_name: str = "") -> SSL.Connection:
        """Return a new connection of this context."""
        connection = SSL.Connection(self._context, None)
        connection.set_app_data(recorder)
        if self.side is Side.CLIENT:
            connection.set_connect_state()
            if server_name and not is_ip_address(server_name):
                connection.set_tlsext_host_name(server_name.encode("ascii"))
        else:
            connection.set_accept_state()
        return connection


_RECORDED = SSL.SSL_CB_LOOP | SSL.SSL_CB_ALERT


def _on_state(connection: SSL.Connection, where: int, ret: int) -> None:
    if not where & _RECORDED:
        return
    recorder = connection.get_app_data()
    if recorder is not None:
        recorder.state(where, ret, connection.get_state_string() if where & SSL.SSL_CB_LOOP else b"")


def _offering(party: Party, tls: TlsRange, *, legacy: bool) -> SSL.Context:
    """Return a context with the protocol versions and cipher suites that a party offers."""
    context = SSL.Context(SSL.TLS_METHOD)
    old, bare = party.speaks is Speaks.TLS_1_0, party.speaks is Speaks.NULL_CIPHERS
    context.set_min_proto_version(SSL.TLS1_VERSION if legacy or old else tls.lowest.number)
    context.set_max_proto_version(SSL.TLS1_VERSION if old else tls.highest.number)
    if bare:
        context.set_max_proto_version(SSL.TLS1_2_VERSION)  # TLS 1.3 has no suite without encryption
    context.set_cipher_list(
        b"eNULL:!aNULL:@SECLEVEL=0"
        if bare
        else b"ALL:!aNULL:!eNULL:@SECLEVEL=0"
        if legacy or old
        else tls.suites.encode("ascii") or CIPHERS
    )
    context.set_mode(_NO_AUTO_CHAIN)
    # Resumption would let a connection live on with a certificate that is no longer there.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    return context


def _on_certificate(connection: SSL.Connection, certificate: crypto.X509, code: int, depth: int, ok: int) -> bool:
    recorder = connection.get_app_data()
    if recorder is not None:
        recorder.record_judgement(certificate, code, depth)
    return bool(ok)


def _on_certificate_noted(connection: SSL.Connection, certificate: crypto.X509, code: int, depth: int, ok: int) -> bool:
    _on_certificate(connection, certificate, code, depth, ok)
    return True


def _append_key(path: Path, line: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(line + b"\n")


class Handshake:
    """One side of one connection, without I/O.

    Feed it the received bytes, send what `outgoing` returns, and ask whether it is complete.
    """

    def __init__(
        self,
        context: TlsContext,
        *,
        recorder: Recorder,
        name_checks: Sequence[NameCheck] = (),
        server_name: str = "",
        registration: bool = False,
        looks_up: bool = False,
    ) -> None:
        """registration: also ask for clientAuth in the server's certificate, as C does in the SIP SERVICE message of E.

        looks_up: the caller asks for the revocation status of `to_look_up` once it is there, and hands it in.
        """
        self.recorder = recorder
        self.context = context
        self.connection = context.connect(recorder, server_name)
        self._checks, self._looks_up, self._registration = name_checks, looks_up, registration
        self.complete = False
        self.failed = False
        self.to_look_up: tuple[x509.Certificate, ...] = ()

    def advance(self) -> None:
        """Continue as far as the received bytes allow. Afterwards `complete` or `failed` may be true."""
        if self.complete or self.failed:
            return
        try:
            self.connection.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            self.fail(reason_of(error))
            return
        self.complete = True
        connection = self.connection
        self.recorder.note(
            Negotiated(protocol=connection.get_protocol_version_name(), cipher=connection.get_cipher_name() or "none")
        )
        if self.context.permissive and (refused := self.recorder.trouble().reason):
            self.recorder.note(Permitted(reason=refused))
        if self.context.verify:
            built = self.connection.get_verified_chain() or ()
            chain = readable(built)
            if len(chain) < len(built):
                self._object("a certificate of the other side cannot be read")
            elif not chain:
                self._object("the other side showed no certificate")
            elif self._looks_up and self.context.revocation is not None:
                self.to_look_up = chain
            else:
                self._judge_names_and_product_rules(chain, NOTHING_HELD)

    def judge_with(self, found: RevocationData) -> None:
        """Continue to judge, with the answers of the revocation sources about `to_look_up`."""
        chain, self.to_look_up = self.to_look_up, ()
        self._judge_names_and_product_rules(chain, found)

    def _judge_names_and_product_rules(self, chain: tuple[x509.Certificate, ...], found: RevocationData) -> None:
        """Judge what OpenSSL does not: the names, and what the product refuses although OpenSSL accepts it."""
        objections = product_refuses(chain)
        for objection in objections.errors:
            # Report it as OpenSSL would, if it checked this: "invalid CA certificate".
            self.recorder.note(CertificateJudged(subject=objection.subject, depth=1, code=79, name=objection.rule))
        if self._is_revoked(chain, found):
            self._object("the revocation check does not let it pass")
            return
        presented = presented_names(chain[0])
        for check in self._checks:
            matched = next((m.presented for m in match_check(check, presented) if m.matched), "")
            self.recorder.note(NameJudged(looked_for=(*check.any_of, *check.services), matched=matched))
            if not matched and not check.binding:
                self.recorder.note(Permitted(reason=check.why))
            elif not matched:
                self._object("the certificate's identity is not acceptable")
                return
        if objections.errors:
            self._object("the product does not accept the chain")
        elif self._registration and self.context.refuses_as_client(chain):
            self._refuse(chain[0], PURPOSE, "the certificate in the SIP SERVICE message lacks clientAuth")

    def _refuse(self, leaf: x509.Certificate, code: int, reason: str) -> None:
        """Give up because of the other side's certificate."""
        judged = CertificateJudged(subject=title(leaf), depth=0, code=code, name=verify_error_name(code))
        self.recorder.note(judged)
        self.fail(reason)

    def _is_revoked(self, chain: tuple[x509.Certificate, ...], looked_up: RevocationData) -> bool:
        """Ask as the product does: its own revocation sources, after OpenSSL has built the chain."""
        question = self.context.revocation
        if question is None:
            return False
        question = replace(question, data=question.data.merge(looked_up))
        path = CertificatePath(certificates=chain, anchor=Anchor.TRUSTED)
        verdict = judge_revocation(path, question, self.context.at)
        for found in verdict.errors:
            code = rule_of(found.rule).openssl[0]
            depth = next((d for d, c in enumerate(chain) if title(c) == found.subject), 0)
            self.recorder.note(
                CertificateJudged(subject=found.subject, depth=depth, code=code, name=verify_error_name(code))
            )
        return not verdict.accepted

    def _object(self, reason: str) -> None:
        """Give up for this reason, or note it where the context permits everything."""
        if self.context.permissive:
            self.recorder.note(Permitted(reason=reason))
        else:
            self.fail(reason)

    def fail(self, reason: str) -> None:
        """Give up, and keep what the other side sent. If TLS is up, close_notify tells the other side."""
        if self.failed:
            return
        self.failed = True
        self.recorder.remember_chain(self.connection)
        self.recorder.note(Failed(reason=reason))
        if self.complete:
            self._shutdown()

    def _shutdown(self) -> None:
        try:
            self.connection.shutdown()
        except SSL.Error:
            self.failed = True

    def close(self) -> None:
        """Send close_notify; afterwards nothing is sent or read."""
        if self.complete and not self.failed:
            self.recorder.remember_chain(self.connection)
            self._shutdown()

    def feed(self, data: bytes) -> None:
        """Take bytes from the network."""
        if data:
            self.connection.bio_write(data)

    def outgoing(self) -> bytes:
        """Return bytes for the network; empty if there is nothing to send."""
        parts = []
        with contextlib.suppress(SSL.WantReadError):
            while True:
                parts.append(self.connection.bio_read(_CHUNK))
                if len(parts[-1]) < _CHUNK:
                    break  # nothing is left; asking OpenSSL again would cost an exception
        return b"".join(parts)

    def write(self, data: bytes) -> None:
        """Send application data."""
        self.connection.sendall(data)

    def read(self) -> bytes | None:
        """Return received application data; None if there is none yet, empty at the end. A late alert fails the handshake."""
        try:
            return self.connection.recv(_CHUNK)
        except SSL.WantReadError:
            return None
        except SSL.ZeroReturnError:
            return b""
        except SSL.Error as error:
            self.fail(reason_of(error))
            return b""


def reason_of(error: SSL.Error) -> str:
    """Return OpenSSL's reason in its own words."""
    if isinstance(error, SSL.SysCallError):
        return "connection closed"
    reasons = [entry[2] for entry in (error.args[0] if error.args else ()) if entry[2]]
    return "; ".join(reasons) or "connection closed"
