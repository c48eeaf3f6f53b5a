"""SLO files: OpenSLO v1 and Sloth, to signed sums of counters."""

# ruff: noqa: E501 - a mistake and what is said of it stand in one line

import re

import pytest

from gameday.files.slo import slo
from gameday.model.slos.slo import Slices, Term
from tests.unit.files.shop import OPENSLO, SLOTH, THRESHOLD, Shop

DAY = 86400.0


def errors(text: str) -> list[str]:
    _, problems = slo.parse(text, "s.yaml")
    return [str(problem) for problem in problems if problem.severity == "error"]


def warnings(text: str) -> list[str]:
    slos, problems = slo.parse(text, "s.yaml")
    assert slos
    return [str(problem) for problem in problems if problem.severity == "warning"]


def test_openslo_counts_bad_as_total_less_good() -> None:
    (parsed,), problems = slo.parse(OPENSLO, "s.yaml")
    assert problems == []
    assert (parsed.name, parsed.service, parsed.format) == (
        "checkout-availability",
        "checkout",
        "openslo",
    )
    assert (parsed.objective, parsed.window, parsed.window_stated) == (
        0.999,
        30 * DAY,
        True,
    )
    assert parsed.total == (Term(selector="http_requests_total"),)
    assert parsed.bad == (
        Term(selector="http_requests_total"),
        Term(selector='http_requests_total{code!~"5.."}', sign=-1.0),
    )


def test_openslo_with_bad_and_a_percentage() -> None:
    text = OPENSLO.replace("good:", "bad:").replace(
        "target: 0.999", "targetPercent: 99.9"
    )
    (parsed,), problems = slo.parse(text, "s.yaml")
    assert problems == []
    assert parsed.objective == 0.999
    assert parsed.bad == (Term(selector='http_requests_total{code!~"5.."}'),)


def test_sloth_latency_is_a_difference_of_counters() -> None:
    (parsed,), problems = slo.parse(SLOTH, "s.yaml")
    assert problems == []
    assert (parsed.name, parsed.short_name) == ("checkout-latency", "latency")
    assert (parsed.objective, parsed.window, parsed.window_stated) == (
        0.9997,
        30 * DAY,
        False,
    )
    assert parsed.bad == (
        Term(selector='seconds_count{job="web"}'),
        Term(selector='seconds_bucket{job="web",le="0.2"}', sign=-1.0),
    )


def sloth_for_kubernetes() -> str:
    lines = SLOTH.split("\n")[1:]
    text = "\n".join(
        [
            "apiVersion: sloth.slok.dev/v1",
            "kind: PrometheusServiceLevel",
            "metadata: {name: checkout}",
            "spec:",
            *(f"  {line}" for line in lines),
        ]
    ).replace("error_query", "errorQuery")
    return text.replace("total_query", "totalQuery").replace("_alert:", "Alert:")


def test_sloth_for_kubernetes() -> None:
    (parsed,), problems = slo.parse(sloth_for_kubernetes(), "s.yaml")
    assert problems == []
    assert parsed.name == "checkout-latency"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("objective:", "labels: {a: 5}\n      objective:", "spec.slos[0].labels.a: 5"),
        ("objective:", "description: 5\n      objective:", "spec.slos[0].description"),
        ("service: checkout", "service: c1\n  labels: {a: true}", "spec.labels.a"),
        (
            "{pageAlert: {disable: true}",
            "{pageAlert: [a]",
            "spec.slos[0].alerting.page",
        ),
        ("{pageAlert:", "{name: 5, pageAlert:", "spec.slos[0].alerting.name"),
        ("metadata: {name: checkout}", "metadata: {name: [a]}", "metadata.name"),
    ],
)
def test_kubernetes_asks_for_text_where_sloths_own_form_reads_it_as_text(
    old: str, new: str, place: str
) -> None:
    text = sloth_for_kubernetes()
    assert old in text
    told = errors(text.replace(old, new, 1))
    assert any(place in problem for problem in told), told


