"""Read one record: a failure with its connection, a success, or nothing."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace

from pkikit.judge.logs.index import best_phrase, fold, index
from pkikit.judge.logs.records import Record
from pkikit.judge.openssl_codes import PURPOSE, verify_error_name
from pkikit.judge.phrases import Phrase, Whose, Writer
from pkikit.model.tables import ports
from pkikit.rules.catalogue import CATALOGUE, rule_of
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING, SERVER_AUTH_MISSING
from pkikit.rules.connection_rules import CONNECTION_CUT, UNEXPLAINED

# In a folded text.
_CODE = re.compile(
    r"(?:verify return code|verification error code|verify error: ?num|\berror\b)[:= ]{0,8}(\d{1,3})\b"
    r"(?= ?\(|:| at \d+ depth)"
)
_VERIFIED = re.compile(r"^(?:\S.{0,300}\.(?:pem|crt|cer|der|p7b)|stdin|-): OK$", re.IGNORECASE)
_BAD_EVENT = re.compile(r"error|fail|fault|reject|refus|denied|lost|unreachable|timed? ?out|unable", re.IGNORECASE)
_BAD_STATES = frozenset({"invalid", "failed"})  # of an ACME authorization or order (RFC 8555 §7.1.6)
_ADDRESS_PORT = re.compile(r"\[?'?(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]{3,39})\]?:(?P<port>\d{1,5})'?\]?$")
_DIALLED = (
    re.compile(
        r"https?://(?P<host>[A-Za-z0-9][\w.-]{0,253}|\[[0-9a-fA-F:.]{2,45}\])(?::(?P<port>\d{1,5}))?", re.IGNORECASE
    ),
    re.compile(
        r"\b(?:to|host|server|peer)[: ]+'?(?P<host>[\w.-]{3,253})'?,? (?:\([^)]{1,60}\) )?port[: ]+(?P<port>\d{1,5})"
    ),
    re.compile(r"\b(?P<host>\d{1,3}(?:\.\d{1,3}){3}):(?P<port>\d{1,5})\b"),
    re.compile(r"\b(?P<host>[A-Za-z0-9][\w-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){1,8}):(?P<port>\d{2,5})\b"),
)
_FILE_ENDINGS = "c h cc cpp py go java rs js ts pl rb php log txt pem crt conf xml"
_CODE_FILES = frozenset(_FILE_ENDINGS.split())
_ARROW = re.compile(r"(?P<client>[0-9a-fA-F.:]{3,45}) (?:→|->) (?P<server>[0-9a-fA-F.:]{3,45})\s")
_FAILING = re.compile(
    r"\b(?:errors?|fail(?:ed|s|ure|ures|ing)?|fatal|exceptions?|refused|rejected|denied|unreachable|timed out|timeout"
    r"|unable to|could ?n[o']t|could not|cannot|can't|aborted)\b|[a-z](?:Error|Exception|Failure)\b|_(?:ERROR|FAILURE|FAILED)\b"
    r"|\balert\b.{0,40}\b(?:fatal|number)\b",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"\b(?:no|zero|0|without|without any|any|ignore|ignoring|if) (?:\w+ )?(?:errors?|failures?|failed|exceptions?)\b"
    r"""|\b(?:errors?|failures?|failed|errno)["']?\s{0,3}[:=]\s{0,3}["']?(?:0|none|no|null|false|ok|success)\b"""
    r"|\berror[- ](?:handl|report|log|page|correct|count|level|rate)|\b(?:success|succeeded)\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:tls|ssl|dtls|x\.?509|cert|certs|certificates?|handshake|alert|connect\w*|socket|sips?|xmpp|https?|ldaps?|tcp|dns|peer"
    r"|zone|tunnel|trust\w*|verif\w+|crl|ocsp|acme|keystore|truststore|chain|issuer|cipher|hostname|host|port|server|proxy)\b",
    re.IGNORECASE,
)
_LOGGED = re.compile(
    r"^\s*(?:<\d{1,3}>|\[|\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:|\d{3,}\.\d\d )"
    r"|\b(?:ERROR|FATAL|CRITICAL|SEVERE|WARN|WARNING|ERR)\b"
)
# How programs write a failure: after a colon, before one, at the start or at the end of a line; prose does not.
_SHAPE = re.compile(
    r"(?:errors?|fail(?:ed|ures?)?|fatal|exception|refused|rejected|denied|timed out|timeout|aborted)\W{0,3}(?:[:=(\[{!]|$)"
    r"|^\W{0,4}(?:[\w.-]{1,40} )?(?:error|fatal|failed|failure|cannot|could not|couldn't|unable to|can't|handshake|alert)\b"
    r"|[:>\]] (?:[^:]{0,80} )?(?:error|fail|fatal|exception|refused|rejected|denied|timed out|timeout|unable to|cannot|could)"
    r"|\w(?:Error|Exception|Failure)\b|_(?:ERROR|FAILURE|FAILED|ERR)|\bERR_|\([^)]{0,60}(?:fatal|error|failed)",
    re.IGNORECASE,
)
_QUIET = re.compile(r"\b(?:DEBUG|TRACE|VERBOSE|FINE|FINEST)\b")
# Modules whose Detail and Reason say why a connection ended, whatever the level of the record.
_REASONS_AT_ANY_LEVEL = ("network.tcp", "developer.ssl")
_STEMS = ("error", "fail", "exception", "refus", "reject", "denied", "timed out", "timeout", "unreachable", "fatal", "unable",
          "cannot", "can't", "could", "abort", "alert")  # fmt: skip
