"""Fix texts for one situation: which certificate, in which list, on which machine.

The fix of a rule is general. When the path and the machines are known, these sentences replace it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from cryptography import x509

from pkikit.judge.checks.check import TRUSTED_CA_LIST
from pkikit.judge.checks.trust_checks import describe_for_list, find_fault, trust_list
from pkikit.judge.matching.name_matching import same_but_for_form
from pkikit.judge.paths.trust import Anchor, CertificatePath, effective_trust, same_key, signers
from pkikit.judge.questions import PathQuestion
from pkikit.model.certificates.canonical_name import format_name
from pkikit.model.certificates.facts import extension, has_ended, is_self_signed, subject_of, title
from pkikit.model.certificates.presented_names import PresentedNames
from pkikit.model.findings import Finding, Severity
from pkikit.model.parties import CALL_MANAGER, TOMCAT, trust_list_of
from pkikit.model.tables import product_pages as pages
from pkikit.rules import name_rules
from pkikit.rules import trust_rules as rules
from pkikit.rules.certificate_rules import EXPIRED
from pkikit.rules.chain_rules import NOT_A_CA
from pkikit.rules.name_rules import IP_ADDRESS_USED, REFERENCE

_LIST_PAGE = pages.TRUSTED_CA
# Cisco TAC 217743 and 225476. The publisher gives what is uploaded there to the other nodes.
_OF_UNIFIED_CM = dict.fromkeys(
    map(trust_list_of, (TOMCAT, CALL_MANAGER)),
    " (on the publisher of Unified CM; tomcat-trust and CallManager-trust both need the root and the intermediates; then "
    "restart Cisco Tomcat, Cisco CallManager and Cisco TFTP on every node)",
)


def situate(found: Finding, path: CertificatePath, question: PathQuestion) -> Finding:
    """Return the finding with a fix for its situation; unchanged when we know no more than the rule."""
    advise = _ADVICE.get(found.rule)
    fix = advise(path, question) if advise else ""
    return replace(found, fix=fix) if fix else found


def list_advice(findings: Iterable[Finding]) -> str:
    """Return when a change of a trusted CA list takes effect, if a fix changes that of an Expressway; otherwise nothing.

    The sentence belongs below all findings: it is the same for each of them.
    """
    changed = any(f"({_LIST_PAGE})" in found.fix and rules.TRUST_LIST_CHANGE not in found.fix for found in findings)
    return rules.TRUST_LIST_CHANGE if changed else ""


def _page(question: PathQuestion) -> str:
    """Return where to change the list, as far as we know it."""
    return f" ({_LIST_PAGE})" if question.verifier_is_expressway else _OF_UNIFIED_CM.get(question.verifier_list, "")


def _the_file(question: PathQuestion) -> str:
    of = question.presenter or "the presenting side"
    return f"the server certificate file of {of}"


def _list(certificates: tuple[x509.Certificate, ...]) -> str:
    return " and ".join(describe_for_list(c) for c in certificates)


def _fix_removal(path: CertificatePath, question: PathQuestion) -> str:
    """Return the sentence that removes what is in the way, and expired certificates that nobody needs afterwards."""
    left_over = tuple(
        c for c in path.from_list if c not in path.in_the_way and has_ended(c, question.at) and is_self_signed(c)
    )
    return (
        f"Remove {_list((*path.in_the_way, *left_over))} from {trust_list(question)}{_page(question)}. "
        "Everything else that the chain needs is in the list already."
    )


def _fix_unknown(path: CertificatePath, question: PathQuestion) -> str:
    top = path.certificates[-1]
    if path.anchor is Anchor.ROOT_NOT_TRUSTED:
        where = f"{trust_list(question)}{_page(question)}"
        return f"Append the root {describe_for_list(top)}, which {_who_sent(question)}, to {where}."
    above = format_name(top.issuer)
    return (
        f"Append {above} to {trust_list(question)}{_page(question)}. If that is an intermediate and not a root, append its "
        f"root instead, and add the intermediate to {_the_file(question)}."
    )


def _who_sent(question: PathQuestion) -> str:
    return f"{question.presenter} sends" if question.presenter else "is sent with the leaf"


def _fix_missing(path: CertificatePath, question: PathQuestion) -> str:
    top = path.certificates[-1]
    if path.from_list and (found := signers(top, question.sent)):
        return (
            f"Append {describe_for_list(found[0])} to {trust_list(question)}{_page(question)}, or remove {title(top)} from it: "
            f"once {title(top)} comes from the list, what is sent is not looked at."
        )
    above = format_name(top.issuer)
    where = trust_list(question) + _OF_UNIFIED_CM.get(question.verifier_list, "")
    return f"Add the intermediate {above} to {_the_file(question)}, after {title(top)}. Or append it to {where}."


def _fix_wrong_key(path: CertificatePath, question: PathQuestion) -> str:
    if path.in_the_way:
        return _fix_removal(path, question)
    _, evidence = find_fault(path, question)
    if not evidence:
        return ""
    top = title(path.certificates[-1])
    in_list = any(e.where == TRUSTED_CA_LIST for e in evidence)
    where = trust_list(question) if in_list else _the_file(question)
    return (
        f"Get the CA certificate that signed {top} from its CA: the one of that name in {where} has another key. "
        f"Put it in {where} instead."
    )


def _fix_ambiguous(path: CertificatePath, question: PathQuestion) -> str:
    ended = tuple(c for c in path.in_the_way if has_ended(c, question.at))
    if ended and ended == path.in_the_way:
        return _fix_removal(path, question)
    return ""


def _fix_expired(path: CertificatePath, question: PathQuestion) -> str:
    if path.in_the_way:
        return _fix_removal(path, question)
    ended = [(i, c) for i, c in enumerate(path.certificates) if has_ended(c, question.at)]
    if not ended:
        return ""
    index, certificate = ended[0]
    if index == 0:
        return ""  # the rule's own fix is about a leaf
    if certificate in path.from_list:
        return (
            f"Get the successor of {describe_for_list(certificate)} from its CA, append it to {trust_list(question)}"
            f"{_page(question)} and remove the expired one. If there is none, have what it issued reissued by a current CA."
        )
    return (
        f"Get the successor of {describe_for_list(certificate)} from its CA and replace it in {_the_file(question)}. "
        "If there is none, have what it issued reissued by a current CA."
    )


def _fix_not_a_ca(path: CertificatePath, question: PathQuestion) -> str:
    return _fix_removal(path, question) if path.in_the_way else ""


_ADVICE: dict[str, Callable[[CertificatePath, PathQuestion], str]] = {
    rules.ISSUER_UNKNOWN.id: _fix_unknown,
    rules.INTERMEDIATE_MISSING.id: _fix_missing,
    rules.CHAIN_SIGNATURE_INVALID.id: _fix_wrong_key,
    rules.SAME_SUBJECT_AMBIGUOUS.id: _fix_ambiguous,
    rules.CROSS_SIGNED_COPY.id: _fix_removal,
    EXPIRED.id: _fix_expired,
    NOT_A_CA.id: _fix_not_a_ca,
}


def situate_name(found: Finding, wanted: Sequence[str], presented: PresentedNames, question: PathQuestion) -> Finding:
    """Return the finding about a missing name with a fix that states the machine, the name and where to enter it."""
    if found.rule not in _NAME_RULES:
        return found
    looked_for, who = " or ".join(wanted), question.presenter or found.subject
    where = question.verifier or "the machine that verifies"
    others = [n for n in presented.identities[:3] if n not in wanted]
    if found.rule == IP_ADDRESS_USED.id:
        instead = others[0] if others else f"the FQDN of {who}"
        fix = f"In the configuration of {where}, enter {instead} in place of the IP address {looked_for}."
        if not others:
            fix += f" Have the certificate of {who} issued with that FQDN as dNSName."
        return replace(found, fix=fix)
    spoilt = next((entry for n in wanted for entry in presented.refused if same_but_for_form(n, entry.name)), None)
    if spoilt is not None:
        fix = f"Have the certificate of {who} reissued with the dNSName {looked_for}: the entry {spoilt.name!r} {spoilt.reason}."
        return replace(found, fix=fix)
    if found.rule == REFERENCE.id:
        fix = f"Have the certificate of {who} reissued with the dNSName {looked_for}."
        if others:
            fix += f" Or, if {where} should go by another name of {who}, configure {' or '.join(others)} there."
        return replace(found, fix=fix)
    fix = (
        f"On {who}, generate a new CSR that contains {looked_for}, have it signed, upload the certificate "
        f"({pages.SERVER_CERTIFICATE}) and restart."
    )
    return replace(found, fix=fix)


_NAME_RULES = frozenset(
    {
        name_rules.REFERENCE.id,
        name_rules.CLUSTER.id,
        name_rules.PEER.id,
        name_rules.REGISTRATION.id,
        name_rules.COLLAB_EDGE.id,
        name_rules.FEDERATION.id,
        name_rules.CHAT_ALIAS.id,
        name_rules.PROFILE.id,
        IP_ADDRESS_USED.id,
    }
)


def situate_in_list(found: Finding, certificate: x509.Certificate, certificates: Sequence[x509.Certificate]) -> Finding:
    """Return the finding about one CA of a trusted CA list with a fix for its owner.

    The owner cannot renew a CA, only remove an expired one. With a successor in the list that is valid and has the same
    key, the expired copy does no harm: the finding becomes a warning.
    """
    if found.rule != EXPIRED.id:
        return found
    later = [
        c
        for c in certificates
        if subject_of(c) == subject_of(certificate) and c.not_valid_after_utc > certificate.not_valid_after_utc
    ]
    fix = f"Remove {describe_for_list(certificate)} from the trusted CA list ({_LIST_PAGE})"
    if not later:
        return replace(found, fix=f"{fix}. If its CA has a successor, append that.")
    fix = f"{fix}. Its successor {describe_for_list(later[0])} is in the list already."
    harmless = any(same_key(c, certificate) for c in later)
    return replace(found, fix=fix, severity=Severity.WARNING if harmless else found.severity)


def situate_list(found: Finding, certificates: Sequence[x509.Certificate], at: datetime) -> Finding:
    """Return the finding about a trusted CA list as a whole; of two CAs with one name, the fix says which can go."""
    used, dropped = effective_trust(certificates)
    if found.rule != rules.LIST_SAME_SUBJECT.id or not dropped:
        return found
    names = {subject_of(c) for c in dropped}
    ended = tuple(c for c in (*used, *dropped) if subject_of(c) in names and has_ended(c, at))
    if ended:
        return replace(found, fix=f"Remove {_list(ended)} from the trusted CA list ({_LIST_PAGE}).")
    constraints = extension(dropped[0], x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        return found
    return replace(
        found,
        fix=f"Find out which of the CAs named {title(dropped[0])} signs the certificates in use, and remove the other one "
        f"({_LIST_PAGE}). If both do, ask for certificates from one of them.",
    )
