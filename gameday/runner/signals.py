"""The signals that ask for an end, for as long as somebody sees to them."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have a handler take the signals; then who took them before does again.

    Python lets only the main thread take signals; in another, whoever started it does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.signal(number, handler) for number in ENDS]
    try:
        yield
    finally:
        for number, old in zip(ENDS, before, strict=True):
            signal.signal(number, old)
