"""The questions that Prometheus' HTTP API answers, version 2 and 3 alike.

Range selectors are padded by who asks and filtered by timestamp here or there:
version 3 leaves the lower bound out. Times: seconds since the epoch, Prometheus'.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from gameday.errors import ObserverLost
from gameday.frozen import frozen
from gameday.model.quantity import parse_duration, parse_instant
from gameday.model.slos.slo import Bucket, Series
from gameday.observers.http import MALFORMED, Client, HttpError
from gameday.ports import Clock

NEVER = 0.0  # Prometheus' zero time, the year 1
LOOKBACK = 300.0  # seconds for which an instant query knows a sample (its default)
_YEAR = 31_536_000.0
_METRIC = re.compile(
    rb"^(prometheus_rule_group_iterations_missed_total"
    rb"|prometheus_rule_evaluation_failures_total"
    rb'|process_start_time_seconds)(?:\{rule_group="((?:[^"\\]|\\.)*)"\})? (\S+)',
    re.MULTILINE,
)


@frozen
class ScrapeTarget:
    """One active target; `interval` and `timeout` in seconds, 0 where not told.

    `url`: what is asked for its samples.
    """

    labels: Mapping[str, str]
    health: str
    last: float
    interval: float = 0.0
    timeout: float = 0.0
    url: str = ""


@frozen
class SelfMetrics:
    """Of Prometheus' own metrics: counters by rule group (`FILE;GROUP`)."""

    started: float
    missed: Mapping[str, float]
    failed: Mapping[str, float]


def span(text: str) -> float:
    """Return a duration as Prometheus writes it (`1y2w3d`, `15s`, `0s`), in s."""
    years, _, rest = text.rpartition("y")
    extra = int(years) * _YEAR if years else 0.0
    return extra + (parse_duration(rest) if rest not in ("", "0") else 0.0)


def instant(text: str | None) -> float:
    """Return RFC 3339 as seconds; NEVER for Prometheus' zero time."""
    return NEVER if not text or text.startswith("0001-") else parse_instant(text)


def window(seconds: float) -> str:
    """Return a range for a selector, in whole milliseconds."""
    return f"{max(1, math.ceil(seconds * 1000))}ms"


def quoted(labels: Mapping[str, str]) -> str:
    """Return labels as a selector's matchers, names quoted only where needed."""
    return ",".join(
        f"{_label_name(name)}={_string(value)}"
        for name, value in sorted(labels.items())
        if name != "__name__"
    )


def matching(name: str, pattern: str) -> str:
    """Return a matcher of a regular expression."""
    return f"{_label_name(name)}=~{_string(pattern)}"


def _label_name(name: str) -> str:
    return name if re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) else _string(name)


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