def test_a_raw_ratio_of_two_sums_is_taken_apart() -> None:
    start, end = SLOTH.index("      events:"), SLOTH.index("    alerting")
    raw = "      raw: {error_ratio_query: '(sum(rate(bad[{{.window}}])) / sum(rate(all[{{.window}}])))'}\n"
    (parsed,), problems = slo.parse(SLOTH[:start] + raw + SLOTH[end:], "s.yaml")
    assert problems == []
    assert (parsed.bad, parsed.total) == (
        (Term(selector="bad"),),
        (Term(selector="all"),),
    )


@pytest.mark.parametrize(
    "query",
    [
        "1 - sum(rate(good[{{.window}}])) / sum(rate(all[{{.window}}]))",
        "(1 - (sum(rate(good[{{.window}}])) / sum(rate(all[{{.window}}]))))",
        "1.0 - ((sum(rate(good[{{.window}}]))) / (sum(rate(all[{{.window}}]))))",
    ],
)
def test_a_raw_ratio_that_is_the_rest_of_one_is_taken_apart(query: str) -> None:
    start, end = SLOTH.index("      events:"), SLOTH.index("    alerting")
    raw = f"      raw: {{error_ratio_query: '{query}'}}\n"
    (parsed,), problems = slo.parse(SLOTH[:start] + raw + SLOTH[end:], "s.yaml")
    assert problems == []
    assert parsed.bad == (Term(selector="all"), Term(selector="good", sign=-1.0))
    assert parsed.total == (Term(selector="all"),)
    wrong = raw.replace("1", "2", 1) + SLOTH[end:]
    assert slo.parse(SLOTH[:start] + wrong, "s.yaml")[0] == ()


UNMEASURED = [
    ("sum_over_time((count(x < 1))[{{.window}}:]) OR on() vector(0)", "sum_over_time() is no count of events"),
    ("max(rate(x[{{.window}}]))", "max() is no sum of counters"),
    ("sum(rate(x[{{.window}}])) / 2", "`/` is no sum of counters"),
    ("sum(rate(x[{{.window}}] offset 5m))", "`offset` and `@` are not supported in a count of events"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "reason"), UNMEASURED)
def test_a_valid_sloth_slo_that_cannot_be_counted(query: str, reason: str) -> None:
    start, end = SLOTH.index("        error_query"), SLOTH.index("        total_query")
    text = f"{SLOTH[:start]}        error_query: '{query}'\n{SLOTH[end:]}"
    slos, (problem,) = slo.parse(text, "s.yaml")
    assert slos == ()
    assert problem.severity == "warning"
    assert reason in problem.message


SLOTH_MISTAKES = [
    ("    alerting: {page", "    alert: {page", "s.yaml:4: slos[0]: name is required and missing; expected the alert's name"),
    ("service: checkout", "service: c!", "s.yaml:2: service: 'c!' is no name for Sloth; expected two letters or more"),
    ("    objective:", "    labels: {a: ''}\n    objective:", "s.yaml:5: slos[0].labels.a: has no value; Sloth asks for one"),
    ("objective: 99.97", "objective: 101", "s.yaml:5: slos[0].objective: 101 is not above 0 and at most 100 percent"),
    ("objective: 99.97", "objective: '99'", "s.yaml:4: slos[0]: objective '99' is not a number; expected percent"),
    ("name: latency", "name: l", "s.yaml:4: slos[0].name: 'l' is no name for Sloth; expected two letters or more"),
    ("prometheus/v1", "prometheus/v2", "s.yaml:1: version: 'prometheus/v2' is not supported; expected prometheus/v1"),
    ("service: checkout", "service: ''", "s.yaml:1: service is required and missing; expected text"),
    ("service: checkout", "service: c\nslo_plugins: {chain: [{id: a/b/v1}]}", "s.yaml:3: slo_plugins: Sloth plugins are code and not supported: a/b/v1"),
    ("{page_alert: {disable: true}", "{page_alert: {disable: 'true'}", "s.yaml:12: slos[0].alerting.page_alert.disable: 'true' is text; expected true or false, without quotes"),
    ("    objective:", "    description: [a]\n    objective:", "s.yaml:5: slos[0].description: a list is not text; write it in quotes"),
    ("{page_alert: {disable: true}", "{page_alert: [a]", "s.yaml:12: slos[0].alerting.page_alert: a list is not a mapping; expected a mapping"),
    ("alerting: {page", "alerting: {pag", "s.yaml:12: slos[0].alerting: name is required and missing; expected the alert's name"),
]  # fmt: skip


