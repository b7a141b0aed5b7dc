"""What a goal stands on: machines whose CAs can sign, because their keys are at hand or because all of it is a look-alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pkikit.errors import InputError
from pkikit.issue.authority import Authority
from pkikit.issue.lookalike.engine import Lookalikes, reissue
from pkikit.issue.lookalike.keys.key_ring import Signer
from pkikit.issue.lookalike.keys.shared_primes import SharedPrimes
from pkikit.issue.lookalike.originals import Originals
from pkikit.issue.lookalike.rekeyed_world import counterpart_of, originals_of
from pkikit.judge.paths.trust import signers
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.certificates.facts import extension, is_issued_by, is_self_signed, key_of, title
from pkikit.model.world import World
from pkikit.planning.goals.goal import GivenCa
from pkikit.text import listed, printable

_LOOKALIKE = "It has the same names, dates and purposes, and other keys; the plan shows the SHA-256 of your own."
STAND_IN = (
    "What it issues here has the same names and purposes as the real certificates. On real machines, append your own CA "
    "certificates, and load what your CA issues."
)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The machines of today, and the CAs that can sign for them.

    Attributes:
        today: as given, or a look-alike.
        at: when the change begins.
        authorities: the CAs with their keys.
        files: the CA of each goal's file, by the name of the file.
        originals: of a look-alike, the original.
        played: CAs whose key nobody gave: what they sign is a stand-in.
        notes: what the reader has to know about it.
    """

    today: World
    at: datetime
    authorities: tuple[Authority, ...] = ()
    files: Mapping[str, Authority] = field(default_factory=dict)
    originals: Mapping[x509.Certificate, x509.Certificate] = field(default_factory=dict)
    played: frozenset[x509.Certificate] = frozenset()
    notes: tuple[str, ...] = ()

    def issuer_of(self, leaf: x509.Certificate) -> Authority | None:
        """Return the CA that signed a certificate; None if its key is not at hand."""
        return issuer_among(self.authorities, leaf)


def issuer_among(authorities: Sequence[Authority], leaf: x509.Certificate) -> Authority | None:
    """Return the one of these CAs that signed a certificate; None if none did."""
    return next((a for a in authorities if is_issued_by(leaf, a.certificate)), None)


def prepare(
    today: World,
    *,
    at: datetime,
    issuers: Sequence[Authority] = (),
    files: Sequence[GivenCa] = (),
    renewed: Sequence[x509.Certificate] = (),
) -> Ground:
    """Return machines whose CAs can sign what the goals need.

    Args:
        today: the machines as given.
        at: when the change begins.
        issuers: the CAs whose keys are at hand.
        files: the CAs of the goals' files.
        renewed: certificates that their own CA has to issue again.

    Returns:
        The ground: what was given if all keys are there, otherwise a look-alike of as little as possible.

    Raises:
        InputError: there is too much to make a look-alike of, or a CA has a key with which nothing is signed here.
    """
    lacking = any(issuer_among(issuers, leaf) is None for leaf in renewed)
    bare = [given for given in files if given.authority is None]
    if lacking or any(_is_entangled(given, today) for given in bare):
        return _whole(today, at, files, tuple(dict.fromkeys(renewed)))
    authorities, played = list(issuers), set()
    originals: dict[x509.Certificate, x509.Certificate] = {}
    by_file = {given.where: given.authority for given in files if given.authority is not None}
    for given in bare:
        made = reissue(Originals(certificates=given.chain, presented=(given.chain[0],)))
        originals |= {made.certificate(c): c for c in given.chain}
        by_file[given.where] = _of_file(made, given)
        played.add(made.certificate(given.chain[0]))
    played |= {given.chain[0] for given in files if given.is_stand_in}
    return Ground(
        today=today,
        at=at,
        authorities=(*authorities, *by_file.values()),
        files=by_file,
        originals=originals,
        played=frozenset(played),
        notes=tuple(_without_key(given) for given in bare),
    )


def _is_entangled(given: GivenCa, world: World) -> bool:
    """Return True if the world has a key of this CA, or something that it signed: then both need the same new key."""
    keys = {key_of(c) for c in given.chain}
    return any(key_of(c) in keys or signers(c, given.chain) for c in world.known_certificates)


