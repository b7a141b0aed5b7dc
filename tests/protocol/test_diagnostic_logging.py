"""Diagnostic logging: start, marker, stop, collect, download, and what is in the archive; archives of all peers."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cryptography import x509
from dpkt import pcap
from dpkt.ip import IP

from pkikit.design.xconfiguration import xconfiguration
from pkikit.errors import InputError
from simulator.errors import LabError
from simulator.peer.diagnostic_tool import CaptureFilter
from simulator.threaded import ThreadedLab
from tests.support.cli import DEPLOYMENT, run
from tests.support.labs import FAST, QUICK
from tests.support.wait import eventually
from tests.support.web_client import FormClient, ask, logged_in
from tests.support.worlds import C1, E1, E2, UCM1, changed, deployment

STAMP = r"\d{4}-\d\d-\d\d_\d{6}"


@pytest.fixture(scope="module")
def lab() -> Iterator[ThreadedLab]:
    with ThreadedLab(changed(version="X15.5"), settings=FAST) as running:
        yield running


def members(content: bytes) -> dict[str, bytes]:
    """The files of an archive, without the time in their names."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        found = {entry.name: (archive.extractfile(entry) or io.BytesIO()).read() for entry in archive}
    return {re.sub(rf"_{STAMP}", "", name): data for name, data in found.items()}


def collected(lab: ThreadedLab, fqdn: str) -> dict[str, bytes]:
    lab.do(lab.lab.diagnostics.stop, fqdn)
    name = lab.run(lab.lab.diagnostics.collect, fqdn)
    assert re.fullmatch(rf"diagnostic_log_{fqdn.partition('.')[0]}_{STAMP}\.tar\.gz", name)
    assert lab.do(lab.lab.diagnostics.download, fqdn)[0] == name
    return members(lab.do(lab.lab.diagnostics.download, fqdn)[1])


def logged(lab: ThreadedLab, **options: object) -> dict[str, bytes]:
    lab.do(lambda: lab.lab.diagnostics.start(E1, **options))  # type: ignore[arg-type]
    lab.check()
    return collected(lab, E1)


@pytest.mark.product("G-12", "A-11")
def test_archive_has_the_files_of_the_product_and_no_key(lab: ThreadedLab) -> None:
    found = logged(lab, tcpdump=True)
    assert set(found) == {
        "loggingsnapshot_e1.txt", "xconf_dump_e1.txt", "xconf_dump_e1.xml", "xstat_dump_e1.txt", "xstat_dump_e1.xml",
        "eth0_diagnostic_logging_tcpdump00_e1.pcap", "ca_e1.pem", "server_e1.pem", "client_e1.pem",
    }  # fmt: skip
    assert not [name for name, content in found.items() if b"PRIVATE KEY" in content]
    party = lab.world.parties[E1]
    assert party.credential is not None
    assert x509.load_pem_x509_certificates(found["server_e1.pem"])[0] == party.credential.leaf
    assert tuple(x509.load_pem_x509_certificates(found["ca_e1.pem"])) == party.trusted_ca_list


@pytest.mark.product("I-07")
def test_version_with_one_store_has_no_client_certificate() -> None:
    with ThreadedLab(changed(version="X15.4"), settings=FAST) as older:
        assert "client_e1.pem" not in logged(older)


@pytest.mark.product("C-13")
def test_marker_is_in_the_log_of_its_peer_alone(lab: ThreadedLab) -> None:
    """Start and stop are for the whole cluster; a log has the lines between them."""
    diagnostics = lab.lab.diagnostics
    lab.events.add(E1, "Before")
    lab.do(lambda: diagnostics.start(E1))
    assert lab.do(diagnostics.progress, E2).running
    assert not lab.do(diagnostics.progress, C1).running
    lab.do(diagnostics.mark, E1, "call fails now")
    log = collected(lab, E1)["loggingsnapshot_e1.txt"].decode()
    assert 'Event="Diagnostic Logging" Detail="DEBUG_MARKER: call fails now"' in log
    assert 'Event="Before"' not in log
    assert not lab.do(diagnostics.progress, E2).running
    lab.run(diagnostics.collect, E2)
    other = members(lab.do(diagnostics.download, E2)[1])["loggingsnapshot_e2.txt"].decode()
    assert "DEBUG_MARKER" not in other