SLOTH_AS_WRITTEN = [
    ("service: checkout", "service: 12", "12-latency"),
    ("name: latency", "name: true", "checkout-true"),
    ("objective: 99.97", "objective: 9e1", "checkout-latency"),
    ("service: checkout", "service: checkout\nslo_plugins: {chain: []}", "checkout-latency"),
    ("{page_alert: {disable: true}", "{page_alert: {disable: yes, labels: {a: ''}}", "checkout-latency"),
    ("{page_alert", "{labels: {a: ''}, page_alert", "checkout-latency"),
    ("    objective:", "    labels: {a: 5}\n    description: 5\n    objective:", "checkout-latency"),
    ("{page_alert", "{annotations: {__name__: a}, page_alert", "checkout-latency"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "name"), SLOTH_AS_WRITTEN)
def test_what_sloth_takes_as_well(old: str, new: str, name: str) -> None:
    assert old in SLOTH
    (parsed,), problems = slo.parse(SLOTH.replace(old, new, 1), "s.yaml")
    assert (parsed.name, problems) == (name, [])


MERGED = [  # labels of the service, the SLO, both alerts, the page; what has no value
    ("{a: ''}", "{a: b}", "{}", "{}", []),
    ("{a: ''}", "{b: c}", "{}", "{}", ["labels.a"]),
    ("{}", "{}", "{a: ''}", "{}", ["slos[0].alerting.labels.a"]),
    ("{}", "{}", "{a: ''}", "{disable: true}", ["slos[0].alerting.labels.a"]),
    ("{}", "{}", "{}", "{labels: {a: ''}}", ["slos[0].alerting.page_alert.labels.a"]),
    ("{}", "{}", "{}", "{disable: true, labels: {a: ''}}", []),
    ("{}", "{}", "{a: b}", "{labels: {a: null}}", ["slos[0].alerting.page_alert.labels.a"]),
]  # fmt: skip


@pytest.mark.parametrize(("service", "own", "both", "page", "places"), MERGED)
def test_labels_are_merged_before_they_are_judged(
    service: str, own: str, both: str, page: str, places: list[str]
) -> None:
    text = SLOTH.replace("slos:", f"labels: {service}\nslos:", 1)
    text = text.replace("    objective:", f"    labels: {own}\n    objective:", 1)
    start = text.index("    alerting:")
    alerting = f"{{name: Burn, labels: {both}, page_alert: {page}}}"
    told = errors(f"{text[:start]}    alerting: {alerting}\n")
    assert [problem.split(": ")[1] for problem in told] == places
    assert all(problem.endswith("has no value; Sloth asks for one") for problem in told)


def test_two_slos_of_one_name_that_cannot_be_counted() -> None:
    section = SLOTH[SLOTH.index("  - name") :]
    uncounted = section.replace("sum(rate(seconds_count", "max(rate(seconds_count", 1)
    text = SLOTH.replace(section, uncounted + uncounted)
    assert (
        "s.yaml:13: slos[1]: the SLO 'checkout-latency' is there twice; rename one"
        in errors(text)
    )


def test_of_a_key_that_is_there_twice_sloth_takes_the_last() -> None:
    text = SLOTH.replace("service: checkout", "service: a1\nservice: checkout", 1)
    (parsed,), (problem,) = slo.parse(text, "s.yaml")
    assert parsed.name == "checkout-latency"
    assert str(problem) == (
        "s.yaml:3: warning: the key 'service' is written twice; Sloth takes the last one"
    )


@pytest.mark.parametrize(("old", "new", "told"), SLOTH_MISTAKES)
def test_mistakes_in_sloth(old: str, new: str, told: str) -> None:
    assert old in SLOTH
    assert told in errors(SLOTH.replace(old, new))


def sloth_with(error: str, total: str = "sum(rate(all[{{.window}}]))") -> str:
    start, end = SLOTH.index("        error_query"), SLOTH.index("    alerting")
    queries = f"        error_query: '{error}'\n        total_query: '{total}'\n"
    return SLOTH[:start] + queries + SLOTH[end:]


