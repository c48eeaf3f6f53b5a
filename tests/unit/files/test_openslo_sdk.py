"""OpenSLO v1 as its own Go SDK takes and refuses it, down to single values."""

# ruff: noqa: E501 - a mistake and what is said of it stand in one line

import pytest

from gameday.files.slo import slo
from tests.unit.files.shop import OPENSLO

NAME = "{name: checkout-availability}"
WINDOW = "{duration: 30d, isRolling: true}"
OBJECTIVE = "{displayName: Good, target: 0.999}"


def told(text: str, severity: str = "error") -> list[str]:
    _, problems = slo.parse(text, "s.yaml")
    return [str(problem) for problem in problems if problem.severity == severity]


def changed(old: str, new: str) -> str:
    assert old in OPENSLO
    return OPENSLO.replace(old, new, 1)


def calendar(start: str, zone: str = "UTC") -> str:
    inside = f"startTime: {start}, timeZone: {zone}"
    return changed(
        WINDOW, f"{{duration: 1M, isRolling: false, calendar: {{{inside}}}}}"
    )


TAKEN = [
    changed(NAME, "{name: a, labels: {a: null, b: [null, c]}}"),
    changed(NAME, "{name: a, annotations: {a: null}}"),
    changed(NAME, f"{{name: a, annotations: {{{'.'.join(['a' * 50] * 4)}/k: b}}}}"),
    calendar("'2026-01-01 0:00:00'"),
    calendar("'2026-01-01 00:00:00.25'"),
    calendar("'2026-01-01  23:59:59'"),
    calendar("2024-02-29 00:00:00", "Europe/Berlin"),
    changed(OBJECTIVE, "{timeSliceWindow: 60s, timeSliceTarget: 0.9, target: 0.9}"),
    changed(OBJECTIVE, "{target: null, targetPercent: 99}"),
    changed("        good:", "        rawType: other\n        good:"),
    "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\n",
    "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\nspec:\n",
]


@pytest.mark.parametrize("number", range(len(TAKEN)))
def test_what_the_sdk_takes_as_well(number: int) -> None:
    assert told(TAKEN[number]) == []


REFUSED = [
    (changed(NAME, f"{{name: a, annotations: {{{'.'.join(['a' * 50] * 5)}/k: b}}}}"), "is no annotation's name"),
    (calendar("'2026-13-01 00:00:00'"), "'2026-13-01 00:00:00' is not a time such as"),
    (calendar("'2026-02-30 00:00:00'"), "is not a time such as"),
    (calendar("'2026-01-01 24:00:00'"), "is not a time such as"),
    (calendar("'2026-01-01 00:00:00'", "Local"), "'Local' is no time zone"),
    (changed("30d", "0d"), "'0d' is no time; expected one such as 28d or 4w"),
    (changed("displayName: Good", "value: '5'"), "value: '5' is not a number"),
    (changed("displayName: Good", "displayName: 5"), "displayName: 5 is not text"),
    (changed("displayName: Good", "timeSliceTarget: x"), "timeSliceTarget: 'x' is not a number"),
    (changed("displayName: Good", "timeSliceWindow: soon"), "timeSliceWindow: 'soon' is not a duration"),
    (changed("displayName: Good", "compositeWeight: x"), "compositeWeight: 'x' is not a number"),
    (changed("        good:", "        rawType: 5\n        good:"), "rawType: 5 is not text"),
    ("apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: a}\n", "spec is required and missing"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_the_sdk_refuses_as_well(text: str, reason: str) -> None:
    (problem,) = told(text)
    assert reason in problem


def test_of_a_key_that_is_there_twice_the_sdk_takes_the_last() -> None:
    text = changed("  service: checkout", "  service: a\n  service: checkout")
    (parsed,), _ = slo.parse(text, "s.yaml")
    assert parsed.service == "checkout"
    (problem,) = told(text, "warning")
    assert "is written twice; OpenSLO's SDK takes the last one" in problem


def test_slices_of_another_type_are_told_once() -> None:
    text = changed("Occurrences", "Timeslices").replace(
        OBJECTIVE, "{target: 0.9, timeSliceTarget: x, timeSliceWindow: 60}"
    )
    assert [problem.partition("]")[2] for problem in told(text)] == [
        ".timeSliceWindow: 60 is not text; write it in quotes",
        ".timeSliceTarget: 'x' is not a number",
    ]


THRESHOLD = changed(
    OPENSLO[OPENSLO.index("      ratioMetric:") : OPENSLO.index("  objectives:")],
    "      thresholdMetric: {metricSource: {spec: {query: queue_length}}}\n",
)


def test_what_a_threshold_is_compared_with_is_missing_where_the_sdk_can_know() -> None:
    _, (problem,) = slo.parse(THRESHOLD, "s.yaml")
    assert (problem.severity, problem.id) == ("error", "slo/missing-key")
    start, end = THRESHOLD.index("  indicator:"), THRESHOLD.index("  objectives:")
    spec = THRESHOLD[start:end].split("    spec:\n")[1].strip()
    sli = (
        "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: length}\n"
        f"spec:\n  {spec}\n"
    )
    text = f"{THRESHOLD[:start]}  indicatorRef: length\n{THRESHOLD[end:]}{sli}"
    _, (problem,) = slo.parse(text, "s.yaml")
    assert (problem.severity, problem.id) == ("error", "slo/not-supported")


def test_two_objectives_of_one_name_are_told_apart() -> None:
    text = changed(OBJECTIVE, f"{OBJECTIVE}, {OBJECTIVE.replace('0.999', '0.9')}")
    slos, problems = slo.parse(text, "s.yaml")
    assert problems == []
    assert [(each.name, each.objective) for each in slos] == [
        ("checkout-availability-good", 0.999),
        ("checkout-availability-good-2", 0.9),
    ]
