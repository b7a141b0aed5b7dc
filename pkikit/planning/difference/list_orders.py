"""Lists of CAs that steps cannot bring into tomorrow's order, where the order decides which of two CAs is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509

from pkikit.model.certificates.canonical_name import CanonicalName
from pkikit.model.certificates.facts import subject_of, title
from pkikit.planning.difference.changed_machines import Machines
from pkikit.planning.difference.party_steps import lists_by_name

_Listed = Sequence[x509.Certificate]


def other_list_orders(machines: Machines) -> Iterator[str]:
    """Yield a sentence for each list that ends in another order than tomorrow's, as far as that matters.

    A step appends at the end and leaves the rest in its order. Of two CAs with one subject, the product uses the first.

    Args:
        machines: today and tomorrow.

    Yields:
        Sentences.
    """
    for fqdn in machines.both:
        before, after = machines.today.parties[fqdn], machines.tomorrow.parties[machines.later(fqdn)]
        apart = bool(before.lists or after.lists)
        group = machines.group_of(fqdn)
        had, has = (lists_by_name(party, group, apart=apart) for party in (before, after))
        for name, listed in had.items():
            wanted = has[name]
            if not listed or listed == wanted:
                continue
            ends, wants = _namesakes(_after_steps(listed, wanted)), _namesakes(wanted)
            first = next((wants[subject][0] for subject in wants if ends.get(subject) != wants[subject]), None)
            if first is not None:
                which = f"list {name} of {fqdn}" if name else f"trusted CA list of {fqdn}"
                yield (
                    f"The {which} ends in another order than tomorrow's, because a step appends at the end: "
                    f"it has several CAs named {title(first)}, and the first one counts."
                )


def _after_steps(listed: _Listed, wanted: _Listed) -> _Listed:
    known, kept = set(listed), set(wanted)
    return [*(c for c in listed if c in kept), *(c for c in wanted if c not in known)]


def _namesakes(listed: _Listed) -> dict[CanonicalName, list[x509.Certificate]]:
    """Return the certificates that share their subject with another one, by subject, in the order of the list."""
    found: dict[CanonicalName, list[x509.Certificate]] = {}
    for certificate in dict.fromkeys(listed):
        found.setdefault(subject_of(certificate), []).append(certificate)
    return {subject: same for subject, same in found.items() if len(same) > 1}
