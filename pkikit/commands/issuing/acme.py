"""`acme`: RFC 8555 against any CA. preflight says beforehand what the CA will object to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import (
    DeploymentFile,
    JsonFlag,
    VerboseFlag,
    VersionOption,
    now,
    read_deployment,
    tell,
    tell_made,
)
from pkikit.commands.terminal.object_facts import brief_rows, rows_of
from pkikit.commands.terminal.parameters import Group
from pkikit.errors import InputError
from pkikit.model.tables import ports
from pkikit.model.tables.revocation_reasons import REASONS
from pkikit.values.numbers import whole_number

if TYPE_CHECKING:
    from pkikit.issue.acme.account import AcmeAccount, ExternalAccount
    from pkikit.issue.acme.http01 import Place
    from pkikit.issue.acme.transport import AccountKey as Key
    from pkikit.issue.acme.transport import AcmeDirectory

acme = typer.Typer(
    name="acme",
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Get certificates from an ACME CA (RFC 8555).",
)

Directory = Annotated[str, typer.Option("--directory", metavar="URL", help="The CA's directory.")]
CaFile = Annotated[Path | None, typer.Option("--ca-file", metavar="FILE", help="CA by which its HTTPS is verified.")]
AccountKey = Annotated[
    Path, typer.Option("--account", metavar="FILE", help="Account key; order makes it when absent (0600).")
]


def _at(url: str, ca_file: Path | None) -> AcmeDirectory:
    from pkikit.issue.acme.transport import AcmeDirectory

    if ca_file is not None and not ca_file.is_file():
        raise InputError("there is no such file", where=str(ca_file))
    return AcmeDirectory(url=url, ca_file=ca_file)


def _key(path: Path, *, make: bool = False) -> Key:
    from pkikit.design.csr import fast_key
    from pkikit.files import key_pem, read_file, write_private

    if make and not path.exists():
        key = fast_key()
        write_private(path, key_pem(key))
        return key
    found = next(iter(read_file(path).keys), None)
    if found is None:
        raise InputError("has no RSA or EC private key", where=str(path))
    return found


def _account(url: str, ca_file: Path | None, key: Path) -> AcmeAccount:
    from pkikit.issue.acme.account import AcmeAccount

    return AcmeAccount(_at(url, ca_file), _key(key))


def _external(kid: str, mac_file: Path | None) -> ExternalAccount | None:
    from pkikit.files import read_bytes
    from pkikit.issue.acme.account import ExternalAccount

    if not kid and mac_file is None:
        return None
    if not kid or mac_file is None:
        raise InputError("an external account needs both --eab-kid and --eab-mac-file")
    return ExternalAccount(kid=kid, mac_key=read_bytes(mac_file).decode("ascii", "replace").strip())


@acme.command()
def preflight(
    deployment: DeploymentFile,
    peer: Annotated[str, typer.Option(metavar="FQDN", help="The Expressway-E peer that would order.")],
    authority: Annotated[str, typer.Option(help="The CA's domain in CAA records.")] = "letsencrypt.org",
    dns: Annotated[str | None, typer.Option(metavar="ADDRESS[:PORT]", help="DNS server that sees the outside.")] = None,
    http_port: Annotated[int, typer.Option(min=1, max=65535, help="Port that the CA dials (80).")] = ports.HTTP,
    dial: Annotated[bool, typer.Option(help="Dial port 80 of every address found.")] = True,
    source: Annotated[
        str, typer.Option("--from", metavar="ADDRESS", help="Address of this machine to dial from.")
    ] = "",
    version: VersionOption = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Check what the CA would refuse, before you order: names, public DNS, port 80 of every peer, CAA, limits.

    Example: pkikit acme preflight notebooks/deployments/clustered-mra.yaml --peer e1.example.com
    """
    from pkikit.design.san import design_sans
    from pkikit.judge.linting.preflight import preflight as judge
    from pkikit.judge.linting.preflight import refuse_where_there_is_no_acme
    from pkikit.net.acme_facts import gather

    read = read_deployment(deployment, version=version)
    name = read.peer(peer)
    refuse_where_there_is_no_acme(read, name)
    layout = design_sans(read, name)
    facts = gather(read, layout, authority=authority, dns_server=dns, http_port=http_port, dial=dial, source=source)
    verdict = judge(layout, facts)
    tell(
        verdict, as_json, yes=f"{name} can order its certificate from {authority}",
        no=f"{authority} would refuse the order of {name}", verbose=verbose,
        names=list(layout.dns_names), peers=dict(facts.peers),
    )  # fmt: skip