SLOTH_QUERIES = [
    ("sum(rate(x[{{.window}}))", "is not valid PromQL"),
    ('sum(rate(x{code=~"5[0-9]"}[{{.window}}])', "is not valid PromQL"),
    ("sum(rate(x[5m]))", "has no {{.window}}"),
    ("sum(rate(x[{{.windows}}]))", "has no {{.window}}"),
    ('sum(rate(x[{{.window}}])) + y{a="{{.service}}"}', "know .window only"),
    ("sum(rate(x[{{.window}]))", "Sloth cannot parse the template"),
    ("sum(rate(x[{{ .window | humanize }}]))", "function 'humanize' not defined"),
    ("sum(rate(all[{{.window}}]))", "count the same events"),
]


@pytest.mark.parametrize(("query", "reason"), SLOTH_QUERIES)
def test_queries_that_sloth_refuses(query: str, reason: str) -> None:
    (told,) = errors(sloth_with(query))
    assert reason in told


def test_sloth_takes_one_kind_of_sli() -> None:
    text = SLOTH.replace(
        "      events:", "      raw: {error_ratio_query: x}\n      events:"
    )
    assert errors(text) == [
        "s.yaml:6: slos[0].sli: events and raw are both set; Sloth takes one kind of SLI"
    ]


def test_a_plugin_is_code_and_named() -> None:
    start, end = SLOTH.index("      events:"), SLOTH.index("    alerting")
    text = SLOTH[:start] + "      plugin: {id: getting_started}\n" + SLOTH[end:]
    assert errors(text) == [
        (
            "s.yaml:7: slos[0].sli.plugin: the plugin 'getting_started' is code and not "
            "supported; write the queries out"
        )
    ]


def test_sloth_passes_over_keys_that_it_does_not_know() -> None:
    (told,) = warnings(
        SLOTH.replace("    objective:", "    objectiv: 1\n    objective:")
    )
    assert told.endswith(
        "passes over the unknown key 'objectiv'; did you mean \"objective\"?"
    )


OPENSLO_MISTAKES = [
    ("openslo/v1", "openslo.com/v1", "s.yaml:1: apiVersion: 'openslo.com/v1' is not OpenSLO's version; write apiVersion: openslo/v1"),
    ("openslo/v1", "openslo/v1alpha", "s.yaml:1: apiVersion: OpenSLO 'openslo/v1alpha' is not supported; expected openslo/v1"),
    ("Occurrences", "RatioTimeslices", "s.yaml:6: spec.budgetingMethod: RatioTimeslices is not computed: gameday counts events, or slices that are good or bad; write Occurrences or Timeslices"),
    ("Occurrences", "Occurences", "s.yaml:6: spec.budgetingMethod: 'Occurences' is not known; did you mean \"Occurrences\"?"),
    ("isRolling: true", "isRolling: false", "s.yaml:7: spec.timeWindow[0]: expected isRolling: true, or a calendar, and not both"),
    ("duration: 30d", "duration: Week", "s.yaml:7: spec.timeWindow[0].duration: 'Week' is not a duration; expected one such as 28d or 4w"),
    ("name: checkout-availability", "name: Checkout", "s.yaml:3: metadata.name: 'Checkout' is no name in OpenSLO; expected small letters, digits and dashes, 63 at most"),
    ("target: 0.999", "target: 0.9, targetPercent: 90", "s.yaml:21: spec.objectives[0]: has both of target and targetPercent; expected one of them"),
    ("displayName: Good, target: 0.999", "displayName: Good", "s.yaml:21: spec.objectives[0]: has neither of target and targetPercent; expected one of them"),
    ("displayName: Good,", "displayName: Good, op: eq,", "s.yaml:21: spec.objectives[0].op: 'eq' is not known; expected gt, lt, gte or lte"),
    ("counter: true", "counter: false", "s.yaml:13: spec.indicator.spec.ratioMetric.good: only counters are supported; write counter: true, or a rate"),
    ("query: sum", "query: avg", None),
    ("target: 0.999", "target: 1", "s.yaml:21: spec.objectives[0].target: 1 is not at least 0 and below 1"),
    ("target: 0.999", "target: '0.9'", "s.yaml:21: spec.objectives[0].target: '0.9' is not a number"),
    ("Occurrences", "Timeslices", "s.yaml:21: spec.objectives[0]: timeSliceTarget is required and missing"),
    ("Occurrences", "RatioTimeslices", "s.yaml:21: spec.objectives[0]: timeSliceWindow is required and missing; expected text"),
    ("target: 0.999", "target: 0.9, indicatorRef: other", "s.yaml:8: spec.indicator: the objectives have indicators of their own; keep one place"),
    ("  service: checkout", "  service: checkout\n  markdown: x", "s.yaml:6: spec.markdown: 'markdown' is an unknown key; expected alertPolicies, budgetingMethod, description, indicator, indicatorRef, objectives, service or timeWindow"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), OPENSLO_MISTAKES)
