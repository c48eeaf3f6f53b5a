"""The drawn timeline: everything is there, nothing lies over anything else."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from gameday.model.events import Event, Phase, event
from gameday.model.timeline import Timeline
from gameday.reports.chart import chart
from gameday.reports.chart.curves import POINTS, error_curve, load_curves
from gameday.reports.chart.paper import TimeAxis, text_width
from tests.unit.reports import example
from tests.unit.reports.reading import parse_xml

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = ("passing", "wrong_receiver", "inconclusive", "guardrail", "broken")


def drawn(run: example.Run) -> ET.Element:
    return parse_xml(chart.render(run.plan, run.timeline, run.verdict))


def texts(root: ET.Element) -> list[str]:
    return [str(element.text) for element in root.iter(f"{SVG}text")]


def titles(root: ET.Element) -> list[str]:
    return [str(element.text) for element in root.iter(f"{SVG}title")]


def of_class(root: ET.Element, *names: str) -> list[ET.Element]:
    return [e for e in root.iter() if {*names} <= {*e.get("class", "").split()}]


def test_a_refused_run_has_nothing_to_draw() -> None:
    run = example.refused()
    assert chart.render(run.plan, run.timeline, run.verdict) == ""


def test_one_axis_in_seconds_from_the_fault_with_utc_at_its_edges() -> None:
    words = texts(drawn(example.passing()))
    assert {"0 s", "+15 s", "+150 s"} <= {*words}
    assert "2026-01-15 12:00:00.000 UTC" in words
    assert "2026-01-15 12:02:40.000 UTC" in words


def test_everything_seen_is_drawn_with_a_tooltip() -> None:
    root = drawn(example.passing())
    assert len(of_class(root, "bar", "fault")) == 1
    assert len(of_class(root, "bar", "pending")) == 1
    assert len(of_class(root, "bar", "firing")) == 1
    assert len(of_class(root, "bar", "down")) == 1
    assert len(of_class(root, "mark", "page", "firing")) == 1
    assert len(of_class(root, "mark", "page", "resolved")) == 1
    assert len(of_class(root, "mark", "probe", "bad")) == 2
    assert of_class(root, "curve", "ratio")
    assert of_class(root, "curve", "failed")
    drawn_titles = "\n".join(titles(root))
    assert "WebReplicaDown firing: +12.314 s, 12:00:22.314 UTC to" in drawn_titles
    assert (
        "page to oncall (pagerduty): WebReplicaDown firing: +17.550 s" in drawn_titles
    )
    assert "step lose-a-replica" in drawn_titles


def test_the_fault_begins_where_zero_is() -> None:
    root = drawn(example.passing())
    (zero,) = of_class(root, "grid", "zero")
    (bar,) = of_class(root, "bar", "fault")
    assert bar.get("x") == zero.get("x1")


def test_deadlines_are_drawn_where_the_promise_ends() -> None:
    run = example.passing()
    drawn_titles = "\n".join(titles(drawn(run)))
    assert "WebReplicaDown: promised fires ≤ 30 s, until +30.000 s" in drawn_titles
    assert "WebReplicaDown: promised resets ≤ 90 s, until +135.412 s" in drawn_titles
    # Over only after the run's end: said, not drawn at a place that is not its own.
    assert "page ends ≤ 120 s →" in texts(drawn(run))


def test_a_promised_alert_that_was_silent_has_a_row() -> None:
    run = example.passing()
    kinds = ("alert_pending", "alert_firing", "alert_resolved", "page")
    kept = [entry for entry in run.timeline if entry.kind not in kinds]
    words = texts(drawn(replace(run, timeline=Timeline(kept))))
    assert "never fired" in words
    assert "no page" in words


def test_what_could_not_be_seen_is_hatched() -> None:
    root = drawn(example.inconclusive())
    (bar,) = of_class(root, "bar", "blind")
    assert "connection refused" in str(bar[0].text)


def test_what_is_not_undone_goes_on_to_the_end() -> None:
    root = drawn(example.broken())
    (bar,) = of_class(root, "bar", "fault")
    assert "not undone" in texts(root)
    right = float(bar.get("x", 0)) + float(bar.get("width", 0))
    assert right == pytest.approx(1096.0, abs=0.1)


def boxes(root: ET.Element) -> Iterator[tuple[float, float, float, str]]:
    for element in root.iter(f"{SVG}text"):
        shown = element.text or ""
        wide = text_width(shown, 11)
        x, anchor = float(element.get("x", 0)), element.get("text-anchor")
        left = {"end": x - wide, "middle": x - wide / 2}.get(anchor or "", x)
        yield float(element.get("y", 0)), left, left + wide, shown


@pytest.mark.parametrize("name", DRAWN)
def test_no_two_labels_overlap(name: str) -> None:
    places = sorted(boxes(drawn(example.variants()[name])))
    clashes = [
        (a[3], b[3])
        for n, a in enumerate(places)
        for b in places[n + 1 :]
        if abs(a[0] - b[0]) < 9 and a[1] < b[2] and b[1] < a[2]
    ]
    assert clashes == []


def test_several_alerts_of_one_name_are_told_apart_and_flooding_is_cut() -> None:
    run = example.passing()
    flood = [
        event(
            example.FAULT + n / 10,
            "alert_firing",
            alert="DiskFull",
            labels={"alertname": "DiskFull", "disk": f"sd{n}"},
            starts=example.FAULT,
        )
        for n in range(200)
    ]
    root = drawn(replace(run, timeline=Timeline([*run.timeline, *flood])))
    assert "and 177 more in timeline.ndjson" in texts(root)
    assert any('disk="sd7"' in title for title in titles(root))


def test_ticks_are_round_and_far_enough_apart() -> None:
    for length in (0.5, 3, 40, 500, 7000, 90000, 1e6):
        axis = TimeAxis(start=0, end=length, zero=length / 3, left=200, right=1100)
        places = [axis.x(at) for at in axis.ticks()]
        gaps = [b - a for a, b in pairwise(places)]
        assert all(gap >= 63 for gap in gaps)
        assert all(round(at - axis.zero, 6).is_integer() for at in axis.ticks())


def test_the_error_ratio_is_of_counts() -> None:
    curve = error_curve(example.passing().timeline, example.SLO, example.FAULT)
    assert curve is not None
    values = dict(curve.points)
    assert curve.width == 2.0
    assert values[example.FAULT] == pytest.approx(32 / 99, abs=0.01)
    assert values[example.FAULT + 20] == 0
    assert max(values) < example.END


def _counter(values: list[list[float]], side: str, **series: str) -> Event:
    return event(
        100, "sample", slo="s", side=side, sign=1.0, series=series, values=values
    )


def test_a_counter_that_fell_began_anew_and_a_late_one_counts_from_nothing() -> None:
    total = _counter([[1, 50], [3, 60], [5, 5], [7, 15]], "total", a="1")
    bad = _counter([[1, 0], [3, 0], [5, 0], [7, 0]], "bad", code="500")
    late = _counter([[5, 2], [7, 2]], "bad", code="502")
    curve = error_curve(Timeline([total, bad, late]), "s", 0.0)
    assert curve is not None
    # Ten in the first bucket, five after the counter began anew, then ten.
    assert curve.points == [(0.0, 0.0), (4.0, pytest.approx(2 / 15))]


def test_where_nothing_was_counted_there_is_a_gap() -> None:
    total = _counter([[1, 5], [2, 15], [3, 15], [4, 15], [5, 15], [6, 20]], "total")
    curve = error_curve(Timeline([total]), "s", 0.0)
    assert curve is not None
    assert [value for _, value in curve.points] == [0.0, None, 0.0]


def test_curves_of_a_long_run_have_a_bounded_number_of_points() -> None:
    values = [[float(n), float(n * 50)] for n in range(20_000)]
    loads = [
        event(n, "load", since=n - 1, until=n, ok=50, failed=1) for n in range(20_000)
    ]
    timeline = Timeline([_counter(values, "total"), *loads])
    curve, load = error_curve(timeline, "s", 0.0), load_curves(timeline, 0.0)
    assert curve is not None
    assert load is not None
    assert len(curve.points) <= POINTS
    assert len(load.ok.points) <= POINTS
    assert load.ok.highest == pytest.approx(50)


def test_no_load_no_curve() -> None:
    assert load_curves(Timeline(), 0.0) is None
    assert error_curve(Timeline(), "s", 0.0) is None


def test_places_are_numbers() -> None:
    run = example.passing()
    text = chart.render(run.plan, run.timeline, run.verdict)
    assert not re.search(r'="(nan|inf|-inf|None)"', text)


def test_the_axis_begins_with_the_warm_up_and_older_episodes_are_cut_there() -> None:
    run = example.passing()
    labels = {"alertname": "Watchdog", "severity": "none"}
    since = next(phase.at for phase in run.timeline.of(Phase))
    older = [
        event(since - 500.0, "alert_firing", alert="Watchdog", labels=labels),
        event(
            since - 400.0, "alert_firing", alert="Gone", labels={"alertname": "Gone"}
        ),
        event(
            since - 300.0, "alert_resolved", alert="Gone", labels={"alertname": "Gone"}
        ),
    ]
    root = drawn(replace(run, timeline=Timeline([*run.timeline, *older])))
    words = texts(root)
    assert "Watchdog" in words
    assert "Gone" not in words
    assert not [word for word in words if word.startswith("\N{MINUS SIGN}500")]
