"""A peer as a new installation leaves it: a temporary CA and a server certificate from it (X8.1 on)."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509

from pkikit.design.csr import build_csr, fast_key
from pkikit.design.san import SanEntry, SanLayout
from pkikit.issue.authority import Authority, create_root
from pkikit.model.certificates.credential import Credential
from pkikit.rules.name_rules import PEER
from simulator.peer.state import PeerState


def temporary_ca(fqdn: str, at: datetime) -> Authority:
    """The CA that an installation makes for itself (X8.1 on); only this peer knows it."""
    return create_root(f"Temporary CA {fqdn}"[:64], at=at, organisation="Temporary CA")


def temporary_credential(fqdn: str, at: datetime) -> tuple[x509.Certificate, Credential]:
    """(the temporary CA, the server certificate that an installation begins with)."""
    authority, key = temporary_ca(fqdn, at), fast_key()
    entry = SanEntry(value=fqdn, reason="its own FQDN", rule=PEER.id, needed_by=())
    request = build_csr(SanLayout(owner=fqdn, common_name=fqdn, entries=(entry,)), key)
    return authority.certificate, Credential(chain=(authority.issue(request, at=at),), key=key)


def installed(fqdn: str, at: datetime) -> PeerState:
    """A peer as a new installation: a temporary CA and a certificate from it, nobody else trusted (X8.1 on)."""
    authority, credential = temporary_credential(fqdn, at)
    return PeerState(fqdn=fqdn, certificate=credential, trusted_ca_list=(authority,), temporary_ca=authority)
