"""The event loop of a run: everything that happens arrives as an event on one queue.

An event is kept before it is acted on. All waiting is done here: for a condition with
a deadline, and no longer than the run is wanted.
"""

import contextlib
import queue
from collections.abc import Callable, Iterable

from gameday.model.events import Event, Guardrail, Note, Phase, Skipped
from gameday.model.verdict import Ending
from gameday.runner.conditions import PendingCondition
from gameday.runner.dependencies import RunDependencies
from gameday.runner.run_end import RunStopped
from gameday.runner.run_state import RunState

TICK = 0.05  # seconds between looks at deadlines and the ledger
AwaitedConditions = Callable[[], Iterable[PendingCondition]]


class EventLoop:
    """Takes events in, keeps them, shows them; ends the run when that is asked."""

    def __init__(self, dependencies: RunDependencies, look: Callable[[], None]) -> None:
        self.dependencies = dependencies
        self.run_state = RunState()
        self.undoing = False
        self._look = look
        self._queue: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._wanted: RunStopped | None = None

    @property
    def now(self) -> float:
        """The time, in seconds since the epoch."""
        return self.dependencies.clock.now()

    def put(self, happened: Event) -> None:
        """Put one event on the queue; from any thread."""
        self._queue.put(happened)

    def stop(self, ending: Ending, because: str) -> None:
        """Ask for the end of the run, from any thread; the first reason counts."""
        if self._wanted is None:
            self._wanted = RunStopped(ending, because)

    def phase(self, phase: str, step: str) -> None:
        """Begin a phase."""
        self._apply(Phase(at=self.now, phase=phase, step=step))

    def note(self, text: str) -> None:
        """Keep a remark."""
        self._apply(Note(at=self.now, text=text))

    def skip(self, step: str, because: str) -> None:
        """Keep that a step's fault is not injected, and why."""
        self._apply(Skipped(at=self.now, step=step, because=because))

    def until(self, what: str, until: float, kept: Callable[[], bool]) -> bool:
        """Wait for one thing; return whether it came."""
        self.wait(lambda: [PendingCondition(what=what, until=until, kept=kept())])
        return kept()

    def pause(self, what: str, until: float) -> None:
        """Wait until then, whatever happens."""
        self.until(what, until, lambda: False)

    def wait(
        self, things: AwaitedConditions, or_else: Callable[[], bool] = lambda: False
    ) -> None:
        """Take events in until nothing is open any more."""
        while True:
            item = self.dependencies.clock.take(self._queue, TICK)
            if item is not None:
                self._apply(item)
            self.drain()
            if self._wanted is not None and not self.undoing:
                raise self._wanted
            self._look()
            now = self.now
            still = [awaited for awaited in things() if awaited.open(now)]
            self.dependencies.screen.tick(self.run_state, still, now)
            if not still or or_else():
                return

    def drain(self) -> None:
        """Take in all that is there, without waiting."""
        for transition in self.dependencies.ledger.new_events():
            self._apply(transition)
        while not self._queue.empty():
            with contextlib.suppress(queue.Empty):
                self._apply(self._queue.get_nowait())

    def _apply(self, happened: Event) -> None:
        self.dependencies.store.append(happened)
        self.run_state.see(happened)
        self.dependencies.screen.show(happened, self.run_state)
        if isinstance(happened, Guardrail) and happened.state == "breached":
            self.stop(
                Ending.GUARDRAIL, f"guardrail {happened.name}: {happened.because}"
            )
