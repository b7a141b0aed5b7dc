"""Tools that know nothing of us: sipp, curl, dig, ldapsearch, openssl, certsrv against the running lab."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import certsrv
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.csr import build_csr, fast_key
from pkikit.issue.templates import CLIENT_AND_SERVER, WEB_SERVER
from pkikit.model.revocation import NOTHING_HELD, CrlSource
from pkikit.worlds.issued_world import layout_of
from simulator.commands.up import write_state
from simulator.threaded import ThreadedLab
from tests.support.labs import lab_fixture
from tests.support.wait import LONG, eventually
from tests.support.worlds import C1, E1, PARTNER

LDAP, XMPP, SYSLOG, POLICY = (
    "ldap.corp.example.com", "xmpp.federated.example.net", "syslog.corp.example.com", "policy.corp.example.com"
)  # fmt: skip


lab = lab_fixture("clustered-full", rsa=True, unanswered=0.2)


@pytest.fixture(scope="module")
def state(lab: ThreadedLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `up --state` writes for a learner's tools."""
    folder = tmp_path_factory.mktemp("state")
    write_state(lab.lab, folder)
    return folder


def run(*command: str, code: int | None = 0, text: str | None = None, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG, input=text, cwd=cwd)
    assert code is None or done.returncode == code, (command, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout + done.stderr


def test_full_lab_has_every_leg_up(lab: ThreadedLab) -> None:
    """clustered-full comes up whole: every leg accepted, every party dialled or dialling."""
    report = lab.check()
    assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]
    assert all(leg.trace is not None and leg.agrees for leg in report.legs)
    touched = {p for leg in report.legs for p in (leg.leg.client, leg.leg.server)}
    assert touched == set(lab.world.parties)
    assert {leg.leg.protocol.value for leg in report.legs} == {
        "sip-tls",
        "https",
        "xmpp",
        "ldaps",
        "syslog-tls",
        "ssh",
    }


@pytest.mark.needs("dig")
def test_dig_sees_inside_and_outside_views(lab: ThreadedLab) -> None:
    """Inside knows everything, outside only the edge; the log says who asked what."""
    network = lab.network

    def dig(server: object, *question: str) -> list[str]:
        address, port = server.address, server.port  # type: ignore[attr-defined]
        return run("dig", f"@{address}", "-p", str(port), "+short", *question).split("\n")

    assert dig(network.dns, C1)[0] == lab.plan.by_name[C1]
    assert dig(network.outside_dns, C1) == [""]
    assert "NXDOMAIN" in run("dig", f"@{network.outside_dns.address}", "-p", str(network.outside_dns.port), C1)
    assert dig(network.outside_dns, E1)[0] == lab.plan.by_name[E1]
    assert any(
        "8443 e1.example.com" in line for line in dig(network.outside_dns, "SRV", "_collab-edge._tls.example.com")
    )
    assert any("ucm1" in line for line in dig(network.dns, "SRV", "_cisco-uds._tcp.example.com"))
    assert dig(network.outside_dns, "SRV", "_cisco-uds._tcp.example.com") == [""]
    assert any("5269" in line for line in dig(network.outside_dns, "SRV", "_xmpp-server._tcp.example.com"))
    assert any(q.name == C1 and not q.answers for q in network.outside_dns.log)


@pytest.mark.needs("ldapsearch")
def test_ldapsearch_finds_the_tree_with_the_right_ca(lab: ThreadedLab, state: Path) -> None:
    """LDAPS with verification by name: the tree is found; with another CA it is not."""
    where = f"ldaps://{lab.plan.by_name[LDAP]}:{lab.settings.port(636)}"
    base = ("-x", "-H", where, "-LLL", "-o", "nettimeout=300")
    environment = ("env", f"LDAPTLS_CACERT={state}/root.pem", "LDAPTLS_REQCERT=allow")
    found = run(*environment, "ldapsearch", *base, "-b", "dc=corp,dc=example,dc=com", "-s", "sub")
    assert "cn=admin,ou=expressway-administrators,dc=corp,dc=example,dc=com" in found.replace("\n ", "")
    root = run(*environment, "ldapsearch", *base, "-b", "", "-s", "base", "namingContexts")
    assert "namingContexts: dc=corp,dc=example,dc=com" in root
    assert "No such object" in run(*environment, "ldapsearch", *base, "-b", "dc=elsewhere", code=32)
    strict = ("env", f"LDAPTLS_CACERT={state}/{LDAP}/cert.pem", "LDAPTLS_REQCERT=demand")
    assert "Can't contact LDAP server" in run(*strict, "ldapsearch", *base, "-b", "", code=None)