_WORDS = b"fatal refused rejected reject denied unreachable timeout timed unable cannot can could couldn aborted alarm alert ok"
_FAILURE_WORDS = frozenset(_WORDS.split())


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The two ends of a connection as far as a line names them; port is the server's."""

    client: str = ""
    server: str = ""
    port: int = 0

    @property
    def known(self) -> bool:
        """True when at least one end is known."""
        return bool(self.client or self.server)


@dataclass(frozen=True, kw_only=True)
class LogOutcome:
    """One failure or success that a record reports. With neither rule nor success, a row lists it as harmless.

    ephemeral: the client's own port, which distinguishes connections. name: the name looked for, if the record has it.
    structured: True for a record of the product, whose fields and event leave no doubt that it reports a failure.
    alarm: True for an alarm of the product.
    """

    rule: str
    seen: str
    success: bool = False
    whose: Whose = Whose.NEITHER
    writer: Writer = Writer.UNKNOWN
    purpose: bool = False
    vague: bool = False
    fix: str = ""
    connection: Connection = Connection()
    ephemeral: str = ""
    name: str = ""
    method: str = ""
    structured: bool = False
    alarm: bool = False

    @property
    def harmless(self) -> bool:
        """True when the record says nothing, and is known to."""
        return not self.rule and not self.success


def relevant(lowered: str) -> bool:
    """False for a lower-case line that cannot report a failure and cannot contain a row that counts in it."""
    quiet = ('level="debug' in lowered or 'level="info' in lowered) and 'event="' not in lowered
    if quiet:  # such a record counts by the table alone
        if not any(f'module="{module}' in lowered for module in _REASONS_AT_ANY_LEVEL):
            return index().may_match(lowered, only_any_level=True)
        before, detail, after = lowered.partition(" detail=")
        return _tells(after if detail else before)
    if "error" in lowered or "fail" in lowered or "exception" in lowered:
        return True
    return index().may_match(lowered, words=_FAILURE_WORDS)


@functools.lru_cache(maxsize=4096)
def _tells(lowered: str) -> bool:
    """True when a row that counts is in this text. Details of connections repeat, so this caches the last answers."""
    phrase = best_phrase(fold(lowered))
    if phrase is None:
        return _fails(lowered)
    return bool(phrase.rule) or phrase.success


def read_record(record: Record) -> LogOutcome | None:
    """Return what a record reports; None when it reports neither a failure nor a success."""
    outcome = _of_product(record) if record.fields else _of_text(record)
    if record.otherwise is not None and (outcome is None or outcome.rule == UNEXPLAINED.id):
        outcome = _of_product(record.otherwise) or outcome
    return None if outcome is None or outcome.harmless else outcome


