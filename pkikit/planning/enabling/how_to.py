"""How one gets a plan with an option that works: what to change in the files, and what to plan then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

_TWO_PLANS = (
    "Copy today's deployment file, and set {} in the copy. Plan from today to the copy, then from the copy to tomorrow."
)
_WITH_FILES = "then plan with --certs-old (today's files) and --certs-new (the new ones)."

HOW_TO: Mapping[str, str] = MappingProxyType(
    {
        "both-names": f"Request the new certificates with the old names as well, {_WITH_FILES}",
        "keep-old-root": f"Keep the old root in the lists of tomorrow, {_WITH_FILES} Remove it in a later change.",
        "cross-sign": f"Have the old CA sign the new root, append that certificate to the lists of tomorrow, {_WITH_FILES}",
        "other-root-name": "Make the new root with another name (pkikit ca init DIR --name NAME), then plan --goal "
        "new-root:DIR/ca.pem.",
        "verify-off": _TWO_PLANS.format("tls_verify: off in the zones that refuse"),
        "permissive-cluster": _TWO_PLANS.format("cluster_tls: permissive"),
        "eku-check-off": _TWO_PLANS.format("eku_checking: off"),
    }
)


def how_to(kind: str) -> Iterator[str]:
    """Yield how to get a plan with an option.

    Args:
        kind: as `Enabling` has it; two of them with ` + ` between.

    Yields:
        A sentence or two for each of them.
    """
    for single in kind.split(" + "):
        if single in HOW_TO:
            yield HOW_TO[single]
