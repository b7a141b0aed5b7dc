"""The same deployment under other names: equal verdicts, equal bytes for equal seeds, and nothing of the original."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from pkikit.anonymise.anonymiser import Anonymised, anonymise
from pkikit.anonymise.brought_archive import opened, safe_path
from pkikit.anonymise.brought_folder import read_folder
from pkikit.anonymise.naming.replaced_addresses import Addresses
from pkikit.anonymise.naming.replaced_names import Names
from pkikit.anonymise.naming.secret import Secret
from pkikit.anonymise.naming.tokens import Tokens, word_list
from pkikit.anonymise.needles import Needles
from pkikit.anonymise.other_worlds import differences, needles_of
from pkikit.anonymise.pooled_keys import SIZES, primes
from pkikit.anonymise.written_case import packed
from pkikit.design.csr import fast_key
from pkikit.errors import InputError
from pkikit.issue.lookalike.keys.key_sources import is_prime
from pkikit.issue.lookalike.rekeyed_world import originals_of
from pkikit.model.world import World
from pkikit.values.public_names import is_internal
from tests.support.anonymous_folder import folder_of
from tests.support.other_world import other_world
from tests.support.worlds import AT, CASES, E1, Case, WorldBuilder, issued


def names(seed: int = 7) -> Names:
    secret = Secret(seed, [b"originals"])
    return Names(Tokens(secret), Addresses(secret), secret)


def pem(world: World) -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in world.known_certificates)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_verdict_stays_under_other_names(case: Case) -> None:
    """Each fault has the same first cause on the same connections, and the search finds nothing of the original."""
    world = case.broken(WorldBuilder()).world
    other = other_world(world, 7)
    assert differences(world, other, AT) == ()
    assert needles_of(world.deployment, originals_of(world)).found_in("trust.pem", pem(other)) == ""


def test_search_finds_what_is_left() -> None:
    """The certificates themselves, and each kind of hiding place."""
    world = issued("clustered-full").world
    needles = needles_of(world.deployment, originals_of(world))
    leaf = world.parties[E1].credential
    assert leaf is not None
    assert needles.found_in("cert.pem", leaf.pem())
    assert needles.found_in("notes", b"softphone")
    assert needles.found_in("notes", "softphone".encode("utf-16-le"))
    assert needles.found_in("certificates/softphone/cert.pem", b"")
    assert needles.found_in("notes", b"%73oftphone")
    assert needles.found_in("notes", leaf.leaf.fingerprint(hashes.SHA256()).hex().encode())
    addressed = Needles.of(["c1 has 10.20.30.40"], [])
    assert addressed.found_in("notes", b"40.30.20.10.in-addr.arpa")
    assert not addressed.found_in("notes", b"110.20.30.40 and 10.20.30.4")


def test_seed_decides_every_byte() -> None:
    """The same seed gives the same certificates, and another one gives others."""
    world = issued().world
    assert pem(other_world(world, 7)) == pem(other_world(world, 7))
    assert pem(other_world(world, 7)) != pem(other_world(world, 8))


@pytest.mark.parametrize(
    "name", ["acme.com", "hq.acme.co.uk", "münchen.acme.de", "acme.local", "c1.hq.acme.lan", "ucm-paris"]
)
def test_names_stay_public_or_internal(name: str) -> None:
    """A name that the public DNS can have stays one; the parts below, wildcards, case and dots follow."""
    made = names().host(name)
    ascii_name = ".".join(part if part.isascii() else part.encode("idna").decode() for part in made.split("."))
    assert is_internal(ascii_name) == is_internal(name if name.isascii() else "acme.de")
    assert made != name
    for before, after in (
        (f"*.{name}", f"*.{made}"),
        (f"{name}.", f"{made}."),
        (f"_collab-edge._tls.{name}", f"_collab-edge._tls.{made}"),
    ):
        assert names().host(before) == after
    assert names().host(name.upper()).lower() == made
    assert names().text(f"http://{name}:8080/a.crl").startswith(f"http://{made}:8080/")


def test_addresses_stay_in_their_networks() -> None:
    """Private addresses stay private, and two of one network stay in one network."""
    addresses = Addresses(Secret(7, []))
    one, two = (ipaddress.ip_address(addresses.text(text)) for text in ("10.1.2.3", "10.1.2.99"))
    assert one in ipaddress.ip_network("10.0.0.0/8")
    assert one.packed[:3] == two.packed[:3] != bytes((10, 1, 2))
    assert addresses.text("127.0.0.1") == "127.0.0.1"
    public = [ipaddress.ip_address(addresses.text(text)) for text in ("8.8.8.8", "8.8.4.4", "2a00:1450::1")]
    assert len(set(public)) == 3
    assert not any(address.is_global for address in public)


def test_every_extension_becomes_another() -> None:
    """Unknown extensions, constraints, URLs, policies and addresses: the same order, criticality and length, no old name."""
    key = fast_key()
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme Gmbh"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Acme Root"),
        ]
    )
    url = x509.UniformResourceIdentifier("ldap:///CN=Acme%20Root,CN=CDP,DC=acme,DC=com?certificateRevocationList")
    point = x509.DistributionPoint([url], None, None, [x509.DirectoryName(subject)])
    access = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://10.9.8.7/acme")
    )
    policy = x509.PolicyInformation(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1.2"), ["https://www.acme.com/cps"])
    general = [
        x509.DNSName("*.acme.com"),
        x509.RFC822Name("bob@acme.com"),
        x509.IPAddress(ipaddress.ip_address("10.9.8.7")),
    ]
    constraints = x509.NameConstraints(
        [x509.DNSName("acme.com"), x509.IPAddress(ipaddress.ip_network("10.9.0.0/16"))], None
    )
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.7"), b"\x0c\x09Acme Gmbh")
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 0x1234567890ABCDEF, AT, AT)
    for value, critical in (
        (x509.SubjectAlternativeName(general), False), (constraints, True), (x509.CRLDistributionPoints([point]), False),
        (x509.AuthorityInformationAccess([access]), False), (x509.CertificatePolicies([policy]), False), (unknown, True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ):  # fmt: skip
        builder = builder.add_extension(value, critical=critical)
    old = builder.sign(key, hashes.SHA256())
    world = issued().world
    world = world.with_party(world.parties[E1].trusting([old]))
    new = _counterpart(world, old)
    assert [e.critical for e in new.extensions] == [e.critical for e in old.extensions]
    assert [type(e.value) for e in new.extensions] == [type(e.value) for e in old.extensions]
    data = new.public_bytes(Encoding.DER)
    for word in (b"acme", b"gmbh", b"bob", bytes((10, 9, 8, 7)), b"1234567890ABCDEF", unknown.value):
        assert word.lower() not in data.lower()
    made = new.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    (suffix,) = new.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees[:1]  # type: ignore[index]
    assert made.get_values_for_type(x509.DNSName) == [f"*.{suffix.value}"]


def _counterpart(world: World, old: x509.Certificate) -> x509.Certificate:
    """The certificate in the place of one that was appended to the trusted CA list of e1."""
    other = other_world(world, 7)
    place = list(world.parties).index(E1)
    assert world.parties[E1].trusted_ca_list[-1] == old
    return list(other.parties.values())[place].trusted_ca_list[-1]


def made(folder: Path, seed: int = 7) -> Anonymised:
    return anonymise(read_folder(folder), seed, AT)


def test_folder_becomes_a_case(tmp_path: Path) -> None:
    """Files, keys for every machine, ticket; the zip has the same bytes each time, and can be anonymised again."""
    case = next(c for c in CASES if c.rule == "names.cluster-fqdn-missing")
    source = folder_of(case.broken(WorldBuilder()).world, tmp_path / "source")
    result = made(source)
    assert result.is_broken
    assert result.causes[0] == case.rule
    assert packed(result.files) == packed(made(source).files) != packed(made(source, 8).files)
    private = [path for path, file in result.files.items() if file.private]
    assert len(private) == sum(path.endswith("cert.pem") for path in result.files) > 0
    assert all(b"PRIVATE KEY" in result.files[path].data for path in private)
    archive = tmp_path / "case.zip"
    archive.write_bytes(packed(result.files))
    (tmp_path / "place").mkdir()
    again = anonymise(opened([archive], None, tmp_path / "place"), 9, AT)
    assert (again.down, again.connections, again.causes) == (result.down, result.connections, result.causes)


def test_ticket_is_checked_for_names(tmp_path: Path) -> None:
    """A ticket text that names a machine of the original is refused."""
    case = next(c for c in CASES if c.rule == "names.cluster-fqdn-missing")
    source = read_folder(folder_of(case.broken(WorldBuilder()).world, tmp_path / "source"))
    with pytest.raises(InputError, match="Nothing was written"):
        anonymise(source, 7, AT, told="since Monday c1.corp.example.com fails")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a\\b", "C:x", "a\nb", ""])
def test_members_stay_inside(name: str) -> None:
    with pytest.raises(InputError, match="not allowed"):
        safe_path(name, "case.zip")


def test_list_of_primes() -> None:
    """Primes of the size that they are listed under, each once."""
    for bits, count in SIZES.items():
        assert len(set(primes(bits))) == count
        assert {p.bit_length() for p in primes(bits)} == {bits}
        assert is_prime(primes(bits)[0], lambda size: (1 << size) // 3)


def test_words_are_no_top_level_domains() -> None:
    """Nobody reads an invented name as one that exists."""
    words = word_list()
    assert len(set(words)) == len(words) > 400
    assert all(is_internal(f"a.{word}") for word in words)
