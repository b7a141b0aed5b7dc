"""Convert DER, PKCS#7, PKCS#12 and damaged PEM into PEM that the product accepts, or PEM into DER.

Source: X12.5 guide, appendix 3.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pkikit.errors import InputError
from pkikit.files.contents import FileContents
from pkikit.model.certificates.credential import spki
from pkikit.model.certificates.facts import key_of, leaf_first

FORMS = ("pem", "der")


def convert(contents: FileContents, form: str) -> bytes:
    """Encode everything in `contents` as PEM (leaf first, key last), or its only object as DER.

    Args:
        contents: what a file holds.
        form: `pem` or `der`.

    Returns:
        The bytes of the new file.

    Raises:
        InputError: there is nothing to convert, or something would be left out.
    """
    if contents.other_keys:
        raise InputError(
            f"contains a private key of the kind {contents.other_keys[0]}, which the product does not take",
            where=contents.where,
        )
    objects = _encode(contents, Encoding.PEM if form == "pem" else Encoding.DER)
    if not objects:
        what = "an OCSP answer, which has no PEM form" if contents.ocsp_answers else "nothing that can be converted"
        raise InputError(f"holds {what}", where=contents.where)
    if form == "der" and len(objects) > 1:
        raise InputError(
            f"contains {len(objects)} objects and a DER file contains one: split the file, or convert to pem",
            where=contents.where,
        )
    return b"".join(objects)


def _encode(contents: FileContents, encoding: Encoding) -> list[bytes]:
    own = [spki(key.public_key()) for key in contents.keys]
    certificates = leaf_first(contents.certificates)
    if own:
        # Beside a key the certificate that it belongs to comes first, whatever the order in the store was.
        certificates = tuple(sorted(certificates, key=lambda c: key_of(c) not in own))
    objects = [c.public_bytes(encoding) for c in certificates]
    objects += [r.public_bytes(encoding) for r in contents.requests]
    objects += [crl.public_bytes(encoding) for crl in contents.crls]
    if encoding is Encoding.DER:
        objects += [a.public_bytes(Encoding.DER) for a in contents.ocsp_answers]
    return objects + [k.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption()) for k in contents.keys]
