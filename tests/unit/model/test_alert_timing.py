"""When alerts fire, reset and page; every expected number is derived in words."""

import math
from dataclasses import replace

import pytest

from gameday.model.alerting.alert import (
    AlertRule,
    Matcher,
    RecordingRule,
    Route,
    Routing,
)
from gameday.model.plan import Monitoring, ScrapeJob
from gameday.model.scenario import AlertPromise
from gameday.model.timing.alert_timing import (
    fires,
    first_page_within,
    page_ends,
    pages,
    resets,
)

# Scraped every 10 s with 2 s of patience, evaluated every 5 s.
MONITORING = Monitoring(
    jobs=(ScrapeJob(name="web", interval=10, timeout=2),), evaluation_interval=5
)


def rule(expr: str, **rest: object) -> AlertRule:
    return AlertRule(name="A", expr=expr, **rest)  # type: ignore[arg-type]


def times(
    expr: str, monitoring: Monitoring = MONITORING, **rest: object
) -> tuple[float, float, float]:
    """The earliest and the latest time of firing, and the latest of the reset."""
    made = rule(expr, **rest)
    fired = fires(made, monitoring)
    return fired.earliest, fired.latest, resets(made, monitoring).latest


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        # The next scrape (10), its patience (2), the next evaluation (5).
        ("up == 0", (0, 17, 17)),
        # All of the minute has to be of the fault, and then of health: 17 + 60.
        ("rate(errors[1m]) > 1", (0, 77, 77)),
        # The subquery's half hour over minutes of their own: 17 + 60 + 1800.
        ("max_over_time(rate(errors[1m])[30m:5m]) > 1", (0, 1877, 1877)),
        # What was 5 minutes ago is seen 5 minutes late, at the earliest as well.
        ("up offset 5m == 0", (300, 317, 317)),
        # The range and the offset of one selector add up: 17 + 60 + 300.
        ("rate(errors[1m] offset 5m) > 1", (300, 377, 377)),
        # Beside a side without offset only the latest time has it.
        ("up < up offset 5m", (0, 317, 317)),
        # A negative offset looks ahead, where nothing is yet.
        ("up offset -5m == 0", (0, 17, 17)),
        # Of two ranges the longer one decides.
        ("rate(a[1m]) > 1 and rate(b[5m]) > 1", (0, 317, 317)),
        # The same ratio over two windows: it takes both to fire, the shorter resets.
        ("rate(a[1m]) > 1 and rate(a[5m]) > 1", (0, 317, 77)),
        # Another threshold is another question: it may hold in health.
        ("rate(a[1m]) > 1 and rate(a[5m]) > 2", (0, 317, 317)),
        # A series is there for 5 minutes after its last sample; a new one at once.
        ("absent(jobs_done)", (0, 317, 17)),
        # The series stays, with another value: as soon as that is seen.
        ("absent(up == 1)", (0, 17, 17)),
        # 5 minutes without a sample, less the 12 since the last one; back at once.
        ("absent_over_time(jobs_done[5m])", (288, 317, 17)),
        # `@ end()` is the evaluation itself.
        ("up @ end() == 0", (0, 17, 17)),
        # A constant reads nothing: the next evaluation.
        ("vector(1)", (0, 5, 5)),
    ],
)
def test_what_an_expression_looks_back_over(
    expr: str, expected: tuple[float, float, float]
) -> None:
    assert times(expr) == expected


@pytest.mark.parametrize(
    ("expr", "why"),
    [
        ("time() - last_success > 60", "time to pass"),
        ("up == 0 and hour() > 8", "time of day"),
        ("up @ 1700000000 == 0", "fixes"),
        ("absent(up)", "stays"),
        # Two samples are 20 s apart at the most: in 15 s there may be one.
        ("rate(errors[15s]) > 1", "two samples"),
        ("max_over_time(x[5s]) > 1", "a sample"),
        ("job:errors:rate5m > 1", "records job:errors:rate5m"),
        ("x[5m + 1m] > 1", "syntax"),
    ],
)
def test_how_late_cannot_be_told(expr: str, why: str) -> None:
    span = fires(rule(expr), MONITORING)
    assert math.isinf(span.latest)
    assert any(why in reason for reason in span.why)


