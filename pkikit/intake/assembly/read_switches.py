"""Version and switches: the table of settings read backwards, so that importing a dump and writing one cannot drift apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pkikit.design.setting_words import value_of
from pkikit.design.xconfiguration import default_of, settings_of
from pkikit.errors import InputError
from pkikit.intake.assembly.peers.found_clusters import FoundCluster
from pkikit.intake.assembly.peers.gathered_peers import Peer
from pkikit.intake.assembly.peers.peer_settings import stated_version
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence, Question
from pkikit.intake.assembly.record.refused_answer import RefusedAnswer
from pkikit.intake.material import Stated
from pkikit.model.parties import Role
from pkikit.model.tables import product_pages as pages
from pkikit.model.tables.features import ASKED_VERSIONS, NEWEST, VERSION_RANGE
from pkikit.model.tables.product_settings import SETTINGS, Setting
from pkikit.model.version import ProductVersion, default_version
from pkikit.text import did_you_mean, printable

# Switches that make a machine refuse: of two readings, the strict one never claims that a refused connection is up.
_STRICT = frozenset({"tls_verify", "mutual_tls", "checking"})
_VERSION_PAGE = f"{pages.OVERVIEW} (Software version), or xStatus SystemUnit"


def find_version(peers: Sequence[Peer], ledger: Ledger) -> ProductVersion:
    """Return the version of the product: from the status dumps, from settings that only the newest has, or from an answer.

    Args:
        peers: the peers.
        ledger: takes the fact, or the question.

    Returns:
        The version; the newest one if there is only a question yet.

    Raises:
        InputError: the answer is not a version.
    """
    stated = [(peer, found) for peer in peers if (found := stated_version(peer.status)) is not None]
    readable = [(peer, version, s) for peer, (text, s) in stated if (version := _parsed(text)) is not None]
    if readable:
        _peer, newest, place = max(readable, key=lambda found: found[1])
        versions = {str(version): (p, s) for p, version, s in readable}
        if len(versions) > 1:
            ledger.contradict(
                "versions-differ",
                "the peers run different versions: " + ", ".join(f"{p.fqdn} {v}" for v, (p, _) in versions.items()),
                *(Evidence.of(s) for _, s in versions.values()),
                used=f"the import takes {newest} for all",
                fix="Upgrade all peers to one version, or give archives of one time.",
                machines=tuple(p.fqdn for p, _ in versions.values()),
            )
        return _version_of(ledger.read("version", str(newest), Evidence.of(place)))
    bound = _only_newest(peers)
    _compare_spelling(peers, bound, ledger)
    if bound is not None:
        setting, place = bound
        why = f"only {NEWEST} has the setting {setting.key}"
        return _version_of(ledger.assume("version", NEWEST, why, _VERSION_PAGE, Evidence.of(place)))
    unreadable = "".join(f" The status of {peer.fqdn} says {text}." for peer, (text, _) in stated[:1])
    answer = ledger.ask(Question(
        key="version", text=f"Which version do the Expressways run? No file says so.{unreadable}",
        allowed=f"{VERSION_RANGE}, such as {', '.join(ASKED_VERSIONS[-3:])}",
        how=f"{_VERSION_PAGE}; the xstat_dump of a diagnostic archive has it too",
    ))  # fmt: skip
    return default_version() if answer is None else _version_of(answer)


def _version_of(text: str) -> ProductVersion:
    found = _parsed(text)
    if found is None:
        allowed = f"allowed are {VERSION_RANGE}."
        raise RefusedAnswer(allowed + did_you_mean(text, ASKED_VERSIONS), key="version", value=text)
    return found


def _parsed(text: str) -> ProductVersion | None:
    try:
        return ProductVersion.parse(text)
    except InputError:
        return None


def _only_newest(peers: Sequence[Peer]) -> tuple[Setting, Stated] | None:
    """Return a setting that only the newest version has, and where it is; None if no dump has one."""
    newest = [s for s in SETTINGS if s.versions.startswith(f"{NEWEST}-")]
    return next(((s, found) for s in newest for p in peers if (found := p.settings.get(s.key))), None)


def _compare_spelling(peers: Sequence[Peer], bound: tuple[Setting, Stated] | None, ledger: Ledger) -> None:
    old = [s for peer in peers for _, s in peer.settings.items() if "configurationmaster" in s.written.lower()]
    new = [s for peer in peers for _, s in peer.settings.items() if "configurationprimary" in s.written.lower()]
    if old and (new or bound):
        later = new[0] if new else bound[1] if bound else old[0]
        ledger.contradict(
            "versions-differ",
            f"the dumps are of different versions: {_file(old[0])} says ConfigurationMaster, and {_file(later)} has settings of "
            "a newer version",
            Evidence.of(old[0]), Evidence.of(later),
            used="the import takes one version for all",
            fix="Give archives of one time, or say which version runs now: --answer version=…",
        )  # fmt: skip


def _file(stated: Stated) -> str:
    return printable(stated.source.member or stated.source.file)


def read_switches(clusters: Sequence[FoundCluster], version: ProductVersion, ledger: Ledger) -> None:
    """Note the settings of each cluster, and those of revocation, which the deployment file has once for all."""
    for cluster in clusters:
        if cluster.role is not None and cluster.members:
            for setting in _modelled(version, cluster.role, "clusters[]"):
                note_setting(ledger, f"{cluster.prefix}/{_field(setting)}", cluster, setting, setting.key, version)
        ledger.assume(
            f"{cluster.prefix}/cluster_tls", "permissive",
            "the default of the product; a dump does not have the setting",
            f"{pages.CLUSTERING}: TLS verification mode",
        )  # fmt: skip
        _tell_sip_off(cluster, ledger)
    given = [c for c in clusters if c.members and c.role is not None]
    ordered = sorted(given, key=_leniency)
    for setting in _modelled(version, Role.EXPRESSWAY_E, "revocation") if ordered else ():
        first = next((c for c in ordered if c.reference.settings.text(setting.key)), ordered[0])
        note_setting(ledger, f"revocation/{_field(setting)}", first, setting, setting.key, version)
        _compare_clusters(setting, ordered, first, ledger)


def _tell_sip_off(cluster: FoundCluster, ledger: Ledger) -> None:
    """Note a cluster that does not listen for SIP over TLS: certificates alone do not bring its zones up."""
    stated = cluster.reference.settings.text("SIP TLS Mode") if cluster.members else None
    if stated is not None and stated.value.strip().lower() == "off":
        ledger.contradict(
            "sip-tls-off", f"SIP over TLS is off on {cluster.id}, so none of its SIP connections over TLS comes up",
            Evidence.of(stated), used="the import judges the certificates as if it were on", machines=cluster.peers,
            fix=f"{pages.SIP}: set TLS mode to On.",
        )  # fmt: skip


def _leniency(cluster: FoundCluster) -> tuple[bool, bool, bool]:
    """Order clusters by how strictly they check revocation, Expressway-E first where they are alike.

    The deployment file has these settings once. The strictest ones never show a connection up that a cluster refuses.
    """
    prefix, settings = "SIP TLS Certificate Revocation Checking", cluster.reference.settings
    lenient = settings.word(f"{prefix} Source Inaccessibility Behavior") == "ignore"
    return (settings.word(f"{prefix} Mode") != "on", lenient, cluster.role is not Role.EXPRESSWAY_E)


def _modelled(version: ProductVersion, role: Role, room: str) -> Iterator[Setting]:
    return (s for s in settings_of(version, role) if s.modelled_by.startswith(f"{room}/"))


def _field(setting: Setting) -> str:
    return setting.modelled_by.rpartition("/")[2]


def _compare_clusters(setting: Setting, clusters: Sequence[FoundCluster], used: FoundCluster, ledger: Ledger) -> None:
    stated = [(c, s) for c in clusters if (s := c.reference.settings.text(setting.key)) is not None]
    if len({s.value.strip().lower() for _, s in stated}) > 1:
        words = ", ".join(f"{c.id} {printable(s.value, 20)}" for c, s in stated)
        ledger.contradict(
            "clusters-differ", f"{setting.key} is not the same on all clusters: {words}",
            *(Evidence.of(s) for _, s in stated),
            used=f"the import takes the value of {used.id}, which checks most strictly, for all: the deployment file has this "
            "setting once",
            fix=f"{pages.SIP} on each cluster.",
        )  # fmt: skip


def note_setting(
    ledger: Ledger, key: str, cluster: FoundCluster, setting: Setting, words: str, version: ProductVersion
) -> Any:
    """Note the value of a setting: as the dump has it, else the documented default.

    Args:
        ledger: takes the fact.
        key: its key.
        cluster: whose dump.
        setting: the row of the table.
        words: the words of the key, with indexes.
        version: of the product, for the default.

    Returns:
        The value that counts.
    """
    stated = cluster.reference.settings.get(words)
    default = default_of(setting, version)
    fallback = value_of(setting, default) if default is not None else None
    if stated is not None:
        try:
            return ledger.read(key, value_of(setting, stated.value), Evidence.of(stated), like=fallback)
        except ValueError:
            said = printable(stated.value, 40)
            strict = setting.modelled_by.rpartition("/")[2] in _STRICT
            ledger.contradict(
                "value-unknown", f"{setting.key} has the value {said!r}; allowed are {setting.allowed}",
                Evidence.of(stated), used="the import takes On, the stricter value" if strict else "the import takes the default",
                machines=cluster.peers, fix=f"Correct it: xConfiguration {words}: <{setting.allowed}>.",
            )  # fmt: skip
            if strict:
                why = "the value in the dump is none that the setting has, and On never shows up what may be refused"
                return ledger.assume(key, True, why, f"xConfiguration {words}", Evidence.of(stated))
    if default is None:
        return None
    return ledger.assume(
        key, fallback, f"the documented default ({setting.source}); the dump does not have the setting",
        f"xConfiguration {words}",
    )  # fmt: skip