def test_configuration_dump_is_that_of_the_deployment(lab: ThreadedLab) -> None:
    found = logged(lab)
    lines = found["xconf_dump_e1.txt"].decode().splitlines()
    assert all(re.fullmatch(r'\*c xConfiguration [^:]+: "[^"]*"', line) for line in lines)
    values = xconfiguration(lab.deployment, E1, lab.world.revocation_settings(E1), address=lab.plan.by_name[E1])
    assert ("Ethernet 1 IP V4 Address", lab.plan.by_name[E1]) in values
    assert lines == [f'*c xConfiguration {key}: "{value}"' for key, value in values]
    root = ElementTree.fromstring(found["xconf_dump_e1.xml"])
    space = "{http://www.tandberg.no/XML/CUIL/1.0}"
    assert root.findtext("/".join(f"{space}{word}" for word in ("SIP", "TLS", "Port"))) == "5061"
    names = root.findall(f"{space}Zones/{space}Zone/{space}Name")
    assert [name.text for name in names] == ["uc-traversal", "partner"]


def test_certificate_snapshots_are_those_of_the_nodes(lab: ThreadedLab, tmp_path: Path) -> None:
    """Each service has its own certificate and list; the form is that of the product's API."""
    snapshot = json.loads(next(p for p in lab.archives(tmp_path) if UCM1 in p.name).read_text())
    assert set(snapshot) == {"trackingId", "server", "identities", "trusts", "revokedCertificates"}
    assert snapshot["server"] == UCM1
    party = lab.world.parties[UCM1]
    shown = {
        one["service"]: x509.load_pem_x509_certificates(one["certificate"].encode()) for one in snapshot["identities"]
    }
    assert party.credential is not None
    assert shown["tomcat"] == list(party.credential.chain)
    assert shown["CallManager"] == list(party.services[5061].chain)
    listed = {one["service"]: one["certificate_data"] for one in snapshot["trusts"]}
    assert [data["filename"] for data in listed["CallManager"]] == ["Lab_Root_CA.pem"]
    assert x509.load_pem_x509_certificate(listed["tomcat"][0]["certificate"].encode()) in party.trusted_ca_list


@pytest.mark.product("E-61")
def test_status_dump_has_alarms_zones_tunnels_and_no_certificate(lab: ThreadedLab) -> None:
    lab.check()
    found = logged(lab)
    status = found["xstat_dump_e1.txt"].decode()
    elements = set(re.findall(r"^\*s (\w+): /$", status, re.MULTILINE))
    documented = {"SystemUnit", "Alarm", "Zones", "Tunnels", "CollaborationEdge", "Edgedomain", "Warnings", "Cluster"}
    assert elements == documented
    assert 'Version: "X15.5"' in status
    assert status.count("*s/end") == len(documented)
    assert "ertificate" not in re.sub(r'(Title|Description|Warning \d+): "[^"]*"', "", status)
    tree = ElementTree.fromstring(found["xstat_dump_e1.xml"])
    space = "{http://www.tandberg.no/XML/CUIL/1.0}"
    tunnels = tree.findall(f"{space}Tunnels/{space}Tunnel")
    assert {t.findtext(f"{space}Port") for t in tunnels} == {"2222"}
    assert {t.findtext(f"{space}Status") for t in tunnels} == {"Active"}


def conversations(content: bytes) -> set[tuple[str, str, int]]:
    ends = set()
    for _, packet in pcap.Reader(io.BytesIO(content)):
        ip = IP(packet)
        ends.add((".".join(map(str, ip.src)), ".".join(map(str, ip.dst)), ip.data.dport))
    return ends


def test_capture_has_real_packets_of_this_peer_through_the_filter(lab: ThreadedLab) -> None:
    address = lab.plan.by_name
    name = "eth0_diagnostic_logging_tcpdump00_e1.pcap"
    everything = conversations(logged(lab, tcpdump=True)[name])
    assert everything
    assert all(address[E1] in {source, target} for source, target, _ in everything)
    kept = conversations(logged(lab, tcpdump=True, only=CaptureFilter(address=C1, port=7001))[name])
    assert kept
    assert kept < everything | kept
    assert all({source, target} == {address[E1], address[C1]} for source, target, _ in kept)
    assert b"\x16\x03" in logged(lab, tcpdump=True)[name]  # TLS handshakes
    assert name not in logged(lab)


