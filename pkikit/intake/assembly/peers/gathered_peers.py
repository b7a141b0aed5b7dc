"""Which Expressways the files are about: everything that belongs to one peer, under its FQDN."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from cryptography.hazmat.primitives import hashes

from pkikit.errors import InputError
from pkikit.intake.assembly.peers.peer_settings import Settings, fqdn_or_none, label_of, own_addresses
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence, Question
from pkikit.intake.assembly.record.refused_answer import RefusedAnswer
from pkikit.intake.material import Configuration, HeldCertificates, Material, PeerMaterial, Source, StatusDump
from pkikit.model.certificates.bundle import bundle_of
from pkikit.model.certificates.facts import presented_names, title
from pkikit.model.revocation import NOTHING_HELD, RevocationData
from pkikit.model.tables import product_pages as pages
from pkikit.text import listed, printable
from pkikit.values.names import is_ip_address, parse_fqdn

_STAMP = re.compile(r"(\d{4})-(\d{2})-(\d{2})_(\d{2})(\d{2})(\d{2})")
_FAR_APART = timedelta(days=1)
_PEER_PLACE = f"{pages.DNS} of the peer, or its diagnostic archive ({pages.DIAGNOSTIC_LOGGING})"
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Everything that was read about one Expressway."""

    fqdn: str
    label: str
    configuration: Configuration | None = None
    status: StatusDump | None = None
    trusted: HeldCertificates | None = None
    server: HeldCertificates | None = None
    client: HeldCertificates | None = None
    held: RevocationData = NOTHING_HELD
    at: datetime | None = None
    settings: Settings = field(default_factory=lambda: Settings(None))

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its own IP addresses."""
        return own_addresses(self.settings, self.status)

    @property
    def places(self) -> tuple[Evidence, ...]:
        """The file that it was read from."""
        parts = (self.configuration, self.status, self.server, self.trusted, self.client)
        return tuple(Evidence(source=part.source) for part in parts[:] if part is not None)[:1]


def gather(material: Material, ledger: Ledger) -> tuple[Peer, ...]:
    """Return the peers, each once, in the order of the files.

    Args:
        material: what was read.
        ledger: takes questions and contradictions.

    Returns:
        The peers whose names are known.

    Raises:
        InputError: no file has the configuration of an Expressway, or one names a host that cannot exist.
    """
    named = [(_own_name(part, ledger), part) for part in material.peers if part.configuration is not None]
    if not named:
        raise InputError(
            "no file has the configuration of an Expressway: add a diagnostic archive, an xconf_dump_… file or what the "
            "command xConfiguration prints"
        )
    known = _names_in(material, [fqdn for fqdn, _ in named if fqdn])
    others = (part for part in material.peers if part.configuration is None and not _is_log_alone(part))
    named += [(_whose(part, known, ledger), part) for part in others]
    groups: dict[str, list[PeerMaterial]] = {}
    for fqdn, part in named:
        if fqdn:
            groups.setdefault(fqdn, []).append(part)
    peers = tuple(_merge(fqdn, parts, ledger) for fqdn, parts in groups.items())
    _compare_times(peers, ledger)
    return peers


def _is_log_alone(part: PeerMaterial) -> bool:
    """Return True for a file that only has a log or a capture, such as a user's problem report: it is no peer's part."""
    held = (part.status, part.trusted, part.server, part.client)
    return all(found is None for found in held) and not part.held.crls and not part.held.ocsp_answers


def _own_name(part: PeerMaterial, ledger: Ledger) -> str | None:
    settings = Settings(part.configuration)
    host, domain = settings.text("IP DNS Hostname"), settings.text("IP DNS Domain Name")
    if host is not None and domain is not None:
        name = host.value if fqdn_or_none(host.value) else f"{host.value.strip()}.{domain.value.strip().lstrip('.')}"
        try:
            return parse_fqdn(name)
        except InputError as error:
            raise InputError(f"the host name and domain of the peer: {error.message}", where=str(host.source)) from None
    lacking = "IP DNS Hostname" if host is None else "IP DNS Domain Name"
    return _asked_name(part, f"its configuration has no {lacking}", (), ledger)


def _asked_name(part: PeerMaterial, why: str, choices: Sequence[str], ledger: Ledger) -> str | None:
    key = f"machines/{label_of(part.label, 'peer')}"
    question = Question(
        key=key,
        text=f"Which peer is {printable(part.label, 80)}? {why[:1].upper()}{why[1:]}.",
        allowed="the FQDN of the peer" + (f", one of {', '.join(choices)}" if choices else ""),
        how=_PEER_PLACE,
    )
    answer = ledger.ask(question, note=False)
    if answer is None:
        return None
    try:
        return parse_fqdn(answer)
    except InputError as error:
        raise RefusedAnswer(error.message, key=key) from None


def _names_in(material: Material, own: Iterable[str]) -> tuple[str, ...]:
    """Return the FQDNs of peers that configurations name: their own, those of their clusters, and peers of zones."""
    found = list(own)
    for part in material.peers:
        settings = Settings(part.configuration)
        zones = [f"Zones Zone {n} {kind} Peer" for n in settings.numbers("Zones Zone") for kind in ("TraversalClient",)]
        for prefix in ("Alternates Peer", *zones):
            found += [
                s.value for s in settings.listed(prefix, "Address") if not is_ip_address(s.value) and "." in s.value
            ]
    return tuple(dict.fromkeys(name for text in found if (name := fqdn_or_none(text))))


def certificate_names(held: HeldCertificates | None) -> frozenset[str]:
    """Return the DNS names of the first certificate of a file, the common name among them."""
    if held is None or not held.certificates:
        return frozenset()
    names = presented_names(held.certificates[0])
    return frozenset((*names.dns, *names.wildcards, *([names.common_name] if names.common_name else [])))


def _whose(part: PeerMaterial, known: Sequence[str], ledger: Ledger) -> str | None:
    """Return the peer whose certificates or status a part has, by the host in its file names, else by its certificate."""
    by_host = [name for name in known if part.host and name.partition(".")[0] == part.host.lower()]
    if part.host and fqdn_or_none(part.host) in known:
        by_host = [part.host.lower()]
    presented = certificate_names(part.server)
    by_name = [name for name in known if name in presented]
    both = [name for name in by_host if name in by_name]
    for found in (by_host, both, by_name):
        if len(found) == 1:
            return found[0]
    return _asked_name(part, "it has no configuration, and its names fit no peer", known, ledger)


def _merge(fqdn: str, parts: list[PeerMaterial], ledger: Ledger) -> Peer:
    """Return one peer made of all parts about it; the newest part counts where two say different things."""
    dated = [(_time_of(part), part) for part in parts]
    earliest = datetime.min.replace(tzinfo=UTC)
    dated.sort(key=lambda pair: pair[0] or earliest, reverse=True)
    ordered = [part for _, part in dated]
    held = NOTHING_HELD
    for part in ordered:
        held = held.merge(part.held)

    unlike: dict[str, list[Evidence]] = {}  # what is not the same in all parts, the newest first

    def one(what: str, value: Callable[[PeerMaterial], T | None], same: Callable[[T], Any]) -> T | None:
        found = [v for part in ordered if (v := value(part)) is not None]
        different = [v for v in found[1:] if same(v) != same(found[0])]
        if different:
            unlike[what] = [Evidence(source=v.source) for v in (found[0], *different)]  # type: ignore[attr-defined]
        return found[0] if found else None

    configuration = one("the configuration", lambda p: p.configuration, _values)
    peer = Peer(
        fqdn=fqdn,
        label=ordered[0].label,
        configuration=configuration,
        status=one("the status", lambda p: p.status, lambda s: None),
        trusted=one("the trusted CA list", lambda p: p.trusted, lambda h: frozenset(fingerprints(h))),
        server=_ordered(fqdn, one("the server certificate", lambda p: p.server, fingerprints), ledger),
        client=_ordered(fqdn, one("the client certificate", lambda p: p.client, fingerprints), ledger),
        held=held,
        at=next((at for at, _ in dated if at is not None), None),
        settings=Settings(configuration),
    )
    if unlike:
        newest = listed(list(dict.fromkeys(str(places[0].source) for places in unlike.values())))
        ledger.contradict(
            "peer-twice",
            f"{fqdn} is there more than once, with differences in {listed(list(unlike))}",
            *(place for places in unlike.values() for place in places),
            used=f"the import uses the newest: {newest}",
            fix="Give the newest archive of each peer, and no other.",
            machines=(fqdn,),
        )
    return peer


def _ordered(fqdn: str, held: HeldCertificates | None, ledger: Ledger) -> HeldCertificates | None:
    """Return the certificates with that of the peer first, whatever the order in the file is."""
    certificates = bundle_of(held.certificates, is_server=True).leaf_first if held is not None else ()
    if held is None or certificates == held.certificates:
        return held
    ledger.contradict(
        "chain-order", f"the certificate of {fqdn}, {printable(title(certificates[0]), 60)}, does not come first in its file",
        Evidence(source=held.source), used="the import puts it first", machines=(fqdn,),
        fix="Upload files with the certificate of the machine first, then its intermediates.",
    )  # fmt: skip
    return replace(held, certificates=certificates)


def _values(configuration: Configuration) -> dict[tuple[str, ...], str]:
    return {tuple(word.lower() for word in key): s.value for key, s in configuration.settings.items()}


def fingerprints(held: HeldCertificates) -> tuple[bytes, ...]:
    """Return the fingerprints of the certificates of a file, in its order."""
    return tuple(certificate.fingerprint(hashes.SHA256()) for certificate in held.certificates)


def _time_of(part: PeerMaterial) -> datetime | None:
    """Return when a part was collected, by the time in the names of its files."""
    held = (part.configuration, part.status, part.server, part.trusted, part.client)
    sources = [p.source for p in held if p is not None]
    for source in (*sources, *part.logs, Source(file=part.label)):
        for name in (source.member, source.file):
            matched = _STAMP.search(name)
            if matched:
                try:
                    return datetime(*map(int, matched.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
                except ValueError:
                    continue
    return None


def _compare_times(peers: Sequence[Peer], ledger: Ledger) -> None:
    dated = sorted(((p.at, p) for p in peers if p.at is not None), key=lambda pair: pair[0])
    if dated and dated[-1][0] - dated[0][0] > _FAR_APART:
        (first, oldest), (last, newest) = dated[0], dated[-1]
        days = (last - first).days
        ledger.contradict(
            "times-differ",
            f"the archives are of different times: {oldest.fqdn} of {first:%Y-%m-%d}, {newest.fqdn} of {last:%Y-%m-%d} "
            f"({days} days later)",
            *oldest.places,
            *newest.places,
            used="the import takes each as it is",
            fix="Collect the archives of all peers on one day: a certificate may have been replaced in between.",
            machines=(oldest.fqdn, newest.fqdn),
        )


def named(fqdns: Iterable[str]) -> str:
    """Return names as people list them."""
    return listed(list(fqdns), at_most=6)
