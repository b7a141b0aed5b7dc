"""Read anything a person was sent, write files whole or not at all. The only part of `pkikit` that touches the disk."""

from pkikit.files.contents import FileContents, NoPassphrase, Passphrase
from pkikit.files.convert import convert
from pkikit.files.disk import (
    credential_from_folder,
    free_path,
    iter_party_folders,
    key_pem,
    load_deployment,
    read_bytes,
    read_certificates,
    read_file,
    read_request,
    write_private,
    write_public,
)
from pkikit.files.parse import parse

__all__ = [
    "FileContents",
    "NoPassphrase",
    "Passphrase",
    "convert",
    "credential_from_folder",
    "free_path",
    "iter_party_folders",
    "key_pem",
    "load_deployment",
    "parse",
    "read_bytes",
    "read_certificates",
    "read_file",
    "read_request",
    "write_private",
    "write_public",
]