@pytest.mark.needs("openssl")
def test_openssl_starttls_reaches_the_xmpp_certificate(lab: ThreadedLab, state: Path) -> None:
    """`openssl s_client -starttls xmpp-server` gets through the streams to the certificate, and is asked for its own."""
    where = f"{lab.plan.by_name[XMPP]}:5269"
    command = ["openssl", "s_client", "-connect", where, "-starttls", "xmpp-server", "-xmpphost", "federated.example.net",
               "-CAfile", f"{state}/root.pem", "-verify_hostname", "federated.example.net",
               "-bind", f"{lab.plan.by_name[E1]}:0", "-cert", f"{state}/{E1}/cert.pem", "-key",
               f"{state}/{E1}/key.pem"]  # fmt: skip
    said = run(*command, code=None, text="")
    assert "Verify return code: 0 (ok)" in said
    assert "Requested Signature Algorithms" in said  # who comes from E1's address is asked for a certificate


@pytest.mark.needs("curl")
def test_curl_verifies_the_pages_by_name(lab: ThreadedLab, state: Path) -> None:
    """The policy server, Unified CM and a peer's own pages, each verified by its name."""
    inside = lab.lab
    for fqdn, port in ((POLICY, 443), ("ucm1.corp.example.com", 8443), (C1, 443)):
        bound = inside.settings.port(port)
        resolve = f"{fqdn}:{bound}:{inside.plan.by_name[fqdn]}"
        said = run(
            "curl", "-sS", "-i", "--cacert", f"{state}/root.pem", "--resolve", resolve, f"https://{fqdn}:{bound}/"
        )
        assert re.match(r"HTTP/1.1 (200|302)", said)
    wrong = f"other.example.com:{inside.settings.port(443)}:{inside.plan.by_name[POLICY]}"
    run(
        "curl",
        "-sS",
        "--cacert",
        f"{state}/root.pem",
        "--resolve",
        wrong,
        f"https://other.example.com:{inside.settings.port(443)}/",
        code=60,
    )


@pytest.mark.needs("openssl")
def test_syslog_frame_over_openssl_is_accepted(lab: ThreadedLab, state: Path) -> None:
    """A frame of RFC 5425 sent by hand is taken."""
    where = f"{lab.plan.by_name[SYSLOG]}:6514"
    message = "<13>1 - host app - - - hello"
    command = [
        "openssl",
        "s_client",
        "-connect",
        where,
        "-CAfile",
        f"{state}/root.pem",
        "-verify_return_error",
        "-quiet",
    ]
    run(*command, text=f"{len(message)} {message}", code=None)


_SIPP = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="options"><send retrans="500"><![CDATA[

OPTIONS sip:[remote_ip] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]>;tag=[call_number]
To: <sip:[remote_ip]>
Call-ID: [call_id]
CSeq: 1 OPTIONS
Max-Forwards: 70
Content-Length: 0

]]></send><recv response="200"/></scenario>
"""


def _listens(address: str, port: int) -> bool:
    """Looks in the kernel's table: a connection of ours would be a call for socat."""
    wanted = f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}:{port:04X}"
    listening = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return any(fields[1] == wanted and fields[3] == "0A" for fields in listening)


