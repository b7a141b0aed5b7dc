"""The steps of a change: what one person does on one page. Values only."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from pkikit.model.certificates.credential import Credential


class Action(enum.StrEnum):
    """The kinds of steps. The value is what `plan.json` has under `action`."""

    APPEND_CA = "append-ca"
    REMOVE_CA = "remove-ca"
    LOAD = "load-certificate"
    LOAD_CLIENT = "load-client-certificate"
    RESTART = "restart"
    SET = "set"
    UPGRADE = "upgrade"
    DNS = "change-dns"
    WAIT = "wait"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who does a step.

    Attributes:
        name: as the runbook names them: `you`, `administrators of Unified CM`.
        lead: how long it takes from asking until it is done. Ours: no document states it, and a team replaces it.
        ours: True for the people who run the Expressways.
    """

    name: str = "you"
    lead: timedelta = timedelta(0)
    ours: bool = True


YOU = Owner()


@dataclass(frozen=True, kw_only=True)
class SettingChange:
    """One value of the configuration, before and after.

    Attributes:
        place: as in the deployment file, with numbers for list entries: `zones.0.tls_verify_subject_name`.
        old: the value before, as JSON has it.
        new: the value after.
    """

    place: str
    old: Any
    new: Any


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step.

    Attributes:
        key: names it in this change, and stays the same in every order: `append-ca c1.corp.example.com`.
        action: what is done.
        machine: the FQDN that the machine has today; the name of a cluster for a setting that its peers share; empty for a wait,
            or for what concerns all.
        place: of a list: its name (`tomcat-trust`), empty for the only one. Of a certificate: the store: `server`, `client`,
            the name of a service (`CallManager`), or `domain example.com`.
        certificates: what is appended or removed.
        credential: what is loaded; its key is missing if nobody gave it.
        settings: what is changed on one page of the configuration. `DNS`: empty.
        names: names that begin to resolve (`DNS`).
        gone: names that stop resolving (`DNS`).
        renames: (FQDN before, FQDN after) of machines that this changes.
        until: the date to wait for.
        activates: keys of loads and settings that are in effect only after this restart.
        owner: who does it.
    """

    key: str
    action: Action
    machine: str
    place: str = ""
    certificates: tuple[x509.Certificate, ...] = ()
    credential: Credential | None = None
    settings: tuple[SettingChange, ...] = ()
    names: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    until: datetime | None = None
    activates: tuple[str, ...] = ()
    owner: Owner = YOU

    @property
    def loads(self) -> bool:
        """True if it loads a certificate into a store."""
        return self.action in {Action.LOAD, Action.LOAD_CLIENT}

    @property
    def changes_list(self) -> bool:
        """True if it changes a list of CAs."""
        return self.action in {Action.APPEND_CA, Action.REMOVE_CA}

    @property
    def restarts(self) -> bool:
        """True if Expressways or services restart: connections go down for minutes, as announced."""
        return self.action in {Action.RESTART, Action.UPGRADE}


@dataclass(frozen=True, kw_only=True)
class Precedence:
    """A step that must be complete before another one begins, whatever the certificates are.

    Attributes:
        first: the key of the earlier step.
        then: the key of the later one.
        why: one sentence.
        rule: `page` (the page works this way), `primary-first`, `wait`, `upgrade-first`, `trust-first` (nobody gave a
            list, so no verdict says what has to be in it before), `names-first` (certificates, then settings, then DNS).
    """

    first: str
    then: str
    why: str
    rule: str
