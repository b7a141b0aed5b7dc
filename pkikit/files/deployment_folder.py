"""The layout of a folder with a deployment: its files, a folder for each machine, and what the files in that are called.

`pkikit import` writes it, `--certs` reads the part below `certificates`; the report, the doctor and anonymised cases use it too.
"""

from __future__ import annotations

import hashlib
from fnmatch import fnmatch
from pathlib import Path

from pkikit.errors import InputError
from pkikit.text import listed

DEPLOYMENT, CERTIFICATES = "deployment.yaml", "certificates"
# What an import notes, for programs and for people.
RECORD, PAGE = "import.json", "import.md"
# In the folder of a machine. client.pem is the second store of X15.5; cert-SERVICE.pem and trust-SERVICE.pem are for services of
# Unified CM and others with a certificate or a list of their own.
CERTIFICATE, CLIENT, TRUST, CRLS = "cert.pem", "client.pem", "trust.pem", "crl.pem"
KEY, CLIENT_KEY = "key.pem", "client-key.pem"
SERVICE_CERTIFICATES, SERVICE_LISTS = "cert-*.pem", "trust-*.pem"
# Of an Expressway-E: a certificate for MRA clients that ask for this domain (SNI).
DOMAIN_FILES = "cert-domain-*.pem"
MACHINE_FILES = (CERTIFICATE, SERVICE_CERTIFICATES, CLIENT, TRUST, SERVICE_LISTS, CRLS)
# Beside the machines: what CAs publish, CRLs and OCSP answers.
PUBLISHED, URLS = "ca", "urls.yaml"
YAML = (".yaml", ".yml")


def is_yaml(path: Path) -> bool:
    """Return True for the name of a YAML file, in large or small letters."""
    return path.suffix.lower() in YAML


def is_machine_file(name: str) -> bool:
    """Return True for the name of a file that is read in the folder of a machine; keys come with their certificate."""
    return any(fnmatch(name, pattern) for pattern in MACHINE_FILES)


def is_certificate_file(name: str) -> bool:
    """Return True for the name of a file with a certificate that a machine presents."""
    return name in {CERTIFICATE, CLIENT} or fnmatch(name, SERVICE_CERTIFICATES)


def is_published_file(name: str) -> bool:
    """Return True for the name of a file that a CA publishes: a CRL or an OCSP answer."""
    return name.endswith((".crl", ".ocsp"))


def key_file_of(certificate_file: str) -> str:
    """Return the name of the key file beside a certificate file: `key.pem`, `client-key.pem`, `key-callmanager.pem`."""
    return CLIENT_KEY if certificate_file == CLIENT else certificate_file.replace("cert", "key", 1)


def domain_file(domain: str) -> str:
    """Return the name of the file with the certificate for one domain: `cert-domain-example.com.pem`."""
    return DOMAIN_FILES.replace("*", domain)


def domain_of_file(name: str) -> str:
    """Return the domain that the name of such a file names."""
    return name.removeprefix("cert-domain-").removesuffix(".pem").lower()


def is_key_file(name: str) -> bool:
    """Return True for the name of a key file, which nobody else may read."""
    return name in {KEY, CLIENT_KEY} or fnmatch(name, "key-*.pem")


def find_deployment(path: Path) -> Path:
    """Return the deployment file that a path means.

    Args:
        path: the file itself, or a folder that has it or is next to it.

    Returns:
        The file.

    Raises:
        InputError: there is none, or nobody can tell which one is meant.
    """
    if not path.is_dir():
        return path
    for folder in (path, path.parent if path.name else path.resolve().parent):
        if (folder / DEPLOYMENT).is_file():
            return folder / DEPLOYMENT
        found = sorted(p for p in folder.iterdir() if is_yaml(p) and p.is_file())
        if len(found) > 1:
            names = listed([p.name for p in found], at_most=5)
            raise InputError(f"which deployment file is meant? There are {names}; name one instead of the folder",
                             where=str(folder))  # fmt: skip
        if found:
            return found[0]
    raise InputError(f"has no deployment file; put {DEPLOYMENT} into it, or make the folder with pkikit import",
                     where=str(path))  # fmt: skip


def certificates_of(path: Path, deployment: Path) -> Path | None:
    """Return the folder with a folder for each machine that belongs to a deployment file.

    Args:
        path: what somebody named.
        deployment: the deployment file that this means.

    Returns:
        `certificates` next to that file; else the folder that was named; None for a file without it.
    """
    beside = deployment.parent / CERTIFICATES
    if beside.is_dir():
        return beside
    return path if path.is_dir() else None


def digest_of(path: Path) -> str:
    """Return a digest of all files in a folder, with their names, to know it again.

    Args:
        path: the folder.

    Returns:
        64 hexadecimal digits; empty if the folder cannot be read.
    """
    found = hashlib.sha256()
    try:
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            found.update(f"{file.relative_to(path)}\0{content}\0".encode(errors="surrogateescape"))
    except OSError:
        return ""
    return found.hexdigest()