def _of_product(record: Record) -> LogOutcome | None:
    event, module = record.get("event"), record.get("module").lower()
    ended = record.get("state").lower() in _BAD_STATES
    if event and not event.lower().startswith("alarm") and not ended and not _BAD_EVENT.search(event):
        return None
    if event.lower().startswith("alarm"):
        return _of_alarm(record) if "raised" in event.lower() else None
    quiet = record.level in {"DEBUG", "INFO"} and not event
    reasons = [record.get(name) for name in ("detail", "reason", "ssl-error-reason", "error-reason", "cause")]
    reasons = [reason for reason in reasons if reason]
    outcome: list[LogOutcome | None] = []
    if not quiet or module.startswith(_REASONS_AT_ANY_LEVEL):
        outcome += map(_by_words, reasons)
        if quiet:  # every connection ends with such a line, also the good ones
            outcome = [s for s in outcome if s is None or s.rule != CONNECTION_CUT.id]
    found = _best(list(filter(None, outcome)))
    if found is None or found.vague or found.rule in {"", UNEXPLAINED.id}:
        phrase = best_phrase(fold(record.text), only_any_level=quiet)
        if phrase is not None:
            whole = _from_phrase(phrase, " / ".join(reasons) or record.text)
            found = _best([found, whole]) if found is not None else whole
    counts = not quiet or module.startswith(_REASONS_AT_ANY_LEVEL)
    if found is None and counts and ((not quiet and (event or record.level == "ERROR")) or _fails(" ".join(reasons))):
        found = LogOutcome(rule=UNEXPLAINED.id, seen=" / ".join(reasons) or event or record.text)
    return _add_connection(found, record) if found is not None else None


def _fails(text: str) -> bool:
    """True for a reason that says in so many words that something failed."""
    return _FAILING.search(text) is not None and _HARMLESS.search(text) is None


def _of_alarm(record: Record) -> LogOutcome | None:
    detail = record.get("detail", "title", "name")
    phrase = index().alarm(record.get("id")) or best_phrase(fold(detail))
    seen = f"alarm {record.get('id')}: {detail}"
    if phrase is None:
        return LogOutcome(rule=UNEXPLAINED.id, seen=seen, structured=True, alarm=True)
    return replace(_add_connection(_from_phrase(phrase, seen), record), alarm=True)


def _of_text(record: Record) -> LogOutcome | None:
    text = record.text.strip()
    outcome = _by_words(text)
    if outcome is None and text.endswith("OK") and _VERIFIED.match(text):
        return LogOutcome(rule="", seen=text, success=True)
    if outcome is None and _reports_failure(text):
        outcome = LogOutcome(rule=UNEXPLAINED.id, seen=text)
    if outcome is None or not outcome.rule:
        return outcome
    name = _LOOKED_FOR.search(text[:4000]) if rule_of(outcome.rule).area == "names" else None
    return replace(
        outcome, connection=connection_of_text(text), name=next(filter(None, name.groups()), "") if name else ""
    )


# The name that a program looks for in the other side's certificate: curl and wget, Python, endpoints; Java; Go.
_LOOKED_FOR = re.compile(
    r"(?:(?:target|requested) host ?name|certificate is not valid for|edge domain) ['\"‘]([^'\"’\s]{1,253})['\"’]"
    r"|\bname matching ([\w.:-]{1,253}) found"
    r"|\bis valid for [^\n]{1,300}, not ([\w.:-]{1,253})",
    re.IGNORECASE,
)


def _reports_failure(text: str) -> bool:
    text = text[:4000]
    lowered = text.lower()
    if not any(stem in lowered for stem in _STEMS):
        return False
    if not _FAILING.search(text) or _HARMLESS.search(text) or _QUIET.search(text):
        return False
    if _LOGGED.search(text):
        return True
    return _ABOUT.search(text) is not None and _SHAPE.search(text) is not None


