"""How fast recorded series are evaluated again: series-hours per second.

    python bench/replay.py PROMETHEUS [--series N] [--hours N]

PROMETHEUS: the program. Loading the series into it is timed beside; the evaluation is
one rate over five minutes, every 15 s.
"""

import argparse
import time

from gameday.clock import SystemClock
from gameday.model.alerting.recording import SeriesRecord
from gameday.replays.machine import Slots
from gameday.runner.evaluation.scratch import Scratch

FIRST = 1_700_000_000_000  # milliseconds
INTERVAL = 15_000  # milliseconds
PATIENCE = 600.0  # seconds


def main() -> None:
    """Load, evaluate, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("prometheus")
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--hours", type=int, default=3)
    asked = parser.parse_args()
    at = range(FIRST, FIRST + asked.hours * 3_600_000, INTERVAL)
    values = [float(place) for place in range(len(at))]
    series = [
        SeriesRecord(
            labels={"__name__": "bad_total", "n": str(number)}, at=at, values=values
        )
        for number in range(asked.series)
    ]
    with Scratch(asked.prometheus, PATIENCE, SystemClock()) as server:
        begun = time.monotonic()
        samples = server.write(series)
        loaded = time.monotonic()
        slots = Slots(first=FIRST, last=at[-1], interval=INTERVAL)
        rows = server.evaluate("rate(bad_total[5m]) > 0", slots)
        ended = time.monotonic()
    print(f"{len(rows)} series of {asked.hours} h")
    print(f"loading     {samples / (loaded - begun):>10.0f} samples/s")
    speed = asked.series * asked.hours / (ended - loaded)
    print(f"evaluation  {speed:>10.0f} series-hours/s")


if __name__ == "__main__":
    main()
