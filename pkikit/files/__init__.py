"""Read any file that people hand over; write files whole or not at all."""

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
    read_chain,
    read_file,
    read_request,
    write_private,
    write_public,
)
from pkikit.files.objections import (
    product_objections,
    refuse_unreadable,
    refuse_without_newline,
    refuse_wrong_order,
)
from pkikit.files.parse import MAX_UPLOAD, parse

__all__ = [
    "MAX_UPLOAD",
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
    "product_objections",
    "read_bytes",
    "read_certificates",
    "read_chain",
    "read_file",
    "read_request",
    "refuse_unreadable",
    "refuse_without_newline",
    "refuse_wrong_order",
    "write_private",
    "write_public",
]
