"""The answer about a deployment file: can it work as it is written, whatever the certificates?"""

from __future__ import annotations

import shlex
from datetime import datetime

from pkikit.design.legs import legs_of
from pkikit.model.deployment import Deployment
from pkikit.report.doctor.diagnosis import Diagnosis
from pkikit.report.file_lint import lint_whole_deployment, merge_lint
from pkikit.text import counted, listed, printable


def of_deployment(where: str, deployment: Deployment, at: datetime) -> Diagnosis:
    """Answer about a deployment file.

    Args:
        where: the file.
        deployment: what it describes.
        at: the time.

    Returns:
        The answer.
    """
    verdicts = lint_whole_deployment(deployment, at=at)
    verdict = verdicts[0] if len(verdicts) == 1 else merge_lint(verdicts)
    quoted = shlex.quote(where)
    clusters = [f"{c.name}: {listed(c.peers, at_most=4)}" for c in deployment.clusters]
    domains = deployment.domains
    return Diagnosis.judged(
        verdict,
        thing=where,
        kind="deployment",
        what="a deployment file",
        facts=(
            ("Name", printable(deployment.name)),
            ("Version", str(deployment.product_version)),
            ("Clusters", [printable(text, 300) for text in clusters]),
            ("Zones", counted(len(deployment.zones), "zone")),
            (
                "Domains",
                listed(list(dict.fromkeys((*domains.registration, *domains.sip, *domains.federation))), at_most=4),
            ),
            ("Connections", counted(len(legs_of(deployment)), "TLS connection")),
        ),
        not_assessed=(
            "The certificates: a deployment file has none.",
            *(f"{finding.subject}: it needs the certificates." for finding in verdict.findings if finding.is_unknown),
        ),
        next_steps=(
            f"Try every connection with certificates that fit:\nexpressway-sim check {quoted}",
            f"Judge your own certificates:\nexpressway-sim check {quoted} --certs DIR",
            f"See which names each certificate needs:\npkikit san {quoted} --peer FQDN",
        ),
        deeper=f"pkikit lint {quoted}",
    )
