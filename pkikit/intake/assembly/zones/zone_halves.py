"""The two halves of a traversal zone, compared: what one side says and the other does not, and what they must say."""

from __future__ import annotations

from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence
from pkikit.intake.assembly.zones.raw_zones import RawZone
from pkikit.intake.assembly.zones.traversal_pairs import TraversalPair
from pkikit.model.tables import product_pages as pages

_VERIFY = "SIP TLS Verify Mode"


def halves_of(pair: TraversalPair) -> list[RawZone]:
    """Return the halves that were read, that of Expressway-C first."""
    return [zone for zone in (pair.client_zone, pair.server_zone) if zone is not None]


def compare_halves(pair: TraversalPair, ledger: Ledger, *, uc: bool) -> None:
    """Note what keeps the zone down and the deployment file cannot say.

    Args:
        pair: the zone.
        ledger: takes contradictions.
        uc: the zone is for Unified Communications.
    """
    halves = halves_of(pair)
    if uc:
        _compare_uses(halves, ledger)
        _expect_verification(halves, ledger)
    ports = {zone.port for zone in halves if zone.port}
    if len(ports) > 1:
        said = " and ".join(f"{zone.port} on {zone.cluster.id}" for zone in halves)
        _contradict(
            halves, ledger, f"the SIP port of zone {halves[0].name!r} is {said}, so the zone cannot come up",
            used="the import connects both sides, as if the ports were the same", keys=("SIP Port",),
            fix=f"{pages.ZONES}: enter the same SIP port on both sides.",
        )  # fmt: skip


def verifying_half(pair: TraversalPair, ledger: Ledger) -> RawZone:
    """Return the half whose TLS verify mode counts for both, since the deployment file has it once: one that verifies.

    Args:
        pair: the zone.
        ledger: takes the contradiction if the halves differ.

    Returns:
        The half.
    """
    halves = halves_of(pair)
    counts = next((zone for zone in halves if zone.word(_VERIFY) == "on"), halves[0])
    if len({zone.word(_VERIFY) or "off" for zone in halves}) > 1:
        _contradict(
            halves, ledger, f"TLS verify mode of zone {halves[0].name!r} is on at one side only",
            used=f"the import takes the side that verifies, {counts.cluster.id}, for both", keys=(_VERIFY,),
            fix=f"{pages.ZONES}: set TLS verify mode to On, on both sides.",
        )  # fmt: skip
    return counts


def _compare_uses(halves: list[RawZone], ledger: Ledger) -> None:
    if len({zone.is_uc for zone in halves}) > 1:
        _contradict(
            halves, ledger, f"zone {halves[0].name!r} is for Unified Communications on one side only", keys=(),
            used="the import takes it as Unified Communications traversal",
            fix=f"{pages.ZONES}: choose the type Unified Communications traversal on both sides.",
        )  # fmt: skip


def _expect_verification(halves: list[RawZone], ledger: Ledger) -> None:
    """A Unified Communications traversal zone verifies: the product raises an alarm if it does not."""
    off = [zone for zone in halves if zone.word(_VERIFY) == "off"]
    if off:
        _contradict(
            off, ledger, f"TLS verify mode of zone {off[0].name!r} is off on {' and '.join(z.cluster.id for z in off)}, and a "
            "Unified Communications traversal zone needs it", used="the import judges the zone as if it were on",
            fix=f"{pages.ZONES}: set TLS verify mode to On, on both sides.", keys=(_VERIFY,), kind="uc-zone-not-verified",
        )  # fmt: skip


def _contradict(
    halves: list[RawZone], ledger: Ledger, message: str, *, used: str, fix: str, keys: tuple[str, ...],
    kind: str = "zone-halves-differ",
) -> None:  # fmt: skip
    machines = tuple(peer for zone in halves for peer in zone.cluster.peers)
    stated = [Evidence.of(s) for zone in halves for key in keys if (s := zone.get(key)) is not None]
    evidence = stated or [zone.evidence for zone in halves]
    ledger.contradict(kind, message, *evidence, used=used, fix=fix, machines=machines)