@functools.lru_cache(maxsize=2048)
def _by_words(text: str) -> LogOutcome | None:
    """Look the reason up by an OpenSSL error number, else in the table of phrases."""
    folded = fold(text)
    code = _CODE.search(folded) if "error" in folded or "return code" in folded else None
    if code is not None:
        number = int(code.group(1))
        if number == 0:
            return LogOutcome(rule="", seen=text, success="ok" in text.lower())
        if number == PURPOSE:
            return _purpose(text)
        rule = CATALOGUE.by_openssl.get(number, UNEXPLAINED)
        seen = text if rule is not UNEXPLAINED else f"{text} ({verify_error_name(number)})"
        return LogOutcome(rule=rule.id, seen=seen, whose=Whose.THEIRS)
    phrase = best_phrase(folded)
    return _from_phrase(phrase, text) if phrase is not None else None


def _purpose(text: str) -> LogOutcome:
    known = {"sslserver": SERVER_AUTH_MISSING.id, "sslclient": CLIENT_AUTH_MISSING.id}
    rule = next((rule for word, rule in known.items() if word in text), "")
    return LogOutcome(rule=rule or CLIENT_AUTH_MISSING.id, seen=text, whose=Whose.THEIRS, purpose=not rule)


def _from_phrase(phrase: Phrase, seen: str) -> LogOutcome:
    return LogOutcome(
        rule=phrase.rule,
        seen=seen,
        success=phrase.success,
        whose=phrase.whose,
        writer=phrase.writer,
        purpose=phrase.purpose,
        vague=phrase.vague,
        fix=phrase.fix,
    )


def _best(several: list[LogOutcome]) -> LogOutcome | None:
    return min(
        several, key=lambda outcome: (not outcome.rule, outcome.rule == UNEXPLAINED.id, outcome.vague), default=None
    )


def _add_connection(outcome: LogOutcome, record: Record) -> LogOutcome:
    """The same with the connection and the direction that the record's fields tell."""
    event = record.get("event").lower()
    source, source_port = record.get("src-ip"), _port(record.get("src-port"))
    target, target_port = record.get("dst-ip"), _port(record.get("dst-port"))
    writer = {"inbound": Writer.SERVER, "outbound": Writer.CLIENT}.get(event.partition(" ")[0], Writer.UNKNOWN)
    if record.get("remoteaddress"):
        writer, source, source_port, target, target_port = _addresses(record)
    if writer is Writer.UNKNOWN and source_port in ports.KNOWN and target_port and target_port not in ports.KNOWN:
        source, source_port, target, target_port = target, target_port, source, source_port
    connection = Connection(client=source, server=target, port=target_port)
    if not connection.known:
        connection = connection_of_text(outcome.seen)
    return replace(
        outcome, connection=connection, writer=writer if writer is not Writer.UNKNOWN else outcome.writer,
        ephemeral=str(source_port or ""), name=record.get("common-name"), method=record.get("method"), structured=True,
    )  # fmt: skip


def _port(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0


def _usual_port(dialled: str) -> int:
    """Return the port of a URL, or of a host alone, that names none."""
    return ports.HTTPS if dialled.lower().startswith("https:") else ports.HTTP


def _addresses(record: Record) -> tuple[Writer, str, int, str, int]:
    """Return (writer, client, its port, server, its port) of the fields localAddress, remoteAddress and bServer."""
    ends = []
    for name in ("localaddress", "remoteaddress"):
        found = _ADDRESS_PORT.search(record.get(name))
        ends.append((found["ip"], _port(found["port"])) if found else ("", 0))
    local, remote = ends
    dialled = record.get("bserver").lower()
    if dialled == "true" or (not dialled and local[1] in ports.KNOWN):
        return Writer.SERVER, *remote, *local
    return Writer.CLIENT, *local, *remote


def connection_of_text(text: str) -> Connection:
    """Find out from printed text which server was dialled."""
    text = text[:1000]
    arrow = _ARROW.search(text)
    if arrow is not None:
        return Connection(client=arrow["client"], server=arrow["server"])
    for pattern in _DIALLED:
        found = pattern.search(text)
        if found is not None and found["host"].rpartition(".")[2].lower() not in _CODE_FILES:
            port = _port(found["port"] or "") or _usual_port(found.group(0))
            return Connection(server=found["host"].strip("[]"), port=port)
    return Connection()
