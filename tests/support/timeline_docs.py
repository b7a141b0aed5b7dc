"""docs/timeline.md: every rule of `pkikit/ecosystem/rules` with its day and its source, and the sizes of `sizes.yaml`."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.ecosystem.algorithm_sizes import Sizes, handshake_size, shipped_sizes
from pkikit.ecosystem.ecosystem_rule import Audience, Change, Source, Subject, changes_of
from pkikit.ecosystem.shipped import rules_about

_HEAD = """# Ten years of rules

Made by `make docs` from `pkikit/ecosystem/rules`. `pkikit timeline` prints the same, and takes a file of your own rules. With a deployment
file it also says in which year renewals by hand stop working there. [Many deployments](fleet.md) lists the certificates that lose clientAuth, with the day.

Each row says who decides it and whom it concerns. A **guess** is what we could not confirm in a document, with the reason. *Read in* names what we read
instead of the document itself."""


def timeline_md() -> str:
    """The page."""
    lines = [_HEAD, "", "## Whom a rule concerns", "", "| concerns | on an Expressway |", "| --- | --- |"]
    lines += [f"| {audience.heading} | {audience.on_expressway} |" for audience in Audience]
    for subject in Subject:
        lines += ["", f"## {subject.heading}", ""]
        lines += ["| from | from this day on | decides | concerns | source |", "| --- | --- | --- | --- | --- |"]
        lines += [_row(change) for change in changes_of(rules_about(subject))]
    return "\n".join([*lines, "", *_sizes(shipped_sizes()), ""])


def _row(change: Change) -> str:
    step = change.step
    origin = _source(step.source) if step.source else f"**guess**: {step.guess}"
    until = f" (until {step.ends:%Y-%m-%d})" if step.ends else ""
    says = f"{step.says[:1].upper()}{step.says[1:]}"
    cells = (f"{change.at:%Y-%m-%d}{until}", says, change.rule.decides, change.rule.audience.heading, origin)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _source(source: Source) -> str:
    named = f"[{source.document}]({source.url})" if source.url else source.document
    section = f", {source.section}" if source.section else ""
    return f"{named}{section}{f'. Read in: {source.via}' if source.via else ''}"


def _sizes(sizes: Sizes) -> Iterator[str]:
    hybrid = sizes.key_agreement("X25519MLKEM768")
    yield from ("## How large post-quantum handshakes are", "")
    yield (
        "Bytes, with one intermediate CA and certificates on both sides, as between Expressways; every key in the chain has the same algorithm, and the key "
        f"agreement is {hybrid.name}. What is neither key nor signature is an estimate (ours). We found no document of Cisco about post-quantum algorithms in Expressway."
    )
    yield from (
        "",
        "| algorithm | key | signature | certificate | chain | server's flight | handshake | more than | source |",
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |"
    for known in sizes.signatures:
        size = handshake_size(known, hybrid)
        over = ", ".join(limit.name for limit in size.beyond(sizes.limits))
        origin = _source(known.source) if known.source else f"**guess**: {known.guess}"
        numbers = (known.key, known.signature, size.certificate, size.chain, size.server_flight, size.total)
        yield f"| {known.name} | {' | '.join(f'{n:,}' for n in numbers)} | {over} | {origin} |"
    yield from ("", "| limit | bytes | what it means | source |", "| --- | ---: | --- | --- |")
    for limit in sizes.limits:
        origin = _source(limit.source) if limit.source else f"**guess**: {limit.guess}"
        yield f"| {limit.name} | {limit.bytes:,} | {limit.says} | {origin} |"
