"""Whose an address is: names and IP addresses that zones dial, resolved by what the files and the answers say."""

from __future__ import annotations

from collections.abc import Sequence

from pkikit.intake.assembly.peers.found_clusters import FoundCluster
from pkikit.intake.assembly.peers.gathered_peers import certificate_names
from pkikit.intake.assembly.peers.peer_settings import fqdn_or_none, name_or_ip
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence, Question
from pkikit.intake.assembly.record.refused_answer import RefusedAnswer
from pkikit.model.tables import product_pages as pages
from pkikit.text import one_of
from pkikit.values.names import ip_text, is_ip_address

NOBODY = "none"


class AddressBook:
    """Resolves addresses, and remembers which IP addresses and other names the deployment file has to list."""

    def __init__(self, clusters: Sequence[FoundCluster], ledger: Ledger) -> None:
        self.clusters = list(clusters)
        self._ledger = ledger
        self._by_answer: dict[str, str] = {}
        self._aliases: dict[str, dict[str, list[str]]] = {}
        for key, value in ledger.under("addresses").items():
            ip, name = (key, value) if is_ip_address(key) else (value, key)
            fqdn = fqdn_or_none(name)
            if fqdn is None or not is_ip_address(ip):
                raise RefusedAnswer("write addresses/IP=FQDN", key=f"addresses/{key}", value=value)
            self._by_answer[ip_text(ip)] = fqdn

    def whose(self, address: str) -> str | None:
        """Return the FQDN behind an IP address; None if nobody knows it."""
        if address in self._by_answer:
            return self._by_answer[address]
        return next((c.addresses[address] for c in self.clusters if address in c.addresses), None)

    def list_address(self, ip: str, fqdn: str, why: str, *evidence: Evidence, assumed: bool = False) -> None:
        """Note that the deployment file needs to know whose an IP address is."""
        key = f"addresses/{fqdn}"
        if key in self._ledger.facts:
            return
        if assumed:
            self._ledger.assume(key, ip, why, f"--answer addresses/{ip}=FQDN", *evidence)
        elif ip in self._by_answer:
            self._ledger.take(key, ip)
        else:
            self._ledger.read(key, ip, *evidence, why=why)

    def alias(self, cluster: FoundCluster, peer: str, name: str, why: str, *evidence: Evidence, assumed: bool) -> None:
        """Note another name of a peer."""
        names = self._aliases.setdefault(cluster.id, {}).setdefault(peer, [])
        if name not in names:
            names.append(name)
        key = f"{cluster.prefix}/aliases/{peer}"
        if assumed:
            self._ledger.assume(key, tuple(names), why, f"--answer aliases/{name}=FQDN of the peer", *evidence)
        else:
            self._ledger.read(key, tuple(names), *evidence, why=why)

    def answered_alias(self, cluster: FoundCluster, address: str) -> str | None:
        """Return the peer that an answer gives for another name of it: `aliases/inner.example.com`.

        Args:
            cluster: whose peers.
            address: the other name.

        Returns:
            The peer; `none` if the answer says that it is nobody's; None without an answer.

        Raises:
            RefusedAnswer: the answer is not a peer of the cluster.
        """
        text = self._ledger.answer(f"aliases/{address}")
        if text is None:
            return None
        name = text if text == NOBODY else name_or_ip(text)
        if name != NOBODY and name not in cluster.peers:
            raise RefusedAnswer(one_of(text, (*cluster.peers, NOBODY)), key=f"aliases/{address}", value=text)
        return name

    def ask_whose(self, address: str, where: str, peers: tuple[str, ...]) -> None:
        """Ask which machine has an address; `peers` are those that it can be, if the files list them."""
        kind = "addresses" if is_ip_address(address) else "aliases"
        self._ledger.ask(Question(
            key=f"{kind}/{address}", text=f"Which machine is {address}? {where} dials it.",
            allowed=", ".join(peers) or "the FQDN of the machine", choices=peers,
            how=f"{pages.NETWORK} and {pages.DNS} of each peer, or look the name up in DNS",
        ))  # fmt: skip

    def by_certificate(self, cluster: FoundCluster, name: str) -> tuple[str, Evidence] | None:
        """Return the only peer of a cluster whose certificate has a name, with the file; None if there is not exactly one."""
        having = [m for m in cluster.members if m.server is not None and name in certificate_names(m.server)]
        if len(having) != 1 or having[0].server is None:
            return None
        return having[0].fqdn, Evidence(source=having[0].server.source)