def test_mistakes_in_openslo(old: str, new: str, told: str | None) -> None:
    text = OPENSLO.replace(old, new) if old in OPENSLO else OPENSLO
    if told is None:
        text = OPENSLO.replace("sum(rate(http_requests_total[5m]))", "avg(x)")
        told = (
            "s.yaml:20: spec.indicator.spec.ratioMetric.total.metricSource.spec.query: "
            "'avg(x)' cannot be counted: avg() is no sum of counters"
        )
    assert told in errors(text)


OPENSLO_WARNINGS = [
    ("target: 0.999", "target: 0.9, compositeWeight: 1", "has no meaning without an indicator beside it"),
    ("{displayName: Good,", "{op: gt,", "op has no meaning for a ratio; passed over"),
    ("isRolling: true", "isRolling: false, calendar: {startTime: '2026-01-01 00:00:00', timeZone: UTC}", "computed as one of its length"),
    ("duration: 30d", "duration: 1m", "'1m' is less than an hour; m is a minute, M a month"),
]  # fmt: skip


def _composite(objective: str) -> str:
    start = OPENSLO.index("  indicator:")
    return f"{OPENSLO[:start]}  objectives: [{objective}]\n"


def test_a_composite_is_told_once_and_by_its_name() -> None:
    (told,) = errors(
        _composite(
            "{target: 0.9, indicatorRef: a, compositeWeight: 1}, "
            "{target: 0.9, indicatorRef: b}"
        )
    )
    assert "composite objectives, with an indicator each, are not computed" in told


@pytest.mark.parametrize(
    ("objective", "told"),
    [
        ("{target: 0.9, indicatorRef: a, compositeWeight: 0}", "0 is not above 0"),
        ("{target: 0.9, indicatorRef: A B}", "'A B' is no name in OpenSLO"),
        ("{target: 0.9, indicator: {metadata: {name: a}}}", "spec is missing"),
        (
            "{target: 0.9, indicator: {metadata: {name: a}, spec: {}}}",
            "ratioMetric is missing",
        ),
    ],
)
def test_mistakes_in_a_composite(objective: str, told: str) -> None:
    assert any(told in error for error in errors(_composite(objective)))


def test_one_query_is_known_again_in_another_order() -> None:
    queries = iter(('\'sum(t{b="1",a="2"})\'', '\'sum( t{a="2", b="1"})\''))
    text = re.sub(
        "(?<=query: )'.*'(?=}$)", lambda _: next(queries), OPENSLO, flags=re.MULTILINE
    )
    assert any("count the same events" in error for error in errors(text)), text


@pytest.mark.parametrize(("old", "new", "told"), OPENSLO_WARNINGS)
def test_what_is_only_warned_of(old: str, new: str, told: str) -> None:
    (warned,) = warnings(OPENSLO.replace(old, new))
    assert told in warned


