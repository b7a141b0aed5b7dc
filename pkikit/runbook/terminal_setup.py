"""What one types once, before the first step: on the real machines, and in the lab."""

from __future__ import annotations

from shlex import quote

from pkikit.model.tables.product_pages import BACKUP
from pkikit.runbook.runbook_contents import Runbook
from pkikit.text import listed


def for_machines(runbook: Runbook) -> str:
    """Return the lines for a terminal that reaches the real machines.

    Args:
        runbook: the runbook.

    Returns:
        Lines of bash.
    """
    return "\n".join(
        (
            f"cd {quote(runbook.files)}",
            'read -rs EXPRESSWAY && export EXPRESSWAY   # type the password of the account "admin"',
            "find . \\( -name 'trust*.pem' -o -path './steps/*append-ca*.pem' \\) -exec cat {} + > cas.pem",
            'export CURL_CA_BUNDLE="$PWD/cas.pem"       # the CAs of today and of tomorrow',
        )
    )


def for_lab(runbook: Runbook) -> str:
    """Return the lines for a terminal beside a running lab.

    Args:
        runbook: the runbook.

    Returns:
        Lines of bash.
    """
    played = f"{runbook.lab}/plan.json" if runbook.lab else runbook.plan_file
    return "\n".join(
        (
            f'export PLAN="$(realpath {quote(played)})" STATE="$PWD/lab-state"',
            f"cd {quote(runbook.files)}",
            'export EXPRESSWAY=$(jq -r .accounts.admin "$STATE/access.json")',
            'export HTTPS_PROXY=$(jq -r .proxy "$STATE/access.json")',
            "export PROXY=${HTTPS_PROXY#http://}",
            'export RESOLVER=$(jq -r .dns.outside "$STATE/access.json" | sed "s/\\(.*\\):/@\\1 -p /")',
            "find . \\( -name 'trust*.pem' -o -path './steps/*append-ca*.pem' \\) -exec cat {} + > cas.pem",
            'export CURL_CA_BUNDLE="$PWD/cas.pem"',
        )
    )


def in_lab() -> str:
    """Return what helps during a rehearsal.

    Returns:
        Lines of bash.
    """
    return "\n".join(
        (
            'expressway-sim status --state "$STATE"            # what is up, and what went down since the start',
            'expressway-sim do "$PLAN" 3 --undo --state "$STATE"   # undo step 3',
        )
    )


def start_lab(runbook: Runbook) -> str:
    """Return the command that starts the lab with today's certificates, in another terminal.

    Args:
        runbook: the runbook.

    Returns:
        One line.
    """
    today = quote(f"{runbook.lab}/plan.files/today" if runbook.lab else f"{runbook.files}/today")
    return f"expressway-sim up {today}/deployment.yaml --certs {today}/certificates --state lab-state"


HOW_IN_LAB = (
    "In the lab, do each step with its line Lab, on any machine, or with its REST call. Not with both: a machine would restart "
    "twice."
)
"""How to do a step in the lab."""

LOOKALIKE = (
    "Private keys are missing, so the lab plays a look-alike of these certificates: same names and dates, other keys."
)
"""What to say about a plan that has no private keys."""

RULES = (
    "Do one step at a time. Run its proof. Go on only if the proof shows what it should.",
    "If a proof fails, or a connection goes down that the step does not announce: undo the step, and stop.",
)
"""How to work with the runbook."""


def have_ready(runbook: Runbook) -> tuple[str, ...]:
    """Return what to do before the first step, in sentences.

    Args:
        runbook: the runbook.

    Returns:
        The sentences.
    """
    said = [f"Make a backup of every Expressway ({BACKUP}). Keep it until the last step is proven."]
    owners = dict.fromkeys(mail.to for mail in runbook.mails)
    if owners:
        said.append(f"Send the e-mails to {listed(list(owners), at_most=6)}: their steps take the longest.")
    return tuple(said)
