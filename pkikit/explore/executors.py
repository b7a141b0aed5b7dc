"""Run chunks in one of three places: in this process, in processes of this machine, or on a dask cluster.

Each executor yields results as they arrive and holds only a few, so memory does not grow with the number of chunks. `run` ends
when a worker is lost; `attempts` tries the work of that worker again, alone, and continues with the rest.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from multiprocessing import connection
from typing import Any, Protocol, TypeVar

from pkikit.errors import InputError
from pkikit.extras import optional_packages

_A = TypeVar("_A")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Lost:
    """There is no result: the worker ended in the middle of the work.

    Attributes:
        why: the reason, as far as it is known.
    """

    why: str


class Executor(Protocol):
    """Call a function with each argument; results come in any order."""

    def run(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[_R]:
        """Yield each result as soon as it is there."""
        ...

    def attempts(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[tuple[_A, _R | Lost]]:
        """Yield each argument with its result; a worker that is lost stops nothing."""
        ...


def available_cores() -> int:
    """Return how many processes this machine runs at a time for us."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


class InProcess:
    """Run the chunks one after the other in this process."""

    def run(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[_R]:
        """Yield the results in order."""
        return map(function, arguments)

    def attempts(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[tuple[_A, _R | Lost]]:
        """Yield each argument with its result, in order."""
        return ((argument, function(argument)) for argument in arguments)


class Processes:
    """Spread the chunks over processes of this machine."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[_R]:
        """Yield the results; at most two chunks per worker are under way."""
        with self._pool(self.workers) as pool:
            waiting = iter(arguments)

            def submit(number: int) -> set[Future[_R]]:
                return _guard(lambda: {pool.submit(function, a) for a in islice(waiting, number)})

            under_way = submit(2 * self.workers)
            try:
                while under_way:
                    done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield _guard(future.result)
                    under_way |= submit(len(done))
            finally:
                for future in under_way:
                    future.cancel()

    def attempts(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[tuple[_A, _R | Lost]]:
        """Yield each argument with its result. What was under way in a pool that broke is tried again, each alone."""
        waiting = iter(arguments)
        while True:
            suspects = yield from self._until_broken(function, waiting)
            for argument in suspects:
                yield argument, self._alone(function, argument)
            if not suspects:
                return

    def _until_broken(
        self, function: Callable[[_A], _R], waiting: Iterator[_A]
    ) -> Generator[tuple[_A, _R], None, list[_A]]:
        """Yield results until a worker is lost; return what was under way then, nothing at the end."""
        under_way: dict[Future[_R], _A] = {}
        with self._pool(self.workers) as pool:
            try:
                while True:
                    for argument in islice(waiting, 2 * self.workers - len(under_way)):
                        try:
                            under_way[pool.submit(function, argument)] = argument
                        except BrokenExecutor:
                            return [*under_way.values(), argument]
                    if not under_way:
                        return []
                    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                        if isinstance(future.exception(), BrokenExecutor):
                            return list(under_way.values())
                        yield under_way.pop(future), _guard(future.result)
            finally:
                for future in under_way:
                    future.cancel()

    def _alone(self, function: Callable[[_A], _R], argument: _A) -> _R | Lost:
        with self._pool(1) as pool:
            try:
                return pool.submit(function, argument).result()
            except BrokenExecutor:
                return Lost("the process that read it ended")

    @staticmethod
    def _pool(workers: int) -> ProcessPoolExecutor:
        # spawn: a fork would copy the threads of a notebook in the middle of their work.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)


def _begin_worker() -> None:
    """Prepare a worker process.

    It searches for reference cycles less often: rows have none, and each search visits everything that a worker keeps. Ctrl-C is
    for the process that began it; and when that one is killed, this one ends, too.
    """
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _guard(work: Callable[[], _R]) -> _R:
    """Ask workers for a result, or give them more to do.

    Args:
        work: the call.

    Returns:
        The result of the call.

    Raises:
        InputError: a worker is gone.
    """
    try:
        return work()
    except (BrokenExecutor, ImportError, OSError) as error:
        raise InputError(
            f"a worker could not do its part ({type(error).__name__}: {error}); begin again to go on"
        ) from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "distributed":
            raise
        raise InputError(f"the dask cluster lost a part ({type(error).__name__}); begin again to go on") from None


class Dask:
    """Spread the chunks over a dask.distributed cluster; `address` is that of its scheduler."""

    def __init__(self, address: str, timeout: float = 10.0) -> None:
        with optional_packages():
            import distributed
            from distributed.comm.addressing import resolve_address
        try:
            resolve_address(address)  # a client with an address that is none ends with a traceback of its own
            connect: Any = distributed.Client
            self._client: Any = connect(address, timeout=timeout, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(f"no dask scheduler answers at {address[:80]!r} ({type(error).__name__})") from None

    def run(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[_R]:
        """Yield the results; at most two chunks per worker thread are under way."""
        for _, future in self._futures(function, arguments):
            yield _guard(future.result)

    def attempts(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[tuple[_A, _R | Lost]]:
        """Yield each argument with its result. The cluster gives work that ended several workers to no other."""
        for argument, future in self._futures(function, arguments):
            killed = type(future.exception()).__name__ == "KilledWorker"
            yield argument, Lost("the workers that read it ended") if killed else _guard(future.result)

    def _futures(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[tuple[_A, Any]]:
        """Yield each argument with its future, once that is done."""
        import distributed

        as_completed: Any = distributed.as_completed
        waiting = iter(arguments)
        wide = 2 * max(1, sum(self._client.nthreads().values()))
        given: dict[Any, _A] = {}

        def submit(number: int) -> list[Any]:
            submitted = [(self._client.submit(function, a, pure=False), a) for a in islice(waiting, number)]
            given.update((future.key, argument) for future, argument in submitted)
            return [future for future, _ in submitted]

        try:
            under_way = as_completed(submit(wide), loop=self._client.loop)
            for future in under_way:
                yield given.pop(future.key), future
                future.release()
                for another in submit(1):
                    under_way.add(another)
        finally:
            self._client.close()
