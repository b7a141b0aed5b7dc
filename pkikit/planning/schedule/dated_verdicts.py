"""Verdicts at the dates of a plan. Between two of the times at which something begins or ends to be valid, nothing changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509

from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_of
from pkikit.model.leg import Leg
from pkikit.model.world import World
from pkikit.planning.change import Change, Done
from pkikit.planning.plan import Refusal
from pkikit.planning.predictions import Oracle
from pkikit.planning.predictions.replayed_order import refusal_of
from pkikit.planning.predictions.verdicts import Verdicts

_NEXT = timedelta(microseconds=1)


class DatedVerdicts:
    """The states of all connections after any set of steps, at any time."""

    def __init__(self, change: Change, verdicts: Verdicts | None = None) -> None:
        """For one change.

        Args:
            change: the steps.
            verdicts: those of the same change, if somebody has judged already.
        """
        self.change = change
        first = verdicts or Verdicts(change)
        self._oracle = Oracle(change, first)
        self._by_epoch: dict[int, Verdicts] = {self._epoch(change.at): first}

    @cached_property
    def boundaries(self) -> tuple[datetime, ...]:
        """When certificates and CRLs of the change begin and end to be valid, sorted."""
        return tuple(sorted({time for world in (self.change.today, self.change.tomorrow) for time in _times(world)}))

    def states(self, done: Done, at: datetime) -> Mapping[str, State]:
        """Return the state of each connection.

        Args:
            done: keys of completed steps.
            at: the time.

        Returns:
            The states by id; none if the settings contradict each other.
        """
        try:
            return self._at(max(at, self.change.time(done))).states(done)
        except InputError:
            return {}

    def is_fine(self, done: Done, at: datetime) -> bool:
        """Return True if a state refuses nothing that worked before the change.

        Args:
            done: keys of completed steps.
            at: the time.

        Returns:
            Whether it is so. Settings that contradict each other are not fine.
        """
        states = self.states(done, at)
        return bool(states) and not any(self.is_refused(name, state, done) for name, state in states.items())

    def is_refused(self, name: str, state: State, done: Done) -> bool:
        """Return True if a connection is down, was not before the change, and somebody is led to it."""
        return self._oracle.is_refused(name, state, done)

    def refusal(self, name: str, done: Done, at: datetime) -> Refusal:
        """Return why a connection is refused.

        Args:
            name: its id; it is down then.
            done: keys of completed steps.
            at: the time.

        Returns:
            The refusal.
        """
        return refusal_of(judge_of(self.change.world(done), at)(self.leg(name, done)))

    def leg(self, name: str, done: Done) -> Leg:
        """Return a connection of the configuration after some steps.

        Args:
            name: its id; there is such a connection.
            done: keys of completed steps.

        Returns:
            The connection.
        """
        found = self._at(self.change.at).leg(self.change.deployment(done), name)
        assert found is not None  # it has a state
        return found[0]

    def _epoch(self, at: datetime) -> int:
        return bisect_right(self.boundaries, at)

    def _at(self, at: datetime) -> Verdicts:
        epoch = self._epoch(at)
        found = self._by_epoch.get(epoch)
        if found is None:
            found = self._by_epoch[epoch] = Verdicts(replace(self.change, at=at))
        return found


def _times(world: World) -> Iterator[datetime]:
    """Yield the first moment at which each certificate and CRL is valid, and the first at which it is not any more."""
    for certificate in world.known_certificates:
        yield certificate.not_valid_before_utc
        yield certificate.not_valid_after_utc + _NEXT
    held = [*(party.held for party in world.parties.values()), *world.published.values()]
    for crl in (crl for data in held for _, crl in data.crls):
        yield from _of_crl(crl)


def _of_crl(crl: x509.CertificateRevocationList) -> Iterator[datetime]:
    yield crl.last_update_utc
    if crl.next_update_utc is not None:
        yield crl.next_update_utc + _NEXT
