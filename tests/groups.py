"""Groups of tests that run side by side, and the table of what each took.

`tests/groups.toml` says which tests are a group: they run one after another on one
pytest-xdist worker, so that they can share a shop, a namespace or a Prometheus, and
beside other groups. They begin in the table's order.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TABLE = Path(__file__).with_name("groups.toml")
REST = "other tests"


@dataclass(frozen=True, slots=True)
class Group:
    """A name, the beginnings of its tests' ids, and the seconds that it may take.

    `tests/real/observers*debian` begins the ids below that folder which have the word
    among their parameters.
    """

    name: str
    tests: tuple[str, ...]
    budget: float

    def holds(self, nodeid: str) -> int:
        """Return the length of the beginning by which a test belongs here, or 0."""
        fitting = (begin for begin in self.tests if _begins(nodeid, begin))
        return max(map(len, fitting), default=0)


def _begins(nodeid: str, begin: str) -> bool:
    begin, star, parameter = begin.partition("*")
    if not nodeid.startswith(begin):
        return False
    rest = nodeid[len(begin) :]
    if star:
        return parameter in rest.partition("[")[2]
    return not rest or rest[0] in "/:[" or begin.endswith(("/", "["))


@cache
def groups() -> tuple[Group, ...]:
    """Return the groups in the order in which they begin."""
    table = tomllib.loads(TABLE.read_text())
    return tuple(
        Group(name, tuple(entry["tests"]), float(entry["seconds"]))
        for name, entry in table.items()
    )


def group_of(nodeid: str) -> Group | None:
    """Return a test's group: the one that names most of its id."""
    best = max(groups(), key=lambda group: group.holds(nodeid))
    return best if best.holds(nodeid) else None


def sort(items: list[pytest.Item]) -> None:
    """Put the groups in their order; a group's tests keep theirs."""
    order = {group.name: number for number, group in enumerate(groups())}

    def rank(item: pytest.Item) -> int:
        group = group_of(item.nodeid)
        return order[group.name] if group else len(order)

    items.sort(key=rank)


def scheduler(config: pytest.Config, log: Any) -> Any:
    """Return what hands whole groups to pytest-xdist's workers.

    xdist's own `--dist loadgroup` writes the group into the test's id, which pytest 9.2
    no longer lets it change; then every test is handed out alone.
    """
    from xdist.scheduler import LoadScopeScheduling

    class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc, unused-ignore]
        """A test's scope is its group; without one, its file."""

        def _split_scope(self, nodeid: str) -> str:
            group = group_of(nodeid)
            return group.name if group else nodeid.partition("::")[0]

    return GroupScheduling(config, log)


@dataclass
class Spent:
    """What the tests of each group have taken so far, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)
    tests: dict[str, int] = field(default_factory=dict)
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, report: pytest.TestReport) -> None:
        """Count one phase of a test."""
        group = group_of(report.nodeid)
        name = group.name if group else REST
        self.seconds[name] = self.seconds.get(name, 0.0) + report.duration
        self.tests[name] = self.tests.get(name, 0) + (report.when == "call")
        since, until = self.spans.get(name, (report.start, report.stop))
        self.spans[name] = (min(since, report.start), max(until, report.stop))

    def lines(self) -> Iterator[str]:
        """Yield the table, the longest first."""
        budgets = {group.name: group.budget for group in groups()}
        yield f"{'group':<24} {'tests':>5} {'seconds':>8} {'budget':>7}"
        for name in sorted(self.seconds, key=lambda name: -self.seconds[name]):
            took, budget = self.seconds[name], budgets.get(name)
            over = "  OVER ITS BUDGET" if budget is not None and took > budget else ""
            shown = f"{budget:>7.0f}" if budget is not None else f"{'':>7}"
            yield f"{name:<24} {self.tests[name]:>5} {took:>8.1f} {shown}{over}"
        if self.spans:
            since = min(since for since, _ in self.spans.values())
            until = max(until for _, until in self.spans.values())
            together = sum(self.seconds.values())
            yield (
                f"{together:.0f} s of tests in {until - since:.0f} s, "
                f"{together / max(until - since, 0.001):.1f} side by side"
            )
