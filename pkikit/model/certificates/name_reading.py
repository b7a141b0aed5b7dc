"""The names of a certificate or a request, read once."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from pkikit.model.certificates.presented_names import EntryKind, PresentedNames, gather_names
from pkikit.values.other_names import read_other_name


def read_names(subject: x509.Name, alternative: x509.SubjectAlternativeName | None, *, has_san: bool) -> PresentedNames:
    """Read the names of a certificate or a request. Entries that cannot match are in `refused`, never dropped.

    Args:
        subject: its subject, for the common names.
        alternative: its subjectAltName; None where it has none, or where nobody can read it.
        has_san: it has that extension, readable or not.

    Returns:
        The names.
    """
    names = tuple(alternative or ())
    return gather_names(
        [(kind, str(name.value)) for name in names if (kind := _kind(name)) is not None],
        common_names=[str(a.value) for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)],
        others=[read_other_name(n.type_id.dotted_string, n.value) for n in names if isinstance(n, x509.OtherName)],
        has_san=has_san,
    )


def _kind(name: x509.GeneralName) -> EntryKind | None:
    """Return the kind of an entry; None for kinds that no name check reads."""
    match name:
        case x509.DNSName():
            return EntryKind.DNS
        case x509.UniformResourceIdentifier():
            return EntryKind.URI
        case x509.IPAddress():
            return EntryKind.ADDRESS
        case _:
            return None
