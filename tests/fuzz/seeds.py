"""Real objects to start from: certificates, requests, lists, answers, keys, containers, traces, logs, deployments, bodies.

What is signed lies in tests/vectors/seeds, made once by `python -m tests.fuzz.seeds`, so that a seed number makes the same
inputs everywhere. Only salts in encrypted containers and the random numbers of captured handshakes differ from run to run.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)
from cryptography.x509 import ocsp

from pkikit.design.csr import build_csr
from pkikit.design.legs import legs_of
from pkikit.design.san import design_sans
from pkikit.design.xconfiguration import xconfiguration
from pkikit.files import key_pem
from pkikit.handshake.tls import TlsRange, TlsVersion
from pkikit.judge.phrases import PHRASES
from pkikit.model.codec.trace import trace_to_json
from pkikit.view.logs.dumps import xconf_text, xconf_xml, xstat_text, xstat_xml
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import SERVER, craft
from tests.support.captured import Recorded
from tests.support.worlds import AT, C1, CASES, DEPLOYMENTS, E1, WorldBuilder, deployment, issued

MAX_LOG = 40


FOLDER = Path(__file__).parents[1] / "vectors" / "seeds"
# Not a secret: anybody can derive it. Keys are made of it here, so that none is committed.
_SCALAR = 0x5EED5EED5EED5EED5EED5EED5EED5EED


def _kept(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


@cache
def objects() -> tuple[bytes, ...]:
    """Every kind of object, in DER, PEM and the containers that hold it."""
    leaf, issuing, root = (x509.load_der_x509_certificate(_kept(f"{name}.der")) for name in ("leaf", "issuing", "root"))
    request, crl = x509.load_der_x509_csr(_kept("request.der")), x509.load_der_x509_crl(_kept("list.der"))
    key = ec.derive_private_key(_SCALAR, ec.SECP256R1())
    der = [*(o.public_bytes(Encoding.DER) for o in (leaf, root, request, crl)), _kept("answer.der")]
    pem = [o.public_bytes(Encoding.PEM) for o in (leaf, root, request, crl)]
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    traditional = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    chain = b"".join(c.public_bytes(Encoding.PEM) for c in (leaf, issuing))
    bundles = [pkcs7.serialize_certificates([leaf, issuing], e) for e in (Encoding.PEM, Encoding.DER)]
    store = pkcs12.serialize_key_and_certificates(b"x", key, leaf, [issuing], NoEncryption())
    texts = [chain, key_pem(key), locked, traditional, chain + key_pem(key), pem[0].replace(b"\n", b"\r\n")]
    odd = [pem[0].decode().encode("utf-16"), b"<html><body>Certificate Services</body></html>"]
    return (*der, *pem, *bundles, store, *texts, *odd)


@cache
def traces() -> tuple[bytes, ...]:
    """Recorded handshakes: one that was accepted, some that were not."""
    return tuple(path.read_bytes() for path in sorted(FOLDER.glob("trace-*.json")))


@cache
def logs() -> tuple[bytes, ...]:
    """Lines as programs print them, a few dozen a file, in several encodings."""
    lines = [phrase.example for phrase in PHRASES]
    files = ["\n".join(lines[i : i + MAX_LOG]) for i in range(0, len(lines), MAX_LOG)]
    return (*(f.encode("utf-8", "replace") for f in files), files[0].encode("utf-16"), files[0].encode("utf-8-sig"))


@cache
def deployments() -> tuple[bytes, ...]:
    """The shipped deployment files."""
    return tuple(path.read_bytes() for path in sorted(DEPLOYMENTS.glob("*.yaml")))


@cache
def brought() -> tuple[bytes, ...]:
    """What an import reads: a diagnostic archive as tar and as zip without compression, dumps, a session, Unified CM output."""
    leaf, root = objects()[5].decode("ascii"), objects()[6].decode("ascii")
    settings = xconfiguration(deployment(), E1)
    text, session = xconf_text(settings), xconf_text(settings[:40]).replace("\n", "\r\n")
    status = {"SystemUnit": {"Name": "e1", "Software": {"Version": "X15.5"}}, "Zones": {"Zone 1": {"Name": "a"}}}
    members = {
        "xconf_dump_e1_2026-03-01_120000.txt": text.encode()[:4000],
        "xstat_dump_e1_2026-03-01_120000.txt": xstat_text(status).encode(),
        "server_e1_2026-03-01_120000.pem": leaf.encode(),
        "loggingsnapshot_e1_2026-03-01_120000.txt": b"a log\n",
    }
    tar, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive, zipfile.ZipFile(packed, "w") as other:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
            other.writestr(name, content)
    printed = f"admin:show cert list own\ntomcat/tomcat.pem: CA\nadmin:show cert own tomcat\n{leaf}\nadmin:show cert trust a/b.pem\n{root}"
    snapshot = {
        "server": "ucm1.example.com",
        "identities": [{"service": "tomcat", "certificate": leaf, "csr": ""}],
        "trusts": [{"service": "CallManager", "certificate_data": [{"filename": "a.pem", "certificate": root}]}],
    }
    whole = (text, f"login as: admin\r\nxConfiguration\r\n{session}OK\r\n", printed, json.dumps(snapshot))
    documents = (xconf_xml(settings), xstat_xml(status), gzip.compress(tar.getvalue()))
    return (tar.getvalue(), packed.getvalue(), *(one.encode() for one in whole), *documents)


@cache
def captures() -> tuple[bytes, ...]:
    """Captures of a connection that is up and one that is refused: pcapng in TLS 1.2, in 1.3 with its secrets, and pcap."""
    made = []
    case = next(case for case in CASES if case.id == "leaf-expired")
    for world in (WorldBuilder().world, case.broken(WorldBuilder()).world):
        leg = next(leg for leg in legs_of(world.deployment) if (leg.client, leg.server, leg.port) == (C1, E1, 7001))
        for version in (TlsVersion.TLS_1_2, TlsVersion.TLS_1_3):
            recorded = Recorded(world, AT, TlsRange(lowest=version, highest=version))
            recorded.dial(leg)
            with tempfile.TemporaryDirectory() as folder:
                made.append(recorded.write(Path(folder) / "a.pcapng").read_bytes())
            made += recorded.capture.pcap(f"10.0.{list(world.parties).index(C1)}.1")
    return tuple(made)


@cache
def bodies() -> tuple[bytes, ...]:
    """JSON bodies as scripts send them to a peer."""
    pem, crl = (objects()[place].decode("ascii") for place in (5, 8))
    return tuple(
        json.dumps(body).encode()
        for body in (
            {"certificate": pem, "private_key": "x"},
            {"certificates": pem},
            {"crl": crl},
            {"urls": ["http://pki.lab.example/root.crl"], "hour": 3},
            {"checking": True, "use_crls": "on", "use_ocsp": False, "fallback": "revoked"},
            {"additional_names": ["voice.example.com"], "key_length": 2048, "digest": "sha256", "country": "GB"},
            {"provider": "staging", "email": "a@example.com", "mode": "Automated", "hour": 3, "terms": True},
            {"domain": "tenant.example.org", "certificate": pem, "private_key": "x"},
        )
    )


def make() -> None:
    """Make tests/vectors/seeds again, from the worlds that the tests use; the key is the one of `_SCALAR`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    layout, authority, root = design_sans(deployment(), E1), issued().authority, issued().root
    key = ec.derive_private_key(_SCALAR, ec.SECP256R1())
    leaf = craft(layout.dns_names, authority, at=AT, key=key).leaf
    answer = (
        ocsp.OCSPResponseBuilder()
        .add_response(leaf, authority.certificate, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD, AT, AT, None, None)
        .responder_id(ocsp.OCSPResponderEncoding.HASH, authority.certificate)
        .sign(authority.key, hashes.SHA256())
    )
    made = {
        "leaf": leaf,
        "issuing": authority.certificate,
        "root": root.certificate,
        "request": build_csr(layout, key),
        "list": authority.crl([5, leaf.serial_number], at=AT),
        "answer": answer,
    }
    for name, item in made.items():
        (FOLDER / f"{name}.der").write_bytes(item.public_bytes(Encoding.DER))
    builders = (
        WorldBuilder(),
        WorldBuilder().reissue(C1, ekus=(SERVER,)),
        WorldBuilder().reissue(E1, names=("x.example.com",)),
    )
    for number, builder in enumerate(builders, start=1):
        leg = next(leg for leg in legs_of(builder.world.deployment) if leg.client == C1 and leg.server == E1)
        document = trace_to_json(MemoryDialler(builder.world, AT).dial(leg))
        (FOLDER / f"trace-{number}.json").write_text(json.dumps(document, indent=1), encoding="utf-8")


if __name__ == "__main__":
    make()
