"""Tickets for a class: cases of mixed topic and difficulty, the same for the same seed."""

from __future__ import annotations

import random
from itertools import cycle

from pkikit.errors import InputError
from simulator.clinic.case import Case, cases

_DIFFICULTIES = (1, 2, 2, 3)


def assign(seed: int, count: int) -> tuple[Case, ...]:
    """Return cases for one learner or one class.

    No topic comes twice before every topic came once, and easy, normal and hard cases alternate.

    Args:
        seed: the same seed gives the same cases.
        count: how many.

    Raises:
        InputError: there are fewer cases, or count is less than 1.
    """
    left = [case for case in cases().values() if case.ticket]
    if not 1 <= count <= len(left):
        raise InputError(f"{count} tickets cannot be assigned: choose 1 to {len(left)}")
    chooser = random.Random(seed)  # noqa: S311  (a shuffle, no secret)
    chooser.shuffle(left)
    topics = list(dict.fromkeys(str(case.topic) for case in left))
    chooser.shuffle(topics)
    found: list[Case] = []
    for topic, wanted in zip(cycle(topics), cycle(_DIFFICULTIES), strict=False):
        of_topic = [case for case in left if str(case.topic) == topic]
        if of_topic:
            found.append(min(of_topic, key=lambda case: abs(case.difficulty - wanted)))
            left.remove(found[-1])
        if len(found) == count:
            break
    return tuple(found)