def test_capture_ends_with_the_log(lab: ThreadedLab) -> None:
    """A connection that stays up is recorded until the log stops, and no longer."""
    diagnostics = lab.lab.diagnostics
    lab.do(lambda: diagnostics.start(E1, tcpdump=True))
    address, there = lab.plan.by_name[E1], lab.plan.by_name[C1]
    tap = lab.do(diagnostics.tap, (there, 40_000), (address, 7001))
    assert tap is not None
    tap(True, b"before the stop")
    lab.do(diagnostics.stop, E1)
    tap(True, b"after the stop")
    lab.run(diagnostics.collect, E1)
    packets = members(lab.do(diagnostics.download, E1)[1])["eth0_diagnostic_logging_tcpdump00_e1.pcap"]
    assert b"before the stop" in packets
    assert b"after the stop" not in packets


def test_restart_leaves_the_log_alone(lab: ThreadedLab) -> None:
    lab.do(lambda: lab.lab.diagnostics.start(E1, tcpdump=True))
    lab.break_("restart", party=E1)
    run_now = lab.lab.diagnostics._runs[E1]
    eventually(lambda: run_now.dumps is None, "the log knows of the restart")
    assert set(collected(lab, E1)) == {"loggingsnapshot_e1.txt"}


def test_steps_in_the_wrong_order_are_refused(lab: ThreadedLab) -> None:
    diagnostics = lab.lab.diagnostics
    with pytest.raises(LabError, match="is not running"):
        lab.do(diagnostics.mark, C1, "text")
    with pytest.raises(LabError, match="is not running"):
        lab.do(diagnostics.stop, C1)
    with pytest.raises(LabError, match="no log to collect"):
        lab.run(diagnostics.collect, C1)
    with pytest.raises(LabError, match="collect the log first"):
        lab.do(diagnostics.download, C1)
    for only in (CaptureFilter(address="nobody.example"), CaptureFilter(port=70_000)):
        with pytest.raises(InputError, match="the filter"):
            lab.do(lambda kept=only: diagnostics.start(C1, tcpdump=True, only=kept))
    lab.do(lambda: diagnostics.start(C1))
    with pytest.raises(LabError, match="is running on"):
        lab.do(lambda: diagnostics.start(C1))
    for text in ("", "x" * 201):
        with pytest.raises(InputError, match="1 to 200 characters"):
            lab.do(diagnostics.mark, C1, text)
    lab.do(diagnostics.stop, C1)


def test_check_writes_an_archive_of_each_peer(tmp_path: Path) -> None:
    """One archive a peer, one snapshot a node of Unified CM and IM&P, for their owner alone."""
    done = run("simulator", "check", DEPLOYMENT, "--archives", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    files = sorted((tmp_path / "out").iterdir())
    assert [re.sub(STAMP, "", f.name) for f in files] == [
        *(f"certificate-snapshot_{host}.corp.example.com.json" for host in ("imp1", "ucm1", "ucm2")),
        *(f"diagnostic_log_{host}_.tar.gz" for host in ("c1", "c2", "e1", "e2")),
    ]
    assert {f.stat().st_mode & 0o777 for f in files} == {0o600}
    assert not [f for f in files if b"PRIVATE KEY" in f.read_bytes()]


def test_diagnose_finds_the_cause_in_an_archive(tmp_path: Path) -> None:
    with ThreadedLab(deployment(), settings=FAST) as broken:
        broken.change(broken.world.with_party(replace(broken.world.parties[C1], trusted_ca_list=())))
        broken.check()
        archives = broken.archives(tmp_path)
    done = run("pkikit", "diagnose", str(archives[0]), "--json")
    assert done.returncode == 1, done.stderr
    assert "trust.issuer-unknown" in done.stdout


def test_pages_lead_from_the_start_to_the_download() -> None:
    with ThreadedLab(deployment(), settings=QUICK) as lab:
        cookie, csrf = logged_in(lab)
        client = FormClient(lab, E1)
        client.cookie = cookie

        def post(step: str, **fields: str) -> int:
            return client.ask("POST", f"/loggingsnapshot/{step}", {"csrf": csrf, **fields})[0]

        assert "No diagnostic log was started" in client.ask("GET", "/loggingsnapshot")[1]
        assert post("start", tcpdump="on", address="", port="") == 303
        assert "Diagnostic logging is running" in client.ask("GET", "/loggingsnapshot")[1]
        assert post("start", tcpdump="on", port="x") == 400
        assert post("marker", marker="here") == 303
        assert post("stop") == 303
        assert post("collect") == 303
        status, content, headers = ask(lab, E1, "GET", "/loggingsnapshot/download", Cookie=cookie)
        assert status == 200
        assert re.search(rf'filename="diagnostic_log_e1_{STAMP}\.tar\.gz"', headers["Content-Disposition"])
        assert b"DEBUG_MARKER: here" in members(content)["loggingsnapshot_e1.txt"]
