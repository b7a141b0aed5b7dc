"""Runs the commands of the console on one peer. The answers are ours; the effects are those of the product.

Sources: X15.0 administrator guide, 'Reference Material' (xCommand Commands); X14.0.1 certificate guide, 'Using ACME on
Expressway-E'.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import anyio.to_thread
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from pkikit.design.csr import SubjectFields, build_csr, make_key
from pkikit.errors import InputError
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.renewal import DAYS, AcmeMode, Schedule
from pkikit.values.names import parse_dns_name, printable
from simulator.peer.acme.service import AcmeService
from simulator.peer.acme_state import AcmeState, Provider
from simulator.peer.console.grammar import Line, read_line
from simulator.peer.peer import Peer
from simulator.peer.state import PeerState, PendingRequest

_SHORT_DAYS = tuple(day[:3] for day in DAYS)
_CURVES: dict[str, ec.EllipticCurve] = {"256": ec.SECP256R1(), "384": ec.SECP384R1(), "521": ec.SECP521R1()}
_RSA = {"2048": 2048, "4096": 4096}
_SUBJECT = {"CN": "", "C": "country", "ST": "state", "L": "locality", "O": "organisation", "OU": "unit",
            "emailAddress": "email"}  # fmt: skip
_PROVIDERS: tuple[Provider, ...] = (Provider.PRODUCTION, Provider.STAGING)


def uuid_of(provider: Provider) -> str:
    """Return the ProviderUuid of one of the lab's CAs; always the same one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://acme.lab.example/{provider.value}"))


