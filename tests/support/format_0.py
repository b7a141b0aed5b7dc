"""What the lab wrote before its files had format numbers: the writers of that version, never to be changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.files import key_pem
from pkikit.issue.authority import Authority
from pkikit.model.certificates.credential import Credential
from pkikit.model.renewal import AcmeMode, RenewKey
from pkikit.model.world import Party
from simulator.lab.saved_lab import SavedLab, lab_codec
from simulator.peer.acme_state import AcmeState, Management
from simulator.peer.state import PeerState
from simulator.peer.store import peer_codec


def rewrite_folder(folder: Path, context: dict[str, Any]) -> None:
    """Put every file of a state folder into the old format."""
    path = folder / "lab.json"
    saved = lab_codec().from_bytes(path.read_bytes(), where=str(path), context=context)
    path.write_text(json.dumps(lab_document(saved), indent=1), encoding="ascii")
    for peer in folder.glob("*/peer.json"):
        state = peer_codec().from_bytes(peer.read_bytes(), where=str(peer))
        peer.write_text(json.dumps(peer_document(state), indent=1), encoding="ascii")


def lab_document(saved: SavedLab) -> dict[str, Any]:
    """`lab.json`."""
    return {
        "deployment": saved.world.deployment.name,
        "travelled_seconds": saved.travelled.total_seconds(),
        "passwords": dict(saved.passwords),
        "root": _authority(saved.root),
        "issuing": _authority(saved.issuing),
        "revocation": {cluster: r.model_dump(mode="json") for cluster, r in saved.world.revocation.items()},
        "parties": {fqdn: _party(party) for fqdn, party in saved.world.parties.items()},
    }


def _authority(authority: Authority) -> dict[str, str] | None:
    return _credential(Credential(chain=(authority.certificate, *authority.parents), key=authority.key))


def _party(party: Party) -> dict[str, Any]:
    return {
        "credential": _credential(party.credential),
        "services": {str(port): _credential(credential) for port, credential in party.services.items()},
        "trusted": "".join(_pem(party.trusted_ca_list)),
    }


def _credential(credential: Credential | None) -> dict[str, str] | None:
    if credential is None:
        return None
    key = key_pem(credential.key).decode("ascii") if credential.key is not None else ""
    return {"chain": credential.pem().decode("ascii"), "key": key}


def _pem(objects: tuple[Any, ...]) -> list[str]:
    return [o.public_bytes(Encoding.PEM).decode("ascii") for o in objects]


def peer_document(state: PeerState) -> dict[str, Any]:
    """`peer.json`."""
    request = state.request
    return {
        "fqdn": state.fqdn,
        "certificate": _credential(state.certificate),
        "request": None
        if request is None
        else {
            "csr": request.csr.public_bytes(Encoding.PEM).decode("ascii"),
            "key": key_pem(request.key).decode("ascii"),
        },
        "pending_certificate": _credential(state.pending_certificate),
        "trusted_ca_list": _pem(state.trusted_ca_list),
        "temporary_ca": _pem((state.temporary_ca,) if state.temporary_ca else ()),
        "embedded_crls": _pem(state.embedded_crls),
        "manual_crls": _pem(state.manual_crls),
        "downloaded_crls": _pem(state.downloaded_crls),
        "automatic": {"urls": list(state.automatic.urls), "hour": state.automatic.hour},
        "domain_pending": {domain: _credential(held) for domain, held in state.domain_pending},
        "client_certificate": _credential(state.client_certificate),
        "acme": _acme(state.acme),
        "domain_certificates": {domain: _credential(held) for domain, held in state.domain_certificates},
    }


def _acme(state: AcmeState) -> dict[str, Any]:
    """One switch for all certificates, and no deployments; `of_format_0` returns what can be read back."""
    settings, account, last, server = state.settings, state.account, state.last, state.server
    return {
        "settings": {
            "provider": settings.provider.value, "directory": settings.directory, "ca": settings.ca,
            "email": settings.email, "terms": settings.terms, "profile": "",
            "preferred_chain": settings.preferred_chain, "eab_kid": settings.eab_kid, "automatic": server.automatic,
            "days": sorted(server.schedule.days), "hour": server.schedule.hour, "eab_mac": settings.eab_mac,
        },
        "account": account and {
            "directory": account.directory, "url": account.url, "key": key_pem(account.key).decode("ascii"),
        },
        "order": state.order,
        "domains": [domain for domain, _ in state.domains],
        "last": last and {
            "at": last.at.astimezone(UTC).isoformat().replace("+00:00", "Z"), "error": last.error,
            "failures": last.failures,
            "retry_after": last.retry_after.total_seconds() if last.retry_after is not None else None,
        },
    }  # fmt: skip


def of_format_0(state: AcmeState) -> AcmeState:
    """Return what is read of an ACME state that was written in format 0."""
    automatic = state.server.automatic
    mode = AcmeMode.AUTOMATED if automatic else AcmeMode.MANUAL if state.settings.terms else AcmeMode.DISABLED
    managed = Management(
        mode=mode, renew_key=RenewKey.ROTATE if automatic else RenewKey.RETAIN,
        schedule=replace(state.server.schedule, minute=0),
    )  # fmt: skip
    signed = state.last and replace(state.last, automatic=False)
    domains = tuple((domain, managed) for domain, _ in state.domains)
    return replace(state, server=replace(managed, signed=signed), domains=domains)
