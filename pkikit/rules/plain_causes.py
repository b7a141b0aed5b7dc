"""The causes of a failure in plain words, by the seven gates that a connection passes, and the search in them.

A gate is asked in its order: what is behind a closed gate says nothing yet. Files, ACME and services come after the gates.
"""

from __future__ import annotations

import difflib
import enum
import re
from dataclasses import dataclass


class Gate(enum.StrEnum):
    """Where a connection or an upload fails, in the order in which one asks. The value is the question."""

    REACH = "1 Reachability: does DNS give an address, does the port answer?"
    TLS = "2 TLS: is it TLS, with a common version and cipher suite?"
    CHAIN = "3 Chain: does a path lead to a CA that the verifier trusts?"
    TIME = "4 Time: is everything in date, by the verifier's clock?"
    PURPOSE = "5 Purpose: may the certificate be used in this role?"
    REVOCATION = "6 Revocation: was the status checked, and what was the answer?"
    NAME = "7 Name: is the expected name in the certificate?"
    FILE = "Files and uploads"
    ACME = "ACME"
    SERVICE = "Sign-in and other services"


@dataclass(frozen=True, kw_only=True)
class PlainCause:
    """One cause: the id of its rule, the gate, one sentence, and further words that people search for."""

    rule: str
    gate: Gate
    sentence: str
    words: str = ""

    @property
    def _text(self) -> str:
        return f"{self.rule.replace('.', ' ').replace('-', ' ')} {self.sentence} {self.words}".lower()

    def matches(self, words: list[str]) -> bool:
        """Return True if every word is in the rule id, the sentence or the further words."""
        return all(word in self._text for word in words)

    def likeness(self, words: list[str]) -> float:
        """Return how many of the words are there, also misspelt; 0 if none is."""
        known = set(re.findall(r"[a-z0-9]+", self._text))
        near = [max((difflib.SequenceMatcher(None, word, k).ratio() for k in known), default=0.0) for word in words]
        return sum(value for value in near if value >= _NEAR)


_NEAR = 0.75
_SMALL_WORDS = frozenset("a an and are at be by for from has in is it not of on or that the to was with".split())  # noqa: SIM905


def _of(gate: Gate, *rows: tuple[str, str, str]) -> tuple[PlainCause, ...]:
    return tuple(PlainCause(rule=rule, gate=gate, sentence=sentence, words=words) for rule, sentence, words in rows)