@acme.command()
def order(
    request: Annotated[Path, typer.Argument(metavar="REQUEST", help="The certificate signing request.")],
    directory: Directory,
    account: AccountKey,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Leaf and chain, as PEM.")],
    email: Annotated[str, typer.Option(help="Contact, for a new account.")] = "",
    accept_terms: Annotated[bool, typer.Option("--accept-terms", help="You accept the CA's terms of service.")] = False,
    webroot: Annotated[Path | None, typer.Option(metavar="DIR", help="Document root that port 80 serves.")] = None,
    standalone: Annotated[
        str | None, typer.Option(metavar="[ADDRESS:]PORT", help="Serve the challenge files here ourselves.")
    ] = None,
    profile: Annotated[str, typer.Option(help="One of the CA's profiles (`acme status` lists them).")] = "",
    preferred_chain: Annotated[str, typer.Option(metavar="CN", help="Root that the chain should end at.")] = "",
    replaces: Annotated[Path | None, typer.Option(metavar="CERT", help="The certificate that this renews.")] = None,
    eab_kid: Annotated[str, typer.Option(metavar="ID", help="External account: its identifier.")] = "",
    eab_mac_file: Annotated[Path | None, typer.Option(metavar="FILE", help="External account: its MAC key.")] = None,
    ca_file: CaFile = None,
    timeout: Annotated[float, typer.Option(min=1, max=3600, help="Seconds to wait for the CA.")] = 120.0,
    as_json: JsonFlag = False,
) -> None:
    """Order a certificate for a request, by http-01. Run it again to resume an interrupted order.

    Example: pkikit acme order request.pem --directory https://acme.example/dir --account a.pem --out e1.pem --webroot www
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    from pkikit.errors import AcmeProblem
    from pkikit.files import free_path, read_certificates, read_request, write_public
    from pkikit.issue.acme.account import AcmeAccount
    from pkikit.issue.acme.order import Order, OrderStep, OrderWishes
    from pkikit.judge.linting.issued_certificate import require_answer
    from pkikit.view.description import describe_certificate

    if (webroot is None) == (standalone is None):
        raise InputError("give either --webroot DIR or --standalone [ADDRESS:]PORT")
    free_path(out)
    wanted, external = read_request(request), _external(eab_kid, eab_mac_file)
    renewed = read_certificates(replaces)[0] if replaces is not None else None
    client = AcmeAccount(_at(directory, ca_file), _key(account, make=True))
    try:
        client.find()
    except AcmeProblem:
        client.register(email, terms_accepted=accept_terms, external=external)
    begun = out.with_name(f"{out.name}.order")
    with _place(webroot, standalone) as place, console.steps(quiet=as_json) as tell_step:

        def step(happened: OrderStep) -> None:
            tell_step(str(happened))
            if happened.url:
                write_public(begun, happened.url.encode())

        ordering = Order(client, wanted, place=place.put, withdraw=place.take, progress=step, timeout=timeout)
        wishes = OrderWishes(profile=profile, preferred_chain=preferred_chain, replaces=renewed)
        chain = ordering.run(wishes, resume=_begun_order(begun, directory))
    begun.unlink(missing_ok=True)
    require_answer(wanted, chain)
    write_public(out, b"".join(c.public_bytes(Encoding.PEM) for c in chain))
    described = {"certificate_file": str(out), **describe_certificate(chain[0], now())}
    tell_made(
        described, as_json, done="The CA issued the certificate", rows=brief_rows(described),
        files=(("Certificate with its chain", out), ("Account key", account)),
        steps=(
            "Keep the account key: it renews and revokes this certificate.",
            f"Check the certificate before you upload it:\npkikit lint {out} --request {request}",
            f"Ask when to renew it:\npkikit acme renew-info {out} --directory {directory}",
        ),
    )  # fmt: skip


def _begun_order(path: Path, directory: str) -> str:
    """Return the URL of the order that an interrupted run left; empty if it is at another CA."""
    from urllib.parse import urlsplit

    from pkikit.files import read_bytes

    if not path.is_file():
        return ""
    url = read_bytes(path, 4096).decode("ascii", "replace").strip()
    return url if urlsplit(url)[:2] == urlsplit(directory)[:2] else ""


@contextlib.contextmanager
def _place(webroot: Path | None, listen: str | None) -> Iterator[Place]:
    from pkikit.issue.acme.http01 import Webroot
    from pkikit.issue.acme.http01 import standalone as serve

    if webroot is not None:
        yield Webroot(webroot)
        return
    address, _, port = (listen or "").rpartition(":")
    number = whole_number(port, most=65535)
    if not number:
        raise InputError(f"--standalone {(listen or '')[:60]!r}: write [ADDRESS:]PORT")
    with serve(address.strip("[]") or "0.0.0.0", number) as place:  # noqa: S104  (the CA has to reach it)
        yield place


@acme.command()
def status(directory: Directory, account: AccountKey, ca_file: CaFile = None, as_json: JsonFlag = False) -> None:
    """Show your account at the CA, and what the CA offers.

    Example: pkikit acme status --directory https://acme.example/dir --account account.pem
    """
    from dataclasses import asdict

    client = _account(directory, ca_file, account)
    known = client.status()
    ca = asdict(client.capabilities)
    done = f"The CA knows this account: {known.get('status', '')}"
    tell_made({**known, "ca": ca}, as_json, done=done, rows=[*rows_of(known), *rows_of(ca)])


@acme.command("account")
def change_account(
    directory: Directory,
    account: AccountKey,
    email: Annotated[str | None, typer.Option(help="Another contact; empty: none.")] = None,
    new_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Make another key here and give it to the account.")
    ] = None,
    deactivate: Annotated[bool, typer.Option("--deactivate", help="End the account for good.")] = False,
    ca_file: CaFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Change the contact or the key of an account, or close it.

    Example: pkikit acme account --directory https://acme.example/dir --account old.pem --new-key new.pem
    """
    from pkikit.design.csr import fast_key
    from pkikit.files import free_path, key_pem, write_private

    if (email is not None) + (new_key is not None) + deactivate != 1:
        raise InputError("give one of --email ADDRESS, --new-key FILE, --deactivate")
    client = _account(directory, ca_file, account)
    client.find()
    if new_key is not None:
        free_path(new_key)
        key = fast_key()
        write_private(new_key, key_pem(key))  # before the CA knows it: without the key, the account would be lost
        client.change_key(key)
    elif email is not None:
        client.change_contact(email)
    else:
        client.deactivate()
        facts: dict[str, object] = {"url": client.url, "status": "deactivated"}
        tell_made(facts, as_json, done="The account is closed for good", rows=rows_of(facts))
        return
    changed = client.status()
    new = [("New account key", new_key)] if new_key is not None else []
    tell_made(changed, as_json, done="The account is changed", rows=rows_of(changed), files=new)


