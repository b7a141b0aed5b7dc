"""What Unified CM prints and answers about its certificates: `show cert …` in a terminal, and the snapshot as JSON."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509

from pkikit.errors import EncodingError, InputError
from pkikit.files.parse import parse
from pkikit.intake.material import HeldCertificates, ServerMaterial, Source
from pkikit.text import printable

_COMMAND = re.compile(r"\bshow cert (list )?(own|trust)\b[ \t]*([\w./@:+-]*)", re.IGNORECASE)
_LISTED = re.compile(r"^\s*([\w.-]{1,60})/([^/:\s][^/:]{0,200}\.(?:pem|der|crt))\s*:", re.MULTILINE)
_HOST = re.compile(r"^\s*(?:Host ?name|hostname)\s*:\s*([A-Za-z0-9][\w.-]{0,100})\s*$", re.MULTILINE | re.IGNORECASE)
_DOMAIN = re.compile(
    r"^\s*(?:DNS )?Domain(?: ?name)?\s*:\s*([A-Za-z0-9][\w.-]{0,200})\s*$", re.MULTILINE | re.IGNORECASE
)
_PAGER = re.compile(
    r"(?:\x1b\[[0-9;]*[A-Za-z])*(?:Press <enter> for 1 line[^\n]{0,80}quit|-- ?More ?--|options: q=quit[^\n]{0,80})[\x08 ]*"
)
_PEM = "-----BEGIN CERTIFICATE-----"
_MAX_SERVERS, _MAX_ENTRIES = 200, 2_000


@dataclass(kw_only=True)
class _Server:
    label: str
    fqdn: str = ""
    own: dict[str, HeldCertificates] = field(default_factory=dict)
    trusted: dict[str, list[x509.Certificate]] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    services: set[str] = field(default_factory=set)

    def frozen(self) -> ServerMaterial:
        services = {name.lower() for name in (*self.own, *self.trusted, *self.listed, *self.services)}
        kind = "unified_cm" if any(s.startswith(("callmanager", "capf", "tvs")) for s in services) else ""
        kind = "im_presence" if any(s.startswith("cup") for s in services) else kind
        trusted = {
            service: HeldCertificates(source=self.sources[service], certificates=tuple(certificates))
            for service, certificates in self.trusted.items()
        }
        listed = {service: tuple(names) for service, names in self.listed.items()}
        return ServerMaterial(label=self.label, fqdn=self.fqdn, kind=kind, own=self.own, trusted=trusted, listed=listed)


def is_unified_cm(head: str) -> bool:
    """Return True for a text that Unified CM printed about its certificates."""
    lowered = head.lower()
    return ("show cert" in lowered and bool(_COMMAND.search(head))) or (
        ".pem" in lowered and len(_LISTED.findall(head)) > 1
    )


def read_printed(text: str, source: Source, label: str) -> ServerMaterial | None:
    """Read what `show cert …` printed.

    Args:
        text: the text of a terminal.
        source: the file.
        label: its name for messages.

    Returns:
        What it says about the machine; None if it says nothing.

    Raises:
        EncodingError: a certificate in it is damaged.
    """
    made = _Server(label=label)
    text = _PAGER.sub("", text)
    host, domain = _HOST.search(text), _DOMAIN.search(text)
    if host is not None:
        made.fqdn = host[1] if "." in host[1] or domain is None else f"{host[1]}.{domain[1]}"
    listed = {name: service for service, name in _LISTED.findall(text)}
    for listing in _LISTED.finditer(text):
        made.listed.setdefault(listing[1], []).append(printable(listing[2].strip()))
    commands = list(itertools.islice(_COMMAND.finditer(text), _MAX_ENTRIES))
    line = last = 0
    for number, command in enumerate(commands):
        end = commands[number + 1].start() if number + 1 < len(commands) else len(text)
        block = text[command.end() : end]
        if command[1] or _PEM not in block:
            continue
        line, last = line + text.count("\n", last, command.start()), command.start()
        place = Source(file=source.file, member=source.member, line=line + 1)
        found = parse(block.encode("utf-8", "replace"), where=str(place), keep_encrypted=True).certificates
        if found:
            _keep(made, command[2].lower(), command[3], listed, HeldCertificates(source=place, certificates=found))
    return made.frozen() if made.own or made.trusted or made.listed else None


def _keep(made: _Server, kind: str, name: str, listed: dict[str, str], held: HeldCertificates) -> None:
    service, _, file = name.rpartition("/")
    service = service or listed.get(file, "") or ("" if "." in file else file)
    if kind == "own":
        made.own[service] = held
    else:
        service = service.removesuffix("-trust")
        made.trusted.setdefault(service, []).extend(held.certificates)
        made.sources.setdefault(service, held.source)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a snapshot says: the machines, and one sentence for each entry without a certificate that can be read."""

    servers: tuple[ServerMaterial, ...]
    unreadable: tuple[str, ...]


