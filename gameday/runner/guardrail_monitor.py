"""Guardrails, looked at all through a run, each at its own interval.

A guardrail that cannot be evaluated for longer than its `grace` counts as breached:
whoever cannot see must not go on breaking things.
"""

import threading
from collections.abc import Callable
from typing import Protocol

from gameday.frozen import frozen
from gameday.model.events import Guardrail
from gameday.model.scenario import Guardrail as PromisedGuardrail
from gameday.ports import Clock, Emit


class GuardrailReading(Protocol):
    """What a guardrail's look found: the fields of a `guardrail` event.

    `state`: ok, breached or unanswerable.
    """

    @property
    def state(self) -> str:
        """The state."""

    @property
    def because(self) -> str:
        """Why, in a sentence."""

    @property
    def value(self) -> float | None:
        """The value that was seen."""

    @property
    def limit(self) -> float | None:
        """The value at which it breaches."""


Look = Callable[[], GuardrailReading]


@frozen
class Guard:
    """A guardrail and the look that evaluates it, every so many seconds."""

    rail: PromisedGuardrail
    look: Look
    every: float


class GuardrailMonitor:
    """One guardrail's thread; emits `guardrail` events, one when the state changes."""

    def __init__(self, guard: Guard, clock: Clock, emit: Emit) -> None:
        self.guard = guard
        self._clock = clock
        self._emit = emit
        self._stop = threading.Event()
        self._blind_since: float | None = None
        self._last = ""
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; a look that hangs is left to its time-out."""
        self._stop.set()

    def once(self) -> tuple[str, str]:
        """Look once; return the state with `grace` taken in, and why."""
        seen = self.guard.look()
        state, because = seen.state, seen.because
        answered = state != "unanswerable"
        now = self._clock.now()
        if not answered:
            self._blind_since = self._blind_since or now
            grace = self.guard.rail.grace
            if now - self._blind_since >= grace:
                state = "breached"
                because = f"it could not be evaluated for {grace:g} s: {because}"
        else:
            self._blind_since = None
        if state != self._last or state == "breached":
            self._last = state
            told = Guardrail(
                at=now,
                name=self.guard.rail.name,
                state=state,
                because=because,
                value=seen.value,
                limit=seen.limit,
                answered=answered,
            )
            self._emit(told)
        return state, because

    def _run(self) -> None:
        while not self._stop.is_set():
            began = self._clock.monotonic()
            state, _ = self.once()
            if state == "breached":
                return
            took = self._clock.monotonic() - began
            self._stop.wait(max(0.05, self.guard.every - took))