PLAIN_CAUSES: tuple[PlainCause, ...] = (
    *_of(
        Gate.REACH,
        ("dns.name-unresolved", "A name that is dialed has no DNS record.", "dialled srv a record gone missing lookup"),
        (
            "net.unreachable",
            "The port does not answer: firewall, network path or stopped service.",
            "blocked closed timeout",
        ),
        ("net.connection-cut", "Something on the way cuts the connection.", "reset proxy inspection"),
    ),
    *_of(
        Gate.TLS,
        ("tls.not-tls", "The other side does not speak TLS on this port.", "plain http sip tcp wrong port"),
        ("tls.protocol-mismatch", "The two sides have no TLS version in common.", "1.0 1.2 old protocol version"),
        ("tls.cipher-mismatch", "The two sides have no cipher suite in common.", "null encryption handshake failure"),
        (
            "tls.certificate-required",
            "The server asks for a client certificate, and the client sends none.",
            "mutual mtls",
        ),
        ("tls.server-name-unknown", "The server has no certificate for the server name that is asked for.", "sni"),
        ("tls.renegotiation-refused", "One side starts a renegotiation, and the other refuses it.", ""),
        ("key.too-short", "The key is too short for the security level of the other side.", "rsa 1024 weak small"),
        ("key.too-long", "The key is too long: the product has a limit of 4096 bits.", "rsa 8192"),
        (
            "signature.digest-unsupported",
            "The certificate is signed with an old digest such as SHA-1.",
            "md5 sha1 hash",
        ),
        ("ssh.algorithm-mismatch", "The two ends of an SSH tunnel have no key algorithm in common.", "ssh tunnel"),
        ("ssh.key-refused", "An SSH tunnel refuses the key of the other end.", "ssh tunnel"),
    ),
    *_of(
        Gate.CHAIN,
        (
            "trust.issuer-unknown",
            "The verifier does not trust the root CA.",
            "trusted list unknown issuer new root untrusted",
        ),
        (
            "trust.intermediate-missing",
            "An intermediate CA certificate is missing.",
            "incomplete chain not sent tunnel",
        ),
        ("trust.self-signed-leaf", "The certificate is self-signed.", "own ca itself temporary"),
        (
            "trust.same-subject-ambiguous",
            "Two certificates with the same subject are in the trusted CA list, and only one is used.",
            "callmanager tomcat cup-xmpp double duplicate",
        ),
        (
            "trust.chain-signature-invalid",
            "A CA with this name exists, but another key signed the certificate.",
            "re-keyed",
        ),
        ("trust.chain-too-long", "The chain has more certificates than the verifier follows.", "depth"),
        ("trust.cross-signed-copy", "The list has a cross-signed copy of the CA, and the path ends there.", "cross"),
        ("ca.basic-constraints-missing", "A CA certificate lacks the BasicConstraints extension.", "ca true"),
        ("ca.not-a-ca", "The issuer is not a CA.", "end entity web server signed"),
        (
            "ca.path-length-exceeded",
            "There are more CAs below a CA than its path length allows.",
            "pathlen subordinate",
        ),
        (
            "ca.name-constraint-violated",
            "The CA may not issue for this name: its name constraints exclude it.",
            "permitted",
        ),
        (
            "oid.unsupported",
            "The certificate has an OID that SSH tunnels do not support.",
            "subject attribute object identifier",
        ),
        (
            "chain.critical-extension-unknown",
            "A certificate has a critical extension that the verifier does not know.",
            "",
        ),
    ),
    *_of(
        Gate.TIME,
        (
            "validity.expired",
            "A certificate of the chain has expired.",
            "leaf intermediate root end date too old renewal",
        ),
        (
            "validity.not-yet-valid",
            "A certificate is not valid yet, or the verifier's clock is wrong.",
            "ntp time behind future",
        ),
        ("clock.not-synchronised", "The clock of a machine is not synchronized.", "ntp synchronised time kerberos"),
    ),
    *_of(
        Gate.PURPOSE,
        (
            "eku.client-auth-missing",
            "The certificate of the side that dials lacks clientAuth.",
            "eku purpose public ca mutual",
        ),
        (
            "eku.server-auth-missing",
            "The certificate of the side that is dialed lacks serverAuth.",
            "eku dialled template",
        ),
        ("key.usage-unsuitable", "The key usage does not allow digital signatures.", "keyusage"),
    ),
    *_of(
        Gate.REVOCATION,
        ("revocation.revoked", "The certificate is revoked.", "crl ocsp withdrawn compromised"),
        ("revocation.crl-expired", "The CRL has expired.", "list old next update revocation"),
        (
            "revocation.crl-unavailable",
            "The CRL cannot be downloaded, and the fallback is to refuse.",
            "cdp distribution point",
        ),
        ("revocation.crl-untrusted", "The CRL is signed by a key that the verifier does not trust.", "foreign signer"),
        (
            "revocation.ocsp-unavailable",
            "The OCSP responder does not answer, and the fallback is to refuse.",
            "slow timeout",
        ),
        ("revocation.ocsp-untrusted", "The OCSP answer is signed by somebody who may not sign it.", "responder signer"),
    ),
    *_of(
        Gate.NAME,
        ("names.peer-fqdn-missing", "The certificate of a peer lacks the peer's own FQDN.", "san host name"),
        ("names.cluster-fqdn-missing", "The certificate lacks the FQDN of the cluster.", "san cluster name"),
        ("names.registration-domain-missing", "E's certificate lacks a registration domain.", "san mra jabber domain"),
        ("names.collab-edge-missing", "E's certificate lacks collab-edge.<domain>.", "san mra collabedgedns"),
        (
            "names.federation-domain-missing",
            "The certificate lacks the XMPP federation domain.",
            "san chat presence im",
        ),
        ("names.chat-alias-missing", "The certificate lacks a chat node alias.", "san group chat room conference"),
        (
            "names.security-profile-missing",
            "C's certificate lacks the name of a phone security profile.",
            "san mixed mode",
        ),
        (
            "names.join-url-missing",
            "E's certificate lacks the host of the Join URL.",
            "san meeting server web proxy guest",
        ),
        ("names.sip-domain-missing", "The certificate lacks a SIP domain.", "san b2b"),
        ("names.node-fqdn-missing", "The certificate of a node lacks the node's FQDN.", "san unified cm multi-server"),
        (
            "names.reference-not-presented",
            "The name that is looked for is not in the certificate.",
            "verify subject zone",
        ),
        (
            "names.ip-address-used",
            "An IP address is dialed, and certificates have names.",
            "dialled peer address number",
        ),
        (
            "names.wildcard-unsupported",
            "The certificate has a wildcard, which the product does not support.",
            "star asterisk",
        ),
        ("cluster.peer-certificate-swapped", "Two peers have each other's certificate.", "swapped mixed up wrong peer"),
    ),
    *_of(
        Gate.FILE,
        ("encoding.not-pem", "The file is not PEM: it is DER, PKCS#7 or PKCS#12.", "binary cer p7b pfx format"),
        ("encoding.malformed", "The file is damaged or cut off.", "broken base64"),
        ("key.encrypted", "The private key has a passphrase.", "password encrypted"),
        ("key.mismatch", "The private key does not belong to the certificate.", "csr discarded wrong peer modulus"),
        ("key.no-trailing-newline", "The key file has no line end after its last line.", "newline pasted"),
        ("key.unreadable", "The public key is of a kind that nobody here can read.", ""),
        ("upload.leaf-not-first", "The server certificate is not the first in the file.", "order reversed chain file"),
    ),
    *_of(
        Gate.ACME,
        (
            "acme.dns-missing",
            "A name of the order has no usable public DNS record, or one that leads elsewhere.",
            "a aaaa ipv6",
        ),
        ("acme.http-01-unreachable", "Port 80 of a peer is closed for the CA.", "http-01 challenge firewall"),
        ("acme.caa-forbids", "A CAA record forbids this CA to issue.", "dns authorisation"),
        ("acme.name-not-public", "The order has a name that is not public.", "internal local domain"),
        ("acme.rate-limited", "The CA refuses further orders for now: rate limit.", "too many often staging wait"),
        ("acme.pending-not-deployed", "The new certificate is signed but not deployed.", "pending forgotten renewal"),
        ("acme.account-refused", "The CA does not accept the ACME account or its terms.", "registration contact"),
        ("acme.order-failed", "The CA does not finish the order.", "down outage"),
    ),
    *_of(
        Gate.SERVICE,
        ("access.credentials-refused", "User name or password of a connection is wrong.", "login account"),
        ("sip.credentials-refused", "The traversal zone has the wrong user name or password.", "login authentication"),
    ),
)
BY_RULE = {cause.rule: cause for cause in PLAIN_CAUSES}