def test_for_and_keep_firing_for_are_rounded_up_to_evaluations() -> None:
    """11 s at evaluations of 5 s are 15 s; so are 12 s."""
    assert times("up == 0", hold=11, keep_firing=12) == (15, 32, 32)


def recorded(name: str, expr: str, **rest: object) -> RecordingRule:
    return RecordingRule(name=name, expr=expr, **rest)  # type: ignore[arg-type]


def test_a_recording_rule_of_another_group_adds_its_interval_and_its_range() -> None:
    """17 and the recorded minute, and up to 30 s until it is recorded."""
    slow = recorded("job:errors:rate1m", "rate(errors[1m])", group="slo", interval=30)
    monitoring = replace(MONITORING, recorded=(slow,))
    assert times("job:errors:rate1m > 1", monitoring, group="alerts") == (0, 107, 107)


def test_recorded_of_recorded_adds_up() -> None:
    """17, 60 of the range, 30 of the first rule, 20 of the second, 120 over it."""
    rules = (
        recorded("a:b", "rate(errors[1m])", group="one", interval=30),
        recorded("c:d", "max_over_time(a:b[2m])", group="two", interval=20),
    )
    monitoring = replace(MONITORING, recorded=rules)
    assert times("c:d > 1", monitoring) == (0, 247, 247)


@pytest.mark.parametrize(("place", "latest"), [(0, 17), (2, 22)])
def test_in_one_group_only_a_later_rule_is_an_evaluation_behind(
    place: int, latest: float
) -> None:
    rules = (recorded("a:b", "up", group="g", file="f", place=place),)
    monitoring = replace(MONITORING, recorded=rules)
    timed = times("a:b == 0", monitoring, group="g", file="f", place=1)
    assert timed == (0, latest, latest)


def test_of_several_query_offsets_the_longest_counts() -> None:
    """A recording rule stamps its sample 60 s back: the alert's 20 s hide nothing."""
    rules = (recorded("a:b", "up", group="g", interval=5, query_offset=60),)
    monitoring = replace(MONITORING, recorded=rules)
    # Recorded after 12 + 60 + 5, then seen at the next evaluation.
    assert times("a:b == 0", monitoring, query_offset=20) == (60, 82, 82)


def test_an_offset_covers_the_query_offset_of_what_it_reads() -> None:
    """Recorded 40 s late; who reads what was 60 s ago is not kept waiting by that."""
    rules = (recorded("a:b", "up", group="g", interval=5, query_offset=40),)
    monitoring = replace(MONITORING, recorded=rules)
    # 12 to be scraped, 60 back, 5 until it is recorded and 5 until it is seen.
    assert times("a:b offset 60s == 0", monitoring) == (60, 82, 82)


def test_a_range_has_to_reach_back_to_samples_that_are_late() -> None:
    """All that is recorded is stamped 40 s ago: the last 30 s hold nothing."""
    rules = (recorded("a:b", "up", group="g", interval=5, query_offset=40),)
    monitoring = replace(MONITORING, recorded=rules)
    assert math.isinf(fires(rule("max_over_time(a:b[30s]) > 0"), monitoring).latest)
    # Stamped at 12 and 5 at the latest, 60 of range, 5: there long before that.
    assert fires(rule("max_over_time(a:b[60s]) > 0"), monitoring).latest == 82


def test_a_series_that_is_recorded_from_itself_never_settles() -> None:
    monitoring = replace(
        MONITORING, recorded=(recorded("a:b", "a:b or up", group="g"),)
    )
    assert math.isinf(fires(rule("a:b == 0"), monitoring).latest)


def test_only_the_recording_rules_that_the_matchers_admit_count() -> None:
    rules = (
        recorded("a:b", "up", group="g", interval=5, labels={"window": "1m"}),
        recorded("a:b", "rate(x[1h])", group="g", interval=5, labels={"window": "1h"}),
    )
    monitoring = replace(MONITORING, recorded=rules)
    assert times('a:b{window="1m"} == 0', monitoring) == (0, 22, 22)


