"""How long it takes from a change in the system to a change in a rule's value.

Seconds count from the change (a fault's start, or its end). A sample shows it at
the next scrape: after at most scrape interval S, and timeout T until it is in. A
recording rule adds its evaluation interval, unless it stands before its reader in
the same group. A range or a subquery R looks back over samples from before: once R
has passed all of it is new. `offset` adds itself. What is above this sum (its own
evaluation interval, its `for`) the alert rule adds.

A sample has two times: its stamp, which ranges and offsets go by, and when it is
there. A scrape's is stamped at its beginning; a recording rule with query offset O
reads as of O ago, and stamps so what it writes now. So along a chain the largest
query offset counts, not their sum, and an `offset` may cover it.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule, RecordingRule
from gameday.model.alerting.expression import (
    NAME,
    Absent,
    Constant,
    Node,
    Selector,
    Shift,
    Tree,
    Window,
    selectors,
)
from gameday.model.alerting.expression_parser import parse
from gameday.model.alerting.operators import COMPARISONS
from gameday.model.plan import Monitoring, ScrapeJob
from gameday.model.quantity import show_duration

FOREVER = math.inf

LOOKBACK = 300.0  # seconds that a series outlives its last sample (Prometheus' default)
DEEPEST = 20  # recorded series that are read from recorded series


@frozen(kw_only=False)
class SampleMoment:
    """A sample's stamp, and when it is there; seconds after the change."""

    stamp: float = 0.0
    there: float = 0.0

    def later(self, seconds: float) -> "SampleMoment":
        """Return when it is read by what looks back so far."""
        return SampleMoment(self.stamp + seconds, self.there)

    def evaluated(self, query_offset: float, wait: float = 0.0) -> "SampleMoment":
        """Return what a rule makes of it, after waiting for its evaluation."""
        slot = max(self.stamp + query_offset, self.there) + wait
        return SampleMoment(slot - query_offset, slot)


NEVER = SampleMoment(FOREVER, FOREVER)


@frozen(kw_only=False)
class Change:
    """The earliest and the latest moment of a change."""

    early: SampleMoment = SampleMoment()
    late: SampleMoment = SampleMoment()

    def later(self, early: float, late: float) -> "Change":
        """Return the change as it is read by what looks back so far."""
        return Change(self.early.later(early), self.late.later(late))

    def evaluated(self, query_offset: float, wait: float) -> "Change":
        """Return the change of what a rule makes of it."""
        return Change(
            self.early.evaluated(query_offset), self.late.evaluated(query_offset, wait)
        )


@frozen
class Delay:
    """When a value changes at the earliest, and has settled at the latest.

    `sets`: by a fault; `clears`: by its end. `every`: the longest interval between the
    samples below, in seconds; `lag`: how long after its stamp a sample is there at the
    latest. `why`: what makes a latest time unknown. `looks`: the stretches that it
    looks back over.
    """

    sets: Change = Change()
    clears: Change = Change()
    every: float = 0.0
    lag: float = 0.0
    why: tuple[str, ...] = ()
    looks: tuple[float, ...] = ()
    unscraped: bool = False  # an interval on the way is not known

    def unsettled(self, why: str, *, clears: bool = True) -> "Delay":
        """Return the delay without any latest time, for this reason."""
        return replace(
            self,
            sets=Change(self.sets.early, NEVER),
            clears=Change(self.clears.early, NEVER) if clears else self.clears,
            why=(*self.why, why),
        )


def _delay_of_any(parts: Sequence[Delay]) -> Delay:
    """Return the delay of a value of which any part may decide."""
    if not parts:
        return Delay()
    return Delay(
        sets=_widest_change([part.sets for part in parts]),
        clears=_widest_change([part.clears for part in parts]),
        every=max(part.every for part in parts),
        lag=max(part.lag for part in parts),
        why=tuple(dict.fromkeys(reason for part in parts for reason in part.why)),
        looks=tuple(sorted({back for part in parts for back in part.looks})),
        unscraped=any(part.unscraped for part in parts),
    )


def _widest_change(changes: Sequence[Change]) -> Change:
    """Return the span from the earliest moment of these changes to the latest."""
    return Change(
        SampleMoment(
            min(change.early.stamp for change in changes),
            min(change.early.there for change in changes),
        ),
        SampleMoment(
            max(change.late.stamp for change in changes),
            max(change.late.there for change in changes),
        ),
    )


