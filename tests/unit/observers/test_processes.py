"""When the processes behind scrape targets began."""

from gameday.model.slos.slo import Series
from gameday.observers.prometheus.processes import Processes

WEB = {"job": "web", "instance": "web-1"}


def series(*samples: tuple[float, float]) -> Series:
    return Series(
        labels={"__name__": "process_start_time_seconds", **WEB}, samples=samples
    )


def test_each_process_is_told_once_at_the_scrape_that_shows_it() -> None:
    processes = Processes()
    first = processes.feed([series((10.0, 3.0), (15.0, 3.0))])
    again = processes.feed([series((10.0, 3.0), (15.0, 3.0), (20.0, 3.0))])
    anew = processes.feed([series((20.0, 3.0), (25.0, 21.5), (30.0, 21.5))])
    assert [(event.at, event.fields) for event in first] == [
        (10.0, {**WEB, "began": 3.0})
    ]
    assert again == []
    assert [(event.at, event.began) for event in anew] == [(25.0, 21.5)]


def test_a_clock_that_is_slewed_makes_no_new_process() -> None:
    processes = Processes()
    processes.feed([series((10.0, 3.0))])
    assert processes.feed([series((15.0, 4.0), (20.0, 3.0))]) == []