def test_a_reference_finds_its_indicator_in_another_file(shop: Shop) -> None:
    start, end = OPENSLO.index("  indicator:"), OPENSLO.index("  objectives:")
    body = OPENSLO[OPENSLO.index("      ratioMetric") : end]
    sli = f"- apiVersion: openslo/v1\n  kind: SLI\n  metadata: {{name: ours}}\n  spec:\n{body}"
    shop.write(
        "slos/a.yaml", OPENSLO[:start] + "  indicatorRef: ours\n" + OPENSLO[end:]
    )
    shop.write("slos/b.yaml", sli)
    paths = [str(shop.folder / "slos" / name) for name in ("a.yaml", "b.yaml")]
    first, second = slo.read_set(paths)
    assert [parsed.name for parsed in first.slos] == ["checkout-availability"]
    assert [problem.severity for problem in second.problems] == ["warning"]
    shop.write("slos/b.yaml", sli.replace("spec:", "specs:"))
    first, second = slo.read_set(paths)  # told where it is broken, and only there
    assert first.problems == []
    assert {told.id for told in second.problems} == {
        "slo/missing-key",
        "slo/unknown-key",
    }
    (alone,) = slo.read_set(paths[:1])
    assert "there is no SLI 'ours' in these files" in alone.problems[0].message


def test_several_objects_lists_labels_and_json() -> None:
    service = (
        "- apiVersion: openslo/v1\n  kind: Service\n"
        "  metadata: {name: web, labels: {team: [a, b]}}\n  spec: {description: x}\n"
    )
    slos, problems = slo.parse(f"{OPENSLO}---\n{service}", "s.yaml")
    assert (len(slos), problems) == (1, [])
    text = '{"apiVersion": "openslo/v1", "kind": "Service", "metadata": {"name": "a"},\t"spec": {}}'
    _, (problem,) = slo.parse(text, "s.json")
    assert (problem.severity, problem.line) == ("warning", 1)
    assert problem.message == "holds no SLO; expected an object of kind SLO"


def test_several_objectives_are_several_slos() -> None:
    text = OPENSLO.replace(
        "[{displayName", "[{displayName: Better, target: 0.9}, {displayName"
    )
    slos, problems = slo.parse(text, "s.yaml")
    assert problems == []
    assert [parsed.name for parsed in slos] == [
        "checkout-availability-better",
        "checkout-availability-good",
    ]
    assert {parsed.short_name for parsed in slos} == {"checkout-availability"}


def test_prometheus_may_be_written_small_and_its_query_promql() -> None:
    text = OPENSLO.replace("type: Prometheus", "type: prometheus")
    text = text.replace("{query:", "{promql:")
    keys = [told.partition("spec.")[2] for told in warnings(text)]
    assert len(keys) == 4
    assert "'prometheus' is read as Prometheus; write it so" in " ".join(keys)
    assert "is read as the query; write query" in " ".join(keys)


def test_an_slo_without_objectives_is_valid_and_promises_nothing() -> None:
    text = OPENSLO.replace("[{displayName: Good, target: 0.999}]", "[]")
    slos, problems = slo.parse(text, "s.yaml")
    assert slos == ()
    assert [problem.severity for problem in problems] == ["warning", "warning"]


SAME = "{query: 'sum(rate(http_requests_total[5m]))'}"


@pytest.mark.parametrize("side", ["good", "bad"])
def test_good_and_total_of_one_query_are_an_error(side: str) -> None:
    text = openslo_with(
        f"counter: true\n{side}: {metric(SAME)}\n"
        f"total: {metric(SAME.replace('5m', '1m'))}"
    )
    (told,) = errors(text)
    assert f"{side} and total count the same events" in told


def metric(query: str, source: str = "type: Prometheus") -> str:
    return f"{{metricSource: {{{source}, spec: {query}}}}}"


def openslo_with(ratio: str) -> str:
    start = OPENSLO.index("      ratioMetric:") + len("      ratioMetric:\n")
    end = OPENSLO.index("  objectives:")
    lines = "".join(f"        {line}\n" for line in ratio.split("\n"))
    return OPENSLO[:start] + lines + OPENSLO[end:]


def test_a_raw_ratio_is_taken_apart() -> None:
    raw = metric("{query: 'sum(rate(good[5m])) / sum(rate(all[5m]))'}")
    success, problems = slo.parse(
        openslo_with(f"raw: {raw}\nrawType: success"), "s.yaml"
    )
    assert problems == []
    assert success[0].total == (Term(selector="all"),)
    assert set(success[0].bad) == {
        Term(selector="all"),
        Term(selector="good", sign=-1.0),
    }
    (failure,), _ = slo.parse(openslo_with(f"raw: {raw}\nrawType: failure"), "s.yaml")
    assert failure.bad == (Term(selector="good"),)
    (told,) = errors(openslo_with(f"raw: {raw}"))
    assert "rawType is required" in told


