"""What changed settings are called on their pages: the setting, what it belongs to, the page, and the values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pkikit.design.setting_words import word_of
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.model.tables import product_pages as pages
from pkikit.planning.steps import SettingChange
from pkikit.text import counted, listed, printable

_MOST_NAMES = 30
_MOST_LETTERS = 70  # of the values in a title
_DOMAINS = {"registration": "domains", "sip": "SIP domains", "federation": "XMPP federation domains"}
_ENTRIES = {"zones": "zone", "clusters": "cluster", "servers": "server"}
_UC_ADMINISTRATION = "Cisco Unified CM Administration"

# What a key of the deployment file is called on its page, and which page that is. The longest beginning counts.
_PAGES: tuple[tuple[str, str, str], ...] = (
    ("clusters.cluster_tls", "TLS verification mode", pages.CLUSTERING),
    ("clusters.eku_checking", "ExtendedKeyUsage checking mode", ""),
    ("clusters.server_eku_upload", "EnableServerEkuUpload", ""),
    ("clusters.verify_origin_server", "VerifyOriginServer", ""),
    ("clusters.ssh_key_algorithms", "public key algorithms of SSH tunnels", pages.CIPHERS),
    ("clusters.fqdn", "name", pages.CLUSTERING),
    ("clusters.peers", "peers", pages.CLUSTERING),
    ("clusters", "cluster", pages.CLUSTERING),
    ("zones.tls_verify_subject_name", "TLS verify subject name", pages.ZONES),
    ("zones.tls_verify", "TLS verify mode", pages.ZONES),
    ("zones.mutual_tls", "Mutual TLS mode", pages.SIP),
    ("zones.inbound_mapping", "TLS verify inbound mapping", pages.ZONES),
    ("zones.peer_addresses", "peer addresses", pages.ZONES),
    ("zones", "zone", pages.ZONES),
    ("domains", "domains", pages.DOMAINS),
    ("revocation", "certificate revocation checking", pages.SIP),
    ("unified_cm.tls_verify", "TLS verify mode", pages.UNIFIED_CM),
    ("unified_cm.security_profiles", "phone security profiles", f"{_UC_ADMINISTRATION} > System > Security"),
    ("unified_cm.phones", "phone security profiles", f"{_UC_ADMINISTRATION} > System > Security"),
    ("unified_cm.server_names", "names of servers", f"{_UC_ADMINISTRATION} > System > Server"),
    ("unified_cm.mixed_mode", "mixed mode", ""),
    ("unified_cm", "Unified CM servers", pages.UNIFIED_CM),
    ("im_presence", "IM and Presence Service nodes", pages.IM_PRESENCE),
    ("unity_connection", "Unity Connection servers", pages.UNITY_CONNECTION),
    ("meeting_servers", "Meeting Server", pages.MEETING_SERVER),
    ("registration_domain_format", "format of registration domains in the certificate", pages.SERVER_CERTIFICATE),
    ("chat_aliases", "chat node aliases", pages.SERVER_CERTIFICATE),
    ("mra", "Mobile and Remote Access", pages.UNIFIED_COMMUNICATIONS),
    ("addresses", "addresses", pages.NETWORK),
    ("version", "version", pages.UPGRADE),
)  # fmt: skip


def added_and_removed(deployment: Deployment, setting: SettingChange) -> str:
    """Return what is added to a list of values and removed from it; empty for another setting."""
    if not isinstance(setting.old, list | tuple) or not isinstance(setting.new, list | tuple):
        return ""
    if not all(isinstance(value, str) for value in (*setting.old, *setting.new)):
        return ""
    return _names_changed(setting.old, setting.new, f"{about(setting)} of {entry_of(deployment, setting)}")


def _names_changed(old: Sequence[str], new: Sequence[str], what: str) -> str:
    added = [printable(value, 100) for value in new if value not in old]
    gone = [printable(value, 100) for value in old if value not in new]
    where = f"the {what}"
    if added and gone:
        return f"Replace {listed(gone, at_most=3)} by {listed(added, at_most=3)} in {where}"
    if added:
        return f"Add {listed(added, at_most=3)} to {where}"
    return f"Remove {listed(gone, at_most=3)} from {where}" if gone else ""


def setting_title(deployment: Deployment, settings: Sequence[SettingChange]) -> str:
    """Return what changes on one page in a line, without a stop: `Add example.net to the domains of core`.

    Args:
        deployment: says what the settings belong to.
        settings: those of the page.

    Returns:
        The first change, and how many more there are.
    """
    said = list(dict.fromkeys(title for setting in settings for title in _titles(deployment, setting)))
    more = f", and {counted(len(said) - 1, 'more setting')}" if len(said) > 1 else ""
    return said[0] + more if said else "Change nothing"


def _titles(deployment: Deployment, setting: SettingChange) -> Iterator[str]:
    old, new = setting.old, setting.new
    if said := added_and_removed(deployment, setting):
        yield said
    elif setting.place == "domains" and isinstance(old, Mapping) and isinstance(new, Mapping):
        for key, what in _DOMAINS.items():
            yield from filter(
                None, [_names_changed(old.get(key) or (), new.get(key) or (), f"{what} of {_cores(deployment)}")]
            )
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        changed = [key for key in new if old.get(key) != new[key]]
        values = [f"{key.replace('_', ' ')} from {_word(old.get(key))} to {_word(new[key])}" for key in changed]
        yield f"Change {about(setting)}: {listed(values, at_most=3)}"
    elif "." not in setting.place and isinstance(new, list | tuple) and isinstance(old, list | tuple):
        yield from _entries(setting, old, new)
    else:
        before, after = value_text(setting, old), value_text(setting, new)
        what = f"Change the {about(setting)} of {entry_of(deployment, setting)}"
        yield f"{what} from {before} to {after}" if len(before) + len(after) <= _MOST_LETTERS else what


def _entries(setting: SettingChange, old: Sequence[Any], new: Sequence[Any]) -> Iterator[str]:
    """Yield which entries of a list are added, removed and changed: `Add zone partner`."""
    what = _ENTRIES.get(setting.place, about(setting))
    before, after = ({_name_of(entry): entry for entry in entries} for entries in (old, new))
    if added := [name for name in after if name not in before]:
        yield f"Add {what} {listed(added, at_most=3)}"
    if gone := [name for name in before if name not in after]:
        yield f"Remove {what} {listed(gone, at_most=3)}"
    if changed := [name for name, entry in after.items() if name in before and before[name] != entry]:
        yield f"Change {what} {listed(changed, at_most=3)}"
    if list(before) != list(after) and set(before) == set(after):
        yield f"Change the order of {what} entries"


def _name_of(entry: Any) -> str:
    held = entry.get("name") or entry.get("domain") if isinstance(entry, Mapping) else entry
    return printable(str(held), 80)


def _word(value: Any) -> str:
    return printable(word_of(value), 80) or "empty"


def _cores(deployment: Deployment) -> str:
    return listed([c.name for c in deployment.clusters if c.role is Role.EXPRESSWAY_C]) or "the deployment"


def row_of(setting: SettingChange) -> tuple[str, str, str] | None:
    """Return the key of a setting, what its page calls it, and the page; None if no page is known."""
    keys = ".".join(part for part in setting.place.split(".") if not part.isdigit())
    found = [row for row in _PAGES if keys == row[0] or keys.startswith(f"{row[0]}.")]
    return max(found, key=lambda row: len(row[0]), default=None)


def about(setting: SettingChange) -> str:
    """Return what a setting is called on its page."""
    row = row_of(setting)
    return row[1] if row else setting.place


def entry_of(deployment: Deployment, setting: SettingChange) -> str:
    """Return what a setting belongs to: the zone, the cluster, the list of servers."""
    parts = setting.place.split(".")
    if len(parts) < 2 or not parts[1].isdigit():
        return "the deployment"
    data = getattr(deployment, parts[0], ())
    entry = data[int(parts[1])] if int(parts[1]) < len(data) else None
    name = getattr(entry, "name", None) or getattr(entry, "domain", None) or parts[1]
    kind = {"clusters": "cluster", "zones": "zone"}.get(parts[0], "")
    return f"{kind} {name}".strip()


def setting_sentence(deployment: Deployment, setting: SettingChange) -> str:
    """Return one changed value: `TLS verify subject name of zone uc-traversal: from c.example.com to d.example.com`."""
    if said := added_and_removed(deployment, setting):
        return f"{said}."
    if isinstance(setting.new, dict | list | tuple):
        return " ".join(f"{title}." for title in _titles(deployment, setting))
    return (
        f"{about(setting)[:1].upper()}{about(setting)[1:]} of {entry_of(deployment, setting)}: "
        f"from {value_text(setting, setting.old)} to {value_text(setting, setting.new)}."
    )


def value_text(setting: SettingChange, value: object) -> str:
    """Return a value of a setting as its page writes it."""
    if setting.place.endswith("cluster_tls"):
        return {"enforce": "Enforcing", "permissive": "Permissive"}.get(str(value), str(value))
    if isinstance(value, list | tuple):
        return printable(listed([str(v) for v in value], at_most=_MOST_NAMES), 1000) or "nothing"
    if isinstance(value, dict):
        return printable(listed([f"{k}: {v}" for k, v in value.items()], at_most=_MOST_NAMES), 1000) or "nothing"
    return printable(word_of(value)) or "empty"
