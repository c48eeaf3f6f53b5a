"""Drift: the target's fingerprint before the first fault and after the last undo.

Looking happens beside the run: the first look during the warm-up, so that the first
fault waits for it only where the target is slow to answer.
"""

import threading
from collections.abc import Callable, Mapping

from gameday.errors import GamedayError
from gameday.model.events import Drifted
from gameday.model.events import Fingerprint as FingerprintEvent
from gameday.model.faults.catalogue import HeldIn, held_in
from gameday.model.fingerprint import Fingerprint, differences
from gameday.model.plan import Plan
from gameday.runner.dependencies import TakeFingerprint, Told
from gameday.runner.event_loop import EventLoop

BEFORE_AT_MOST = 10.0  # seconds that the first fault waits for the first look
CALM_AT_MOST = 10.0  # seconds for looking again after a run that went its way
HURRIED_AT_MOST = 3.0  # and after one that was stopped
SETTLES = 3.0  # seconds in which what was just undone may still come up
PAUSE = 0.25  # seconds between two looks
WHAT = "the target's fingerprint"


class PendingFingerprint:
    """A fingerprint that is being taken, and its result."""

    def __init__(self) -> None:
        self.found: Fingerprint | str | None = None

    def set_result(self, fingerprint: Fingerprint | str) -> None:
        """Store the fingerprint, or why there is none; only the first result counts."""
        if self.found is None:
            self.found = fingerprint


class DriftWatch:
    """Takes the fingerprint before and after the faults, and reports differences.

    Does nothing where none can be taken.
    """

    def __init__(self, loop: EventLoop) -> None:
        self._loop = loop
        self._looking = loop.dependencies.fingerprint
        self._longer = loop.dependencies.fingerprint_takes
        self._first = PendingFingerprint()
        self._before: Fingerprint | None = None
        self._told = False

    def begin(self) -> None:
        """Begin the first look."""
        if self._looking is not None:
            self._looking(self._first.set_result)

    def take_before(self) -> None:
        """Wait for the first fingerprint: the first fault is about to start."""
        if self._looking is None or self._told:
            return
        self._told = True
        before = self._answer(self._first, BEFORE_AT_MOST + self._longer)
        self._report("before", before)
        if not isinstance(before, str):
            self._before = before

    def compare_after(self, *, ended_cleanly: bool) -> None:
        """Compare again until nothing differs, or a difference is there to stay."""
        if self._looking is None or self._before is None:
            return
        at_most = CALM_AT_MOST + self._longer if ended_cleanly else HURRIED_AT_MOST
        over = self._loop.now + at_most
        settled = self._loop.now + SETTLES
        after = self._compare_again(self._looking, over)
        while self._differs(after) and self._loop.now < settled:
            pause = min(self._loop.now + PAUSE, settled)
            self._loop.pause("the target to be as it was", pause)
            after = self._compare_again(self._looking, over)
        self._report("after", after)
        if isinstance(after, Mapping):
            self._tell_differences(self._before, after)

    def _compare_again(
        self, looking: TakeFingerprint, over: float
    ) -> Fingerprint | str:
        pending = PendingFingerprint()
        looking(pending.set_result)
        return self._answer(pending, over - self._loop.now)

    def _answer(self, pending: PendingFingerprint, at_most: float) -> Fingerprint | str:
        if pending.found is None:
            until = self._loop.now + at_most
            self._loop.until(WHAT, until, lambda: pending.found is not None)
        pending.set_result("the target was too slow to tell")
        return pending.found or {}

    def _differs(self, after: Fingerprint | str) -> bool:
        before = self._before or {}
        if not isinstance(after, Mapping):
            return False
        return any(not difference.platform for difference in differences(before, after))

    def _report(self, when: str, fingerprint: Fingerprint | str) -> None:
        because = fingerprint if isinstance(fingerprint, str) else ""
        number = 0 if because else len(fingerprint)
        taken = FingerprintEvent(
            at=self._loop.now, when=when, instances=number, because=because
        )
        self._loop.put(taken)

    def _tell_differences(self, before: Fingerprint, after: Fingerprint) -> None:
        for difference in differences(before, after):
            drifted = Drifted(
                at=self._loop.now,
                step="",
                instance=difference.instance,
                key=difference.key,
                before=difference.before,
                after=difference.after,
                platform=difference.platform,
            )
            self._loop.put(drifted)


def in_thread(look: Callable[[], Fingerprint]) -> TakeFingerprint:
    """Return what looks in a thread of its own."""

    def act(told: Told) -> None:
        fingerprint: Fingerprint | str = "looking at the target did not work"
        try:
            fingerprint = look()
        except GamedayError as wrong:
            fingerprint = str(wrong)
        finally:
            told(fingerprint)

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
        if held_in(fault.request.kind) is HeldIn.NETWORK
        for victim in fault.victims
    }
    return sorted(names)
