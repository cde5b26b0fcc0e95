"""Work on a graph: each node after those that it needs, independent ones side by side."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

WORKERS = 16


def side_by_side(
    needs: Mapping[str, AbstractSet[str]], work: Callable[[str], object], *, stop_at_failure: bool
) -> dict[str, Exception]:
    """Work on every node and return the failures, the first one first.

    What needs a node that failed is left undone. With ``stop_at_failure`` nothing more is begun after one.
    """
    order = TopologicalSorter(needs)
    order.prepare()
    failures: dict[str, Exception] = {}
    running: dict[Future[object], str] = {}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="stack") as pool:
        while order.is_active():
            if not (stop_at_failure and failures):
                running |= {pool.submit(work, name): name for name in order.get_ready()}
            if not running:
                break
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                name = running.pop(future)
                error = future.exception()
                if error is None:
                    order.done(name)
                elif isinstance(error, Exception):
                    failures[name] = error
                else:
                    raise error
    return failures