@pytest.mark.needs("sipp")
@pytest.mark.needs("socat")
def test_sipp_calls_are_answered(lab: ThreadedLab, state: Path, tmp_path: Path) -> None:
    """sipp, wrapped in TLS by socat with the partner's certificate: 200 calls on E1's SIP port, every one answered."""
    scenario = tmp_path / "options.xml"
    scenario.write_text(_SIPP)
    address, partner = lab.plan.by_name[E1], lab.plan.by_name[PARTNER]
    with socket.socket() as free:
        free.bind((partner, 0))
        port = free.getsockname()[1]
    tls = (f"OPENSSL:{address}:5061,bind={partner},cafile={state}/root.pem,verify=1,commonname={E1},"
           f"cert={state}/{PARTNER}/cert.pem,key={state}/{PARTNER}/key.pem")  # fmt: skip
    listen = f"TCP-LISTEN:{port},bind={partner},reuseaddr,fork"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(["socat", listen, tls], start_new_session=True, **quiet) as tunnel:
        try:
            eventually(lambda: _listens(partner, port), "socat does not listen")
            command = ["sipp", f"{partner}:{port}", "-t", "t1", "-sf", str(scenario), "-m", "200", "-r", "200",
                       "-i", partner, "-timeout", "300s", "-nostdin"]  # fmt: skip
            said = run(*command, code=None, cwd=tmp_path)
        finally:
            os.killpg(tunnel.pid, signal.SIGTERM)  # its children too
    successful = re.search(r"Successful call\s*\|\s*\d+\s*\|\s*(\d+)", said)
    assert successful is not None, said[-3000:]
    assert int(successful.group(1)) == 200


def test_certsrv_client_obtains_a_certificate(lab: ThreadedLab, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The PyPI client obtains a certificate with the template of appendix 5, and with the built-in one a poorer one."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # requests puts them before the file that it is given
        monkeypatch.delenv(variable, raising=False)
    inside = lab.lab
    host, port = inside.adcs.address
    client = certsrv.Certsrv(f"{host}:{port}", "enrol", inside.passwords["enrol"], cafile=f"{state}/root.pem")
    assert client.check_credentials()
    key = fast_key()
    layout = layout_of(inside.deployment, C1)
    csr = build_csr(layout, key).public_bytes(Encoding.PEM)
    for template, expected in (
        (CLIENT_AND_SERVER, {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}),
        (WEB_SERVER, {ExtendedKeyUsageOID.SERVER_AUTH}),
    ):
        leaf = x509.load_pem_x509_certificate(client.get_cert(csr, template.name))
        assert set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == expected
        san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert set(san.get_values_for_type(x509.DNSName)) == set(layout.dns_names)
    ca = x509.load_pem_x509_certificate(client.get_ca_cert())
    leaf.verify_directly_issued_by(ca)
    assert ca in pkcs7.load_der_pkcs7_certificates(client.get_chain())
    with pytest.raises(certsrv.RequestDeniedException, match="template is not supported"):
        client.get_cert(csr, "User")
    with pytest.raises(certsrv.RequestDeniedException, match="Error Parsing Request"):
        client.get_cert("no request", CLIENT_AND_SERVER.name)
    with pytest.raises(certsrv.CouldNotRetrieveCertificateException):
        client.get_existing_cert(9999)
    assert not certsrv.Certsrv(f"{host}:{port}", "enrol", "wrong", cafile=f"{state}/root.pem").check_credentials()


def test_crl_consumers_see_their_sources_only(lab: ThreadedLab) -> None:
    """The table of the guide: LDAP reads the CA file only, the policy service the manual file only."""
    inside = lab.lab
    well = inside.world
    serials = {fqdn: _serial(well, fqdn) for fqdn in (LDAP, POLICY)}
    at = inside.clock.now()
    crl = inside.issued.authority.crl(list(serials.values()), at=at - timedelta(minutes=1))
    for source, down in ((CrlSource.MANUAL, {POLICY}), (CrlSource.CA_FILE, {LDAP}), (CrlSource.AUTOMATIC, set())):
        world = well
        for peer in inside.deployment.peers:
            held = NOTHING_HELD.with_crls(source, [crl])
            world = world.with_party(replace(world.parties[peer], held=held))
        lab.do(inside.change, world)
        report = lab.check()
        assert all(leg.agrees for leg in report.legs)
        assert {leg.leg.server for leg in report.down} == down, source
        assert {leg.causes[0] for leg in report.down} <= {"revocation.revoked"}
    lab.do(inside.change, well)
    assert lab.check().accepted


def _serial(world: object, fqdn: str) -> int:
    credential = world.parties[fqdn].credential  # type: ignore[attr-defined]
    return int(credential.leaf.serial_number)
