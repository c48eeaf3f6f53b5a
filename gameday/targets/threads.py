"""Several things at once, and the first error of them."""

from collections.abc import Callable, Sequence
from typing import Any


def all_of(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do several things side by side; the first error is raised."""
    from concurrent.futures import ThreadPoolExecutor

    if len(acts) == 1:
        return [acts[0]()]
    with ThreadPoolExecutor(max_workers=min(8, len(acts))) as pool:
        return [future.result() for future in [pool.submit(act) for act in acts]]