@acme.command()
def revoke(
    certificate: Annotated[Path, typer.Argument(metavar="CERT")],
    directory: Directory,
    account: Annotated[
        Path | None, typer.Option("--account", metavar="FILE", help="Account key that ordered it.")
    ] = None,
    cert_key: Annotated[
        Path | None, typer.Option("--cert-key", metavar="FILE", help="Or the certificate's own key.")
    ] = None,
    reason: Annotated[str, typer.Option(help=", ".join(REASONS))] = "unspecified",
    ca_file: CaFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Revoke a certificate, with the key of the account or of the certificate.

    Example: pkikit acme revoke e1.pem --directory https://acme.example/dir --account account.pem --reason superseded
    """
    from pkikit.commands.terminal.arguments import choice
    from pkikit.files import read_certificates
    from pkikit.issue.acme.account import AcmeAccount

    key = account or cert_key
    if key is None or (account is not None and cert_key is not None):
        raise InputError("give either --account FILE or --cert-key FILE")
    leaf = read_certificates(certificate)[0]
    number = REASONS[choice(reason, tuple(REASONS), "--reason")]
    client = AcmeAccount(_at(directory, ca_file), _key(key))
    if account is not None:
        client.find()
    client.revoke(leaf, number)
    facts = {"serial": f"{leaf.serial_number:x}", "status": "revoked", "reason": reason}
    tell_made(facts, as_json, done=f"The CA revoked {certificate}", rows=rows_of(facts))


@acme.command("renew-info")
def renew_info(
    certificate: Annotated[Path, typer.Argument(metavar="CERT")],
    directory: Directory,
    ca_file: CaFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Show when to renew. The CA says when (RFC 9773); otherwise after two thirds of the lifetime.

    Example: pkikit acme renew-info e1.pem --directory https://acme.example/dir
    """
    from pkikit.files import read_certificates
    from pkikit.issue.acme.renewal_info import renewal_info
    from pkikit.judge.renewal_due import renew_at
    from pkikit.view.description import iso

    leaf = read_certificates(certificate)[0]
    info = renewal_info(_at(directory, ca_file), leaf)
    when = renew_at(leaf, info)
    facts = {
        "renew_at": iso(when),
        "by": "the CA (RFC 9773)" if info else "two thirds of the life; the CA offers no renewal information",
        "window": {"start": iso(info.start), "end": iso(info.end)} if info else None,
        "explanation": info.explanation if info else "",
        "not_after": iso(leaf.not_valid_after_utc),
        "due": when <= now(),
    }
    done = "Renew now" if facts["due"] else f"No renewal before {iso(when)[:10]}"
    rows = rows_of({k: v for k, v in facts.items() if k != "due"})
    tell_made(facts, as_json, done=done, rows=rows)
