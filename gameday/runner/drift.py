"""Drift: the target's fingerprint before the first fault and after the last undo.

Looking happens beside the run: the first look during the warm-up, so that the first
fault waits for it only where the target is slow to answer.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from gameday.errors import GamedayError
from gameday.model.fingerprint import Fingerprint, differences
from gameday.model.plan import Plan
from gameday.model.timeline import event
from gameday.ports import Clock, Emit
from gameday.runner.awaited import Awaited

BEFORE_AT_MOST = 10.0  # seconds that the first fault waits for the first look
CALM_AT_MOST = 10.0  # seconds for looking again after a run that went its way
HURRIED_AT_MOST = 3.0  # and after one that was stopped
SETTLES = 3.0  # seconds in which what was just undone may still come up
PAUSE = 0.25  # seconds between two looks

Told = Callable[[Fingerprint | str], None]  # a fingerprint, or why there is none
Looking = Callable[[Told], None]  # returns at once, tells later from any thread
Await = Callable[[Callable[[], Iterable[Awaited]]], None]


@dataclass(slots=True)
class Glance:
    """One look that is under way, and what it brought."""

    found: Fingerprint | str | None = None

    def tell(self, found: Fingerprint | str) -> None:
        """Take what was found; once."""
        if self.found is None:
            self.found = found


@dataclass
class Drift:
    """Looks twice and tells the difference; without a door it tells nothing."""

    looking: Looking | None
    clock: Clock
    tell: Emit
    _before: Glance = field(default_factory=Glance)
    _told: bool = False

    def begin(self) -> None:
        """Begin the first look."""
        if self.looking is not None:
            self.looking(self._before.tell)

    def settle_before(self, wait: Await) -> None:
        """Have the first look's answer, now that the first fault is to come."""
        if self.looking is None or self._told:
            return
        self._told = True
        if self._before.found is None:
            self._wait(wait, self._before, BEFORE_AT_MOST)
        self._say("before", self._before.found)

    def compare(self, wait: Await, *, calm: bool) -> None:
        """Look again, until nothing differs or it will not come right by itself."""
        before = self._before.found
        if self.looking is None or not self._told or not isinstance(before, Mapping):
            return
        began = self.clock.now()
        over = began + (CALM_AT_MOST if calm else HURRIED_AT_MOST)
        while True:
            after = self._look(wait, over)
            if not isinstance(after, Mapping) or not differences(before, after):
                break
            now = self.clock.now()
            if now >= min(over, began + SETTLES):
                break
            wait(partial(_to_come_right, now + PAUSE))
        self._say("after", after)
        if isinstance(after, Mapping):
            self._tell_differences(before, after)

    def _look(self, wait: Await, over: float) -> Fingerprint | str:
        glance = Glance()
        if self.looking is not None:
            self.looking(glance.tell)
        self._wait(wait, glance, max(0.0, over - self.clock.now()))
        return glance.found or ""

    def _wait(self, wait: Await, glance: Glance, at_most: float) -> None:
        until = self.clock.now() + at_most
        what = "the target's fingerprint"
        wait(lambda: [Awaited(what=what, until=until, kept=glance.found is not None)])
        glance.tell(f"the target did not tell within {at_most:.1f} s")

    def _say(self, when: str, found: Fingerprint | str | None) -> None:
        there = isinstance(found, Mapping)
        number = len(found) if isinstance(found, Mapping) else 0
        because = "" if there else str(found)
        now = self.clock.now()
        said = event(now, "fingerprint", when=when, instances=number, because=because)
        self.tell(said)

    def _tell_differences(self, before: Fingerprint, after: Fingerprint) -> None:
        now = self.clock.now()
        for one in differences(before, after):
            what = {"instance": one.instance, "key": one.key}
            change = {"before": one.before, "after": one.after}
            self.tell(event(now, "drift", step="", **what, **change))


def _to_come_right(until: float) -> list[Awaited]:
    return [Awaited(what="the target to be as it was", until=until, kept=False)]


def in_thread(look: Callable[[], Fingerprint]) -> Looking:
    """Return what looks in a thread of its own."""

    def act(told: Told) -> None:
        found: Fingerprint | str = "looking at the target did not work"
        try:
            found = look()
        except GamedayError as wrong:
            found = str(wrong)
        finally:
            told(found)

    def begin(told: Told) -> None:
        threading.Thread(target=act, args=(told,), daemon=True).start()

    return begin


def within_namespaces(plan: Plan) -> list[str]:
    """Return the instances whose network namespaces the plan's faults touch.

    Looking into one takes a helper there; nobody else pays for it.
    """
    names = {
        victim.name
        for step in plan.steps
        for fault in step.faults
        if fault.request.kind.startswith("network.")
        for victim in fault.victims
    }
    return sorted(names)