@pytest.mark.parametrize(
    ("expr", "latest"),
    [('{__name__=~"a:.*"} == 0', 22), ('{__name__=~"b:.*"} == 0', 17)],
)
def test_a_recorded_series_may_be_selected_by_a_pattern(
    expr: str, latest: float
) -> None:
    monitoring = replace(
        MONITORING, recorded=(recorded("a:b", "up", group="g", interval=5),)
    )
    assert fires(rule(expr), monitoring).latest == latest


def test_a_regex_that_re2_refuses_may_fit_any_job() -> None:
    """(?x) is read by the parser of PromQL that we have, and not by Prometheus."""
    assert fires(rule('up{job=~"(?x)web"} == 0'), MONITORING).latest == 17


JOBS = replace(
    MONITORING,
    jobs=(
        ScrapeJob(name="web", interval=10, timeout=2),
        ScrapeJob(name="batch", interval=300, timeout=10),
    ),
)


@pytest.mark.parametrize(
    ("expr", "latest"),
    [
        ('up{job="web"} == 0', 17),  # 10 + 2 + 5
        ('up{job=~"web|x"} == 0', 17),
        ('up{job!="web"} == 0', 315),  # 300 + 10 + 5
        ("up == 0", 315),  # any job may have it
        ('up{job="renamed"} == 0', 315),  # by relabelling, from any of them
    ],
)
def test_the_scrape_interval_is_that_of_the_jobs_that_are_read(
    expr: str, latest: float
) -> None:
    assert fires(rule(expr), JOBS).latest == latest


def test_the_jobs_that_have_a_metric_are_known_where_prometheus_was_asked() -> None:
    monitoring = replace(JOBS, feeds={"errors": ("web",)})
    assert fires(rule("errors > 1"), monitoring).latest == 17


ROUTING = Routing(
    route=Route(
        receiver="team",
        group_wait=30,
        group_interval=300,
        routes=(
            Route(
                receiver="oncall",
                matchers=(Matcher(name="severity", op="=", value="page"),),
                group_wait=1,
                group_interval=20,
            ),
        ),
    )
)
ROUTED = replace(MONITORING, routing=ROUTING)
DOWN = rule("up == 0", labels={"severity": "page"})


def test_a_page_waits_for_its_group() -> None:
    """Fires after 0 to 17; a new group waits 1, a live one up to 20."""
    promise = AlertPromise(alert="A", reaches=("oncall",))
    span = pages(promise, DOWN, ROUTED)
    assert (span.earliest, span.latest) == (1, 37)
    ends = page_ends(promise, DOWN, ROUTED)
    assert (ends.earliest, ends.latest) == (0, 37)


def test_the_slowest_of_the_possible_routes_counts() -> None:
    """Without the label it may be the root's: 17 + 300."""
    span = pages(AlertPromise(alert="A"), rule("up == 0"), ROUTED)
    assert span.latest == 317


def test_the_first_page_is_due_when_rules_and_routes_say() -> None:
    monitoring = replace(ROUTED, rules=(DOWN,))
    assert (
        first_page_within(AlertPromise(alert="A", reaches=("oncall",)), monitoring)
        == 37
    )
    stated = AlertPromise(alert="A", reaches=("oncall",), pages_within=12)
    assert first_page_within(stated, monitoring) == 12


@pytest.mark.parametrize(
    "monitoring",
    [
        Monitoring(),
        replace(ROUTED, rules=(), routing=ROUTING),
        replace(MONITORING, rules=(DOWN,)),
        replace(ROUTED, rules=(rule("time() - x > 1"),)),
        replace(ROUTED, rules=(DOWN,), jobs=()),
    ],
)
def test_the_first_page_is_due_in_five_minutes_where_that_is_not_known(
    monitoring: Monitoring,
) -> None:
    assert (
        first_page_within(AlertPromise(alert="A", reaches=("oncall",)), monitoring)
        == 300
    )
