"""When this machine was booted: it makes clock ticks of /proc wall-clock times."""

import os

from gameday.frozen import frozen
from gameday.ports import Clock
from gameday.targets.procfs import uptime

_HUNDREDTH = 0.01
_LOOKS = 5


@frozen(kw_only=False)
class Boot:
    """When this machine was booted, seconds since the epoch, and how exact that is."""

    at: float
    error: float

    @classmethod
    def measured(cls, clock: Clock) -> "Boot | None":
        """Return it by the wall clock around a look at the uptime; None: not known.

        On a busy machine time passes between the two: the closest of some looks counts.
        """
        looks = [look for _ in range(_LOOKS) if (look := cls._look(clock)) is not None]
        return min(looks, key=lambda look: look.error, default=None)

    @classmethod
    def _look(cls, clock: Clock) -> "Boot | None":
        before = clock.now()
        since = uptime()
        after = clock.now()
        if since is None:
            return None
        # What /proc/uptime says is cut off to hundredths.
        middle = (before + after) / 2 - since - _HUNDREDTH / 2
        return cls(middle, (after - before) / 2 + _HUNDREDTH / 2)

    def started(self, ticks: int) -> tuple[float, float]:
        """Return when a process started, by its clock ticks, and how exact that is."""
        tick = 1 / os.sysconf("SC_CLK_TCK")
        return self.at + (ticks + 0.5) * tick, self.error + tick / 2
