"""When the processes behind scrape targets began, as they say themselves.

`process_start_time_seconds` tells a restart that counters do not show: one after which
they were soon as high as before. It is reported at the scrape that first says it.
"""

from collections.abc import Iterable

from gameday.model.events import Process
from gameday.model.slos.scraped import Target, target_of
from gameday.model.slos.slo import Series

METRIC = "process_start_time_seconds"
SAME = 2.0  # seconds by which two readings of one start may differ


class Processes:
    """Reports each target's process once, and then each new one."""

    def __init__(self) -> None:
        self._known: dict[Target, tuple[float, float]] = {}  # scraped, began

    def feed(self, all_series: Iterable[Series]) -> list[Process]:
        """Take raw samples, and return what is new in them."""
        events: list[Process] = []
        for series in all_series:
            target = target_of(series)
            for at, began in series.samples:
                known = self._known.get(target)
                if known is not None and at <= known[0]:
                    continue
                if known is None or abs(began - known[1]) > SAME:
                    job, instance = target
                    began_at = Process(at=at, job=job, instance=instance, began=began)
                    events.append(began_at)
                    self._known[target] = (at, began)
                else:
                    self._known[target] = (at, known[1])
        return events
