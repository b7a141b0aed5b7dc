"""ACME: the problem documents of Boulder and Pebble, and what certbot, lego and acme.sh print around them."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import harmless, rows, successes

# RFC 8555 §6.7 and later registrations (RFC 9773): the last part of the URN, and the rule.
_TYPES = (
    ("accountDoesNotExist", "acme.account-refused"),
    ("alreadyReplaced", "acme.order-failed"),
    ("alreadyRevoked", "acme.order-failed"),
    ("badCSR", "acme.order-failed"),
    ("badPublicKey", "acme.order-failed"),
    ("badRevocationReason", "acme.order-failed"),
    ("badSignatureAlgorithm", "acme.order-failed"),
    ("caa", "acme.caa-forbids"),
    ("compound", "acme.order-failed"),
    ("connection", "acme.http-01-unreachable"),
    ("dns", "acme.dns-missing"),
    ("dnssec", "acme.dns-missing"),
    ("externalAccountRequired", "acme.account-refused"),
    ("incorrectResponse", "acme.http-01-unreachable"),
    ("invalidContact", "acme.account-refused"),
    ("invalidEmail", "acme.account-refused"),
    ("invalidProfile", "acme.order-failed"),
    ("malformed", "acme.order-failed"),
    ("orderNotReady", "acme.order-failed"),
    ("rateLimited", "acme.rate-limited"),
    ("rejectedIdentifier", "acme.name-not-public"),
    ("serverInternal", "acme.order-failed"),
    ("tls", "acme.http-01-unreachable"),
    ("unauthorized", "acme.http-01-unreachable"),
    ("unknownHost", "acme.dns-missing"),
    ("unsupportedContact", "acme.account-refused"),
    ("unsupportedIdentifier", "acme.name-not-public"),
    ("userActionRequired", "acme.account-refused"),
)  # fmt: skip


def _types() -> tuple[Phrase, ...]:
    """Return rows for each type: as its URN (JSON, lego, acme.sh) and as certbot prints it."""
    lines: list[tuple[str, str, str]] = []
    for name, rule in _TYPES:
        urn = f"urn:ietf:params:acme:error:{name}"
        lines.append((rule, urn.lower(), f'{{"type": "{urn}", "detail": "the order", "status": 403}}'))
        if name not in {"dns", "tls", "compound", "connection", "malformed"}:
            lines.append((rule, f"type: {name.lower()}", f"  Type:   {name}"))
    return rows("RFC 8555 §6.7; certbot, _internal/error_handler and auth_handler", Whose.NEITHER, *lines, vague=True)


_DETAILS = rows(
    "Boulder, va/*.go, policy/pa.go, ra/ra.go, csr/csr.go; Pebble, va/va.go",
    Whose.NEITHER,
    ("acme.dns-missing", "dns problem: nxdomain looking up", "  Detail: DNS problem: NXDOMAIN looking up A for e1.example.com - check that a DNS record exists for this domain"),
    ("acme.dns-missing", "dns problem: servfail looking up", "  Detail: DNS problem: SERVFAIL looking up CAA for example.com - the domain's nameservers may be malfunctioning"),
    ("acme.dns-missing", "dns problem: query timed out looking up", "  Detail: DNS problem: query timed out looking up A for e1.example.com"),
    ("acme.dns-missing", "dns problem:", "  Detail: DNS problem: networking error looking up A for e1.example.com"),
    ("acme.dns-missing", "no valid a records found for", "  Detail: no valid A records found for e1.example.com; no valid AAAA records found for e1.example.com"),
    ("acme.dns-missing", "ip addresses found for", '  Detail: No IP addresses found for "e1.example.com"', "no "),
    ("acme.dns-missing", "no txt record found at _acme-challenge", "  Detail: No TXT record found at _acme-challenge.e1.example.com"),
    ("acme.dns-missing", "incorrect txt record", '  Detail: Incorrect TXT record "old" found at _acme-challenge.e1.example.com'),
    ("acme.http-01-unreachable", "timeout during connect (likely firewall problem)", "  Detail: 192.0.2.10: Fetching http://e1.example.com/.well-known/acme-challenge/abc: Timeout during connect (likely firewall problem)"),
    ("acme.http-01-unreachable", "acme-challenge", "  Detail: 192.0.2.10: Fetching http://e1.example.com/.well-known/acme-challenge/abc: Connection refused", "connection refused"),
    ("acme.http-01-unreachable", "acme-challenge", "  Detail: 192.0.2.10: Fetching http://e1.example.com/.well-known/acme-challenge/abc: Connection reset by peer", "connection reset by peer"),
    ("acme.http-01-unreachable", "acme-challenge", "  Detail: 192.0.2.10: Fetching http://e1.example.com/.well-known/acme-challenge/abc: Error getting validation data", "error getting validation data"),
    ("acme.http-01-unreachable", "acme-challenge", "  Detail: 192.0.2.10: Fetching http://e1.example.com/.well-known/acme-challenge/abc: Timeout after connect (your server may be slow or overloaded)", "timeout after connect"),
    ("acme.http-01-unreachable", "acme-challenge", '  Detail: 192.0.2.10: Invalid response from http://e1.example.com/.well-known/acme-challenge/abc: 404', "invalid response from"),
    ("acme.http-01-unreachable", "the key authorization file from the server did not match this challenge", '  Detail: The key authorization file from the server did not match this challenge. Expected "a" (got "b")'),
    ("acme.http-01-unreachable", "invalid port in redirect target", "  Detail: 192.0.2.10: Fetching https://e1.example.com:8443/: Invalid port in redirect target. Only ports 80 and 443 are supported, not 8443", "only ports 80 and 443 are supported"),
    ("acme.caa-forbids", "caa record for", "  Detail: CAA record for example.com prevents issuance", "prevents issuance"),
    ("acme.rate-limited", "too many certificates", "too many certificates (50) already issued for \"example.com\" in the last 168h0m0s, retry after 2026-11-21 10:00:00 UTC", "already issued"),
    ("acme.rate-limited", "too many failed authorizations", 'too many failed authorizations (5) for "e1.example.com" in the last 1h0m0s, retry after 2026-11-20 11:00:00 UTC'),
    ("acme.rate-limited", "too many new orders", "too many new orders (300) from this account in the last 3h0m0s, retry after 2026-11-20 11:00:00 UTC"),
    ("acme.rate-limited", "too many new registrations", "too many new registrations (10) from this IP address in the last 3h0m0s", "ip address"),
    ("acme.rate-limited", "too many currently pending authorizations", "too many currently pending authorizations"),
    ("acme.rate-limited", "service busy; retry later", "Service busy; retry later."),
    ("acme.name-not-public", "domain name does not end with a valid public suffix", 'Cannot issue for "e1.example.local": Domain name does not end with a valid public suffix (TLD)'),
    ("acme.name-not-public", "domain name needs at least one dot", 'Cannot issue for "e1": Domain name needs at least one dot'),
    ("acme.name-not-public", "identifier type is dns but value is an ip address", 'Cannot issue for "192.0.2.10": Identifier type is DNS but value is an IP address'),
    ("acme.name-not-public", "wildcard domain name", 'Cannot issue for "*.example.com": Wildcard domain name is not supported for this challenge', "cannot issue for"),
    ("acme.common-name-long", "cn was longer than 64 bytes", "CN was longer than 64 bytes: error finalizing order"),
    ("acme.order-failed", "csr does not specify same identifiers as order", "CSR does not specify same identifiers as Order"),
    ("acme.order-failed", "order's status", "Order's status (\"invalid\") is not acceptable for finalization", "is not acceptable for finalization"),
    ("acme.order-failed", "unable to meet ca sct embedding requirements", "Unable to meet CA SCT embedding requirements"),
    ("acme.account-refused", "must agree to terms of service", "must agree to terms of service"),
    ("acme.account-refused", "external account binding", "account creation on this server requires external account binding", "requires"),
)  # fmt: skip

_CLIENTS = (
    *rows(
        "certbot, _internal/auth_handler.py, _internal/plugins/standalone.py; acme.sh; lego, cmd/cmd_run.go",
        Whose.NEITHER,
        ("acme.http-01-unreachable", "problem binding to port", "Problem binding to port 80: Could not bind to IPv4 or IPv6."),
        ("acme.http-01-unreachable", "could not bind tcp port", "Could not bind TCP port 80 because it is already in use by another process on this system (such as a web server)."),
        ("acme.http-01-unreachable", "please check the http-01 port", "Please check the http-01 port 80 of e1.example.com"),
    ),
    *rows(
        "certbot, _internal/auth_handler.py; acme.sh; lego, certificate/certificates.go",
        Whose.NEITHER,
        ("acme.order-failed", "some challenges have failed", "Some challenges have failed."),
        ("acme.order-failed", "challenge failed for domain", "Challenge failed for domain e1.example.com"),
        ("acme.order-failed", "failed authorization procedure", "Failed authorization procedure. e1.example.com (http-01)"),
        ("acme.order-failed", "certbot failed to authenticate some domains", "Certbot failed to authenticate some domains (authenticator: standalone). The Certificate Authority reported these problems:"),
        ("acme.order-failed", "one or more domains had a problem", "error: one or more domains had a problem:"),
        ("acme.order-failed", "could not obtain certificates", "Could not obtain certificates:"),
        ("acme.order-failed", "verify error:", "[Fri Nov 20 10:00:10 UTC 2026] e1.example.com:Verify error:the CA refused the name", "utc"),
        ("acme.order-failed", "acme: error:", "[e1.example.com] acme: error: 400 :: the CA refused the name"),
        ("acme.order-failed", "failed to renew certificate", "Failed to renew certificate e1.example.com with error: the CA refused the name"),
        vague=True,
    ),
    *successes(
        "certbot, _internal/client.py; acme.sh; lego, certificate/certificates.go",
        ("successfully received certificate", "Successfully received certificate."),
        ("the dry run was successful", "The dry run was successful."),
        ("server responded with a certificate", "[INFO] [e1.example.com] Server responded with a certificate."),
        ("cert success", "[Fri Nov 20 10:00:10 UTC 2026] Cert success."),
    ),
    *harmless(
        "RFC 8555 §6.5 (clients try again with a new nonce)",
        ("urn:ietf:params:acme:error:badnonce", '{"type": "urn:ietf:params:acme:error:badNonce", "detail": "JWS has an invalid anti-replay nonce", "status": 400}'),
    ),
)  # fmt: skip

ACME: tuple[Phrase, ...] = (*_types(), *_DETAILS, *_CLIENTS)