def named_cause(said: str) -> PlainCause | None:
    """Return the cause that a text names exactly: by its rule id, or by its sentence."""
    wanted = said.strip().lower()
    if wanted in BY_RULE:
        return BY_RULE[wanted]
    return next((c for c in PLAIN_CAUSES if c.sentence.lower().rstrip(".") == wanted.rstrip(".")), None)


def said_plainly(rule: str) -> str:
    """Return the cause behind a rule as a clause: `the verifier does not trust the root CA`; other texts as they are."""
    cause = BY_RULE.get(rule)
    if cause is None:
        return rule
    sentence = cause.sentence.rstrip(".")
    first = sentence.partition(" ")[0]
    return (
        sentence[:1].lower() + sentence[1:]
        if first == "A" or (first[1:].isalpha() and first[1:].islower())
        else sentence
    )


def search_causes(said: str, most: int = 8) -> tuple[PlainCause, ...]:
    """Return the causes that fit some words, the best first; all of them for an empty text.

    Args:
        said: words, a sentence or a rule id.
        most: how many at most, unless the text is empty.

    Returns:
        The causes that contain every word; if there are none, those that are like the words.
    """
    words = [w for w in re.findall(r"[a-z0-9]+", said.lower()[:200]) if len(w) > 1 and w not in _SMALL_WORDS]
    if not words:
        return PLAIN_CAUSES if not said.strip() else ()
    exact = [cause for cause in PLAIN_CAUSES if cause.matches(words)]
    if exact:
        return tuple(exact[:most])
    ranked = sorted(PLAIN_CAUSES, key=lambda cause: -cause.likeness(words))
    return tuple(cause for cause in ranked[:most] if cause.likeness(words) > 0)
