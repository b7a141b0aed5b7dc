"""The structure of a PKCS#12 store and of an encrypted private key, for pyasn1 (RFC 7292 §4, RFC 5958 §3, RFC 5652 §6, §8)."""

# ruff: noqa: N815 - pyasn1 reads an attribute of this name

from __future__ import annotations

from pyasn1.type import namedtype, tag, univ

DATA, ENCRYPTED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.6"
SHROUDED_KEY_BAG, NESTED_BAG = "1.2.840.113549.1.12.10.1.2", "1.2.840.113549.1.12.10.1.6"

_EXPLICIT_0 = tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, 0)
_IMPLICIT_0 = tag.Tag(tag.tagClassContext, tag.tagFormatSimple, 0)
_IMPLICIT_1 = tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, 1)

Named, Optional, Default, Types = (
    namedtype.NamedType, namedtype.OptionalNamedType, namedtype.DefaultedNamedType, namedtype.NamedTypes,
)  # fmt: skip


class AlgorithmIdentifier(univ.Sequence):
    componentType = Types(Named("algorithm", univ.ObjectIdentifier()), Optional("parameters", univ.Any()))


class EncryptedPrivateKeyInfo(univ.Sequence):
    componentType = Types(
        Named("encryptionAlgorithm", AlgorithmIdentifier()), Named("encryptedData", univ.OctetString())
    )


class ContentInfo(univ.Sequence):
    componentType = Types(
        Named("contentType", univ.ObjectIdentifier()),
        Optional("content", univ.Any().subtype(explicitTag=_EXPLICIT_0)),  # type: ignore[no-untyped-call]
    )


class DigestInfo(univ.Sequence):
    componentType = Types(Named("digestAlgorithm", AlgorithmIdentifier()), Named("digest", univ.OctetString()))


class MacData(univ.Sequence):
    componentType = Types(
        Named("mac", DigestInfo()), Named("macSalt", univ.OctetString()), Default("iterations", univ.Integer(1))
    )


class Pfx(univ.Sequence):
    componentType = Types(
        Named("version", univ.Integer()), Named("authSafe", ContentInfo()), Optional("macData", MacData())
    )


class AuthenticatedSafe(univ.SequenceOf):
    componentType = ContentInfo()


class EncryptedContentInfo(univ.Sequence):
    componentType = Types(
        Named("contentType", univ.ObjectIdentifier()),
        Named("contentEncryptionAlgorithm", AlgorithmIdentifier()),
        Optional("encryptedContent", univ.OctetString().subtype(implicitTag=_IMPLICIT_0)),  # type: ignore[no-untyped-call]
    )


class EncryptedData(univ.Sequence):
    componentType = Types(
        Named("version", univ.Integer()),
        Named("encryptedContentInfo", EncryptedContentInfo()),
        Optional("unprotectedAttributes", univ.Set().subtype(implicitTag=_IMPLICIT_1)),  # type: ignore[no-untyped-call]
    )


class SafeBag(univ.Sequence):
    componentType = Types(
        Named("bagId", univ.ObjectIdentifier()),
        Named("bagValue", univ.Any().subtype(explicitTag=_EXPLICIT_0)),  # type: ignore[no-untyped-call]
        Optional("bagAttributes", univ.SetOf(componentType=univ.Any())),
    )


class SafeContents(univ.SequenceOf):
    componentType = SafeBag()
