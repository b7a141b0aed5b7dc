"""The state of a newly installed peer: a temporary CA and a server certificate that it issued (X8.1 and later)."""

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
    """Return the temporary CA that an installation makes (X8.1 and later). No other peer knows it."""
    return create_root(f"Temporary CA {fqdn}"[:64], at=at, organisation="Temporary CA")


def temporary_credential(fqdn: str, at: datetime) -> tuple[x509.Certificate, Credential]:
    """Return (the temporary CA, the server certificate that a new installation uses)."""
    authority, key = temporary_ca(fqdn, at), fast_key()
    entry = SanEntry(value=fqdn, reason="its own FQDN", rule=PEER.id, needed_by=())
    request = build_csr(SanLayout(owner=fqdn, common_name=fqdn, entries=(entry,)), key)
    return authority.certificate, Credential(chain=(authority.issue(request, at=at),), key=key)


def new_installation(fqdn: str, at: datetime) -> PeerState:
    """Return the state of a new installation: a temporary CA, a certificate that it issued, and no other trusted CA."""
    authority, credential = temporary_credential(fqdn, at)
    return PeerState(fqdn=fqdn, certificate=credential, trusted_ca_list=(authority,), temporary_ca=authority)
