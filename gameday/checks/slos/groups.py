"""Which group of a grouped SLO burnt its budget fastest.

Pyrra promises an SLO of each group of its grouping; the answers here are about all of
them together. The fastest group stands in the evidence, and decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gameday.checks.slos.budget_share import share
from gameday.checks.step import StepRun
from gameday.model.slos.counting import Signed, count_signed
from gameday.model.slos.slo import Series, Slo


@dataclass(slots=True)
class _Group:
    labels: Mapping[str, str]
    bad: list[Signed] = field(default_factory=list)
    total: list[Signed] = field(default_factory=list)


def fastest_group(step: StepRun, slo: Slo) -> dict[str, object] | None:
    """Return the group with the highest burn rate between fault and step's end."""
    counters, clocks = step.run.samples.of(slo.name), step.run.clocks
    start, end = (
        clocks.to_source_clock("prometheus", at) for at in (step.start or 0.0, step.end)
    )
    groups: dict[tuple[str, ...], _Group] = {}
    for sign, series in counters.bad:
        _of(series, slo, groups).bad.append((sign, series))
    for sign, series in counters.total:
        _of(series, slo, groups).total.append((sign, series))
    shown = []
    for group in groups.values():
        bad, total = (
            count_signed(signed, start, end, counters.targets).value
            for signed in (group.bad, group.total)
        )
        if total > 0:
            burn = share(max(0.0, bad) / total, slo.budget)
            counted = {"bad": bad, "total": total, "burn_rate": round(burn, 6)}
            shown.append((burn, total, {"labels": dict(group.labels), **counted}))
    return max(shown, key=lambda row: row[:2])[2] if shown else None


def _of(series: Series, slo: Slo, groups: dict[tuple[str, ...], _Group]) -> _Group:
    values = tuple(series.labels.get(label, "") for label in slo.grouped_by)
    labels = dict(zip(slo.grouped_by, values, strict=True))
    return groups.setdefault(values, _Group(labels))
