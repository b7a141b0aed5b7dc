"""`ca` and `adcs`: how certificates come to be, with a file CA, with OpenSSL alone, with Active Directory."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import (
    AtOption,
    DeploymentFile,
    JsonFlag,
    choice,
    now,
    read_deployment,
    tell_made,
)
from pkikit.commands.terminal.object_facts import brief_rows, rows_of
from pkikit.commands.terminal.object_facts import instant as instant_text
from pkikit.commands.terminal.parameters import Group
from pkikit.errors import InputError
from pkikit.text import counted
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from pkikit.issue.file_ca import FileCa

_PLAIN: dict[str, Any] = {"cls": Group, "no_args_is_help": True, "rich_markup_mode": None}
ca = typer.Typer(name="ca", help="Run a small CA in a folder, compatible with openssl ca.", **_PLAIN)
adcs = typer.Typer(name="adcs", help="Prepare templates and requests for Microsoft AD CS.", **_PLAIN)

CaFolder = Annotated[Path, typer.Argument(metavar="DIR", help="The CA's folder.")]
DaysOption = Annotated[int, typer.Option(min=1, max=36500, help="Lifetime in days.")]
OutOption = Annotated[Path, typer.Option(metavar="FILE", help="Where to write it.")]
PeerOption = Annotated[str, typer.Option(metavar="FQDN", help="The peer that the request is for.")]


def _open(folder: Path) -> FileCa:
    from pkikit.issue.file_ca import FileCa

    return FileCa(folder)


def _anchor(folder: Path, authority: FileCa) -> str:
    return "the root CA" if authority.authority.intermediates else str(folder / "ca.pem")


@ca.command()
def init(
    folder: CaFolder,
    name: Annotated[str, typer.Option(help="Common name of the CA.")] = "Example Root CA",
    organisation: Annotated[str, typer.Option()] = "",
    below: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Make an intermediate of the CA in that folder.")
    ] = None,
    days: DaysOption = 3650,
    key_size: Annotated[int, typer.Option(help="2048 or 4096.")] = 2048,
    at: AtOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Create a CA: certificate, key (mode 0600), index, openssl.cnf.

    Example: pkikit ca init my-ca --name "My Root CA"
    """
    from pkikit.design.csr import make_key
    from pkikit.issue.file_ca import FileCa
    from pkikit.model.certificates.facts import is_self_signed, title
    from pkikit.view.description import describe_certificate

    if not name or len(name) > 64 or not name.isprintable():
        raise InputError("--name: 1 to 64 printable characters")
    instant = parse_instant(at, now(), makes=True)
    made = FileCa.create(
        folder, name, at=instant, key=make_key(key_size), organisation=organisation,
        lifetime=timedelta(days=days), below=_open(below) if below else None,
    )  # fmt: skip
    facts = {"ca": str(folder / "ca.pem"), **describe_certificate(made.authority.certificate, instant)}
    root = next((c for c in made.authority.parents if is_self_signed(c)), None)
    trusted = f"{folder / 'ca.pem'} to" if root is None else f"the root CA ({title(root)}) to"
    tell_made(
        facts, as_json, done=f"New CA: {name}", rows=brief_rows(facts),
        files=(("Certificate", folder / "ca.pem"), ("Key", folder / "private" / "ca.key")),
        steps=(
            "Keep the key secret: only you can read the file (mode 0600).",
            f"Append {trusted} the trusted CA list of every machine that has to accept its certificates.",
            f"Sign a request:\npkikit ca issue {folder} REQUEST --out FILE",
        ),
    )  # fmt: skip


