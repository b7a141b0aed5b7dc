"""`diagnose FILE`: encodings, archives, standard input, files of another kind, and hostile archives."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import os
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.captures.recorded_file import Answer, of_file
from pkikit.errors import InputError
from pkikit.files import logs
from pkikit.files.logs import read_logs
from pkikit.report.handshakes import judge_trace
from tests.support.cli import run
from tests.support.worlds import E1, WorldBuilder

LINE = (
    '2026-10-02T08:15:10.250+00:00 vcsc1 tvcs: Event="Outbound TLS Negotiation Error" Service="SIP" Src-ip="10.20.0.5" '
    'Src-port="27001" Dst-ip="10.30.0.9" Dst-port="7001" Detail="certificate has expired" Protocol="TLS" '
    'Common-name="vcse1.exämple.net" Level="1"'
)
LOG = f"first line\n{LINE}\nlast line\n"


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return made.getvalue()


def tarred(mode: str = "w:gz", **members: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            entry = tarfile.TarInfo(name.replace("__", "."))
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return made.getvalue()


def ask(data: bytes, folder: Path, name: str = "a.log") -> Answer:
    (folder / name).write_bytes(data)
    return of_file(folder / name, judge_trace)


SNAPSHOT = {
    "loggingsnapshot_vcsc1_2026__txt": LOG.encode(),
    "xconf_dump_vcsc1_2026__txt": b'*c xConfiguration Error Reporting: "connection failed"\n',
    "ca_vcsc1_2026__pem": b"-----BEGIN CERTIFICATE-----\nerror failed tls\n",
    "eth0_diagnostic_logging_tcpdump00_vcsc1__pcap": b"\xd4\xc3\xb2\xa1" + bytes(200),
}
FORMS = {
    "plain": LOG.encode(),
    "carriage returns": LOG.replace("\n", "\r\n").encode(),
    "carriage returns alone": LOG.replace("\n", "\r").encode(),
    "UTF-8 with mark": LOG.encode("utf-8-sig"),
    "Latin-1": LOG.encode("latin-1"),
    "UTF-16 with mark": LOG.encode("utf-16"),
    "UTF-16 big-endian with mark": b"\xfe\xff" + LOG.encode("utf-16-be"),
    "UTF-16 little-endian": LOG.encode("utf-16-le"),
    "UTF-16 big-endian": LOG.encode("utf-16-be"),
    "UTF-32 with mark": LOG.encode("utf-32"),
    "gzip": gzip.compress(LOG.encode()),
    "gzip of UTF-16": gzip.compress(LOG.encode("utf-16")),
    "gzip in parts": gzip.compress(b"first line\n") + gzip.compress(LINE.encode()) + bytes(64),
    "gzip with rubbish behind": gzip.compress(LOG.encode()) + b"rubbish",
    "zeros of a power failure": bytes(3000) + LOG.replace("\n", "\n" + "\0" * 501).encode(),
    "bzip2": bz2.compress(LOG.encode()),
    "xz": lzma.compress(LOG.encode()),
    "zip": zipped(a__log=LOG.encode()),
    "zip of gzip": zipped(a__log__gz=gzip.compress(LOG.encode())),
    "zip of tar.gz": zipped(a__tar__gz=tarred(**SNAPSHOT)),
    "tar": tarred("w", a__log=LOG.encode()),
    "diagnostic archive": tarred(**SNAPSHOT),
}


@pytest.mark.parametrize("form", FORMS)
def test_log_is_read_in_every_encoding_and_packing(form: str, tmp_path: Path) -> None:
    """One answer, whatever the encoding and the packing; what is not a log in an archive is left out."""
    answer = ask(FORMS[form], tmp_path)
    assert answer.causes == ("validity.expired",)
    assert [f.rule for f in answer.verdict.findings] == ["validity.expired"]
    assert answer.groups[0]["port"] == 7001
    label = answer.verdict.findings[0].evidence[0].label
    assert "line 2" in label or form == "gzip in parts"
    assert ("loggingsnapshot" in label) == (form in {"diagnostic archive", "zip of tar.gz"})


KINDS = {
    "a certificate in PEM": WorldBuilder().world.parties[E1].credential.leaf.public_bytes(Encoding.PEM),
    "binary ASN.1": WorldBuilder().world.parties[E1].credential.leaf.public_bytes(Encoding.DER),
    "a private key": b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n",
    "a packet capture .*packet 1 is empty": b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(64),
    "a packet capture .*no byte order": b"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00" + bytes(64),
    "an image": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "a core dump|core dump": b"\x7fELF\x02\x01\x01" + bytes(64),
    "a PDF document": b"%PDF-1.7\n%\xe2\xe3",
    "an encrypted file": b"Salted__" + bytes(range(64)),
    "a Java keystore": b"\xfe\xed\xfe\xed" + bytes(64),
    "a deployment file": b"name: x # errors may fail here\nversion: X15.5\nclusters:\n  - name: core\n",
    "an xConfiguration": b'*c xConfiguration Zones Zone 1 Name: "error: connection failed"\n',
    "XML": b"<?xml version='1.0'?>\n<status><error>tls connection failed</error></status>\n",
    "a web page": b"<!DOCTYPE html><html><body>error: connection failed</body></html>\n",
    "JSON": b'{"error": "tls connection failed"}',
    "YAML": b"name: x\nversion: 2\n",
    "empty": b"",
    "is empty": b" \n\t\n",
    "is binary data": bytes(5000) + b"\x01",
    "binary data": bytes(range(32)) * 100,
    "nothing in it reports": b"Dear all, lunch is at noon.\n",
    "Microsoft Office": zipped(**{"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}),
    "without a log": zipped(a__pem=b"-----BEGIN CERTIFICATE-----"),
    "encrypted zip": zipped(a__log=LOG.encode()).replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"),
    "damaged or cut off": gzip.compress(random.Random(1).randbytes(4000).hex().encode())[:2000],
    "damaged": zipped(a__log=LOG.encode())[:60] + bytes(60),
    "of 1 record, and none": LINE.replace("TLS Negotiation Error", "Call Connected").encode(),
}  # fmt: skip


@pytest.mark.parametrize("said", KINDS)
def test_file_that_is_not_a_log_is_refused_by_kind(said: str, tmp_path: Path) -> None:
    """What it is, in one sentence; never a verdict."""
    with pytest.raises(InputError, match=said) as caught:
        ask(KINDS[said], tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_json_report_is_read_as_acme_problem_refusal_or_log(tmp_path: Path) -> None:
    """A report that was refused without an error is unexplained; problems of ACME are read; lines of JSON are a log."""
    assert ask(b'{"accepted": false, "findings": []}', tmp_path).causes == ("diagnose.failure-unexplained",)
    assert ask(b'{"findings": []}', tmp_path).causes == ("diagnose.failure-unexplained",)
    assert ask(b'{"accepted": true, "findings": []}', tmp_path).verdict.accepted
    assert ask(b'{"steps": []}', tmp_path).causes == ("diagnose.failure-unexplained",)
    lines = [json.dumps({"level": "info", "msg": "hello"}), json.dumps({"level": "error", "msg": LINE})]
    assert ask("\n".join(lines).encode(), tmp_path).causes == ("validity.expired",)
    for broken in (b"{", b"[" * 100_000, b"{}" * 5):
        with pytest.raises(InputError, match="not valid JSON"):
            ask(broken, tmp_path, "a.json")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lambda data: tarred(a__log=data)])
def test_truncated_log_is_read_and_reported_as_incomplete(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Logs are copied while they are written: what can be read counts, and the answer says what is missing."""
    noise = random.Random(1).randbytes(2_000_000).hex().replace("7", "\n")
    packed = pack((LOG + noise).encode())
    answer = ask(packed[: len(packed) * 9 // 10], tmp_path)
    assert answer.causes == ("validity.expired",)
    assert "is damaged or cut off" in answer.verdict.question
    with pytest.raises(InputError, match="damaged or cut off"):
        ask(pack(("Verify return code: 0 (ok)\n" + noise).encode())[: len(packed) * 9 // 10], tmp_path)


def test_log_beginning_with_a_syslog_priority_is_not_xml(tmp_path: Path) -> None:
    """A log that begins with <134> is a log: a failure that nobody can explain in it counts."""
    data = b"<131>Oct  2 08:15:10 vcse1 daemon: ERROR: connection to peer failed for reason Q17\n"
    assert ask(data, tmp_path).causes == ("diagnose.failure-unexplained",)


def test_diagnosing_a_special_file_is_refused(tmp_path: Path) -> None:
    """Pipes, folders and devices are refused at once."""
    os.mkfifo(tmp_path / "pipe")
    for path, said in ((tmp_path / "pipe", "a named pipe"), (tmp_path, "a folder"), (Path("/dev/zero"), "a device"),
                       (tmp_path / "none", "no such file"), (Path("a\0b"), "cannot be read")):  # fmt: skip
        with pytest.raises(InputError, match=said):
            of_file(path, judge_trace)


@pytest.mark.parametrize("form", ["plain", "gzip", "zip", "UTF-16 little-endian"])
def test_diagnose_command_reads_standard_input(form: str) -> None:
    """`-` reads a pipe, packed or not; the answer is no."""
    done = run("pkikit", "diagnose", "-", "--json", stdin=FORMS[form])
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["causes"] == ["validity.expired"]


def test_diagnose_command_prints_the_cause_above_groups_and_evidence() -> None:
    """The cause comes above the groups, the groups above the evidence; the text fits into 80 columns."""
    other = LINE.replace("10.30.0.9", "10.30.0.8")
    done = run("pkikit", "diagnose", "-", stdin=f"{LOG}{other}\n".encode(), COLUMNS="80")
    printed = " ".join(done.stdout.split())
    places = [printed.index(text) for text in ("most probable cause: validity.expired", "Failures", "line 2", "Fix: ")]
    assert places == sorted(places)
    assert (
        "line 2, vcsc1 (10.20.0.5) → 10.30.0.9:7001 (2026-10-02T08:15:10.250+00:00): certificate has expired" in printed
    )
    assert "expected no failure" not in printed
    assert "2 errors, " in printed


def test_diagnose_command_prints_no_table_for_one_group() -> None:
    """With one group, the finding already has everything that a table would list."""
    done = run("pkikit", "diagnose", "-", stdin=LOG.encode())
    assert "failures" not in done.stdout
    assert "1 error, " in done.stdout


def test_oversized_log_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More text than is read, more members, deeper nesting, giant names: one sentence each."""
    monkeypatch.setattr(logs, "MAX_TEXT", 1_000_000)
    monkeypatch.setattr(logs, "MAX_MEMBERS", 20)
    bomb = gzip.compress(b"error line\n" * 200_000)
    for data in (bomb, zipped(a__log=b"x\n" * 1_000_000), tarred(a__log__gz=bomb)):
        with pytest.raises(InputError, match="more than 0 MB of text"):
            ask(data, tmp_path)
    with pytest.raises(InputError, match="more than 20 files"):
        ask(zipped(**{f"m{n}__log": b"x" for n in range(30)}), tmp_path)
    nested = LOG.encode()
    for _ in range(12):
        nested = gzip.compress(nested)
    with pytest.raises(InputError, match="without a log"):
        ask(nested, tmp_path)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("n" * 500_000)
        archive.addfile(entry, io.BytesIO())
    with pytest.raises(InputError, match="damaged"):
        ask(made.getvalue(), tmp_path)


def test_log_line_without_an_end_is_read_in_pieces(tmp_path: Path) -> None:
    """A line without an end takes no more memory than a piece."""
    (tmp_path / "a.log").write_bytes(b"word " * 100_000 + LINE.encode() + b" word" * 100_000 + b"x" * 200_000)
    texts = read_logs(tmp_path / "a.log")
    pieces = list(next(texts).lines)
    assert list(texts) == []
    assert max(map(len, pieces)) <= logs.MAX_LINE
    assert "".join(pieces).count("word") == 200_000
    assert of_file(tmp_path / "a.log", judge_trace).causes == ("validity.expired",)


@pytest.mark.parametrize("seed", range(40))
def test_mutated_log_file_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    """Bytes changed, cut, doubled in every form: InputError is all that may come."""
    choose = random.Random(seed)
    for form in FORMS:
        data = bytearray(FORMS[form])
        for _ in range(choose.randint(1, 12)):
            place = choose.randrange(len(data))
            match choose.randrange(4):
                case 0:
                    data[place] = choose.randrange(256)
                case 1:
                    del data[place : place + choose.randrange(1, 40)]
                case 2:
                    data[place:place] = data[place : place + 40]
                case _:
                    data[place:place] = choose.randbytes(4)
            if not data:
                break
        with contextlib.suppress(InputError):
            answer = ask(bytes(data), tmp_path)
            assert answer.verdict.accepted == (not answer.causes)
