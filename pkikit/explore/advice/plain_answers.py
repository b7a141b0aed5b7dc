"""The five questions, the fields for names and sizes, and the answers as a value. Every error names the field by its label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from pkikit.errors import InputError
from pkikit.model.deployment_file.fields import MAX_PEERS
from pkikit.model.tables.features import ASKED_VERSIONS, TWO_STORES, USUAL_VERSION
from pkikit.model.version import ProductVersion
from pkikit.values.names import parse_dns_name, parse_fqdn, printable

MRA, B2B, MUTUAL, FEDERATION, GUESTS = "mra", "b2b", "mutual", "federation", "guests"
PUBLIC_ONLY, PARTNERS, MANAGED = "public-only", "partners", "managed"
ANY_NAME, NAME_ONLY, NO_NAME = "yes", "name-only", "no"
YES, NO, ANY = "yes", "no", "any"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question; `label` names its field, `options` are (value, what it says)."""

    key: str
    label: str
    text: str
    options: tuple[tuple[str, str], ...]
    several: bool = False

    def say(self, value: str) -> str:
        """Return an answer in words: the text of its option, or of each of several."""
        known = dict(self.options)
        parts = [known.get(v, v) for v in (value.split(",") if self.several else [value]) if v]
        return "; ".join(parts) or "nobody"