class Console:
    """The console of one peer. files: what an administrator copied to the peer, by path; it lives as long as the lab."""

    def __init__(self, peer: Peer, service: AcmeService | None) -> None:
        self.peer, self._service = peer, service
        self.files: dict[str, bytes] = {}

    async def run(self, line: str) -> str:
        """Run one line and return the answer.

        Raises:
            InputError: the line is not a command of this lab, or it is not allowed now.
            PkikitError: the command failed; the sentence says why.
        """
        read = read_line(line)
        return await self._handlers()[read.command.name](read)

    def _handlers(self) -> dict[str, Callable[[Line], Awaitable[str]]]:
        return {
            "ACME Delete Pending Cert": self._delete_pending, "ACME Deploy": self._deploy,
            "ACME Get Pending Cert": self._get_pending, "ACME Providers Read": self._read_providers,
            "ACME Providers Write": self._write_provider, "ACME Reset": self._reset, "ACME Revoke": self._revoke,
            "ACME Settings Read": self._read_settings, "ACME Settings Write": self._write_settings,
            "ACME Sign": self._sign, "Boot": self._restart, "Certs Command": self._create_request,
            "Restart": self._restart,
        }  # fmt: skip

    @property
    def _acme(self) -> AcmeService:
        if self._service is None:
            raise InputError("this lab runs without a public CA, so ACME is not available")
        self._service.require(self.peer.fqdn)
        return self._service

    # Certificates.

    async def _sign(self, line: Line) -> str:
        if line.argument("NumSanEntries"):
            raise InputError("xCommand ACME Sign: do not supply NumSanEntries; it has no purpose for users")
        await self._acme.sign(self.peer.fqdn, line.argument("Domain"))
        return "OK: the certificate is pending"

    async def _deploy(self, line: Line) -> str:
        service, domain, reload = self._acme, line.argument("Domain"), line.argument("ReloadCerts")
        if not domain:
            if reload:
                raise InputError(
                    "xCommand ACME Deploy: ReloadCerts needs Domain; the server certificate always reloads"
                )
            await service.deploy(self.peer.fqdn)
            return "OK: deployed and reloaded; no restart is needed"
        await service.deploy_domain(self.peer.fqdn, domain, reload=reload == "On")
        return "OK: deployed and reloaded" if reload == "On" else "OK: deployed; restart, or deploy with ReloadCerts On"

    async def _get_pending(self, line: Line) -> str:
        self._require_acme()
        state, domain = self.peer.state, _domain(line)
        pending = dict(state.domain_pending).get(domain) if domain else state.pending_certificate
        if pending is None:
            raise InputError(f"{self.peer.fqdn} has no pending certificate{f' for {domain}' if domain else ''}")
        return pending.pem().decode("ascii")

    async def _delete_pending(self, line: Line) -> str:
        self._require_acme()
        await self.peer.discard_pending(_domain(line))
        return "OK"

    def _require_acme(self) -> None:
        _ = self._acme

    # Settings.

    async def _read_settings(self, line: Line) -> str:
        self._require_acme()
        acme, domain = self.peer.state.acme, _domain(line)
        managed = acme.managed(domain)
        days = [_SHORT_DAYS[day] for day in sorted(managed.schedule.days)]
        return _json(
            {
                "AcmeManaged": managed.mode.value,
                "Domain": domain,
                "ProviderUuid": uuid_of(acme.settings.provider),
                "RenewKey": managed.renew_key.value,
                "RenewalSchedule": {
                    "DaysOfWeek": days, "TimeOfDay": f"{managed.schedule.hour:02}:{managed.schedule.minute:02}",
                },
            }
        )  # fmt: skip

    async def _write_settings(self, line: Line) -> str:
        service, mode = self._acme, line.argument("AcmeManaged")
        missing = [name for name in ("RenewalSchedule", "RenewKey") if not line.argument(name)]
        if mode == AcmeMode.AUTOMATED.value and missing:
            raise InputError(f"xCommand ACME Settings Write: AcmeManaged Automated needs {' and '.join(missing)}")
        changes: dict[str, Any] = {"mode": mode}
        if line.argument("RenewKey"):
            changes["renew_key"] = line.argument("RenewKey")
        if line.argument("RenewalSchedule"):
            schedule = read_schedule(line.argument("RenewalSchedule"))
            changes |= {"days": sorted(schedule.days), "hour": schedule.hour, "minute": schedule.minute}
        if line.argument("ProviderUuid"):
            changes["provider"] = _provider(line.argument("ProviderUuid")).value
        await service.configure(self.peer.fqdn, changes, _domain(line))
        return "OK"

    async def _read_providers(self, line: Line) -> str:
        self._require_acme()
        chosen = _PROVIDERS
        if line.argument("ProviderUuid"):
            chosen = (_provider(line.argument("ProviderUuid")),)
        settings = self.peer.state.acme.settings
        return _json(
            [
                {
                    "ProviderUuid": uuid_of(provider),
                    "Name": provider.value,
                    "Default": "On" if provider is Provider.PRODUCTION else "Off",
                    "Email": settings.email if provider is settings.provider else "",
                    "TermsOfService": "Accepted" if provider is settings.provider and settings.terms else "",
                }
                for provider in chosen
            ]
        )

    async def _write_provider(self, line: Line) -> str:
        service, provider = self._acme, _provider(line.argument("ProviderUuid"))
        changes = {"email": line.argument("Email"), "provider": provider.value}
        await service.configure(self.peer.fqdn, changes)
        await service.accept_terms(self.peer.fqdn)
        return "OK"

    async def _reset(self, _: Line) -> str:
        service, acme, fqdn = self._acme, self.peer.state.acme, self.peer.fqdn
        if service.is_running(fqdn):
            raise InputError(f"xCommand ACME Reset: an order of {fqdn} is under way; wait until it has ended")
        enabled = [domain or "the server certificate" for domain in ("", *dict(acme.domains))
                   if acme.managed(domain).mode is not AcmeMode.DISABLED]  # fmt: skip
        if enabled:
            raise InputError(f"xCommand ACME Reset: ACME is enabled for {', '.join(enabled)}; disable it there first")

        def reset(state: PeerState) -> PeerState:
            return replace(state, acme=AcmeState(), stored_request=None, pending_certificate=None,
                           domain_requests=(), domain_pending=())  # fmt: skip

        await self.peer.change_state(reset)
        return "OK"

    async def _revoke(self, line: Line) -> str:
        service, path = self._acme, line.argument("CertPath")
        data = self.files.get(path)
        if data is None:
            raise InputError(f"CertPath: there is no file {printable(path, 200)} on {self.peer.fqdn}")
        try:
            certificate = x509.load_pem_x509_certificates(data)[0]
        except ValueError:
            raise InputError(f"CertPath: {printable(path, 200)} is not a certificate in PEM") from None
        account, settings = self.peer.state.acme.account, self.peer.state.acme.settings
        provider = _provider(line.argument("Provider") or "Default")
        if account is None or provider is not settings.provider:
            raise InputError(f"{self.peer.fqdn} has no ACME account at {provider.value}: sign again there first")
        await service.revoke_certificate(self.peer.fqdn, certificate)
        return "200 OK"

    # Requests and restarts.

    async def _create_request(self, line: Line) -> str:
        algorithm, domain = line.argument("Publickeyalgorithm") or "RSA", _domain(line)
        size = line.argument("Keysize") or ("2048" if algorithm == "RSA" else "256")
        allowed = _RSA if algorithm == "RSA" else _CURVES
        if size not in allowed:
            raise InputError(f"Keysize: {printable(size, 20)!r} is not {' or '.join(allowed)} for {algorithm}")
        common_name, fields = read_subject(line.argument("subjectfields"))
        layout = self.peer.layout_of((domain, f"collab-edge.{domain}")) if domain else self.peer.layout
        layout = replace(layout, common_name=common_name or domain or layout.common_name)
        if not domain:
            self.peer.state.require_no_request()
        key = await anyio.to_thread.run_sync(_make_key, algorithm, size)
        if domain:
            request = PendingRequest(csr=build_csr(layout, key, fields=fields), key=key)
            await self.peer.change_state(lambda state: state.with_domain_request(domain, request))
        else:
            await self.peer.generate(layout=layout, fields=fields, key=key)
        return "OK"

    async def _restart(self, _: Line) -> str:
        self.peer.restart()
        return "OK"


