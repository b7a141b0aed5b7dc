"""The answer about a deployment file: can it work as it is written, whatever the certificates?"""

from __future__ import annotations

import shlex

from pkikit.design.legs import legs_of
from pkikit.judge.linting.lint import lint_deployment
from pkikit.model.deployment import Deployment
from pkikit.report.doctor.diagnosis import Diagnosis
from pkikit.text import counted, listed, printable


def of_deployment(where: str, deployment: Deployment) -> Diagnosis:
    """Answer about a deployment file.

    Args:
        where: the file.
        deployment: what it describes.

    Returns:
        The answer.
    """
    verdict = lint_deployment(deployment)
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
        not_assessed=("The certificates: a deployment file has none.",),
        next_steps=(
            f"Try every connection with certificates that fit:\nexpressway-sim check {quoted}",
            f"Judge your own certificates:\nexpressway-sim check {quoted} --certs DIR",
            f"See which names each certificate needs:\npkikit san {quoted} --peer FQDN",
        ),
        deeper=f"pkikit lint {quoted}",
    )