@frozen(kw_only=False)
class Chain:
    """Follows expressions down to what is scraped; `above`: the rules on the way."""

    monitoring: Monitoring
    above: tuple[RecordingRule | AlertRule, ...] = field(default=())

    def of(self, rule: AlertRule) -> Delay:
        """Return the delay of an alert rule's expression."""
        return Chain(self.monitoring, (rule,)).expression(rule.expr)

    def expression(self, expr: str) -> Delay:
        """Return the delay of an expression."""
        tree = parse(expr)
        if tree is None:
            return Delay().unsettled(
                "its expression has a syntax that gameday does not know"
            )
        return self.tree(tree)

    def tree(self, tree: Tree) -> Delay:
        """Return the delay of a part of an expression."""
        if isinstance(tree, Selector):
            return self._selected(tree)
        if isinstance(tree, Window):
            return self._window(tree)
        if isinstance(tree, Shift):
            return self._shifted(tree)
        if isinstance(tree, Absent):
            return self._gone(tree)
        return Delay() if isinstance(tree, Constant) else self._node(tree)

    def _selected(self, selector: Selector, *, instant: bool = True) -> Delay:
        """Return the delay of a selector; `instant`: its last sample is read."""
        recorded = recording_rules(selector, self.monitoring.recorded)
        if recorded:
            return _delay_of_any([self._recorded(rule) for rule in recorded])
        if ":" in selector.name:
            unknown = f"no rule that records {selector.name} is known"
            return Delay().unsettled(unknown)
        scrape = self._scrape_of(selector)
        if scrape is None:
            return Delay(unscraped=True)
        interval, timeout = scrape
        settled = SampleMoment(interval + timeout, interval + timeout)
        change = Change(SampleMoment(), settled)
        delay = Delay(sets=change, clears=change, every=interval, lag=timeout)
        if instant and interval > LOOKBACK:
            stale = (
                f"{selector.name or 'it'} is scraped every {show_duration(interval)}, "
                f"and a sample is read for {show_duration(LOOKBACK)} only (Prometheus' "
                "lookback): it comes and goes"
            )
            return delay.unsettled(stale)
        return delay

    def _scrape_of(self, selector: Selector) -> tuple[float, float] | None:
        """Return the longest interval and timeout of what scrapes it; None: unknown."""
        jobs = jobs_of(selector, self.monitoring)
        if jobs:
            timeout = max(min(job.timeout, job.interval) for job in jobs)
            return max(job.interval for job in jobs), timeout
        interval = self.monitoring.scrape_interval
        if interval is None:
            return None
        return interval, min(self.monitoring.scrape_timeout or interval, interval)

    def _recorded(self, rule: RecordingRule) -> Delay:
        if rule in self.above:
            return Delay().unsettled(f"{rule.name} is recorded from itself")
        below = Chain(self.monitoring, (*self.above, rule)).expression(rule.expr)
        every = rule.interval or self.monitoring.evaluation_interval
        if every is None:
            return replace(below, unscraped=True)
        wait = 0.0 if _evaluated_before(rule, self.above[-1:]) else every
        offset = rule.query_offset or 0.0
        return replace(
            below,
            sets=below.sets.evaluated(offset, wait),
            clears=below.clears.evaluated(offset, wait),
            every=max(below.every, every),
            lag=offset,
        )

    def _window(self, window: Window) -> Delay:
        if window.step is None and isinstance(window.inner, Selector):
            inner = self._selected(window.inner, instant=False)
        else:
            inner = self.tree(window.inner)
        inner = replace(inner, looks=(*inner.looks, window.back))
        every = 0.0 if inner.unscraped else inner.every
        lag = max(0.0, inner.lag - self._query_offset())
        if window.step is not None:
            every, lag = window.step or self.monitoring.evaluation_interval or 0.0, 0.0
        if window.back < window.samples * every + lag - 1e-9:
            few = "two samples" if window.samples > 1 else "a sample"
            held = f"{show_duration(window.back)} does not always hold {few}: "
            held += f"there is one every {show_duration(every)}"
            held += f", up to {show_duration(lag)} late" if lag else ""
            return inner.unsettled(held)
        if window.gone:
            # Samples from before the fault are in the window until it has passed.
            early = max(0.0, window.back - inner.sets.late.there)
            return replace(inner, sets=inner.sets.later(early, window.back))
        return replace(
            inner,
            sets=inner.sets.later(0.0, window.back),
            clears=inner.clears.later(0.0, window.back),
        )

    def _query_offset(self) -> float:
        """Return the query offset of the rule whose expression this is."""
        return (self.above[-1].query_offset or 0.0) if self.above else 0.0

    def _shifted(self, shift: Shift) -> Delay:
        inner = self.tree(shift.inner)
        if shift.offset is None:
            return inner.unsettled("it reads an instant that `@` fixes")
        return replace(
            inner,
            sets=inner.sets.later(shift.offset, shift.offset),
            clears=inner.clears.later(shift.offset, shift.offset),
        )

    def _gone(self, gone: Absent) -> Delay:
        inner = self.tree(gone.inner)
        if {selector.name for selector in selectors(gone.inner)} != {"up"}:
            return replace(inner, sets=inner.sets.later(0.0, LOOKBACK))
        if _compares(gone.inner):
            return inner  # `absent(up == 1)`: the value goes, the series stays
        stays = "up stays, as 0, for as long as the target is known"
        return inner.unsettled(stays, clears=False)

    def _node(self, node: Node) -> Delay:
        parts = [self.tree(part) for part in node.parts if not _is_constant(part)]
        whole = _delay_of_any(parts)
        if node.tells_time:
            clock = f"it depends on the time of day ({node.word})"
            if node.word in ("time", "timestamp"):
                clock = "it waits for time to pass since an instant that it reads"
            return whole.unsettled(clock)
        if node.word == "and" and self._alike(node.parts):
            # Of the same ratio over two windows the shorter ends an alert that
            # neither of them holds up in health.
            late = min(
                (part.clears.late for part in parts), key=lambda moment: moment.stamp
            )
            return replace(whole, clears=Change(whole.clears.early, late))
        return whole

    def _alike(self, parts: Sequence[Tree]) -> bool:
        shapes = {_shape(part, self.monitoring.recorded) for part in parts}
        return len(shapes) == 1 and len(parts) > 1


