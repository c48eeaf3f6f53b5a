"""MetricsObserver: do the promised expressions hold? A look about once a second.

Each look asks for one and the same instant of Prometheus' own clock, for every series
that an expression has. What cannot be told (no series, no number, a query that
Prometheus refuses) is reported as that.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import field

from gameday.errors import ObserverLost
from gameday.frozen import frozen
from gameday.model.events import Metric
from gameday.model.scenario import Condition, Endpoint, MetricPromise
from gameday.observers.health import ObserverHealth, Rounds, why_unseen
from gameday.observers.http import MALFORMED, Client, HttpError
from gameday.observers.prometheus.api import PrometheusApi
from gameday.observers.promql import metrics_of
from gameday.ports import Clock, Emit

PERIOD = 1.0  # seconds between two looks
BUSY = 4.0  # … and at least so many times as long as a look took

Vector = list[tuple[Mapping[str, str], float]]


@frozen
class Looked:
    """The result of one look at an expression; `ok` None: the look gave no answer.

    `value` and `series` are those of the first series that breaks the condition, or of
    the first one if none does.
    """

    ok: bool | None
    because: str = ""
    value: float | None = None
    series: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What was found, as a plan says it."""
        if self.ok is None:
            return f"cannot be told now: {self.because}"
        value = "" if self.value is None else f": {self.value:g}"
        return f"{'holds' if self.ok else 'does not hold'} now{value}"


class MetricsObserver:
    """Reports `metric` events of one Prometheus."""

    source = "metrics"

    def __init__(
        self, endpoint: Endpoint, clock: Clock, promises: Iterable[MetricPromise]
    ) -> None:
        self._clock = clock
        self._api = PrometheusApi(Client(endpoint, clock), clock)
        self._promises = {promise.promql: promise for promise in promises}
        self._health = ObserverHealth(self.source, clock)
        self._rounds = Rounds(self._health, self._look)
        self._stale: dict[str, float] = {}  # seconds, by expression, once known

    def probe(self) -> str:
        """Return why it cannot see right now; empty when it can."""
        return why_unseen(lambda: self._api.query("time()"))

    def start(self, emit: Emit, since: float) -> None:
        """Begin to report."""
        self._health.begin(emit, since)
        self._rounds.start()

    def flush(self, until: float) -> None:
        """Report how far the looks reach."""
        self._rounds.ask_once()
        self._health.observed(until)

    def stop(self) -> None:
        """End; idempotent."""
        self._rounds.stop(self._api.client.close)

    def now(self) -> dict[str, Looked]:
        """Look once at each expression; ObserverLost where Prometheus is not there."""
        theirs = self._api.query("time()")[0].samples[0][1]
        return {
            promql: look_at(self._api, promise.conditions, theirs)
            for promql, promise in self._promises.items()
        }

    def _look(self) -> float:
        begun, at = self._clock.monotonic(), self._clock.now()
        for promql in self._promises.keys() - self._stale.keys():
            self._stale |= _stale(self._api, promql)
        for promql, looked in self.now().items():
            stale = {"stale": self._stale[promql]} if promql in self._stale else {}
            self._health.emit(
                Metric(
                    at=at,
                    promql=promql,
                    ok=looked.ok,
                    value=looked.value,
                    series=dict(looked.series),
                    because=looked.because,
                    **stale,
                )
            )
        self._health.note_answer(at)
        took = self._clock.monotonic() - begun
        return max(PERIOD - took, BUSY * took)


def _stale(api: PrometheusApi, promql: str) -> dict[str, float]:
    """Return how old what an expression reads may be, as {expression: seconds}.

    That is the longest scrape interval of the jobs whose series it reads; nothing
    where that cannot be told.
    """
    names = metrics_of(promql)
    try:
        series = api.data("/series", {"match[]": list(names)}) if names else []
        jobs = {labels.get("job") for labels in series}
        intervals = [
            target.interval
            for target in api.targets()
            if target.labels.get("job") in jobs and target.interval
        ]
    except (ObserverLost, *MALFORMED):
        return {}
    return {promql: max(intervals)} if intervals else {}


def look_at(api: PrometheusApi, conditions: Iterable[Condition], at: float) -> Looked:
    """Return whether all conditions hold at an instant, for all of their series."""
    looked = [_look_at_condition(api, condition, at) for condition in conditions]
    for ok in (False, None):
        worst = next((look for look in looked if look.ok is ok), None)
        if worst is not None:
            return worst
    return looked[0]


def _look_at_condition(api: PrometheusApi, condition: Condition, at: float) -> Looked:
    try:
        truths = _vector(api, condition.truth, at)
        operands = [_vector(api, operand, at) for operand in condition.operands]
    except HttpError as problem:
        if not problem.is_refused_request:
            raise
        return Looked(ok=None, because=f"Prometheus refuses it: {problem}")
    return _looked(truths, operands)


def _looked(truths: Vector, operands: list[Vector]) -> Looked:
    """Return whether a condition holds: by its truth, and the values it compares."""
    if not truths:
        return Looked(ok=None, because="Prometheus has no series of it")
    lost = sum(math.isnan(value) for vector in operands for _, value in vector)
    broken = [labels for labels, truth in truths if truth != 1.0]
    # A comparison with NaN is false: that many may be broken for that reason alone.
    sure = len(broken) > lost if len(operands) == 1 else not lost
    if lost and not (broken and sure):
        return Looked(ok=None, because="a series of it is not a number (NaN)")
    shown = _first_known(broken or [labels for labels, _ in truths], operands)
    return Looked(ok=not broken, value=shown[1], series=shown[0])


def _first_known(
    wanted: list[Mapping[str, str]], operands: list[Vector]
) -> tuple[Mapping[str, str], float | None]:
    """Return the first of these series whose value is known, with that value."""
    known = {
        _key(labels): value
        for labels, value in (operands[0] if operands else ())
        if math.isfinite(value)
    }
    for labels in wanted:
        if _key(labels) in known:
            return labels, known[_key(labels)]
    return wanted[0], None


def _key(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in labels.items() if pair[0] != "__name__")


def _vector(api: PrometheusApi, expr: str, at: float) -> Vector:
    """Return each series' value, NaN as well; a scalar is one series."""
    data = api.data("/query", {"query": expr, "time": f"{at:.3f}"})
    if data["resultType"] == "scalar":
        return [({}, float(data["result"][1]))]
    return [(vector["metric"], float(vector["value"][1])) for vector in data["result"]]