@ca.command()
def issue(
    folder: CaFolder,
    request: Annotated[Path, typer.Argument(metavar="REQUEST", help="Certificate signing request.")],
    out: OutOption,
    days: DaysOption = 398,
    profile: Annotated[
        str, typer.Option(metavar="both|server|client", help="Key purposes that the CA keeps.")
    ] = "both",
    crl_url: Annotated[str, typer.Option(metavar="URL", help="Distribution point to name.")] = "",
    ocsp_url: Annotated[str, typer.Option(metavar="URL", help="OCSP responder to name.")] = "",
    at: AtOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Sign a request. OUT gets the certificate and its chain; the index gets an entry.

    Example: pkikit ca issue my-ca request-e1/request.pem --out e1.pem
    """
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID

    from pkikit.files import free_path, read_request, write_public
    from pkikit.issue.authority import ANY_EKU, Profile
    from pkikit.view.description import describe_certificate

    ekus = {
        "both": ANY_EKU,
        "server": (ExtendedKeyUsageOID.SERVER_AUTH,),
        "client": (ExtendedKeyUsageOID.CLIENT_AUTH,),
    }
    chosen = ekus[choice(profile, tuple(ekus), "--profile")]
    wanted = read_request(request)
    instant = parse_instant(at, now(), makes=True)
    free_path(out)
    authority = _open(folder)
    made = authority.issue(
        wanted,
        at=instant,
        profile=Profile(ekus=chosen, lifetime=timedelta(days=days), crl_url=crl_url, ocsp_url=ocsp_url),
    )
    chain = (made, *authority.authority.intermediates)
    write_public(out, b"".join(c.public_bytes(Encoding.PEM) for c in chain))
    facts = {"certificate_file": str(out), **describe_certificate(made, instant)}
    tell_made(
        facts, as_json, done=f"Issued a certificate for {facts['common_name'] or facts['subject']}", rows=brief_rows(facts),
        files=(("Certificate" if len(chain) == 1 else "Certificate with its chain", out),),
        steps=(
            f"Check it before you upload it:\npkikit lint {out} --request {request}",
            f"Upload {out} and restart the peer: the new certificate is used after the restart.",
            f"Every machine that has to accept it needs {_anchor(folder, authority)} in its trusted CA list.",
        ),
    )  # fmt: skip


@ca.command()
def revoke(
    folder: CaFolder,
    certificate: Annotated[Path, typer.Argument(metavar="CERT")],
    reason: Annotated[str | None, typer.Option(help="keyCompromise, superseded, cessationOfOperation, …")] = None,
    at: AtOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Revoke a certificate. The next CRL and OCSP answer report it.

    Example: pkikit ca revoke my-ca e1.pem --reason keyCompromise
    """
    from pkikit.files import read_certificates

    instant = parse_instant(at, now(), makes=True)
    leaf = read_certificates(certificate)[0]
    _open(folder).revoke(leaf, at=instant, reason=reason)
    facts = {"serial": f"{leaf.serial_number:x}", "status": "revoked", "reason": reason}
    tell_made(
        facts, as_json, done=f"Revoked {certificate}", rows=rows_of(facts),
        steps=(f"Nobody knows yet. Publish a new CRL:\npkikit ca crl {folder} --out FILE",),
    )  # fmt: skip


@ca.command()
def crl(folder: CaFolder, out: OutOption, days: DaysOption = 7, at: AtOption = None, as_json: JsonFlag = False) -> None:
    """Write the CRL, as PEM. Replaces OUT.

    Example: pkikit ca crl my-ca --out my-ca.crl
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    from pkikit.files import write_public
    from pkikit.view.description import describe_crl

    instant = parse_instant(at, now(), makes=True)
    made = _open(folder).crl(at=instant, lifetime=timedelta(days=days))
    write_public(out, made.public_bytes(Encoding.PEM))
    facts = {"crl_file": str(out), **describe_crl(made, instant)}
    rows = rows_of({k: v for k, v in facts.items() if k not in {"crl_file", "expired", "entries"}})
    tell_made(
        facts, as_json, done=f"New CRL: {counted(len(made), 'revoked certificate')}", rows=rows, files=(("CRL", out),),
        steps=(
            f"Put {out} where the certificates' CRL distribution points lead to, or upload it to each Expressway.",
            f"Make the next one before {instant_text(facts['next_update'])}: after that, no certificate of this CA is accepted.",
        ),
    )  # fmt: skip


@ca.command()
def ocsp(
    folder: CaFolder,
    certificate: Annotated[Path, typer.Argument(metavar="CERT")],
    out: OutOption,
    days: DaysOption = 1,
    id_digest: Annotated[
        str, typer.Option(metavar="sha256|sha1", help="Digest of the CertID; sha1 is what openssl ocsp asks with.")
    ] = "sha256",
    at: AtOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write an OCSP answer about one certificate, as DER. Replaces OUT.

    Example: pkikit ca ocsp my-ca e1.pem --out e1.ocsp
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    from pkikit.files import read_certificates, write_public
    from pkikit.view.description import describe_ocsp

    instant = parse_instant(at, now(), makes=True)
    choice(id_digest, ("sha256", "sha1"), "--id-digest")
    answer = _open(folder).ocsp_answer(
        read_certificates(certificate)[0],
        at=instant,
        lifetime=timedelta(days=days),
        id_digest=hashes.SHA1() if id_digest == "sha1" else hashes.SHA256(),  # noqa: S303  (a name, not a seal)
    )
    write_public(out, answer.public_bytes(Encoding.DER))
    facts = {"ocsp_file": str(out), **describe_ocsp(answer, instant)}
    rows = rows_of({k: v for k, v in facts.items() if k != "ocsp_file"})
    tell_made(
        facts, as_json, done=f"OCSP answer about {certificate}: {facts['certificate_status']}", rows=rows,
        files=(("Answer", out),),
        steps=(f"See what it decides:\npkikit verify {certificate} --trust {folder / 'ca.pem'} --ocsp {out}",),
    )  # fmt: skip


@ca.command("openssl")
def with_openssl(deployment: DeploymentFile, peer: PeerOption, as_json: JsonFlag = False) -> None:
    """Print how to do the same with OpenSSL only. You get the configuration for a peer's request, and the commands.

    Example: pkikit ca openssl notebooks/deployments/clustered-mra.yaml --peer e1.example.com
    """
    from pkikit.design.san import design_sans
    from pkikit.issue.openssl_config import commands, request_config

    read = read_deployment(deployment)
    layout = design_sans(read, read.peer(peer))
    document = {"file": f"{layout.owner}.cnf", "config": request_config(layout), "commands": commands(layout)}

    def show(out: Any) -> None:
        text = f"# ---- {document['file']}\n{document['config']}\n# ---- commands\n{document['commands']}"
        console.write(out, text.splitlines())

    console.answer(document, as_json=as_json, show=show)


@adcs.command()
def template(as_json: JsonFlag = False) -> None:
    """Show a template that keeps both key purposes. You see it as certtmpl.msc shows it, and its directory attributes.

    Example: pkikit adcs template
    """
    from pkikit.issue.templates import CLIENT_AND_SERVER

    made = CLIENT_AND_SERVER
    document = {
        "name": made.name,
        "shown": [dict(zip(("tab", "field", "value"), row, strict=True)) for row in made.properties()],
        "attributes": [{"name": name, "value": value} for name, value in made.attributes()],
        "objections": list(made.objections()),
    }

    def show(out: Any) -> None:
        console.headline(out, f"Certificate template {made.display_name}: what to set in certtmpl.msc")
        console.table(out, ("tab", "field", "value"), made.properties(), indent=2)
        console.table(out, ("attribute", "value"), made.attributes(), title="The same in Active Directory:", indent=2)

    console.answer(document, as_json=as_json, show=show)


@adcs.command()
def request(deployment: DeploymentFile, peer: PeerOption, as_json: JsonFlag = False) -> None:
    """Print what to submit for a peer. You get the attribute for the Expressway's request, and an .inf for `certreq -new`.

    Example: pkikit adcs request notebooks/deployments/clustered-mra.yaml --peer e1.example.com
    """
    from pkikit.design.san import design_sans
    from pkikit.issue.templates import CLIENT_AND_SERVER, certreq_policy, request_attributes

    read = read_deployment(deployment)
    layout = design_sans(read, read.peer(peer))
    attribute = request_attributes(CLIENT_AND_SERVER)
    document = {
        "attributes": attribute,
        "submit": f'certreq -submit -attrib "{attribute}" request.pem {layout.owner}.cer',
        "inf": certreq_policy(layout, CLIENT_AND_SERVER),
    }

    def show(out: Any) -> None:
        text = f"{document['submit']}\n\n; ---- {layout.owner}.inf, only where the key is made on Windows\n{document['inf']}"
        console.write(out, text.splitlines())

    console.answer(document, as_json=as_json, show=show)