def _make_key(algorithm: str, size: str) -> PrivateKey:
    return make_key(_RSA[size]) if algorithm == "RSA" else ec.generate_private_key(_CURVES[size])


def _domain(line: Line) -> str:
    return parse_dns_name(line.argument("Domain")) if line.argument("Domain") else ""


def _json(value: object) -> str:
    return json.dumps(value, indent=1)


def _provider(text: str) -> Provider:
    """Return the provider with this UUID or name; "Default" is the production directory."""
    if text == "Default":
        return Provider.PRODUCTION
    found = next((p for p in _PROVIDERS if text in {uuid_of(p), p.value}), None)
    if found is None:
        known = ", ".join(f"{uuid_of(p)} ({p.value})" for p in _PROVIDERS)
        raise InputError(f"provider {printable(text, 60)!r} is not known; there are Default, {known}")
    return found


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise InputError(f"{name}: must be a JSON object")
    return read


def read_schedule(text: str) -> Schedule:
    """Return the schedule of `{"DaysOfWeek": ["Mon"], "TimeOfDay": "04:00"}`.

    Raises:
        InputError: it is not written so.
    """
    read = _object(text, "RenewalSchedule")
    days, time = read.get("DaysOfWeek"), read.get("TimeOfDay")
    hour, colon, minute = time.partition(":") if isinstance(time, str) else ("", "", "")
    plain = colon and len(hour) == len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdecimal()
    if set(read) != {"DaysOfWeek", "TimeOfDay"} or not plain or not isinstance(days, list) or not days:
        raise InputError('RenewalSchedule: write {"DaysOfWeek": ["Mon"], "TimeOfDay": "04:00"}')
    strange = [day for day in days if day not in _SHORT_DAYS]
    if strange:
        raise InputError(f"DaysOfWeek: {printable(str(strange[0]), 20)!r} is not one of {', '.join(_SHORT_DAYS)}")
    return Schedule(days=frozenset(_SHORT_DAYS.index(day) for day in days), hour=int(hour), minute=int(minute))


def read_subject(text: str) -> tuple[str, SubjectFields]:
    """Return the common name and the other fields of `{"CN": "www.example.com", "C": "GB", "OU": "IT"}`.

    Raises:
        InputError: it is not a JSON object of texts with these names.
    """
    read = _object(text, "subjectfields") if text else {}
    strange = [name for name, value in read.items() if name not in _SUBJECT or not isinstance(value, str)]
    if strange:
        raise InputError(f"subjectfields: {printable(str(strange[0]), 40)!r} is not a text of {', '.join(_SUBJECT)}")
    fields = {_SUBJECT[name]: value for name, value in read.items() if name != "CN"}
    return read.get("CN", ""), SubjectFields(**fields)