def test_rates_need_no_counter_and_a_gauge_is_refused() -> None:
    rates = (
        "{query: 'sum(rate(bad[5m]))'}",
        "{query: 'sum(rate(all[5m])) or vector(0)'}",
    )
    text = openslo_with(
        f"counter: false\nbad: {metric(rates[0])}\ntotal: {metric(rates[1])}"
    )
    assert errors(text) == []
    (told,) = errors(text.replace("sum(rate(bad[5m]))", "sum(bad)"))
    assert "only counters are supported" in told


def test_a_data_source_by_reference() -> None:
    ours = "metricSourceRef: ours"
    text = openslo_with(
        f"counter: true\nbad: {metric('{query: bad}', ours)}\n"
        f"total: {metric('{query: all}', ours)}"
    )
    source = (
        "---\napiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: ours}\n"
        "spec: {type: KIND, connectionDetails: {url: x}}\n"
    )
    assert slo.parse(text + source.replace("KIND", "Prometheus"), "s.yaml")[1] == []
    told = errors(text + source.replace("KIND", "Datadog"))
    assert len(told) == 2
    assert "the source 'Datadog' of the data source 'ours' is not supported" in told[0]
    assert all("there is no DataSource 'ours'" in warned for warned in warnings(text))


CONDITION = (
    "{severity: page, condition: "
    "{kind: burnrate, op: gte, threshold: 2, lookbackWindow: 1h}}"
)
OBJECTS = [
    ("Service", "{}", ""),
    ("DataSource", "{type: Prometheus}", "connectionDetails is required"),
    ("DataSource", "{type: x, connectionDetails: {a: b}}", ""),
    ("AlertNotificationTarget", "{target: email}", ""),
    ("AlertNotificationTarget", "{}", "target is required"),
    (
        "AlertPolicy",
        "{conditions: [{conditionRef: a}], notificationTargets: [{targetRef: b}]}",
        "",
    ),
    ("AlertPolicy", "{notificationTargets: [{targetRef: b}]}", "has 0 conditions"),
    ("AlertPolicy", "{conditions: [{conditionRef: a}]}", "notificationTargets is"),
    (
        "AlertPolicy",
        "{conditions: [{conditionRef: A_b}], notificationTargets: [{targetRef: b}]}",
        "'A_b' is no name in OpenSLO",
    ),
    (
        "AlertCondition",
        CONDITION.replace("}}", ", alertAfter: 5m}}"),
        "",
    ),
    (
        "AlertCondition",
        CONDITION.replace("burnrate", "burn"),
        "expected burnrate",
    ),
    (
        "AlertCondition",
        CONDITION.replace("threshold: 2, ", ""),
        "threshold is required",
    ),
    ("SLI", "{ratioMetric: {counter: true}, thresholdMetric: {}}", "both set"),
    ("Dashboard", "{}", "'Dashboard' is not known"),
]


@pytest.mark.parametrize(("kind", "spec", "reason"), OBJECTS)
def test_objects_that_are_no_slos(kind: str, spec: str, reason: str) -> None:
    text = (
        f"apiVersion: openslo/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n"
    )
    messages = errors(text)
    assert any(reason in told for told in messages) if reason else messages == []


def test_a_threshold_metric_counts_samples() -> None:
    (parsed,), problems = slo.parse(THRESHOLD, "s.yaml")
    assert problems == []
    selector = 'queue_length{job="web"}'
    assert parsed.total == (Term(selector=selector, reads="samples"),)
    assert parsed.bad == (
        Term(selector=selector, reads="samples"),
        Term(selector=selector, sign=-1.0, reads="lte", limit=10.0),
    )


