"""A world as a folder with a deployment file and certificates."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.model.world import World
from pkikit.worlds.world_folder import deployment_yaml


def folder_of(world: World, folder: Path) -> Path:
    """A folder as pkikit import makes it, without keys."""
    (folder / "certificates").mkdir(parents=True)
    (folder / "deployment.yaml").write_bytes(deployment_yaml(world.deployment))
    (folder / "import.md").write_text("notes")
    for fqdn, party in world.parties.items():
        place = folder / "certificates" / fqdn
        place.mkdir()
        if party.credential is not None:
            (place / "cert.pem").write_bytes(party.credential.pem())
        (place / "trust.pem").write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in party.trusted_ca_list))
    return folder
