"""What rules read, as it is recorded with a run: raw samples, with their ends.

Times in milliseconds since the epoch, as Prometheus writes them. A value of None is a
staleness marker: from here on the series is not there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from gameday.frozen import frozen
from gameday.model.alerting.alert import Matcher

LOOKBACK = 300.0  # seconds: Prometheus' --query.lookback-delta, unless it says another


@frozen
class Read:
    """One selector of an expression.

    `back`: seconds that it looks back, without the lookback that every selector has.
    `fixed`: it reads at a time of its own (`@`).
    """

    metric: str
    matchers: tuple[Matcher, ...] = ()
    back: float = 0.0
    fixed: bool = False


@frozen
class Reads:
    """Everything that an expression reads.

    `clock`: it reads the time (`time()`, `hour()`). `unread`: why the expression is
    not understood; empty: it is.
    """

    selectors: tuple[Read, ...] = ()
    clock: bool = False
    unread: str = ""


@frozen
class RecordedMetric:
    """What was recorded of one metric: the series that fit all `matchers`."""

    metric: str
    matchers: tuple[Matcher, ...] = ()

    def holds(self, read: Read) -> bool:
        """Whether everything that a selector may read is among it."""
        return self.metric == read.metric and all(
            matcher in read.matchers for matcher in self.matchers
        )


@frozen
class SeriesRecord:
    """One series: its labels with `__name__`, and its samples in order of time.

    A series without samples has values other than numbers: native histograms are not
    recorded.
    """

    labels: Mapping[str, str]
    at: Sequence[int]
    values: Sequence[float | None]


@frozen
class GroupRecord:
    """One rule group as it was evaluated: seconds, `last` on Prometheus' clock."""

    name: str
    file: str
    interval: float
    last: float


@frozen
class Recording:
    """What was recorded with a run; seconds since the epoch, Prometheus' clock.

    `left_out`: by metric, why it was not recorded (too many series). `bare`: series
    have their own labels only; without it Prometheus' external labels are among them,
    which a remote read adds.
    """

    since: float
    until: float
    lookback: float = LOOKBACK
    stored: tuple[RecordedMetric, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[GroupRecord, ...] = ()
    series: tuple[SeriesRecord, ...] = ()
    bare: bool = False

    def without_external(self, external: Mapping[str, str]) -> "Recording":
        """Return the record with the labels that rules see."""
        if self.bare or not external:
            return replace(self, bare=True)
        series = [
            replace(
                record,
                labels={
                    name: text
                    for name, text in record.labels.items()
                    if external.get(name) != text
                },
            )
            for record in self.series
        ]
        return replace(self, series=tuple(series), bare=True)

    def why_unrecorded(self, reads: Reads, since: float) -> str:
        """Return what of an expression's reads was not recorded; empty: nothing.

        `since`: when its first evaluation is.
        """
        if reads.unread:
            return reads.unread
        for read in reads.selectors:
            why = self._why_unrecorded(read, since)
            if why:
                return why
        return ""

    @property
    def _not_numbers(self) -> set[str]:
        """The metrics that have series without numbers."""
        return {
            record.labels.get("__name__", "") for record in self.series if not record.at
        }

    def _why_unrecorded(self, read: Read, since: float) -> str:
        if not read.metric:
            return "it selects series of any name, which is not recorded"
        if read.fixed:
            return f"{read.metric} is read at a time of its own (@), not recorded"
        if not any(stored.holds(read) for stored in self.stored):
            why = self.left_out.get(read.metric, "it was not recorded")
            return f"{read.metric}: {why}"
        if read.metric in self._not_numbers:
            return f"{read.metric}: native histograms are not recorded"
        missing = self.since - (since - read.back - self.lookback)
        if missing > 0.0:
            return (
                f"{read.metric} is looked back at for {read.back:g} s, and the record "
                f"begins {missing:.0f} s too late for that"
            )
        return ""