def read_snapshot(data: bytes, source: Source, label: str) -> Snapshot | None:
    """Read the answer of `/platformcom/api/v1/certmgr/config/snapshot/server`, or a list of such answers.

    Args:
        data: the bytes of the file.
        source: the file.
        label: its name for messages.

    Returns:
        What it says; None if it is some other JSON.

    Raises:
        InputError: it is no JSON, or larger than any snapshot.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise InputError("is JSON that is damaged or cut off", where=str(source)) from None
    answers = list(_answers(document))
    if not answers:
        return None
    if len(answers) > _MAX_SERVERS:
        raise InputError(f"is about more than {_MAX_SERVERS} machines, the most that are read", where=str(source))
    unreadable: list[str] = []
    servers = [_server(answer, source, label, unreadable) for answer in answers]
    return Snapshot(servers=tuple(server.frozen() for server in servers), unreadable=tuple(dict.fromkeys(unreadable)))


def _answers(document: Any) -> Iterator[dict[str, Any]]:
    left = [(document, 0)]
    while left:
        value, depth = left.pop(0)
        if isinstance(value, dict) and ("identities" in value or "trusts" in value):
            yield value
        elif depth < 4 and isinstance(value, dict | list):
            inner = value.values() if isinstance(value, dict) else value
            left += [(part, depth + 1) for part in list(inner)[:_MAX_ENTRIES] if isinstance(part, dict | list)]


def _server(answer: dict[str, Any], source: Source, label: str, unreadable: list[str]) -> _Server:
    named = answer.get("server")
    fqdn = printable(named.strip(), 253) if isinstance(named, str) else ""
    made = _Server(label=f"{label}: {fqdn}" if fqdn else label, fqdn=fqdn)
    for service, name, pem in _entries(answer.get("identities")):
        made.services.add(service)
        if certificates := _certificates(pem, source, f"{fqdn or label}: identity {service}{name}", unreadable):
            made.own[service] = HeldCertificates(source=source, certificates=certificates)
    for service, name, pem in _entries(answer.get("trusts")):
        made.services.add(service)
        if certificates := _certificates(pem, source, f"{fqdn or label}: trust {service}{name}", unreadable):
            service = service.removesuffix("-trust")
            made.trusted.setdefault(service, []).extend(certificates)
            made.sources.setdefault(service, source)
    return made


def _entries(listed: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield (service, name, text) of each certificate in a list of identities or trusts."""
    for entry in listed[:_MAX_ENTRIES] if isinstance(listed, list) else ():
        if not isinstance(entry, dict):
            continue
        named = entry.get("service")
        service = printable(named, 60) if isinstance(named, str) else ""
        inner = entry.get("certificate_data")
        if inner is None and "certificate" in entry:
            yield service, "", entry["certificate"]
        for part in inner[:_MAX_ENTRIES] if isinstance(inner, list) else [inner] if isinstance(inner, dict) else ():
            if isinstance(part, dict):
                file = part.get("filename")
                yield service, f", {printable(file, 100)}" if isinstance(file, str) else "", part.get("certificate")


def _certificates(pem: Any, source: Source, what: str, unreadable: list[str]) -> tuple[x509.Certificate, ...]:
    found: tuple[x509.Certificate, ...] = ()
    if isinstance(pem, str) and pem.strip():
        try:
            found = parse(pem.encode("utf-8", "replace"), where=str(source), keep_encrypted=True).certificates
        except EncodingError:
            found = ()
    if not found and len(unreadable) < 50:
        unreadable.append(f"{what} has no certificate that can be read")
    return found
