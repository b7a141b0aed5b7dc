"""A folder of certificates as a company might bring it, and the night in which it changes its CA."""

from __future__ import annotations

import re
import shutil
import tarfile
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import build_csr, make_key
from pkikit.design.san import design_sans
from pkikit.errors import InputError
from pkikit.files import key_pem, write_private, write_public
from pkikit.issue.authority import Authority, create_root
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.model.world import World
from pkikit.values.names import printable
from pkikit.worlds.issued_world import issue_world
from simulator.clock import Clock
from simulator.settings import LabSettings
from workbook.models.what_if import judged
from workbook.session import LabSession, load

_WHEN = re.compile(r"_\d{4}-\d\d-\d\d_\d{6}(?=\.)")  # in the names of archives


class Company:
    """`folder` is what `--certs` takes. The old CA issued everything; the new one issued the certificates of the E peers."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.at = Clock().now()
        self.folder = Path(tempfile.mkdtemp(prefix="company-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.before = issue_world(deployment, at=self.at).world
        self.new_ca = create_root("New Company Root CA", at=self.at, key=make_key()).intermediate(
            "New Company Issuing CA", at=self.at, key=make_key()
        )
        for fqdn, party in self.before.parties.items():
            self._write(fqdn, party.credential, party.trusted_ca_list)

    def __repr__(self) -> str:
        folders = sorted(p.name for p in self.folder.iterdir())
        return f"{len(folders)} folders: {', '.join(folders)}"

    def _write(self, fqdn: str, credential: Credential | None, trusted: Sequence[x509.Certificate] = ()) -> None:
        folder = self.folder / fqdn
        folder.mkdir(exist_ok=True)
        if credential is not None and credential.key is not None:
            write_public(folder / "cert.pem", credential.pem())
            write_private(folder / "key.pem", key_pem(credential.key))
        if trusted:
            write_public(folder / "trust.pem", b"".join(c.public_bytes(Encoding.PEM) for c in trusted))

    def issue(self, peer: str, *, without: Sequence[str] = ()) -> Credential:
        """Put a new key and a certificate of the new CA for a peer into its folder; `without` are forgotten names."""
        fqdn = self.deployment.peer(peer)
        layout, key = design_sans(self.deployment, fqdn).without(*without), make_key()
        leaf = self.new_ca.issue(build_csr(layout, key), at=self.at)
        credential = Credential(chain=(leaf, *self.new_ca.intermediates), key=key)
        self._write(fqdn, credential)
        return credential

    def trust_both(self) -> None:
        """Add the new root to everybody's trusted CA list, beside the old one; on the Expressways also the CA below it."""
        for fqdn, party in self.before.parties.items():
            self._write(
                fqdn, None, (*party.trusted_ca_list, self.new_ca.root, *_below(self.new_ca, fqdn, self.deployment))
            )

    def archives(self) -> Archives:
        """Start the company's machines for a moment, and collect what an administrator can collect from them.

        Returns:
            A diagnostic archive of each Expressway peer, and a certificate snapshot of each Unified CM and IM and Presence node.
        """
        folder = Path(tempfile.mkdtemp(prefix="archives-"))
        lab = LabSession(self.deployment, LabSettings(pages=False), certs=self.folder)
        try:
            files = lab.threaded.run(lab.threaded.lab.collect, folder)
        finally:
            lab.close()
        handed = [
            path for path in files if not path.name.startswith("problem-report")
        ]  # of the users, not of the operators
        return Archives([path.rename(path.with_name(_WHEN.sub("", path.name))) for path in handed], folder)

    def remove_key(self, party: str) -> None:
        """Remove a private key from the folder: its connections are then judged, not dialled."""
        path = self.folder / party / "key.pem"
        if party not in self.before.parties or not path.exists():
            raise InputError(f"there is no key of {printable(party)} in the folder")
        path.unlink()


class Archives(list[Path]):
    """Files as an operator has them, in a folder that goes when nobody uses it any more."""

    def __init__(self, files: Sequence[Path], folder: Path) -> None:
        super().__init__(files)
        self.folder = folder
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def __repr__(self) -> str:
        return "\n".join(path.name for path in self)

    def dump(self, host: str) -> Path:
        """Return the configuration in a peer's archive as a file of its own, as somebody copies it from a terminal.

        Args:
            host: the first label of the peer's name.

        Raises:
            InputError: there is no archive of this peer.
        """
        archive = next((path for path in self if path.name == f"diagnostic_log_{host}.tar.gz"), None)
        if archive is None:
            raise InputError(f"there is no archive of {printable(host)}")
        with tarfile.open(archive) as files:
            name = next(n for n in files.getnames() if n.startswith("xconf_dump") and n.endswith(".txt"))
            held = files.extractfile(name)
            assert held is not None
            target = self.folder / "from-a-terminal" / f"xconf_dump_{host}.txt"
            write_private(target, held.read())
        return target


def make_company(name: str) -> Company:
    """Make the folder of a company whose E peers have certificates of a new CA; one of them lacks a name."""
    company = Company(load(name))
    first, *others = company.deployment.peers_of(Role.EXPRESSWAY_E)
    company.issue(first)
    for peer in others:
        company.issue(peer, without=company.deployment.domains.registration[:1])
    return company


def rehearse(company: Company) -> pd.DataFrame:
    """Change the CA in several orders: return most legs down at any moment, and at the end."""
    peers = company.deployment.peers_of(Role.EXPRESSWAY_E)
    new = {peer: company.issue(peer) for peer in peers}
    load_each = [_loading(peer, new[peer]) for peer in peers]
    roots = _trusting(company.new_ca)
    orders: Mapping[str, list[Callable[[World], World]]] = {
        "certificates first": [*load_each, roots],
        "roots first": [roots, *load_each],
        "everything at once": [lambda world: roots(_all(load_each, world))],
    }
    rows = {}
    for name, steps in orders.items():
        world, down = company.before, []
        for step in steps:
            world = step(world)
            down.append(len(judged(world, company.at).down))
        rows[name] = {"steps": len(steps), "down in between": max(down), "down at last": down[-1]}
    return pd.DataFrame.from_dict(rows, orient="index")


def _loading(peer: str, credential: Credential) -> Callable[[World], World]:
    return lambda world: world.with_party(replace(world.parties[peer], credential=credential))


def _trusting(authority: Authority) -> Callable[[World], World]:
    def step(world: World) -> World:
        for fqdn in world.parties:
            added = (authority.root, *_below(authority, fqdn, world.deployment))
            world = world.with_party(world.parties[fqdn].trusting(added))
        return world

    return step


def _below(authority: Authority, fqdn: str, deployment: Deployment) -> Sequence[x509.Certificate]:
    """Return what belongs into a trusted CA list beside the root: SSH tunnels need the CAs below it on each Expressway."""
    return authority.intermediates if fqdn in deployment.peers else ()


def _all(steps: Sequence[Callable[[World], World]], world: World) -> World:
    for step in steps:
        world = step(world)
    return world
