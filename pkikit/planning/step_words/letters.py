"""E-mails to the people who do steps: ready to send, with names and fingerprints."""

from __future__ import annotations

from pkikit.planning.step_words.place_words import (
    Around,
    certificate_names,
    do_of,
    purposes,
    store_name,
    title_of,
)
from pkikit.planning.step_words.step_file import contents_of, step_sha256
from pkikit.planning.step_words.step_text import Letter
from pkikit.planning.steps import Action

BY = "{by}"
"""Where the date of a letter is put."""


def letter_of(around: Around) -> Letter | None:
    """Return the e-mail for a step of others.

    Args:
        around: the step in its plan.

    Returns:
        The e-mail; None for a step of ours, and for a wait.
    """
    step = around.step
    if step.owner.ours or step.action is Action.WAIT:
        return None
    contents = contents_of(step, around.replaced)
    named = (f"Certificate: {content.name} (ends {content.ends})\nSHA-256: {content.sha256}" for content in contents)
    return Letter(
        title=title_of(around),
        request=_request(around),
        more=() if step.changes_list else tuple(do_of(around)),
        certificates=tuple(line for lines in named for line in lines.split("\n")),
        attached=_attached(around),
        why=_why(around),
    )


def _attached(around: Around) -> tuple[str, ...]:
    """Return the lines about the file: its last part, because the same file may go to several machines."""
    if around.replaced.concerns(around.step):
        return ("Attached: the certificates with these SHA-256",)
    if not around.file:
        return ()
    name = around.file.rpartition("/")[2]
    return (f"Attached: {name}", f"SHA-256 of that file: {step_sha256(around.step)}")


def _request(around: Around) -> str:
    step, names = around.step, certificate_names(around.step)
    full, place = around.fqdn, purposes(around) if around.is_uc else step.place or "trusted CAs"
    match step.action:
        case Action.APPEND_CA:
            return f"add {names} to the {place} of {full} by {BY}. Keep all other CAs: nothing else changes."
        case Action.REMOVE_CA:
            return f"remove {names} from the {place} of {full} by {BY}, not earlier than we agree on."
        case Action.LOAD | Action.LOAD_CLIENT:
            return f"load the new {store_name(around)} ({full}) by {BY}, not earlier than we agree on."
        case Action.RESTART:
            return f"restart the services of {full} by {BY}: the new certificate is in use only after that."
        case _:
            return f"do this by {BY}:"


def _why(around: Around) -> str:
    match around.step.action:
        case Action.APPEND_CA:
            return "our machines get certificates of this CA. Without it in the list, your machine refuses them after that date."
        case Action.REMOVE_CA:
            return "no certificate of ours comes from this CA any more."
        case _:
            return "it is one step of a change of certificates whose order keeps all connections up."