def test_a_threshold_metric_by_reference_is_compared_as_each_objective_says() -> None:
    start = THRESHOLD.index("  indicator:")
    end = THRESHOLD.index("  objectives:")
    body = THRESHOLD[start:end].split("spec:", 1)[1]
    text = THRESHOLD[:start] + "  indicatorRef: length\n" + THRESHOLD[end:]
    text = text.replace("[{op", "[{op: lt, value: 100, target: 0.999}, {op")
    sli = "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: length}\nspec:"
    slos, problems = slo.parse(text + sli + body, "s.yaml")
    assert problems == []
    assert [parsed.bad[1].reads for parsed in slos] == ["lt", "lte"]
    assert [parsed.bad[1].limit for parsed in slos] == [100.0, 10.0]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "op: lte, ",
            "",
            "op is missing, and a thresholdMetric is computed only where",
        ),
        ("value: 10, ", "", "value is missing, and a thresholdMetric is computed"),
        ("value: 10", "value: ten", "'ten' is not a number"),
        ("query: 'queue", "query: 'avg(queue", "not valid PromQL"),
        ('queue_length{job="web"}', "avg(queue_length)", "record it by a rule"),
        ("Occurrences", "RatioTimeslices", "is not computed"),
        ("Occurrences", "Timeslices", "timeSliceTarget is required and missing"),
    ],
)
def test_mistakes_of_a_threshold_metric(old: str, new: str, reason: str) -> None:
    assert old in THRESHOLD
    slos, problems = slo.parse(THRESHOLD.replace(old, new), "s.yaml")
    assert any(reason in str(told) for told in problems), problems
    assert not slos or reason == "is not computed"


SLICES = OPENSLO.replace("Occurrences", "Timeslices").replace(
    "target: 0.999", "target: 0.95, timeSliceTarget: 0.9, timeSliceWindow: 1m"
)


def test_timeslices_are_read_with_their_length_and_target() -> None:
    slos, problems = slo.parse(SLICES, "s.yaml")
    assert problems == []
    assert [each.slices for each in slos] == [Slices(length=60.0, target=0.9)]
    assert [(each.objective, each.window) for each in slos] == [(0.95, 30 * 86400.0)]
    assert [each.slices for each in slo.parse(OPENSLO, "s.yaml")[0]] == [None]


def test_each_objective_has_slices_of_its_own() -> None:
    first = "{displayName: a, target: 0.9, timeSliceTarget: 0.9, timeSliceWindow: 1m}"
    second = "{displayName: b, target: 0.8, timeSliceTarget: 1, timeSliceWindow: 2m}"
    text = SLICES.partition("  objectives:")[0] + f"  objectives: [{first}, {second}]"
    slos, problems = slo.parse(text, "s.yaml")
    assert problems == []
    assert [each.slices for each in slos] == [
        Slices(length=60.0, target=0.9),
        Slices(length=120.0, target=1.0),
    ]


def test_samples_of_a_threshold_metric_are_counted_in_slices_too() -> None:
    sliced = "timeSliceTarget: 0.9, timeSliceWindow: 5m, value: 10"
    text = THRESHOLD.replace("Occurrences", "Timeslices").replace("value: 10", sliced)
    slos, problems = slo.parse(text, "s.yaml")
    assert problems == []
    assert slos[0].slices == Slices(length=300.0, target=0.9)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("timeSliceWindow: 1m", "timeSliceWindow: 0m", "timeSliceWindow: is no time"),
        ("timeSliceWindow: 1m", "timeSliceWindow: 60s", "'60s' is not a duration"),
        ("timeSliceWindow: 1m", "timeSliceWindow: 60d", "longer than the SLO's window"),
        ("timeSliceWindow: 1m", "op: lt", "timeSliceWindow is required and missing"),
        ("timeSliceTarget: 0.9", "timeSliceTarget: 90", "90 is not above 0"),
        ("timeSliceTarget: 0.9", "timeSliceTarget: x", "'x' is not a number"),
        ("target: 0.95", "target: 95", "95 is not at least 0 and below 1"),
    ],
)
def test_mistakes_in_timeslices(old: str, new: str, told: str) -> None:
    slos, problems = slo.parse(SLICES.replace(old, new), "s.yaml")
    assert slos == ()
    assert any(told in str(problem) for problem in problems), problems
