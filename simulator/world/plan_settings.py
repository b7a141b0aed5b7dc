"""Settings of a deployment that an administrator can change, by a name in plain words: `uc-traversal.verify-name`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pkikit.errors import InputError
from pkikit.model.deployment import Deployment
from pkikit.model.tables.features import EKU_CHECKING_MODE
from pkikit.values.names import printable

_SWITCH = ("on", "off")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting: its name, what it is, its place in the deployment file, its value now, and the values allowed (empty: any).

    Attributes:
        checks: the value with which a machine verifies more; another value is a workaround. Empty where that is no question.
    """

    name: str
    label: str
    place: str
    value: str
    choices: tuple[str, ...] = ()
    many: bool = False
    checks: str = ""

    def parsed(self, text: str) -> Any:
        """Return a value as the deployment file has it.

        Raises:
            InputError: the value is not one of the choices.
        """
        said = text.strip()
        if self.choices:
            if said.lower() not in self.choices:
                raise InputError(f"{self.name} is one of {', '.join(self.choices)}, not {printable(said)!r}")
            return said.lower() == "on" if self.choices == _SWITCH else said.lower()
        words = said.replace(",", " ").split()
        return words if self.many else (said or None)


def settings_of(deployment: Deployment) -> dict[str, Setting]:
    """Return every setting that can be changed, by its name."""
    return {setting.name: setting for setting in _settings(deployment)}


def setting_named(deployment: Deployment, said: str) -> Setting:
    """Return a setting by its name, or by its place in the deployment file.

    Raises:
        InputError: there is no such setting; the message lists those that there are.
    """
    known = settings_of(deployment)
    wanted = said.strip().lower()
    found = known.get(wanted) or next((s for s in known.values() if s.place == wanted), None)
    if found is None:
        raise InputError(f"there is no setting {printable(said)!r}; there are {', '.join(known)}")
    return found


def relaxed(before: Deployment, now: Deployment) -> tuple[str, ...]:
    """Return a sentence for each setting that verified more in `before` than it does now."""
    earlier, later = settings_of(before), settings_of(now)
    return tuple(
        f"{later[name].label} is {later[name].value}: it verifies less than before"
        for name in earlier.keys() & later.keys()
        if earlier[name].checks and earlier[name].value == earlier[name].checks != later[name].value
    )


def _settings(deployment: Deployment) -> Iterator[Setting]:
    data: dict[str, Any] = deployment.model_dump(mode="json")
    for number, zone in enumerate(data["zones"]):
        yield from _of_zone(zone, f"zones.{number}")
    domains = data["domains"]["registration"]
    yield _setting("registration-domains", "registration domains", "domains.registration", domains)
    format_place = "registration_domain_format"
    words = ("dns", "collab-edge-dns")
    yield _setting(
        "registration-domain-format", "format of the registration domains", format_place, data[format_place], words
    )
    for key, label, choices, checks in (
        ("checking", "certificate revocation checking", _SWITCH, "on"),
        ("fallback", "revocation fallback", ("revoked", "not-revoked"), "revoked"),
    ):
        place = f"revocation.{key}"
        yield _setting(place, label, place, data["revocation"][key], choices, checks)
    if deployment.product_version.has(EKU_CHECKING_MODE):
        for number, cluster in enumerate(data["clusters"]):
            name, place = cluster["name"], f"clusters.{number}.eku_checking"
            label = f"ExtendedKeyUsage checking mode of {name}"
            yield _setting(f"{name}.eku-checking", label, place, cluster["eku_checking"], _SWITCH, "on")
    for number, nodes in enumerate(data["unified_cm"]):
        place, label = f"unified_cm.{number}.tls_verify", f"TLS verify mode for Unified CM {nodes['name']}"
        yield _setting(f"{nodes['name']}.tls-verify", label, place, nodes["tls_verify"], _SWITCH, "on")


def _of_zone(zone: dict[str, Any], place: str) -> Iterator[Setting]:
    name = zone["name"]
    if "peer_addresses" in zone:
        label = f"peer addresses of the zone {name}"
        yield _setting(f"{name}.peer-addresses", label, f"{place}.peer_addresses", zone["peer_addresses"])
    if "tls_verify_subject_name" in zone:
        label = f"TLS verify subject name of the zone {name}"
        yield _setting(
            f"{name}.verify-name", label, f"{place}.tls_verify_subject_name", zone["tls_verify_subject_name"]
        )
    if "tls_verify" in zone and zone["type"] != "unified-communications-traversal":
        label = f"TLS verify mode of the zone {name}"
        yield _setting(f"{name}.tls-verify", label, f"{place}.tls_verify", zone["tls_verify"], _SWITCH, "on")


def _setting(name: str, label: str, place: str, value: Any, choices: tuple[str, ...] = (), checks: str = "") -> Setting:
    many = isinstance(value, list)
    text = ", ".join(value) if many else str(value or "")
    shown = _SWITCH[not value] if isinstance(value, bool) else text
    return Setting(name=name.lower(), label=label, place=place, value=shown, choices=choices, many=many, checks=checks)
