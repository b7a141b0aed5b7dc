"""Files that nobody should bring: hostile archives, other products, damaged files. One sentence each, and no secret anywhere."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import random
import resource
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from pkikit.errors import InputError
from pkikit.files.streams import members
from pkikit.intake.reading import read, read_material
from pkikit.view.logs.dumps import xconf_xml
from tests.support.brought_files import DUMP, STAMP, files_of, tarred, trusted, written, zipped
from tests.support.credential_files import CHAIN, CREDENTIAL, KEY, LEAF

GOOD = tarred(files_of("e1"))


def odd_tar(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, link
        entry.size = size
        archive.addfile(entry, io.BytesIO(bytes(size)))
    return made.getvalue()


def sparse_tar(size: int) -> bytes:
    """A tar archive with a file of holes alone, in GNU's old form."""
    header = bytearray(tarfile.TarInfo(f"ca_e1_{STAMP}.pem").tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[386:398], header[398:410] = b"%011o\0" % size, b"%011o\0" % 0
    header[483:495] = b"%011o\0" % size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1024)


def encrypted_zip() -> bytes:
    made = bytearray(zipped({"a.txt": DUMP.encode()}))
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


BAD: dict[str, tuple[str, bytes, str]] = {
    "path that leads out": ("a.tar.gz", odd_tar("../../etc/cron.d/x"), r"a path that leads out of the archive \(\.\./"),
    "absolute path": ("a.tar.gz", odd_tar("/etc/passwd"), "a path that leads out"),
    "path out of a zip": ("a.zip", zipped({"..\\x.txt": b"x"}), "a path that leads out"),
    "link": ("a.tar.gz", odd_tar("x", tarfile.SYMTYPE, link="/etc/passwd"), r"contains a link \(x\)"),
    "hard link": ("a.tar.gz", odd_tar("x", tarfile.LNKTYPE, link="y"), r"contains a link \(x\)"),
    "device": ("a.tar.gz", odd_tar("x", tarfile.CHRTYPE), r"contains a device \(x\)"),
    "named pipe": ("a.tar.gz", odd_tar("x", tarfile.FIFOTYPE), "contains a named pipe"),
    "sparse tar of 2 GB": ("a.tar", sparse_tar(2 << 30), "contains a sparse file"),
    "cut archive": ("a.tar.gz", GOOD[: len(GOOD) // 2], "damaged or cut off"),
    "cut plain tar": ("a.tar", gzip.decompress(GOOD)[:2000], "damaged or cut off"),
    "cut zip": ("a.zip", zipped({"a": DUMP.encode()})[:-30], "damaged or cut off"),
    "encrypted zip": ("a.zip", encrypted_zip(), "encrypted zip archive"),
    "encrypted 7-Zip": ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50), "a 7-Zip archive"),
    "zip bomb": ("a.zip", zipped({f"xconf_dump_e1_{STAMP}.txt": bytes(40 << 20)}), "zero bytes|larger than 16 MB"),
    "gzip bomb": ("a.txt.gz", gzip.compress(DUMP.encode() + b"x\n" * (1 << 20)), "more than 300,000 lines"),
    "bomb in a bomb": ("a.gz", gzip.compress(bz2.compress(bytes(100 << 20))), "zero bytes"),
    "too many files": ("a.zip", zipped({f"m{n}": b"x" for n in range(5001)}), "more than 5,000 files"),
    "backup": (f"e1_backup_{STAMP}.tar.gz.enc", b"Salted__" + bytes(100), "encrypted backup of an Expressway.*diagnostic archive"),
    "backup by its content": ("a.bin", b"Salted__" + bytes(range(100)), "encrypted backup of an Expressway"),
    "IOS": ("r1.txt", b"Building configuration...\n\nCurrent configuration : 5 bytes\n!\nversion 15.4\n", "IOS or NX-OS"),
    "show tech": ("t.txt", b"admin:show tech ccm\n--------------------\n", "Unified CM"),
    "Meeting Server": ("m.log", b"2026-01-01 12:00 user.info cms1 host:server: INFO : MeetingServer callbridge started\n", "Meeting"),
    "TMS": ("tms.txt", b"Cisco TelePresence Management Suite 15.13 log\n", "TMS"),
    "video endpoint": ("x.txt", b"".join(b'*c xConfiguration %s 1 Mode: "On"\n' % w for w in (b"Audio", b"Video", b"Cameras")),
                       "a video endpoint"),
    "garbage": ("g.txt", "\n".join(random.Random(1).choices(("lorem ipsum", "x: y", "*", '"'), k=100_000)).encode(),
                "100,000 lines of text without a setting"),
    "zeros": (f"xconf_dump_e1_{STAMP}.txt", bytes(5000), "zero bytes"),
    "zero in a setting": (f"xconf_dump_e1_{STAMP}.txt", DUMP.replace('"e1"', '"e\x001"').encode(), "line 6: has zero bytes"),
    "certificate in a dump's place": (f"xconf_dump_e1_{STAMP}.xml", b"<html><body>login</body></html>", "not a dump"),
    "entities in XML": ("x.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><Configuration><IP>&b;</IP></Configuration>', "document type"),
    "cut XML": ("x.xml", xconf_xml((("IP DNS Hostname", "e1"),))[:-20], "damaged or cut off"),
    "deep XML": ("x.xml", b"<Configuration>" + b"<a>" * 200, "nested deeper"),
    "broken PEM": (f"ca_e1_{STAMP}.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "CERTIFICATE"),
    "broken JSON": ("s.json", b'{"identities": [', "JSON that is damaged"),
    "deep JSON": ("s.json", b"[" * 100_000, "JSON that is damaged"),
    "other JSON": ("s.json", b'{"a": 1}', "not a certificate snapshot"),
    "empty": (f"xconf_dump_e1_{STAMP}.txt", b"", "is empty"),
    "only a log": ("a.tar.gz", tarred({f"loggingsnapshot_e1_{STAMP}.txt": b"x"}), "only logs and packet captures"),
    "store without passphrase": (
        "a.p12", pkcs12.serialize_key_and_certificates(b"x", CREDENTIAL.key, LEAF, None, BestAvailableEncryption(b"y")),  # type: ignore[arg-type]
        "no passphrase was given.*--passphrase-file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_file_is_refused_in_one_sentence(case: str, tmp_path: Path) -> None:
    """The sentence names the file and says what is wrong; nothing is written."""
    name, data, sentence = BAD[case]
    written(tmp_path, {name: data})
    with pytest.raises(InputError, match=sentence) as refused:
        read_material([tmp_path / name])
    assert str(refused.value).startswith(str(tmp_path / name))
    assert str(refused.value).isprintable()
    assert str(refused.value).count(". ") <= 1
    assert len(str(refused.value)) < 400
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_missing_file_and_special_file_are_refused(tmp_path: Path) -> None:
    """A file that is not there, and a pipe that nobody writes into."""
    os.mkfifo(tmp_path / "pipe")
    for name, sentence in (("nothing", "no such file"), ("nothing.pcap", "no such file"), ("pipe", "named pipe")):
        with pytest.raises(InputError, match=sentence):
            read_material([tmp_path / name])


def test_large_sparse_file_takes_neither_time_nor_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tar archive of 2 GB on disk is refused by its size; the reader does not go through it."""
    path = tmp_path / "large.tar"
    with path.open("wb") as file:
        file.write(odd_header())
        file.truncate(2 << 30)
    monkeypatch.setattr(read, "members_of", lambda *_: pytest.fail("it was opened"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="larger than 1 GB"):
        read_material([path])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def odd_header() -> bytes:
    entry = tarfile.TarInfo(f"xconf_dump_e1_{STAMP}.txt")
    entry.size = 2 << 30
    return entry.tobuf(tarfile.USTAR_FORMAT)


def test_archive_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what is passed over counts: a log of gigabytes that packs to nothing."""
    monkeypatch.setattr(read, "MAX_UNPACKED", 10 << 20)
    written(tmp_path, {"a.tar.gz": odd_tar(f"loggingsnapshot_e1_{STAMP}.txt", size=20 << 20)})
    with pytest.raises(InputError, match="unpacks to more than 10 MB"):
        read_material([tmp_path])


def test_zip_with_an_endless_table_of_contents_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would load the whole table before anybody can count."""
    written(tmp_path, {"a.zip": zipped({f"m{n}": b"" for n in range(50)})})
    monkeypatch.setattr(members, "_MAX_DIRECTORY", 1000)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(InputError, match="more than 5,000 files"):
        read_material([tmp_path])


@pytest.mark.parametrize("name", ["notes.pdf", "picture.png", "README.txt", "router.txt", "key.pem", "old.tar.gz.enc"])
def test_irrelevant_file_among_good_ones_is_listed(name: str, tmp_path: Path) -> None:
    """A folder has other things in it: they are listed with a reason, and the peer is read."""
    content = {"notes.pdf": b"%PDF-1.4", "router.txt": BAD["IOS"][1], "key.pem": KEY}.get(name, b"Read me first.\n")
    written(tmp_path, {"a.tar.gz": GOOD, name: content})
    found = read_material([tmp_path])
    assert [peer.host for peer in found.peers] == ["e1"]
    assert [file.refused != "" for file in found.files if Path(file.source.file).name == name] == [True]


@pytest.mark.parametrize(
    "case", ["cut archive", "link", "broken PEM", "cut XML", "zero in a setting", "video endpoint"]
)
def test_damaged_file_among_good_ones_is_refused(case: str, tmp_path: Path) -> None:
    """A file that should say something about a peer is not left out silently."""
    name, data, sentence = BAD[case]
    written(tmp_path, {"good.tar.gz": GOOD, name: data})
    with pytest.raises(InputError, match=sentence):
        read_material([tmp_path / "good.tar.gz", tmp_path / name])


SECRET_KEYS = (
    "Authentication Password", "Authentication Account Admin Account 1 Password", "Authentication H350 BindPassword",
    "Login Remote LDAP VCS BindPassword", "Login User 1 Password", "SNMP CommunityName", "SNMP V3AuthenticationPassword",
    "SNMP V3PrivacyPassword", "Option 1 Key", "Policy FindMe Server Password", "Policy AdministratorPolicy Service Password",
    "Policy Services Service 1 Password", "Registration RestrictionPolicy Service Password",
    "Zones Zone 1 TraversalClient Authentication Password", "Zones Zone 1 Neighbor Authentication Password",
    "XMPP Server Secret", "Ciphers Private Key", "Unknown Shared Secret",
)  # fmt: skip
CANARY = "CANARY7f3a"
FORMS: dict[str, Callable[[], dict[str, bytes]]] = {
    "dump": lambda: {f"xconf_dump_e1_{STAMP}.txt": secret_dump()},
    "terminal": lambda: {
        "session.log": b"login as: admin\r\nPassword: CANARY7f3a\r\n" + secret_dump().replace(b"\n", b"\r\n") + b"OK\r\n",
    },
    "cut lines": lambda: {"cut.txt": b"\n".join(
        line[start : start + 80] for line in secret_dump().split(b"\n") for start in range(0, len(line) or 1, 80)
    )},
    "XML": lambda: {f"xconf_dump_e1_{STAMP}.xml": xconf_xml((("IP DNS Hostname", "e1"), *((k, CANARY) for k in SECRET_KEYS)))},
    "status": lambda: {f"xstat_dump_e1_{STAMP}.txt": (
        f'*s SystemUnit: /\n  Name: "e1"\n  Password: "{CANARY}"\n  Options:\n    Key: "{CANARY}"\n  Token: "{{cipher}}{CANARY}"\n'
        "*s/end\n"
    ).encode()},
    "archive with a log": lambda: {"a.tar.gz": tarred(
        {f"loggingsnapshot_e1_{STAMP}.txt": b"Password=CANARY7f3a\n", f"xconf_dump_e1_{STAMP}.txt": secret_dump()}
    )},
    "key beside a certificate": lambda: {f"server_e1_{STAMP}.pem": CHAIN + KEY},
}  # fmt: skip


def secret_dump() -> bytes:
    lines = [f'*c xConfiguration {key}: "{CANARY}"' for key in SECRET_KEYS]
    lines += [
        f'*c xConfiguration SystemUnit Name: "{{cipher}}{CANARY}"',
        f"*c xConfiguration SIP TLS Port: {{cipher}}{CANARY}",
    ]
    lines += [f'*c xConfiguration Zones Zone 9 Comment Text: "{CANARY}"']
    return (DUMP + "\n".join(lines) + "\n").encode()


@pytest.mark.parametrize("form", FORMS)
def test_secret_reaches_no_object(form: str, tmp_path: Path) -> None:
    """No secret is in the material, and none in its repr."""
    found = read_material([written(tmp_path, FORMS[form]())])
    assert found.peers
    shown = repr(found) + "".join(map(str, found.files))
    assert CANARY not in shown
    assert "PRIVATE KEY" not in shown
    if form in {"dump", "XML", "cut lines"}:
        assert found.peers[0].configuration is not None
        assert found.peers[0].configuration.secrets >= len(SECRET_KEYS)


@pytest.mark.parametrize("end", [b'*c xConfiguration IP DNS Hostname: "e\x00"\n', b"\x00" * 40])
def test_secret_reaches_no_error(end: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged dump with secrets: the sentence has none of them."""
    written(tmp_path, {f"xconf_dump_e1_{STAMP}.txt": b"\0" + secret_dump() + end, f"ca_e1_{STAMP}.pem": trusted()})
    try:
        shown = repr(read_material([tmp_path]))
    except InputError as error:
        shown = str(error)
    assert CANARY not in shown + caplog.text