def _shape(tree: Tree, rules: Sequence[RecordingRule], depth: int = 0) -> object:
    """Return what a part says, whatever its windows; recorded series inlined."""
    if isinstance(tree, Selector):
        recorded = recording_rules(tree, rules)
        below = (
            parse(recorded[0].expr) if len(recorded) == 1 and depth < DEEPEST else None
        )
        others = tuple(matcher for matcher in tree.matchers if matcher.name != NAME)
        inside = tree.name if below is None else _shape(below, rules, depth + 1)
        return (others, inside)
    if isinstance(tree, Constant):
        return tree.value
    if isinstance(tree, Node):
        parts = tuple(_shape(part, rules, depth) for part in tree.parts)
        return (tree.word, tree.kind, tree.grouping, tree.card, parts)
    inner = _shape(tree.inner, rules, depth)
    if isinstance(tree, Window):
        return (tree.samples, tree.gone, inner)
    return (tree.offset if isinstance(tree, Shift) else "absent", inner)


def recording_rules(
    selector: Selector, rules: Iterable[RecordingRule]
) -> list[RecordingRule]:
    """Return the rules that may record what is selected, by names and labels."""
    return [
        rule
        for rule in rules
        if _named(selector, rule.name)
        and all(selector.admits(name, value) for name, value in rule.labels.items())
    ]


def scraped(
    expr: str, rules: Sequence[RecordingRule], depth: int = 0
) -> Iterator[Selector]:
    """Yield the selectors of scraped series that an expression rests on."""
    for selector in selectors(parse(expr)):
        recorded = recording_rules(selector, rules)
        for rule in recorded if depth < DEEPEST else ():
            yield from scraped(rule.expr, rules, depth + 1)
        if not recorded:
            yield selector


def jobs_of(selector: Selector, monitoring: Monitoring) -> list[ScrapeJob]:
    """Return the jobs whose targets may have what is selected."""
    asked = [matcher for matcher in selector.matchers if matcher.name == "job"]
    if asked:
        named = [job for job in monitoring.jobs if selector.admits("job", job.name)]
        if named:
            return named
    known = monitoring.feeds.get(selector.name)
    fed = [job for job in monitoring.jobs if known is not None and job.name in known]
    return fed or list(monitoring.jobs)


def _named(selector: Selector, name: str) -> bool:
    if selector.name:
        return name == selector.name
    asked = any(matcher.name == NAME for matcher in selector.matchers)
    return asked and selector.admits(NAME, name)


def _evaluated_before(
    rule: RecordingRule, readers: Sequence[RecordingRule | AlertRule]
) -> bool:
    """Whether a reader sees the rule's value of the same evaluation of its group."""
    return any(
        (reader.group, reader.file) == (rule.group, rule.file)
        and rule.group != ""
        and rule.place < reader.place
        for reader in readers
    )


def _compares(tree: Tree) -> bool:
    """Whether it has a comparison, which series without the value do not pass."""
    if not isinstance(tree, Node):
        return False
    filters = tree.word in COMPARISONS and not tree.returns_bool
    return filters or any(map(_compares, tree.parts))


def _is_constant(tree: Tree) -> bool:
    """Whether it reads nothing and always has the same value."""
    if isinstance(tree, Node):
        return not tree.tells_time and all(map(_is_constant, tree.parts))
    return isinstance(tree, Constant)
