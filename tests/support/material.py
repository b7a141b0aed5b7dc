"""What the readers would hand over for a deployment, made in memory: for tests of what is put together from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cryptography import x509

from pkikit.design.xconfiguration import xconfiguration
from pkikit.intake.material import Configuration, HeldCertificates, Material, PeerMaterial, Source, Stated, StatusDump
from pkikit.model.deployment import Deployment
from pkikit.model.world import World

Change = Callable[[dict[str, str]], Any]


def configuration(values: Mapping[str, str], file: str) -> Configuration:
    """A configuration dump; the line of a setting is its place."""
    settings = {
        tuple(key.split()): Stated(value=value, source=Source(file=file, line=line), written=key)
        for line, (key, value) in enumerate(values.items(), start=1)
        if not value.startswith("{cipher}")
    }
    return Configuration(source=Source(file=file), settings=settings, secrets=len(values) - len(settings))


def status(version: str, file: str) -> StatusDump:
    """A status dump that names the version."""
    stated = Stated(value=version, source=Source(file=file, line=4), written="Version")
    return StatusDump(source=Source(file=file), values={("SystemUnit", "Software", "Version"): stated})


def held(certificates: tuple[x509.Certificate, ...], file: str) -> HeldCertificates:
    """The certificates of a file."""
    return HeldCertificates(source=Source(file=file), certificates=certificates)


def peer_material(deployment: Deployment, fqdn: str, change: Change = lambda values: None, *, version: bool = True,
                  world: World | None = None, day: int = 1) -> PeerMaterial:  # fmt: skip
    """The archive of one peer; `change` edits its settings, `world` has its certificates."""
    host = fqdn.partition(".")[0]
    stamp = f"{host}_2026-03-{day:02}_120000"
    values = dict(xconfiguration(deployment, fqdn))
    change(values)
    party = world.parties[fqdn] if world is not None else None
    return PeerMaterial(
        label=f"diagnostic_log_{stamp}.tar.gz",
        host=host,
        configuration=configuration(values, f"xconf_dump_{stamp}.txt"),
        status=status(deployment.version, f"xstat_dump_{stamp}.txt") if version else None,
        server=held(party.credential.chain, f"server_{stamp}.pem") if party and party.credential else None,
        trusted=held(party.trusted_ca_list, f"ca_{stamp}.pem") if party else None,
    )


def material_of(deployment: Deployment, **changes: Change) -> Material:
    """The archives of all peers; `changes` edit the settings of a peer by its host name."""
    parts = (peer_material(deployment, p, changes.get(p.partition(".")[0], lambda v: None)) for p in deployment.peers)
    return Material(peers=tuple(parts))
