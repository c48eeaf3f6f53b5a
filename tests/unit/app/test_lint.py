"""The lint of a scenario against files, through `check`: what it makes of each.

Each story changes one thing of a healthy set of files, in which every promise holds.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gameday.app.check import check_offline
from gameday.app.observing.survey import _with_offsets
from gameday.files.prometheus import rules
from gameday.files.scenario import load
from gameday.model.alerting.alert import AlertRule
from tests.unit.app.conftest import STOPS_WEB


def rule(
    name: str = "Down", expr: str = 'up{job="web"} == 0', **rest: object
) -> dict[str, Any]:
    return {"alert": name, "expr": expr, "labels": {"severity": "page"}, **rest}


@dataclass
class Files:
    """A healthy system in files: every second a scrape and an evaluation."""

    folder: Path

    def __post_init__(self) -> None:
        """Begin with what is healthy."""
        self.rules: dict[str, Any] = {"groups": [{"name": "g", "rules": [rule()]}]}
        timing = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        self.prometheus: dict[str, Any] = {
            "global": timing,
            "scrape_configs": [{"job_name": "web"}],
        }
        oncall: dict[str, Any] = {"receiver": "oncall", "matchers": ['severity="page"']}
        ends = {"webhook_configs": [{"url": "http://127.0.0.1:9/"}]}
        self.alertmanager: dict[str, Any] = {
            "route": {
                "receiver": "team",
                "group_by": ["alertname"],
                "group_wait": "1s",
                "group_interval": "5s",
                "routes": [oncall],
            },
            "receivers": [{"name": "team", **ends}, {"name": "oncall", **ends}],
        }
        self.promise: dict[str, Any] = {
            "alert": "Down",
            "fires_within": "10s",
            "reaches": "oncall",
            "pages_within": "20s",
            "resets_within": "10s",
            "page_resolves_within": "20s",
        }
        self.more: list[Any] = []
        self.named: tuple[str, ...] = ("rules", "prometheus", "alertmanager")

    @property
    def group(self) -> Any:
        """The only rule group."""
        return self.rules["groups"][0]

    @property
    def route(self) -> Any:
        """The route to oncall."""
        return self.alertmanager["route"]["routes"][0]

    def lint(self) -> list[str]:
        """Write everything down and return what the lint says."""
        for name in ("rules", "prometheus", "alertmanager"):
            (self.folder / f"{name}.yaml").write_text(
                yaml.safe_dump(getattr(self, name))
            )
        (self.folder / "e.yaml").write_text(STOPS_WEB)
        scenario = {
            "apiVersion": "gameday/v1",
            "kind": "Scenario",
            "metadata": {"name": "s"},
            "target": {"docker": {"project": "shop"}},
            "observe": {
                "files": {
                    name: [f"{name}.yaml"] if name == "rules" else f"{name}.yaml"
                    for name in self.named
                }
            },
            "steps": [
                {
                    "experiment": "e.yaml",
                    "hold": "10m",
                    "expect": {"alerts": [self.promise, *self.more]},
                }
            ],
        }
        path = self.folder / "s.yaml"
        path.write_text(yaml.safe_dump(scenario))
        problems = check_offline(load.scenario(str(path), os.environ))
        return [f"{problem.severity}: {problem.message}" for problem in problems]

    def only(self, severity: str, *words: str) -> list[str]:
        """Return which questions are answered so, having seen the words in each."""
        told = self.lint()
        for line in told:
            assert line.startswith(severity), told
            assert all(word in line for word in words), told
        return sorted(line.split(" ")[2] for line in told)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A healthy system in files."""
    return Files(tmp_path)


ALL = sorted(
    ("fires_within", "pages_within", "page_resolves_within", "reaches", "resets_within")
)
OF_PAGES = ["page_resolves_within", "pages_within", "reaches"]
CANNOT, WARNED = "promise", "warning"


def test_a_healthy_system_has_no_problem(files: Files) -> None:
    assert files.lint() == []


# --- when it can be --------------------------------------------------------------


def test_the_global_query_offset_delays_every_rule(files: Files) -> None:
    files.prometheus["global"]["rule_query_offset"] = "2m"
    files.promise = {"alert": "Down", "fires_within": "30s"}
    assert files.only(CANNOT, "at the earliest 2m") == ["fires_within"]


@pytest.mark.parametrize("own", ["0s", "1s"])
def test_a_groups_own_query_offset_overrides_it(files: Files, own: str) -> None:
    files.prometheus["global"]["rule_query_offset"] = "2m"
    files.group["query_offset"] = own
    assert files.lint() == []


