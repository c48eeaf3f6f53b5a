"""Guardrails, looked at all through a run, each at its own interval.

A guardrail that cannot be evaluated for longer than its `grace` counts as breached:
whoever cannot see must not go on breaking things.
"""

import threading

from gameday.model.timeline import event
from gameday.ports import Clock, Emit
from gameday.runner.doors import Guard


class Watch:
    """One guardrail's thread; emits `guardrail` events, one a look that changes."""

    def __init__(self, guard: Guard, clock: Clock, emit: Emit) -> None:
        self.guard = guard
        self._clock = clock
        self._emit = emit
        self._stop = threading.Event()
        self._blind_since: float | None = None
        self._bad_since: float | None = None
        self._last: tuple[str, str] = ("", "")
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; a look that hangs is left to its time-out."""
        self._stop.set()

    def once(self) -> tuple[str, str]:
        """Look once; return the state with `for` and `grace` taken in, and why."""
        state, value, because = self.guard.look()
        now = self._clock.now()
        rail = self.guard.rail
        if state == "unanswerable":
            self._blind_since = self._blind_since or now
            if now - self._blind_since >= rail.grace:
                state = "breached"
                because = f"it could not be evaluated for {rail.grace:g} s: {because}"
        else:
            self._blind_since = None
        if state != "breached":
            self._bad_since = None
        elif rail.hold and self._blind_since is None:
            self._bad_since = self._bad_since or now
            if now - self._bad_since < rail.hold:
                state = "ok"
        if (state, because) != self._last or state == "breached":
            self._last = (state, because)
            self._emit(
                event(
                    now,
                    "guardrail",
                    name=rail.name,
                    state=state,
                    value=value,
                    limit=rail.budget_spent or rail.burn_rate,
                    because=because,
                )
            )
        return state, because

    def _run(self) -> None:
        while not self._stop.is_set():
            began = self._clock.monotonic()
            state, _ = self.once()
            if state == "breached":
                return
            took = self._clock.monotonic() - began
            self._stop.wait(max(0.05, self.guard.every - took))
