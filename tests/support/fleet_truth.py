"""Another opinion about a made deployment: from raw certificates and names alone, with nothing of `pkikit.judge`.

It knows only what made fleets contain: names that are equal or not, chains by names of issuers, one window of time per chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.legs import legs_of
from pkikit.files import load_deployment
from pkikit.fleet.made.broken import checks_of
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Consumer, Leg, Protocol
from pkikit.model.purposes import needs_client_auth

_NEVER = datetime.max.replace(tzinfo=UTC)
_Certificates = list[x509.Certificate]


def raw_breaks(folder: Path, at: datetime, until: datetime) -> dict[str, datetime]:
    """When each connection breaks first, until then; without those that do not."""
    deployment = load_deployment(folder / "deployment.yaml")
    found = {leg.id: _first(leg, deployment, folder / "certificates", at) for leg in legs_of(deployment)}
    return {leg_id: when for leg_id, when in found.items() if when <= until}


def _first(leg: Leg, deployment: Deployment, certificates: Path, at: datetime) -> datetime:
    sides = [(leg.client, leg.server)] if leg.client_verifies else []
    sides += [(leg.server, leg.client)] if leg.mutual else []
    if leg.permissive:
        return _NEVER
    own = [leg.server, *([leg.client] if leg.mutual else [])]
    weak = any(c[0].public_key().key_size < 2048 for m in own for c in _chains(certificates / m))  # type: ignore[union-attr]
    ends = (_end(leg, deployment, certificates, by, of, at) for by, of in sides)
    return at if weak else max(min(ends, default=_NEVER), at)


def _end(leg: Leg, deployment: Deployment, certificates: Path, by: str, of: str, at: datetime) -> datetime:
    """The end of what this side accepts."""
    listed, ends = _read(certificates / by / "trust.pem"), _NEVER
    asks = {ExtendedKeyUsageOID.CLIENT_AUTH} if needs_client_auth(leg, of, deployment) else set()
    asks |= {ExtendedKeyUsageOID.SERVER_AUTH} if of == leg.server else set()
    for leaf, *sent in _chains(certificates / of):
        ssh = leg.protocol is Protocol.SSH
        path = list(_path(leaf, [] if ssh else sent, listed))
        names = set(
            leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
        )
        has = set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        looked_for = [{*check.any_of, *check.services} for check in checks_of(leg, of) if check.binding]
        odd = any(e.critical and isinstance(e.value, x509.UnrecognizedExtension) for e in leaf.extensions)
        odd |= ssh and any(a.oid.dotted_string.startswith("1.3.6") for a in leaf.subject)
        if not path or odd or not asks <= has or any(not names & wanted for wanted in looked_for) or _misused(path):
            return at
        if max(c.not_valid_before_utc for c in path) > at:
            return at
        ends = min([ends, *(c.not_valid_after_utc + timedelta(seconds=1) for c in path)])
        ends = min(ends, _status_end(leg, deployment, certificates / by / "crl.pem", by, leaf, at))
    return ends


def _path(leaf: x509.Certificate, sent: _Certificates, listed: _Certificates) -> Iterator[x509.Certificate]:
    """The leaf and what is above it up to a self-signed certificate of the list; nothing if there is none."""
    path = [leaf]
    while path[-1].subject != path[-1].issuer:
        above = next((c for c in (*listed, *sent) if c.subject == path[-1].issuer), None)
        if above is None:
            return
        path.append(above)
    yield from path if path[-1] in listed else ()


def _misused(path: _Certificates) -> bool:
    """A certificate signs that must not sign, or signs what it must not."""
    names = (
        path[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    )
    for below, ca in enumerate(path[1:]):
        by_type = {type(e.value): e.value for e in ca.extensions}
        basic, allowed = by_type.get(x509.BasicConstraints), by_type.get(x509.NameConstraints)
        if not isinstance(basic, x509.BasicConstraints) or not basic.ca:
            return True
        if basic.path_length is not None and basic.path_length < below:
            return True
        if isinstance(allowed, x509.NameConstraints):
            suffixes = tuple(f".{name.value}" for name in allowed.permitted_subtrees or ())
            if not all(f".{name}".endswith(suffixes) for name in names):
                return True
    return False


def _status_end(
    leg: Leg, deployment: Deployment, file: Path, by: str, leaf: x509.Certificate, at: datetime
) -> datetime:
    reads = leg.consumer not in {Consumer.SSH, Consumer.XCP, Consumer.LDAP}
    if not reads or not file.exists() or by not in deployment.peers:
        return _NEVER
    crls = [
        x509.load_pem_x509_crl(part + b"-----END X509 CRL-----")
        for part in file.read_bytes().split(b"-----END X509 CRL-----")[:-1]
    ]
    if any(crl.get_revoked_certificate_by_serial_number(leaf.serial_number) for crl in crls):
        return at
    return min(crl.next_update_utc or _NEVER for crl in crls) + timedelta(microseconds=1)


def _chains(machine: Path) -> list[_Certificates]:
    return [_read(file) for file in sorted(machine.glob("c*t*.pem"))]


def _read(file: Path) -> _Certificates:
    return x509.load_pem_x509_certificates(file.read_bytes()) if file.exists() else []
