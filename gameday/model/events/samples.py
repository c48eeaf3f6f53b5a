"""Events of counters, scrapes and the load."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from gameday.frozen import frozen
from gameday.model.events.codec import Event, Instant, Labels, Ratio, Seconds
from gameday.model.quantity import LATEST

_PAIR = 2  # time and value
_CLASS = 3  # over, up to, requests


def _are_pairs(values: Sequence[Sequence[float]]) -> bool:
    return all(len(pair) == _PAIR and 0 <= pair[0] < LATEST for pair in values)


def _are_classes(values: Sequence[Sequence[float]]) -> bool:
    return all(len(sample) == _CLASS for sample in values)


@frozen
class Sample(Event, kind="sample", omits=("gauge",)):
    """Raw counters of an SLO (`side`: bad or total), each scrape once.

    `values`: time and value of each; `gauge`: the samples of a gauge, each of which is
    an event.
    """

    slo: str
    side: str
    sign: float = 1.0
    series: Labels
    values: Annotated[Sequence[Sequence[float]], _are_pairs]
    gauge: bool = False


@frozen
class Scrape(Event, kind="scrape"):
    """A scrape target: at each change, and once at the gate.

    `state`: up, down or gone; `targets`: how many are known in all; `interval`: of this
    target.
    """

    job: str
    instance: str
    up: bool
    targets: int
    state: str = ""
    interval: Seconds | None = None


@frozen
class Load(Event, kind="load", omits=("latencies",)):
    """One second of intended starts of the load.

    `late`: the share of requests that started over 10 ms late; `latencies`: over, up to
    and requests of each class.
    """

    since: Instant
    until: Instant
    sent: int
    ok: int
    failed: int
    late: Ratio = 0.0
    p50: Seconds | None = None
    p99: Seconds | None = None
    in_flight: int
    due: int = 0
    latencies: Annotated[Sequence[Sequence[float]], _are_classes] = ()


@frozen
class Window(Event, kind="window"):
    """The events of an SLO's own window, counted at the gate.

    `unknown`, `surplus`: how many more, and fewer, there may be.
    """

    slo: str
    total: float
    since: Instant
    complete: bool = False
    unknown: float = 0.0
    surplus: float = 0.0


@frozen
class Feeds(Event, kind="feeds"):
    """The SLOs that count the load's requests, as the gate found out."""

    slos: Sequence[str]
    because: str = ""