def test_a_job_has_its_own_scrape_interval(files: Files) -> None:
    files.prometheus["scrape_configs"][0] |= {"scrape_interval": "5m"}
    files.promise = {"alert": "Down", "fires_within": "30s"}
    # 5m of scrapes, the default 10s of patience cut to the global 1s, 1s evaluations.
    assert files.only(WARNED, "between 0 and 5m2s") == ["fires_within"]


def test_a_series_that_is_scraped_too_seldom_comes_and_goes(files: Files) -> None:
    files.prometheus["scrape_configs"][0] |= {"scrape_interval": "10m"}
    files.promise = {"alert": "Down", "fires_within": "20m"}
    said = "up is scraped every 10m, and a sample is read for 5m only"
    assert files.only(WARNED, said) == ["fires_within"]


def test_a_range_reads_samples_that_are_older_than_the_lookback(files: Files) -> None:
    files.prometheus["scrape_configs"][0] |= {"scrape_interval": "10m"}
    files.group["rules"] = [rule(expr='max_over_time(up{job="web"}[30m]) == 0')]
    files.promise = {"alert": "Down", "fires_within": "2h"}
    assert files.lint() == []


def test_a_rule_that_is_not_in_the_files_given_may_be_elsewhere(files: Files) -> None:
    files.promise = {"alert": "Up", "fires_within": "10s"}
    said = "no alert rule is named 'Up' in the files given"
    assert files.only(WARNED, said) == ["fires_within"]


def test_files_are_all_where_the_configuration_names_no_other(files: Files) -> None:
    files.prometheus["rule_files"] = ["rules.yaml"]
    files.promise = {"alert": "Up", "fires_within": "10s"}
    assert files.only(CANNOT, "no alert rule is named 'Up'") == ["fires_within"]


def test_another_jobs_interval_does_not_matter(files: Files) -> None:
    slow = {"job_name": "batch", "scrape_interval": "5m"}
    files.prometheus["scrape_configs"].append(slow)
    assert files.lint() == []


def test_a_range_beyond_the_promise_is_never_ok(files: Files) -> None:
    files.group["rules"] = [rule(expr="rate(errors[1m]) > 1")]
    assert files.only(WARNED, "looks back over 1m") == [
        "fires_within",
        "page_resolves_within",
        "pages_within",
        "resets_within",
    ]


def test_a_recording_rule_of_another_group_is_followed(files: Files) -> None:
    recorded = {"record": "job:errors:rate1h", "expr": "rate(errors[1h])"}
    files.rules["groups"].append(
        {"name": "slo", "interval": "30s", "rules": [recorded]}
    )
    files.group["rules"] = [rule(expr="job:errors:rate1h > 1")]
    files.promise = {"alert": "Down", "fires_within": "1h"}
    # 1s and 1s of scraping, 1h of range, 30s until it is recorded, 1s of evaluation.
    assert files.only(WARNED, "1h33s", "looks back over 1h") == ["fires_within"]
    files.promise = {"alert": "Down", "fires_within": "1h33s"}
    assert files.lint() == []


def test_a_range_within_the_promise_is_ok(files: Files) -> None:
    files.group["rules"] = [rule(expr="rate(errors[5s]) > 1")]
    assert files.lint() == []


def test_keep_firing_for_delays_the_reset(files: Files) -> None:
    files.group["rules"] = [rule(keep_firing_for="5m")]
    assert files.only(CANNOT, "at the earliest 5m") == [
        "page_resolves_within",
        "resets_within",
    ]


def test_how_late_cannot_be_told_is_said(files: Files) -> None:
    files.group["rules"] = [rule(expr="time() - last_success > 5")]
    files.promise = {"alert": "Down", "fires_within": "1h"}
    assert files.only(WARNED, "cannot be told") == ["fires_within"]


# --- which labels it has ----------------------------------------------------------


def test_labels_of_a_group_are_its_rules_labels(files: Files) -> None:
    files.group["labels"] = {"severity": "page"}
    del files.group["rules"][0]["labels"]
    assert files.lint() == []


def test_a_rules_own_label_goes_before_its_groups(files: Files) -> None:
    files.group["labels"] = {"severity": "page"}
    files.group["rules"][0]["labels"] = {"severity": "ticket"}
    assert files.only(CANNOT, "lead to team") == OF_PAGES


