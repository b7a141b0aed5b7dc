"""A world as a folder: the deployment file, and for each machine the files that `--certs` reads. And back.

What `--certs` must not take for somebody's file is in a folder of its own, `others`: everything of a machine for which the lab
made a part because nobody gave it, and machines that the deployment does not have yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from pkikit.errors import InputError
from pkikit.files import key_pem, load_deployment, read_certificates
from pkikit.files.deployment_folder import (
    CERTIFICATE,
    CERTIFICATES,
    CLIENT,
    CRLS,
    DEPLOYMENT,
    PUBLISHED,
    RECORD,
    TRUST,
    URLS,
    domain_file,
    key_file_of,
)
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.parties import PartyGroup
from pkikit.model.revocation import CrlSource, RevocationData
from pkikit.model.world import Party, StandIns, World
from pkikit.worlds.brought import brought_party, published_data

OTHERS, AUTHORITIES = "others", "authorities.pem"
_Pem = x509.Certificate | x509.CertificateRevocationList
# What the lab plays, and no file of a machine says.
_PLAYED = (
    "revocation", "eku_checking", "server_eku_upload", "withdrawn", "failing", "points", "caa", "blocked", "cut", "delays",
    "stale", "full", "reverse", "ca",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class WorldFolder:
    """The files of a world, and what they do not say.

    Attributes:
        files: content by path. The names of private keys are those of `is_key_file`.
        made: paths of the files, as `c1.example.com/cert.pem`, that the lab made because nobody gave them.
        urls: where the lab serves CRLs of its own.
        unknown: nothing of what the lab made counts: a connection that depends on it is not assessed.
        unresolved: names that DNS lacks.
    """

    files: Mapping[str, bytes]
    made: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    unknown: bool = False
    unresolved: tuple[str, ...] = ()


def deployment_yaml(deployment: Deployment) -> bytes:
    """Return a deployment as the text of its file."""
    document = deployment.model_dump(mode="json", exclude_unset=True)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120).encode()


def machine_files(party: Party, group: PartyGroup, *, keys: bool = True) -> dict[str, bytes]:
    """Return the files of one machine, by their names.

    Args:
        party: the machine.
        group: its group in the deployment, which says what services it has.
        keys: include the private keys.

    Returns:
        Content by name. An empty list of CAs has no file.
    """
    shown = {CERTIFICATE: party.credential, CLIENT: party.client}
    shown |= {domain_file(name): credential for name, credential in party.domains.items()}
    lists = {TRUST: party.trusted_ca_list}
    for made in group.certificates[1:]:
        service = made.service.lower()
        shown |= {f"cert-{service}.pem": party.services[port] for port in made.ports if port in party.services}
        lists |= {f"trust-{service}.pem": party.lists[port] for port in made.ports if port in party.lists}
    files = {name: credential.pem() for name, credential in shown.items() if credential is not None}
    if keys:
        files |= {
            key_file_of(name): key_pem(credential.key)
            for name, credential in shown.items()
            if credential is not None and credential.key is not None
        }
    files |= {name: _pem(listed) for name, listed in lists.items() if listed}
    in_list = _pem(crl for source, crl in party.held.crls if source is CrlSource.CA_FILE)
    if in_list:
        files[TRUST] = files.get(TRUST, b"") + in_list
    by_hand = _pem(crl for source, crl in party.held.crls if source is not CrlSource.CA_FILE)
    return {**files, CRLS: by_hand} if by_hand else files


def _pem(objects: Iterable[_Pem]) -> bytes:
    return b"".join(o.public_bytes(Encoding.PEM) for o in objects)


def published_files(published: Mapping[str, RevocationData]) -> dict[str, bytes]:
    """Return the files of `ca`: what CAs publish, and `urls.yaml`, which says where.

    Args:
        published: CRLs and OCSP answers by URL. A URL with both loses its answers: no such server exists.

    Returns:
        Content by name; nothing if nothing is published.
    """
    files, urls = {}, {}
    for number, (url, data) in enumerate(sorted(published.items()), start=1):
        content = _pem(crl for _, crl in data.crls) or _first_answer(data.ocsp_answers)
        if content:
            urls[url] = f"{number}.{'crl' if data.crls else 'ocsp'}"
            files[urls[url]] = content
    return {**files, URLS: yaml.safe_dump(urls).encode()} if urls else {}


def _first_answer(answers: tuple[ocsp.OCSPResponse, ...]) -> bytes:
    return answers[0].public_bytes(Encoding.DER) if answers else b""


def world_files(world: World, also: Deployment | None = None) -> WorldFolder:
    """Return a world as files.

    Args:
        world: the machines, without faults that the lab plays.
        also: a deployment with machines of this world that its own deployment does not have.

    Returns:
        The files, and what they do not say.

    Raises:
        InputError: the world has a fault that no file can say.
    """
    fault = next((name for name in _PLAYED if getattr(world, name)), "")
    if fault:
        raise InputError(
            f"the lab plays a fault ({fault}), which the files of machines cannot keep", where=world.deployment.name
        )
    stand_ins, files, made = world.stand_ins, {DEPLOYMENT: deployment_yaml(world.deployment)}, []
    for fqdn, party in world.parties.items():
        own = machine_files(party, group_in(fqdn, world.deployment, also))
        lacking = _made_files(party, own, stand_ins, group_in(fqdn, world.deployment, also))
        made += [f"{fqdn}/{name}" for name in lacking]
        listed = fqdn in _machines(world.deployment)
        if not listed or (stand_ins.unknown and lacking):
            files |= {f"{OTHERS}/{fqdn}/{name}": content for name, content in own.items()}
        if listed:
            kept = {n: c for n, c in own.items() if not (stand_ins.unknown and _made_for(n, lacking))}
            files |= {f"{CERTIFICATES}/{fqdn}/{name}": content for name, content in kept.items()}
    ours = stand_ins.urls if stand_ins.unknown else frozenset()
    for place, urls in ((CERTIFICATES, world.published.keys() - ours), (OTHERS, world.published.keys() & ours)):
        served = published_files({url: world.published[url] for url in urls})
        files |= {f"{place}/{PUBLISHED}/{name}": content for name, content in served.items()}
    if world.authorities:
        files[f"{OTHERS}/{AUTHORITIES}"] = _pem(world.authorities)
    if stand_ins.unknown:  # so that `--certs` knows it, too
        files[RECORD] = b'{"format": 1, "written": []}\n'
    return WorldFolder(
        files=files,
        made=tuple(made),
        urls=tuple(sorted(stand_ins.urls)),
        unknown=stand_ins.unknown,
        unresolved=tuple(sorted(world.unresolved)),
    )


def group_in(fqdn: str, *deployments: Deployment | None) -> PartyGroup:
    """Return the group of a machine, from the first deployment that has it.

    Args:
        fqdn: the machine.
        *deployments: where to look.

    Returns:
        The group.

    Raises:
        InputError: none of them has this machine.
    """
    for deployment in deployments:
        if deployment is not None and fqdn in _machines(deployment):
            return deployment.group_of(fqdn)
    raise InputError("is not a machine of the deployment", where=fqdn)


def _machines(deployment: Deployment) -> tuple[str, ...]:
    """Return all machines, with the clients outside."""
    return (
        *deployment.parties,
        *(name for group in deployment.groups if not group.has_certificates for name in group.members),
    )


def _made_for(name: str, made: Iterable[str]) -> bool:
    return name in made or any(name == key_file_of(other) for other in made if other.startswith(("cert", "client")))


def _made_files(party: Party, own: Mapping[str, bytes], stand_ins: StandIns, group: PartyGroup) -> list[str]:
    """Return the names of the files of a machine that the lab made in place of files that nobody gave."""
    shown: dict[str, Credential | None] = {CERTIFICATE: party.credential, CLIENT: party.client}
    lists = {TRUST: party.trusted_ca_list}
    for made in group.certificates[1:]:
        service = made.service.lower()
        for port in made.ports:
            shown |= {f"cert-{service}.pem": party.services[port]} if port in party.services else {}
            lists |= {f"trust-{service}.pem": party.lists[port]} if port in party.lists else {}
    found = [name for name, c in shown.items() if c is not None and c.leaf in stand_ins.certificates]
    found += [name for name, listed in lists.items() if (party.fqdn, listed) in stand_ins.lists]
    return [name for name in found if name in own]


def read_world(folder: Path, said: WorldFolder, also: Deployment | None = None, *, check_keys: bool = True) -> World:
    """Return the world of a folder that `world_files` describes.

    Args:
        folder: where the files are.
        said: what the files do not say; its `files` are not used.
        also: as for `world_files`.
        check_keys: check that the numbers of an RSA private key fit together.

    Returns:
        The world.

    Raises:
        InputError: a file is missing or cannot be used, or a folder is not of a machine.
    """
    deployment = load_deployment(folder / DEPLOYMENT)
    own = _machines(deployment)
    parties = {}
    for fqdn in dict.fromkeys((*own, *(_machines(also) if also is not None else ()))):
        place = next((p for p in (folder / OTHERS / fqdn, folder / CERTIFICATES / fqdn) if p.is_dir()), None)
        party = Party(fqdn=fqdn, credential=None, trusted_ca_list=())
        if place is not None:
            has = deployment if fqdn in own else also
            assert has is not None  # a name comes from one of them
            party = brought_party(party, has, place, check_keys=check_keys)
        if place is not None or fqdn in own:
            parties[fqdn] = party
    world = World(deployment=deployment, parties=parties, unresolved=frozenset(said.unresolved))
    published = {
        **published_data(world, folder / OTHERS / PUBLISHED),
        **published_data(world, folder / CERTIFICATES / PUBLISHED),
    }
    listed = folder / OTHERS / AUTHORITIES
    world = replace(world, published=published, authorities=read_certificates(listed) if listed.exists() else ())
    return replace(world, stand_ins=_stand_ins(world, said, also))


def _stand_ins(world: World, said: WorldFolder, also: Deployment | None) -> StandIns:
    certificates, lists = set(), set()
    for path in said.made:
        fqdn, _, name = path.partition("/")
        party = world.parties.get(fqdn)
        if party is None:
            raise InputError("is not a machine of the deployment", where=path)
        group = group_in(fqdn, world.deployment, also)
        services = {made.service.lower(): made.ports for made in group.certificates[1:]}
        service = name.removesuffix(".pem").partition("-")[2]
        port = next(iter(services.get(service, ())), None)
        if name.startswith("trust"):
            lists.add(
                (fqdn, party.lists.get(port, party.trusted_ca_list) if port is not None else party.trusted_ca_list)
            )
            continue
        own = party.client if name == CLIENT else party.services.get(port) if port is not None else party.credential
        if own is not None:
            certificates.add(own.leaf)
    return StandIns(
        certificates=frozenset(certificates), lists=frozenset(lists), urls=frozenset(said.urls), unknown=said.unknown
    )