class PrometheusApi:
    """One Prometheus; every method raises ObserverLost where it cannot tell."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self.client = client
        self._clock = clock

    def data(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the `data` of an API answer."""
        answer = self.client.json(f"/api/v1{path}", params)
        if not isinstance(answer, dict) or answer.get("status") != "success":
            raise ObserverLost(f"{self.client.url} does not answer like Prometheus")
        return answer.get("data")

    def raw(
        self, selector: str, seconds: float, at: float | None = None
    ) -> list[Series]:
        """Return the raw samples of the last seconds, oldest first."""
        return self.query(f"{selector}[{window(seconds)}]", at)

    def query(self, expr: str, at: float | None = None) -> list[Series]:
        """Return the series of an instant query: a vector, matrix or scalar."""
        params = {"query": expr}
        if at is not None:
            params["time"] = f"{at:.3f}"
        data = self.data("/query", params)
        if data["resultType"] == "scalar":
            return [_series({"metric": {}, "value": data["result"]})]
        return [_series(result) for result in data["result"]]

    def knows(self, selector: str) -> bool:
        """Return whether any series of a selector was ever seen."""
        return bool(self.data("/label/__name__/values", {"match[]": [selector]}))

    def condition_holds(self, expr: str) -> tuple[bool, float | None]:
        """Return whether a condition holds, as an alert's would, and its value.

        A vector holds when it has an element (whatever its value), a scalar when
        it is not 0.
        """
        data = self.data("/query", {"query": expr})
        if data["resultType"] == "scalar":
            value = float(data["result"][1])
            return value != 0.0, value
        truths = data["result"]
        return bool(truths), float(truths[0]["value"][1]) if truths else None

    def grid(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """Return the series on a grid of instants from `start` on."""
        params = {
            "query": expr,
            "start": f"{start:.3f}",
            "end": f"{end:.3f}",
            "step": f"{step:.3f}",
        }
        return [
            _series(result) for result in self.data("/query_range", params)["result"]
        ]

    def offset(self) -> tuple[float, float]:
        """Return its clock minus ours, and the error: half of the round trip."""
        best = (0.0, math.inf)
        for _ in range(3):
            sent = self._clock.now()
            theirs = self.query("time()")[0].samples[0][1]
            back = self._clock.now()
            error = (back - sent) / 2 + 0.0005
            if error < best[1]:
                best = (theirs - (sent + back) / 2, error)
        return best

    def targets(self) -> list[ScrapeTarget]:
        """Return the active scrape targets."""
        active = self.data("/targets", {"state": "active"})["activeTargets"]
        return [
            ScrapeTarget(
                labels=target["labels"],
                health=target["health"],
                last=instant(target.get("lastScrape")),
                interval=span(target.get("scrapeInterval", "0s")),
                timeout=span(target.get("scrapeTimeout", "0s")),
                url=str(target.get("scrapeUrl", "")),
            )
            for target in active
        ]

    def groups(self) -> list[dict[str, Any]]:
        """Return the rule groups as Prometheus tells of them."""
        groups_found: list[dict[str, Any]] = self.data("/rules")["groups"]
        return groups_found

    def config(self) -> str:
        """Return the loaded configuration, secrets masked by Prometheus."""
        return str(self.data("/status/config")["yaml"])

    def lookback(self) -> float:
        """Return for how many seconds an instant query knows a sample.

        Prometheus' default where it shows no flags, as others that speak its language.
        """
        try:
            return span(self.data("/status/flags")["query.lookback-delta"])
        except (HttpError, *MALFORMED):
            return LOOKBACK

    def version(self) -> str:
        """Return the version, such as 2.42.0."""
        return str(self.data("/status/buildinfo")["version"]).partition("+")[0]

    def is_closed(self) -> bool:
        """Return whether a range holds a sample at its very beginning: up to version 2.

        Others that speak its language are taken for the newest version.
        """
        try:
            return self.version().partition(".")[0] in ("0", "1", "2")
        except (HttpError, *MALFORMED):
            return False

    def self_metrics_of(self) -> SelfMetrics | None:
        """Return its own metrics; None where it does not show them."""
        try:
            answer = self.client.get("/metrics")
        except ObserverLost:
            return None
        if answer.status != 200 or b"process_start_time" not in answer.body:  # noqa: PLR2004
            return None
        return self_metrics(answer.body)

    def started(self) -> float:
        """Return when it was started."""
        return instant(self.data("/status/runtimeinfo")["startTime"])


def self_metrics(text: bytes) -> SelfMetrics:
    """Return what matters of Prometheus' own metrics page."""
    started, missed, failed = 0.0, {}, {}
    for name, group, value in _METRIC.findall(text):
        key = group.decode().replace('\\"', '"').replace("\\\\", "\\")
        if name.startswith(b"process"):
            started = float(value)
        elif name.endswith(b"missed_total"):
            missed[key] = float(value)
        else:
            failed[key] = float(value)
    return SelfMetrics(started=started, missed=missed, failed=failed)


def _series(series: Mapping[str, Any]) -> Series:
    """Read one series; values that are no numbers are left out."""
    pairs = (
        series["values"]
        if "values" in series
        else [series["value"]]
        if "value" in series
        else []
    )
    samples = ((round(float(at), 3), float(value)) for at, value in pairs)
    return Series(
        labels=series["metric"],
        samples=tuple(pair for pair in samples if math.isfinite(pair[1])),
        histograms=tuple(
            (round(float(at), 3), _buckets(histogram))
            for at, histogram in series.get("histograms", ())
        ),
    )


def _buckets(histogram: Mapping[str, Any]) -> tuple[Bucket, ...]:
    """Read the buckets of a native histogram, each as [which ends, from, to, count]."""
    return tuple(
        Bucket(float(lower), float(upper), float(count))
        for _, lower, upper, count in histogram.get("buckets") or ()
    )