def test_a_templated_label_is_known_only_when_it_fires(files: Files) -> None:
    template = "{{ if gt $value 0.0 }}page{{ else }}ticket{{ end }}"
    files.group["rules"][0]["labels"] = {"severity": template}
    files.promise["labels"] = {"severity": "page"}
    assert files.only(WARNED, "template") == ALL


def test_a_label_of_the_series_is_half_known(files: Files) -> None:
    """The default route agrees with the promise, and is not known to be taken."""
    del files.group["rules"][0]["labels"]
    files.promise = {"alert": "Down", "reaches": "team"}
    assert files.only(WARNED, "may lead to oncall, team") == ["reaches"]


def test_a_label_that_the_expression_takes_away_is_known(files: Files) -> None:
    files.group["rules"] = [rule(expr='sum by (job) (up{job="web"}) == 0')]
    del files.group["rules"][0]["labels"]
    files.promise = {"alert": "Down", "reaches": "team"}
    assert files.lint() == []


def test_a_matcher_fixes_a_label(files: Files) -> None:
    files.route["matchers"] = ['job="web"']
    assert files.lint() == []


def test_a_promised_label_that_no_alert_can_have(files: Files) -> None:
    files.group["rules"] = [rule(expr="sum(up) == 0")]
    files.promise["labels"] = {"instance": "web-1"}
    assert files.only(CANNOT, "can have") == ALL


def test_a_posix_class_is_read_as_re2_reads_it(files: Files) -> None:
    files.route["matchers"] = ['cluster=~"[[:alpha:]]+"']
    files.promise["labels"] = {"cluster": "prod"}
    assert files.lint() == []


def test_external_labels_are_known(files: Files) -> None:
    files.group["rules"] = [rule(expr="sum(up) == 0")]
    files.route["matchers"] = ['cluster="prod"']
    files.prometheus["global"]["external_labels"] = {"cluster": "prod"}
    assert files.lint() == []


# --- on its way ------------------------------------------------------------------


def relabelled(files: Files, **entry: object) -> None:
    files.prometheus["alerting"] = {"alert_relabel_configs": [entry]}


def test_relabelling_may_drop_the_alert(files: Files) -> None:
    relabelled(files, source_labels=["severity"], regex="page", action="drop")
    assert files.only(CANNOT, "alert_relabel_configs drop") == OF_PAGES


def test_relabelling_may_keep_it(files: Files) -> None:
    relabelled(files, source_labels=["severity"], regex="page|x", action="keep")
    assert files.lint() == []


def test_relabelling_by_a_label_that_is_not_known(files: Files) -> None:
    relabelled(files, source_labels=["instance"], regex="web-1.*", action="drop")
    assert files.only(WARNED, "alert_relabel_configs may drop") == OF_PAGES


def test_relabelling_may_lead_elsewhere(files: Files) -> None:
    relabelled(files, target_label="severity", replacement="ticket")
    assert files.only(CANNOT, "lead to team") == OF_PAGES


def interval(files: Files, key: str, *ranges: Mapping[str, object]) -> None:
    files.route[key] = ["i"]
    files.alertmanager["time_intervals"] = [
        {"name": "i", "time_intervals": [dict(span) for span in ranges]}
    ]


@pytest.mark.parametrize(
    "ranges",
    [
        [{"weekdays": ["sunday:saturday"]}],
        [{}],
        [{"weekdays": ["monday:friday"]}, {"weekdays": ["saturday", "sunday"]}],
        [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}],
        [{"days_of_month": ["1:-1"]}],
    ],
)
def test_a_route_that_is_always_muted(files: Files, ranges: list[Any]) -> None:
    interval(files, "mute_time_intervals", *ranges)
    assert files.only(CANNOT, "(i)", "at all times") == OF_PAGES


def test_a_route_that_is_never_active(files: Files) -> None:
    interval(files, "active_time_intervals", {"years": ["2001:2002"]})
    assert files.only(CANNOT, "(i)", "at all times") == OF_PAGES


def test_a_route_that_is_muted_at_times(files: Files) -> None:
    interval(files, "mute_time_intervals", {"weekdays": ["saturday", "sunday"]})
    assert files.only(WARNED, "(i)", "at times") == OF_PAGES


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("mute_time_intervals", {"years": ["2001:2002"]}),
        ("active_time_intervals", {"months": ["1:12"]}),
    ],
)
def test_a_route_that_is_never_muted(
    files: Files, key: str, entry: dict[str, Any]
) -> None:
    interval(files, key, entry)
    assert files.lint() == []


