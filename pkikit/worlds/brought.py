"""`--certs DIR`: your own certificates, trusted CA lists, CRLs and OCSP answers put into the lab's world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import yaml
from cryptography import x509

from pkikit.errors import EncodingError, InputError
from pkikit.files import (
    FileContents,
    credential_from_folder,
    iter_party_folders,
    read_bytes,
    read_file,
    refuse_unreadable,
)
from pkikit.files.deployment_folder import (
    CERTIFICATE,
    CLIENT,
    CLIENT_KEY,
    CRLS,
    DOMAIN_FILES,
    MACHINE_FILES,
    PUBLISHED,
    RECORD,
    SERVICE_LISTS,
    TRUST,
    URLS,
    domain_of_file,
    is_machine_file,
    is_published_file,
    key_file_of,
)
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import crl_urls, is_self_signed, ocsp_urls
from pkikit.model.deployment import Deployment
from pkikit.model.parties import PartyGroup
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import Party, StandIns, World
from pkikit.rules.file_rules import NOT_PEM
from pkikit.text import listed
from pkikit.values.names import printable
from pkikit.worlds.judgeable import ocsp_problem, require_judgeable

_Certificates = tuple[x509.Certificate, ...]
_ByPort = dict[int, _Certificates]


def bring_certificates(world: World, directory: Path, *, check_keys: bool = True, unknown: bool | None = None) -> World:
    """Return the world with every folder of `directory` in it; a party without a folder keeps what the lab issued.

    A client outside has no folder by default: it trusts what the brought trusted CA lists trust.

    Args:
        world: the machines, with what the lab issued to them.
        directory: a folder with a folder for each machine, named by its FQDN.
        check_keys: check that the numbers of an RSA private key fit together. False only where nobody will dial.
        unknown: whether what nobody brought counts as unknown; otherwise the lab plays it. None: as `is_imported` says.

    Returns:
        The world with what was brought.

    Raises:
        InputError: a folder is not of a machine of this deployment, or a file cannot be used.
    """
    lab, brought_roots = world, []
    unknown = is_imported(directory) if unknown is None else unknown
    for folder in iter_party_folders(directory):
        fqdn = folder.name.lower()
        party = world.parties.get(fqdn)
        if party is None:
            raise InputError(
                f"is not a machine of {world.deployment.name}; folders are named {', '.join(world.parties)}",
                where=printable(str(folder)),
            )
        brought = brought_party(party, world.deployment, folder, check_keys=check_keys)
        if any(folder.glob("trust*.pem")):
            brought_roots += [c for c in brought.listed if is_self_signed(c)]
        world = world.with_party(brought)
    clients = [n for group in world.deployment.groups if not group.has_certificates for n in group.members]
    for client in (world.parties[n] for n in clients if not (directory / n).is_dir()):
        named = {root.subject for root in brought_roots}  # another lab's root has the name of this one's
        kept = (c for c in client.trusted_ca_list if c.subject not in named)
        roots = tuple(dict.fromkeys((*kept, *brought_roots)))
        world = world.with_party(replace(client, trusted_ca_list=roots))
    world = replace(world, published={**world.published, **published_data(world, directory / PUBLISHED)})
    return replace(world, stand_ins=_stand_ins(lab, world, directory, unknown=unknown))


def is_imported(directory: Path) -> bool:
    """Return True if `pkikit import` wrote the folder: then its `import.json` is beside it."""
    return (directory.parent / RECORD).is_file()


def _stand_ins(lab: World, world: World, directory: Path, *, unknown: bool) -> StandIns:
    """Return what the lab issued, and the lists that it made.

    A client outside trusts whatever was brought. That counts as unknown only if nothing may be claimed that nobody gave.
    """
    parties = lab.parties.values()
    leaves = {c.leaf for party in parties for c in party.credentials}
    lists = {(party.fqdn, made) for party in parties for made in (party.trusted_ca_list, *party.lists.values())}
    if unknown:
        outside = (n for group in world.deployment.groups if not group.has_certificates for n in group.members)
        lists |= {(fqdn, world.parties[fqdn].trusted_ca_list) for fqdn in outside}
    for folder in iter_party_folders(directory):  # files of the lab itself may be brought
        party = world.parties[folder.name.lower()]
        if (folder / CERTIFICATE).exists():
            leaves -= {c.leaf for c in party.credentials}
        if (folder / TRUST).exists():
            lists -= {(party.fqdn, made) for made in (party.trusted_ca_list, *party.lists.values())}
    urls = (url for url, served in lab.published.items() if world.published.get(url) is served)
    return StandIns(certificates=frozenset(leaves), lists=frozenset(lists), urls=frozenset(urls), unknown=unknown)


def brought_party(party: Party, deployment: Deployment, folder: Path, *, check_keys: bool = True) -> Party:
    """Return a machine with what its folder has; what the folder lacks stays.

    Args:
        party: the machine.
        deployment: says what services it has.
        folder: its files.
        check_keys: as in `bring_certificates`.

    Returns:
        The machine.

    Raises:
        InputError: a file cannot be used.
    """
    group = deployment.group_of(party.fqdn)
    credential_of = partial(credential_from_folder, folder, check_keys=check_keys)
    credential = credential_of() or party.credential
    client = credential_of(CLIENT, CLIENT_KEY) if _has_client_store(deployment, party.fqdn) else None
    trusted, held = party.trusted_ca_list, NOTHING_HELD
    trust_file, crl_file = folder / TRUST, folder / CRLS
    if trust_file.exists():
        contents = _trust_list(trust_file)
        trusted = contents.certificates
        held = held.with_crls(CrlSource.CA_FILE, contents.crls)
    trusted, lists = _lists_of_services(trusted, group, folder)
    if crl_file.exists():
        held = held.with_crls(CrlSource.MANUAL, (crl for _, crl in _revocation_file(crl_file).crls))
    services = {**(party.services if credential is party.credential else {}), **_services(group, credential_of)}
    domains = {**party.domains, **(_domains(folder, credential_of) if party.fqdn in deployment.peers else {})}
    return replace(
        party, credential=credential, client=client or party.client, services=services, domains=domains,
        trusted_ca_list=trusted, lists=lists, held=held,
    )  # fmt: skip


def _has_client_store(deployment: Deployment, fqdn: str) -> bool:
    return fqdn in deployment.peers and deployment.product_version.has(TWO_STORES)


def _services(group: PartyGroup, credential_of: Callable[[str, str], Credential | None]) -> dict[int, Credential]:
    """Return the certificates of services that have a file of their own, such as `cert-callmanager.pem`, by port."""
    found = {}
    for made in group.certificates[1:]:
        service = made.service.lower()
        credential = credential_of(name := f"cert-{service}.pem", key_file_of(name))
        if credential is not None:
            found.update(dict.fromkeys(made.ports, credential))
    return found


def _domains(folder: Path, credential_of: Callable[[str, str], Credential | None]) -> dict[str, Credential]:
    """Return the certificates for the domains of MRA (`cert-domain-example.com.pem`), by domain."""
    files = sorted(path.name for path in folder.glob(DOMAIN_FILES))
    found = {domain_of_file(name): credential_of(name, key_file_of(name)) for name in files}
    return {domain: credential for domain, credential in found.items() if credential is not None}


def _trust_list(path: Path) -> FileContents:
    contents = read_file(path)
    refuse_unreadable(contents)
    if not contents.certificates:
        raise EncodingError(contents.lacks("certificate"), where=str(path), rule=NOT_PEM.id)
    require_judgeable(contents.crls, str(path))
    return contents


def _lists_of_services(trusted: _Certificates, group: PartyGroup, folder: Path) -> tuple[_Certificates, _ByPort]:
    """Return the list of the first service, which counts on every port without another one, and the others by port.

    A service without a file of its own (`trust-callmanager.pem`) reads trust.pem.

    Args:
        trusted: the contents of trust.pem.
        group: the machine's group, with its services.
        folder: the machine's folder.

    Returns:
        The list of the first service, and the others by port.

    Raises:
        InputError: there is a list for a service that this machine does not have.
    """
    services = {f"trust-{made.service.lower()}.pem": made for made in group.certificates}
    found = sorted(folder.glob(SERVICE_LISTS))
    strange = next((path for path in found if path.name not in services), None)
    if strange is not None:
        allowed = ", ".join((TRUST, *services))
        raise InputError(f"is not a list that {folder.name} has; it has {allowed}", where=printable(str(strange)))
    brought = {path.name: _trust_list(path).certificates for path in found}
    first, *others = (brought.get(name, trusted) for name in services) if brought else (trusted,)
    by_port = {
        port: listed
        for made, listed in zip(group.certificates[1:], others, strict=False)
        for port in made.ports
        if listed != first
    }
    return first, by_port


def published_data(world: World, folder: Path) -> dict[str, RevocationData]:
    """Return what `ca/` serves: by the URLs of urls.yaml, else at each URL in a certificate that ends in the file's name.

    Every responder that a certificate names gives an OCSP answer that urls.yaml does not list.

    Args:
        world: the machines.
        folder: the folder `ca`.

    Returns:
        What is served, by URL.

    Raises:
        InputError: urls.yaml names a file that is not there.
    """
    files = sorted(p for p in folder.iterdir() if is_published_file(p.name)) if folder.is_dir() else []
    contents = {p.name: _revocation_file(p) for p in files}
    listed = folder / URLS
    responders: dict[str, RevocationData] = {}
    if listed.exists():
        served = _url_map(listed)
        missing = next((name for name in served.values() if name not in contents), None)
        if missing is not None:
            raise InputError(f"names the file {printable(missing)!r}, which is not in {folder}", where=str(listed))
    else:
        served = {u: name for c in world.known_certificates for u in crl_urls(c) for name in contents
                  if u.endswith("/" + name)}  # fmt: skip
        answers = [data for name, data in contents.items() if name.endswith(".ocsp")]
        everything = RevocationData(ocsp_answers=tuple(a for data in answers for a in data.ocsp_answers))
        responders = {u: everything for c in world.known_certificates for u in ocsp_urls(c) if answers}
    return {**responders, **{url: contents[name] for url, name in served.items()}}


def _url_map(path: Path) -> dict[str, str]:
    try:
        read = yaml.safe_load(read_bytes(path, 1024 * 1024))
    except (yaml.YAMLError, UnicodeDecodeError):
        read = None
    if not isinstance(read, dict) or not all(isinstance(x, str) for pair in read.items() for x in pair):
        raise InputError("is not a YAML map from URL to file name", where=str(path))
    return read


def _revocation_file(path: Path) -> RevocationData:
    contents = read_file(path)
    if not contents.crls and not contents.ocsp_answers:
        raise InputError("contains neither a CRL nor an OCSP answer", where=str(path))
    require_judgeable(contents.crls, str(path))
    problem = next((p for p in map(ocsp_problem, contents.ocsp_answers) if p), "")
    if problem:
        raise EncodingError(f"the OCSP answer in it cannot be judged: {problem}", where=str(path))
    return NOTHING_HELD.with_crls(CrlSource.CDP, contents.crls).with_answers(contents.ocsp_answers)


def trusting_lab(world: World, lab: World) -> World:
    """Return the world in which every list that was brought also has the lab's CAs, so that it accepts what the lab issued.

    Args:
        world: with what was brought.
        lab: as the lab made it.

    Returns:
        The world.
    """
    authorities = tuple(dict.fromkeys(c for party in lab.parties.values() for c in party.listed))
    for fqdn, party in world.parties.items():
        if (fqdn, party.trusted_ca_list) not in world.stand_ins.lists:
            world = world.with_party(party.trusting(authorities))
    return world


def kept_from_lab(world: World, directory: Path) -> str:
    """Return which machines have no folder, so that nobody wonders about the lab's CA; empty if all have one.

    Args:
        world: the machines.
        directory: the folder with a folder for each machine.

    Returns:
        One sentence, or an empty text.

    Raises:
        InputError: `directory` has no folder of any machine, or no file in them has a name that is read, so a check would
            only be about the lab's certificates.
    """
    brought = list(iter_party_folders(directory))
    example = printable(str(directory / next(iter(world.parties))))
    if not brought and not (directory / PUBLISHED).is_dir():
        raise InputError(
            f"contains no folder of a machine; make one per machine, named by its FQDN, as {example}",
            where=str(directory),
        )
    if brought and not any(is_machine_file(p.name) for folder in brought for p in folder.iterdir()):
        raise InputError(
            f"no machine's folder has a file that is read here: {listed(MACHINE_FILES)}", where=str(brought[0])
        )
    kept = [n for n, party in world.parties.items() if party.credential and not (directory / n / CERTIFICATE).exists()]
    if not kept:
        return ""
    has = "has" if len(kept) == 1 else "have"
    place = f"{printable(str(directory))}: {listed(kept, at_most=3)} {has} no cert.pem here"
    one = "it one" if len(kept) == 1 else "each of them one"
    return (
        f"{place}, so the lab's own CA issues {one}. "
        f"A machine whose trust.pem you bring refuses these, unless you add --trust-lab. To check your own certificate, put it "
        f"into {printable(str(directory / kept[0]))} as cert.pem, with key.pem and trust.pem."
    )


def decides_nothing(deployment: Deployment, directory: Path) -> list[str]:
    """Return the files of `directory` that this deployment ignores, so that nobody takes silence for approval."""
    lines = []
    clients = [folder / CLIENT for folder in iter_party_folders(directory) if (folder / CLIENT).exists()]
    unused = [path for path in clients if not _has_client_store(deployment, path.parent.name.lower())]
    if unused:
        lines.append(
            f"{listed([printable(str(p)) for p in unused], at_most=3)}: not used, because only Expressways of {TWO_STORES.first} "
            f"and later have a client certificate; {deployment.name} has {deployment.version}"
        )
    if not deployment.revocation.checking:
        found = [p for folder in iter_party_folders(directory) for p in (folder / CRLS,) if p.exists()]
        found += [p for p in (directory / PUBLISHED,) if p.is_dir()]
        lines += [f"{p}: not used, because revocation checking is off in {deployment.name}" for p in found]
    return lines
