"""Reads the file of a goal: a root, or a root and the CA below it that signs, with or without its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cryptography import x509

from pkikit.errors import InputError
from pkikit.files import read_file
from pkikit.issue.authority import Authority
from pkikit.issue.file_ca import FileCa
from pkikit.judge.paths.trust import signers
from pkikit.model.certificates.credential import PrivateKey, spki
from pkikit.model.certificates.facts import extension, is_self_signed, key_of, title
from pkikit.planning.goals.goal import GivenCa, Goal, parse_goal
from pkikit.text import counted, listed, printable


def read_goal(text: str) -> Goal:
    """Read a goal as a person writes it, and its file.

    Args:
        text: `KIND` or `KIND:ARGUMENT`.

    Returns:
        The goal.

    Raises:
        InputError: it is not a goal, or its file has no CA that can be planned for.
    """
    goal = parse_goal(text)
    return replace(goal, ca=read_ca(Path(goal.argument))) if goal.names_file else goal


def read_ca(path: Path) -> GivenCa:
    """Read a CA: a file with its certificates, and with its key if that is there too, or a folder of `pkikit ca`.

    Args:
        path: the file or folder.

    Returns:
        The CA.

    Raises:
        InputError: it cannot be read, or does not contain exactly one root and the CAs below it.
    """
    try:
        is_folder = path.is_dir()
    except OSError as error:  # such as a name that is too long
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if is_folder:
        return _of_folder(path, path)
    folder, contents = path.parent, read_file(path, keep_encrypted=True)
    if not contents.certificates:
        raise InputError(f"{contents.lacks('certificate')}; a goal needs the root of the new CA", where=str(path))
    if (folder / "private" / "ca.key").exists() and (folder / "ca.pem").exists():
        given = _of_folder(folder, path)
        if given.chain[0] in contents.certificates:
            return given
    chain = chain_of(contents.certificates, str(path))
    keys = (*contents.keys, *_keys_beside(path))
    key = next((key for key in keys if spki(key.public_key()) == key_of(chain[0])), None)
    authority = Authority(certificate=chain[0], key=key, parents=chain[1:]) if key is not None else None
    return GivenCa(where=str(path), chain=chain, authority=authority)


def _of_folder(folder: Path, path: Path) -> GivenCa:
    authority = FileCa(folder).authority
    chain = chain_of((authority.certificate, *authority.parents), str(path))
    return GivenCa(where=str(path), chain=chain, authority=replace(authority, parents=chain[1:]))


def _keys_beside(path: Path) -> tuple[PrivateKey, ...]:
    """Return the keys in the file with the same name that ends in `.key`; none if it is encrypted."""
    beside = path.with_suffix(".key")
    if beside == path or not beside.is_file():
        return ()
    return read_file(beside, keep_encrypted=True).keys


def chain_of(certificates: Sequence[x509.Certificate], where: str) -> tuple[x509.Certificate, ...]:
    """Return the CAs of a file in order: the one that signs first, the root last.

    Args:
        certificates: the certificates of the file, in any order.
        where: the file, for messages.

    Returns:
        The chain.

    Raises:
        InputError: one of them is not a CA, there is not exactly one root, or they are not one chain.
    """
    every = tuple(dict.fromkeys(certificates))
    for certificate in every:
        if not _is_ca(certificate):
            says = f"{_named(certificate)} is not a CA certificate: its basic constraints do not say CA:TRUE"
            raise InputError(f"{says}; give the root, and the CA below it if there is one", where=where)
    roots = [c for c in every if is_self_signed(c)]
    if not roots:
        raise InputError(
            f"contains {counted(len(every), 'CA certificate')}, but no root; add the self-signed root above "
            f"{_named(every[-1])}",
            where=where,
        )
    if len(roots) > 1:
        names = listed([_named(c) for c in roots], at_most=4)
        raise InputError(f"contains {len(roots)} roots ({names}); a goal takes exactly one", where=where)
    chain = [roots[0]]
    rest = [c for c in every if c != roots[0]]
    while rest:
        below = [c for c in rest if signers(c, (chain[0],))]
        if len(below) != 1:
            names = listed([_named(c) for c in (below or rest)], at_most=4)
            says = f"{names} are all below {_named(chain[0])}" if below else f"{_named(chain[0])} did not sign {names}"
            raise InputError(f"{says}; a goal takes one root and one CA below it", where=where)
        chain.insert(0, below[0])
        rest.remove(below[0])
    return tuple(chain)


def _is_ca(certificate: x509.Certificate) -> bool:
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _named(certificate: x509.Certificate) -> str:
    return printable(title(certificate), 80)
