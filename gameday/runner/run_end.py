"""The end of a run: the decision for it, and the signals that ask for it."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from gameday.model.verdict import Ending

END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class RunStopped(Exception):
    """The run ends here: why, and as what; a decision, not an error."""

    def __init__(
        self, ending: Ending, because: str, *, conclusive: bool = False
    ) -> None:
        super().__init__(because)
        self.ending = ending
        self.because = because
        self.refusal = conclusive  # refused with exit 2 rather than 3


@contextmanager
def end_signals_handled_by(
    handler: Callable[[int, FrameType | None], None],
) -> Iterator[None]:
    """Have a handler take the signals; then who took them before does again.

    Python lets only the main thread take signals; in another, whoever started it does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.signal(number, handler) for number in END_SIGNALS]
    try:
        yield
    finally:
        for number, old in zip(END_SIGNALS, before, strict=True):
            signal.signal(number, old)
