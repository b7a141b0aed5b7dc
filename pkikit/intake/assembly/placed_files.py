"""The certificates of an import: which file of which machine's folder gets which certificate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.intake.assembly.peers.found_clusters import FoundCluster
from pkikit.intake.assembly.peers.gathered_peers import Peer, certificate_names
from pkikit.intake.assembly.peers.peer_settings import label_of
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence, Question
from pkikit.intake.assembly.record.refused_answer import RefusedAnswer
from pkikit.intake.material import HeldCertificates, LooseCertificates, LooseKind, ServerMaterial
from pkikit.model.certificates.bundle import bundle_of
from pkikit.model.certificates.facts import presented_names, title
from pkikit.model.certificates.presented_names import PresentedNames
from pkikit.model.parties import CALL_MANAGER, CUP_XMPP, TOMCAT
from pkikit.model.revocation import CrlSource, RevocationData, each_once
from pkikit.model.tables import product_pages as pages
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.version import ProductVersion
from pkikit.text import counted, one_of, printable

SERVICES = {"unified_cm": (TOMCAT, CALL_MANAGER), "im_presence": (TOMCAT, CUP_XMPP), "unity_connection": (TOMCAT,)}
_NOBODY, _EVERY_PEER = "none", "all"
NodeFiles = tuple[str, str, ServerMaterial]  # kind, FQDN, what was read


@dataclass(frozen=True, kw_only=True)
class PlacedFile:
    """One file of a machine's folder.

    Attributes:
        machine: the FQDN that names the folder.
        name: the name of the file.
        content: its bytes.
        says: what it is, for people.
        evidence: where it was read.
    """

    machine: str
    name: str
    content: bytes
    says: str
    evidence: tuple[Evidence, ...]

    @property
    def path(self) -> str:
        """Its path inside `certificates/`."""
        return f"{self.machine}/{self.name}"


def _pem(objects: Iterable[x509.Certificate | x509.CertificateRevocationList]) -> bytes:
    return b"".join(o.public_bytes(Encoding.PEM) for o in objects)


def _file(machine: str, name: str, held: HeldCertificates, what: str) -> PlacedFile:
    first = printable(title(held.certificates[0]), 60)
    says = f"{what}, {counted(len(held.certificates), 'certificate')}" if "list" in what else f"{what} {first}"
    return PlacedFile(machine=machine, name=name, content=_pem(held.certificates), says=says,
                      evidence=(Evidence(source=held.source),))  # fmt: skip


def place_peer(peer: Peer, version: ProductVersion, ledger: Ledger) -> Iterator[PlacedFile]:
    """Yield the files of a peer's folder; note what is missing.

    Args:
        peer: the peer.
        version: of the product: X15.5 has a client certificate too.
        ledger: takes what is missing.

    Yields:
        The files.
    """
    fqdn = peer.fqdn
    if peer.server is not None:
        yield _file(fqdn, "cert.pem", peer.server, "server certificate")
    else:
        ledger.lack(f"the server certificate of {fqdn}", pages.SERVER_CERTIFICATE_AS_PEM, machine=fqdn)
    if peer.trusted is not None:
        crls = [crl for source, crl in peer.held.crls if source is CrlSource.CA_FILE]
        made = _file(fqdn, "trust.pem", peer.trusted, "trusted CA list")
        yield replace(made, content=made.content + _pem(each_once(crls)))
    else:
        how = pages.TRUSTED_CAS_AS_PEM
        ledger.lack(f"the trusted CA list of {fqdn}", how, machine=fqdn)
    if version.has(TWO_STORES):
        if peer.client is not None:
            yield _file(fqdn, "client.pem", peer.client, "client certificate")
        else:
            why = f"the client certificate of {fqdn}: without it, connections that {fqdn} dials are not fully assessed"
            ledger.lack(why, pages.CLIENT_CERTIFICATE_AS_PEM, machine=fqdn)
    elif peer.client is not None:
        place = Evidence(source=peer.client.source)
        ledger.leave_out(f"the client certificate of {fqdn}", f"{version} has no client certificate", place)
    uploaded = each_once(crl for source, crl in peer.held.crls if source is not CrlSource.CA_FILE)
    if uploaded:
        yield PlacedFile(
            machine=fqdn, name="crl.pem", content=_pem(uploaded), says=counted(len(uploaded), "CRL"), evidence=()
        )


def place_folder(fqdn: str, server: ServerMaterial) -> Iterator[PlacedFile]:
    """Yield the files of any machine that a configuration names, which were in a folder of their own."""
    for name, what, held in (("cert.pem", "certificate", server.own), ("trust.pem", "trusted CA list", server.trusted)):
        first = next((found for found in held.values() if found.certificates), None)
        if first is not None:
            yield _file(fqdn, name, first, what)


def place_node(kind: str, fqdn: str, server: ServerMaterial, ledger: Ledger) -> Iterator[PlacedFile]:
    """Yield the files of a Unified CM, IM and Presence or Unity Connection node.

    Args:
        kind: what it is.
        fqdn: its name.
        server: what was read.
        ledger: takes what is missing and what is left out.

    Yields:
        The files: `cert.pem` of its first service, `cert-<service>.pem` of the others, the lists by service.
    """
    own = {service.lower(): held for service, held in server.own.items() if held.certificates}
    lists = {
        service.lower().removesuffix("-trust"): held for service, held in server.trusted.items() if held.certificates
    }
    first, *others = SERVICES[kind]
    own |= {first: own.pop("")} if "" in own else {}
    lists |= {s.lower(): lists[""] for s in SERVICES[kind] if s.lower() not in lists} if "" in lists else {}
    lists.pop("", None)
    # A certificate of one service says nothing about another one, even if both happen to be the same.
    if first in own:
        yield _file(fqdn, "cert.pem", own[first], f"{first} certificate")
    else:
        ledger.lack(
            f"the {first} certificate of {fqdn}", f"show cert own {first}, on the command line of {fqdn}", machine=fqdn
        )
    for service in others:
        held = own.get(service.lower())
        if held is not None:
            yield _file(fqdn, f"cert-{service.lower()}.pem", held, f"{service} certificate")
    for service in (first, *others):
        trusted = lists.get(service.lower())
        if trusted is not None:
            yield _file(fqdn, f"trust-{service.lower()}.pem", trusted, f"{service}-trust list")
        else:
            how = (
                f"show cert list trust, on the command line of {fqdn}; Cisco Unified OS Administration > Security > Certificate "
                "Management has the files"
            )
            ledger.lack(f"the list {service}-trust of {fqdn}", how, machine=fqdn)
    for service in sorted((own.keys() | lists.keys()) - {s.lower() for s in SERVICES[kind]}):
        held = own.get(service) or lists[service]
        what = f"the certificates of the service {printable(service, 40)} of {fqdn}"
        ledger.leave_out(what, "no connection of the deployment shows or reads them", Evidence(source=held.source))


class LooseFiles:
    """Gives files that name no machine to machines: by the names in the certificate, else by an answer."""

    def __init__(self, machines: Sequence[str], peers: Sequence[str], ledger: Ledger) -> None:
        self._machines, self._peers, self._ledger = tuple(machines), tuple(peers), ledger

    def place(self, loose: LooseCertificates, placed: Sequence[PlacedFile]) -> Iterator[PlacedFile]:
        """Yield the files that a loose file becomes.

        Args:
            loose: the certificates.
            placed: what is placed already.

        Yields:
            One file for each machine that gets it.
        """
        is_list = loose.kind is LooseKind.TRUST_LIST
        name, what = ("trust.pem", "trusted CA list") if is_list else ("cert.pem", "certificate")
        held = loose.held if is_list else replace(
            loose.held, certificates=bundle_of(loose.held.certificates, is_server=True).leaf_first
        )  # fmt: skip
        whose = self._answered(loose, is_list) or ([] if is_list else self._by_name(held))
        if not whose:
            self._ask(loose, is_list)
        for machine in whose:
            if machine == _NOBODY:
                continue
            made = _file(machine, name, held, what)
            before = next((p for p in placed if (p.machine, p.name) == (machine, name)), None)
            if before is None:
                yield made
            elif before.content != made.content:
                self._ledger.contradict(
                    "peer-twice", f"there are two different files for {machine}/{name}", *before.evidence, *made.evidence,
                    used=f"the import uses {before.evidence[0].source if before.evidence else 'the first'}",
                    machines=(machine,), fix="Give one file for each machine.",
                )  # fmt: skip

    def place_crls(self, held: RevocationData, *, checking: bool) -> Iterator[PlacedFile]:
        """Yield the CRLs of files that name no machine, for the peers that an answer names.

        Args:
            held: the CRLs.
            checking: revocation checking is on; otherwise they decide nothing.

        Yields:
            One file for each peer that gets them.

        Raises:
            RefusedAnswer: the answer names no peer.
        """
        crls = each_once(crl for _, crl in held.crls)
        if crls and not checking:
            self._ledger.leave_out(counted(len(crls), "CRL"), "revocation checking is off, so no connection reads them")
        if not crls or not checking:
            return
        key = "files/crls"
        answer = self._ledger.ask(Question(
            key=key, text=f"On which peers were the {counted(len(crls), 'CRL')} uploaded?",
            allowed=f"FQDNs with commas between them, {_EVERY_PEER} or {_NOBODY}; peers are {', '.join(self._peers)}",
            how=f"{pages.CRLS} on each peer",
        ), note=False)  # fmt: skip
        text = (answer or _NOBODY).strip()
        whose = (
            self._peers if text == _EVERY_PEER else [w.strip().lower() for w in text.split(",") if w.strip() != _NOBODY]
        )
        wrong = next((name for name in whose if name not in self._peers), None)
        if wrong is not None:
            raise RefusedAnswer(one_of(wrong, (*self._peers, _EVERY_PEER, _NOBODY)), key=key, value=text)
        for peer in whose:
            yield PlacedFile(
                machine=peer, name="crl.pem", content=_pem(crls), says=counted(len(crls), "CRL"), evidence=()
            )

    def _by_name(self, held: HeldCertificates) -> list[str]:
        names: PresentedNames = presented_names(held.certificates[0])
        having = [m for m in self._machines if m in certificate_names(held)]
        return having if len(having) == 1 else [m for m in having if m == names.common_name]

    def _key(self, loose: LooseCertificates) -> str:
        source = loose.held.source
        return f"files/{label_of((source.member or source.file).replace(chr(92), '/').rpartition('/')[2], 'file')}"

    def _answered(self, loose: LooseCertificates, is_list: bool) -> list[str]:
        key = self._key(loose)
        text = self._ledger.answer(key)
        if text is None:
            return []
        if is_list and text.strip() == _EVERY_PEER:
            return list(self._peers)
        found = [word.strip().lower() for word in text.split(",") if word.strip()]
        allowed = (*self._machines, _NOBODY)
        wrong = next((word for word in found if word not in allowed), None)
        if wrong is not None or not found:
            raise RefusedAnswer(one_of(wrong or "", allowed), key=key, value=text)
        return found

    def _ask(self, loose: LooseCertificates, is_list: bool) -> None:
        source = loose.held.source
        text = f"Whose trusted CA list is {source}?" if is_list else (
            f"Whose certificate is {source} ({printable(title(loose.held.certificates[0]), 60)})? Its names fit no machine."
        )  # fmt: skip
        more = f", {_EVERY_PEER} (every peer)" if is_list else ""
        self._ledger.ask(Question(
            key=self._key(loose), text=text, allowed=f"FQDNs with commas between them{more}, or {_NOBODY}; "
            f"machines are {', '.join(self._machines)}",
            how=f"{pages.SERVER_CERTIFICATE} and {pages.TRUSTED_CA} on each machine", choices=(),
        ), note=False)  # fmt: skip


def lack_folders(
    machines: Iterable[str], placed: Sequence[PlacedFile], clusters: Sequence[FoundCluster], ledger: Ledger
) -> None:
    """Note the machines of which no file was given: a check can only say half about their connections."""
    having = {file.machine for file in placed}
    peers = {peer for cluster in clusters for peer in cluster.peers}
    members = {member.fqdn for cluster in clusters for member in cluster.members}
    for machine in machines:
        if machine in having or machine in members:
            continue
        what = f"every file of {machine}: its connections are not fully assessed"
        how = f"its diagnostic archive: {pages.DIAGNOSTIC_LOGGING}" if machine in peers else (
            f"its certificate: add {machine}.pem, what it shows (pkikit probe {machine}:PORT), or show cert own"
        )  # fmt: skip
        ledger.lack(what, how, machine=machine)
