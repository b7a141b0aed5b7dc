"""A step of a plan as a request body: what `expressway-sim do` sends to a running lab, and what the lab reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pydantic
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.files import MAX_UPLOAD, key_pem, parse, refuse_unreadable
from pkikit.model.certificates.credential import Credential
from pkikit.model.world import Party
from pkikit.planning.steps import Action, SettingChange, Step
from pkikit.values.instants import parse_instant
from simulator.peer.pages.bodies import Body, Content, Texts

_MOST = 500  # entries of a list: more than a page has


class Setting(Body):
    """A value of the configuration, before and after, with its place as in the deployment file."""

    place: str
    old: Any = None
    new: Any = None


class Machine(Body):
    """A machine that a step brings into the deployment: its certificate, its key, and the CAs that it trusts."""

    fqdn: str
    certificate: Content = b""
    private_key: Content = pydantic.Field(default=b"", repr=False)
    client_certificate: Content = b""
    client_private_key: Content = pydantic.Field(default=b"", repr=False)
    trusted: Content = b""


class StepOrder(Body):
    """A step of a plan. `undo` asks for its opposite; `waits` says whether a restart puts it into effect."""

    action: str
    key: str = ""
    machine: str = ""
    place: str = ""
    certificates: Content = b""
    certificate: Content = b""
    private_key: Content = pydantic.Field(default=b"", repr=False)
    settings: tuple[Setting, ...] = pydantic.Field(default=(), max_length=_MOST)
    names: Texts = ()
    gone: Texts = ()
    renames: tuple[tuple[str, str], ...] = pydantic.Field(default=(), max_length=_MOST)
    until: str = ""
    activates: Texts = ()
    waits: pydantic.StrictBool | None = None
    undo: pydantic.StrictBool = False
    machines: tuple[Machine, ...] = pydantic.Field(default=(), max_length=_MOST)

    def step(self, at: datetime) -> Step:
        """Return the step.

        Args:
            at: the lab's time.

        Raises:
            InputError: the action is unknown, or a file cannot be read.
        """
        if self.action not in tuple(Action):
            raise InputError(f"action: there is no {self.action[:40]!r}; allowed are {', '.join(Action)}")
        action = Action(self.action)
        return Step(
            key=self.key or f"{action} {self.machine}".strip(),
            action=action,
            machine=self.machine,
            place=self.place,
            certificates=_certificates(self.certificates, "certificates"),
            credential=_credential(self.certificate, self.private_key, "certificate", "private_key"),
            settings=tuple(SettingChange(place=s.place, old=s.old, new=s.new) for s in self.settings),
            names=self.names,
            gone=self.gone,
            renames=self.renames,
            until=parse_instant(self.until, at) if self.until else None,
            activates=self.activates,
        )

    def parties(self) -> dict[str, Party]:
        """Return the machines that this step brings.

        Raises:
            InputError: a file cannot be read.
        """
        return {m.fqdn: _party(m, f"machines.{number}") for number, m in enumerate(self.machines)}


def order_of(
    step: Step,
    *,
    waits: bool,
    undo: bool = False,
    was: Credential | None = None,
    new: Mapping[str, Party] | None = None,
) -> dict[str, Any]:
    """Return the body that asks for a step.

    Args:
        step: the step.
        waits: whether a restart puts it into effect.
        undo: ask for its opposite.
        was: with `undo`: the certificate that was loaded before.
        new: machines that it brings into the deployment.
    """
    credential = was if undo else step.credential
    body: dict[str, Any] = {
        "action": step.action.value,
        "key": step.key,
        "machine": step.machine,
        "place": step.place,
        "certificates": _pem(step.certificates),
        "settings": [{"place": s.place, "old": s.old, "new": s.new} for s in step.settings],
        "names": list(step.names),
        "gone": list(step.gone),
        "renames": [list(pair) for pair in step.renames],
        "until": step.until.isoformat() if step.until is not None else "",
        "activates": list(step.activates),
        "waits": waits,
        "undo": undo,
        "machines": [_machine(party) for party in (new or {}).values()],
    }
    return {**body, **_files(credential, "certificate", "private_key")}


def _machine(party: Party) -> dict[str, str]:
    return {
        "fqdn": party.fqdn,
        **_files(party.credential, "certificate", "private_key"),
        **_files(party.client, "client_certificate", "client_private_key"),
        "trusted": _pem(party.trusted_ca_list),
    }


def _files(credential: Credential | None, certificate: str, key: str) -> dict[str, str]:
    if credential is None:
        return {}
    found = {certificate: credential.pem().decode("ascii")}
    return found if credential.key is None else {**found, key: key_pem(credential.key).decode("ascii")}


def _pem(certificates: tuple[x509.Certificate, ...]) -> str:
    return b"".join(c.public_bytes(Encoding.PEM) for c in certificates).decode("ascii")


def _certificates(data: bytes, where: str) -> tuple[x509.Certificate, ...]:
    if not data.strip():
        return ()
    contents = parse(data, where=where, limit=MAX_UPLOAD, open_stores=False)
    refuse_unreadable(contents)
    return contents.certificates


def _credential(certificate: bytes, key: bytes, where: str, key_where: str) -> Credential | None:
    chain = _certificates(certificate, where)
    if not chain:
        return None
    if not key.strip():
        return Credential(chain=chain)
    contents = parse(key, where=key_where, limit=MAX_UPLOAD, open_stores=False)
    refuse_unreadable(contents)
    if not contents.keys:
        raise InputError("contains no RSA or EC private key", where=key_where)
    return Credential(chain=chain, key=contents.keys[0])


def _party(machine: Machine, where: str) -> Party:
    return Party(
        fqdn=machine.fqdn,
        credential=_credential(
            machine.certificate, machine.private_key, f"{where}.certificate", f"{where}.private_key"
        ),
        client=_credential(
            machine.client_certificate,
            machine.client_private_key,
            f"{where}.client_certificate",
            f"{where}.client_private_key",
        ),
        trusted_ca_list=_certificates(machine.trusted, f"{where}.trusted"),
    )
