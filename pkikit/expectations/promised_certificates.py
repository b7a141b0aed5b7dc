"""Promises about certificates: their keys, who issued them, how long they live and how many days they have left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from cryptography import x509

from pkikit.expectations.expectation import Break, Expectation
from pkikit.expectations.scope import HeldCertificate
from pkikit.judge.legs.client_auth_end import is_public
from pkikit.model.certificates.certificate_facts import facts_of
from pkikit.model.certificates.facts import format_time, key_kind, unreadable_dates
from pkikit.model.findings import Answer, Evidence
from pkikit.model.promises import KeyPromise, LifetimePromise, Promises, PublicCaPromise
from pkikit.rules.expectation_rules import FEW_DAYS_LEFT, KEY_NOT_AS_PROMISED, LIFETIME_TOO_LONG, PUBLIC_CA
from pkikit.rules.rule import Rule
from pkikit.text import counted, listed

DAY = timedelta(days=1)
CURVES = {256: "P-256", 384: "P-384", 521: "P-521"}
_Held = Callable[[Sequence[str]], Sequence[HeldCertificate]]


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What a certificate shows of a promise: a breach (`says`), or that nobody can tell (`unknown`)."""

    expected: str = ""
    seen: str = ""
    says: str = ""
    unknown: str = ""


def judge_certificates(promises: Promises, held: _Held, at: datetime) -> Iterator[Expectation]:
    """Judge everything that is promised of certificates.

    Args:
        promises: of the deployment.
        held: returns the certificates of the machines that a scope names.
        at: the time.

    Yields:
        One expectation for each promise.
    """
    for i, key in enumerate(promises.keys):
        place, words = f"expect.keys[{i}]", _key_words(key)
        yield _judged(place, words, key.of, held, at, [(KEY_NOT_AS_PROMISED, partial(_key, key))])
    if promises.public_ca is not None:
        yield _public_ca(promises.public_ca, held, at)
    for i, lifetime in enumerate(promises.lifetime):
        yield _judged(
            f"expect.lifetime[{i}]", _lifetime_words(lifetime), lifetime.of, held, at, _lifetime(lifetime, at)
        )


_Check = tuple[Rule, Callable[[x509.Certificate], _Seen | None]]


def _judged(
    place: str, words: str, scope: Sequence[str], held: _Held, at: datetime, checks: Iterable[_Check]
) -> Expectation:
    says = f"certificates of {listed(scope) if scope else 'the Expressways'} {words}"
    answers: list[Answer] = []
    missing: list[str] = []
    found = held(scope)
    if not found:
        return Expectation.about_nothing(place, says, "The deployment has no such machine with a certificate")
    for rule, look in checks:
        breaches = []
        for one in found:
            if one.certificate is None:
                missing.append(one.title)
                continue
            seen = look(one.certificate)
            if seen is not None and seen.unknown:
                missing.append(f"{seen.unknown} of the {one.title}")
            elif seen is not None:
                breaches.append(_breach(rule, one, seen, place))
        answers += breaches or [rule.kept]
    first = next((f for answer in answers for f in answer.findings), None)
    broken = Break(at=at, connections=(), cause=first.rule, fix=first.fix) if first is not None else None
    return Expectation.of(place, says, answers, broken=broken, missing=missing)


def _breach(rule: Rule, one: HeldCertificate, seen: _Seen, place: str) -> Answer:
    text = f"The {one.title} {seen.says}."
    evidence = Evidence(label=one.title, expected=seen.expected, seen=seen.seen, where=place, says=text)
    return rule.judge(one.machine, [evidence])


def _key_words(promise: KeyPromise) -> str:
    parts = [f"RSA keys of at least {promise.rsa} bits"] if promise.rsa is not None else []
    if promise.ec is not None:
        parts.append(f"EC keys on {listed(promise.ec, 'or')}" if promise.ec else "no EC keys")
    return f"have {listed(parts)}"


def _key(promise: KeyPromise, certificate: x509.Certificate) -> _Seen | None:
    kind, bits = key_kind(certificate)
    if kind == "unreadable":
        return _Seen(unknown="the key")
    if kind == "RSA" and promise.rsa is not None and bits < promise.rsa:
        wanted = f"at least {promise.rsa} bits"
        return _Seen(
            expected=wanted, seen=f"RSA, {bits} bits", says=f"has an RSA key of {bits} bits; promised are {wanted}"
        )
    if kind == "EC" and promise.ec is not None:
        curve = CURVES.get(bits, f"a curve of {bits} bits")
        wanted = listed(promise.ec, "or") or "no EC key"
        if curve not in promise.ec:
            return _Seen(expected=wanted, seen=f"EC, {curve}", says=f"has an EC key on {curve}; promised is {wanted}")
    return None


def _public_ca(promise: PublicCaPromise, held: _Held, at: datetime) -> Expectation:
    def look(certificate: x509.Certificate) -> _Seen | None:
        if not is_public(certificate):
            return None
        says = "shows that a public CA issued it (certificate transparency, or a policy of the CA/Browser Forum)"
        return _Seen(expected="a private CA", seen="signs of a public CA", says=says)

    words = "show no sign of a public CA"
    return _judged("expect.public_ca", words, promise.never_on, held, at, [(PUBLIC_CA, look)])


def _lifetime_words(promise: LifetimePromise) -> str:
    parts = [f"live at most {promise.at_most_days} days"] if promise.at_most_days is not None else []
    if promise.days_left is not None:
        parts.append(f"have at least {counted(promise.days_left, 'day')} left")
    return listed(parts)


def _lifetime(promise: LifetimePromise, at: datetime) -> Iterator[_Check]:
    most, least = promise.at_most_days, promise.days_left
    if most is not None:

        def lives(certificate: x509.Certificate) -> _Seen | None:
            if unreadable_dates(certificate):
                return _Seen(unknown="the dates")
            days = lifetime_days(certificate)
            says = f"lives {counted(days, 'day')}; promised are at most {most}"
            return _Seen(expected=f"at most {most} days", seen=f"{days} days", says=says) if days > most else None

        yield LIFETIME_TOO_LONG, lives
    if least is not None:

        def left(certificate: x509.Certificate) -> _Seen | None:
            if unreadable_dates(certificate):
                return _Seen(unknown="the dates")
            ends = facts_of(certificate).ends
            if (ends - at) / DAY >= least:
                return None
            says = f"ends on {format_time(ends)}; promised are at least {counted(least, 'day')} left"
            return _Seen(expected=f"at least {counted(least, 'day')}", seen=f"ends on {format_time(ends)}", says=says)

        yield FEW_DAYS_LEFT, left


def lifetime_days(certificate: x509.Certificate) -> int:
    """Return how many whole days a certificate lives; both its first and its last second count (RFC 5280 §4.1.2.5)."""
    facts = facts_of(certificate)
    return (facts.ends - facts.begins + timedelta(seconds=1)) // DAY
