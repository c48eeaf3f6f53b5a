"""Whether an observer can see: `blind`, `sees` and `observed`, and its thread."""

import threading
from collections.abc import Callable

from gameday.errors import GamedayError, ObserverLost, TargetNotFound
from gameday.model.events import Blind, Event, Observed, Sees
from gameday.observers.http import MALFORMED
from gameday.ports import Clock, Emit

# One answer that fails is no blindness yet: whatever happened is asked for again.
PATIENCE = 2
RETRY = 0.4  # seconds between tries while it does not answer


def why_unseen(ask: Callable[[], object]) -> str:
    """Return why a source does not answer right now; empty when it does."""
    try:
        ask()
    except (ObserverLost, TargetNotFound) as problem:
        return str(problem)
    return ""


class ObserverHealth:
    """Keeps the account of when a source answered; thread-safe."""

    def __init__(self, source: str, clock: Clock) -> None:
        self.source = source
        self._clock = clock
        self._lock = threading.RLock()
        self._emit: Emit | None = None
        self._failures = 0
        self._last_good = 0.0
        self._seen_since: float | None = None
        self.blind_because = ""

    def begin(self, emit: Emit, since: float) -> None:
        """Start the account."""
        with self._lock:
            self._emit, self._last_good, self._seen_since = emit, since, since

    def emit(self, event: Event) -> None:
        """Report an event, unless the observer has ended."""
        with self._lock:
            if self._emit is not None:
                self._emit(event)

    def note_answer(self, asked: float) -> None:
        """Note that it answered what was asked at that time."""
        with self._lock:
            self._failures = 0
            self._last_good = max(self._last_good, asked)
            if self.blind_because:
                self.blind_because = ""
                self._seen_since = asked
                self.emit(Sees(at=self._clock.now(), source=self.source))

    def note_no_answer(self, because: str, *, at_once: bool = False) -> None:
        """Note that it did not answer; blind after the second time, or at once."""
        with self._lock:
            self._failures += 1
            if self.blind_because or (self._failures < PATIENCE and not at_once):
                return
            self.blind_because = because
            self._report(self._last_good)
            self._seen_since = None
            self.emit(Blind(at=self._last_good, source=self.source, because=because))

    def observed(self, until: float) -> None:
        """Report up to when it was seen, and begin the next stretch there."""
        with self._lock:
            end = min(until, self._last_good)
            self._report(end)
            if self._seen_since is not None:
                self._seen_since = max(self._seen_since, end)

    def end(self) -> None:
        """Report nothing from now on."""
        with self._lock:
            self._emit = None

    def _report(self, until: float) -> None:
        since = self._seen_since
        if since is not None and until > since:
            observed = Observed(
                at=until,
                source=self.source,
                since=round(since, 3),
                until=round(until, 3),
            )
            self.emit(observed)


class Rounds:
    """A daemon thread that asks again and again until it is told to stop.

    `ask` returns the seconds to wait until the next round.
    """

    def __init__(self, health: ObserverHealth, ask: Callable[[], float]) -> None:
        self._health = health
        self._ask = ask
        self._end = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def ended(self) -> bool:
        """Whether `stop` was called."""
        return self._end.is_set()

    def start(self) -> None:
        """Begin the rounds."""
        name = f"observe {self._health.source}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self, interrupt: Callable[[], None]) -> None:
        """End the rounds within 0.4 s; `interrupt` ends a request under way."""
        self._end.set()
        self._health.end()
        interrupt()
        if self._thread is not None:
            self._thread.join(0.4)

    def wait(self, seconds: float) -> bool:
        """Wait between two looks; true when it is time to end."""
        return self._end.wait(max(0.0, seconds))

    def _run(self) -> None:
        pause = 0.0
        while not self._end.wait(pause):
            pause = self.ask_once()

    def ask_once(self) -> float:
        """Ask once, and keep the account; return the seconds until the next."""
        return self.ask_once_with(self._ask)

    def ask_once_with(self, ask: Callable[[], float]) -> float:
        """Do the same with another question."""
        try:
            with self._one_at_a_time:
                return ask()
        except (GamedayError, OSError) as problem:
            self._health.note_no_answer(str(problem))
        except MALFORMED as problem:
            self._health.note_no_answer(
                "it answers something that is not understood "
                f"({type(problem).__name__})"
            )
        return RETRY
