"""E-mails to the people who do steps: ready to send, with names and fingerprints."""

from __future__ import annotations

from pkikit.planning.step_words.place_words import (
    Around,
    certificate_names,
    do_of,
    list_name,
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
    lines = ["Hello,", "", _request(around), ""]
    if step.action not in {Action.APPEND_CA, Action.REMOVE_CA}:
        lines += [*do_of(around), ""]
    for content in contents_of(step, around.replaced):
        lines += [f"Certificate: {content.name} (ends {content.ends})", f"SHA-256: {content.sha256}"]
    if around.replaced.concerns(step):
        lines += ["", "Attached: the certificates with these SHA-256"]
    elif around.file:
        attached = around.file.rpartition("/")[2]
        lines += ["", f"Attached: {attached}", f"SHA-256 of that file: {step_sha256(step)}"]
    lines += ["", _why(around), "", "Please tell me when it is done.", ""]
    return Letter(subject=f"Please: {title_of(around)}", body="\n".join(lines))


def _request(around: Around) -> str:
    step, names = around.step, certificate_names(around.step)
    full, place = around.fqdn, purposes(around) if around.is_uc else step.place or "trusted CAs"
    match step.action:
        case Action.APPEND_CA:
            return (
                f"please add {names} to the {place} of {full} by {BY}. Keep all other CAs: nothing else "
                "changes. If you want to be sure, compare the SHA-256 below with me on the phone."
            )
        case Action.REMOVE_CA:
            return f"you can now remove {names} from the {place} of {full}. Please do so by {BY}."
        case Action.LOAD | Action.LOAD_CLIENT:
            return f"please load the new {store_name(around)} ({full}) by {BY}, not earlier than we agree on."
        case Action.RESTART:
            return f"please restart the services of {full} by {BY}: the new certificate is in use only after that."
        case _:
            return f"please do this by {BY}:"


def _why(around: Around) -> str:
    match around.step.action:
        case Action.APPEND_CA:
            return (
                f"Why: our machines get certificates of this CA. Without it in the {list_name(around)}, that machine refuses "
                "them after that date."
            )
        case Action.REMOVE_CA:
            return "Why: no certificate of ours comes from this CA any more."
        case _:
            return "Why: it is one step of a change of certificates whose order keeps all connections up."