_YES_NO = ((YES, "Yes"), (NO, "No"))
QUESTIONS: Mapping[str, Question] = MappingProxyType({
    question.key: question
    for question in (
        Question(
            key="outside", label="Who connects", text="Who connects from outside?", several=True,
            options=(
                (MRA, "Jabber and phones over Mobile and Remote Access"),
                (B2B, "Partners that call through DNS (B2B)"),
                (MUTUAL, "Partners or Webex that verify your certificate (mutual TLS)"),
                (FEDERATION, "XMPP federation"),
                (GUESTS, "Guests in a browser (web proxy for meetings)"),
            ),
        ),
        Question(
            key="trust", label="Private CA outside", text="May machines outside have to trust your private CA?",
            options=(
                (PUBLIC_ONLY, "No: outside, everyone trusts public CAs only"),
                (PARTNERS, "Partners' servers can install my root; phones and guests cannot"),
                (MANAGED, "Yes: I can install my root on every machine outside"),
            ),
        ),
        Question(
            key="version", label="Version", text="Which product version do you run?",
            options=tuple((v, v) for v in ASKED_VERSIONS),
        ),
        Question(key="upgrade", label=f"Upgrade to {TWO_STORES.first}",
                 text=f"Will you upgrade to {TWO_STORES.first}, which has two certificate stores?", options=_YES_NO),
        Question(
            key="domain", label="Bare domain",
            text="Who owns the domain: may the bare domain (example.com) be in a certificate?",
            options=(
                (ANY_NAME, "Yes, and its A record may lead to Expressway-E"),
                (NAME_ONLY, "Yes, but its A record stays with the website"),
                (NO_NAME, "No: another team owns it"),
            ),
        ),
        Question(
            key="restarts", label="Planned restarts", text="How often may you restart each peer to renew certificates?",
            options=(("1", "Once a year"), ("4", "Once a quarter"), ("12", "Once a month"), (ANY, "As often as needed")),
        ),
        Question(key="acme", label="ACME", text="Can Expressway-E order by ACME (port 80 open from the Internet)?",
                 options=_YES_NO),
    )
})  # fmt: skip
FIELDS: Mapping[str, str] = MappingProxyType({
    "core_fqdn": "Expressway-C FQDN",
    "edge_fqdn": "Expressway-E FQDN",
    "core_peers": "Expressway-C peers",
    "edge_peers": "Expressway-E peers",
    "domains": "Registration domains",
})  # fmt: skip
MAX_DOMAINS = 50


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a person answered. The last five say which machines there are; a deployment file replaces them."""

    outside: tuple[str, ...] = (MRA,)
    trust: str = PUBLIC_ONLY
    version: str = USUAL_VERSION
    upgrade: str = YES
    domain: str = NAME_ONLY
    restarts: str = "4"
    acme: str = YES
    core_fqdn: str = "cluster-c.corp.example.com"
    edge_fqdn: str = "cluster-e.example.com"
    core_peers: int = 2
    edge_peers: int = 2
    domains: tuple[str, ...] = ("example.com",)

    @property
    def target(self) -> str:
        """The version that the design is for."""
        wanted = self.upgrade == YES and not ProductVersion.parse(self.version).has(TWO_STORES)
        return TWO_STORES.first if wanted else self.version

    @property
    def most_restarts(self) -> float:
        """Planned restarts of one peer in a year, at most."""
        return float("inf") if self.restarts == ANY else float(self.restarts)

    def value(self, key: str) -> str:
        """Return an answer as text, as `--answer` takes it."""
        held = getattr(self, key)
        return ",".join(held) if isinstance(held, tuple) else str(held)

    def with_answer(self, key: str, value: str) -> Answers:
        """Return the answers with another one for this key.

        Args:
            key: a question or a field, as `--answer` takes it.
            value: the answer, as `--answer` takes it.

        Returns:
            All answers; only the one for this key differs.

        Raises:
            InputError: the key is unknown, or the value is not one of its answers.
        """
        key = key.replace("-", "_")
        if key in QUESTIONS:
            return self._with_choice(QUESTIONS[key], value)
        if key not in FIELDS:
            keys = ", ".join((*QUESTIONS, *(name.replace("_", "-") for name in FIELDS)))
            raise InputError(f"there is no question {printable(key, 40)!r}; there are {keys}")
        held: Any = value
        if key.endswith("peers"):
            held = _count(value, FIELDS[key])
        elif key == "domains":
            held = _domains(value)
        else:
            held = _name(value, FIELDS[key])
        return replace(self, **{key: held})

    def _with_choice(self, question: Question, value: str) -> Answers:
        allowed = [known for known, _ in question.options]
        if question.several:
            wanted = [v.strip() for v in value.split(",") if v.strip() not in {"", "none"}]
            if wanted and "none" in map(str.strip, value.split(",")):
                raise InputError(f"{question.label}: none does not go with other answers")
            odd = next((v for v in wanted if v not in allowed), None)
            if odd is None:
                return replace(self, outside=tuple(v for v in allowed if v in wanted))
            value = odd
        elif question.key == "version":
            try:
                return replace(self, version=str(ProductVersion.parse(value.strip())))
            except InputError as error:
                raise InputError(f"{question.label}: {error.message}") from None
        elif value.strip() in allowed:
            chosen: dict[str, Any] = {question.key: value.strip()}
            return replace(self, **chosen)
        raise InputError(
            f"{question.label}: {printable(value, 40)!r} is not an answer; allowed are {', '.join(allowed)}"
        )


def answers_from(items: Iterable[str], first: Answers | None = None, *, keys: Iterable[str] = ()) -> Answers:
    """Read answers such as `trust=partners`.

    Args:
        items: texts KEY=VALUE.
        first: the answers to begin with; None for the defaults.
        keys: the keys that may be answered; empty for all.

    Returns:
        The answers.

    Raises:
        InputError: a text has another form, or one of its parts is unknown.
    """
    answers = first or Answers()
    allowed, given = tuple(keys), dict[str, str]()
    for item in items:
        key, equals, value = item.partition("=")
        key = key.strip().replace("-", "_")
        if not equals:
            raise InputError(f"{printable(item, 60)!r}: write an answer as KEY=VALUE, such as trust=partners")
        if allowed and key in {f.name for f in fields(Answers)} and key not in allowed:
            raise InputError(
                f"{printable(key, 40)!r} is read from the deployment file; you can answer {', '.join(allowed)}"
            )
        if given.setdefault(key, value.strip()) != value.strip():
            raise InputError(f"{printable(key, 40)!r} has two different answers; give it once")
        answers = answers.with_answer(key, value)
    return answers


def _count(value: str, label: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise InputError(f"{label}: {printable(value, 40)!r} is not a number; write 1 to {MAX_PEERS}") from None
    if not 1 <= number <= MAX_PEERS:
        raise InputError(f"{label}: {number} is out of range; a cluster has 1 to {MAX_PEERS} peers")
    return number


def _name(value: str, label: str) -> str:
    text = value.strip()
    if not text:
        raise InputError(f"{label}: is empty; write a name such as expressway.example.com")
    blank = next((c for c in text if c.isspace()), "")
    if blank:
        raise InputError(f"{label}: {printable(text, 80)!r} contains a space")
    try:
        return parse_fqdn(text)
    except InputError as error:
        raise InputError(f"{label}: {error.message}") from None


def _domains(value: str) -> tuple[str, ...]:
    label = FIELDS["domains"]
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts:
        raise InputError(f"{label}: is empty; write a domain such as example.com")
    if len(parts) > MAX_DOMAINS:
        raise InputError(f"{label}: {len(parts)} domains; at most {MAX_DOMAINS} are read")
    found = []
    for part in parts:
        if any(c.isspace() for c in part):
            raise InputError(f"{label}: {printable(part, 80)!r} contains a space")
        try:
            found.append(parse_dns_name(part))
        except InputError as error:
            raise InputError(f"{label}: {error.message}") from None
    return tuple(dict.fromkeys(found))
