"""Promised against measured, as shares of the promise: what the small bars show."""

from gameday.frozen import frozen
from gameday.model.scenario import OF_SLO
from gameday.model.verdict import Finding, Outcome, Verdict

_FULL = 1.5  # the track's right end, in promises; what is longer is cut there


@frozen
class MeasureRow:
    """One finding with a promised limit. Positions are per cent of the track.

    `low` and `high` span the error; `bar` is None where nothing was measured.
    """

    finding: Finding
    bar: float | None
    low: float | None
    high: float | None
    limit: float
    cut: bool

    @property
    def css_class(self) -> str:
        """The outcome, as the style sheet names it."""
        return self.finding.outcome.value


def timing_measures(verdict: Verdict) -> list[MeasureRow]:
    """Return a measure for each finding that was promised within a time."""
    return _measures([finding for finding in verdict.findings if _is(finding, "s")])


def budget_measures(verdict: Verdict) -> list[MeasureRow]:
    """Return a measure for each finding that was promised a share of a budget."""
    asked = [finding for finding in verdict.findings if finding.question in OF_SLO]
    return _measures([finding for finding in asked if _is(finding, "ratio")])


def _measures(findings: list[Finding]) -> list[MeasureRow]:
    """Return nothing where nothing at all was measured: there is nothing to see."""
    if all(finding.measured is None for finding in findings):
        return []
    return [_measure(finding) for finding in findings]


def _is(finding: Finding, unit: str) -> bool:
    return finding.unit == unit and finding.promised is not None


def _measure(finding: Finding) -> MeasureRow:
    limit = round(100 / _FULL, 2)
    measured, error = finding.measured, finding.error or 0.0
    if measured is None:
        return MeasureRow(
            finding=finding, bar=None, low=None, high=None, limit=limit, cut=False
        )
    return MeasureRow(
        finding=finding,
        bar=_sort_value(measured, finding),
        low=_sort_value(measured - error, finding),
        high=_sort_value(measured + error, finding),
        limit=limit,
        cut=_share(measured, finding) > _FULL,
    )


def _share(value: float, finding: Finding) -> float:
    promised = finding.promised or 0.0
    if promised > 0:
        return value / promised
    # A promise of nothing at all: any is too much, and none is just kept.
    kept = value <= 0 or finding.outcome is Outcome.PASS
    return 0.0 if kept else _FULL * 2


def _sort_value(value: float, finding: Finding) -> float:
    return round(100 * min(max(_share(value, finding) / _FULL, 0.0), 1.0), 2)
