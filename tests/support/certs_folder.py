"""A world as the folder that `--certs` reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.files import key_pem, write_private, write_public
from pkikit.issue.lookalike.rekeyed_folder import RekeyedFiles, rekeyed_files
from pkikit.model.certificates.credential import Credential
from pkikit.model.revocation import CrlSource
from pkikit.model.world import World


def write_certs(world: World, directory: Path, machines: Iterable[str] = (), *, keys: bool = False) -> Path:
    """Write the files of these machines, by default of all; with their private keys if asked."""
    for fqdn in machines or world.parties:
        party, folder = world.parties[fqdn], directory / fqdn
        shown = {"cert.pem": party.credential, "client.pem": party.client}
        lists = {"trust.pem": party.trusted_ca_list}
        for made in world.deployment.group_of(fqdn).certificates[1:]:
            service = made.service.lower()
            shown |= {f"cert-{service}.pem": party.services[port] for port in made.ports if port in party.services}
            lists |= {f"trust-{service}.pem": party.lists[port] for port in made.ports if port in party.lists}
        for name, credential in shown.items():
            if credential is not None:
                _write(folder / name, credential, keys=keys)
        of_file = [crl for source, crl in party.held.crls if source is CrlSource.CA_FILE]
        for name, listed in lists.items():
            write_public(folder / name, _pem(listed) + (_pem(of_file) if name == "trust.pem" else b""))
        if manual := [crl for source, crl in party.held.crls if source is CrlSource.MANUAL]:
            write_public(folder / "crl.pem", _pem(manual))
    return directory


def write_rekeyed(source: Path, target: Path) -> RekeyedFiles:
    """Write the counterpart of a folder, as `pkikit import --rekey` makes it."""
    files = {p.relative_to(source).as_posix(): p.read_bytes() for p in sorted(source.rglob("*")) if p.is_file()}
    made = rekeyed_files(files)
    for path, content in made.files.items():
        (write_private if path in made.keys else write_public)(target / path, content)
    return made


def _write(path: Path, credential: Credential, *, keys: bool) -> None:
    write_public(path, credential.pem())
    if keys and credential.key is not None:
        name = "client-key.pem" if path.name == "client.pem" else path.name.replace("cert", "key", 1)
        write_private(path.with_name(name), key_pem(credential.key))


def _pem(objects: Iterable[x509.Certificate | x509.CertificateRevocationList]) -> bytes:
    return b"".join(o.public_bytes(Encoding.PEM) for o in objects)