def _without_key(given: GivenCa) -> str:
    name = printable(title(given.chain[0]), 80)
    return f"Nobody gave the key of {name}, so a stand-in takes its place. {STAND_IN}"


def _whole(today: World, at: datetime, files: Sequence[GivenCa], renewed: Sequence[x509.Certificate]) -> Ground:
    """Return a look-alike of everything."""
    found = originals_of(today)
    chains = tuple(c for given in files for c in given.chain)
    presented = (*found.presented, *(given.chain[0] for given in files))
    made = reissue(
        replace(found, certificates=(*found.certificates, *chains), presented=presented), source=SharedPrimes()
    )
    originals = {made.certificate(c): c for c in (*found.certificates, *chains)}
    by_file = {given.where: _of_file(made, given) for given in files}
    known = tuple(dict.fromkeys((*found.certificates, *chains)))
    renewing = {made.certificate(leaf): _signer_of(made, leaf, known) for leaf in renewed}
    every = tuple({a.certificate: a for a in (*by_file.values(), *renewing.values())}.values())
    counterparts = tuple(map(made.certificate, known))
    every = tuple(a if a.parents else replace(a, parents=_above(a.certificate, counterparts)) for a in every)
    names = listed(sorted({printable(title(a.certificate), 80) for a in every}), at_most=4)
    return Ground(
        today=counterpart_of(today, made),
        at=at,
        authorities=every,
        files=by_file,
        originals=originals,
        played=frozenset(a.certificate for a in every),
        notes=(
            f"Nobody gave the key of {names}, so the plan works on a look-alike of your certificates. {_LOOKALIKE} {STAND_IN}",
        ),
    )


def _of_file(made: Lookalikes, given: GivenCa) -> Authority:
    first, *above = (made.certificate(c) for c in given.chain)
    return Authority(certificate=first, key=_usable(made, key_of(given.chain[0]), given.chain[0]), parents=tuple(above))


def _usable(made: Lookalikes, signer: Signer | None, subject: x509.Certificate) -> PrivateKey:
    key = made.private_of(signer) if signer is not None else None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        name = printable(title(subject), 80)
        raise InputError(f"the CA {name} has a key that is neither RSA nor EC; nothing can be signed in its name")
    return key


def _signer_of(made: Lookalikes, leaf: x509.Certificate, known: Sequence[x509.Certificate]) -> Authority:
    """Return the counterpart of the CA that signed a certificate, also if nobody gave that CA's certificate."""
    signer = made.signer_of(leaf)
    held = next((c for c in known if key_of(c) == signer and c != leaf), None)
    key = _usable(made, signer, held or leaf)
    if held is not None:
        return Authority(certificate=made.certificate(held), key=key)
    return Authority(certificate=_unseen(leaf, key), key=key)


def _above(certificate: x509.Certificate, known: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Return the CAs above one, root last, as far as anybody gave them."""
    found: list[x509.Certificate] = []
    while not is_self_signed(certificate):
        above = next((c for c in signers(certificate, known) if c not in found), None)
        if above is None:
            break
        found.append(above)
        certificate = above
    return tuple(found)


def _unseen(leaf: x509.Certificate, key: PrivateKey) -> x509.Certificate:
    """Return a certificate for a CA that nobody gave, with the name and the key identifier that the leaf states.

    It is in no list: only its name and its identifier count, for what is signed in its name.
    """
    stated = extension(leaf, x509.AuthorityKeyIdentifier)
    public = key.public_key()
    identifier = (stated.key_identifier if stated is not None else None) or b""
    held = x509.SubjectKeyIdentifier(identifier) if identifier else x509.SubjectKeyIdentifier.from_public_key(public)
    builder = (
        x509.CertificateBuilder()
        .subject_name(leaf.issuer)
        .issuer_name(leaf.issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(leaf.not_valid_before_utc)
        .not_valid_after(leaf.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(held, critical=False)
    )
    return builder.sign(key, hashes.SHA256())