@pytest.mark.parametrize("muted", ["oncall", "team"])
def test_of_several_receivers_one_is_always_muted(files: Files, muted: str) -> None:
    """Each of them has to be reached, and not any."""
    files.route["continue"] = True
    files.alertmanager["route"]["routes"].append({"receiver": "team"})
    files.promise["reaches"] = ["team", "oncall"]
    interval(files, "mute_time_intervals", {})
    if muted == "team":
        files.alertmanager["route"]["routes"][1] |= {"mute_time_intervals": ["i"]}
        del files.route["mute_time_intervals"]
    assert files.only(CANNOT, f"to '{muted}'", "at all times") == OF_PAGES


def test_another_way_to_a_receiver_that_nothing_mutes(files: Files) -> None:
    files.route["continue"] = True
    interval(files, "mute_time_intervals", {})
    files.alertmanager["route"]["routes"].append({"receiver": "oncall"})
    assert files.lint() == []


def test_an_alert_that_always_fires_inhibits(files: Files) -> None:
    files.group["rules"].append(rule("Watchdog", "vector(1)"))
    files.alertmanager["inhibit_rules"] = [
        {
            "source_matchers": ["alertname=Watchdog"],
            "target_matchers": ["alertname=Down"],
        }
    ]
    assert files.only(CANNOT, "inhibited by Watchdog") == OF_PAGES


def test_an_alert_does_not_inhibit_itself(files: Files) -> None:
    """Alertmanager: what fits both sides is not muted by what fits both sides."""
    files.group["rules"].append(rule("Watchdog", "vector(1)"))
    page = ['severity="page"']
    files.alertmanager["inhibit_rules"] = [
        {"source_matchers": page, "target_matchers": page}
    ]
    assert files.lint() == []


def test_inhibition_asks_for_equal_labels(files: Files) -> None:
    files.group["rules"].append(rule("Watchdog", "vector(1)", labels={"team": "x"}))
    files.alertmanager["inhibit_rules"] = [
        {
            "source_matchers": ["alertname=Watchdog"],
            "target_matchers": ["alertname=Down"],
            "equal": ["severity"],
        }
    ]
    assert files.lint() == []


def test_another_promise_of_the_step_inhibits(files: Files) -> None:
    files.group["rules"].append(rule("Gone", 'up{job="web"} == 0'))
    files.alertmanager["inhibit_rules"] = [
        {"source_matchers": ["alertname=Gone"], "target_matchers": ["alertname=Down"]}
    ]
    files.more = [{"alert": "Gone", "fires_within": "10s"}]
    assert files.only(WARNED, "inhibited while Gone fires") == OF_PAGES


def test_a_receiver_without_any_integration(files: Files) -> None:
    files.alertmanager["receivers"][1] = {"name": "oncall"}
    assert files.only(CANNOT, "no integration") == OF_PAGES


def test_a_file_of_routes_alone_answers_for_routes(files: Files) -> None:
    files.alertmanager["receivers"] = [{"name": "team"}, {"name": "oncall"}]
    files.promise = {"alert": "Down", "reaches": "oncall"}
    assert files.lint() == []


@pytest.mark.parametrize(
    ("more", "told"), [([], ["fires_within"]), (["elsewhere/*.yaml"], [])]
)
def test_the_rule_files_of_the_configuration_count_if_all_are_there(
    files: Files, more: list[str], told: list[str]
) -> None:
    files.named = ("prometheus",)
    files.prometheus["rule_files"] = ["rules.yaml", *more]
    files.promise = {"alert": "Up", "fires_within": "10s"}
    assert files.only(CANNOT, "no alert rule") == told


# --- what a file says beside what runs --------------------------------------------


@pytest.mark.parametrize(
    ("stated", "offset"),
    [("query_offset: 5m", 300.0), ("query_offset: 0s", 0.0), ("interval: 1s", 60.0)],
)
def test_a_groups_own_offset_overrides_the_live_global_one(
    stated: str, offset: float
) -> None:
    text = f"groups: [{{name: g, {stated}, rules: [{{alert: A, expr: up == 0}}]}}]"
    (written,), _ = rules.parse(text, "r.yaml")
    live = AlertRule(name="A", expr="up == 0", group="g", query_offset=60.0)
    (offset_job,) = _with_offsets([live], [written])
    assert offset_job.query_offset == offset
