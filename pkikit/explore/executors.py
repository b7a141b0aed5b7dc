"""Run chunks in one of three places: in this process, in processes of this machine, or on a dask cluster.

Each executor yields results as they arrive and holds only a few, so memory does not grow with the number of chunks.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from itertools import islice
from typing import Any, Protocol, TypeVar

from pkikit.errors import InputError
from pkikit.extras import optional_packages

_A = TypeVar("_A")
_R = TypeVar("_R")


class Executor(Protocol):
    """Call a function with each argument; results come in any order."""

    def run(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[_R]:
        """Yield each result as soon as it is there."""
        ...


class InProcess:
    """Run the chunks one after the other in this process."""

    def run(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[_R]:
        """Yield the results in order."""
        return map(function, arguments)


class Processes:
    """Spread the chunks over processes of this machine."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[_R]:
        """Yield the results; at most two chunks per worker are under way."""
        # spawn: a fork would copy the threads of a notebook in the middle of their work.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.workers, mp_context=context, initializer=_begin_worker) as pool:
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


def _begin_worker() -> None:
    """Search for reference cycles less often: rows have none, and each search visits everything that a worker keeps."""
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)


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
        try:
            connect: Any = distributed.Client
            self._client: Any = connect(address, timeout=timeout, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(f"no dask scheduler answers at {address[:80]!r} ({type(error).__name__})") from None

    def run(self, function: Callable[[_A], _R], arguments: Iterable[_A]) -> Iterator[_R]:
        """Yield the results; at most two chunks per worker thread are under way."""
        import distributed

        as_completed: Any = distributed.as_completed
        waiting = iter(arguments)
        wide = 2 * max(1, sum(self._client.nthreads().values()))
        try:
            first = [self._client.submit(function, a, pure=False) for a in islice(waiting, wide)]
            under_way = as_completed(first, loop=self._client.loop)
            for future in under_way:
                yield _guard(future.result)
                future.release()
                for argument in islice(waiting, 1):
                    under_way.add(self._client.submit(function, argument, pure=False))
        finally:
            self._client.close()
